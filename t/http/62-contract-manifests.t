# The contract of manifests: what an MPD and the playlists say, when they may
# go out, when they change, and what becomes of numbers that are missing.

use strict;
use warnings;

use POSIX qw(strftime);
use Test::More;
use Time::HiRes qw(time sleep);

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $ng = LiveOrigin::Nginx->start(
    size => '192m', events => 12,
    live => 'live_origin_hold 0; live_origin_auto_event on;',
    files => {
        'events/ntsc.json' => '{"id": "ntsc", "segment": {"duration": 60060,'
            . ' "timescale": 30000}, "delay_ms": 1500, "dvr_s": 60,'
            . ' "tracks": [{"id": "v", "type": "video"},'
            . ' {"id": "au", "type": "audio"}]}',
        'events/gap.json' => '{"id": "gap", "segment_ms": 1000,'
            . ' "delay_ms": 1000, "dvr_s": 60, "playlist_s": 30,'
            . ' "tracks": [{"id": "v", "type": "video"},'
            . ' {"id": "w", "type": "video"}]}',
        'events/small.json' => '{"id": "small", "segment_ms": 2000,'
            . ' "delay_ms": 1000, "dvr_s": 3600, "zone_share": "2m",'
            . ' "tracks": [{"id": "v", "type": "video"}]}',
        'events/two.json' => '{"id": "two", "segment_ms": 2000,'
            . ' "delay_ms": 1000, "tracks": [{"id": "v"}]}'});

my ($r, $n);


sub manifest
{
    my ($path, $name) = @_;

    my $m = $ng->get("/live/$path");

    is $m->status, 200, $name || $path;
    like $m->header('Content-Type'), $path =~ /mpd$/
        ? qr!^application/dash\+xml! : qr!^application/vnd\.apple\.mpegurl!,
        '... Content-Type';
    is $m->header('Access-Control-Allow-Origin'), '*', '... CORS';
    like $m->header('ETag'), qr/^"[^"]+"$/, '... ETag';

    return $m;
}

# a media playlist: {sequence, target, dsequence, list => [{number, gap, ...}]}

sub playlist
{
    my ($path) = @_;

    my $body = manifest($path)->body;
    my %p = (body => $body, list => []);
    my %s = ();

    ($p{sequence}) = $body =~ /^#EXT-X-MEDIA-SEQUENCE:(\d+)$/m;
    ($p{target}) = $body =~ /^#EXT-X-TARGETDURATION:(\d+)$/m;
    $p{dsequence} = $body =~ /^#EXT-X-DISCONTINUITY-SEQUENCE:(\d+)$/m
                    ? $1 : 0;

    for (split /\n/, $body) {
        $s{extinf} = $1 if /^#EXTINF:([\d.]+),/;
        $s{gap} = 1 if /^#EXT-X-GAP$/;
        $s{disc}++ if /^#EXT-X-DISCONTINUITY$/;
        $s{pdt} = $1 if /^#EXT-X-PROGRAM-DATE-TIME:(.*)$/;
        $s{map} = $1 if /^#EXT-X-MAP:URI="([^"]+)"$/;

        if (/^[^#]/) {
            push @{$p{list}}, {%s, uri => $_, number => /^(\d+)\.m4s$/};
            %s = ();
        }
    }

    return \%p;
}

sub seconds
{
    my ($iso) = @_;

    return ($1 || 0) * 86400 + ($2 || 0) * 3600 + ($3 || 0) * 60 + ($4 || 0)
        if $iso =~ /^P(?:(\d+)D)?T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?$/;
    return -1;
}

sub iso
{
    my ($time) = @_;

    my $ms = int($time * 1000 + 0.5);

    return strftime('%Y-%m-%dT%H:%M:%S', gmtime(int($ms / 1000)))
           . sprintf('.%03dZ', $ms % 1000);
}


# ---- 60060/30000

my $v = LiveOrigin::Media->video(fps => [30000, 1001], bytes => 9000,
                                 segment => [60060, 30000]);
my $a = LiveOrigin::Media->audio(segment => [60060, 30000]);
my $d = 60060 / 30000;
my $head = int(time / $d) - 2;

# no manifest before every declared track has a segment

my @all = qw(manifest.mpd master.m3u8 v/media.m3u8);

sub none
{
    my ($id, $what) = @_;

    for (@all) {
        my $m = $ng->get("/live/$id/$_");

        is $m->status, 404, "$what: $_";
        ok defined $m->header('Cache-Control'), '... Cache-Control';
    }
}

none('ntsc', 'nothing is there');
is $ng->put('/live/ntsc/a/v/init.mp4', $v->init)->status, 201, 'video init';
none('ntsc', 'an init');
$r = $ng->put("/live/ntsc/a/v/1.m4s", $v->segment($_)) for $head - 5 .. $head;
is $r->header('Location'), "/live/ntsc/v/$head.m4s", 'n = round(t / d)';
none('ntsc', 'no audio');
is $ng->put('/live/ntsc/a/au/init.mp4', $a->init)->status, 201, 'audio init';
none('ntsc', 'audio init');

for ($head - 5 .. $head) {
    $r = $ng->put("/live/ntsc/a/au/1.m4s", $a->segment($_));
    is $r->header('Location'), "/live/ntsc/au/$_.m4s", 'audio: the nearest';
}

# ---- the MPD

$r = manifest('ntsc/manifest.mpd', 'every declared track has a segment');

my $mpd = $r->body;
my ($open) = $mpd =~ /(<MPD[^>]*>)/;
my %mpd = $open =~ /(\w+)="([^"]*)"/g;

