# The license server of ClearKey: docs/drm.md.
#
# time-out: 180

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use JSON::PP;
use MIME::Base64 qw(encode_base64url);
use Test::More;

use lib 't/lib';
use LiveOrigin::Encrypted qw(encrypted kid kid_url key_url key_file);
use LiveOrigin::Geo qw(mmdb country);
use LiveOrigin::Nginx qw(wait_for);

my $secret = 'the secret of k1 in here';
my $keys = qq({"keys": [{"id": "k1", "secret": "$secret", "use": ["serve"]}]});
my $foreign = 'f' x 32;

my $ng = LiveOrigin::Nginx->start(
    workers => 2, events => 8, expect => [qr/of "live_origin_clearkey"/],
    files => {'clearkeys' => "# of both events\n" . key_file()
                             . "$foreign " . 'e' x 32 . "\n",
              'keys.json' => $keys},
    live => 'live_origin_auto_event on; live_origin_clearkey off;');

mmdb($ng->dir . '/geo.mmdb', '192.0.2.0/24' => country('DE', 'EU'),
     '198.51.100.0/24' => country('AT', 'EU'));

my $where = <<'EOF2';
location /ck/ {
    live_origin_serve main;
    live_origin_clearkey %%DIR%%/clearkeys;
}

location /brief/ {
    live_origin_serve main;
    live_origin_clearkey %%DIR%%/clearkeys;
    client_body_timeout 2s;
}

location /both/ {
    live_origin_serve main;
    live_origin_publish main;
    live_origin_clearkey %%DIR%%/clearkeys;
}

location /closed/ {
    live_origin_serve main;
    live_origin_serve_auth %%DIR%%/keys.json;
    live_origin_clearkey %%DIR%%/clearkeys;
}
EOF2

my $file = $ng->dir . '/clearkeys';

chmod 0640, $file, $ng->dir . '/keys.json';
$ng->set_config(server => $where, http =>
    'live_origin_geoip %%DIR%%/geo.mmdb; set_real_ip_from 127.0.0.1;'
    . ' real_ip_header X-Forwarded-For;');
$ng->reload;

my $media = encrypted('cbcs');

for my $id ('ev', 'other') {
    for my $t ($id eq 'ev' ? ('v', 'a') : ('a')) {
        is $ng->put("/live/$id/x/$t/init.mp4", $media->{$t}{init})->status, 201,
           "$id: the init of $t";
    }
}

sub ask
{
    my ($path, $body, %headers) = @_;

    $body = encode_json($body) if ref $body;

    return $ng->post($path, $body, headers => [
        %{{'Content-Type' => 'application/json', %headers}}]);
}

sub refused
{
    my ($r, $status, $field, $why, $name) = @_;

    is $r->status, $status, "$name: $status";
    is $r->json->{field}, $field, '... says what it is about';
    like $r->json->{error}, $why, '... and why';
    is $r->header('Cache-Control'), 'no-store', '... and is not kept';
    is $r->header('Access-Control-Allow-Origin'), '*', '... any page may read';
}

sub token
{
    my ($claims) = @_;
    my $text = encode_base64url($claims);

    return "~$text." . encode_base64url(hmac_sha256($text, $secret));
}

# ---- licenses

my $r = ask('/ck/ev/clearkey', {kids => [kid_url('v'), kid_url('a')],
                                type => 'temporary'});

is $r->status, 200, 'a license';
is_deeply $r->json, {type => 'temporary', keys => [
    map { {kty => 'oct', kid => kid_url($_), k => key_url($_)} } 'v', 'a']},
    '... with both keys';
is $r->header('Content-Type'), 'application/json', '... in JSON';
is $r->header('Cache-Control'), 'no-store', '... not to be kept';
is $r->header('Access-Control-Allow-Origin'), '*', '... for any page';

is_deeply ask('/ck/ev/clearkey', {kids => [(kid_url('a')) x 3]})->json->{keys},
          [{kty => 'oct', kid => kid_url('a'), k => key_url('a')}],
          'asked for three times, given once; no type is temporary';

for ('application/json; charset=utf-8', 'application/octet-stream',
     'text/plain;charset=UTF-8', 'Application/JSON')
{
    is ask('/ck/ev/clearkey', {kids => [kid_url('a')]},
           'Content-Type' => $_)->status, 200, "as $_";
}

is $ng->post('/ck/ev/clearkey', encode_json({kids => [kid_url('a')]}))->status,
   200, 'as nothing';

is ask('/both/ev/clearkey', {kids => [kid_url('a')]})->status, 200,
   'where publishing is, too';

my $pre = $ng->options('/ck/ev/clearkey');

is $pre->status, 204, 'a preflight';
like $pre->header('Access-Control-Allow-Headers'), qr/Content-Type/,
     '... of JSON';

# ---- only what is the event's

