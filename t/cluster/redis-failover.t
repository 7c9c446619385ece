# time-out: 300

# Sentinel and Cluster, as one worker sees them: where the primary is, and
# where it is after it has died.

use strict;
use warnings;

use JSON::PP;
use Test::More;
use Time::HiRes qw(time sleep);

use lib 't/lib';
use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Redis;
use LiveOrigin::RedisFake;
use LiveOrigin::RedisProbe;


sub told { my ($p, $what) = @_; return scalar grep { /^$what/ } $p->events }


subtest 'Sentinel' => sub {
    my $s = LiveOrigin::Redis->sentinel(replicas => 1, sentinels => 3);
    my $p = LiveOrigin::RedisProbe->start($s->directive(timeout => '10s'));

    ok $p->wait_up, 'up';
    is $p->stat->{primary}, $s->primary->address, 'at the primary';
    is $p->command('SET', 'a', 1), 'OK';
    $p->subscribe('news');
    ok wait_for(sub { told($p, 'subscribed') }, 20);

    my $fds = $p->settled;
    my $old = $s->primary;

    ok $s->failover, 'a failover that was asked for';
    ok wait_for(sub { $p->stat->{primary} eq $s->primary->address
                      && $p->is_up }, 30),
        'it is followed';
    is $p->command('SET', 'a', 2), 'OK', '... and the new one is written to';
    ok wait_for(sub { $p->wait(1, 500) eq ':1' }, 20), '... and has a replica';
    is $s->primary->cli('GET', 'a'), 2;
    ok wait_for(sub { 2 == told($p, 'subscribed') }, 20),
        'the subscription is there, too';
    is $s->primary->cli('PUBLISH', 'news', 'new'), 1;
    ok wait_for(sub { told($p, 'message new') }, 20);
    is $p->stat->{failovers}, 1, 'counted';
    ok wait_for(sub { $p->metric('failovers_total') == 1 }, 20), 'metric';

    my $status = $p->nginx->get('/api/status')->json->{redis};

    is $status->{mode}, 'sentinel', 'status';
    is $status->{primary}, $s->primary->address;
    cmp_ok $status->{last_failover}{at}, '>', time - 60, 'the time of it';
    is $status->{last_failover}{from}, $old->address, 'from where';
    is $status->{last_failover}{to}, $s->primary->address, 'to where';

    # the replica must be one again, or there is nobody to fail over to

    wait_for(sub { ($old->info('master_link_status') || '') eq 'up' }, 60);

    ok $s->failover(kill => 1), 'a primary that is killed';
    ok wait_for(sub { $p->stat->{primary} eq $s->primary->address
                      && $p->is_up }, 30), 'its successor is found'
        or diag $p->nginx->log;
    is $p->command('SET', 'a', 3), 'OK';
    is $p->stat->{failovers}, 2, 'counted';
    is told($p, 'down'), told($p, 'up') - 1, 'down and up are told in turn';
    ok wait_for(sub { 3 <= told($p, 'subscribed') }, 20), 'subscribed again';
    ok wait_for(sub { $p->fds <= $fds }, 20), 'no descriptor is lost'
        or diag $p->fds, " $fds";

    my $ports = join '|', $s->ports;
    my $lines = () = $p->nginx->log =~ /:(?:$ports): connected$/mg;

    ok $lines, 'a sentinel that is connected is one';
    ok $p->wait_more('connects', 1, 20), 'another sentinel';
    is scalar(() = $p->nginx->log =~ /:(?:$ports): connected$/mg), $lines,
        'that one sentinel is left for the next is no line of the log';
    is $p->command('SET', 'a', 3), 'OK';

    # sentinels go one by one

    my @sentinels = $s->sentinels;
    my $ups = told($p, 'up');

    $_->kill for @sentinels;
    sleep 1.5;
    ok $p->is_up, 'without sentinels the primary stays';
    is told($p, 'up'), $ups, '... all the time';
    is $p->command('SET', 'a', 4), 'OK';
    $sentinels[2]->run;
    $s->primary;

    my ($alive) = grep { $_->up } $s->servers;

    $alive->kill;
    ok $p->wait_down;
    $alive->run;
    ok $p->wait_up(60), 'one sentinel in three is enough to find it again'
        or diag $p->nginx->log;
    $p->nginx->stop;
    $_->kill for $s->servers, grep { $_->up } $s->sentinels;
};


