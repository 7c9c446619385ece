# The life of an event: scheduled, live, ended, live again; what readers,
# publishers and manifests are told, by all workers and after a restart.

use strict;
use warnings;

use JSON::PP qw(decode_json);
use Test::More;

use lib 't/lib';
use LiveOrigin::Http;
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $doc = '"segment_ms": 1000, "delay_ms": 1000, "dvr_s": 60';
my $tracks = '"tracks": [{"id": "v"}, {"id": "au"}]';

# a reader of ev is held for 5 s at least

my $ng = LiveOrigin::Nginx->start(
    size => '64m', events => 8,
    live => 'live_origin_hold 20s; live_origin_auto_event on;',
    files => {'events/soon.json' => '{"id": "soon", "segment_ms": 1000,'
                  . " \"delay_ms\": 300000, \"dvr_s\": 60, $tracks}",
              'events/ev.json' => '{"id": "ev", "segment_ms": 1000,'
                  . " \"delay_ms\": 4000, \"dvr_s\": 60, $tracks}",
              map { ("events/$_.json" => "{\"id\": \"$_\", $doc, $tracks}") }
              qw(part none)});

my $v = LiveOrigin::Media->video(segment => [1, 1], bytes => 3000);
my $au = LiveOrigin::Media->audio(segment => [1, 1]);
my ($r, $s);


sub api
{
    my ($method, $path, $status, $body, $what) = @_;

    my $a = $ng->request($method, "/api/events/$path",
                         defined $body ? (body => $body) : ());

    is $a->status, $status, $what || "$method $path" or diag $a->body;

    return decode_json($a->body);
}

sub phase { return decode_json($ng->get("/api/events/$_[0]/status")->body) }

sub put
{
    my ($event, $track, $n, @o) = @_;

    my $media = $track eq 'v' ? $v : $au;

    return $ng->put("/live/$event/a/$track/1.m4s", $media->segment($n, @o));
}

sub inits
{
    my ($event) = @_;

    return map { $_->status } $ng->put("/live/$event/a/v/init.mp4", $v->init),
                              $ng->put("/live/$event/a/au/init.mp4",
                                       $au->init);
}

# numbers of a playlist, and which of them are GAPs

sub list
{
    my ($path) = @_;

    my (@n, %gap, $gap);
    my $body = $ng->get("/live/$path/media.m3u8")->body;

    for (split /\n/, $body) {
        $gap = 1 if $_ eq '#EXT-X-GAP';

        if (/^(\d+)\.m4s$/) {
            push @n, $1;
            $gap{$1} = 1 if $gap;
            $gap = 0;
        }
    }

    return ($body, \@n, \%gap);
}

# every worker says so

sub ended
{
    my ($event, $last, $what) = @_;

    my %seen;

    for (1 .. 8) {
        my $mpd = $ng->get("/live/$event/manifest.mpd");

        $seen{join ' ', $mpd->status,
              $mpd->body =~ /type="static"/ ? 'static' : 'dynamic',
              $mpd->body =~ /mediaPresentationDuration="/ ? 'ends' : 'open',
              $mpd->body =~ /minimumUpdatePeriod/ ? 'updates' : 'final',
              $mpd->body =~ /<Period[^>]* duration="/ ? 'bounded' : 'open'}++;
    }

    is join('; ', sort keys %seen), '200 static ends final bounded',
        "$what: the MPD";

    for my $t (qw(v au)) {
        my ($body, $n) = list("$event/$t");

        like $body, qr/\n#EXT-X-ENDLIST\n\z/, "$what: $t has ENDLIST";
        is $n->[-1], $last, '... behind the last number';
    }

    is phase($event)->{phase}, 'ended', '... and the API says it';
}


# ---- scheduled

is phase('ev')->{phase}, 'scheduled', 'a new event is scheduled';
like api('POST', 'ev/start', 409)->{error}, qr/nothing has been published/,
    'there is nothing to start with';
like $ng->get('/metrics')->body,
    qr/^live_origin_event_state\{event="ev",state="scheduled"\} 1$/m,
    'the metrics know the phase';

# ---- live

my $n = $v->now_number - 1;

is join(' ', inits('ev')), '201 201', 'inits';
put('ev', 'v', $_) for $n - 5 .. $n;
put('ev', 'au', $_) for $n - 5 .. $n - 1;

$r = $ng->get('/live/ev/manifest.mpd');
like $r->body, qr/type="dynamic".*minimumUpdatePeriod/s, 'a live MPD';
my ($ast) = $r->body =~ /availabilityStartTime="([^"]+)"/;
unlike((list('ev/v'))[0], qr/ENDLIST/, '... and playlist');
is phase('ev')->{phase}, 'live', 'live';
is api('POST', 'ev/start', 200)->{phase}, 'live', 'start changes nothing';

