#!/usr/bin/perl

# Playlists of many kinds of events, as they are and below a class, through
# npm's hls-parser and m3u8-parser: both take them without a warning, and what
# they read is what the segments' boxes say, EXTINF and PROGRAM-DATE-TIME to the
# sample.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use JSON::PP;
use Test::More;

use LiveOrigin::Edit qw(edit);
use LiveOrigin::Hls qw(lint);
use LiveOrigin::Media qw(box full_box);
use LiveOrigin::Nginx;

-d "$Bin/node_modules/hls-parser"
    or BAIL_OUT('hls-parser is missing: npm ci --prefix t/cluster');

my $visual = "\0" x 6 . pack('n x16 nn x50', 1, 320, 180);
my $sound = "\0" x 6 . pack('n x8 nn x4 N', 1, 2, 16, 48000 << 16);
my $text = "\0" x 6 . pack('n', 1);

# another sample entry in a header

sub other
{
    my ($init, $handler, $entry) = @_;

    $init =~ s/(hdlr.{8})..../$1$handler/s;

    return edit($init, 'moov/trak/mdia/minf/stbl/stsd',
                sub { full_box('stsd', 0, 0, pack('N', 1), $entry) });
}

sub hex_box { return box($_[0], pack('H*', $_[1])) }

my %entries = (
    hevc => ['vide', box('hvc1', $visual,
        hex_box('hvcC', '0102200000009000000000005df000fcfdfafa00000f00'),
        box('colr', 'nclx', pack('nnnC', 9, 16, 9, 0)),
        hex_box('dvvC', '0100103510' . '00' x 19))],
    av1 => ['vide', box('av01', $visual,
        hex_box('av1C', '81050c000a0b0000002427fffcbfff9d00'))],
    vp9 => ['vide', box('vp09', $visual,
        hex_box('vpcC', '01000000002810820101010000'))],
    opus => ['soun', box('Opus', $sound,
        hex_box('dOps', '00020138000bb80000000001020000'))],
    ac3 => ['soun', box('ac-3', $sound, hex_box('dac3', '103de0'))],
    atmos => ['soun', box('ec-3', $sound,
        hex_box('dec3', '0600200f000110'))],
    wvtt => ['text', box('wvtt', $text, box('vttC', 'WEBVTT'))],
    stpp => ['subt', box('stpp', $text,
        "http://www.w3.org/ns/ttml\0\0\0")],
    cbcs => ['vide', box('encv', $visual,
        hex_box('avcC', '0164000dffe100146764000dacb82833f3e02200000300020000'
                        . '0300640801000568ee0f2c8b'),
        box('sinf', box('frma', 'avc1'),
            full_box('schm', 0, 0, 'cbcs', pack('N', 0x10000)),
            box('schi', full_box('tenc', 1, 0, pack('CCCC', 0, 0x19, 1, 0),
                                 'k' x 16, "\x08", 'i' x 8))))],
);

my @ntsc = (fps => [30000, 1001], segment => [60060, 30000]);

sub video { return LiveOrigin::Media->video(bytes => 3000, @_) }
sub audio { return LiveOrigin::Media->audio(bytes => 1000, @_) }
sub slow  { return video(fps => [1, 2], timescale => 1000, @_) }

# event => its document's members, its tracks (media, kind of header, members
# of the document) and what else is done

