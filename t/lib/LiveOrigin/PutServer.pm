package LiveOrigin::PutServer;

# An HTTP server that keeps what is PUT, and misbehaves as told.
#
#     my $s = LiveOrigin::PutServer->new;      # listens on 127.0.0.1
#     $s->url
#     $s->rule('503', qr{/1\.m4s$}, 2);        # the next two such requests
#     $s->requests                             # what came, oldest first
#     $s->body($path)                          # what is kept, or undef
#     $s->forget($path)
#     $s->down; $s->up                         # on the same port
#
# A request is a hash: method, path, status, bytes, conn (one number a
# connection), chunked, digest ("ok", "bad" or "none"), at (epoch).
#
# Actions of rules: a status (the body is read, not kept), "early STATUS"
# (answered before the body is read, then closed), "reset" (in the middle of
# the body), "slow SECONDS" (before the answer, body kept), "hang" (no answer).
#
# With strict => 1 a segment of a track whose init is not kept is answered 412.

use strict;
use warnings;

use Digest::SHA qw(sha256_base64);
use Fcntl qw(:flock);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use JSON::PP;
use POSIX ();
use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes qw(sleep time);

use LiveOrigin::Port qw(free_port);
use LiveOrigin::Process qw(descendants);


sub new
{
    my ($class, %args) = @_;

    my $self = bless {
        dir => tempdir('puts-XXXXXX', TMPDIR => 1, CLEANUP => 1),
        strict => $args{strict},
        port => $args{port} || free_port(),
        owner => $$
    }, $class;

    make_path("$self->{dir}/kept");
    _append("$self->{dir}/log", '');
    _append("$self->{dir}/rules", '');
    $self->up if !$args{down};

    return $self;
}


sub port { return $_[0]{port} }
sub url  { return "http://127.0.0.1:$_[0]{port}" }


sub up
{
    my ($self) = @_;

    my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
        LocalPort => $self->{port}, Listen => 64, ReuseAddr => 1)
        or die "listen: $!";

    $self->{pid} = fork;

    die "fork: $!" if !defined $self->{pid};

    if ($self->{pid} == 0) {
        $self->{owner} = 0;
        $self->_accept($listen);
        POSIX::_exit(0);
    }

    close($listen);
}


sub down
{
    my ($self) = @_;

    my $pid = delete $self->{pid} or return;

    my @children = descendants($pid);

    kill 'KILL', $pid, @children;
    waitpid($pid, 0);
}


sub DESTROY
{
    my ($self) = @_;

    local $?;
    $self->down if $self->{owner} == $$;
}


# ---- what the test asks

sub rule
{
    my ($self, $action, $match, $times) = @_;

    _append("$self->{dir}/rules",
            encode_json([$action, "$match", $times || 1]) . "\n");
}


sub requests
{
    my ($self, $match) = @_;

    open(my $fh, '<', "$self->{dir}/log") or die "log: $!";

    my @all = map { decode_json($_) } <$fh>;

    return grep { !defined $match || $_->{path} =~ $match } @all;
}


sub kept
{
    my ($self, $match) = @_;

    my (%seen, @paths);

    for my $r ($self->requests) {
        next if $seen{$r->{path}}++ || !-e "$self->{dir}/kept$r->{path}";

        push @paths, $r->{path};
    }

    return grep { !defined $match || /$match/ } @paths;
}


sub body
{
    my ($self, $path) = @_;

    open(my $fh, '<:raw', "$self->{dir}/kept$path") or return undef;
    local $/;

    return scalar <$fh>;
}


sub forget
{
    my ($self, $path) = @_;

    unlink "$self->{dir}/kept$path";
}


# ---- the server

sub _append
{
    my ($path, $text) = @_;

    open(my $fh, '>>', $path) or die "$path: $!";
    flock($fh, LOCK_EX);
    syswrite($fh, $text);
    close($fh);
}


sub _accept
{
    my ($self, $listen) = @_;

    my $conn = 0;

    $SIG{CHLD} = 'IGNORE';
    $SIG{TERM} = 'DEFAULT';

    for ( ;; ) {
        my $sock = $listen->accept or next;

        $conn++;

        my $pid = fork;

        if (defined $pid && $pid == 0) {
            close($listen);
            $self->{conn} = "$$.$conn";
            $self->_serve($sock);
            POSIX::_exit(0);
        }

        close($sock);
    }
}


