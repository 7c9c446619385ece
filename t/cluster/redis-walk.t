#!/usr/bin/perl
# time-out: 180

# What the envoy's walk leaves alone, how often it comes when Redis takes
# nothing, and an upload that does not wait for nodes that do not answer.

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

my %media = (v => LiveOrigin::Media->video(segment => [2, 5], bytes => 60000));
my $redis = LiveOrigin::Redis->start;
my $fake = LiveOrigin::RedisFake->start(through => $redis);
my $nodes = LiveOrigin::Nodes->start(n => 1, redis => $fake, ack => 'zone',
                                     workers => 1,
                                     redis_params => {timeout => '10s',
                                                      connect_timeout => '10s'},
                                     http => 'live_origin_write_deadline 4s;');
my ($A) = $nodes->nodes;
my $live = $nodes->live(tracks => \%media, d => 0.4);
my $n = $live->now - 40;
my $index = 'lo:{ev}:track:v';

ok $nodes->wait_up, 'a node';

# an hour of numbers, of which its zone has room for 4,096 pages

ok wait_for(sub {
    $A->put('/api/events/ev', '{"id": "ev", "segment": {"duration": 2, '
        . '"timescale": 5}, "delay_ms": 1000, "dvr_s": 3600, '
        . '"pipelines": ["a"], "tracks": [{"id": "v", "type": "video"}]}')
    ->status == 201
}, 20), 'an event';


# ---- nobody answers what is proposed

$fake->rules([qr/^EVAL\S* \S+ 1 lo:\{ev\}:event/ => 'never']);
is $A->put($live->path('a', 'v', 'init.mp4'), $live->init('a', 'v'))->status,
    201, 'with ack zone an init is taken all the same';
is $A->put($live->path('a', 'v', "$n.m4s"),
           $live->segment('a', 'v', $n))->status, 201, 'and a first segment';
$fake->rules;
$fake->drop;
ok wait_for(sub {
    defined $redis->cli('HGET', $index, "$n/a")
}, 20), 'Redis has it when it is back';


# ---- what is behind this node's zone, but in the event's window

$redis->cli('HSET', $index, $n - 9000 . '!', 'gap', $n - 20000 . '!', 'gap');
$fake->drop;
ok wait_for(sub {
    !defined $redis->cli('HGET', $index, $n - 20000 . '!')
}, 20), 'what left the window goes';
is $redis->cli('HGET', $index, $n - 9000 . '!'), 'gap',
    'and what others may have room for stays';


# ---- Redis is full

$redis->cli('HDEL', $index, $n, "$n/a");
$fake->rules([qr/^EVAL\S* \S+ 2 \Q$index\E / => 'oom']);
$fake->drop;
ok wait_for(sub { $fake->seen(qr/^EVAL\S* \S+ 2 /) }, 20),
    'a walk sends what Redis has not got';

# each connection that is back asks for one

sleep 2;
$fake->forget;
sleep 4;
is scalar $fake->seen(qr/^SMEMBERS/), 0,
    'and does not come again at once when it is refused';
$fake->rules;
$fake->drop;
ok wait_for(sub {
    my $bytes = LiveOrigin::Nodes::stored($redis, 'ev', 'v', $n, 'a');

    defined $bytes && $bytes eq $live->segment('a', 'v', $n)
}, 20), 'Redis gets it when it takes it';

done_testing;
