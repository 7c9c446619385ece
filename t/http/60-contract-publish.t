# The contract of publishing: every status of docs/http-api.md's table, every
# way to send, every NAME.

use strict;
use warnings;

use Digest::SHA qw(sha256_base64);
use Test::More;

use lib 't/lib';
use LiveOrigin::Media qw(box full_box boxes);
use LiveOrigin::Nginx qw(wait_for);

my $ng = LiveOrigin::Nginx->start(
    size => '128m', events => 16,
    live => 'live_origin_hold 0; live_origin_max_segment 8m;',
    server => 'listen 127.0.0.1:%%PORT1%% http2;'
              . ' location /auto/ { live_origin_publish main;'
              . ' live_origin_serve main; live_origin_auto_event on;'
              . ' live_origin_hold 0; }',
    files => {
        'events/ev.json' => '{"id": "ev", "segment_ms": 2000,'
            . ' "delay_ms": 1000, "dvr_s": 60, "pipelines": ["a", "b"],'
            . ' "zone_share": "16m"}',
        'events/full.json' => '{"id": "full", "segment_ms": 2000,'
            . ' "delay_ms": 1000, "zone_share": "1m"}',
        'events/open.json' => '{"id": "open", "segment_ms": 2000,'
            . ' "delay_ms": 1000, "dvr_s": 60}',
        'events/tpl.json' => '{"id": "tpl", "segment_ms": 2000,'
            . ' "naming": {"init": "hdr_$RepresentationID$.mp4",'
            . ' "media": "seg_$RepresentationID$_$Number%06d$.m4s"}}',
    });

my $v = LiveOrigin::Media->video(bytes => 30000);
my $a = LiveOrigin::Media->audio;
my $n = $v->now_number - 10;
my $bad = 'x' x 3000;


sub digest { my $d = sha256_base64($_[0]); return "sha-256=:$d=:" }


# one line of text for a refusal, Cache-Control for everything

sub says
{
    my ($r, $status, $what) = @_;

    is $r->status, $status, $what or diag $r->body, $r->error || '';
    ok defined $r->header('Cache-Control'), '... Cache-Control';

    if ($status >= 400) {
        like $r->body, qr/^[^\n]+\n\z/, '... and why, in one line';
    }

    return $r;
}


# 404, 412, 201, 200

says($ng->put('/live/none/a/v/init.mp4', $v->init), 404, 'unknown event');
says($ng->post('/live/none/a/v/1.m4s', $v->segment($n)), 404, '... POST');
says($ng->put('/live/ev/c/v/init.mp4', $v->init), 403, 'unknown pipeline');
says($ng->put("/live/ev/a/v/$n.m4s", $v->segment($n)), 412,
     'a segment before its init');
like says($ng->put('/live/ev/a/v/init.mp4', $v->init), 201, 'an init')
    ->header('Location'), qr!^/live/ev/v/init-[0-9a-f]{8}\.mp4$!,
    '... its served path';
says($ng->post('/live/ev/a/v/init.mp4', $v->init), 200, 'again, as POST');

for my $method (qw(PUT POST)) {
    for my $how (qw(length chunked expect)) {
        $n++;

        my $s = $v->segment($n, chunks => 3);
        my $r = $ng->request($method, "/live/ev/a/v/$n.m4s",
            $how eq 'chunked' ? (chunks => [$s =~ /(.{1,7000})/gs])
                              : (body => $s),
            $how eq 'expect' ? (expect => 1) : ());

        says($r, 201, "$method, $how");
        is $r->header('Location'), "/live/ev/v/$n.m4s", '... its served path';
        is $r->continues || 0, $how eq 'expect' ? 1 : 0, '... 100 if asked';
        ok $ng->get($r->header('Location'))->body eq $s, '... is served';
        says($ng->request($method, "/live/ev/a/v/$n.m4s", body => $s), 200,
             '... the same bytes again');
        says($ng->request($method, "/live/ev/a/v/$n.m4s",
             body => $v->segment($n, seed => 'other')), 200,
             '... other bytes of a number that was given to readers');
        ok $ng->get("/live/ev/v/$n.m4s")->body eq $s, '... change nothing';
    }
}

like $ng->get('/metrics')->body,
    qr/^live_origin_\w+\{[^}]*reason="superseded"[^}]*\} 6$/m,
    'counted as superseded';

