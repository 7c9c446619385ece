#!/usr/bin/perl

# live-load against the origin: every byte of every kind of reader is right.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use JSON::PP;
use Test::More;

use LiveOrigin::Nginx;

my $tool = LiveOrigin::Nginx::build() . '/bin/live-load';

plan skip_all => 'live-load is not built' if !-x $tool;

my $ng = LiveOrigin::Nginx->start(size => '256m', events => 8,
    files => {'events/turn.json' => '{"id": "turn", "lead_s": 86400}'});

my @url = ('--url', $ng->url, '--put-path',
           '/live/{event}/{pipeline}/{track}/{name}', '--seconds', 60);


sub run_load
{
    my (@args) = @_;

    my $command = join ' ', $tool, '--json', map { "'$_'" } @url, @args;

    open my $out, '-|', "$command 2>&1" or die "$tool: $!";
    my $text = do { local $/; <$out> };
    close $out;

    my $rc = $? >> 8;
    my ($json) = $text =~ /^(\{.*\})$/m;

    diag $text if $rc;

    return ($rc, $json ? decode_json($json) : undef);
}


sub now { return int(time / 2) }


subtest 'a window is filled and read back' => sub {
    my $start = now() - 60;
    my @media = ('--events', 2, '--tracks', 3, '--start', $start,
                 '--segments', 50, '--size', '1k-200k');

    my ($rc, $r) = run_load(@media, 'publish');

    is $r->{groups}[0]{status}{201}, 2 * 3 * 50, 'all are taken';

    ($rc, $r) = run_load(@media, 'read', '--all', '--connections', 50);

    is $rc, 0, 'exit code';
    is $r->{groups}[0]{verified}, 300, 'all are right';

    ($rc, $r) = run_load(@media, 'publish');

    is $r->{groups}[0]{status}{200}, 2 * 3 * 50, 'the same again: 200';
};


subtest 'chunked, with a digest, two pipelines, audio' => sub {
    my $start = now() - 60;
    my @media = ('--event', 'c', '--kind', 'audio', '--start', $start,
                 '--segments', 40, '--size', '20k-90k');

    my ($rc, $r) = run_load(@media, 'publish', '--chunked', 3000, '--digest',
                            '--pipelines', 'a,b');

    my $s = $r->{groups}[0]{status};

    is $s->{201} + ($s->{200} || 0), 2 * 40, 'both are answered';

    ($rc, $r) = run_load(@media, 'read', '--all');

    is $rc, 0, 'exit code';
    is $r->{groups}[0]{verified}, 40, 'all are right';
};


subtest 'the live edge' => sub {
    my ($rc, $r) = run_load('--seconds', 12, '--event', 'edge', '--tracks', 2,
                            'publish', '--live', 'edge', '--connections', 200);

    my ($publish, $edge) = @{ $r->{groups} };

    is $rc, 0, 'exit code';
    is $edge->{wrong}, 0, 'no wrong byte';
    cmp_ok $edge->{status}{200}, '>=', 400, 'readers get what is published';
    cmp_ok $edge->{from_publish_us}{count}, '>=', 200, 'and were held for it';
};


subtest 'a storm of what will never be' => sub {
    my ($rc, $r) = run_load('--event', 'edge', 'storm', '--requests', 5000);

    is $rc, 0, 'exit code';
    is $r->{groups}[0]{status}{404}, 5000, 'all are 404';
};


subtest '1,000 readers held for one segment' => sub {
    my ($rc, $r) = run_load('--event', 'fan', 'fan', '--connections', 1000,
                            '--rounds', 3);

    is $rc, 0, 'exit code';
    is $r->{groups}[0]{verified}, 6000, 'all right, held and published';
    is $r->{groups}[0]{fan_held_us}{count}, 3, 'all were held, each round';
};


subtest 'readers while the window turns over' => sub {
    my $start = now() - 36000;

    my ($rc, $r) = run_load('--seconds', 5, '--event', 'turn', '--tracks', 2,
                            '--size', '100k-300k', 'publish', '--start',
                            $start, 'read', '--connections', 20,
                            '--segments', 5);

    is $rc, 0, 'exit code';
    is $r->{groups}[1]{wrong}, 0, 'no wrong byte';
    cmp_ok $r->{groups}[1]{verified}, '>', 100, 'many were looked at';
};


$ng->stop;
done_testing;
