# Clients that lie, and what stands between: docs/access.md.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256 hmac_sha256_hex sha256);
use File::Temp qw(tempdir);
use MIME::Base64 qw(encode_base64 encode_base64url);
use Test::More;

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx;

my $secret = 'the secret of k1 in here';
my %bearer = (pub => 'bearer.that-publishes', see => 'bearer.that-sees.66',
              api => 'bearer.of-the-api.333');
my $dir = tempdir(CLEANUP => 1);
my $keys = "$dir/keys.json";

chmod 0755, $dir;
open my $fh, '>', $keys or die;
print $fh <<"EOF2";
{"keys": [{"id": "k1", "secret": "$secret", "use": ["publish", "serve"]}],
 "tokens": [{"id": "pub", "bearer": "$bearer{pub}", "use": ["publish"]},
            {"id": "see", "bearer": "$bearer{see}", "use": ["serve"]},
            {"id": "api", "bearer": "$bearer{api}", "use": ["api"]}]}
EOF2
close $fh;
chmod 0640, $keys;

my $ng = LiveOrigin::Nginx->start(
    live => "live_origin_publish_auth $keys;"
            . " live_origin_serve_auth $keys country=\$http_x_country;"
            . ' live_origin_auto_event on; live_origin_hold 0;',
    server => 'set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;'
              . ' location /shared/ { live_origin_serve main;'
              . "  live_origin_serve_auth $keys country=\$http_x_country"
              . '   shared; live_origin_hold 0; }'
              . ' location /api-token/ { live_origin_api main;'
              . "  live_origin_api_auth $keys;"
              . '  live_origin_api_allow 127.0.0.0/8; }',
    files => {'events/ev.json' => '{"id": "ev", "segment_ms": 4000,'
              . ' "delay_ms": 300000, "dvr_s": 300, "tracks": [{"id": "v"}]}'});

my $v = LiveOrigin::Media->video(bytes => 3000, segment => [4, 1]);
my $n = $v->now_number;
my ($r, @logged);

sub bearer { return (Authorization => "Bearer $bearer{$_[0]}") }

sub signed
{
    my ($target, $digest) = @_;

    my $ts = time;
    my $sig = hmac_sha256_hex("PUT\n$target\n$ts\n$digest\n", $secret);

    return (Authorization => "LiveOrigin key=k1, ts=$ts, sig=$sig");
}

sub token
{
    my ($claims) = @_;

    my $payload = encode_base64url($claims);
    my $t = "$payload." . encode_base64url(hmac_sha256($payload, $secret));

    push @logged, $t;

    return $t;
}

sub digest { return 'sha-256=:' . encode_base64(sha256($_[0]), '') . ':' }


# ---- what was signed is what the body is held against

is $ng->put('/live/ev/a/v/init.mp4', $v->init, headers => [bearer('pub')])
   ->status, 201, 'the header';

my $path = "/live/ev/a/v/$n.m4s";
my ($s, $other) = ($v->segment($n), $v->segment($n + 1));
my @signed = signed($path, digest($s));

for (['another Content-Digest behind it',
      ['Content-Digest' => digest($s), 'Content-Digest' => digest($other)]],
     ['... before it',
      ['Content-Digest' => digest($other), 'Content-Digest' => digest($s)]],
     ['... in the same line',
      ['Content-Digest' => digest($s) . ', ' . digest($other)]])
{
    my ($name, $digests) = @$_;

    $r = $ng->put($path, $other, headers => [@signed, @$digests]);
    is $r->status, 403, "signed: $name";
    like $r->body, qr/wrong signature/, '... says so';
}

# signed is the field, whatever its lines

my @two = ('md5=:AAAA:', digest($s));

$r = $ng->put($path, $s, headers => [signed($path, join ', ', @two),
              map { ('Content-Digest' => $_) } @two]);
is $r->status, 201, 'signed: a field of two lines';


# ---- two of a kind: who stands in front may have looked at the other

for (['none and one', ['Basic bWU6eA==', "Bearer $bearer{pub}"]],
     ['one and none', ["Bearer $bearer{pub}", 'Basic bWU6eA==']],
     ['twice the same', [("Bearer $bearer{pub}") x 2]])
{
    my ($name, $lines) = @$_;
    my @h = map { (Authorization => $_) } @$lines;

    is $ng->put('/live/ev/a/v/init.mp4', $v->init, headers => \@h)->status,
        400, "two Authorization lines, publishing: $name";

    s/\Q$bearer{pub}\E/$bearer{see}/ for @h;
    is $ng->get("/live/ev/v/$n.m4s", headers => \@h)->status, 400,
        '... serving';

    s/\Q$bearer{see}\E/$bearer{api}/ for @h;
    is $ng->get('/api-token/status', headers => [@h, 'X-Forwarded-For',
                '192.0.2.1'])->status, 400, '... the API';
}


# ---- a network is no credentials of a web page

my $host = '127.0.0.1:80';

