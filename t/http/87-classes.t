# Classes of devices: which one a request is of, what it gets, and who may
# make one up.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use MIME::Base64 qw(encode_base64url);
use Test::More;
use Time::HiRes qw(time);

use lib 't/lib';
use LiveOrigin::Geo qw(mmdb country);
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $devices = '{"default": "big", "devices": ['
    . '{"id": "big", "protocol": "dash", "order": "down",'
    . ' "video": {"codecs": {"h264": "5.1"}, "max_height": 720}},'
    . '{"id": "small", "order": "up",'
    . ' "video": {"codecs": {"h264": "3.1"}, "max_height": 360},'
    . ' "audio": {"codecs": ["aac"]}},'
    . '{"id": "hevc", "video": {"codecs": {"hevc": true}},'
    . ' "audio": {"codecs": ["opus"]}}]}';

my $keys = '{"keys": [{"id": "c1", "secret": "MDEyMzQ1Njc4OWFiY2RlZg==",'
           . ' "use": ["class"]}]}';

my $doc = '{"id": "ev", "segment_ms": 2000, "delay_ms": 1000, "dvr_s": 120,'
    . ' "countries": {"allow": ["DE", "FR"]},'
    . ' "devices": {"hevc": false},'
    . ' "tracks": [{"id": "v360"}, {"id": "v720"}, {"id": "v1080"},'
    . ' {"id": "de", "lang": "de"}, {"id": "fr", "lang": "fr",'
    . ' "countries": {"allow": ["FR"]}}]}';

my $drm = '{"id": "drm", "segment_ms": 2000, "beacon_url": "https://b.example/q",'
    . ' "drm": {"systems": {"widevine": {"license_url": "https://l.example/w"},'
    . ' "fairplay": {"key_uri": "skd://{kid}", "license_url":'
    . ' "https://l.example/f", "certificate_url": "https://l.example/c"},'
    . ' "clearkey": {}}},'
    . ' "devices": {"small": {"drm": {"systems": ["clearkey"]}}}}';

my $db = "/tmp/lo-classes-$$.mmdb";
mmdb($db, '192.0.2.0/24' => country('DE', 'EU'),
          '198.51.100.0/24' => country('FR', 'EU'),
          '203.0.113.0/24' => country('US', 'NA'));
my $keyfile = "/tmp/lo-classes-$$.keys";
my $serve = "/tmp/lo-classes-$$.serve";


sub write_keys
{
    my ($path, $content) = @_;

    open my $fh, '>', $path or die $!;
    print $fh $content;
    close $fh;
    chmod 0600, $path;

    return;
}

write_keys($keyfile, $keys);
write_keys($serve, '{"tokens": [{"id": "edge", "bearer":'
           . ' "the-bearer-of-the-edge", "use": ["serve"]}]}');
END { unlink $db, $keyfile, $serve if $db }

my %http = (files => {'devices.json' => $devices,
                      'events/ev.json' => $doc, 'events/drm.json' => $drm},
    http => "live_origin_devices %%DIR%%/devices.json;"
          . " live_origin_class_key $keyfile;"
          . " live_origin_geoip $db;"
          . ' map $http_user_agent $device { default ""; ~phone small;'
          . '  ~telly hevc; }'
          . ' set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;'
          . ' proxy_cache_path %%DIR%%/temp/edge keys_zone=edge:1m;',
    server => 'location /bearer/ { live_origin_serve main;'
          . "  live_origin_serve_auth $serve; live_origin_hold 0;"
          . '  live_origin_device $device; }'
          . ' location /edge/ {'
          . '  proxy_pass http://127.0.0.1:%%PORT%%/bearer/;'
          . '  proxy_set_header Authorization "Bearer the-bearer-of-the-edge";'
          . '  proxy_set_header X-Forwarded-For $remote_addr;'
          . '  proxy_cache edge; }',
    live => 'live_origin_auto_event on; live_origin_hold 0;'
          . ' live_origin_device $device;');

my $ng = LiveOrigin::Nginx->start(%http, workers => 1,
    expect => [qr/\[emerg\].*"live_origin_devices"/]);

