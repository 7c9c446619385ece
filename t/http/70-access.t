# Who may publish, watch and call the API: docs/access.md.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256 hmac_sha256_hex sha256);
use File::Temp qw(tempdir);
use MIME::Base64 qw(encode_base64 encode_base64url);
use Test::More;
use Time::HiRes qw(sleep);

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my %secret = (k1 => 'the secret of k1 in here', k2 => pack('H*', 'c0' x 32),
              k3 => 'the secret of k3 in here');
my %bearer = (all => 'bearer.of-everything_1', pub => 'bearer.of-ev-and-a.2',
              api => 'bearer.of-the-api.3333', read => 'bearer.that-reads.444',
              ev => 'bearer.of-ev-alone.555', see => 'bearer.that-sees.6666');
my @logged = (values %secret, values %bearer, unpack 'H*', $secret{k2});

my $keys = <<"EOF2";
{"tolerance_s": 60,
 "keys": [
    {"id": "k1", "secret": "$secret{k1}", "use": ["publish", "serve"]},
    {"id": "k2", "secret": "hex:@{[unpack 'H*', $secret{k2}]}",
     "use": ["serve"]},
    {"id": "k3", "secret": "$secret{k3}", "use": ["publish"],
     "event": "ev", "pipeline": "a"},
    {"id": "gone", "secret": "$secret{k1}", "use": ["serve"],
     "expires": "2020-01-01T00:00:00Z"}],
 "tokens": [
    {"id": "all", "bearer": "$bearer{all}", "use": ["publish", "api"]},
    {"id": "pub", "bearer": "$bearer{pub}", "use": ["publish"],
     "event": "ev", "pipeline": "a"},
    {"id": "api", "bearer": "$bearer{api}", "use": ["api"]},
    {"id": "read", "bearer": "$bearer{read}", "use": ["api_read"]},
    {"id": "ev", "bearer": "$bearer{ev}", "use": ["api"], "event": "ev"},
    {"id": "see", "bearer": "$bearer{see}", "use": ["serve"],
     "event": "ev"}]}
EOF2

my $dir = tempdir(CLEANUP => 1);

write_keys("$dir/keys.json", $keys);

sub write_keys
{
    my ($path, $content, $mode) = @_;

    unlink $path;
    open my $fh, '>', $path or die;
    print $fh $content;
    close $fh;
    chmod $mode || 0640, $path;

    return;
}

