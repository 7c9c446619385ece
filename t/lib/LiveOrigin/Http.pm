package LiveOrigin::Http;

# An HTTP/1.1 client done by hand, so that a test can stall, send half of a
# body, hold a connection or go away.  One object is one connection.
#
#     my $c = LiveOrigin::Http->new(port => $port);
#
#     my $r = $c->get('/live/ev/v/17.m4s');
#     my $r = $c->request('PUT', $path, body => $bytes);
#     my $r = $c->request('PUT', $path, chunks => [$half, $rest]);
#
#     $r->status, $r->body, $r->header('ETag')
#     $r->complete       the whole body came, as its framing says
#     $r->json           the body, decoded
#     $r->error          why there is no (whole) response
#     $r->took           seconds from the request's last byte to the end
#     $r->first          seconds until the first byte of the answer
#     $r->continues      100 answers before it
#
# Held requests: start now, collect later, in any order.
#
#     $c->start('GET', $path);
#     $c->ready                    the whole answer is here (never blocks)
#     my $r = $c->finish;          waits for it
#     my @r = LiveOrigin::Http::collect([@connections], $seconds);
#
# A body in pieces:
#
#     $c->begin('PUT', $path);                 chunked
#     $c->begin('PUT', $path, length => 100);  with Content-Length
#     $c->piece($bytes); ...
#     my $r = $c->end;
#
# Going away, and slow readers:
#
#     $c->close;                   FIN
#     $c->reset;                   RST
#     $c->write($bytes);           raw
#     $c->read_some($max)          at most $max bytes of the answer, now
#
# Options of a request: headers => [Name => value, ...], body, chunks,
# expect => 1 (sends the body after the 100, or after a second), and
# timeout (30 seconds; then $r->error is "timeout").
# new() takes host (127.0.0.1), port, timeout, rcvbuf, netns (a network
# namespace to connect from: LiveOrigin::Netns).

use strict;
use warnings;

use IO::Poll qw(POLLIN POLLHUP POLLERR);
use IO::Select;
use IO::Socket;
use Socket qw(:DEFAULT IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time);

use LiveOrigin::Netns;


sub new
{
    my ($class, %o) = @_;

    return bless { host => '127.0.0.1', timeout => 30, %o }, $class;
}


sub connect
{
    my ($self) = @_;

    return $self->{sock} if $self->{sock};

    my $sock = IO::Socket->new;
    my $open = sub { socket($sock, PF_INET, SOCK_STREAM, 0) };

    ($self->{netns} ? LiveOrigin::Netns::within($self->{netns}, $open)
                    : $open->()) or die "socket: $!";

    if ($self->{rcvbuf}) {
        setsockopt($sock, SOL_SOCKET, SO_RCVBUF, $self->{rcvbuf});
    }

    CORE::connect($sock, pack_sockaddr_in($self->{port},
                                         inet_aton($self->{host})))
        or return;

    setsockopt($sock, IPPROTO_TCP, TCP_NODELAY, 1);
    $sock->blocking(0);

    return $self->{sock} = $sock;
}


sub sock { return $_[0]{sock} }


# ---- whole requests

sub request
{
    my ($self, $method, $path, %o) = @_;

    $self->start($method, $path, %o);

    return $self->finish($o{timeout});
}


sub get     { my $c = shift; return $c->request('GET', @_) }
sub head    { my $c = shift; return $c->request('HEAD', @_) }
sub delete  { my $c = shift; return $c->request('DELETE', @_) }
sub options { my $c = shift; return $c->request('OPTIONS', @_) }


sub put
{
    my ($self, $path, $body, @o) = @_;

    return $self->request('PUT', $path, body => $body, @o);
}


sub start
{
    my ($self, $method, $path, %o) = @_;

    my @headers = @{$o{headers} || []};

    if ($o{chunks}) {
        $self->begin($method, $path, %o);
        $self->piece($_) for @{$o{chunks}};
        $self->_end_body;
        return $self;
    }

    if (defined $o{body}) {
        push @headers, 'Content-Length' => length $o{body};
    }

    push @headers, Expect => '100-continue' if $o{expect};

    my $head = $self->_head($method, $path, @headers);

    if ($o{expect}) {
        $self->write($head);
        $self->_wait_continue(1);

        # a final answer came instead of the 100: the body is not wanted

        return $self if $self->{response} && $self->{response}{status};

        $self->write($o{body});

    } else {
        $self->write($head . (defined $o{body} ? $o{body} : ''));
    }

    $self->{sent} = time;

    return $self;
}


sub begin
{
    my ($self, $method, $path, %o) = @_;

    my @headers = @{$o{headers} || []};

    $self->{chunked} = !defined $o{length};

    push @headers, $self->{chunked} ? ('Transfer-Encoding' => 'chunked')
                                    : ('Content-Length' => $o{length});

    $self->write($self->_head($method, $path, @headers));

    return $self;
}