# ---- ended, while readers wait

my @held = map { $ng->client } 1 .. 6;

$held[$_]->start('GET', '/live/ev/v/' . ($n + 1) . '.m4s') for 0 .. 3;
$held[$_]->start('GET', "/live/ev/au/$n.m4s") for 4, 5;
ok wait_for(sub { decode_json($ng->get('/api/status')->body)->{holds} == 6 },
            10), 'readers wait';

$s = api('POST', 'ev/end', 200);
is $s->{phase}, 'ended', 'ended';
is $s->{last}, $n, '... with the newest number';

is join(' ', map { ($_->status || 0) . ' ' . $_->header('Cache-Control') }
             LiveOrigin::Http::collect(\@held, 10)),
   join(' ', ('410 max-age=3600') x 6), '... who waited is told';

is put('ev', 'v', $n + 1)->status, 410, 'PUT of a segment';
is join(' ', inits('ev')), '410 410', 'PUT of an init';

sub after
{
    my ($what) = @_;

    ended('ev', $n, $what);

    my (undef, $list, $gap) = list('ev/au');

    ok $gap->{$n} && !$gap->{$n - 1}, "$what: what a track lacks is GAP";
    ok !(list('ev/v'))[2]{$n}, '... and only there';
    is $ng->get("/live/ev/v/$n.m4s")->status, 200, "$what: the last number";

    for ('v/' . ($n + 1), 'v/' . ($n + 1000), "au/$n") {
        $r = $ng->get("/live/ev/$_.m4s");
        is $r->status . ' ' . $r->header('Cache-Control'),
           '410 max-age=3600', "$what: $_";
    }
}

after('ended');
is api('POST', 'ev/end', 200)->{last}, $n, 'once more';
is api('POST', 'ev/end', 200, "{\"number\": $n}")->{last}, $n, '... so too';
like api('POST', 'ev/end', 409, '{"number": ' . ($n - 1) . '}')->{error},
    qr/start it again first/, '... but with no other number';
like $ng->get('/metrics')->body,
    qr/^live_origin_event_state\{event="ev",state="ended"\} 1$/m,
    'the metrics';
ok $ng->reload, 'reload';
after('after a reload');
$ng->restart;
after('after a restart');

# ---- bad input

for (['{"number": -1}', 'number'], ['{"number": "5"}', 'number'],
     ['{"number": 1.5}', 'number'], ['{"at": 5}', 'at'], ['[]', ''],
     ['{', ''], ['{"number": 1, "number": 2}', ''])
{
    is api('POST', 'part/end', 400, $_->[0], "end $_->[0]")->{field}, $_->[1],
        '... names the field';
}

api('POST', 'part/end', 413, '{"number": 1' . ' ' x 20000 . '}');
api('POST', 'part/end', 409, '{"number": 1}', 'no number to end with');
api('POST', 'nobody/end', 404);
api('POST', 'nobody/start', 404);
api('GET', 'ev/start', 405);
is api('POST', 'ev/start', 400, '{"when": 1}')->{field}, 'when',
    'start takes nothing';
is phase('ev')->{phase}, 'ended', 'none of this changed anything';

# ---- started again: it goes on as after an outage

is api('POST', 'ev/start', 200)->{phase}, 'live', 'started again';
$r = $ng->get('/live/ev/manifest.mpd');
like $r->body, qr/type="dynamic".*minimumUpdatePeriod/s, 'the MPD is live';
like $r->body, qr/availabilityStartTime="\Q$ast\E"/, '... its clock the same';
unlike((list('ev/v'))[0], qr/ENDLIST/, 'the playlist has no end');

# a number is missed: the outage

my $m;

wait_for(sub { ($m = $v->now_number - 1) > $n + 1 }, 20);

is join(' ', inits('ev')), '200 200', 'inits are the same';
is put('ev', 'v', $m)->status, 201, 'segments are taken';
put('ev', 'au', $m);

my ($list, $gap);

ok wait_for(sub { (undef, $list, $gap) = list('ev/v'); $list->[-1] >= $m },
            20), 'numbers go on';
