# The contract of the API, the metrics and nginx -t.

use strict;
use warnings;

use File::Temp qw(tempdir);
use JSON::PP qw(decode_json encode_json);
use Test::More;

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Metrics;
use LiveOrigin::Nginx qw(wait_for);

my $ng = LiveOrigin::Nginx->start(size => '64m', events => 6,
    live => 'live_origin_hold 0; live_origin_auto_event on;',
    files => {'events/given.json' => '{"id": "given", "title": "From a file",'
                  . ' "segment_ms": 2000}',
              'events/broken.json' => '{"id": "broken",',
              'events/readme.txt' => 'not a document'});

my ($r, $j);


sub api
{
    my ($method, $path, $status, $body, $what) = @_;

    my $a = $ng->request($method, "/api/$path",
                         defined $body ? (body => $body) : ());

    is $a->status, $status, $what || "$method $path";
    like $a->header('Content-Type'), qr!^application/json!, '... JSON';
    ok defined $a->header('Cache-Control'), '... Cache-Control';

    my $json = $method eq 'HEAD' ? {} : eval { decode_json($a->body) };

    ok $json, '... which is valid' or diag $a->body;

    if ($status >= 400) {
        ok ref $json eq 'HASH' && length($json->{error} || '')
           && exists $json->{field} && !ref $json->{field},
           '... an error and a field' or diag $a->body;
    }

    return $json;
}

sub ids { return join ' ', sort map { $_->{id} } @{$_[0]{events} || $_[0]} }


# ---- events

is ids(api('GET', 'events', 200)), 'given', 'documents of the folder';
like $ng->log, qr/\[error\].*broken/, '... a broken one is in the log';
is api('GET', 'events/given', 200)->{title}, 'From a file', 'GET events/ID';
api('HEAD', $_, 200, undef) for 'events', 'events/given', 'status',
                                'events/given/status';

my $full = {
    id => 'ev', title => 'An event', start => '2026-11-22T20:00:00Z',
    end => '2036-11-22T20:00:00Z', segment_ms => 2000, delay_ms => 1500,
    dvr_s => 60, playlist_s => 30, zone_share => '8m',
    pipelines => ['a', 'b'], tracks => [
        {id => 'v', type => 'video', codec => 'h264', width => 320,
         height => 180, fps => 25, bitrate => 80000},
        {id => 'au', type => 'audio', codec => 'aac', bitrate => 16000,
         lang => 'en'}]};

is api('PUT', 'events/ev', 201, encode_json($full), 'PUT: new')->{id}, 'ev',
    '... says the document';
is_deeply api('GET', 'events/ev', 200), $full, '... which is there';
ok -e $ng->events_dir . '/ev.json', '... and in live_origin_events';
$full->{title} = 'Changed';
api('PUT', 'events/ev', 200, encode_json($full), 'PUT: changed');
is api('GET', 'events/ev', 200)->{title}, 'Changed', '... is there';
is ids(api('GET', 'events', 200)), 'ev given', 'GET events';
api('PUT', 'events/only', 201, '{"id": "only"}', 'only "id" is required');
api('PUT', 'events/rational', 201, '{"id": "rational", "segment":'
    . ' {"duration": 60060, "timescale": 30000}}', 'a rational duration');

my $s = api('GET', 'events/rational/status', 200);

is $s->{segment}{duration} / $s->{segment}{timescale}, 2.002,
    '... in the status';

$s = api('GET', 'events/only/status', 200, undef,
         'the status of an event of which nothing is known yet');
is $s->{segment}, undef, '... has no duration';

# errors name the field

for (['{"id": "bad", "segment_ms": "x"}', qr/^segment_ms$/],
     ['{"id": "bad", "segment_ms": 0}', qr/^segment_ms$/],
     ['{"id": "bad", "segment_ms": -2000}', qr/^segment_ms$/],
     ['{"id": "bad", "segment": {"duration": 1}}', qr/^segment/],
     ['{"id": "bad", "segment": {"duration": 1, "timescale": 0}}',
      qr/^segment/],
     ['{"id": "bad", "delay_ms": -1}', qr/^delay_ms$/],
     ['{"id": "bad", "dvr_s": "long"}', qr/^dvr_s$/],
     ['{"id": "bad", "dvr_s": 0}', qr/^dvr_s$/],
     ['{"id": "bad", "playlist_s": -5}', qr/^playlist_s$/],
     ['{"id": "bad", "start": "yesterday"}', qr/^start$/],
     ['{"id": "bad", "title": 5}', qr/^title$/],
     ['{"id": "bad", "zone_share": "much"}', qr/^zone_share$/],
     ['{"id": "bad", "zone_share": "1g"}', qr/^zone_share$/, 507],
     ['{"id": "bad", "pipelines": ["a", "a"]}', qr/^pipelines/],
     ['{"id": "bad", "pipelines": ["a","b","c","d","e"]}', qr/^pipelines/],
     ['{"id": "bad", "pipelines": "a"}', qr/^pipelines/],
     ['{"id": "bad", "tracks": [{"type": "video"}]}', qr/^tracks.*id$/],
     ['{"id": "bad", "tracks": [{"id": "v", "type": "smell"}]}',
      qr/^tracks.*type$/],
     ['{"id": "bad", "tracks": [{"id": "v"}, {"id": "v"}]}', qr/^tracks/],
     ['{"id": "other"}', qr/^id$/], ['{"id": 7}', qr/^id$/],
     ['{"title": "x"}', qr/^id$/], ['{"id": "-x"}', qr/^id$/],
     ['[]', qr/^/], ['', qr/^/], ['{', qr/^/], ['"x"', qr/^/],
     ["{\"id\": \"bad\", \"title\": \"\xff\"}", qr/^/])
{
    my ($json, $field, $status) = @$_;

    like api('PUT', 'events/bad', $status || 400, $json, "PUT $json")
         ->{field}, $field, '... names the field';
}

