# CDNs and content steering: what manifests name, what the steering endpoint
# says to whom, and what an operator makes of it.

use strict;
use warnings;

use JSON::PP qw(decode_json encode_json);
use Test::More;

use File::Temp qw(tempdir);

use lib 't/lib';
use LiveOrigin::Geo qw(mmdb country asn);
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my @cdns = ({id => 'cdn-a', url => 'https://a.example/live/', weight => 3},
            {id => 'cdn-b', url => 'https://b.example/x'},
            {id => 'cdn-c', url => 'https://c.example', weight => 0});
my $doc = {id => 'ev', segment_ms => 1000, delay_ms => 1000, dvr_s => 60,
           tracks => [{id => 'v'}, {id => 's'}], cdns => \@cdns,
           steering => {ttl_s => 17}};
my $geo = tempdir(CLEANUP => 1);

chmod 0755, $geo;
mmdb("$geo/all.mmdb", '192.0.2.0/25' => country('DE', 'EU'),
     '192.0.2.128/25' => {%{country('DE', 'EU')}, %{asn(3320)}},
     '2001:db8::/32' => country('FR', 'EU'));

my $ng = LiveOrigin::Nginx->start(
    size => '64m', events => 8, live => 'live_origin_hold 0;',
    http => "live_origin_geoip $geo/all.mmdb; set_real_ip_from 127.0.0.1;",
    files => {'events/ev.json' => encode_json($doc),
              'events/plain.json' => encode_json({%$doc, id => 'plain',
                                                  cdns => []}),
              'events/far.json' => encode_json({%$doc, id => 'far', cdns => [
                  $cdns[0], {%{$cdns[1]}, countries => ['DE']},
                  {%{$cdns[2]}, asns => [3320], countries => ['FR']}]}),
              'events/off.json' => encode_json({%$doc, id => 'off',
                  steering => {enabled => JSON::PP::false}}),
              'events/abs.json' => encode_json({%$doc, id => 'abs',
                  steering => {url => 'https://o.example/live/'}})});

my $v = LiveOrigin::Media->video(segment => [1, 1], bytes => 3000);
my $s = LiveOrigin::Media->audio(segment => [1, 1]);
my $n = $v->now_number - 1;
my $bin = LiveOrigin::Nginx::build() . '/bin/livectl';
my ($r, $kept);

for my $event (qw(ev plain far off abs)) {
    for (['v', $v], ['s', $s]) {
        my ($track, $media) = @$_;

        $ng->put("/live/$event/a/$track/init.mp4", $media->init);
        $ng->put("/live/$event/a/$track/1.m4s", $media->segment($_))
            for $n - 3 .. $n;
    }

    is $ng->get("/live/$event/manifest.mpd")->status, 200, "$event is live";
}


sub manifest
{
    my ($path, @headers) = @_;

    return $ng->get("/live/$path", headers => [@headers])->body;
}

# the priority that the endpoint gives

sub order
{
    my ($query, $event) = @_;

    my $a = ($kept || $ng)->get('/live/' . ($event || 'ev') . '/steering'
                                . ($query ? "?$query" : ''));

    return join ' ', @{decode_json($a->body)->{'PATHWAY-PRIORITY'}};
}

sub steer
{
    my ($body, $status, $event) = @_;

    my $a = $ng->post('/api/events/' . ($event || 'ev') . '/steer',
                      ref $body ? encode_json($body) : $body);

    is $a->status, $status || 200, ref $body ? encode_json($body) : $body
        or diag $a->body;

    return decode_json($a->body);
}

sub mpd_cdns
{
    return join ' ', manifest('ev/manifest.mpd')
                     =~ /<BaseURL serviceLocation="([^"]+)"/g;
}

sub published
{
    return manifest('ev/manifest.mpd') =~ /publishTime="([^"]+)"/ ? $1 : '';
}


# ---- the endpoint

$r = $ng->get('/live/ev/steering');
is $r->status, 200, 'GET steering';
is $r->header('Content-Type'), 'application/json', '... JSON';
is $r->header('Cache-Control'), 'no-store', '... which nobody keeps';
is $r->header('Access-Control-Allow-Origin'), '*', '... and pages may read';
is_deeply decode_json($r->body),
    {VERSION => 1, TTL => 17, 'PATHWAY-PRIORITY' => [qw(cdn-a cdn-b cdn-c)]},
    '... the order of the document';
is $ng->head('/live/ev/steering')->header('Content-Length'), length $r->body,
    'HEAD';

is order('_HLS_pathway=cdn-b&_HLS_throughput=5000000'), 'cdn-a cdn-b cdn-c',
    'hls.js asks so';
