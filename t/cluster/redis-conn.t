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
    my $p = LiveOrigin::RedisProbe->start($r->directive(timeout => '30s'));

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

    # lo:news is what the zone of this worker listens to

    is $p->subscribe('probe:one'), 'OK';
    ok wait_for(sub { grep { $_ eq 'subscribed' } $p->events }, 5),
        'the subscription stands';
    is $r->cli('PUBLISH', 'probe:one', 'hello'), 1;
    ok wait_for(sub { grep { $_ eq 'message hello' } $p->events }, 5),
        'a message';
    is $p->subscribe('probe:two'), 'OK';
    ok wait_for(sub { 2 == grep { $_ eq 'subscribed' } $p->events }, 5),
        'another channel';
    is $r->cli('PUBLISH', 'probe:one', 'hello'), 0, '... instead of the first';
    is $p->unsubscribe, 'OK';
    ok wait_for(sub { my $channels = $r->cli('PUBSUB', 'CHANNELS');
                      $channels && !grep { /^probe:/ } @$channels }, 5),
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


subtest 'a unix socket' => sub {
    my $socket = "/tmp/lo-redis-$$.sock";
    my $u = LiveOrigin::Redis->start(
        conf => ["unixsocket $socket", 'unixsocketperm 777']);
    my $p = LiveOrigin::RedisProbe->start("live_origin_redis unix:$socket;");

    ok $p->wait_up, 'up';
    is $p->command('SET', 'a', '@300000'), 'OK', 'a command';
    is $p->stat->{primary}, "unix:$socket", 'its name';
    $u->kill;
    ok $p->wait_down, 'down';
    sleep 1;
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


subtest 'waiting for replicas' => sub {
    my $r = LiveOrigin::Redis->start;
    my $replica = LiveOrigin::Redis->start(replicaof => $r);
    my $p = LiveOrigin::RedisProbe->start($r->directive(timeout => '2s'));

    ok wait_for(sub { $replica->info('master_link_status') eq 'up' }, 20);
    ok $p->wait_up;

    my $fds = $p->settled;

    is $p->command('SET', 'a', 1), 'OK';
    is $p->wait(1, 1000, 'a'), ':1', 'a replica has it';
    is $p->wait(2, 100, 'a'), ':1', 'two do not';

    # one that is stopped: who waits for it is in nobody's way

    $replica->pause;
    is $p->command('SET', 'a', 2), 'OK';

    my $ng = $p->nginx;
    my $c = $ng->client;

    $c->start('GET', '/redis/wait?1&1500&a');
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

    $c->start('GET', '/redis/wait?1&1500&a');
    sleep 0.2;
    $r->kill;
    like $c->finish->body, qr/^NULL/, 'with the primary a wait ends';
    is $p->wait(1, 100, 'a'), 'DECLINED', '... and there is none';
    $r->run;
    ok $p->wait_up;
    ok wait_for(sub { $p->wait(0, 100, 'a') =~ /^:/ }, 5), 'there is again';
    $_->close for $c, @waits;
    ok wait_for(sub { $p->fds <= $fds + 1 }, 10), 'it takes one connection'
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


# ---- a server that misbehaves

my $real = LiveOrigin::Redis->start;
my $fake = LiveOrigin::RedisFake->start(through => $real);


subtest 'a server that loads, a replica, one without its primary' => sub {
    for my $what (qw(loading readonly masterdown)) {
        $fake->rules;

        my $p = LiveOrigin::RedisProbe->start($fake->directive);

        ok $p->wait_up, "$what: up";
        $fake->rules([qr/^(?:GET|PING)/ => $what]);
        like $p->command('GET', 'a'), qr/^-\U$what/,
            'the command has its error';
        ok $p->wait_down(5), '... and the connection is not up any more';
        sleep 0.5;
        is $p->command('GET', 'a'), 'DECLINED', 'it is not while this lasts';
        $fake->rules;
        ok $p->wait_up, 'up when it is over';
        is scalar(grep { /^up/ } $p->events), 2, '... once';
        $p->nginx->stop;
    }

    my $replica = LiveOrigin::Redis->start(replicaof => $real);
    my $p = LiveOrigin::RedisProbe->start($replica->directive);

    ok wait_for(sub { $p->nginx->log =~ /redis \S+: it is a replica of \Q@{[
                      $real->address]}\E, which is to be named/ }, 5),
        'a replica is not used, and the log names its primary';
    ok !$p->is_up;
    is $replica->cli('REPLICAOF', 'NO', 'ONE'), 'OK';
    ok $p->wait_up, 'unless it is promoted';
    $replica->cli('REPLICAOF', $real->host, $real->port);
    like $p->command('SET', 'a', 1), qr/^-READONLY/, 'and demoted';
    ok $p->wait_down;
    $p->nginx->stop;
    $replica->kill;
};


subtest 'broken replies' => sub {
    my @rows = (
        ['a reply that is cut in the middle',
         { raw => "\$100\r\nabc", cut => 7 }, qr/^NULL the server closed/],
        ['a reply that ends nowhere', { raw => "\$100\r\nabc" },
         qr/^NULL no reply in time/],
        ['garbage', 'garbage', qr/^NULL a broken reply/],
        ['never a reply', 'never', qr/^NULL no reply in time/],
        ['a reply too much', { raw => "+OK\r\n+OK\r\n" },
         qr/^OK/],
        ['a length below 0', { raw => "\$-5\r\n" },
         qr/^NULL a broken reply/],
        ['a list of two milliards', { raw => "*2000000000\r\n" },
         qr/^NULL a broken reply/],
        ['lists in lists', { raw => "*1\r\n" x 50 },
         qr/^NULL a broken reply/],
        ['a message in between',
         { raw => "*3\r\n\$7\r\nmessage\r\n\$1\r\nc\r\n\$1\r\nx\r\n" },
         qr/^\[message c x \]/],
        ['closes instead', 'close', qr/^NULL the (?:server|connection)/],
    );

    $fake->rules;

    my $p = LiveOrigin::RedisProbe->start($fake->directive);

    ok $p->wait_up;

    my $fds = $p->settled;

    for my $row (@rows) {
        my ($name, $action, $wanted) = @$row;

        $fake->rules([qr/^GET/ => $action]);
        like $p->command('GET', 'a'), $wanted, $name;

        if ($name !~ /in between/) {
            ok $p->wait_down(3), '... drops the connection'
                if $name =~ /too much/;
        }

        $fake->rules;
        ok $p->wait_up, '... which comes back';
    }

    is_deeply $p->burst(100, 'PING'),
        { ok => 100, error => 0, null => 0, declined => 0, within => 0 },
        'and works';
    ok wait_for(sub { $p->fds <= $fds }, 5), 'no descriptor is lost';

    my $rss = $p->rss;

    for (1 .. 12) {
        $fake->rules([qr/^GET/ => 'garbage', times => 1],
                     [qr/^GET/ => 'big', times => 1]);
        $p->command('GET', 'a');
        $p->wait_up or last;
        is $p->command('GET', 'a'), '3145728 bytes', 'a reply of 3 MB'
            if $_ % 4 == 0;
    }

    ok $p->wait_up, 'twelve times';

    # what the address sanitizer keeps back is no leak

    cmp_ok $p->rss - $rss, '<', $ENV{LO_PRELOAD} ? 1 << 30 : 12 << 20,
        'no memory is lost';
    ok wait_for(sub { $p->fds <= $fds }, 5), '... no descriptor';
    $p->nginx->stop;
};


subtest 'lines of the log are few' => sub {
    $fake->rules([qr/./ => 'close']);

    my $p = LiveOrigin::RedisProbe->start(
        $fake->directive(connect_timeout => '50ms'));

    sleep 4;

    my $n = () = $p->nginx->log =~ /redis \S+:/g;

    cmp_ok $p->stat->{failures}, '>', 3, 'connections that fail';
    cmp_ok $n, '<=', 30, '... are not a line each' or diag $p->nginx->log;
    $fake->rules;
    $p->nginx->stop;
};


subtest 'a peer that takes connections and says nothing' => sub {
    $fake->rules([qr/./ => 'never']);

    my $p = LiveOrigin::RedisProbe->start(
        $fake->directive(connect_timeout => '100ms'));

    ok wait_for(sub { $p->nginx->log
                      =~ /no answer in time \(connect_timeout=100ms\)/ }, 5),
        'is not waited for';
    is $p->command('GET', 'a'), 'DECLINED';

    my $fds = $p->fds;

    sleep 2;
    cmp_ok $p->fds, '<=', $fds + 1, 'one connection at a time';
    $fake->rules;
    ok $p->wait_up, 'until it speaks';
    $p->nginx->stop;
};


subtest 'a single node that is asked for a cluster' => sub {
    $fake->rules([qr/^GET/ => 'moved']);

    my $p = LiveOrigin::RedisProbe->start($fake->directive);

    ok $p->wait_up;
    like $p->command('GET', 'a'), qr/^-MOVED/, 'MOVED reaches the caller';
    ok wait_for(sub { $p->nginx->log =~ /MOVED: .* give mode=cluster/ }, 5),
        'and the log says what to do';
    $fake->rules;
    $p->nginx->stop;
};


# ---- who may

subtest 'passwords and users' => sub {
    my $pass = LiveOrigin::Redis->start(requirepass => 's3cret-one');
    my $acl = LiveOrigin::Redis->start(users => [
        'lo on >s3cret-two ~* &* +@all', 'default off',
        'poor on >s3cret-two ~* &* +@all -ping',
        'modest on >s3cret-two ~* &* +@all -@admin -@dangerous'],
        auth => ['lo', 's3cret-two']);

    my @rows = (
        ['no password', $pass, undef, qr/: NOAUTH: give auth=FILE$/m],
        ['a wrong one', $pass, 's3cret-wrong',
         qr/: WRONGPASS: user or password in auth=FILE are wrong$/m],
        ['the right one', $pass, "s3cret-one\n", undef],
        ['a user', $acl, "lo s3cret-two\r\nmore\n", undef],
        ['a user that may not', $acl, 'poor s3cret-two',
         qr/: NOPERM .*: give the ACL user this command/],
        ['a user that may little', $acl, 'modest s3cret-two', undef,
         qr/: the ACL user may not use ROLE/],
        ['a user without the name', $acl, 's3cret-two', qr/: WRONGPASS: /],
        ['a password too much', $real, 's3cret-one',
         qr/: ERR AUTH .*the server has no password: leave auth=FILE out/],
    );

    for my $row (@rows) {
        my ($name, $server, $auth, $line, $warning) = @$row;

        my $file = "/tmp/lo-auth.$$";

        if (defined $auth) {
            open my $f, '>', $file or die;
            print $f $auth;
            close $f;
            chmod 0600, $file;
        }

        my $p = LiveOrigin::RedisProbe->start(
            $server->directive($auth ? (auth => $file) : ()));

        if ($line) {
            ok wait_for(sub { $p->nginx->log =~ $line }, 5), $name
                or diag $p->nginx->log;
            ok !$p->is_up, '... is not up';

        } else {
            ok $p->wait_up, $name or diag $p->nginx->log;
            is $p->command('PING'), 'PONG';
            like $p->nginx->log, $warning, '... with a warning' if $warning;
        }

        unlike $p->nginx->log, qr/s3cret/, '... and nothing of it is logged';
        $p->nginx->stop;
        unlink $file;
    }
};

done_testing;
