# PUT, POST and DELETE: every status, and that a refusal leaves nothing.

use strict;
use warnings;

use Digest::SHA qw(sha256_base64);
use Test::More;

use lib 't/lib';
use LiveOrigin::Media qw(box full_box);
use LiveOrigin::Nginx qw(wait_for);

my $ng = LiveOrigin::Nginx->start(
    size => '256m', events => 16,
    live => 'live_origin_max_segment 200k; live_origin_hold 0;'
            . 'live_origin_auto_event off;',
    server => 'location /auto/ { live_origin_publish main;'
              . ' live_origin_serve main; live_origin_auto_event on;'
              . ' live_origin_hold 0; }');

my $v = LiveOrigin::Media->video(bytes => 60000);
my $a = LiveOrigin::Media->audio;
my $n = $v->now_number - 1;
my $r;


sub received
{
    my ($bytes) = $ng->get('/metrics')->body
                  =~ /^live_origin_received_bytes_total (\d+)/m;

    return $bytes;
}

sub digest { my $d = sha256_base64($_[0]); return "sha-256=:$d=:" }


# an event by itself

is $ng->put('/live/ev/a/v/init.mp4', $v->init)->status, 404, 'unknown event';

$r = $ng->put('/auto/ev/a/v/init.mp4', $v->init);
is $r->status, 201, 'an init makes it';
like $r->header('Location'), qr!^/auto/ev/v/init-[0-9a-f]{8}\.mp4$!,
    'its location';
is $ng->get($r->header('Location'))->body, $v->init, '... is served';
is $ng->get('/live/ev/v/init.mp4')->body, $v->init, '... and its alias';
is $ng->put('/live/ev/a/v/init.mp4', $v->init)->status, 200, 'once more';

# a segment

my $s = $v->segment($n);

$r = $ng->put("/live/ev/a/v/$n.m4s", $s);
is $r->status, 201, 'a segment';
is $r->header('Location'), "/live/ev/v/$n.m4s", 'its location';
ok $ng->get("/live/ev/v/$n.m4s")->body eq $s, 'served at once';
is $ng->put("/live/ev/a/v/$n.m4s", $s)->status, 200, 'the same bytes again';

my $other = $v->segment($n, seed => 'other');

is $ng->put("/live/ev/a/v/$n.m4s", $other)->status, 200, 'superseded';
ok $ng->get("/live/ev/v/$n.m4s")->body eq $s, '... what was served stays';

# not yet given to anybody

my $m = $n + 1;

is $ng->put("/live/ev/a/v/$m.m4s", $v->segment($m, seed => 1))->status, 201,
    'one that nobody has asked for';
is $ng->put("/live/ev/a/v/$m.m4s", $v->segment($m, seed => 2))->status, 201,
    '... is replaced';
ok $ng->get("/live/ev/v/$m.m4s")->body eq $v->segment($m, seed => 2),
    '... by the newer';

# ways to send

$m++;
$s = $v->segment($m, chunks => 4);
is $ng->post("/live/ev/a/v/$m.m4s", $s)->status, 201, 'POST';
ok $ng->get("/live/ev/v/$m.m4s")->body eq $s, '... the bytes';

my $c = $ng->client;

$m++;
$s = $v->segment($m);
$r = $c->request('PUT', "/live/ev/a/v/$m.m4s",
    chunks => [map { substr($s, $_ * 1000, 1000) } 0 .. length($s) / 1000]);
is $r->status, 201, 'chunked';
ok $c->get("/live/ev/v/$m.m4s")->body eq $s, '... the bytes, on the same '
    . 'connection';

$m++;
$s = $v->segment($m);
$r = $c->request('PUT', "/live/ev/a/v/$m.m4s",
    chunks => [substr($s, 0, 3), substr($s, 3, 2), substr($s, 5)]);
is $r->status, 201, 'chunked, the first box header in three pieces';
ok $ng->get("/live/ev/v/$m.m4s")->body eq $s, '... the bytes';

$m++;
$s = $v->segment($m);
$c = $ng->client;
$c->begin('PUT', "/live/ev/a/v/$m.m4s", length => length $s);
$c->piece(substr($s, 0, 10));
select undef, undef, undef, 0.1;
$c->piece(substr($s, 10, 30000));
select undef, undef, undef, 0.1;
is $ng->get("/live/ev/v/$m.m4s")->status, 404, 'half a body is not there';
$c->piece(substr($s, 30010));
is $c->end->status, 201, 'slowly';
ok $ng->get("/live/ev/v/$m.m4s")->body eq $s, '... the bytes';

