package LiveOrigin::RedisFake;

# A Redis that misbehaves as told: before a real one, or on its own.
#
#     my $f = LiveOrigin::RedisFake->start(through => $redis);
#
#     $f->rules([qr/^EVALSHA/ => 'loading', times => 3],
#               [qr/^GET / => {delay => 300}]);
#     $f->rules;                         # none any more
#     is $f->seen(qr/^EVALSHA/), 3;
#
# With through (a LiveOrigin::Redis) what no rule answers is passed on to it, on
# a connection of its own for each of ours, and so are its messages.  Without,
# a small subset is answered: see LiveOrigin::RedisFake::Server.
#
# A rule is a pattern, an action, and how many times it is used (always).  The
# first that matches counts.  The pattern sees the command's arguments with a
# space between them; and "CONNECT" when a connection is accepted (close,
# never), "MESSAGE CHANNEL TEXT" when one is to be passed to a subscriber.
#
# An action is one of
#     {reply => $value}        see LiveOrigin::Resp::encode
#     {raw => $bytes}          as they are
#     {big => $bytes}          a string so long
#     {never => 1}             neither done nor answered; nothing after it on
#                              this connection is answered either
#     {lost => 1}              passed on and done, else the same
#     {close => 1}             closes instead
#     {closed => 1}            passed on and done, then closes instead
#     {}                       passed on
# with any of
#     delay => ms              before the answer
#     slow => ms               between its bytes
#     cut => $n                after n bytes of it: closes; hang => 1: no more
# or a name:
#     loading readonly masterdown clusterdown tryagain noauth noscript oom
#                              that error
#     moved ask                to itself
#     garbage                  what is not RESP
#     big                      3 MB
#     never lost close closed
#
# start(%options): through, port, rules => [[...], ...]
#
# $f->...
#     port, host, address, pid, auth (of the real one), directive as a
#         LiveOrigin::Redis
#     rules([...], ...)        these instead of those that were; in force when
#                              this returns
#     log                      [{at, conn, command}, ...], arguments cut to 200
#                              bytes; CONNECT as well
#     seen($pattern)           how many of those match; in a list: which
#     forget                   empties the log
#     drop                     closes all connections
#     connections              how many are open
#     down, up                 refuses connections; on the same port again

use strict;
use warnings;

use File::Temp qw(tempdir);
use IO::Socket::INET;
use JSON::PP;
use POSIX ();
use Socket qw(AF_UNIX SOCK_STREAM PF_UNSPEC);

use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Port qw(free_port);
use LiveOrigin::Process qw(alive);
use LiveOrigin::RedisFake::Server;

# latin1: one character a byte

my $json = JSON::PP->new->latin1->allow_nonref;

my %error = (
    loading => 'LOADING Redis is loading the dataset in memory',
    readonly => "READONLY You can't write against a read only replica.",
    masterdown => "MASTERDOWN Link with MASTER is down and "
                  . "replica-serve-stale-data is set to 'no'.",
    clusterdown => 'CLUSTERDOWN The cluster is down',
    tryagain => 'TRYAGAIN Multiple keys request during rehashing of slot',
    noauth => 'NOAUTH Authentication required.',
    noscript => 'NOSCRIPT No matching script. Please use EVAL.',
    oom => "OOM command not allowed when used memory > 'maxmemory'.",
);


sub start
{
    my ($class, %o) = @_;

    my $self = bless { host => '127.0.0.1', %o }, $class;

    $self->{dir} = tempdir('lo-fake-XXXXXX', TMPDIR => 1,
                           CLEANUP => !$ENV{LO_KEEP});
    $self->forget;
    $self->up;

    return $self;
}


sub up
{
    my ($self) = @_;

    my $listen = IO::Socket::INET->new(LocalAddr => $self->{host},
        LocalPort => $self->{port} ||= free_port(), Listen => 128,
        ReuseAddr => 1)
        or die "listen: $!";

    socketpair(my $ours, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC)
        or die "socketpair: $!";

    my $pid = fork;

    die "fork: $!" if !defined $pid;

    if ($pid == 0) {
        close($ours);
        $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP);
        eval {
            LiveOrigin::RedisFake::Server->new(
                listen => $listen, control => $theirs,
                log => "$self->{dir}/log", port => $self->{port},
                through => $self->{through}
                           && [$self->{through}->host,
                               $self->{through}->port]
            )->run;
        };
        warn $@ if $@;
        POSIX::_exit(1);
    }

    close($theirs);
    $self->{control} = $ours;
    $self->{pid} = $pid;
    $self->rules(@{$self->{rules} || []});
}


sub down
{
    my ($self) = @_;

    my $pid = delete $self->{pid} or return;

    kill 'KILL', $pid;
    wait_for(sub { !alive($pid) }, 10);
    close(delete $self->{control});
}


sub _ask
{
    my ($self, @what) = @_;

    local $SIG{PIPE} = 'IGNORE';

    my $text = $json->encode(\@what) . "\n";
    my $sent = 0;

    while ($sent < length $text) {
        $sent += syswrite($self->{control}, $text, 65536, $sent)
                 || die "the fake Redis is gone\n";
    }

    my $answer = '';

    while ($answer !~ /\n/) {
        sysread($self->{control}, $answer, 4096, length $answer)
            or die "the fake Redis is gone\n";
    }

    return $json->decode($answer);
}


sub rules
{
    my ($self, @rules) = @_;

    $self->{rules} = [@rules];

    return $self->_ask('rules', [map {
        my ($pattern, $action, %o) = @$_;

        { pattern => "$pattern", times => $o{times} || -1,
          %{$self->_action($action)} };
    } @rules]);
}


sub _action
{
    my ($self, $action) = @_;

    return $action if ref $action;
    return { reply => { error => $error{$action} } } if $error{$action};
    return { to_itself => uc $action } if $action =~ /^(?:moved|ask)$/;
    return { raw => "HTTP/1.1 400 Bad Request\r\n\r\n" }
        if $action eq 'garbage';
    return { big => 3 << 20 } if $action eq 'big';
    return { $action => 1 } if $action =~ /^(?:never|lost|closed?)$/;

    die "no such action: $action\n";
}


sub drop        { return $_[0]->_ask('drop') }
sub connections { return $_[0]->_ask('connections') }


# ---- what it has been sent

sub log
{
    my ($self) = @_;

    open(my $fh, '<:raw', "$self->{dir}/log") or return [];

    # the last line may still be being written

    return [map { $json->decode($_) } grep { /\n\z/ } <$fh>];
}


sub seen
{
    my ($self, $pattern) = @_;

    my @found = grep { $_->{command} =~ $pattern } @{$self->log};

    return wantarray ? @found : scalar @found;
}


sub forget
{
    my ($self) = @_;

    open(my $fh, '>', "$self->{dir}/log") or die "log: $!";
}


sub port    { return $_[0]{port} }
sub host    { return $_[0]{host} }
sub address { return "$_[0]{host}:$_[0]{port}" }
sub pid     { return $_[0]{pid} }
sub auth    { return $_[0]{through} && $_[0]{through}->auth }


sub directive
{
    my ($self, %o) = @_;

    return join(' ', 'live_origin_redis', $self->address,
                map { "$_=$o{$_}" } sort keys %o) . ';';
}

1;
