# Malformed media and malformed publishing, one row a case: what it is, the
# status, how it is made.  Behind every row the segment that was there before
# comes back byte for byte, and what was refused is not there.
#
# Which test shows which status of docs/http-api.md's tables:
#
#     publishing  200 201 204 400 403 404 409 410 412 413 415 507   60, and
#                 here all but 200 409 507
#                 503                                               here
#     serving     ready held late gone early overdue unknown        61
#                 shed denied                  with what sheds and denies them
#     malformed names, ranges, conditions, API documents            78

use strict;
use warnings;

use Fcntl qw(F_WRLCK F_UNLCK);
use Test::More;

use lib 't/lib';
use LiveOrigin::Edit qw(edit drop twice content patch resize before into at
                        refit);
use LiveOrigin::Malformed;
use LiveOrigin::Media qw(box full_box);

my $t = LiveOrigin::Malformed->start;
my $v = $t->video;
my $a = $t->audio;


# ---- segments.  Each row makes its own from a good one of a new number.

sub trun { return patch($_[0], 'moof/traf/trun', @_[1, 2]) }
sub tfdt { return refit(content($_[0], 'moof/traf/tfdt', $_[1])) }
sub traf { return refit(into($_[0], 'moof/traf', $_[1])) }

my $samples = @{[$v->durations($t->number)]};

