package LiveOrigin::RedisCluster;

# A Redis Cluster (see LiveOrigin::Redis).
#
#     my $c = LiveOrigin::Redis->cluster(primaries => 3, replicas => 1);
#
#     $c->cli('SET', 'a', $bytes);           # to the node that has the slot
#     $c->move_slot($c->slot('a'), $c->node_of('a'), $other);
#
# Options: primaries 3, replicas 0 (of each), node_timeout 2000 ms (what the
# machine may stand still), requirepass,
# conf => [lines], announce => [ports]: what node i gives as its client port, so
# that a LiveOrigin::RedisFake can stand before it.
#
# $c->...
#     nodes                    all, primaries first; live
#     primaries                that have slots now
#     slot($key)               CRC16 of the hash tag, or of all
#     node_of($key), node_of_slot($slot)     the primary that has it now
#     cli(@args)               the first argument after the command is the key
#     move_slot($slot, $from, $to)           whole; or in steps:
#         begin_move   (from then on a key that is not there is answered ASK)
#         move_keys($slot, $from, $to, $n)   at most n of its keys, or all
#         end_move
#     kill_primary($node)      KILL; with replicas waits for the successor
#     wait_ok                  every live node says cluster_state:ok
#     directive(%parameters)   live_origin_redis with mode=cluster

use strict;
use warnings;

use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Redis;
use LiveOrigin::Resp qw(is_error);

my $SLOTS = 16384;


sub new
{
    my ($class, %o) = @_;

    my $self = bless { primaries => 3, replicas => 0, %o }, $class;
    my $n = $self->{primaries} * (1 + $self->{replicas});
    my @announce = @{$o{announce} || []};

    for my $i (0 .. $n - 1) {
        my @conf = @{$o{conf} || []};

        push @conf, "cluster-announce-port $announce[$i]" if $announce[$i];

        push @{$self->{nodes}}, LiveOrigin::Redis->start(
            cluster => 1, lazy => 1, conf => [@conf],
            node_timeout => $o{node_timeout} || 2000,
            requirepass => $o{requirepass});
    }

    for my $node (@{$self->{nodes}}) {
        $node->wait_up or die "a node did not start:\n" . $node->log;
        push @{$self->{ids}}, $node->cli('CLUSTER', 'MYID');
    }

    $self->_join;
    $self->wait_ok or die "no cluster:\n" . $self->{nodes}[0]->log;

    return $self;
}


sub _join
{
    my ($self) = @_;

    my @nodes = @{$self->{nodes}};
    my $p = $self->{primaries};

    for my $i (0 .. $#nodes) {
        _must($nodes[$i], 'CLUSTER', 'SET-CONFIG-EPOCH', $i + 1);

        if ($i < $p) {
            _must($nodes[$i], 'CLUSTER', 'ADDSLOTSRANGE',
                  int($SLOTS * $i / $p), int($SLOTS * ($i + 1) / $p) - 1);
        }

        # each with each, so that nobody waits for gossip

        for my $j (0 .. $i - 1) {
            _must($nodes[$i], 'CLUSTER', 'MEET', '127.0.0.1',
                  $nodes[$j]->port, $nodes[$j]{bus});
        }
    }

    for my $i ($p .. $#nodes) {
        wait_for(sub {
            $nodes[$i]->cli('CLUSTER', 'REPLICATE', $self->{ids}[$i % $p])
                eq 'OK';
        }, 20) or die "no replica:\n" . $nodes[$i]->log;
    }
}


sub _must
{
    my ($node, @args) = @_;

    my $r = $node->cli(@args);

    die "@args: $r\n" if is_error($r);

    return $r;
}


sub wait_ok
{
    my ($self, $seconds) = @_;

    return wait_for(sub {
        for my $node ($self->nodes) {
            my $info = $node->cli('CLUSTER', 'INFO');

            return 0 if $info !~ /cluster_state:ok/;
            return 0 if ($node->info('role') || '') eq 'slave'
                        && $node->info('master_link_status') ne 'up';
        }

        return 1;
    }, $seconds || 60);
}


sub nodes { return grep { $_->up } @{$_[0]{nodes}} }


# id => node, of those that have slots

