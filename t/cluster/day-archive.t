#!/usr/bin/perl

# Hours of an event with an archive, as fast as the disk takes them, up to the
# present: at 2 s with a window that holds all of them, and at 60060/30000 with
# one that slides; and a tfdt of 32 bits that wraps.  Every number is served
# once, with its bytes, from the zone or from the disk; playlists list what
# there is; on the disk is the window and nothing else; nothing grows.  Then the
# zone is lost, and it is all there again.
#
# LO_HOURS is how many of them, at most 23.5: 0.2, and with LO_SOAK=1 23.5.

# time-out: 7200

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use File::Temp qw(tempdir);
use JSON::PP;
use POSIX qw(ceil);
use Test::More;
use Time::HiRes qw(time);
use Time::Local qw(timegm);

use LiveOrigin::Edit qw(content refit);
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $hours = $ENV{LO_HOURS} || ($ENV{LO_SOAK} ? 23.5 : 0.2);
$hours = 23.5 if $hours > 23.5;         # a day ago is no UTC any more

my $seconds = int($hours * 3600);
my $chunk = 400;                        # numbers: what the zone has room for
my $build = LiveOrigin::Nginx::build();
my $disk = tempdir('lo-day-XXXXXX', TMPDIR => 1, CLEANUP => 1);

chmod 0755, $disk;
chown((getpwnam 'nobody')[2, 3], $disk) if $> == 0;

my @plans = (
    {id => 'even', segment => [2, 1], fps => '25',
     dvr => $seconds + 1800},
    {id => 'ntsc', segment => [60060, 30000], fps => '30000/1001',
     dvr => $seconds / 4 > 600 ? int($seconds / 4) : 600},
);

my @tracks = qw(v0 v1);

sub doc
{
    my ($plan) = @_;

    return sprintf '{"id": "%s", "segment": {"duration": %d, "timescale": %d},'
        . ' "delay_ms": 1000, "dvr_s": %d, "playlist_s": %d, "lead_s": 86400,'
        . ' "zone_share": "44m", "tracks": [{"id": "v0"}, {"id": "v1"}]}',
        $plan->{id}, @{$plan->{segment}}, $plan->{dvr}, $plan->{dvr};
}

my $ng = LiveOrigin::Nginx->start(workers => 1, size => '128m', events => 3,
    live => 'live_origin_hold 0;',
    http => "live_origin_archive $disk;",
    server => 'keepalive_requests 100000000;',
    files => {(map { ("events/$_->{id}.json" => doc($_)) } @plans),
              'events/wrap.json' => '{"id": "wrap", "segment_ms": 2000,'
                  . ' "zone_share": "8m", "tracks": [{"id": "v"}]}'});


sub d { return $_[0]{segment}[0] / $_[0]{segment}[1] }

sub now_number { return int(time / d($_[0])) }

sub archived { return $ng->get('/api/status')->json->{archive} }

sub status { return $ng->get("/api/events/$_[0]/status")->json }

sub written
{
    return wait_for(sub { archived()->{pending} == 0 }, 120);
}


sub run_load
{
    my ($plan, $start, $count, @mode) = @_;

    my $command = join ' ', "$build/bin/live-load", '--json',
        '--url', $ng->url,
        '--put-path', "'/live/{event}/{pipeline}/{track}/{name}'",
        '--seconds', 7200, '--event', $plan->{id}, '--tracks', 2,
        '--segment', join('/', @{$plan->{segment}}), '--fps', $plan->{fps},
        '--size', 2000, '--start', $start, '--segments', $count, @mode;
    my $text = `$command 2>&1`;
    my $rc = $? >> 8;
    my ($json) = $text =~ /^(\{.*\})$/m;

    diag $text if $rc || !$json;

    return $json ? decode_json($json)->{groups}[0] : {};
}


# in pieces, as fast as the disk takes them

