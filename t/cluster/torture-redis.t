# Thousands of commands while servers are killed, stopped, cut off, replaced
# and talk nonsense: each has one end, never within the call that sent it, the
# worker lives, and afterwards everything works.
#
# LO_REDIS_S is how long, in seconds, for one server and for a cluster: 4, with
# LO_SOAK 600.  LO_SEED repeats a run.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time sleep);

use lib 't/lib';
use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Redis;
use LiveOrigin::RedisFake;
use LiveOrigin::RedisProbe;

my $seconds = $ENV{LO_REDIS_S} || ($ENV{LO_SOAK} ? 600 : 4);
my $seed = $ENV{LO_SEED} || int time;

srand $seed;
note "LO_SEED=$seed";


sub one_of { return $_[rand @_] }


sub harm_node
{
    my ($node) = @_;

    my $what = rand;

    if (!$node->up) {
        $node->run(lazy => 1) if $what < 0.5;

    } elsif ($what < 0.4) {
        $node->cli('CLIENT', 'KILL', 'TYPE', one_of('normal', 'pubsub'));

    } elsif ($what < 0.7) {
        $node->pause;
        sleep 0.3;
        $node->cont;

    } elsif ($what < 0.85) {
        $node->kill;
    }
}


sub harm_fake
{
    my ($fake) = @_;

    my $few = 1 + int rand 4;

    one_of(
        sub { $fake->drop },
        sub { $fake->rules },
        sub { $fake->rules([qr/INCR/ => one_of(qw(garbage never close loading
                            readonly noscript tryagain moved)),
                            times => $few]) },
        sub { $fake->rules([qr/./ => { raw => "+OK\r\n+OK\r\n" },
                            times => $few]) },
        sub { $fake->rules([qr/^(?:AUTH|ROLE|PING)/ =>
                            one_of(qw(garbage never close loading)),
                            times => $few]) }
    )->();
}


sub harm_cluster
{
    my ($c) = @_;

    # what cannot be done just now is not done

    eval {
        if (rand() < 0.5) {
            my $slot = int rand 16384;
            my $from = $c->node_of_slot($slot);
            my ($to) = grep { $_ != $from } $c->primaries;

            $c->begin_move($slot, $from, $to);
            $c->end_move($slot, $from, $to);

        } else {
            my ($replica) = grep { ($_->info('role') || '') eq 'slave' }
                            $c->nodes;

            $replica->cli('CLUSTER', 'FAILOVER', 'TAKEOVER') if $replica;
        }
    };
}


sub torture
{
    my ($p, $nodes, $harm) = @_;

    my ($rounds, $wrong) = (0, 0);
    my %sum = (ok => 0, null => 0, declined => 0);
    my $end = time + $seconds;

    # a busy machine gets through few rounds: some have to go wrong

    while (time < $end
           || (time < $end + 60 && !($sum{ok} && $sum{null} + $sum{declined})))
    {
        one_of(sub { harm_node(one_of(@$nodes)) }, $harm, $harm, sub { })->();
        one_of(sub { $p->unsubscribe },
               sub { $p->subscribe('c' . int rand 3) }, sub { })->();

        my $n = 1 + int rand 300;
        my $r = $p->burst($n . one_of('', '+'), 'INCR', 'k' . int rand 50);

        $sum{$_} += $r->{$_} for keys %$r;
        $wrong++ if $r->{within}
                    || $r->{ok} + $r->{error} + $r->{null} + $r->{declined}
                       < $n;

        $p->eval(1, "return redis.call('INCR', KEYS[1]) + " . int rand 20,
                 'e' . int rand 50);
        $p->wait(1, 50, 'k1') if rand() < 0.3;
        $p->nginx->reload if ++$rounds % 50 == 0;
    }

    note "$rounds rounds: ", join ' ', map { "$_=$sum{$_}" } sort keys %sum;

    is $wrong, 0, 'each command has its end';
    cmp_ok $sum{ok}, '>', 0, '... of some it is good';
    cmp_ok $sum{null} + $sum{declined}, '>', 0, '... and of some it is not';

    my $worker = $p->worker;

    for my $node (grep { !$_->up } @$nodes) {
        $node->run(lazy => 1);
    }

    ok $p->wait_up(60), 'up in the end' or diag $p->nginx->log;
    ok wait_for(sub { $p->command('SET', 'k', 1) eq 'OK' }, 30), 'it works';
    is $p->stat->{pending}, 0, 'nothing is left';
    is $p->worker, $worker, 'the worker lives';
    unlike $p->nginx->log, qr/called (?:twice|within)|runtime error|Sanitizer/,
        'each handler was called once';
    $p->nginx->stop;
}


my @times = (timeout => '200ms', connect_timeout => '300ms');

subtest 'one server' => sub {
    my $r = LiveOrigin::Redis->start;
    my $fake = LiveOrigin::RedisFake->start(through => $r);
    my $p = LiveOrigin::RedisProbe->start($fake->directive(@times));

    ok $p->wait_up;
    torture($p, [$r], sub { harm_fake($fake) });
};


subtest 'a cluster' => sub {
    my $c = LiveOrigin::Redis->cluster(primaries => 3, replicas => 1);
    my $p = LiveOrigin::RedisProbe->start($c->directive(@times));

    ok $p->wait_up;
    torture($p, [$c->nodes], sub { harm_cluster($c) });
};

done_testing;
