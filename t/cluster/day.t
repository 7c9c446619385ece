#!/usr/bin/perl

# Hours of an event through nginx as fast as they go, up to the present: at 2 s
# with 25 fps, and at 60060/30000 with 30000/1001 fps, each with AAC at 48 and
# 44.1 kHz.  No number is skipped or used twice; at the live edge playlists say
# what the boxes say, to a frame; the window is served and nothing grew.
#
# LO_HOURS is how many of them, at most 23.5: 0.1, and with LO_SOAK=1 23.5.
# t/unit's test_live_day.c does the same, and more, on core and zone alone.

# time-out: 3600

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use POSIX qw(ceil);
use Test::More;
use Time::Local qw(timegm);

use LiveOrigin::Media;
use LiveOrigin::Nginx;

my $hours = $ENV{LO_HOURS} || ($ENV{LO_SOAK} ? 23.5 : 0.1);
$hours = 23.5 if $hours > 23.5;         # a day ago is no UTC any more

my $livectl = LiveOrigin::Nginx::build() . '/bin/livectl';
my @plans = (
    {id => 'even', segment => [2, 1], fps => [25, 1]},
    {id => 'ntsc', segment => [60060, 30000], fps => [30000, 1001]},
);

my $ng = LiveOrigin::Nginx->start(workers => 1, size => '64m', events => 4,
    live => 'live_origin_hold 0;',
    server => 'keepalive_requests 100000000;',
    files => {map { ("events/$_->{id}.json" => sprintf
        '{"id": "%s", "segment": {"duration": %d, "timescale": %d},'
        . ' "delay_ms": 1000, "dvr_s": 600, "playlist_s": 400, "lead_s": 86400,'
        . ' "zone_share": "30m",'
        . ' "tracks": [{"id": "v"}, {"id": "a48"}, {"id": "a44"}]}',
        $_->{id}, @{$_->{segment}}) } @plans});

my $c = $ng->client;


sub tracks
{
    my ($plan) = @_;

    my @o = (segment => $plan->{segment});

    return {
        v => LiveOrigin::Media->video(@o, fps => $plan->{fps}, bytes => 2000),
        a48 => LiveOrigin::Media->audio(@o, bytes => 600),
        a44 => LiveOrigin::Media->audio(@o, bytes => 600, rate => 44100),
    };
}


# seconds of a frame

sub frame { return $_[0]{unit}[1] / $_[0]{unit}[0] }


sub utc
{
    my ($y, $mon, $d, $h, $m, $s) = $_[0]
        =~ /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+(?:\.\d+)?)Z/ or return -1;

    return timegm(int $s, $m, $h, $d, $mon - 1, $y) + $s - int $s;
}


# what is wrong with a playlist, when the newest number is $head

sub playlist
{
    my ($m, $text, $head) = @_;

    my ($number) = $text =~ /#EXT-X-MEDIA-SEQUENCE:(\d+)/;
    my $first = $number;
    my ($at, $length, $gap, @wrong);

    for (split /\n/, $text) {
        $at = utc($1) if /^#EXT-X-PROGRAM-DATE-TIME:(.*)/;
        $length = $1 if /^#EXTINF:([\d.]+),/;
        $gap = $_ if /^#EXT-X-GAP$/;
        push @wrong, $_ if /^#EXT-X-DISCONTINUITY$/;

        next if !/^(\d+)\.m4s$/;
        last if $1 > $head;                  # what nobody has sent meanwhile

        my $begin = $m->tfdt($number) / $m->{timescale};
        my $lasts = $m->duration($number) / $m->{timescale};

        push @wrong, "$1, not $number" if $1 != $number;
        push @wrong, "$number: $gap" if $gap;
        push @wrong, "$number at $at, not $begin"
            if abs($at - $begin) > frame($m);
        push @wrong, "$number lasts $length, not $lasts"
            if abs($length - $lasts) > frame($m);

        $at += $length;
        $number++;
    }

    push @wrong, "from $first to $number, at $head"
        if abs($number - $head) > 3 || $number - $first < 150;

    return @wrong;
}


sub publish
{
    my ($plan, $tracks) = @_;

    my $id = $plan->{id};
    my ($d, $ts) = @{$plan->{segment}};
    my $v = $tracks->{v};
    my $first = $v->now_number - ceil($hours * 3600 * $ts / $d);
    my $n = $first;
    my (%mpd, @wrong);

    for my $t (sort keys %$tracks) {
        my $r = $c->put("/live/$id/a/$t/init.mp4", $tracks->{$t}->init);

        push @wrong, "$t: init: " . $r->status if $r->status != 201;
    }

    for ( ; $n < $v->now_number && @wrong < 10; $n++) {

        for my $t (sort keys %$tracks) {
            my $r = $c->put("/live/$id/a/$t/1.m4s", $tracks->{$t}->segment($n));

            push @wrong, "$t $n: " . $r->status . ' ' . $r->body
                if $r->status != 201
                   || $r->header('Location') !~ m!/$t/$n\.m4s$!;
        }

        if ($n % 40 == 0) {
            $mpd{$c->get("/live/$id/manifest.mpd")->body}++;
        }
    }

    is "@wrong", '', "$id: " . ($n - $first) . ' numbers of three tracks';
    cmp_ok scalar keys %mpd, '<', 16, '... and few MPDs';

    return ($first, $n - 1);
}


sub check
{
    my ($id, $tracks, $first, $last) = @_;

    my @wrong;

    for my $t (sort keys %$tracks) {
        my $r = $c->get("/live/$id/$t/media.m3u8");

        push @wrong, $r->status == 200
                     ? playlist($tracks->{$t}, $r->body, $last)
                     : "$t: playlist: " . $r->status;
    }

    is "@wrong[0 .. ($#wrong > 5 ? 5 : $#wrong)]", '', '... playlists';

    @wrong = ();

    for my $t (sort keys %$tracks) {
        for my $n (($last - $first > 200 ? $last - 200 : $first) .. $last) {
            my $r = $c->get("/live/$id/$t/$n.m4s");

            push @wrong, "$t $n: " . $r->status
                if $r->body ne $tracks->{$t}->segment($n);
        }
    }

    is "@wrong[0 .. ($#wrong > 5 ? 5 : $#wrong)]", '', '... the window';

    if ($last - $first > 1000) {
        is $c->get("/live/$id/v/$first.m4s")->status, 410,
            '... what left it is gone';
    }
}


my $size = -s $ng->zone;

for my $plan (@plans) {
    my $tracks = tracks($plan);

    check($plan->{id}, $tracks, publish($plan, $tracks));
}

is -s $ng->zone, $size, 'the zone has its size';

my $out = `$livectl zone check --digests @{[$ng->zone]} 2>&1`;

is $?, 0, 'livectl zone check' or diag $out;
$ng->stop;
done_testing;