my %events = (
    ntsc => { doc => '"segment": {"duration": 60060, "timescale": 30000}',
              tracks => { v => [video(@ntsc)],
                          a48 => [audio(segment => [60060, 30000]), '',
                                  '"lang": "en"'],
                          a44 => [audio(segment => [60060, 30000],
                                        rate => 44100), '', '"lang": "de"'] } },
    pal => { doc => '"segment_ms": 1920, "title": "Ö \"1\""',
             tracks => { v1 => [video(segment => [48, 25]), '', '"score": 2'],
                         v2 => [video(segment => [48, 25], fps => [50, 1]), '',
                                '"score": 1'],
                         a => [audio(segment => [48, 25])] } },
    codecs => { doc => '"segment_ms": 2000',
                tracks => { h264 => [video()],
                            map({ $_ => [video(), $_] } qw(hevc av1 vp9)),
                            aac => [audio()],
                            map({ $_ => [audio(), $_] }
                                qw(opus ac3 atmos)) } },
    texts => { doc => '"segment_ms": 2000',
               tracks => { v => [video()], aac => [audio()],
                   map({ ("wvtt-$_" => [slow(), 'wvtt', qq("lang": "$_")]) }
                       qw(en de fr)),
                   stpp => [slow(), 'stpp',
                            '"lang": "en", "role": "caption"'],
                   map({ ("a-$_" => [audio(), '', qq("lang": "$_",)
                          . '"label": "Sprache, ' . $_ . '"']) }
                       qw(en de fr)) } },
    sound => { doc => '"segment_ms": 2000',
               tracks => { a => [audio(), '', '"lang": "en"'],
                           b => [audio(), '', '"role": "description"'] } },
    gaps => { doc => '"segment_ms": 2000', gaps => 1,
              tracks => { v => [video()], a => [audio()] } },
    cued => { doc => sprintf('"segment_ms": 2000, "cues": [{"id": "c-1",'
                  . '"class": "a,b=c", "start": %d, "planned_duration_ms":'
                  . '30000, "data": {"X-A": "x, y=z"}, "scte35": "/DAA"}]',
                  time - 5), cues => 'c-1',
              tracks => { v => [video()], a => [audio()],
                          k => [slow(timescale => 90000), '',
                                '"role": "trick", "fps": 0.5'] } },
    encrypted => { doc => '"segment_ms": 2000',
                   tracks => { v => [video(), 'cbcs'], a => [audio()] } },
    ended => { doc => '"segment_ms": 2000', end => 1,
               tracks => { v => [video()], a => [audio()] } },
    runs => { doc => '"segment_ms": 2000', runs => 1,
              tracks => { v => [video(anchor => 2 * int(time / 2) - 20)] } },
);

