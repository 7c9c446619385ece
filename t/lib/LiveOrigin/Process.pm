package LiveOrigin::Process;

# Processes by pid, from /proc.
#
#     adopt()            what is started below this process and loses its
#                        parent becomes this process's child, daemons as well
#     alive($pid)        runs (a zombie does not)
#     title($pid)        command line as ps shows it
#     children($pid), descendants($pid)
#     end_all($seconds)  ends all descendants of this process: TERM, then KILL
#                        after that time; returns the titles of those it found

use strict;
use warnings;

use Exporter 'import';
use POSIX qw(WNOHANG uname);
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(adopt alive title children descendants end_all);

my %prctl = (x86_64 => 157, aarch64 => 167);
my $PR_SET_CHILD_SUBREAPER = 36;


sub adopt
{
    my $nr = $prctl{(uname)[4]};

    return $nr && syscall($nr, $PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
}


sub _stat
{
    my ($pid) = @_;

    open(my $fh, '<', "/proc/$pid/stat") or return;

    # the name may hold spaces and brackets

    return (<$fh> || '') =~ /.*\) (\S) (\d+)/s;
}


sub alive
{
    my ($pid) = @_;

    my ($state) = _stat($pid) or return 0;

    if ($state eq 'Z') {
        waitpid($pid, WNOHANG);
        return 0;
    }

    return 1;
}


sub title
{
    my ($pid) = @_;

    open(my $fh, '<', "/proc/$pid/cmdline") or return '';

    my $title = <$fh>;

    return '' if !defined $title;

    $title =~ tr/\0/ /;
    $title =~ s/\s+$//;

    return $title;
}


sub _tree
{
    my %children;

    for my $pid (map { m{(\d+)$} } glob '/proc/[0-9]*') {
        my ($state, $parent) = _stat($pid) or next;

        push @{$children{$parent}}, $pid if $state ne 'Z';
    }

    return \%children;
}


sub children
{
    my ($pid) = @_;

    return @{_tree()->{$pid} || []};
}


sub descendants
{
    my ($pid) = @_;

    my $tree = _tree();
    my @found;
    my @next = ($pid);

    while (@next) {
        @next = map { @{$tree->{$_} || []} } @next;
        push @found, @next;
    }

    return @found;
}


sub end_all
{
    my ($seconds) = @_;

    my $kill_at = time + (defined $seconds ? $seconds : 2);
    my %found;

    for ( ;; ) {
        my @left = descendants($$) or last;
        my $late = time > $kill_at;

        # what has started meanwhile is named and ended as well

        for my $pid (@left) {
            next if $found{$pid} && !$late;

            $found{$pid} ||= title($pid) || '?';
            kill $late ? 'KILL' : 'TERM', $pid;
            kill 'CONT', $pid;
        }

        last if time > $kill_at + 5;

        sleep 0.02;
    }

    return values %found;
}

1;
