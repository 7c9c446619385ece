package Bench::Reload;

# Blocking playlist reloads that one part wakes, beside readers of a segment of
# the playlist's size that are held.  Measured is the CPU time of nginx from
# the publisher's bytes to the last answer, for each reader.
#
# Both sides have the same connections, which stay open, in turn and in
# changing order.  This process is kept off nginx's core, and reads nothing
# before nginx has answered everybody: then it does not matter how fast it is.
# Numbers lie ahead of the clock, so that none becomes a GAP meanwhile; they
# are long, and so is the time that a reload is held.

use strict;
use warnings;

use Exporter 'import';
use Time::HiRes qw(sleep);

use Bench::Load;
use Bench::Server;
use LiveOrigin::Http;
use LiveOrigin::Media;

our @EXPORT_OK = qw(reload);

our $doc = { id => 'e', lead_s => 86400, segment_ms => 20000,
             playlist_s => 200 };

my @media = (fps => [6, 1], segment => [20, 1], bytes => 1000);
my $chunks = 10;
my $listed = 12;


# us of CPU a reload, in each round; of a segment's reader; the length of the
# playlist

sub reload
{
    my ($server, %o) = @_;
    my $self = bless {
        server => $server, counted => $o{counted},
        v => LiveOrigin::Media->video(@media),
        s => LiveOrigin::Media->video(@media)
    };

    system("taskset -cp $Bench::Load::cpu $$ > /dev/null") == 0
        or die "taskset failed\n";

    $self->begin;
    $self->{list} = $o{class} ? $self->below_class : 'v/media.m3u8';
    $self->{readers} = [map { LiveOrigin::Http->new(port => $server->{port},
                                                    timeout => 60) }
                        1 .. $o{readers}];

    # what is done once: memory, connections

    $self->$_ for qw(reloads segments);

    my (@reloads, @segments);

    for my $round (1 .. $o{rounds}) {
        push @segments, $self->segments if $round % 2;
        push @reloads, $self->reloads;
        push @segments, $self->segments if $round % 2 == 0;
    }

    return (\@reloads, \@segments, $self->{length});
}


# a playlist of full length, and segments of its length

sub begin
{
    my ($self) = @_;

    $self->{n} = $self->{v}->now_number - 10;
    $self->publish($_, 'init.mp4', $self->{$_}->init) for qw(v s);

    for (1 .. $listed) {
        my $n = $self->{n}++;

        $self->publish($_, "$n.m4s", $self->{$_}->segment($n, chunks => $chunks))
            for qw(v s);
    }

    $self->{m} = $self->{n};

    # its length changes by some bytes when another hint is in it

    my $length = length $self->playlist;
    my $s = $self->{s};

    for (1 .. 4) {
        $s->{bytes} += $length - length $s->segment($self->{m});
    }

    $self->{length} = $length;
}


sub publish
{
    my ($self, $track, $name, $bytes) = @_;

    my $r = LiveOrigin::Http->new(port => $self->{server}{port})
                ->put("/early/e/a/$track/$name", $bytes);

    die "publishing $track/$name: " . $r->line . "\n"
        if $r->status !~ /^20[01]$/;
}


sub playlist
{
    my ($self) = @_;

    for (1 .. 300) {
        my $r = LiveOrigin::Http->new(port => $self->{server}{port})
                    ->get('/early/e/v/media.m3u8');

        return $r->body if $r->status == 200 && $r->body =~ /EXT-X-PART:/;
        sleep 0.1;
    }

    die "no low-latency playlist\n";
}


# the same playlist, of a class

sub below_class
{
    my ($self) = @_;
    my $r = LiveOrigin::Http->new(port => $self->{server}{port})
                ->get('/early/e/master.m3u8'
                      . '?aws.manifestfilter=video_height:1-2000');
    my ($path) = $r->body =~ m{^(~\S+/v/media\.m3u8)$}m
        or die 'no class: ' . $r->line . ' ' . $r->body;

    return $path;
}


sub reloads
{
    my ($self) = @_;
    my $n = $self->{n}++;
    my ($styp, @chunks) = $self->{v}->segment($n, chunks => $chunks, parts => 1);
    my $p = LiveOrigin::Http->new(port => $self->{server}{port})
                ->begin('PUT', "/early/e/a/v/$n.m4s");

    my $us = $self->measure("/early/e/$self->{list}?_HLS_msn=$n&_HLS_part=0",
                            undef, sub { $p->piece($styp . shift @chunks) });

    $p->piece(join '', @chunks);
    die "publishing: no 201\n" if $p->end->status != 201;

    return $us;
}


sub segments
{
    my ($self) = @_;
    my $n = $self->{m}++;
    my $segment = $self->{s}->segment($n);

    return $self->measure("/held/e/s/$n.m4s", $segment,
                          sub { $self->publish('s', "$n.m4s", $segment) });
}


# us of CPU, or instructions, for each reader

sub measure
{
    my ($self, $path, $want, $go) = @_;
    my $readers = $self->{readers};

    $_->start('GET', $path) for @$readers;

    $self->held($path);

    my $used = $self->settled;

    $self->{server}->count if $self->{counted};
    $go->();
    $self->settled;

    for (LiveOrigin::Http::collect($readers, 60)) {
        $want = $_->body if !defined $want;
        die "$path: " . ($_->error || $_->line) . "\n"
            if $_->status != 200 || $_->body ne $want;
    }

    $used = $self->{counted} ? $self->{server}->counted : $self->cpu - $used;

    return $used / @$readers;
}


# until all are

sub held
{
    my ($self, $path) = @_;
    my $reader = $self->{readers}[0];

    for (1 .. 600) {
        my $r = LiveOrigin::Http->new(port => $self->{server}{port})
                    ->get('/metrics');
        my ($n) = $r->body =~ /^live_origin_holds (\d+)$/m
            or die 'no metrics: ' . $r->line . "\n";

        return if $n == @{$self->{readers}};
        die "$path is not held: " . $reader->finish->line . "\n"
            if $reader->ready;
        sleep 0.1;
    }

    die "$path: not all are held\n";
}


# nginx's CPU time when it has nothing to do any more

sub settled
{
    my ($self) = @_;
    my $was = $self->cpu;

    for (1 .. 600) {
        sleep 0.1;

        my $is = $self->cpu;

        return $is if $is - $was < 5000;
        $was = $is;
    }

    die "nginx does not come to rest\n";
}


# us

sub cpu
{
    my ($self) = @_;
    my $sum = 0;

    for my $pid (split /,/, $self->{server}->pids) {
        my ($ns) = split ' ', Bench::Server::slurp("/proc/$pid/schedstat");

        $sum += $ns / 1000;
    }

    return $sum;
}


1;
