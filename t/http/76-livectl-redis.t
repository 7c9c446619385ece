# livectl redis: its exit status and its advice, from answers of an API that are
# made up: what is hard to bring about with real servers is here, and what is
# not is in t/cluster/redis-livectl.t.

use strict;
use warnings;

use JSON::PP qw(decode_json encode_json);
use Test::More;
use Time::HiRes qw(time);

use lib 't/lib';
use LiveOrigin::Nginx;

my $ng = LiveOrigin::Nginx->start(
    size => '64m', workers => 1,
    server => 'location /made/ { alias %%DIR%%/made/; }');

my $dir = $ng->dir;
my $bin = LiveOrigin::Nginx::build() . '/bin/livectl';
my $now = int time;

mkdir "$dir/made" or die;
delete @ENV{qw(LIVECTL_API LIVECTL_TOKEN)};


sub slurp
{
    open my $f, '<', $_[0] or die "$_[0]: $!";
    local $/;

    return join '', <$f>;
}

sub livectl
{
    my ($status, $name, @args) = @_;

    my $pid = fork;

    die "fork: $!" if !defined $pid;

    if (!$pid) {
        open STDOUT, '>', "$dir/out";
        open STDERR, '>', "$dir/err";
        exec $bin, 'redis', @args;
        exit 126;
    }

    waitpid $pid, 0;

    my ($out, $err) = map { slurp("$dir/$_") } qw(out err);

    is $? & 127 ? "signal $?" : $? >> 8, $status, $name or diag "$out$err";

    return ($out, $err);
}


# ---- a node without Redis, no node, bad usage

my @api = ('--api', $ng->url . '/api');
my ($out, $err) = livectl(3, 'without live_origin_redis', @api);

is $out, '', '... nothing is printed';
like $err, qr/^livectl: the node has no Redis: .*live_origin_redis/,
    '... but why';
is_deeply [livectl(3, '... as JSON', @api, '--json')], ["null\n", $err],
    '... null';
livectl(3, '... --watch ends at once', @api, '--watch');
is $ng->get('/api/status')->json->{redis}, undef, '... the API';
unlike $ng->get('/metrics')->body, qr/redis/, '... the metrics';

livectl(2, 'no node', '--api', 'http://127.0.0.1:1/api/');
livectl(2, '... --watch', '--api', 'http://127.0.0.1:1/api/', '--watch');
livectl(2, 'no API', '--api', $ng->url . '/nowhere/');
livectl(2, "bad usage: @$_", @$_, @api) for ['x'], ['--once'], ['--watch=1'];


# ---- answers

sub bool { return $_[0] ? JSON::PP::true : JSON::PP::false }

sub conn
{
    my ($for, %o) = @_;

    return { for => $for, address => '192.0.2.1:6379', role => undef,
             state => 'up', since => $now - 300, attempts => 0,
             retry_ms => undef, error => undef, error_at => undef, %o };
}

sub failed
{
    my ($for, $error, %o) = @_;

    return conn($for, state => 'down', attempts => 4, retry_ms => 610,
                error => "192.0.2.1:6379: $error", error_at => $now - 1, %o);
}

sub worker
{
    my ($slot, $conns, %o) = @_;

    return { slot => $slot, pid => 1000 + $slot, envoy => bool($slot == 0),
             said => $now - 0.1, up => bool($conns->[0]{state} eq 'up'),
             primary => '192.0.2.1:6379',
             pending => 0, pending_bytes => 0, more => 0,
             connections => $conns, %o };
}

sub redis
{
    my ($workers, %o) = @_;

    my $up = grep { $_->{up} } @$workers;

    return { now => $now, mode => 'single', joining => undef,
             state => $up == @$workers ? 'up' : $up ? 'partly' : 'down',
             primary => '192.0.2.1:6379', failovers => 0,
             last_failover => undef,
             round_trip => { count => 412, p50_ms => 0.25, p99_ms => 3.5 },
             pending => { operations => 3, bytes => 2048 },
             operations => { ok => 812, error => 1, timeout => 2, lost => 4,
                             declined => 5 },
             walk => { last => $now - 12, seconds => 0.25, since => undef },
             sent => 100, fetched => 20, filled => 3, missed => 3,
             degraded => 0, refused => 0, last_degraded => undef,
             last_refused => undef, to_send => 0, to_fetch => 0,
             workers => $workers, %o };
}