for my $api ('/api/', '/api-token/') {

    my @from = ([['Origin', 'https://evil.example']],
                [['Origin', 'null']],
                [['Origin', "http://$host.evil.example"]],
                [['Origin', 'http://127.0.0.1:81']],
                [['Origin', 'http://127.0.0.1']],
                [['Sec-Fetch-Site', 'cross-site', 'Origin', "http://$host"]],
                [['Sec-Fetch-Site', 'same-site']]);

    for (@from) {
        my @h = (@{$_->[0]}, Host => $host);

        $r = $ng->post("${api}events/ev/end", '', headers => [@h,
                       'Content-Type', 'text/plain']);
        is $r->status, 403, "$api: a page with @h";
        is $r->json->{error}, $api eq '/api/'
            ? 'not allowed: a page of another site, without a token'
            : 'not allowed: no credentials', '... says so';
    }

    is $ng->get("${api}status", headers => $from[0][0])->status, 403,
        '... does not read';
    is $ng->get("${api}status", headers => [@$_, Host => $host])->status, 200,
        "$api: @$_"
        for ['Origin', "http://$host"], ['Origin', "HTTP://$host"],
            ['Sec-Fetch-Site', 'same-origin'], ['Sec-Fetch-Site', 'none'];
}

is $ng->get('/api-token/status', headers => ['Origin', 'https://console.example',
            bearer('api')])->status, 200, 'a page of another site with a token';
isnt $ng->get('/api/events/ev/status')->json->{phase}, 'ended',
    'nothing came of it';


# ---- caches: who may keep what credentials have opened

my $soon = time + 3600;
my $good = token("k=k1;e=$soon;p=ev");
my $here = token("k=k1;e=$soon;p=ev;n=127.0.0.0/8");
my $at = token("k=k1;e=$soon;p=ev;c=AT");
my @at = ('X-Country', 'AT');
my @cookie = (Cookie => "live_origin_token=$good");
my $next = $n + 1000;
my ($init) = $ng->get("/live/~$good/ev/manifest.mpd")->body
             =~ /initialization="[^"]*(init-[^"]+)"/;

for (['a token in the path', "~$good/", [], 'public, ', ''],
     ['a cookie', '', \@cookie, 'private, ', 'private, '],
     ['a token for a network', "~$here/", [], 'private, ', 'private, '],
     ['a token for a country', "~$at/", \@at, 'private, ', 'private, '],
     ['a bearer token', '', [bearer('see')], '', ''])
{
    my ($name, $in, $h, $found, $error) = @$_;

    for ("v/$n.m4s", "v/$init", 'manifest.mpd', 'v/media.m3u8') {
        $r = $ng->get("/live/${in}ev/$_", headers => $h);
        is $r->status, 200, "$name: $_";
        like $r->header('Cache-Control'), qr/^${found}max-age=\d/,
            '... who may keep it';

        $r = $ng->get("/live/${in}ev/$_", headers => [@$h, 'If-None-Match',
                      $r->header('ETag')]);
        like $r->status . ' ' . $r->header('Cache-Control'),
            qr/^304 ${found}max-age=\d/, '... and 304';
    }

    like $ng->get("/live/${in}ev/v/$next.m4s", headers => $h)
         ->header('Cache-Control'), qr/^${error}max-age=\d/, '... an error';

    like $ng->get("/shared/${in}ev/v/$n.m4s", headers => $h)
         ->header('Cache-Control'), qr/^public, max-age=\d/,
        '... where caches look at tokens';
}


# ---- names in disguise, which no log shows

for (["/live/%7E$good/ev/v/$n.m4s", 200],
     ["/live/%7e$good/ev/v/$n.m4s", 200],
     ["/live/%257E$good/ev/v/$n.m4s", 404],
     ["/live/%25257e$good/ev/v/$n.m4s", 404],
     ["/live/x/%2E%2E/~$good/ev/v/$n.m4s", 200],
     ["/live/x/..%2F~$good/ev/v/$n.m4s", 200],
     ["//live//~$good/ev/v/$n.m4s", 200],
     ["/live/~$good%2Fev/v/$n.m4s", 200],
     ["/live/~$good;x/ev/v/$n.m4s", 403],
     ["/live/~x%00/ev/v/$n.m4s", 400],
     ["/live/ev/v/$n.m4s?~$good", 403],
     ["/live/ev/v/$n.m4s?t=%7E$good", 403],
     ["/live/ev/~$good/v/$n.m4s", 404],
     ["/live/~$good/~$good/ev/v/$n.m4s", 404],
     ["/live/~$good/ev/../ev2/v/$n.m4s", 403],
     ["/live/~$good/ev/%2e%2e/ev2/v/$n.m4s", 403],
     ["/live/~$good/ev%2F..%2Fev2/v/$n.m4s", 403],
     ["/live/~$good/ev;/v/$n.m4s", 404])
{
    my ($url, $status) = @$_;

    (my $show = $url) =~ s/\Q$good\E/TOKEN/g;
    is $ng->get($url)->status, $status, $show;
}

# what the log says of them: each makes nginx write the request

$ng->set_config(live => "live_origin_serve_auth $keys; deny all;");
$ng->reload;

for my $tilde (qw(~ %7E %7e %257E %25257e)) {
    is $ng->get("/live/$tilde$good/ev/v/$n.m4s?x=$tilde$good")->status, 403,
        "denied: $tilde";
}

my @lines = $ng->log =~ m{request: "GET (/live/\S+)}g;

is scalar(grep { $_ eq "/live/~-/ev/v/$n.m4s?x=~-" } @lines), 5,
    '... logged without the token' or diag join "\n", @lines;

my $log = $ng->log;

my @found = grep { my $l = $_; grep { index($l, $_) >= 0 } @logged }
            split /\n/, $log;

is scalar @found, 0, 'no token in the log' or diag join "\n", @found;

$ng->stop;
done_testing;
