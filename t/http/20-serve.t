# GET, HEAD and OPTIONS of media: the table of docs/http-api.md.

use strict;
use warnings;

use POSIX qw(strftime);
use Test::More;
use Time::HiRes qw(time sleep);

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $ng = LiveOrigin::Nginx->start(
    size => '256m', events => 8, workers => 2,
    live => 'live_origin_auto_event off;',
    server => 'location /now/ { live_origin_serve main; live_origin_hold 0; }'
              . 'location /pub { live_origin_publish main;'
              . ' limit_except PUT { deny all; } }'
              . 'location ~ ^/re/ { live_origin_serve main; }',
    files => {'events/ev.json' => '{"id": "ev", "segment_ms": 2000,'
        . ' "delay_ms": 1500, "dvr_s": 60, "pipelines": ["a", "b"]}'});

my $v = LiveOrigin::Media->video(bytes => 100000);
my $a = LiveOrigin::Media->audio;
my $head = $v->now_number - 1;
my $r;

is $ng->get('/live/none/v/1.m4s')->status, 404, 'unknown event';
is $ng->get('/live/none/v/1.m4s')->header('Cache-Control'), 'max-age=2',
    '... cached for 2 s';
is $ng->get('/live/ev/v/1.m4s')->status, 404, 'unknown track';

is $ng->put('/live/ev/c/v/init.mp4', $v->init)->status, 403,
    'a pipeline that the document does not name';
is $ng->put('/live/ev/b/v/init.mp4', $v->init)->status, 201, 'init';
is $ng->get("/live/ev/v/$head.m4s")->status, 404, 'a track without segments';
$ng->put("/live/ev/b/v/$_.m4s", $v->segment($_)) for $head - 5 .. $head - 3,
                                                     $head - 1, $head;

# published

my $s = $v->segment($head);
my $url = "/live/ev/v/$head.m4s";

$r = $ng->get($url);
is $r->status, 200, 'a segment';
ok $r->body eq $s, '... its bytes';
is $r->header('Content-Type'), 'video/mp4', 'Content-Type';
is $r->header('Content-Length'), length $s, 'Content-Length';
like $r->header('ETag'), qr/^"[0-9a-f]{32}"$/, 'ETag';
like $r->header('Cache-Control'), qr/^public, max-age=\d+, immutable$/,
    'Cache-Control';

my ($age) = $r->header('Cache-Control') =~ /(\d+)/;

ok $age > 30 && $age <= 66, "... to the end of the window ($age)";
is $r->header('Last-Modified'),
    strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime(($head + 1) * 2)),
    'Last-Modified';
is $r->header('Surrogate-Key'), 'ev ev/v', 'Surrogate-Key';
is $r->header('Live-Origin'), 'pipeline=b', 'Live-Origin';
is $r->header('CMSD-Static'),
    'ot=v,d=2000,br=' . int(8 * length($s) / 2000), 'CMSD-Static';
is $r->header('Accept-Ranges'), 'bytes', 'Accept-Ranges';
is $r->header('Access-Control-Allow-Origin'), '*', 'CORS';
like $r->header('Access-Control-Expose-Headers'), qr/Live-Origin-Due/,
    '... exposed';
is $r->header('Timing-Allow-Origin'), '*', 'Timing-Allow-Origin';

my $h = $ng->head($url);

is $h->status . $h->body, '200', 'HEAD';

# max-age is less by the second

