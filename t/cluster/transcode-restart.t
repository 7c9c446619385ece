#!/usr/bin/perl
# time-out: 120

# live-transcode as a supervisor: ffmpeg is killed, cannot be run, or keeps
# failing; live-transcode itself is ended, killed, or loses its reader.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use LiveOrigin::Process qw(alive children);
use Test::More;
use Time::HiRes qw(sleep time);

my $tool = ($ENV{LO_BUILD} || 'build') . '/bin/live-transcode';
my $dir = $ENV{TMPDIR} || '/tmp';
my $event = "$dir/event.json";

spew($event, '{"id": "x", "segment_ms": 1000, "tracks": [{"id": "v", "type":
    "video", "width": 320, "height": 180, "fps": 25, "bitrate": 200000,
    "ffmpeg": ["-preset", "ultrafast"]}, {"id": "a", "type": "audio", "codec":
    "aac", "sample_rate": 48000}]}');


# a killed ffmpeg

my $pid = start('kill');
my ($first) = ffmpeg($pid, 0);

size_above("$dir/kill.nut", 40000);
kill KILL => $first;

my ($second) = ffmpeg($pid, $first);
my $had = -s "$dir/kill.nut";

size_above("$dir/kill.nut", $had + 40000);
kill TERM => $pid;
waitpid($pid, 0);

is $?, 0, 'SIGTERM: exits with 0';
ok !alive($second), 'SIGTERM: no ffmpeg is left';

my @log = slurp("$dir/kill.log");

like "@log", qr/ffmpeg\[$first\] was killed by signal 9/, 'the kill is logged';
is scalar(grep { /: from .* frame \d+: \S*ffmpeg .* -force_key_frames/ } @log),
    2, 'each command line is logged';

my (@frames, @keys, @sound);

for (probe("$dir/kill.nut", 'stream_index,pts_time,flags')) {
    my ($k, $at, $flags) = split /,/;

    push @sound, sprintf('%.0f', $at * 48000) if $k == 1;
    next if $k != 0;
    push @frames, sprintf('%.0f', $at * 25);
    push @keys, $frames[-1] if $flags =~ /K/;
}

my @gaps = grep { $frames[$_] != $frames[$_ - 1] + 1 } 1 .. $#frames;

is scalar @gaps, 1, 'one gap in the video';
is scalar(grep { $_ % 25 } @keys), 0,
    'key frames of both are on the whole seconds';
is $frames[$gaps[0]] % 25, 0, 'the second begins with a segment';
is scalar(grep { $sound[$_] <= $sound[$_ - 1] } 1 .. $#sound), 0,
    'audio goes forward';
is scalar(grep { $_ % 1024 } @sound), 0, 'audio of both is on one grid';

is run_status('ffmpeg', '-v', 'fatal', '-xerror', '-i', "$dir/kill.nut", '-f',
    'null', '-'), 0, 'what was written decodes';


# SIGKILL of live-transcode takes ffmpeg along

$pid = start('gone');
($first) = ffmpeg($pid, 0);
kill KILL => $pid;
waitpid($pid, 0);

my $until = time + 10;

sleep 0.05 while alive($first) && time < $until;

ok !alive($first), 'SIGKILL of live-transcode ends ffmpeg';


# the reader of its output goes away

open(my $reader, '-|', "exec $tool --event $event 2> $dir/pipe.log") or die;
read($reader, my $some, 10000);
close $reader;

is $? >> 8, 1, 'without a reader it gives up';
like join('', slurp("$dir/pipe.log")), qr/output "-": Broken pipe/,
    'and says so';


# an ffmpeg that cannot be run, and one that fails

is run_status("$tool --event $event --ffmpeg $dir/none > /dev/null "
    . "2> $dir/none.log") >> 8, 1, 'no ffmpeg: exits with 1';
like join('', slurp("$dir/none.log")),
    qr{cannot run "$dir/none": No such file}, 'no ffmpeg: says so';

spew("$dir/bad", "#!/bin/sh\necho broken >&2\nsleep 300 &\nexit 3\n");
chmod 0755, "$dir/bad";

$pid = start('bad', '--ffmpeg', "$dir/bad");
$until = time + 30;

sleep 0.1 while time < $until
    && 3 > grep { /exited with 3/ } slurp("$dir/bad.log");

kill TERM => $pid;
waitpid($pid, 0);

@log = slurp("$dir/bad.log");

is $?, 0, 'a failing ffmpeg: SIGTERM while it waits';
cmp_ok scalar(grep { /ffmpeg\[\d+\]: broken/ } @log), '>=', 3,
    'a failing ffmpeg: its words are passed on';
my @waits = map { /next start in ([\d.]+) s/ } @log;
cmp_ok scalar @waits, '>=', 1, 'a failing ffmpeg: backs off';
is scalar(grep { $waits[$_] < 2 * $waits[$_ - 1] - 0.011 } 1 .. $#waits), 0,
    'a failing ffmpeg: for twice as long each time';


# an event document that cannot be used

for (['{"id": "x"', 'truncated'],
     ['{"id": "x", "tracks": [{"id": "v", "type": "video", "width": 321}]}',
      'odd width'],
     ['{"id": "x", "tracks": [{"id": "a", "type": "audio"}]}', 'no video'],
     ['{"id": "x", "tracks": [{"id": "v", "type": "video", "codec": "vp8"}]}',
      'unknown codec'])
{
    spew("$dir/bad.json", $_->[0]);
    is run_status("$tool --event $dir/bad.json > /dev/null 2> $dir/bad.log")
        >> 8, 1, "event with $_->[1]: exits with 1";
    @log = slurp("$dir/bad.log");
    ok @log == 1 && $log[0] =~ /^live-transcode: event "/,
        "event with $_->[1]: one line";
}

done_testing;


sub start
{
    my ($name, @args) = @_;

    my $child = fork // die;

    if ($child == 0) {
        open(STDOUT, '>', "$dir/$name.nut") or die;
        open(STDERR, '>', "$dir/$name.log") or die;
        exec $tool, '--event', $event, @args;
    }

    return $child;
}


# the pid of its ffmpeg, when it is another than the last

sub ffmpeg
{
    my ($parent, $last) = @_;

    my $end = time + 20;

    while (time < $end) {
        my ($child) = grep { $_ != $last } children($parent);

        return $child if $child;

        sleep 0.05;
    }

    die "no ffmpeg came up\n";
}


sub size_above
{
    my ($file, $size) = @_;

    my $end = time + 30;

    while (time < $end) {
        return if -s $file && -s $file > $size;
        sleep 0.1;
    }

    die "$file does not grow\n";
}


sub probe
{
    my ($file, $entries) = @_;

    open(my $fh, '-|', 'ffprobe', '-v', 'quiet', '-show_entries',
         "packet=$entries", '-of', 'csv=p=0', $file) or die;
    chomp(my @lines = <$fh>);

    return @lines;
}


sub run_status
{
    return system(@_);
}


sub spew
{
    open(my $fh, '>', $_[0]) or die;
    print $fh $_[1];
    close $fh;
}


sub slurp
{
    open(my $fh, '<', $_[0]) or return;

    return <$fh>;
}
