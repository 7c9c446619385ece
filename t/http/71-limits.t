# "limits" of the event document.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep);

use lib 't/lib';
use LiveOrigin::Http;
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $ng = LiveOrigin::Nginx->start(
    size => '96m', events => 8, workers => 2,
    live => 'live_origin_max_segment 1m; live_origin_hold 0;',
    files => {
        'events/small.json' => '{"id": "small", "segment_ms": 4000,'
            . ' "limits": {"segment_size": "20k", "tracks": 2}}',
        'events/big.json' => '{"id": "big", "segment_ms": 4000,'
            . ' "limits": {"segment_size": 9000000}}',
        'events/slow.json' => '{"id": "slow", "segment_ms": 4000,'
            . ' "limits": {"publish_rate": 2}}'});

my $v = LiveOrigin::Media->video(bytes => 10000, segment => [4, 1]);
my $large = LiveOrigin::Media->video(bytes => 40000, segment => [4, 1]);
my $n = $v->now_number;
my $r;

# size

is $ng->put('/live/small/a/v/init.mp4', $v->init)->status, 201, 'init';
is $ng->put("/live/small/a/v/$n.m4s", $v->segment($n))->status, 201,
    'a segment below the limit';

$r = $ng->put("/live/small/a/v/1.m4s", $large->segment($n + 1));
is $r->status, 413, 'one above it';
like $r->body, qr/limits\.segment_size, 20480 bytes/, '... says so';

$r = $ng->request('PUT', "/live/small/a/v/1.m4s",
                  chunks => [unpack '(a5000)*', $large->segment($n + 1)]);
is $r->status, 413, 'one above it, chunked';
like $r->body, qr/limits\.segment_size/, '... says so';

$r = $ng->post('/live/small/a/Streams(v.cmfv)',
               $v->init . $v->segment($n + 1) . $v->segment($n + 2));
is $r->status, 201, 'a stream that is longer, of segments that are not';

$ng->put('/live/big/a/v/init.mp4', $v->init);
$r = $ng->put("/live/big/a/v/1.m4s", 'x' x 1_100_000);
is $r->status, 413, 'live_origin_max_segment stays the most';
like $r->body, qr/live_origin_max_segment, 1048576 bytes/, '... says so';

# tracks

is $ng->put('/live/small/a/v2/init.mp4', $v->init)->status, 201, 'two tracks';
$r = $ng->put('/live/small/a/v3/init.mp4', $v->init);
is $r->status, 507, '... and no third';
like $r->body, qr/all the tracks/, '... says so';
is $ng->put('/live/small/b/v/init.mp4', $v->init)->status, 200,
    'another pipeline of the first';
is $ng->put('/api/events/small', '{"id": "small", "segment_ms": 4000,'
            . ' "limits": {"tracks": 3}}')->status, 200, 'the limit is raised';
is $ng->put('/live/small/a/v3/init.mp4', $v->init)->status, 201,
    '... for the third';
is $ng->put("/live/small/a/v/1.m4s", $large->segment($n + 3))->status, 201,
    '... and that of size is gone';

for (['"tracks": 0', 'limits.tracks'], ['"tracks": 65', 'limits.tracks'],
     ['"publish_rate": 0', 'limits.publish_rate'],
     ['"publish_rate": "2"', 'limits.publish_rate'],
     ['"segment_size": "many"', 'limits.segment_size'],
     ['"segment_size": -1', 'limits.segment_size'])
{
    my ($member, $field) = @$_;

    $r = $ng->put('/api/events/e', qq({"id": "e", "limits": {$member}}));
    is $r->status, 400, "a document with $member";
    is $r->json->{field}, $field, '... names it';
}

# rate: ten seconds' worth at once, over both workers and all pipelines

my (%got, @again);

for my $i (1 .. 40) {
    $r = $ng->delete('/live/slow/' . ($i & 1 ? 'a' : 'b') . '/v/1.m4s');
    $got{$r->status}++;
    push @again, $r->header('Retry-After') if $r->status == 503;
}

cmp_ok $got{200}, '>=', 20, 'as many as the rate allows at once';
cmp_ok $got{200}, '<', 40, '... and not all';
is $got{200} + $got{503}, 40, '... the others are told to come again';
is scalar(grep { $_ } @again), scalar(@again), '... with Retry-After';
like $r->body, qr/^$|more than the 2 requests/, '... and why';

is $ng->delete('/live/small/a/v/1.m4s')->status, 200,
    'no other event loses anything to it';
ok wait_for(sub { $ng->delete('/live/slow/a/v/1.m4s')->status == 200 }, 20),
    'a little later it goes on';

# no lock: all at once, no more than one by one

my @c = map { $ng->client } 1 .. 60;

$_->start('DELETE', '/live/slow/a/v/1.m4s') for @c;
%got = ();
$got{$_->status}++ for LiveOrigin::Http::collect(\@c, 20);

cmp_ok $got{503} || 0, '>', 20, 'many at once';
is +($got{200} || 0) + $got{503}, 60, '... all of them answered';

$ng->stop;
done_testing;
