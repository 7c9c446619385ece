package LiveOrigin::Faults;

# Two origins on a Redis that is made to fail, while two pipelines publish and
# players play: what has to hold whatever Redis does.
#
#     my $redis = LiveOrigin::Redis->start;
#     my $fake = LiveOrigin::RedisFake->start(through => $redis);
#     my $w = LiveOrigin::Faults->new(redis => $fake, real => $redis);
#
#     $w->fault('LOADING', sub { $fake->rules(...) }, sub { $fake->rules });
#     $w->healthy('errors');
#     $w->finish;
#
# Pipeline a is published on node 0, where the zone's word does; b on node 1 for
# Redis ("live_origin_ack redis", under /strict/).  Each node has a player.
#
# fault($name, $break, $mend, %options) breaks, waits, mends, and tests that
#     what had its 201 for Redis meanwhile is there (in `real', unless it is
#         away => 1: then, that there was no 201)
#     publishing for the zone and playing from it went on
#     both nodes are connected afterwards
# It lasts until two segments were published for the zone, one for Redis (or
# was refused) and one was played, all begun after it; with LO_SOAK for 5 s at
# least.  Options: seconds, instead of those.
#
# healthy($name): no worker has died, no descriptor or memory is lost.
# finish: publishing for Redis goes on; it ends everything, and tests that both
# nodes have all and are the same.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Nodes;


sub new
{
    my ($class, %o) = @_;

    my $self = bless { event => 'ev', seen => {}, %o }, $class;
    my %tracks = (v => LiveOrigin::Media->video(segment => [2, 5],
                                                bytes => 60000));

    $self->{nodes} = LiveOrigin::Nodes->start(
        n => 2, redis => $o{redis}, size => '96m',
        redis_params => { timeout => '300ms', connect_timeout => '300ms' },
        server => <<'END');
        location /strict/ {
            live_origin_publish main;
            live_origin_auto_event on;
            live_origin_ack redis;
        }
END

    $self->{live} = $self->{nodes}->live(tracks => \%tracks);
    $self->{strict} = $self->{nodes}->live(tracks => \%tracks,
                                           prefix => '/strict');
    $self->_begin;

    return $self;
}


sub nodes { return $_[0]{nodes} }
sub live  { return $_[0]{live} }


sub _begin
{
    my ($self) = @_;

    my ($nodes, $live, $strict) = @$self{qw(nodes live strict)};

    ok $nodes->wait_up, 'both nodes are connected';
    is $nodes->put(0, '/api/events/ev', '{"id": "ev", '
        . '"segment": {"duration": 2, "timescale": 5}, "delay_ms": 5000, '
        . '"dvr_s": 300, "zone_share": "60m", "pipelines": ["a", "b"], '
        . '"tracks": [{"id": "v", "type": "video"}]}')->status, 201,
        'an event';
    ok wait_for(sub { $nodes->get(1, '/api/events/ev')->status == 200 }, 20),
        'on both';

    $self->{first} = $live->now - 10;
    $live->put(0, 'a', $self->{first}, $live->now - 1);
    $strict->put(1, 'b', $self->{first}, $live->now - 1);
    $nodes->same('ev', 'before: both are the same');

    $self->{a} = $live->publish(0, 'a');
    $self->{b} = $strict->publish(1, 'b');
    $self->{players} = [map { $live->follow($_) } 0, 1];

    ok wait_for(sub { !grep { $_->served < 3 } @{$self->{players}} }, 20),
        'players play';

    $self->{before} = $nodes->facts;
    $self->{began} = time;
}


# what has come to a log since the last look, and was begun after a time

