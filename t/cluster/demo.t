#!/usr/bin/perl
# time-out: 240
# core: encoders keep the pace of the clock

# tools/demo: plays, ends by itself, leaves nothing; Ctrl-C; a port in use; a
# killed pipeline comes back.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Time::HiRes qw(sleep time);

use IO::Socket::INET;
use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Port qw(free_port);
use LiveOrigin::Process qw(alive descendants title);

my $root = LiveOrigin::Nginx::root();
my $tmp = $ENV{TMPDIR} || '/tmp';
my $port = free_port();


# by itself

my ($pid, $log) = demo('--port', $port, '--seconds', 15);

is finish($pid, 150), 0, '--seconds: ends with 0' or diag slurp($log);

my $text = slurp($log);

like $text, qr{http://127\.0\.0\.1:$port$_}, "prints $_"
    for '/player/', '/status/', '/live/camera/manifest.mpd',
        '/live/camera/master.m3u8', '/api/events/camera/status', '/metrics';

for my $name ('DASH', 'HLS') {
    my ($video) = $text =~ /played $name: (\d+) frames/;

    cmp_ok $video || 0, '>=', 200, "$name was played";
}

nothing_left('--seconds', $text);


# Ctrl-C, after a pipeline was killed; the state is kept

($pid, $log) = demo('--port', $port, '--dir', "$tmp/state");
playing($log);

my @made = grep { title($_) =~ /live-transcode/ } descendants($pid);

is scalar @made, 2, 'two pipelines';
kill KILL => $made[0];

ok wait_for(sub { slurp($log) =~ /pipeline [ab] has ended/ }, 30),
    'a killed pipeline is noticed';
ok wait_for(sub { 2 == grep { title($_) =~ /live-transcode/ && alive($_) }
                  descendants($pid) }, 30), 'and started again';

# as a terminal does it: to everyone in the foreground

my $started = time;

kill INT => -$pid;
is finish($pid, 60), 0, 'Ctrl-C: ends with 0';
cmp_ok time - $started, '<', 30, 'Ctrl-C: soon';
ok -s "$tmp/state/live.zone", '--dir: the media is kept';
ok -s "$tmp/state/logs/access.log", '--dir: the logs are kept';
nothing_left('Ctrl-C', slurp($log));


# SIGKILL of the script takes the rest along

($pid, $log) = demo('--port', $port, '--dir', "$tmp/state");
playing($log);

my @below = descendants($pid);

kill KILL => $pid;
waitpid($pid, 0);
ok wait_for(sub { !grep { alive($_) } @below }, 30), 'SIGKILL: all are gone'
    or diag join "\n", map { title($_) } grep { alive($_) } @below;


# a port in use

my $taken = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1');

($pid, $log) = demo('--port', $taken->sockport);
is finish($pid, 60), 1, 'a port in use: ends with 1';
like slurp($log), qr/Address already in use/, 'a port in use: says so';
nothing_left('a port in use', slurp($log));

for (['--port', 'x'], ['--port', 70000], ['--seconds', '-1'], ['--what'],
     ['--listen', 'a b'], ['--dir'], ['--nodes', 3])
{
    ($pid, $log) = demo(@$_);
    is finish($pid, 30), 2, "@$_: ends with 2";
}

done_testing;


sub demo
{
    my $name = "$tmp/demo.log";

    unlink $name;

    my $child = fork // die;

    if ($child == 0) {
        setpgrp(0, 0);
        $SIG{INT} = 'DEFAULT';
        open(STDOUT, '>', $name) or die;
        open(STDERR, '>&', \*STDOUT) or die;
        exec "$root/tools/demo", @_;
    }

    return ($child, $name);
}


sub playing
{
    my ($name) = @_;

    ok wait_for(sub { slurp($name) =~ /Ctrl-C ends/ }, 120), 'up'
        or diag slurp($name);
}


sub finish
{
    my ($child, $seconds) = @_;

    my $status;

    wait_for(sub { waitpid($child, 1) == $child && defined($status = $?) },
             $seconds) or kill KILL => -$child;

    return $status & 127 ? 'signal ' . ($status & 127) : $status >> 8
        if defined $status;

    waitpid($child, 0);

    return 'timed out';
}


sub nothing_left
{
    my ($name, $said) = @_;

    my @running = grep { alive($_) } descendants($$);

    is join(', ', map { title($_) } @running), '', "$name: no process is left";
    is join(', ', glob "/dev/shm/live-demo.$pid.*"), '',
        "$name: nothing in /dev/shm";
    is join(', ', glob "$tmp/live-demo.*"), '', "$name: no directory is left";
}


sub slurp
{
    open(my $fh, '<', $_[0]) or return '';
    local $/;

    return scalar(<$fh>) // '';
}
