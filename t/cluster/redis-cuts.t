#!/usr/bin/perl
# time-out: 180

# Connections to Redis that are cut, silent or carry what is not Redis's: see
# redis-faults.t.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;

use LiveOrigin::Faults;
use LiveOrigin::Redis;
use LiveOrigin::RedisFake;

my $redis = LiveOrigin::Redis->start;
my $fake = LiveOrigin::RedisFake->start(through => $redis);
my $world = LiveOrigin::Faults->new(redis => $fake, real => $redis);

for (
    ['garbage', qr/^EVAL/ => 'garbage'],
    ['a cut answer, closed', qr/^EVAL/ => { cut => 5 }],
    ['a cut answer that hangs', qr/^EVAL/ => { cut => 5, hang => 1 }],
    ['a large answer, cut', qr/^EVAL/ => { big => 1 << 20, cut => 400000 }],
    ['no answer', qr/^EVAL/ => 'never'],
    ['an answer that is lost', qr/^EVAL/ => 'lost'],
    ['closed instead', qr/^EVAL/ => 'close'],
    ['closed after it was done', qr/^EVAL/ => 'closed'],
    ['news are lost', qr/^MESSAGE/ => 'lost'],
    ['news are garbage', qr/^MESSAGE/ => 'garbage'],
    ['no subscription', qr/^SUBSCRIBE/ => 'never'],
    ['closed as soon as accepted', qr/^CONNECT/ => 'close'],
    ['accepted and silent', qr/^CONNECT/ => 'never'],
) {
    my ($name, $pattern, $action) = @$_;

    $world->fault($name, sub {
        $fake->rules([$pattern, $action]);
        $fake->drop if "$pattern" =~ /CONNECT|SUBSCRIBE/;
    }, sub { $fake->rules });
}

# each of the two connections of a worker is lost again and again

$world->fault('dropped ten times', sub {
    for (1 .. 10) {
        $fake->drop;
        select(undef, undef, undef, 0.05);
    }
}, sub { });

$world->healthy('connections');
$world->finish;

done_testing;
