# HLS in full: what the multivariant playlist says of the document and the
# headers, cues as EXT-X-DATERANGE, I-frame playlists; and that playlists that
# are loaded again keep to the rules.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use LiveOrigin::Edit qw(edit);
use LiveOrigin::Hls qw(lint lint_reload attributes segments);
use LiveOrigin::Media qw(box full_box);
use LiveOrigin::Nginx;

my $now = int(time);
my $out = '/DAlAAAAAAAAAP/wFAUAAAABf+/+LRQrAP4BI9MIAAEBAQAAfxV6SQ==';

my $cue = sub {
    my ($id, $start, $more) = @_;
    return qq({"id":"$id","start":$start,$more});
};

sub document
{
    my (@cues) = @_;

    return '{"id": "hls", "segment_ms": 2000, "delay_ms": 1000, "dvr_s": 600,'
        . ' "playlist_s": 60, "title": "A \"title\"",'
        . ' "session_data": [{"id": "com.example.rating", "value": "12",'
        . '   "lang": "de"}],'
        . ' "tracks": ['
        . ' {"id": "v1", "type": "video", "score": 2, "bitrate": 3000000,'
        . '   "hdcp_level": "TYPE-0"},'
        . ' {"id": "v2", "type": "video", "score": 1.5, "bitrate": 800000},'
        . ' {"id": "a1", "type": "audio", "lang": "en"},'
        . ' {"id": "a2", "type": "audio", "lang": "en",'
        . '   "role": "description", "label": "Described"},'
        . ' {"id": "t1", "type": "text", "lang": "de", "role": "caption"},'
        . ' {"id": "k1", "type": "video", "role": "trick", "fps": 0.5}],'
        . ' "cues": [' . join(',', @cues) . ']}';
}

# another sample entry in a header

sub other
{
    my ($init, $handler, $entry) = @_;

    substr($init, index($init, 'vide'), 4, $handler);

    return edit($init, 'moov/trak/mdia/minf/stbl/stsd',
                sub { full_box('stsd', 0, 0, pack('N', 1), $entry) });
}

my $visual = "\0" x 6 . pack('n x16 nn x50', 1, 320, 180);
my $hevc = box('hvc1', $visual,
    box('hvcC', pack('H*', '0102200000009000000000005df000fcfdfafa00000f00')),
    box('colr', 'nclx', pack('nnnC', 9, 18, 9, 0)));

my %media = (
    v1 => LiveOrigin::Media->video(bytes => 9000),
    v2 => LiveOrigin::Media->video(bytes => 3000),
    a1 => LiveOrigin::Media->audio,
    a2 => LiveOrigin::Media->audio(seed => 'd'),
    t1 => LiveOrigin::Media->video(fps => [1, 2], timescale => 1000,
                                   bytes => 100),
    k1 => LiveOrigin::Media->video(fps => [1, 2], timescale => 90000,
                                   bytes => 1000),
);
my %init = map { $_ => $media{$_}->init } keys %media;

$init{v1} = other($init{v1}, 'vide', $hevc);
$init{t1} = other($init{t1}, 'text', box('wvtt', "\0" x 6, pack('n', 1),
                                         box('vttC', 'WEBVTT')));

my $ng = LiveOrigin::Nginx->start(workers => 2, size => '64m', events => 4,
    files => {'events/hls.json' => document(
        $cue->('ad-1', $now - 10, '"class":"com.example.ad",'
               . '"duration_ms":300000,"planned_duration_ms":25500,'
               . qq("scte35":{"out":"$out"},"data":{"X-AD":"7","X-N":1.5})),
        $cue->('past', $now - 500, '"duration_ms":1000'),
        $cue->('far', $now + 500, '"duration_ms":1000'))});

my $n = $media{v1}->now_number - 1;

for my $t (sort keys %media) {
    is $ng->put("/live/hls/a/$t/init.mp4", $init{$t})->status, 201,
        "$t: init";

    for ($n - 9 .. $n) {
        my $r = $ng->put("/live/hls/a/$t/1.m4s", $media{$t}->segment($_));

        is $r->header('Location'), "/live/hls/$t/$_.m4s", "$t: $_"
            or diag $r->body;
    }
}

# ---- what the rules say no to

