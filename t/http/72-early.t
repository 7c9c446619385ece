# Early bytes: held readers get a segment's chunks while it is published.

use strict;
use warnings;

use Digest::SHA qw(sha256_base64);
use File::Temp qw(tempdir);
use Test::More;
use Time::HiRes qw(time sleep);

use lib 't/lib';
use LiveOrigin::Http;
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $tmp = tempdir('lo-early-XXXXXX', TMPDIR => 1, CLEANUP => 1);

system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
       . " -keyout $tmp/key -out $tmp/cert -days 2 -subj /CN=localhost"
       . " 2>/dev/null") == 0 or die "openssl req\n";

my %files = (
    'events/ev.json' => '{"id": "ev", "segment_ms": 4000, "delay_ms": 300000,'
        . ' "dvr_s": 300, "pipelines": ["a", "b"]}',
    map { $_ => slurp("$tmp/$_") } qw(key cert));

my %conf = (
    size => '128m', events => 2, workers => 2,
    http => 'live_origin_early_bytes on; live_origin_hold 60s;'
        . ' ssl_certificate %%DIR%%/cert; ssl_certificate_key %%DIR%%/key;',
    live => 'live_origin_hold 60s;',
    server => 'listen 127.0.0.1:%%PORT1%% http2;'
        . ' listen 127.0.0.1:%%PORT2%% ssl http2;'
        . ' location /whole/ { live_origin_publish main;'
        . '     live_origin_serve main; live_origin_early_bytes off; }'
        . ' location /short/ { live_origin_serve main; live_origin_hold 1s; }'
        . ' location /brief/ { live_origin_publish main;'
        . '     client_body_timeout 3s; }'
        . ' location /close/ { live_origin_serve main;'
        . '     chunked_transfer_encoding off; }',
    files => \%files);

my $ng = LiveOrigin::Nginx->start(%conf);
my $other = LiveOrigin::Nginx->start(%conf, zone => $ng->zone, workers => 1,
                                     expect => [qr/exited on signal 9/]);

my $v = LiveOrigin::Media->video(bytes => 60000, segment => [4, 1]);
my $n = $v->now_number;
my ($r, @c, @parts, $whole);


sub slurp
{
    my ($name) = @_;

    open(my $fh, '<:raw', $name) or return '';
    local $/;

    return scalar <$fh>;
}


sub counter
{
    my ($name) = @_;
    my ($value) = $ng->get('/metrics')->body =~ /^\Q$name\E (\d+)/m;

    return $value;
}


sub parked
{
    my ($count) = @_;

    return ok wait_for(sub { counter('live_origin_holds') == $count }, 20),
        "$count are held";
}


# the next number's segment: $whole and its @parts, of which there are nine

sub next_segment
{
    my (%o) = @_;

    $n++;
    @parts = $v->segment($n, chunks => 8, parts => 1, %o);
    $whole = join '', @parts;
}


sub path  { return '/live/ev/' . (shift || 'v') . "/$n.m4s" }
sub first { return join '', @parts[0 .. $_[0]] }


# a reader has so many bytes, and they are the right ones

sub has
{
    my ($c, $count, $name) = @_;
    my $want = first($count);

    wait_for(sub { $c->ready; length($c->{response}->body) >= length $want },
             20);

    return ok $c->{response}->body eq $want, $name;
}


# curl in the background: its exit code and status

sub curl
{
    my ($name, @args) = @_;

    open(my $pipe, '-|', "curl -skN -m 30 -o $tmp/$name -w '%{http_code} '"
                         . " @args; echo \$?") or die "curl: $!";

    return [$pipe, "$tmp/$name"];
}


sub curled
{
    my ($curl) = @_;
    my $pipe = $curl->[0];
    my $out = join '', <$pipe>;

    chomp $out;

    return $out;
}


is $ng->put('/live/ev/a/v/init.mp4', $v->init)->status, 201, 'init';
is $ng->put('/live/ev/b/v/init.mp4', $v->init)->status, 200, 'of b, too';
is $ng->put("/live/ev/a/v/$n.m4s", $v->segment($n))->status, 201, 'a segment';


# ---- growing, with Content-Length and chunked