is ids(api('GET', 'events', 200)), 'ev given only rational',
    'none of these is there';
ok !-e $ng->events_dir . '/bad.json', '... nor a file';
api('PUT', 'events/ev', 400, '{"id": "ev", "dvr_s": "x"}', 'a bad change');
is_deeply api('GET', 'events/ev', 200), $full, '... changes nothing';
api('PUT', 'events/bad', 413, '{"id": "bad", "title": "' . 'x' x 70000
    . '"}', 'a document of more than 64 KB');
api('PUT', 'events/bad', 413, 'x' x 1_500_000, '... and of more than nginx '
    . 'takes by itself');
$r = $ng->request('PUT', '/api/events/bad', chunks => [('x' x 50000) x 4]);
is $r->status, 413, '... and chunked';
like decode_json($r->body)->{error}, qr/65536 bytes at most/, '... says so';

# 404, 405

api('GET', $_, 404) for 'events/none', 'events/none/status', 'nothing',
    'events/ev/nothing', '', 'events/ev/status/x';
api('DELETE', 'events/none', 404);
api('POST', 'events/none/end', 404);
api('POST', 'events', 405, '{}');
api('DELETE', 'events', 405);
api('POST', 'events/ev', 405, '{}');
api('PUT', 'status', 405, '{}');
api('DELETE', 'events/ev/status', 405);
api('GET', 'events/ev/end', 405);

# ---- status

my $v = LiveOrigin::Media->video(bytes => 20000);
my $audio = LiveOrigin::Media->audio;
my $n = $v->now_number - 1;

for my $p (qw(a b)) {
    $ng->put("/live/ev/$p/v/init.mp4", $v->init);
    $ng->put("/live/ev/$p/au/init.mp4", $audio->init);

    for ($n - 3 .. $n) {
        $ng->put("/live/ev/$p/v/1.m4s", $v->segment($_, $p eq 'b'
                 && $_ == $n ? (styp => ['slat']) : ()));
        $ng->put("/live/ev/$p/au/1.m4s", $audio->segment($_));
    }
}

$s = api('GET', 'events/ev/status', 200);
is $s->{id}, 'ev', 'an event\'s status';

my ($t) = grep { $_->{id} eq 'v' } @{$s->{tracks}};

is $t->{head}, $n, '... head';
is $t->{window}{to}, $n, '... window';
is $t->{window}{from}, $n - 3, '... its begin';
is join(' ', sort map { $_->{id} } @{$t->{pipelines}}), 'a b',
    '... pipelines';

my %p = map { $_->{id} => $_ } @{$t->{pipelines}};

is $p{a}{verdicts}{good}, 4, '... verdict counts';
is $p{b}{verdicts}{filler}, 1, '... of each pipeline';
ok $p{a}{write_ms} > 0 && $p{a}{write_ms} < 5000, '... last write latency';
is $s->{phase}, 'scheduled', '... not live before somebody asks'
    if $s->{phase} ne 'live';

$s = api('GET', 'status', 200);
ok $s->{zone}{size} == 64 * 1024 * 1024 && $s->{zone}{bytes_used} > 0
   && $s->{zone}{bytes_free} > 0, 'the node: zone and memory';
is scalar @{$s->{workers}}, 2, '... workers';
is join(' ', sort map { $_->{pid} } @{$s->{workers}}),
   join(' ', sort $ng->workers), '... their pids';
ok exists $s->{redis}, '... Redis';

# ---- metrics: the text format, and what is there

$ng->get("/live/ev/v/$n.m4s");
$ng->get('/live/ev/v/1.m4s');
$ng->get('/live/none/v/1.m4s');
$r = $ng->get('/metrics');
is $r->status, 200, 'metrics';
like $r->header('Content-Type'), qr!^text/plain; version=0\.0\.4!,
    '... Content-Type';

