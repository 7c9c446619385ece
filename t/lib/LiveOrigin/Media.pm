package LiveOrigin::Media;

# Synthetic CMAF: well-formed boxes around made-up samples, so that tests of
# the origin need no encoder.
#
#     my $v = LiveOrigin::Media->video(id => 1, fps => [30000, 1001],
#                                      segment => [60060, 30000]);
#     my $a = LiveOrigin::Media->audio(id => 2, rate => 48000,
#                                      segment => [2, 1]);
#
#     $v->init;                    # ftyp + moov
#     $v->segment($n);             # segment of epoch-locked number $n:
#                                  # its frames are those nearest the grid
#     $v->now_number;              # number of the segment on air now
#     $v->tfdt($n), $v->duration($n);          # in the track's timescale
#
# A track's options (all have defaults; "segment" is the duration d as
# [duration, timescale] in seconds):
#
#     id          track_ID                             1
#     timescale   of the media                         video 90000 or the fps
#                                                      numerator, audio rate
#     segment     [2, 1]
#     fps         [25, 1]                              video
#     width, height   320, 180                         video
#     rate, channels  48000, 2                         audio
#     elst        media_time of an edit list           none
#     bytes       of samples in a segment, about       video 20000, audio 4000
#     seed        goes into the samples' bytes         ""
#     created     creation_time of the init            0
#     anchor      seconds taken off every tfdt: a pusher whose clock began
#                 at this second of the epoch          0
#
# segment($n, %options) takes
#
#     tfdt, durations => [...]   instead of those of number n
#     sizes => [...]             of the samples
#     seed                       other bytes at the same place
#     chunks => K                moof + mdat pairs             1
#     prft => NTP seconds        a prft before each moof       none
#     styp => [brands]           ["msdh", "msix"]; [] for none
#     cts => [...]               composition offsets (trun version 1)
#     sequence                   of the first mfhd             n & 0xffffffff
#     parts => 1                 returns the list [styp], [prft moof mdat]...
#
# box($type, @content) and full_box($type, $version, $flags, @content) are
# there to build what is malformed.

use strict;
use warnings;

use Digest::SHA qw(sha256);
use Exporter 'import';
use Math::BigInt;

our @EXPORT_OK = qw(box full_box boxes);

my $matrix = pack("N9", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);

# Black 320x180 and silence, which decoders take: two IDR pictures to take
# turns (idr_pic_id), padded with filler data, and an AAC-LC stereo frame.

my $sps = pack("H*", "6764000dacb82833f3e0220000030002000003006408");
my $pps = pack("H*", "68ee0f2c8b");

my @idr = (
    pack("H*", "65888404bffef7addf814dc32b356bba5738b4cbab94343d51f694a678"
               . "b6480064058bd44115486f1cf2a049c00002a0149b2c0426535e34b9"),
    pack("H*", "658882012ffef7addf814dc32b356bba5738b4cbab94343d51f694a678"
               . "b6480064058bd44115486f1cf2a049c00002a0149b2c0426535e34b8"),
);
my $silence = pack("H*", "211004608c1c");


sub video
{
    my ($class, %o) = @_;

    my $fps = $o{fps} || [25, 1];

    return bless {
        kind => 'video', id => 1, width => 320, height => 180,
        timescale => $fps->[1] == 1 ? 90000 : $fps->[0],
        unit => $fps, segment => [2, 1], bytes => 20000, seed => '',
        created => 0, anchor => 0, %o
    }, $class;
}


sub audio
{
    my ($class, %o) = @_;

    my $rate = $o{rate} || 48000;

    return bless {
        kind => 'audio', id => 1, rate => $rate, channels => 2,
        timescale => $rate, unit => [$rate, 1024], segment => [2, 1],
        bytes => 4000, seed => '', created => 0, anchor => 0, %o
    }, $class;
}


# round(n * p / q), exactly; with big numbers only where 63 bits do not do

sub _nearest
{
    my ($n, $p, $q) = @_;

    my ($gcd, $rest) = ($p, $q);

    ($gcd, $rest) = ($rest, $gcd % $rest) while $rest;
    ($p, $q) = ($p / $gcd, $q / $gcd);

    if ($n >= 0 && 2 * $n * $p + $q < 4e18) {
        use integer;
        return (2 * $n * $p + $q) / (2 * $q);
    }

    return Math::BigInt->new("$n")->bmul($p)->bmul(2)->badd($q)
           ->bdiv(2 * $q)->numify;
}


# the frame nearest to n * d: round(n * d * unit)

sub first_frame
{
    my ($self, $n) = @_;

    my ($num, $den) = @{$self->{unit}};
    my ($d, $ts) = @{$self->{segment}};

    return _nearest($n, $d * $num, $den * $ts);
}


sub frame_time
{
    my ($self, $f) = @_;

    my ($num, $den) = @{$self->{unit}};

    return _nearest($f, $den * $self->{timescale}, $num)
           - $self->{anchor} * $self->{timescale};
}


