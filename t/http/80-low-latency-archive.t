# Parts of segments that are on a disk only: cut out of the whole.

use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $disk = tempdir('lo-parts-XXXXXX', TMPDIR => 1, CLEANUP => 1);

chmod 0777, $disk;

my $ng = LiveOrigin::Nginx->start(
    size => '32m', events => 2, workers => 2,
    http => "live_origin_archive $disk; live_origin_early_bytes on;",
    files => {'events/ev.json' => '{"id": "ev", "segment_ms": 4000,'
        . ' "delay_ms": 300000, "dvr_s": 600,'
        . ' "tracks": [{"id": "v", "type": "video"}]}'});

my $v = LiveOrigin::Media->video(fps => [24, 1], segment => [4, 1]);
my $n = $v->now_number;
my $r;


sub chunks
{
    my ($number) = @_;
    my ($styp, $first, @rest) = $v->segment($number, chunks => 4, parts => 1);

    return ($styp . $first, @rest);
}


is $ng->put('/live/ev/a/v/init.mp4', $v->init)->status, 201, 'init';

for (1 .. 4) {
    is $ng->put("/live/ev/a/v/$n.m4s", join '', chunks($n))->status, 201,
        "segment $n";
    $n++;
}

is $ng->get('/live/ev/v/media.m3u8')->status, 200, 'it is live';

my $etag = $ng->get('/live/ev/v/' . ($n - 2) . '.1.m4s')->header('ETag');

ok wait_for(sub {
    my $a = $ng->get('/api/status')->json->{archive};

    return $a->{pending} == 0 && $a->{segments_written} >= 4;
}, 20), 'all is on the disk';

unlink $ng->zone;
$ng->restart;

ok wait_for(sub { $ng->get('/live/ev/v/' . ($n - 2) . '.m4s')->status
                  == 200 }, 20), 'the zone is lost, the segment is there';

for my $k (0 .. 3) {
    $r = $ng->get('/live/ev/v/' . ($n - 2) . ".$k.m4s");
    ok $r->status == 200 && $r->body eq (chunks($n - 2))[$k], "part $k";
    like $r->header('Cache-Control'), qr/immutable/, '... for ever';
}

$r = $ng->head('/live/ev/v/' . ($n - 2) . '.1.m4s');
is $r->header('ETag'), $etag, 'the ETag that it had';
is $r->header('Content-Length'), length((chunks($n - 2))[1]), '... HEAD';
$r = $ng->get('/live/ev/v/' . ($n - 2) . '.1.m4s',
              headers => ['Range', 'bytes=5-14']);
ok $r->status == 206 && $r->body eq substr((chunks($n - 2))[1], 5, 10),
    '... a range';
is $ng->get('/live/ev/v/' . ($n - 2) . '.4.m4s')->status, 404, 'no fifth';

# and on: what comes now is in the zone

is $ng->put("/live/ev/a/v/$n.m4s", join '', chunks($n))->status, 201,
    'the next';
like $ng->get('/live/ev/v/media.m3u8')->body, qr/URI="$n\.3\.m4s"/,
    '... has parts in the list';

$ng->stop;
done_testing;