# every NAME

my $k = 0;

for my $ext (qw(m4s cmfv cmfa cmft cmfm mp4)) {
    $n++;
    says($ng->put("/live/ev/a/v/$n.$ext", $v->segment($n)), 201,
         "NUMBER.$ext");
    is $ng->get("/live/ev/v/$n.m4s")->status, 200, '... is served as .m4s';
}

says($ng->put('/live/ev/a/Streams(s.cmfv)', $v->init), 201, 'Streams: init');
$n++;
says($ng->put('/live/ev/a/Streams(s.cmfv)', $v->segment($n)), 201,
     '... and a segment');
ok $ng->get("/live/ev/s/$n.m4s")->body eq $v->segment($n), '... is served';
says($ng->request('POST', '/live/ev/a/Streams(l.cmfv)', chunks => [
     $v->init, $v->segment($n), $v->segment($n + 1)]), 201,
     '... one long POST');
is $ng->get("/live/ev/l/$_.m4s")->status, 200, "... $_" for $n, $n + 1;
says($ng->put('/live/ev/a/init-stream0.m4s', $v->init), 201, 'ffmpeg: init');
says($ng->put('/live/ev/a/chunk-stream0-00007.m4s', $v->segment($n)), 201,
     '... and a segment');
is $ng->get("/live/ev/stream0/$n.m4s")->status, 200, '... its number is that '
    . 'of its time';
says($ng->put('/live/tpl/a/hdr_v.mp4', $v->init), 201, 'own naming: init');
says($ng->put('/live/tpl/a/seg_v_000012.m4s', $v->segment($n)), 201,
     '... and a segment');
is $ng->get("/live/tpl/v/$n.m4s")->status, 200, '... is served';

# 204

says($ng->put("/live/ev/a/$_", '<MPD/>'), 204, $_)
    for qw(manifest.mpd x/y.mpd master.m3u8 v/media.m3u8);
says($ng->put('/live/ev/a/v/init.mp4', ''), 204, 'an empty init');
says($ng->post('/live/ev/a/v/1.m4s', ''), 204, 'an empty segment');
says($ng->request('POST', '/live/ev/a/Streams(q.cmfv)', chunks => []), 204,
     'an empty stream');
is $ng->get('/live/ev/v/media.m3u8')->body =~ /<MPD/, '', 'never used';

# DELETE

says($ng->delete("/live/ev/a/v/$n.m4s"), 200, 'DELETE');
says($ng->request('DELETE', "/live/ev/a/v/$n.m4s", chunks => []), 200,
     '... chunked without a body, as ffmpeg does');

# 400

my $s = $v->segment(++$n);
my @wrong = (
    ['nonsense', "v/$n.m4s", $bad],
    ['a truncated box', "v/$n.m4s", substr($s, 0, -1)],
    ['a box of 7 bytes', "v/$n.m4s", pack('Na4', 7, 'moof') . $s],
    ['a moof without mdat', "v/$n.m4s", box('moof', 'x')],
    ['only free space', "v/$n.m4s", box('free', 'xxxx')],
    ['a truncated init', 'v/init.mp4', substr($v->init, 0, -5)],
    ['no number', 'v/abc.m4s', $s],
    ['a number without end', 'v/' . '9' x 30 . '.m4s', $s],
    ['an extension of its own', "v/$n.exe", $s],
    ['a track that is no id', "-v/$n.m4s", $s],
    ['a track of 65 letters', 'v' x 65 . "/$n.m4s", $s],
    ['a third level', "v/w/$n.m4s", $s],
    ['no NAME', '', $s],
);

says($ng->put("/live/ev/a/$_->[1]", $_->[2]), 400, $_->[0]) for @wrong;
says($ng->put("/live/ev/a/v/$n.m4s", $s, headers => ['Content-Range', $_]),
     400, "Content-Range: $_") for 'bytes 0-99/*', 'bytes 0-99/100';
says($ng->put("/live/ev/a/v/$n.m4s", $s, headers => ['Content-Digest', $_]),
     400, "Content-Digest: $_") for digest('x'), 'sha-256=:AAAA:';
