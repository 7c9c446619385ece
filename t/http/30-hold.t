# Requests that wait for their segment.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time sleep);

use lib 't/lib';
use LiveOrigin::Http;
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $ng = LiveOrigin::Nginx->start(
    size => '128m', events => 4, workers => 2,
    live => 'live_origin_auto_event on; live_origin_hold 60s;',
    server => 'location /short/ { live_origin_serve main;'
              . ' live_origin_hold 300ms; }',
    files => {'events/ev.json' => '{"id": "ev", "segment_ms": 4000,'
        . ' "delay_ms": 300000, "dvr_s": 300}'});

my $v = LiveOrigin::Media->video(bytes => 20000, segment => [4, 1]);
my $n = $v->now_number;
my ($r, @c);


sub holds
{
    my ($text) = $ng->get('/metrics')->body
                 =~ /^live_origin_holds(?:\{[^}]*\})? (\d+)/m;

    return $text;
}

sub parked
{
    my ($count) = @_;

    return ok wait_for(sub { holds() == $count }, 20), "$count are held";
}


is $ng->put('/live/ev/a/v/init.mp4', $v->init)->status, 201, 'init';
is $ng->put("/live/ev/a/v/$n.m4s", $v->segment($n))->status, 201, 'a segment';

# one

my $c = $ng->client->start('GET', '/live/ev/v/' . ++$n . '.m4s');

parked(1);
ok !$c->ready, 'a request for the next number has no answer';

my $t = time;

is $ng->put("/live/ev/a/v/$n.m4s", $v->segment($n))->status, 201,
    'it is published';
$r = $c->finish;
is $r->status, 200, 'the answer';
ok $r->body eq $v->segment($n), '... its bytes';
ok time - $t < 20, '... long before its hold is over';
like $r->header('Live-Origin'), qr/^pipeline=a, held=\d+$/, '... says that it '
    . 'was held';
like $r->header('CMSD-Static'), qr/,ht=\d+$/, '... and so does CMSD';
ok wait_for(sub { $ng->access_log
                  =~ /$n\.m4s 200 .* reason=held pipeline=a held=\d/ }, 20),
    '... and the log';
parked(0);

# HEAD and a range

$n++;
@c = ($ng->client->start('HEAD', "/live/ev/v/$n.m4s"),
      $ng->client->start('GET', "/live/ev/v/$n.m4s",
                         headers => ['Range', 'bytes=100-199']));
parked(2);
$ng->put("/live/ev/a/v/$n.m4s", $v->segment($n));
$r = $c[0]->finish;
is $r->status . $r->header('Content-Length'), '200' . length($v->segment($n)),
    'HEAD';
$r = $c[1]->finish;
ok $r->status == 206 && $r->body eq substr($v->segment($n), 100, 100),
    'a range';

# the hold runs out

$n++;
$t = time;
$r = $ng->get("/short/ev/v/$n.m4s");
is $r->status . ' ' . $r->header('Cache-Control'), '404 max-age=1', 'too late';
ok time - $t > 0.25, '... was held';

# nginx's timers count whole milliseconds

ok wait_for(sub { $ng->access_log
                  =~ /$n\.m4s 404 .* reason=late .* held=(\d+)/
                  && $1 >= 299 }), '... by its reason';

# who goes away costs nothing

@c = map { $ng->client->start('GET', "/live/ev/v/$n.m4s") } 1 .. 20;
parked(20);
$_->close for @c[0 .. 9];
$_->reset for @c[10 .. 18];
parked(1);

# below the head: a gap that can still be filled

$ng->put('/live/ev/a/v/' . ($n + 1) . '.m4s', $v->segment($n + 1));
ok !$c[19]->ready, 'the number above does not wake it';
$ng->put("/live/ev/a/v/$n.m4s", $v->segment($n));
ok $c[19]->finish->body eq $v->segment($n), 'its own does';
$n += 2;

# a thousand on two workers, and again over a reload

for my $reload (0, 1) {
    @c = map { $ng->client(timeout => 60)
                  ->start('GET', "/live/ev/v/$n.m4s") } 1 .. 1000;
    parked(1000);

    if ($reload) {
        ok $ng->reload, 'reload';
        push @c, map { $ng->client->start('GET', "/live/ev/v/$n.m4s") } 1 .. 9;
        ok wait_for(sub { $ng->old_workers == 2 }), 'the old workers drain';
        parked(1009);
    }

    is $ng->put("/live/ev/a/v/$n.m4s", $v->segment($n))->status, 201,
        'published';

    my $want = $v->segment($n);
    my $good = grep { $_->status == 200 && $_->body eq $want }
               LiveOrigin::Http::collect(\@c, 30);

    is $good, scalar @c, 'all get the right bytes';
    $_->close for @c;
    $n++;
}

ok wait_for(sub { $ng->old_workers == 0 }), 'the old workers are gone';
parked(0);

# nothing is lost between the look and the parking

my $bad = 0;

$n = $v->now_number if $n < $v->now_number;
$ng->put("/live/ev/a/v/$n.m4s", $v->segment($n++));

for (1 .. 50) {
    my @two = map { $ng->client->start('GET', "/live/ev/v/$n.m4s") } 1, 2;

    $ng->put("/live/ev/a/v/$n.m4s", $v->segment($n));
    for (LiveOrigin::Http::collect(\@two, 20)) {
        next if $_->status == 200 && $_->took < 9;
        $bad++;
        diag($_->status, ' after ', $_->took, ' ', $_->error || '');
    }
    $n++;
}

is $bad, 0, 'readers that come at the same time as the segment';

# the end of the event ends the waiting

$c = $ng->client->start('GET', "/live/ev/v/$n.m4s");
parked(1);
is $ng->post('/api/events/ev/end')->status, 200, 'the event ends';
is $c->finish(20)->status, 410, '... and so does the hold';

$ng->stop;
done_testing;
