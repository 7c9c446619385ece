package LiveOrigin::Resp;

# RESP2: what Redis speaks, and a client of it.
#
#     command(@args)         a command as it goes over the wire
#     encode($value)         a reply as it goes over the wire
#     take(\$buffer)         takes one whole value off the front:
#                            [value, its bytes]; nothing while more is to come;
#                            dies of what is not RESP2
#     is_error($value)
#
# A value: bulk and simple strings are strings, integers numbers, null is
# undef, an array an array; an error is an object that is its text as a string.
# encode() also takes {simple => 'OK'}, {int => 5} and {error => 'ERR no'}.
#
#     my $c = LiveOrigin::Resp->new(port => $port);
#
#     $c->call('SET', 'a', $bytes)     a reply; an error beginning with "IO"
#                                      where there is none
#     $c->send(@args), $c->read($seconds)
#     $c->close
#
# new() takes host (127.0.0.1), port, timeout (5 s) and auth => [user, password]
# or [password].

use strict;
use warnings;

use Exporter 'import';
use IO::Select;
use IO::Socket::INET;
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time);

our @EXPORT_OK = qw(command encode take is_error);


sub command
{
    return join '', '*' . @_ . "\r\n",
                map { '$' . length($_) . "\r\n$_\r\n" } @_;
}


sub encode
{
    my ($v) = @_;

    return "\$-1\r\n" if !defined $v;
    return "-$v\r\n" if is_error($v);

    if (ref $v eq 'ARRAY') {
        return '*' . @$v . "\r\n" . join '', map { encode($_) } @$v;
    }

    if (ref $v eq 'HASH') {
        return defined $v->{error} ? "-$v->{error}\r\n"
               : defined $v->{int} ? ":$v->{int}\r\n" : "+$v->{simple}\r\n";
    }

    return '$' . length($v) . "\r\n$v\r\n";
}


sub is_error { return ref $_[0] eq 'LiveOrigin::Resp::Error' }
sub error    { return bless \(my $text = $_[0]), 'LiveOrigin::Resp::Error' }


sub take
{
    my ($buffer) = @_;

    my $at = 0;
    my $v = _value($buffer, \$at) or return;

    return [$v->[0], substr($$buffer, 0, $at, '')];
}


# [value], or nothing while it is not whole

sub _value
{
    my ($buffer, $at) = @_;

    my $end = index($$buffer, "\r\n", $$at);

    if ($end < 0) {
        die "no line of RESP\n" if length($$buffer) - $$at > 65536;
        return;
    }

    my $type = substr($$buffer, $$at, 1);
    my $rest = substr($$buffer, $$at + 1, $end - $$at - 1);

    $$at = $end + 2;

    return [$rest] if $type eq '+';
    return [error($rest)] if $type eq '-';

    die "not RESP: $type$rest\n" if $type !~ /^[:\$*]$/ || $rest !~ /^-?\d+$/;

    return [$rest + 0] if $type eq ':';
    return [undef] if $rest < 0;
    return _array($buffer, $at, $rest) if $type eq '*';
    return if length($$buffer) < $$at + $rest + 2;

    my $string = substr($$buffer, $$at, $rest);

    $$at += $rest + 2;

    return [$string];
}


sub _array
{
    my ($buffer, $at, $count) = @_;

    my @list;

    for (1 .. $count) {
        my $v = _value($buffer, $at) or return;

        push @list, $v->[0];
    }

    return [\@list];
}


# ---- the client

sub new
{
    my ($class, %o) = @_;

    return bless { host => '127.0.0.1', timeout => 5, in => '', %o }, $class;
}


sub connect
{
    my ($self) = @_;

    return 1 if $self->{sock};

    $self->{sock} = IO::Socket::INET->new(PeerAddr => $self->{host},
        PeerPort => $self->{port}, Timeout => $self->{timeout}) or return 0;

    setsockopt($self->{sock}, IPPROTO_TCP, TCP_NODELAY, 1);
    $self->{in} = '';

    if ($self->{auth}) {
        my $r = $self->call('AUTH', @{$self->{auth}});

        return 0 if is_error($r);
    }

    return 1;
}


sub call
{
    my ($self, @args) = @_;

    my $r;

    # the server may have closed a connection that was used before

    for my $try (1 .. ($self->{sock} ? 2 : 1)) {
        return error("IO connect: $!") if !$self->connect;

        $self->send(@args);
        $r = $self->read;

        last if !is_error($r) || $$r !~ /^IO (?:closed|write)/;
    }

    return $r;
}


sub send
{
    my ($self, @args) = @_;

    local $SIG{PIPE} = 'IGNORE';

    return 0 if !$self->connect;

    my $bytes = command(@args);
    my $sent = 0;

    while ($sent < length $bytes) {
        my $n = syswrite($self->{sock}, $bytes, 262144, $sent) or return 0;

        $sent += $n;
    }

    return 1;
}


sub read
{
    my ($self, $seconds) = @_;

    my $until = time + (defined $seconds ? $seconds : $self->{timeout});

    return error('IO not connected') if !$self->{sock};

    for ( ;; ) {
        my $v = eval { take(\$self->{in}) };

        return $v->[0] if $v;
        return $self->_lost("IO $@") if $@;

        my $left = $until - time;

        if ($left <= 0 || !IO::Select->new($self->{sock})->can_read($left)) {
            return error('IO timeout') if defined $seconds;
            return $self->_lost('IO timeout');
        }

        sysread($self->{sock}, $self->{in}, 262144, length $self->{in})
            or return $self->_lost('IO closed');
    }
}


# replies that come later would be taken for those of other commands

sub _lost
{
    my ($self, $why) = @_;

    $self->close;

    return error($why);
}


sub close
{
    my ($self) = @_;

    CORE::close(delete $self->{sock}) if $self->{sock};
}


package LiveOrigin::Resp::Error;

use overload '""' => sub { ${$_[0]} }, fallback => 1;

1;
