# The contract of the timeline over restarts and pipelines: runs, standby,
# redundancy, and what manifests say of them.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time sleep);
use Time::Local qw(timegm);

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $ng = LiveOrigin::Nginx->start(
    size => '128m', events => 12,
    live => 'live_origin_hold 0; live_origin_auto_event on;',
    files => {
        'events/ev.json' => '{"id": "ev", "segment_ms": 1000, "dvr_s": 60,'
            . ' "delay_ms": 1000, "tracks": [{"id": "v"}, {"id": "au"}]}',
        'events/sw.json' => '{"id": "sw", "segment_ms": 1000,'
            . ' "delay_ms": 1000, "dvr_s": 60, "tracks": [{"id": "v"},'
            . ' {"id": "au"}]}',
        'events/two.json' => '{"id": "two", "segment_ms": 1000,'
            . ' "delay_ms": 1000, "dvr_s": 60, "tracks": [{"id": "v"}]}',
        'events/apart.json' => '{"id": "apart", "segment_ms": 1000,'
            . ' "delay_ms": 1000, "dvr_s": 120, "tracks": [{"id": "v"},'
            . ' {"id": "au"}]}',
        'events/many.json' => '{"id": "many", "segment_ms": 1000,'
            . ' "delay_ms": 1000, "dvr_s": 120, "tracks": [{"id": "v"}]}',
        'events/utc.json' => '{"id": "utc", "segment_ms": 1000,'
            . ' "delay_ms": 1000, "dvr_s": 60, "tracks": [{"id": "v"}]}'});

my ($r, $n, @got);


sub number
{
    my ($put) = @_;

    return $put->status =~ /^20[01]$/
           ? ($put->header('Location') || '') =~ m!/(\d+)\.m4s$!
             ? $1 : 'init' : 'status ' . $put->status . ' ' . $put->body;
}

sub list
{
    my ($path) = @_;

    my $body = $ng->get("/live/$path")->body;
    my @list;
    my %s = ();

    for (split /\n/, $body) {
        $s{gap} = 1 if /^#EXT-X-GAP$/;
        $s{disc}++ if /^#EXT-X-DISCONTINUITY$/;
        $s{pdt} = $1 if /^#EXT-X-PROGRAM-DATE-TIME:(.*)$/;

        if (/^(\d+)\.m4s$/) {
            push @list, {%s, number => $1};
            %s = ();
        }
    }

    return ($body, @list);
}

sub target { return $_[0] =~ /^#EXT-X-TARGETDURATION:(\d+)$/m ? $1 : -1 }

sub dseq
{
    return $_[0] =~ /^#EXT-X-DISCONTINUITY-SEQUENCE:(\d+)$/m ? $1 : 0;
}


sub utc
{
    return $_[0] =~ /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)(\.\d+)Z$/
           ? timegm($6, $5, $4, $3, $2 - 1, $1) + $7 : "no time: $_[0]";
}


# a plain ffmpeg: tfdt 0, number 1; killed, and started again the same way

my $v = LiveOrigin::Media->video(bytes => 5000, segment => [1, 1]);
my $a = LiveOrigin::Media->audio(bytes => 2000, segment => [1, 1]);

sub session
{
    my ($count) = @_;
    my @numbers;

    for (['v', $v], ['au', $a]) {
        my $put = $ng->put("/live/ev/a/$_->[0]/init.mp4", $_->[1]->init);

        like $put->status, qr/^20[01]$/, "init $_->[0]";
    }

    for my $i (0 .. $count - 1) {
        my $nv = number($ng->put('/live/ev/a/v/' . ($i + 1) . '.m4s',
                                 $v->segment($i)));
        my $na = number($ng->put('/live/ev/a/au/' . ($i + 1) . '.m4s',
                                 $a->segment($i)));

        is $na, $nv, "audio has the number of video: $nv";
        push @numbers, $nv;
    }

    return @numbers;
}

my $began = int(time);
my @first = session(4);
my $now = int(time);

ok $first[0] >= $began - 3 && $first[0] <= $now + 3, 'the first segment is anchored at the clock'
    or diag "$first[0] at $now";
is "@first", join(' ', $first[0] .. $first[0] + 3), '... and numbers go on';