my $ng = LiveOrigin::Nginx->start(
    size => '96m', events => 8, workers => 2,
    http => 'log_format masked "$live_origin_uri $live_origin_denied";',
    live => "live_origin_publish_auth $dir/keys.json;"
            . " live_origin_serve_auth $dir/keys.json"
            . ' country=$http_x_country; live_origin_hold 30s;'
            . ' access_log %%DIR%%/masked.log masked;',
    server => 'listen 127.0.0.1:%%PORT1%% http2;'
              . ' set_real_ip_from 127.0.0.1;'
              . ' real_ip_header X-Forwarded-For;'
              . ' location /pub/ { live_origin_publish main;'
              . '  live_origin_auto_event on; }'
              . ' location /jar/ { live_origin_serve main;'
              . "  live_origin_serve_auth $dir/keys.json cookie=pass; }"
              . ' location /forbidden/ { live_origin_serve main;'
              . "  live_origin_serve_auth $dir/keys.json; deny all; }"
              . ' location /open/ { live_origin_serve main; }'
              . ' location /api-token/ { live_origin_api main;'
              . "  live_origin_api_auth $dir/keys.json; }"
              . ' location /api-net/ { live_origin_api main;'
              . '  live_origin_api_allow 192.0.2.0/24 2001:db8::/32; }'
              . ' location /api-both/ { live_origin_api main;'
              . '  live_origin_api_allow 192.0.2.0/24;'
              . "  live_origin_api_auth $dir/keys.json; }"
              . ' location /api-all/ { live_origin_api main;'
              . '  live_origin_api_allow all; }'
              . ' location /api-denied/ { live_origin_api main;'
              . '  live_origin_api_allow all; deny 127.0.0.1; allow all; }'
              . ' location /api-basic/ { live_origin_api main;'
              . '  auth_basic here; auth_basic_user_file users; }'
              . ' location /pub-basic/ { live_origin_publish main;'
              . '  auth_basic here; auth_basic_user_file users; }',
    files => {users => "me:{PLAIN}open sesame\n",
        map { ("events/$_.json" => qq({"id": "$_", "segment_ms": 4000,)
               . '"delay_ms": 300000, "dvr_s": 300, "tracks": [{"id": "v"}]}') }
        qw(ev ev2)});

my $v = LiveOrigin::Media->video(bytes => 3000, segment => [4, 1]);
my $n = $v->now_number;
my ($r, %h);


sub auth
{
    my ($value, @more) = @_;

    return (headers => [Authorization => $value, @more]);
}

sub bearer { return auth("Bearer $bearer{$_[0]}") }

sub signed
{
    my ($method, $target, %o) = @_;

    my $ts = time + ($o{off} || 0);
    my $key = $o{key} || 'k1';
    my $digest = $o{digest} || '';
    my $sig = hmac_sha256_hex("$method\n$target\n$ts\n$digest\n",
                              $o{secret} || $secret{$key});

    push @logged, $sig;

    return auth("LiveOrigin key=$key, ts=$ts, sig=$sig",
                $digest ? ('Content-Digest' => $digest) : ());
}

sub token
{
    my ($claims, $secret) = @_;

    my $payload = encode_base64url($claims);
    my $t = "$payload." . encode_base64url(hmac_sha256($payload,
                                           $secret || $secret{k1}));

    push @logged, $t;

    return $t;
}

sub holds
{
    my ($count) = $ng->get('/metrics')->body
                  =~ /^live_origin_holds(?:\{[^}]*\})? (\d+)/m;

    return $count;
}

my $soon = time + 3600;


# ---- publishing

my $init = '/live/ev/a/v/init.mp4';

for (['no credentials', [], qr/no credentials/],
     ['another scheme', [auth('Basic YTpi')], qr/cannot be read/],
     ['an unknown token', [auth('Bearer ' . 'x' x 20)], qr/unknown key/],
     ['a token for serving', [bearer('see')], qr/not for this/],
     ['a signature in pieces', [auth('LiveOrigin key=k1')],
      qr/cannot be read/],
     ['an unknown key', [signed('PUT', $init, key => 'k9', secret => 'x')],
      qr/unknown key/],
     ['a wrong secret', [signed('PUT', $init, secret => $secret{k3})],
      qr/wrong signature/],
     ['a key for serving', [signed('PUT', $init, key => 'k2')],
      qr/not for this/],
     ['of another method', [signed('POST', $init)], qr/wrong signature/],
     ['of another path', [signed('PUT', "$init?x")], qr/wrong signature/],
     ['a minute old', [signed('PUT', $init, off => -70)], qr/clock/],
     ['a minute ahead', [signed('PUT', $init, off => 70)], qr/clock/])
{
    my ($name, $o, $text) = @$_;

    $r = $ng->put($init, $v->init, @$o);
    is $r->status, 403, "publishing: $name";
    like $r->body, $text, '... says so';
    is $r->header('Cache-Control'), 'no-store', '... uncached';
}

is $ng->put('/live/none/a/v/init.mp4', $v->init)->status, 403,
    'without credentials nothing is said about events';
is $ng->delete('/live/ev/a/v/1.m4s')->status, 403, 'DELETE';
is $ng->put('/live/ev/a/x.mpd', 'x')->status, 403, "a pusher's manifest";

my $c = $ng->client;

$r = $c->put($init, $v->init, expect => 1);
is $r->status . ' ' . $r->continues, '403 0',
    'who asks whether to send is told not to';

