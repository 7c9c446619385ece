# MPDs and playlists of irregular events: what they say of time, while the
# event is live and when it has ended, and of numbers that are missing.

use strict;
use warnings;

use JSON::PP;
use Test::More;
use Time::HiRes qw(time);

use lib 't/lib';
use LiveOrigin::Hls qw(lint);
use LiveOrigin::Media;
use LiveOrigin::Mpd;
use LiveOrigin::Nginx;

my $ng = LiveOrigin::Nginx->start(
    size => '128m', events => 12, workers => 1,
    live => 'live_origin_hold 0;',
    files => {(map { ("events/$_.json" => qq({"id": "$_", "delay_ms": 1000,
                      "dvr_s": 600, "tracks": [{"id": "v"}]}))
                   } qw(utc own hole)),
              'events/av.json' => '{"id": "av", "delay_ms": 1000,
                  "tracks": [{"id": "v"}, {"id": "w"}]}',
              'events/dvr.json' => '{"id": "dvr", "delay_ms": 1000,
                  "dvr_s": 600, "playlist_s": 10, "tracks": [{"id": "v"}]}'});

my $v = LiveOrigin::Media->video(segment => [1, 1], bytes => 2000);
my $w = LiveOrigin::Media->video(segment => [1, 1], bytes => 2000,
                                 width => 640, height => 360);
my %pushed;                                # [number, begin, end], in seconds


# segments of these durations, from tfdt on, in frames of 1/25 s; where the
# last ends