is $ng->get("/live/ev/v/$n.m4s")->status, 404, 'none of them is there';
says($ng->put("/live/ev/a/v/$n.m4s", $s, headers => ['Content-Digest',
     digest($s)]), 201, 'the right Content-Digest');

# 413

my $giant = $v->segment($n + 1, sizes => [(180000) x 50]);

says($ng->put("/live/ev/a/v/1.m4s", $giant), 413, 'larger than the limit');
says($ng->request('PUT', "/live/ev/a/v/1.m4s", chunks => [$giant]), 413,
     '... chunked');

# 415

my ($moov_v) = grep { $_->[0] eq 'moov' } boxes($v->init);
my ($moov_a) = grep { $_->[0] eq 'moov' } boxes($a->init(id => 2));
my @both = map { box(@$_) } boxes($moov_v->[1]);

splice @both, -1, 0, map { box(@$_) } grep { $_->[0] eq 'trak' }
                     boxes($moov_a->[1]);

says($ng->put('/live/ev/a/t2/init.mp4', box('ftyp', 'cmfc', pack('N', 0))
     . box('moov', @both)), 415, 'an init of two tracks');

(my $unknown = $v->init) =~ s/avc1/zzzz/;
says($ng->put('/live/ev/a/t3/init.mp4', $unknown), 415, 'an unknown codec');
is $ng->get("/live/ev/$_/init.mp4")->status, 404, "... $_ is not there"
    for qw(t2 t3);

# 507: one event's share is no one else's trouble

says($ng->put('/live/full/a/v/init.mp4', $v->init), 201, 'a small share');
says($ng->put('/live/full/a/v/1.m4s', $v->segment($n)), 201, '... a segment');
says($ng->put('/live/full/a/v/1.m4s', $v->segment($n + 1,
     sizes => [(60000) x 50])), 507, '... a segment beyond the share');
is $ng->get("/live/full/v/$n.m4s")->status, 200, '... takes nothing away';
says($ng->put('/live/full/a/v/1.m4s', $v->segment($n + 1)), 201,
     '... the next one of usual size');
ok $ng->get("/live/ev/v/$n.m4s")->body eq $s, 'other events lose nothing';

for my $i (1 .. 60) {
    my $r = $ng->put('/live/full/a/v/1.m4s', $v->segment($n - 70 + $i));
    next if $r->status == 201;
    is $r->status, 410, 'a share that is full gives up its own oldest';
    last;
}

is $ng->get("/live/ev/v/$n.m4s")->status, 200, '... and of no other event';

# 409

my $hd = LiveOrigin::Media->video(width => 640, height => 360);
my $now = $v->now_number + 20;

says($ng->put("/live/ev/a/v/1.m4s", $v->segment($now)), 201, 'a is live');
like says($ng->put('/live/ev/b/v/init.mp4', $hd->init), 409, 'another init '
    . 'from b')->body, qr/\ba\b/, '... and with what it cannot stand';

my $off = LiveOrigin::Media->video(anchor => 1000 * 86400);

says($ng->put("/live/open/$_/v/init.mp4", $v->init), $_ eq 'a' ? 201 : 200,
     "init from $_") for qw(a b);
says($ng->put("/live/open/a/v/1.m4s", $v->segment($now)), 201, 'a is on UTC');
like says($ng->put('/live/open/b/v/1.m4s', $off->segment($now)), 409,
    'b on another clock is a standby')->body, qr/\ba\b/, '... of a';

# 410

says($ng->put('/live/ev/a/v/1.m4s', $v->segment($now - 100)), 410,
     'a number that has left the window');
is $ng->post('/api/events/ev/end')->status, 200, 'the event ends';
says($ng->put('/live/ev/a/v/1.m4s', $v->segment($now + 1)), 410,
     'a segment after the end');
says($ng->put('/live/ev/a/v/init.mp4', $v->init), 410, 'an init after the '
     . 'end');

# 403 behind the fourth pipeline

says($ng->put("/live/open/$_->[0]/v/init.mp4", $v->init), $_->[1],
     "pipeline $_->[0]") for ['c', 200], ['d', 200], ['e', 403];

# auto_event: by the first valid init segment alone

says($ng->put('/auto/new/a/v/1.m4s', $v->segment($now)), 412,
     'a segment makes no event');
