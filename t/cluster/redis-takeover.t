#!/usr/bin/perl
# time-out: 240

# Two origins on Sentinel and on a Cluster: primaries that are told to go or are
# killed, and slots that move, while both pipelines publish and players play.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Time::HiRes qw(sleep time);

use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Nodes;
use LiveOrigin::Redis;

my %media = (v => LiveOrigin::Media->video(segment => [2, 5], bytes => 60000));
my $document = '{"id": "%s", "segment": {"duration": 2, "timescale": 5}, '
    . '"delay_ms": 5000, "dvr_s": 60, "zone_share": "14m", '
    . '"pipelines": ["a", "b"], "tracks": [{"id": "v", "type": "video"}]}';


# two nodes, each with a pipeline that repeats what was refused, and a player

sub begin
{
    my ($name, $redis, $ack) = @_;

    my $nodes = LiveOrigin::Nodes->start(
        n => 2, redis => $redis, ack => $ack,
        redis_params => { timeout => '300ms', connect_timeout => '300ms' });
    my $live = $nodes->live(tracks => \%media, d => 0.4);

    ok $nodes->wait_up, "$name: both nodes are connected";
    is $nodes->put(0, '/api/events/ev', sprintf $document, 'ev')->status, 201,
        "$name: an event";
    ok wait_for(sub { $nodes->get(1, '/api/events/ev')->status == 200 }, 20),
        "$name: on both";

    $live->put($_, qw(a b)[$_], $live->now - 10, $live->now - 1) for 0, 1;

    my $s = { name => $name, nodes => $nodes, live => $live, redis => $redis };

    $s->{publishers} = [map { $live->publish($_, qw(a b)[$_], retry => 1) }
                        0, 1];
    $s->{players} = [map { $live->follow($_) } 0, 1];
    ok wait_for(sub { !grep { $_->served < 3 } @{$s->{players}} }, 20),
        "$name: players play";
    $s->{before} = $nodes->facts;

    return $s;
}


# publishing goes on: three more of each pipeline, which are in Redis

sub goes_on
{
    my ($s, $what) = @_;

    my %from = map { $_ => scalar $_->acked } @{$s->{publishers}};

    ok wait_for(sub {
        !grep { $_->acked < $from{$_} + 3 } @{$s->{publishers}}
    }, 30), "$s->{name}: $what: publishing goes on";

    for my $i (0, 1) {
        my $p = qw(a b)[$i];
        my @last = ($s->{publishers}[$i]->acked)[-2, -1];
        my @not = grep {
            (LiveOrigin::Nodes::stored($s->{redis}, 'ev', 'v', $_, $p) // '')
                ne $s->{live}->segment($p, 'v', $_)
        } @last;

        is "@not", '', "$s->{name}: $what: and all of $p is in Redis";
    }
}


sub finish
{
    my ($s) = @_;

    my ($name, $nodes, $live) = @$s{qw(name nodes live)};

    $_->stop for @{$s->{publishers}};
    sleep 1;
    $_->stop for @{$s->{players}};
    $nodes->same('ev', "$name: both are the same", seconds => 40);

    for my $i (0, 1) {
        # what Redis did not take for a while is late (404, or 410 with a
        # max-age of one segment), and comes: see below

        my @odd = grep { $_->{status} !~ /^(?:200|404|410)$/ }
                  @{$s->{players}[$i]->log};

        is scalar(@odd), 0, "$name: player $i missed nothing"
            or diag explain [@odd[0 .. 2]];

        my $c = $nodes->node($i)->client;
        my @lost = grep {
            $c->get($live->path('v', "$_.m4s"))->status != 200
        } map { $_->acked } @{$s->{publishers}};

        is "@lost", '', "$name: node $i has all that had its 201";
    }

    # what a primary had acknowledged may be lost with it (Redis does not
    # promise more, WAIT or not): then the nodes agree anew.  At no other time.

    my %given;

    for my $i (0, 1) {
        $given{$_->{n}}{$_->{pipeline}} = sprintf 'node %d at %.2f', $i, $_->{at}
            for grep { $_->{status} == 200 } @{$s->{players}[$i]->log};
    }

    my @two = grep {
        my $at = $_ * 0.4;

        keys %{$given{$_}} > 1
            && !grep { $at > $_ - 4 && $at < $_ + 4 } @{$s->{takeovers}};
    } sort keys %given;

    is "@two", '', "$name: no number was two things to two players"
        or diag explain [map { [$_, $given{$_}] } @two], $s->{takeovers};

    my $now;

    ok wait_for(sub {
        $now = $nodes->facts;
        return $now->{fds} <= $s->{before}{fds} + 6;
    }, 20), "$name: no descriptor is lost"
        or diag "$s->{before}{fds} before, $now->{fds} now";
    is $now->{pids}, $s->{before}{pids}, "$name: no worker has died";
    cmp_ok $now->{rss}, '<', $s->{before}{rss} + (8 << 20),
        "$name: nor is memory" if !$ENV{LO_PRELOAD};
    $_->stop for $nodes->nodes;
}


# ---- Sentinel

my $sentinel = LiveOrigin::Redis->sentinel(replicas => 2,
                                           requirepass => undef);
my $s = begin('Sentinel', $sentinel, 'redis replicas=1');

goes_on($s, 'before');

push @{$s->{takeovers}}, time;
ok $sentinel->failover, 'Sentinel: a failover that was asked for';
goes_on($s, 'afterwards');

# what it did while it was isolated is not to count

my $old = $sentinel->primary;

push @{$s->{takeovers}}, time;
ok $sentinel->failover(kill => 1), 'Sentinel: a primary that is killed';
goes_on($s, 'killed');
$old->run;
goes_on($s, 'back as a replica');
finish($s);


# ---- Cluster

my $cluster = LiveOrigin::Redis->cluster(primaries => 3, replicas => 1);

$s = begin('Cluster', $cluster, 'redis');
goes_on($s, 'before');

my $slot = $cluster->slot('{ev}');

for my $round (1 .. ($ENV{LO_SOAK} ? 10 : 2)) {
    my $from = $cluster->node_of_slot($slot);
    my ($to) = grep { $_ != $from } $cluster->primaries;

    # ASK and TRYAGAIN meanwhile, MOVED afterwards

    $cluster->begin_move($slot, $from, $to);
    sleep 0.5;
    1 while $cluster->move_keys($slot, $from, $to, 20);
    sleep 0.5;
    1 while $cluster->move_keys($slot, $from, $to, 20);
    $cluster->end_move($slot, $from, $to);
    goes_on($s, "a slot that moved ($round)");
}

my $primary = $cluster->node_of_slot($slot);

$primary->cli('WAIT', 1, 2000);
push @{$s->{takeovers}}, time;
ok $cluster->kill_primary($primary), 'Cluster: a primary that is killed';
goes_on($s, 'killed');
$primary->run;
$cluster->wait_ok;
goes_on($s, 'back as a replica');
finish($s);

done_testing;
