# time-out: 240

# What a node says of itself and Redis: livectl redis, the API and the metrics,
# whichever worker is asked; while Redis is there, stopped, gone and back, after
# a failover, and after workers have died.

use strict;
use warnings;

use JSON::PP qw(decode_json encode_json);
use Test::More;
use Time::HiRes qw(time sleep);

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Metrics;
use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Nodes;
use LiveOrigin::Redis;
use LiveOrigin::RedisFake;

my $bin = LiveOrigin::Nginx::build() . '/bin/livectl';
my %tracks = (v => LiveOrigin::Media->video(segment => [2, 5],
                                            bytes => 30000));

delete @ENV{qw(LIVECTL_API LIVECTL_TOKEN)};


sub nodes
{
    my ($redis, %o) = @_;

    my $nodes = LiveOrigin::Nodes->start(
        n => 1, redis => $redis,
        redis_params => { timeout => '5s' },
        http => 'live_origin_write_deadline 10s;',
        server => join('', map { <<"END" }
            location /$_->[0]/ {
                live_origin_publish main;
                live_origin_auto_event on;
                live_origin_ack redis $_->[1];
                $_->[2]
            }
END
            ['strict', '', ''], ['loose', 'degrade', ''],
            ['two', 'replicas=1', 'live_origin_write_deadline 3s;']),
        %o);

    return ($nodes, $nodes->node(0), map { my $p = $_;
        $nodes->live(tracks => \%tracks, prefix => $p)
    } qw(/live /strict /loose /two));
}

sub livectl
{
    my ($ng, @args) = @_;

    my $out = `$bin redis --api @{[$ng->url]}/api @args 2>&1`;

    return ($? & 127 ? "signal $?" : $? >> 8, $out);
}

# (what is wrong, all of it)

sub json
{
    my ($rc, $out) = livectl($_[0], '--json');
    my $json = decode_json($out);

    return ($rc, join("\n", map { $_->{what} } @{$json->{problems}}), $json);
}

sub status { return $_[0]->get('/api/status')->json->{redis} }

sub metrics
{
    return LiveOrigin::Metrics->read($_[0]->get('/metrics')->body);
}

sub metric { return metrics($_[0])->value("live_origin_redis_$_[1]") }

# of all workers, for this use

sub conns
{
    my ($redis, $for) = @_;

    return grep { $_->{for} eq $for } map { @{$_->{connections}} }
           @{$redis->{workers}};
}

# until livectl ends so; what it then says

sub comes
{
    my ($ng, $rc, $what, $name, $seconds) = @_;

    my ($got, $said, $json);

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    ok wait_for(sub { ($got, $said, $json) = json($ng);
                      $got == $rc && $said =~ $what }, $seconds || 20), $name
        or diag "ends with $got: $said";

    return $json;
}


my $r = LiveOrigin::Redis->start;
my ($nodes, $ng, $live, $strict, $loose, $two) = nodes($r);


