# Manifest filters: which tracks are left, in both manifests, and every 400 that
# MediaPackage documents.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx;

my @video = ([v240 => 240, 300000], [v720 => 720, 3000000],
             [v1080 => 1080, 6000000]);
my @audio = ([en => 'en', 128000], [de => 'de', 64000]);
my $tracks = join ', ',
    (map { qq({"id": "$_->[0]", "type": "video", "bitrate": $_->[2]}) } @video),
    (map { qq({"id": "$_->[0]", "type": "audio", "lang": "$_->[1]",)
           . qq( "bitrate": $_->[2]}) } @audio);

my $ng = LiveOrigin::Nginx->start(
    live => 'live_origin_hold 0;',
    files => {'events/ev.json' => '{"id": "ev", "segment_ms": 2000,'
                  . ' "delay_ms": 1000, "dvr_s": 60, "pipelines": ["a"],'
                  . qq( "tracks": [$tracks]})});

my %media = (
    (map { ($_->[0] => LiveOrigin::Media->video(height => $_->[1],
                           width => $_->[1] * 16 / 9, bytes => 2000)) }
     @video),
    (map { ($_->[0] => LiveOrigin::Media->audio(bytes => 1000)) } @audio));
my $head = int(time / 2) - 2;

for my $t (sort keys %media) {
    is $ng->put("/live/ev/a/$t/init.mp4", $media{$t}->init)->status, 201, $t;
    is $ng->put("/live/ev/a/$t/$_.m4s", $media{$t}->segment($_))->status, 201,
        "$t: $_" for $head - 3 .. $head;
}


