#!/usr/bin/perl
# time-out: 180

# A Redis that is stopped, unreachable, killed, and started empty: see
# redis-faults.t.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;

use LiveOrigin::Faults;
use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Redis;
use LiveOrigin::RedisFake;

my $redis = LiveOrigin::Redis->start;
my $fake = LiveOrigin::RedisFake->start(through => $redis);
my $world = LiveOrigin::Faults->new(redis => $fake, real => $redis);

$world->fault('stopped', sub { $redis->pause }, sub { $redis->cont },
              away => 1, seconds => $ENV{LO_SOAK} ? 10 : 3);
$world->fault('refused', sub { $fake->down }, sub { $fake->up }, away => 1);

# started empty, it is filled by the nodes

$world->fault('killed', sub { $redis->kill }, sub { $redis->run },
              away => 1, seconds => 2);

my $head = ($world->{a}->acked)[-1];
my %lacks;

ok wait_for(sub {
    %lacks = map { my $p = $_; map { ("$_/$p" => 1) } grep {
        !defined LiveOrigin::Nodes::stored($redis, 'ev', 'v', $_, $p)
    } $world->{$p}->acked } 'a', 'b';

    return !%lacks;
}, 40), 'killed: filled with what the nodes have'
    or diag join ' ', sort keys %lacks;

ok defined $redis->cli('HGET', 'lo:{ev}:event', 'doc'), 'the document';
is $redis->cli('HGET', 'lo:{ev}:track:v', 'head') >= $head, 1, 'the head';

# again and again: no more than one of them is on its way at a time

for my $i (1 .. 3) {
    $world->fault("restarted empty ($i)", sub { $redis->restart }, sub { });
}

$world->healthy('away');
$world->finish;

done_testing;
