# An upload that is refused half-way: its pages are another's by the time the
# rest of its body comes.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx;

my $ng = LiveOrigin::Nginx->start(size => '8m', events => 1, workers => 1,
    live => 'live_origin_hold 0; live_origin_auto_event on;');

my $v = LiveOrigin::Media->video;
my $m = $v->now_number - 100;

is $ng->put('/live/ev/a/v/init.mp4', $v->init)->status, 201, 'an init';

my $c = $ng->client;
my $s = $v->segment($m, sizes => [(1) x 49, 90000]);

$c->begin('PUT', "/live/ev/a/v/$m.m4s", length => 300000);
$c->piece(substr($s, 0, 9000));
select undef, undef, undef, 0.1;
$c->piece(substr($s, 9000) . "\0\0\0\4junk");
select undef, undef, undef, 0.2;

# once round the zone: the oldest go

my (%want, $bad);

for my $n ($m .. $m + 89) {
    $want{$n} = $v->segment($n, seed => $n, sizes => [(1) x 49, 90000]);
    $bad++ if $ng->put("/live/ev/a/v/$n.m4s", $want{$n})->status != 201;
}

is $bad, undef, 'segments meanwhile';

$c->piece('Z' x (300000 - length($s) - 8));
is $c->end->status, 400, 'refused';

my ($there, $wrong) = (0, 0);

for my $n (sort keys %want) {
    my $r = $ng->get("/live/ev/v/$n.m4s");

    next if $r->status != 200;

    $there++;
    $wrong++ if $r->body ne $want{$n};
}

cmp_ok $there, '>', 20, 'segments that are still there';
is $wrong, 0, '... are what was published';
is $c->get('/live/ev/v/init.mp4')->status, 200, 'the connection goes on';

done_testing;
