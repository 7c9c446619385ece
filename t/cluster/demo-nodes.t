#!/usr/bin/perl
# time-out: 240
# core: encoders keep the pace of the clock

# tools/demo --nodes 2: plays on while an origin and the Redis are killed, ends
# by itself, leaves nothing.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Time::HiRes qw(sleep);

use LiveOrigin::Http;
use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Port qw(free_port);
use LiveOrigin::Process qw(alive descendants title);

my $root = LiveOrigin::Nginx::root();
my $tmp = $ENV{TMPDIR} || '/tmp';
my $port = free_port(4);
my $log = "$tmp/demo.log";
my $pid = fork // die "fork: $!";

if ($pid == 0) {
    setpgrp(0, 0);
    open(STDOUT, '>', $log) or die;
    open(STDERR, '>&', \*STDOUT) or die;
    exec "$root/tools/demo", '--nodes', 2, '--port', $port, '--seconds', 30;
}

ok wait_for(sub { slurp() =~ /kill \d+\n\s+kill \d+\n/ }, 150), 'up'
    or diag slurp();

my ($origin, $redis) = slurp() =~ /kill (\d+)\n\s+kill (\d+)\n/;

# each has what was published to the other

for my $p ($port, $port + 1, $port + 2) {
    my $c = LiveOrigin::Http->new(port => $p);

    ok wait_for(sub {
        my $r = $c->get('/api/events/camera/status');

        return $r->status == 200
               && join(' ', map { $_->{id} } grep { $_->{published} }
                            @{$r->json->{pipelines}}) eq 'a b';
    }, 20), "port $p: the event, both pipelines";
    ok wait_for(sub {
        $c->get('/live/camera/v360/media.m3u8')->status == 200
    }, 20), "port $p: a playlist";
}

# what a proxy does for others, it does not do in this host's name

my $front = LiveOrigin::Http->new(port => $port);

like $front->get('/')->header('Location'), qr{^(?:http://[^/]*:$port)?/player/$},
    'the front leads to its own player';
is $front->get('/player/')->status, 200, 'which is there';

sleep 3;
kill KILL => $redis;
ok wait_for(sub { slurp() =~ /the Redis has ended/ }, 20),
    'the Redis is killed, and started again';
kill TERM => $origin;
ok wait_for(sub { slurp() =~ /origin 1 has ended/ }, 30),
    'so is an origin';

my $status;

wait_for(sub { waitpid($pid, 1) == $pid && defined($status = $?) }, 120)
    or kill KILL => -$pid;

is $status, 0, 'it ends with 0, having played both' or diag slurp();
like slurp(), qr/played $_: \d+ frames of video, \d+ of audio, 0 gaps/,
    "$_: no gaps" for 'DASH', 'HLS';
is join(', ', map { title($_) } grep { alive($_) } descendants($$)), '',
    'no process is left';
is join(', ', glob("/dev/shm/live-demo.$pid.*"), glob "$tmp/live-demo.*"), '',
    'nor anything else';

done_testing;


sub slurp
{
    open(my $fh, '<', $log) or return '';
    local $/;

    return scalar(<$fh>) // '';
}
