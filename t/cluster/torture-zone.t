#!/usr/bin/perl

# What a zone has to stand: two generations of nginx, two nginx on one zone,
# a stopped worker with pins while the ring wraps, a client that stops reading
# while its segment is evicted and its pages are written again.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Time::HiRes qw(sleep time);

use LiveOrigin::Http;
use LiveOrigin::Load;
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Process qw(alive);

my $livectl = LiveOrigin::Nginx::build() . '/bin/livectl';


sub zone_ok
{
    my ($ng, $name) = @_;

    my $out = `$livectl zone check --digests @{[$ng->zone]} 2>&1`;

    is $? >> 8, 0, "$name: livectl zone check" or diag $out;
}


# an event that is live now, its next segment held by n readers

sub prepare
{
    my ($ng, $event) = @_;

    my $v = LiveOrigin::Media->video;
    my $n = $v->now_number;

    is $ng->put("/live/$event/a/v/init.mp4", $v->init)->status, 201, 'init';
    is $ng->put("/live/$event/a/v/$_.m4s", $v->segment($_))->status, 201,
       "segment $_" for $n - 2 .. $n - 1;

    return ($v, $n);
}


sub hold
{
    my ($ng, $event, $n, $count) = @_;

    my @held = map { $ng->client } 1 .. $count;

    $_->start('GET', "/live/$event/v/$n.m4s") for @held;

    return @held;
}


# what is held is held until it is published, however long that takes here

my %patient = (
    live => 'live_origin_auto_event on; live_origin_hold 60s;',
    files => {'events/ev.json' => '{"id": "ev", "segment_ms": 2000, '
                                  . '"delay_ms": 300000}'}
);


sub holds
{
    my ($ng) = @_;

    my ($now) = $ng->get('/metrics')->body =~ /^live_origin_holds (\d+)/m;

    return $now || 0;
}


sub all_right
{
    my ($held, $body, $name) = @_;

    my @r = LiveOrigin::Http::collect($held, 15);
    my $right = grep { $_ && $_->status == 200 && $_->complete
                       && $_->body eq $body } @r;

    is $right, scalar @$held, $name;
}


subtest 'SIGUSR2 with holds in both generations' => sub {
    my $ng = LiveOrigin::Nginx->start(workers => 2, size => '32m',
                                      events => 2, %patient);
    my ($v, $n) = prepare($ng, 'ev');
    my @old = hold($ng, 'ev', $n, 50);

    ok wait_for(sub { holds($ng) >= 50 }, 20), '50 held';

    my $old = $ng->master;
    my $new = $ng->upgrade;

    ok $new && $new != $old, 'a new master';
    kill 'WINCH', $old;

    ok wait_for(sub { !$ng->workers($old) }, 20), 'old workers drain';

    my @new = hold($ng, 'ev', $n, 50);

    ok wait_for(sub { holds($ng) >= 100 }, 20),
       'holds in both generations';
    is $ng->put("/live/ev/a/v/$n.m4s", $v->segment($n))->status, 201,
       'published';
    all_right(\@old, $v->segment($n), 'holders of the old generation');
    all_right(\@new, $v->segment($n), 'holders of the new generation');

    kill 'QUIT', $old;
    ok wait_for(sub { !alive($old) }, 30), 'the old master ends';
    ok $ng->get("/live/ev/v/$n.m4s")->body eq $v->segment($n),
       'the new generation serves it';
    zone_ok($ng, 'after an upgrade');
};


subtest 'a second nginx on the zone' => sub {
    my $pub = LiveOrigin::Nginx->start(workers => 1, size => '32m',
                                       events => 2, %patient);
    my $srv = LiveOrigin::Nginx->start(workers => 2, size => '32m',
                                       events => 2, zone => $pub->zone,
                                       %patient);
    my ($v, $n) = prepare($pub, 'ev');
    my @held = hold($srv, 'ev', $n, 100);

    ok wait_for(sub { holds($srv) >= 100 }, 20), '100 held by the second';
    is $pub->put("/live/ev/a/v/$n.m4s", $v->segment($n))->status, 201,
       'published by the first';
    all_right(\@held, $v->segment($n), 'all of them have it');

    $pub->stop;
    ok $srv->get("/live/ev/v/$n.m4s")->body eq $v->segment($n),
       'the first is gone, what it published is served';
    zone_ok($srv, 'two nginx');
};


