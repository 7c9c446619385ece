# Low-latency HLS: how long parts are is fixed when the event goes live, or with
# the first chunks after that: parts are immutable for caches.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx;

my @events = ('sound', 'whole');
my $ng = LiveOrigin::Nginx->start(
    size => '64m', events => 4, workers => 2,
    http => 'live_origin_early_bytes on; live_origin_hold 60s;',
    server => 'location /now/ { live_origin_serve main; live_origin_hold 0; }',
    files => { map { ("events/$_.json" => qq({"id": "$_", "segment_ms": 2000,)
                      . ' "dvr_s": 300, "delay_ms": 300000}') } @events });

my $sound = LiveOrigin::Media->audio(bytes => 9000);
my %video = (v => LiveOrigin::Media->video(fps => [24, 1], bytes => 20000),
             w => LiveOrigin::Media->video(fps => [24, 1], bytes => 20000,
                                         seed => 'w'));
my $n = $sound->now_number;


sub publish
{
    my ($event, $track, $media, $number, $chunks) = @_;

    $ng->put("/live/$event/a/$track/init.mp4", $media->init);

    is $ng->put("/live/$event/a/$track/$number.m4s",
                $media->segment($number, chunks => $chunks))->status, 201,
        "$event: $number of $track in $chunks";
}


# of every worker: the part, and the part target

sub part
{
    my ($event, $name) = @_;
    my %now;

    for (1 .. 8) {
        my $r = $ng->get("/now/$event/$name");

        $now{$r->status . ' ' . ($r->status == 200 ? $r->header('ETag')
                                                   : '')}++;
    }

    return join ', ', sort keys %now;
}


sub target
{
    my ($event, $track) = @_;
    my %now;

    for (1 .. 8) {
        my ($t) = $ng->get("/live/$event/$track/media.m3u8")->body
                      =~ /PART-TARGET=([\d.]+)$/m;

        $now{$t // 'none'}++;
    }

    return join ', ', sort keys %now;
}


# ---- sound comes first

publish('sound', 's', $sound, $n - $_, 8) for 3, 2, 1;
is part('sound', 's/' . ($n - 1) . '.1.m4s'), '404 ',
    'no parts before it is live';
is $ng->post('/api/events/sound/start')->status, 200, 'it goes live';

my $was = part('sound', 's/' . ($n - 1) . '.1.m4s');

like $was, qr/^200 "[^"]+"$/, 'a part of sound';

my $target = target('sound', 's');

like $target, qr/^0\.2\d+$/, '... and how long they are';
publish('sound', 'v', $video{v}, $n - $_, 2) for 3, 2, 1;
is target('sound', 'v'), '1.000000', 'video has longer ones';
is part('sound', 's/' . ($n - 1) . '.1.m4s'), $was,
    'the part of sound is as it was';
is target('sound', 's'), $target, '... and how long they are';


# ---- chunks come when it is live

publish('whole', 's', $sound, $n - 1, 1);
is $ng->post('/api/events/whole/start')->status, 200, 'without chunks';
is target('whole', 's'), 'none', '... no parts';
publish('whole', 'v', $video{v}, $n - 1, 4);
is target('whole', 'v'), '0.500000', 'those of the first track with chunks';
$was = part('whole', 'v/' . ($n - 1) . '.1.m4s');
like $was, qr/^200 "[^"]+"$/, '... a part';
publish('whole', 'w', $video{w}, $n - 1, 8);
is target('whole', 'w'), '0.500000', '... count for the next';
is part('whole', 'v/' . ($n - 1) . '.1.m4s'), $was, '... and stay';
is $ng->put('/api/events/whole', '{"id": "whole", "segment_ms": 2000,'
            . ' "dvr_s": 300, "delay_ms": 300000, "part_ms": 2000}')->status,
    200, 'a document with part_ms';
is target('whole', 'v'), '0.500000', '... does not change them';
is part('whole', 'v/' . ($n - 1) . '.1.m4s'), $was, '... nor the part';

$ng->stop;
done_testing;