my @segments = (
    # sizes of boxes
    ['one byte',                      400, sub { 'x' }],
    ['seven bytes',                   400, sub { substr($_, 0, 7) }],
    ['only a box header',             400, sub { substr($_, 0, 8) }],
    ['one byte less',                 400, sub { substr($_, 0, -1) }],
    ['half',                          400, sub { substr($_, 0, length() / 2) }],
    ['the moof alone',                400, sub { substr($_, 0, at($_, 'mdat')) }],
    ['the mdat header is cut',        400, sub { substr($_, 0, at($_, 'mdat') + 4) }],
    ['one byte more',                 400, sub { $_ . 'x' }],
    ['eight zeros behind it',         400, sub { $_ . "\0" x 8 }],
    ['text behind it',                400, sub { $_ . "and so on\n" x 9 }],
    ['moof of size 0',                400, sub { resize($_, 'moof', 0) }],
    ['moof of size 7',                400, sub { resize($_, 'moof', 7) }],
    ['moof of size 8',                400, sub { resize($_, 'moof', 8) }],
    ['moof of size 2^32 - 1',         400, sub { resize($_, 'moof', 0xffffffff) }],
    ['moof one byte longer',          400, sub { resize($_, 'moof', at($_, 'mdat') - at($_, 'moof') + 1) }],
    ['moof one byte shorter',         400, sub { resize($_, 'moof', at($_, 'mdat') - at($_, 'moof') - 1) }],
    ['moof of size 1, no 64 bits',    400, sub { box('styp', 'msdh', pack('N', 0)) . pack('Na4', 1, 'moof') }],
    ['64-bit size of 15',             400, sub { edit($_, 'moof', sub { pack('Na4Q>', 1, 'moof', 15) . $_[1] }) }],
    ['64-bit size of 2^63',           400, sub { edit($_, 'moof', sub { pack('Na4Q>', 1, 'moof', 1 << 63) . $_[1] }) }],
    ['64-bit size of 2^64 - 1',       400, sub { edit($_, 'moof', sub { pack('Na4Q>', 1, 'moof', ~0) . $_[1] }) }],
    ['64-bit size, right, of mdat',   201, sub { patch(edit($_, 'mdat', sub { pack('Na4Q>', 1, 'mdat', 16 + length $_[1]) . $_[1] }),
                                          'moof/traf/trun', 8, pack('N', at($_, 'mdat') - at($_, 'moof') + 16)) }],
    ['64-bit size of mdat, 2^40',     400, sub { edit($_, 'mdat', sub { pack('Na4Q>', 1, 'mdat', 1 << 40) . $_[1] }) }],
    ['mdat of size 0',                400, sub { resize($_, 'mdat', 0) }],
    ['mdat of size 1 and no more',    400, sub { substr(resize($_, 'mdat', 1), 0, at($_, 'mdat') + 8) }],
    ['mdat larger than the body',     400, sub { resize($_, 'mdat', 100000) }],
    ['mdat smaller than its samples', 400, sub { resize($_, 'mdat', 20) }],
    ['a box type that is no text',    400, sub { pack('N2', 8, 0x00010203) . $_ }],
    ['a box type in Latin-1',         400, sub { box("\xe9tat") . $_ }],
    ['traf larger than its moof',     400, sub { resize($_, 'moof/traf', 0x7fffffff) }],
    ['traf of size 0',                400, sub { resize($_, 'moof/traf', 0) }],
    ['traf smaller than its tfhd',    400, sub { resize($_, 'moof/traf', 12) }],
    ['tfhd larger than its traf',     400, sub { resize($_, 'moof/traf/tfhd', 5000) }],
    ['tfhd of size 4',                400, sub { resize($_, 'moof/traf/tfhd', 4) }],
    ['trun larger than its traf',     400, sub { resize($_, 'moof/traf/trun', 0xfffffff0) }],
    ['three bytes behind the trun',   400, sub { traf($_, 'xxx') }],
    ['a thousand moofs in each other', 400, sub { my $b = ''; $b = box('moof', $b) for 1 .. 1000; $b . $_ }],
    ['a moof of 600 KB',              400, sub { refit(into($_, 'moof', box('free', 'x' x 600000))) }],

    # what is none of it
    ['HTML',                          400, sub { '<html><body>hello</body></html>' x 9 }],
    ['JSON',                          400, sub { '{"id": "ev"}' }],
    ['MPEG-TS',                       400, sub { ("\x47" . "\xff" x 187) x 7 }],
    ['gzip',                          400, sub { "\x1f\x8b\x08" . "\0" x 200 }],
    ['zeros',                         400, sub { "\0" x 1000 }],
    ['ones',                          400, sub { "\xff" x 1000 }],
    ['only free',                     400, sub { box('free', 'x' x 99) }],
    ['only styp',                     400, sub { box('styp', 'msdh', pack('N', 0)) }],
    ['only sidx',                     400, sub { box('sidx', 'x' x 40) }],
    ['only emsg',                     400, sub { box('emsg', 'x' x 40) }],
    ['only prft',                     400, sub { full_box('prft', 1, 0, pack('NQ>Q>', 1, 1, 1)) }],
    ['a file, not fragmented',        415, sub { box('mdat', 'x' x 99) . $v->init }],

    # around the moof
    ['styp of 5000 bytes',            400, sub { box('styp', 'msdh' x 1250) . $_ }],
    ['styp without a brand',          201, sub { content($_, 'styp', '') }],
    ['styp of 13 bytes',              201, sub { content($_, 'styp', 'msdh' . "\0" x 9) }],
    ['prft of 8 bytes',               400, sub { before($_, 'moof', full_box('prft', 1, 0, 'xxxx')) }],
    ['prft version 1, one byte less', 400, sub { before($_, 'moof', full_box('prft', 1, 0, 'x' x 19)) }],
    ['prft version 1 without a body', 400, sub { before($_, 'moof', box('prft')) }],
    ['emsg of no bytes',              201, sub { before($_, 'moof', box('emsg')) }],
    ['emsg of version 9',             201, sub { before($_, 'moof', full_box('emsg', 9, 0, 'x' x 50)) }],
    ['emsg longer than the body',     400, sub { resize(before($_, 'moof', box('emsg', 'x' x 50)), 'emsg', 1 << 30) }],
    ['sidx of no bytes',              201, sub { before($_, 'moof', box('sidx')) }],
    ['an unknown box',                201, sub { before($_, 'moof', box('zzzz', 'x' x 50)) }],
    ['free before mdat, offset fits', 201, sub { refit(before($_, 'mdat', box('free', 'x' x 50))) }],
    ['free before mdat, it does not', 400, sub { before($_, 'mdat', box('free', 'x' x 50)) }],
    ['mdat before moof',              415, sub { my $s = $_; join '', map { substr($s, at($s, $_)) } 'mdat', 'moof' }],
    ['two moofs, one mdat',           400, sub { twice($_, 'moof') }],
    ['one moof, two mdats',           400, sub { twice($_, 'mdat') }],
    ['a header within a fragment',    400, sub { before($_, 'mdat', $v->init) }],
    ['a moov within a fragment',      400, sub { my $i = $v->init; before($_, 'mdat', substr($i, at($i, 'moov'))) }],
    ['a header behind the segment',   400, sub { $_ . $v->init }],
    ['an ftyp before the segment',    201, sub { box('ftyp', 'cmfc', pack('N', 0)) . $_ }],

    # moof and traf
    ['moof without mfhd',             400, sub { refit(drop($_, 'moof/mfhd')) }],
    ['mfhd of 4 bytes',               400, sub { refit(content($_, 'moof/mfhd', "\0" x 4)) }],
    ['moof without traf',             400, sub { drop($_, 'moof/traf') }],
    ['two trafs',                     415, sub { refit(twice($_, 'moof/traf')) }],
    ['traf without tfhd',             400, sub { refit(drop($_, 'moof/traf/tfhd')) }],
    ['traf without tfdt',             415, sub { refit(drop($_, 'moof/traf/tfdt')) }],
    ['traf without trun',             400, sub { drop($_, 'moof/traf/trun') }],
    ['two tfhd',                      400, sub { refit(twice($_, 'moof/traf/tfhd')) }],
    ['two tfdt',                      400, sub { refit(twice($_, 'moof/traf/tfdt')) }],
    ['trun before tfhd',              400, sub { my $s = $_; my $trun; $s = edit($s, 'moof/traf/trun', sub { $trun = box(@_); '' });
                                          before($s, 'moof/traf/tfhd', $trun) }],
    ['tfhd of 4 bytes',               400, sub { refit(content($_, 'moof/traf/tfhd', "\0" x 4)) }],
    ['tfhd: flags without fields',    400, sub { patch($_, 'moof/traf/tfhd', 0, pack('N', 0x02003a)) }],
    ['tfhd: base-data-offset',        415, sub { refit(content($_, 'moof/traf/tfhd', pack('NNQ>', 1, 1, 0))) }],
    ['another track_ID',              400, sub { patch($_, 'moof/traf/tfhd', 4, pack('N', 77)) }],
    ['track_ID 0',                    400, sub { patch($_, 'moof/traf/tfhd', 4, pack('N', 0)) }],
    ['the second chunk\'s track_ID',  400, sub { my @p = $v->segment($_[0], chunks => 2, parts => 1);
                                          join '', @p[0, 1], patch($p[2], 'moof/traf/tfhd', 4, pack('N', 77)) }],
    ['senc of no bytes',              201, sub { traf($_, box('senc')) }],
    ['senc with 2^32 - 1 entries',    201, sub { traf($_, full_box('senc', 0, 2, pack('N', 0xffffffff))) }],
    ['saio, saiz of nothing',         201, sub { traf($_, box('saiz') . box('saio')) }],
    ['subs, sgpd, sbgp of nonsense',  201, sub { traf($_, join '', map { box($_, 'xxxxxxxx') } qw(subs sgpd sbgp)) }],

    # times
    ['tfdt of 4 bytes',               400, sub { tfdt($_, "\0" x 4) }],
    ['tfdt version 1 of 4 bytes',     400, sub { tfdt($_, pack('NN', 1 << 24, 5)) }],
    ['tfdt version 2',                400, sub { tfdt($_, pack('NQ>', 2 << 24, 5)) }],
    ['tfdt 2^64 - 1',                 400, sub { tfdt($_, pack('NQ>', 1 << 24, ~0)) }],
    ['tfdt 2^63',                     400, sub { tfdt($_, pack('NQ>', 1 << 24, 1 << 63)) }],
    ['tfdt 2^63 - 1',                 400, sub { tfdt($_, pack('NQ>', 1 << 24, ~0 >> 1)) }],
    ['tfdt 2^62 + 1',                 400, sub { tfdt($_, pack('NQ>', 1 << 24, (1 << 62) + 1)) }],
    ['tfdt a year ahead',             400, sub { tfdt($_, pack('NQ>', 1 << 24, $v->tfdt($_[0]) + 90000 * 86400 * 365)) }],
    ['tfdt an hour ahead',            400, sub { tfdt($_, pack('NQ>', 1 << 24, $v->tfdt($_[0]) + 90000 * 3600)) }],
    ['tfdt 0',                        410, sub { tfdt($_, pack('NQ>', 1 << 24, 0)) }],
    ['tfdt of 32 bits, an hour ago',  410, sub { tfdt($_, pack('NN', 0, ($v->tfdt($_[0]) - 90000 * 3600) & 0xffffffff)) }],
    ['tfdt of 32 bits, an hour ahead', 400, sub { tfdt($_, pack('NN', 0, ($v->tfdt($_[0]) + 90000 * 3600) & 0xffffffff)) }],
    ['tfdt an hour ago',              410, sub { tfdt($_, pack('NQ>', 1 << 24, $v->tfdt($_[0]) - 90000 * 3600)) }],
    ['negative compositions',         201, sub { $v->segment($_[0], cts => [(-900) x $samples]) }],
    ['compositions of 2^31',          201, sub { $v->segment($_[0], cts => [(-0x80000000) x $samples]) }],
    ['durations of 0',                400, sub { $v->segment($_[0], durations => [(0) x 10]) }],
    ['durations of 2^32 - 1',         400, sub { $v->segment($_[0], durations => [(0xffffffff) x 10]) }],
    ['a segment of 121 s',            400, sub { $v->segment($_[0], durations => [(90000) x 121]) }],

    # samples
    ['trun of 4 bytes',               400, sub { content($_, 'moof/traf/trun', "\0" x 4) }],
    ['trun without its first flags',  400, sub { content($_, 'moof/traf/trun', pack('N3', 5, 1, 1)) }],
    ['a sample more than its table',  400, sub { trun($_, 4, pack('N', $samples + 1)) }],
    ['2^32 - 1 samples',              400, sub { trun($_, 4, pack('N', 0xffffffff)) }],
    ['0 samples',                     400, sub { trun($_, 4, pack('N', 0)) }],
    ['2^32 - 1 samples, no table',    400, sub { refit(content($_, 'moof/traf/trun', pack('N3', 1, 0xffffffff, 0))) }],
    ['... with a default duration',   400, sub { refit(content(content($_, 'moof/traf/trun', pack('N3', 1, 0xffffffff, 0)),
                                          'moof/traf/tfhd', pack('N3', 0x020008, 1, 0xffffffff))) }],
    ['... with a default size',       400, sub { refit(content(content($_, 'moof/traf/trun', pack('N3', 1, 0xffffffff, 0)),
                                          'moof/traf/tfhd', pack('N4', 0x020018, 1, 1, 0xffffffff))) }],
    ['all flags of trun',             400, sub { trun($_, 0, pack('N', 0x00ffffff)) }],
    ['two truns, their sum overflows', 400, sub { refit(edit($_, 'moof/traf/trun', sub { box(@_)
                                          . full_box('trun', 0, 0, pack('N', 0xffffffff)) })) }],
    ['two truns beyond the mdat',     400, sub { refit(twice($_, 'moof/traf/trun')) }],
    ['data offset 0',                 400, sub { trun($_, 8, pack('N', 0)) }],
    ['data offset -1',                400, sub { trun($_, 8, pack('N', 0xffffffff)) }],
    ['data offset 2^31 - 1',          400, sub { trun($_, 8, pack('N', 0x7fffffff)) }],
    ['data offset one too little',    400, sub { trun($_, 8, pack('N', at($_, 'mdat') - at($_, 'moof') + 7)) }],
    ['a size of 2^32 - 1',            400, sub { trun($_, 16, pack('N', 0xffffffff)) }],
    ['a size one too large',          400, sub { my $s = $_; edit($s, 'mdat', sub { box('mdat', substr($_[1], 1)) }) }],
    ['samples without bytes',         201, sub { $v->segment($_[0], sizes => [(0) x $samples]) }],
    ['an empty mdat of full samples', 400, sub { content($_, 'mdat', '') }],
);

