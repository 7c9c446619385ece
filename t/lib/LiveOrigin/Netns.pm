package LiveOrigin::Netns;

# Network namespaces: hosts whose link can be cut.  For root only.
#
#     plan skip_all => $why if $why = LiveOrigin::Netns::missing();
#
#     my $net = LiveOrigin::Netns->new(hosts => 3);
#
#     $net->name(0), $net->address(0)    "lo-PID-0", "10.x.y.2"
#     $net->cut(0), $net->join(0)        packets to and from it are lost, or not
#
# The test itself is $net->address, on the bridge between them.  Within each,
# 127.0.0.1 is there, cut off or not: LiveOrigin::Nginx and LiveOrigin::Redis
# take netns => $name, and a LiveOrigin::Http with netns => $name connects from
# within.  All of it goes with the object.

use strict;
use warnings;

use Fcntl qw(O_RDONLY);
use POSIX qw(uname);

my %setns = (x86_64 => 308, aarch64 => 268);
my $CLONE_NEWNET = 0x40000000;


sub missing
{
    my $name = "lo-$$-try";

    return 'needs root' if $> != 0;
    return 'no setns here' if !$setns{(uname)[4]};
    return 'no ip (iproute2)' if !grep { -x "$_/ip" } split(/:/, $ENV{PATH}),
                                                      '/sbin', '/usr/sbin';

    my $out = `(ip netns add $name && ip link add b$$ type bridge \\
                && ip link del b$$ && ip netns del $name) 2>&1`;

    return $? == 0 ? '' : "no namespaces here: $out";
}


# runs a sub in another namespace: sockets stay where they were made

sub within
{
    my ($name, $sub) = @_;

    open(my $here, '<', '/proc/self/ns/net') or die "namespace: $!";
    open(my $there, '<', "/run/netns/$name") or die "$name: $!";

    my $nr = $setns{(uname)[4]};

    syscall($nr, fileno($there), $CLONE_NEWNET) == 0 or die "setns: $!";

    my @got = eval { $sub->() };
    my $failed = $@;

    syscall($nr, fileno($here), $CLONE_NEWNET) == 0 or die "setns: $!";
    die $failed if $failed;

    return wantarray ? @got : $got[0];
}


sub new
{
    my ($class, %o) = @_;

    my $self = bless {
        hosts => $o{hosts} || 2, owner => $$, bridge => "lob$$",
        net => sprintf '10.%d.%d', 64 + ($$ >> 8 & 63), $$ & 255
    }, $class;

    $self->_clean;
    _ip("link add $self->{bridge} type bridge");
    _ip("addr add $self->{net}.1/24 dev $self->{bridge}");
    _ip("link set $self->{bridge} up");

    for my $i (0 .. $self->{hosts} - 1) {
        my ($name, $link) = ($self->name($i), $self->_link($i));

        _ip("netns add $name");
        _ip("link add $link type veth peer name eth0 netns $name");
        _ip("link set $link master $self->{bridge} up");
        _ip("-n $name addr add @{[$self->address($i)]}/24 dev eth0");
        _ip("-n $name link set eth0 up");
        _ip("-n $name link set lo up");
    }

    return $self;
}


sub name  { return "lo-$$-$_[1]" }
sub _link { return "lov$$-$_[1]" }
sub cut   { _ip('link set ' . $_[0]->_link($_[1]) . ' nomaster') }
sub join  { _ip('link set ' . $_[0]->_link($_[1]) . " master $_[0]{bridge}") }


sub address
{
    my ($self, $i) = @_;

    return "$self->{net}." . (defined $i ? $i + 2 : 1);
}


sub _ip
{
    my ($args) = @_;

    my $out = `ip $args 2>&1`;

    die "ip $args: $out" if $? != 0;
}


sub _clean
{
    my ($self) = @_;

    for my $i (0 .. $self->{hosts} - 1) {
        system('ip link del ' . $self->_link($i) . ' 2> /dev/null');
        system('ip netns del ' . $self->name($i) . ' 2> /dev/null');
    }

    system("ip link del $self->{bridge} 2> /dev/null");
}


sub DESTROY
{
    my ($self) = @_;

    return if $self->{owner} != $$;

    local $?;
    $self->_clean;
}

1;
