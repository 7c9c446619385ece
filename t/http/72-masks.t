# Masks: a range of one pipeline out of service from the next request on, on
# every worker; back; what was given out; and the purge hook.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep time);

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $cache = IO::Socket::INET->new(Listen => 64, LocalAddr => '127.0.0.1',
                                  ReuseAddr => 1) or die "listen: $!\n";
my $port = $cache->sockport;

my %options = (
    workers => 3, size => '64m', events => 4,
    live => 'live_origin_hold 0;',
    http => "live_origin_purge http://127.0.0.1:$port/k/\$key;",
    files => {
        'events/ev.json' => '{"id": "ev", "segment_ms": 1000, "dvr_s": 600,'
            . ' "delay_ms": 1000, "pipelines": ["a", "b"],'
            . ' "tracks": [{"id": "v"}, {"id": "au"}]}'});
my $ng = LiveOrigin::Nginx->start(%options);

my %v = map { $_ => LiveOrigin::Media->video(bytes => 3000, seed => $_,
                                             segment => [1, 1]) } 'a', 'b';
my $au = LiveOrigin::Media->audio(bytes => 1000, segment => [1, 1]);

for my $p ('a', 'b') {
    $ng->put("/live/ev/$p/v/init.mp4", $v{$p}->init);
    $ng->put("/live/ev/$p/au/init.mp4", $au->init);
}

my $last = $v{a}->now_number - 20;
my $first = $last - 19;

# video differs, audio is the same of both; a alone has the last two

for my $n ($first .. $last) {
    for my $p ($n > $last - 2 ? 'a' : ('a', 'b')) {
        $ng->put("/live/ev/$p/v/1.m4s", $v{$p}->segment($n, seed => $p));
        $ng->put("/live/ev/$p/au/1.m4s", $au->segment($n));
    }
}

sub mask
{
    my ($json) = @_;

    return $ng->post('/api/events/ev/masks', $json);
}

# who serves a number: the same on all workers, each on a connection of its own

sub who
{
    my ($n, $track) = @_;
    my %who;

    for (1 .. 8) {
        my $r = $ng->get('/live/ev/' . ($track || 'v') . "/$n.m4s");
        my $p = $r->status == 200
                ? $r->header('Live-Origin') =~ /pipeline=(\w)/ && $1
                : $r->status;

        $p .= ' other bytes' if $p =~ /^[ab]$/ && ($track || 'v') eq 'v'
                 && $r->body ne $v{$p}->segment($n, seed => $p);
        $who{$p}++;
    }

    return join ' ', sort keys %who;
}

is who($first + 3), 'a', 'a is given out';
is who($first + 4), 'a', '... of two numbers';
is who($last), 'a', '... and where there is no other';

my $etag = $ng->get('/live/ev/v/' . ($first + 3) . '.m4s')->header('ETag');
my ($from, $to) = ($first + 3, $first + 6);
my $r = mask(qq({"pipeline": "a", "track": "v", "from": $from, "to": $to}));

is $r->status, 200, 'a is masked for four numbers';
is_deeply [sort @{$r->json->{given}}],
    ["/live/ev/v/$from.m4s", '/live/ev/v/' . ($from + 1) . '.m4s'],
    '... the answer lists what was given out';
is $r->json->{given_total}, 2, '... all of it';
is $r->json->{complete}, JSON::PP::true, '... as it says';
is $r->json->{changed}, JSON::PP::true, '... something changed';
is_deeply [map { [@$_{qw(pipeline track from to)}] } @{$r->json->{masks}}],
    [['a', 'v', $from, $to]], '... and what is masked now';

is who($_), 'b', "b serves $_" for $from .. $to;
is who($_), 'a', "a serves $_ on" for $from - 1, $to + 1;
is who($from, 'au'), 'a', 'another track is as it was';
isnt $ng->get("/live/ev/v/$from.m4s")->header('ETag'), $etag,
    'the ETag is that of the bytes';
is $ng->get("/live/ev/v/$from.m4s", headers => ['If-None-Match', $etag])
    ->status, 200, '... so no cache keeps what it had';
is $ng->get('/live/ev/v/' . ($from - 1) . '.m4s')->status, 200, 'others stay';

is mask(qq({"pipeline": "a", "track": "v", "from": $from, "to": $to}))
    ->json->{changed}, JSON::PP::false, 'once more: nothing changes';
is_deeply $ng->get('/api/events/ev/masks')->json->{masks}[0]{from}, $from,
    'GET masks';

my $why = $ng->get("/api/events/ev/why/v/$from")->json;

is $why->{chosen}{reason}, 'masked-other', 'why: the other is masked';
is $why->{pipelines}[0]{masked}, JSON::PP::true, '... a, that is';
ok $why->{pipelines}[0]{given}{since_ms}, '... which was given out before';

# what comes while it is masked is not served

is $ng->put('/live/ev/a/v/1.m4s', $v{a}->segment($to, seed => 'late'))
    ->status, 201, 'a publishes into its mask';
is who($to), 'b', '... and is not served';

# survives a reload and a killed worker

$ng->reload;
$ng->kill_worker;
is who($from), 'b', 'masks outlive workers';

