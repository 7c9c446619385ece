package Bench::Reload;

# Blocking playlist reloads that one part wakes, beside readers of a segment of
# the same size that are held.  Measured is the CPU time of nginx from the
# publisher's bytes to the last answer, for each reader.

use strict;
use warnings;

use Exporter 'import';
use POSIX ();
use Time::HiRes qw(sleep);

use LiveOrigin::Http;
use LiveOrigin::Media;

our @EXPORT_OK = qw(reload);


# [us of CPU a reload, in each round], [of a segment's reader], and the
# playlist's length

sub reload
{
    my ($url, $pids, %o) = @_;
    my ($port) = $url =~ /:(\d+)/;
    my $v = LiveOrigin::Media->video(fps => [24, 1], segment => [6, 1],
                                     bytes => 1000);
    my $s = LiveOrigin::Media->video(segment => [6, 1], bytes => 1000);
    my $n = $v->now_number - 40;
    my (@reloads, @segments, $list);

    publish($port, 'v', 'init.mp4', $v->init);
    publish($port, 's', 'init.mp4', $s->init);

    for (1 .. 10) {
        publish($port, 'v', "$n.m4s", $v->segment($n, chunks => 12));
        publish($port, 's', "$n.m4s", $s->segment($n));
        $n++;
    }

    $list = playlist($port);

    # a segment of the playlist's size, if that is the longer one

    my $more = length($list) - length $s->segment($n);

    $s->{bytes} += $more if $more > 0;

    for (1 .. $o{rounds}) {
        my ($part, @rest) = $v->segment($n, chunks => 12, parts => 1);

        my $segment = $s->segment($n);

        push @segments, measure($port, $pids, $o{readers},
            "/early/e/s/$n.m4s", $segment, sub {
                publish($port, 's', "$n.m4s", $segment);
            });

        my $p = LiveOrigin::Http->new(port => $port)
                    ->begin('PUT', "/early/e/a/v/$n.m4s");

        push @reloads, measure($port, $pids, $o{readers},
            "/early/e/v/media.m3u8?_HLS_msn=$n&_HLS_part=0", undef, sub {
                $p->piece($part . $rest[0]);
            });

        $p->piece(join '', @rest[1 .. $#rest]);
        die "publishing: no 201\n" if $p->end->status != 201;
        $n++;
    }

    return (\@reloads, \@segments, length $list);
}


sub publish
{
    my ($port, $track, $name, $bytes) = @_;

    my $r = LiveOrigin::Http->new(port => $port)
                ->put("/early/e/a/$track/$name", $bytes);

    die 'publishing: ' . $r->line . "\n" if $r->status !~ /^20[01]$/;
}


sub playlist
{
    my ($port) = @_;

    for (1 .. 300) {
        my $r = LiveOrigin::Http->new(port => $port)
                    ->get('/early/e/v/media.m3u8');

        return $r->body if $r->status == 200 && $r->body =~ /EXT-X-PART:/;
        sleep 0.1;
    }

    die "no low-latency playlist\n";
}


# us of CPU for each reader

sub measure
{
    my ($port, $pids, $count, $path, $want, $go) = @_;

    my @readers = map { LiveOrigin::Http->new(port => $port, timeout => 60)
                            ->start('GET', $path) } 1 .. $count;

    sleep 0.5;
    die "$path is not held: " . $readers[0]->finish->line . "\n"
        if $readers[0]->ready;

    my $before = ticks($pids);
    my $first;

    $go->();

    for (LiveOrigin::Http::collect(\@readers, 60)) {
        $want = $_->body if !defined $want;
        die "$path: " . ($_->error || $_->line) . "\n"
            if $_->status != 200 || $_->body ne $want;
    }

    return (ticks($pids) - $before) * 1e6
           / POSIX::sysconf(POSIX::_SC_CLK_TCK()) / $count;
}


# of user and system time

sub ticks
{
    my ($pids) = @_;
    my $sum = 0;

    for my $pid (split /,/, $pids) {
        open(my $fh, '<', "/proc/$pid/stat") or next;

        my ($rest) = <$fh> =~ /\) (.*)/;
        my @field = split ' ', $rest;

        $sum += $field[11] + $field[12];
    }

    return $sum;
}

1;