for (@segments) {
    my ($what, $status, $make) = @$_;
    my $n = $t->number;

    local $_ = $v->segment($n);
    $t->publish($what, $status, "v/$n.m4s", $make->($n), "v/$n.m4s");
}


# ---- headers.  Each row has a track of its own.

my $init = $v->init;
my $entry = 'moov/trak/mdia/minf/stbl/stsd';

sub head  { return content($init, 'moov/trak/' . $_[0], $_[1]) }
sub video { return content($init, "$entry/avc1/avcC", $_[0]) }
sub esds  { return content($a->init, "$entry/mp4a/esds", "\0" x 4 . pack('H*', $_[0])) }

# a header of another handler and sample entry

sub other
{
    my ($handler, $stsd) = @_;

    return edit(patch($init, 'moov/trak/mdia/hdlr', 8, $handler), $entry,
                sub { full_box('stsd', 0, 0, pack('N', 1), $stsd) });
}

# an avc1 or mp4a that is encrypted, by what its sinf says

sub encrypted
{
    my ($sinf) = @_;

    return edit($init, "$entry/avc1", sub { box('encv', $_[1], $sinf) });
}

my $frma = box('frma', 'avc1');
my $schm = full_box('schm', 0, 0, 'cenc', pack('N', 0x10000));
my $tenc = full_box('tenc', 0, 0, pack('CCCC', 0, 0, 1, 8), 'k' x 16);
my $elst = sub {
    return before($init, 'moov/trak/mdia', box('edts', box('elst', $_[0])));
};

