# The connection to a Redis that says what it should not, or does not let
# everybody in.  See redis-conn.t.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep);

use lib 't/lib';
use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Redis;
use LiveOrigin::RedisFake;
use LiveOrigin::RedisProbe;

my $real = LiveOrigin::Redis->start;
my $fake = LiveOrigin::RedisFake->start(through => $real);


subtest 'a server that loads, a replica, one without its primary' => sub {
    for my $what (qw(loading readonly masterdown)) {
        $fake->rules;

        my $p = LiveOrigin::RedisProbe->start(
            $fake->directive(timeout => '10s'));

        ok $p->wait_up, "$what: up";
        $fake->rules([qr/^(?:GET|PING)/ => $what]);
        like $p->command('GET', 'a'), qr/^-\U$what/,
            'the command has its error';
        ok $p->wait_down, '... and the connection is not up any more';
        sleep 0.5;
        is $p->command('GET', 'a'), 'DECLINED', 'it is not while this lasts';
        $fake->rules;
        ok $p->wait_up, 'up when it is over';
        is scalar(grep { /^up/ } $p->events), 2, '... once';
        $p->nginx->stop;
    }

    my $replica = LiveOrigin::Redis->start(replicaof => $real);
    my $p = LiveOrigin::RedisProbe->start(
        $replica->directive(timeout => '10s'));

    ok wait_for(sub { $p->nginx->log =~ /redis \S+: it is a replica of \Q@{[
                      $real->address]}\E, which is to be named/ }, 20),
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

    my $p = LiveOrigin::RedisProbe->start($fake->directive(timeout => '2s'));

    ok $p->wait_up;

    my $fds = $p->settled;

    for my $row (@rows) {
        my ($name, $action, $wanted) = @$row;

        $fake->rules([qr/^GET/ => $action]);
        like $p->command('GET', 'a'), $wanted, $name;

        if ($name !~ /in between/) {
            ok $p->wait_down, '... drops the connection'
                if $name =~ /too much/;
        }

        $fake->rules;
        ok $p->wait_up, '... which comes back';
    }

    ok wait_for(sub { $p->fds <= $fds }, 20), 'no descriptor is lost';
    $p->nginx->stop;

    # the server has its time

    $p = LiveOrigin::RedisProbe->start($fake->directive(timeout => '30s'));
    ok $p->wait_up;
    $fds = $p->settled;
    is_deeply $p->burst(100, 'PING'),
        { ok => 100, error => 0, null => 0, declined => 0, within => 0 },
        'and works';

    my $rss = $p->rss;

    for (1 .. 6) {
        $fake->rules([qr/^GET/ => 'garbage', times => 1],
                     [qr/^GET/ => 'big', times => 1]);
        $p->command('GET', 'a');
        $p->wait_up or last;
        is $p->command('GET', 'a'), '3145728 bytes', 'a reply of 3 MB';
    }

    ok $p->wait_up, 'six times';

    # what the address sanitizer keeps back is no leak

    cmp_ok $p->rss - $rss, '<', $ENV{LO_PRELOAD} ? 1 << 30 : 12 << 20,
        'no memory is lost';
    ok wait_for(sub { $p->fds <= $fds }, 20), '... no descriptor';
    $p->nginx->stop;
};


subtest 'lines of the log are few' => sub {
    $fake->rules([qr/./ => 'close']);

    my $p = LiveOrigin::RedisProbe->start(
        $fake->directive(connect_timeout => '50ms'));

    ok $p->wait_more('failures', 6), 'connections that fail';

    my $n = () = $p->nginx->log =~ /redis \S+:/g;

    cmp_ok $n, '<=', 30, '... are not a line each' or diag $p->nginx->log;
    $fake->rules;
    $p->nginx->stop;
};


subtest 'a peer that takes connections and says nothing' => sub {
    $fake->rules([qr/./ => 'never']);

    my $p = LiveOrigin::RedisProbe->start(
        $fake->directive(connect_timeout => '100ms'));

    ok wait_for(sub { $p->nginx->log
                      =~ /no answer in time \(connect_timeout=100ms\)/ }, 20),
        'is not waited for';
    is $p->command('GET', 'a'), 'DECLINED';

    my $fds = $p->fds;

    ok $p->wait_more('failures', 2), 'tried again';
    cmp_ok $p->fds, '<=', $fds + 1, 'one connection at a time';
    $fake->rules;
    ok $p->wait_up, 'until it speaks';
    $p->nginx->stop;
};


subtest 'a single node that is asked for a cluster' => sub {
    $fake->rules([qr/^GET/ => 'moved']);

    my $p = LiveOrigin::RedisProbe->start($fake->directive(timeout => '10s'));

    ok $p->wait_up;
    like $p->command('GET', 'a'), qr/^-MOVED/, 'MOVED reaches the caller';
    ok wait_for(sub { $p->nginx->log =~ /MOVED: .* give mode=cluster/ }, 20),
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
            ok wait_for(sub { $p->nginx->log =~ $line }, 20), $name
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
