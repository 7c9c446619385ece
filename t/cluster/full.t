#!/usr/bin/perl

# A zone that is full for a long run: an hour of media, and more, at speed.
# It stays at its size, serves its window, and leaks nothing.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Time::HiRes qw(sleep time);

use LiveOrigin::Load;
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $hours = $ENV{LO_HOURS} || 1;
my $count = 1800 * $hours;
my $ng = LiveOrigin::Nginx->start(workers => 2, size => '48m', events => 1,
    files => {'events/ev.json' => '{"id": "ev", "lead_s": 86400}'});
my $livectl = LiveOrigin::Nginx::build() . '/bin/livectl';
my $load = LiveOrigin::Load->new(port => $ng->port, depth => 100,
    first => LiveOrigin::Media->video->now_number - 42000);
my $first = $load->{first};


# shared memory of a worker must not grow: what is private must not either

sub private_kb
{
    my ($pid) = @_;

    open(my $f, '<', "/proc/$pid/smaps_rollup") or return 0;

    my ($kb) = join('', <$f>) =~ /^Private_Dirty:\s+(\d+)/m;
    my ($anon) = 0;

    seek($f, 0, 0);
    ($anon) = join('', <$f>) =~ /^Anonymous:\s+(\d+)/m;

    return $anon;
}


my $size = -s $ng->zone;

$load->publish('a', $first, count => $count);
$load->publish('b', $first, count => $count);
ok wait_for(sub { $load->acked('b') > $first + 200 }, 120), 'under way';

my %before = map { $_ => private_kb($_) } $ng->workers;

$load->read;
ok wait_for(sub { $load->acked('a') == $first + $count - 1
                  && $load->acked('b') == $first + $count - 1 }, 900 * $hours),
   "$hours h of media of two pipelines";
$load->stop;

is $load->count('wrong'), 0, 'nothing is wrong';
is $load->count('lost'), 0, 'nothing in reach is lost';
diag $_ for splice @{[$load->wrong]}, 0, 10;
is -s $ng->zone, $size, 'the zone has its size';

for my $pid ($ng->workers) {
    my $grown = private_kb($pid) - $before{$pid};

    cmp_ok $grown, '<', 8192, "worker $pid grew by $grown KB";
}

my @bad = $load->check($ng, $first + $count - 200, $first + $count - 1);

is "@bad", '', 'the window is served';
is $ng->get($load->path('v', ($first + 5) . '.m4s'))->status, 410,
   'what left it is gone';

my $out = `$livectl zone check --digests @{[$ng->zone]} 2>&1`;

is $? >> 8, 0, 'livectl zone check' or diag $out;
note $out;

done_testing;
