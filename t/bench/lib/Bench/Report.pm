package Bench::Report;

# One line a case, on the terminal and in build/bench.txt:
#
#     bench CASE ours=X peer=Y ratio=Z unit=U ...
#
# ratio above 1 is better than the peer, whatever the unit.

use strict;
use warnings;

use Exporter 'import';

use Bench::Load qw(median spread);
use Bench::Server;

our @EXPORT_OK = qw(say_line row beside machine);

my $file;


sub say_line
{
    my ($line) = @_;

    if (!$file) {
        mkdir $Bench::Server::build;
        open $file, '>', "$Bench::Server::build/bench.txt"
            or die "bench.txt: $!\n";
        $file->autoflush(1);
    }

    STDOUT->autoflush(1);
    print "$line\n";
    print $file "$line\n";

    return;
}


sub machine
{
    my ($model) = Bench::Server::slurp('/proc/cpuinfo')
                  =~ /^model name\s*:\s*(.*)$/m;
    my $cores = () = Bench::Server::slurp('/proc/cpuinfo') =~ /^processor/mg;
    my ($mem) = Bench::Server::slurp('/proc/meminfo') =~ /^MemTotal:\s+(\d+)/;

    chomp(my $kernel = `uname -srm`);
    chomp(my $nginx = `/usr/sbin/nginx -v 2>&1`);
    chomp(my $commit = `git -C $Bench::Server::root log -1 --format=%h 2>&1`);
    my ($load) = split ' ', Bench::Server::slurp('/proc/loadavg');

    say_line("# " . gmtime() . " UTC, commit $commit");
    say_line("# $model, $cores cores, "
             . int($mem / 1048576 + 0.5) . " GB; $kernel; $nginx");
    say_line("# server on core $Bench::Server::cpu, load on core "
             . "$Bench::Load::cpu; load average at the start $load");
    say_line("# loopback flatters copying: no network card, no interrupts");

    return;
}


sub number
{
    my ($v, $by) = @_;

    return '-' if !defined $v;
    return $by eq 'rps' || $by eq 'ir' ? sprintf('%.0f', $v) : sprintf('%.2f', $v);
}


# $ours and $peer: results of live-load, or numbers (by = ms)

sub row
{
    my ($name, $by, $want, $ours, $peer, %o) = @_;

    my ($a, $b) = map { [map { ref $_ ? $_->{$by} : $_ } @$_] } $ours, $peer;
    my ($x, $y) = (median(@$a), median(@$b));
    my $ratio = $x && $y ? ($by eq 'rps' ? $x / $y : $y / $x) : 0;
    my %unit = (cpu => 'us-cpu/request', rps => 'requests/s', ms => 'ms',
                ir => 'instructions/request');

    my $line = sprintf 'bench %s ours=%s peer=%s ratio=%.2f unit=%s', $name,
               number($x, $by), number($y, $by), $ratio, $unit{$by};

    $line .= sprintf ' want=%.2f%s', $want, $ratio >= $want ? '' : ' (missed)'
        if $want;
    $line .= sprintf ' spread=%.1f%%/%.1f%%', spread(@$a), spread(@$b);
    $line .= more($by, $ours, $peer) if ref $ours->[0];
    $line .= " $o{note}" if $o{note};

    say_line($line);

    return;
}


sub more
{
    my ($by, @sides) = @_;

    my $other = $by eq 'cpu' ? 'rps' : 'cpu';
    my @who = qw(ours peer);
    my $line = '';

    for my $i (0 .. $#sides) {
        $line .= sprintf ' %s_%s=%s', $who[$i], $other,
                 number(median(map { $_->{$other} } @{ $sides[$i] }), $other);
    }

    my @busy = map { 100 * median(map { $_->{busy} } @$_) } @sides;

    $line .= sprintf ' client_busy=%.0f%%/%.0f%%', @busy;

    for my $i (0 .. $#sides) {
        $line .= " $who[$i] client-bound" if $busy[$i] > 90;
    }

    return $line;
}


sub beside
{
    my ($name, $kind, $results) = @_;

    my $busy = median(map { $_->{busy} } @$results);

    say_line(sprintf 'beside %s %s=%.2f unit=us-cpu/request rps=%.0f%s', $name,
             $kind, median(map { $_->{cpu} } @$results),
             median(map { $_->{rps} } @$results),
             $busy > 0.9 ? ' client-bound' : '');

    return;
}


1;