my @headers = (
    ['a header',                      201, sub { $init }],
    ['no ftyp',                       201, sub { drop($init, 'ftyp') }],
    ['ftyp alone',                    400, sub { substr($init, 0, at($init, 'moov')) }],
    ['ftyp of no bytes',              201, sub { content($init, 'ftyp', '') }],
    ['cut in the middle',             400, sub { substr($init, 0, 300) }],
    ['one byte more',                 400, sub { $init . 'x' }],
    ['free behind it',                201, sub { $init . box('free', 'xx') }, $init],
    ['an mdat behind it',             400, sub { $init . box('mdat', 'xx') }],
    ['moov of size 0',                400, sub { resize($init, 'moov', 0) }],
    ['moov of size 2^31',             400, sub { resize($init, 'moov', 1 << 31) }],
    ['moov of 600 KB',                400, sub { into($init, 'moov', box('free', 'x' x 600000)) }],
    ['600 KB of free before moov',    400, sub { before($init, 'moov', box('free', 'x' x 600000)) }],
    ['an empty moov',                 400, sub { content($init, 'moov', '') }],
    ['a moov of nonsense',            400, sub { content($init, 'moov', 'x' x 200) }],
    ['two moovs',                     400, sub { twice($init, 'moov') }],
    ['no trak',                       400, sub { drop($init, 'moov/trak') }],
    ['two traks',                     415, sub { twice($init, 'moov/trak') }],
    ['no mvex',                       415, sub { drop($init, 'moov/mvex') }],
    ['a trex of 8 bytes',             400, sub { content($init, 'moov/mvex/trex', 'x' x 8) }],
    ['mvhd of 4 bytes',               400, sub { content($init, 'moov/mvhd', 'xxxx') }],
    ['mvhd version 1, too short',     400, sub { content($init, 'moov/mvhd', "\1" . 'x' x 20) }],
    ['tkhd of 4 bytes',               400, sub { head('tkhd', "\0" x 4) }],
    ['track_ID 0',                    400, sub { patch($init, 'moov/trak/tkhd', 12, pack('N', 0)) }],
    ['no mdia',                       400, sub { drop($init, 'moov/trak/mdia') }],
    ['mdhd of 8 bytes',               400, sub { head('mdia/mdhd', "\0" x 8) }],
    ['no mdhd',                       400, sub { drop($init, 'moov/trak/mdia/mdhd') }],
    ['timescale 0',                   400, sub { patch($init, 'moov/trak/mdia/mdhd', 12, pack('N', 0)) }],
    ['a language of no letters',      201, sub { patch($init, 'moov/trak/mdia/mdhd', 20, "\xff\xff") }],
    ['no hdlr',                       400, sub { drop($init, 'moov/trak/mdia/hdlr') }],
    ['hdlr of 8 bytes',               400, sub { head('mdia/hdlr', "\0" x 8) }],
    ['a handler that nobody knows',   415, sub { patch($init, 'moov/trak/mdia/hdlr', 8, 'hint') }],
    ['no minf',                       400, sub { drop($init, 'moov/trak/mdia/minf') }],
    ['no stsd',                       400, sub { drop($init, $entry) }],
    ['stsd of 4 bytes',               400, sub { content($init, $entry, "\0" x 4) }],
    ['stsd without an entry',         400, sub { content($init, $entry, pack('NN', 0, 0)) }],
    ['an entry larger than stsd',     400, sub { resize($init, "$entry/avc1", 5000) }],
    ['samples in stts',               415, sub { head('mdia/minf/stbl/stts', pack('N4', 0, 1, 5, 5)) }],
    ['stts of 4 bytes',               400, sub { head('mdia/minf/stbl/stts', "\0" x 4) }],
    ['a sample entry nobody knows',   415, sub { other('vide', box('zzzz', "\0" x 24 . pack('nn', 320, 180) . "\0" x 50)) }],
    ['a sample entry of 20 bytes',    400, sub { other('vide', box('avc1', "\0" x 20)) }],
    ['a picture of 0x0',              400, sub { patch($init, "$entry/avc1", 24, "\0" x 4) }],
    ['avc1 without avcC',             415, sub { drop($init, "$entry/avc1/avcC") }],
    ['avcC of no bytes',              400, sub { video('') }],
    ['avcC of 6 bytes',               400, sub { video("\1\x64\0\x0d\xff\xe1") }],
    ['avcC: an SPS beyond its end',   400, sub { video("\1\x64\0\x0d\xff\xe1\xff\xff\x67\x64") }],
    ['avcC: an SPS of no bytes',      201, sub { video("\1\x64\0\x0d\xff\xe1\0\0\0") }],
    ['avcC: an SPS of nonsense',      201, sub { video("\1\x64\0\x0d\xff\xe1\0\x20" . "\xff" x 32 . "\0") }],
    ['hvcC of 10 bytes',              400, sub { other('vide', box('hvc1', "\0" x 24 . pack('nn', 320, 180)
                                          . "\0" x 50, box('hvcC', "\1" x 10))) }],
    ['av1C of 3 bytes',               400, sub { other('vide', box('av01', "\0" x 24 . pack('nn', 320, 180)
                                          . "\0" x 50, box('av1C', "\x81" x 3))) }],
    ['vpcC of 8 bytes',               400, sub { other('vide', box('vp09', "\0" x 24 . pack('nn', 320, 180)
                                          . "\0" x 50, box('vpcC', "\1" x 8))) }],
    ['mp4a without esds',             415, sub { drop($a->init, "$entry/mp4a/esds") }],
    ['esds of no bytes',              400, sub { content($a->init, "$entry/mp4a/esds", '') }],
    ['esds of nonsense',              400, sub { esds('ff' x 30) }],
    ['esds: a length beyond its end', 400, sub { esds('037f000100') }],
    ['esds: a length without end',    400, sub { esds('03' . 'ff' x 9) }],
    ['esds: no AudioSpecificConfig',  400, sub { esds('0312000100040d4015000000000000000000000000') }],
    ['esds: neither AAC nor MP3',     415, sub { esds('0319000200' . '0411' . 'fe15' . '00' x 11 . '05021190' . '060102') }],
    ['elst of 4 bytes',               400, sub { $elst->("\0" x 4) }],
    ['elst with 2^32 - 1 entries',    400, sub { $elst->(pack('NN', 0, 0xffffffff)) }],
    ['elst without an entry',         201, sub { $elst->(pack('NN', 0, 0)) }],
    ['elst version 1, cut',           400, sub { $elst->(pack('NNQ>', 1 << 24, 1, 0)) }],
    ['elst version 7',                201, sub { $elst->(pack('NNNNN', 7 << 24, 1, 0, 0, 0x10000)) }],
    ['elst: two days',                400, sub { $elst->(pack('NNQ>Q>N', 1 << 24, 1, 0, 90000 * 172800, 0x10000)) }],
    ['elst: empty edits of 2^63',     400, sub { $elst->(pack('NNQ>q>N', 1 << 24, 1, ~0 >> 1, -1, 0x10000)) }],
    ['elst: an empty edit of a year', 400, sub { $elst->(pack('NNNNN', 0, 1, 86400 * 365 * 100, 0xffffffff, 0x10000)) }],
    ['encrypted, no sinf',            400, sub { encrypted('') }],
    ['sinf of no bytes',              400, sub { encrypted(box('sinf')) }],
    ['sinf with frma only',           400, sub { encrypted(box('sinf', $frma)) }],
    ['frma of 2 bytes',               400, sub { encrypted(box('sinf', box('frma', 'xx'))) }],
    ['schm of 4 bytes',               400, sub { encrypted(box('sinf', $frma, box('schm', 'xxxx'))) }],
    ['a scheme that nobody knows',    415, sub { encrypted(box('sinf', $frma, full_box('schm', 0, 0, 'zzzz', pack('N', 0)),
                                          box('schi', $tenc))) }],
    ['no tenc',                       400, sub { encrypted(box('sinf', $frma, $schm, box('schi'))) }],
    ['tenc of 8 bytes',               400, sub { encrypted(box('sinf', $frma, $schm, box('schi', box('tenc', 'x' x 8)))) }],
    ['cenc as it should be',          201, sub { encrypted(box('sinf', $frma, $schm, box('schi', $tenc))) }],
    ['text: wvtt',                    201, sub { other('text', box('wvtt', "\0" x 8, box('vttC', 'WEBVTT'))) }],
    ['text: an entry of 4 bytes',     400, sub { other('text', box('wvtt', "\0" x 4)) }],
    ['text: stpp without an end',     400, sub { other('subt', box('stpp', "\0" x 8, 'http://www.w3.org/ns/ttml')) }],
    ['text: stpp',                    201, sub { other('subt', box('stpp', "\0" x 8, "http://www.w3.org/ns/ttml\0\0\0")) }],
    ['text: an entry nobody knows',   415, sub { other('text', box('c608', "\0" x 8)) }],
    ['a segment in its place',        412, sub { $v->segment($t->number) }],
);

