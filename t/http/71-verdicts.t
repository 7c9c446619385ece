# What inspection says of segments, and which of two readers get: the whole
# matrix of good, short, discontinuous, filler and missing, in both orders and
# with a reader between the two.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use lib 't/lib';
use LiveOrigin::Media qw(box full_box boxes);
use LiveOrigin::Nginx qw(wait_for);

my $ng = LiveOrigin::Nginx->start(
    size => '64m', events => 4,
    live => 'live_origin_hold 0;',
    http => 'log_format why "$uri $live_origin_reason'
          . ' $live_origin_choice [$live_origin_defects]";'
          . ' access_log %%DIR%%/why.log why;',
    files => {
        'events/ev.json' => '{"id": "ev", "segment_ms": 2000, "dvr_s": 3600,'
            . ' "delay_ms": 1000, "pipelines": ["a", "b"],'
            . ' "tracks": [{"id": "v"}]}',
        'events/one.json' => '{"id": "one", "segment_ms": 2000,'
            . ' "dvr_s": 3600, "delay_ms": 1000, "pipelines": ["a", "b"],'
            . ' "tracks": [{"id": "v"}, {"id": "au"}]}'});

my %media = map { $_ => LiveOrigin::Media->video(bytes => 4000, seed => $_) }
            'a', 'b';
my $au = LiveOrigin::Media->audio(bytes => 2000);
my $v = $media{a};

for my $p ('a', 'b') {
    is $ng->put("/live/ev/$p/v/init.mp4", $media{$p}->init)->status,
       $p eq 'a' ? 201 : 200, "init of $p";
    $ng->put("/live/one/$p/v/init.mp4", $media{$p}->init);
    $ng->put("/live/one/$p/au/init.mp4", $au->init);
}

# ---- the matrix

my %kinds = (
    good => [sub { () }, ''],
    short => [sub { (durations => [(3600) x 40]) }, 'short;ms=400'],
    discontinuous => [sub { (tfdt => $v->tfdt($_[0]) + 60000) },
                      'discontinuous;ms=667'],
    filler => [sub { (styp => ['msdh', 'slat']) }, 'filler'],
    missing => undef,
);

my @kinds = qw(good short discontinuous filler missing);

# by kind of a (row) and of b (column): the first good one, else the least
# defective, else the first

my %wins = (
    good          => [qw(a a a a a)],
    short         => [qw(b a a a a)],
    discontinuous => [qw(b b a a a)],
    filler        => [qw(b b b a a)],
    missing       => [qw(b b b b -)],
);

# b came first, and a reader was given it: what is no worse stays

my %stays = (
    good          => [qw(b a a a a)],
    short         => [qw(b b a a a)],
    discontinuous => [qw(b b b a a)],
    filler        => [qw(b b b b a)],
    missing       => [qw(b b b b -)],
);

my $n = $v->now_number - 2 * 100 - 20;
my $client = $ng->client;
my @bad;
my $cells = 0;

sub publish
{
    my ($p, $kind) = @_;

    return if !$kinds{$kind};

    my $r = $client->put("/live/ev/$p/v/1.m4s",
        $media{$p}->segment($n, seed => $p, $kinds{$kind}[0]->($n)));

    push @bad, "$n: PUT of $kind by $p: " . $r->status . ' '
        . ($r->header('Location') || '')
        if $r->status != 201
           || $r->header('Location') ne "/live/ev/v/$n.m4s";
}

sub expect
{
    my ($what, $winner, $kind) = @_;
    my $r = $client->get("/live/ev/v/$n.m4s");
    my $got = $r->status == 200
              ? ($r->header('Live-Origin') || '') =~ /^pipeline=(\w+)/ && $1
              : '-';

    $cells++;

    if ($got ne $winner) {
        push @bad, "$what: $got, not $winner";
        return;
    }

    return if $winner eq '-';

    my $defects = $kinds{$kind}[1];
    my $said = $r->header('Live-Origin') =~ /defects="([^"]*)"/ ? $1 : '';
    my $cmsd = $r->header('CMSD-Static')
               =~ /,com\.live-origin-defects="([^"]*)"/ ? $1 : '';
    my $immutable = $r->header('Cache-Control') =~ /immutable/ ? 1 : 0;

    push @bad, "$what: Live-Origin says \"$said\"" if $said ne $defects;
    push @bad, "$what: CMSD-Static says \"$cmsd\"" if $cmsd ne $defects;
    push @bad, "$what: " . $r->header('Cache-Control')
        if $immutable != ($defects eq '' ? 1 : 0);
    push @bad, "$what: other bytes"
        if $r->body ne $media{$winner}->segment($n, seed => $winner,
                                                $kinds{$kind}[0]->($n));

    my $why = $client->get("/api/events/ev/why/v/$n")->json;

    push @bad, "$what: why says " . ($why->{chosen}{pipeline} || '-')
        if ($why->{chosen}{pipeline} || '') ne $winner;
}