is $mpd{type}, 'dynamic', 'MPD: dynamic';
like $mpd{profiles}, qr/isoff-live:2011/, '... profiles';
like $mpd{availabilityStartTime}, qr/^1970-01-01T00:00:01\.5(00)?Z$/,
    '... availabilityStartTime is t0 + delay';

my $mup = seconds($mpd{minimumUpdatePeriod});

ok $mup > 0, '... minimumUpdatePeriod';
is $r->header('Cache-Control') =~ /max-age=(\d+)/ && $1, int($mup / 2),
    '... max-age is half of it';
is $r->header('Surrogate-Key') =~ /^ntsc\b/, 1, '... Surrogate-Key';
like $r->header('CMSD-Static'), qr/\bot=m\b/, '... CMSD-Static';

my $depth = seconds($mpd{timeShiftBufferDepth});

ok $depth > 0 && time - $depth >= ($head - 5) * $d + 1.5 - 0.01
   || $depth <= 6 * $d + 0.01,
    '... timeShiftBufferDepth does not reach below the first segment' or
    diag "$depth";

my @periods = $mpd =~ /(<Period\b.*?<\/Period>)/gs;

is scalar @periods, 1, '... one Period';

# the first real segment by the MPD alone: Period@start + (n - startNumber) d

my ($start) = $periods[0] =~ /<Period[^>]*\bstart="([^"]+)"/;
my @templates = $periods[0] =~ /(<SegmentTemplate\b[^>]*>)/g;

is seconds($start), 0, '... Period@start PT0S';
ok @templates >= 2, '... SegmentTemplate for both';

for (@templates) {
    my %t = /(\w+)="([^"]*)"/g;

    is $t{startNumber}, 0, '... startNumber n0';
    is $t{presentationTimeOffset} || 0, 0, '... presentationTimeOffset 0';
    ok abs($t{duration} / $t{timescale} - $d) < 1e-9, '... duration d exactly';
    like $t{media}, qr/\$Number\$\.m4s$/, '... $Number$';
    like $t{initialization}, qr/init-[0-9a-f]{8}\.mp4$/, '... init by digest';
    unlike "$t{media}$t{initialization}", qr!^/|://!, '... relative';
}

like $mpd, qr/codecs="avc1\.64000d"/i, '... video codec from the init';
like $mpd, qr/codecs="mp4a\.40\.2"/, '... audio codec from the init';
like $mpd, qr/<UTCTiming\b[^>]*value="([^"]+)"/, '... UTCTiming';

my ($timing) = $mpd =~ /<UTCTiming\b[^>]*value="([^"]+)"/;

unlike $timing, qr!^/|://!, '... relative';
like $ng->get("/live/ntsc/$timing")->body, qr/^\d{4}-\d\d-\d\dT[\d:.]+Z$/,
    '... answered by us';

