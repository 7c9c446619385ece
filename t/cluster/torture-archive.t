#!/usr/bin/perl

# SIGKILL of a random worker and reloads while two pipelines publish more than
# the zone holds, and readers compare every byte of what is in the zone and of
# what is on the disk.  At the end the zone is lost.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use File::Temp qw(tempdir);
use Test::More;
use Time::HiRes qw(sleep);

use LiveOrigin::Load;
use LiveOrigin::Nginx qw(wait_for);

my $kills = $ENV{LO_KILLS} ? int $ENV{LO_KILLS} / 4 : 30;
my $reloads = $ENV{LO_RELOADS} ? int $ENV{LO_RELOADS} / 10 : 5;
my $disk = tempdir('lo-torture-XXXXXX', TMPDIR => 1, CLEANUP => 1);

chmod 0755, $disk;
chown((getpwnam 'nobody')[2, 3], $disk) if $> == 0;

# the zone holds some 300 numbers of both pipelines, the window is 900

my $ng = LiveOrigin::Nginx->start(
    workers => 2, size => '48m', events => 2,
    http => "live_origin_archive $disk;",
    files => {'events/ev.json' => '{"id": "ev", "lead_s": 86400,'
        . ' "segment_ms": 2000, "dvr_s": 1800, "zone_share": "20m",'
        . ' "tracks": [{"id": "v"}]}'},
    expect => [qr/exited on signal 9/, qr/open socket .* left in connection/]
);
my $livectl = LiveOrigin::Nginx::build() . '/bin/livectl';
my $first = LiveOrigin::Media->video->now_number - 40000;
my $load = LiveOrigin::Load->new(port => $ng->port, first => $first,
                                 depth => 700);

sub archived { return $ng->get('/api/status')->json->{archive} }

sub track
{
    my ($t) = @{$ng->get('/api/events/ev/status')->json->{tracks} || []};

    return $t ? $t->{archive} : undef;
}

# what is known of the archive, and the newest files

sub told
{
    my %at = map { /(\d+)\.seg$/ ? ($1 => (stat $_)[9]) : () }
             glob "$disk/main/*/v/*/*";
    my @newest = (sort { $a <=> $b } keys %at)[-5 .. -1];

    diag explain {
        archive => archived(), track => track(), files => scalar keys %at,
        newest => [map { $_ // '-' } @newest],
        log => [grep { defined && /live origin/ } (split /\n/, $ng->log)[-30 .. -1]],
    };

    return;
}

ok wait_for(sub { archived()->{restored} }, 20), 'the archive is looked at';

# no faster than the disk, or what has not been written leaves the zone

$load->publish($_, $first, pause => 0.005,
               pace => sub { archived()->{pending} < 200 }) for 'a', 'b';
ok wait_for(sub { $load->acked('a') > $first + 800
                  && $load->acked('b') > $first + 800 }, 120),
    'both pipelines publish more than the zone holds';
ok wait_for(sub { archived()->{pending} < 200 }, 60), '... onto the disk';
$load->read(pause => 0.005) for 1 .. 2;


sub judge
{
    my ($name, $before) = @_;

    ok wait_for(sub { $load->count('published') > $before + 20 }, 30),
       "$name: publishing goes on";
    is $load->count('wrong'), 0, '... nothing is wrong';
    is $load->count('lost'), 0, '... nothing in reach is lost';
    diag $_ for splice @{[$load->wrong]}, 0, 10;
    note join ', ', map { "$_ " . $load->count($_) } qw(published read cut);
}


my $before = $load->count('published');

for (1 .. $kills) {
    my @pids = $ng->workers;

    $ng->kill_worker('KILL', $pids[rand @pids]);
    sleep 0.1 + rand 0.4;
}

judge("$kills workers killed", $before);
$before = $load->count('published');

for (1 .. $reloads) {
    $ng->reload;
    sleep rand 0.3;
}

judge("$reloads reloads", $before);
$load->stop;

ok wait_for(sub { archived()->{pending} == 0 }, 60), 'all is on the disk';
cmp_ok track()->{last}, '>=', $_, "... up to $_"
    for map { $load->acked($_) } qw(a b);
is archived()->{lost}, 0, '... nothing was lost' or told();

my ($to, $head) = sort { $a <=> $b } $load->acked('a'), $load->acked('b');
my $from = $head - 890;
my @bad = $load->check($ng, $from, $to);

is "@bad", '', 'the window is served whole and right' or told();

# which candidate it was stays, as good ones do.  What had not been read until
# now has been chosen by that, and may be written again

my %etag = map { $_ => $ng->get($load->path('v', "$_.m4s"))->header('ETag') }
           $from .. $to;

ok wait_for(sub { archived()->{pending} == 0 }, 60), '... as it is on the disk'
    or told();

my $out = `$livectl zone check --digests @{[$ng->zone]} 2>&1`;

is $? >> 8, 0, 'livectl zone check' or diag $out;

$ng->stop;
unlink $ng->zone;
$ng->restart;

ok wait_for(sub {
    my $t = track();

    archived()->{restored} && $t && !$t->{loading};
}, 60), 'the zone is lost, and found again';
@bad = $load->check($ng, $from, $to);
is "@bad", '', '... all of it' or told();
is join(' ', grep { ($ng->get($load->path('v', "$_.m4s"))->header('ETag')
                     // '') ne ($etag{$_} // '') } sort keys %etag), '',
    '... the same' or told();
is archived()->{damaged}, 0, '... nothing was damaged';

my @left = grep { !/\.seg$/ } glob "$disk/main/*/v/*/*";

cmp_ok scalar @left, '<', $kills, 'halves that were left: ' . @left;

$ng->stop;
done_testing;
