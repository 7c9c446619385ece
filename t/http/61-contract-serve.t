# The contract of serving media: every row of docs/http-api.md's table by its
# reason, and every header.

use strict;
use warnings;

use Digest::MD5;
use POSIX qw(strftime);
use Test::More;
use Time::HiRes qw(time sleep);

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $log = q(log_format lo '$request_method $request_uri $status '
    'e=$live_origin_event t=$live_origin_track n=$live_origin_number '
    'p=$live_origin_pipeline r=$live_origin_reason h=$live_origin_held '
    'c=$live_origin_class';);

my $ng = LiveOrigin::Nginx->start(
    size => '128m', events => 8,
    live => 'live_origin_hold 1500ms; live_origin_auto_event off;',
    http => $log,
    server => 'access_log %%DIR%%/lo.log lo;'
              . ' location /now/ { live_origin_serve main;'
              . ' live_origin_hold 0; }'
              . ' location /long/ { live_origin_serve main;'
              . ' live_origin_hold 20s; }',
    files => {
        'events/ev.json' => '{"id": "ev", "segment_ms": 2000,'
            . ' "delay_ms": 1000, "dvr_s": 60, "pipelines": ["a", "b"],'
            . ' "tracks": [{"id": "v", "type": "video"},'
            . ' {"id": "au", "type": "audio"}]}',
        'events/quick.json' => '{"id": "quick", "segment_ms": 400,'
            . ' "delay_ms": 0, "dvr_s": 60}',
        'events/short.json' => '{"id": "short", "segment_ms": 1000,'
            . ' "delay_ms": 0, "dvr_s": 10, "playlist_s": 6}',
        'events/far.json' => '{"id": "far", "segment_ms": 2000,'
            . ' "delay_ms": 60000, "dvr_s": 60}'});

my $v = LiveOrigin::Media->video(bytes => 40000);
my $a = LiveOrigin::Media->audio;
my $head = $v->now_number - 1;

my @expose = ('Date', 'Age', 'ETag', 'Content-Length', 'Content-Range',
              'CMSD-Static', 'CMSD-Dynamic', 'Live-Origin',
              'Live-Origin-Due', 'Live-Origin-Notice');
my @allow = ('Range', 'Content-Type', 'Authorization', 'CMCD-Request',
             'CMCD-Object', 'CMCD-Status', 'CMCD-Session');