# every URL of the manifest is there, with a token and a class as well

for my $prefix ('', '~tok/') {
    for (qw(v au)) {
        my ($init) = $mpd =~ m!(\Q$_\E/init-[0-9a-f]{8}\.mp4|init-[0-9a-f]{8}\.mp4)!;

        is $ng->get("/live/${prefix}ntsc/$_/$head.m4s")->status, 200,
            "$prefix$_: a segment";
    }

    is $ng->get("/live/${prefix}ntsc/~cls/$_")->status, 200, "$prefix$_"
        for 'manifest.mpd', 'master.m3u8', 'v/media.m3u8';
    ok $ng->get("/live/${prefix}ntsc/~cls/manifest.mpd")->body eq
       $ng->get('/live/ntsc/manifest.mpd')->body, '... the same bytes';
}

# ---- 304 while unchanged

my $etag = $ng->get('/live/ntsc/manifest.mpd')->header('ETag');
my $c = $ng->get('/live/ntsc/manifest.mpd',
                 headers => ['If-None-Match', $etag]);

is $c->status . length $c->body, '3040', 'MPD unchanged: 304';
ok defined $c->header('Cache-Control') && $c->header('ETag') eq $etag,
    '... its headers';
my $h = $ng->head('/live/ntsc/manifest.mpd');
is $h->status . $h->header('Content-Length'),
   '200' . length $ng->get('/live/ntsc/manifest.mpd')->body, 'HEAD';
$ng->put("/live/ntsc/a/v/1.m4s", $v->segment($head + 1));
$ng->put("/live/ntsc/a/au/1.m4s", $a->segment($head + 1));

my $same = $ng->get('/live/ntsc/manifest.mpd')->body;

$_ = s/timeShiftBufferDepth="[^"]*"//r =~ s/publishTime="[^"]*"//r
         =~ s/minimumUpdatePeriod="[^"]*"//r for $same, $mpd;
is $same, $mpd, 'a new segment does not change it';

# gzip

$c = $ng->get('/live/ntsc/manifest.mpd', headers => ['Accept-Encoding',
              'gzip']);
is $c->header('Content-Encoding'), 'gzip', 'gzip where the client takes it';
like $c->header('Vary'), qr/Accept-Encoding/i, '... Vary';
is $ng->get('/live/ntsc/manifest.mpd', headers => ['Accept-Encoding', 'gzip',
    'If-None-Match', $c->header('ETag')])->status, 304, '... 304';

# ---- HLS

my $master = manifest('ntsc/master.m3u8')->body;

like $master, qr/^#EXTM3U\n/, 'multivariant playlist';
like $master, qr/^#EXT-X-STREAM-INF:.*CODECS="[^"]*avc1\.64000d[^"]*"/mi,
    '... codecs';
like $master, qr/RESOLUTION=320x180/, '... resolution';
like $master, qr!^v/media\.m3u8$!m, '... relative';
like $master, qr!#EXT-X-MEDIA:TYPE=AUDIO.*URI="au/media\.m3u8"!, '... audio';

my $p = playlist('ntsc/v/media.m3u8');
my $q = playlist('ntsc/au/media.m3u8');

is $p->{sequence}, $p->{list}[0]{number}, 'MEDIA-SEQUENCE is the number';
is $p->{sequence}, $head - 5, '... of the first';
is $q->{sequence}, $p->{sequence}, '... agrees between renditions';
is $p->{target}, 2, 'TARGETDURATION';
is $q->{target}, 2, '... of audio';
is $p->{list}[0]{pdt}, iso(($head - 5) * $d), 'PROGRAM-DATE-TIME is media '
    . 'time';
like $p->{list}[0]{map}, qr/^init-[0-9a-f]{8}\.mp4$/, 'EXT-X-MAP by digest';
is $ng->get("/live/ntsc/v/$p->{list}[0]{map}")->status, 200, '... is there';
is scalar(grep { abs($_->{extinf} - $d) > 0.00001 } @{$p->{list}}), 0,
    'EXTINF is exact';

my ($listed) = grep { !$_->{gap} } reverse @{$p->{list}};

is $ng->get("/live/ntsc/v/$listed->{uri}")->status, 200,
    'the last one listed is there';