sub tfdt
{
    my ($self, $n) = @_;

    return $self->frame_time($self->first_frame($n)) + ($self->{elst} || 0);
}


sub duration
{
    my ($self, $n) = @_;

    return $self->frame_time($self->first_frame($n + 1))
           - $self->frame_time($self->first_frame($n));
}


sub durations
{
    my ($self, $n) = @_;

    my $f = $self->first_frame($n);
    my $end = $self->first_frame($n + 1);

    return map { $self->frame_time($_ + 1) - $self->frame_time($_) }
           $f .. $end - 1;
}


sub now_number
{
    my ($self, $time) = @_;

    my ($d, $ts) = @{$self->{segment}};

    return int((defined $time ? $time : time) * $ts / $d);
}


# ---- boxes

sub box
{
    my $type = shift;
    my $content = join('', @_);

    return pack("Na4", 8 + length($content), $type) . $content;
}


sub full_box
{
    my ($type, $version, $flags, @content) = @_;

    return box($type, pack("N", $version << 24 | $flags), @content);
}


# boxes($bytes): [type, content] of each box on the top level

sub boxes
{
    my ($bytes) = @_;

    my @list;
    my $p = 0;

    while ($p + 8 <= length $bytes) {
        my ($size, $type) = unpack("Na4", substr($bytes, $p, 8));

        last if $size < 8 || $p + $size > length $bytes;
        push @list, [$type, substr($bytes, $p + 8, $size - 8)];
        $p += $size;
    }

    return @list;
}


# ---- the init

sub init
{
    my ($self, %o) = @_;

    local @$self{keys %o} = values %o;

    return box('ftyp', 'cmfc', pack("N", 0), 'cmfc', 'iso6', 'dash')
           . box('moov', $self->_mvhd, $self->_trak,
                 box('mvex', full_box('trex', 0, 0,
                     pack("N5", $self->{id}, 1, 0, 0, 0))));
}


sub _mvhd
{
    my ($self) = @_;

    return full_box('mvhd', 0, 0,
        pack("N4", $self->{created}, $self->{created}, 1000, 0),
        pack("NnnNN", 0x10000, 0x100, 0, 0, 0), $matrix,
        pack("N7", (0) x 6, $self->{id} + 1));
}


sub _trak
{
    my ($self) = @_;

    my $video = $self->{kind} eq 'video';
    my $edit = '';

    if (defined $self->{elst}) {
        $edit = box('edts', full_box('elst', 0, 0,
            pack("NNNN", 1, 0, $self->{elst}, 0x10000)));
    }

    return box('trak',
        full_box('tkhd', 0, 7,
            pack("N5", $self->{created}, $self->{created}, $self->{id}, 0, 0),
            pack("NNnnnn", 0, 0, 0, 0, $video ? 0 : 0x100, 0), $matrix,
            $video ? pack("NN", $self->{width} << 16, $self->{height} << 16)
                   : pack("NN", 0, 0)),
        $edit,
        box('mdia',
            full_box('mdhd', 0, 0,
                pack("N4nn", $self->{created}, $self->{created},
                     $self->{timescale}, 0, $self->_language, 0)),
            full_box('hdlr', 0, 0, pack("N", 0), $video ? 'vide' : 'soun',
                pack("N3", 0, 0, 0),
                ($video ? 'Video' : 'Sound') . "\0"),
            box('minf',
                $video ? full_box('vmhd', 0, 1, pack("n4", 0, 0, 0, 0))
                       : full_box('smhd', 0, 0, pack("nn", 0, 0)),
                box('dinf', full_box('dref', 0, 0, pack("N", 1),
                    full_box('url ', 0, 1))),
                $self->_stbl)));
}


sub _language
{
    my ($self) = @_;

    my ($a, $b, $c) = map { ord($_) - 0x60 }
                      split //, $self->{lang} || 'und';

    return $a << 10 | $b << 5 | $c;
}


sub _stbl
{
    my ($self) = @_;

    return box('stbl',
        full_box('stsd', 0, 0, pack("N", 1),
            $self->{kind} eq 'video' ? $self->_avc1 : $self->_mp4a),
        full_box('stts', 0, 0, pack("N", 0)),
        full_box('stsc', 0, 0, pack("N", 0)),
        full_box('stsz', 0, 0, pack("NN", 0, 0)),
        full_box('stco', 0, 0, pack("N", 0)));
}


sub _avc1
{
    my ($self) = @_;

    my $avcc = pack("C4", 1, unpack("x C3", $sps))
               . pack("CC", 0xff, 0xe1)
               . pack("n/a* C n/a*", $sps, 1, $pps)
               . pack("C4", 0xfd, 0xf8, 0xf8, 0);

    return box('avc1',
        pack("x6 n x16 nn NN N n x32 n n", 1, $self->{width},
             $self->{height}, 0x480000, 0x480000, 0, 1, 0x18, 0xffff),
        box('avcC', $avcc));
}


