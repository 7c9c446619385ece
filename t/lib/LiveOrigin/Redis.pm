package LiveOrigin::Redis;

# Redis servers, each in a directory of its own, on a free loopback port.
#
#     use LiveOrigin::Redis;
#
#     my $r = LiveOrigin::Redis->start;
#
#     $r->cli('SET', 'a', $bytes);           # LiveOrigin::Resp's values
#     is $r->cli('GET', 'a'), $bytes;
#
#     $r->stop;                              # or kill; or restart
#     my $s = LiveOrigin::Redis->sentinel;   # LiveOrigin::RedisSentinel
#     my $c = LiveOrigin::Redis->cluster;    # LiveOrigin::RedisCluster
#
# start(%options):
#     port        instead of a free one
#     requirepass
#     users       [lines of an ACL: 'lo on >secret ~lo:* &lo:* +@all', ...]
#     auth        [user, password] that cli() uses, where it is not requirepass
#     appendonly  1: is written to disk
#     maxmemory   bytes; policy noeviction
#     replicaof   another server
#     cluster     1: cluster-enabled
#     conf        more lines
#     bind        127.0.0.1
#     netns       a network namespace (ip netns) to run in
#     lazy        1: does not wait until it answers
#
# $r->...
#     port, host, address ("host:port"), pid, dir, log, auth
#     cli(@args)               a reply, on a connection that is kept
#     client                   a LiveOrigin::Resp of its own
#     info($field)             of INFO
#     memory                   RSS in bytes, of the process
#     flush                    FLUSHALL
#     wait_up($seconds)        answers PING, and has loaded
#     stop                     TERM (nothing is saved, unless appendonly)
#     kill                     KILL
#     signal($name), pause, cont     STOP and CONT
#     run                      starts it again on its port
#     restart(%o)              signal => 'TERM', empty => 1: with keep => 1 it
#                              is saved before, and has its keys afterwards
#     directive(%parameters)   live_origin_redis with its address
#
# Servers end with the test: see LiveOrigin::Nginx, whose END ends every
# process below the test.

use strict;
use warnings;

use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use POSIX qw(WNOHANG);

use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Port qw(free_port);
use LiveOrigin::Process qw(alive);
use LiveOrigin::Resp qw(is_error);


sub start
{
    my ($class, %o) = @_;

    my $self = bless {
        bind => '127.0.0.1', fixed => $o{port}, program => 'redis-server',
        config => \&_server_config, %o
    }, $class;

    $self->{dir} = tempdir('lo-redis-XXXXXX', TMPDIR => 1,
                           CLEANUP => !$ENV{LO_KEEP});

    if (defined $o{requirepass}) {
        $self->{auth} ||= [$o{requirepass}];
    }

    # a port that was free may have been taken meanwhile

    for my $try (1 .. 5) {
        $self->{port} = $self->{fixed} || free_port();
        $self->{bus} = free_port() if $o{cluster};
        _write("$self->{dir}/redis.conf", $self->{config}->($self));
        $self->run(lazy => 1);

        return $self if $o{lazy} || $self->wait_up;

        $self->kill;

        last if $self->{fixed} || $self->log !~ /Address already in use/;

        unlink "$self->{dir}/log";
    }

    die "$self->{program} did not start:\n" . $self->log;
}


sub sentinel
{
    my ($class, %o) = @_;

    require LiveOrigin::RedisSentinel;

    return LiveOrigin::RedisSentinel->new(%o);
}


sub cluster
{
    my ($class, %o) = @_;

    require LiveOrigin::RedisCluster;

    return LiveOrigin::RedisCluster->new(%o);
}


sub _server_config
{
    my ($self) = @_;

    my @lines = (
        "port $self->{port}", "bind $self->{bind}", "dir $self->{dir}",
        "logfile $self->{dir}/log", 'daemonize no', 'save ""',
        'protected-mode no', 'shutdown-timeout 0', 'repl-timeout 5',
        'repl-ping-replica-period 1', 'repl-diskless-sync-delay 0',
        'enable-debug-command yes', 'tcp-backlog 128',
        'appendonly ' . ($self->{appendonly} ? 'yes' : 'no'));

    push @lines, "maxmemory $self->{maxmemory}" if $self->{maxmemory};
    push @lines, map { "user $_" } @{$self->{users} || []};

    if (defined $self->{requirepass}) {
        push @lines, "requirepass $self->{requirepass}",
                     "masterauth $self->{requirepass}";
    }

    if (my $of = $self->{replicaof}) {
        push @lines, "replicaof $of->{bind} $of->{port}";
        push @lines, "masterauth $of->{requirepass}"
            if defined $of->{requirepass};
    }

    if ($self->{cluster}) {
        push @lines, 'cluster-enabled yes', "cluster-port $self->{bus}",
            'cluster-node-timeout ' . ($self->{node_timeout} || 1000);
    }

    return join "\n", @lines, @{$self->{conf} || []}, '';
}


