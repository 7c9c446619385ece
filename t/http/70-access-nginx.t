# nginx's own ways of access in front of publishing, serving and the API:
# client certificates, auth_basic, auth_request.  docs/access.md, "Of nginx".

use strict;
use warnings;

use File::Temp qw(tempdir);
use MIME::Base64 qw(encode_base64);
use Test::More;

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $dir = tempdir(CLEANUP => 1);

chmod 0755, $dir;


# ---- certificates: an authority, a server, two encoders, and one of another
# authority

sub openssl
{
    system("cd $dir && openssl @_ 2> openssl.log") == 0
        or die `cat $dir/openssl.log`;

    return;
}

openssl('req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority'
        . ' -keyout ca.key -out ca.crt');
openssl('req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other'
        . ' -keyout stranger.key -out stranger.crt');

for my $name (qw(127.0.0.1 encoder-a encoder-b)) {
    openssl("req -newkey rsa:2048 -nodes -subj /CN=$name"
            . " -keyout $name.key -out $name.csr");
    openssl("x509 -req -in $name.csr -CA ca.crt -CAkey ca.key -days 2"
            . " -CAcreateserial -out $name.crt");
}

my $v = LiveOrigin::Media->video(bytes => 300_000);
my $n = $v->now_number - 20;
my ($r, $c);

# their readers are held for as long as this takes

my %documents = map { ("events/$_.json" => qq({"id": "$_", "segment_ms": 2000,)
                                           . ' "delay_ms": 300000}') }
                qw(basic asked tls);

my $ng = LiveOrigin::Nginx->start(
    size => '96m', events => 8,
    live => 'live_origin_auto_event on; live_origin_hold 20s;',
    http => <<"EOF2",
    map "\$ssl_client_s_dn \$uri" \$not_theirs {
        default                               1;
        "~^CN=encoder-a /tls/[^/]+/a/"        0;
        "~^CN=encoder-b /tls/[^/]+/b/"        0;
    }

    server {
        listen 127.0.0.1:%%PORT1%% ssl http2;

        ssl_certificate        $dir/127.0.0.1.crt;
        ssl_certificate_key    $dir/127.0.0.1.key;
        ssl_client_certificate $dir/ca.crt;
        ssl_verify_client      on;

        location /tls/ {
            live_origin_publish main;
            live_origin_auto_event on;

            if (\$not_theirs) {
                return 403;
            }
        }

        location /live/ {
            live_origin_serve main;
            live_origin_hold 20s;
        }

        location /api/ {
            live_origin_api main;
        }
    }

    server {
        listen 127.0.0.1:%%PORT2%%;

        location / {
            if (\$http_x_key = good) {
                return 204;
            }

            return 403;
        }
    }
EOF2
    server => <<'EOF2',
        location /basic/ {
            auth_basic "live";
            auth_basic_user_file users;
            live_origin_publish main;
            live_origin_serve main;
            live_origin_hold 20s;
        }

        location /basic-api/ {
            auth_basic "live";
            auth_basic_user_file users;
            live_origin_api main;
        }

        location /asked/ {
            auth_request /ask;
            live_origin_publish main;
            live_origin_serve main;
            live_origin_hold 20s;
        }

        location /asked-api/ {
            auth_request /ask;
            live_origin_api main;
        }

        location = /ask {
            internal;
            proxy_pass http://127.0.0.1:%%PORT2%%;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
        }
EOF2
    files => {users => "me:{PLAIN}open sesame\n", %documents});

$ng->expect(qr/SSL_do_handshake/);


# ---- auth_basic, auth_request: the same of both

for (['basic', 401, Authorization => 'Basic ' . encode_base64('me:open sesame',
      '')],
     ['asked', 403, 'X-Key' => 'good'])
{
    my ($where, $status, @key) = @$_;
    my $wrong = $where eq 'basic' ? 'Basic eDp4' : 'bad';
    my $event = "/$where/$where";
    my $s = $v->segment($n);

    for ([], [$key[0], $wrong]) {
        $r = $ng->put("$event/a/v/1.m4s", $s, headers => [@$_], expect => 1);
        is $r->status . ' ' . $r->continues, "$status 0",
            "$where: who asks whether to send is not told to, (@$_)";
        $c = $ng->client;
        $r = $c->put("$event/a/v/init.mp4", $v->init, headers => [@$_]);
        is $r->status, $status, '... publishing';
        is $c->get("$event/v/$n.m4s", headers => [@$_])->status, $status,
            '... reading, on the same connection';
        is $c->request('POST', "/$where-api/events/$where/end",
                       headers => [@$_], body => '{}')->status, $status,
            '... the API';
        is $c->get("/$where-api/status", headers => [@$_])->status, $status,
            '... which is not read';
    }

    is $ng->get("/live/$where/manifest.mpd")->status, 404,
        '... and nothing came of it';

    # with credentials, all on one connection

    is $ng->put("/live/$where/a/v/init.mp4", $v->init)->status, 201,
        "$where: the event";

    $c = $ng->client;
    is $c->put("$event/a/v/init.mp4", $v->init, headers => [@key])->status,
        200, '... a header';
    $r = $c->put("$event/a/v/1.m4s", $s, headers => [@key], expect => 1);
    is $r->status . ' ' . $r->continues, '201 1',
        '... a segment, after 100 Continue';
    is $c->request('PUT', "$event/a/v/1.m4s", headers => [@key],
                   chunks => [unpack '(a50000)*', $v->segment($n + 1)])
       ->status, 201,
        '... one in chunks';
    ok $c->get("$event/v/$n.m4s", headers => [@key])->body eq $s,
        '... its bytes';
    is $c->get("/$where-api/events/$where/status", headers => [@key])
       ->json->{head}, $n + 1, '... the API';
    is $c->request('PUT', "/$where-api/events/$where-2", headers => [@key],
                   body => qq({"id": "$where-2"}))->status, 201,
        '... and a document';

    # half of a body is there before access is decided

    my $next = $v->segment($n + 2);

    $c->begin('PUT', "$event/a/v/1.m4s", length => length $next,
              headers => [@key]);
    $c->piece(substr $next, 0, 100_000);
    $c->piece(substr $next, 100_000);
    is $c->end->status, 201, '... in two pieces';

    my $held = $ng->client->start('GET', "$event/v/" . ($n + 3) . '.m4s',
                                  headers => [@key]);

    ok wait_for(sub { $ng->get('/metrics')->body
                      =~ /^live_origin_holds(?:\{[^}]*\})? 1$/m }, 20),
        '... a reader is held';
    is $c->put("$event/a/v/1.m4s", $v->segment($n + 3), headers => [@key])
       ->status, 201, '... its segment comes';
    ok $held->finish->body eq $v->segment($n + 3), '... and is given to him';
}


