#!/usr/bin/perl
# time-out: 120

# Real inputs of live-transcode: a looped file, and a live feed that two
# instances receive.  Each frame's grey tells which frame of the source it is.

use strict;
use warnings;

use FindBin;
use Test::More;
use Time::HiRes qw(sleep time);

use lib "$FindBin::Bin/../lib";
use LiveOrigin::Port qw(free_port);

my $tool = ($ENV{LO_BUILD} || 'build') . '/bin/live-transcode';
my $dir = $ENV{TMPDIR} || '/tmp';
my $grey = "nullsrc=s=64x64:r=30000/1001,format=gray,"
           . "geq=lum='16+4*mod(N,50)',format=yuv420p";
my $event = "$dir/event.json";

open(my $fh, '>', $event) or die;
print $fh '{"id": "x", "segment": {"duration": 30030, "timescale": 30000},
    "tracks": [{"id": "v", "type": "video", "width": 64, "height": 64,
    "fps": "30000/1001", "bitrate": 100000, "ffmpeg": ["-preset", "ultrafast"]},
    {"id": "a", "type": "audio", "codec": "aac", "sample_rate": 48000}]}';
close $fh;


# a file of 97 frames with B-frames, whose audio is a little longer

is system("ffmpeg -v error -y -f lavfi -i \"$grey\" -f lavfi "
    . "-i sine=440:r=44100 -filter_complex '[0:v]trim=end_frame=97[v]' "
    . "-map '[v]' -map 1:a -t 3.3 -c:v libx264 -bf 2 -g 40 -crf 10 "
    . "-c:a aac $dir/loop.mp4"), 0, 'a file';

my $one = start('file-a', '--input', "$dir/loop.mp4");
sleep 1.7;
my $two = start('file-b', '--input', "$dir/loop.mp4");
sleep 6;
enough('file', 2 * 99 + 1);
stop($one, $two);

my ($length) = slurp("$dir/file-a.log") =~ /loop \d+ of (\d+) frames/;

ok $length && $length >= 97 && $length <= 99, 'the length of the loop';

my %seen;

for my $name ('file-a', 'file-b') {
    my $frames = frames($name);
    my $wrong = 0;

    for my $i (keys %$frames) {
        my $at = $i % $length;

        # a file's last frame stays until its audio has ended
        $at = 96 if $at > 96;
        $wrong++ if $frames->{$i} != $at % 50;
    }

    cmp_ok scalar keys %$frames, '>', 2 * $length, "$name: loops";
    is $wrong, 0, "$name: the loop lies on the clock";
    quiet($name);
}


# a live feed: the second is told the first's anchor

my ($p1, $p2) = (free_port(), free_port());

my $feed = fork // die;

if ($feed == 0) {
    open(STDERR, '>', "$dir/feed.log");
    exec 'ffmpeg', '-v', 'error', '-re', '-f', 'lavfi', '-i', $grey, '-re',
        '-f', 'lavfi', '-i', 'sine=440:r=48000', '-map', '0:v', '-map', '1:a',
        '-c:v', 'libx264', '-preset', 'veryfast', '-g', '30', '-crf', '10',
        '-c:a', 'aac', '-f', 'tee', join('|', map {
            "[f=mpegts]udp://127.0.0.1:$_?pkt_size=1316" } $p1, $p2);
}

$one = start('live-a', '--input', "udp://127.0.0.1:$p1");

my ($anchor, $until) = ('', time + 30);

while (!$anchor && time < $until) {
    sleep 0.1;
    ($anchor) = slurp("$dir/live-a.log") =~ /time 0 is at ([\d.]+) UTC/;
}

ok $anchor, 'the anchor is logged' or $anchor = 0;

$two = start('live-b', '--input', "udp://127.0.0.1:$p2", '--anchor', $anchor);
sleep 8;
enough('live', 90);
stop($one, $two);
kill TERM => $feed;
waitpid($feed, 0);

my ($fa, $fb) = (frames('live-a'), frames('live-b'));
my @both = grep { exists $fb->{$_} } sort { $a <=> $b } keys %$fa;