says($ng->put('/auto/new/a/v/init.mp4', $bad), 400, 'nor does nonsense');
is $ng->get('/api/events/new')->status, 404, '... no event';
says($ng->put('/auto/new/a/v/init.mp4', $v->init), 201, 'an init does');
is $ng->get('/api/events/new')->status, 200, '... an event';
says($ng->put("/live/new/a/v/1.m4s", $v->segment($now)), 201,
     '... which every location knows');

for my $id ('-x', '.x', 'x' x 65, 'x%20y', 'x*') {
    says($ng->put("/auto/$id/a/v/init.mp4", $v->init), 400, "no id: $id");
}

says($ng->put('/auto/' . 'x' x 64 . '/a/v/init.mp4', $v->init), 201,
     'an id of 64 letters');

# HTTP/2

SKIP: {
    my $curl = `curl --version 2>/dev/null`;

    skip 'curl with HTTP/2', 1 if $curl !~ /HTTP2/;

    sub h2
    {
        my ($method, $path, $body, @args) = @_;

        open my $f, '>', $ng->dir . '/body' or die;
        binmode $f;
        print $f $body;
        close $f;

        my $out = $ng->dir . '/out';
        my $url = 'http://127.0.0.1:' . $ng->port(1) . $path;
        my @data = $method eq 'GET' ? ()
                   : ('--data-binary', '@' . $ng->dir . '/body');
        my @cmd = ('curl', '-s', '--http2-prior-knowledge', '-m', '20', '-o',
                   $out, '-w', '%{http_code} %{http_version}', '-X', $method,
                   @data, @args, $url);

        open my $p, '-|', @cmd or die;

        my $got = join '', <$p>;

        close $p;
        open $f, '<:raw', $out or return ($got, '');
        local $/;

        return ($got, scalar <$f>);
    }

    my $e = $now + 1;
    my $big = $v->segment($e, sizes => [(40000) x 50]);
    my ($code, $body) = h2('PUT', '/live/new/a/v/1.m4s', $big);

    is $code, '201 2', 'HTTP/2: PUT';
    ($code, $body) = h2('GET', "/live/new/v/$e.m4s", '');
    is $code, '200 2', '... GET';
    ok $body eq $big, '... the bytes';
    is +(h2('POST', '/live/new/a/v/1.m4s', $big))[0], '200 2', '... again';
    is +(h2('PUT', '/live/new/a/v/1.m4s', $bad))[0], '400 2', '... nonsense';
    is +(h2('PUT', '/live/none/a/v/1.m4s', $big))[0], '404 2',
        '... unknown event';
    is +(h2('PUT', '/live/new/a/v/1.m4s', $giant))[0], '413 2', '... too '
        . 'large';
    is +(h2('PUT', '/live/new/a/v/1.m4s', ''))[0], '204 2', '... empty';
    is +(h2('PUT', '/live/new/a/v/1.m4s', $big, '-H', 'Content-Digest: '
            . digest('x')))[0], '400 2', '... a wrong digest';
}

# what ends early leaves nothing

my $free = sub {
    return $ng->get('/metrics')->body
           =~ /^live_origin_zone_bytes\{state="used"\} (\d+)/m ? $1 : -1;
};
my $before = $free->();

$s = $v->segment($now + 2);

for my $len (undef, length $s) {
    for my $how (qw(close reset)) {
        my $c = $ng->client;

        $c->begin('PUT', '/live/new/a/v/1.m4s', $len ? (length => $len) : ());
        $c->piece(substr($s, 0, 20000));
        select undef, undef, undef, 0.05;
        $c->$how;
    }
}

ok wait_for(sub { $free->() == $before }, 10), 'bodies that end early leave '
    . 'nothing behind';
is $ng->get('/live/new/v/' . ($now + 2) . '.m4s')->status, 404,
    '... and show nothing';

# the log: one line a refusal; the metric: each status

my @lines = grep { m!/live/none/a/v/init! } split /\n/, $ng->log;

is scalar @lines, 1, 'one log line for a refusal';

my $metrics = $ng->get('/metrics')->body;

for my $status (qw(200 201 204 400 403 404 409 410 412 413 415 507)) {
    like $metrics, qr/^live_origin_publishes_total\{status="$status"\} [1-9]/m,
        "counted: $status";
}

$ng->stop;
done_testing;
