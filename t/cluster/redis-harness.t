#!/usr/bin/perl

# The harness's own Redis, Sentinel, Cluster and a Redis that misbehaves: what
# the tests with Redis rely on.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Time::HiRes qw(sleep time);

use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Process qw(alive);
use LiveOrigin::Redis;
use LiveOrigin::RedisFake;
use LiveOrigin::RedisProbe;
use LiveOrigin::Resp qw(command encode take is_error);

my $bytes = join '', map { chr } 0 .. 255, 13, 10, 0;


# ---- RESP

my @values = (['', undef, 'a', [], ['b', [undef]], $bytes]);

for my $v (@values) {
    my $wire = encode($v);
    my $whole = 0;

    for my $n (0 .. length($wire) - 1) {
        my $part = substr $wire, 0, $n;

        $whole++ if take(\$part);
    }

    is $whole, 0, 'RESP: a part of a value is not taken';

    my $two = $wire . 'rest';

    is_deeply take(\$two), [$v, $wire], 'a whole one is';
    is $two, 'rest', 'and no more';
}

for (["+OK\r\n", 'OK'], [":-5\r\n", -5], ["\$-1\r\n", undef],
     ["*-1\r\n", undef])
{
    my ($wire, $value) = @$_;
    my $name = substr $wire, 0, 2;

    is_deeply take(\$wire)->[0], $value, "RESP: $name";
}

my $wire = "-ERR no\r\n";
my $error = take(\$wire)->[0];

ok is_error($error), 'RESP: an error';
is "$error", 'ERR no', 'and its text';
ok !eval { take(\(my $no = "HTTP/1.1 400\r\n")); 1 }, 'RESP: something else';


# ---- one server

my $r = LiveOrigin::Redis->start(appendonly => 1);

is $r->cli('SET', "k$bytes", $bytes), 'OK', 'one: SET';
is $r->cli('GET', "k$bytes"), $bytes, 'and GET are binary safe';
is $r->cli('GET', 'none'), undef, 'null';
is $r->cli('INCR', 'n'), 1, 'a number';
is_deeply $r->cli('EVAL', 'return {1, "a", {ARGV[1]}}', 0, $bytes),
    [1, 'a', [$bytes]], 'an array';
like $r->cli('NONE'), qr/^ERR unknown command/, 'an error';
is $r->info('role'), 'master', 'INFO';
cmp_ok $r->memory, '>', 1 << 20, 'memory';

my $big = 'x' x (3 << 20);

$r->cli('SET', 'big', $big);
is length $r->cli('GET', 'big'), 3 << 20, '3 MB';

my $port = $r->port;

$r->pause;
like $r->client(timeout => 0.1)->call('PING'), qr/^IO timeout/, 'paused';
$r->cont;
is $r->client->call('PING'), 'PONG', 'goes on';

$r->restart(keep => 1);
is $r->port, $port, 'started again on its port';
is $r->cli('INCR', 'n'), 2, 'with its keys';

my $old = $r->pid;

$r->kill;
ok !alive($old), 'killed';
like $r->cli('PING'), qr/^IO connect/, 'and not there';
$r->run;
is $r->cli('INCR', 'n'), 3, 'KILL: what was appended is there';
$r->restart(signal => 'KILL', empty => 1);
is $r->cli('DBSIZE'), 0, 'started empty';

my $locked = LiveOrigin::Redis->start(requirepass => 'secret',
    users => ['lo on >word ~lo:* &lo:* +@all']);

is $locked->cli('PING'), 'PONG', 'with a password';
like $locked->client(auth => undef)->call('PING'), qr/^NOAUTH/, 'without';

my $user = $locked->client(auth => ['lo', 'word']);

is $user->call('SET', 'lo:a', 1), 'OK', 'a user of an ACL';
like $user->call('SET', 'a', 1), qr/^NOPERM/, 'and what it may not';
like $r->directive(prefix => 'x:'),
    qr/^live_origin_redis 127\.0\.0\.1:$port prefix=x:;$/, 'the directive';

my $copy = LiveOrigin::Redis->start(replicaof => $r);

