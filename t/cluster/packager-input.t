#!/usr/bin/perl

# What live-packager makes of inputs: containers, clocks, holes, jumps, changes
# of codec, and rubbish.
#
# time-out: 180

use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use JSON::PP;
use Test::More;

use lib "$FindBin::Bin/../lib";
use LiveOrigin::Encode qw(encode frames init_timescale nearest presented
                          run_quiet tfdt);
use LiveOrigin::PutServer;

my $build = $ENV{LO_BUILD} || "$FindBin::Bin/../../build";
my $dir = tempdir(CLEANUP => 1);
my $origin = LiveOrigin::PutServer->new(strict => 1);
my $now = int(time / 4) * 4;
my $runs = 0;


# packages a file; the run's status, log, last status line, and paths

sub run
{
    my ($input, @options) = @_;

    my $event = 'r' . ++$runs;
    my @event = grep({ $_ eq '--event' } @options) ? ()
              : ('--event-id', $event);
    my ($status, $text) = run_quiet("$build/bin/live-packager", @event,
        '--pipeline', 'a', '--origin', $origin->url . '/pub', '--input',
        $input, '--lossless', @options);
    my ($line) = $text =~ /^(\{.*\})$/m;

    return { status => $status >> 8, signal => $status & 127, log => $text,
             counts => $line ? decode_json($line) : {}, event => $event };
}


sub segments
{
    my ($r, $track) = @_;

    return map { m{/(\d+)\.m4s$} ? ($1, $_) : () }
           $origin->kept("^/pub/$r->{event}/a/$track/");
}


sub file_of
{
    my ($path, @bytes) = @_;

    open(my $fh, '>:raw', $path) or die "$path: $!";
    print $fh @bytes;
    close($fh);

    return $path;
}


sub bytes_of
{
    my ($path) = @_;

    open(my $fh, '<:raw', $path) or die "$path: $!";
    local $/;

    return scalar <$fh>;
}


# every segment begins at the frame nearest to its boundary

sub on_grid
{
    my ($r, $e, $what) = @_;

    my %v = segments($r, 'v0');
    my $scale = init_timescale($origin->body("/pub/$r->{event}/a/v0/init.mp4"));
    my @off = grep {
        use integer;

        (tfdt($origin->body($v{$_})))[0] * $e->{num}
        != nearest($_, $e->{d}, $e->{num}, $e->{den}) * $e->{den} * $scale
    } keys %v;

    cmp_ok(scalar(keys %v), '>=', 4, "$what: segments");
    is("@off", '', "$what: key frames exactly on the grid");
}


my @ts = (format => 'mpegts', rate => 48000);

subtest 'fragmented MP4' => sub {
    # without B-frames: for them ffmpeg would write an edit list, and cannot

    my $e = encode("$dir/in.mp4", fps => '30000/1001', d => [60060, 30000],
                   seconds => 11, format => 'mp4',
                   video => ['libx264', '-preset', 'ultrafast', '-bf', 0],
                   more => ['-movflags', '+frag_keyframe+empty_moov'
                            . '+default_base_moof+frag_discont']);
    my $r = run("$dir/in.mp4", '--segment', '60060/30000');

    is($r->{status}, 0, 'exit 0') or diag($r->{log});
    on_grid($r, $e, 'MP4');
};

subtest 'milliseconds' => sub {
    my $e = encode("$dir/in.mkv", fps => '30000/1001', d => [2, 1],
                   seconds => 11, format => 'matroska');
    my $r = run("$dir/in.mkv", '--clock', 'utc');

    is($r->{status}, 0, 'exit 0') or diag($r->{log});
    on_grid($r, $e, 'Matroska');
    like($r->{log}, qr/v0: timescale 30000, frame 1001, on the frame grid/,
         'the frame rate is found');

    my %a = segments($r, 'a0');
    my @n = sort { $a <=> $b } keys %a;
    my @times = map { presented($origin->body($a{$_})) } @n;
    my @steps = map { $times[$_ + 1] - $times[$_] } 0 .. $#times - 1;

    is(scalar(grep { $_ != 1024 } @steps), 0, 'audio is continuous');
};

