# Pushers that are not ours, without an event document: what they sent comes
# out, packet by packet.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

plan skip_all => 'ffmpeg is missing' if !grep { -x "$_/ffmpeg" }
                                        split /:/, $ENV{PATH};

my $ng = LiveOrigin::Nginx->start(size => '256m', events => 8);
my $dir = $ng->dir;
my $url = $ng->url . '/live';
my $ffmpeg = 'ffmpeg -nostdin -hide_banner -loglevel error';
my $src = "$dir/src.mp4";

system("$ffmpeg -f lavfi -i testsrc2=size=320x180:rate=25:duration=8.4 "
       . '-f lavfi -i sine=frequency=440:sample_rate=48000:duration=8.4 '
       . '-c:v libx264 -preset ultrafast -bf 0 -g 50 -keyint_min 50 '
       . '-sc_threshold 0 -pix_fmt yuv420p -c:a aac -b:a 64k '
       . "-shortest $src") == 0 or die;


# MD5 of each frame of a track, as it was encoded

sub frames
{
    my ($file, $map) = @_;

    return map { (split /,\s*/)[-1] }
           grep { !/^#/ } `$ffmpeg -i $file -map $map -c copy -f framemd5 -`;
}

my %frames = (v => [frames($src, '0:v')], a => [frames($src, '0:a')]);

my $in = "-re -i $src -c copy";
my $fmp4 = '-f mp4 -movflags empty_moov+default_base_moof';

my %push = (
    dash => "$in -map 0 -f dash -seg_duration 2 -method PUT "
            . "$url/dash/a/manifest.mpd",
    post => "$in -map 0 -f dash -seg_duration 2 -streaming 1 -ldash 1 "
            . "$url/post/a/manifest.mpd",
    hls => "$in -map 0:v -f hls -hls_time 2 -hls_segment_type fmp4 "
           . '-method PUT -hls_flags delete_segments -hls_list_size 2 '
           . '-hls_delete_threshold 1 -hls_fmp4_init_filename init.mp4 '
           . "-hls_segment_filename $url/hls/a/v/media%d.m4s "
           . "$url/hls/a/v/media.m3u8",
    stream => "$in -map 0:v $fmp4+frag_keyframe -method POST "
              . "'$url/stream/a/Streams(v.cmfv)' "
              . "-c copy -map 0:a $fmp4 -frag_duration 500000 -method POST "
              . "'$url/stream/a/Streams(a.cmfa)'"
);

my %tracks = (dash => {v => 'stream0', a => 'stream1'},
              post => {v => 'stream0', a => 'stream1'},
              hls => {v => 'v'}, stream => {v => 'v', a => 'a'});

my %pid;

for my $name (sort keys %push) {
    my $pid = fork;

    if (!$pid) {
        exec "exec $ffmpeg $push{$name} > $dir/$name.log 2>&1";
        exit 1;
    }

    $pid{$name} = $pid;
}

waitpid($_, 0) for values %pid;


for my $name (sort keys %push) {
    my $st = $ng->get("/api/events/$name/status")->json;

    is $st->{segment}{duration} / $st->{segment}{timescale}, 2,
       "$name: d is learned";
    ok !$st->{irregular}, '... and regular';
    is $st->{phase}, 'live', '... it is live';
    is $ng->get("/live/$name/manifest.mpd")->status, 200, '... the MPD';
    is $ng->get("/live/$name/master.m3u8")->status, 200, '... the playlist';

    for my $t (sort keys %{$tracks{$name}}) {
        my $id = $tracks{$name}{$t};
        my ($track) = grep { $_->{id} eq $id } @{$st->{tracks}};
        my $file = "$dir/$name-$t.mp4";
        my $all = $ng->get("/live/$name/$id/init.mp4")->body;

        for my $n ($st->{first} .. $st->{head}) {
            my $r = $ng->get("/live/$name/$id/$n.m4s");

            $all .= $r->body if $r->status == 200;
        }

        open my $f, '>', $file or die;
        print $f $all;
        close $f;

        # the last segment may be shorter than half of d, and then is no
        # number of its own

        my %got = map { $_ => 1 } frames($file, '0');
        my $want = $frames{$t};
        my $same = grep { $got{$_} } @$want;

        cmp_ok $same, '>=', $t eq 'v' ? 200 : @$want * 0.9,
            "... track $id: the frames of the source ($same of "
            . scalar(@$want) . ')';

        my $v = $track->{pipelines}[0]{verdicts};

        ok $v->{good} >= 4 && !$v->{discontinuous}, '... segments are good' or
            diag explain $st;
    }
}

# curl

my $m = LiveOrigin::Media->video(bytes => 3000000);
my $n = $m->now_number - 1;

for (['init.mp4', $m->init], ["$n.m4s", $m->segment($n)]) {
    open my $f, '>', "$dir/$_->[0]" or die;
    print $f $_->[1];
    close $f;

    is `curl -sS -o /dev/null -w '%{http_code}' -T $dir/$_->[0] $url/curl/a/v/`,
       201, "curl -T $_->[0]";
}

ok $ng->get("/live/curl/v/$n.m4s")->body eq $m->segment($n), '... its bytes';
is `curl -sS -o /dev/null -w '%{http_code}' -T - $url/curl/a/v/$n.m4s < $dir/$n.m4s`,
   200, 'curl -T - is chunked';

$ng->stop;
done_testing;