# HTTP/2, where a body is read to its end before the answer

{
    my $large = "$dir/large";

    open my $fh, '>', $large or die;
    print $fh 'x' x 3_000_000;
    close $fh;

    my $url = 'http://127.0.0.1:' . $ng->port(1);
    my $curl = 'curl -s -m 20 --http2-prior-knowledge -w " %{http_code}"';

    like `$curl -T $large $url/live/ev/a/v/1.m4s`,
        qr/^not allowed: no credentials\n 403$/, 'HTTP/2: no credentials';
    like `$curl -T $large -H "Authorization: Bearer $bearer{all}" \\
          $url/live/none/a/v/1.m4s`, qr/^unknown event\n 404$/, '... and some';
    like `$curl $url/live/ev/v/1.m4s`, qr/^denied\n 403$/, '... GET';
}

for my $key (sort grep { /pub|k3/ } keys %bearer, 'k3') {
    for (['/live/ev/b/v/init.mp4', 'another pipeline'],
         ['/live/ev2/a/v/init.mp4', 'another event'])
    {
        $r = $ng->put($_->[0], $v->init, $key eq 'k3'
                      ? signed('PUT', $_->[0], key => 'k3') : bearer('pub'));
        is $r->status, 403, "$key: $_->[1]";
        like $r->body, qr/another event, pipeline or path/, '... says so';
    }
}

is $ng->put($init, $v->init, bearer('pub'))->status, 201, 'a bearer token';
is $ng->put($init, $v->init, signed('PUT', $init, key => 'k3'))->status, 200,
    'a signed request';
is $ng->post($init, $v->init, signed('POST', $init))->status, 200, 'by POST';
is $ng->put('/live/ev2/b/v/init.mp4', $v->init, bearer('all'))->status, 201,
    'a token for everything';

# with a digest: the body is signed, too

sub digest { return 'sha-256=:' . encode_base64(sha256($_[0]), '') . ':' }

my $path = "/live/ev/a/v/$n.m4s";
my $s = $v->segment($n);

$r = $ng->put($path, $v->segment($n + 1), signed('PUT', $path,
                                          digest => digest($s)));
is $r->status, 400, 'another body than the digest that was signed';

%h = signed('PUT', $path, digest => digest($s));
$h{headers}[3] = digest($v->segment($n + 1));
is $ng->put($path, $v->segment($n + 1), %h)->status, 403,
    'another digest than was signed';
is $ng->put($path, $s, signed('PUT', $path, digest => digest($s)))->status,
    201, 'both right';

# what docs/access.md tells to type

my $body = $ng->dir . '/body';
open my $f, '>:raw', $body or die;
print $f $v->segment($n + 1);
close $f;

my $next = $n + 1;
my $out = `secret='$secret{k1}'
path=/live/ev/a/v/$next.m4s
ts=\$(date +%s)
sig=\$(printf 'PUT\\n%s\\n%s\\n\\n' "\$path" "\$ts" \\
      | openssl dgst -sha256 -hmac "\$secret" -hex | sed 's/.*= //')
curl -s -o /dev/null -w '%{http_code}' -T $body \\
    -H "Authorization: LiveOrigin key=k1, ts=\$ts, sig=\$sig" \\
    http://127.0.0.1:@{[$ng->port]}\$path`;

is $out, '201', 'signed by openssl in a shell';


# and livectl

my ($livectl) = grep { -x } map { "$_/bin/livectl" }
                LiveOrigin::Nginx::build(), LiveOrigin::Nginx::root() . '/build';

$next++;
open $f, '>:raw', $body or die;
print $f $v->segment($next);
close $f;

my $headers = `$livectl token publish-sign --keys $dir/keys.json --key k3 \\
               --body $body /live/ev/a/v/$next.m4s`;
my %lines = $headers =~ /^([\w-]+): (.*)$/mg;