sub publish
{
    my ($plan) = @_;

    my $first = $plan->{first};
    my $n = $first;
    my $taken = 0;
    my $all = 1;

    while ($n < now_number($plan)) {

        my $count = now_number($plan) - $n;

        $count = $chunk if $count > $chunk;

        my $r = run_load($plan, $n, $count, 'publish');

        last if ($r->{status}{201} // 0) != 2 * $count;

        $taken += $r->{status}{201};
        $n += $count;
        $all &= written();
    }

    $plan->{last} = $n - 1;

    is $taken, 2 * ($n - $first), "$plan->{id}: $taken segments";
    ok $all, '... all of them are archived';
    is archived()->{lost}, 0, '... none is lost';
}


# the numbers that there are to be

sub oldest
{
    my ($plan) = @_;

    my $from = $plan->{last} - int(status($plan->{id})->{window_s}
                                   / d($plan)) + 1;

    return $from > $plan->{first} ? $from : $plan->{first};
}


sub read_back
{
    my ($plan) = @_;

    my $from = oldest($plan);
    my $count = $plan->{last} - $from + 1;
    my $r = run_load($plan, $from, $count, 'read', '--all',
                     '--connections', 8);

    is $r->{status}{200} // 0, 2 * $count, "$plan->{id}: $count numbers are "
        . 'served';
    is $r->{verified} // 0, 2 * $count, '... all bytes are looked at';
    is $r->{wrong} // -1, 0, '... and right';

    is $ng->get("/live/$plan->{id}/v0/$_.m4s")->status, 410, '... not below'
        for $from > $plan->{first} ? $from - 5 : $plan->{first} - 1;
}


sub utc
{
    my ($y, $mon, $d, $h, $m, $s) = $_[0]
        =~ /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+(?:\.\d+)?)Z/ or return -1;

    return timegm(int $s, $m, $h, $d, $mon - 1, $y) + $s - int $s;
}


# what is wrong with a playlist up to a number

sub playlist
{
    my ($text, $begin, $d, $from, $last) = @_;

    my ($n) = $text =~ /#EXT-X-MEDIA-SEQUENCE:(\d+)/ or return 'none';
    my ($at, $length, $gap, @wrong);
    my $first = $n;

    for (split /\n/, $text) {
        $at = utc($1) if /^#EXT-X-PROGRAM-DATE-TIME:(.*)/;
        $length = $1 if /^#EXTINF:([\d.]+),/;
        $gap = 1 if /^#EXT-X-GAP$/;
        push @wrong, "$n: $_" if /^#EXT-X-DISCONTINUITY$/;

        next if !/^(\d+)\.m4s$/;
        last if $1 > $last;                  # what nobody has sent meanwhile

        push @wrong, "$1, not $n" if $1 != $n;
        push @wrong, "$n: gap" if $gap;
        push @wrong, "$n at $at" if abs($at - $begin->($n)) > 0.02;
        push @wrong, "$n lasts $length" if abs($length - $d) > 0.02;

        $at += $length;
        $n++;
    }

    # the clock has gone on since

    my $gone = int(time() / $d) - $last;

    push @wrong, "from $first to " . ($n - 1) . ", not from $from to $last"
        if $first < $from || $first > $from + ($gone > 0 ? $gone : 0) + 2
           || $n - 1 != $last;

    return splice @wrong, 0, 5;
}


sub playlists
{
    my ($plan) = @_;

    my $from = oldest($plan);
    my $d = d($plan);

    for my $t (@tracks) {
        my $r = $ng->get("/live/$plan->{id}/$t/media.m3u8");
        my @wrong = playlist($r->body, sub { $_[0] * $d }, $d, $from,
                             $plan->{last});

        is "@wrong", '', "$plan->{id}: the playlist of $t: "
            . ($plan->{last} - $from + 1) . ' numbers';
    }
}


# the files of a track, and what else there is

sub files
{
    my ($plan, $t) = @_;

    my ($dir) = glob "$disk/main/$plan->{id}~*/$t";
    my (%is, @else);

    for my $file (glob("$dir/*/*"), glob("$dir/*")) {

        if ($file =~ m!/(\d+)/(\d+)\.seg$! && int($2 / 1000) == $1) {
            push @else, $file if $is{$2}++;

        } elsif (!-d $file && $file !~ m!/_gaps$!) {
            push @else, $file;
        }
    }

    return (\%is, \@else);
}


# deletion goes on in steps of some numbers

sub on_disk
{
    my ($plan) = @_;

    my $from = oldest($plan);

    for my $t (@tracks) {
        my ($is, $else);

        ok wait_for(sub {
            ($is, $else) = files($plan, $t);
            !grep { $_ < $from - 16 } keys %$is;
        }, 120), "$plan->{id}: what has left the window of $t is deleted";

        is scalar(grep { !$is->{$_} } $from .. $plan->{last}), 0,
            '... all of the window is there';
        is scalar(grep { $_ > $plan->{last} } keys %$is) + @$else, 0,
            '... and nothing else' or diag "@$else";
    }
}