for my $first ('a', 'b') {
    my $second = $first eq 'a' ? 'b' : 'a';

    for my $get (0, 1) {
        my $table = $get && $first eq 'b' ? \%stays : \%wins;

        for my $row (@kinds) {
            for my $i (0 .. $#kinds) {
                my %is = (a => $row, b => $kinds[$i]);
                my $winner = $table->{$row}[$i];

                $n += 2;
                publish($first, $is{$first});
                $client->get("/live/ev/v/$n.m4s") if $get;
                publish($second, $is{$second});
                expect("a $row, b $kinds[$i], $first first"
                       . ($get ? ', read between' : ''), $winner,
                       $winner eq '-' ? '' : $is{$winner});
            }
        }
    }
}

is $cells, 100, 'every cell was tried';
is_deeply \@bad, [], '... and has the one winner';

# a good one that was given out stays, whatever arrives later

$n += 2;
publish('b', 'good');
is $client->get("/live/ev/v/$n.m4s")->header('Live-Origin'), 'pipeline=b',
    'b is given out';
publish('a', 'good');
is $client->get("/live/ev/v/$n.m4s")->header('Live-Origin'), 'pipeline=b',
    '... and stays';
is $client->put("/live/ev/b/v/1.m4s", $v->segment($n, seed => 'c'))->status,
    200, '... also against other bytes of b itself';

my $why = $client->get("/api/events/ev/why/v/$n")->json;

is $why->{chosen}{reason}, 'only-one', 'why: it was the only one then';
ok abs($why->{chosen}{since_ms} / 1000 - time) < 60, '... since when';
is $why->{pipelines}[1]{refused}{reason}, 'superseded',
    '... what came later was superseded';
is $why->{pipelines}[0]{refused}, undef, '... of b only';
is $why->{pipelines}[0]{state}, 'stored', '... a is there, too';
is $why->{pipelines}[0]{given}, undef, '... and was given to nobody';
ok $why->{pipelines}[1]{given}{since_ms}, '... b was';

$client->put('/live/ev/a/v/1.m4s', $v->segment($n, seed => 'd',
                                               durations => [(3600) x 30]));
$why = $client->get("/api/events/ev/why/v/$n")->json;
my ($wa, $wb) = @{$why->{pipelines}};

is $wa->{defects}, 'short;ms=800', 'why: of a what came last';
is_deeply [map { [$_->{verdict}, $_->{ms}] } @{$wa->{verdicts}}],
    [['short', 800]], '... each verdict with its amount';
is $wb->{good}, JSON::PP::true(), '... b is good';
is $wb->{size}, length $media{b}->segment($n, seed => 'b'), '... its size';
is '"' . $wb->{digest} . '"',
    $client->get("/live/ev/v/$n.m4s")->header('ETag'), '... digest is ETag';
ok $wb->{first_ms} <= $wb->{last_ms}, '... its first and last byte';
is $why->{due_ms}, ($n + 1) * 2000 + 1000, '... when it was due';
is $why->{gap}, JSON::PP::false(), '... it is not listed as GAP';

is $client->get('/api/events/ev/why/v/' . ($n + 1))->json->{chosen}, undef,
    'why: of one that is missing';
is $client->get("/api/events/ev/why/v/$_->[0]")->status, $_->[1],
    "why/v/$_->[0]" for ['x', 400], ['-1', 400], [1, 404], ['9' x 15, 404];
is $client->get("/api/events/ev/why/$_->[0]")->status, $_->[1], "why/$_->[0]"
    for ["nope/$n", 404], ['v', 400];
is $client->get("/api/events/nope/why/v/$n")->status, 404, 'of no event';

# ---- who has a part of one never gets the rest of another

$n += 2;
publish('a', 'short');

my $part = $client->get("/live/ev/v/$n.m4s", headers => [Range => 'bytes=0-99']);

is $part->status, 206, 'a part of the short one';
publish('b', 'good');