is join(' ', sort keys %lines), 'Authorization Content-Digest', 'livectl signs';
is $ng->put("/live/ev/a/v/$next.m4s", $v->segment($next), headers => [%lines])
   ->status, 201, '... what is taken';
is $ng->put("/live/ev/a/v/$next.m4s", $v->segment($next + 1),
            headers => [%lines])->status, 400, '... with this body alone';
is $ng->post("/live/ev/a/v/$next.m4s", $v->segment($next),
             headers => [%lines])->status, 403, '... and method';


# ---- serving

my $good = token("k=k1;e=$soon;p=ev");
my $seg = "ev/v/$n.m4s";

sub denied
{
    my ($url, $name, @o) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $d = $ng->get($url, @o);

    return is join(' | ', $d->status, $d->header('Cache-Control') // '',
                   $d->body), "403 | no-store | denied\n", $name;
}

denied("/live/$seg", 'no token');
denied('/live/none/v/1.m4s', 'nothing is said about events');
denied('/live/ev/manifest.mpd', 'no manifest');
denied('/live/ev/time', 'no time');

$r = $ng->get("/live/~$good/$seg");
is $r->status, 200, 'a token in the path';
ok $r->body eq $s, '... the bytes';
is $ng->head("/live/~$good/$seg")->status, 200, '... HEAD';
is $ng->get("/live/%7E$good/$seg")->status, 200, '... an escaped tilde';
is $ng->get("/live/~$good/ev/~tv/v/$n.m4s")->status, 200, '... and a class';
is $ng->get("/live/~$good/ev/time")->status, 200, '... time';
is $ng->get("/live/~" . token("k=k2;e=$soon;p=*", $secret{k2}) . "/$seg")
   ->status, 200, 'another key: rotation';
is $ng->get("/live/~" . token("k=k1;e=$soon;p=ev/v") . "/$seg")->status, 200,
    'of one track';
is $ng->options("/live/$seg")->status, 204, 'OPTIONS needs no token';

chomp(my $made = `$livectl token serve --keys $dir/keys.json --path ev \\
                  --expires 2h`);
push @logged, $made;
is $ng->get("/live/~$made/$seg")->status, 200, 'of livectl';
chomp($made = `$livectl token serve --keys $dir/keys.json --key k2 --path ev/v \\
               --expires 1d --country DE,AT --net 192.0.2.0/24`);
is $ng->get("/live/~$made/$seg", headers => ['X-Country', 'DE',
            'X-Forwarded-For', '192.0.2.9'])->status, 200,
    '... of another key, with all claims';
denied("/live/~$made/$seg", '... which count', headers => ['X-Country', 'DE',
       'X-Forwarded-For', '192.0.3.9']);

for (['--path ev --expires 2h --key k3', qr/--key k3: a key that is not for/],
     ['--path ev --expires 2h --key k9', qr/no such key/],
     ['--path ev --expires 2h --key gone', qr/--key gone: expired/],
     ['--path ev --expires 2', qr/90s, 30m, 2h or 7d/],
     ['--path ev', qr/--expires TIME is missing/],
     ['--expires 2h', qr/--path PATH is missing/],
     ['--path a/b/c --expires 2h', qr/EVENT or EVENT\/TRACK/],
     ['--path ev --expires 2h --net 1.2.3.4/99', qr/0 to 32 bits/])
{
    my ($args, $why) = @$_;

    like scalar `$livectl token serve --keys $dir/keys.json $args 2>&1`, $why,
        "livectl token serve $args";
    is $? >> 8, 2, '... ends so';
}

