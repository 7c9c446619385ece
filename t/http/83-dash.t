# MPDs of many kinds of events: valid by the schema of ISO/IEC 23009-1 (where
# LO_DASH_SCHEMA names the folder that it lies in), true to the boxes of the
# segments, every URL there; and patches, which lead from each version of an
# MPD to the newest.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use lib 't/lib';
use LiveOrigin::Media qw(box);
use LiveOrigin::Mpd;
use LiveOrigin::Nginx;

my $SPLICE = '/DAlAAAAAAAAAP/wFAUAAAABf+/+LRQrAP4BI9MIAAEBAQAAfxV6SQ==';
my $hour = int(time) - 3600;

my $ng = LiveOrigin::Nginx->start(
    size => '256m', events => 12, workers => 1,
    live => 'live_origin_hold 0; live_origin_early_bytes on;',
    files => {
        'events/full.json' => qq({"id": "full", "title": "All & more",
            "segment_ms": 2000, "delay_ms": 1500, "dvr_s": 60, "tracks": [
            {"id": "v", "type": "video", "inband_events":
             ["urn:scte:scte35:2013:bin"]},
            {"id": "h", "type": "video"}, {"id": "x", "type": "video"},
            {"id": "k", "type": "video", "role": "trick", "fps": 1},
            {"id": "de", "type": "audio", "lang": "de"},
            {"id": "ad", "type": "audio", "lang": "de",
             "role": "description", "label": "<Hörfilm>"},
            {"id": "t", "type": "text", "lang": "de", "role": "caption"}],
            "cues": [{"id": "ad-1", "start": $hour, "scte35": "$SPLICE",
                      "duration_ms": 30000, "data": {"X-A": "<1>"}},
                     {"id": "p", "start": $hour, "class": "urn:example:p",
                      "duration_ms": 7200000}]}),
        'events/enc.json' => '{"id": "enc", "segment_ms": 2000,
            "delay_ms": 1000, "tracks": [{"id": "v", "type": "video"},
            {"id": "a", "type": "audio"}]}',
        'events/low.json' => '{"id": "low", "segment_ms": 2000,
            "delay_ms": 1000, "tracks": [{"id": "v", "type": "video"},
            {"id": "a", "type": "audio"}]}',
        'events/irr.json' => '{"id": "irr", "delay_ms": 1000, "dvr_s": 600,
            "playlist_s": 40, "tracks": [{"id": "v", "type": "video"},
            {"id": "a", "type": "audio"}]}'});


# ---- inits of codecs that LiveOrigin::Media does not have: the sample entry
# is what counts

sub entry
{
    my ($m, $entry, %o) = @_;

    no warnings 'redefine';
    local *LiveOrigin::Media::_avc1 = sub { $entry };
    local *LiveOrigin::Media::_mp4a = sub { $entry };

    return $m->init(%o);
}

sub visual
{
    my ($type, $width, $height, @boxes) = @_;

    return box($type, pack("x6 n x16 nn NN N n x32 n n", 1, $width, $height,
                           0x480000, 0x480000, 0, 1, 0x18, 0xffff), @boxes);
}

sub hex_box { my ($type, $hex) = @_; return box($type, pack "H*", $hex) }

my $hvcc = hex_box('hvcC', '010220000000900000000000' . '5df000fcfdfafa00000f00');
my $av1c = hex_box('av1C', '81080c00');
my $pq = hex_box('colr', '6e636c7800090010000900');

my $v = LiveOrigin::Media->video(bytes => 8000);
my $a = LiveOrigin::Media->audio(bytes => 2000);


# one segment of a text track: silence of another name

my $text = entry(LiveOrigin::Media->audio, box('wvtt', pack("x6 n", 1),
                 box('vttC', 'WEBVTT'))) =~ s/soun/text/r;


