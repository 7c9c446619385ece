# Manifests of events and tracks whose live edge is old: 404, or without the
# track, and back again.

use strict;
use warnings;

use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep time);

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $ng = LiveOrigin::Nginx->start(size => '128m', events => 12, workers => 2,
                                  live => 'live_origin_hold 0;');
my $json = JSON::PP->new->canonical;

# segments of half a second, so that nothing takes long

my @tracks = qw(v w a t);
my %media = (
    v => LiveOrigin::Media->video(bytes => 1000, segment => [1, 2]),
    w => LiveOrigin::Media->video(id => 2, bytes => 1000, segment => [1, 2],
                                  width => 640, height => 360),
    a => LiveOrigin::Media->audio(id => 3, bytes => 300, segment => [1, 2]),
    t => LiveOrigin::Media->audio(id => 4, bytes => 300, segment => [1, 2]));
my %type = (v => 'video', w => 'video', a => 'audio', t => 'audio');
my (%next, $r);

my $stale = 3000;


sub document
{
    my ($id, %manifest) = @_;

    my $doc = $json->encode({
        id => $id, segment_ms => 500, delay_ms => 1000, dvr_s => 4,
        tracks => [map { {id => $_, type => $type{$_},
                          $_ eq 't' ? (lang => 'de') : ()} } @tracks],
        %manifest ? (manifest => \%manifest) : ()});
    my $put = $ng->put("/api/events/$id", $doc);

    $put->status =~ /^20[01]$/ or diag $put->status . ' ' . $put->body;

    return;
}


sub inits
{
    my ($id) = @_;

    $next{$id} = $media{v}->now_number - 6;
    $ng->put("/live/$id/p/$_/init.mp4", $media{$_}->init) for @tracks;

    return;
}


# what is on air of these tracks, up to now

sub publish
{
    my ($id, @of) = @_;
    my $now = $media{v}->now_number;
    my $c = $ng->client;

    @of = @tracks if !@of;

    for my $n ($next{$id} .. $now - 1) {
        for my $t (@of) {
            my $put = $c->put("/live/$id/p/$t/$n.m4s", $media{$t}->segment($n));

            $put->status =~ /^20[01]$/
                or diag "$id/$t/$n: " . $put->status . ' ' . $put->body;
        }
    }

    $next{$id} = $now if $now > $next{$id};
    $c->close;

    return;
}


# publishes these tracks until something is so

sub publish_until
{
    my ($id, $of, $until, $seconds) = @_;

    return wait_for(sub { publish($id, @$of); return $until->(); },
                    $seconds || 20);
}

sub status { return $ng->get("/live/$_[0]")->status }
sub body   { return $ng->get("/live/$_[0]")->body }

sub in_master
{
    my ($id) = @_;

    my %listed = map { $_ => 1 } body("$id/master.m3u8")
                 =~ m{^(?:#.*URI=")?([a-z])/media\.m3u8}mg;

    return join ' ', sort keys %listed;
}

sub in_mpd
{
    my ($id) = @_;

    my @listed = body("$id/manifest.mpd")
                 =~ /<Representation[^>]* id="([a-z])"/g;

    return join ' ', sort @listed;
}

# AdaptationSet@id of a track

sub set_of
{
    my ($id, $track) = @_;

    my ($set) = body("$id/manifest.mpd")
                =~ /.*<AdaptationSet id="(\d+)".*?<Representation id="$track"/s;

    return $set;
}

# as old as its window is long: the MPD's depth grows no more

sub steady
{
    my ($event) = @_;

    return publish_until($event, [], sub {
        body("$event/manifest.mpd") =~ /timeShiftBufferDepth="PT4S"/
    });
}

sub published_at
{
    return body("$_[0]/manifest.mpd") =~ /publishTime="([^"]+)"/ ? $1 : '';
}

sub health { return $ng->get("/api/events/$_[0]/status")->json->{manifest} }

