# livectl against a real nginx: every command, its JSON, its exit status, and
# what it says when something is wrong.

use strict;
use warnings;

use JSON::PP qw(decode_json);
use Test::More;

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx;

my $ng = LiveOrigin::Nginx->start(
    size => '64m', events => 8,
    live => 'live_origin_hold 0; live_origin_auto_event on;',
    server => <<'CONF',
        location /closed/ {
            if ($http_authorization != "Bearer s3cret") { return 403; }
            live_origin_api main;
        }
        location /html/ { return 200 "<html>"; }
CONF
    files => {
        'ev.json' => '{"id": "ev", "title": "An event", "segment_ms": 1000,'
            . ' "delay_ms": 1000, "dvr_s": 60, "tracks": [{"id": "v"}]}',
        'bad.json' => '{"id": "ev", "dvr_s": "x"}',
        'large.json' => '{"id": "ev", "title": "' . 'x' x 70000 . '"}',
        'token' => "s3cret\n", 'empty' => '', 'words' => 'two words'});

my $dir = $ng->dir;
my $bin = LiveOrigin::Nginx::build() . '/bin/livectl';
my ($rc, $out, $err);

$ENV{LIVECTL_API} = $ng->url . '/api';
delete $ENV{LIVECTL_TOKEN};


sub slurp
{
    open my $f, '<', $_[0] or die "$_[0]: $!";
    local $/;

    return join '', <$f>;
}

sub livectl
{
    my ($status, @args) = @_;

    my $pid = fork;

    die "fork: $!" if !defined $pid;

    if (!$pid) {
        open STDIN, '<', "$dir/ev.json";
        open STDOUT, '>', "$dir/out";
        open STDERR, '>', "$dir/err";
        exec $bin, @args;
        exit 126;
    }

    waitpid $pid, 0;
    $rc = $? & 127 ? "signal $?" : $? >> 8;
    ($out, $err) = map { slurp("$dir/$_") } qw(out err);

    is $rc, $status, "livectl @args" or diag "$out$err";

    if ($status == 2) {
        like $err, qr/^(?:livectl: .+|usage: )/, '... says what is wrong';
    }

    return $out;
}

sub json { return eval { decode_json(livectl(0, @_, '--json')) } }


# ---- without a node

{
    local $ENV{LIVECTL_API} = 'http://127.0.0.1:1/api/';

    for (['event', 'list'], ['event', 'show', 'ev'],
         ['event', 'put', "$dir/ev.json"], ['event', 'start', 'ev'],
         ['event', 'end', 'ev'], ['event', 'delete', 'ev'], ['mask', 'ev'],
         ['mask', 'ev', 'a'], ['notify', 'ev'], ['notify', 'ev', 'k', 'v'],
         ['status'], ['status', 'ev', '--once'], ['why', 'ev', 'v', '1'])
    {
        livectl(2, @$_);
        like $err, qr!127\.0\.0\.1:1/api/.* cannot be reached.*--api!,
            '... that it is away, and what to do';
        is $out, '', '... and nothing else';
    }
}

for ('/html/', '/nowhere/') {
    livectl(2, 'event', 'list', '--api', $ng->url . $_);
    like $err, qr/is --api the URL of a live_origin_api\?/, '... no API';
}

livectl(2, 'event', 'list', '--api', 'ftp://127.0.0.1/');
livectl(2, 'event', 'list', '--api', 'http://[');

# ---- bad usage

livectl(2, @$_) for [], ['nothing'], ['event'], ['event', 'fly'],
    ['event', 'show'], ['event', 'show', 'a', 'b'], ['event', 'list', 'x'],
    ['event', 'show', '../x'], ['event', 'show', ''], ['event', 'put'],
    ['event', 'put', "$dir/none.json"], ['event', 'put', "$dir/large.json"],
    ['event', 'end', 'ev', '--at', 'x'], ['event', 'end', 'ev', '--at', '-1'],
    ['event', 'end', 'ev', '--at', '9' x 30], ['event', 'end', 'ev', '--at'],
    ['event', 'list', '--at', '1'], ['event', 'list', '--once'],
    ['status', '--once=1'], ['event', 'list', '--nothing'],
    ['event', 'list', '-x'], ['event', 'list', '--'  . 'x' x 300],
    ['why', 'ev', 'v', 'x'], ['why', 'ev', '../v', '1'], ['why', 'ev', 'v'],
    ['mask', 'ev', '--off'], ['mask', 'ev', 'a', '--from', 'x'],
    ['mask', 'ev', 'a', '--from', '5', '--to', '4'], ['mask'],
    ['notify', 'ev', 'k'], ['notify', 'ev', 'k', 'v', '--remove'],
    ['notify', 'ev', '--remove'], ['notify', 'ev', 'k', "\xff"],
    ['zone', 'stat'], ['zone', 'check', '--looks', '0', 'x'],
    ['zone', 'stat', "$dir/ev.json"],
    ['event', 'list', '--token-file', "$dir/none"],
    ['event', 'list', '--token-file', "$dir/empty"],
    ['event', 'list', '--token-file', "$dir/words"];

