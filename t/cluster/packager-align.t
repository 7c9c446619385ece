#!/usr/bin/perl

# Two packagers that start at different moments on one source make segments
# with the same numbers, times and bytes, which decode to the source's frames.
#
# time-out: 300

use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use Test::More;

use lib "$FindBin::Bin/../lib";
use LiveOrigin::Encode qw(encode fps frames init_timescale nearest presented
                          run_quiet tfdt);
use LiveOrigin::PutServer;

my $build = $ENV{LO_BUILD} || "$FindBin::Bin/../../build";
my $packager = "$build/bin/live-packager";
my $dir = tempdir(CLEANUP => 1);
my $origin = LiveOrigin::PutServer->new(strict => 1);
my $cases = 0;


sub package_all
{
    my ($e, $event, $pipeline, $input) = @_;

    my ($status, $log) = run_quiet($packager, '--event-id', $event,
        '--pipeline', $pipeline, '--origin', $origin->url . '/pub',
        '--input', $input, '--segment', join('/', @{$e->{d}}), '--lossless',
        '--clock', 'utc', @{$e->{options} || []});

    is($status, 0, "$event/$pipeline: exit 0") or diag($log);
    unlike($log, qr/ (?:warn|error): /, "$event/$pipeline: nothing to say")
        or diag($log);
}


# number => path

sub segments
{
    my ($event, $pipeline, $track) = @_;

    return map { m{/(\d+)\.m4s$} ? ($1, $_) : () }
           $origin->kept("^/pub/$event/$pipeline/$track/");
}


sub write_file
{
    my ($path, @bodies) = @_;

    open(my $fh, '>:raw', $path) or die "$path: $!";
    print $fh @bodies;
    close($fh);
}


# ["time in us", md5] of every decoded frame; warnings are a failure