is join(' ', grep { !$gap->{$_} } @$list), join(' ', $n - 5 .. $n, $m),
    '... with GAPs between' or diag "@$list";
ok wait_for(sub { (list('ev/au'))[2]{$n} }, 20),
    'what was listed as GAP stays one';

# ---- ended with a number below the head

put('ev', $_, $m + 1) for qw(v au);
is $ng->get('/live/ev/v/' . ($m + 1) . '.m4s')->status, 200, 'the head';

for ($n - 100, $m + 2) {
    is api('POST', 'ev/end', 400, "{\"number\": $_}")->{field}, 'number',
        "$_ was not published";
}

is api('POST', 'ev/end', 200, "{\"number\": $m}")->{last}, $m,
    'ended with a number';
ended('ev', $m, 'cut off');
$r = $ng->get('/live/ev/v/' . ($m + 1) . '.m4s');
is $r->status . ' ' . $r->header('Cache-Control'), '410 max-age=3600',
    'what is behind it is gone';
is $ng->get("/live/ev/v/$m.m4s")->status, 200, 'the last is there';
api('POST', 'ev/start', 200);
is $ng->get('/live/ev/v/' . ($m + 1) . '.m4s')->status, 200,
    'started again, it is all there';

# ---- started again before a number that was listed as GAP is due

$n = $v->now_number - 1;
inits('soon');
put('soon', 'v', $_) for $n - 3 .. $n;
put('soon', 'au', $_) for $n - 3 .. $n - 2;
is phase('soon')->{phase}, 'live', 'an event far behind the clock';
is join(' ', @{(list('soon/au'))[1]}), join(' ', $n - 3 .. $n - 2),
    '... of a track what is there';
api('POST', 'soon/end', 200);
is join(' ', @{(list('soon/au'))[1]}), join(' ', $n - 3 .. $n),
    'ended: what it lacks is listed, too';
api('POST', 'soon/start', 200);
(undef, $list, $gap) = list('soon/au');
is join(' ', @$list), join(' ', $n - 3 .. $n), 'started again: it stays listed';
is join(' ', sort keys %$gap), join(' ', $n - 1, $n), '... as GAP';
put('soon', 'au', $n + 1);
(undef, $list, $gap) = list('soon/au');
is join(' ', @$list), join(' ', $n - 3 .. $n + 1), '... and the list goes on';
is join(' ', sort keys %$gap), join(' ', $n - 1, $n), '... behind it';

# ---- start does not wait for a track that does not come

$n = $v->now_number - 1;
inits('part');
put('part', 'v', $_) for $n - 2 .. $n;
is $ng->get('/live/part/manifest.mpd')->status, 404, 'a track is missing';
is api('POST', 'part/start', 200)->{phase}, 'live', 'start';
$r = $ng->get('/live/part/manifest.mpd');
is $r->status, 200, '... goes live';
like $r->body, qr/<Representation id="v"/, '... with what there is';
is put('part', 'au', $n)->status, 201, 'the other track comes';
ok wait_for(sub { $ng->get('/live/part/au/media.m3u8')->status == 200
                  && $ng->get('/live/part/manifest.mpd')->body
                     =~ /<Representation id="au"/ }, 10), '... and is there';

# ---- nothing was ever published

is api('POST', 'none/end', 200)->{last}, undef, 'an event that had nothing';
is $ng->get('/live/none/manifest.mpd')->status, 404, '... has no manifest';
is join(' ', inits('none')), '410 410', '... and takes nothing';
is api('POST', 'none/start', 200)->{phase}, 'scheduled', 'started again';
is join(' ', inits('none')), '201 201', '... it does';

# ---- brand lmsg: the last of a track may be short; the same init goes on

my $frames = [($v->{timescale} / 25) x 10];

$n = $v->now_number - 2;
inits('none');
put('none', $_, $n) for qw(v au);
is put('none', 'v', $n + 1, styp => ['msdh', 'lmsg'], durations => $frames)
       ->status, 201, 'a short last segment';

my ($t) = grep { $_->{id} eq 'v' } @{phase('none')->{tracks}};

is $t->{pipelines}[0]{verdicts}{good}, 2, '... is good';
is $ng->put('/live/none/a/v/init.mp4', $v->init)->status, 200,
    'the same init';
is put('none', 'v', $n + 2)->status, 201, '... opens the track again';
is phase('none')->{phase}, 'live', 'the event was never ended by it';

$ng->stop;
done_testing;
