# Time: deadlines, back-fill, publishers ahead of the clock and beside it.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $doc = '"segment_ms": 1000, "delay_ms": 0';

my $ng = LiveOrigin::Nginx->start(
    size => '128m', events => 16, workers => 1,
    live => 'live_origin_auto_event on; live_origin_hold 0;',
    server => 'location /tight/ { live_origin_publish main;'
              . ' live_origin_write_deadline 300ms; }',
    files => {
        'events/ev.json' => "{\"id\": \"ev\", $doc, \"dvr_s\": 60}",
        'events/fill.json' => "{\"id\": \"fill\", $doc, \"dvr_s\": 60,"
                              . ' "backfill_ms": 12000}',
        'events/lead.json' => "{\"id\": \"lead\", $doc, \"dvr_s\": 60,"
                              . ' "lead_s": 10}',
        'events/clock.json' => "{\"id\": \"clock\", $doc}"});

my $v = LiveOrigin::Media->video(segment => [1, 1], bytes => 20000);
my $r;


sub missed
{
    my ($n) = $ng->get('/metrics')->body
              =~ /^live_origin_write_sla_missed_total (\d+)/m;

    return $n;
}

sub received
{
    my ($n) = $ng->get('/metrics')->body
              =~ /^live_origin_received_bytes_total (\d+)/m;

    return $n;
}

sub put
{
    my ($event, $n, $status, $name, $media) = @_;

    $r = $ng->put("/live/$event/a/v/x1.m4s", ($media || $v)->segment($n));

    return is $r->status, $status, $name;
}

sub says { return like $r->body, $_[0], '... says why' }


# the write deadline: its last byte is here, the worker is not

is $ng->put("/live/$_/a/v/init.mp4", $v->init)->status, 201, "init of $_"
    for qw(ev fill lead clock);

my $n = $v->now_number;

put('ev', $n - 1, 201, 'a segment');

my ($worker) = $ng->workers;
my $s = $v->segment($n);
my $c = $ng->client;
my $before = received();

$c->begin('PUT', "/tight/ev/a/v/$n.m4s", length => length $s);
$c->piece(substr($s, 0, 9000));
ok wait_for(sub { received() >= $before + 9000 }, 10), 'half of a segment';
sleep 0.5;
kill 'STOP', $worker;
$c->piece(substr($s, 9000));
sleep 0.6;
kill 'CONT', $worker;
$r = $c->end;

is $r->status, 503, 'the deadline is missed';
is $r->header('Retry-After'), 1, '... to be sent again';
says(qr/live_origin_write_deadline is 300 ms; nothing was published/);
is missed(), 1, '... is counted';
isnt $ng->get("/live/ev/v/$n.m4s")->status, 200, '... and is not visible';
is $c->get("/live/ev/v/" . ($n - 1) . '.m4s')->status, 200,
    'the connection goes on';

my $why = $ng->get("/api/events/ev/why/v/$n")->json;

is $why->{pipelines}[0]{state}, 'missing', 'why: it is missing';
is $why->{pipelines}[0]{refused}{reason}, 'deadline',
    '... for the write deadline';
ok abs($why->{pipelines}[0]{refused}{at_ms} / 1000 - time) < 60, '... when';

put('ev', $n, 201, 'once more');
ok $ng->get("/live/ev/v/$n.m4s")->body eq $s, '... and there it is';
$why = $ng->get("/api/events/ev/why/v/$n")->json;
is $why->{pipelines}[0]{state}, 'stored', 'why: stored';
is $why->{pipelines}[0]{refused}{reason}, 'deadline', '... after all';

# all of it was there before the worker looked

kill 'STOP', $worker;
$c = $ng->client;
$s = $v->segment($n + 1);
$c->start('PUT', '/tight/ev/a/v/x1.m4s', body => $s);
sleep 0.6;
kill 'CONT', $worker;
is $c->finish->status, 503, 'a whole request that waited';
is missed(), 2, '... is counted';
isnt $ng->get('/live/ev/v/' . ($n + 1) . '.m4s')->status, 200,
    '... and is not visible';

# it is the last byte that counts, not the first; again, where the machine is
# late itself

my $missed;

