# Notices: a small message that every response of an event carries.

use strict;
use warnings;

use JSON::PP qw(decode_json encode_json);
use Test::More;

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

# readers are held for as long as this takes

my $doc = '"segment_ms": 1000, "delay_ms": 300000, "dvr_s": 60,'
    . ' "tracks": [{"id": "v"}]';
my $ng = LiveOrigin::Nginx->start(
    size => '64m', events => 8, live => 'live_origin_hold 60s; live_origin_early_bytes on;',
    files => {map { ("events/$_.json" => "{\"id\": \"$_\", $doc}") }
              qw(ev other)});

my $v = LiveOrigin::Media->video(segment => [1, 1], bytes => 3000);
my $n = $v->now_number - 1;
my ($r, $s);

for my $event (qw(ev other)) {
    $ng->put("/live/$event/a/v/init.mp4", $v->init);
    $ng->put("/live/$event/a/v/1.m4s", $v->segment($_)) for $n - 3 .. $n;
    is $ng->get("/live/$event/manifest.mpd")->status, 200, "$event is live";
}


sub notify
{
    my ($body, $status, $what) = @_;

    my $a = $ng->request('POST', '/api/events/ev/notify',
                         body => ref $body ? encode_json($body) : $body);

    is $a->status, $status, $what || $a->body or diag $a->body;

    return decode_json($a->body);
}

sub notice
{
    my ($path, @o) = @_;

    return $ng->get("/live/$path", @o)->header('Live-Origin-Notice');
}

sub listed
{
    my $l = decode_json($ng->get('/api/events/ev/notify')->body);

    return join ' ', map { $_->{key} } @{$l->{notices}};
}


is notice("ev/v/$n.m4s"), undef, 'no notice, no header';
is listed(), '', '... and none listed';

$s = notify({key => 'ad', value => 'break in 10 s'}, 200, 'a notice');
is $s->{notices}[0]{value}, 'break in 10 s', '... is in the answer';
is $s->{notices}[0]{expires}, undef, '... and stays';

# ---- who carries it

my ($init) = $ng->get('/live/ev/manifest.mpd')->body =~ /(init-\w{8}\.mp4)/;
my $etag = $ng->get("/live/ev/v/$n.m4s")->header('ETag');

for (["v/$n.m4s", 200], ["v/$init", 200], ['v/init.mp4', 200],
     ['manifest.mpd', 200], ['master.m3u8', 200], ['v/media.m3u8', 200],
     ["v/$n.m4s", 304, 'If-None-Match' => $etag],
     ["v/$n.m4s", 206, Range => 'bytes=0-9'],
     ["v/$n.m4s", 416, Range => 'bytes=999999-'],
     ['v/' . ($n + 100) . '.m4s', 404], ['v/1.m4s', 410],
     ['x/1.m4s', 404], ['time', 200])
{
    my ($path, $status, @headers) = @$_;

    $r = $ng->get("/live/ev/$path", headers => \@headers);
    is $r->status, $status, "GET $path";
    is $r->header('Live-Origin-Notice'), 'ad="break in 10 s"',
        '... carries it';
}

is $ng->head("/live/ev/v/$n.m4s")->header('Live-Origin-Notice'),
    'ad="break in 10 s"', 'HEAD';
is notice("other/v/$n.m4s"), undef, 'another event does not';
is notice('nobody/v/1.m4s'), undef, '... nor an unknown one';
like $ng->get("/live/ev/v/$n.m4s")->header('Access-Control-Expose-Headers'),
    qr/\bLive-Origin-Notice\b/, 'scripts may read it';

# ---- several, the latest value of each, in all workers at once

notify({key => 'warning', value => 'a "quoted" \\ word'}, 200, 'another key');

my $both = 'ad="break in 10 s", warning="a \"quoted\" \\\\ word"';

is join('|', map { notice("ev/v/$n.m4s") } 1 .. 8), join('|', ($both) x 8),
    'both, from every worker';
notify({key => 'ad', value => 'over'}, 200, 'another value');
$both =~ s/break in 10 s/over/;
is join('|', map { notice('ev/manifest.mpd') } 1 .. 8),
    join('|', ($both) x 8), '... replaces the first, everywhere';

# ---- a reader that was held before

my $c = $ng->client;

$c->start('GET', '/live/ev/v/' . ($n + 1) . '.m4s');
ok wait_for(sub { decode_json($ng->get('/api/status')->body)->{holds} == 1 },
            10), 'a reader waits';
notify({key => 'ad', value => undef}, 200, 'null takes a key away');
is $ng->put('/live/ev/a/v/1.m4s', $v->segment($n + 1))->status, 201, 'PUT';
$both =~ s/^ad="over", //;
is $c->finish->header('Live-Origin-Notice'), $both, '... is told the latest';

# ---- a segment that is sent while it is published