subtest 'Redis is there' => sub {
    ok $nodes->wait_up;
    comes($ng, 0, qr/^$/, 'all is well');
    is $ng->put('/api/events/ev', '{"id": "ev", "segment": {"duration": 2, '
        . '"timescale": 5}, "dvr_s": 60, "pipelines": ["a"], '
        . '"tracks": [{"id": "v", "type": "video"}]}')->status, 201;

    my $n = $live->now;

    is join(' ', $strict->put(0, 'a', $n - 8, $n - 1)), join(' ', (201) x 9);
    ok wait_for(sub { my $s = status($ng);
                      $s->{sent} >= 8 && $s->{operations}{ok} > 8 }, 20),
        'sent' or diag encode_json(status($ng));

    my ($rc, $what, $j) = json($ng);

    is $rc, 0, 'exit status';
    is "$j->{mode} $j->{state} $j->{primary}", "single up @{[$r->address]}";
    is join(' ', sort map { $_->{pid} } @{$j->{workers}}),
        join(' ', sort $ng->workers), 'its workers';
    is scalar(grep { $_->{role} eq 'primary' && $_->{state} eq 'up'
                     && $_->{address} eq $r->address
                     && !defined $_->{retry_ms} } conns($j, 'commands')), 2,
        'each is connected to the primary';
    is scalar(conns($j, 'news')), 1, 'one hears the news';
    is scalar(grep { $_->{envoy} } @{$j->{workers}}), 1, '... the envoy';
    is $j->{joining}, undef;
    is $j->{last_failover}, undef;
    is $j->{operations}{$_}, 0, "no command is $_"
        for qw(timeout lost declined);
    cmp_ok $j->{round_trip}{count}, '>', 8, 'round trips';
    cmp_ok $j->{round_trip}{p50_ms}, '>', 0;
    cmp_ok $j->{round_trip}{p99_ms}, '>=', $j->{round_trip}{p50_ms};
    cmp_ok $j->{walk}{last}, '>', time - 60, 'the last walk';
    cmp_ok $j->{walk}{seconds}, '<', 60;

    my ($status, $text) = livectl($ng);

    is $status, 0, 'the table';
    like $text, qr/redis up: single, primary \Q@{[$r->address]}\E;  2 of 2/;
    like $text, qr/^ +\d+ +$_ +commands +\Q@{[$r->address]}\E +primary +up /m,
        "... worker $_" for $ng->workers;
    like $text, qr/^ +news +\S+ +- +up /m;

    # any worker knows of all: what does not move is the same from each

    my %said;

    for (1 .. 40) {
        my $s = status($ng);

        delete @$s{qw(now walk operations round_trip pending to_fetch)};
        delete @$_{qw(pending pending_bytes)} for @{$s->{workers}};

        # reckoned from another clock, to some microseconds

        delete $_->{said} for @{$s->{workers}};
        delete $_->{since} for map { @{$_->{connections}} } @{$s->{workers}};
        $said{JSON::PP->new->canonical->encode($s)}++;
    }

    is scalar(keys %said), 1, 'whoever is asked says the same'
        or diag join "\n", keys %said;

    my $m = metrics($ng);

    is join("\n", $m->wrong), '', 'the metrics are as Prometheus has them';
    is $m->value('live_origin_redis_connections{class="commands",'
                 . 'state="up"}'), 2, '... connections';
    is $m->value('live_origin_redis_connections{class="news",state="up"}'), 1;
    is $m->value('live_origin_redis_operations_total{reason="lost"}'), 0;
    cmp_ok $m->value('live_origin_redis_operations_total{reason="ok"}'), '>=',
        $j->{operations}{ok};
    is $m->type('live_origin_redis_seconds'), 'histogram', '... round trips';
    cmp_ok $m->value("live_origin_redis_$_"), '==', 0, "... $_"
        for qw(to_send pending pending_bytes joining missed_total
               failover_timestamp_seconds);
    cmp_ok $m->value('live_origin_redis_walk_timestamp_seconds'), '>',
        time - 60;
};


subtest 'replicas that are not there' => sub {
    my $n = $live->now;

    is +($two->put(0, 'a', $n, $n))[-1], 503, 'they are asked for';

    my ($rc, $what, $j) = json($ng);

    is $rc, 0, 'that there are none is not the connection\'s fault';
    is scalar(grep { $_->{state} eq 'up' } conns($j, 'replicas')), 1,
        'it is listed';
    is $j->{refused}, 1, 'the answer is counted';
    cmp_ok $j->{last_refused}, '>', time - 60;
};


# from here on what Redis does not answer at once counts

$ng->stop;
($nodes, $ng, $live, $strict, $loose, $two) = nodes($r, http => '',
    redis_params => { timeout => '300ms', connect_timeout => '300ms' });


subtest 'Redis is stopped' => sub {
    ok $nodes->wait_up;

    my $n = $live->now;

    is join(' ', grep { !/^20[01]$/ } $live->put(0, 'a', $n - 8, $n - 1)), '',
        'segments';
    ok wait_for(sub { my $s = status($ng);
                      $s->{sent} >= 8 && $s->{to_send} == 0
                      && $s->{pending}{operations} == 0 }, 20),
        'sent' or diag encode_json(status($ng));
    $r->pause;
    $n = $live->now;

    is +($loose->put(0, 'a', $n, $n))[-1], 201, 'degraded';
    comes($ng, 1, qr/of 2 workers are not connected .*no \w+ in time/, 'said');

    my ($rc, $what, $j) = json($ng);
    my ($c) = grep { $_->{state} ne 'up' } conns($j, 'commands');

    like $c->{error}, qr/^\Q@{[$r->address]}\E: no (?:reply|answer) in time/,
        'the connection says why';
    cmp_ok $c->{error_at}, '>', time - 60;
    is $j->{degraded}, 1, 'the 201 is counted';
    ok wait_for(sub { my $ops = status($ng)->{operations};
                      $ops->{timeout} + $ops->{lost} > 0 }, 20),
        'and so are commands without an answer'
        or diag encode_json(status($ng));
    like $what, qr/^201 was said without Redis of late$/m;

    $r->cont;
    comes($ng, 0, qr/of late/, 'it goes on');
    ok wait_for(sub { status($ng)->{to_send} == 0 }, 20),
        'and has all' or diag encode_json(status($ng));
};


