# A worker that is late: what it sheds, and what it never does.  The worker is
# stopped for a moment again and again, which is what stress is to it.
# alone: other work is stress, too

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep);

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $ng = LiveOrigin::Nginx->start(
    size => '64m', events => 4, workers => 1,
    http => 'live_origin_shed lag=50ms over=100% edge=8s;',
    live => 'live_origin_auto_event on; live_origin_hold 0;',
    files => {
        map { ("events/$_.json" => "{\"id\": \"$_\", \"segment_ms\": 2000,"
               . ' "delay_ms": 1000, "dvr_s": 120}') } qw(ev over)});

my $v = LiveOrigin::Media->video(bytes => 10000);
my $n = $v->now_number;
my ($worker) = $ng->workers;
my $r;


sub level
{
    my ($n) = $ng->get('/metrics')->body =~ /^live_origin_shed_level (\d)/m;

    return $n;
}

sub metric
{
    my ($name) = @_;

    my ($n) = $ng->get('/metrics')->body =~ /^live_origin_\Q$name\E (\d+)/m;

    return $n // "no $name";
}

# late, tick by tick, until the level is reached; where the machine was late as
# well and it is above that, it falls again

sub stress
{
    my ($level) = @_;

    for (1 .. 100) {
        wait_for(sub { level() <= $level }, 90);
        last if level() == $level;
        kill 'STOP', $worker;
        sleep 0.18;
        kill 'CONT', $worker;
    }

    return is level(), $level, "level $level";
}

sub row
{
    my ($path, $status, $name) = @_;

    $r = $ng->get("/live/$path");

    return is $r->status, $status, $name;
}


for my $event (qw(ev over)) {
    is $ng->put("/live/$event/a/v/init.mp4", $v->init)->status, 201, 'init';
    is $ng->put("/live/$event/a/v/x1.m4s", $v->segment($_))->status, 201,
        "segment $_" for $n - 30 .. $n - 1;
}

ok wait_for(sub { 2 == grep { $ng->get("/live/$_/manifest.mpd")->status == 200 }
                        qw(ev over) }),
    'both are live';
is $ng->post('/api/events/over/end')->status, 200, 'one ends';

my $edge = metric('requests_total{class="edge"}');

is $ng->post('/api/events/over/end')->status, 200, 'one has ended';
row("$$_[0]", $$_[1], $$_[0])
    for ["ev/v/" . ($n - 1) . '.m4s', 200], ["ev/v/" . ($n - 20) . '.m4s', 200],
        ['over/v/' . ($n - 1) . '.m4s', 200], ['ev/manifest.mpd', 200],
        ['ev/v/0.m4s', 410], ['none/v/1.m4s', 404];

is level(), 0, 'no stress';
is metric('requests_total{class="edge"}'), $edge + 2, 'counted: live edge';
is metric('requests_total{class="dvr"}'), 2, '... DVR';
is metric('requests_total{class="unknown"}'), 2, '... unknown';
is_deeply $ng->get('/api/status')->json->{shed},
    {level => 0, workers => 0, why => []}, 'the status says so';

# level 1

stress(1);
row('ev/v/' . ($n - 20) . '.m4s', 503, 'DVR is shed');
is $r->header('Retry-After'), 5, '... Retry-After';
is $r->header('Cache-Control'), 'max-age=5', '... Cache-Control';
is $r->header('Access-Control-Allow-Origin'), '*', '... CORS';
is $r->body, "shed\n", '... why';
ok wait_for(sub { $ng->access_log =~ /503 .* reason=shed/ }),
    '... in the log, too';
is $ng->head('/live/ev/v/' . ($n - 20) . '.m4s')->status, 503, '... HEAD';
row('ev/v/' . ($n - 20) . '.m4s', 503, '... once more');
row('over/v/' . ($n - 1) . '.m4s', 503, '... and what has ended');
row('over/manifest.mpd', 503, '... with its manifest');
row("ev/v/$$_[0].m4s", $$_[1], "not the edge: $$_[0]")
    for [$n - 5, 200], [$n - 1, 200], [$n, 404];
row("ev/$_", 200, "nor $_")
    for qw(manifest.mpd master.m3u8 v/media.m3u8 v/init.mp4);
stress(1) if level() != 1;
row('none/v/1.m4s', 404, 'nor what is unknown');
row('ev/v/0.m4s', 410, '... and what has left the window');
is $ng->put('/live/ev/a/v/x1.m4s', $v->segment($n))->status, 201,
    'nor publishing';