my ($growing, $putting) = ($ng->client, $ng->client);
my @parts = $v->segment($n + 2, chunks => 4, parts => 1);

$growing->start('GET', '/live/ev/v/' . ($n + 2) . '.m4s');
$putting->begin('PUT', '/live/ev/a/v/1.m4s');
$putting->piece($_) for @parts[0 .. $#parts - 1];
ok wait_for(sub { $growing->ready;
                  length $growing->{response}->body }, 20),
    'its first bytes come';
is $growing->{response}->header('Live-Origin-Notice'), $both,
    '... and carry it';
$putting->piece($parts[-1]);
is $putting->end->status, 201, '... before it is whole';
is $growing->finish->body, join('', @parts), '... and that comes, too';

# ---- reload, restart

ok $ng->reload, 'reload';
is notice("ev/v/$n.m4s"), $both, '... keeps it';
$ng->restart;
is notice("ev/v/$n.m4s"), $both, 'a restart, too';
is listed(), 'warning', '... and the list';
notify({key => 'warning', value => undef}, 200, 'away with it');
is notice("ev/v/$n.m4s"), undef, 'no header again';

# ---- expiry

notify({key => 'soon', value => 'x', expires_s => 1}, 200, 'for a second');
notify({key => 'later', value => 'y', expires_s => 3600}, 200, 'for an hour');
like notice("ev/v/$n.m4s"), qr/soon="x", later="y"|^later="y"$/, 'there';
ok wait_for(sub { notice("ev/v/$n.m4s") eq 'later="y"' }, 20),
    'the first has expired by itself';
is listed(), 'later', '... in the list as well';
notify({key => 'date', value => 'z', expires => '2096-01-01T00:00:00Z'}, 200,
       'until a date');
is notice("ev/v/$n.m4s"), 'later="y", date="z"', '... is there';

# ---- bounds

for ([{value => 'x'}, 'key'], [{key => 'A', value => 'x'}, 'key'],
     [{key => '', value => 'x'}, 'key'], [{key => '1a', value => 'x'}, 'key'],
     [{key => 'a b', value => 'x'}, 'key'],
     [{key => 'k' x 65, value => 'x'}, 'key'], [{key => 7, value => 'x'},
     'key'], [{key => 'k'}, 'value'], [{key => 'k', value => 7}, 'value'],
     [{key => 'k', value => "x\r\nSet-Cookie: a=b"}, 'value'],
     [{key => 'k', value => "\x7f"}, 'value'],
     [{key => 'k', value => "\x{e4}"}, 'value'],
     [{key => 'k', value => 'x' x 201}, 'value'],
     [{key => 'k', value => ['x']}, 'value'],
     ['{"key": "k", "value": "a\u0000b"}', ''],
     [{key => 'k', value => 'x', expires_s => 0}, 'expires_s'],
     [{key => 'k', value => 'x', expires_s => -5}, 'expires_s'],
     [{key => 'k', value => 'x', expires_s => '5'}, 'expires_s'],
     [{key => 'k', value => 'x', expires_s => 1e12}, 'expires_s'],
     [{key => 'k', value => 'x', expires => 'soon'}, 'expires'],
     [{key => 'k', value => 'x', expires => 5}, 'expires'],
     [{key => 'k', value => 'x', expires => '2001-01-01T00:00:00Z'},
      'expires'],
     [{key => 'k', value => 'x', expires => '2096-01-01T00:00:00Z',
       expires_s => 5}, 'expires'],
     [{key => 'k', value => 'x', ttl => 5}, 'ttl'], ['[]', ''], ['', 'key'],
     ['{', ''])
{
    is notify($_->[0], 400)->{field}, $_->[1], '... names the field';
}

is notice("ev/v/$n.m4s"), 'later="y", date="z"', 'none of these is there';
notify({key => "k$_", value => ''}, 200, "key $_") for 3 .. 8;
is notify({key => 'k9', value => ''}, 409, 'eight keys, no more')->{field},
    'key', '... says the key';
notify({key => 'k8', value => 'x' x 200}, 200, '... a known one is changed');
notify({key => 'k8', value => undef}, 200, '... or taken away');
notify({key => 'k' x 64, value => '~' x 200}, 200, '... which makes room');
is scalar(() = notice("ev/v/$n.m4s") =~ /=/g), 8, 'eight in the header';

$r = $ng->request('POST', '/api/events/nobody/notify',
                  body => '{"key": "k", "value": "x"}');
is $r->status, 404, 'an unknown event';
is $ng->request('PUT', '/api/events/ev/notify', body => '{}')->status, 405,
    'PUT';
$ng->request('DELETE', '/api/events/ev');
is $ng->request('PUT', '/api/events/ev', body => "{\"id\": \"ev\", $doc}")
    ->status, 201, 'made anew';
is listed(), '', '... an event has no notices';

$ng->stop;
done_testing;