for (['a wrong secret', token("k=k1;e=$soon;p=ev", $secret{k2})],
     ['an unknown key', token("k=k7;e=$soon;p=ev")],
     ['a key that may only publish', token("k=k3;e=$soon;p=ev", $secret{k3})],
     ['a key that has expired', token("k=gone;e=$soon;p=ev")],
     ['expired', token('k=k1;e=' . (time - 1) . ';p=ev')],
     ['another event', token("k=k1;e=$soon;p=ev2")],
     ['another track', token("k=k1;e=$soon;p=ev/v2")],
     ['an unknown claim', token("k=k1;e=$soon;p=ev;z=1")],
     ['no claim of time', token('k=k1;p=ev')],
     ['a bearer token', $bearer{see}],
     ['a letter', 'x'])
{
    denied("/live/~$_->[1]/$seg", "a token: $_->[0]");
}

for my $i (0 .. length($good) - 1) {
    my $bad = $good;

    substr $bad, $i, 1, substr($bad, $i, 1) eq 'A' ? 'B' : 'A';
    push @logged, $bad;
    $r = $c->get("/live/~$bad/$seg");

    last if !is $r->status, 403, "altered at $i";
}

# countries and networks

my $at = token("k=k1;e=$soon;p=ev;c=DE,AT");
my $four = token("k=k1;e=$soon;p=ev;n=192.0.2.0/24");
my $six = token("k=k1;e=$soon;p=ev;n=2001:db8::/32");

is $ng->get("/live/~$at/$seg", headers => ['X-Country', 'AT'])->status, 200,
    'from that country';
denied("/live/~$at/$seg", 'from another', headers => ['X-Country', 'CH']);
denied("/live/~$at/$seg", 'from an unknown one');
denied("/jar/~$at/$seg", 'where no variable says the country',
       headers => ['X-Country', 'AT']);

for ([$four, '192.0.2.77', 200], [$four, '192.0.3.77', 403],
     [$four, '::ffff:192.0.2.77', 200], [$four, '2001:db8::1', 403],
     [$six, '2001:db8:7::1', 200], [$six, '2001:db9::1', 403],
     [$six, '192.0.2.77', 403], [$good, '198.51.100.1', 200])
{
    my ($t, $from, $status) = @$_;

    is $ng->get("/live/~$t/$seg", headers => ['X-Forwarded-For', $from])
       ->status, $status, "from $from";
}

denied("/live/~$four/$seg", 'from here');

# cookies, bearer tokens

is $ng->get("/live/$seg", headers => [Cookie => "a=b; live_origin_token=$good"
            . '; c=d'])->status, 200, 'a cookie';
denied("/live/$seg", 'a cookie of another name',
       headers => [Cookie => "pass=$good"]);
is $ng->get("/jar/$seg", headers => [Cookie => "pass=$good"])->status, 200,
    '... which is right there';
denied("/live/~$bearer{see}/$seg", 'a wrong token beside a right cookie',
       headers => [Cookie => "live_origin_token=$good"]);
denied("/live/$seg", 'an empty cookie',
       headers => [Cookie => 'live_origin_token=']);
is $ng->get("/live/$seg", bearer('see'))->status, 200, 'a bearer token';
denied('/live/ev2/v/1.m4s', '... of another event', bearer('see'));
denied("/live/$seg", '... for another use', bearer('api'));

is $ng->get("/open/$seg")->status, 200, 'a location without tokens';
is $ng->get("/open/~whatever/$seg")->status, 200,
    '... where one is not looked at';

# manifests carry it on

my $mpd = $ng->get("/live/~$good/ev/manifest.mpd");

is $mpd->status, 200, 'the MPD' or diag $mpd->body;
unlike $mpd->body, qr{<BaseURL>|media="/|media="http|\Q$good\E},
    '... has relative URLs';

my ($name) = $mpd->body =~ /initialization="([^"]+)"/;

$name =~ s/\$RepresentationID\$/v/;
is $ng->get("/live/~$good/ev/$name")->status, 200, '... which work';
denied("/live/ev/$name", '... with the token only');

my $media = $ng->get("/live/~$good/ev/v/media.m3u8");