sub _serve
{
    my ($self, $sock) = @_;

    my $c = { sock => $sock, in => '' };

    while (my $r = _head($c)) {
        my $action = $self->_action($r->{path});

        if ($action =~ /^early (\d+)/) {
            $self->_answer($c, $r, $1);
            last;
        }

        if ($action eq 'reset') {
            _more($c) if length $c->{in} < 16;
            setsockopt($sock, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0));
            $self->_log($r, 0);
            close($sock);
            return;
        }

        defined($r->{body} = _body($c, $r)) or last;

        if ($action eq 'hang') {
            $self->_log($r, 0);
            sleep 60;
            last;
        }

        sleep $1 if $action =~ /^slow (\S+)/;

        $self->_answer($c, $r, $action =~ /^(\d+)$/ ? $1 : $self->_keep($r));
    }

    close($sock);
}


sub _more
{
    my ($c) = @_;

    return sysread($c->{sock}, $c->{in}, 65536, length $c->{in});
}


sub _head
{
    my ($c) = @_;

    while ($c->{in} !~ /\r\n\r\n/) {
        _more($c) or return;
    }

    $c->{in} =~ s/^(.*?)\r\n\r\n//s;

    my ($first, @lines) = split /\r\n/, $1;
    my ($method, $path) = split / /, $first;
    my %h = map { /^([^:]+):\s*(.*)$/ ? (lc $1, $2) : () } @lines;

    return { method => $method, path => $path, headers => \%h };
}


sub _body
{
    my ($c, $r) = @_;

    my $h = $r->{headers};

    $r->{chunked} = ($h->{'transfer-encoding'} || '') =~ /chunked/i ? 1 : 0;

    return _take($c, $h->{'content-length'} || 0) if !$r->{chunked};

    my $body = '';

    for ( ;; ) {
        while ($c->{in} !~ /\r\n/) {
            _more($c) or return;
        }

        $c->{in} =~ s/^([0-9a-fA-F]+)[^\r]*\r\n// or return;

        my $size = hex $1;
        my $part = _take($c, $size + 2);

        return if !defined $part;
        return $body if $size == 0;

        push @{$r->{parts}}, $size;
        $body .= substr($part, 0, $size);
    }
}


sub _take
{
    my ($c, $size) = @_;

    while (length $c->{in} < $size) {
        _more($c) or return;
    }

    return substr($c->{in}, 0, $size, '');
}


# the first rule that matches and is not used up

sub _action
{
    my ($self, $path) = @_;

    open(my $fh, '+<', "$self->{dir}/rules") or return '';
    flock($fh, LOCK_EX);

    my @rules = map { decode_json($_) } <$fh>;
    my $action = '';

    for my $rule (@rules) {
        next if $rule->[2] == 0 || $path !~ /$rule->[1]/;

        $rule->[2]--;
        $action = $rule->[0];
        last;
    }

    seek($fh, 0, 0);
    truncate($fh, 0);
    print $fh encode_json($_) . "\n" for @rules;
    close($fh);

    return $action;
}


sub _keep
{
    my ($self, $r) = @_;

    my $path = "$self->{dir}/kept$r->{path}";
    my $digest = $r->{headers}{'content-digest'};

    if (defined $digest) {
        my $sha = sha256_base64($r->{body}) . '=';

        $r->{digest} = $digest eq "sha-256=:$sha:" ? 'ok' : 'bad';
        return 400 if $r->{digest} eq 'bad';
    }

    return 412 if $self->{strict} && $path !~ m{/init\.mp4$}
                  && !-e dirname($path) . '/init.mp4';

    my $known = -e $path;

    make_path(dirname($path));
    open(my $fh, '>:raw', "$path.$$") or return 500;
    print $fh $r->{body};
    close($fh);
    rename("$path.$$", $path);

    return $known ? 200 : 201;
}


sub _log
{
    my ($self, $r, $status) = @_;

    _append("$self->{dir}/log", encode_json({
        method => $r->{method}, path => $r->{path}, status => $status + 0,
        bytes => length(defined $r->{body} ? $r->{body} : ''),
        conn => $self->{conn}, chunked => $r->{chunked} || 0,
        parts => $r->{parts} || [], digest => $r->{digest} || 'none',
        headers => $r->{headers}, at => time
    }) . "\n");
}


sub _answer
{
    my ($self, $c, $r, $status) = @_;

    my $text = "told so\n";

    $self->_log($r, $status);

    syswrite($c->{sock}, "HTTP/1.1 $status Told\r\nContent-Length: "
             . length($text) . "\r\n\r\n$text");
}

1;
