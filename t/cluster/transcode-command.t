#!/usr/bin/perl

# The command that live-transcode makes of an event document, and its
# key-frame expression over years of running.

use strict;
use warnings;

use Math::BigInt;
use POSIX qw(fmod);
use Test::More;

my $tool = ($ENV{LO_BUILD} || 'build') . '/bin/live-transcode';
my $dir = $ENV{TMPDIR} || '/tmp';


# ffmpeg evaluates in doubles: the same here, against integers of any size

for ([[25, 1], [2, 1]], [[25, 1], [1920, 1000]], [[50, 1], [101, 100]],
     [[24000, 1001], [2, 1]], [[30000, 1001], [2, 1]],
     [[30000, 1001], [60060, 30000]], [[60000, 1001], [2, 1]],
     [[60000, 1001], [1920, 1000]])
{
    my ($fps, $d) = @$_;
    my $name = "$fps->[0]/$fps->[1] fps, $d->[0]/$d->[1] s";

    my ($line) = dry(qq({"id": "x", "segment": {"duration": $d->[0],
        "timescale": $d->[1]}, "tracks": [{"id": "v", "type": "video",
        "width": 64, "height": 36, "fps": "$fps->[0]/$fps->[1]"}]}));

    my ($first) = $line =~ /setpts=N\+(\d+)/;
    my ($m, $p, $a, $mod, $lim) = $line
        =~ /expr:lt\(mod\((\d+)\*\(n\+(\d+)\)\+(\d+),(\d+)\),(\d+)\)/;

    ok defined $lim, "$name: the expression" or next;

    my ($keys, @wrong) = (0);

    for my $from (0, 1e5, 1e7, 1e9, 2e10) {
        for my $n ($from .. $from + 3000) {
            my $key = fmod($m * ($n + $p) + $a, $mod) < $lim ? 1 : 0;

            $keys += $key;
            push @wrong, $n if $key != nearest($first + $n, $fps, $d);
        }
    }

    is "@wrong[0 .. ($#wrong > 3 ? 3 : $#wrong)]", '',
        "$name: right for ten years";
    cmp_ok $keys, '>', 0, "$name: there are key frames";
    ok nearest($first, $fps, $d), "$name: begins with one";
}


# a track's own options are its own, and come last

my ($line) = dry('{"id": "x", "tracks": [
    {"id": "hi", "type": "video", "width": 640, "height": 360,
     "codec": "hevc", "ffmpeg": ["-preset", "slow", "-x265-params", "aq-mode=1"]},
    {"id": "lo", "type": "video", "width": 320, "height": 180,
     "codec": "avc1.64001f", "bitrate": 250000, "ffmpeg": ["-b:v", "-1"]},
    {"id": "a", "type": "audio", "codec": "mp4a.40.2", "sample_rate": 44100},
    {"id": "o", "type": "audio", "codec": "opus", "channels": 1},
    {"id": "t", "type": "text"}]}');

like $line, qr/-c:0 libx265 -preset:0 ultrafast .*-preset:0 slow/,
    'x265, and its own preset after ours';
like $line, qr/-x265-params:0 \S*scenecut=0\S*:aq-mode=1 /,
    "a track's x265 parameters join ours";
unlike $line, qr/-x265-params .*-x265-params/, 'and are given once';
like $line, qr/-c:1 libx264 .*-b:1 250000 .*-b:1 -1 /,
    'x264, and -b:v is for this track alone';
like $line, qr/-c:2 aac .*-c:3 libopus/, 'AAC and Opus';
like $line, qr/scale=320:180/, 'the smaller is scaled';
like $line, qr/sample_rates=44100:channel_layouts=stereo\[t2\]/, 'AAC at 44.1';
like $line, qr/sample_rates=48000:channel_layouts=mono\[t3\]/, 'Opus, mono';
unlike $line, qr/\[t4\]/, 'text is nothing for ffmpeg';

($line) = dry('{"id": "x"}');
like $line, qr/s=1280x720:r=25\/1.* -c:0 libx264 .* -c:1 aac /,
    'an event without tracks gets defaults';

done_testing;


sub dry
{
    open(my $fh, '>', "$dir/event.json") or die;
    print $fh $_[0];
    close $fh;

    return `$tool --event $dir/event.json --dry-run`;
}


# frame i is at i den / num; is it nearest to a multiple of d (the later of
# two)?  In units of 1 / (2 num ts) s

sub nearest
{
    my ($i, $fps, $d) = @_;

    my $frame = 2 * $fps->[1] * $d->[1];
    my $segment = 2 * $d->[0] * $fps->[0];
    my $off = Math::BigInt->new(sprintf '%.0f', $i)->bmul($frame)
              ->bmod($segment)->numify;

    return $off <= $frame / 2 || $segment - $off < $frame / 2 ? 1 : 0;
}