sub lasting
{
    my ($of) = @_;

    return join ' ', map { "$_:" . $of->header($_) =~ s/max-age=\d+//r }
                     qw(Content-Length ETag Cache-Control Surrogate-Key
                        CMSD-Static Live-Origin Last-Modified);
}

is lasting($h), lasting($r), '... has the same headers';

for (['If-None-Match', $r->header('ETag'), 304],
     ['If-None-Match', 'W/' . $r->header('ETag'), 304],
     ['If-None-Match', '"x", ' . $r->header('ETag'), 304],
     ['If-None-Match', '*', 304],
     ['If-None-Match', '"x"', 200],
     ['If-Modified-Since', $r->header('Last-Modified'), 304])
{
    my $c = $ng->get($url, headers => [$_->[0], $_->[1]]);

    is $c->status, $_->[2], "$_->[0]: $_->[1]";

    if ($_->[2] == 304) {
        ok $c->body eq '' && $c->header('ETag') eq $r->header('ETag')
           && $c->header('Cache-Control'), '... with ETag, Cache-Control';
    }
}

# ranges

my $len = length $s;

for (['bytes=0-', 0, $len - 1], ['bytes=0-0', 0, 0],
     ['bytes=16380-16390', 16380, 16390], ['bytes=-5', $len - 5, $len - 1],
     ['bytes=100-99999999', 100, $len - 1],
     ["bytes=40000-90000", 40000, 90000], ['bytes=16384-16384', 16384, 16384])
{
    my ($range, $from, $to) = @$_;
    my $c = $ng->get($url, headers => ['Range', $range]);

    is $c->status . ' ' . ($c->header('Content-Range') || ''),
       "206 bytes $from-$to/$len", "Range: $range";
    ok $c->body eq substr($s, $from, $to - $from + 1), '... its bytes';
}

$r = $ng->get($url, headers => ['Range', "bytes=$len-"]);
is $r->status . $r->header('Content-Range'), "416bytes */$len", 'a range '
    . 'beyond the end';
is $r->header('Last-Modified'), undef, '... whose answer has no time of its own';
ok $ng->get($url, headers => ['Range', 'bytes=0-1,5-6'])->body eq $s,
    'two ranges are the whole';
is $ng->get($url, headers => ['Range', 'bytes=0-9', 'If-Range', '"x"'])
    ->status, 200, 'If-Range of other bytes';

# init

$r = $ng->get('/live/ev/v/init.mp4');
is $r->body, $v->init, 'init';
is $r->header('CMSD-Static'), 'ot=i', '... CMSD-Static';
is $r->header('Cache-Control'), 'public, max-age=2', '... not for ever';

my ($digest) = $r->header('ETag') =~ /"(.{8})/;

$r = $ng->get("/live/ev/v/init-$digest.mp4");
is $r->body, $v->init, 'init by its digest';
like $r->header('Cache-Control'), qr/immutable/, '... for ever';
is $ng->get('/live/ev/v/init-00000000.mp4')->status, 404, 'another digest';

# not there

sub missing
{
    my ($path, $status, $control, $what) = @_;

    my $m = $ng->get($path);

    is $m->status . ' ' . $m->header('Cache-Control'), "$status $control",
       $what;
    is $m->header('Access-Control-Allow-Origin'), '*', '... CORS';

    return $m;
}

missing('/live/ev/v/' . ($head - 4 - 40) . '.m4s', 410, 'max-age=3600',
        'out of the window');
missing('/live/ev/v/' . ($head - 10) . '.m4s', 410, 'max-age=2',
        'missing in the window');

# head - 2 was due less than 2 d ago, or just is no more

missing('/now/ev/v/' . ($head + 1) . '.m4s', 404, 'max-age=1',
        'the next, without hold');

my $far = $head + 10;
my $due = ($far + 1) * 2 + 1.5;
my $before = time;

$r = $ng->get("/now/ev/v/$far.m4s");
is $r->status, 404, 'not due yet';
is $r->header('Live-Origin-Due'), $due * 1000, '... when it will be';
($age) = $r->header('Cache-Control') =~ /max-age=(\d+)/;
ok $age <= int($due - $before) - 1 && $age >= int($due - time) - 1,
    '... until a second before that';

is $ng->get('/live/ev/v/x.m4s')->status, 404, 'no number';
is $ng->get('/live/ev/v/1.2.m4s')->status, 404, 'a part';
is $ng->get('/live/ev/')->status, 404, 'no name';
is $ng->get('/live/')->status, 404, 'no event';

# other ways

is $ng->get("/live/~tok/ev/~cls/v/$head.m4s")->status, 200, 'token and class';
is $ng->get("/re/ev/v/$head.m4s")->status, 404, 'a location by regular '
    . 'expression takes the whole path';
is $ng->put("/pub/ev/b/v/$head.m4s", $s)->status, 200,
    'limit_except keeps the handler';
is $ng->get("/pub/ev/v/$head.m4s")->status, 403, '... and refuses the rest';
is $ng->put("/now/ev/b/v/$head.m4s", $s)->status, 405,
    'no publishing where only serving is';

$r = $ng->options($url);
is $r->status, 204, 'OPTIONS';
like $r->header('Access-Control-Allow-Headers'), qr/\bRange\b/, '... headers';
like $r->header('Access-Control-Allow-Methods'), qr/\bHEAD\b/, '... methods';
ok $r->header('Access-Control-Max-Age') && $r->header('Cache-Control'),
    '... age';

# defective ones are not for ever

my $bad = $head + 1;

$ng->put("/live/ev/b/v/$bad.m4s", $v->segment($bad, styp => ['slat']));
$r = $ng->get("/live/ev/v/$bad.m4s");
is $r->status . $r->header('Cache-Control'), '200public, max-age=2', 'filler';

# an outage

sleep 0.1 while time < ($head + 5) * 2 + 1.5;

missing('/live/ev/v/' . ($head + 3) . '.m4s', 404, 'max-age=1', 'overdue');
ok wait_for(sub {
    $ng->access_log =~ m!/live/ev/v/@{[$head + 3]}\.m4s 404 .*overdue!;
}, 20), '... by its reason';

# the end

is $ng->post('/api/events/ev/end')->status, 200, 'the event ends';
missing('/live/ev/v/' . ($bad + 1) . '.m4s', 410, 'max-age=3600',
        'after the end');
is $ng->get($url)->status, 200, '... what is there is served';
is $ng->put("/live/ev/b/v/$bad.m4s", $v->segment($bad))->status, 410,
    '... and nothing taken';

is scalar(grep { /\[error\]/ } split /\n/, $ng->log), 1,
    'of all this only the access that was denied is an error';

$ng->stop;
done_testing;