is $media->status, 200, 'a playlist';
($name) = $media->body =~ /^(\d+\.m4s)$/m;
is $ng->get("/live/~$good/ev/v/$name")->status, 200, '... its URLs work';
unlike $media->body, qr{^(?:/|http)|\Q$good\E}m, '... and are relative';
like $ng->get("/live/~$good/ev/master.m3u8")->body, qr{^v/media\.m3u8$}m,
    'the master';

# held: a token that expires meanwhile does not matter; a bad one is not held

my $held = token('k=k1;e=' . (time + 5) . ';p=ev');
my $number = $n + 3;

denied("/live/ev/v/$number.m4s", 'denied, not held');

my $wait = $ng->client->start('GET', "/live/~$held/ev/v/$number.m4s");

is $ng->get("/live/~$held/$seg")->status, 200, 'a token for some seconds';
ok wait_for(sub { holds() == 1 }, 10), 'held';
ok wait_for(sub { $ng->get("/live/~$held/$seg")->status == 403 }, 20),
    'its token expires, although workers remember it';
ok !$wait->ready, '... and it waits on';
is $ng->put("/live/ev/a/v/$number.m4s", $v->segment($number), bearer('pub'))
   ->status, 201, 'the segment comes';
$r = $wait->finish;
is $r->status, 200, '... and is served';


# ---- the API

sub api
{
    my ($where, $status, $name, %o) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $a = $ng->request($o{method} || 'GET', $where, body => $o{body},
        headers => [$o{from} ? ('X-Forwarded-For', $o{from}) : (),
                    $o{bearer} ? (Authorization => "Bearer $o{bearer}")
                               : ()]);

    is $a->status, $status, $name;

    if ($status == 403) {
        like $a->json->{error}, qr/^not allowed: /, '... an error in JSON';
    }

    return $a;
}

my $doc = '{"id": "new", "segment_ms": 2000}';

api('/api/status', 200, 'this host');
api('/api/status', 200, 'this host by IPv6', from => '::1');

for my $from ('203.0.113.5', '2001:db8::5') {
    api('/api/status', 403, "$from is closed out", from => $from);
    api('/api/events', 403, '... of events', from => $from);
    api('/api/nothing', 403, '... of what is not there', from => $from);
    api('/api/events/new', 403, '... changing', from => $from,
        method => 'PUT', body => $doc);
    api('/api/events/ev/end', 403, '... ending', from => $from,
        method => 'POST', body => '');
    api('/api/events/ev', 403, '... deleting', from => $from,
        method => 'DELETE');
}

is $ng->get('/open/new/manifest.mpd')->status, 404, 'nothing came of it';
api('/api/status', 403, 'with a token where there is no file of them',
    from => '203.0.113.5', bearer => $bearer{api});

api('/api-token/status', 403, 'with a file of tokens this host needs one');
api('/api-token/status', 200, '... and has one', bearer => $bearer{api});
api('/api-token/status', 200, 'as anybody else', bearer => $bearer{api},
    from => '203.0.113.5');
api('/api-token/events/new', 201, 'which may change', bearer => $bearer{api},
    method => 'PUT', body => $doc);
api('/api-token/events/new', 200, 'another may', bearer => $bearer{all},
    method => 'DELETE');
write_keys("$dir/api-token", "$bearer{api}\n");
like scalar `$livectl --api @{[$ng->url]}/api-token/ event list 2>&1`, qr/403/,
    'livectl without a token';
like scalar `$livectl --api @{[$ng->url]}/api-token/ \\
             --token-file $dir/api-token event list 2>&1`, qr/^ev /m,
    '... and with one';
api('/api-token/status', 403, 'a token for publishing',
    bearer => $bearer{pub});
api('/api-token/status', 403, 'an unknown token', bearer => 'y' x 20);
api('/api-token/events', 200, 'one that reads', bearer => $bearer{read});
api('/api-token/events/new', 403, '... does not change',
    bearer => $bearer{read}, method => 'PUT', body => $doc);
api('/api-token/events/ev', 200, 'one of an event', bearer => $bearer{ev});
api('/api-token/events/ev/status', 200, '... and below it',
    bearer => $bearer{ev});