$r = $ng->get('/live/ntsc/v/media.m3u8');
like $r->header('Cache-Control'), qr/max-age=1$/, 'max-age is d / 2';
is $r->header('Surrogate-Key'), 'ntsc ntsc/v', 'Surrogate-Key';

# d/4 and the verdict

my $m = $head + 3;
my $quarter = int($d * 30000 / 4);

for ([$quarter - 1001, 'good'], [$quarter + 1001, 'discontinuous'],
     [-$quarter - 1001, 'discontinuous'])
{
    my ($off, $verdict) = @$_;
    my $get = sub {
        my ($x) = $ng->get('/metrics')->body =~ /^live_origin_verdicts_total
            \{event="ntsc",track="v",pipeline="a",reason="$verdict"\}\ (\d+)/mx;
        return $x;
    };
    my $was = $get->();

    $r = $ng->put("/live/ntsc/a/v/1.m4s",
                  $v->segment($m, tfdt => $v->tfdt($m) + $off));
    is $r->header('Location'), "/live/ntsc/v/$m.m4s", "$off off the grid";
    is $get->(), $was + 1, "... is $verdict";
    $c = $ng->get($r->header('Location'))->header('Cache-Control');
    is $c =~ /immutable/ ? 1 : 0, $verdict eq 'good' ? 1 : 0, '... immutable '
        . 'if good';
    $m++;
}

# ---- GAP

my $g = LiveOrigin::Media->video(bytes => 5000, segment => [1, 1]);

$n = $g->now_number;

for my $t (qw(v w)) {
    $ng->put("/live/gap/a/$t/init.mp4", $g->init(id => 1));
    $ng->put("/live/gap/a/$t/1.m4s", $g->segment($_)) for $n - 3 .. $n - 1;
}

is $ng->get('/live/gap/manifest.mpd')->status, 200, 'live';

my $hole = $n + 1;

sub listed
{
    my ($t, $number) = @_;
    my $l = playlist("gap/$t/media.m3u8");
    my ($s) = grep { $_->{number} == $number } @{$l->{list}};

    return wantarray ? ($s, $l) : $s;
}

for my $t (qw(v w)) {
    $ng->put("/live/gap/a/$t/1.m4s", $g->segment($_)) for $n, $hole + 1,
                                                          $hole + 2;
}

# what a list says is of before its answer came

my ($s, $l) = listed('v', $hole);

SKIP: {
    skip 'the machine stood still', 2 if time >= $hole + 2.5;
    ok !$s, 'a number that is missing is not listed at once';
    is $l->{list}[-1]{number}, $n, '... nor what is behind it';
}

sleep 0.02 while time < $hole + 1 + 1 + 0.3;
$s = listed('v', $hole);

SKIP: {
    skip 'the machine stood still', 1 if time >= $hole + 2.5;
    ok !$s, '... nor when it was due';
}

sleep 0.02 while time < $hole + 1 + 1 + 0.55;
($s, $l) = listed('v', $hole);
ok $s && $s->{gap}, 'half a target duration after that it is GAP';
is scalar(grep { $_->{number} == $hole + 1 || $_->{number} == $hole + 2 }
          @{$l->{list}}), 2, '... and what is behind it is listed';
($s) = listed('w', $hole);
ok $s && $s->{gap}, '... in the other rendition as well';
like $l->{body}, qr/^#EXT-X-VERSION:([89]|1\d)$/m, '... version 8';

is $ng->put('/live/gap/a/v/1.m4s', $g->segment($hole))->status, 201,
    'a late back-fill is taken';
is $ng->get("/live/gap/v/$hole.m4s")->status, 200, '... and served';
ok listed('v', $hole)->{gap}, '... and is a GAP in the playlist still';

my @numbers = map { $_->{number} } @{listed_all('v')};

sub listed_all { return playlist("gap/$_[0]/media.m3u8")->{list} }

is "@numbers", join(' ', $numbers[0] .. $numbers[-1]), 'no number is left out';

# a segment of more than the target duration

