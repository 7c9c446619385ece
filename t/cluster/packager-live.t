#!/usr/bin/perl

# One live encode over UDP, two packagers started one after the other, each
# publishing to the origin and to a server that records: same numbers, same
# times, same bytes, and the origin serves them without a hole.
#
# time-out: 180

use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use lib "$FindBin::Bin/../lib";
use LiveOrigin::Encode qw(frames tfdt);
use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Port qw(free_port);
use LiveOrigin::PutServer;

my $build = $ENV{LO_BUILD} || "$FindBin::Bin/../../build";
my $dir = tempdir(CLEANUP => 1);
my $nginx = LiveOrigin::Nginx->start(workers => 2, size => '256m',
                                     events => 2);
my $record = LiveOrigin::PutServer->new(strict => 1);
my @ports = map { free_port() } 1 .. 2;


sub spawn
{
    my ($name, @cmd) = @_;

    my $pid = fork;

    return $pid if $pid;

    open(STDIN, '<', '/dev/null');
    open(STDOUT, '>', "$dir/$name.out");
    open(STDERR, '>', "$dir/$name.log");
    exec(@cmd) or POSIX::_exit(127);
}


sub text
{
    my ($name) = @_;

    open(my $fh, '<:raw', "$dir/$name") or return '';
    local $/;

    return scalar(<$fh>) // '';
}


sub packager
{
    my ($pipeline, $port) = @_;

    return spawn($pipeline, "$build/bin/live-packager", '--event-id', 'live',
        '--pipeline', $pipeline, '--origin', $nginx->url . '/live',
        '--origin', $record->url . '/pub', '--clock', 'utc', '--input',
        "udp://127.0.0.1:$port?fifo_size=100000&timeout=30000000"
        . '&buffer_size=2000000',
        '--input-format', 'mpegts', '--segment', '1s');
}


my $start = time;
my $frame = int($start * 25) + 1;
my $sample = int($start * 48000 / 1024) * 1024;
my $targets = join '|', map { "[f=mpegts:mpegts_copyts=1:avoid_negative_ts=0]"
                              . "udp://127.0.0.1:$_?pkt_size=1316" } @ports;

my $one = packager('a', $ports[0]);
my $ffmpeg = spawn('ffmpeg', 'ffmpeg', '-hide_banner', '-loglevel', 'error',
    '-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25', '-re', '-f',
    'lavfi', '-i', 'sine=frequency=440:sample_rate=48000', '-filter_complex',
    "[0:v]settb=1/25,setpts=N+$frame\[v];"
    . "[1:a]asetnsamples=1024,asetpts=N+$sample\[a]",
    '-map', '[v]', '-map', '[a]', '-c:v', 'libx264', '-preset', 'ultrafast',
    '-bf', 2, '-g', 1000, '-force_key_frames',
    'expr:eq(mod(n+' . $frame % 25 . ',25),0)', '-c:a', 'aac', '-copyts',
    '-f', 'tee', $targets);

# until a pipeline has sent so many segments of both tracks

sub wait_sent
{
    my ($pipeline, $count) = @_;

    ok(wait_for(sub {
        !grep { $count > (() = $record->kept("/$pipeline/$_/\\d")) }
              'v0', 'a0';
    }, 60), "pipeline $pipeline: $count segments");
}

wait_sent('a', 5);
my $two = packager('b', $ports[1]);
wait_sent('b', 7);

kill 'TERM', $one, $two;

for my $pid ($one, $two) {
    waitpid($pid, 0);
    is($?, 0, 'SIGTERM: exit 0');
}

kill 'TERM', $ffmpeg;
waitpid($ffmpeg, 0);
diag(text('ffmpeg.log')) if -s "$dir/ffmpeg.log";

unlike(text("$_.log"), qr/ (?:error): /, "pipeline $_: no error")
    or diag(text("$_.log")) for 'a', 'b';

for my $track ('v0', 'a0') {
    my %a = map { m{/(\d+)\.m4s$} ? ($1, $_) : () }
            $record->kept("/a/$track/\\d");
    my %b = map { m{/(\d+)\.m4s$} ? ($1, $_) : () }
            $record->kept("/b/$track/\\d");
    my @a = sort { $a <=> $b } keys %a;
    my @both = grep { $b{$_} } @a;
    my @differ = grep { $record->body($a{$_}) ne $record->body($b{$_}) } @both;

    cmp_ok(scalar @both, '>=', 6, "$track: both have segments");
    cmp_ok(scalar @a, '>=', @both + 4, "$track: the first began earlier");
    is("@differ", '', "$track: the same bytes");
    is($a[-1] - $a[0], $#a, "$track: no hole");

    # the last may have gone out as we stopped

    my @served = grep {
        my $r = $nginx->get("/live/live/$track/$_.m4s");

        $r->status == 200 && $r->body eq $record->body($a{$_});
    } @a;

    is(scalar @served, scalar @a, "$track: the origin serves what was sent");

    my $file = "$dir/$track.mp4";

    open(my $fh, '>:raw', $file) or die;
    print $fh $record->body("/pub/live/a/$track/init.mp4"),
              map { $record->body($_ % 2 && $b{$_} || $a{$_}) } @a;
    close($fh);

    my ($status, $text) = frames('-i', $file);

    is(join("\n", grep { !/^(#|\d+,)/ } split /\n/, $text), '',
       "$track: any mixture decodes without a warning");

    next if $track ne 'v0';

    is(scalar(grep { /^\d/ } split /\n/, $text), 25 * @a,
       'every frame is there');
    is(scalar(grep { (tfdt($record->body($a{$_})))[0] != $_ * 90000 } @a), 0,
       'and where it belongs');
}

$nginx->stop;
done_testing();
