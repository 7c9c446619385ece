#!/usr/bin/perl
# time-out: 300

# Hours of an event on three nodes, as fast as they go and up to the present,
# while Sentinels fail over, Redis is killed, stopped, cut off and loses all that
# it had, and nodes are killed, started empty and reloaded.  Pipeline a is
# published for the zone ("redis degrade"), b for Redis ("redis").  After each
# hour every number of it is the same on all nodes, byte for byte, what was
# published, and what Redis's index says; at the end manifests are, too.
#
# Nothing is to be lost, so one thing at a time loses what it had: Redis has all
# numbers before a node loses its zone, and that node has them again before Redis
# may lose them.
#
# LO_REDIS_HOURS is how many of them, 0.15, and with LO_SOAK 8; LO_REDIS_PACE how
# many seconds a number of 2 s takes, 0.04.  LO_SEED repeats the order of faults.

use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(shuffle);
use POSIX qw(ceil);
use Test::More;
use Time::HiRes qw(sleep time);

use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Nodes;
use LiveOrigin::Redis;
use LiveOrigin::Resp qw(is_error);

my $hours = $ENV{LO_REDIS_HOURS} || ($ENV{LO_SOAK} ? 8 : 0.15);
my $pace = $ENV{LO_REDIS_PACE} || 0.04;
my $seed = $ENV{LO_SEED} || int time;
my $livectl = LiveOrigin::Nginx::build() . '/bin/livectl';

srand $seed;
note "LO_SEED=$seed";

# audio of both pipelines is the same, which is one object in a zone

my %media = (
    v => LiveOrigin::Media->video(id => 1, bytes => 4000),
    s => LiveOrigin::Media->audio(id => 2, bytes => 1000),
);

my $sentinel = LiveOrigin::Redis->sentinel(replicas => 2);
my $nodes = LiveOrigin::Nodes->start(
    n => 3, redis => $sentinel, ack => 'redis degrade', workers => 1,
    size => '192m',
    redis_params => { timeout => '300ms', connect_timeout => '300ms' },
    server => <<'END');
    keepalive_requests 100000000;

    location /strict/ {
        live_origin_publish main;
        live_origin_ack redis;
    }
END

my %live = (
    a => $nodes->live(tracks => \%media, d => 2),
    b => $nodes->live(tracks => \%media, d => 2, prefix => '/strict'),
);

my (%done, %digests, %publishers);


# ---- what goes wrong

sub primary
{
    return wait_for(sub { $sentinel->primary }, 30)
        || die "the Sentinels name no primary\n";
}


sub wait_redis
{
    return wait_for(sub {
        my $p = $sentinel->primary or return 0;
        my @ok = grep { ($_->info('master_link_status') || '') eq 'up' }
                 grep { $_ != $p } $sentinel->servers;

        return @ok == 2 && $p->cli('SET', 'lo-test', 1) eq 'OK';
    }, 60);
}


sub old_again
{
    my ($how) = @_;

    my $old = primary();

    $sentinel->failover($how => 1) or die "$how: no failover\n";
    $how eq 'pause' ? $old->cont : $old->run;
}


# what had its 201 a while ago: [track, number]

sub taken
{
    my %taken;

    for my $log (map { $_->log } values %publishers) {
        $taken{"$_->{track} $_->{n}"} = 1
            for grep { $_->{status} =~ /^20[01]$/ && $_->{at} < time - 1 } @$log;
    }

    return map { [split] } sort keys %taken;
}


sub wait_index
{
    my @taken = taken();
    my @lacks;

    wait_for(sub {
        my $redis = $sentinel->primary or return 0;
        my %has;

        for my $t (keys %media) {
            my $fields = $redis->cli('HKEYS', "lo:{ev}:track:$t");

            return 0 if is_error($fields);
            $has{"$t $_"} = 1 for @$fields;
        }

        return !(@lacks = grep { !$has{"@$_"} } @taken);
    }, 60) or fail 'Redis has all that was published: '
                   . join ', ', map { "@$_" } grep { defined } @lacks[0 .. 9];
}