is metric('shed_total{class="dvr"}'), 5, 'all are counted';
is metric('serves_total{reason="shed"}'), 5, '... by reason';

stress(1) if level() != 1;

my $shed = $ng->get('/api/status')->json->{shed};

is $shed->{level} . ' ' . $shed->{workers}, '1 1', 'the status says so';
like "@{$shed->{why}}", qr/^(lag|lag over)$/, '... and why';
like $ng->log, qr/\[warn\].* sheds DVR: the event loop is \d+ ms late/,
    '... and the log, once';

# level 2

stress(2);
row($_, 503, "unknown names are shed: $_")
    for 'none/v/1.m4s', 'ev/none/1.m4s', 'ev/v/' . ($n + 1000) . '.m4s',
        'ev/v/0.m4s', 'ev/v/x.m4s', 'ev/v/' . ($n - 20) . '.m4s';
is $r->body, "shed\n", '... why';
row('ev/v/' . ($n - 1) . '.m4s', 200, 'not the edge');
row('ev/manifest.mpd', 200, 'nor its manifest');
is $ng->put('/live/ev/a/v/x1.m4s', $v->segment($n + 1))->status, 201,
    'nor publishing';
is metric('shed_total{class="unknown"}'), 5, 'counted';

# and back

ok wait_for(sub { level() == 0 }, 90), 'it ends by itself';
row('ev/v/' . ($n - 20) . '.m4s', 200, '... DVR is served');
row('none/v/1.m4s', 404, '... unknown is unknown');
like $ng->log, qr/sheds nothing any more/, '... the log says so';

# unknown names leave nothing in the log

my $c = $ng->client;

$c->get("/live/none$_/v/1.m4s") for 1 .. 500;
$c->get("/live/ev/v/x$_") for 1 .. 500;
unlike $ng->log, qr{none\d|/x\d\d}, '1,000 unknown names are not logged';
is $c->get('/live/none/v/1.m4s')->status, 404, '... on a connection that lives';
cmp_ok metric('serves_total{reason="unknown"}'), '>=', 1000,
    '... but counted';

$ng->stop;

# ---- requests that miss their deadline, while the loop is as late as it may
# be: segments are read so late that each of them misses a deadline of 1 ms

$ng = LiveOrigin::Nginx->start(
    size => '64m', events => 4, workers => 1,
    http => 'live_origin_shed lag=10s over=50% edge=8s;',
    live => 'live_origin_auto_event on; live_origin_hold 0;'
            . ' live_origin_write_deadline 1ms;',
    server => 'location /slow/ { live_origin_publish main; }',
    files => {'events/ev.json' => '{"id": "ev", "segment_ms": 2000,'
              . ' "delay_ms": 1000, "dvr_s": 120}'});

($worker) = $ng->workers;
is $ng->put('/slow/ev/a/v/init.mp4', $v->init)->status, 201, 'init';
is $ng->put('/slow/ev/a/v/x1.m4s', $v->segment($_))->status, 201, "segment $_"
    for $n - 30 .. $n - 1;
ok wait_for(sub { $ng->get('/live/ev/manifest.mpd')->status == 200 }), 'live';

my $late = $v->segment($n);
my $missed = 0;

for (1 .. 200) {
    my @c = map { $ng->client } 1 .. 20;

    kill 'STOP', $worker;
    $_->start('PUT', '/live/ev/a/v/x1.m4s', body => $late) for @c;
    sleep 0.2;
    kill 'CONT', $worker;
    $missed += $_->finish->status == 503 for @c;
    last if level() >= 1;
}

cmp_ok $missed, '>=', 16, 'segments that miss their deadline';
cmp_ok level(), '>=', 1, '... and DVR is shed';
is "@{$ng->get('/api/status')->json->{shed}{why}}", 'over', '... for that alone';
like $ng->log, qr/sheds DVR: [^\n]*, requests miss their deadline/,
    '... the log says so';
row('ev/v/' . ($n - 20) . '.m4s', 503, 'DVR');
row('ev/v/' . ($n - 1) . '.m4s', 200, 'not the edge');
is $ng->put('/slow/ev/a/v/x1.m4s', $v->segment($n))->status, 201,
    'nor publishing';
ok wait_for(sub { level() == 0 }, 90), 'it ends by itself';
row('ev/v/' . ($n - 20) . '.m4s', 200, '... DVR is served');

$ng->stop;
done_testing;
