#!/usr/bin/perl
# time-out: 240

# How bytes go to Redis: small ones with the index, larger ones before it, in
# parts; what becomes of a part that is not kept; what a node that was cut off
# sends of an event that was deleted meanwhile; and what goes from the index.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Time::HiRes qw(sleep);

use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Nodes;
use LiveOrigin::Redis;
use LiveOrigin::RedisFake;

my %media = (
    s => LiveOrigin::Media->audio(id => 1, segment => [2, 5]),
    v => LiveOrigin::Media->video(id => 2, segment => [2, 5], bytes => 60000),
    w => LiveOrigin::Media->video(id => 3, segment => [2, 5],
                                  bytes => 600000),
);

my $redis = LiveOrigin::Redis->start;
my $fake = LiveOrigin::RedisFake->start(through => $redis);
my $nodes = LiveOrigin::Nodes->start(n => 2, redis => [$redis, $fake],
    ack => 'redis', workers => 1,
    http => 'live_origin_write_deadline 10s;',
    redis_params => { timeout => '10s' });
my ($A, $B) = $nodes->nodes;
my $live = $nodes->live(tracks => \%media, d => 0.4);

ok $nodes->wait_up, 'both nodes are connected';

my $document = '{"id": "ev", "segment": {"duration": 2, "timescale": 5}, '
    . '"delay_ms": 1000, "dvr_s": 60, "pipelines": ["a"], '
    . '"tracks": [{"id": "v", "type": "video"}]}';

ok wait_for(sub { $B->put('/api/events/ev', $document)->status == 201 }, 20),
    'an event';

my $n = $live->now - 40;


# PUT to B; how often its bytes were SET, and what Redis has in the end

sub put
{
    my ($track, $number) = @_;

    $fake->forget;

    my $status = $B->put($live->path('a', $track, "$number.m4s"),
                         $live->segment('a', $track, $number))->status;
    my $is = LiveOrigin::Nodes::stored($redis, 'ev', $track, $number, 'a');

    return ($status, scalar $fake->seen(qr/^SET \S*:media:/),
            defined $is && $is eq $live->segment('a', $track, $number)
            ? 'stored' : 'not stored');
}


$B->put($live->path('a', $_, 'init.mp4'), $live->init('a', $_)) for keys %media;

is_deeply [put('s', $n)], [201, 0, 'stored'], 'some kilobytes go with the index';
is_deeply [put('v', $n)], [201, 1, 'stored'], '60 KB go before it';
is_deeply [put('w', $n)], [201, 3, 'stored'], '600 KB in three parts';

for (
    ['the only part', 'v', qr/^SET \S*:media:\S*:0 /, 1],
    ['the first part', 'w', qr/^SET \S*:media:\S*:0 /, 3],
    ['the last part', 'w', qr/^SET \S*:media:\S*:2 /, 3],
) {
    my ($name, $track, $pattern, $sets) = @$_;

    $n++;
    $fake->rules([$pattern => 'oom']);
    is_deeply [put($track, $n)], [201, $sets, 'stored'],
        "$name is not kept: all of it goes with the index";
}

$fake->rules([qr/^EVALSHA/ => 'oom']);
$n++;
is_deeply [put('v', $n)], [503, 1, 'not stored'],
    'neither the index: no 201';
$fake->rules;
is_deeply [put('v', $n)], [201, 1, 'stored'], 'sent again it is there';

# behind a 201

ok wait_for(sub {
    $A->get($live->path('v', "$n.m4s"))->body eq $live->segment('a', 'v', $n)
}, 20), 'and on A';


# ---- deleted on A, and made again, while B hears nothing

my $old = $n;
my $life = $redis->cli('HGET', 'lo:{ev}:event', 'life');

$fake->down;
ok wait_for(sub { !LiveOrigin::Nodes::redis_up($B) }, 20), 'B is cut off';
is $A->delete('/api/events/ev')->status, 200, 'the event is deleted on A';
is $A->put('/api/events/ev', $document)->status, 201, 'and made again';
ok wait_for(sub {
    ($redis->cli('HGET', 'lo:{ev}:event', 'life') || $life) ne $life
}, 20), 'with another life';