$m++;
$s = $v->segment($m);
$r = $ng->put("/live/ev/a/v/$m.m4s", $s, expect => 1);
is $r->status . $r->continues, '2011', 'Expect: 100-continue';
ok $ng->get("/live/ev/v/$m.m4s")->body eq $s, '... the bytes';

$m++;
$s = $v->segment($m, styp => []);
is $ng->put("/live/ev/a/whatever-$m.m4s", $s)->status, 400,
    'a name outside the grammar';
is $ng->put("/live/ev/a/v/77.cmfv", $s)->status, 201,
    'the number is that of the boxes, not of the name';
ok $ng->get("/live/ev/v/$m.m4s")->body eq $s, '... the bytes';

# many sizes, in place and by copy

my @sizes = (1, 200, 999, 4096, 16384, 16385, 65536, 150000);
my $bad = 0;

for my $size (@sizes) {
    for my $how (qw(length chunked)) {
        $m++;
        $s = $v->segment($m, sizes => [(1) x 49, $size]);
        $r = $how eq 'length' ? $c->put("/live/ev/a/v/$m.m4s", $s)
             : $c->request('PUT', "/live/ev/a/v/$m.m4s", chunks => [$s]);
        $bad++ if $r->status != 201
                  || $c->get("/live/ev/v/$m.m4s")->body ne $s;
    }
}

is $bad, 0, 'segments of many sizes';

# accepted and not needed

is $ng->put('/live/ev/a/manifest.mpd', '<MPD/>')->status, 204, 'a manifest';
is $ng->request('PUT', '/live/ev/a/v/x.m3u8', chunks => ['#EXTM3U'])->status,
    204, 'a playlist, chunked';
is $ng->put("/live/ev/a/v/1.m4s", '')->status, 204, 'an empty probe';
is $ng->request('POST', "/live/ev/a/v/1.m4s", chunks => [])->status, 204,
    '... chunked';
is $ng->put("/auto/none/a/v/init.mp4", '')->status, 204,
    '... of an event to be';
is $ng->delete("/live/ev/a/v/$n.m4s")->status, 200, 'DELETE';
is $ng->request('DELETE', "/live/ev/a/v/$n.m4s", chunks => [])->status, 200,
    '... chunked and empty';
is $ng->get("/live/ev/v/$n.m4s")->status, 200, '... changes nothing';

# refused

$m++;
$s = $v->segment($m);

is $ng->put("/live/ev/a/v/$m.m4s", $s, headers => ['Content-Range',
    'bytes 0-99/*'])->status, 400, 'a part';
is $ng->put("/live/ev/a/v/$m.m4s", substr($s, 0, -1))->status, 400,
    'truncated';
is $ng->put("/live/ev/a/v/$m.m4s", 'x' x 5000)->status, 400, 'no boxes';
is $ng->put("/live/ev/a/v/$m.m4s", box('mdat', 'x' x 5000))->status, 415,
    'a file that is not fragmented';

# what a plain ffmpeg writes without default_base_moof

$r = $ng->put("/live/ev/a/v/$m.m4s",
    box('moof', full_box('mfhd', 0, 0, pack('N', 1)),
        box('traf', full_box('tfhd', 0, 1, pack('N Q>', 1, 0)),
            full_box('tfdt', 1, 0, pack('Q>', 0)),
            full_box('trun', 0, 1, pack('N N', 0, 0))))
    . box('mdat'));
is $r->status, 415, 'a base-data-offset';
like $r->body, qr/default_base_moof/, '... with what helps';

is $ng->put("/live/ev/a/v/$m.m4s", box('free', 'x'))->status, 400,
    'no segment';
is $ng->put("/live/ev/a/a1/$m.m4s", $a->segment($m))->status, 412,
    'a segment before its init';
is $ng->put("/live/ev/a/v/$m.m4s", $v->segment($m, sizes => [(5000) x 50]))
    ->status, 413, 'too large';
$r = $ng->request('PUT', "/live/ev/a/v/$m.m4s",
    chunks => [$v->segment($m, sizes => [(5000) x 50])]);
is $r->status, 413, '... chunked';
is $ng->put('/live/ev/a/x/init.mp4', box('ftyp', 'isom', pack('N', 0))
    . box('moov'))->status, 400, 'an init without a track';
is $ng->get('/live/ev/v/10.m4s')->status, 410, 'a number of long ago';
is $ng->put('/live/ev/a/v/10.m4s', $v->segment($n - 10000))->status, 410,
    'a segment of long ago';

for ([digest($s), 201], [digest('x'), 400], ['sha-256=:abc:', 400],
     ['sha-512=:abc:', 200])
{
    is $ng->put("/live/ev/a/v/$m.m4s", $s, headers => ['Content-Digest',
        $_->[0]])->status, $_->[1], "Content-Digest: $_->[0]";
}