my $k = 0;

for (@headers) {
    my ($what, $status, $make, $served) = @$_;
    my $track = 'x' . ++$k;

    $t->publish("header: $what", $status, "$track/init.mp4", $make->(),
                "$track/init.mp4", $served);
}


# ---- names

my $n = $t->number;
my $s = $v->segment($n);

for (
    ['no NAME',                       400, ''],
    ['no TRACK',                      400, "$n.m4s"],
    ['a third level',                 400, "v/w/$n.m4s"],
    ['a track that begins with -',    400, "-v/$n.m4s"],
    ['a track that begins with .',    400, ".v/$n.m4s"],
    ['a track of 65 letters',         400, 'v' x 65 . "/$n.m4s"],
    ['a track of 3000 letters',       400, 'v' x 3000 . "/$n.m4s"],
    ['a track with a blank',          400, "v%20w/$n.m4s"],
    ['a track with a line feed',      400, "v%0aw/$n.m4s"],
    ['a track of UTF-8',              400, "v%c3%a9/$n.m4s"],
    ['a track of two dots, encoded',  400, "v/%2e%2e/%2e%2e/$n.m4s"],
    ['no extension',                  400, "v/$n"],
    ['an unknown extension',          400, "v/$n.exe"],
    ['an extension alone',            400, 'v/.m4s'],
    ['a number of 30 digits',         400, 'v/' . '9' x 30 . '.m4s'],
    ['2^53 + 1',                      400, 'v/9007199254740993.m4s'],
    ['2^64',                          400, 'v/18446744073709551616.m4s'],
    ['-1',                            400, 'v/-1.m4s'],
    ['1e3x',                          400, 'v/1e3x.m4s'],
    ['a comma',                       400, 'v/1,5.m4s'],
    ['no digits',                     400, 'v/abc.m4s'],
    ['ffmpeg: no stream',             400, 'chunk-stream-1.m4s'],
    ['ffmpeg: no number',             400, 'chunk-stream0.m4s'],
    ['ffmpeg: below a track',         400, 'v/chunk-stream0-1.m4s'],
    ['ffmpeg: 70 digits of a stream', 400, 'chunk-stream' . '0' x 70 . '-1.m4s'],
    ['Streams( not closed',           400, 'Streams(v.cmfv'],
    ['Streams() of nothing',          400, 'Streams()'],
    ['Streams() of two levels',       400, 'Streams(v/w.cmfv)'],
    ['Streams() of dots',             400, 'Streams(...cmfv)'],
) {
    my ($what, $status, $name) = @$_;

    $t->publish("name: $what", $status, $name, $s, "v/$n.m4s");
}