# what is private of a worker, in KB

sub private
{
    my ($pid) = $ng->workers;

    open(my $f, '<', "/proc/$pid/smaps_rollup") or return 0;

    my ($kb) = join('', <$f>) =~ /^Anonymous:\s+(\d+)/m;

    return $kb;
}


# slot $k of a clock that began at 0, in 32 bits of 90 kHz

my $v = LiveOrigin::Media->video(bytes => 2000);
my $wrap = int(2 ** 32 / 180000);
my %wrapped;

sub wrapped
{
    my ($k) = @_;

    my $s = $v->segment($k);
    my ($time) = $s =~ /tfdt.{4}(.{8})/s;

    return refit(content($s, 'moof/traf/tfdt',
                 pack('NN', 0, unpack('Q>', $time) & 0xffffffff)));
}

sub publish_wrapped
{
    my @wrong;

    $ng->put('/live/wrap/a/v/init.mp4', $v->init);

    for my $k ($wrap - 15 .. $wrap + 15) {
        my $r = $ng->put("/live/wrap/a/v/$k.m4s", wrapped($k));

        push @wrong, "$k: " . $r->status if $r->status != 201;
        my ($n) = ($r->header('Location') // '') =~ m!/(\d+)\.m4s$!;
        push @wrong, "$k: twice" if !defined $n || $wrapped{$n};
        $wrapped{$n // 0} = wrapped($k);
    }

    is "@wrong", '', 'a tfdt of 32 bits that wraps';
}

sub check_wrapped
{
    my @n = sort { $a <=> $b } keys %wrapped;
    my @wrong = grep { $ng->get("/live/wrap/v/$_.m4s")->body ne $wrapped{$_} }
                @n;

    is $n[-1] - $n[0], $#n, '... no number is skipped';
    is "@wrong", '', '... all are served';

    # its media time is not UTC: one clock, whose first PROGRAM-DATE-TIME is it

    my $list = $ng->get('/live/wrap/v/media.m3u8')->body;
    my ($at) = $list =~ /^#EXT-X-PROGRAM-DATE-TIME:(.*)/m;
    my ($first) = $list =~ /#EXT-X-MEDIA-SEQUENCE:(\d+)/;
    my $zero = utc($at // '');

    is join(' ', playlist($list, sub { $zero + 2 * ($_[0] - $first) }, 2,
                          $n[0], $n[-1])), '', '... and listed on one clock';
}


sub check
{
    for (@plans) {
        read_back($_);
        playlists($_);
    }

    check_wrapped();
}


my $size = -s $ng->zone;
my $began = time;
my $grown;

for my $plan (@plans) {
    $plan->{first} = now_number($plan) - ceil($seconds / d($plan));
    publish($plan);
    $grown = private() if !defined $grown;
}

publish_wrapped();
ok written(), '... all of it is archived';
note sprintf '%.1f h of media in %d s', $hours, time - $began;

check();
on_disk($_) for @plans;

is archived()->{damaged}, 0, 'nothing was damaged, or looked for in vain';
is archived()->{read_errors} + archived()->{write_errors}, 0,
    '... and no error met' or diag $ng->log;
is -s $ng->zone, $size, 'the zone has its size';
cmp_ok private() - $grown, '<', 64 * 1024, 'the worker has not grown: '
    . (private() - $grown) . ' KB';

my $out = `$build/bin/livectl zone check --digests @{[$ng->zone]} 2>&1`;

is $?, 0, 'livectl zone check' or diag $out;


# ---- the zone is lost

$ng->stop;
unlink $ng->zone;
$ng->restart;
$began = time;

ok wait_for(sub { my $s = archived()->{restored};
                  $s && !grep { my $id = $_;
                                grep { $_->{archive}{loading} }
                                @{status($id)->{tracks}} }
                         map({ $_->{id} } @plans), 'wrap' }, 600),
    'the zone is lost, and all of it found again';
note sprintf '... in %.1f s', time - $began;

check();
on_disk($_) for @plans;
is archived()->{damaged}, 0, '... nothing was damaged';

$ng->stop;
done_testing;
