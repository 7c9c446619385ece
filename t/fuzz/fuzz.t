# Every fuzzer for some seconds, LO_JOBS at a time, from seeds that are made
# here.  LO_FUZZ is the seconds of each.
# time-out: 600
# alone: as many run as there are cores

use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

use lib 't/lib';
use LiveOrigin::Nginx;

my $root = LiveOrigin::Nginx::root();
my $build = LiveOrigin::Nginx::build();
my $seconds = $ENV{LO_FUZZ} || 5;
my $out = `make -s -C $root BUILD=$build fuzz 2>&1`;

is $?, 0, 'the fuzzers build' or BAIL_OUT($out);

my @names = map { m{fuzz_(\w+)\.c$} } glob "$root/t/fuzz/fuzz_*.c";

cmp_ok scalar @names, '>=', 4, 'all of them';

while (my @now = splice @names, 0, $ENV{LO_JOBS} || 1) {
    judge($_) for map { begin($_) } @now;
}

done_testing;


sub begin
{
    my ($name) = @_;

    my $dir = tempdir(TMPDIR => 1, CLEANUP => 1);

    mkdir "$dir/$_" or die "$dir/$_: $!\n" for 'seeds', 'corpus';
    is system("$root/t/fuzz/seeds", $name, "$dir/seeds"), 0, "$name: seeds";

    my $dict = "$root/t/fuzz/$name.dict";

    $dict = -e $dict ? "-dict=$dict" : '';

    open(my $log, '-|', "$build/fuzz/$name $dict -max_total_time=$seconds \\
        -timeout=20 -rss_limit_mb=1024 -max_len=4096 -artifact_prefix=$dir/ \\
        -print_final_stats=1 $dir/corpus $dir/seeds > $dir/log 2>&1")
        or die "$name: $!\n";

    return { name => $name, dir => $dir, process => $log };
}


sub judge
{
    my ($name, $dir, $process) = @{$_[0]}{qw(name dir process)};

    my $ok = close $process;
    my $log = slurp("$dir/log");
    my ($runs) = $log =~ /number_of_executed_units:\s*(\d+)/;

    ok $ok, "$name: nothing found in " . ($runs || 0) . ' runs';
    diag substr $log, -4000 if !$ok;

    for my $found ($ok ? () : glob "$dir/{crash,leak,oom,timeout}-*") {
        diag "$name: ", unpack 'H*', substr slurp($found), 0, 2000;
    }
}


sub slurp
{
    open my $fh, '<:raw', $_[0] or die "$_[0]: $!\n";
    local $/;

    return scalar <$fh>;
}