my %media = (
    (map { ("v$_" => LiveOrigin::Media->video(id => 1, height => $_,
            width => $_ * 16 / 9)) } 360, 720, 1080),
    (map { ($_ => LiveOrigin::Media->audio(id => 2)) } 'de', 'fr'));

my $n = $media{v360}->now_number - 4;

for my $event ('ev', 'free') {
    $ng->put("/live/$event/a/$_/init.mp4", $media{$_}->init)
        for sort keys %media;

    # an MPD changes by itself while its event is young: ev is over a minute old

    for my $i ($n - ($event eq 'ev' ? 28 : 0) .. $n + 3) {
        $ng->put("/live/$event/a/$_/$i.m4s", $media{$_}->segment($i))
            for sort keys %media;
    }
}

my %from = (de => '192.0.2.7', fr => '198.51.100.7', us => '203.0.113.7',
            no => '10.0.0.1');


sub get
{
    my ($path, $from, @headers) = @_;

    return $ng->get("/live/$path", headers => ['X-Forwarded-For' =>
                                               $from{$from || 'de'},
                                               @headers]);
}

# tracks of a manifest, in its order

sub tracks
{
    my ($r) = @_;

    return join ' ', $r->body =~ /<Representation id="([^"]+)"/g
        if $r->body =~ /<MPD/;

    my %seen;
    return join ' ', grep { !$seen{$_}++ }
        $r->body =~ m!(?:^|URI=")(?:~[^/]+/)?(\w+)/media\.m3u8!mg;
}


# ---- by name, variable and default

for my $event ('ev', 'free') {
    wait_for(sub { get("$event/manifest.mpd")->status == 200 }, 20)
        or die "no manifest of $event\n";
}

is tracks(get('ev/manifest.mpd?device=small')), 'v360 de', 'device=small';
is tracks(get('ev/manifest.mpd?device=big')), 'v720 v360 de', 'device=big';
is tracks(get('ev/manifest.mpd')), 'v720 v360 de', 'the default';
is tracks(get('ev/manifest.mpd', 'de', 'User-Agent' => 'a phone 1')),
    'v360 de', 'by User-Agent and map';
is tracks(get('ev/manifest.mpd?device=big', 'de',
              'User-Agent' => 'a phone 1')), 'v720 v360 de',
    '... an argument comes first';
is tracks(get('ev/master.m3u8?device=big')), 'de v720 v360', 'HLS';
is tracks(get('ev/master.m3u8?device=small')), 'de v360', '... small';

my $r = get('ev/manifest.mpd?device=tv');
is $r->status, 400, 'a device that there is not';
like $r->body, qr/device: the devices document has none/, '... says so';
is $r->header('Access-Control-Allow-Origin'), '*', '... CORS';

is tracks(get('ev/manifest.mpd?device=%73mall')), 'v360 de',
    '... percent-encoded';

$r = get('ev/manifest.mpd?device=small&device=big');
is $r->status, 400, 'two of them';
like $r->body, qr/device is given twice/, '... says so';

$r = get('ev/manifest.mpd?device=hevc');
is $r->status, 403, 'a device that the event is not for';
like $r->header('Cache-Control'), qr/no-store/, '... not kept';

is get('free/manifest.mpd?device=hevc')->status, 404,
    'a device that has nothing to see or hear of an event';
is tracks(get('free/manifest.mpd')), 'v720 v360 de fr',
    'another event: no country, all audio';


# ---- countries

is tracks(get('ev/manifest.mpd', 'fr')), 'v720 v360 de fr',
    'a track of one country';
is get('ev/manifest.mpd', 'us')->status, 403, 'a country that is not allowed';
is get('ev/manifest.mpd', 'no')->status, 403, '... and one not known';
like get('ev/manifest.mpd')->header('Cache-Control'), qr/private/,
    'an answer by country is private';
unlike get('free/manifest.mpd?device=big')->header('Cache-Control'),
    qr/private|no-store/, 'one by URL alone is not';
unlike get('ev/manifest.mpd')->header('Vary') || '', qr/User-Agent/i,
    'no Vary: User-Agent';


# ---- behind a bearer token: a cache that adds it gives to everybody what it
# keeps (docs/access.md), so that what is by more than the URL is private there