subtest 'a clock that is not UTC' => sub {
    my $e = encode("$dir/zero.ts", fps => 25, d => [2, 1], seconds => 9,
                   start => 7.96, @ts, more => ['-mpegts_copyts', 1]);
    my $before = time;
    my $r = run("$dir/zero.ts", '--segment', '2s');
    my $after = time;
    my %v = segments($r, 'v0');
    my ($n) = sort { $a <=> $b } keys %v;

    is($r->{status}, 0, 'exit 0') or diag($r->{log});
    like($r->{log}, qr/anchored on arrival/, 'it is anchored');
    cmp_ok($n * 2, '>', $before - 5, 'at the time it came');
    cmp_ok($n * 2, '<', $after + 5, '... not later');
    on_grid($r, $e, 'arrival');

    my $offset = $now - 1000;

    $r = run("$dir/zero.ts", '--segment', '2s', '--clock', "$offset.0");
    %v = segments($r, 'v0');
    ($n) = sort { $a <=> $b } keys %v;
    is($n, ($offset + 8) / 2, '--clock SECONDS: at the given time');
    on_grid($r, $e, 'offset');
};

subtest 'no constant frame rate' => sub {
    my ($start, $file) = ($now - 40, "$dir/vfr.nut");
    my ($status, $text) = run_quiet('ffmpeg', '-v', 'error', '-y', '-f',
        'lavfi', '-i', 'testsrc2=size=160x90:rate=20:duration=10',
        '-vf', "settb=1/90000,setpts='($start+(N+0.4*sin(N))/20)/TB'",
        '-fps_mode', 'passthrough', '-enc_time_base', '1/90000',
        '-c:v', 'libx264', '-preset', 'ultrafast', '-g', 20, '-copyts',
        '-f', 'nut', $file);

    is($status, 0, 'encoded') or diag($text);

    my $r = run($file, '--clock', 'utc');
    my %v = segments($r, 'v0');
    my @n = sort { $a <=> $b } keys %v;
    my @off = grep {
        my ($t) = tfdt($origin->body($v{$_}));

        abs($t / 90000 - 2 * $_) > 0.05
    } @n;

    is($r->{status}, 0, 'exit 0') or diag($r->{log});
    like($r->{log}, qr/no constant frame rate/, 'it is said');
    cmp_ok(scalar @n, '>=', 4, 'segments');
    is("@off", '', 'each at the key frame nearest to its boundary');

    my $frames = 0;

    $frames += presented($origin->body($v{$_})) for @n;
    cmp_ok($frames, '>=', 180, 'no frame is lost');
};

subtest 'a hole' => sub {
    my $e = encode("$dir/whole.ts", fps => 25, d => [2, 1], seconds => 13,
                   start => $now - 40, @ts, more => ['-mpegts_copyts', 1]);
    my $all = bytes_of("$dir/whole.ts");
    my $cut = int(length($all) * 0.45 / 188) * 188;
    my $gap = int(length($all) * 0.22 / 188) * 188;
    my $file = file_of("$dir/hole.ts", substr($all, 0, $cut),
                       substr($all, $cut + $gap));
    my $r = run($file, '--clock', 'utc');
    my $whole = run("$dir/whole.ts", '--clock', 'utc');
    my %v = segments($r, 'v0');
    my %w = segments($whole, 'v0');
    my @same = grep { $v{$_} && $origin->body($v{$_})
                      eq $origin->body($w{$_}) } keys %w;

    is($r->{status}, 0, 'exit 0') or diag($r->{log});
    cmp_ok($r->{counts}{tracks}[0]{missing}
           + 50 * $r->{counts}{tracks}[0]{skipped}, '>', 20,
           'what is missing is counted');
    like($r->{log}, qr{v0/\d+: \d+ (?:frames missing|numbers)}, 'and said');
    on_grid($r, $e, 'hole');
    cmp_ok(scalar @same, '>=', 3, 'the others are what they would have been');
};

