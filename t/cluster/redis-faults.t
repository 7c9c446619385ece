#!/usr/bin/perl
# time-out: 180

# A Redis that answers what it should not: live edge reads go on, nothing is
# said to be in Redis that is not, nobody dies, nothing leaks, and afterwards
# both nodes are the same.

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
    ['LOADING', qr/^(?!MESSAGE|CONNECT|AUTH)/ => 'loading'],
    ['READONLY', qr/^EVAL/ => 'readonly'],
    ['OOM', qr/^(?:EVAL|SET)/ => 'oom'],
    ['MOVED for ever', qr/^(?:EVAL|GET|SET)/ => 'moved'],
    ['ASK for ever', qr/^(?:EVAL|GET|SET)/ => 'ask'],
    ['scripts are forgotten', qr/^EVALSHA/ => 'noscript'],
    ['no password any more', qr/^(?:EVAL|GET|SET)/ => 'noauth'],
    ['a number for an answer', qr/^EVAL/ => { reply => { int => 7 } }],
    ['nothing for an answer', qr/^EVAL/ => { reply => undef }],
    ['strange arrays', qr/^EVAL/ => { reply => [[], undef, { int => 1 }] }],
    ['3 MB', qr/^EVAL/ => 'big'],
    ['late', qr/^EVAL/ => { delay => 200 }],
    ['too late', qr/^EVAL/ => { delay => 600 }],
    ['byte by byte', qr/^EVAL/ => { slow => 20 }],
) {
    my ($name, @rule) = @$_;

    $world->fault($name, sub { $fake->rules([@rule]) }, sub { $fake->rules });
}

$world->healthy('answers');
$world->finish;

done_testing;
