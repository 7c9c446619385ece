package LiveOrigin::Head;

# What a test says of itself among its first 30 lines.
#
#     my $head = head($path);
#
#     $head->{shebang}       behind "#!", or "perl"; none of a program
#     $head->{'time-out'}    of a line "time-out: SECONDS"
#     $head->{alone}         of a line "alone: WHY"
#     $head->{core}          of a line "core: WHY"

use strict;
use warnings;

use Exporter 'import';

our @EXPORT_OK = qw(head);


sub head
{
    my ($path) = @_;

    open(my $fh, '<', $path) or die "$path: $!\n";
    read($fh, my $text, 4096);

    return {} if $text =~ /^\x7fELF/;

    my @lines = grep { defined } (split /\n/, $text, 31)[0 .. 29];
    my %head = (shebang => $text =~ /^#!(.*)/ ? $1 : 'perl');

    for (@lines) {
        $head{$1} = $2 if /^\W*(time-out|alone|core): (\w.*)/;
    }

    return \%head;
}

1;