sub document
{
    my ($id, $e) = @_;

    my @tracks = map {
        my ($m, $kind, $more) = @{$e->{tracks}{$_}};
        my $type = ($kind || '') =~ /wvtt|stpp/ ? 'text' : $m->{kind};

        qq({"id": "$_", "type": "$type") . ($more ? ", $more}" : '}');
    } sort keys %{$e->{tracks}};

    return qq({"id": "$id", "delay_ms": 1000, "playlist_s": 60, "dvr_s": 600,)
        . "$e->{doc}, \"tracks\": [" . join(', ', @tracks) . ']}';
}

my $ng = LiveOrigin::Nginx->start(workers => 2, size => '128m', events => 16,
    files => { map { ("events/$_.json" => document($_, $events{$_})) }
               keys %events });

sub put
{
    my ($path, $body) = @_;

    my $r = $ng->put($path, $body);

    is $r->status, 201, $path or diag $r->body;

    return $r->header('Location');
}

# all tracks of an event end alike, however long the others took

sub publish
{
    my ($id, $track, $now) = @_;

    my ($m, $kind) = @{$events{$id}{tracks}{$track}};
    my $init = $m->init;
    my $n = $m->now_number($now - ($m->{anchor} || 0)) - 1;

    $init = other($init, @{$entries{$kind}}) if $kind;
    put("/live/$id/a/$track/init.mp4", $init);

    if ($m->{anchor}) {
        # a clock that begins at 0, and begins again
        put("/live/$id/a/$track/1.m4s",
            $m->segment($m->now_number($m->{anchor}) + $_)) for 0 .. 4;
        $ng->put("/live/$id/a/$track/init.mp4", $m->init);
        put("/live/$id/a/$track/1.m4s",
            $m->segment($m->now_number($m->{anchor}) + $_)) for 0 .. 3;
        return;
    }

    for ($n - 8 .. $n) {
        next if $events{$id}{gaps} && $_ == $n - 5;
        put("/live/$id/a/$track/1.m4s", $m->segment($_));
    }
}

for my $id (sort keys %events) {
    my $now = time;

    publish($id, $_, $now) for sort keys %{$events{$id}{tracks}};
    is $ng->post("/api/events/$id/end")->status, 200, "$id ends"
        if $events{$id}{end};
}

# ---- what the parsers say

my @files;

# each at EVENT/, and below a class: what a filter that lets all by makes of it

for my $id (sort keys %events) {
    my $filter = 'master.m3u8?aws.manifestfilter=video_height:1-2160';
    my ($class) = $ng->get("/live/$id/$filter")->body
                  =~ m{^(?:.*URI=")?(~[^/]+/)}m;

    ok $class, "$id: a class" or next;

    for my $below ('', $class) {
        for my $name ('master', sort keys %{$events{$id}{tracks}}) {
            take($id, $below, $name);
        }
    }
}

sub take
{
    my ($id, $below, $name) = @_;

    my $path = "/live/$id/$below" . ($name eq 'master' ? 'master.m3u8'
                                                       : "$name/media.m3u8");
    my $r = $ng->get($path);

    is $r->status, 200, $path;
    is_deeply [lint($r->body)], [], '... lint';

    my $file = $ng->dir . "/$id-$name-" . scalar(@files) . '.m3u8';

    open my $fh, '>:raw', $file or die "$file: $!\n";
    print $fh $r->body;
    close $fh;
    push @files, { id => $id, name => $name, file => $file,
                   up => $below ? "../../$name/" : '' };
}

my $json = `node $Bin/parse-hls.js @{[map { $_->{file} } @files]}`;

is $?, 0, 'both parsers take all of them' or die "parse-hls.js\n";

my $read = decode_json($json);

for my $i (0 .. $#files) {
    my ($f, $p) = ($files[$i], $read->[$i]);

    is_deeply $p->{m3u8}{warnings}, [], "$f->{id} $f->{name}: no warning";

    $f->{name} eq 'master' ? master($f, $p)
                           : media($f, $p->{hls}, $p->{m3u8});
}


sub master
{
    my ($f, $p) = @_;

    my $t = $events{$f->{id}}{tracks};
    my $kind = sub { my ($m, $k) = @{$t->{$_[0]}};
                     ($k || '') =~ /wvtt|stpp/ ? 'text' : $m->{kind} };
    my %named = map { $_ => 1 } map { $_->{uri}, @{$_->{audio}},
                                      @{$_->{text}} } @{$p->{hls}{variants}};
    my @media = map { "$_/media.m3u8" } sort keys %$t;

    is join(' ', sort keys %named), join(' ', @media),
        "$f->{id}: every track is named";

    my @video = grep { $_ =~ m{^([^/]+)/} && $kind->($1) eq 'video' }
                map { $_->{uri} } @{$p->{m3u8}{variants}};
    my %trick = map { ("$_/media.m3u8" => 1) }
                grep { ($t->{$_}[2] || '') =~ /trick/ } keys %$t;

    is scalar(grep { $trick{$_} } @video), 0, '... no trick play as a variant';
    is join(' ', sort @{$p->{m3u8}{iframes}}), join(' ', sort keys %trick),
        '... but as I-frame playlists';
    is join(' ', map { $_->{bandwidth} } grep { !$_->{iframes} }
                 @{$p->{hls}{variants}}),
       join(' ', map { $_->{bandwidth} } @{$p->{m3u8}{variants}}),
        '... both read the same bandwidths';
}


# tfdt and duration of a segment; the timescale of a header

sub boxes_say
{
    my ($bytes) = @_;

    my ($tfdt) = map { unpack 'x4 Q>', $_ } $bytes =~ /tfdt(.{12})/s;
    my ($duration, $least) = (0, 0);

    while ($bytes =~ /trun(....)(....)/sg) {
        my ($flags, $n) = (unpack('N', $1) & 0xffffff, unpack 'N', $2);
        my $at = pos($bytes) + 4 * (($flags & 1) + ($flags >> 2 & 1));
        my $each = 4 * grep { $flags & $_ } 0x100, 0x200, 0x400, 0x800;

        $flags & 0x100 or die "trun without durations\n";

        for (0 .. $n - 1) {
            my $d = unpack 'N', substr $bytes, $at + $_ * $each, 4;

            $duration += $d;
            $least = $d if !$least || $d < $least;
        }
    }

    return ($tfdt, $duration, $least);
}

sub media
{
    my ($f, $hls, $m3u8) = @_;

    my ($id, $track) = @$f{qw(id name)};
    my $e = $events{$id};
    my (%ts, $at, %run, @bad);

    is_deeply [map { $hls->{$_} . '' } qw(target sequence runs)],
              [map { $m3u8->{$_} . '' } qw(target sequence runs)],
        "$id/$track: both read the same header";
    is scalar @{$hls->{segments}}, scalar @{$m3u8->{segments}},
        '... as many segments';
    ok !($hls->{ended} xor $e->{end}), '... ENDLIST';
    is join(' ', @{$m3u8->{ranges}}), $e->{cues} || '', '... cues';

    for my $i (0 .. $#{$hls->{segments}}) {
        my ($s, $o) = ($hls->{segments}[$i], $m3u8->{segments}[$i]);

        push @bad, "$_ of $i" for grep { $s->{$_} ne $o->{$_} }
                                  qw(uri duration number run);
        push @bad, "$_ is not below $f->{up}"
            for grep { $_ !~ s/^\Q$f->{up}\E(?=[^.\/][^\/]*$)// }
                @$s{qw(uri map)};

        $at = $s->{date} / 1000 if defined $s->{date};

        if ($s->{gap}) {
            $at += $s->{duration};
            next;
        }

        $ts{$s->{map}} ||= do {
            my $init = $ng->get("/live/$id/$track/$s->{map}")->body;
            my ($mdhd) = $init =~ /mdhd(.{16})/s;
            unpack 'x12 N', $mdhd;
        };

        my $ts = $ts{$s->{map}};
        my $r = $ng->get("/live/$id/$track/$s->{uri}");
        my ($tfdt, $duration, $sample) = boxes_say($r->body);
        my $begin = $tfdt / $ts;

        # a clock of its own: where its run begins is its 0

        if ($e->{runs}) {
            $run{$s->{run}} //= $at - $begin;
            $begin += $run{$s->{run}};
        }

        push @bad, "$s->{uri}: $s->{duration}, not " . $duration / $ts
            if abs($s->{duration} - $duration / $ts) > 0.000002;
        push @bad, "$s->{uri} at $at, not $begin"
            if abs($at - $begin) > $sample / $ts || abs($at - $begin) > 0.001;
        push @bad, "$s->{uri} at $o->{date}, not $begin"
            if abs($o->{date} / 1000 - $begin) > 0.002;

        $at += $s->{duration};
    }

    cmp_ok scalar @{$hls->{segments}}, '>=', 8, '... that many';
    is_deeply \@bad, [], '... and what the boxes say';

    # behind the newest there are more, the later it is

    my ($newest) = map { $_->{number} } grep { !$_->{gap} }
                   reverse @{$hls->{segments}};

    is scalar(grep { $_->{gap} && $_->{number} < $newest }
              @{$hls->{segments}}), $e->{gaps} ? 1 : 0, '... gaps'
        if !$e->{runs};
    is scalar(keys %{{ map { $_->{run} => 1 } @{$hls->{segments}} }}),
        $e->{runs} ? 2 : 1, '... runs';
}

$ng->stop;
done_testing;