my $good = "#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-TARGETDURATION:2\n"
    . "#EXT-X-MEDIA-SEQUENCE:5\n"
    . qq(#EXT-X-MAP:URI="i"\n)
    . "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T21:00:00.000Z\n"
    . "#EXTINF:2.4,\na\n#EXTINF:2.0,\n#EXT-X-GAP\nb\n";

is_deeply [lint($good), lint_reload($good, $good)], [], 'a list by the rules';

for (['2.4,', '2.5,'], ['a', 'a b', '#EXT-X-FOO'], ['"i"', 'i'],
     ['#EXT-X-MAP:URI="i"', ''], ['b', "b\n#EXTINF:1,"],
     ['#EXT-X-GAP', '#EXT-X-DATERANGE:ID="a"'],
     ['#EXT-X-GAP', '#EXT-X-DATERANGE:ID="a",START-DATE="2026-11-22"'],
     ['#EXT-X-GAP', '#EXT-X-STREAM-INF:BANDWIDTH=1'], ['M3U', 'M4U'],
     ['#EXT-X-GAP', '#EXT-X-TARGETDURATION:3'], ["\n\\z", ''],
     ['VERSION:8', 'VERSION:7'],
     ['(?=#EXT-X-MED)', "#EXT-X-PLAYLIST-TYPE:LIVE\n"],
     ['(?=#EXT-X-MED)', "#EXT-X-PLAYLIST-TYPE:VOD\n"])
{
    my ($from, $to, $more) = @$_;
    my $bad = $good =~ s/$from/$more ? "$to\n$more" : $to/er;

    ok scalar(my @bad = lint($bad)), "... not with $to";
}

my $control = '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12,'
    . "HOLD-BACK=6,PART-HOLD-BACK=3\n#EXT-X-PART-INF:PART-TARGET=1\n";
my $low = ($good =~ s/(?=#EXT-X-MAP)/$control/r)
    . qq(#EXT-X-PART:DURATION=1,URI="c.0"\n)
    . qq(#EXT-X-PART:DURATION=0.9,URI="c.1"\n#EXTINF:1.9,\nc\n)
    . qq(#EXT-X-PRELOAD-HINT:TYPE=PART,URI="d.0"\n);

is_deeply [lint($low)], [], 'a low-latency list by the rules';

for (['UNTIL=12', 'UNTIL=11'], ['HOLD-BACK=6', 'HOLD-BACK=5'],
     ['PART-HOLD-BACK=3', 'PART-HOLD-BACK=1.9'], [',PART-HOLD-BACK=3', ''],
     ['PART-TARGET=1', 'PART-TARGET=0.9'], ['=0.9,', '=0.5,'],
     ['PART-TARGET=1', 'PART-TARGET=1.2'], ['\z', "#EXT-X-ENDLIST\n"])
{
    my ($from, $to) = @$_;

    ok scalar(my @bad = lint($low =~ s/$from/$to/r)), "... not with $to";
}

for (['a\n', "c\n"], ['2.4', '2.3'], ['#EXT-X-GAP\n', ''],
     ['"i"', '"j"'], ['SEQUENCE:5', 'SEQUENCE:4'], ['TION:2', 'TION:3'],
     ['#EXT-X-GAP', "#EXT-X-GAP\n#EXT-X-DISCONTINUITY"])
{
    my ($from, $to) = @$_;

    ok scalar(my @bad = lint_reload($good, $good =~ s/$from/$to/r)),
        "... nor after another with $to";
}

# ---- the multivariant playlist

my $master = $ng->get('/live/hls/master.m3u8')->body;

is_deeply [lint($master)], [], 'the multivariant playlist is right';

sub line
{
    my ($text, $re) = @_;

    my ($line) = grep { /$re/ } split /\n/, $text;

    return attributes($line // '');
}

sub variant
{
    my ($track) = @_;

    my ($line) = $master =~ m{^(#EXT-X-STREAM-INF:.*)\n$track/media\.m3u8$}m;

    return attributes($line // '');
}

is line($master, 'hls.title')->{VALUE}, "A 'title'", 'the title';
is_deeply line($master, 'rating'), {'DATA-ID' => 'com.example.rating',
    VALUE => '12', LANGUAGE => 'de'}, 'session data';

my ($v1, $v2) = (variant('v1'), variant('v2'));

is $v1->{'VIDEO-RANGE'}, 'HLG', 'VIDEO-RANGE of colr';
is $v2->{'VIDEO-RANGE'}, 'SDR', '... beside it, what does not say it';
is "$v1->{SCORE} $v2->{SCORE}", '2 1.5', 'SCORE';
is $v1->{'HDCP-LEVEL'}, 'TYPE-0', 'HDCP-LEVEL';
ok !exists $v2->{'HDCP-LEVEL'}, '... of one alone';
is "$v1->{'STABLE-VARIANT-ID'} $v2->{'STABLE-VARIANT-ID'}", 'v1 v2',
    'STABLE-VARIANT-ID';
is $v1->{CODECS}, 'hvc1.2.4.L93.90,mp4a.40.2,wvtt', 'CODECS';
is_deeply variant('k1'), {}, 'trick play is no variant';

my $k1 = line($master, 'I-FRAME-STREAM-INF');

is "$k1->{URI} $k1->{RESOLUTION}", 'k1/media.m3u8 320x180',
    '... but an I-frame playlist';

my $a2 = line($master, 'URI="a2/');

is $a2->{CHARACTERISTICS}, 'public.accessibility.describes-video',
    'CHARACTERISTICS';
is "$a2->{NAME} $a2->{CHANNELS} $a2->{'STABLE-RENDITION-ID'}",
    'Described 2 a2', 'NAME, CHANNELS, STABLE-RENDITION-ID';
like line($master, 'URI="t1/')->{CHARACTERISTICS}, qr/transcribes-spoken/,
    '... of captions';

# a filter that leaves subtitles alone

for ('master.m3u8', 'manifest.mpd') {
    my $r = $ng->get("/live/hls/$_?aws.manifestfilter=video_height:1;"
                     . 'audio_language:ja');

    is $r->status, 200, "$_ of subtitles alone";
    like $r->body, qr/\bt1\b/, '... has them';
    unlike $r->body, qr/"[vak][12][\/"]/, '... and nothing else';
}

# ---- media playlists

sub media
{
    my ($track) = @_;

    return $ng->get("/live/hls/$track/media.m3u8")->body;
}

sub ranges
{
    my @lines = $_[0] =~ /^(#EXT-X-DATERANGE:.*)$/mg;

    return @lines;
}

my %first = map { $_ => media($_) } sort keys %media;

for my $t (sort keys %media) {
    is_deeply [lint($first{$t})], [], "$t: the media playlist is right";
    is join("\n", ranges($first{$t})), join("\n", ranges($first{v1})),
        '... the same cues everywhere';
    is scalar(() = $first{$t} =~ /^#EXT-X-I-FRAMES-ONLY$/mg),
        $t eq 'k1' ? 1 : 0, '... I-FRAMES-ONLY';
}

my @ranges = ranges($first{v1});

is scalar @ranges, 1, 'of the cues one has to do with the list';

my $ad = attributes($ranges[0]);

is "$ad->{ID} $ad->{CLASS} $ad->{DURATION} $ad->{'PLANNED-DURATION'}",
    'ad-1 com.example.ad 300 25.5', '... its attributes';
is lc $ad->{'SCTE35-OUT'}, '0x' . unpack('H*', decode($out)), '... SCTE-35';
is "$ad->{'X-AD'} $ad->{'X-N'}", '7 1.5', '... the data';

sub decode
{
    require MIME::Base64;
    return MIME::Base64::decode_base64($_[0]);
}

# ---- a cue that is added while the event is live

is $ng->put('/api/events/hls', document(
    $cue->('ad-1', $now - 10, '"class":"com.example.ad",'
           . '"duration_ms":300000,"planned_duration_ms":25500,'
           . qq("scte35":{"out":"$out"},"data":{"X-AD":"7","X-N":1.5})),
    $cue->('soon', $now + 30, '"planned_duration_ms":15000')))->status, 200,
    'a cue is added';

for (1 .. 12) {
    my @now = ranges(media('v1'));

    is scalar @now, 2, 'every worker lists it from now on';
}

my $r = $ng->put('/api/events/hls',
                 document($cue->('bad', $now, '"scte35":"AAAA"')));

is $r->status, 400, 'a cue that is none';
is $r->json->{field}, 'cues[0].scte35', '... says which member';
is scalar(ranges(media('v1'))), 2, '... and nothing has changed';

# ---- again and again, with a hole, to the end

my %before = map { $_ => media($_) } sort keys %media;

sub again
{
    my ($what) = @_;

    for my $t (sort keys %media) {
        my $after = media($t);

        is_deeply [lint($after), lint_reload($before{$t}, $after)], [],
            "$t: $what";
        $before{$t} = $after;
    }
}

again('nothing new');

for my $k (1 .. 3) {
    $ng->put("/live/hls/a/$_/1.m4s", $media{$_}->segment($n + $k))
        for sort keys %media;
    again("number $k more");
}

# one number is left out

$ng->put("/live/hls/a/$_/1.m4s", $media{$_}->segment($n + 5))
    for sort keys %media;
again('a hole that is not due');

my $end = $ng->post('/api/events/hls/end');

is $end->status, 200, 'the end';
again('the end');

my @last = map { segments($before{$_})->[-1]{number} } sort keys %media;

is "@last", join(' ', ($n + 5) x keys %media), 'all end with one number';

my ($hole) = grep { $_->{number} == $n + 4 } @{segments($before{v1})};

ok $hole && $hole->{gap}, 'the hole is a GAP';
is scalar(ranges($before{v1})), 1,
    'what begins behind the end is not listed any more';

$ng->stop;
done_testing;