sub _mp4a
{
    my ($self) = @_;

    my %index = (48000 => 3, 44100 => 4, 32000 => 5, 24000 => 6);

    # AudioSpecificConfig: AAC-LC, frequency, channels

    my $asc = pack("n", 2 << 11 | $index{$self->{rate}} << 7
                        | $self->{channels} << 3);

    my $dec = pack("CC n C NN", 0x40, 0x15, 0, 0, 128000, 128000)
              . pack("C C/a*", 5, $asc);
    my $es = pack("nC", $self->{id}, 0) . pack("C C/a*", 4, $dec)
             . pack("C C C", 6, 1, 2);

    return box('mp4a',
        pack("x6 n x8 nn x4 N", 1, $self->{channels}, 16,
             $self->{rate} << 16),
        full_box('esds', 0, 0, pack("C C/a*", 3, $es)));
}


# ---- segments

sub segment
{
    my ($self, $n, %o) = @_;

    my @durations = $o{durations} ? @{$o{durations}} : $self->durations($n);
    my $time = defined $o{tfdt} ? $o{tfdt} : $self->tfdt($n);
    my $chunks = $o{chunks} || 1;
    my $sequence = defined $o{sequence} ? $o{sequence} : $n & 0xffffffff;
    my $seed = defined $o{seed} ? $o{seed} : $self->{seed};
    my $brands = $o{styp} || ['msdh', 'msix'];
    my @parts;

    my @samples = $self->_samples("$seed/$n", scalar @durations, $o{sizes});

    if (@$brands) {
        push @parts, box('styp', $brands->[0], pack("N", 0), @$brands);
    }

    for my $k (0 .. $chunks - 1) {
        my $from = int(@durations * $k / $chunks);
        my $to = int(@durations * ($k + 1) / $chunks) - 1;
        my $prft = '';

        if (defined $o{prft}) {
            my $frac = ($o{prft} - int($o{prft})) * 2 ** 32;

            $prft = full_box('prft', 1, 24,
                pack("NNNQ>", $self->{id}, int($o{prft}), $frac, $time));
        }

        push @parts, $prft
            . $self->_fragment($sequence + $k, $time,
                               [@durations[$from .. $to]],
                               [@samples[$from .. $to]],
                               $o{cts} && [@{$o{cts}}[$from .. $to]],
                               $from == 0);

        $time += $_ for @durations[$from .. $to];
    }

    return $o{parts} ? @parts : join('', @parts);
}


sub _samples
{
    my ($self, $seed, $count, $sizes) = @_;

    my $video = $self->{kind} eq 'video';
    my $each = int($self->{bytes} / $count);
    my $block = sha256("$self->{kind}/$self->{id}/$seed");
    my @list;

    for my $i (0 .. $count - 1) {
        my $size = $sizes ? $sizes->[$i] : $each;
        my $fill = pack("Nn", $i, $count) . $block x ($size / 32 + 1);

        push @list, $video ? _picture($size, $idr[$i & 1], $fill)
                           : _frame($size, $fill);
    }

    return @list;
}


# a slice and filler data (NAL type 12)

sub _picture
{
    my ($size, $idr, $fill) = @_;

    my $sample = pack("N/a*", $idr);
    my $rest = $size - length $sample;

    return substr($sample . $fill, 0, $size) if $rest < 6;

    $fill =~ tr/\0-\3/\4-\7/;

    return $sample . pack("NCa*", $rest - 4, 12, substr($fill, 0, $rest - 5));
}


# data stream elements (0x81: tag 0, aligned), which decoders skip, and silence

sub _frame
{
    my ($size, $fill) = @_;

    my $rest = $size - length $silence;
    my $sample = '';

    while ($rest > 1) {
        my $n = $rest < 256 ? $rest - 2 : $rest == 257 ? 253 : 254;

        $sample .= pack("CC/a*", 0x81, substr($fill, 0, $n));
        $rest -= $n + 2;
    }

    return substr($sample . $silence . "\0", 0, $size);
}


sub _fragment
{
    my ($self, $sequence, $time, $durations, $samples, $cts, $sync) = @_;

    my $video = $self->{kind} eq 'video';
    my $flags = 0x01 | 0x100 | 0x200 | ($video ? 0x400 : 0)
                | ($cts ? 0x800 : 0);
    my $table = '';

    for my $i (0 .. $#$durations) {
        $table .= pack("NN", $durations->[$i], length $samples->[$i]);

        if ($video) {
            $table .= pack("N", $sync && $i == 0 ? 0x02000000 : 0x01010000);
        }

        $table .= pack("N", $cts->[$i] & 0xffffffff) if $cts;
    }

    # the offset of the samples is counted from the moof's first byte

    my $moof = sub {
        return box('moof',
            full_box('mfhd', 0, 0, pack("N", $sequence & 0xffffffff)),
            box('traf',
                full_box('tfhd', 0, 0x020000, pack("N", $self->{id})),
                full_box('tfdt', 1, 0, pack("Q>", $time)),
                full_box('trun', $cts ? 1 : 0, $flags,
                    pack("NN", scalar @$durations, $_[0]), $table)));
    };

    return $moof->(8 + length $moof->(0)) . box('mdat', @$samples);
}

1;
