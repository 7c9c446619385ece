#!/usr/bin/perl
# time-out: 150

# live-transcode from the camera: frame times, key frames, audio packet times,
# the counter in the picture and the beep in the sound, of two instances
# started at different moments.

use strict;
use warnings;

use List::Util qw(max);
use Test::More;
use Time::HiRes qw(sleep time);

my $tool = ($ENV{LO_BUILD} || 'build') . '/bin/live-transcode';
my $dir = $ENV{TMPDIR} || '/tmp';

# fps, sample rate, segment duration
my @cases = (
    [[25, 1], 48000, [2, 1]],
    [[24000, 1001], 44100, [2, 1]],
    [[30000, 1001], 48000, [60060, 30000]],
    [[60000, 1001], 44100, [2, 1]],
);

while (my @pair = splice(@cases, 0, 2)) {
    my @runs = map { begin($_) } @pair;

    sleep 1.3;

    $_->{b} = spawn($_, 'b') for @runs;

    sleep 6;

    for (1 .. 30) {
        last if !grep { !enough($_) } @runs;
        sleep 1;
    }

    finish($_) for @runs;
    check($_) for @runs;
}

done_testing;


sub begin
{
    my ($case) = @_;

    my ($fps, $rate, $d) = @$case;
    my $name = "$fps->[0]-$fps->[1]-$rate";
    my $run = {fps => $fps, rate => $rate, d => $d,
               name => "$fps->[0]/$fps->[1] fps, $rate Hz",
               file => "$dir/$name"};

    open(my $fh, '>', "$run->{file}.json") or die;
    print $fh qq({"id": "x", "segment": {"duration": $d->[0], "timescale":
        $d->[1]}, "tracks": [{"id": "v", "type": "video", "width": 320,
        "height": 180, "fps": "$fps->[0]/$fps->[1]", "bitrate": 200000,
        "ffmpeg": ["-preset", "ultrafast"]},
        {"id": "a", "type": "audio", "codec": "aac", "sample_rate": $rate,
        "bitrate": 96000}]});
    close $fh;

    $run->{a} = spawn($run, 'a');

    return $run;
}


sub spawn
{
    my ($run, $which) = @_;

    my $pid = fork // die;

    if ($pid == 0) {
        open(STDOUT, '>', "$run->{file}.$which.nut") or die;
        open(STDERR, '>', "$run->{file}.$which.log") or die;
        exec $tool, '--event', "$run->{file}.json";
    }

    return $pid;
}


# what check() needs is in both, however busy the machine is

sub enough
{
    my ($run) = @_;

    my @in = map { [packets("$run->{file}.$_.nut")] } 'a', 'b';

    return 3.5 * $run->{fps}[0] / $run->{fps}[1] < both(0, @in)
           && 120 < both(1, @in);
}


sub both
{
    my ($track, @in) = @_;

    my ($a, $b) = map { {map { $_->{pts} => 1 } @{$_->[$track]}} } @in;

    return scalar grep { $b->{$_} } keys %$a;
}


sub finish
{
    my ($run) = @_;

    for my $which ('a', 'b') {
        kill TERM => $run->{$which};
        waitpid($run->{$which}, 0);
        is $?, 0, "$run->{name}, $which: SIGTERM ends it";
    }
}


sub check
{
    my ($run) = @_;

    my %tracks;

    for my $which ('a', 'b') {
        my $name = "$run->{name}, $which";
        my $file = "$run->{file}.$which.nut";
        my ($v, $a) = packets($file);

        cmp_ok scalar @$v, '>', 3 * $run->{fps}[0] / $run->{fps}[1],
            "$name: video";
        video($run, $v, $name);
        audio($run, $a, $name);
        counters($run, $file, $v, $name);
        beep($run, $file, $name);

        my @warned = grep { /\[(warning|error|fatal)\]/ }
            lines("$run->{file}.$which.log");
        is "@warned", '', "$name: ffmpeg has nothing to complain of";

        $tracks{$which} = {map { $_->{index} => $_->{key} } @$v};
        $tracks{"audio $which"} = {map { $_->{pts} => 1 } @$a};
    }

    my @both = grep { exists $tracks{b}{$_} } keys %{$tracks{a}};
    my @differ = grep { $tracks{a}{$_} ne $tracks{b}{$_} } @both;

    cmp_ok scalar @both, '>', 50, "$run->{name}: frames in both";
    is "@differ", '', "$run->{name}: the same are key frames";

    @both = grep { exists $tracks{'audio b'}{$_} } keys %{$tracks{'audio a'}};
    cmp_ok scalar @both, '>', 100, "$run->{name}: audio packets in both";
}


sub packets
{
    my ($file) = @_;

    my @tb = map { [split m{/}] } run('ffprobe', '-v', 'quiet', '-show_entries',
        'stream=time_base', '-of', 'csv=p=0', $file);
    my @tracks = ([], []);

    for (run('ffprobe', '-v', 'quiet', '-show_entries',
             'packet=stream_index,pts,flags', '-of', 'csv=p=0', $file))
    {
        my ($k, $pts, $flags) = split /,/;

        push @{$tracks[$k]}, {pts => $pts, tb => $tb[$k],
                              key => $flags =~ /K/ ? 1 : 0};
    }

    return @tracks;
}