for (['its ETag', 'ETag'], ['its date', 'Last-Modified'])
{
    my $r = $client->get("/live/ev/v/$n.m4s", headers => [Range => 'bytes=100-',
                         'If-Range' => $part->header($_->[1])]);

    is $r->status, 200, "the rest, by $_->[0]: all of the better one";
    ok $r->body eq $media{b}->segment($n, seed => 'b'), '... its bytes';
}

my $same = $client->get("/live/ev/v/$n.m4s");

is $client->get("/live/ev/v/$n.m4s", headers => [Range => 'bytes=100-',
                'If-Range' => $same->header('ETag')])->status, 206,
    'of the same one a part';

# ---- each verdict, as it is said

my $m = $v->now_number - 40;

sub says
{
    my ($what, $track, $body, $defects, @headers) = @_;
    my $r = $client->put("/live/one/a/$track/1.m4s", $body,
                         headers => \@headers);

    is $r->status, 201, $what;

    my $get = $client->get($r->header('Location'));

    is $get->header('Live-Origin'), 'pipeline=a'
        . ($defects ? ", defects=\"$defects\"" : ''), '... ' .
        ($defects || 'is good');

    return $r->header('Location') =~ /(\d+)\.m4s$/ ? $1 : -1;
}

# a second sample description, which the init does not have

sub other_entry
{
    my ($s) = @_;
    my $at = index $s, 'tfhd';
    my $flags = unpack 'N', substr $s, $at + 4, 4;
    my $trun = index $s, 'trun';
    my ($moof, $traf) = (index($s, 'moof'), index $s, 'traf');

    substr($s, $trun + 12, 4) = pack 'N', 4 + unpack 'N', substr $s,
                                                          $trun + 12, 4;
    substr($s, $_ - 4, 4) = pack 'N', 4 + unpack 'N', substr $s, $_ - 4, 4
        for $moof, $traf, $at;
    substr($s, $at + 4, 4) = pack 'N', $flags | 2;
    substr($s, $at + 12, 0) = pack 'N', 2;

    return $s;
}

says('as it should be', 'v', $v->segment($m), '');
says('the one behind it', 'v', $v->segment($m + 1), '');
says('12 s of audio', 'au', $au->segment($m + $_), '') for 0 .. 5;
says('a picture is missing', 'v', $v->segment($m + 2,
     durations => [(3600) x 49]), 'short;ms=40');
says('what follows is good', 'v', $v->segment($m + 3), '');
says('two pictures too many', 'v', $v->segment($m + 5,
     durations => [(3600) x 52]), 'long;ms=80');
says('and the next is good again', 'v', $v->segment($m + 6), '');
says('begins late', 'v', $v->segment($m + 7, tfdt => $v->tfdt($m + 7) + 9000),
     'missing-samples;ms=100');
says('begins early', 'v', $v->segment($m + 8,
     tfdt => $v->tfdt($m + 8) - 9000), 'overlap;ms=100');
says('a hole between chunks', 'v',
     $v->segment($m + 10, durations => [(3600) x 25])
     . $v->segment($m + 10, tfdt => $v->tfdt($m + 10) + 26 * 3600,
                   durations => [(3600) x 24], styp => []),
     'short;ms=40, missing-samples;ms=40');
says('a chunk over another', 'v',
     $v->segment($m + 12, durations => [(3600) x 25])
     . $v->segment($m + 12, tfdt => $v->tfdt($m + 12) + 23 * 3600,
                   durations => [(3600) x 25], styp => []),
     'extra-samples;ms=80');
says('more than d/4 off', 'v', $v->segment($m + 14,
     tfdt => $v->tfdt($m + 14) + 45100), 'discontinuous;ms=501');
says('filler', 'v', $v->segment($m + 16, styp => ['msdh', 'slat']), 'filler');
says('another sample description', 'v', other_entry($v->segment($m + 18)),
     'wrong-init');
says('not a byte', 'v', $v->segment($m + 20, sizes => [(0) x 50]), 'empty');
says('the last one may be short', 'v', $v->segment($m + 22,
     styp => ['msdh', 'lmsg'], durations => [(3600) x 7]), '');
says('short audio', 'au', $au->segment($m + 8, durations => [(1024) x 40]),
     'short;ms=1147');

# what only the packager knows

says('declared', 'v', $v->segment($m + 24), 'missing-video;ms=120, silence',
     'Live-Origin-Defects', 'missing-video;ms=120, silence');
