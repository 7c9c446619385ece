# The connection to one Redis: commands, scripts, the subscription, and what
# becomes of them when the server is slow or gone.  See redis-replies.t.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time sleep);

use lib 't/lib';
use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Redis;
use LiveOrigin::RedisProbe;

my $GET = 'return redis.call("GET", KEYS[1])';


sub status { return $_[0]->nginx->get('/api/status')->json->{redis} }


subtest 'commands, scripts and messages' => sub {
    my $r = LiveOrigin::Redis->start;
    my $p = LiveOrigin::RedisProbe->start($r->directive(timeout => '30s'));

    ok $p->wait_up(20), 'is up right after start';
    is $p->command('SET', 'a', 'b c'), 'OK', 'a command';
    is $p->command('GET', 'a'), 'b c', '... and another';
    is $p->command('GET', 'none'), 'nil', 'nil';
    like $p->command('GET'), qr/^-ERR wrong number/, 'an error of a command';
    is $p->command('MGET', 'a', 'none', 'a'), '[b c nil b c ]', 'a list';
    is $p->eval(1, $GET, 'a'), 'b c', 'a script the server has not got';
    is $p->eval(1, $GET, 'a'), 'b c', '... and now has';
    is $r->cli('SCRIPT', 'FLUSH'), 'OK';
    is $p->eval(1, $GET, 'a'), 'b c', '... and has lost';
    like $p->eval(0, 'return redis.call("NOPE")'), qr/^-ERR/, 'a bad script';

    is $p->command('SET', 'big', '@3000000'), 'OK', 'a command of 3 MB';
    is $p->command('GET', 'big'), '3000000 bytes', 'a reply of 3 MB';

    is_deeply $p->burst(5000, 'INCR', 'n'),
        { ok => 5000, error => 0, null => 0, declined => 0, within => 0 },
        '5000 at once';
    is $r->cli('GET', 'n'), 5000, '... each done once';
    is_deeply $p->burst('1000+', 'INCR', 'n'),
        { ok => 2000, error => 0, null => 0, declined => 0, within => 0 },
        'handlers send';

    my $n = $p->burst(12000, 'PING');

    is $n->{ok} + $n->{declined}, 12000, 'more than may be under way';
    is $n->{declined}, 2000, '... is declined';

    $n = $p->burst(50, 'SET', 'big', '@3000000');

    ok $n->{declined} > 20 && $n->{null} == 0, '150 MB at once: as well'
        or diag explain $n;

    # lo:news is what the zone of this worker listens to

    is $p->subscribe('probe:one'), 'OK';
    ok wait_for(sub { grep { $_ eq 'subscribed' } $p->events }, 20),
        'the subscription stands';
    is $r->cli('PUBLISH', 'probe:one', 'hello'), 1;
    ok wait_for(sub { grep { $_ eq 'message hello' } $p->events }, 20),
        'a message';
    is $p->subscribe('probe:two'), 'OK';
    ok wait_for(sub { 2 == grep { $_ eq 'subscribed' } $p->events }, 20),
        'another channel';
    is $r->cli('PUBLISH', 'probe:one', 'hello'), 0, '... instead of the first';
    is $p->unsubscribe, 'OK';
    ok wait_for(sub { my $channels = $r->cli('PUBSUB', 'CHANNELS');
                      $channels && !grep { /^probe:/ } @$channels }, 20),
        'unsubscribed';
    is scalar(grep { /^up/ } $p->events), 1, 'it was up once';
    is scalar(grep { /^down/ } $p->events), 0, '... and never down';

    is $p->metric('up'), 1, 'metrics';
    is $p->metric('workers'), 1;
    is $p->metric('failures_total'), 0;

    my $s = status($p);

    is $s->{mode}, 'single', 'status';
    is $s->{state}, 'up';
    is $s->{primary}, $r->address;
    is $s->{last_failover}, undef;
    is scalar @{$s->{workers}}, 1;
    ok $s->{workers}[0]{up};

    $p->nginx->stop;
};