# Perl's integers are of 64 bits: all that follows is exact

sub video
{
    my ($run, $v, $name) = @_;

    my ($num, $den) = @{$run->{fps}};
    my (@off, @gaps, @wrong);

    use integer;

    for my $p (@$v) {
        my ($n, $d) = @{$p->{tb}};

        # time base and frame rate have much in common: pts * n / d * num / den
        my $ticks = $d * $den / ($n * $num);

        die if $ticks * $n * $num != $d * $den;

        push @off, $p->{pts} if $p->{pts} % $ticks;
        $p->{index} = $p->{pts} / $ticks;
    }

    for my $i (1 .. $#$v) {
        push @gaps, $i if $v->[$i]{index} != $v->[$i - 1]{index} + 1;
    }

    for my $p (@$v) {
        push @wrong, $p->{index} if $p->{key} != nearest($run, $p->{index});
    }

    is "@off", '', "$name: frames are on the grid since 1970";
    is "@gaps", '', "$name: no frame is missing";
    ok $v->[0]{key}, "$name: begins with a key frame";
    is "@wrong", '', "$name: key frames are those nearest to the segments";
}


# is frame i the nearest to a multiple of d?  In units of 1 / (2 num dts) s.

sub nearest
{
    my ($run, $i) = @_;

    use integer;

    my ($num, $den) = @{$run->{fps}};
    my ($d, $ts) = @{$run->{d}};

    my $frame = 2 * $den * $ts;
    my $segment = 2 * $d * $num;
    my $off = ($i % $segment) * $frame % $segment;

    $off -= $segment if $off > $segment / 2;

    return $off > -$frame / 2 && $off <= $frame / 2 ? 1 : 0;
}


sub audio
{
    my ($run, $a, $name) = @_;

    is_deeply $a->[0]{tb}, [1, $run->{rate}], "$name: audio time base";

    my @off = grep { $_->{pts} % 1024 } @$a;
    my @gaps = grep { $a->[$_]{pts} != $a->[$_ - 1]{pts} + 1024 } 1 .. $#$a;

    is scalar @off, 0, "$name: audio packets are on the grid since 1970";
    is scalar @gaps, 0, "$name: no audio packet is missing";
}


sub counters
{
    my ($run, $file, $v, $name) = @_;

    my $raw = join '', run('ffmpeg', '-v', 'fatal', '-i', $file, '-map', '0:v',
        '-fps_mode', 'passthrough', '-f', 'rawvideo', '-pix_fmt', 'gray', '-');
    my $size = 320 * 180;
    my @wrong;

    is length($raw) / $size, @$v, "$name: every frame decodes";

    for my $i (0 .. $#$v) {
        my $want = $v->[$i]{index} % (1 << 24);
        my $got = strip(substr($raw, $i * $size, $size));

        push @wrong, "$i: $got, not $want" if $got ne $want;
    }

    is "@wrong", '', "$name: the strip tells every frame's index";
}


sub strip
{
    my ($frame) = @_;

    my @bits = map {
        ord(substr($frame, 5 * 320 + int(($_ + 0.5) * 320 / 32), 1)) > 127
            ? 1 : 0
    } 0 .. 31;

    my $n = oct('0b' . join '', @bits[2 .. 25]);
    my $sum = 5;

    $sum += hex for split //, sprintf '%x', $n;

    my $seen = join '', @bits[0, 1, 26 .. 31];

    return $seen eq '10' . sprintf('%04b', $sum % 16) . '01'
           ? $n : "not a strip ($seen)";
}


# loud in the first 100 ms of each second of media time, quiet elsewhere

sub beep
{
    my ($run, $file, $name) = @_;

    my $audio = (packets($file))[1];
    my $raw = join '', run('ffmpeg', '-v', 'fatal', '-i', $file, '-map', '0:a',
        '-ac', 1, '-f', 's16le', '-');
    my @samples = unpack 's<*', $raw;
    my $start = $audio->[0]{pts} % $run->{rate};
    my ($loud, $quiet) = (32767, 0);

    # decoding begins without what went before: leave out the first frames

    for (my $i = 4096; $i + 400 < @samples; $i += 400) {
        my $at = ($start + $i) % $run->{rate} / $run->{rate};
        my $peak = max(map { abs } @samples[$i .. $i + 399]);

        if ($at > 0.005 && $at < 0.085) {
            $loud = $peak if $peak < $loud;

        } elsif ($at > 0.115 && $at < 0.98) {
            $quiet = $peak if $peak > $quiet;
        }
    }

    cmp_ok $loud, '>', 3 * $quiet, "$name: the beep is on the second";
}


sub run
{
    my (@cmd) = @_;

    open(my $fh, '-|', @cmd) or die "$cmd[0]: $!\n";
    binmode $fh;

    if (grep { $_ eq 'rawvideo' || $_ eq 's16le' } @cmd) {
        local $/;
        return <$fh>;
    }

    chomp(my @lines = <$fh>);

    return @lines;
}


sub lines
{
    open(my $fh, '<', $_[0]) or return;

    return <$fh>;
}
