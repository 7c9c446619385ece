#!/usr/bin/perl
# time-out: 120

# Two origins on one Redis: an operator drains a CDN on one of them.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use JSON::PP qw(decode_json encode_json);
use Test::More;

use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Nodes;
use LiveOrigin::Redis;

my $redis = LiveOrigin::Redis->start;
my $nodes = LiveOrigin::Nodes->start(n => 2, redis => $redis);
my ($A, $B) = $nodes->nodes;
my $doc = encode_json({
    id => 'ev', segment_ms => 1000, delay_ms => 1000, dvr_s => 60,
    tracks => [{id => 'v'}], steering => {ttl_s => 5},
    cdns => [map { {id => "cdn-$_", url => "https://$_.example/live/"} }
             qw(a b c)]});


sub order
{
    my ($ng) = @_;

    my $r = $ng->get('/live/ev/steering');

    return $r->status != 200 ? $r->status
           : join ' ', map { s/cdn-//r }
                       @{decode_json($r->body)->{'PATHWAY-PRIORITY'}};
}

sub mpd
{
    my ($ng) = @_;

    return join ' ', $ng->get('/live/ev/manifest.mpd')->body
                     =~ /serviceLocation="cdn-(\w)"/g;
}

sub published
{
    my ($ng) = @_;

    return $ng->get('/live/ev/manifest.mpd')->body
           =~ /publishTime="([^"]+)"/ ? $1 : '';
}

sub steer
{
    my ($ng, $what, @ids) = @_;

    return $ng->post('/api/events/ev/steer',
                     encode_json({$what => [map { "cdn-$_" } @ids]}))->status;
}

# on all workers of a node, soon

sub becomes
{
    my ($ng, $expected, $what) = @_;

    wait_for(sub { !grep { order($ng) ne $expected } 1 .. 4 }, 20);
    is join('|', map { order($ng) } 1 .. 4), join('|', ($expected) x 4), $what;
}


ok $nodes->wait_up, 'both nodes are connected';
is $A->request('PUT', '/api/events/ev', body => $doc)->status, 201,
    'an event on A';

my $v = LiveOrigin::Media->video(segment => [1, 1], bytes => 3000);
my $n = $v->now_number - 1;

$A->put('/live/ev/a/v/init.mp4', $v->init);
$A->put('/live/ev/a/v/1.m4s', $v->segment($_)) for $n - 3 .. $n;
is $A->get('/live/ev/manifest.mpd')->status, 200, '... is live';
becomes($B, 'a b c', '... and on B');

is steer($A, 'drain', 'a'), 200, 'drained on A';
is order($A), 'b c a', '... there at once';
becomes($B, 'b c a', '... on B, too');
ok wait_for(sub { mpd($B) eq 'b c a' && published($A) eq published($B) }, 20),
    '... in the MPD, which says when on both';
is mpd($B), mpd($A), '... of the same order';
is $A->get('/live/ev/manifest.mpd')->header('ETag'),
    $B->get('/live/ev/manifest.mpd')->header('ETag'), '... byte for byte';

is steer($B, 'only', 'c'), 200, 'all but one, on B';
becomes($A, 'c a b', '... on A, too');

# ---- one that was killed, and begins empty

$nodes->kill_node(1);
is steer($A, 'undrain', 'a', 'b'), 200, 'back, while B is gone';
$nodes->start_node(1, empty => 1);
becomes($nodes->node(1), 'a b c', '... is known to it when it comes');
$B = $nodes->node(1);

is steer($A, 'drain', 'b'), 200, 'drained';
$nodes->kill_node(0);
becomes($B, 'a c b', '... before A went');
$nodes->start_node(0, empty => 1);
$A = $nodes->node(0);
becomes($A, 'a c b', '... and it finds it so');

# ---- without Redis: the last word counts when it is back

ok $nodes->wait_up, 'both are up';
$redis->stop;
is steer($A, 'only', 'a'), 200, 'Redis is away: A says so by itself';
is order($A), 'a b c', '... at once';
is steer($B, 'only', 'b'), 200, '... B says something else, later';
is order($B), 'b a c', '... at once';
$redis->restart;
ok $nodes->wait_up, 'Redis is back';
becomes($A, 'b a c', 'the later word, on A');
becomes($B, 'b a c', '... and on B');

$_->stop for $nodes->nodes;
$redis->stop;
done_testing;
