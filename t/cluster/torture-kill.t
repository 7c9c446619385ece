#!/usr/bin/perl

# SIGKILL of a random worker, reloads and restarts, while two pipelines
# publish and four readers compare every byte.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Time::HiRes qw(sleep time);

use LiveOrigin::Load;
use LiveOrigin::Nginx qw(wait_for);

my $kills = $ENV{LO_KILLS} || 200;
my $reloads = $ENV{LO_RELOADS} || 50;
my $restarts = $ENV{LO_RESTARTS} || 20;

my $ng = LiveOrigin::Nginx->start(
    workers => 2, size => '96m', events => 2,
    files => {'events/ev.json' => '{"id": "ev", "lead_s": 86400}'},
    expect => [qr/exited on signal 9/, qr/open socket .* left in connection/]
);

my $livectl = LiveOrigin::Nginx::build() . '/bin/livectl';


sub zone_ok
{
    my ($name) = @_;

    my $out = `$livectl zone check --digests @{[$ng->zone]} 2>&1`;

    is $? >> 8, 0, "$name: livectl zone check" or diag $out;
    note $out;
}


# numbers well in the past, so that a fast publisher never runs ahead

my $first = LiveOrigin::Media->video->now_number - 40000;
my $load = LiveOrigin::Load->new(port => $ng->port, first => $first);

$load->publish('a', $first);
$load->publish('b', $first);

ok wait_for(sub { $load->acked('a') && $load->acked('b') }, 20),
   'both pipelines publish';

$load->read for 1 .. 2;


sub judge
{
    my ($name, $before) = @_;

    ok wait_for(sub { $load->count('published') > $before + 20 }, 30),
       "$name: publishing goes on";
    is $load->count('wrong'), 0, "$name: nothing is wrong";
    is $load->count('lost'), 0, "$name: nothing that had its 201 is lost";
    diag $_ for splice @{[$load->wrong]}, 0, 10;

    my $head = $load->acked('a');
    my @bad = $load->check($ng, $head - 60, $head);

    is "@bad", '', "$name: the last 60 are served whole and right";
    note join ', ', map { "$_ " . $load->count($_) } qw(published read cut);
}


my $before = $load->count('published');

for my $i (1 .. $kills) {
    my @workers = $ng->workers;

    if (@workers) {
        kill 'KILL', $workers[rand @workers];
    }

    sleep 0.01 + rand 0.06;
}

wait_for(sub { $ng->workers >= 2 }, 10);
judge("$kills kills", $before);

$before = $load->count('published');

for my $i (1 .. $reloads) {
    $ng->signal('HUP');
    sleep 0.05 + rand 0.1;
}

ok wait_for(sub { $ng->workers == 2 && !$ng->old_workers }, 30),
   'old workers end';
judge("$reloads reloads", $before);

$before = $load->count('published');

for my $i (1 .. $restarts) {
    $ng->restart;
    sleep rand 0.1;
}

judge("$restarts restarts", $before);

$load->stop;
sleep 1;
zone_ok('afterwards');

$ng->stop;
zone_ok('without nginx');

done_testing;