subtest 'jumps' => sub {
    my %a = (fps => 25, d => [2, 1], seconds => 7, @ts,
             more => ['-mpegts_copyts', 1]);
    my @part = map { encode("$dir/$_->[0].ts", %a, start => $_->[1]);
                     bytes_of("$dir/$_->[0].ts") }
               ['one', $now - 60], ['two', $now - 600], ['three', $now - 30];
    my $file = file_of("$dir/jumps.ts", @part);
    my $r = run($file, '--clock', 'utc');

    is($r->{status}, 0, 'exit 0') or diag($r->{log});
    is(() = $r->{log} =~ /v0: the input's time jumps/g, 2, 'both are said');

    my @order = map { m{/v0/(init|\d+)} ? $1 : () }
                map { $_->{path} } $origin->requests("/$r->{event}/a/v0/");
    my @inits = grep { $_ eq 'init' } @order;
    my @n = grep { $_ ne 'init' } @order;

    is(scalar @inits, 3, 'the init goes before each run');
    is(scalar(grep { $_ >= ($now - 62) / 2 && $_ <= ($now - 52) / 2 } @n),
       scalar(grep { $_ >= ($now - 602) / 2 && $_ <= ($now - 592) / 2 } @n),
       'both runs are there');
    is($n[0], ($now - 58) / 2, 'numbers are UTC');
};

subtest 'another picture size' => sub {
    my %a = (fps => 25, d => [2, 1], seconds => 6, @ts);
    my @more = ('-mpegts_copyts', 1);
    my $one = encode("$dir/small.ts", %a, start => $now - 60, more => [@more]);
    my $two = encode("$dir/large.ts", %a, start => $now - 54,
                     more => [@more, '-s', '640x360']);
    my $file = file_of("$dir/sizes.ts", bytes_of("$dir/small.ts"),
                       bytes_of("$dir/large.ts"));
    my $r = run($file, '--clock', 'utc');
    my @inits = grep { $_->{path} =~ m{/v0/init} }
                $origin->requests("/$r->{event}/");

    is($r->{status}, 0, 'exit 0') or diag($r->{log});
    like($r->{log}, qr/v0: the codec's configuration changed/, 'it is said');
    is(scalar @inits, 2, 'there is a new init');
    like($origin->body("/pub/$r->{event}/a/v0/init.mp4"),
         qr/avc1.{24}\x02\x80\x01\x68/s, 'of the new size');
};

subtest 'the event document' => sub {
    encode("$dir/doc.nut", fps => 25, d => [2, 1], seconds => 5,
           start => $now - 40);

    my $doc = file_of("$dir/event.json", encode_json({
        id => 'doc', segment_ms => 2000, tracks => [
            { id => 'de', type => 'audio', lang => 'de', bitrate => 64000 },
            { id => 'hd', type => 'video', fps => 25, bitrate => 500000 }
        ]
    }));
    my $r = run("$dir/doc.nut", '--event', $doc);

    $r->{event} = 'doc';

    is($r->{status}, 0, 'exit 0') or diag($r->{log});

    my %v = segments($r, 'hd');
    my %a = segments($r, 'de');

    cmp_ok(scalar(keys %v), '>=', 2, 'video under its id');
    cmp_ok(scalar(keys %a), '>=', 2, 'audio under its id');

    my $init = $origin->body('/pub/doc/a/de/init.mp4');

    like($init, qr/elng\x00{4}de\x00/, 'language');
    like($init, qr/btrt\x00{4}\x00\x00\xfa\x00/, 'bitrate');

    file_of($doc, encode_json({ id => 'doc', tracks => [
        { id => 'v', type => 'video' }, { id => 'w', type => 'video' } ] }));

    $r = run("$dir/doc.nut", '--event', $doc);
    is($r->{status}, 2, 'a track too many: exit 2');
    like($r->{log}, qr/error: the input has no stream for track w/, 'and why');

    $r = run("$dir/doc.nut", '--map', 'x=1');
    is($r->{status}, 0, '--map') or diag($r->{log});
    is(scalar(grep { !m{/x/} } $origin->kept("/$r->{event}/")), 0,
       'takes only what it names');
};

subtest 'rubbish' => sub {
    my $r = run(file_of("$dir/rubbish", map { chr(rand 256) } 1 .. 50000));

    is($r->{signal}, 0, 'noise: no crash');
    is($r->{status}, 2, 'noise: exit 2');
    like($r->{log}, qr/error: input /, 'noise: a line');

    $r = run(file_of("$dir/empty"));
    is($r->{status}, 2, 'nothing: exit 2');

    $r = run("$dir/there-is-none");
    is($r->{status}, 2, 'no such file: exit 2');
    like($r->{log}, qr/No such file/, 'no such file: said');

    # the same damage every time

    srand(1);

    encode("$dir/good.ts", fps => 25, d => [2, 1], seconds => 12,
           start => $now - 40, @ts, more => ['-mpegts_copyts', 1]);
    encode("$dir/good.nut", fps => 25, d => [2, 1], seconds => 12,
           start => $now - 40);

    for my $file ('good.ts', 'good.nut') {
        for my $step (20000, 3000, 400) {
            my $bytes = bytes_of("$dir/$file");

            for (my $i = 5000 + int rand $step; $i < length $bytes;
                 $i += int rand 2 * $step)
            {
                substr($bytes, $i, 1) = chr(rand 256);
            }

            $r = run(file_of("$dir/bad", $bytes), '--clock', 'utc');
            is($r->{signal}, 0, "$file, a byte of $step: no crash")
                or diag($r->{log});

            my @far = grep { $_ < $now / 2 - 30 || $_ > $now / 2 }
                      map { my %v = segments($r, $_); keys %v } 'v0', 'a0';

            is(scalar @far, 0, "$file, a byte of $step: right numbers")
                if $file eq 'good.ts' && $step > 1000;
        }
    }
};

subtest 'the command line' => sub {
    my @ok = ('--event-id', 'e', '--pipeline', 'a', '--origin',
              'http://127.0.0.1:9/');
    my @bad = (
        [['--event-id', 'a/b'], qr/--event-id a\/b: an id is/],
        [['--segment', '2x'], qr/--segment 2x: 2s, 2000ms or/],
        [['--segment', '90s'], qr/--segment 90s: a segment duration outside/],
        [['--origin', 'ftp://x'], qr/--origin ftp:\/\/x: an http/],
        [['--clock', 'now'], qr/--clock now: utc, arrival/],
        [['--chunk-ms', '-1'], qr/--chunk-ms -1: a number from 0/],
        [['--map', 'v'], qr/--map v: TRACK=STREAM/],
        [['--event', "$dir/none"], qr/--event \S+: No such file/],
        [['--what'], qr/unrecognized option/],
        [['more'], qr/more: not an option/],
    );

    for my $bad (@bad) {
        my ($args, $like) = @$bad;
        my ($status, $text) = run_quiet("$build/bin/live-packager", @ok,
                                        @$args);

        is($status >> 8, 1, "@$args: exit 1");
        like($text, $like, 'with the option, the value and what is allowed');
    }

    my ($status, $text) = run_quiet("$build/bin/live-packager", @ok[0 .. 3]);

    is($status >> 8, 1, 'no origin: exit 1');

    ($status, $text) = run_quiet("$build/bin/live-packager", '--help');
    is($status, 0, '--help: exit 0');
    like($text, qr/^usage: live-packager/, '--help');
};

done_testing();
