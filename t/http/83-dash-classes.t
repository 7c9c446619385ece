# The MPD of every class: valid by the schema of ISO/IEC 23009-1 (where
# LO_DASH_SCHEMA names the folder that it lies in), and its inits are there.
# Classes are those of conf-examples/devices.json, of three countries, whole
# and cut, of a regular, an irregular and a low-latency event, and of one that
# has ended.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use LiveOrigin::Geo qw(mmdb country);
use LiveOrigin::Media qw(box);
use LiveOrigin::Mpd;
use LiveOrigin::Nginx;

my %from = (DE => '192.0.2.7', FR => '198.51.100.7', nowhere => '127.0.0.9');

my $rules = '"drm": {"systems": {"widevine": {}, "playready":
    {"license_url": "https://l.example/p?a=1&b=2"}, "fairplay":
    {"key_uri": "skd://{kid}", "license_url": "https://l.example/f",
     "certificate_url": "https://l.example/c"}, "clearkey":
    {"license_url": "https://l.example/ck"}}},
    "cues": [{"id": "c", "start": "1970-01-01T00:00:00Z", "class": "<&>"}],
    "delay_ms": 1000, "dvr_s": 600, "tracks": [{"id": "v"}, {"id": "e"},
    {"id": "h"}, {"id": "k", "role": "trick", "fps": 1},
    {"id": "a", "lang": "en", "label": "<English>"},
    {"id": "f", "lang": "fr", "countries": {"allow": ["FR"]}}]';

my $ng = LiveOrigin::Nginx->start(
    size => '256m', events => 8, workers => 1,
    live => 'live_origin_hold 0; live_origin_early_bytes on;',
    files => {
        'events/reg.json' => qq({"id": "reg", "segment_ms": 2000, $rules}),
        'events/end.json' => qq({"id": "end", "segment_ms": 2000, $rules}),
        'events/irr.json' => qq({"id": "irr", $rules}),
        'events/cdn.json' => qq({"id": "cdn", "segment_ms": 2000,
            "cdns": [{"id": "x", "url": "https://x.example/a&b"},
                     {"id": "y", "url": "http://y.example",
                      "countries": ["FR"]}], $rules})});

mmdb($ng->dir . '/geo.mmdb', '192.0.2.0/24' => country('DE', 'EU'),
     '198.51.100.0/24' => country('FR', 'EU'));
$ng->set_config(http => 'live_origin_geoip %%DIR%%/geo.mmdb;'
    . ' live_origin_devices %%ROOT%%/conf-examples/devices.json;'
    . ' set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;');
$ng->reload;


# an init whose sample entry is another

sub entry
{
    my ($m, $type, @boxes) = @_;

    no warnings 'redefine';
    local *LiveOrigin::Media::_avc1 = sub {
        box($type, pack("x6 n x16 nn NN N n x32 n n", 1, 320, 180, 0x480000,
                        0x480000, 0, 1, 0x18, 0xffff), @boxes)
    };

    return $m->init;
}

my $v = LiveOrigin::Media->video(bytes => 3000);
my $a = LiveOrigin::Media->audio(bytes => 500);
my ($avcc) = $v->init =~ /(....avcC.*?)....stts/s;
my $sinf = box('sinf', box('frma', 'avc1'),
               box('schm', pack("N a4 N", 0, 'cbcs', 0x10000)),
               box('schi', box('tenc', pack("N CC CC a16 C a16",
                   0x1000000, 0, 0x19, 1, 0, 'k' x 16, 16, 'i' x 16))));
my $hvcc = box('hvcC', pack "H*", '0102200000009000000000005df000fcfdfafa'
                                  . '00000f00');
my %init = (v => $v->init, k => $v->init, a => $a->init, f => $a->init,
            e => entry($v, 'encv', $avcc, $sinf),
            h => entry($v, 'hvc1', $hvcc));
my $n = $v->now_number - 6;

sub segment
{
    my ($event, $track, $i) = @_;

    my ($m, $frame, $scale) = $init{$track} eq $a->init
                              ? ($a, 1024, 48000) : ($v, 3600, 90000);

    return $m->segment($i, chunks => 4) if $event ne 'irr';

    my $frames = int((1.5 + $i % 3 / 2) * $scale / $frame);

    return $m->segment(1, tfdt => $m->tfdt($n) + ($i - $n) * 2 * $scale,
                       durations => [($frame) x $frames]);
}

for my $event (qw(reg end irr cdn)) {
    $ng->put("/live/$event/p/$_/init.mp4", $init{$_}) for sort keys %init;

    for my $i ($n .. $n + 4) {
        is join(' ', map { $ng->put("/live/$event/p/$_/1.m4s",
                                    segment($event, $_, $i))->status }
                     sort keys %init), '201 201 201 201 201 201',
           "$event: segments";
    }
}

is $ng->post('/api/events/end/end')->status, 200, 'one has ended';


sub get
{
    my ($path, $from) = @_;

    return $ng->get($path, headers => ['X-Forwarded-For', $from{$from}]);
}

# what is wrong with an MPD; no schema knows ContentSteering yet

sub wrong
{
    my ($r, $event, $from) = @_;

    return $r->status . ' ' . $r->body if $r->status != 200;

    my $why = LiveOrigin::Mpd::valid(
        $r->body =~ s!^ *<ContentSteering.*</ContentSteering>\n!!mr,
        'DASH-MPD.xsd');

    return $why . $r->body if $why;

    my @gone = grep { get("/live/$event/$_", $from)->status != 200 }
               map { $_->{attr}{initialization} }
               LiveOrigin::Mpd->parse($r->body)->find(
                   '/MPD/Period/AdaptationSet/Representation'
                   . '/SegmentTemplate');

    return @gone ? "no @gone" : '';
}

diag 'LO_DASH_SCHEMA is not set: the schema is not asked'
    if !$ENV{LO_DASH_SCHEMA};

my $since = 2 * $n + 2;
my %classes;

for my $event (qw(reg end irr cdn)) {
    for my $device (qw(tv-4k tv-hd phone browser constrained)) {
        for my $from (qw(DE FR nowhere)) {
            my $mpd = "/live/$event/manifest.mpd?device=$device";

            is wrong(get($mpd, $from), $event, $from), '',
                "$event, $device, $from";

            my ($class) = get($mpd, $from)->body =~ m!<Location>(~[^/]+/)!;

            $classes{"$event/$class"} = 1;
            is wrong(get("/live/$event/${class}manifest.mpd", $from), $event,
                     $from), '', '... below its class';

            next if $from eq 'nowhere';

            is wrong(get("$mpd&$_", $from), $event, $from), '', "... $_"
                for "start=$since", "start=$since&end=" . ($since + 4),
                    'time_delay=2', 'aws.manifestfilter=audio_language:en';
        }
    }
}

is scalar keys %classes, 4 * 5 * 2, 'classes: two of three countries are one';

$ng->stop;
done_testing;