api("/api-token/$_", 403, "... does not read $_", bearer => $bearer{ev})
    for qw(events events/ status events/ev2 events/e);

$r = $ng->get('/api-token/status', signed('GET', '/api-token/status'));
is $r->status, 403, 'requests are not signed here';

api('/api-net/status', 200, 'in the network', from => '192.0.2.1');
api('/api-net/status', 200, 'in the other', from => '2001:db8:1::1');
api('/api-net/status', 403, 'in none', from => '192.0.3.1');
api('/api-net/status', 403, 'this host is no more than others');
api('/api-both/status', 200, 'either: network', from => '192.0.2.1');
api('/api-both/status', 200, 'either: token', from => '192.0.3.1',
    bearer => $bearer{api});
api('/api-both/status', 403, 'neither', from => '192.0.3.1');
api('/api-all/status', 200, 'open to all', from => '192.0.3.1');

# nginx's own, in front

is $ng->get('/api-denied/status')->status, 403, 'deny';
is $ng->get('/api-denied/status', headers => ['X-Forwarded-For', '192.0.2.1'])
   ->status, 200, 'allow';

my @me = (Authorization => 'Basic ' . encode_base64('me:open sesame', ''));

is $ng->get('/api-basic/status')->status, 401, 'auth_basic';
is $ng->get('/api-basic/status', headers => [@me])->status, 200,
    '... with a password';
is $ng->get('/api-basic/status', headers => [@me, 'X-Forwarded-For',
            '192.0.2.1'])->status, 403, '... and closed as before';
is $ng->put('/pub-basic/ev/a/v/init.mp4', $v->init)->status, 401,
    'publishing with auth_basic';
is $ng->put('/pub-basic/ev/a/v/init.mp4', $v->init, headers => [@me])->status,
    200, '... with a password';


# ---- counted, and never logged

like $ng->get('/metrics')->body,
    qr/^live_origin_serves_total\{reason="denied"\} [1-9]/m, 'counted';

is $ng->get("/forbidden/~$good/$seg", headers => [Referer =>
            "http://x/live/~$good/ev/manifest.mpd"])->status, 403,
    'denied by nginx, which logs the request';
is $ng->put("/live/~$good/ev/a/v/1.m4s", 'x', bearer('all'))->status, 400,
    'a token where nobody looks for one';

# a reader that goes away, which nginx may log

my $left = $ng->client->start('GET', "/live/~$good/ev/v/" . ($number + 1)
                                     . '.m4s');

ok wait_for(sub { holds() == 1 }, 10), 'a held reader';
$left->reset;
ok wait_for(sub { holds() == 0 }, 10), '... goes away';

my $log = $ng->log;
my $masked = do { open my $fh, '<', $ng->dir . '/masked.log' or die; local $/;
                  <$fh> };

like $log, qr{request: "GET /forbidden/~-/ev/v/$n\.m4s HTTP/1\.1"},
    'the error log has the request without the token';
like $log, qr{referrer: "http://x/live/~-/ev/manifest\.mpd"},
    '... and where it came from';
like $log, qr{live origin refused "/live/~-/ev/a/v/1\.m4s": 400}, '... in ours';
like $masked, qr{^/live/~-/ev/v/$n\.m4s -$}m, '$live_origin_uri';
like $masked, qr{^/live/ev/v/$n\.m4s none$}m, '$live_origin_denied';
like $masked, qr{^/live/~-/ev/v/$n\.m4s expired$}m, '... expired';
like $masked, qr{^/live/~-/ev/~tv/v/$n\.m4s -$}m, '... a class is left';

my @found = grep { index($log, $_) >= 0 || index($masked, $_) >= 0 } @logged;

cmp_ok scalar @logged, '>', 100, 'secrets, tokens and signatures';
is scalar @found, 0, '... none in a log' or diag join "\n", @found;


# ---- rotation by reload