for my $how ('Content-Length', 'chunked') {

    next_segment();

    my $c = $ng->client->start('GET', path());

    parked(1);

    my $p = $ng->client->begin('PUT', path('a/v'), $how eq 'chunked' ? ()
                               : (length => length $whole));

    $p->piece(first(2));
    has($c, 2, "$how: two chunks, and the rest is not even sent");
    parked(0);

    # half a chunk is nothing

    $p->piece(substr $parts[3], 0, 1000);

    my $late = $ng->client->start('GET', path(),
                                  headers => ['Range', 'bytes=5-9']);

    has($late, 2, 'who comes later gets what is there, whole chunks');

    my @waits = (
        $ng->client->start('GET', path(),
                           headers => ['If-None-Match', '"x"']),
        $ng->client->start('HEAD', path()),
        $ng->client->start('GET', "/whole/ev/v/$n.m4s"),
        $ng->client->start('GET', "/close/ev/v/$n.m4s"));
    my $old = curl("old$how", '--http1.0', $ng->url . path());

    parked(5);

    $p->piece(substr($parts[3], 1000) . $parts[4]);
    has($c, 4, 'the next two');
    $p->piece(join '', @parts[5 .. 8]);
    is $p->end->status, 201, 'published';

    for ($c, $late) {
        $r = $_->finish;
        ok $r->complete && $r->body eq $whole, 'the whole of it';
        is $r->status, 200, '... 200';
        is $r->header('Transfer-Encoding'), 'chunked', '... chunked';
        is $r->header('Cache-Control'), 'public, max-age=4',
            '... not for long: it might have failed';
        is $r->header('ETag'), undef, '... no ETag';
        is $r->header('Last-Modified'), undef, '... no Last-Modified';
        is $r->header('Accept-Ranges'), undef, '... no ranges';
        like $r->header('Live-Origin'), qr/^pipeline=a, growing, held=\d+$/,
            '... Live-Origin';
        is $r->header('Surrogate-Key'), 'ev ev/v', '... Surrogate-Key';
        like $r->header('CMSD-Static'), qr/^ot=v,ht=\d+$/, '... CMSD';
    }

    is join(' ', map { $_->header('Content-Length') } map { $_->finish }
                 @waits), join(' ', (length $whole) x 4),
        'conditional, HEAD, where it is off, without framing: whole only';
    like curled($old), qr/^200 0$/, 'HTTP/1.0';
    ok slurp($old->[1]) eq $whole, '... whole';
    ok wait_for(sub {
        $ng->access_log =~ /$n\.m4s 200 .* reason=held pipeline=a held=\d/;
    }, 20), 'the log';

    $r = $ng->get(path());
    ok $r->body eq $whole, 'from then on it is a segment as any other';
    like $r->header('Cache-Control'), qr/immutable/, '... for ever';
    ok $r->header('ETag'), '... with an ETag';
}

is counter('live_origin_early_total{reason="complete"}'), 4, 'counted';


# ---- two hundred, two workers, two instances; HTTP/2 and TLS

next_segment();

@c = map { ($_ % 4 ? $ng : $other)->client(timeout => 60)
               ->start('GET', path()) } 1 .. 200;

my @curl = map { curl(@$_) } (
    ['h2', '--http2-prior-knowledge',
     'http://127.0.0.1:' . $ng->port(1) . path()],
    ['tls1', '--http1.1', 'https://127.0.0.1:' . $ng->port(2) . path()],
    ['tls2', '--http2', 'https://127.0.0.1:' . $ng->port(2) . path()]);

parked(203);

my $p = $ng->client->begin('PUT', path('a/v'));

for my $k (0 .. 7) {
    $p->piece($parts[$k]);

    next if $k == 0 || $k > 2;

    has($c[$_], $k, "reader $_") for 0, 3, 199;

    for my $curl (@curl) {
        ok wait_for(sub { -s $curl->[1] && -s $curl->[1] >= length first($k)
                          && slurp($curl->[1]) eq first($k) }, 20),
            "$curl->[1]";
    }
}

$p->piece($parts[8]);
is $p->end->status, 201, 'published';

is scalar(grep { $_->complete && $_->body eq $whole }
          LiveOrigin::Http::collect(\@c, 30)), 200, '200 readers have it';

for (@curl) {
    is curled($_), '200 0', $_->[1];
    ok slurp($_->[1]) eq $whole, '... its bytes';
}


# ---- a publisher that fails

my $sha = sha256_base64('something else') . '=';

my @fail = (
    ['goes away', sub { $_[0]->close }],
    ['resets', sub { $_[0]->reset }],
    ['sends nonsense', sub { $_[0]->piece("\0\0\0\1junk" x 9); $_[0]->end }],
    ['has a wrong digest', sub { $_[0]->piece(join '', @parts[4 .. 8]);
                                 $_[0]->end },
     headers => ['Content-Digest', "sha-256=:$sha:"]],
    ['is silent for longer than nginx waits', sub { },
     prefix => '/brief'],
    ['is killed', sub { $other->kill_worker }],
);