sub tracks
{
    my ($name, $query) = @_;

    my $r = $ng->get("/live/ev/$name" . (defined $query ? "?$query" : ''));
    my %of = $name =~ /mpd$/
        ? map { ($_ => 1) } $r->body =~ /<Representation[^>]* id="([^"]+)"/g
        : map { ($_ => 1) } $r->body =~ m{([^/"\s]+)/media\.m3u8}g;

    return (join(' ', sort keys %of), $r);
}

sub encode { return join '', map { /[\w.=-]/ ? $_ : sprintf '%%%02X', ord }
                              split //, $_[0] }


for (['video_height:240-720', 'de en v240 v720'],
     ['video_height:240,1080', 'de en v1080 v240'],
     ['VIDEO_HEIGHT:700-2000;Audio_Language:EN', 'en v1080 v720'],
     ['video_bitrate:0-3000000', 'de en v240 v720'],
     ['video_codec:H264', 'de en v1080 v240 v720'],
     ['video_codec:h265', 'de en'],
     ['video_framerate:24-26', 'de en v1080 v240 v720'],
     ['audio_language:fr,de', 'de v1080 v240 v720'],
     ['audio_language:dahlia', 'v1080 v240 v720'],
     ['audio_bitrate:100000-2147483647', 'en v1080 v240 v720'],
     ['audio_channels:6', 'v1080 v240 v720'],
     ['audio_codec:AACL', 'de en v1080 v240 v720'],
     ['audio_sample_rate:0-44100', 'v1080 v240 v720'],
     ['subtitle_language:en', 'de en v1080 v240 v720'],
     ['video_height:1080;audio_language:de', 'de v1080'])
{
    my ($filter, $left) = @$_;
    my ($query) = "aws.manifestfilter=$filter";

    for my $name ('manifest.mpd', 'master.m3u8') {
        my ($got, $r) = tracks($name, $query);

        is $r->status, 200, "$name?$query";
        is $got, $left, '... what is left';
        is +(tracks($name, 'aws.manifestfilter=' . encode($filter)))[0], $left,
            '... encoded';
    }
}

# what means the same is the same

my ($all, $r) = tracks('manifest.mpd');
my $etag = $r->header('ETag');

is $all, 'de en v1080 v240 v720', 'without a filter';
is +(tracks('manifest.mpd', 'aws.manifestfilter=video_bitrate:0-2147483647'))[1]
    ->header('ETag'), $etag, 'what all tracks satisfy is no filter';
is +(tracks('manifest.mpd', 'x=y'))[1]->header('ETag'), $etag,
    'an argument that is nobody\'s';

$etag = (tracks('manifest.mpd', 'aws.manifestfilter=video_height:240-720;'
                . 'audio_language:en,de'))[1]->header('ETag');

for ('audio_language:DE,EN;video_height:240-720', 'audio_language:deu,eng;'
     . 'video_height:500-720,240-499', 'video_height:240-720;audio_language='
     . 'de,%20en,de')
{
    is +(tracks('manifest.mpd', "aws.manifestfilter=$_"))[1]->header('ETag'),
        $etag, "the same bytes: $_";
}

# playlists below it have the class in their path, and segments have none

my ($media) = $ng->get('/live/ev/master.m3u8?aws.manifestfilter=video_height:720')
                 ->body =~ m{^(\S*v720/media\.m3u8)$}m;

$r = $ng->get("/live/ev/$media");
is $r->status, 200, 'a media playlist of the filter';

my ($segment) = $r->body =~ /^(\S+\.m4s)$/m;
my $path = "/live/ev/$media";

$path =~ s{[^/]*$}{$segment};
1 while $path =~ s{[^/]+/\.\./}{};

is $path, '/live/ev/v720/' . ($head - 3) . '.m4s',
    '... its segments are everybody\'s';
is $ng->get($path)->status, 200, '... and there';

# ---- 400

for (['', 'aws.manifestfilter is empty'],
     ['donut_type:rhododendron',
      'aws.manifestfilter: unknown parameter "donut_type"'],
     ['audio_sample_rate:0-48000;aws.manifestfilter=audio_sample_rate:0-48000',
      'aws.manifestfilter is given twice'],
     ['audio_sample_rate:0-48000&aws.manifestfilter=video_bitrate:0-1',
      'aws.manifestfilter is given twice'],
     ['audio_language:en;audio_language:de',
      'aws.manifestfilter: "audio_language" is given twice'],
     ['audio_sample_rate:300-0', 'aws.manifestfilter: "audio_sample_rate:300-0"'
                                 . ' ends below where it begins'],
     ['audio_sample_rate:0-2147483648', 'aws.manifestfilter:'
      . ' "audio_sample_rate:0-2147483648" is not within 0 to 2147483647'],
     ['audio_sample_rate:is:0-44100', 'aws.manifestfilter:'
      . ' "audio_sample_rate:is:0-44100" has two values that are not apart by a'
      . ' comma'],
     ['video_codec:%22%0d%0aX:y', 'aws.manifestfilter: "video_codec:???X:y"'
      . ' has two values that are not apart by a comma'],
     ['video_codec:vp9',
      'aws.manifestfilter: "video_codec:vp9" is none of av1, h264, h265'],
     ['audio_language:' . 'x' x 1010,
      'aws.manifestfilter has 1025 characters: at most 1024'])
{
    my ($filter, $says) = @$_;

    for my $name ('manifest.mpd', 'master.m3u8') {
        $r = $ng->get("/live/ev/$name?aws.manifestfilter=$filter");

        is $r->status, 400, "$name?" . substr($filter, 0, 60) . ': 400';
        is $r->body, "$says\n", '... says why';
        is $r->header('Cache-Control'), 'max-age=5', '... for a while';
        like $r->header('Content-Type'), qr{^text/plain}, '... text';
    }
}

# nothing is left

for my $name ('manifest.mpd', 'master.m3u8') {
    $r = $ng->get("/live/ev/$name?aws.manifestfilter=audio_sample_rate:0-1;"
                  . 'video_bitrate=0-1');
    is $r->status, 400, "$name: nothing is left: 400";
}

is $ng->get('/live/ev/v720/media.m3u8?aws.manifestfilter=video_codec:h264')
    ->status, 400, 'a filter on a media playlist';
is $ng->get("/live/ev/v720/$head.m4s?aws.manifestfilter=donut_type:x")->status,
    200, 'segments know no arguments';

done_testing;