sub put
{
    my ($path, $bytes) = @_;

    my $r = $ng->put("/live/$path", $bytes);

    is $r->status, 201, "PUT $path" or diag $r->body;

    return ($r->header('Location') // '') =~ m!/(\d+)\.m4s$! ? $1 : undef;
}


# a valid MPD whose URLs are there

sub mpd
{
    my ($id, $what) = @_;

    my $r = $ng->get("/live/$id/manifest.mpd");

    is $r->status, 200, $what;

    my $why = LiveOrigin::Mpd::valid($r->body, 'DASH-MPD.xsd');

    SKIP: {
        skip 'LO_DASH_SCHEMA is not set', 1 if !defined $why;
        is $why, '', '... valid by the schema' or diag $r->body;
    }

    my $mpd = LiveOrigin::Mpd->parse($r->body);
    my @gone = grep { $ng->get("/live/$id/$_")->status != 200 }
               map { $_->{attr}{initialization} }
               $mpd->find('/MPD/Period/AdaptationSet/Representation'
                          . '/SegmentTemplate');

    is "@gone", '', '... its inits are there';

    return ($mpd, $r->body);
}


# where the MPD has number n of a track begin and end, in the track's
# timescale

sub at_number
{
    my ($template, $n, $timescale) = @_;

    my %t = %{$template->{attr}};
    my $at = ($n - $t{startNumber}) * $t{duration}
             + $t{presentationTimeOffset};

    return ($at * $timescale / $t{timescale},
            ($at + $t{duration}) * $timescale / $t{timescale});
}

sub template
{
    my ($mpd, $period, $track) = @_;

    my ($t) = $mpd->find("/MPD/Period[\@id='$period']/AdaptationSet"
                         . "/Representation[\@id='$track']/SegmentTemplate");

    return $t;
}

sub props
{
    my ($node, $name) = @_;

    return map { ($_->{attr}{schemeIdUri} => $_->{attr}{value}) }
           grep { $_->{name} eq $name } $node->nodes;
}


# ---- three codecs, two kinds of German, text, key frames, cues

my $n = $v->now_number - 12;

put('full/a/v/init.mp4', $v->init(id => 1));
put('full/a/h/init.mp4', entry($v, visual('hvc1', 320, 180, $hvcc)));
put('full/a/x/init.mp4', entry($v, visual('av01', 320, 180, $av1c, $pq)));
put('full/a/k/init.mp4', $v->init);
put('full/a/de/init.mp4', $a->init);
put('full/a/ad/init.mp4', $a->init);
put('full/a/t/init.mp4', $text);

for my $i ($n .. $n + 5) {
    put("full/a/$_/1.m4s", $v->segment($i)) for qw(v h x k);
    put("full/a/$_/1.m4s", $a->segment($i)) for qw(de ad t);
}

my ($mpd, $body) = mpd('full', 'AVC, HEVC, AV1 in HDR, audio, text, cues');
my @sets = $mpd->find('/MPD/Period/AdaptationSet');

is join(' ', map { join '/', map { $_->{attr}{id} }
                   grep { $_->{name} eq 'Representation' } $_->nodes } @sets),
   'v h x k de ad t', 'sets';

my %s = map { $_->{attr}{id} => $_ } @sets;
my $switch = 'urn:mpeg:dash:adaptation-set-switching:2016';

is {props($s{1}, 'SupplementalProperty')}->{$switch}, 2, 'AVC to HEVC';
is {props($s{2}, 'SupplementalProperty')}->{$switch}, 1, '... and back';
is {props($s{3}, 'SupplementalProperty')}->{$switch}, undef, 'not to HDR';
is {props($s{3}, 'EssentialProperty')}
   ->{'urn:mpeg:mpegB:cicp:TransferCharacteristics'}, 16, '... which says so';
is {props($s{4}, 'EssentialProperty')}
   ->{'http://dashif.org/guidelines/trickmode'}, 1, 'key frames of AVC';
is_deeply {props($s{6}, 'Accessibility')},
   {'urn:mpeg:dash:role:2011' => 'description',
    'urn:tva:metadata:cs:AudioPurposeCS:2007' => 1}, 'audio description';
is_deeply {props($s{7}, 'Accessibility')},
   {'urn:mpeg:dash:role:2011' => 'caption'}, 'captions';
is join(' ', map { $_->{attr}{schemeIdUri} }
             grep { $_->{name} eq 'InbandEventStream' } $s{1}->nodes),
   'urn:scte:scte35:2013:bin', 'what the media carries';

my @streams = $mpd->find('/MPD/Period/EventStream');

is join(' ', map { $_->{attr}{schemeIdUri} } @streams),
   'urn:scte:scte35:2014:xml+bin urn:live-origin:cue:2026 urn:example:p',
   'events';
is join(' ', map { $_->text } $mpd->find(
   '/MPD/Period/EventStream/Event/Signal/Binary')), $SPLICE, '... SCTE-35';
is(($streams[0]->nodes)[0]{attr}{presentationTime}, $hour * 1000000,
   '... when');

for my $t (qw(v de)) {
    my $m = $t eq 'v' ? $v : $a;
    my ($timescale, $frame) = $t eq 'v' ? (90000, 3600) : (48000, 1024);
    my @off = grep {
        my ($from, $to) = at_number(template($mpd, 1, $t), $_, $timescale);

        abs($from - $m->tfdt($_)) > $frame / 2
        || abs($to - $m->tfdt($_) - $m->duration($_)) > $frame / 2
    } $n .. $n + 5;

    is "@off", '', "$t: by the MPD each segment is where its boxes say, "
        . 'within half a frame';
}

is $ng->get('/live/full/manifest.mpd')->body, $body, 'it does not change';

# an encoder with another picture: a new Period

my $w = LiveOrigin::Media->video(bytes => 8000, width => 640, height => 360);

put('full/a/v/init.mp4', $w->init(id => 1));

for my $i ($n + 6 .. $n + 8) {
    put('full/a/v/1.m4s', $w->segment($i));
    put("full/a/$_/1.m4s", $v->segment($i)) for qw(h x k);
    put("full/a/$_/1.m4s", $a->segment($i)) for qw(de ad t);
}

($mpd) = mpd('full', 'two Periods');

my @periods = $mpd->find('/MPD/Period');

is scalar @periods, 2, '... two';
is $periods[1]{attr}{start}, 'PT' . 2 * ($n + 6) . 'S', '... at its start';
is template($mpd, 2, 'v')->{attr}{startNumber}, $n + 6, '... at its number';
is((at_number(template($mpd, 2, 'v'), $n + 7, 90000))[0], $w->tfdt($n + 7),
   '... media time goes on');
is $ng->post('/api/events/full/end')->status, 200, 'it ends';
($mpd) = mpd('full', 'ended');
is(($mpd->nodes)[0]{attr}{type}, 'static', '... static');


# ---- encrypted

my $sinf = box('sinf', box('frma', 'avc1'),
               box('schm', pack("N a4 N", 0, 'cbcs', 0x10000)),
               box('schi', box('tenc', pack("N CC CC a16 C a16",
                   0x1000000, 0, 0x19, 1, 0, 'k' x 16, 16, 'i' x 16))));
my ($avcc) = $v->init =~ /(....avcC.*?)....stts/s;

put('enc/a/v/init.mp4', entry($v, visual('encv', 320, 180, $avcc, $sinf)));
put('enc/a/a/init.mp4', $a->init);
put('enc/a/v/1.m4s', $v->segment($_)) for $n .. $n + 2;
put('enc/a/a/1.m4s', $a->segment($_)) for $n .. $n + 2;
($mpd) = mpd('enc', 'encrypted');

my ($cp) = $mpd->find('/MPD/Period/AdaptationSet/ContentProtection');

is $cp->{attr}{value}, 'cbcs', '... the scheme';
is $cp->{attr}{'cenc:default_KID'}, '6b6b6b6b-6b6b-6b6b-6b6b-6b6b6b6b6b6b',
    '... the key';


# ---- early bytes

put('low/a/v/init.mp4', $v->init);
put('low/a/a/init.mp4', $a->init);
put('low/a/v/1.m4s', $v->segment($_, chunks => 4)) for $n .. $n + 2;
put('low/a/a/1.m4s', $a->segment($_, chunks => 4)) for $n .. $n + 2;
($mpd, $body) = mpd('low', 'early bytes');

my ($latency) = $mpd->find('/MPD/ServiceDescription/Latency');
my @ref = $mpd->find('/MPD/Period/AdaptationSet/ProducerReferenceTime');

is scalar @ref, 2, '... what latency is measured from';
is $ref[0]{attr}{id}, $latency->{attr}{referenceId}, '... by its id';
is $ref[0]{attr}{wallClockTime}, '1970-01-01T00:00:01Z', '... the delay';
is $ref[0]{attr}{presentationTime}, 0, '... behind media time';
is template($mpd, 1, 'v')->{attr}{availabilityTimeComplete}, 'false',
    '... chunks';
put('low/a/v/1.m4s', $v->segment($n + 3, chunks => 4));
is $ng->get('/live/low/manifest.mpd')->body, $body, '... it does not change';


# ---- irregular: every segment is a change

my (%pushed, %at);

%at = (v => 0, a => 0);

sub push_irregular
{
    my ($t, $seconds) = @_;

    my ($m, $frame, $scale) = $t eq 'v' ? ($v, 3600, 90000)
                                        : ($a, 1024, 48000);
    my $frames = int($seconds * $scale / $frame + 0.5);
    my $tfdt = $at{$t};

    put("irr/a/$t/1.m4s", $m->segment(1, tfdt => $tfdt,
                                      durations => [($frame) x $frames]));
    push @{$pushed{$t}}, [$tfdt, $frames * $frame];
    $at{$t} += $frames * $frame;
}

# what an MPD lists of a track: [t, d] of each segment

sub listed
{
    my ($mpd, $period, $track) = @_;

    my ($t, @list) = (0);

    for my $s ($mpd->find("/MPD/Period[\@id='$period']/AdaptationSet"
               . "/Representation[\@id='$track']/SegmentTemplate"
               . '/SegmentTimeline/S'))
    {
        $t = $s->{attr}{t} if defined $s->{attr}{t};

        for (0 .. $s->{attr}{r} // 0) {
            push @list, [$t, $s->{attr}{d}];
            $t += $s->{attr}{d};
        }
    }

    return @list;
}

put('irr/a/v/init.mp4', $v->init);
put('irr/a/a/init.mp4', $a->init);

my @lengths = (2, 3.2, 2, 2, 1.6, 2, 2, 2, 4, 1.2, 2, 2, 2, 2, 2.4, 2, 2, 2,
               2, 2, 2, 2, 2, 2, 3.2, 2, 2, 2);
my @versions;
my ($patched, $refused, $different) = (0, 0, 0);

# the MPD, and what the sub gets from versions to it; again, where the MPD
# changed by itself meanwhile: timeShiftBufferDepth grows with the event's age

sub steady
{
    my ($sub) = @_;

    for (1 .. 5) {
        my $r = $ng->get('/live/irr/manifest.mpd');

        return if $r->status != 200;

        my @got = $sub->($r->body);

        return ($r, @got)
            if $ng->get('/live/irr/manifest.mpd')->body eq $r->body;
    }

    die "the MPD does not stop to change\n";
}

sub version
{
    my @old = grep { defined $_->{patch} }
              @versions > 4 ? @versions[-4 .. -1] : @versions;
    my ($r, @patches) = steady(sub {
        map { $ng->get("/live/irr/$_->{patch}") } @old;
    }) or return;

    my $now = LiveOrigin::Mpd->parse($r->body);
    my ($was) = map { $_->text } $now->find('/MPD/PatchLocation');

    # from each of the last versions to this one

    for my $old (@old) {
        my $p = shift @patches;

        next if $old->{body} eq $r->body;

        my $applied = eval {
            LiveOrigin::Mpd->parse($old->{body})->patch($p->body)->canon;
        };

        if (!defined $applied) {
            $refused++;
            like $@, qr/of another version/, 'one that cannot be applied'
                or diag $p->body;
            next;
        }

        $patched++;

        if ($applied ne $now->canon) {
            $different++;
            diag $old->{body}, $p->body, $r->body;
        }

        my $why = LiveOrigin::Mpd::valid($p->body, 'DASH-MPD-PATCH.xsd');

        if (defined $why && $why ne '') {
            $different++;
            diag $why, $p->body;
        }
    }

    push @versions, {body => $r->body, patch => $was, mpd => $now};
}

for (@lengths) {
    push_irregular('v', $_);
    version();
    push_irregular('a', $_);
    version();
}

($mpd, $body) = mpd('irr', 'irregular');
is $different, 0, 'a patch leads to the newest version';
cmp_ok $patched, '>', 2 * $refused, "... $patched of them, $refused told to "
    . 'load the MPD';
cmp_ok $patched, '>', 80, '... of many';

my %published;

$published{($_->{mpd}->nodes)[0]{attr}{publishTime}}{$_->{body}} = 1
    for @versions;
is scalar(grep { keys %$_ > 1 } values %published), 0,
    'each version has a publishTime of its own';

my @times = map { sprintf '%s.%-6s', $_->[0] =~ /^([^.Z]+)(?:\.(\d+))?Z$/
                          ? ($1, $2 // '') : ('?', '') }
            map { [($_->{mpd}->nodes)[0]{attr}{publishTime}] } @versions;

is join(',', sort @times), join(',', @times),
    '... later than the one before';

for my $t (qw(v a)) {
    my @list = listed($mpd, 1, $t);
    my @real = @{$pushed{$t}}[-@list .. -1];

    cmp_ok scalar @list, '>', 5, "$t: a list";
    is_deeply \@list, \@real, '... each S@t and S@d is that of the boxes';
    is template($mpd, 1, $t)->{attr}{startNumber} + @list - 1,
       $ng->get('/api/events/irr/status')->json->{tracks}[$t eq 'v' ? 0 : 1]
       {head}, '... by number';
}

# what it is to the same version, and to one that nobody knows

my ($newest, $location, $r, $size) = steady(sub {
    my ($url) = $_[0] =~ m{<PatchLocation[^>]*>([^<]+)<};

    return ($url, $ng->get("/live/irr/$url"),
            $ng->head("/live/irr/$url")->header('Content-Length'));
});

$body = $newest->body;
$mpd = LiveOrigin::Mpd->parse($body);

like $location, qr/^patch-[0-9a-f]{16}\.mpp$/, 'PatchLocation';
is $r->status, 200, 'from the newest to itself';
is $r->header('Content-Type'), 'application/dash-patch+xml',
    '... Content-Type';
is $r->header('Cache-Control'), 'public, max-age=1', '... Cache-Control';
is $r->header('Surrogate-Key'), 'irr', '... Surrogate-Key';
is $r->header('Access-Control-Allow-Origin'), '*', '... CORS';
is(LiveOrigin::Mpd->parse($body)->patch($r->body)->canon, $mpd->canon,
   '... changes nothing');
is $size, length $r->body, '... HEAD';

$r = $ng->get('/live/irr/patch-0123456789abcdef.mpp');
is $r->status, 200, 'from a version that is not known';
ok !eval { LiveOrigin::Mpd->parse($body)->patch($r->body); 1 },
    '... applies to none';
like $@, qr/of another version/, '... so that a player loads the MPD';

SKIP: {
    skip 'LO_DASH_SCHEMA is not set', 1 if !$ENV{LO_DASH_SCHEMA};
    is LiveOrigin::Mpd::valid($r->body, 'DASH-MPD-PATCH.xsd'), '',
        '... valid by the schema';
}

is $ng->get("/live/irr/$_")->status, 404, $_
    for 'patch-.mpp', 'patch-0123456789abcdeX.mpp', 'patch-1.mpp',
        'v/patch-0123456789abcdef.mpp';
is $ng->get("/live/~tok/irr/$location")->status, 200, 'with a token';
is $ng->get("/live/no/$location")->status, 404, 'of no event';

# a new Period, from an encoder that begins again

my $count = $patched;

$at{$_} = 0 for qw(v a);
is $ng->put('/live/irr/a/v/init.mp4', $w->init)->status, 201,
    'another init';
push_irregular('v', 2);
is $ng->put('/live/irr/a/a/init.mp4', $a->init)->status < 300, 1,
    '... of both';
push_irregular('a', 2);
version();
push_irregular('v', 2);
push_irregular('a', 2);
version();
($mpd) = mpd('irr', 'another Period');
cmp_ok scalar(() = $mpd->find('/MPD/Period')), '>', 1, '... is there';
is $different, 0, 'patches go on';
cmp_ok $patched, '>', $count, '... are given';

is $ng->post('/api/events/irr/end')->status, 200, 'it ends';
($mpd, $body) = mpd('irr', 'ended');
unlike $body, qr/PatchLocation/, '... no patch any more';
$r = $ng->get("/live/irr/$versions[-1]{patch}");
is $r->status, 200, '... from the last version';
ok !eval { LiveOrigin::Mpd->parse($versions[-1]{body})->patch($r->body); 1 },
    '... the MPD is to be loaded';

is $ng->get("/live/full/patch-0123456789abcdef.mpp")->status, 200,
    'an MPD that has no patches';

$ng->stop;
done_testing;