$keys =~ s/\{"id": "k1".*?\},/{"id": "k4", "secret": "the secret of k4 in here",
           "use": ["publish", "serve"]},/s;

write_keys("$dir/keys.json", $keys);

is $ng->get("/live/~$good/$seg")->status, 200, 'until the reload';
$ng->reload;
ok wait_for(sub { $ng->old_workers == 0 }, 20), 'reloaded';
denied("/live/~$good/$seg", 'the old key is void');
is $ng->get("/live/~" . token("k=k4;e=$soon;p=ev", 'the secret of k4 in here')
            . "/$seg")->status, 200, 'the new one is good';
is $ng->put($init, $v->init, signed('PUT', $init))->status, 403,
    'for publishing, too';


# ---- nginx -t

my $file = $ng->dir . '/other.json';
my $one = '{"keys": [{"id": "k", "secret": "0123456789abcdef",'
          . ' "use": ["serve"]}]}';

sub try
{
    my ($line, $content, $mode) = @_;

    unlink $file;

    write_keys($file, $content, $mode) if defined $content;

    $ng->set_config(http => 'log_format masked "$live_origin_uri'
                            . ' $live_origin_denied";' . $line);

    return $ng->test_config;
}

$ng->expect(qr/invalid value/, qr/duplicate/);

for (['publish_auth', 'live_origin_publish_auth', undef, 0,
      qr/cannot be opened/],
     ['serve_auth', 'live_origin_serve_auth', $one, 0644,
      qr/its mode 644 opens it to others/],
     ['serve_auth', 'live_origin_serve_auth', '{"keys": [}', 0600,
      qr/not JSON, line 1/],
     ['serve_auth', 'live_origin_serve_auth',
      '{"keys": [{"id": "k", "secret": "short", "use": ["serve"]}]}', 0600,
      qr/keys\[0\]\.secret: 16 to 128 bytes/],
     ['publish_auth', 'live_origin_publish_auth', $one, 0600,
      qr/no key or token has the use "publish"/],
     ['api_auth', 'live_origin_api_auth', $one, 0600,
      qr/no key or token has the use "api" or "api_read"/],
     ['serve_auth', 'live_origin_serve_auth', 'x' x 300000, 0600,
      qr/more than 262144 bytes/])
{
    my ($name, $directive, $content, $mode, $why) = @$_;
    my ($ok, $text) = try("$directive $file;", $content, $mode);
    my ($line) = grep { /\[emerg\]/ } split /\n/, $text;

    ok !$ok, "nginx -t: $name, $why";
    like $line, qr/"\Q$file\E" of "$directive", allowed: .*$why/, '... says so';
    unlike $line, qr/0123456789abcdef|short"/, '... and no secret';
}

for (['live_origin_api_allow 192.0.2.0/40;', '192.0.2.0/40'],
     ['live_origin_api_allow 10.0.0.0/8 nowhere;', 'nowhere'],
     ["live_origin_serve_auth $file 'cookie=a b';", 'cookie=a b'],
     ["live_origin_serve_auth $file country=DE;", 'country=DE'],
     ["live_origin_serve_auth $file else;", 'else'],
     ['live_origin_serve_auth off cookie=x;', 'cookie=x'])
{
    my ($line, $value) = @$_;
    my ($ok, $text) = try($line, $one);

    ok !$ok, "nginx -t: $line";
    like $text, qr/invalid value "\Q$value\E" of "live_origin_\w+", allowed: /,
        '... says what is allowed';
}

my ($ok, $text) = try("live_origin_serve_auth $file cookie=c"
                      . ' country=$http_x; live_origin_api_allow unix: all;'
                      . ' live_origin_publish_auth off; '
                      . 'live_origin_api_auth off;', $one);

ok $ok, 'nginx -t: all of them' or diag $text;

$ng->set_config(http => 'log_format masked "$live_origin_uri'
                        . ' $live_origin_denied";');
$ng->stop;
done_testing;