sub metric
{
    my ($name) = @_;

    return $ng->get('/metrics')->body =~ /^\Q$name\E (\d+)$/m ? $1 : undef;
}

sub lines
{
    my ($pattern) = @_;

    return scalar(() = $ng->log =~ /$pattern/g);
}


# several requests, so that every worker is asked, while these tracks are fresh

sub always
{
    my ($what, $want, $name, $id, @of) = @_;
    my %got;

    for (1 .. 12) {
        publish($id, @of) if defined $id;
        $got{$what->()}++;
    }

    is_deeply [keys %got], [$want], $name;

    return;
}


# ---- without "manifest" nothing is ever stale

document('off');
inits('off');
ok publish_until('off', [], sub { status('off/master.m3u8') == 200 }), 'off: live';

is health('off'), undef, 'off: status says nothing';
is metric('live_origin_manifests_withheld{event="off"}'), undef,
    '... nor do the metrics';


# ---- 404

document('gone', stale_ms => $stale);
inits('gone');
ok publish_until('gone', [], sub { status('gone/master.m3u8') == 200 }),
    '404: live';
publish('gone');
is health('gone')->{state}, 'whole', '... and whole';
is health('gone')->{stale}, '404', '... 404 is the default';
is health('gone')->{stale_ms}, $stale, '... and it says when';
is metric('live_origin_manifests_withheld{event="gone"}'), 0, '... metrics';

ok steady('gone'), '... for as long as its window';

my $first = published_at('gone');

# one rendition stops: its playlist goes, the rest is as it was

ok publish_until('gone', [qw(v a t)],
                 sub { status('gone/w/media.m3u8') == 404 }),
    'one of two renditions stops: its playlist is 404';
$r = $ng->get('/live/gone/w/media.m3u8');
is $r->body, "overdue\n", '... overdue';
is $r->header('Cache-Control'), 'max-age=1', '... for a second';
always(sub { status('gone/master.m3u8') }, 200, '... the event is there',
       'gone', qw(v a t));
always(sub { in_mpd('gone') }, 'a t v w', '... all of it', 'gone', qw(v a t));
is published_at('gone'), $first, '... and the MPD did not change';
publish('gone', qw(v a t));
is_deeply health('gone')->{stale_tracks}, ['w'], '... status';
is metric('live_origin_track_stale{event="gone",track="w"}'), 1, '... metrics';
publish('gone', qw(v a t));
is metric('live_origin_track_stale{event="gone",track="v"}'), 0,
    '... of the others too';

# all stops

ok wait_for(sub { status('gone/manifest.mpd') == 404 }, 20), 'all stops: 404';

for my $name (qw(manifest.mpd master.m3u8 v/media.m3u8 a/media.m3u8)) {
    $r = $ng->get("/live/gone/$name");
    is $r->status, 404, "... $name";
    is $r->body, "overdue\n", '... overdue';
    is $r->header('Cache-Control'), 'max-age=1', '... for a second';
}

is health('gone')->{state}, 'withheld', '... status';
is metric('live_origin_manifests_withheld{event="gone"}'), 1, '... metrics';
ok wait_for(sub {
    lines(qr/\[error\].*event "gone".*"v".*manifests are 404/) > 0
}, 10), '... and one line';
like status('gone/v/' . ($next{gone} - 1) . '.m4s'), qr/^200$/,
    '... segments are served on';

is status('off/manifest.mpd'), 200, 'without "manifest" it goes on';

my $lines = lines(qr/event "gone":/);

sleep 2.5;
always(sub { status('gone/master.m3u8') }, 404, 'a while later: the same');
is lines(qr/event "gone":/), $lines, '... and nothing more in the log';

# and back

ok publish_until('gone', [], sub { status('gone/manifest.mpd') == 200 }),
    'all goes on: it is there again';
always(sub { status('gone/master.m3u8') }, 200, '... everywhere', 'gone');
always(sub { status('gone/w/media.m3u8') }, 200, '... and each rendition',
       'gone');