sub push_segments
{
    my ($path, $m, $tfdt, @frames) = @_;
    my @numbers;

    for my $frames (@frames) {
        my $r = $ng->put("/live/$path/1.m4s",
                         $m->segment(1, tfdt => $tfdt,
                                     durations => [(3600) x $frames]));
        my ($n) = ($r->header('Location') // '') =~ m{/(\d+)\.m4s$};

        defined $n or die "$path: ", $r->status, ' ', $r->body;

        push @{$pushed{$path}}, [$n, $tfdt / 90000,
                                 ($tfdt + $frames * 3600) / 90000];
        $tfdt += $frames * 3600;
    }

    return $tfdt;
}

sub seconds { return $_[0] =~ /^PT([\d.]+)S$/ ? $1 : die "no duration: $_[0]" }

sub ms { return sprintf '%.3f', $_[0] }


# a valid MPD; its Periods as [start, the times of its first track]

sub mpd
{
    my ($path, $what) = @_;

    my $r = $ng->get("/live/$path");

    is $r->status, 200, $what or return;

    my $why = LiveOrigin::Mpd::valid($r->body, 'DASH-MPD.xsd');

    SKIP: {
        skip 'LO_DASH_SCHEMA is not set', 1 if !defined $why;
        is $why, '', '... valid by the schema' or diag $r->body;
    }

    my ($mpd) = LiveOrigin::Mpd->parse($r->body)->find('/MPD');
    my @periods;

    for my $p (grep { $_->{name} eq 'Period' } $mpd->nodes) {
        my ($set) = grep { $_->{name} eq 'AdaptationSet' } $p->nodes;
        my ($rep) = grep { $_->{name} eq 'Representation' } $set->nodes;
        my ($t) = grep { $_->{name} eq 'SegmentTemplate' } $rep->nodes;
        my ($at, $n) = (0, $t->{attr}{startNumber});
        my @times;

        for my $s (map { $_->nodes } $t->nodes) {
            $at = $s->{attr}{t} if defined $s->{attr}{t};

            for (0 .. $s->{attr}{r} // 0) {
                push @times, [$n++, $at / 90000,
                              ($at + $s->{attr}{d}) / 90000];
                $at += $s->{attr}{d};
            }
        }

        push @periods, {start => seconds($p->{attr}{start}), times => \@times,
                        pto => $t->{attr}{presentationTimeOffset} / 90000,
                        duration => $p->{attr}{duration}};
    }

    return ($mpd->{attr}, @periods);
}

sub playlist
{
    my ($path) = @_;
    my $r = $ng->get("/live/$path/media.m3u8");

    is $r->status, 200, "$path: the playlist";
    is join("\n", lint($r->body)), '', '... is one';

    return $r->body;
}

# [number, duration, 'gap', 'disc'] of each

sub listed
{
    my @list;
    my @tags = ('', '');
    my $seconds;

    for (split /\n/, $_[0]) {
        $tags[0] = 'gap' if $_ eq '#EXT-X-GAP';
        $tags[1] = 'disc' if $_ eq '#EXT-X-DISCONTINUITY';
        $seconds = $1 if /^#EXTINF:([\d.]+)/;

        if (/^(\d+)\.m4s$/) {
            push @list, [$1, $seconds + 0, @tags];
            @tags = ('', '');
        }
    }

    return @list;
}

sub mask
{
    my ($event, %mask) = @_;

    is $ng->post("/api/events/$event/masks", encode_json(\%mask))->status, 200,
        "mask: $event " . join ' ', map { "$_ $mask{$_}" } sort keys %mask;
}


# ---- live: timeShiftBufferDepth is not deeper than what is listed

my $begin = (int(time) - 240) * 90000;

is $ng->put('/live/dvr/a/v/init.mp4', $v->init)->status, 201,
    'a longer window than playlist_s';
my $next = push_segments('dvr/a/v', $v, $begin, (50, 20, 40) x 20);

is $ng->get('/live/dvr/manifest.mpd')->status, 200, '... live';
push_segments('dvr/a/v', $v, $next, (50, 20, 40) x 30);

for my $query ('', '?time_delay=20') {
    my ($attr, $period) = mpd("dvr/manifest.mpd$query", "the MPD$query");
    my @times = @{$period->{times}};
    my $span = $times[-1][2] - $times[0][1];

    cmp_ok seconds($attr->{timeShiftBufferDepth}), '<=', $span + 0.001,
        '... has what timeShiftBufferDepth says';
    cmp_ok $span, '>=', $query ? 5 : 10, '... which is playlist_s at least';
    is seconds($attr->{timeShiftBufferDepth}), 10, '... and says so'
        if !$query;
}

my $x = sprintf '%.0f', $begin / 90000 + 60;
my ($attr, $period) = mpd("dvr/manifest.mpd?start=$x", 'with a start');

cmp_ok seconds($attr->{timeShiftBufferDepth}), '>', 100,
    '... as deep as that is long ago';
cmp_ok $period->{times}[0][1], '<=', $x, '... and listed from there on';

# ---- it ends: on UTC, and on a clock of its own with another init

$begin = (int(time) - 30) * 90000;

is $ng->put('/live/utc/a/v/init.mp4', $v->init)->status, 201, 'on UTC';
push_segments('utc/a/v', $v, $begin, (25, 25, 80) x 4);

is $ng->put('/live/own/a/v/init.mp4', $v->init)->status, 201,
    'on a clock of its own';
$next = push_segments('own/a/v', $v, 900000, (25, 25, 80) x 2);

is $ng->put('/live/own/a/v/init.mp4', $w->init)->status, 201,
    '... another init';
push_segments('own/a/v', $w, $next, (25, 25, 80) x 2);

for (qw(utc own)) {
    is $ng->get("/api/events/$_/status")->json->{irregular}, 1,
        "$_ is irregular";
    is((mpd("$_/manifest.mpd", '... live'))[0]{type}, 'dynamic',
       '... dynamic');
}

my %list = map { $_ => playlist("$_/v") } qw(utc own);

for (qw(utc own)) {
    is $ng->post("/api/events/$_/end")->status, 200, "$_ ends";
    is playlist("$_/v"), "$list{$_}#EXT-X-ENDLIST\n", '... and so does its list';
}

my @periods;

($attr, @periods) = mpd('utc/manifest.mpd', 'on UTC, ended');
my @real = @{$pushed{'utc/a/v'}};

is $attr->{type}, 'static', '... static';
is scalar @periods, 1, '... one Period';
is ms($periods[0]{start}), ms($real[0][1]),
    '... which begins with the first segment';
is ms(seconds($periods[0]{duration})), ms($real[-1][2] - $real[0][1]),
    '... and is as long as there is media';
is ms(seconds($attr->{mediaPresentationDuration})), ms($real[-1][2]),
    '... mediaPresentationDuration is where it ends';
is ms($periods[0]{pto}), ms($real[0][1]), '... presentationTimeOffset';
is_deeply $periods[0]{times}, \@real, '... all segments, where they are';

my (undef, @cut) = mpd('utc/manifest.mpd?start=' . int($begin / 90000),
                       'with a start');

is_deeply \@cut, \@periods, '... it says the same';

($attr, @periods) = mpd('own/manifest.mpd', 'on a clock of its own, ended');
@real = @{$pushed{'own/a/v'}};

is scalar @periods, 2, '... two Periods';
is_deeply [map { @{$_->{times}} } @periods], \@real, '... all segments';
is ms($_->{pto}), ms($_->{times}[0][1]), '... each begins with its first'
    for @periods;
is $periods[0]{duration}, undef, '... the first ends where the next begins';
is ms(seconds($periods[1]{duration})), ms($real[-1][2] - $real[6][1]),
    '... the second with its last segment';
is ms($periods[1]{start} + seconds($periods[1]{duration})),
    ms(seconds($attr->{mediaPresentationDuration})),
    '... which is mediaPresentationDuration';
is ms($periods[1]{start} - $periods[0]{start}), ms($real[6][1] - $real[0][1]),
    '... apart as their segments are';

# ---- masked, and no other pipeline

is $ng->put('/live/hole/a/v/init.mp4', $v->init)->status, 201, 'one pipeline';
$begin = (int(time) - 30) * 90000;
$next = push_segments('hole/a/v', $v, $begin, (25, 25, 80) x 4);
@real = @{$pushed{'hole/a/v'}};

my @lengths = map { $_->[2] - $_->[1] } @real;
my $first = $real[0][0];

# what is to be listed of the first so many, with gaps

sub expected
{
    my ($count, %gap) = @_;

    return [map { [$first + $_, ms($lengths[$_]), $gap{$_} ? 'gap' : '', ''] }
            0 .. $count - 1];
}

sub listed_ms { return [map { [$_->[0], ms($_->[1]), @$_[2, 3]] } listed(@_)] }

is_deeply listed_ms(playlist('hole/v')), expected(12), 'all are listed';
mask('hole', pipeline => 'a', from => $first + 10, to => $first + 11);
is_deeply listed_ms(playlist('hole/v')), expected(10),
    'the last two are masked: the list ends before';
(undef, $period) = mpd('hole/manifest.mpd', '... and the MPD');
is_deeply $period->{times}, [@real[0 .. 9]], '... with its numbers';

$next = push_segments('hole/a/v', $v, $next, 25);
@real = @{$pushed{'hole/a/v'}};
push @lengths, 1;

is_deeply listed_ms(playlist('hole/v')), expected(13, 10 => 1, 11 => 1),
    'the next one: they are GAPs';
(undef, $period) = mpd('hole/manifest.mpd', '... and in the MPD');
is_deeply $period->{times}, \@real, '... all have their times and numbers';
isnt $ng->get('/live/hole/v/' . ($first + 10) . '.m4s')->status, 200,
    '... and are not served';

mask('hole', pipeline => 'a', from => $first + 3, to => $first + 5);
is_deeply listed_ms(playlist('hole/v')),
    expected(13, map { $_ => 1 } 3 .. 5, 10, 11), 'a hole in the middle';
mask('hole', pipeline => 'a', from => $first, to => $first + 1);
is join(' ', map { $_->[0] } listed(playlist('hole/v'))),
    join(' ', $first + 2 .. $first + 12), 'one at the beginning';
is((mpd('hole/manifest.mpd', '... and in the MPD'))[1]{times}[0][0],
   $first + 2, '... of which nothing is listed');
mask('hole', pipeline => 'a', mask => JSON::PP::false);
is_deeply listed_ms(playlist('hole/v')),
    expected(13, map { $_ => 1 } 3 .. 5, 10, 11),
    'taken back: what was a GAP stays one';
is $ng->get('/live/hole/v/' . ($first + 10) . '.m4s')->status, 200,
    '... and is served';
mask('hole', pipeline => 'a', from => 0);
is $ng->get('/live/hole/v/media.m3u8')->status, 404, 'all are masked: no list';
is $ng->get('/live/hole/manifest.mpd')->status, 404, '... no MPD';

# ---- a track of which nothing is in service; one that is behind

for (['v', 6], ['w', 4]) {
    is $ng->put("/live/av/a/$_->[0]/init.mp4", $v->init)->status, 201,
        "track $_->[0]";
    push_segments("av/a/$_->[0]", $v, 0, ((25, 80) x 3)[0 .. $_->[1] - 1]);
}

my $both = sub {
    return join ' ', map { $_->{attr}{id} }
           LiveOrigin::Mpd->parse($ng->get('/live/av/manifest.mpd')->body)
           ->find('/MPD/Period/AdaptationSet/Representation');
};

is $both->(), 'v w', 'two tracks';
mask('av', pipeline => 'a', track => 'w', from => 0);
mpd('av/manifest.mpd', 'one is masked');
is $both->(), 'v', '... and left out';
mask('av', pipeline => 'a', track => 'w', from => 0, mask => JSON::PP::false);
is $both->(), 'v w', '... and comes back';

for (qw(v w)) {
    is $ng->put("/live/av/a/$_/init.mp4", $v->init)->status, 200,
        "$_ begins again";
    push_segments("av/a/$_", $v, 0, 25, 25);
}

my @w = @{$pushed{'av/a/w'}};

cmp_ok $w[4][0], '>', $w[3][0] + 1, '... where the other is';
is_deeply [map { [@$_[0, 2, 3]] } listed(playlist('av/w'))],
    [(map { [$_->[0], '', ''] } @w[0 .. 3]),
     (map { [$_, 'gap', ''] } $w[3][0] + 1 .. $w[4][0] - 1),
     [$w[4][0], '', 'disc'], [$w[5][0], '', '']],
    '... what it lacks is GAPs before its run';

my (undef, @two) = mpd('av/manifest.mpd', '... and the MPD');

is scalar @two, 2, '... has a Period for each';

$ng->stop;
done_testing;
