package LiveOrigin::RedisFake::Server;

# The process behind LiveOrigin::RedisFake.
#
# A connection has a list of answers that are owed, in the order of the
# commands: so one that never comes keeps back all that follow, as with Redis.
#
# Without a real Redis behind it: PING ECHO AUTH HELLO (an error: RESP2 only)
# SELECT CLIENT ROLE INFO GET SET DEL SUBSCRIBE UNSUBSCRIBE PUBLISH, and CLUSTER
# SLOTS (all are its own).

use strict;
use warnings;

use Errno qw(EAGAIN);
use IO::Poll qw(POLLIN POLLOUT POLLHUP POLLERR);
use IO::Socket::INET;
use JSON::PP;
use POSIX ();
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time);

use LiveOrigin::Resp qw(command encode take);

my $json = JSON::PP->new->latin1->allow_nonref;


sub new
{
    my ($class, %o) = @_;

    return bless { %o, conns => {}, rules => [], count => 0, asked => '',
                   keys => {} }, $class;
}


sub run
{
    my ($self) = @_;

    $SIG{PIPE} = 'IGNORE';
    open($self->{out}, '>>:raw', $self->{log}) or die "$self->{log}: $!";
    $self->{listen}->blocking(0);

    for ( ;; ) {
        my $wait = 1;

        for my $c (values %{$self->{conns}}) {
            my $left = $self->_settle($c);

            $wait = $left if defined $left && $left < $wait;
        }

        $self->_poll($wait);
    }
}


sub _poll
{
    my ($self, $wait) = @_;

    my $poll = IO::Poll->new;
    my %by;

    $poll->mask($_ => POLLIN) for $self->{listen}, $self->{control};

    for my $c (values %{$self->{conns}}) {
        $poll->mask($c->{sock} => POLLIN | (length $c->{out} ? POLLOUT : 0));
        $by{$c->{sock}} = [$c, '_from_client'];

        if ($c->{up}) {
            $poll->mask($c->{up} => POLLIN
                                    | (length $c->{to_up} ? POLLOUT : 0));
            $by{$c->{up}} = [$c, '_from_real'];
        }
    }

    $poll->poll($wait > 0 ? $wait : 0);

    for my $fh ($poll->handles(POLLIN | POLLHUP | POLLERR)) {
        if ($fh == $self->{listen}) {
            $self->_accept;

        } elsif ($fh == $self->{control}) {
            $self->_control;

        } else {
            my ($c, $method) = @{$by{$fh}};

            $self->$method($c) if !$c->{gone};
        }
    }
}


# ---- what the test asks

sub _control
{
    my ($self) = @_;

    sysread($self->{control}, $self->{asked}, 1 << 20, length $self->{asked})
        or POSIX::_exit(0);

    return if $self->{asked} !~ s/^(.*)\n//;

    my ($what, $rules) = @{$json->decode($1)};
    my $answer = scalar keys %{$self->{conns}};

    $self->{rules} = $rules if $what eq 'rules';

    if ($what eq 'drop') {
        $self->_close($_) for values %{$self->{conns}};
    }

    syswrite($self->{control}, $json->encode($answer) . "\n");
}


sub _rule
{
    my ($self, $c, $command) = @_;

    if ($command !~ /^MESSAGE /) {
        syswrite($self->{out}, $json->encode({
            at => time, conn => $c->{id}, command => $command }) . "\n");
    }

    for my $rule (@{$self->{rules}}) {
        next if !$rule->{times} || $command !~ /$rule->{pattern}/;

        $rule->{times}-- if $rule->{times} > 0;

        return $rule;
    }

    return {};
}


# ---- connections

sub _accept
{
    my ($self) = @_;

    my $sock = $self->{listen}->accept or return;
    my $id = ++$self->{count};
    my $c = { id => $id, sock => $sock, in => '', out => '', owed => [],
              to_up => '', from_up => '' };
    my $rule = $self->_rule($c, 'CONNECT');

    return close($sock) if $rule->{close};

    $sock->blocking(0);
    setsockopt($sock, IPPROTO_TCP, TCP_NODELAY, 1);
    $c->{deaf} = $rule->{never};

    if ($self->{through} && !$c->{deaf}) {
        $c->{up} = IO::Socket::INET->new(Timeout => 1,
            PeerAddr => $self->{through}[0], PeerPort => $self->{through}[1])
            or return close($sock);

        $c->{up}->blocking(0);
        setsockopt($c->{up}, IPPROTO_TCP, TCP_NODELAY, 1);
    }

    $self->{conns}{$id} = $c;
}


sub _close
{
    my ($self, $c) = @_;

    $c->{gone} = 1;
    close($c->{sock});
    close($c->{up}) if $c->{up};
    delete $self->{conns}{$c->{id}};
}


# false at the end of the stream

sub _read
{
    my ($sock, $buffer) = @_;

    my $n = sysread($sock, $$buffer, 262144, length $$buffer);

    return defined $n ? $n > 0 : $! == EAGAIN;
}


sub _write
{
    my ($sock, $buffer) = @_;

    while (length $$buffer) {
        my $n = syswrite($sock, $$buffer, 262144) or return;

        substr($$buffer, 0, $n, '');
    }
}


sub _from_client
{
    my ($self, $c) = @_;

    return $self->_close($c) if !_read($c->{sock}, \$c->{in});

    $c->{in} = '' if $c->{deaf};

    while (my $v = eval { take(\$c->{in}) }) {
        $self->_command($c, @$v);
        return if $c->{gone};
    }

    $self->_close($c) if $@;
}