sub _news
{
    my ($self, $job, $since) = @_;

    my @log = @{$job->log};
    my $from = $self->{seen}{$job} || 0;

    $self->{seen}{$job} = @log;

    return grep { !$since || $_->{at} > $since } @log[$from .. $#log];
}


# a fault that began then has been met by each

sub _touched
{
    my ($self, $since) = @_;

    my ($zone, $redis, $played) = map {
        scalar grep { $_->{at} > $since } @{$_->log}
    } @$self{qw(a b)}, $self->{players}[0];

    return $zone >= 2 && $redis >= 1 && $played >= 1;
}


sub fault
{
    my ($self, $name, $break, $mend, %o) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my ($a, $b, $player) = (@$self{qw(a b)}, $self->{players}[0]);

    $self->_news($_) for $a, $b, $player;
    $break->();

    my $since = time;

    if (my $seconds = $o{seconds} || ($ENV{LO_SOAK} && 5)) {
        sleep($seconds);
    }

    for (1 .. 200) {
        last if $self->_touched($since);
        sleep 0.1;
    }

    my @taken = grep { $_->{status} == 201 } $self->_news($b, $since);

    if ($o{away}) {
        is scalar(@taken), 0, "$name: no 201 for Redis";

    } else {
        is join(' ', grep { !$self->_stored($_) } map { $_->{n} } @taken), '',
            "$name: all that had its 201 is in Redis (@{[scalar @taken]})";
    }

    push @{$self->{faults}}, [$name, $since, time];

    my @zone = $self->_news($a);
    my @play = $self->_news($player);

    $mend->();

    is join(' ', grep { $_ != 201 } map { $_->{status} } @zone), '',
        "$name: publishing for the zone goes on";
    is join(' ', grep { $_ != 200 } map { $_->{status} } @play), '',
        "$name: so does playing from it";
    cmp_ok scalar(@play), '>', 0, "$name: at the live edge";
    ok $self->{nodes}->wait_up, "$name: both are connected again";
}


sub _stored
{
    my ($self, $n) = @_;

    my $bytes = LiveOrigin::Nodes::stored($self->{real}, 'ev', 'v', $n, 'b');

    return defined $bytes
           && $bytes eq $self->{strict}->segment('b', 'v', $n);
}


sub healthy
{
    my ($self, $name) = @_;

    my $before = $self->{before};
    my $now;

    ok wait_for(sub {
        $now = $self->{nodes}->facts;
        return $now->{fds} <= $before->{fds} + 4;
    }, 20), "$name: no descriptor is lost"
        or diag "$before->{fds} before, $now->{fds} now";
    is $now->{pids}, $before->{pids}, "$name: no worker has died";

    # four workers, each of which may have kept room for a reply of 3 MB; the
    # sanitizers keep what is freed

    cmp_ok $now->{rss}, '<', $before->{rss} + (24 << 20),
        "$name: nor is memory" if !$ENV{LO_PRELOAD};
}


sub finish
{
    my ($self) = @_;

    my ($nodes, $live, $a, $b) = @$self{qw(nodes live a b)};

    $self->_news($b);
    ok wait_for(sub { grep { $_->{status} == 201 } $self->_news($b) }, 20),
        'afterwards: 201 for Redis again';

    $_->stop for $a, $b;
    sleep 1;
    $_->stop for @{$self->{players}};

    # what was missed without a word is found by the next walk; a node whose
    # playlist is asked for before lists what it lacks as GAP, for good

    for my $ng ($nodes->nodes) {
        my @lost = ($a->acked, $b->acked);

        wait_for(sub {
            my $c = $ng->client;

            @lost = grep {
                $c->get($live->path('v', "$_.m4s"))->status != 200
            } @lost;

            return !@lost;
        }, 45);

        is "@lost", '', 'all that had its 201 is on both';
    }

    $nodes->same('ev', 'afterwards: both are the same', seconds => 45)
        or $self->_choices;

    # up to what nobody published

    my $head = ($a->acked)[-1];
    my @not = grep { $_->{status} != 200 && $_->{n} <= $head
                     && $_->{at} > $self->{began} }
              @{$self->{players}[0]->log};

    is scalar(@not), 0, 'the player of node 0 had every number'
        or diag explain [@not[0 .. 2]];

    $_->stop for $nodes->nodes;
}


# what each has chosen, and Redis

sub _choices
{
    my ($self) = @_;

    my $head = ($self->{a}->acked)[-1];

    for my $n ($self->{first} .. $head) {
        my @chosen = map {
            my $r = $_->get("/api/events/ev/why/v/$n");
            my $chosen = $r->status == 200 && $r->json->{chosen};

            $chosen ? "$chosen->{pipeline} ($chosen->{reason})" : '-'
        } $self->{nodes}->nodes;

        my ($sent) = map { $_->{at} } grep { $_->{n} == $n }
                     @{$self->{a}->log};
        my @during = map { $_->[0] } grep {
            $sent && $_->[1] - 0.5 < $sent && $sent < $_->[2]
        } @{$self->{faults}};

        diag "$n: @chosen, in Redis "
            . ($self->{real}->cli('HGET', 'lo:{ev}:track:v', $n) // '-')
            . ", during: @during"
            if 1 < keys %{{ map { /^(\S+)/ ? ($1 => 1) : () } @chosen }};
    }
}

1;