subtest 'Redis is gone' => sub {
    $r->kill;
    comes($ng, 1, qr/^2 of 2 workers .*Connection refused/, 'said');

    my $before = status($ng);
    my $n = $live->now;

    is +($strict->put(0, 'a', $n, $n))[-1], 503, 'refused';
    is join(' ', ($live->put(0, 'a', $n + 1, $n + 3))[-3 .. -1]),
        '201 201 201', 'what the zone has taken';

    my ($rc, $what, $j) = json($ng);

    is $rc, 1, 'exit status';
    is $j->{state}, 'down';
    is $j->{refused}, $before->{refused} + 1, 'the 503 is counted';
    is $j->{to_send}, 3, 'three wait';
    is $j->{missed}, $before->{missed} + 3;
    like $what, qr/^segments wait for Redis$/m;

    # waits, tries, waits: with a back-off, and the reason

    ok wait_for(sub {
        my @c = conns(status($ng), 'commands');

        return @c == grep { $_->{state} eq 'down' && $_->{attempts} > 2
                            && $_->{retry_ms} <= 1200
                            && $_->{error} =~ /: connect\(\) failed \(111: / }
               @c;
    }, 20), 'each says when it tries again, and why it has to'
        or diag encode_json(status($ng));

    my $m = metrics($ng);

    is join("\n", $m->wrong), '', 'the metrics are as Prometheus has them';
    is $m->value('live_origin_redis_up'), 0;
    is $m->value('live_origin_redis_to_send'), 3;
    is $m->value('live_origin_redis_connections{class="commands",'
                 . 'state="up"}'), 0;

    my ($status, $text) = livectl($ng);

    is $status, 1, 'the table';
    like $text, qr/redis down: .*0 of 2 workers connected/;
    like $text, qr/to send 3,/;
    like $text, qr/^! 2 of 2 .*\n  Nothing listens there: start Redis/m;

    # it comes back with nothing

    $r->run;
    comes($ng, 0, qr/./, 'it is back');
    ok wait_for(sub { my $s = status($ng);
                      $s->{to_send} == 0 && $s->{walk}{last}
                      && $s->{filled} >= $before->{filled} + 8 }, 20),
        'and is filled' or diag encode_json(status($ng));

    my ($c) = conns(status($ng), 'commands');

    like $c->{error}, qr/Connection refused/, 'what went wrong before stays';
    is $c->{retry_ms}, undef, '... but nothing is tried again';
    is $c->{attempts}, 0;
};


subtest 'a worker that is stopped' => sub {
    my ($pid) = $ng->workers;

    kill 'STOP', $pid;
    comes($ng, 1, qr/^worker \d has said nothing for /, 'is named', 30);
    is scalar(grep { $_->{pid} == $pid && $_->{said} < time - 2 }
              @{status($ng)->{workers}}), 1, '... as it was';
    kill 'CONT', $pid;
    comes($ng, 0, qr/./, 'it goes on');
};


subtest 'workers that die, a reload' => sub {
    my ($envoy) = map { $_->{pid} } grep { $_->{envoy} }
                  @{status($ng)->{workers}};
    my $before = status($ng);

    $ng->kill_worker('KILL', $envoy);
    comes($ng, 0, qr/./, 'a worker was killed: another hears the news');

    my $s = status($ng);

    is scalar(grep { $_->{pid} == $envoy } @{$s->{workers}}), 0,
        'nothing is said of it any more';
    is join(' ', sort map { $_->{pid} } @{$s->{workers}}),
        join(' ', sort $ng->workers), '... but of its successor';
    is scalar(conns($s, 'commands')), 2, '... with its connection';
    is $s->{degraded}, $before->{degraded}, 'what was counted stays';
    is $s->{last_degraded}, $before->{last_degraded}, '... when, too';
    cmp_ok $s->{walk}{last}, '>=', $before->{walk}{last}, '... and the walk';

    ok $ng->reload, 'reload';
    ok wait_for(sub { !$ng->old_workers }, 20);
    comes($ng, 0, qr/./, 'all is well');
    is join(' ', sort map { $_->{pid} } @{status($ng)->{workers}}),
        join(' ', sort $ng->workers), 'the workers there are now';
    is status($ng)->{degraded}, $before->{degraded};
    $ng->stop;
};


subtest 'a node that begins' => sub {
    my $fake = LiveOrigin::RedisFake->start(through => $r);

    # while others are asked what there is

    $fake->rules([qr/^SMEMBERS/ => { delay => 6000 }]);

    my ($nodes, $ng) = nodes($fake, redis_params => { timeout => '15s' });

    comes($ng, 1, qr/^this node has just begun/, 'joining');

    my $s;

    ok wait_for(sub { $s = status($ng); $s->{walk}{since} }, 10),
        'the walk is under way';
    is $s->{joining}, 'new';
    cmp_ok $s->{walk}{since}, '>', time - 60, '... since';
    is $s->{walk}{last}, undef, '... the first';
    is metric($ng, 'joining'), 1, 'the metric';
    ok wait_for(sub { status($ng)->{pending}{operations} > 0 }, 10),
        'a command is under way';
    cmp_ok status($ng)->{pending}{bytes}, '>', 20, '... of so many bytes';

    $s = comes($ng, 0, qr/^$/, 'over', 30);
    is $s->{joining}, undef;
    is $s->{walk}{since}, undef;
    cmp_ok $s->{walk}{seconds}, '>', 1, 'the walk took its time';
    cmp_ok $s->{fetched}, '>', 0, 'segments were taken from Redis';
    is metric($ng, 'joining'), 0;

    # a Redis that has lost everything, and takes it back slowly

    my $n = $live->now;
    my $other = $nodes->live(tracks => \%tracks);

    is +($other->put(0, 'a', $n - 30, $n))[-1], 201, '31 segments';
    ok wait_for(sub { status($ng)->{sent} >= 31 }, 20), 'are in Redis';

    my $before = status($ng)->{filled};

    $fake->rules([qr/^EVALSHA/ => { delay => 300 }]);
    $r->flush;
    $fake->drop;

    ok wait_for(sub { $s = status($ng); $s->{to_send} > 10 }, 20),
        'what it lacks waits' or diag encode_json($s);

    my $most = $s->{to_send};

    comes($ng, 0, qr/^segments wait/, '... and is no reason for alarm');
    ok wait_for(sub { my $left = status($ng)->{to_send};
                      $left && $left < $most }, 20), 'it becomes less';
    ok wait_for(sub { $s = status($ng);
                      $s->{to_send} == 0
                      && $s->{filled} >= $before + 31 }, 30), 'until all is '
        . 'there' or diag encode_json($s);
    cmp_ok $s->{round_trip}{p99_ms}, '>', 100, 'the slow round trips show';
    cmp_ok $s->{round_trip}{p50_ms}, '<=', $s->{round_trip}{p99_ms};
    $ng->stop;
    $r->kill;
};


subtest 'Sentinel: a failover' => sub {
    my $s = LiveOrigin::Redis->sentinel(replicas => 1, sentinels => 1);
    my ($nodes, $ng) = nodes($s);
    my $old = $s->primary->address;

    ok $nodes->wait_up;
    comes($ng, 0, qr/^$/, 'all is well');
    is scalar(conns(status($ng), 'sentinels')), 2, 'each asks a Sentinel';
    ok $s->failover(kill => 1), 'the primary is killed';

    my $new = $s->primary->address;

    ok wait_for(sub { my ($rc, $what, $j) = json($ng);
                      $rc == 0 && $j->{primary} eq $new }, 40),
        'the other is found';

    my ($rc, $what, $j) = json($ng);

    is $j->{last_failover}{from}, $old, 'from where';
    is $j->{last_failover}{to}, $new, 'and to where';
    cmp_ok $j->{last_failover}{at}, '>', time - 60, 'when';
    is $j->{failovers}, 1;
    like +(livectl($ng))[1],
        qr/^last failover: \d+ s ago, \Q$old\E -> \Q$new\E$/m, 'the table';
    cmp_ok metric($ng, 'failover_timestamp_seconds'), '>', time - 60;

    ok $ng->reload, 'workers that have not seen it';
    ok wait_for(sub { !$ng->old_workers }, 20);
    comes($ng, 0, qr/^$/, '... are connected');
    is status($ng)->{last_failover}{to}, $new, '... know of it';

    $_->kill for $s->sentinels;
    comes($ng, 1, qr/^no Sentinel answers/, 'without Sentinels', 30);
    is status($ng)->{state}, 'up', '... the primary stays';
    $ng->stop;
    $_->kill for grep { $_->up } $s->servers;
};


subtest 'Cluster' => sub {
    my $c = LiveOrigin::Redis->cluster(primaries => 3, replicas => 1);
    my ($nodes, $ng) = nodes($c);

    ok $nodes->wait_up;
    ok wait_for(sub { (json($ng))[0] == 0
                      && status($ng)->{primary} eq '3 nodes' }, 20),
        'all is well' or diag encode_json(status($ng));
    is scalar(grep { $_->{role} eq 'primary' } conns(status($ng), 'commands')),
        6, 'a connection to each primary';

    my ($node) = $c->primaries;
    my $old = $node->address;

    $c->kill_primary($node);
    ok wait_for(sub { my $f = status($ng)->{last_failover};
                      $f && $f->{from} eq $old }, 30), 'one is replaced';

    my $to = status($ng)->{last_failover}{to};

    is scalar(grep { $_->address eq ($to || '') } $c->primaries), 1,
        'by one that is there' or diag encode_json(status($ng));
    comes($ng, 0, qr/^$/, 'all is well again', 30);
    $ng->stop;
    $_->kill for grep { $_->up } $c->nodes;
};

done_testing;
