package LiveOrigin::Load;

# Publishers and readers in processes of their own, for tests that break the
# server under them.
#
#     my $load = LiveOrigin::Load->new(port => $port, event => 'ev');
#
#     $load->publish('a', $first);     # numbers from $first on, as fast as it
#     $load->read;                     # goes; a reader of what was published
#     ...
#     $load->stop;                     # ends all of them
#
#     $load->acked('a')                newest number that was answered 201
#     $load->count('read'), ...        published read cut lost wrong
#     $load->wrong                     lines that say what was wrong
#     $load->check($ng, $from, $to)    lines for what is not served right
#
# A publisher repeats a number until it is answered 200 or 201.  Where both
# pipelines publish neither runs ahead of the other by more than 200 numbers, or
# what the slower one sends would have left the window; with `pace', a sub that
# is asked every 20 numbers, it waits until that is true, 20 s at most.  A
# reader takes numbers that were answered, at most `depth' (40) behind the
# newest: anything but the published bytes is wrong, also a 404 or 410 (lost).
# An answer that is cut off is cut; only one that says it is whole counts.

use strict;
use warnings;

use Fcntl qw(O_RDWR O_CREAT);
use File::Temp qw(tempdir);
use POSIX ();
use Time::HiRes qw(sleep time);

use LiveOrigin::Http;
use LiveOrigin::Media;

my %cells = (a => 0, b => 1, published => 2, read => 3, cut => 4, lost => 5,
             wrong => 6);


sub new
{
    my ($class, %o) = @_;

    my $self = bless {
        event => 'ev', track => 'v', depth => 40, bytes => 20000, pids => [],
        %o
    }, $class;

    $self->{dir} = tempdir('lo-load-XXXXXX', TMPDIR => 1, CLEANUP => 1);

    # one file of 8-byte cells a process, so that nobody writes another's

    $self->{files} = 0;

    return $self;
}


# tracks of the two pipelines: the same clock, other bytes

sub media
{
    my ($self, $pipeline) = @_;

    return $self->{media}{$pipeline} ||=
           LiveOrigin::Media->video(bytes => $self->{bytes},
                                    seed => $pipeline);
}


sub segment
{
    my ($self, $pipeline, $n) = @_;

    my $cache = $self->{cache}{$pipeline} ||= {};

    %$cache = () if keys %$cache > 400;

    return $cache->{$n} ||= $self->media($pipeline)->segment($n);
}


sub path
{
    my ($self, @parts) = @_;

    return join('/', '/live', $self->{event}, @parts);
}


sub _fork
{
    my ($self, $run) = @_;

    my $file = "$self->{dir}/" . $self->{files}++;

    _create($file);

    my $pid = fork();

    die "fork: $!" if !defined $pid;

    if ($pid == 0) {
        $SIG{TERM} = sub { POSIX::_exit(0) };
        $SIG{PIPE} = 'IGNORE';
        sysopen($self->{cells}, $file, O_RDWR) or POSIX::_exit(1);
        eval { $run->(); 1 } or $self->_note("died: $@");
        POSIX::_exit(0);
    }

    push @{$self->{pids}}, $pid;

    return $pid;
}


sub _create
{
    my ($file) = @_;

    open(my $f, '>', $file) or die "$file: $!";
    print $f pack('q*', (0) x 16);
    close($f) or die "$file: $!";
}


sub _set
{
    my ($self, $cell, $value) = @_;

    $self->{mine}[$cells{$cell}] = $value;
    sysseek($self->{cells}, 8 * $cells{$cell}, 0);
    syswrite($self->{cells}, pack('q', $value));
}


sub _add
{
    my ($self, $cell) = @_;

    $self->_set($cell, ($self->{mine}[$cells{$cell}] || 0) + 1);
}


sub _note
{
    my ($self, $line) = @_;

    if (open(my $f, '>>', "$self->{dir}/notes")) {
        syswrite($f, "$line\n");
    }
}


sub count
{
    my ($self, $cell) = @_;

    my $sum = 0;

    for my $i (0 .. $self->{files} - 1) {
        open(my $f, '<', "$self->{dir}/$i") or next;
        read($f, my $data, 128);
        my $v = (unpack 'q*', $data)[$cells{$cell}];

        $sum = $cell =~ /^[ab]$/ ? ($v > $sum ? $v : $sum) : $sum + $v;
    }

    return $sum;
}


sub acked { return $_[0]->count($_[1]) }