subtest 'a primary that was replaced while nobody listened' => sub {
    my $s = LiveOrigin::Redis->sentinel(replicas => 1, sentinels => 3);
    my $p = LiveOrigin::RedisProbe->start($s->directive(timeout => '5s'));

    ok $p->wait_up;

    my $old = $s->primary;

    ok $s->failover(pause => 1), 'the primary is stopped, not dead';
    ok wait_for(sub { $p->stat->{primary} eq $s->primary->address
                      && $p->is_up }, 30), 'its successor is found';

    # it wakes up and takes itself for the primary until it is told

    $old->cont;

    for (1 .. 20) {
        my $r = $p->command('SET', 'b', $_);

        is $r, 'OK', 'the old one does not come back' if $r ne 'OK';
        sleep 0.1;
    }

    is $p->command('SET', 'b', 1), 'OK', 'written';
    is $s->primary->cli('GET', 'b'), 1, '... where it belongs';
    $p->nginx->stop;
    $_->kill for $s->servers, $s->sentinels;
};


subtest 'sentinels that cannot help' => sub {
    my $s = LiveOrigin::Redis->sentinel(replicas => 0, sentinels => 1,
                                        sentinel_pass => 'sent-s3cret');
    my $directive = $s->directive;

    my $p = LiveOrigin::RedisProbe->start($directive);

    ok wait_for(sub { $p->nginx->log =~ /: NOAUTH: give auth=FILE/ }, 20),
        'they want a password';
    $p->nginx->stop;

    my $file = "/tmp/lo-sentinel-auth.$$";

    open my $f, '>', $file or die;
    print $f "sent-s3cret\n";
    close $f;
    chmod 0600, $file;

    $p = LiveOrigin::RedisProbe->start($s->directive(sentinel_auth => $file));
    ok $p->wait_up, 'and have it';
    $p->nginx->stop;

    $directive = $s->directive(sentinel_auth => $file);
    $directive =~ s/service=\S+?(?=[ ;])/service=other/;
    $p = LiveOrigin::RedisProbe->start($directive);
    ok wait_for(sub { $p->nginx->log =~ /does not watch service=other/ }, 20),
        'a service that they do not know';
    $p->nginx->stop;

    my ($primary) = $s->servers;

    $directive = "live_origin_redis " . $primary->address
                 . " mode=sentinel service=mymaster;";
    $p = LiveOrigin::RedisProbe->start($directive);
    ok wait_for(sub { $p->nginx->log =~ /the server is no sentinel/ }, 20),
        'a server that is none' or diag $p->nginx->log;
    $p->nginx->stop;

    $directive = "live_origin_redis " . ($s->sentinels)[0]->address
                 . " auth=$file;";
    $p = LiveOrigin::RedisProbe->start($directive);
    ok wait_for(sub { $p->nginx->log =~ /give mode=sentinel/ }, 20),
        'a sentinel that is taken for a server' or diag $p->nginx->log;
    $p->nginx->stop;
    unlink $file;
    $_->kill for $s->servers, $s->sentinels;
};


# what CLUSTER SLOTS says: [from, to, host, port], ...

sub slots
{
    return { reply => [map {
        my ($from, $to, $host, $port) = @$_;

        [{ int => $from }, { int => $to }, [$host, { int => $port }, 'a' x 40]]
    } @_] };
}


# keys of all nodes

sub keys_of
{
    my ($c) = @_;

    my %of;

    for my $i (1 .. 1000) {
        my $node = $c->node_of("k$i");
        push @{$of{$node->port}}, "k$i" if @{$of{$node->port} || []} < 3;
        last if keys %of == 3 && !grep { @$_ < 3 } values %of;
    }

    return %of;
}