$r->cli('SET', 'a', 1);
is $r->cli('WAIT', 1, 5000), 1, 'a replica follows';
like $copy->cli('SET', 'a', 1), qr/^READONLY/, 'and takes no writes';


# ---- Sentinel

my $s = LiveOrigin::Redis->sentinel(replicas => 1, sentinels => 3,
                                    requirepass => 'secret');
my $first = $s->primary;

is scalar $s->sentinels, 3, 'Sentinel: three';
is $s->cli('SET', 'a', 'b'), 'OK', 'a write';
is $first->cli('WAIT', 1, 5000), 1, 'reaches the replica';

my $second = $s->failover;

ok $second && $second != $first, 'a failover';
is $s->cli('GET', 'a'), 'b', 'keeps it';
ok wait_for(sub { $first->info('role') eq 'slave'
                  && $first->info('master_link_status') eq 'up' }, 20),
    'the old primary follows';

is $s->failover(kill => 1), $first, 'a primary that is killed';
is $s->cli('GET', 'a'), 'b', 'is succeeded with what it had';
like $s->directive, qr/( 127\S+:\d+){3} mode=sentinel service=mymaster;/,
    'Sentinel: the directive';


# ---- Cluster

my $c = LiveOrigin::Redis->cluster(primaries => 3, replicas => 1);

is scalar($c->nodes), 6, 'Cluster: six nodes';
is scalar($c->primaries), 3, 'of which three have slots';

for my $key ('foo', '{user}a', 'a{}b', 'a{b}{c}', 'a{{b}c', $bytes) {
    is $c->slot($key), $c->{nodes}[0]->cli('CLUSTER', 'KEYSLOT', $key),
        'slot of ' . ($key eq $bytes ? 'bytes' : $key);
}

$c->cli('SET', "{t}$_", $_) for 1 .. 50;

my $slot = $c->slot('{t}');
my $from = $c->node_of('{t}');
my ($to) = grep { $_ != $from } $c->primaries;

$c->begin_move($slot, $from, $to);
is $c->move_keys($slot, $from, $to, 10), 10, 'some keys of a slot move';
like $from->cli('GET', '{t}none'), qr/^ASK $slot/, 'ASK meanwhile';
$c->move_keys($slot, $from, $to);
$c->end_move($slot, $from, $to);
is $c->node_of('{t}'), $to, 'the slot has moved';
is $c->cli('GET', '{t}7'), 7, 'with its keys';
like $from->cli('GET', '{t}7'), qr/^MOVED $slot/, 'MOVED from now on';

$to->cli('WAIT', 1, 5000);
my $next = $c->kill_primary($to);

ok $next && $next != $to, 'a primary that is killed has a successor';
is $c->cli('GET', '{t}7'), 7, 'with its keys';


# ---- a Redis that misbehaves, before a real one

my $f = LiveOrigin::RedisFake->start(through => $r);
my $client = LiveOrigin::Resp->new(port => $f->port, timeout => 10);
$r->flush;

is $client->call('SET', 'a', $bytes), 'OK', 'fake: passed on';
is $client->call('GET', 'a'), $bytes, 'and back';
is $r->cli('GET', 'a'), $bytes, 'to the real one';
is $f->seen(qr/^SET a/), 1, 'it is in the log';

$f->rules([qr/^SET/ => 'loading', times => 2], [qr/^INCR/ => 'readonly']);
like $client->call('SET', 'a', 1), qr/^LOADING/, 'a rule';
like $client->call('SET', 'a', 1), qr/^LOADING/, 'twice';
is $client->call('SET', 'a', 1), 'OK', 'and no more';
like $client->call('INCR', 'a'), qr/^READONLY/, 'another rule';
is $r->cli('GET', 'a'), 1, 'which is not done';

$f->rules([qr/^GET/ => 'moved']);
is $client->call('GET', 'a'), "MOVED 1 127.0.0.1:" . $f->port,
    'MOVED to itself';

$f->rules([qr/^GET/ => { reply => [{int => 1}, undef, $bytes] }]);
is_deeply $client->call('GET', 'a'), [1, undef, $bytes], 'an answer';