for (
    ['no such event',                 404, 'none/a'],
    ['an event that is no id',        400, '-ev/a'],
    ['an event of 65 letters',        400, 'e' x 65 . '/a'],
    ['a pipeline that is no id',      400, 'ev/-a'],
    ['a pipeline of 65 letters',      400, 'ev/' . 'a' x 65],
    ['a pipeline of its own',         403, 'ev/z'],
    ['a token, where is no place',    400, '~t/ev/a'],
) {
    my ($what, $status, $from) = @$_;

    $t->request("name: $what", $status, 'PUT', "/live/$from/v/$n.m4s", $s);
    $t->absent("v/$n.m4s");
}


# ---- methods and headers

for (
    ['no length, no body',            204, [], undef],
    ['Content-Range',                 400, ['Content-Range', 'bytes 0-9/*'], $s],
    ['Content-Range: nonsense',       400, ['Content-Range', 'x'], $s],
    ['Content-Digest: of others',     400, ['Content-Digest', 'sha-256=:' . 'A' x 43 . '=:'], $s],
    ['Content-Digest: too short',     400, ['Content-Digest', 'sha-256=:AAAA:'], $s],
    ['Content-Digest: not closed',    400, ['Content-Digest', 'sha-256=:' . 'A' x 43 . '='], $s],
    ['Content-Digest: no base64',     400, ['Content-Digest', 'sha-256=:' . '*' x 44 . ':'], $s],
    ['Content-Digest: two, one bad',  400, ['Content-Digest', 'sha-512=:AA==:, sha-256=:AA==:'], $s],
) {
    my ($what, $status, $headers, $body) = @$_;

    $t->request($what, $status, 'PUT', "/live/ev/a/v/$n.m4s", $body,
                headers => $headers);
    $t->absent("v/$n.m4s");
}

