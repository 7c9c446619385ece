# A push that goes on while its event is deleted: another event takes the
# event's row in the zone, and must get nothing of it.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $ng = LiveOrigin::Nginx->start(size => '64m', events => 1, workers => 1,
    live => 'live_origin_hold 0; live_origin_auto_event on;');

my $v = LiveOrigin::Media->video;
my $n = $v->now_number - 20;

sub received
{
    my ($bytes) = $ng->get('/metrics')->body
                  =~ /^live_origin_received_bytes_total (\d+)/m;

    return $bytes;
}

my $doc = sub { '{"id": "' . $_[0] . '", "segment_ms": 2000, "delay_ms": 60000}' };

is $ng->put('/api/events/old', $doc->('old'))->status, 201, 'an event';
is $ng->put('/live/old/a/v/init.mp4', $v->init)->status, 201, 'its init';

my $stream = $ng->client;

$stream->begin('POST', '/live/old/a/Streams(v.cmfv)');
$stream->piece($v->init . $v->segment($n));
ok wait_for(sub { $ng->get("/live/old/v/$n.m4s")->status == 200 }, 20),
    'a stream of it';

my $put = $ng->client;
my $s = $v->segment($n + 1);
my $before = received();

$put->begin('PUT', "/live/old/a/v/1.m4s", length => length $s);
$put->piece(substr($s, 0, 5000));
ok wait_for(sub { received() >= $before + 5000 }, 20), 'half a segment';

is $ng->delete('/api/events/old')->status, 200, 'it is deleted';
is $ng->put('/api/events/new', $doc->('new'))->status, 201, 'another';
is $ng->put('/live/new/a/v/init.mp4', $v->init)->status, 201, 'its init';
is $ng->put('/live/new/a/v/1.m4s', $v->segment($n))->status, 201,
    'its segment';

$put->piece(substr($s, 5000));
is $put->end->status, 404, 'half a segment of the old one ends as unknown';

$stream->piece($v->segment($n + 2));
$stream->piece($v->segment($n + 3));
is $stream->end->status, 404, 'and so does the stream';

is $ng->get("/live/new/v/$_.m4s")->status, 404, 'nothing of it shows'
    for $n + 1 .. $n + 3;

# a name that is none is not remembered

is $ng->get('/live/new/v/time')->status, 404, 'time of a track';

done_testing;