for (@fail) {
    my ($name, $fail, %o) = @$_;
    my $by = $name eq 'is killed' ? $other : $ng;

    next_segment();

    my @r = map { $ng->client->start('GET', path()) } 1 .. 6;

    @curl = map { curl(@$_) } (
        ['h2', '--http2-prior-knowledge',
         'http://127.0.0.1:' . $ng->port(1) . path()],
        ['tls1', '--http1.1', 'https://127.0.0.1:' . $ng->port(2) . path()],
        ['tls2', '--http2', 'https://127.0.0.1:' . $ng->port(2) . path()],
        ['h1', $ng->url . path()]);
    parked(10);

    my $to = path('a/v');

    $to =~ s{^/live}{$o{prefix}} if $o{prefix};
    $p = $by->client->begin('PUT', $to, %o);
    $p->piece(first(3));
    has($_, 3, "$name: a reader has three chunks") for @r;

    for my $curl (@curl) {
        ok wait_for(sub { slurp($curl->[1]) eq first(3) }, 20), $curl->[1];
    }

    $fail->($p);

    for (@r) {
        $r = $_->finish(20);
        ok !$r->complete && $r->error eq 'closed', '... then an error';
    }

    for (@curl) {
        my $out = curled($_);

        like $out, qr/^200 (?:18|56|92)$/, "... for $_->[1], too";
    }

    # whoever comes now may get something else

    my @later = map { $ng->client->start('GET', path()) } 1, 2;

    parked(2);

    my $by2 = $name eq 'resets' ? 'b' : 'a';

    @parts = $v->segment($n, chunks => 8, parts => 1, seed => "again $name");
    $whole = join '', @parts;

    $p = $ng->client->begin('PUT', path("$by2/v"));
    $p->piece(first(3));
    has($later[0], 3, 'a retry is followed') if $by2 eq 'a';
    $p->piece(join '', @parts[4 .. 8]);
    is $p->end->status, 201, "... $by2 publishes it";

    for (@later) {
        $r = $_->finish;
        ok $r->complete && $r->body eq $whole, '... and readers have it';
    }

    like $ng->get(path())->header('Live-Origin'), qr/^pipeline=$by2/,
        '... as the choice';

    if ($by2 eq 'b') {
        is $ng->put(path('a/v'), $v->segment($n, seed => 'a later'))->status,
            201, 'the other pipeline is there, too';
    }
}

is counter('live_origin_early_total{reason="failed"}'), 60, 'counted';


# ---- silence

next_segment();

$p = $ng->client->begin('PUT', path('a/v'));
$p->piece(first(1));

my $c = $ng->client->start('GET', "/short/ev/v/$n.m4s");

has($c, 1, 'a reader with little patience');
$r = $c->finish(20);
ok !$r->complete && $r->error eq 'closed', '... gives a silent publisher up';

my $b = $v->segment($n, seed => 'b');

is $ng->put(path('b/v'), $b)->status, 201, 'another pipeline has it';
ok $ng->get(path())->body eq $b, '... and is served';
$p->piece(join '', @parts[2 .. 8]);
is $p->end->status, 201, 'the silent one ends well after all';
ok $ng->get(path())->body eq $b, '... but what was given out stays';


# ---- what was given early is the choice

next_segment();

$c = $ng->client->start('GET', path());
parked(1);
$p = $ng->client->begin('PUT', path('a/v'));
$p->piece(first(4));
has($c, 4, 'a is followed');
$b = $v->segment($n, seed => 'b');
is $ng->put(path('b/v'), $b)->status, 201, 'b is whole before it';
$r = $ng->get(path());
ok $r->body eq $b, '... and is given out';
is $r->header('Cache-Control'), 'public, max-age=4', '... but in passing';
$p->piece(join '', @parts[5 .. 8]);
is $p->end->status, 201, 'a is whole';
ok $c->finish->body eq $whole, '... for its reader';
ok $ng->get(path())->body eq $whole, '... and for everybody from now on';


# ---- the pipeline that is followed had a good segment before

is $ng->put(path('b/v'), $b)->status, 200, 'b has the one before';
next_segment();
is $ng->put(path('a/v'), $v->segment($n, durations => [(3600) x 30]))
       ->status, 201, 'a too short one of a';
