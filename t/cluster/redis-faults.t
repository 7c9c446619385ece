#!/usr/bin/perl
# time-out: 240

# What Redis can do to two origins: live edge reads go on, nothing is said to be
# in Redis that is not, nobody dies, nothing leaks, and afterwards both nodes are
# the same.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Time::HiRes qw(sleep time);

use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Nodes;
use LiveOrigin::Redis;
use LiveOrigin::RedisFake;

my $soak = $ENV{LO_SOAK};
my %media = (v => LiveOrigin::Media->video(segment => [2, 5], bytes => 60000));

my $redis = LiveOrigin::Redis->start;
my $fake = LiveOrigin::RedisFake->start(through => $redis);

# published under /live/ it is in the zone, under /strict/ in Redis as well

my $nodes = LiveOrigin::Nodes->start(
    n => 2, redis => $fake,
    redis_params => { timeout => '300ms', connect_timeout => '300ms' },
    server => <<'END');
        location /strict/ {
            live_origin_publish main;
            live_origin_auto_event on;
            live_origin_ack redis;
        }
END

my ($A, $B) = $nodes->nodes;
my $live = $nodes->live(tracks => \%media, d => 0.4);
my $strict = $nodes->live(tracks => \%media, d => 0.4, prefix => '/strict');
my $document = '{"id": "ev", "segment": {"duration": 2, "timescale": 5}, '
    . '"delay_ms": 1000, "dvr_s": 60, "zone_share": "14m", '
    . '"pipelines": ["a", "b"], "tracks": [{"id": "v", "type": "video"}]}';

ok $nodes->wait_up, 'both nodes are connected';
is $A->put('/api/events/ev', $document)->status, 201, 'an event';
ok wait_for(sub { $B->get('/api/events/ev')->status == 200 }, 5), 'on both';

my $first = $live->now - 10;

$live->put(0, 'a', $first, $live->now - 1);
$strict->put(1, 'b', $first, $live->now - 1);
$nodes->same('ev', 'before: both are the same');

# Everything below goes on meanwhile: a is published on A, b on B for Redis, and
# each node has a player.

my $in_zone = $live->publish(0, 'a');
my $in_redis = $strict->publish(1, 'b');
my @players = map { $live->follow($_) } 0, 1;

ok wait_for(sub { !grep { $_->count < 5 } @players }, 10), 'players play';

my $before = $nodes->facts;
my %seen;


# what has come to its log since the last look