is order('_DASH_pathway=%22cdn-b%22&_DASH_throughput=5000000'),
    'cdn-a cdn-b cdn-c', 'dash.js so';
is order('', 'ev/~class.x'), 'cdn-a cdn-b cdn-c', 'below a class';

for my $path (qw(plain off nobody)) {
    $r = $ng->get("/live/$path/steering");
    is $r->status, 404, "none for $path";
    is $r->header('Cache-Control'), 'max-age=2', '... soon again';
}

is $ng->get('/live/ev/steering/x')->status, 404, 'steering is no track';

# ---- places

for (['127.0.0.1', 'cdn-a cdn-b cdn-c'], ['192.0.2.7', 'cdn-b cdn-a cdn-c'],
     ['192.0.2.200', 'cdn-c cdn-b cdn-a'],
     ['2001:db8::1', 'cdn-c cdn-a cdn-b'], ['203.0.113.1', 'cdn-a cdn-b cdn-c'])
{
    my ($ip, $expected) = @$_;
    my @from = (headers => ['X-Real-IP' => $ip]);

    for my $query ('', '?session=s1') {
        is join(' ', @{decode_json($ng->get("/live/far/steering$query", @from)
                                   ->body)->{'PATHWAY-PRIORITY'}}),
            $expected, "from $ip $query";
    }

    my ($first) = split / /, $expected;

    like $ng->get('/live/far/manifest.mpd?session=s1', @from)->body,
        qr/defaultServiceLocation="$first"/, '... begins there';
}

# ---- sessions

my (%of, %first, $same);

$kept = $ng->client;

for my $i (1 .. 10000) {
    my $session = sprintf 's%d-%x', $i, $i * 7919;
    my $order = order("session=$session&_HLS_pathway=cdn-a");

    $of{$session} = $order;
    $first{(split / /, $order)[0]}++;
}

undef $kept;

ok abs($first{'cdn-a'} - 7500) < 200, "three of four: $first{'cdn-a'}";
is $first{'cdn-a'} + $first{'cdn-b'}, 10000, '... the rest is the other\'s';
$same = grep { order("session=$_") eq $of{$_} } (sort keys %of)[0 .. 199];
is $same, 200, 'a session stays where it is';
like manifest('ev/manifest.mpd?session=ab.C-1'),
    qr/>steering\?session=ab\.C-1</, '... and is asked for';

for my $bad ('', 'a%20b', '%22', 'x' x 65) {
    like manifest("ev/manifest.mpd?session=$bad"), qr/>steering</,
        "no session: '$bad'";
    is order("session=$bad"), 'cdn-a cdn-b cdn-c', '... as for all';
}

# ---- the MPD

my $mpd = manifest('ev/manifest.mpd');