like livectl(0, '--help'), qr/event list.*zone check.*exit status/s, '--help';
livectl(0, '-h');

# ---- event

is livectl(0, 'event', 'list'), '', 'no events';
livectl(1, 'event', 'show', 'ev');
like $err, qr/404, id: no such event\nlivectl: there are no events/,
    '... says so';
like livectl(1, 'event', 'show', 'ev', '--json'), qr/"error"/,
    '... as JSON, too';
livectl(1, 'event', 'put', "$dir/bad.json");
like $err, qr/bad\.json: dvr_s: /, '... names the field';
is livectl(0, 'event', 'put', "$dir/ev.json"), "event ev made\n", 'put';
is livectl(0, 'event', 'put', '-'), "event ev changed\n", '... again';
is json('event', 'put', "$dir/ev.json")->{title}, 'An event', '... as JSON';
like livectl(0, 'event', 'list'), qr/^ev +scheduled +-  An event$/m, 'list';
is json('event', 'list')->{events}[0]{id}, 'ev', '... as JSON';
livectl(1, 'event', 'show', 'none');
like $err, qr/the events are ev$/m, 'an unknown event: which there are';
livectl(1, 'event', 'start', 'ev');
like $err, qr/409, nothing has been published/, 'start: the API says no';

my $v = LiveOrigin::Media->video(segment => [1, 1], bytes => 3000);
my $n = $v->now_number - 1;

$ng->put('/live/ev/a/v/init.mp4', $v->init);
$ng->put('/live/ev/a/v/1.m4s', $v->segment($_)) for $n - 3 .. $n;
is $ng->get('/live/ev/manifest.mpd')->status, 200, 'the event is live';

my $show = json('event', 'show', 'ev');

is $show->{document}{title}, 'An event', 'show: the document';
is $show->{status}{head}, $n, '... and the status';
like livectl(0, 'event', 'show', 'ev'), qr/"document"/, '... JSON anyway';

# ---- status, once where stdout is no terminal

for (['status'], ['status', '--once'], ['status', 'ev']) {
    livectl(0, @$_);
    like $out, qr/zone main: \d+ of \d+ MB used, 1 of 8 events;  2 workers/,
        '... the node';
    like $out, qr/holds 0;  SLA missed: write \d+, read \d+/, '... its SLA';
    like $out, qr/^ev  live  head $n /m, '... the event';
    like $out, qr/^  v +avc1\S+ +$n +\d+\.\d+ +a +4 .* good 4$/m,
        '... its track and pipeline';
    unlike $out, qr/\033/, '... plain';
}

livectl(1, 'status', 'none');
is json('status')->{node}{zone}{name}, 'main', '... as JSON';
is json('status', 'ev')->{events}[0]{id}, 'ev', '... of one event';

# ---- notify

like livectl(0, 'notify', 'ev', 'ad', 'break in 10 s', '--expires', '30'),
    qr/^ad +break in 10 s +20\d\d-\d\d-\d\dT/m, 'notify';
is $ng->get("/live/ev/v/$n.m4s")->header('Live-Origin-Notice'),
    'ad="break in 10 s"', '... is there';
is livectl(0, 'notify', 'ev', 'ad', '--remove'), '', '... taken away';
like livectl(0, 'notify', 'ev', 'late', 'x', '--expires',
             '2096-01-01T00:00:00Z'), qr/^late +x +2096-/m, '... until a date';
livectl(0, 'notify', 'ev', 'free', '--expires', '300', '--', '--text');
is join(' ', map { $_->{key} } @{json('notify', 'ev')->{notices}}),
    'late free', '... lists them, as JSON';