sub piece
{
    my ($self, $bytes) = @_;

    return $self if !length $bytes;

    return $self->write($self->{chunked}
                        ? sprintf("%x\r\n", length $bytes) . $bytes . "\r\n"
                        : $bytes);
}


sub end
{
    my ($self, $timeout) = @_;

    $self->_end_body;

    return $self->finish($timeout);
}


sub _end_body
{
    my ($self) = @_;

    $self->write("0\r\n\r\n") if $self->{chunked};
    $self->{sent} = time;
}


sub _head
{
    my ($self, $method, $path, @headers) = @_;

    my $head = "$method $path HTTP/1.1\r\n";

    if (!grep { lc eq 'host' } @headers) {
        $head .= "Host: $self->{host}\r\n";
    }

    while (my ($name, $value) = splice(@headers, 0, 2)) {
        $head .= "$name: $value\r\n";
    }

    # a connection that was used before may have been closed by the server

    if ($self->{sock} && !$self->{response}
        && IO::Select->new($self->{sock})->can_read(0)
        && !sysread($self->{sock}, my $byte, 1))
    {
        $self->close;
    }

    $self->{failed} = $self->connect ? undef : "connect: $!";
    $self->{method} = $method;
    $self->{sent} = time;
    $self->{response} = LiveOrigin::Http::Response->new($method, $self->{sent});

    return "$head\r\n";
}


# Writes everything, and takes in what the server says meanwhile.

sub write
{
    my ($self, $bytes) = @_;

    my $deadline = time + $self->{timeout};
    my $at = 0;

    return $self if $self->{failed};

    local $SIG{PIPE} = 'IGNORE';

    while ($at < length $bytes) {
        my $n = syswrite($self->{sock}, $bytes, 262144, $at);

        if (defined $n) {
            $at += $n;
            next;
        }

        if (!$!{EAGAIN}) {
            $self->{failed} = "write: $!";
            last;
        }

        my $left = $deadline - time;

        if ($left <= 0) {
            $self->{failed} = 'timeout';
            last;
        }

        IO::Select->new($self->{sock})->can_write($left);
    }

    return $self;
}


sub _wait_continue
{
    my ($self, $seconds) = @_;

    my $deadline = time + $seconds;
    my $r = $self->{response};

    while (!$r->continues && !$r->{status} && !$self->{eof}) {
        my $left = $deadline - time;

        last if $left <= 0;

        IO::Select->new($self->{sock})->can_read($left);
        $self->_take;
    }
}


# ---- answers

# Reads what has come, without waiting.

sub _take
{
    my ($self) = @_;

    my $r = $self->{response};
    my $sock = $self->{sock};

    while ($sock && !$r->{complete}) {
        my $n = sysread($sock, my $bytes, 262144);

        if (!defined $n) {
            last if $!{EAGAIN};
            $r->closed("read: $!");
            $self->close;
            last;
        }

        if ($n == 0) {
            $r->closed('closed');
            $self->close;
            last;
        }

        $r->feed($bytes);
    }

    if ($r->{complete} && lc($r->header('Connection') || '') eq 'close') {
        $self->close;
    }
}


sub ready
{
    my ($self) = @_;

    my $r = $self->{response};

    return 1 if !$r;

    $self->_take;

    return 1 if $r->{complete} || $r->{error};

    if ($self->{failed} || !$self->{sock}) {
        $r->closed($self->{failed} || 'closed');
        return 1;
    }

    return 0;
}


sub finish
{
    my ($self, $timeout) = @_;

    my ($r) = collect([$self], defined $timeout ? $timeout
                                                : $self->{timeout});

    return $r;
}


sub collect
{
    my ($list, $timeout) = @_;

    my $deadline = time + (defined $timeout ? $timeout : 30);
    my $poll = IO::Poll->new;
    my %waiting;

    for my $c (@$list) {
        next if $c->ready;
        $poll->mask($c->{sock} => POLLIN);
        $waiting{$c->{sock}} = $c;
    }

    while (%waiting) {
        my $left = $deadline - time;

        last if $left <= 0 || $poll->poll($left) < 0;

        for my $sock ($poll->handles(POLLIN|POLLHUP|POLLERR)) {
            my $c = $waiting{$sock};

            # an answer may close its socket, which is then out of reach

            $poll->remove($sock);

            if ($c->ready) {
                delete $waiting{$sock};

            } else {
                $poll->mask($sock => POLLIN);
            }
        }
    }

    for my $c (values %waiting) {
        $c->{response}->closed('timeout');
        $c->close;
    }

    return map { delete $_->{response} } @$list;
}


# some bytes as they come, for a reader that is slow: what was read is still
# part of the response