sub _owners
{
    my ($self) = @_;

    my %id = map { $self->{ids}[$_] => $self->{nodes}[$_] }
             0 .. $#{$self->{nodes}};

    for my $asked ($self->nodes) {
        my $slots = $asked->cli('CLUSTER', 'SLOTS');

        next if ref $slots ne 'ARRAY';

        return map { [$_->[0], $_->[1], $id{$_->[2][2]}] } @$slots;
    }

    return;
}


sub primaries
{
    my ($self) = @_;

    my %seen;

    return grep { $_->up && !$seen{$_}++ } map { $_->[2] } $self->_owners;
}


sub slot
{
    my ($self, $key) = @_;

    my ($tag) = $key =~ /\{([^}]+)\}/;
    my ($first) = $key =~ /\{([^}]*)\}/;

    # only the first braces count, and empty ones are none

    $key = $tag if defined $tag && $tag eq $first;

    my $crc = 0;

    for my $byte (unpack 'C*', $key) {
        $crc ^= $byte << 8;

        for (1 .. 8) {
            $crc = ($crc << 1 ^ ($crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
        }
    }

    return $crc % $SLOTS;
}


sub node_of { return $_[0]->node_of_slot($_[0]->slot($_[1])) }


sub node_of_slot
{
    my ($self, $slot) = @_;

    my ($found) = grep { $_->[0] <= $slot && $slot <= $_->[1] }
                  $self->_owners;

    return $found && $found->[2];
}


sub cli
{
    my ($self, @args) = @_;

    my $node = $self->node_of(defined $args[1] ? $args[1] : '')
        or return LiveOrigin::Resp::error('IO no node');

    return $node->cli(@args);
}


# ---- slots on the move

sub _id
{
    my ($self, $node) = @_;

    my ($i) = grep { $self->{nodes}[$_] == $node } 0 .. $#{$self->{nodes}};

    return $self->{ids}[$i];
}


sub begin_move
{
    my ($self, $slot, $from, $to) = @_;

    _must($to, 'CLUSTER', 'SETSLOT', $slot, 'IMPORTING', $self->_id($from));
    _must($from, 'CLUSTER', 'SETSLOT', $slot, 'MIGRATING', $self->_id($to));
}


sub move_keys
{
    my ($self, $slot, $from, $to, $max) = @_;

    my $keys = _must($from, 'CLUSTER', 'GETKEYSINSLOT', $slot,
                     defined $max ? $max : 1000000);
    my @auth = defined $self->{requirepass} ? ('AUTH', $self->{requirepass})
                                            : ();

    if (@$keys) {
        _must($from, 'MIGRATE', '127.0.0.1', $to->port, '', 0, 5000, @auth,
              'KEYS', @$keys);
    }

    return @$keys;
}


sub end_move
{
    my ($self, $slot, $from, $to) = @_;

    my $id = $self->_id($to);

    for my $node ($to, $from,
                  grep { $_ != $to && $_ != $from } $self->primaries)
    {
        _must($node, 'CLUSTER', 'SETSLOT', $slot, 'NODE', $id);
    }
}


# a publisher may write between two steps

sub move_slot
{
    my ($self, $slot, $from, $to) = @_;

    $self->begin_move($slot, $from, $to);
    1 while $self->move_keys($slot, $from, $to);
    $self->end_move($slot, $from, $to);
}


sub kill_primary
{
    my ($self, $node) = @_;

    my $slot = (map { $_->[0] } grep { $_->[2] == $node } $self->_owners)[0];

    $node->kill;

    return if !$self->{replicas};

    return wait_for(sub {
        my $now = $self->node_of_slot($slot);

        return $now && $now != $node && $self->wait_ok(0.1) && $now;
    }, 75);
}


sub directive
{
    my ($self, %o) = @_;

    my @addresses = map { $_->address } grep { $_->up } @{$self->{nodes}};

    if ($self->{announce}) {
        @addresses = map { "127.0.0.1:$_" } @{$self->{announce}};
    }

    return join(' ', 'live_origin_redis', @addresses, 'mode=cluster',
                map { "$_=$o{$_}" } sort keys %o) . ';';
}

1;