subtest 'a stopped worker with pins while the ring wraps' => sub {
    my $ng = LiveOrigin::Nginx->start(workers => 1, size => '24m',
                                      events => 1,
        files => {'events/ev.json' => '{"id": "ev", "lead_s": 86400}'},
        server => <<'C');
        sendfile off;
        output_buffers 1 4k;
C
    my $load = LiveOrigin::Load->new(port => $ng->port, bytes => 400000,
        first => LiveOrigin::Media->video->now_number - 20000);
    my $first = $load->{first};
    my $c = LiveOrigin::Http->new(port => $ng->port, rcvbuf => 4096);

    is $ng->put($load->path('a', 'v', 'init.mp4'),
                $load->media('a')->init)->status, 201, 'init';
    is $ng->put($load->path('a', 'v', "$first.m4s"),
                $load->segment('a', $first))->status, 201, 'a segment';

    # the reader has its response under way in a worker that is stopped

    my $pub = LiveOrigin::Nginx->start(workers => 1, size => '24m',
                                       events => 1, zone => $ng->zone);
    my ($stopped) = $ng->workers;

    $c->start('GET', $load->path('v', "$first.m4s"));
    $c->read_some(1000);
    kill 'STOP', $stopped;

    my $writer = LiveOrigin::Load->new(port => $pub->port, bytes => 400000,
                                       first => $first);

    $writer->publish('a', $first + 1, count => 200);
    ok wait_for(sub { $writer->acked('a') >= $first + 200 }, 60),
       'the ring wraps several times';
    is $writer->count('wrong'), 0, 'every PUT is taken';
    diag $_ for $writer->wrong;

    isnt $pub->get($load->path('v', "$first.m4s"))->status, 200,
         'the segment is evicted';

    kill 'CONT', $stopped;

    my $r = $c->finish(20);

    is $r->status, 200, 'its reader';
    ok $r->complete && $r->body eq $load->segment('a', $first),
       'has the bytes that were published, to the last';

    $writer->stop;
    $pub->stop;
    zone_ok($ng, 'after a stopped worker');
};


subtest 'a client that stops reading' => sub {
    my $ng = LiveOrigin::Nginx->start(workers => 2, size => '24m',
                                      events => 1,
        files => {'events/ev.json' => '{"id": "ev", "lead_s": 86400}'});
    my $load = LiveOrigin::Load->new(port => $ng->port, bytes => 3000000,
        first => LiveOrigin::Media->video->now_number - 20000);
    my $first = $load->{first};
    my $slow = LiveOrigin::Http->new(port => $ng->port, rcvbuf => 4096);
    my $gone = LiveOrigin::Http->new(port => $ng->port, rcvbuf => 4096);

    is $ng->put($load->path('a', 'v', 'init.mp4'),
                $load->media('a')->init)->status, 201, 'init';
    is $ng->put($load->path('a', 'v', "$first.m4s"),
                $load->segment('a', $first))->status, 201, 'a segment';

    for my $c ($slow, $gone) {
        $c->start('GET', $load->path('v', "$first.m4s"));
        $c->read_some(1000);
    }

    $load->publish('a', $first + 1, count => 40);
    ok wait_for(sub { $load->acked('a') >= $first + 40 }, 60),
       'its pages are written again and again';
    is $load->count('wrong'), 0, 'every PUT is taken';
    diag $_ for $load->wrong;
    isnt $ng->get($load->path('v', "$first.m4s"))->status, 200,
         'the segment is evicted';

    $gone->reset;

    my $r = $slow->finish(30);

    ok $r->complete && $r->body eq $load->segment('a', $first),
       'the slow client has the bytes that were published, to the last';

    $load->stop;
    zone_ok($ng, 'after slow clients');
};

done_testing;