says('declared in two lines', 'v', $v->segment($m + 26),
     'frozen;ms=80, declared', 'Live-Origin-Defects', 'frozen;ms=80',
     'Live-Origin-Defects', 'nobody-knows;x=1');
says('declared and seen', 'v', $v->segment($m + 28,
     durations => [(3600) x 40]), 'short;ms=400, black',
     'Live-Origin-Defects', 'short;ms=40, black');

for ('missing-video;ms', 'silence,', '"silence"', 'silence;ms=-1', '(silence)')
{
    my $r = $client->put("/live/one/a/v/1.m4s", $v->segment($m + 30),
                         headers => ['Live-Origin-Defects', $_]);

    is $r->status, 400, "Live-Origin-Defects: $_";
    like $r->body, qr/Live-Origin-Defects/, '... is named';
}

is $client->get('/live/one/v/' . ($m + 30) . '.m4s')->status, 404,
    '... and nothing is stored';

# Content-Digest is a structured field, too

for (['sha-256=:AAAA:', 'too short'], ['sha-256="x"', 'no bytes'],
     ['sha-256=:????:', 'no base64'], ['md5=:AAAA:, sha-256', 'a boolean'],
     ['sha-256=:AAAA:,', 'a comma at the end'])
{
    is $client->put("/live/one/a/v/1.m4s", $v->segment($m + 30),
                    headers => ['Content-Digest', $_->[0]])->status, 400,
        "Content-Digest: $_->[1]";
}

is $client->put("/live/one/a/v/1.m4s", $v->segment($m + 32),
                headers => ['Content-Digest', 'not-sha-256=:AAAA:'])->status,
    201, 'another algorithm is ignored';

# ---- the same words everywhere

my $metrics = $client->get('/metrics')->body;

for (['good', qr/[1-9]/], ['short', 4], ['long', 1], ['overlap', 1],
     ['missing-samples', 2], ['extra-samples', 1], ['discontinuous', 1],
     ['no-sync', 0], ['wrong-init', 1], ['filler', 1], ['empty', 1],
     ['missing-video', 1], ['silence', 1], ['frozen', 1], ['black', 1],
     ['declared', 1], ['missing-audio', 0])
{
    my ($word, $count) = @$_;
    my $sum = 0;

    $sum += $_ for $metrics =~ /^live_origin_verdicts_total\{event="one",
        track="\w+",pipeline="a",reason="$word"\}\ (\d+)/gmx;
    like $sum, ref $count ? $count : qr/^$count$/, "metric of $word";
}

my ($track) = grep { $_->{id} eq 'v' }
    @{$client->get('/api/events/one/status')->json->{tracks}};

is $track->{pipelines}[0]{verdicts}{'wrong-init'}, 1, 'status has them';
ok scalar $ng->log_like(qr/defects in number \d+ of "[^"]*": missing-video;/),
    'the log has them';

my $lines = wait_for(sub {
    open my $fh, '<', $ng->dir . '/why.log' or return;
    my @l = grep { /\[filler\]/ && m!/one/! } <$fh>;
    return @l ? \@l : 0;
}, 10);

like $lines->[0], qr/ ready only-one \[filler\]$/, 'and its variables';

# ---- a log that does not grow with them

for (1 .. 100) {
    $n += 1;
    publish('a', 'filler');
}

is_deeply \@bad, [], 'a hundred that are defective';
ok $ng->reload, 'a reload ends the worker';
wait_for(sub { $ng->old_workers == 0 }, 20);

my $log = $ng->log;
my $said = () = $log =~ /defects in number \d+ of "\/live\/ev\//g;
my ($more, $sums) = (0, 0);

for ($log =~ /event "ev": defects in (\d+) more segments within \d+ s/g) {
    $more += $_;
    $sums++;
}

my $all = 0;

$all += $_ for $client->get('/metrics')->body
               =~ /^live_origin_verdicts_total\{event="ev",[^}]*
                   reason="(?:short|discontinuous|filler)"\}\ (\d+)/gmx;

cmp_ok $sums, '>', 0, 'summed up';
cmp_ok $said, '<=', 30 * $ng->{workers} * (2 + (time - $^T) / 60),
    '... not said one by one';
is $said + $more, $all, '... each is said or counted';

# ---- drift and another init are noted, and are no defects

my $drift = $v->now_number + 20;

says('media from the future', 'v', $v->segment($drift), '');
like $client->get('/metrics')->body,
    qr/event="one",track="v",pipeline="a",reason="drift"\} [1-9]/, '... is drift';

$ng->stop;
done_testing;