my $m = LiveOrigin::Metrics->read($r->body);

is join("\n", $m->wrong), '', '... every line is as Prometheus has it';
is join(' ', $m->histograms), join(' ', map { "live_origin_$_" }
    qw(loop_lag_seconds read_duration_seconds write_duration_seconds)),
    '... histograms';

is $m->type('live_origin_publishes_total'), 'counter', 'publishes by status';
ok $m->value('live_origin_publishes_total{status="201"}') >= 10, '... counted';
is $m->type('live_origin_serves_total'), 'counter', 'serves by reason';
is $m->value("live_origin_serves_total{reason=\"$_->[0]\"}"), $_->[1],
    "... $_->[0]" for ['ready', 1], ['gone', 1], ['unknown', 1], ['late', 0];
ok defined $m->value("live_origin_${_}_sla_missed_total"), "$_ SLA misses"
    for qw(write read);
is $m->type('live_origin_holds'), 'gauge', 'holds now';
ok $m->value('live_origin_received_bytes_total') > 100000
   && $m->value('live_origin_sent_bytes_total') > 20000, 'bytes in and out';
ok $m->value("live_origin_zone_bytes{state=\"$_\"}") > 0, "zone bytes $_"
    for qw(used free);
ok defined $m->value('live_origin_head_age_seconds{event="ev",track="v"}'),
    'head age per track';
is $m->value('live_origin_verdicts_total{event="ev",track="v",pipeline="b",'
             . 'reason="filler"}'), 1, 'verdicts per pipeline';
is $ng->head('/metrics')->status, 200, 'HEAD';
is $ng->post('/metrics', 'x')->status, 405, 'POST';

# ---- pipelines that the document does not name any more

api('PUT', 'events/three', 201, '{"id": "three", "segment_ms": 4000,'
    . ' "pipelines": ["a", "b", "c"]}', 'an event of three pipelines');

for my $p (qw(a b c)) {
    $ng->put("/live/three/$p/v/init.mp4", $v->init);
    $ng->put("/live/three/$p/v/1.m4s", $v->segment($n));
}

api('PUT', 'events/three', 200, '{"id": "three", "segment_ms": 4000,'
    . ' "pipelines": ["c"]}', '... and then of one');

my %series;

$series{$_}++ for $ng->get('/metrics')->body =~ /^(live_origin\S+) /gm;
is_deeply [grep { $series{$_} > 1 || /pipeline=""/ } sort keys %series], [],
    'each series is there once, and has a pipeline';

$s = api('GET', 'events/three/status', 200);
is_deeply [map { $_->{id} } @{$s->{pipelines}},
           @{$s->{tracks}[0]{pipelines}}], ['c', 'c'], 'the status as well';
api('DELETE', 'events/three', 200);

# ---- end, DELETE

$s = api('POST', 'events/ev/end', 200);
is api('GET', 'events/ev/status', 200)->{phase}, 'ended', 'the event ended';
api('POST', 'events/ev/end', 200, undef, 'once more');
$s = api('DELETE', 'events/ev', 200);
api('GET', 'events/ev', 404, undef, 'deleted');
ok !-e $ng->events_dir . '/ev.json', '... with its document';
is $ng->get("/live/ev/v/$n.m4s")->status, 404, '... and its media';
ok $ng->reload, 'reload';
is ids(api('GET', 'events', 200)), 'given only rational', '... does not bring '
    . 'it back';

# an event made by its first init

$ng->put('/live/auto/a/v/init.mp4', $v->init);
$ng->put('/live/auto/a/v/1.m4s', $v->segment($n));
$j = api('GET', 'events/auto', 200);
is $j->{id}, 'auto', 'an automatic event has a document';
api('PUT', 'events/auto', 200, encode_json($j), '... which can be put');
is api('GET', 'events/auto/status', 200)->{tracks}[0]{id}, 'v',
    '... and the status says what was learned';

# counters of an event begin again with another of its name

api('PUT', 'events/ev', 201, '{"id": "ev", "segment_ms": 4000}', 'ev again');
like $ng->get('/metrics')->body,
    qr/^live_origin_declared_duration_differs_total\{event="ev"\} 0$/m,
    '... its counters are new';

# the table is full

my $i = 0;

$i++ while $i < 10 && $ng->request('PUT', "/api/events/n$i",
                                   body => "{\"id\": \"n$i\"}")->status == 201;
ok $i < 6, 'as many events as the zone has room for';
api('PUT', 'events/more', 507, '{"id": "more"}', '... then 507');
is $ng->put('/live/more/a/v/init.mp4', $v->init)->status, 507,
    '... for automatic ones as well';

$ng->stop;
done_testing;