sub bearer
{
    my ($path, $from, @headers) = @_;

    return $ng->get("/bearer/$path", headers => [
        'X-Forwarded-For' => $from{$from},
        Authorization => 'Bearer the-bearer-of-the-edge', @headers]);
}

for my $row (
    ['ev/manifest.mpd?device=big', 'fr', '', 200, 'an MPD by country'],
    ['ev/master.m3u8?device=big', 'fr', '', 200, '... HLS'],
    ['ev/fr/media.m3u8?device=big', 'fr', '', 200, '... a media playlist'],
    ['ev/patch-0123456789abcdef.mpp?device=big', 'fr', '', 200, '... a patch'],
    ['free/manifest.mpd', 'de', 'a phone 1', 200, 'by live_origin_device'],
    ['free/manifest.mpd', 'de', '', 200, '... that says nothing'],
    ['free/master.m3u8', 'de', 'a phone 1', 200, '... HLS'],
    ['free/v360/media.m3u8', 'de', 'a phone 1', 200, '... a media playlist'],
    ['free/patch-0123456789abcdef.mpp', 'de', 'a phone 1', 200, '... a patch'],
    ['free/manifest.mpd', 'de', 'a telly', 404, '... nothing to see'])
{
    my ($path, $from, $agent, $status, $name) = @$row;

    for my $r (bearer($path, $from, 'User-Agent' => $agent),
               get($path, $from, 'User-Agent' => $agent))
    {
        is $r->status, $status, "private: $name";
        like $r->header('Cache-Control'), qr/^private, max-age=\d+$/,
            '... it is';
    }
}

like bearer('free/manifest.mpd?device=small', 'de')->header('Cache-Control'),
    qr/^max-age=\d+$/, 'by the URL alone: a cache that has the token keeps it';
like bearer('free/manifest.mpd?device=hevc', 'de')->header('Cache-Control'),
    qr/^max-age=\d+$/, '... that there is nothing as well';

for my $row (['fr', '', 'v720 v360 de fr'], ['de', '', 'v720 v360 de'],
             ['de', 'a phone 1', 'v360 de'], ['us', '', undef],
             ['fr', '', 'v720 v360 de fr'])
{
    my ($from, $agent, $tracks) = @$row;
    my $r = $ng->get('/edge/ev/manifest.mpd', headers => [
        'X-Forwarded-For' => $from{$from}, 'User-Agent' => $agent]);

    is $r->status, $tracks ? 200 : 403, "through the edge: $from $agent";
    is tracks($r), $tracks, '... its own' if $tracks;
}


# ---- the class in the URL

sub class
{
    my ($r) = @_;

    return $1 if $r->body =~ m!<Location>(~[^/]+)/manifest\.mpd</Location>!;
    return $1 if $r->body =~ m!^(~[^/]+)/\w+/media\.m3u8!m;
    return undef;
}

my $de = class(get('ev/manifest.mpd?device=big'));
my $fr = class(get('ev/manifest.mpd?device=big', 'fr'));

like $de, qr/^~_big\.de\.[0-9a-f]{6}\.[\w-]{16}$/, 'a class';
like $fr, qr/^~_big\.fr\./, '... of another country';
is class(get('ev/master.m3u8?device=big')), $de, '... HLS has the same';
is class(get('free/manifest.mpd?device=big', 'us')) =~ s/\.[\w-]{16}$//r,
    '~_big.zz.000000', 'an event without countries has one for the world';

my $mpd = get("ev/$de/manifest.mpd", 'us');
is $mpd->status, 200, 'a class is good wherever it is asked from';
is tracks($mpd), 'v720 v360 de', '... for its own tracks';
like $mpd->body, qr!<BaseURL>\.\./</BaseURL>!, '... segments have no class';
unlike $mpd->body, qr/<Location>/, '... and it is where it is';
unlike $mpd->header('Cache-Control'), qr/private/, '... caches keep it';
is tracks(get("ev/$fr/manifest.mpd")), 'v720 v360 de fr', 'the other one';

my $master = get("ev/$de/master.m3u8");
like $master->body, qr!^v720/media\.m3u8$!m, 'HLS: playlists carry it on';

my $list = get("ev/$de/v720/media.m3u8");
is $list->status, 200, 'a media playlist of a class';
like $list->body, qr!^\.\./\.\./v720/\d+\.m4s$!m, '... segments have none';
like $list->body, qr!URI="\.\./\.\./v720/init-[0-9a-f]{8}\.mp4"!,
    '... nor have inits';