sub read_all
{
    my ($i) = @_;

    my $c = $nodes->node($i)->client(timeout => 10);

    $c->get(join '/', '/live/ev', "$_->[0]/$_->[1].m4s") for taken();
}


my $turn = 0;

my %faults = (
    'a failover' => sub { $sentinel->failover or die "no failover\n" },
    'a primary that is killed' => sub { old_again('kill') },
    'a primary that is stopped' => sub { old_again('pause') },
    'a primary that comes again empty' => sub {
        primary()->restart(signal => 'KILL');
    },
    'all is flushed' => sub { primary()->flush },
    'connections that are cut' => sub {
        my $p = primary();

        for (1 .. 5) {
            $p->cli('CLIENT', 'KILL', 'TYPE', $_)
                for qw(normal pubsub), $_ % 2 ? 'replica' : ();
            sleep 0.3;
        }
    },
    'Redis that is away' => sub {
        my @servers = $sentinel->servers;

        $_->pause for @servers;
        sleep 0.8;
        $_->cont for @servers;
    },
    'a node that is killed' => sub {
        my $i = $turn++ % 3;

        $nodes->kill_node($i);
        sleep 0.5;
        $nodes->start_node($i);
    },
    'a node that comes again empty' => sub {
        my $i = $turn++ % 3;

        wait_index();
        $nodes->kill_node($i);
        sleep 0.5;
        $nodes->start_node($i, empty => 1);
        $nodes->wait_up(30);
        read_all($i);
    },
    'a node that is reloaded' => sub {
        $nodes->node($turn++ % 3)->reload or die "no reload\n";
    },
);


my @left;

sub next_fault
{
    @left = shuffle(sort keys %faults) if !@left;

    my $name = shift @left;

    note sprintf '%.1f: %s', time, $name;

    if (!eval { $faults{$name}->(); 1 }) {
        fail "$name: $@";
    }

    $done{$name}++;
    sleep 0.5 + rand 1.5;
    wait_redis() or fail "$name: Redis is there again";
}


# ---- what has to be the same

sub digest
{
    my ($p, $t, $n) = @_;

    return $digests{"$p $t $n"}
           ||= md5_hex($live{$p}->segment($p, $t, $n));
}


# the pipelines whose bytes an answer has, with its ETag

sub whose
{
    my ($t, $n, $r) = @_;

    return $r->line if $r->status != 200 || !$r->complete;

    my $got = md5_hex($r->body);
    my @whose = grep { $got eq digest($_, $t, $n) } sort keys %live;

    return (@whose ? "@whose" : 'what nobody has sent') . ' '
           . $r->header('ETag');
}


# lines for what is not the same on all nodes and in Redis, and right