sub fine { return worker(0, [conn('commands'), conn('news')]) }

# what is said of an answer: (exit status, table, problems)

sub said
{
    my ($name, $status, $redis) = @_;

    open my $f, '>', "$dir/made/status" or die;
    print $f encode_json({ redis => $redis });
    close $f;

    my @args = ('--api', $ng->url . '/made');
    my ($text) = livectl($status, $name, @args);
    my ($json) = livectl($status, '... as JSON', @args, '--json');
    my $problems = eval { delete(($json = decode_json($json))->{problems}) };

    is_deeply $json, decode_json(encode_json($redis)), '... the whole of it';

    for (@$problems) {
        like $text, qr/^\Q@{[$_->{wrong} ? '!' : '-']} $_->{what}\E\n
                       \ \ \Q$_->{do}\E$/mx, "... and says: $_->{what}";
    }

    is scalar(grep { $_->{wrong} } @$problems), $status, '... how many '
        . 'things are wrong' if $status == 0;

    return ($text, $problems);
}

my ($text, $problems) = said('all is well', 0, redis(
    [fine(), worker(1, [conn('commands', role => 'primary',
        error => '192.0.2.9:6379: no reply in time (timeout=1000ms)',
        error_at => $now - 7000), conn('replicas', state => 'idle')])],
    last_failover => { at => $now - 200, from => '192.0.2.9:6379',
                       to => '192.0.2.1:6379' }));

is_deeply $problems, [], '... nothing to do';