subtest 'a unix socket' => sub {
    my $socket = "/tmp/lo-redis-$$.sock";
    my $u = LiveOrigin::Redis->start(
        conf => ["unixsocket $socket", 'unixsocketperm 777']);
    my $p = LiveOrigin::RedisProbe->start("live_origin_redis unix:$socket timeout=10s;");

    ok $p->wait_up, 'up';
    is $p->command('SET', 'a', '@300000'), 'OK', 'a command';
    is $p->stat->{primary}, "unix:$socket", 'its name';
    $u->kill;
    ok $p->wait_down, 'down';
    ok $p->wait_more('failures', 2), 'tried again';
    $u->run;
    ok $p->wait_up, 'up again';
    unlike $p->nginx->log, qr/\[crit\]/, 'nothing of it is critical';
    $p->nginx->stop;
    unlink $socket;
};


subtest 'a server that is killed and comes back' => sub {
    my $r = LiveOrigin::Redis->start;
    my $p = LiveOrigin::RedisProbe->start($r->directive(timeout => '60s'));

    ok $p->wait_up;
    $p->subscribe('c');
    wait_for(sub { grep { $_ eq 'subscribed' } $p->events }, 20);

    my @held = map { $p->send('BLPOP', 'none', 0) } 1 .. 3;

    ok wait_for(sub { $p->stat->{pending} == 3 }, 20), 'operations under way';
    $r->kill;
    like $_->finish->body, qr/^NULL /, '... end without a reply' for @held;
    ok $p->wait_down, 'down';
    is $p->command('PING'), 'DECLINED', 'commands are not taken';
    like join("\n", $p->events),
        qr/^down the (server closed|connection was reset)/m, 'and it is told';
    is status($p)->{state} eq 'up', '', 'status';
    is $p->metric('up'), 0, 'metric';

    $r->run;
    ok $p->wait_up, 'up again';
    is $p->command('PING'), 'PONG', 'commands are taken';
    ok wait_for(sub { 2 == grep { $_ eq 'subscribed' } $p->events }, 20),
        'and so is the subscription';
    is scalar(grep { /^down/ } $p->events), 1, 'down was told once';
    is scalar(grep { /^up/ } $p->events), 2, 'up twice';
    $p->nginx->stop;
};


subtest 'a server that is started later' => sub {
    my $r = LiveOrigin::Redis->start;

    $r->kill;

    my $p = LiveOrigin::RedisProbe->start($r->directive(timeout => '10s'));

    is $p->command('PING'), 'DECLINED', 'not there';
    ok wait_for(sub { $p->nginx->log =~ /redis \S+: connect\(\) failed/ }, 20),
        'the log says so';
    $r->run;
    ok $p->wait_up, 'there';
    is scalar(grep { /^down/ } $p->events), 0, 'what was never up is not down';
    $p->nginx->stop;
};


subtest 'a server that is stopped' => sub {
    my $r = LiveOrigin::Redis->start;
    my $p = LiveOrigin::RedisProbe->start(
        $r->directive(connect_timeout => '300ms'));

    ok $p->wait_up;
    $r->pause;

    my $begin = time;

    like $p->command('GET', 'a'), qr/^NULL no reply in time/,
        'its deadline ends a command';
    ok time - $begin < 10, '... soon';
    ok !$p->is_up, 'it is down';
    ok $p->wait_more('timeouts', 2), 'tried again';
    is $p->command('PING'), 'DECLINED';
    $r->cont;
    ok $p->wait_up, 'goes on';

    # nothing is under way: the keepalive finds it

    $r->pause;
    ok $p->wait_down, 'found without a command';
    like join("\n", $p->events), qr/^down no reply in time/m;
    $r->cont;
    ok $p->wait_up, 'goes on again';
    ok $p->metric('timeouts_total') > 0, 'counted';
    $p->nginx->stop;
};


