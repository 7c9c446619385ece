# The connection to one Redis: commands, scripts, the subscription, and what
# becomes of them when the server is slow, gone, somebody else's or broken.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time sleep);

use lib 't/lib';
use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Redis;
use LiveOrigin::RedisFake;
use LiveOrigin::RedisProbe;

my $GET = 'return redis.call("GET", KEYS[1])';


sub metric
{
    my ($p, $name) = @_;

    my ($v) = $p->nginx->get('/metrics')->body
              =~ /^live_origin_redis_$name (\S+)$/m;

    return $v;
}


sub status { return $_[0]->nginx->get('/api/status')->json->{redis} }


subtest 'commands, scripts and messages' => sub {
    my $r = LiveOrigin::Redis->start;
    my $p = LiveOrigin::RedisProbe->start($r->directive);

    ok $p->wait_up(5), 'is up right after start';
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

    is $p->subscribe('lo:news'), 'OK';
    ok wait_for(sub { grep { $_ eq 'subscribed' } $p->events }, 5),
        'the subscription stands';
    is $r->cli('PUBLISH', 'lo:news', 'hello'), 1;
    ok wait_for(sub { grep { $_ eq 'message hello' } $p->events }, 5),
        'a message';
    is $p->subscribe('lo:other'), 'OK';
    ok wait_for(sub { 2 == grep { $_ eq 'subscribed' } $p->events }, 5),
        'another channel';
    is $r->cli('PUBLISH', 'lo:news', 'hello'), 0, '... instead of the first';
    is $p->unsubscribe, 'OK';
    ok wait_for(sub { $r->cli('PUBSUB', 'CHANNELS')
                      && !@{$r->cli('PUBSUB', 'CHANNELS')} }, 5),
        'unsubscribed';
    is scalar(grep { /^up/ } $p->events), 1, 'it was up once';
    is scalar(grep { /^down/ } $p->events), 0, '... and never down';

    is metric($p, 'up'), 1, 'metrics';
    is metric($p, 'workers'), 1;
    is metric($p, 'failures_total'), 0;

    my $s = status($p);

    is $s->{mode}, 'single', 'status';
    is $s->{state}, 'up';
    is $s->{primary}, $r->address;
    is $s->{last_failover}, undef;
    is scalar @{$s->{workers}}, 1;
    ok $s->{workers}[0]{up};

    $p->nginx->stop;
};


subtest 'a server that is killed and comes back' => sub {
    my $r = LiveOrigin::Redis->start;
    my $p = LiveOrigin::RedisProbe->start($r->directive(timeout => '60s'));

    ok $p->wait_up;
    $p->subscribe('c');
    wait_for(sub { grep { $_ eq 'subscribed' } $p->events }, 5);

    my @held = map { $p->send('BLPOP', 'none', 0) } 1 .. 3;

    ok wait_for(sub { $p->stat->{pending} == 3 }, 5), 'operations under way';
    $r->kill;
    like $_->finish->body, qr/^NULL /, '... end without a reply' for @held;
    ok $p->wait_down, 'down';
    is $p->command('PING'), 'DECLINED', 'commands are not taken';
    like join("\n", $p->events), qr/^down the server closed/m, 'and it is told';
    is status($p)->{state} eq 'up', '', 'status';
    is metric($p, 'up'), 0, 'metric';

    $r->run;
    ok $p->wait_up, 'up again';
    is $p->command('PING'), 'PONG', 'commands are taken';
    ok wait_for(sub { 2 == grep { $_ eq 'subscribed' } $p->events }, 5),
        'and so is the subscription';
    is scalar(grep { /^down/ } $p->events), 1, 'down was told once';
    is scalar(grep { /^up/ } $p->events), 2, 'up twice';
    $p->nginx->stop;
};


subtest 'a server that is started later' => sub {
    my $r = LiveOrigin::Redis->start;

    $r->kill;

    my $p = LiveOrigin::RedisProbe->start($r->directive);

    is $p->command('PING'), 'DECLINED', 'not there';
    ok wait_for(sub { $p->nginx->log =~ /redis \S+: connect\(\) failed/ }, 5),
        'the log says so';
    $r->run;
    ok $p->wait_up, 'there';
    is scalar(grep { /^down/ } $p->events), 0, 'what was never up is not down';
    $p->nginx->stop;
};


subtest 'a server that is stopped' => sub {
    my $r = LiveOrigin::Redis->start;
    my $p = LiveOrigin::RedisProbe->start($r->directive);

    ok $p->wait_up;
    $r->pause;

    my $begin = time;

    like $p->command('GET', 'a'), qr/^NULL no reply in time/,
        'its deadline ends a command';
    ok time - $begin < 3, '... soon';
    ok !$p->is_up, 'it is down';
    sleep 3;
    is $p->command('PING'), 'DECLINED';
    $r->cont;
    ok $p->wait_up, 'goes on';

    # nothing is under way: the keepalive finds it

    $r->pause;
    ok $p->wait_down, 'found without a command';
    like join("\n", $p->events), qr/^down no reply in time/m;
    $r->cont;
    ok $p->wait_up, 'goes on again';
    ok metric($p, 'timeouts_total') > 0, 'counted';
    $p->nginx->stop;
};


subtest 'exiting workers' => sub {
    my $r = LiveOrigin::Redis->start;
    my $p = LiveOrigin::RedisProbe->start($r->directive(timeout => '20s'));
    my $ng = $p->nginx;

    ok $p->wait_up;

    my @idle = $ng->workers;

    $ng->reload;
    ok wait_for(sub { !grep { kill 0, $_ } @idle }, 5),
        'an idle worker exits at once';
    ok $p->wait_up;

    my $c = $p->send('BLPOP', 'later', 0);

    wait_for(sub { $p->stat->{pending} }, 5);

    my ($old) = $ng->workers;

    $ng->reload;
    ok kill(0, $old), 'one with an operation under way waits';
    is $r->cli('RPUSH', 'later', 'v'), 1;
    is $c->finish->body, '[later v ]', '... for its reply';
    ok wait_for(sub { !kill 0, $old }, 5), '... and exits';

    ok $p->wait_up;
    $c = $p->send('BLPOP', 'never', 0);
    wait_for(sub { $p->stat->{pending} }, 5);
    $ng->stop;
    ok $c->finish, 'the end of nginx is the end of all operations';
};

done_testing;