$t->request('PATCH', 405, 'PATCH', "/live/ev/a/v/$n.m4s", $s, quiet => 1);
$t->request('a method of its own', 405, 'BREW', "/live/ev/a/v/$n.m4s", $s,
            quiet => 1);
$t->request('larger than the limit', 413, 'PUT', "/live/ev/a/v/$n.m4s",
            $v->segment($n, sizes => [(150000) x $samples]));
$t->absent("v/$n.m4s");
$t->request('larger than the limit, chunked', 413, 'PUT',
            "/live/ev/a/v/$n.m4s", undef,
            chunks => [$v->segment($n, sizes => [(150000) x $samples])]);
$t->absent("v/$n.m4s");
$t->request('a fragment larger than the limit in a stream', 413, 'POST',
            '/live/ev/a/Streams(v.cmfv)', undef,
            chunks => [$v->segment($n, sizes => [(150000) x $samples])]);
$t->absent("v/$n.m4s");


# ---- requests that are no HTTP, or lie about their body

my $put = "PUT /live/ev/a/v/$n.m4s HTTP/1.1\r\nHost: x\r\n"
          . "Connection: close\r\n";
my $len = length $s;
my $whole = sprintf("%x\r\n", $len) . "$s\r\n0\r\n\r\n";
my $chunked = "${put}Transfer-Encoding: chunked\r\n";