cmp_ok scalar @both, '>', 60, 'live: frames in both';
is join(' ', map { "$_: $fa->{$_} $fb->{$_}" }
             grep { $fa->{$_} != $fb->{$_} } @both), '',
    'live: the same frames at the same time';
is scalar(grep { ($fa->{$both[$_]} - $fa->{$both[$_ - 1]}) % 50 != 1 }
          1 .. $#both), 0, 'live: none is lost or shown twice';
quiet($_) for 'live-a', 'live-b';


# nothing there

my $none = start('none', '--input', "$dir/none.mp4");
$until = time + 20;
sleep 0.1 while time < $until && slurp("$dir/none.log") !~ /next start/;
stop($none);
like slurp("$dir/none.log"), qr/input ".*none.mp4": No such file/,
    'a file that is not there';

done_testing;


sub start
{
    my ($name, @args) = @_;

    my $pid = fork // die;

    if ($pid == 0) {
        open(STDOUT, '>', "$dir/$name.nut") or die;
        open(STDERR, '>', "$dir/$name.log") or die;
        exec $tool, '--event', $event, @args;
    }

    return $pid;
}


# until both have so many frames, however busy the machine is

sub enough
{
    my ($name, $count) = @_;

    for (1 .. 60) {
        last if 2 == grep { $count < lines('ffprobe', '-v', 'quiet',
            '-select_streams', 'v', '-show_entries', 'packet=pts',
            '-of', 'csv=p=0', "$dir/$name-$_.nut") } 'a', 'b';
        sleep 0.5;
    }
}


sub stop
{
    for my $pid (@_) {
        kill TERM => $pid;
        waitpid($pid, 0);
        is $?, 0, 'SIGTERM: exits with 0';
    }
}


# frame index => what its grey says; and the grid is checked on the way

sub frames
{
    my ($name) = @_;

    my (@index, @keys, @sound, %frames);
    my @tb = map { [split m{/}] } lines('ffprobe', '-v', 'quiet',
        '-show_entries', 'stream=time_base', '-of', 'csv=p=0',
        "$dir/$name.nut");

    for (lines('ffprobe', '-v', 'quiet', '-show_entries',
               'packet=stream_index,pts,flags', '-of', 'csv=p=0',
               "$dir/$name.nut"))
    {
        use integer;

        my ($k, $pts, $flags) = split /,/;

        if ($k == 1) {
            push @sound, $pts;
            next;
        }

        my $ticks = $tb[0][1] * 1001 / (30000 * $tb[0][0]);

        push @index, $pts % $ticks ? -1 : $pts / $ticks;
        push @keys, $index[-1] if $flags =~ /K/;
    }

    is scalar(grep { $index[$_] != $index[$_ - 1] + 1 } 1 .. $#index), 0,
        "$name: frames follow each other on the grid";
    is scalar(grep { $_ % 30 } @keys), 0, "$name: key frames";
    is scalar(grep { $_ % 1024 } @sound), 0, "$name: audio is on the grid";
    is scalar(grep { $sound[$_] != $sound[$_ - 1] + 1024 } 1 .. $#sound), 0,
        "$name: audio has no hole";

    open(my $pipe, '-|', 'ffmpeg', '-v', 'fatal', '-i', "$dir/$name.nut",
         '-map', '0:v', '-fps_mode', 'passthrough', '-f', 'rawvideo',
         '-pix_fmt', 'gray', '-') or die;
    binmode $pipe;

    for my $i (@index) {
        read($pipe, my $frame, 64 * 64) == 64 * 64 or last;

        # limited range, as it was made
        my $level = ord(substr($frame, 32 * 64 + 32, 1));

        $frames{$i} = int(($level - 16) / 4 + 0.5);
    }

    close $pipe;

    return \%frames;
}


sub quiet
{
    my ($name) = @_;

    my @said = grep { /\[(warning|error|fatal)\]/ }
               split /\n/, slurp("$dir/$name.log");

    is "@said", '', "$name: ffmpeg has nothing to complain of";
}


sub lines
{
    open(my $pipe, '-|', @_) or die;
    chomp(my @lines = <$pipe>);

    return @lines;
}


sub slurp
{
    open(my $file, '<', $_[0]) or return '';
    local $/;

    return scalar <$file>;
}