my ($body, @v) = list('ev/v/media.m3u8');
my ($abody, @a) = list('ev/au/media.m3u8');
my $target = target($body);

is scalar(grep { $_->{disc} } @v), 0, 'one run: no DISCONTINUITY';

my $mpd = $ng->get('/live/ev/manifest.mpd')->body;

is scalar(() = $mpd =~ /<Period\b/g), 1, '... one Period';

my $ast = $mpd =~ /availabilityStartTime="([^"]+)"/ ? $1 : '';

# again

my @second = session(4);

ok $second[0] > $first[-1], 'a restart: numbers go on at the head' or
    diag "@first / @second";
is "@second", join(' ', $second[0] .. $second[0] + 3), '... one by one';
ok $second[0] - $first[-1] <= 6 + int(time) - $now, '... without a wide hole';

for my $try (1 .. 200) {
    ($body, @v) = list('ev/v/media.m3u8');
    last if grep { $_->{number} == $second[-1] } @v;
    sleep 0.1;
}

($abody, @a) = list('ev/au/media.m3u8');

my @disc = grep { $_->{disc} } @v;

is scalar @disc, 1, 'HLS: one DISCONTINUITY';
ok @disc && $disc[0]{number} > $first[-1] && $disc[0]{number} <= $second[0],
    '... where the run begins';
is join(' ', map { "$_->{number}" } grep { $_->{disc} } @a),
   join(' ', map { "$_->{number}" } @disc), '... in audio as well';
is target($body), $target, 'TARGETDURATION is the same';
is dseq($abody), dseq($body), 'DISCONTINUITY-SEQUENCE agrees';

my @numbers = map { $_->{number} } @v;

is "@numbers", join(' ', $numbers[0] .. $numbers[-1]), 'no number is left out';

# media time goes on

my @pdt = map { $_->{pdt} } grep { $_->{pdt} } @v;

is "@pdt", join(' ', sort @pdt), 'PROGRAM-DATE-TIME never goes back';

$mpd = $ng->get('/live/ev/manifest.mpd')->body;
is scalar(() = $mpd =~ /<Period\b/g), 2, 'DASH: a new Period';

my %ids = map { $_ => 1 } $mpd =~ /<Period id="([^"]+)"/g;

is scalar keys %ids, 2, '... with its own id';
is $mpd =~ /availabilityStartTime="([^"]+)"/ ? $1 : '', $ast,
    'availabilityStartTime never moves';

my @starts = $mpd =~ /startNumber="(\d+)"/g;

ok((grep { $_ == $second[0] } @starts), '... its startNumber is the run\'s '
    . 'first') or diag "@starts, not $second[0]";

for (@first, @second) {
    $r = $ng->get("/live/ev/v/$_.m4s");
    push @got, $_ if $r->status != 200;
}

is "@got", '', 'every number is served';
ok $ng->get("/live/ev/v/$second[0].m4s")->body eq $v->segment(0),
    'the bytes are those that came';
ok $ng->get("/live/ev/v/$first[0].m4s")->body eq $v->segment(0),
    '... of both runs';

# the same init and the clock goes on: no new run

for (['v', $v], ['au', $a]) {
    $ng->put("/live/ev/a/$_->[0]/init.mp4", $_->[1]->init);
    $n = number($ng->put("/live/ev/a/$_->[0]/5.m4s", $_->[1]->segment(4)));
}

is $n, $second[-1] + 1, 'an init again, and the clock goes on';
$mpd = $ng->get('/live/ev/manifest.mpd')->body;
is scalar(() = $mpd =~ /<Period\b/g), 2, '... is no new Period';

# ---- two pipelines on UTC: exchanged segment by segment

my $other = LiveOrigin::Media->video(bytes => 5000, segment => [1, 1],
                                     seed => 'b', created => 12345);

$n = int(time) - 4;
is $ng->put('/live/utc/a/v/init.mp4', $v->init)->status, 201, 'a';
is $ng->put('/live/utc/b/v/init.mp4', $other->init)->status, 200, 'b: an init '
    . 'of another creation time agrees';