$f->rules([qr/^GET/ => 'big']);
is length $client->call('GET', 'a'), 3 << 20, '3 MB';

$f->rules([qr/^GET/ => 'garbage']);
like $client->call('GET', 'a'), qr/^IO not RESP/, 'garbage';

$f->rules([qr/^INCR/ => 'lost']);
$client->send('INCR', 'b');
like $client->read(0.3), qr/^IO timeout/, 'lost';
ok wait_for(sub { ($r->cli('GET', 'b') // '') eq '1' }, 10), 'but done';
$client->close;

$f->rules([qr/^INCR/ => 'never']);
$client->send('INCR', 'b');
$client->send('GET', 'b');
like $client->read(0.3), qr/^IO timeout/, 'never: nor what is after it';
is $r->cli('GET', 'b'), 1, 'nor done';
$client->close;

$f->rules([qr/^INCR/ => 'closed', times => 1], [qr/^GET/ => 'close', times => 1]);
$client->send('INCR', 'b');
like $client->read, qr/^IO closed/, 'closed after it was done';
is $r->cli('GET', 'b'), 2, 'it was';
$client->send('GET', 'b');
like $client->read, qr/^IO closed/, 'closed instead';

$r->cli('SET', 'long', 'y' x 400);
$f->rules([qr/^GET long/ => { cut => 200 }, times => 1],
          [qr/^GET long/ => { cut => 200, hang => 1 }, times => 1],
          [qr/^GET long/ => { delay => 200, slow => 1 }]);
$client->send('GET', 'long');
like $client->read, qr/^IO closed/, 'cut and closed';
$client->send('GET', 'long');
like $client->read(0.3), qr/^IO timeout/, 'cut and left hanging';
$client->close;

my $t = time;

is $client->call('GET', 'long'), 'y' x 400, 'delayed and slow';
cmp_ok time - $t, '>', 0.6, 'by that much';

my $listener = LiveOrigin::Resp->new(port => $f->port);

$f->rules([qr/^MESSAGE ch drop/ => 'lost']);
is_deeply $listener->call('SUBSCRIBE', 'ch'), ['subscribe', 'ch', 1],
    'SUBSCRIBE';
$r->cli('PUBLISH', 'ch', $_) for 'one', 'drop', 'two';
is_deeply [map { $listener->read->[2] } 1 .. 2], ['one', 'two'],
    'messages, but for one';

is $f->connections, 2, 'connections';
$f->drop;
like $listener->read, qr/^IO closed/, 'dropped';
$f->rules([qr/^CONNECT/ => 'close', times => 1]);
like $client->call('PING'), qr/^IO/, 'closed as soon as accepted';
$f->rules;
$f->down;
$client->close;
like $client->call('PING'), qr/^IO connect/, 'down';
$f->up;
is $client->call('PING'), 'PONG', 'up again';


# ---- on its own

my $alone = LiveOrigin::RedisFake->start(rules => [[qr/^EVAL/ => 'noscript']]);

$client = LiveOrigin::Resp->new(port => $alone->port);
$listener = LiveOrigin::Resp->new(port => $alone->port);

is $client->call('SET', 'a', $bytes), 'OK', 'alone: SET';
is $client->call('GET', 'a'), $bytes, 'GET';
is_deeply $client->call('ROLE'), ['master', 0, []], 'ROLE';
like $client->call('EVALSHA', 'x', 0), qr/^NOSCRIPT/, 'a rule';
is $listener->call('SUBSCRIBE', 'c')->[0], 'subscribe', 'SUBSCRIBE';
is $client->call('PUBLISH', 'c', 'text'), 1, 'PUBLISH';
is_deeply $listener->read, ['message', 'c', 'text'], 'and the message';


# ---- under LO_ASAN=1 a leak is told

if ($ENV{LO_ASAN}) {
    my $p = LiveOrigin::RedisProbe->start($r->directive);

    $p->nginx->expect(qr/Sanitizer/);
    is $p->leak, 'OK', 'a leak';
    $p->nginx->stop;
    like $p->nginx->log, qr/LeakSanitizer.*\n.*leak of 64 byte/s, 'is found';
}

done_testing;