subtest 'waiting for replicas' => sub {
    my $r = LiveOrigin::Redis->start;
    my $replica = LiveOrigin::Redis->start(replicaof => $r);
    my $p = LiveOrigin::RedisProbe->start($r->directive(timeout => '10s'));

    ok wait_for(sub { $replica->info('master_link_status') eq 'up' }, 20);
    ok $p->wait_up;

    my $fds = $p->settled;

    is $p->command('SET', 'a', 1), 'OK';
    is $p->wait(1, 5000, 'a'), ':1', 'a replica has it';
    is $p->wait(2, 100, 'a'), ':1', 'two do not';

    # one that is stopped: who waits for it is in nobody's way

    $replica->pause;
    is $p->command('SET', 'a', 2), 'OK';

    my $ng = $p->nginx;
    my $c = $ng->client;

    $c->start('GET', '/redis/wait?1&4000&a');
    is $p->command('SET', 'a', $_), 'OK', 'commands go on' for 1 .. 5;
    ok !$c->ready, '... while it is waited';
    is $c->finish->body, ':0', 'nobody has it';

    my @waits = map {
        my $w = $ng->client;

        $w->start('GET', '/redis/wait?1&300&a');
        $w;
    } 1 .. 4;

    is $_->finish->body, ':0', 'nobody has it' for @waits;

    # more than can be waited for

    push @waits, my @many = map {
        my $w = $ng->client;

        $w->start('GET', '/redis/wait?1&500&a');
        $w;
    } 1 .. 20;

    like $_->finish->body, qr/^(?::0|NULL)/, '... each has its end' for @many;
    ok $p->is_up, 'commands are not concerned';
    is scalar(grep { /^down/ } $p->events), 0, '... all the time';
    $replica->cont;
    ok wait_for(sub { $p->wait(1, 500, 'a') eq ':1' }, 20), 'and back';

    # the primary is lost while somebody waits

    $replica->pause;
    $p->command('SET', 'a', 3);

    $c->start('GET', '/redis/wait?1&5000&a');
    sleep 0.2;
    $r->kill;
    like $c->finish->body, qr/^NULL/, 'with the primary a wait ends';
    is $p->wait(1, 100, 'a'), 'DECLINED', '... and there is none';
    $r->run;
    ok $p->wait_up;
    ok wait_for(sub { $p->wait(0, 100, 'a') =~ /^:/ }, 20), 'there is again';
    $_->close for $c, @waits;
    ok wait_for(sub { $p->fds <= $fds + 1 }, 20), 'it takes one connection'
        or diag $p->fds, " $fds";
    $ng->stop;
    $replica->kill;
};


subtest 'exiting workers' => sub {
    my $r = LiveOrigin::Redis->start;
    my $p = LiveOrigin::RedisProbe->start($r->directive(timeout => '20s'));
    my $ng = $p->nginx;

    ok $p->wait_up;

    my @idle = $ng->workers;

    $ng->reload;
    ok wait_for(sub { !grep { kill 0, $_ } @idle }, 20),
        'an idle worker exits at once';
    ok $p->wait_up;

    my $c = $p->send('BLPOP', 'later', 0);

    wait_for(sub { $p->stat->{pending} }, 20);

    my ($old) = $ng->workers;

    $ng->reload;
    ok kill(0, $old), 'one with an operation under way waits';
    is $r->cli('RPUSH', 'later', 'v'), 1;
    is $c->finish->body, '[later v ]', '... for its reply';
    ok wait_for(sub { !kill 0, $old }, 20), '... and exits';

    ok $p->wait_up;
    $c = $p->send('BLPOP', 'never', 0);
    wait_for(sub { $p->stat->{pending} }, 20);
    $ng->stop;
    ok $c->finish, 'the end of nginx is the end of all operations';
};

done_testing;
