package Bench::Early;

# Early bytes: chunks at live pace, 200 readers of each segment.  Measured is,
# for every chunk and reader, from the publisher's last byte of the chunk to
# the reader's first byte of it.  One process publishes and reads, so that one
# clock says it, and its own work counts against the origin.

use strict;
use warnings;

use Exporter 'import';
use IO::Poll qw(POLLIN);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC sleep);

use LiveOrigin::Http;
use LiveOrigin::Media;

our @EXPORT_OK = qw(early);


# p99 and the median in ms, and how many were measured; dies where bytes
# differ or an answer is not whole

sub early
{
    my ($url, %o) = @_;
    my ($port) = $url =~ /:(\d+)/;
    my $v = LiveOrigin::Media->video(bytes => $o{size}, segment => [2, 1]);
    my $n = $v->now_number - 1;
    my (@late, @readers);

    put($port, 'init.mp4', $v->init);
    put($port, "$n.m4s", $v->segment($n));

    @readers = map { LiveOrigin::Http->new(port => $port, timeout => 60) }
               1 .. $o{readers};

    for (1 .. $o{segments}) {
        $n++;

        $_->start('GET', "/early/e/v/$n.m4s") for @readers;
        sleep 0.2;
        push @late, segment($port, $n, \@readers, $o{pace},
                            $v->segment($n, chunks => $o{chunks},
                                        parts => 1));
    }

    @late = sort { $a <=> $b } @late;

    return (map({ 1000 * $late[ int($_ * $#late) ] } 0.99, 0.5),
            scalar @late);
}


sub put
{
    my ($port, $name, $bytes) = @_;

    my $r = LiveOrigin::Http->new(port => $port)
                ->put("/early/e/a/v/$name", $bytes);

    die 'publishing: ' . $r->line . "\n" if $r->status !~ /^20[01]$/;
}


sub segment
{
    my ($port, $n, $readers, $pace, $styp, @chunks) = @_;
    my $p = LiveOrigin::Http->new(port => $port)
                ->begin('PUT', "/early/e/a/v/$n.m4s");
    my $next = now();
    my @late;

    $chunks[0] = $styp . $chunks[0];

    for my $chunk (@chunks) {
        $p->piece($chunk);

        my $sent = now();

        push @late, arrivals($readers, $sent);
        $next += $pace;

        # all of it, and what frames it

        do { $_->ready for @$readers; sleep 0.01 } while $next > now();
    }

    my $r = $p->end;

    die 'publishing: ' . $r->line . "\n" if $r->status != 201;

    for (LiveOrigin::Http::collect($readers, 30)) {
        die "segment $n: " . $_->line . "\n"
            if !$_->complete || $_->body ne join('', @chunks);
    }

    return @late;
}


# Until there is something to read for everyone; nothing is read before that,
# so that one reader's bytes do not wait for another's.

sub arrivals
{
    my ($readers, $sent) = @_;
    my $poll = IO::Poll->new;
    my @late;

    $poll->mask($_->sock => POLLIN) for @$readers;

    while (@late < @$readers) {
        $poll->poll(10) > 0 or die "a chunk did not come within 10 s\n";

        my $at = now();

        for my $sock ($poll->handles(POLLIN)) {
            push @late, $at - $sent;
            $poll->remove($sock);
        }
    }

    return @late;
}


sub now { return clock_gettime(CLOCK_MONOTONIC) }


1;