livectl(1, 'notify', 'ev', 'BAD', 'x');
like $err, qr/400, key: /, '... the API says no';
livectl(1, 'notify', 'ev', 'k', 'x', '--expires', 'soon');
livectl(1, 'notify', 'none', 'k', 'x');

# ---- mask and why: two pipelines, of which readers have got the first

my $two = '{"id": "two", "segment_ms": 1000, "delay_ms": 1000, "dvr_s": 60,'
    . ' "pipelines": ["a", "b"], "tracks": [{"id": "v"}]}';
my $b = LiveOrigin::Media->video(segment => [1, 1], bytes => 3000,
                                 seed => 'b');

is $ng->request('PUT', '/api/events/two', body => $two)->status, 201, 'two';

for (['a', $v], ['b', $b]) {
    my ($p, $media) = @$_;

    $ng->put("/live/two/$p/v/init.mp4", $media->init);
    $ng->put("/live/two/$p/v/1.m4s", $media->segment($_)) for $n - 1 .. $n;
}

is $ng->get("/live/two/v/$n.m4s")->body, $v->segment($n), '... a is served';
like livectl(0, 'why', 'two', 'v', $n),
    qr/^number +$n\n.*^chosen\n.*^  pipeline +a\n.*^pipelines\n  id +a +b\n/ms,
    'why';
like $out, qr/^  first_ms +20\d\d-\S+Z +20\d\d-\S+Z$/m, '... times as times';
is json('why', 'two', 'v', $n)->{chosen}{pipeline}, 'a', '... as JSON';
livectl(1, 'why', 'two', 'v', 1);
livectl(1, 'why', 'two', 'x', $n);
like livectl(0, 'mask', 'two', 'a', '--track', 'v', '--from', $n),
    qr!/two/v/$n\.m4s!, 'mask: what was given out';
is $ng->get("/live/two/v/$n.m4s")->body, $b->segment($n), '... b is served';
like livectl(0, 'mask', 'two'), qr/^ +a +$n /m, '... listed';
is scalar @{json('mask', 'two')->{masks}}, 1, '... as JSON';
livectl(0, 'mask', 'two', 'a', '--track', 'v', '--from', $n, '--off');
is scalar @{json('mask', 'two')->{masks}}, 0, '... and back';
livectl(1, 'mask', 'two', 'z');
like $err, qr/400, pipeline: /, '... no such pipeline';

# ---- end and start

livectl(1, 'event', 'end', 'ev', '--at', $n + 5);
like $err, qr/400, number: /, 'end: not with this number';
like livectl(0, 'event', 'end', 'ev', '--at', $n - 1),
    qr/^event ev is ended, its last number is ${\($n - 1)}$/, 'end --at';
like livectl(0, 'event', 'start', 'ev'), qr/^event ev is live$/, 'start';
is json('event', 'end', 'ev')->{last}, $n, 'end, as JSON';
is json('event', 'start', 'ev')->{phase}, 'live', 'start, as JSON';

# ---- a closed API

{
    local $ENV{LIVECTL_API} = $ng->url . '/closed/';

    livectl(1, 'event', 'list');
    like $err, qr/403.*--token-file/, 'a closed API wants a token';
    livectl(0, 'event', 'list', '--token-file', "$dir/token");
    livectl(0, '--token-file', "$dir/token", 'event', 'list');

    local $ENV{LIVECTL_TOKEN} = 's3cret';

    livectl(0, 'event', 'list');
    local $ENV{LIVECTL_TOKEN} = 'wrong';
    livectl(1, 'event', 'list');
    unlike "$out$err", qr/wrong/, '... and does not repeat it';
    livectl(0, 'event', 'list', "--token-file=$dir/token");
}

# ---- zone

like livectl(0, 'zone', 'stat', $ng->zone), qr/^  ev +1 tracks  head $n /m,
    'zone stat';
is json('zone', 'stat', $ng->zone)->{events}[0]{id}, 'ev', '... as JSON';
livectl(0, 'zone', 'check', '--digests', $ng->zone);
ok json('zone', 'check', $ng->zone)->{ok}, '... and check';

is livectl(0, 'event', 'delete', 'ev'), "event ev deleted\n", 'delete';
livectl(1, 'event', 'delete', 'ev');
json('event', 'put', "$dir/ev.json");
is_deeply json('event', 'delete', 'ev'), {}, '... as JSON';

$ng->stop;
done_testing;