# ---- the process

sub run
{
    my ($self, %o) = @_;

    my @cmd = ($self->{program}, "$self->{dir}/redis.conf");

    unshift @cmd, 'ip', 'netns', 'exec', $self->{netns} if $self->{netns};
    $self->{client}->close if $self->{client};

    my $pid = fork;

    die "fork: $!" if !defined $pid;

    if ($pid == 0) {
        open(STDOUT, '>>', "$self->{dir}/log");
        open(STDERR, '>&', \*STDOUT);
        exec @cmd or POSIX::_exit(127);
    }

    $self->{pid} = $pid;

    return $o{lazy} || $self->wait_up;
}


sub _end
{
    my ($self, $signal) = @_;

    my $pid = $self->{pid} or return;

    CORE::kill($signal, $pid);
    CORE::kill('CONT', $pid) if $signal ne 'KILL';

    # the first thread may be a zombie while others keep the port

    if (!wait_for(sub { waitpid($pid, WNOHANG) }, 10)) {
        CORE::kill('KILL', $pid);
        waitpid($pid, 0);
    }

    $self->{pid} = 0;
    $self->{client}->close if $self->{client};
}


sub stop { $_[0]->_end('TERM') }
sub kill { $_[0]->_end('KILL') }


sub signal
{
    my ($self, $name) = @_;

    return CORE::kill($name, $self->{pid});
}


sub pause { $_[0]->signal('STOP') }
sub cont  { $_[0]->signal('CONT') }


sub restart
{
    my ($self, %o) = @_;

    if ($o{keep}) {
        $self->cli('SAVE');

    } else {
        unlink "$self->{dir}/dump.rdb";
    }

    $self->_end($o{signal} || 'TERM');

    if (!$o{keep}) {
        unlink "$self->{dir}/dump.rdb";
        remove_tree("$self->{dir}/appendonlydir");
    }

    return $self->run;
}


sub wait_up
{
    my ($self, $seconds) = @_;

    my $c = $self->client(timeout => 1);

    # with ACLs alone there may be nobody to ask: any answer but LOADING does

    return wait_for(sub {
        return -1 if !alive($self->{pid});

        my $r = $c->call('PING');

        return !is_error($r) || $r =~ /^NO(?:AUTH|PERM)/;
    }, $seconds || 10) == 1;
}


# ---- asking it

sub port    { return $_[0]{port} }
sub host    { return $_[0]{bind} }
sub address { return "$_[0]{bind}:$_[0]{port}" }
sub pid     { return $_[0]{pid} }
sub dir     { return $_[0]{dir} }
sub auth    { return $_[0]{auth} }
sub up      { return $_[0]{pid} && alive($_[0]{pid}) }


sub client
{
    my ($self, %o) = @_;

    return LiveOrigin::Resp->new(host => $self->{bind}, port => $self->{port},
                                 auth => $self->{auth}, %o);
}


sub cli
{
    my ($self, @args) = @_;

    $self->{client} ||= $self->client;

    return $self->{client}->call(@args);
}


sub info
{
    my ($self, $field) = @_;

    my ($value) = $self->cli('INFO', 'everything') =~ /^\Q$field\E:(.*?)\r?$/m;

    return $value;
}


sub memory
{
    my ($self) = @_;

    my ($kb) = _read("/proc/$self->{pid}/status") =~ /^VmRSS:\s+(\d+)/m;

    return ($kb || 0) * 1024;
}


sub flush { return $_[0]->cli('FLUSHALL') }
sub log   { return _read("$_[0]{dir}/log") }


sub directive
{
    my ($self, %o) = @_;

    return join(' ', 'live_origin_redis', $self->address,
                map { "$_=$o{$_}" } sort keys %o) . ';';
}


sub _read
{
    my ($path) = @_;

    open(my $fh, '<:raw', $path) or return '';
    local $/;

    my $content = <$fh>;

    return defined $content ? $content : '';
}


sub _write
{
    my ($path, $content) = @_;

    open(my $fh, '>:raw', $path) or die "$path: $!";
    print $fh $content;
    close($fh) or die "$path: $!";
}

1;