sub wrong
{
    my ($self) = @_;

    open(my $f, '<', "$self->{dir}/notes") or return;

    return map { chomp; $_ } <$f>;
}


# until the other pipeline, if it has begun, is near

sub _together
{
    my ($self, $pipeline, $n) = @_;

    my $other = $pipeline eq 'a' ? 'b' : 'a';

    $self->{files} = () = glob "$self->{dir}/[0-9]*";

    for (1 .. 200) {
        my $there = $self->acked($other);

        return if !$there || $n <= $there + 200;
        sleep 0.05;
    }
}


sub _paced
{
    my ($self, $pace) = @_;

    for (1 .. 200) {
        return if eval { $pace->() };
        sleep 0.1;
    }
}


sub publish
{
    my ($self, $pipeline, $first, %o) = @_;

    return $self->_fork(sub {
        my $c = LiveOrigin::Http->new(port => $self->{port}, timeout => 5);

        $self->_put($c, $self->path($pipeline, $self->{track}, 'init.mp4'),
                    $self->media($pipeline)->init);

        for (my $n = $first; !$o{count} || $n < $first + $o{count}; $n++) {

            if ($n % 20 == 0) {
                $self->_together($pipeline, $n);
                $self->_paced($o{pace}) if $o{pace};
            }

            $self->_put($c,
                        $self->path($pipeline, $self->{track}, "$n.m4s"),
                        $self->segment($pipeline, $n));
            $self->_set($pipeline, $n);
            $self->_add('published');
            sleep $o{pause} if $o{pause};
        }
    });
}


sub _put
{
    my ($self, $c, $path, $body) = @_;

    my $until = time() + 60;

    while (time() < $until) {
        my $r = eval { $c->put($path, $body) };
        my $status = $r ? $r->status : 0;

        return if $status == 200 || $status == 201;

        if ($status) {
            $self->_note("PUT $path: $status " . $r->body);
            $self->_add('wrong');
            sleep 0.1;
        }

        $c->close;
        sleep 0.005;
    }

    $self->_note("PUT $path: not taken in a minute");
    POSIX::_exit(1);
}


sub read
{
    my ($self, %o) = @_;

    return $self->_fork(sub {
        my $c = LiveOrigin::Http->new(port => $self->{port}, timeout => 5);

        while (1) {
            my ($p) = grep { $self->acked($_) } rand() < 0.5 ? qw(a b)
                                                             : qw(b a);

            if (!$p) {
                sleep 0.01;
                next;
            }

            my $n = $self->acked($p) - int(rand($self->{depth}));

            next if $n < $self->{first};

            my $r = eval { $c->get($self->path($self->{track}, "$n.m4s")) };

            if (!$r || !$r->complete) {
                $self->_add('cut');
                $c->close;
                sleep 0.002;
                next;
            }

            $self->_add('read');
            $self->_judge($n, $r);
            sleep $o{pause} if $o{pause};
        }
    });
}


sub _judge
{
    my ($self, $n, $r) = @_;

    if ($r->status != 200) {
        $self->_add('lost');
        $self->_note("GET $n: " . $r->status . ' '
                     . ($r->body // ''));
        return 0;
    }

    my ($p) = ($r->header('Live-Origin') || '') =~ /pipeline=(\w+)/;

    if (!$p || !$self->{first} || $r->body ne $self->segment($p, $n)) {
        $self->_add('wrong');
        $self->_note("GET $n: other bytes, pipeline " . ($p // 'none'));
        return 0;
    }

    return 1;
}


sub stop
{
    my ($self) = @_;

    kill 'TERM', @{$self->{pids}};
    waitpid($_, 0) for @{$self->{pids}};
    $self->{pids} = [];
}


sub check
{
    my ($self, $ng, $from, $to) = @_;

    my @bad;
    my $c = $ng->client;

    for my $n ($from .. $to) {
        my $r = $c->get($self->path($self->{track}, "$n.m4s"));
        my ($p) = ($r->header('Live-Origin') || '') =~ /pipeline=(\w+)/;

        if ($r->status != 200 || !$p || !$r->complete
            || $r->body ne $self->segment($p, $n))
        {
            push @bad, "$n: " . $r->status . ' ' . ($p // '-');
        }
    }

    return @bad;
}


sub DESTROY
{
    my ($self) = @_;

    kill 'KILL', @{$self->{pids}} if @{$self->{pids}};
}

1;
