# Bodies that are not one segment: Streams(), a header in front of a segment,
# many segments in one POST.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $doc = '{"id": "ID", "segment_ms": 2000, "delay_ms": 60000}';
my $ng = LiveOrigin::Nginx->start(
    size => '256m', events => 24,
    live => 'live_origin_auto_event on; live_origin_hold 0;',
    files => {map { my $id = $_; ("events/$id.json" => $doc =~ s/ID/$id/r) }
              qw(ev ew sw)});

my $v = LiveOrigin::Media->video(bytes => 50000);
my $a = LiveOrigin::Media->audio;
my $n = $v->now_number - 20;
my ($r, $c, $bad);


sub got
{
    my ($path, $bytes, $what) = @_;

    my $g = $ng->get($path);

    return ok $g->status == 200 && $g->body eq $bytes, $what;
}

sub there { my ($p) = @_; return wait_for(sub { $ng->get($p)->status == 200 }) }


sub number_of
{
    return ($_[0]->header('Location') || '') =~ m!/(\d+)\.m4s$! ? $1 : -1;
}


# by one request each, as DASH-IF ingest has it

is $ng->post('/live/ev/a/Streams(v.cmfv)', $v->init)->status, 201,
    'an init as a stream';
is $ng->post('/live/ev/a/Streams(v.cmfv)', $v->segment($n))->status, 201,
    'a segment as a stream';
got("/live/ev/v/$n.m4s", $v->segment($n), '... its bytes');

# one whose number is another run's already, and what is behind it

my $small = LiveOrigin::Media->video(bytes => 50000, width => 160,
                                     height => 90);

$ng->put('/live/sw/a/v/init.mp4', $v->init);
$ng->put('/live/sw/a/au/init.mp4', $a->init);

for (0 .. 2) {
    is number_of($ng->put('/live/sw/a/au/1.m4s', $a->segment($n + $_))),
       $n + $_, 'audio';
    $ng->put('/live/sw/a/v/1.m4s', $v->segment($n + $_)) if $_ < 2;
}

is $ng->post('/live/sw/a/Streams(v.cmfv)', join '', $small->init,
             map { $small->segment($n + 2 + $_) } 0 .. 2)->status, 201,
    'a stream whose first segment is refused';
is $ng->get('/live/sw/v/' . ($n + 2) . '.m4s')->status, 404, '... is that';
got('/live/sw/v/' . ($n + 2 + $_) . '.m4s', $small->segment($n + 2 + $_),
    '... and what follows is there') for 1, 2;

# a header in front

$n++;
$r = $ng->put('/live/ev/a/w/1.mp4', $v->init . $v->segment($n));
is $r->status, 201, 'a segment with its init';
is $r->header('Location'), "/live/ev/w/$n.m4s", '... is at its number';
got("/live/ev/w/$n.m4s", $v->segment($n), '... without the init');
got('/live/ev/w/init.mp4', $v->init, '... which is there by itself');
is $ng->put('/live/ev/a/w/2.mp4', substr($v->init . $v->segment($n + 1), 0,
    -7))->status, 400, 'cut off';
is $ng->get('/live/ev/w/' . ($n + 1) . '.m4s')->status, 404, '... is nothing';
is $ng->put('/live/new/a/v/1.mp4', $v->init . $v->segment($n))->status, 201,
    'it makes an event';

$r = $ng->put('/live/cut/a/v/1.mp4', substr($v->init . $v->segment($n), 0,
    -7));
is $r->status, 400, 'cut off';
is $ng->get('/live/cut/v/init.mp4')->status, 404, '... it leaves no init';

# one POST for all: seen as they come

for my $t ([v => $v, 1], [x => $v, 7], [a => $a, 1], [b => $a, 4]) {
    my ($track, $m, $chunks) = @$t;
    my $first = $n;

    $c = $ng->client;
    $c->begin('POST', "/live/ew/a/Streams($track.cmfv)");
    $c->piece($m->init);
    $bad = 0;

    for my $i (0 .. 5) {
        my $s = $m->segment($first + $i, chunks => $chunks, styp => []);

        # in pieces that have nothing to do with boxes

        $c->piece($_) for unpack '(a7000)*', $s;

        my $url = "/live/ew/$track/" . ($first + $i) . '.m4s';

        $bad++ if !there($url) || $ng->get($url)->body ne $s;
    }

    is $bad, 0, "track $track, $chunks chunks: whole, before the next begins";
    is $c->end->status, 201, '... and an answer at the end';
}

