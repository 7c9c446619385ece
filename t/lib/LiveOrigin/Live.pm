package LiveOrigin::Live;

# Live publishers and readers at the pace of the clock, each a process, on any
# of several nodes.
#
#     my $live = LiveOrigin::Live->new(nodes => [$ng0, $ng1]);
#
#     my $a = $live->publish(0, 'a');      # to node 0, from the number on air
#     my $r = $live->follow(1);            # a player's requests to node 1: held
#     ...
#     $live->stop;                         # and each by itself: $a->stop
#
#     $a->log                              what happened: [{n, ...}, ...]
#     $a->acked                            numbers that were answered 200 or 201
#     $r->served                           how many it has got
#     $r->got                              n => {status, etag, pipeline, ...}
#
# new(%options):
#     nodes       [LiveOrigin::Nginx, ...]
#     event       "ev"
#     tracks      {v => LiveOrigin::Media, ...}; default: "v", video of
#                 `segment' ([2, 5]: five numbers in two seconds) and `bytes'
#     d           seconds of a segment, for tracks of your own
#
# The pipelines' media are the same clock and other bytes (their seed is the
# pipeline's name), and can be made anywhere:
#
#     media($pipeline, $track), init($pipeline, $track),
#     segment($pipeline, $track, $n), now, put($node, $pipeline, $from, $to)
#         (one connection; tracks => [...]; the statuses, in order)
#
# publish($node, $pipeline, %options):
#     from        first number; until it has caught up it goes at full speed
#     to          last one
#     tracks      [...]
#     retry       1: what was not taken is sent again until it is, to the next
#                 of the nodes if there is a `failover'
#     failover    [nodes] in the order they are tried
#     every       seconds for a number instead of d, from the call on
#
# A log line: n, track, status (0: none), node, at (epoch), took, error.
#
# follow($node, %options): track, from, to, and nodes => [...] to change to where
# there is no answer.  Asks for one number after the other, as soon as it has
# the one before it; what is 404 it asks for again, what is 410 it leaves out.
# A log line: n, status, took, etag, digest (MD5), pipeline, node, at, error.

use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use File::Temp qw(tempdir);
use JSON::PP;
use POSIX ();
use Time::HiRes qw(sleep time);

use LiveOrigin::Http;
use LiveOrigin::Media;

my $json = JSON::PP->new->utf8->canonical;


sub new
{
    my ($class, %o) = @_;

    my $self = bless { event => 'ev', segment => [2, 5], bytes => 20000,
                       jobs => [], prefix => '/live', %o }, $class;

    if (!$self->{tracks}) {
        $self->{tracks} = { v => LiveOrigin::Media->video(
            segment => $self->{segment}, bytes => $self->{bytes}) };
    }

    my ($first) = values %{$self->{tracks}};

    $self->{d} ||= $first->{segment}[0] / $first->{segment}[1];
    $self->{dir} = tempdir('lo-live-XXXXXX', TMPDIR => 1, CLEANUP => 1);

    return $self;
}


sub now { return int(time / $_[0]{d}) }


sub media
{
    my ($self, $pipeline, $track) = @_;

    return $self->{media}{$pipeline}{$track} ||= do {
        my $m = $self->{tracks}{$track};

        bless { %$m, seed => $pipeline }, ref $m;
    };
}


sub init    { return $_[0]->media(@_[1, 2])->init }
sub segment { return $_[0]->media(@_[1, 2])->segment($_[3]) }


sub path
{
    my ($self, @parts) = @_;

    return join '/', $self->{prefix}, $self->{event}, @parts;
}


# statuses of the inits and of all segments

sub put
{
    my ($self, $node, $pipeline, $from, $to, %o) = @_;

    my $c = $self->{nodes}[$node]->client;
    my @tracks = @{$o{tracks} || [sort keys %{$self->{tracks}}]};
    my @got;

    for my $t (@tracks) {
        push @got, $c->put($self->path($pipeline, $t, 'init.mp4'),
                           $self->init($pipeline, $t))->status;
    }

    for my $n ($from .. $to) {
        for my $t (@tracks) {
            push @got, $c->put($self->path($pipeline, $t, "$n.m4s"),
                               $self->segment($pipeline, $t, $n))->status;
        }
    }

    $c->close;

    return @got;
}


# ---- processes

sub _fork
{
    my ($self, $run) = @_;

    my $job = bless { log => "$self->{dir}/" . @{$self->{jobs}} },
                    'LiveOrigin::Live::Job';

    open(my $log, '>', $job->{log}) or die "$job->{log}: $!";
    $job->{pid} = fork;

    die "fork: $!" if !defined $job->{pid};

    if ($job->{pid} == 0) {
        $SIG{TERM} = sub { POSIX::_exit(0) };
        $SIG{PIPE} = 'IGNORE';
        eval { $run->(sub { syswrite($log, $json->encode({@_}) . "\n") }); 1 }
            or syswrite($log, $json->encode({ died => "$@" }) . "\n");
        POSIX::_exit(0);
    }

    push @{$self->{jobs}}, $job;

    return $job;
}


sub stop
{
    my ($self) = @_;

    $_->stop for @{$self->{jobs}};
}