sub read_some
{
    my ($self, $max, $timeout) = @_;

    IO::Select->new($self->{sock})->can_read(defined $timeout ? $timeout : 5);

    my $n = sysread($self->{sock}, my $bytes, $max);

    return '' if !$n;

    $self->{response}->feed($bytes);

    return $bytes;
}


# ---- going away

sub close
{
    my ($self) = @_;

    CORE::close(delete $self->{sock}) if $self->{sock};
}


sub reset
{
    my ($self) = @_;

    return if !$self->{sock};

    setsockopt($self->{sock}, SOL_SOCKET, SO_LINGER, pack("ii", 1, 0));
    $self->close;
}


package LiveOrigin::Http::Response;

use strict;
use warnings;

use JSON::PP ();
use Time::HiRes ();


sub new
{
    my ($class, $method, $sent) = @_;

    return bless { method => $method, sent => $sent, in => '', body => '',
                   state => 'head', continues => 0, headers => {} }, $class;
}


sub status    { return $_[0]{status} || 0 }
sub body      { return $_[0]{body} }
sub complete  { return $_[0]{complete} || 0 }
sub error     { return $_[0]{error} }
sub continues { return $_[0]{continues} }
sub took      { return $_[0]{done} ? $_[0]{done} - $_[0]{sent} : undef }
sub first     { return $_[0]{begun} ? $_[0]{begun} - $_[0]{sent} : undef }
sub json      { return JSON::PP->new->utf8->decode($_[0]{body}) }

sub header
{
    my ($self, $name) = @_;

    return $self->{headers}{lc $name};
}


# one line for diagnostics

sub line
{
    my ($self) = @_;

    return join(' ', $self->status, length($self->{body}) . ' bytes',
                $self->{error} ? "($self->{error})" : ());
}


sub feed
{
    my ($self, $bytes) = @_;

    $self->{begun} ||= Time::HiRes::time();
    $self->{in} .= $bytes;

    my $state;

    do {
        $state = $self->{state};
        my $step = "_$state";

        $self->$step;

    } while ($self->{state} ne $state);
}


sub closed
{
    my ($self, $why) = @_;

    return if $self->{complete};

    if ($self->{state} eq 'rest' && $why eq 'closed') {
        $self->_done;
        return;
    }

    $self->{error} = $why;
    $self->{done} = Time::HiRes::time();
}


sub _done
{
    my ($self) = @_;

    $self->{state} = 'done';
    $self->{complete} = 1;
    $self->{done} = Time::HiRes::time();
}


sub _head
{
    my ($self) = @_;

    return if $self->{in} !~ s/^(.*?)\r\n\r\n//s;

    my ($line, @lines) = split /\r\n/, $1;

    if ($line !~ m{^HTTP/1\.[01] (\d{3})}) {
        $self->{error} = "bad status line: $line";
        $self->{state} = 'done';
        return;
    }

    if ($1 < 200) {
        $self->{continues}++;
        $self->{state} = 'more';
        return;
    }

    $self->{status} = $1 + 0;

    for (@lines) {
        my ($name, $value) = /^([^:]+):\s*(.*?)\s*$/ or next;
        my $h = \$self->{headers}{lc $name};

        $$h = defined $$h ? "$$h, $value" : $value;
    }

    if ($self->{method} eq 'HEAD' || $self->{status} =~ /^(?:204|304)$/) {
        $self->_done;

    } elsif (lc($self->header('Transfer-Encoding') || '') eq 'chunked') {
        $self->{state} = 'size';

    } elsif (defined $self->header('Content-Length')) {
        $self->{left} = $self->header('Content-Length');
        $self->{state} = 'length';

    } else {
        $self->{state} = 'rest';
    }
}


sub _more { $_[0]{state} = 'head' }


sub _length
{
    my ($self) = @_;

    my $bytes = substr($self->{in}, 0, $self->{left}, '');

    $self->{body} .= $bytes;
    $self->{left} -= length $bytes;

    $self->_done if $self->{left} == 0;
}


sub _rest
{
    my ($self) = @_;

    $self->{body} .= $self->{in};
    $self->{in} = '';
}


sub _size
{
    my ($self) = @_;

    return if $self->{in} !~ s/^([0-9a-fA-F]+)[^\r\n]*\r\n//;

    $self->{left} = hex $1;
    $self->{state} = $self->{left} ? 'chunk' : 'trailer';
}


sub _chunk
{
    my ($self) = @_;

    my $bytes = substr($self->{in}, 0, $self->{left}, '');

    $self->{body} .= $bytes;
    $self->{left} -= length $bytes;

    $self->{state} = 'crlf' if $self->{left} == 0;
}


sub _crlf
{
    my ($self) = @_;

    $self->{state} = 'size' if $self->{in} =~ s/^\r\n//;
}


sub _trailer
{
    my ($self) = @_;

    $self->_done if $self->{in} =~ s/^(?:[^\r\n]+\r\n)*\r\n//;
}

1;