sub _from_real
{
    my ($self, $c) = @_;

    my $open = _read($c->{up}, \$c->{from_up});

    while (my $v = take(\$c->{from_up})) {
        my ($value, $bytes) = @$v;

        if (ref $value eq 'ARRAY' && ($value->[0] || '') eq 'message') {
            $self->_message($c, $value, $bytes);
            next;
        }

        my ($owed) = grep { $_->{passed} && !$_->{done} } @{$c->{owed}};

        if ($owed) {
            $owed->{done} = 1;
            $owed->{bytes} = $bytes if !$owed->{lost};

        } else {
            push @{$c->{owed}}, { bytes => $bytes, due => 0 };
        }
    }

    return if $open;

    $self->_settle($c);
    $self->_close($c) if !$c->{gone};
}


sub _message
{
    my ($self, $c, $value, $bytes) = @_;

    my $rule = $self->_rule($c, "MESSAGE $value->[1] $value->[2]");

    # one that is lost is missing, without harm to those after it

    return if $rule->{never} || $rule->{lost};

    push @{$c->{owed}}, $self->_owed($rule, $bytes);
}


# ---- commands and answers

sub _owed
{
    my ($self, $rule, $bytes) = @_;

    if (defined $rule->{raw}) {
        $bytes = $rule->{raw};

    } elsif ($rule->{big}) {
        $bytes = encode('x' x $rule->{big});

    } elsif ($rule->{to_itself}) {
        $bytes = "-$rule->{to_itself} 1 127.0.0.1:$self->{port}\r\n";

    } elsif (exists $rule->{reply}) {
        $bytes = encode($rule->{reply});
    }

    return { %$rule, bytes => $bytes,
             due => time + ($rule->{delay} || 0) / 1000 };
}


sub _command
{
    my ($self, $c, $args, $bytes) = @_;

    my $rule = $self->_rule($c, join ' ', map { substr $_, 0, 200 } @$args);
    my $owed = $self->_owed($rule);

    push @{$c->{owed}}, $owed;

    return if $rule->{never} || $rule->{close} || defined $owed->{bytes};

    if ($c->{up}) {
        $owed->{passed} = 1;
        $c->{to_up} .= $bytes;

    } else {
        my $answer = $self->_answer($c, @$args);

        $owed->{done} = 1;
        $owed->{bytes} = $answer if !$rule->{lost};
    }
}


# Sends what is due; returns the seconds until the next is, or undef.

sub _settle
{
    my ($self, $c) = @_;

    while (my $owed = $c->{owed}[0]) {
        my $left = $owed->{due} - time;

        last if !defined $owed->{bytes} && !$owed->{close};

        if ($left > 0) {
            _flush($c);
            return $left;
        }

        if ($owed->{close} || $owed->{closed}) {
            _flush($c);
            return $self->_close($c), undef;
        }

        if (defined $owed->{cut} && length $owed->{bytes} > $owed->{cut}) {
            $owed->{bytes} = substr $owed->{bytes}, 0, $owed->{cut};
            $owed->{short} = 1;
        }

        my $n = $owed->{slow} ? 1 : length $owed->{bytes};

        $c->{out} .= substr $owed->{bytes}, 0, $n, '';

        if (length $owed->{bytes}) {
            $owed->{due} = time + $owed->{slow} / 1000;
            next;
        }

        shift @{$c->{owed}};
        $self->_short($c, $owed) if $owed->{short};
        return undef if $c->{gone};
    }

    _flush($c);

    return undef;
}


sub _short
{
    my ($self, $c, $owed) = @_;

    _flush($c);

    if ($owed->{hang}) {
        unshift @{$c->{owed}}, { due => 0 };
        return;
    }

    $self->_close($c);
}


sub _flush
{
    my ($c) = @_;

    _write($c->{sock}, \$c->{out});
    _write($c->{up}, \$c->{to_up}) if $c->{up};
}


# ---- a small Redis

sub _answer
{
    my ($self, $c, $name, @args) = @_;

    my $keys = $self->{keys};

    $name = uc $name;

    return encode({simple => 'PONG'}) if $name eq 'PING';
    return encode($args[0]) if $name eq 'ECHO';
    return encode({simple => 'OK'}) if $name =~ /^(?:AUTH|SELECT|CLIENT)$/;
    return encode(['master', {int => 0}, []]) if $name eq 'ROLE';
    return encode("role:master\r\nloading:0\r\n") if $name eq 'INFO';
    return encode($keys->{$args[0]}) if $name eq 'GET';

    if ($name eq 'SET') {
        $keys->{$args[0]} = $args[1];
        return encode({simple => 'OK'});
    }

    if ($name eq 'DEL') {
        return encode({int => scalar grep { defined delete $keys->{$_} }
                                    @args});
    }

    if ($name =~ /^(?:UN)?SUBSCRIBE$/) {
        $c->{channels}{$_} = $name eq 'SUBSCRIBE' for @args;

        return join '', map { encode([lc $name, $_, {int => 1}]) } @args;
    }

    return $self->_publish(@args) if $name eq 'PUBLISH';

    if ($name eq 'CLUSTER' && uc $args[0] eq 'SLOTS') {
        return encode([[{int => 0}, {int => 16383},
                        ['127.0.0.1', {int => $self->{port}}, 'f' x 40]]]);
    }

    return encode({error => "ERR unknown command '$name'"});
}


sub _publish
{
    my ($self, $channel, $text) = @_;

    my @to = grep { $_->{channels}{$channel} } values %{$self->{conns}};
    my $value = ['message', $channel, $text];

    $self->_message($_, $value, encode($value)) for @to;

    return encode({int => scalar @to});
}

1;