is $ng->put('/live/ev', 'x')->status, 400, 'no name';
is $ng->put('/live/e%20v/a/v/1.m4s', 'x')->status, 400, 'no id';

# an end before the end

$m++;
$s = $v->segment($m);

for my $how (qw(close reset)) {
    for my $len (length $s, undef) {
        $c = $ng->client;
        $c->begin('PUT', "/live/ev/a/v/$m.m4s", $len ? (length => $len) : ());
        $c->piece(substr($s, 0, 30000));
        $c->$how;
    }
}

select undef, undef, undef, 0.2;
is $ng->get("/live/ev/v/$m.m4s")->status, 404, 'what was cut off is not there';
is $ng->put("/live/ev/a/v/$m.m4s", $s)->status, 201, '... and can be sent '
    . 'again';

# pipelines

is $ng->put('/live/ev/b/v/init.mp4', $v->init)->status, 200,
    'the other pipeline, the same init';
is $ng->put("/live/ev/b/v/$m.m4s", $s)->status, 201, '... its segment';
is $ng->put("/live/ev/b/v/$m.m4s", $s)->status, 200, '... and again';
is $ng->put("/live/ev/$_/v/init.mp4", $v->init)->status, 200, "pipeline $_"
    for qw(c d);
is $ng->put('/live/ev/e/v/init.mp4', $v->init)->status, 403,
    'a fifth pipeline';

# no room: what is thrown away is nobody else's

is $ng->put('/api/events/small', '{"id": "small", "zone_share": "400k"}')
    ->status, 201, 'an event with a small share';
is $ng->put('/auto/small/a/v/init.mp4', $v->init)->status, 201, '... init';

my $big = $v->segment($n, sizes => [(40000) x 50]);
my @in = map { $ng->client } 1 .. 4;

for my $in (@in) {
    $in->begin('PUT', "/auto/small/a/v/$n.m4s", length => length $big);
    $in->piece(substr($big, 0, 1000000));
}

select undef, undef, undef, 0.2;

my @fine = map { $m + $_ } 1 .. 10;

$ng->put("/live/ev/a/v/$_.m4s", $v->segment($_)) for @fine;
$_->piece(substr($big, 1000000)) for @in;
is join(' ', map { $_->end->status } @in), '507 507 507 507',
    'a segment larger than that';
is scalar(grep { $ng->get("/live/ev/v/$_.m4s")->body ne $v->segment($_) }
          @fine), 0, '... what was published meanwhile is whole';
is $in[0]->put("/auto/small/a/v/$n.m4s", $v->segment($n))->status, 201,
    '... and the connection lives';
$m += 10;

# an event that is removed and another in its place, within one body

is $ng->put('/api/events/old', '{"id": "old"}')->status, 201, 'an event';
$ng->put('/auto/old/a/v/init.mp4', $v->init);
$c = $ng->client;

my $before = received();

$c->begin('PUT', "/auto/old/a/v/$n.m4s", length => length $s);
$c->piece(substr($s, 0, 30000));
ok wait_for(sub { received() >= $before + 30000 }, 20), '... gets half a segment';
is $ng->delete('/api/events/old')->status, 200, '... is removed';
$ng->put("/auto/fresh$_/a/v/init.mp4", $v->init) for 1 .. 2;
$c->piece(substr($s, 30000));
is $c->end->status, 404, '... while a segment of it is under way';
is scalar(grep { $ng->get("/live/fresh$_/v/$n.m4s")->status == 200 } 1, 2), 0,
    '... which is nowhere else';

# events that two workers make at the same moment

$bad = 0;

for my $i (1 .. 4) {
    my @in = map { $ng->client } 1 .. 4;

    $in[$_]->begin('PUT', "/auto/new$i/a/t$_/init.mp4",
        length => length $v->init) for 0 .. 3;
    $in[$_]->piece($v->init) for 0 .. 3;
    $bad += grep { $_->end->status != 201 } @in;
    $bad += grep { $ng->get("/live/new$i/t$_/init.mp4")->status != 200 } 0 .. 3;
}

is $bad, 0, 'an event that several make at once';

# a refusal leaves the connection

$c = $ng->client;
is $c->request('PUT', "/live/ev/a/v/$m.m4s", chunks => ['x' x 20000])->status,
    400, 'nonsense';
is $c->put("/live/ev/a/v/$m.m4s", $s)->status, 200,
    '... and what follows on the connection';

is scalar(grep { /live origin refused/ } split /\n/, $ng->log) > 10, 1,
    'refusals are in the log';

$ng->stop;
done_testing;