is get("ev/$de/fr/media.m3u8")->status, 403,
    'a track that the class may not have';

my ($segment) = $list->body =~ m!^\.\./\.\./(v720/\d+\.m4s)$!m;
is get("ev/$segment")->status, 200, 'the segment';

is get("ev/$de/time")->status, 200, 'UTCTiming from there';
is get("ev/~gold/manifest.mpd")->status, 200, "an operator's own label";

for my $url (get('ev/~gold/master.m3u8')->body =~ m!^([^#\n]+m3u8)$!mg,
             get('ev/~gold/manifest.mpd')->body =~ m!<Location>([^<]+)!)
{
    my $path = "ev/~gold/$url";

    1 while $path =~ s![^/]+/\.\./!!;
    is get($path)->status, 200, "... $url leads on from there";
}

my $before = $ng->get('/metrics')->body;
get("ev/$de/manifest.mpd") for 1 .. 20;
my $after = $ng->get('/metrics')->body;
my ($x, $y) = map { /^live_origin_manifests_built_total(?:\{[^}]*\})? (\d+)/m }
              $before, $after;
is $y, $x, 'rendered once';
is get("ev/$de/manifest.mpd")->header('ETag'), $mpd->header('ETag'),
    '... the same bytes';


# ---- forged

for my $bad (($de =~ s/big/small/r), ($de =~ s/\.de\./.fr./r),
             ($de =~ s/.$/A/r) eq $de ? ($de =~ s/.$/B/r) : ($de =~ s/.$/A/r),
             '~_big.de.000000', '~_', '~_big.zz.000000.AAAAAAAAAAAAAAAA')
{
    $r = get("ev/$bad/manifest.mpd");
    is $r->status, 403, "$bad is denied";
}

is get("free/$de/manifest.mpd")->status, 403, 'a class of another event';
is get("ev/$fr/manifest.mpd", 'de')->status, 200,
    '(who has a URL of another country may use it: tokens are for that)';


# ---- rules change

$doc =~ s/"DE", "FR"/"DE", "FR", "US"/;
$ng->request('PUT', '/api/events/ev', body => $doc);

$r = wait_for(sub {
    my $r = get("ev/$de/manifest.mpd?a=b%20c", 'us');
    $r->status == 302 ? $r : undef;
}, 20);

ok $r, 'a class of other rules is found again';
like $r->header('Location') || '', qr!^/live/ev/~_big\.de\.[^/]+/manifest\.mpd\?a=b%20c$!,
    '... as that of the viewer: DE stands for US as well';
like $r->header('Cache-Control'), qr/no-store/, '... not kept';

my ($new) = ($r->header('Location') || '') =~ m!/live/(.*)!;
is get($new, 'us')->status, 200, '... and that is good';


# ---- play

sub play
{
    my ($event, $json, $from) = @_;

    return $ng->request('POST', "/live/$event/play", body => $json,
        headers => ['X-Forwarded-For' => $from{$from || 'de'},
                    'Content-Type' => 'application/json']);
}

$r = play('ev', '{"device": "small", "session": "s-1"}');
is $r->status, 200, 'play';
is $r->header('Cache-Control'), 'no-store', '... not kept';
is $r->header('Access-Control-Allow-Origin'), '*', '... CORS';

my $j = $r->json;
is $j->{device}, 'small', '... device';
is $j->{session}, 's-1', '... session';
is $j->{protocol}, 'hls', '... protocol';
is $j->{country}, 'DE', '... country';
like $j->{manifests}{hls}, qr!^/live/ev/~_small\.de\.[^/]+/master\.m3u8$!,
    '... HLS';
like $j->{manifests}{dash}, qr!^/live/ev/~_small\.de\.[^/]+/manifest\.mpd$!,
    '... DASH';
is $ng->get($j->{manifests}{$_})->status, 200, "... $_ is there"
    for 'hls', 'dash';

for my $row (
    ['{}', 'big', 'dash', 'v720 v360 de'],
    ['', 'big', 'dash', 'v720 v360 de'],
    ['{"protocol": "hls"}', 'big', 'hls', 'v720 v360 de'],
    ['{"capabilities": {"video": {"codecs": {"h264": "4.0"},'
     . ' "max_height": 720}}}', 'small', 'hls', 'v360 de'],
    ['{"capabilities": {"video": {"max_height": 720}}}', 'big', 'dash',
     'v720 v360 de'],
    ['{"capabilities": {"video": {"max_height": 400}}}', 'small', 'hls',
     'v360 de'],
    ['{"languages": ["fr"]}', 'big', 'dash', 'v720 v360'],
    ['{"max_height": 360}', 'big', 'dash', 'v360 de'],
    ['{"filter": "video_height:700-720"}', 'big', 'dash', 'v720 de'])
{
    my ($json, $device, $protocol, $tracks) = @$row;

    $r = play('ev', $json);
    is $r->status, 200, "play $json";
    $j = $r->json;
    is $j->{device}, $device, "... is $device";
    is $j->{protocol}, $protocol, "... $protocol";
    is tracks($ng->get($j->{manifests}{dash})), $tracks, "... $tracks";
}

my $since = int(time) - 3;

is play('ev', "{\"start\": $since.2}")->json->{class},
    play('ev', "{\"start\": $since.3}")->json->{class},
    'windows of the same segments are one class';

my %session = map { (play('ev', '{}')->json->{session} => 1) } 1 .. 70;
is scalar(keys %session), 70, 'each has a session of its own';
is scalar(grep { /^[0-9a-f]{32}$/ } keys %session), 70, '... of 16 bytes';

# a body that comes in pieces, with a length and without

for my $length (1, 0) {
    my $json = '{"device": "small"}';
    my $c = $ng->client;

    $c->begin('POST', '/live/ev/play',
              headers => ['X-Forwarded-For' => $from{de}],
              $length ? (length => length $json) : ());
    $c->piece($_) for split /(?<=:)/, $json;
    $r = $c->end;

    is $r->status, 200, 'in pieces, ' . ($length ? 'a length' : 'chunked');
    is $r->json->{device}, 'small', '... all of it is read';
}

$r = play('ev', '{"end": "9999-12-31T23:59:59Z"}');
is $r->status, 200, 'play to the end of all times';
is $ng->get($r->json->{manifests}{$_})->status, 200, "... $_ is there"
    for 'hls', 'dash';

for my $row (
    ['{', 400, ''], ['[]', 400, ''], ['{"device": "tv"}', 400, 'device'],
    ['{"device": 1}', 400, 'device'], ['{"protocol": "hds"}', 400,
     'protocol'],
    ['{"low_latency": 1}', 400, 'low_latency'],
    ['{"languages": []}', 400, 'languages'],
    ['{"max_height": "x"}', 400, 'max_height'],
    ['{"filter": "nonsense:1"}', 400, 'filter'],
    ['{"languages": ["a:b"]}', 400, 'languages'],
    ['{"max_height": 40000}', 400, 'max_height'],
    ['{"max_bitrate": 3000000000}', 400, 'max_bitrate'],
    ['{"start": "yesterday"}', 400, 'start'],
    ['{"start": 1, "end": "soon"}', 400, 'end'],
    ['{"start": 1793000002, "end": 1793000001}', 400, 'end'],
    ['{"time_delay": -1}', 400, 'time_delay'],
    ['{"capabilities": {"video": {"codecs": {"a' . "\xc3\xa4" x 40
     . '": true}}}}', 400, 'capabilities.video.codecs'],
    ['{"session": "a b"}', 400, 'session'],
    ['{"capabilities": {"video": {"max_height": -1}}}', 400,
     'capabilities.video.max_height'],
    ['{"device": "hevc"}', 403, 'device'])
{
    my ($json, $status, $field) = @$row;

    $r = play('ev', $json);
    is $r->status, $status, "play $json";
    is $r->json->{field}, $field, "... $field" if defined $field;
}

# what stands before the event goes back as it stands in a URL

for my $token ('~%FF', '~%3Fx%20y', '~a=b', '~%25') {
    my @from = (headers => ['X-Forwarded-For' => $from{de}]);

    $r = $ng->request('POST', "/live/$token/ev/play", body => '{}', @from);

    is $r->status, 200, "play behind $token";

    my $url = $r->json->{manifests}{hls};

    like $url, qr{^\Q/live/$token\E/ev/}, '... its URLs begin so';
    is $ng->get($url, @from)->status, 200, '... and are answered';
}

$j = play('drm', '{}')->json;
is_deeply $j->{licenses}, {widevine => 'https://l.example/w',
    fairplay => 'https://l.example/f',
    fairplay_certificate => 'https://l.example/c',
    clearkey => '/live/drm/clearkey'}, 'where licenses are';
is $j->{beacon}, 'https://b.example/q', '... and where to report to';

is_deeply play('drm', '{"device": "small"}')->json->{licenses},
    {clearkey => '/live/drm/clearkey'}, '... of what the event allows a class';
is play('ev', '{}')->json->{licenses}, undef, '... nothing of an open one';

$r = play('ev', '{}', 'no');
is $r->status, 403, 'play from nowhere';
is $r->json->{field}, 'country', '... says what it is of';
is $r->header('Cache-Control'), 'no-store', '... and is not kept';
is play('nothing', '{}')->status, 404, 'play of no event';
is play('ev', '{"x": "' . 'x' x 20000 . '"}')->status, 413, 'a long story';
is $ng->get('/live/ev/play')->status, 404, 'GET play';

$r = $ng->options('/live/ev/play');
like $r->header('Access-Control-Allow-Methods'), qr/POST/, 'preflight';


# ---- rules that change keep what a class asks for

my $slow = play('ev', '{"device": "small", "low_latency": false}')->json;
my ($of) = $slow->{manifests}{hls} =~ m!/ev/(~[^/]+)/!;

$doc =~ s/"DE", "FR", "US"/"DE", "FR"/;
$ng->request('PUT', '/api/events/ev', body => $doc);

$r = wait_for(sub {
    my $r = get("ev/$of/master.m3u8");
    $r->status == 302 ? $r : undef;
}, 20);

is $r && $r->header('Location'),
    play('ev', '{"device": "small", "low_latency": false}')->json
    ->{manifests}{hls}, 'no low latency is asked for after the rules, too';

$doc =~ s/"DE", "FR"/"DE", "FR", "US"/;


# ---- CDNs carry the class on

my $cdn = '{"id": "ev", "cdns": [{"id": "a", "url": "https://a.example/x"}],'
          . substr $doc, 13;
$ng->request('PUT', '/api/events/ev', body => $cdn);

$r = wait_for(sub {
    my $r = $ng->get(play('ev', '{"device": "small"}')->json
                     ->{manifests}{hls});
    $r->body =~ /a\.example/ ? $r : undef;
}, 20);

ok $r, 'a class with CDNs';
like $r->body, qr!https://a\.example/x/ev/~_small\.[^/]+/v360/media\.m3u8!,
    '... whose URLs have it';

# ---- the document

my ($ok, $out) = $ng->test_config;
ok $ok, 'nginx -t';

for my $row (['{"devices": []}', qr/devices: not a list of 1 to 32/],
             ['{', qr/not JSON/],
             ['{"devices": [{"id": "a", "video": {"max_fps": 0}}]}',
              qr/devices\[0\]\.video\.max_fps/])
{
    open my $fh, '>', $ng->dir . '/devices.json' or die $!;
    print $fh $row->[0];
    close $fh;

    ($ok, $out) = $ng->test_config;
    ok !$ok, "nginx -t: $row->[0]";
    like $out, $row->[1], '... says what';
    like $out, qr/"live_origin_devices"/, '... and where';
}

unlink $ng->dir . '/devices.json';
($ok, $out) = $ng->test_config;
ok !$ok, 'nginx -t: no such file';

open my $fh, '>', $ng->dir . '/devices.json' or die $!;
print $fh $devices =~ s/"max_height": 720/"max_height": 1080/r;
close $fh;
$ng->reload;

is tracks(get('ev/manifest.mpd?device=big')), 'v1080 v720 v360 de',
    'reloaded';
is get($new, 'us')->status, 200, '... with the keys of the file';

# without a default, players that live_origin_device says nothing of are of no
# class: an answer to them is no more for everybody than those to others

open $fh, '>', $ng->dir . '/devices.json' or die $!;
print $fh $devices =~ s/"default": "big", //r;
close $fh;
$ng->reload;

$r = get('free/manifest.mpd');
is class($r), undef, 'of no class';
like $r->header('Cache-Control'), qr/^private/, '... but private';
like bearer('free/manifest.mpd', 'de')->header('Cache-Control'),
    qr/^private/, '... behind a bearer token as well';
is tracks(get('free/manifest.mpd', 'de', 'User-Agent' => 'a phone 1')),
    'v360 de fr', '(a phone is of one)';


# ---- keys of one event, and keys that expire

my %secret = (past => 'a secret of the past', other => 'one of another event',
              soon => 'one that expires soon', last => 'the last one of them');
my $expires = int(time) + 8;


sub key_list
{
    my (@ids) = @_;
    my %more = (past => ', "expires": "2020-01-01T00:00:00Z"',
                other => ', "event": "other"',
                soon => ", \"expires\": $expires");

    return '{"keys": [' . join(', ', map {
        qq({"id": "$_", "secret": "$secret{$_}", "use": ["class"])
        . ($more{$_} || '') . '}' } @ids) . ']}';
}

# core/class.h: what stands before the MAC, signed

sub signed
{
    my ($event, $body, $id) = @_;

    return "~$body." . encode_base64url(
        substr hmac_sha256("class\n$event\n$body", $secret{$id}), 0, 12);
}

write_keys($keyfile, key_list(qw(past other soon last)));
$ng->reload;

my $body = '_small.zz.000000';
my $soon = signed('free', $body, 'soon');

$r = get("free/$soon/manifest.mpd");

SKIP: {
    skip 'it has expired meanwhile', 1 if time >= $expires;
    is $r->status, 200, 'a key that has not expired is believed';
}

is get('free/' . signed('free', $body, 'last') . '/manifest.mpd')->status, 200,
    '... so is another one';
is get('free/' . signed('free', $body, $_) . '/manifest.mpd')->status, 403,
    "... not: $_" for 'past', 'other';

ok wait_for(sub { get("free/$soon/manifest.mpd")->status == 403 }, 20),
    'a key that expires: its class is not remembered beyond that';
is class(get('free/manifest.mpd?device=small')),
    signed('free', $body, 'last'), 'the first key that is good signs';
is play('free', '{"device": "small"}')->json->{manifests}{hls},
    '/live/free/' . signed('free', $body, 'last') . '/master.m3u8',
    '... for play as well';

unlike $ng->log, qr/no key of "live_origin_class_key"/, '(there is one)';

write_keys($keyfile, key_list(qw(past other)));
$ng->reload;

my $own_key = class(get('free/manifest.mpd?device=small'));

like $own_key, qr/^~\Q$body\E\./, 'no key is good: a class';
is scalar(grep { $own_key eq signed('free', $body, $_) } keys %secret), 0,
    '... that none of them has signed';
is get("free/$own_key/manifest.mpd")->status, 200, '... is believed';
is get('free/' . signed('free', $body, $_) . '/manifest.mpd')->status, 403,
    "... not: $_" for sort keys %secret;
is scalar(() = $ng->log =~ /no key of "live_origin_class_key" is good/g), 1,
    '... and that is said once';

$ng->stop;
write_keys($keyfile, $keys);

# ---- without keys of one's own

my $own = LiveOrigin::Nginx->start(%http,
    http => $http{http} =~ s/live_origin_class_key \S+//r, workers => 2);

$own->put('/live/free/a/v360/init.mp4', $media{v360}->init);
$own->put("/live/free/a/v360/$_.m4s", $media{v360}->segment($_))
    for $n .. $n + 3;
wait_for(sub { $own->get('/live/free/manifest.mpd')->status == 200 }, 20);

my $mine = class($own->get('/live/free/manifest.mpd'));
is $own->get("/live/free/$mine/manifest.mpd")->status, 200,
    'a class that the zone signed' for 1 .. 4;
$own->reload;
is $own->get("/live/free/$mine/manifest.mpd")->status, 200,
    '... is good behind a reload';
$own->restart;
is $own->get("/live/free/$mine/manifest.mpd")->status, 200,
    '... and a restart';
$own->stop;

done_testing;