# cut off in the middle of a segment

$c = $ng->client;
$c->begin('POST', '/live/ew/b/Streams(v.cmfv)');
$c->piece($v->init . $v->segment($n + 10));
ok there('/live/ew/v/' . ($n + 10) . '.m4s'), 'a stream';
$c->piece(substr($v->segment($n + 11), 0, 20000));
sleep 0.1;
$c->reset;
sleep 0.1;
is $ng->get('/live/ew/v/' . ($n + 11) . '.m4s')->status, 404,
    '... that is cut off leaves no half';

# audio waits a second for video to say how long a segment is; another event,
# where the machine was late with that

my ($learn, $statuses);

for my $try (0 .. 4) {
    $learn = "learn$try";
    $c = $ng->client;

    my $p = $ng->client;
    my $began = time;

    $p->begin('POST', "/live/$learn/a/Streams(a.cmfa)");
    $p->piece($a->init . $a->segment($n, chunks => 4));
    sleep 0.3;
    $c->begin('POST', "/live/$learn/a/Streams(v.cmfv)");
    $c->piece($v->init . $v->segment($n));
    $p->piece($a->segment($n + 1, chunks => 4) . $a->segment($n + 2));
    $c->piece($v->segment($n + 1) . $v->segment($n + 2));
    $statuses = $p->end->status . $c->end->status;
    last if time - $began < 0.9;
}

is $statuses, '201201', 'audio first';
is join(' ', map { $ng->get("/live/$learn/a/$_.m4s")->status } $n .. $n + 2),
    '200 200 200', '... is cut by the duration of video';
is $ng->get("/api/events/$learn/status")->json->{segment}{duration}, 2,
    '... which is learned';

# a segment's audio before any video, whole

my ($later, $waits);

for my $try (0 .. 4) {
    $later = "later$try";
    $c = $ng->client;
    $ng->put("/live/$later/a/v/init.mp4", $v->init);
    $ng->put("/live/$later/a/a/init.mp4", $a->init);

    my $began = time;

    $c->start('PUT', "/live/$later/a/a/1.m4s", body => $a->segment($n));
    sleep 0.2;
    $waits = !$c->ready;
    last if time - $began < 0.9;
}

ok $waits, 'a segment of audio waits';
is $ng->put("/live/$later/a/v/1.m4s", $v->segment($n))->status, 201, 'video';
is $c->finish->status, 201, '... then audio';

# the init is overtaken by the first segment, of an event that is to be: that
# waits for 300 ms

my ($race, $init);

for my $try (0 .. 4) {
    $race = "race$try";
    $c = $ng->client;

    my $began = time;

    $c->start('PUT', "/live/$race/a/v/1.m4s", body => $v->segment($n));
    sleep 0.05;
    $init = $ng->put("/live/$race/a/v/init.mp4", $v->init);
    last if time - $began < 0.2;
}

is $init->status, 201, 'an init';
is $c->finish->status, 201, '... that its first segment has overtaken';
got("/live/$race/v/$n.m4s", $v->segment($n), '... its bytes');

# a reload ends a stream at a boundary

$c = $ng->client;
$c->begin('POST', '/live/ew/a/Streams(v.cmfv)');
$c->piece($v->init . $v->segment($n + 20));
ok there('/live/ew/v/' . ($n + 20) . '.m4s'), 'a stream';
ok $ng->reload, 'reload';
$c->piece($v->segment($n + 21));
$r = $c->finish(20);
is $r->status, 201, '... ends it behind its next segment';
is $r->header('Connection'), 'close', '... and the connection';
got('/live/ew/v/' . ($n + 21) . '.m4s', $v->segment($n + 21),
    '... which is stored');
ok wait_for(sub { $ng->old_workers == 0 }), 'the old workers are gone';

# naming of its own

is $ng->put('/api/events/named', '{"id": "named", "segment_ms": 2000,'
    . ' "naming": {"init": "x/$RepresentationID$.init",'
    . ' "media": "x/$RepresentationID$_$Number%06d$.bin"}}')->status, 201,
    'an event with a naming of its own';
is $ng->put('/live/named/a/x/v.init', $v->init)->status, 201, '... init';
is $ng->put(sprintf('/live/named/a/x/v_%06d.bin', 7), $v->segment($n))->status,
    201, '... segment';
got("/live/named/v/$n.m4s", $v->segment($n), '... its bytes');

$ng->stop;
done_testing;