sub odd
{
    my ($clients, @what) = @_;

    my $redis = primary();
    my %chosen = map { $_ => { @{$redis->cli('HGETALL', "lo:{ev}:track:$_")} } }
                 keys %media;
    my @odd;

    for (@what) {
        my ($t, $n) = @$_;

        $_->start('GET', "/live/ev/$t/$n.m4s") for @$clients;

        my @got = map { whose($t, $n, $_->finish) } @$clients;
        my $chosen = $chosen{$t}{$n} // 'none';

        push @odd, [$t, $n, "$t $n: " . join(', ', @got) . "; Redis $chosen"]
            if grep { $_ ne $got[0] || !/\b\Q$chosen\E\b.* "/ } @got;
    }

    return @odd;
}


sub all_same
{
    my ($name, $from, $to) = @_;

    my @clients = map { $_->client(timeout => 10) } $nodes->nodes;
    my @odd = map { my $t = $_; map { [$t, $_] } $from .. $to }
              sort keys %media;

    wait_for(sub { return !(@odd = odd(\@clients, @odd)) }, 120);
    is join("\n", map { $_->[2] } grep { defined } @odd[0 .. 9]), '',
        "$name: all nodes and Redis have the same"
        or diag map { "$_\n" } map { sent(@$_) } grep { defined } @odd[0 .. 9];
}


# when, where and with what result a number was sent

sub sent
{
    my ($t, $n) = @_;

    return map {
        my $p = $_;

        map { sprintf '%s %d: %s to node %d at %.1f: %d', $t, $n, $p, $_->{node},
                      $_->{at}, $_->{status} }
        grep { $_->{n} == $n && $_->{track} eq $t } @{$publishers{$p}->log};
    } sort keys %publishers;
}


sub wrong_played
{
    my ($player) = @_;

    return map { "$_->{n}: $_->{status} " . ($_->{pipeline} // '-') } grep {
        $_->{status} == 200 ? $_->{digest} ne digest($_->{pipeline}, 'v', $_->{n})
                            : $_->{status} !~ /^(?:0|404|410|503)$/
    } @{$player->log};
}


# publishes numbers while things go wrong, until all of them are there

sub run_hour
{
    my ($name, $from, $to) = @_;

    my %order = (a => [0, 1, 2], b => [1, 2, 0]);

    %publishers = map {
        $_ => $live{$_}->publish(0, $_, from => $from, to => $to,
                                 every => $pace, retry => 1,
                                 failover => $order{$_})
    } sort keys %live;

    my @players = map {
        $live{a}->follow($_, track => 'v', from => $from, to => $to)
    } 0 .. 2;
    my $until = time + 600;

    %digests = ();
    next_fault() while (grep { !$_->done } values %publishers)
                       && time < $until;
    ok !(grep { !$_->done } values %publishers), "$name: all is published";
    ok $nodes->wait_up(60), "$name: all nodes are connected";
    all_same($name, $from, $to);
    $_->stop for @players, values %publishers;

    my @wrong = map { wrong_played($_) } @players;

    is join(', ', grep { defined } @wrong[0 .. 9]), '',
        "$name: players got what was published";
    cmp_ok scalar(map { grep { $_->{status} == 200 } @{$_->log} } @players),
        '>', ($to - $from) / 2, "$name: ... of much of it";
}


# ---- the hours

ok $nodes->wait_up, 'three nodes are connected';
is $nodes->put(0, '/api/events/ev', '{"id": "ev", "segment_ms": 2000, '
    . '"delay_ms": 1000, "dvr_s": 4500, "lead_s": 86400, '
    . '"zone_share": "160m", "pipelines": ["a", "b"], "tracks": '
    . '[{"id": "v", "type": "video"}, {"id": "s", "type": "audio"}]}')->status,
    201, 'an event';
ok wait_for(sub { 3 == grep { $nodes->get($_, '/api/events/ev')->status == 200 }
                       0 .. 2 }, 10), 'is on all';

my $n = $media{v}->now_number - ceil($hours * 1800);
my $began = time;
my $numbers = 0;

for my $hour (1 .. ceil($hours) + 1) {
    my $to = $n + 1799;
    my $last = $media{v}->now_number - 1;

    $to = $last if $to > $last;
    last if $n > $to;

    run_hour("hour $hour", $n, $to);
    $numbers += $to - $n + 1;
    $n = $to + 1;
}

my $faults = 0;

$faults += $_ for values %done;
diag sprintf '%d numbers of two tracks and two pipelines on three nodes in '
    . '%.0f s, %d faults: %s', $numbers, time - $began, $faults,
    join ', ', map { "$_ $done{$_}" } sort keys %done;

# ---- at the end, at the live edge

my $now = $media{v}->now_number - 1;

$live{a}->put(0, 'a', $n, $now) if $n <= $now;
$nodes->same('ev', 'at the end: all nodes are the same', seconds => 90,
             tracks => ['v']);
$nodes->same('ev', 'at the end: playlists of audio, too', tracks => ['s'],
             skip => ['segments']);

for my $ng ($nodes->nodes) {
    $ng->stop;

    my $out = `$livectl zone check --digests @{[$ng->zone]} 2>&1`;

    is $?, 0, 'livectl zone check' or diag $out;
}

done_testing;