is $ng->put(path('b/v'), $whole)->status, 201, 'a good one of b';
next_segment();
$c = $ng->client->start('GET', path());
parked(1);

my $pa = $ng->client->begin('PUT', path('a/v'));

$pa->piece(first(5));
$p = $ng->client->begin('PUT', path('b/v'));
@parts = $v->segment($n, chunks => 8, parts => 1, seed => 'b');
$p->piece(first(2));
has($c, 2, 'b is followed');
$pa->close;
$p->piece(join '', @parts[3 .. 8]);
is $p->end->status, 201, '... and published';
$r = $c->finish;
ok $r->complete && $r->body eq join('', @parts), '... to its end';
like $r->header('Live-Origin'), qr/^pipeline=b, growing/, '... as its answer '
    . 'says';
is $ng->put(path('a/v'), join('', @parts))->status, 201, 'a has it, too';


# ---- a client that does not read

my $big = LiveOrigin::Media->video(bytes => 6000000, segment => [4, 1]);

$n++;
@parts = $big->segment($n, chunks => 8, parts => 1);
$whole = join '', @parts;

my $slow = $ng->client(rcvbuf => 4096, timeout => 60)->start('GET', path());

$c = $ng->client->start('GET', path());
parked(2);
$p = $ng->client->begin('PUT', path('a/v'), length => length $whole);
$p->piece(first(1));
has($c, 1, 'beside one that does not read');
$p->piece(join '', @parts[2 .. 8]);
is $p->end->status, 201, '... it is published';
ok $c->finish->body eq $whole, '... and read by others';
$r = $slow->finish(60);
ok $r->complete && $r->body eq $whole, 'a slow reader has it in the end';


# ---- a reload

next_segment();
$c = $ng->client->start('GET', path());
parked(1);
$p = $ng->client->begin('PUT', path('a/v'));
$p->piece(first(1));
has($c, 1, 'before a reload');
ok $ng->reload, 'reload';
$p->piece($parts[2]);
has($c, 2, 'the old workers go on');

my $new = $ng->client->start('GET', path());

has($new, 2, '... and the new ones follow them');
$p->piece(join '', @parts[3 .. 8]);
is $p->end->status, 201, 'published';
ok $_->finish->body eq $whole, 'read' for $c, $new;
$_->close for $c, $new, $p;
ok wait_for(sub { $ng->old_workers == 0 }, 20), 'the old workers are gone';


# ---- a stream

next_segment();

my @two = ([@parts], $n);

next_segment();
$n = $two[1];
$c = $ng->client->start('GET', path());
parked(1);
$p = $ng->client->begin('POST', '/live/ev/a/Streams(v.cmfv)');
$p->piece(join '', @{$two[0]}[0 .. 3]);
@parts = @{$two[0]};
ok wait_for(sub { $c->ready; length $c->{response}->body }, 20),
    'a segment within a stream grows';
$p->piece(join '', @parts[4 .. 8]);
$r = $c->finish;
ok $r->complete && $r->body eq join('', @parts), '... to its end';
$n++;
@parts = $v->segment($n, chunks => 8, parts => 1);
$c = $ng->client->start('GET', path());
parked(1);
$p->piece(first(4));
has($c, 4, '... and the next');
$p->piece(join '', @parts[5 .. 8]);
ok $c->finish->body eq join('', @parts), '... to its end';
is $p->end->status, 201, 'the stream ends';


# ---- the MPD says how early

$r = $ng->get('/live/ev/manifest.mpd');
is $r->status, 200, 'the MPD';
like $r->body, qr/ availabilityTimeOffset="3\.480" availabilityTimeComplete=(?#
    )"false" /, '... says when the first chunk is there';
like $r->body, qr/<Latency referenceId="1" target="1560" /, '... and how far behind to play';
unlike $ng->get('/whole/ev/manifest.mpd')->body,
    qr/availabilityTime[OC]|Latency/, '... where that is on';
is $ng->get('/live/ev/manifest.mpd')->header('ETag'), $r->header('ETag'),
    '... and stays as it is';


# ---- nothing is left

$_->stop('QUIT') for $other;
ok wait_for(sub { counter('live_origin_holds') == 0 }), 'nobody is held';

my $livectl = LiveOrigin::Nginx->root . '/build/bin/livectl';
my $check = '';

ok wait_for(sub {
    $check = `$livectl zone check @{[$ng->zone]} 2>&1`;
    $? == 0 && $check !~ /[1-9]\d* (?:uploads|retired|errors|leaks)/
}, 20), 'the zone is sound' or diag $check;

done_testing;
