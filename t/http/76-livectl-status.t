# livectl status on a terminal: drawn anew every second, through an outage of
# the node, until Ctrl-C.

use strict;
use warnings;

use IO::Select;
use POSIX qw(setsid WNOHANG);
use Test::More;

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $clear = "\e[H\e[J";

my $ng = LiveOrigin::Nginx->start(
    size => '64m', events => 4, workers => 1,
    live => 'live_origin_hold 0; live_origin_auto_event on;');

my $dir = $ng->dir;
my $bin = LiveOrigin::Nginx::build() . '/bin/livectl';
my ($pty, $pid);
my $screen = '';

delete @ENV{qw(LIVECTL_API LIVECTL_TOKEN)};


# a terminal of its own; Linux's ioctls, as Perl has no module for it

sub on_terminal
{
    my (@args) = @_;

    my $int = pack 'i', 0;

    open $pty, '+<', '/dev/ptmx' or die "/dev/ptmx: $!";
    ioctl $pty, 0x40045431, $int or die "TIOCSPTLCK: $!";
    ioctl $pty, 0x80045430, $int or die "TIOCGPTN: $!";

    my $tty = '/dev/pts/' . unpack 'i', $int;

    $screen = '';
    $pid = fork;

    die "fork: $!" if !defined $pid;

    if (!$pid) {
        setsid();
        open STDIN, '<', $tty or exit 125;
        open STDOUT, '>', $tty or exit 125;
        open STDERR, '>', "$dir/err" or exit 125;

        # a test that was started in the background ignores it

        $SIG{INT} = 'DEFAULT';
        exec $bin, @args;
        exit 126;
    }

    return;
}

# until what is drawn looks so

sub draws
{
    my ($what, $name) = @_;

    my $select = IO::Select->new($pty);

    return ok wait_for(sub {

        sysread $pty, $screen, 65536, length $screen if $select->can_read(0.2);

        # the last that is whole: another one has begun

        my @frames = split /\Q$clear\E/, $screen, -1;

        return @frames > 2 && $frames[-2] =~ $what;

    }, 60), $name || "drawn: $what";
}

sub gone
{
    my $status;

    wait_for(sub { waitpid($pid, WNOHANG) == $pid and $status = $?; defined
                   $status }, 20);

    return $status;
}


my $v = LiveOrigin::Media->video(segment => [1, 1], bytes => 3000);
my $n = $v->now_number - 5;
my @api = ('--api', $ng->url . '/api');

$ng->put('/live/ev/a/v/init.mp4', $v->init);
$ng->put('/live/ev/a/v/1.m4s', $v->segment($_)) for $n - 3 .. $n;

on_terminal('status', 'ev', @api);
draws(qr/zone main: .*\r\nholds 0;.*^ev  \w+  head $n /ms, 'the head');
like $screen, qr/^\Q$clear\E/, '... of a screen that is cleared';

$ng->put('/live/ev/a/v/1.m4s', $v->segment($n + 1));
draws(qr/^ev  \w+  head @{[$n + 1]} .* good 5/ms, 'what has come since');

$ng->stop;
ok wait_for(sub { open my $f, '<', "$dir/err" or return 0;
                  grep { /cannot be reached/ } <$f> }, 30),
    'the node is away: it says so';
is waitpid($pid, WNOHANG), 0, '... and goes on';
$ng->restart;
$ng->put('/live/ev/a/v/1.m4s', $v->segment($n + 2));
draws(qr/^ev  \w+  head @{[$n + 2]} /m, 'the node is back');

syswrite $pty, "\cC";
is gone(), POSIX::SIGINT(), 'Ctrl-C ends it';

# what was never there is not waited for

for ([1, 'no such event', 'status', 'none', @api],
     [2, 'no node', 'status', '--api', 'http://127.0.0.1:1/api'])
{
    my ($status, $name, @args) = @$_;

    on_terminal(@args);
    is gone() >> 8, $status, "$name: ends at once";
}

$ng->stop;
done_testing;