always(sub { in_master('gone') }, 'a t v w', '... in the list', 'gone');
publish('gone');
is health('gone')->{state}, 'whole', '... status';
ok wait_for(sub { lines(qr/event "gone": its tracks are fresh again/) == 1 },
            10), '... said once';


# ---- drop

document('drop', stale_ms => $stale, stale => 'drop');
inits('drop');
ok publish_until('drop', [], sub { in_master('drop') eq 'a t v w' }),
    'drop: live';
always(sub { in_mpd('drop') }, 'a t v w', '... with all tracks', 'drop');

publish('drop');
is set_of('drop', 't'), 4, '... a set has the place of its first track';

ok steady('drop'), '... for as long as its window';
publish('drop');

my @when = published_at('drop');
my $etag = $ng->get('/live/drop/manifest.mpd')->header('ETag');

ok publish_until('drop', [qw(v a t)], sub { in_master('drop') eq 'a t v' }),
    'a rendition stops: it is left out';
always(sub { in_mpd('drop') }, 'a t v', '... of the MPD too', 'drop',
       qw(v a t));
always(sub { in_master('drop') }, 'a t v', '... on every worker', 'drop',
       qw(v a t));
is status('drop/w/media.m3u8'), 404, '... its playlist is 404';
publish('drop', qw(v a t));
push @when, published_at('drop');
isnt $when[1], $when[0], '... and publishTime changes';
isnt $ng->get('/live/drop/manifest.mpd')->header('ETag'), $etag,
    '... and the ETag';
publish('drop', qw(v a t));
is health('drop')->{state}, 'reduced', '... status';
always(sub { published_at('drop') }, $when[1],
       '... all workers say the same publishTime', 'drop', qw(v a t));

# the last audio

ok publish_until('drop', [qw(v t)], sub { in_master('drop') eq 't v' }),
    'then one of two audios';
publish('drop', qw(v t));
is set_of('drop', 't'), 4, '... the other one is the set that it was';
is set_of('drop', 'v'), 1, '... so is video';
publish('drop', qw(v t));

push @when, published_at('drop');
isnt $when[2], $when[1], '... publishTime';

ok publish_until('drop', ['v'], sub { status('drop/master.m3u8') == 404 }),
    'then the other one: 404, for there is no event without sound';
is status('drop/v/media.m3u8'), 404, '... also of what is fresh';
is health('drop')->{state}, 'withheld', '... status';

ok publish_until('drop', [qw(v w a)], sub { in_master('drop') eq 'a v w' }),
    'all but one come back: without it';
always(sub { in_mpd('drop') }, 'a v w', '... the MPD too', 'drop', qw(v w a));
publish('drop', qw(v w a));
push @when, published_at('drop');

ok publish_until('drop', [], sub { in_master('drop') eq 'a t v w' }),
    'and the last one';
publish('drop');
push @when, published_at('drop');
is_deeply [sort @when], \@when, 'publishTime never goes back';
my %times = map { $_ => 1 } @when;
is scalar(keys %times), scalar(@when), '... and is another each time';

# a document that does not want it any more

ok publish_until('drop', [qw(v a t)], sub { in_master('drop') eq 'a t v' }),
    'left out once more';
document('drop');
is in_master('drop'), 'a t v w', 'without "manifest" in the document all is '
    . 'listed';
is health('drop'), undef, '... and status says nothing';


# ---- a reload, and the end

document('gone', stale_ms => $stale, stale => 'drop');
ok $ng->reload, 'reload';
ok wait_for(sub { status('gone/master.m3u8') == 404 }, 20), '... and it is '
    . 'stale';
is $ng->post('/api/events/gone/end', '')->status, 200, 'an event that has ended';
is status('gone/master.m3u8'), 200, '... is never stale';

is $ng->put('/api/events/bad', '{"id": "bad", "manifest": {"stale": "drop"}}')
    ->json->{field}, 'manifest.stale_ms', 'a bad document';

$ng->stop;

done_testing;
