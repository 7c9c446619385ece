#!/usr/bin/perl
# time-out: 180

# Three origins, each on a host of its own (a network namespace), and one that
# is cut off for a while.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Time::HiRes qw(sleep time);

use LiveOrigin::Media;
use LiveOrigin::Netns;
use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Nodes;
use LiveOrigin::Redis;

if (my $why = LiveOrigin::Netns::missing()) {
    plan skip_all => $why;
}

my $seconds = $ENV{LO_SOAK} ? 30 : 5;
my %media = (v => LiveOrigin::Media->video(segment => [2, 5], bytes => 40000));
my $net = LiveOrigin::Netns->new(hosts => 3);
my $redis = LiveOrigin::Redis->start(bind => $net->address);
my $nodes = LiveOrigin::Nodes->start(
    n => 3, net => $net, redis => $redis, ack => 'redis degrade', workers => 1,
    redis_params => { timeout => '300ms', connect_timeout => '300ms' });
my $live = $nodes->live(tracks => \%media, d => 0.4);

ok $nodes->wait_up, 'three nodes are connected';
is $nodes->put(0, '/api/events/ev', '{"id": "ev", '
    . '"segment": {"duration": 2, "timescale": 5}, "delay_ms": 5000, '
    . '"dvr_s": 90, "zone_share": "14m", "pipelines": ["a", "b", "c"], '
    . '"tracks": [{"id": "v", "type": "video"}]}')->status, 201, 'an event';
ok wait_for(sub { 3 == grep { $nodes->get($_, '/api/events/ev')->status == 200 }
                       0 .. 2 }, 20), 'is on all';

$live->put(0, 'a', $live->now - 10, $live->now - 1);
$nodes->same('ev', 'before: all are the same');

# each node has a pipeline and a player

my @publishers = map { $live->publish($_, qw(a b c)[$_]) } 0 .. 2;
my @players = map { $live->follow($_) } 0 .. 2;

ok wait_for(sub { !grep { $_->served < 3 } @players }, 20), 'players play';
$nodes->same('ev', 'at work: all are the same', seconds => 20,
             skip => ['playlist', 'status', 'segments']);


# ---- one is cut off

my @from = map { scalar @{$_->log} } @publishers;
my @seen = map { scalar @{$_->log} } @players;

$net->cut(2);
sleep $seconds;

# meanwhile each side is told what the other is not

is $nodes->post(0, '/api/events/ev/notify',
                '{"key": "side", "value": "many"}')->status, 200,
    'cut off: a notice among the many';
is $nodes->post(2, '/api/events/ev/notify',
                '{"key": "alone", "value": "yes"}')->status, 200,
    'cut off: one where it is alone';

for my $i (0 .. 2) {
    my @log = @{$publishers[$i]->log};
    my @player = @{$players[$i]->log};

    @log = @log[$from[$i] .. $#log];
    @player = @player[$seen[$i] .. $#player];

    cmp_ok scalar(@log), '>=', $seconds, "cut off: node $i is published to";
    is join(' ', grep { $_ != 201 } map { $_->{status} } @log), '',
        "cut off: node $i takes it";
    is join(' ', grep { $_ != 200 } map { $_->{status} } @player), '',
        "cut off: its player goes on";
}

$nodes->get(2, '/api/status')->json;
isnt $nodes->get(2, '/api/status')->json->{redis}{state}, 'up',
    'cut off: node 2 says so';
is $nodes->get(0, '/api/status')->json->{redis}{state}, 'up',
    'cut off: the others are not';


# ---- and joined again

$net->join(2);
ok $nodes->wait_up(30), 'joined: all are connected';
sleep 2;
$_->stop for @publishers;
sleep 1;
$_->stop for @players;

$nodes->same('ev', 'joined: all three are the same', seconds => 60);

my %notices = map { $_->{key} => $_->{value} }
              @{$nodes->get(1, '/api/events/ev/notify')->json->{notices}};

is_deeply \%notices, { side => 'many', alone => 'yes' },
    'joined: what either side was told is there';

for my $i (0 .. 2) {
    my $c = $nodes->node($i)->client;
    my @lost = grep {
        my $r = $c->get($live->path('v', "$_.m4s"));
        my ($p) = ($r->header('Live-Origin') || '') =~ /pipeline=(\w+)/;

        !$p || $r->body ne $live->segment($p, 'v', $_)
    } map { $_->acked } @publishers;

    is "@lost", '', "joined: node $i has all that had its 201";
}

$_->stop for $nodes->nodes;
done_testing;