for ([a => $v, 0], [b => $other, 0], [b => $other, 1], [a => $v, 2],
     [b => $other, 3])
{
    my ($p, $m, $k) = @$_;

    is number($ng->put("/live/utc/$p/v/1.m4s", $m->segment($n + $k))), $n + $k,
        "$p has number " . ($n + $k);
}

for ([0, 'a'], [1, 'b'], [2, 'a'], [3, 'b']) {
    my ($k, $p) = @$_;

    $r = $ng->get('/live/utc/v/' . ($n + $k) . '.m4s');
    like $r->header('Live-Origin'), qr/pipeline=/, "a segment from one of them";
    is $r->body eq ($p eq 'a' ? $v : $other)->segment($n + $k)
       || $k == 0 && $r->body eq $other->segment($n + $k), 1, '... its bytes';
}

($body, @v) = list('utc/v/media.m3u8');
@v = grep { $_->{number} <= $n + 3 } @v;
is scalar(@v), 4, '... all are listed';
is scalar(grep { $_->{disc} || $_->{gap} } @v), 0, '... without DISCONTINUITY '
    . 'or GAP';
is scalar(() = $body =~ /#EXT-X-MAP/g), 1, '... one init';

# what was chosen stays

my $e = $ng->get("/live/utc/v/$n.m4s")->header('ETag');

is $ng->put('/live/utc/a/v/1.m4s', $v->segment($n, seed => 'new'))->status,
    200, 'other bytes for what was served';
is $ng->get("/live/utc/v/$n.m4s")->header('ETag'), $e, '... change nothing';

# ---- a standby on another clock takes over when the first is gone

my $sb = LiveOrigin::Media->video(bytes => 5000, segment => [1, 1],
                                  seed => 'standby');

$n = int(time) - 1;
$ng->put("/live/two/$_/v/init.mp4", $v->init) for qw(a b);
is number($ng->put('/live/two/a/v/1.m4s', $v->segment($n))), $n, 'a on UTC';
$r = $ng->put('/live/two/b/v/1.m4s', $sb->segment(100));
is $r->status, 409, 'b on a clock of its own is a standby';
like $r->body, qr/\ba\b/, '... of a';
is $ng->get('/live/two/manifest.mpd')->status, 200, 'live';

my $at = 100;

ok wait_for(sub {
    $at++;
    $r = $ng->put('/live/two/b/v/1.m4s', $sb->segment($at));
    sleep 0.3 if $r->status == 409;
    return $r->status == 201;
}, 20), 'a is gone: b takes over';

my $took = number($r);

ok $took > $n, '... numbers go on';
is number($ng->put('/live/two/b/v/1.m4s', $sb->segment($at + 1))), $took + 1,
    '... and on';

for (1 .. 200) {
    ($body, @v) = list('two/v/media.m3u8');
    last if grep { $_->{number} == $took } @v;
    sleep 0.1;
}

is scalar(grep { $_->{disc} } @v), 1, '... with a DISCONTINUITY';
like $ng->get("/live/two/v/$took.m4s")->header('Live-Origin'), qr/pipeline=b/,
    '... and Live-Origin says b';

# ---- video changes its init where audio is the first to come

my $small = LiveOrigin::Media->video(bytes => 5000, segment => [1, 1],
                                     width => 160, height => 90);
my $from = int(time) - 8;

for my $step ([$v, 0, 2], [$small, 2, 6]) {
    my ($video, $begin, $end) = @$step;
    my @held;

    $ng->put('/live/sw/a/au/init.mp4', $a->init);
    $ng->put('/live/sw/a/v/init.mp4', $video->init);

    for ($from + $begin .. $from + $end - 1) {
        is number($ng->put("/live/sw/a/au/$_.m4s", $a->segment($_))), $_,
            "audio $_";
        push @held, $ng->put("/live/sw/a/v/$_.m4s", $video->segment($_))
                        ->status;
    }

    is "@held", join(' ', ($begin ? 409 : 201), (201) x ($end - $begin - 1)),
        $begin ? 'one number of video is lost' : 'video';
}

for my $try (1 .. 200) {
    ($body, @v) = list('sw/v/media.m3u8');
    last if grep { $_->{number} == $from + 5 } @v;
    sleep 0.1;
}

($abody, @a) = list('sw/au/media.m3u8');

for ([video => @v], [audio => @a]) {
    my ($name, @list) = @$_;

    is join(' ', map { $_->{number} } grep { $_->{disc} } @list), $from + 3,
        "$name: DISCONTINUITY behind it";
}

is join(' ', map { $_->{number} }
             grep { $_->{gap} && $_->{number} < $from + 6 } @v), $from + 2,
    'what is lost is a GAP';
is scalar(() = $ng->get('/live/sw/manifest.mpd')->body =~ /<Period\b/g), 2,
    'a Period of its own';

# ---- a process for each track: video's begins again, audio's goes on

for (['v', $v], ['au', $a]) {
    $ng->put("/live/apart/a/$_->[0]/init.mp4", $_->[1]->init);
}

my (%apart, @where);

for my $i (0 .. 44) {
    $ng->put('/live/apart/a/v/init.mp4', $v->init) if $i == 30;

    for (['v', $v->segment($i < 30 ? $i : $i - 30)], ['au', $a->segment($i)])
    {
        push @{$apart{$_->[0]}}, number($ng->put("/live/apart/a/$_->[0]/1.m4s",
                                                 $_->[1]));
    }
}

is "@{$apart{v}}", join(' ', $apart{v}[0] .. $apart{v}[0] + 44),
    'video is started again: numbers go on';
is "@{$apart{au}}", "@{$apart{v}}", '... and audio, which was not, has them';

($body, @v) = list('apart/v/media.m3u8');
($abody, @a) = list('apart/au/media.m3u8');

for (['video', @v], ['audio', @a]) {
    my ($name, @list) = @$_;

    is join(' ', map { $_->{number} } @list[0 .. 44]), "@{$apart{v}}",
        "$name: all are listed";
    is scalar(grep { $_->{gap} } @list[0 .. 44]), 0, '... and there';
    is join(' ', map { $_->{number} } grep { $_->{disc} } @list),
        $apart{v}[30], '... one DISCONTINUITY, at the same number';
    @where = grep { defined $_->{pdt}
                    && abs(utc($_->{pdt}) - $_->{number}) > 0.1 } @list;
    is scalar @where, 0, '... each where its number is' or diag $abody;
}

$mpd = $ng->get('/live/apart/manifest.mpd')->body;

my ($period) = $mpd =~ m!<Period id="2"(.*?)</Period>!s;
my %pto = map { /initialization="(\w+)\/.*timescale="(\d+)".*
                 presentationTimeOffset="(\d+)"/x ? ($1 => $3 / $2) : () }
          split /\n/, $period;

is_deeply \%pto, {v => 0, au => 30}, 'DASH: each track has its own offset';
is scalar(() = $mpd =~ /<Period\b/g), 2, '... in the Period of the run';

# ---- more runs than are remembered: those before stay where they were

my @many;

for my $i (1 .. 36) {
    $ng->put('/live/many/a/v/init.mp4', $v->init);
    push @many, number($ng->put('/live/many/a/v/1.m4s',
                                         $v->segment(40 - $i)));
}

($body, @v) = list('many/v/media.m3u8');
is join(' ', map { $_->{number} } grep { !$_->{gap} } @v[0 .. 35]),
   "@many", '36 runs, each of a segment';
is scalar(grep { $_->{disc} } @v), 35, '... each begins with DISCONTINUITY';
is join(' ', map { utc($_->{pdt}) } @v[0 .. 35]), "@many",
    '... and all have the time of their number';

# ---- everything is there after a restart of nginx

my %etag = map { $_ => $ng->get("/live/ev/v/$_.m4s")->header('ETag') } @second;
my $old = $ng->get('/live/ev/manifest.mpd')->body;

$ng->restart('TERM');
is scalar(grep { $ng->get("/live/ev/v/$_.m4s")->header('ETag') ne $etag{$_} }
          @second), 0, 'a restart of nginx loses nothing';

$mpd = $ng->get('/live/ev/manifest.mpd')->body;
s/(?:publishTime|timeShiftBufferDepth|minimumUpdatePeriod)="[^"]*"//g
    for $mpd, $old;
is $mpd, $old, '... and the MPD is the same';

$ng->stop;
done_testing;