subtest 'Cluster' => sub {
    my $c = LiveOrigin::Redis->cluster(primaries => 3, replicas => 1);
    my ($first) = $c->nodes;
    my $p = LiveOrigin::RedisProbe->start(
        'live_origin_redis ' . $first->address . ' mode=cluster timeout=10s;');

    ok $p->wait_up, 'up, of one address';
    ok wait_for(sub { $p->stat->{primary} =~ /^3 / }, 20), 'three nodes';

    my %of = keys_of($c);
    my @keys = map { @$_ } values %of;

    is $p->command('SET', $_, "v-$_"), 'OK' for @keys;
    is $c->cli('GET', $_), "v-$_", 'where the cluster has it' for @keys;
    is $p->stat->{redirects}, 0, 'no command went astray';
    is $p->eval(1, 'return redis.call("GET", KEYS[1])', $_), "v-$_", 'a script'
        for @keys;
    is $p->command('PING'), 'PONG', 'a command for any node';
    is $p->wait(1, 5000, $_), ':1', 'a replica has it' for @keys;

    $p->subscribe('news');
    ok wait_for(sub { told($p, 'subscribed') }, 20);
    is $p->command('PUBLISH', 'news', 'hello') =~ /^:/, 1;
    ok wait_for(sub { told($p, 'message hello') }, 20), 'a message';

    # a slot moves: ASK while it does, MOVED after it has

    my ($from, $to) = ($c->node_of($keys[0]),
                       grep { $_ != $c->node_of($keys[0]) } $c->primaries);
    my $slot = $c->slot($keys[0]);

    $c->begin_move($slot, $from, $to);
    is $p->command('SET', "new{$keys[0]}", 1), 'OK', 'ASK';
    is $p->eval(1, 'return redis.call("SET", KEYS[1], 1)', "n2{$keys[0]}"),
        'OK', '... with a script';
    is_deeply $p->burst(200, 'INCR', "n3{$keys[0]}"),
        { ok => 200, error => 0, null => 0, declined => 0, within => 0 },
        '... and many';
    is $p->command('GET', $keys[0]), "v-$keys[0]", 'what is there still';

    my $n = $p->stat->{redirects};

    cmp_ok $n, '>', 200, 'counted';

    # keys on both sides: TRYAGAIN as long as it lasts

    like $p->command('MGET', $keys[0], "new{$keys[0]}", "x{$keys[0]}"),
        qr/^(?:-TRYAGAIN|\[)/, 'TRYAGAIN has an end';
    $c->move_keys($slot, $from, $to);
    $c->end_move($slot, $from, $to);
    is $p->command('GET', $keys[0]), "v-$keys[0]", 'MOVED';
    ok wait_for(sub {
        my $had = $p->stat->{redirects};

        $p->command('GET', $keys[0]);

        return $p->stat->{redirects} == $had;
    }, 20), '... once';

    # a primary dies

    my $node = $c->node_of($keys[-1]);

    ok $c->kill_primary($node), 'a primary is killed';
    ok wait_for(sub { $p->command('SET', $keys[-1], 2) eq 'OK' }, 30),
        'its successor is found' or diag $p->nginx->log;
    is $c->cli('GET', $keys[-1]), 2;
    is $p->command('SET', $keys[3], 3), 'OK', 'the others go on';
    is told($p, 'down'), 0, 'it was never down';
    ok wait_for(sub { $p->stat->{failovers} >= 1 }, 20), 'counted';

    $node->run;
    $c->wait_ok;
    ok wait_for(sub { $p->stat->{primary} =~ /^3/ }, 20), 'three nodes again';

    my $fds = $p->settled;

    # all of them

    $_->kill for $c->nodes;
    ok $p->wait_down, 'all nodes die';
    is $p->command('GET', $keys[0]), 'DECLINED';
    is told($p, 'down'), 1, 'down is told once';
    $_->run for @{$c->{nodes}};
    ok $p->wait_up(60), 'and come back' or diag $p->nginx->log;
    ok $c->wait_ok;
    ok wait_for(sub { $p->command('SET', $keys[0], 9) eq 'OK' }, 20);
    ok wait_for(sub { $p->fds <= $fds }, 20), 'no descriptor is lost'
        or diag $p->fds, " $fds";
    ok wait_for(sub { 2 <= told($p, 'subscribed') }, 20), 'subscribed again';
    $p->nginx->stop;
    $_->kill for $c->nodes;
};


subtest 'a cluster that moves in a circle' => sub {
    my $c = LiveOrigin::Redis->cluster(primaries => 1);
    my ($node) = $c->nodes;
    my $fake = LiveOrigin::RedisFake->start(through => $node);

    my $map = [qr/^CLUSTER SLOTS/
               => slots([0, 16383, '127.0.0.1', $fake->port])];

    $fake->rules($map,
        [qr/^GET/ => 'moved'], [qr/^LLEN/ => 'ask'],
        [qr/^STRLEN/ => 'tryagain'], [qr/^EXISTS/ => 'clusterdown'],
        [qr/^TTL/ => {reply => {error => 'MOVED 1'}}],
        [qr/^TYPE/ => {reply => {error => 'MOVED 1 a-name:6379'}}]);

    my $p = LiveOrigin::RedisProbe->start($fake->directive(mode => 'cluster'));

    ok $p->wait_up, 'up';
    wait_for(sub { $p->stat->{primary} =~ /^1/ }, 20);

    my $begin = time;

    like $p->command('GET', 'a'), qr/^-MOVED/, 'MOVED has an end';
    like $p->command('LLEN', 'a'), qr/^-ASK/, 'ASK';
    like $p->command('STRLEN', 'a'), qr/^-TRYAGAIN/, 'TRYAGAIN';
    like $p->command('EXISTS', 'a'), qr/^-CLUSTERDOWN/, 'CLUSTERDOWN';
    like $p->command('TTL', 'a'), qr/^-MOVED/, 'one that names nobody';
    like $p->command('TYPE', 'a'), qr/^-MOVED/, 'one that names a name';
    cmp_ok scalar(my @n = $fake->seen(qr/^GET/)), '<=', 6, 'it is bounded';
    cmp_ok time - $begin, '<', 20, '... in time, too';
    is $p->command('SET', 'a', 1), 'OK', 'and the rest goes on';
    is_deeply $p->burst(50, 'GET', 'a'),
        { ok => 0, error => 50, null => 0, declined => 0, within => 0 },
        'each has its end';

    # a map that is none

    my $int = sub { return { int => $_[0] } };

    for my $none ([], $int->(1), [[]], [[$int->(0)]],
                  [[$int->(0), $int->(16383)]],
                  [[$int->(0), $int->(16383), []]],
                  [['a', 'b', 'c']], [[['a'], ['b'], ['c', 'd']]],
                  { error => 'ERR none' },
                  map { slots($_)->{reply} }
                      [0, 99999, '127.0.0.1', 1], [-1, 5, '127.0.0.1', 1],
                      [5, 1, '127.0.0.1', 1], [0, 1, '127.0.0.1', 0],
                      [0, 1, '127.0.0.1', 65536], [0, 1, 'a-name', 1])
    {
        $fake->rules([qr/^CLUSTER SLOTS/ => { reply => $none }]);
        $fake->drop;
        sleep 0.3;
    }

    $fake->rules($map);
    ok wait_for(sub { $p->command('SET', 'a', 2) eq 'OK' }, 20),
        'maps that are none are survived' or diag $p->nginx->log;

    # and while an operation waits for a node that never comes

    $fake->rules($map,
        [qr/^GET/ => {reply => {error => 'MOVED 15495 127.0.0.1:1'}}]);
    like $p->command('GET', 'a'), qr/^(?:NULL|-MOVED)/,
        'a node that cannot be reached';
    $p->nginx->stop;
    $node->kill;
};


subtest 'a server that is no node' => sub {
    my $r = LiveOrigin::Redis->start;
    my $p = LiveOrigin::RedisProbe->start($r->directive(mode => 'cluster'));

    ok wait_for(sub { $p->nginx->log =~ /leave mode=cluster out/ }, 20),
        'is named' or diag $p->nginx->log;
    ok !$p->is_up;
    $p->nginx->stop;
};

done_testing;
