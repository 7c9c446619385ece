package LiveOrigin::Port;

# Ports of 127.0.0.1 that nobody listens on.
#
#     free_port()     one
#     free_port(4)    the first of four in a row
#
# None is given out twice, and none of them is another test's: t/lib/run gives
# each its own, LO_PORTS and the 199 behind it, which lie below those that the
# kernel gives to whoever asks for any.  So a server may come back to its port.

use strict;
use warnings;

use Exporter 'import';
use IO::Socket::INET;

our @EXPORT_OK = qw(free_port);

my $MANY = 200;
my $first = $ENV{LO_PORTS} || 20000 + $MANY * ($$ % 50);
my $used = 0;


sub free_port
{
    my $n = $_[0] || 1;

    while ($used + $n <= $MANY) {
        my $port = $first + $used;
        my ($taken) = grep { !_free($port + $_) } reverse 0 .. $n - 1;

        $used += defined $taken ? $taken + 1 : $n;

        return $port if !defined $taken;
    }

    die "no free port: $first and the @{[$MANY - 1]} behind it are used\n";
}


sub _free
{
    return IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $_[0],
                                 Listen => 1, ReuseAddr => 1);
}

1;
