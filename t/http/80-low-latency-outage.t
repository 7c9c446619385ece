# Low-latency HLS when nothing comes: playlists go on by the clock, with GAPs,
# and the part that they hint at is waited for.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $ng = LiveOrigin::Nginx->start(
    size => '64m', events => 4, workers => 2,
    http => 'live_origin_early_bytes on; live_origin_hold 60s;',
    files => {'events/ev.json' => '{"id": "ev", "segment_ms": 10000,'
        . ' "dvr_s": 600, "delay_ms": 0,'
        . ' "tracks": [{"id": "v", "type": "video"}]}'});

my $v = LiveOrigin::Media->video(fps => [24, 1], bytes => 60000,
                                 segment => [10, 1]);
my $n = $v->now_number - 8;


sub chunks
{
    my ($number) = @_;
    my ($styp, $first, @rest) = $v->segment($number, chunks => 10, parts => 1);

    return ($styp . $first, @rest);
}


sub publish
{
    my ($number) = @_;

    is $ng->put("/live/ev/a/v/$number.m4s", join '', chunks($number))->status,
        201, "number $number";
}


sub parked
{
    my ($count) = @_;

    return ok wait_for(sub {
        $ng->get('/metrics')->body =~ /^live_origin_holds $count$/m }, 20),
        "$count are held";
}


$ng->put('/live/ev/a/v/init.mp4', $v->init);
publish($n - $_) for 2, 1, 0;

# listed once: a number that is a GAP in a list stays one

my $list = $ng->get('/live/ev/v/media.m3u8')->body;
my ($hint) = $list =~ /^#EXT-X-PRELOAD-HINT:.*URI="(\d+)\.0\.m4s"/m;

cmp_ok $hint, '>', $n + 2, 'the list has gone on';
like $list, qr/^#EXT-X-GAP\n(?:#[^\n]*\n)*@{[$hint - 1]}\.m4s$/m,
    '... with GAPs';

my @held = map { $ng->client->start('GET', "/live/ev/v/$_.0.m4s") }
           $hint, $hint + 1;

parked(2);

my $r = $ng->get('/live/ev/v/' . ($hint + 5) . '.0.m4s');

is $r->status, 404, 'what is further ahead is not waited for';
like $ng->access_log, qr/ 404 \d+ reason=early /, '... it is early';
is $ng->get('/live/ev/v/' . ($hint - 1) . '.0.m4s')->status, 410,
    'a GAP has no parts';

# the encoder is back

my $p = $ng->client->begin('PUT', "/live/ev/a/v/$hint.m4s");
my @chunks = chunks($hint);

$p->piece(join '', @chunks);
is $p->end->status, 201, 'it comes after all';
$r = $held[0]->finish;
is $r->status, 200, 'who follows the hint';
is $r->header('Content-Length'), length $chunks[0], '... gets the part';
parked(1);
publish($hint + 1);
is $held[1]->finish->status, 200, '... and the next';

$ng->stop;
done_testing;