sub publish
{
    my ($self, $node, $pipeline, %o) = @_;

    my @tracks = @{$o{tracks} || [sort keys %{$self->{tracks}}]};
    my $p = { nodes => $o{failover} || [$node], pipeline => $pipeline,
              retry => $o{retry} };
    my $first = defined $o{from} ? $o{from} : $self->now;
    my $began = time;

    return $self->_fork(sub {
        $p->{say} = $_[0];

        for my $t (@tracks) {
            $self->_send($p, $t, undef, $self->init($pipeline, $t));
        }

        for (my $n = $first; !defined $o{to} || $n <= $o{to}; $n++) {
            my $at = $o{every} ? $began + ($n - $first + 1) * $o{every}
                               : ($n + 1) * $self->{d};
            my $left = $at - time;

            sleep $left if $left > 0;

            for my $t (@tracks) {
                $self->_send($p, $t, $n, $self->segment($pipeline, $t, $n));
            }
        }
    });
}


sub _send
{
    my ($self, $p, $track, $n, $body) = @_;

    my $path = $self->path($p->{pipeline}, $track,
                           defined $n ? "$n.m4s" : 'init.mp4');

    for ( ;; ) {
        my $i = $p->{nodes}[0];

        $p->{c} ||= $self->{nodes}[$i]->client(timeout => 10);

        my $started = time;
        my $r = eval { $p->{c}->put($path, $body) };
        my $status = $r ? $r->status : 0;

        if (defined $n) {
            $p->{say}->(n => $n, track => $track, status => $status,
                        node => $i, at => $started, took => time - $started,
                        error => $r ? $r->error || ($status < 300 ? undef
                                                    : $r->body) : "$@");
        }

        return if $status == 200 || $status == 201;

        if (!$status) {
            $p->{c}->close;
            delete $p->{c};
            push @{$p->{nodes}}, shift @{$p->{nodes}};
        }

        # a node that has just begun does not know the track

        if ($status == 412 && defined $n) {
            $self->_send($p, $track, undef,
                         $self->init($p->{pipeline}, $track));

        } elsif (defined $n && !$p->{retry}) {
            return;
        }

        sleep 0.02;
    }
}


sub _reason
{
    my ($r) = @_;

    return $r->status == 200 ? undef : substr $r->body, 0, 100;
}


sub follow
{
    my ($self, $node, %o) = @_;

    my @nodes = @{$o{nodes} || [$node]};
    my $track = $o{track} || (sort keys %{$self->{tracks}})[0];
    my $n = defined $o{from} ? $o{from} : $self->now;

    return $self->_fork(sub {
        my ($say) = @_;
        my $c;

        while (!defined $o{to} || $n <= $o{to}) {
            $c ||= $self->{nodes}[$nodes[0]]->client(timeout => 10);

            my $started = time;
            my $r = eval { $c->get($self->path($track, "$n.m4s")) };
            my $whole = $r && $r->complete;
            my $status = $r ? $r->status : 0;

            $say->(n => $n, track => $track, node => $nodes[0],
                   at => $started, took => time - $started,
                   status => $whole ? $status : 0,
                   error => $r ? $r->error || _reason($r) : "$@",
                   $whole && $status == 200 ? (
                       etag => $r->header('ETag'),
                       digest => md5_hex($r->body),
                       pipeline => ($r->header('Live-Origin') || '')
                                   =~ /pipeline=(\w+)/) : ());

            if (!$whole) {
                $c->close;
                undef $c;
                push @nodes, shift @nodes;
                sleep 0.02;
                next;
            }

            if ($status == 200 || $status == 410) {
                $n++;

            } else {
                sleep 0.05;
            }
        }
    });
}


package LiveOrigin::Live::Job;

use strict;
use warnings;

use POSIX ();

use LiveOrigin::Process ();


sub pid { return $_[0]{pid} }


sub stop
{
    my ($self) = @_;

    my $pid = delete $self->{pid} or return $self;

    kill 'TERM', $pid;
    waitpid($pid, 0);

    return $self;
}


sub done { return !$_[0]{pid} || !LiveOrigin::Process::alive($_[0]{pid}) }


sub log
{
    my ($self) = @_;

    open(my $fh, '<', $self->{log}) or return [];

    # the last line may be half written

    return [map { JSON::PP::decode_json($_) } grep { /\n$/ } <$fh>];
}


sub count { return scalar @{$_[0]->log} }
sub served { return scalar grep { $_->{status} == 200 } @{$_[0]->log} }


sub acked
{
    my ($self, $track) = @_;

    my %seen;
    my @numbers = sort { $a <=> $b } grep { !$seen{$_}++ }
        map { $_->{n} }
        grep { ($_->{status} || 0) =~ /^20[01]$/
               && (!defined $track || $_->{track} eq $track) }
        @{$self->log};

    return @numbers;
}


sub refused
{
    my ($self) = @_;

    my @lines = grep { ($_->{status} || 0) !~ /^20[01]$/ } @{$self->log};

    return @lines;
}


sub got
{
    my ($self) = @_;

    return { map { $_->{n} => $_ } @{$self->log} };
}

1;