sub decoded
{
    my ($what, @input) = @_;

    my ($status, $text) = frames(@input);
    my ($num, $den) = $text =~ m{^#tb 0: (\d+)/(\d+)}m;
    my @warnings = grep { !/^(#|\d+,|$)/ } split /\n/, $text;
    my @frames;

    for my $line (grep { /^\d/ } split /\n/, $text) {
        my (undef, undef, $pts, undef, undef, $md5) = split /,\s*/, $line;

        push @frames, [sprintf('%.0f', $pts * $num / $den * 1e5), $md5];
    }

    is($status, 0, "$what: ffmpeg reads it");
    is("@warnings", '', "$what: without a warning");

    return @frames;
}


# @got are the frames of @all from some frame on.  ffmpeg shows video with
# negative composition offsets later by the greatest of them: that is constant.
# Without $skip they are compared by time alone.

sub same_frames
{
    my ($what, $got, $all, $skip) = @_;

    splice(@$got, 0, defined $skip ? $skip : 2);

    my @want = @$all;

    if (defined $skip) {
        shift @want while @want && $want[0][1] ne $got->[0][1];

    } else {
        shift @want while @want && $want[0][0] < $got->[0][0] - 3;
    }

    my $late = @want ? $got->[0][0] - $want[0][0] : 0;
    my @far = grep { abs($got->[$_][0] - $want[$_][0] - $late) > 3 }
              0 .. ($#$got < $#want ? $#$got : $#want);
    my @other = grep { ($got->[$_] ? $got->[$_][1] : '')
                       ne ($want[$_] ? $want[$_][1] : '') } 0 .. $#want;

    is(scalar @$got, scalar @want, "$what: all frames");
    is(scalar @far, 0, "$what: at their times");
    is(scalar @other, 0, "$what: and they are the encoder's")
        if defined $skip;
}


sub check_times
{
    my ($e, $event, $video, $audio) = @_;

    my $scale = init_timescale($origin->body("/pub/$event/a/v0/init.mp4"));
    my ($num, $den, $d) = @$e{qw(num den d)};
    my ($wrong, @times) = (0);

    for my $n (sort { $a <=> $b } keys %$video) {
        push @times, presented($origin->body($video->{$n}));

        my ($t) = tfdt($origin->body($video->{$n}));

        use integer;

        $wrong++ if $t * $num != nearest($n, $d, $num, $den) * $den * $scale;
    }

    is($wrong, 0, "$event: every key frame exactly where it belongs");

    {
        use integer;

        my @off = grep { $times[$_] * $num != ($times[0] * $num / $den / $scale
                                               + $_) * $den * $scale }
                  0 .. $#times;

        is(scalar @off, 0, "$event: every frame exactly on the grid");
    }

    return if !$e->{exact_audio};

    my $rate = init_timescale($origin->body("/pub/$event/a/a0/init.mp4"));

    my $phase;

    $wrong = 0;

    for my $n (sort { $a <=> $b } keys %$audio) {
        my ($t) = tfdt($origin->body($audio->{$n}));
        my $off = abs($t - $n * $d->[0] / $d->[1] * $rate);

        use integer;

        $phase = $t % $e->{block} if !defined $phase;
        $wrong++ if $t % $e->{block} != $phase || $off > $e->{block} / 2 + 1;
    }

    is($wrong, 0, "$event: audio at the nearest frame of its grid");
}


sub one_case
{
    my ($name, %a) = @_;

    my $event = 'e' . ++$cases;
    my $format = $a{format} || 'nut';
    my $file = "$dir/$event.$format";
    my $e = encode($file, seconds => 13, %a);

    $e->{exact_audio} = $format ne 'mp4';
    $e->{block} = $a{block} || 1024;

    my $later = $a{later}->($file, "$dir/$event-later.$format");

    package_all($e, $event, 'a', $file);
    package_all($e, $event, 'b', $later);

    for my $track ('v0', 'a0') {
        my %first = segments($event, 'a', $track);
        my %second = segments($event, 'b', $track);
        my @both = sort { $a <=> $b } grep { $first{$_} } keys %second;
        my @gaps = grep { !$first{$_ - 1} } (sort { $a <=> $b } keys %first);

        cmp_ok(scalar @both, '>=', 2, "$event/$track: they overlap");
        cmp_ok(scalar(keys %first), '>', scalar(keys %second),
               "$event/$track: the second began later");
        is(scalar(keys %second), scalar @both, "$event/$track: same numbers");
        is(scalar @gaps, 1, "$event/$track: without a hole");

        ok($origin->body("/pub/$event/b/$track/init.mp4")
           eq $origin->body("/pub/$event/a/$track/init.mp4"),
           "$event/$track: same init");

        my @differ = grep { $origin->body($first{$_})
                            ne $origin->body($second{$_}) } @both;

        is("@differ", '', "$event/$track: same bytes");

        # any mixture: what b has, of every other number

        my $mixed = "$dir/$event-$track.mp4";

        write_file($mixed, $origin->body("/pub/$event/a/$track/init.mp4"),
                    map { $origin->body($_ % 2 && $second{$_} || $first{$_}) }
                   sort { $a <=> $b } keys %first);

        my @stream = ('-copyts', '-i', $file, '-map',
                      $track eq 'v0' ? '0:v' : '0:a');
        my @got = decoded("$event/$track", '-copyts', '-i', $mixed);
        my @all = decoded("$event/$track source", @stream);

        # a decoder that joins needs the audio frames before; Opus never
        # comes to quite the same samples

        same_frames("$event/$track", \@got, \@all,
                    $track eq 'v0' ? 0 : $a{opus} ? undef : 2);
    }

    my %video = segments($event, 'a', 'v0');
    my %audio = segments($event, 'a', 'a0');

    check_times($e, $event, \%video, \%audio);
}


# what a packager that is started 7 s later gets of a pipe

sub from_7_seconds
{
    my ($in, $out) = @_;

    my ($status, $text) = run_quiet('ffmpeg', '-hide_banner', '-loglevel',
        'error', '-y', '-copyts', '-ss', 7, '-i', $in, '-map', 0, '-c',
        'copy', '-copyts', '-avoid_negative_ts', 0, '-f', 'nut', $out);

    die "ffmpeg: $text" if $status;

    return $out;
}


# ... and of a multicast: it begins anywhere

sub from_the_middle
{
    my ($in, $out) = @_;

    open(my $fh, '<:raw', $in) or die "$in: $!";
    local $/;

    my $bytes = <$fh>;
    my $at = int(length($bytes) * 0.5 / 188) * 188 + 188 * 3;

    write_file($out, substr($bytes, $at));

    return $out;
}


my @ntsc = ([60060, 30000], [2, 1]);

for my $rate (44100, 48000) {
    for my $fps ('25', '24000/1001', '30000/1001', '60000/1001') {
        my $d = $fps eq '25' ? [2, 1] : $ntsc[0];

        subtest "$fps fps, AAC $rate, d = $d->[0]/$d->[1], NUT" => sub {
            one_case($fps, fps => $fps, rate => $rate, d => $d,
                     later => \&from_7_seconds);
        };
    }
}

subtest '30000/1001 fps, d = 2/1, off the multiples of a frame' => sub {
    one_case('grid', fps => '30000/1001', rate => 48000, d => [2, 1],
             later => \&from_7_seconds);
};

for my $case (['25', 48000, [2, 1]], ['24000/1001', 44100, $ntsc[0]]) {
    my ($fps, $rate, $d) = @$case;

    subtest "$fps fps, AAC $rate, MPEG-TS joined anywhere" => sub {
        one_case('ts', fps => $fps, rate => $rate, d => $d,
                 format => 'mpegts', more => ['-mpegts_copyts', 1],
                 later => \&from_the_middle);
    };
}

subtest 'HEVC and Opus' => sub {
    one_case('hevc', fps => '30000/1001', rate => 48000, d => $ntsc[0],
             block => 960, opus => 1,
             video => ['libx265', '-preset', 'ultrafast', '-x265-params',
                       'log-level=error:open-gop=0:bframes=3'],
             audio => ['libopus', '-b:a', '64k'],
             later => \&from_7_seconds);
};

done_testing();