is mpd_cdns(), 'cdn-a cdn-b cdn-c', 'a BaseURL for each';
like $mpd, qr{"cdn-a">https://a\.example/live/ev/</BaseURL>}, '... of EVENT/';
like $mpd, qr{"cdn-b">https://b\.example/x/ev/</BaseURL>},
    '... behind the path';
like $mpd, qr{<ContentSteering\ defaultServiceLocation="cdn-a"
              \ queryBeforeStart="false">steering</ContentSteering>}x,
    'ContentSteering';
unlike $mpd, qr/[\x00-\x08\x0b-\x1f]/, 'no mark is left';
unlike manifest('plain/manifest.mpd'), qr/BaseURL|Steering/, 'without CDNs';
like manifest('off/manifest.mpd'), qr/BaseURL/, 'switched off: BaseURLs';
unlike manifest('off/manifest.mpd'), qr/Steering/, '... and nothing more';
like manifest('abs/manifest.mpd'),
    qr{>https://o\.example/live/abs/steering</Content}, 'asked elsewhere';

# ---- the multivariant playlist

my $master = manifest('ev/master.m3u8');

like $master, qr{^\#EXT-X-CONTENT-STEERING:SERVER-URI="steering",
                 PATHWAY-ID="cdn-a"$}xm, 'EXT-X-CONTENT-STEERING';

for (['cdn-a', 'https://a.example/live/ev'], ['cdn-b', 'https://b.example/x/ev'],
     ['cdn-c', 'https://c.example/ev'])
{
    my ($id, $url) = @$_;

    like $master, qr{^\#EXT-X-STREAM-INF:.*AUDIO="aac\@$id".*
                     PATHWAY-ID="$id".*\n\Q$url\E/v/media\.m3u8$}xm,
        "$id: a variant";
    like $master, qr{^\#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac\@$id".*
                     URI="\Q$url\E/s/media\.m3u8"}xm, '... and its audio';
}

unlike $master, qr/[\x00-\x08\x0b-\x1f]/, 'no mark is left';
like manifest('plain/master.m3u8'), qr{^v/media\.m3u8$}m, 'without CDNs';
unlike manifest('off/master.m3u8'), qr/STEERING|PATHWAY/, 'switched off';

# ---- what is a viewer's own

for my $name (qw(manifest.mpd master.m3u8)) {
    my $plain = $ng->get("/live/ev/$name");
    my $token = $ng->get("/live/~t0k.e-n=/ev/$name?session=one");
    my $again = $ng->get("/live/~t0k.e-n=/ev/$name?session=one");
    my $other = $ng->get("/live/~other/ev/$name?session=one");

    is $plain->header('Cache-Control') =~ /^public, /, 1, "$name: for all";
    is $token->status, 200, '... with a token';
    like $token->body, qr{https://a\.example/live/~t0k\.e-n=/ev/},
        '... which absolute URLs carry';
    like $token->body, qr{"?steering\?session=one[<"]}, '... and the session';
    like $token->header('Cache-Control'), qr/^private, max-age/,
        '... for this viewer alone';
    is $token->header('Content-Length'), length $token->body, '... whole';
    is $token->header('ETag'), $again->header('ETag'), '... the same again';
    isnt $token->header('ETag'), $plain->header('ETag'),
        '... is another for others';
    isnt $token->header('ETag'), $other->header('ETag'), '... tokens, too';
    unlike $other->body, qr/t0k/, '... and nobody has another\'s';
    unlike $plain->body, qr/~|session/, '... nor all';
    is $ng->get("/live/~t0k.e-n=/ev/$name?session=one", headers =>
                ['If-None-Match' => $token->header('ETag')])->status, 304,
        '... 304';
    is $ng->head("/live/~t0k.e-n=/ev/$name?session=one")
        ->header('Content-Length'), length $token->body, '... HEAD';
    is $ng->get("/live/~t0k.e-n=/ev/$name", headers =>
                ['Accept-Encoding' => 'gzip'])->header('Content-Encoding'),
        undef, '... not compressed';
    is $ng->get("/live/ev/$name", headers => ['Accept-Encoding' => 'gzip'])
        ->header('Content-Encoding'), 'gzip', '... as that of all is';
}

$r = $ng->get('/live/~%22%3E%3Cx%20y=%27/ev/manifest.mpd');
is $r->status, 200, 'a token that is none';
unlike $r->body, qr/<x/, '... is not read as markup';
like $ng->get('/live/~tok/abs/manifest.mpd?session=z')->body,
    qr{>https://o\.example/live/~tok/abs/steering\?session=z<},
    'the steering URL carries both';
like $ng->get('/live/~tok/plain/manifest.mpd')->header('Cache-Control'),
    qr/^public/, 'relative URLs carry a token by themselves';

my ($b) = grep { $of{$_} =~ /^cdn-b/ } sort keys %of;

like manifest("ev/manifest.mpd?session=$b"),
    qr/defaultServiceLocation="cdn-b"/, 'a session begins where it belongs';
like manifest("ev/master.m3u8?session=$b"),
    qr/PATHWAY-ID="cdn-b"$/m, '... in HLS, too';

# ---- an operator: all workers at once

my $before = published();

$r = steer({drain => ['cdn-a']});
is_deeply $r->{drained}, ['cdn-a'], '... is in the answer';
is_deeply [map { $_->{drained} ? 1 : 0 } @{$r->{cdns}}], [1, 0, 0],
    '... of each';
is join('|', map { order() } 1 .. 8), join('|', ('cdn-b cdn-c cdn-a') x 8),
    'steering, on every worker';
is join('|', map { mpd_cdns() } 1 .. 8), join('|', ('cdn-b cdn-c cdn-a') x 8),
    '... the MPD';
like manifest('ev/master.m3u8'), qr/STEERING:.*PATHWAY-ID="cdn-b"$/m,
    '... the playlist';
cmp_ok published(), 'gt', $before, '... and publishTime goes on';
is order('', 'abs'), 'cdn-a cdn-b cdn-c', 'another event is as before';

is scalar(grep { order("session=$_") =~ /^cdn-b .*cdn-a$/ }
          (sort keys %of)[0 .. 199]), 200, 'all sessions go';
is order("session=$b"), 'cdn-b cdn-c cdn-a', '... or stay';

$before = published();
steer({drain => ['cdn-a']});
is published(), $before, 'said again: nothing changes';

is_deeply decode_json($ng->get('/api/events/ev/status')->body)->{drained},
    ['cdn-a'], 'status';
like $ng->get('/metrics')->body,
    qr/^live_origin_steering_drained\{event="ev",cdn="cdn-a"\} 1$/m, 'metrics';
like $ng->get('/metrics')->body,
    qr/^live_origin_steering_drained\{event="ev",cdn="cdn-b"\} 0$/m, '...';

# ---- reload, restart, another document

ok $ng->reload, 'reload';
is order(), 'cdn-b cdn-c cdn-a', '... keeps it';
$ng->restart;
is order(), 'cdn-b cdn-c cdn-a', 'a restart, too';

is $ng->request('PUT', '/api/events/ev',
                body => encode_json({%$doc, cdns => [@cdns[2, 0, 1]]}))
    ->status, 200, 'another order in the document';
is order(), 'cdn-c cdn-b cdn-a', '... and what is drained stays so';
is mpd_cdns(), 'cdn-c cdn-b cdn-a', '... in the MPD';
cmp_ok published(), 'gt', $before, '... whose publishTime says so';
$ng->request('PUT', '/api/events/ev', body => encode_json($doc));

# ---- back, and only

steer({only => ['cdn-c']});
is order(), 'cdn-c cdn-a cdn-b', 'only one';
steer({undrain => ['cdn-b']});
is order(), 'cdn-b cdn-c cdn-a', 'one is back';
steer({drain => ['cdn-b', 'cdn-c']});
is order(), 'cdn-a cdn-b cdn-c', 'all are drained: as if none were';
steer({only => ['cdn-a', 'cdn-b', 'cdn-c']});
is order(), 'cdn-a cdn-b cdn-c', 'all are back';
is_deeply decode_json($ng->get('/api/events/ev/steer')->body)->{drained}, [],
    'GET';
is scalar(grep { order("session=$_") eq $of{$_} } (sort keys %of)[0 .. 199]),
    200, 'sessions are where they were';

# ---- errors

for (['{}', ''], ['', ''], [{drain => ['cdn-a'], only => ['cdn-b']}, ''],
     [{drain => 'cdn-a'}, 'drain'], [{drain => []}, 'drain'],
     [{undrain => ['cdn-x']}, 'undrain'], [{only => [7]}, 'only'],
     [{drain => [('cdn-a') x 9]}, 'drain'], [{drained => ['cdn-a']}, 'drained'],
     ['[]', ''], ['{', ''])
{
    is steer($_->[0], 400)->{field}, $_->[1], '... names the field';
}

is order(), 'cdn-a cdn-b cdn-c', 'none of these did anything';
is steer({drain => ['cdn-a']}, 409, 'plain')->{field}, 'cdns', 'no CDNs';
steer({drain => ['cdn-a']}, 404, 'nobody');
is $ng->get('/api/events/nobody/steer')->status, 404, 'an unknown event';
is $ng->request('PUT', '/api/events/ev/steer', body => '{}')->status, 405,
    'PUT';

for (['{"id": "bad", "cdns": [{"id": "a", "url": "a.example"}]}',
      'cdns[0].url'],
     ['{"id": "bad", "cdns": [{"id": "a", "url": "http://a"}],'
      . ' "steering": {"ttl_s": 0}}', 'steering.ttl_s'])
{
    $r = $ng->request('PUT', '/api/events/bad', body => $_->[0]);
    is $r->status, 400, 'a bad document';
    is decode_json($r->body)->{field}, $_->[1], '... names the field';
}

# ---- livectl

$ENV{LIVECTL_API} = $ng->url . '/api';

sub livectl
{
    my $out = `$bin @_ 2>&1`;

    return ($? >> 8) . " $out";
}

like livectl('steer ev'), qr/^0 .*cdn-a .*https:/s, 'livectl steer';
like livectl('steer ev --drain cdn-a,cdn-c'), qr/^0 /, '... --drain';
is order(), 'cdn-b cdn-a cdn-c', '... drains';
like livectl('steer ev --show'), qr/^0 .*cdn-a[^\n]* (?:true|yes)/s,
    '... --show';
is_deeply decode_json(substr livectl('--json steer ev'), 2)->{drained},
    ['cdn-a', 'cdn-c'], '... --json';
like livectl('steer ev --only cdn-c'), qr/^0 /, '... --only';
is order(), 'cdn-c cdn-a cdn-b', '... the one';
like livectl('steer ev --undrain cdn-a,cdn-b'), qr/^0 /, '... --undrain';
is order(), 'cdn-a cdn-b cdn-c', '... all';
like livectl('steer ev --drain cdn-x'), qr/^1 .*no such CDN/, 'an unknown one';
like livectl('steer nobody --show'), qr/^1 .*no such event/, '... event';
like livectl('steer ev --drain cdn-a --show'), qr/^2 .*not both/, 'two';
like livectl('steer'), qr/^2 .*usage: livectl steer/, 'no event';

$ng->stop;
done_testing;