# back: who was given b keeps it, the others have their order

is mask(qq({"pipeline": "a", "track": "v", "from": $from, "to": $to,
            "mask": false}))->json->{changed}, JSON::PP::true, 'taken back';
is_deeply $ng->get('/api/events/ev/masks')->json->{masks}, [], '... is gone';
is who($from), 'b', 'what was chosen meanwhile stays';

# no other pipeline: as one that is missing, and a GAP later

like $ng->get('/live/ev/v/media.m3u8')->body, qr/^$last\.m4s$/m,
    'the last number is listed';

$r = mask(qq({"pipeline": "a", "from": $last}));
is_deeply [sort @{$r->json->{given}}], ["/live/ev/v/$last.m4s"],
    'masked for all tracks, until it is taken back';
is $r->json->{masks}[0]{to}, undef, '... which has no end';
is who($last), '410', 'without another it is gone';
is who($last, 'au'), '410', '... in every track';
is $ng->get("/live/ev/v/$last.m4s")->header('Cache-Control'), 'max-age=1',
    '... as one that is missing';

my $gap = wait_for(sub {
    $ng->get('/live/ev/au/media.m3u8')->body
        =~ /^#EXT-X-GAP\n(?:#[^\n]*\n)*$last\.m4s$/m }, 10);

ok $gap, '... a playlist has it as GAP';

is mask('{"pipeline": "a", "mask": false}')->status, 200, 'all taken back';
is who($last), 'a', '... it is served again';

# the same bytes of both: one object, which b is in service for

is who($from, 'au'), 'a', 'audio is the same of both';
$r = mask(qq({"pipeline": "a", "track": "au", "from": $from, "to": $to}));
is_deeply $r->json->{given}, [], 'nothing was taken back';
is who($from, 'au'), 'b', '... it is served as b\'s';
mask(qq({"pipeline": "b", "track": "au", "from": $from, "to": $to}));
is who($from, 'au'), '410', 'both masked: gone';
mask('{"pipeline": "a", "mask": false}');
is who($from, 'au'), 'a', 'and back';
mask('{"pipeline": "b", "mask": false}');

# bad requests

for (['', ''], ['[]', ''], ['{"pipeline": "a"', ''], ['{}', 'pipeline'],
     ['{"pipeline": 1}', 'pipeline'], ['{"pipeline": "c"}', 'pipeline'],
     ['{"pipeline": ""}', 'pipeline'],
     ['{"pipeline": "a", "track": "x"}', 'track'],
     ['{"pipeline": "a", "track": 1}', 'track'],
     ['{"pipeline": "a", "from": -1}', 'from'],
     ['{"pipeline": "a", "from": "1"}', 'from'],
     ['{"pipeline": "a", "from": 1.5}', 'from'],
     ['{"pipeline": "a", "from": 99999999999999999999}', ''],
     ['{"pipeline": "a", "from": 5, "to": 4}', 'to'],
     ['{"pipeline": "a", "mask": 1}', 'mask'],
     ['{"pipeline": "a", "numbers": []}', ''],
     ['{"pipeline": "a", "pipeline": "b"}', ''])
{
    $r = mask($_->[0]);
    is $r->status, 400, "400: $_->[0]";
    is $r->json->{field}, $_->[1], '... which field';
}

is mask('{"pipeline": "a", "x": "' . 'y' x 5000 . '"}')->status, 413,
    'a large one';
is $ng->post('/api/events/nope/masks', '{"pipeline": "a"}')->status, 404,
    'no such event';
is $ng->get('/api/events/nope/masks')->status, 404, '... to list';
is $ng->delete('/api/events/ev/masks')->status, 405, 'not by DELETE';
is_deeply $ng->get('/api/events/ev/masks')->json->{masks}, [],
    'nothing was masked by these';

mask(qq({"pipeline": "b", "track": "v", "from": $_, "to": $_}))
    for map { $first + 2 * $_ } 0 .. 31;
is mask(qq({"pipeline": "b", "track": "v", "from": 9999999999}))->status, 507,
    'more than 32 ranges';
is mask('{"pipeline": "b", "mask": false}')->status, 200, '... all back';

# ---- the purge hook

# what was asked for by now: each mask that was set asked once a track.  It is
# over when nothing has come for a while in which nginx answered something else

sub purges
{
    my ($answer, $seconds) = @_;
    my $select = IO::Select->new($cache);
    my $quiet = 0;
    my @got;

    while ($quiet < 3) {

        if (!$select->can_read($seconds)) {
            $quiet++;
            $seconds = 0.2;
            metric('purges_total') for 1 .. 6;
            next;
        }

        my $c = $cache->accept or last;
        my $head = '';

        while ($head !~ /\r\n\r\n/) {
            sysread $c, $head, 4096, length $head or last;
        }

        print $c $answer if $answer;
        push @got, $head;
        close $c if $answer;
        $quiet = 0;
        $seconds = 0.2;
    }

    return @got;
}

my @before = purges("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 5);

ok scalar(grep { m!^PURGE /k/ev/v HTTP/1\.1\r\n! } @before),
    'the cache was asked to purge the track';
ok scalar(grep { /^Surrogate-Key: ev\/v\r\n/m } @before), '... by its key';
is scalar(grep { !m!^PURGE /k/ev/(?:v|au) HTTP/1\.1\r\n! } @before), 0,
    '... and of nothing else';

sub metric
{
    my ($name) = @_;

    return $ng->get('/metrics')->body =~ /^live_origin_$name (\d+)$/m ? $1
                                                                      : -1;
}

sub counted { return metric('purges_total') + metric('purges_failed_total') }

my $all;

wait_for(sub { $all = counted(); sleep 0.5; return $all == counted() }, 20);

mask(qq({"pipeline": "a", "track": "v", "from": $first, "to": $first}));

my @one = purges("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 5);

is scalar @one, 1, 'a mask of one track: one request';
ok wait_for(sub { counted() == $all + 1 }, 20), '... counted';

my $failed = metric('purges_failed_total');

mask(qq({"pipeline": "a", "track": "v", "from": $first + 1, "to": $first}));
mask('{"pipeline": "a", "track": "v", "from": ' . ($first + 8) . '}');
purges("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", 5);
ok wait_for(sub { metric('purges_failed_total') == $failed + 1 }, 10),
    'a cache that refuses is a failure';

close $cache;
mask('{"pipeline": "b", "track": "v", "from": ' . ($first + 9) . '}');
ok wait_for(sub { metric('purges_failed_total') == $failed + 2 }, 10),
    'a cache that is not there, too';
ok scalar $ng->log_like(qr/purging by "[^"]*" failed/), '... the log says so';

mask("{\"pipeline\": \"$_\", \"mask\": false}") for 'a', 'b';

# one request for each number that was given out and taken back

$cache = IO::Socket::INET->new(Listen => 64, LocalAddr => '127.0.0.1',
                               ReuseAddr => 1) or die "listen: $!\n";
$port = $cache->sockport;
$ng->set_config(%options, http => "live_origin_purge"
    . " http://127.0.0.1:$port/e/\$event/\$track/\$number.m4s method=BAN;");
$ng->reload;

who($first + $_) for 11, 12;
mask('{"pipeline": "a", "from": ' . ($first + 10) . ', "to": '
     . ($first + 14) . '}');

my @numbers = purges("HTTP/1.1 204 No Content\r\n\r\n", 5);

is_deeply [sort map { m!^(BAN \S+)! && $1 } @numbers],
    [map { 'BAN /e/ev/v/' . ($first + $_) . '.m4s' } 11, 12],
    'with $number: what was given out, by number';

# and one for each that is served again, where readers were told that it is
# gone; not where they were given the other pipeline's meanwhile

is who($first + 12), 'b', 'of one number readers get the other';
mask('{"pipeline": "b", "from": ' . ($first + 13) . ', "to": '
     . ($first + 13) . '}');
like who($first + 13), qr/^(404|410)$/, 'of another nothing';
purges("HTTP/1.1 204 No Content\r\n\r\n", 1);
mask('{"pipeline": "a", "mask": false}');
@numbers = purges("HTTP/1.1 204 No Content\r\n\r\n", 5);
is who($first + 12), 'b', 'taken back: the other stays where it was given';
is who($first + 13), 'a', '... and what was gone is there';
is_deeply [sort map { m!^(BAN \S+)! && $1 } @numbers],
    [map { "BAN /e/ev/$_/" . ($first + 13) . '.m4s' } 'au', 'v'],
    '... which the cache is told';
mask('{"pipeline": "b", "mask": false}');
purges("HTTP/1.1 204 No Content\r\n\r\n", 2);

# a cache that does not answer holds nothing up: it is given up after 2 s; once
# more, where the machine stood still

my $took;

for my $n ($first + 15 .. $first + 17) {
    who($n);
    $failed = metric('purges_failed_total');
    $took = time;
    mask(qq({"pipeline": "a", "track": "v", "from": $n, "to": $n}));
    $took = time - $took;
    last if $took < 1;
}

cmp_ok $took, '<', 1, 'a cache that does not answer does not hold the API up';
ok wait_for(sub { metric('purges_failed_total') > $failed }, 20),
    '... and is given up';

for (['live_origin_purge ftp://x/;', 'http://HOST'],
     ['live_origin_purge http://127.0.0.1;', 'http://HOST'],
     ['live_origin_purge http:///x;', 'http://HOST'],
     ['live_origin_purge http://127.0.0.1/$nope;', '$event'],
     ['live_origin_purge http://127.0.0.1:99999/;', 'resolves'],
     ['live_origin_purge http://no.such.host.invalid/;', 'resolves'],
     ['live_origin_purge http://127.0.0.1/ method=get;', 'method=METHOD'])
{
    $ng->set_config(%options, http => $_->[0]);

    my ($ok, $out) = $ng->test_config;

    ok !$ok, "refused: $_->[0]";
    like $out, qr/"live_origin_purge".*allowed: .*\Q$_->[1]\E/,
        '... says what is allowed';
}

$ng->expect(qr/live_origin_purge/);
$ng->stop;
done_testing;