$m = $g->now_number + 2;
$ng->put("/live/gap/a/v/1.m4s", $g->segment($_)) for $hole + 3 .. $m - 1;
$ng->put("/live/gap/a/v/1.m4s", $g->segment($m, durations => [(9000) x 20]));
($s, $l) = listed('v', $m);
ok $s && $s->{gap}, 'a segment longer than TARGETDURATION is GAP';
is $l->{target}, 1, '... which is what it was';
ok $s->{extinf} < 1.5, '... EXTINF within it';

# a playlist never names what a GET cannot have

$l = listed_all('w');
is scalar(grep { !$_->{gap} && $ng->get("/live/gap/w/$_->{uri}")->status
                 != 200 } @$l), 0, 'whatever is listed and no GAP is there';

# ---- the window where the share is small

my $small = LiveOrigin::Media->video(bytes => 100000);

$n = $small->now_number - 30;
$ng->put('/live/small/a/v/init.mp4', $small->init);
$ng->put('/live/small/a/v/1.m4s', $small->segment($_)) for $n .. $n + 29;
$r = manifest('small/manifest.mpd', 'a share that is smaller than dvr_s');

my ($tsbd) = $r->body =~ /timeShiftBufferDepth="([^"]+)"/;

my $status = $ng->get('/api/events/small/status')->json;

ok $status->{window_s} && $status->{window_s} < 3600,
    'the status says the window that is guaranteed';
ok seconds($tsbd) <= $status->{window_s} + 0.001, '... and so does the MPD';
ok((grep { /small/ && /dvr_s/ } split /\n/, $ng->log), '... and so does the '
    . 'log');
$l = playlist('small/v/media.m3u8');
is scalar(grep { !$_->{gap} && $ng->get("/live/small/v/$_->{uri}")->status
                 != 200 } @{$l->{list}}), 0, '... and what is listed is there';

# ---- declared and measured durations that differ

my $four = LiveOrigin::Media->video(segment => [4, 1], bytes => 9000);

$n = $four->now_number - 3;
$ng->put('/live/two/a/v/init.mp4', $four->init);
$ng->put('/live/two/a/v/1.m4s', $four->segment($_)) for $n .. $n + 2;

my @errors = grep { /\[error\]/ && /\btwo\b/ } split /\n/, $ng->log;

is scalar @errors, 1, 'declared 2 s, measured 4 s: one logged error' or
    diag join "\n", @errors;
like $ng->get('/metrics')->body,
    qr/^live_origin_declared_duration_differs_total\{event="two"\} 3$/m,
    '... and a metric';

# ---- an automatic event: every init seen, none new for one d

my $av = LiveOrigin::Media->video(bytes => 5000, segment => [1, 1]);

my $auto;

# another one, where the machine was late

for my $try (0 .. 4) {
    $auto = "auto$try";
    $n = $av->now_number;

    my $began = time;

    $ng->put("/live/$auto/a/v/init.mp4", $av->init);
    $ng->put("/live/$auto/a/v/1.m4s", $av->segment($_)) for $n - 2 .. $n - 1;
    $r = $ng->get("/live/$auto/manifest.mpd");
    $ng->put("/live/$auto/a/w/init.mp4", $av->init(id => 1));
    last if time - $began < 0.9;
}

is $r->status, 404, 'auto: not at once';
sleep 1.2;
is $ng->get("/live/$auto/manifest.mpd")->status, 404, '... an init without a '
    . 'segment';
$ng->put("/live/$auto/a/w/1.m4s", $av->segment($_)) for $n - 2 .. $n - 1;
$r = manifest("$auto/manifest.mpd", '... then it is there');
is scalar(() = $r->body =~ /<Representation\b/g), 2, '... with both';
is $ng->get("/api/events/$auto/status")->json->{segment}{duration}
   / $ng->get("/api/events/$auto/status")->json->{segment}{timescale}, 1,
   'd is learned';

# ---- the end

$etag = $ng->get('/live/gap/manifest.mpd')->header('ETag');
is $ng->post('/api/events/gap/end')->status, 200, 'the event ends';
$r = $ng->get('/live/gap/manifest.mpd');
like $r->body, qr/type="static"/, '... the MPD is static';
isnt $r->header('ETag'), $etag, '... another';
like $ng->get('/live/gap/v/media.m3u8')->body, qr/^#EXT-X-ENDLIST$/m,
    '... ENDLIST';

$ng->stop;
done_testing;