$n += 3;
ok wait_for(sub {
    $A->put($live->path('a', 'v', 'init.mp4'),
            $live->init('a', 'v'))->status =~ /^20[01]$/
}, 20), 'its init';
is $A->put($live->path('a', 'v', "$n.m4s"),
           $live->segment('a', 'v', $n))->status, 201, 'A goes on';
is $B->get($live->path('v', "$old.m4s"))->status, 200,
    'B serves what it has';

$fake->up;
ok wait_for(sub { LiveOrigin::Nodes::redis_up($B) }, 20), 'B is back';
ok wait_for(sub {
    $B->get($live->path('v', "$n.m4s"))->status == 200
}, 20), 'and has what is new';
isnt $_->get($live->path('v', "$old.m4s"))->status, 200,
    'what is old is gone' for $A, $B;
is $redis->cli('HGET', 'lo:{ev}:track:v', "$old/a"), undef,
    'and was not sent again';
like $redis->cli('HGET', 'lo:{ev}:event', 'gone'), qr/^ \Q$life\E /,
    'the life that has ended is known';
$nodes->same('ev', 'both are the same');


# ---- a pipeline sends better bytes to one node, the other has those before

sub walked
{
    return $B->get('/api/status')->json->{redis}{walk}{last} // 0;
}

my $walked;

for (1 .. 3) {
    $n++;
    $walked = walked();
    is $A->put($live->path('a', 'v', "$n.m4s"), $live->segment('b', 'v', $n),
               headers => ['Live-Origin-Defects' => 'missing-video;ms=200'])
        ->status, 201, 'a defective segment on A';
    ok wait_for(sub {
        $B->get($live->path('v', "$n.m4s"))->body
            eq $live->segment('b', 'v', $n)
    }, 20), 'and on B';
    is $A->put($live->path('a', 'v', "$n.m4s"), $live->segment('a', 'v', $n))
        ->status, 201, 'a good one instead on A';
    ok wait_for(sub {
        $B->get($live->path('v', "$n.m4s"))->body
            eq $live->segment('a', 'v', $n)
    }, 20), 'and on B';
    last if walked() == $walked;
}

is walked(), $walked, '... from the news: without a walk';

$fake->rules([qr/^MESSAGE/ => 'lost']);
$n++;
$A->put($live->path('a', 'v', "$n.m4s"), $live->segment('b', 'v', $n),
        headers => ['Live-Origin-Defects' => 'missing-video;ms=200']);
ok wait_for(sub {
    $B->get($live->path('v', "$n.m4s"))->body eq $live->segment('b', 'v', $n)
}, 40), 'another, of which B hears nothing';
$A->put($live->path('a', 'v', "$n.m4s"), $live->segment('a', 'v', $n));
$fake->rules;
$fake->drop;
ok wait_for(sub {
    $B->get($live->path('v', "$n.m4s"))->body eq $live->segment('a', 'v', $n)
}, 20), 'and what it has missed, from the walk';
$nodes->same('ev', 'both are the same');


# ---- bytes that Redis has not got any more: who has them sends them again

$nodes->kill_node(0);

for my $key (@{$redis->cli('KEYS', "lo:{ev}:media:v:$n:*")},
             @{$redis->cli('KEYS', "lo:{ev}:media:s:$n:*")})
{
    $redis->cli('DEL', $key);
}

$nodes->start_node(0, empty => 1);
ok wait_for(sub {
    my $s = $A->get($live->path('v', "$n.m4s"))->status;

    $s == 404 || $s == 410;
}, 20), 'A began empty, and nobody can tell it';
ok wait_for(sub {
    !defined $redis->cli('HGET', 'lo:{ev}:track:v', "$n/a")
}, 20), 'what is not there is not named any more';
$fake->drop;
ok wait_for(sub {
    $A->get($live->path('v', "$n.m4s"))->body eq $live->segment('a', 'v', $n)
}, 40), 'B sends it again';
$nodes->same('ev', 'both are the same', seconds => 40);


# ---- what left the window while nobody published

$redis->cli('HSET', 'lo:{ev}:track:v', '17!', 'gap', '18', 'a', '18/a', 'x');
$fake->drop;
ok wait_for(sub {
    !grep { /^1[78]/ } @{$redis->cli('HKEYS', 'lo:{ev}:track:v')}
}, 20), 'a walk takes away what is behind the window';
ok defined $redis->cli('HGET', 'lo:{ev}:track:v', $n), 'and nothing else';

done_testing;