for my $try (1 .. 5) {
    $c = $ng->client;
    $s = $v->segment($n + $try);
    $missed = missed();
    $c->begin('PUT', '/tight/ev/a/v/x1.m4s');
    $c->piece(substr($s, 0, 5000));
    sleep 0.5;
    $c->piece(substr($s, 5000, 5000));
    sleep 0.5;

    my $last = time;

    $c->piece(substr($s, 10000));
    $r = $c->end;
    last if time - $last < 0.25;
}

is $r->status, 201, 'a slow body';
is missed(), $missed, '... is no missed deadline';

# audio that waits for video does not wait longer than it may

my $a = LiveOrigin::Media->audio(segment => [2, 1]);
my $v2 = LiveOrigin::Media->video(segment => [2, 1]);
my $m = $v2->now_number;

is $ng->put("/live/auto/a/$$_[0]/init.mp4", $$_[1]->init)->status, 201, 'init'
    for ['v', $v2], ['a', $a];
is $ng->put("/live/auto/a/a/$m.m4s", $a->segment($m))->status, 201,
    'audio alone';
is missed(), $missed, '... is in time';
is $ng->put("/live/auto/a/v/$m.m4s", $v2->segment($m))->header('Location'),
    "/live/auto/v/$m.m4s", '... and decided on the same duration';

# back-fill

$n = $v->now_number;
put('fill', $_, 201, "fill: $_") for $n - 25, $n - 1;
is $ng->get('/live/fill/manifest.mpd')->status, 200, 'live';

sub gone
{
    my ($n, $age, $name) = @_;

    $r = $ng->get("/live/fill/v/$n.m4s");

    return is $r->status . ' ' . $r->header('Cache-Control'),
              "410 max-age=$age", $name;
}

gone($n - 6, 1, 'missing, and may still come');
gone($n - 20, 3600, 'missing, nobody waits for it any more');
gone($n - 80, 3600, 'out of the window');

for my $late ($n - 6, $n - 20) {
    put('fill', $late, 201, 'it comes all the same');
    ok $ng->get("/live/fill/v/$late.m4s")->body eq $v->segment($late),
        '... and fills the gap';
}

put('fill', $n - 80, 410, 'but not out of the window');
says(qr/left the window: it is 1 min 19 s below the newest, the window is 1 /);

# ahead of the clock

$n = $v->now_number;
put('ev', $n + 100, 400, 'further ahead than a window');
says(qr/clock is 1 min \d+ s ahead: its segment says \S+Z, here it is \S+Z/);
put('ev', $n + 55, 201, 'less');
put('lead', $n + 30, 400, 'further than lead_s');
says(qr/at most 10\.0 s is taken \(lead_s\)/);
put('lead', $n + 7, 201, 'less');
put('lead', $n + 30, 400, 'still too far from that');
says(qr/is \d\d\.0 s ahead of the newest of this event/);

my $zero = $v->tfdt(1) - $v->tfdt(0);

is $ng->put('/live/file/a/v/init.mp4', $v->init)->status, 201, 'a file';

my @bad = grep { $_ != 201 }
          map { $ng->put('/live/file/a/v/x1.m4s',
                         $v->segment($n, tfdt => $_ * $zero))->status }
              0 .. 199;

is "@bad", '', '... of 200 s goes in at full speed';

# beside the clock

put('clock', $n + 3 * 3600 + 120, 400, 'a clock that is hours ahead');
says(qr/the publisher's clock is 3 h [12] min ahead: its segment says 20/);
put('clock', $n - 3 * 3600 - 120, 400, 'a clock that is hours behind');
says(qr/the publisher's clock is 3 h [12] min behind: its segment says 20/);
like $ng->log, qr/clock is 3 h [12] min behind/, '... also in the log';
put('clock', $n - 1, 201, 'the right clock');
put('clock', $n - 100, 201, 'back-fill in the window');

# what a document may say

for (['lead_s', 0], ['lead_s', '"x"'], ['backfill_ms', -1],
     ['backfill_ms', '1e12'])
{
    $r = $ng->put('/api/events/bad', "{\"id\": \"bad\", \"$$_[0]\": $$_[1]}");
    is $r->status . ' ' . $r->json->{field}, "400 $$_[0]", "$$_[0]: $$_[1]";
}

done_testing;
