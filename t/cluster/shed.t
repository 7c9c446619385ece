#!/usr/bin/perl

# A storm that one core cannot answer: of DVR, and of names that nobody knows.
# Publishing and the live edge do not notice; DVR is shed.
# alone: it has a core each for the server and for the storm

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use JSON::PP;
use Test::More;

use LiveOrigin::Nginx;

my $tool = LiveOrigin::Nginx::build() . '/bin/live-load';

plan skip_all => 'live-load is not built' if !-x $tool;

my $size = 262144;
my $window = 60;                       # numbers of DVR, 2 s each

# a threshold that a storm of few connections reaches as well

my %conf = (
    workers => 1, size => '96m', events => 4,
    http => 'live_origin_shed lag=5ms; access_log off;',
    live => 'live_origin_auto_event on;'
            . ' live_origin_write_deadline 10s; live_origin_hold 10s;'
);


# the server is on core 0, everybody else on the last

my ($cores) = map { scalar(() = /^processor/mg) } slurp('/proc/cpuinfo');

sub slurp
{
    open my $f, '<', $_[0] or die "$_[0]: $!";
    local $/;

    return scalar <$f>;
}

sub core
{
    my ($n) = @_;

    return 'worker_cpu_affinity ' . ($n ? '1' . '0' x ($cores - 1) : '1')
           . ';';
}


sub load
{
    my ($pub, $srv, @args) = @_;

    my @command = ('nice', '-n', 10, 'taskset', '-c', $cores - 1, $tool,
                   '--json', '--url', $srv->url, '--put-url', $pub->url,
                   '--put-path', '/live/{event}/{pipeline}/{track}/{name}',
                   @args);

    open my $out, '-|', @command or die "$tool: $!";
    my $text = do { local $/; <$out> };
    close $out;

    my $rc = $? >> 8;

    is $rc, 0, 'every byte is right' or diag "@command: $rc";

    return decode_json($text);
}


sub shed
{
    my ($ng) = @_;

    my ($n) = $ng->get('/metrics')->body
              =~ /^live_origin_serves_total\{reason="shed"\} (\d+)/m;

    return $n;
}


sub statuses { return join ' ', sort keys %{ $_[0]{status} } }


# publishing and readers at its edge, and the storm, at the same time

sub storm
{
    my ($pub, $srv, $event, @storm) = @_;

    my @media = ('--event', $event, '--tracks', 2, '--segment', '1000/1000',
                 '--size', '20k');

    # what the first readers ask for is there

    my $r = load($pub, $srv, '--seconds', 60, @media, 'publish', '--start',
                 int(time) - 2, '--segments', 6);

    is statuses($r->{groups}[0]), '201', 'the event is there';

    $r = load($pub, $srv, '--seconds', 7, '--verify', 'sample',
              'publish', '--live', @media,
              'edge', '--connections', 20, @media, @storm);

    my ($publish, $edge, $rest) = @{ $r->{groups} };

    like statuses($publish), qr/^(200 )?201$/, 'publish success: 100 %';
    cmp_ok $publish->{status}{201}, '>=', 4, '... and it went on';
    is statuses($edge), '200', 'live edge success: 100 %';
    cmp_ok $edge->{status}{200}, '>', 50, '... and it went on';
    is $_->{aborted} + $_->{timeouts} + $_->{malformed}, 0,
        "$_->{mode}: every request has its answer" for @{ $r->{groups} };
    note "storm: $rest->{per_second} a second, ", encode_json($rest->{status});

    return $rest;
}


sub dvr
{
    my ($start) = @_;

    return ('read', '--connections', 150, '--event', 'dvr', '--start', $start,
            '--segments', $window - 15, '--size', $size);
}

sub fill
{
    my ($pub, $srv) = @_;

    my $start = int(time() / 2) - $window;
    my $r = load($pub, $srv, '--seconds', 60, '--event', 'dvr', '--start',
                 $start, '--segments', $window, '--size', $size, 'publish');

    is $r->{groups}[0]{status}{201}, $window, 'DVR is there';

    return $start;
}


sub storms
{
    my ($pub, $srv, $name) = @_;

    my $start = fill($pub, $srv);
    my $tries = 0;

    # where others need the machine it may take a second storm to be late

    do {
        my $s = storm($pub, $srv, "live-$name-$tries", dvr($start));

        like statuses($s), qr/^(200|503|200 503)$/, 'DVR: served or shed';
    } while (!shed($srv) && ++$tries < 3);

    cmp_ok shed($srv), '>', 0, 'DVR was shed';
    like $srv->log, qr/sheds DVR/, '... the log says so';

    my $s = storm($pub, $srv, "live-$name-unknown", 'storm', '--connections',
                  150, '--event', 'nobody');

    like statuses($s), qr/^(404|503|404 503)$/, 'unknown: 404, or shed';
}


subtest 'one nginx publishes, another serves' => sub {
    my $pub = LiveOrigin::Nginx->start(%conf, main => core(1));
    my $srv = LiveOrigin::Nginx->start(%conf, main => core(0),
                                       zone => $pub->zone);

    storms($pub, $srv, 'two');
    $srv->stop;
    $pub->stop;
};


subtest 'one nginx does both' => sub {
    my $ng = LiveOrigin::Nginx->start(%conf, main => core(0));

    storms($ng, $ng, 'one');
    $ng->stop;
};


done_testing;