for (
    ['lower-case method',             400, "put /live/ev/a/v/$n.m4s HTTP/1.1\r\nHost: x\r\n\r\n"],
    ['no Host',                       400, "PUT /live/ev/a/v/$n.m4s HTTP/1.1\r\nContent-Length: $len\r\n\r\n$s"],
    ['HTTP/2.0 in a request line',    505, "PUT /live/ev/a/v/$n.m4s HTTP/2.0\r\nHost: x\r\n\r\n"],
    ['HTTP/0.9, which has no status', 'none', "PUT /live/ev/a/v/$n.m4s\r\n\r\n"],
    ['a NUL in the name',             400, $put =~ s/v\//v%00\//r . "\r\n"],
    ['an encoding that is none',      400, $put =~ s/v\//v%zz\//r . "\r\n"],
    ['an encoding that is cut',       400, $put =~ s/m4s/m4s%/r . "\r\n"],
    ['above the root',                400, "PUT /live/../../etc/$n.m4s HTTP/1.1\r\nHost: x\r\n\r\n"],
    ['a name of 20000 letters',       414, "PUT /live/ev/a/" . 'v' x 20000 . "/1.m4s HTTP/1.1\r\nHost: x\r\n\r\n"],
    ['a header of 40000 letters',     400, "${put}X: " . 'x' x 40000 . "\r\n\r\n"],
    ['a NUL in a header',             400, "${put}X: a\0b\r\n\r\n"],
    ['Content-Length: -1',            400, "${put}Content-Length: -1\r\n\r\n$s"],
    ['Content-Length: five',          400, "${put}Content-Length: five\r\n\r\n$s"],
    ['Content-Length: 2^64',          400, "${put}Content-Length: 18446744073709551616\r\n\r\n$s"],
    ['Content-Length: 2^62',          413, "${put}Content-Length: 4611686018427387904\r\n\r\n$s", 'ours'],
    ['two Content-Length',            400, "${put}Content-Length: $len\r\nContent-Length: 5\r\n\r\n$s"],
    ['length and chunked',            400, "${chunked}Content-Length: $len\r\n\r\n$whole"],
    ['chunked twice',                 400, "${chunked}Transfer-Encoding: chunked\r\n\r\n$whole"],
    ['Transfer-Encoding: gzip',       501, "${put}Transfer-Encoding: gzip\r\n\r\n$s"],
    ['chunked with HTTP/1.0',         400, ($chunked =~ s/1\.1/1.0/r) . "\r\n$whole"],
    ['chunk size: zz',                400, "$chunked\r\nzz\r\n$s\r\n0\r\n\r\n"],
    ['chunk size: -1',                400, "$chunked\r\n-1\r\n$s\r\n0\r\n\r\n"],
    ['chunk size: 2^64',              400, "$chunked\r\n10000000000000000\r\n$s\r\n0\r\n\r\n"],
    ['a chunk longer than it says',   400, $chunked . "\r\n" . sprintf("%x\r\n", $len - 5) . "$s\r\n0\r\n\r\n"],
    ['a later chunk of nonsense',     400, $chunked . "\r\n" . sprintf("%x\r\n", $len) . "$s\r\n!!\r\n\r\n"],
    ['Content-Length too small',      400, "${put}Content-Length: " . ($len - 9) . "\r\n\r\n$s", 'ours'],
) {
    my ($what, $status, $bytes, $ours) = @$_;

    $t->raw($what, $status, $bytes, $ours);
    $t->absent("v/$n.m4s");
}

# who hangs up gets no answer

for (
    ['Content-Length too large',      "${put}Content-Length: " . ($len + 9) . "\r\n\r\n$s"],
    ['no last chunk',                 $chunked . "\r\n" . sprintf("%x\r\n", $len) . "$s\r\n"],
    ['half of a chunk',               $chunked . "\r\n" . sprintf("%x\r\n", $len) . substr($s, 0, 100)],
    ['nothing of its body',           "${put}Content-Length: $len\r\n\r\n"],
    ['half of a header',              substr($put, 0, 40)],
) {
    my ($what, $bytes) = @$_;

    $t->hang_up("hangs up: $what", $bytes);
    $t->absent("v/$n.m4s");
}

# ---- 503: somebody holds the lock of the zone's tables (zone/layout.h)

my $table = (1 << 40) + 2;

sub table_lock
{
    my ($fh, $type) = @_;

    # F_OFD_SETLK, struct flock

    return fcntl($fh, 37, pack('s s x4 q q i x4', $type, 0, $table, 1, 0));
}

open my $zone, '+<', $t->ng->zone or die "zone: $!";
$t->request('a track to be', 201, 'PUT', '/live/ev/b/busy/init.mp4', $v->init);
ok table_lock($zone, F_WRLCK), 'the lock';

my $r = $t->request('the zone is busy', 503, 'PUT', "/live/ev/b/busy/$n.m4s",
                    $s);

is $r->header('Retry-After'), 1, '... Retry-After';
$t->absent("busy/$n.m4s");
ok table_lock($zone, F_UNLCK), '... no more';
$t->request('... and is taken then', 201, 'PUT', "/live/ev/b/busy/$n.m4s",
            $s);
close $zone;


# ---- and all the while nothing was harmed

$t->request('the number that all these meant', 201, 'PUT',
            "/live/ev/a/v/$n.m4s", $s);
cmp_ok $t->rows, '>=', 200, 'rows';
$t->finish;
done_testing;