for (qr/^\S+Z  redis up: single, primary 192\.0\.2\.1:6379;  2 of 2 workers/m,
     qr/^round trips: p50 0\.250 ms, p99 3\.500 ms \(of 412 in the last/m,
     qr/under way 3, 2\.0 KB$/m,
     qr/^commands: ok 812, error 1, timeout 2, lost 4, declined 5$/m,
     qr/^segments: sent 100, fetched 20, filled 3, missed 3;  to send 0, to/m,
     qr/^last failover: 3 min ago, 192\.0\.2\.9:6379 -> 192\.0\.2\.1:6379$/m,
     qr/^last walk: 12 s ago, took 0\.250 s$/m,
     qr/^  0 +1000 +commands +192\.0\.2\.1:6379 +- +up +5 min +0 +- *$/m,
     qr/^  1 +1001 +commands .* primary +up .*117 min ago: 192\.0\.2\.9/m,
     qr/^ +replicas .* idle /m)
{
    like $text, $_, "... $_";
}

# errors, and the word by which the advice is known

for (['connect() failed (111: Connection refused)', qr/start Redis/],
     ['connect() failed (2: No such file or directory)', qr/the path/],
     ['connect() failed (13: Permission denied)', qr/unixsocketperm/],
     ['connect() failed (113: No route to host)', qr/firewalls/],
     ['no connection in time (connect_timeout=1000ms)', qr/firewall/],
     ['no answer in time (connect_timeout=1000ms)', qr/tls=on/],
     ['no reply in time (timeout=1000ms)', qr/SLOWLOG/],
     ['the server closed the connection', qr/maxclients/],
     ['the connection was reset', qr/maxclients/],
     ['LOADING: the server is loading its data', qr/wait/],
     ['it is a replica of 192.0.2.7:6379, which is to be named instead',
      qr/Name the primary/],
     ['NOAUTH: give auth=FILE', qr/error log of nginx/])
{
    my ($error, $do) = @$_;

    (undef, $problems) = said($error, 1, redis(
        [worker(0, [failed('commands', $error), failed('news', $error)])]));

    is scalar @$problems, 1, '... it is one problem';
    is $problems->[0]{what}, '1 of 1 workers are not connected to Redis '
        . "(192.0.2.1:6379: $error)",
        '... what is wrong';
    like $problems->[0]{do}, $do, '... and what to do';
    like $problems->[0]{do}, qr/Readers get what is in this node's zone/,
        '... and what it means';
}

# what else may be wrong

my $lost = 'the server closed the connection';

for (['one worker of two', 1, qr/^1 of 2 workers/,
      redis([fine(), worker(1, [failed('commands', $lost)])])],
     ['nothing known yet', 1, qr/^1 of 1 .*\(connecting\)/,
      redis([worker(0, [conn('commands', state => 'connecting')])])],
     ['the news', 1, qr/news of other nodes are not heard/,
      redis([worker(0, [conn('commands'), failed('news', $lost)])])],
     ['no subscription', 1, qr/news of other nodes are not heard/,
      redis([worker(0, [conn('commands')])])],
     ['no envoy', 1, qr/no worker hears the news/,
      redis([worker(1, [conn('commands')])])],
     ['two primaries', 1, qr/different primaries/,
      redis([fine(), worker(1, [conn('commands')],
                            primary => '192.0.2.2:6379')])],
     ['no Sentinel', 1, qr/no Sentinel answers/,
      redis([worker(0, [conn('commands'), conn('news'),
                        failed('sentinels', $lost)])], mode => 'sentinel')],
     ['a Sentinel alone is no reason', 0, undef,
      redis([worker(0, [conn('commands'), conn('news'),
                        failed('sentinels', $lost, attempts => 1)])],
            mode => 'sentinel')],
     ['Sentinels know of no primary', 1, qr/workers .*does not watch/,
      redis([worker(0, [conn('commands', state => 'down', address => undef),
                        failed('sentinels', 'the sentinel does not watch '
                                            . 'service=x', attempts => 1)])],
            mode => 'sentinel', primary => undef)],
     ['replicas', 1, qr/replicas cannot be waited for/,
      redis([worker(0, [conn('commands'), conn('news'),
                        failed('replicas', $lost)])])],
     ['a node of a cluster', 1, qr/node of the cluster cannot be reached/,
      redis([worker(0, [failed('commands', $lost), conn('commands'),
                        conn('news')], up => JSON::PP::true, more => 3)],
            mode => 'cluster', primary => '2 nodes')],
     ['a worker that is stopped', 1, qr/worker 1 has said nothing for 40 s/,
      redis([fine(), worker(1, [conn('commands')], said => $now - 40)])],
     ['joining', 1, qr/just begun.*joining/,
      redis([fine()], joining => 'new')],
     ['back again', 1, qr/come again/, redis([fine()], joining => 'back')],
     ['segments wait', 0, qr/segments wait/, redis([fine()], to_send => 7)],
     ['degraded', 0, qr/201 was said without Redis/,
      redis([fine()], degraded => 4, last_degraded => $now - 30)],
     ['degraded long ago', 0, undef,
      redis([fine()], degraded => 4, last_degraded => $now - 3600)])
{
    my ($name, $status, $what, $redis) = @$_;

    ($text, $problems) = said($name, $status, $redis);

    if (defined $what) {
        is scalar(@$problems), 1, '... it is one problem';
        like $problems->[0]{what}, $what, '... said so';

    } else {
        is_deeply $problems, [], '... nothing is said';
    }

    like $text, qr/worker 0: and 3 more/, '... and how many are not listed'
        if $name eq 'a node of a cluster';
}

# a node of another version, and an answer that is none, end it well

said('less than there is', 1, { state => 'up', workers => [{}] });
said('other types', 1, { now => 'x', state => 1, workers => 7, walk => [],
                         primary => {}, last_failover => 'y' });

# --watch

my $pid = open(my $watch, '-|') // die "fork: $!";

if (!$pid) {
    exec $bin, 'redis', '--watch', '--api', $ng->url . '/made';
    exit 126;
}

my $frames = 0;

while ($frames < 3 && defined(my $line = <$watch>)) {
    $frames++ if $line =~ / redis /;
}

is $frames, 3, '--watch goes on';
kill 'TERM', $pid;
close $watch;

$ng->stop;
done_testing;
