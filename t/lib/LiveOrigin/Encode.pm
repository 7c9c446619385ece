package LiveOrigin::Encode;

# Media from ffmpeg with UTC time stamps, and what is in CMAF segments.
#
#     my $e = encode("$dir/in.nut", fps => '30000/1001', rate => 48000,
#                    d => [60060, 30000], seconds => 12, [start => EPOCH]);
#     # start, first_frame, keys (frame indices since 1970)
#
#     first_boxes($bytes)          # [type, offset, size], ...
#     tfdt($bytes)                 # of every moof
#     presented($bytes)            # presentation times of all samples, sorted
#     init_timescale($bytes)
#     frames($file_or_url)         # decoded: "stream,pts_time,md5", sorted

use strict;
use warnings;

use Exporter 'import';
use POSIX qw(floor ceil);

our @EXPORT_OK = qw(encode fps nearest first_boxes tfdt presented
                    init_timescale run_quiet frames);


sub fps
{
    my ($num, $den) = split m{/}, $_[0];

    return ($num, $den || 1);
}


# the index of the frame nearest to a multiple of d, all since 1970

sub nearest
{
    my ($n, $d, $num, $den) = @_;

    use integer;

    # round(n d0 num / (d1 den)), in whole numbers: n d0 num < 2^63

    my $a = 2 * $n * $d->[0] * $num + $d->[1] * $den;

    return $a / (2 * $d->[1] * $den);
}


sub run_quiet
{
    my (@cmd) = @_;

    open(my $null, '<', '/dev/null') or die;

    my $pid = open(my $out, '-|');

    if (!$pid) {
        open(STDIN, '<&', $null);
        open(STDERR, '>&', \*STDOUT);
        exec(@cmd) or POSIX::_exit(127);
    }

    local $/;

    my $text = <$out>;

    close($out);

    return ($?, defined $text ? $text : '');
}


sub encode
{
    my ($file, %a) = @_;

    my ($num, $den) = fps($a{fps});
    my $d = $a{d} || [2, 1];
    my $seconds = $a{seconds} || 10;
    my $start = $a{start} || time - 30;
    my $codec = $a{video} || ['libx264', '-preset', 'ultrafast', '-bf', 2];
    my $audio = $a{audio} || ['aac', '-b:a', '64k', '-aac_pns', 0];
    my $rate = $a{rate} || 48000;
    my $block = $a{block} || 1024;

    my $frame = floor($start * $num / $den) + 1;
    my $sample = floor($start * $rate / $block) * $block;

    my $from = floor($start * $d->[1] / $d->[0]);
    my $to = $from + ceil($seconds * $d->[1] / $d->[0]) + 1;
    my @keys = grep { $_ >= $frame }
               map { nearest($_, $d, $num, $den) } $from .. $to;
    my $times = join '+', map { sprintf 'eq(n,%d)', $_ - $frame } @keys;

    my ($status, $text) = run_quiet('ffmpeg', '-hide_banner', '-loglevel',
        'warning', '-y', '-f', 'lavfi', '-i',
        "testsrc2=size=320x180:rate=$a{fps}:duration=$seconds", '-f', 'lavfi',
        '-i', "sine=frequency=440:sample_rate=$rate:duration=$seconds",
        '-filter_complex',
        "[0:v]settb=$den/$num,setpts=N+$frame\[v];"
        . "[1:a]aresample=$rate,asetnsamples=$block,"
        . "asetpts=N+$sample\[a]", '-map', '[v]', '-map', '[a]',
        '-c:v', @$codec, '-g', 100000, '-keyint_min', 1, '-sc_threshold', 0,
        '-force_key_frames', "expr:$times", '-c:a', @$audio,
        @{$a{more} || []}, '-copyts', '-avoid_negative_ts', 0,
        '-f', $a{format} || 'nut', $file);

    die "ffmpeg: $text" if $status;

    return { start => $start, first_frame => $frame, keys => \@keys,
             num => $num, den => $den, d => $d, warnings => $text };
}


sub first_boxes
{
    my ($bytes) = @_;

    my @boxes;

    for (my $at = 0; $at + 8 <= length $bytes; ) {
        my ($size, $type) = unpack('Na4', substr($bytes, $at, 8));

        die "box $type of $size bytes at $at" if $size < 8;

        push @boxes, [$type, $at, $size];
        $at += $size;
    }

    return @boxes;
}


sub tfdt
{
    my ($bytes) = @_;

    my @times;

    push @times, unpack('Q>', $1)
        while $bytes =~ /tfdt\x01\x00\x00\x00(.{8})/sg;

    return @times;
}


# of moofs with one trun each, as live-packager writes them

sub presented
{
    my ($bytes) = @_;

    my @times;

    while ($bytes =~ /tfhd.{8}(.{4}).*?tfdt\x01\x00{3}(.{8}).{4}trun(.{12})/sg)
    {
        my ($each, $time) = (unpack('N', $1), unpack('Q>', $2));
        my ($flags, $n) = unpack('NN', $3);
        my $at = pos $bytes;

        $at += 4 if $flags & 4;

        for (1 .. $n) {
            my %field = map {
                $flags & $_ ? ($_, unpack('l>', substr($bytes, ($at += 4) - 4,
                                                       4)))
                            : ()
            } 0x100, 0x200, 0x400, 0x800;

            push @times, $time + ($field{0x800} || 0);
            $time += defined $field{0x100} ? $field{0x100} : $each;
        }
    }

    @times = sort { $a <=> $b } @times;

    return @times;
}


sub init_timescale
{
    my ($bytes) = @_;

    return $bytes =~ /mdhd\x00{4}.{8}(.{4})/s ? unpack('N', $1) : undef;
}


sub frames
{
    my (@input) = @_;

    my ($status, $text) = run_quiet('ffmpeg', '-hide_banner', '-loglevel',
        'warning', @input, '-fps_mode', 'passthrough', '-f', 'framemd5',
        '-');

    return ($status, $text);
}

1;
