package LiveOrigin::RedisSentinel;

# A primary, replicas and Sentinels (see LiveOrigin::Redis).
#
#     my $s = LiveOrigin::Redis->sentinel(replicas => 1, sentinels => 3);
#
#     $s->primary->cli('GET', 'a');
#     $s->failover;
#
# Options:
#     replicas    1
#     sentinels   3; the quorum is more than half of them
#     service     "mymaster"
#     down_after  2000 ms: what the machine may stand still
#     requirepass, auth => as LiveOrigin::Redis: of the servers
#     sentinel_pass    of the Sentinels
#     conf        [lines] of the servers
#
# $s->...
#     servers, sentinels       lists of LiveOrigin::Redis
#     ports                    of the sentinels
#     service
#     primary                  the server that the Sentinels name now
#     replicas                 the servers that are not
#     failover(%o)             asks for one: or with kill => 1 kills the
#                              primary, pause => 1 stops it; waits until another
#                              is named and takes writes, and returns it
#     cli(@args)               to the primary
#     directive(%parameters)   live_origin_redis with mode=sentinel

use strict;
use warnings;

use Digest::SHA qw(sha1_hex);

use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Port qw(free_port);
use LiveOrigin::Redis;
use LiveOrigin::Resp qw(is_error);


sub new
{
    my ($class, %o) = @_;

    my $self = bless {
        replicas => 1, sentinels => 3, service => 'mymaster',
        down_after => 2000, %o
    }, $class;

    my %same = map { defined $o{$_} ? ($_ => $o{$_}) : () }
               qw(requirepass users auth conf);
    my $primary = LiveOrigin::Redis->start(%same);

    my @replicas = map {
        LiveOrigin::Redis->start(%same, replicaof => $primary, lazy => 1)
    } 1 .. $self->{replicas};

    $self->{servers} = [$primary, @replicas];

    for my $r (@replicas) {
        $r->wait_up or die "a replica did not start:\n" . $r->log;
        wait_for(sub { ($r->info('master_link_status') || '') eq 'up' }, 20)
            or die "a replica did not synchronise:\n" . $r->log;
    }

    $self->_start_sentinels($primary);

    return $self;
}


# Sentinels that are told of each other need not find each other, which takes
# them seconds

sub _start_sentinels
{
    my ($self, $primary) = @_;

    my @ports = map { free_port() } 1 .. $self->{sentinels};
    my %id = map { $_ => sha1_hex("$$ $_") } @ports;

    $self->{sentinel} = [map {
        my $port = $_;

        LiveOrigin::Redis->start(
            program => 'redis-sentinel', port => $port, lazy => 1,
            requirepass => $self->{sentinel_pass},
            config => sub { $self->_config($_[0], $primary, \%id) });
    } @ports];

    my $all = $self->{sentinels} - 1;

    for my $s ($self->sentinels) {
        $s->wait_up or die "a Sentinel did not start:\n" . $s->log;

        # so that an old primary is made a replica within 2 s, not 18

        $s->cli('SENTINEL', 'DEBUG', 'info-period', 500,
                'publish-period', 300);

        wait_for(sub {
            my $m = $s->cli('SENTINEL', 'MASTER', $self->{service});

            return 0 if ref $m ne 'ARRAY';

            my %m = @$m;

            return $m{flags} eq 'master'
                   && $m{'num-slaves'} == $self->{replicas}
                   && $m{'num-other-sentinels'} == $all
                   && $s->cli('SENTINEL', 'CKQUORUM', $self->{service})
                      =~ /^OK/;
        }, 20) or die "the Sentinels do not agree:\n" . $s->log;
    }
}


sub _config
{
    my ($self, $s, $primary, $id) = @_;

    my $name = $self->{service};
    my $quorum = int($self->{sentinels} / 2) + 1;
    my $pass = $primary->auth;
    my @lines = (
        "port $s->{port}", 'bind 127.0.0.1', "dir $s->{dir}",
        "logfile $s->{dir}/log", 'daemonize no', 'protected-mode no',
        "sentinel myid $id->{$s->{port}}",
        "sentinel monitor $name 127.0.0.1 $primary->{port} $quorum",
        "sentinel down-after-milliseconds $name $self->{down_after}",
        "sentinel failover-timeout $name 5000",
        "sentinel parallel-syncs $name 4");

    if ($pass) {
        push @lines, "sentinel auth-user $name $pass->[0]" if @$pass == 2;
        push @lines, "sentinel auth-pass $name $pass->[-1]";
    }

    if (defined $self->{sentinel_pass}) {
        push @lines, "requirepass $self->{sentinel_pass}",
                     "sentinel sentinel-pass $self->{sentinel_pass}";
    }

    push @lines, map { "sentinel known-replica $name 127.0.0.1 $_->{port}" }
                 grep { $_ != $primary } $self->servers;
    push @lines, map { "sentinel known-sentinel $name 127.0.0.1 $_ $id->{$_}" }
                 grep { $_ != $s->{port} } sort keys %$id;

    return join "\n", @lines, '';
}


sub servers   { return @{$_[0]{servers}} }
sub sentinels { return @{$_[0]{sentinel}} }
sub ports     { return map { $_->port } $_[0]->sentinels }
sub service   { return $_[0]{service} }


sub primary
{
    my ($self) = @_;

    for my $s (grep { $_->up } $self->sentinels) {
        my $r = $s->cli('SENTINEL', 'get-master-addr-by-name',
                        $self->{service});

        next if ref $r ne 'ARRAY';

        my ($found) = grep { $_->port == $r->[1] } $self->servers;

        return $found if $found;
    }

    return;
}


sub replicas
{
    my ($self) = @_;

    my $primary = $self->primary;

    return grep { $_ != $primary } $self->servers;
}


sub failover
{
    my ($self, %o) = @_;

    my $old = $self->primary or die "no primary";

    if ($o{kill}) {
        $old->kill;

    } elsif ($o{pause}) {
        $old->pause;

    } else {
        my $s = ($self->sentinels)[0];
        my $r;

        wait_for(sub {
            $r = $s->cli('SENTINEL', 'FAILOVER', $self->{service});
            return $r eq 'OK';
        }, 20) or die "no failover: $r";
    }

    # a Sentinel whose timer was 2 s late does nothing for 30 s (TILT)

    return wait_for(sub {
        my $now = $self->primary;

        return $now && $now != $old
               && ($now->info('role') || '') eq 'master' && $now;
    }, 75);
}


sub cli
{
    my ($self, @args) = @_;

    my $primary = $self->primary or return LiveOrigin::Resp::error('IO none');

    return $primary->cli(@args);
}


sub directive
{
    my ($self, %o) = @_;

    return join(' ', 'live_origin_redis', map({ $_->address } $self->sentinels),
                'mode=sentinel', "service=$self->{service}",
                map { "$_=$o{$_}" } sort keys %o) . ';';
}

1;
