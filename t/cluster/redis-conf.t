#!/usr/bin/perl

# The files of conf-examples/ with a Redis, on two hosts each, as they stand but
# for their paths and addresses.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;

use LiveOrigin::Example;
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Port qw(free_port);
use LiveOrigin::Nodes;
use LiveOrigin::Redis;

my $v = LiveOrigin::Media->video;
my $n = $v->now_number - 1;
my @all;


sub two
{
    my ($name, $front, %here) = @_;

    my $conf = LiveOrigin::Example::conf($name, %here);
    my @ports = (free_port(), free_port());

    if ($front) {
        $conf =~ s/192\.0\.2\.$_:8080/127.0.0.1:$ports[$_ - 1]/g for 1, 2;
    }

    my @two = map {
        LiveOrigin::Nginx->start(conf => $conf, port => $_, expect => [
            qr/setrlimit\(RLIMIT_NOFILE/,
            qr/open socket .* left in connection/])
    } @ports;

    ok wait_for(sub { !grep { !LiveOrigin::Nodes::redis_up($_) } @two }, 20),
        "$name: both are connected";

    push @all, @two;

    return @two;
}


sub published_and_served
{
    my ($name, $one, $other) = @_;

    is $one->put('/publish/show/a/v/init.mp4', $v->init)->status, 201,
        "$name: an init begins an event";
    is $one->put("/publish/show/a/v/$n.m4s", $v->segment($n))->status, 201,
        "$name: a segment is published on one";

    # an event that is new there is known a moment later

    my $r;

    ok wait_for(sub {
        $r = $other->get("/live/show/v/$n.m4s");
        return $r->status == 200;
    }, 20), "$name: and served by the other";
    is $r->body, $v->segment($n), "$name: whole";
    is $r->header('ETag'), $one->get("/live/show/v/$n.m4s")->header('ETag'),
        "$name: with the same ETag";

    is $other->put('/publish/show/b/v/init.mp4', $v->init)->status, 200,
        "$name: the other pipeline on the other";
    is $other->put("/publish/show/b/v/@{[$n + 1]}.m4s",
                   $v->segment($n + 1))->status, 201, "$name: a segment of it";
    ok wait_for(sub {
        $one->get("/live/show/v/@{[$n + 1]}.m4s")->body
            eq $v->segment($n + 1)
    }, 20), "$name: served by the first";
}


my $redis = LiveOrigin::Redis->start;
my ($one, $other) = two('two-origins.conf', 1,
    '192.0.2.10:6379' => $redis->address,
    'listen 80;' => 'listen 127.0.0.1:%%PORT1%%;');

published_and_served('two-origins.conf', $one, $other);

my $front = LiveOrigin::Http->new(port => $one->port(1));

is $front->get("/live/show/v/$n.m4s")->body, $v->segment($n),
    'two-origins.conf: through the front';
is $front->get("/publish/show/a/v/init.mp4")->status, 404,
    'two-origins.conf: where nothing is published';

$other->stop('KILL');

is scalar(grep { $front->get("/live/show/v/$n.m4s")->body eq $v->segment($n) }
          1 .. 10), 10, 'two-origins.conf: also when one is gone';


my $sentinel = LiveOrigin::Redis->sentinel(service => 'live');
my ($s1, $s2, $s3) = map { $_->address } $sentinel->sentinels;

($one, $other) = two('redis-sentinel.conf', 0,
    '192.0.2.11:26379' => $s1, '192.0.2.12:26379' => $s2,
    '192.0.2.13:26379' => $s3);
published_and_served('redis-sentinel.conf', $one, $other);


my $cluster = LiveOrigin::Redis->cluster(primaries => 3);
my ($c1, $c2, $c3) = map { $_->address } $cluster->nodes;

($one, $other) = two('redis-cluster.conf', 0,
    '192.0.2.21:6379' => $c1, '192.0.2.22:6379' => $c2,
    '192.0.2.23:6379' => $c3);
published_and_served('redis-cluster.conf', $one, $other);

$_->stop for @all;
done_testing;