# ---- client certificates

my $url = 'https://127.0.0.1:' . $ng->port(1);

for my $i ($n .. $n + 4) {
    open my $f, '>:raw', "$dir/$i.m4s" or die;
    print $f $v->segment($i);
    close $f;
}

open my $f, '>:raw', "$dir/init.mp4" or die;
print $f $v->init;
close $f;

# statuses, and how many connections each request made

sub curl
{
    my ($who, @requests) = @_;

    my $cert = $who ? "--cert $dir/$who.crt --key $dir/$who.key" : '';
    my $common = "-s -m 30 --cacert $dir/ca.crt $cert"
                 . " -w '%{http_code}/%{num_connects} '";

    return scalar `curl @{[join ' --next ', map { "$common $_" } @requests]}`;
}

for my $version ('--http1.1', '--http2') {

    my $put = "$version -o $dir/out -H 'Expect: 100-continue' -T";
    my $p = $version eq '--http2' ? 'b' : 'a';
    my ($first, $second) = $p eq 'a' ? ($n, $n + 1) : ($n + 2, $n + 3);

    is curl('', "$put $dir/init.mp4 $url/tls/tls/$p/v/init.mp4"), '400/1 ',
        "$version: publishing without a certificate";
    like curl('stranger', "$put $dir/init.mp4 $url/tls/tls/$p/v/init.mp4"),
        qr{^400/1 }, '... of another authority';
    is curl($p eq 'a' ? 'encoder-b' : 'encoder-a',
            "$put $dir/init.mp4 $url/tls/tls/$p/v/init.mp4"), '403/1 ',
        '... of the other encoder';
    like curl('', "$version -o $dir/out $url/live/tls/v/$n.m4s",
              "$version -o $dir/out $url/api/status"),
        qr{^400/1 400/[01] $}, '... reading, and the API';

    is curl("encoder-$p",
            "$put $dir/init.mp4 $url/tls/tls/$p/v/init.mp4",
            "$put $dir/$first.m4s $url/tls/tls/$p/v/1.m4s",
            "$put $dir/$second.m4s $url/tls/tls/$p/v/2.m4s",
            "$version -o $dir/out $url/live/tls/v/$second.m4s",
            "$version -o $dir/status $url/api/events/tls/status"),
        ($p eq 'a' ? '201/1' : '200/1') . ' 201/0 201/0 200/0 200/0 ',
        "$version: all of it with one, on one connection";

    open my $out, '<:raw', "$dir/out" or die;
    ok do { local $/; <$out> } eq $v->segment($second), '... its bytes';
    like `cat $dir/status`, qr/"head":\s*$second\b/, '... the API';
}

# a reader that is held

open my $held, '-|', "curl -s -m 30 --cacert $dir/ca.crt"
    . " --cert $dir/encoder-a.crt --key $dir/encoder-a.key"
    . " $url/live/tls/v/" . ($n + 4) . '.m4s' or die;

ok wait_for(sub { $ng->get('/metrics')->body
                  =~ /^live_origin_holds(?:\{[^}]*\})? 1$/m }, 20),
    'a reader with a certificate is held';
is curl('encoder-a', "-o $dir/out -T $dir/@{[$n + 4]}.m4s"
                     . " $url/tls/tls/a/v/1.m4s"), '201/1 ', '... until it comes';
ok do { local $/; binmode $held; <$held> } eq $v->segment($n + 4),
    '... and is given to him';
close $held;

$ng->stop;
done_testing;