is_deeply ask('/ck/other/clearkey',
              {kids => [map { kid_url($_) } 'v', 'a']})->json->{keys},
          [{kty => 'oct', kid => kid_url('a'), k => key_url('a')}],
          'a key of another event stays there';

my $other = encode_base64url(pack 'H*', $foreign);

refused ask('/ck/ev/clearkey', {kids => [$other]}), 404, 'kids',
        qr/no key of these is one of this event's/, 'a key of no event';
refused ask('/ck/other/clearkey', {kids => [kid_url('v')]}), 404, 'kids',
        qr/no key of these/, 'a key of another event';
refused ask('/ck/ev/clearkey', {kids => [encode_base64url("\0" x 16)]}), 404,
        'kids', qr/no key of these/, 'a key that nobody knows';
refused ask('/ck/none/clearkey', {kids => [kid_url('v')]}), 404, '',
        qr/no such event/, 'no event';
refused ask('/live/ev/clearkey', {kids => [kid_url('v')]}), 404, '',
        qr/live_origin_clearkey is off/, 'off';
is $ng->get('/ck/ev/clearkey')->status, 404, 'GET is nothing here';

# ---- what is no request

for (
    ['', '', qr/./, 'nothing'],
    ['{"kids":', '', qr/./, 'half of it'],
    ['[]', '', qr/not a JSON object/, 'a list'],
    ['{"kids":["' . kid_url('v') . '"],"kids":[]}', '', qr/duplicate/,
     'one member twice'],
    ['[' x 8000, '', qr/./, 'deep'],
    [{}, 'kids', qr/1 to 64 key ids/, 'no key ids'],
    [{kids => []}, 'kids', qr/1 to 64 key ids/, 'none of them'],
    [{kids => 'x'}, 'kids', qr/1 to 64 key ids/, 'no list'],
    [{kids => [7]}, 'kids', qr/base64url/, 'a number'],
    [{kids => [kid('v')]}, 'kids', qr/base64url/, 'hexadecimal digits'],
    [{kids => [kid_url('v') . '==']}, 'kids', qr/base64url/, 'padding'],
    [{kids => [substr kid_url('v'), 0, 20]}, 'kids', qr/base64url/, 'short'],
    [{kids => [(kid_url('v')) x 65]}, 'kids', qr/1 to 64/, 'too many'],
    [{kids => [kid_url('v')], type => 'persistent-license'}, 'type',
     qr/only temporary/, 'another type'],
    [{kids => [kid_url('v')], type => 1}, 'type', qr/only temporary/,
     'a number as type'],
) {
    my ($body, $field, $why, $name) = @$_;

    refused ask('/ck/ev/clearkey', $body), 400, $field, $why, $name;
}

refused ask('/ck/ev/clearkey', {kids => [kid_url('v')]},
            'Content-Type' => $_), 415, 'content-type', qr{application/json},
        $_ for 'application/x-www-form-urlencoded', 'text/html', '';

refused ask('/ck/ev/clearkey', '{"kids":["' . 'x' x 20000 . '"]}'), 413, '',
        qr/16384 bytes at most/, 'large';
is ask('/ck/ev/clearkey', 'x' x 3_000_000)->status, 413, 'larger than nginx '
   . 'itself would take';

my $c = $ng->client;
my $begun = $c->begin('POST', '/ck/ev/clearkey', chunked => 1,
                      headers => ['Content-Type' => 'application/json']);

$c->piece('x' x 9000) for 1 .. 2;
is $c->finish->status, 413, 'large, by chunks';

# ---- a body that does not come

my $slow = $ng->client;

$slow->begin('POST', '/brief/ev/clearkey', length => 100,
             headers => ['Content-Type' => 'application/json']);
$slow->piece('{"kids":');
is ask('/ck/ev/clearkey', {kids => [kid_url('v')]})->status, 200,
   'others do not wait for it';
is $slow->finish(60)->error, 'closed', 'it is given up';

# ---- tokens

my $until = time + 600;
my $one = {kids => [kid_url('v')]};

refused ask('/closed/ev/clearkey', $one), 403, 'token', qr/./, 'no token';
is ask('/closed/' . token("k=k1;e=$until;p=ev") . '/ev/clearkey', $one)
   ->status, 200, 'a token of the event';
is ask('/closed/' . token("k=k1;e=$until;p=*") . '/ev/clearkey', $one)
   ->status, 200, '... of all';
refused ask('/closed/' . token("k=k1;e=$until;p=other") . '/ev/clearkey',
            $one), 403, 'token', qr/./, '... of another event';
refused ask('/closed/' . token("k=k1;e=$until;p=ev/v") . '/ev/clearkey', $one),
        403, 'token', qr/./, '... of a track';
refused ask('/closed/' . token('k=k1;e=1000;p=ev') . '/ev/clearkey', $one),
        403, 'token', qr/./, '... of yesterday';
