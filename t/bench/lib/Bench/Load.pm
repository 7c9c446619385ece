package Bench::Load;

# Runs live-load on its own core and reads what it found.

use strict;
use warnings;

use Exporter 'import';
use JSON::PP;

use Bench::Server;

our @EXPORT_OK = qw(load median spread);

our $cpu = 1;
our $seconds = 3;
our $errors = 0;


# load() in two parts, for two loads at the same time

sub start
{
    my ($nice, @args) = @_;

    my @command = ('nice', '-n', $nice, 'taskset', '-c', $cpu,
                   "$Bench::Server::build/bin/live-load", '--json', @args);

    open my $out, '-|', @command or die "live-load: $!\n";

    return [$out, @command];
}


sub load { return finish(start(0, @_)) }


sub finish
{
    my ($out, @command) = @{ $_[0] };

    my $text = do { local $/; <$out> };
    close $out;

    my $rc = $? >> 8;

    die "live-load ended with $rc: @command\n" if $rc > 1 || !$text;

    my $r = decode_json($text);

    $r->{cpu} = $r->{watched_cpu} * 1e6 / $r->{answers} if $r->{answers};
    $r->{rps} = $r->{answers} / $r->{seconds};

    if ($rc == 1) {
        print "bench-error wrong bytes: @command\n";
        $errors++;
    }

    return $r;
}


# what was not answered as expected is told, and fails the run

sub expect
{
    my ($r, @ok) = @_;

    my %ok = map { $_ => 1 } @ok;

    for my $g (@{ $r->{groups} }) {
        my @bad = grep { !$ok{$_} } sort keys %{ $g->{status} };

        push @bad, grep { $g->{$_} }
                   qw(connect_errors aborted timeouts malformed);

        next if !@bad;

        print "bench-error $g->{mode}: ",
              join(', ', map { "$_ " . ($g->{status}{$_} // $g->{$_}) } @bad),
              "\n";
        $errors++;
    }

    return $r;
}


sub median
{
    my @v = sort { $a <=> $b } @_;

    return undef if !@v;

    return @v % 2 ? $v[$#v / 2] : ($v[@v / 2 - 1] + $v[@v / 2]) / 2;
}


# half the distance between the largest and the smallest, in per cent

sub spread
{
    my @v = sort { $a <=> $b } @_;
    my $m = median(@v);

    return $m ? 50 * ($v[-1] - $v[0]) / $m : 0;
}


1;