sub names { return join ',', sort map { s/^\s+|\s+$//gr } split /,/, $_[0] }


# what every response has

sub common
{
    my ($r, $what) = @_;

    ok defined $r->header('Cache-Control')
       && ($r->header('Access-Control-Allow-Origin') || '') eq '*'
       && ($r->header('Timing-Allow-Origin') || '') eq '*'
       && names($r->header('Access-Control-Expose-Headers') || '')
          eq names(join ',', @expose),
       "... what every response has" or diag $what;

    return $r;
}

my $row = 0;

# the line of a request, which its own query names: nginx writes it after the
# answer

sub logged
{
    my ($query) = @_;

    return wait_for(sub {
        open my $f, '<', $ng->dir . '/lo.log' or return;

        my ($line) = grep { /\?\Q$query\E .*\n/ } <$f>;

        return $line;
    }, 20) || '';
}

sub row
{
    my ($path, $status, $control, $reason, $what) = @_;

    my $query = 'row=' . ++$row;
    my $r = common($ng->get("$path?$query"), $path);

    is $r->status, $status, $what;

    ref $control ? like($r->header('Cache-Control'), $control, "... $control")
                 : is($r->header('Cache-Control'), $control, "... $control");
    like logged($query), qr/ r=$reason /, "... $reason";

    return $r;
}


for (['v', $v], ['au', $a]) {
    my ($t, $m) = @$_;

    is $ng->put("/live/ev/a/$t/init.mp4", $m->init)->status, 201, "init $t";

    for my $n ($head - 9 .. $head) {
        next if $n == $head - 4;
        $ng->put("/live/ev/a/$t/$n.m4s", $m->segment($n));
        $ng->put("/live/ev/b/$t/init.mp4", $m->init);
        $ng->put("/live/ev/b/$t/$n.m4s", $m->segment($n));
    }
}

# ---- published

my $s = $v->segment($head);
my $url = "/live/ev/v/$head.m4s";
my $r = row($url, 200, qr/^public, max-age=\d+, immutable$/, 'ready',
            'published');
my ($age) = $r->header('Cache-Control') =~ /(\d+)/;
my $end = ($head + 31) * 2 + 1;

ok $age > 40 && abs($end - time - $age) <= 4, '... to the end of the window'
    or diag "$age, not ", $end - time;
is $r->header('Surrogate-Key'), 'ev ev/v', '... Surrogate-Key';
is $r->header('Content-Type'), 'video/mp4', '... Content-Type';
like $r->header('Live-Origin'), qr/^pipeline=[ab](, held=0)?$/,
    '... Live-Origin';
is $r->header('Last-Modified'),
    strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime(($head + 1) * 2)),
    '... Last-Modified is the number\'s';

my %cmsd = map { split /=/, $_, 2 } split /\s*,\s*/,
           $r->header('CMSD-Static');

is $cmsd{ot}, 'v', '... CMSD: object type';
is $cmsd{d}, 2000, '... duration';
ok abs($cmsd{br} - length($s) * 8 / 2000) <= 1, '... bitrate in kbit/s';

$r = row("/live/ev/au/$head.m4s", 200, qr/immutable/, 'ready', 'audio');
is $r->header('Content-Type'), 'audio/mp4', '... Content-Type';
like $r->header('CMSD-Static'), qr/\bot=a\b/, '... CMSD: object type';

# the same ETag from both pipelines: two origins, one fed by each

my $ng2 = LiveOrigin::Nginx->start(size => '64m', events => 4, workers => 1,
    files => {'events/ev.json' => '{"id": "ev", "segment_ms": 2000,'
              . ' "delay_ms": 1000, "dvr_s": 60}'});

$ng2->put('/live/ev/b/v/init.mp4', $v->init);
$ng2->put("/live/ev/b/v/$head.m4s", $s);
$r = $ng->get($url);

my $r2 = $ng2->get($url);

is $r2->header('ETag'), $r->header('ETag'), 'ETag: the same from another node '
    . 'and pipeline';
is $r2->header('Last-Modified'), $r->header('Last-Modified'),
    '... and Last-Modified';
isnt $r->header('ETag'), $ng->get('/live/ev/v/' . ($head - 1) . '.m4s')
    ->header('ETag'), '... another of other bytes';
like $r2->header('Live-Origin'), qr/^pipeline=b/, '... and Live-Origin says b';
$ng2->stop;

# HEAD, conditions, ranges

my $h = $ng->head($url);

is $h->status . length $h->body, '2000', 'HEAD';
sub lasting
{
    my %h = %{$_[0]->{headers}};

    delete @h{qw(date connection)};
    s/max-age=\d+// for $h{'cache-control'};

    return \%h;
}

is_deeply lasting($h), lasting($r), '... the same headers';

for (['If-None-Match', $r->header('ETag')],
     ['If-None-Match', '"a", ' . $r->header('ETag')],
     ['If-Modified-Since', $r->header('Last-Modified')])
{
    my $c = common($ng->get($url, headers => $_), $_->[0]);

    is $c->status . length $c->body, '3040', "304: $_->[0]";
    is $c->header('ETag'), $r->header('ETag'), '... ETag';
    like $c->header('Cache-Control'), qr/immutable/, '... Cache-Control';
}

my $len = length $s;

for (['0-0', 0, 0], ['0-', 0, $len - 1], ['10-19', 10, 19],
     ['-1', $len - 1, $len - 1], ["-$len", 0, $len - 1],
     ['-99999999', 0, $len - 1], ["5-99999999", 5, $len - 1])
{
    my ($range, $from, $to) = @$_;
    my $c = common($ng->get($url, headers => ['Range', "bytes=$range"]),
                   $range);

    is $c->status . ' ' . ($c->header('Content-Range') || ''),
       "206 bytes $from-$to/$len", "bytes=$range";
    ok $c->body eq substr($s, $from, $to - $from + 1), '... the bytes';
    is $c->header('ETag'), $r->header('ETag'), '... ETag';
    like $c->header('Cache-Control'), qr/immutable/, '... Cache-Control';
}

for my $range ("$len-", '9999999-99999999', '-0') {
    my $c = $ng->get($url, headers => ['Range', "bytes=$range"]);

    is $c->status, 416, "416: bytes=$range";
    is $c->header('Content-Range'), "bytes */$len", '... Content-Range';
    ok defined $c->header('Cache-Control'), '... Cache-Control';
    unlike $c->header('Cache-Control'), qr/immutable/, '... not for ever';
}

$h = $ng->head($url, headers => ['Range', 'bytes=0-9']);
ok $h->status == 206 && $h->body eq '', 'HEAD of a range';

# ---- inits

$r = row('/live/ev/v/init.mp4', 200, qr/max-age=/, 'ready', 'init.mp4');
unlike $r->header('Cache-Control'), qr/immutable/, '... is an alias';
is $r->header('Surrogate-Key'), 'ev ev/v', '... Surrogate-Key';
like $r->header('CMSD-Static'), qr/\bot=i\b/, '... CMSD';

my $location = $ng->put('/live/ev/a/v/init.mp4', $v->init)
               ->header('Location');
$r2 = row($location, 200, qr/^public, max-age=\d+, immutable$/, 'ready',
          $location);
ok $r2->body eq $r->body, '... is the same';
is $r2->header('ETag'), $r->header('ETag'), '... ETag';
is $ng->get($location, headers => ['If-None-Match', $r->header('ETag')])
    ->status, 304, '... 304';
row('/live/ev/v/init-0badc0de.mp4', 404, 'max-age=2', 'unknown',
    'a digest that nobody knows');

# ---- not there

row('/live/ev/v/' . ($head - 100) . '.m4s', 410, 'max-age=3600', 'gone',
    'out of the window');
row('/live/ev/v/0.m4s', 410, 'max-age=3600', 'gone', 'number 0');
row('/live/ev/v/' . ($head - 20) . '.m4s', 410, 'max-age=2', 'gone',
    'missing in the window');
row('/live/ev/v/' . ($head - 4) . '.m4s', 410, 'max-age=2', 'gone',
    'missing between others');

for my $path ('none/v/1.m4s', 'none/manifest.mpd', 'none/master.m3u8',
    'ev/x/1.m4s', 'ev/x/media.m3u8', 'ev/x/init.mp4', 'ev/v/x.m4s',
    'ev/v/1.mp4', 'ev/v/1.ts', 'ev/other.mpd', 'ev', 'ev/', '', 'ev/v',
    'ev/v/', '-ev/v/1.m4s', '~/ev/v/1.m4s', '~t', '~t/ev', 'ev/~/v/1.m4s',
    'ev/v/' . '9' x 30 . '.m4s', 'ev/v/1.m4s/x', 'ev//v/1.m4s')
{
    next if $path eq 'ev//v/1.m4s';    # nginx merges the slashes

    row("/live/$path", 404, 'max-age=2', 'unknown', "unknown: $path");
}

my $builds = $ng->log;

unlike $builds, qr/open\(\)/, 'answered from memory';

# published once, and out of the window now

my $w = LiveOrigin::Media->video(bytes => 5000, segment => [1, 1]);
my $last = $w->now_number - 1;

$ng->put('/live/short/a/v/init.mp4', $w->init);
$ng->put('/live/short/a/v/1.m4s', $w->segment($_)) for $last - 24 .. $last;
row("/live/short/v/$last.m4s", 200, qr/immutable/, 'ready', 'the head');
row('/live/short/v/' . ($last - 9) . '.m4s', 200, qr/immutable/, 'ready',
    'the oldest of the window');
row('/live/short/v/' . ($last - 14) . '.m4s', 410, 'max-age=3600', 'gone',
    'published, and has left the window');
is $ng->put('/live/short/a/v/1.m4s', $w->segment($last - 14))->status, 410,
    '... cannot be published again';

# early: whole seconds left less 1

my $on_air = $v->now_number - 1;

$on_air = $head if $on_air < $head;

for my $ahead (3, 10, 100) {
    my $n = $on_air + $ahead;
    my $due = ($n + 1) * 2000 + 1000;
    my $from = time;
    my $c = row("/live/ev/v/$n.m4s", 404, qr/^max-age=\d+$/, 'early',
                "not due: $ahead ahead");
    my ($is) = $c->header('Cache-Control') =~ /(\d+)/;

    is $c->header('Live-Origin-Due'), $due, '... Live-Origin-Due';
    ok $is <= int($due / 1000 - $from) - 1
       && $is >= int($due / 1000 - time) - 1, '... max-age';
}

# no-store when less than a second is left for a cache: the next number, where
# this one was due before the answer came

for my $n ($on_air + 2 .. $on_air + 6) {
    my $due = ($n + 1) * 2 + 1;

    sleep 0.05 while time < $due - 1.8;
    $r = $ng->get("/live/ev/v/$n.m4s");
    last if time < $due;
}

is $r->status, 404, 'less than two seconds before it is due';
is $r->header('Cache-Control'), 'no-store', '... no-store';
ok $r->header('Live-Origin-Due'), '... Live-Origin-Due';

# ---- held, late

my $n = $v->now_number;

$ng->put("/live/ev/a/v/$n.m4s", $v->segment($n));

my $c = $ng->client->start('GET', '/long/ev/v/' . ++$n . '.m4s?held');

sleep 0.3;
ok !$c->ready, 'head + 1 is held';
$ng->put("/live/ev/b/v/$n.m4s", $v->segment($n));
$r = common($c->finish, 'held');
is $r->status, 200, '... then 200';
ok $r->body eq $v->segment($n), '... the bytes';
like $r->header('Live-Origin'), qr/^pipeline=b, held=[1-9]\d+$/,
    '... Live-Origin says who and how long';
like $r->header('CMSD-Static'), qr/\bht=[1-9]\d+\b/, '... and CMSD';
like $r->header('Cache-Control'), qr/^public, max-age=\d+, immutable$/,
    '... Cache-Control';
like logged('held'),
    qr!/v/$n\.m4s\?held 200 e=ev t=v n=$n p=b r=held h=[1-9]\d+ c=!,
    '... and the log';

$ng->put('/live/far/a/v/init.mp4', $v->init);

my $m = $v->now_number;

$ng->put("/live/far/a/v/$_.m4s", $v->segment($_)) for $m, $m + 2;

my $t = time;

row('/live/far/v/' . ($m + 3) . '.m4s', 404, 'max-age=1', 'late',
    'the hold ran out');
ok time - $t >= 1.4, '... after live_origin_hold';
row('/live/far/v/' . ($m + 1) . '.m4s', 404, 'max-age=1', 'late',
    '... missing below the head, but not yet for good');
row('/now/far/v/' . ($m + 3) . '.m4s', 404, 'max-age=1', 'late',
    'live_origin_hold 0');
like logged("row=$row"), qr/ h=- /, '... at once';

# ---- filler and what is defective

my $d = $v->now_number + 1;

$ng->put("/live/ev/a/v/$d.m4s", $v->segment($d, styp => ['slat']));
row("/live/ev/v/$d.m4s", 200, qr/^(public, )?max-age=2$/, 'ready', 'filler');
$d++;
$ng->put("/live/ev/a/v/$d.m4s", $v->segment($d,
    durations => [(3600) x 20]));
row("/live/ev/v/$d.m4s", 200, qr/^(public, )?max-age=2$/, 'ready',
    'a segment of the wrong duration');

# the better of two candidates is served

$d++;
$ng->put("/live/ev/a/v/$d.m4s", $v->segment($d, styp => ['slat']));
$ng->put("/live/ev/b/v/$d.m4s", $v->segment($d));
$r = $ng->get("/live/ev/v/$d.m4s");
like $r->header('Live-Origin'), qr/pipeline=b/, 'filler loses to real media';
like $r->header('Cache-Control'), qr/immutable/, '... which is for ever';

# ---- overdue

my $q = LiveOrigin::Media->video(segment => [2, 5], bytes => 5000);
my $o = $q->now_number - 1;

$ng->put('/live/quick/a/v/init.mp4', $q->init);
$ng->put("/live/quick/a/v/$o.m4s", $q->segment($o));
sleep 0.05 while time < ($o + 8) * 0.4;
row("/live/quick/v/" . ($o + 4) . '.m4s', 404, 'max-age=1', 'overdue',
    'beyond the head + 1, overdue');
row("/live/quick/v/" . ($o + 1) . '.m4s', 404, 'max-age=1', 'overdue',
    'head + 1, overdue by more than 2 d');

# ---- OPTIONS

for my $path ($url, '/live/ev/manifest.mpd', '/live/none/v/1.m4s') {
    $r = common($ng->options($path, headers => ['Origin', 'http://x',
        'Access-Control-Request-Method', 'GET']), "OPTIONS $path");
    ok $r->status == 204 || $r->status == 200, "OPTIONS $path";
    is names($r->header('Access-Control-Allow-Headers')),
       names(join ',', @allow), '... allowed headers';
    like $r->header('Access-Control-Max-Age'), qr/^[1-9]\d*$/,
        '... Access-Control-Max-Age';
    like $r->header('Access-Control-Allow-Methods'), qr/\bGET\b.*\bHEAD\b/,
        '... methods';
}

# ---- tokens and classes


for my $path ("/live/~tok.en-1/ev/v/$head.m4s", "/live/ev/~gold/v/$head.m4s",
    "/live/~t/ev/~gold/v/$head.m4s", '/live/~t/ev/~gold/v/init.mp4')
{
    $r = row($path, 200, qr/max-age/, 'ready', $path);
    is $r->header('Surrogate-Key'), 'ev ev/v', '... Surrogate-Key';
}

$ng->get("/live/~t/ev/~gold/v/$head.m4s?gold");
like logged('gold'), qr/ e=ev t=v n=$head p=[ab] r=ready h=\S* c=gold$/,
    'the variables';
row("/live/~t/ev/~gold/v/" . ($head + 200) . '.m4s', 404, qr/max-age/,
    'early', 'with a token and a class, early');

# ---- other methods

$r = $ng->request('PUT', '/now/ev/a/v/1.m4s', body => 'x');
is $r->status, 405, 'PUT where only serving is';
ok defined $r->header('Cache-Control'), '... Cache-Control';
$r = $ng->request('PATCH', $url);
is $r->status, 405, 'PATCH';
ok defined $r->header('Cache-Control'), '... Cache-Control';

# ---- the end

is $ng->post('/api/events/ev/end')->status, 200, 'the event ends';
row($url, 200, qr/max-age/, 'ready', 'what is there is served');
row('/live/ev/v/' . ($d + 1) . '.m4s', 410, 'max-age=3600', 'gone',
    'after the end');
row('/live/ev/v/' . ($d + 100) . '.m4s', 410, 'max-age=3600', 'gone',
    '... and far behind it');

is scalar(grep { /\[(error|alert|crit)\]/ } split /\n/, $ng->log), 0,
    'nothing of this is an error';

$ng->stop;
done_testing;