refused ask('/closed/ev/clearkey', '{'), 403, 'token', qr/./,
        'nothing is read of who may not ask';
is ask('/closed/ev/clearkey', $one, Cookie => 'live_origin_token='
       . substr(token("k=k1;e=$until;p=ev"), 1))->status, 200, 'by cookie';

# ---- rights: who may not have the manifest may not have its keys

my $both = {kids => [kid_url('v'), kid_url('a')]};

sub rules
{
    my (%members) = @_;

    is $ng->put('/api/events/ev', encode_json({id => 'ev', %members}))->status,
       200, 'the document has ' . (join ', ', sort keys %members);
}

# ids of the keys that somebody gets

sub given
{
    my ($address, $path) = @_;
    my $r = ask($path || '/ck/ev/clearkey', $both,
                'X-Forwarded-For' => $address);

    return $r->status . ' ' . join ' ', map { $_->{kid} }
                                            @{$r->json->{keys} || []};
}

my $all = '200 ' . kid_url('v') . ' ' . kid_url('a');
my %in = (DE => '192.0.2.1', AT => '198.51.100.1', nowhere => '127.0.0.9');

rules(countries => {allow => ['DE']});
is given($in{DE}), $all, 'in a country that is allowed';
refused ask('/ck/ev/clearkey', $both, 'X-Forwarded-For' => $in{$_}), 403,
        'country', qr/not available in this country/, "not $_"
    for 'AT', 'nowhere';
is ask('/ck/other/clearkey', {kids => [kid_url('a')]},
       'X-Forwarded-For' => $in{AT})->status, 200, '... another event';

rules(tracks => [{id => 'v'}, {id => 'a', countries => {deny => ['AT']}}]);
is given($in{DE}), $all, 'a track that is not for AT: DE has its key';
is given($in{AT}), '200 ' . kid_url('v'), '... AT has not';

rules(blackouts => [{start => time - 10, end => time + 600,
                     countries => ['AT']}]);
is given($in{DE}), $all, 'a blackout elsewhere';
refused ask('/ck/ev/clearkey', $both, 'X-Forwarded-For' => $in{AT}), 403,
        'blackout', qr/not available at this time/, 'a blackout';
refused ask('/ck/ev/~label/clearkey', $both, 'X-Forwarded-For' => $in{AT}),
        403, 'blackout', qr/not available at this time/, '... below a label';

rules();
is given($in{$_}), $all, "no rules: $_" for 'AT', 'nowhere';

# ---- the log has neither keys nor bodies

ok wait_for(sub {
    $ng->access_log
        =~ m{POST /closed/[^ ]*ev/clearkey 403 .*reason=denied}
}, 20), 'who is turned away is in the log';
ok wait_for(sub {
    $ng->access_log =~ m{POST /ck/ev/clearkey 400 .*reason=bad}
}, 20), '... and what is no request';

my $log = $ng->log . $ng->access_log;

unlike $log, qr/\Q${\key_url('v')}\E|0123456789abcdef0123/, 'no key in a log';

# ---- the file

sub write_keys
{
    my ($text, $mode) = @_;

    open my $fh, '>', $file or die;
    print $fh $text;
    close $fh;
    chmod $mode, $file;

    return $ng->test_config;
}

for (
    ["nonsense\n", 'line 1 is not KID KEY'],
    ["\n# x\n" . kid('v') . "\n", 'line 3 is not KID KEY'],
    [kid('v') . ' ' . 'g' x 32 . "\n", 'line 1 is not KID KEY'],
    [kid('v') . ' ' . 'a' x 32 . " b\n", 'line 1 is not KID KEY'],
    [(kid('v') . ' ' . 'a' x 32 . "\n") x 2, 'is there twice'],
    ["# none\n", 'there is no key in it'],
) {
    my ($why) = pop @$_;
    my ($ok, $out) = write_keys(join('', @$_), 0640);

    ok !$ok, "nginx -t: $why";
    like $out, qr/of "live_origin_clearkey", allowed: .*\Q$why/, '... it says';
    unlike $out, qr/a{32}/, '... and no key';
}

my ($ok, $out) = write_keys(key_file(), 0644);

ok !$ok && $out =~ /its mode 644 opens it to others/, 'open to all';

($ok) = write_keys(join("\t", map { s/(.{8})(.{4})(.{4})(.{4})/$1-$2-$3-$4-/r }
                              kid('a'), 'b' x 32) . "\r\n", 0640);
ok $ok, 'UUIDs, a tab and a carriage return';

$ng->reload;
is_deeply ask('/ck/ev/clearkey', {kids => [kid_url('v'), kid_url('a')]})
          ->json->{keys}, [{kty => 'oct', kid => kid_url('a'),
                            k => encode_base64url("\xbb" x 16)}],
          'a reload brings the new keys, and no others';

done_testing;
