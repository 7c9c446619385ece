# A pipeline that cannot be exchanged with another segment by segment is a
# standby with all its tracks, and takes over with all of them.

use strict;
use warnings;

use JSON::PP;
use Test::More;
use Time::HiRes qw(time sleep);

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

sub doc
{
    return "{\"id\": \"$_[0]\", \"segment_ms\": 1000, \"delay_ms\": 1000,"
           . ' "dvr_s": 60, "pipelines": ["a", "b"],'
           . ' "tracks": [{"id": "v"}, {"id": "au"}]}';
}

my $ng = LiveOrigin::Nginx->start(
    size => '64m', events => 4, live => 'live_origin_hold 0;',
    files => {map { ("events/$_.json" => doc($_)) } qw(clock init)});

my $v = LiveOrigin::Media->video(bytes => 3000, segment => [1, 1]);
my $wide = LiveOrigin::Media->video(bytes => 3000, segment => [1, 1],
                                    width => 640, height => 360);
my $a = LiveOrigin::Media->audio(bytes => 1000, segment => [1, 1]);

sub put
{
    my ($event, $p, $track, $body) = @_;

    return $ng->put("/live/$event/$p/$track/1.m4s", $body);
}

sub init
{
    my ($event, $p, $track, $m) = @_;

    return $ng->put("/live/$event/$p/$track/init.mp4", $m->init)->status;
}

sub number
{
    return ($_[0]->header('Location') || '') =~ /(\d+)\.m4s$/ ? $1 : -1;
}

sub list
{
    my ($event, $track) = @_;
    my ($disc, @list) = 0;

    for (split /\n/, $ng->get("/live/$event/$track/media.m3u8")->body) {
        $disc = 1 if /^#EXT-X-DISCONTINUITY$/;

        if (/^(\d+)\.m4s$/) {
            push @list, "$1" . ($disc ? ' discontinuity' : '');
            $disc = 0;
        }
    }

    return @list;
}

# ---- clocks that do not agree

init('clock', $_->[0], @$_[1, 2]) for ['a', 'v', $v], ['a', 'au', $a],
                                      ['b', 'v', $v], ['b', 'au', $a];

my $n = int(time) - 3;

for my $i (0 .. 2) {
    is number(put('clock', 'a', 'v', $v->segment($n + $i))), $n + $i,
        'a, video';
    is number(put('clock', 'a', 'au', $a->segment($n + $i))), $n + $i,
        'a, audio';
}

for (['v', $v], ['au', $a]) {
    my $r = put('clock', 'b', $_->[0], $_->[1]->segment(100));

    is $r->status, 409, "b on a clock of its own: $_->[0] is a standby";
    like $r->body, qr/\ba\b/, '... of a';
}

# a falls silent: the first track of b begins, the other is in the same run

my $r;
my $at = 100;

ok wait_for(sub {
    $r = put('clock', 'b', 'v', $v->segment(++$at));
    sleep 0.3 if $r->status == 409;
    return $r->status == 201;
}, 15), 'a is gone: b takes over';

my $took = number($r);

is number(put('clock', 'b', 'au', $a->segment($at))), $took,
    '... with its audio, at the same number';
is number(put('clock', 'b', 'v', $v->segment($at + 1))), $took + 1,
    '... and on';
is number(put('clock', 'b', 'au', $a->segment($at + 1))), $took + 1,
    '... both';

for (['v', $v], ['au', $a]) {
    is put('clock', 'a', $_->[0], $_->[1]->segment($took + 2))->status, 409,
        "a is back, and is the standby now: $_->[0]";
}

my (@v, @a);

ok wait_for(sub {
    @v = list('clock', 'v');
    @a = list('clock', 'au');
    return grep({ /^@{[$took + 1]}/ } @v) && grep { /^@{[$took + 1]}/ } @a;
}, 15), 'both playlists go on';
is_deeply [grep { / / } @v], ["$took discontinuity"],
    'a DISCONTINUITY in video';
is_deeply [grep { / / } @a], ["$took discontinuity"],
    '... and in audio at the same number';

for my $track ('v', 'au') {
    like $ng->get("/live/clock/$track/$took.m4s")->header('Live-Origin'),
        qr/pipeline=b/, "$track comes from b";
    like $ng->get("/live/clock/$track/$n.m4s")->header('Live-Origin'),
        qr/pipeline=a/, '... what was before from a';
}

my $mpd = $ng->get('/live/clock/manifest.mpd')->body;

is scalar(() = $mpd =~ /<Period\b/g), 2, 'two Periods';

my ($second) = $mpd =~ m!.*(<Period\b.*?</Period>)!s;

is scalar(() = $second =~ /startNumber="$took"/g), 2,
    '... of which the second has both tracks from there';

# what was refused is known afterwards

my $why = $ng->get('/api/events/clock/why/v/' . ($took + 2))->json;

is $why->{pipelines}[0]{refused} && $why->{pipelines}[0]{refused}{reason},
    undef, 'a number that a standby has no clock for is none';

# ---- inits that do not agree: of one track, and all are kept back

is init('init', 'a', 'v', $v), 201, 'a: video';
is init('init', 'a', 'au', $a), 201, '... audio';
is init('init', 'b', 'au', $a), 200, 'b: audio as a\'s';

$n = int(time) - 3;
put('init', 'a', 'v', $v->segment($n));
put('init', 'a', 'au', $a->segment($n));

is put('init', 'b', 'au', $a->segment($n, seed => 'b'))->status, 201,
    'b is exchangeable as far as is known';

is init('init', 'b', 'v', $wide), 409, 'b: video of another size';
is put('init', 'b', 'v', $wide->segment($n + 1))->status, 412,
    '... has no init';

$r = put('init', 'b', 'au', $a->segment($n + 1, seed => 'b'));
is $r->status, 409, '... and its audio is kept back, too';
like $r->body, qr/\ba\b/, '... because of a';
is put('init', 'a', 'au', $a->segment($n + 1))->status, 201, 'a goes on';
put('init', 'a', 'v', $v->segment($n + 1));
is $ng->get('/api/events/init/why/au/' . ($n + 1))->json
    ->{pipelines}[1]{refused}{reason}, 'init-differs', 'why says so';

# b comes to its senses: at once

is init('init', 'b', 'v', $v), 200, 'b: the same video as a';
is put('init', 'b', 'au', $a->segment($n + 2, seed => 'b'))->status, 201,
    '... and its audio is taken again';

# or a goes: then b takes over with what it has

is init('init', 'b', 'v', $wide), 409, 'b: another size again';
ok wait_for(sub {
    my $s = init('init', 'b', 'v', $wide);
    sleep 0.3 if $s == 409;
    return $s == 201;
}, 15), 'a is gone: b may come';

$n = int(time) - 1;
$took = number(put('init', 'b', 'v', $wide->segment($n)));
is $took, $n, 'b takes over';
is number(put('init', 'b', 'au', $a->segment($n))), $n, '... with its audio';

ok wait_for(sub {
    @v = list('init', 'v');
    @a = list('init', 'au');
    return grep({ /^$n/ } @v) && grep { /^$n/ } @a;
}, 15), 'both playlists go on';
is_deeply [grep { / / } @v], ["$n discontinuity"], 'a DISCONTINUITY in video';
is_deeply [grep { / / } @a], ["$n discontinuity"],
    '... and in audio at the same number';

$ng->stop;
done_testing;