sub news
{
    my ($job) = @_;

    my @log = @{$job->log};
    my $from = $seen{$job} || 0;

    $seen{$job} = @log;

    return @log[$from .. $#log];
}


sub fault
{
    my ($name, $break, $mend, $seconds) = @_;

    news($_) for $in_zone, $in_redis, @players;
    $break->();
    sleep($seconds || ($soak ? 5 : 1.3));

    # what had its 201 is in Redis now

    my @taken = grep { $_->{status} == 201 } news($in_redis);
    my @not = grep {
        ($_->[1] // '') ne $_->[0]
    } map {
        [$strict->segment('b', 'v', $_->{n}),
         LiveOrigin::Nodes::stored($redis, 'ev', 'v', $_->{n}, 'b')]
    } $redis->up && !$redis->{paused} ? @taken : ();

    is scalar(@not), 0, "$name: all that had its 201 is in Redis (of "
        . @taken . ')';

    my @player = news($players[0]);
    my @zone = news($in_zone);

    $mend->();

    is join(' ', grep { $_ != 201 } map { $_->{status} } @zone), '',
        "$name: publishing for the zone goes on";
    is join(' ', map { $_->{status} } grep { $_->{status} != 200 } @player), '',
        "$name: and so does playing from it";
    cmp_ok scalar(@player), '>', 0, "$name: at the live edge";
    ok $nodes->wait_up, "$name: both are connected again";

    return @taken;
}


sub healthy
{
    my ($name) = @_;

    my $now;

    ok wait_for(sub {
        $now = $nodes->facts;
        return $now->{fds} <= $before->{fds} + 4;
    }, 5), "$name: no descriptor is lost"
        or diag "$before->{fds} before, $now->{fds} now";
    is $now->{pids}, $before->{pids}, "$name: no worker has died";
    cmp_ok $now->{rss}, '<', $before->{rss} + (8 << 20),
        "$name: nor is memory";
}


# ---- a Redis that misbehaves

for (
    ['LOADING', [qr/^(?!MESSAGE|CONNECT|AUTH)/ => 'loading']],
    ['READONLY', [qr/^EVAL/ => 'readonly']],
    ['OOM', [qr/^(?:EVAL|SET)/ => 'oom']],
    ['MOVED for ever', [qr/^(?:EVAL|GET|SET)/ => 'moved']],
    ['scripts are forgotten', [qr/^EVALSHA/ => 'noscript']],
    ['garbage', [qr/^EVAL/ => 'garbage']],
    ['a cut reply, closed', [qr/^EVAL/ => { cut => 5 }]],
    ['a cut reply that hangs', [qr/^EVAL/ => { cut => 5, hang => 1 }]],
    ['no reply', [qr/^EVAL/ => 'never']],
    ['a reply that is lost', [qr/^EVAL/ => 'lost']],
    ['closed after it was done', [qr/^EVAL/ => 'closed']],
    ['3 MB', [qr/^EVAL/ => 'big']],
    ['byte by byte', [qr/^EVAL/ => { slow => 20 }]],
    ['late', [qr/^EVAL/ => { delay => 600 }]],
    ['news are lost', [qr/^MESSAGE/ => 'lost']],
    ['news are garbage', [qr/^MESSAGE/ => 'garbage']],
    ['closed as soon as accepted', [qr/^CONNECT/ => 'close']],
    ['accepted and silent', [qr/^CONNECT/ => 'never']],
) {
    my ($name, @rules) = @$_;

    fault($name, sub {
        $fake->rules(@rules);
        $fake->drop if $rules[0][0] =~ /CONNECT/;
    }, sub { $fake->rules });
}

healthy('misbehaviour');
$nodes->same('ev', 'misbehaviour: both are the same afterwards', seconds => 20);


# ---- a Redis that is away

my @said = fault('stopped', sub { $redis->pause; $redis->{paused} = 1 },
    sub { $redis->cont; $redis->{paused} = 0 }, $soak ? 10 : 3);

is scalar(@said), 0, 'stopped: no 201 for Redis';

@said = fault('killed', sub { $redis->kill }, sub { }, 2);
is scalar(@said), 0, 'killed: no 201 for Redis';

# started empty, it is filled by the nodes

$redis->run;
ok $nodes->wait_up, 'started empty: both are connected';

my @numbers = sort { $a <=> $b } $a->acked;
my %lacks;

ok wait_for(sub {
    %lacks = map { $_ => 1 } grep {
        !defined LiveOrigin::Nodes::stored($redis, 'ev', 'v', $_, 'a')
    } @numbers;

    return !%lacks;
}, 45), 'and is filled with what the nodes have'
    or diag join ' ', sort keys %lacks;

fault('down', sub { $fake->down }, sub { $fake->up });
healthy('away');


# ---- afterwards

news($in_redis);
ok wait_for(sub { grep { $_->{status} == 201 } news($in_redis) }, 5),
    'afterwards: 201 for Redis again';
$_->stop for $in_zone, $in_redis, @players;
$nodes->same('ev', 'afterwards: both are the same', seconds => 40);

my $c = $B->client;
my @lost = grep {
    my $r = $c->get($live->path('v', "$_.m4s"));

    $r->status != 200
} $a->acked;

is "@lost", '', 'all that A took is on B';

# those that were held while what they wait for was elsewhere

my @other = grep { $_->{status} != 200 } @{$players[0]->log};

is scalar(@other), 0, 'the player of A had every number'
    or diag explain [@other[0 .. 2]];

done_testing;
