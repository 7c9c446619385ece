# Start-over, catch-up and delay: what playlists and MPDs say of a part of an
# event, while it grows and when it has ended.
# time-out: 300
# core: segments of a second, listed a second later

use strict;
use warnings;

use POSIX qw(strftime);
use Test::More;
use Time::HiRes qw(time sleep);

use lib 't/lib';
use LiveOrigin::Hls qw(lint);
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $document = '"segment_ms": 1000, "delay_ms": 1000, "dvr_s": 120,'
               . ' "playlist_s": 10, "pipelines": ["a"]';

my $ng = LiveOrigin::Nginx->start(
    size => '96m', events => 6, live => 'live_origin_hold 0;'
                                        . ' live_origin_auto_event on;',
    files => {(map { ("events/$_.json" => qq({"id": "$_", $document,)
                      . '"tracks": [{"id": "v"}, {"id": "w"}]}') }
               qw(ev over)),
              'events/slide.json' => '{"id": "slide", "segment_ms": 1000,'
                  . ' "delay_ms": 1000, "dvr_s": 30,'
                  . ' "tracks": [{"id": "v"}]}',
              'events/odd.json' => '{"id": "odd", "delay_ms": 1000,'
                  . ' "dvr_s": 120, "tracks": [{"id": "v"}]}'});

my %track = (v => LiveOrigin::Media->video(segment => [1, 1], bytes => 2000),
             w => LiveOrigin::Media->video(segment => [1, 1], bytes => 1000));
my %head = ();
my $delay = 1;
my @complaints;


sub push_to
{
    my ($event, $n) = @_;

    for my $t (sort keys %track) {
        if (!$head{$event}) {
            $ng->put("/live/$event/a/$t/init.mp4", $track{$t}->init);
        }

        for ($head{$event} ? $head{$event} + 1 .. $n : $n - 60 .. $n) {
            my $r = $ng->put("/live/$event/a/$t/$_.m4s",
                             $track{$t}->segment($_));

            $r->status == 201 or die "$event/$t/$_: ", $r->status, $r->body;
        }
    }

    $head{$event} = $n;
}

# what is whole by now

sub keep_up { push_to($_[0], int(time) - 1) }


# a track's playlist by what the multivariant playlist names, without what has
# become a GAP at its end because this test is late

sub list
{
    my ($event, $args, $t) = @_;

    $t ||= 'v';

    my $m = $ng->get("/live/$event/master.m3u8?$args");

    return {status => $m->status} if $m->status != 200;

    my ($uri) = $m->body =~ m{^((?:~[^/]+/)?$t/media\.m3u8)$}m;
    my $path = "/live/$event/$uri";
    my $r = $ng->get($path);
    my %p = (status => $r->status, body => $r->body, path => $path,
             etag => $r->header('ETag'), numbers => [], urls => [],
             age => ($r->header('Cache-Control') || '') =~ /max-age=(\d+)/);

    push @complaints, map { "$args: $_" } lint($r->body)
        if $r->status == 200;

    for (split /\n/, $r->body) {
        $p{sequence} = $1 if /^#EXT-X-MEDIA-SEQUENCE:(\d+)$/;
        $p{type} = $1 if /^#EXT-X-PLAYLIST-TYPE:(\w+)$/;
        $p{ended} = 1 if /^#EXT-X-ENDLIST$/;
        $p{pdt} ||= $1 if /^#EXT-X-PROGRAM-DATE-TIME:(.*)$/;
        $p{gaps}++ if /^#EXT-X-GAP$/;

        if (m{^(?:[^#].*/)?(\d+)\.m4s$} && $1 <= ($head{$event} || 9e9)) {
            push @{$p{numbers}}, $1;
            push @{$p{urls}}, resolve($path, $_);
        }
    }

    return \%p;
}

sub again { return list(@_) }

# two ways to ask for the same bytes

sub same
{
    my ($x, $y, $name) = @_;

    ok wait_for(sub { keep_up('ev');
                      list('ev', $x)->{etag} eq list('ev', $y)->{etag} }, 20),
        $name;
}

sub resolve
{
    my ($base, $uri) = @_;

    $base =~ s{[^/]*$}{};
    $base .= $uri;
    1 while $base =~ s{[^/]+/\.\./}{};

    return $base;
}

sub mpd
{
    my ($event, $args) = @_;

    my $r = $ng->get("/live/$event/manifest.mpd" . ($args ? "?$args" : ''));
    my ($open) = $r->body =~ /(<MPD[^>]*>)/;
    my %m = (status => $r->status, body => $r->body,
             etag => $r->header('ETag'),
             age => ($r->header('Cache-Control') || '') =~ /max-age=(\d+)/,
             $open ? $open =~ /(\w+)="([^"]*)"/g : ());

    $m{periods} = [map { {/(\w+)="([^"]*)"/g} } $r->body =~ /<Period([^>]*)>/g];
    $m{templates} = [map { {/(\w+)="([^"]*)"/g} }
                     $r->body =~ /<SegmentTemplate([^>]*)>/g];

    return \%m;
}

sub seconds
{
    my ($iso) = @_;

    return ($1 || 0) * 86400 + ($2 || 0) * 3600 + ($3 || 0) * 60 + ($4 || 0)
        if $iso =~ /^P(?:(\d+)D)?T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?$/;
    return -1;
}

sub iso { return strftime('%Y-%m-%dT%H:%M:%S', gmtime $_[0]) }

sub all_there
{
    my ($name, @urls) = @_;

    my @not = grep { $ng->get($_)->status != 200 } @urls;

    is "@not", '', "$name: every segment answers 200";
}


keep_up('ev');

my $first = $head{ev} - 60;

keep_up('ev');                             # that took a while

# ---- start-over

my $start = $first + 20;
my $l = list('ev', "start=$start");

is $l->{status}, 200, 'start-over: 200';
is $l->{sequence}, $start, '... MEDIA-SEQUENCE is the number at the start';
is "@{$l->{numbers}}", join(' ', $start .. $head{ev}),
    '... from there to the live edge';
is $l->{pdt}, iso($start) . '.000Z', '... PROGRAM-DATE-TIME';
is $l->{type}, undef, '... no PLAYLIST-TYPE: it may leave the window';
is $l->{ended}, undef, '... and no end';
ok $l->{age} <= 1, '... max-age is that of a live playlist';
all_there('start-over', @{$l->{urls}});

is list('ev', "start=$start", 'w')->{sequence}, $start,
    '... of another track';
same("start=$start", 'start=' . iso($start + 3600) . '%2B01:00',
     '... the same bytes by a time of day');
same("start=$start", "start=$start.75",
     '... and by another moment of the segment');
same("start=$start", "aws.manifestsettings=start%3A$start",
     '... and by aws.manifestsettings');

sleep 1.2;
keep_up('ev');
$l = again('ev', "start=$start");
is "@{$l->{numbers}}", join(' ', $start .. $head{ev}), 'it grows at its end';

$l = list('ev', 'start=' . ($first - 1000));
is $l->{sequence}, $first, 'a start before the first segment: from there';

my $plain = $ng->get('/live/ev/v/media.m3u8')->body;

is scalar(() = $plain =~ /\.m4s$/mg), 10, 'without a window: playlist_s';

# ---- catch-up, of what is over

my $end = $start + 10;

$l = list('ev', "start=$start&end=$end");
is "@{$l->{numbers}}", join(' ', $start .. $end - 1),
    'catch-up: from the start to what begins before the end';
is $l->{type}, 'VOD', '... VOD';
is $l->{ended}, 1, '... and ended';
ok $l->{age} > 1, '... which caches may keep';
all_there('catch-up', @{$l->{urls}});
is list('ev', "end=$end.000&start=$start&x=y")->{etag}, $l->{etag},
    '... the same bytes by another spelling';

is list('ev', "start=$start&end=$end.5")->{numbers}[-1], $end,
    '... an end within a segment: that one too';

$l = list('ev', "end=$end");
is $l->{numbers}[-1], $end - 1, 'an end alone: ended there';
is $l->{ended}, 1, '... with ENDLIST';
is scalar @{$l->{numbers}}, 10, '... and playlist_s before it';

my $m = mpd('ev', "start=$start&end=$end");

is $m->{type}, 'static', 'catch-up: a static MPD';
is scalar @{$m->{periods}}, 1, '... one Period';
is seconds($m->{periods}[0]{start}), $start, '... that begins at the start';
is seconds($m->{periods}[0]{duration}), 10, '... as long as what is asked for';
is seconds($m->{mediaPresentationDuration}), $end,
    '... mediaPresentationDuration ends with it';
is $m->{availabilityStartTime}, undef, '... no availabilityStartTime';
is $_->{startNumber}, $start, '... startNumber',
    for @{$m->{templates}};
is $_->{presentationTimeOffset} / $_->{timescale}, $start,
    '... presentationTimeOffset is the start', for @{$m->{templates}};
all_there('static MPD', map { my $n = $_;
                              map { "/live/ev/$_/$n.m4s" } 'v', 'w' }
                        $start .. $end - 1);
is mpd('ev', "start=$start&end=$end")->{etag}, $m->{etag},
    '... it stays as it is';

# ---- an MPD from the start on

my $all = mpd('ev');
my $before = time;

$m = mpd('ev', "start=$start");
is $m->{type}, 'dynamic', 'start-over: a dynamic MPD';
is $m->{availabilityStartTime}, $all->{availabilityStartTime},
    '... availabilityStartTime has not moved';

my $depth = seconds($m->{timeShiftBufferDepth});
my $update = seconds($m->{minimumUpdatePeriod});

cmp_ok $depth, '>=', $before - $delay - $start,
    '... timeShiftBufferDepth reaches back to the start';
cmp_ok $depth, '<=', time - $delay - $start + $update,
    '... and no further, at its next update';
is $m->{periods}[0]{start}, $all->{periods}[0]{start}, '... the same Period';
is $m->{periods}[0]{duration}, undef, '... without an end';

# ---- an end to come

my $to = int(time) + 10;
my $from = $to - 20;
my $args = "start=$from&end=$to";
my (%seen, @dynamic);

$l = list('ev', $args);
is $l->{type}, 'EVENT', 'an end to come: EVENT';
is $l->{ended}, undef, '... not ended';
is $l->{sequence}, $from, '... from the start';

$m = mpd('ev', $args);
is $m->{type}, 'dynamic', '... a dynamic MPD';
is seconds($m->{periods}[0]{start}) + seconds($m->{periods}[0]{duration}), $to,
    '... whose Period ends there';

my $last = wait_for(sub {
    keep_up('ev');
    my $p = list('ev', $args);

    $seen{sequence}{$p->{sequence}} = 1;
    $seen{beyond} = 1 if $p->{numbers}[-1] >= $to;
    $seen{types}{$p->{type}} = 1 if !$p->{ended};

    return $p->{ended} && $head{ev} >= $to - 1 && $p;
}, 40);

ok $last, 'the end passes: ENDLIST';
is "@{$last->{numbers}}", join(' ', $from .. $to - 1), '... all of it is there';
is $last->{type}, 'VOD', '... VOD';
is_deeply $seen{types}, {EVENT => 1}, '... EVENT until then';
is_deeply $seen{sequence}, {$from => 1}, '... one MEDIA-SEQUENCE';
is $seen{beyond}, undef, '... and nothing beyond';

ok wait_for(sub { keep_up('ev'); mpd('ev', $args)->{type} eq 'static' }, 20),
    '... the MPD turns static';
$m = mpd('ev', $args);
is seconds($m->{periods}[0]{duration}), 20, '... and as long';
all_there('the end has passed', @{$last->{urls}});

# ---- an end that is far off, without a start: as without, until then

$to = $head{ev} + 5000;
is mpd('ev', "end=$to")->{type}, 'dynamic', 'an end far off: a dynamic MPD';
ok wait_for(sub {
    my ($x, $y) = (mpd('ev'), mpd('ev', "end=$to"));

    return $x->{timeShiftBufferDepth} eq $y->{timeShiftBufferDepth}
           && $x->{minimumUpdatePeriod} eq $y->{minimumUpdatePeriod};
}, 20), '... as deep as without, and asked for as often';

# ---- EVENT: nothing leaves before the end, with a delay that is later

$from = $head{ev} - 20;
is list('ev', "start=$from&end=" . ($from + 110))->{type}, 'EVENT',
    'shorter than the window: EVENT';
is list('ev', "start=$from&end=" . ($from + 110) . '&time_delay=5')->{type},
    'EVENT', '... also where a delay leaves room';
is list('ev', "start=$from&end=" . ($from + 110) . '&time_delay=11')->{type},
    undef, '... not where it leaves none';

# ---- delay

keep_up('ev');

# number n is due at n + 1 + delay, and with a delay of 20 at n + 22

$before = int(time - 22);
$l = list('ev', 'time_delay=20');
my $after = int(time - 22);

cmp_ok $l->{numbers}[-1], '>=', $before, 'time_delay: what is due by then';
cmp_ok $l->{numbers}[-1], '<=', $after, '... and no more';
is scalar @{$l->{numbers}}, 10, '... as many as without';
is $l->{pdt}, iso($l->{numbers}[0]) . '.000Z',
    '... PROGRAM-DATE-TIME is media time';
is $l->{ended}, undef, '... no end';

ok wait_for(sub {
    my $p = list('ev', 'time_delay=20');

    return $p->{numbers}[-1] > $l->{numbers}[-1]
           && $p->{sequence} > $l->{sequence};
}, 20), '... it goes on though nothing arrives';

$l = list('ev', 'time_delay=20&start=' . ($head{ev} - 40));
is $l->{sequence}, $head{ev} - 40, 'time_delay and start';
cmp_ok $l->{numbers}[-1], '<=', int(time - 22), '... end where the delay does';

$m = mpd('ev', 'time_delay=20');
like $all->{availabilityStartTime}, qr/^1970-01-01T00:00:01/,
    'the MPD without a delay';
like $m->{availabilityStartTime}, qr/^1970-01-01T00:00:21/,
    '... availabilityStartTime with it';
is $m->{suggestedPresentationDelay}, $all->{suggestedPresentationDelay},
    '... the same suggestedPresentationDelay behind that';
cmp_ok seconds($m->{timeShiftBufferDepth}), '<=',
    seconds($all->{timeShiftBufferDepth}), '... and no deeper';
same('time_delay=0', '', 'time_delay=0 is none');

# ---- an event that ends

keep_up('over');
is $ng->post('/api/events/over/end', '')->status, 200, 'an event ends';

my $edge = $head{over};

$l = list('over', 'start=' . ($edge - 30));
is "@{$l->{numbers}}", join(' ', $edge - 30 .. $edge),
    'start-over of it: to the end';
is $l->{ended}, 1, '... which it says';
is $l->{type}, 'VOD', '... VOD';

$l = list('over', 'time_delay=9');
is $l->{ended}, undef, 'with a delay it has not ended yet';
cmp_ok $l->{numbers}[-1], '<', $edge, '... nor is all of it there';
is mpd('over', 'time_delay=9')->{type}, 'dynamic', '... the MPD is dynamic';
ok wait_for(sub { list('over', 'time_delay=9')->{ended} }, 20), '... it does';
is list('over', 'time_delay=9')->{numbers}[-1], $edge, '... with all of it';
ok wait_for(sub { mpd('over', 'time_delay=9')->{type} eq 'static' }, 20),
    '... and the MPD is static';

my $far = mpd('over', 'end=' . ($edge + 5000));

is $far->{type}, 'static', 'an end behind its own: static';
is seconds($far->{mediaPresentationDuration}), $edge + 1, '... to its end';
cmp_ok seconds($far->{periods}[0]{duration}), '>', 0, '... with something';

# ---- segments off the grid: numbers say nothing of time

my $odd = LiveOrigin::Media->video(segment => [1, 1], bytes => 2000);
my @irregular;                             # [number, begin, end]
my $ticks = (int(time) - 50) * 90000;

is $ng->put('/live/odd/a/v/init.mp4', $odd->init)->status, 201,
    'an irregular event';

for my $k (0 .. 31) {
    my $frames = $k == 0 || $k % 3 ? 25 : 40;
    my $r = $ng->put("/live/odd/a/v/$k.m4s",
                     $odd->segment($k, tfdt => $ticks,
                                   durations => [(3600) x $frames]));

    my ($n) = ($r->header('Location') || '') =~ m{/(\d+)\.m4s$};

    push @irregular, [$n, $ticks / 90000, ($ticks + $frames * 3600) / 90000];
    $ticks += $frames * 3600;
}

is $ng->get('/api/events/odd/status')->json->{irregular}, 1, '... it is';

# those that overlap [$x, $y)

sub within
{
    my ($x, $y) = @_;

    return join ' ', map { $_->[0] } grep { $_->[2] > $x && $_->[1] < $y }
                                     @irregular;
}

my ($x, $y) = ($irregular[10][1] + 0.5, $irregular[20][1] + 0.5);

$l = list('odd', "start=$x");
is "@{$l->{numbers}}", within($x, 9e9), 'start: the segments from then on';
is $l->{ended}, undef, '... no end';

$l = list('odd', "start=$x&end=$y");
is "@{$l->{numbers}}", within($x, $y), 'start and end: what is between';
is $l->{type}, 'VOD', '... VOD';
is $l->{ended}, 1, '... ended';
all_there('irregular', @{$l->{urls}});

$l = list('odd', "start=$x&end=" . int($ticks / 90000 + 100));
is $l->{ended}, undef, 'an end to come: not ended';

$l = list('odd', 'time_delay=20');
ok $l->{numbers}[-1] < $irregular[-1][0], 'time_delay: not the newest';
is scalar(grep { $_->[0] == $l->{numbers}[-1] && $_->[2] + 21 > time }
          @irregular), 0, '... only what was due so long ago';

$m = mpd('odd', "start=$x&end=$y");
is $m->{type}, 'static', 'the MPD is static';
is sprintf('%.3f', seconds($m->{periods}[0]{start})),
    sprintf('%.3f', $irregular[10][1]),
    '... its Period begins with the first segment';
is sprintf('%.3f', seconds($m->{periods}[0]{duration})),
    sprintf('%.3f', $irregular[20][2] - $irregular[10][1]),
    '... and ends with the last';
is $m->{templates}[0]{startNumber}, $irregular[10][0], '... startNumber';

my $t = sprintf '%.0f', $irregular[10][1] * 90000;

is $m->{templates}[0]{presentationTimeOffset}, $t,
    '... presentationTimeOffset';
like $m->{body}, qr/<S t="$t"/, '... the first S is that segment';

$before = time;
$m = mpd('odd', "start=$x");
is $m->{type}, 'dynamic', 'from the start on: dynamic';
like $m->{body}, qr/<S t="$t"/, '... the first S is its segment';
cmp_ok seconds($m->{timeShiftBufferDepth}), '>=', $before - 1.5 - $x,
    '... timeShiftBufferDepth reaches back to it';

# ---- a pusher that begins again: a Period of its own for what follows

my $again = LiveOrigin::Media->video(segment => [1, 1], bytes => 2000,
                                     width => 640, height => 360);
my $cut = $head{ev} + 1;

is $ng->put('/live/ev/a/v/init.mp4', $again->init)->status, 201,
    'another picture from here on';
$track{v} = $again;
sleep 1.2;
push_to('ev', int(time) - 1);

$l = list('ev', "start=" . ($cut - 5));
like $l->{body}, qr/#EXT-X-DISCONTINUITY\n/, '... a discontinuity in the window';
is $l->{sequence}, $cut - 5, '... which begins where it did';

$m = mpd('ev', 'start=' . ($cut - 10) . '&end=' . ($cut - 2));
is scalar @{$m->{periods}}, 1, '... no Period of it before that';
is seconds($m->{periods}[0]{duration}), 8, '... as long as what is asked for';

$m = mpd('ev', 'start=' . ($cut - 10) . "&end=" . ($cut + 1));
is scalar @{$m->{periods}}, 2, '... two Periods across it';
is seconds($m->{periods}[1]{start}), $cut, '... the second where it began';
is seconds($m->{periods}[1]{duration}), 1, '... and to the end';

# ---- what cannot be

for (['start=yesterday', '"start=yesterday" is no time'],
     ['start=', '"start=" is no time'],
     ['end=2026-11-22', '"end=2026-11-22" is no time'],
     ["start=$end&end=$start", qq("end=$start" is not after start)],
     ["start=$start&end=$start", qq("end=$start" is not after start)],
     ["start=$start&start=$start", 'start is given twice'],
     ['time_delay=-1', '"time_delay=-1" is no number of seconds'],
     ['time_delay=90000', '"time_delay=90000" is no number of seconds'],
     ['time_delay=120', '"time_delay=120" is not less than the window of'
                        . ' this event, 120 s'],
     ['aws.manifestsettings=manifest_window_seconds:30',
      'aws.manifestsettings is not "NAME:VALUE;NAME:VALUE"'],
     ["aws.manifestsettings=start:$start&end=$end",
      'start, end and time_delay are given both'])
{
    my ($query, $says) = @$_;

    for my $name ('manifest.mpd', 'master.m3u8') {
        my $r = $ng->get("/live/ev/$name?$query");

        is $r->status, 400, "$name?$query: 400";
        like $r->body, qr/^\Q$says\E/, '... says why';
        like $r->header('Cache-Control'), qr/^max-age=\d$/, '... for a while';
        is $r->header('Access-Control-Allow-Origin'), '*', '... CORS';
    }
}

for (['start=' . ($head{ev} + 1000), 'early', 'a start to come'],
     ['start=1000&end=2000', 'gone', 'an end before the window'],
     ['end=2000', 'gone', 'likewise, alone'],
     ['time_delay=119', 'early', 'a delay longer than the event is old'])
{
    my ($query, $reason, $what) = @$_;

    for my $name ('manifest.mpd', 'master.m3u8') {
        my $r = $ng->get("/live/ev/$name?$query");

        is $r->status, 404, "$what: $name: 404";
        is $r->body, "$reason\n", "... $reason";
    }
}

is $ng->get("/live/ev/v/$start.m4s?start=$end&end=1")->status, 200,
    'segments know no arguments';

# ---- what is over is kept until its first segment leaves the window: less as
# that comes nearer, though the list is the same

my $k = int(time) - 31;

sub slide
{
    for ($k + 1 .. $_[0]) {
        is $ng->put("/live/slide/a/v/$_.m4s",
                    $track{v}->segment($_))->status, 201, "slide: $_";
    }

    $k = $_[0];
}

$ng->put('/live/slide/a/v/init.mp4', $track{v}->init);
slide($k + 31);
$args = 'start=' . ($k - 20) . '&end=' . ($k - 15);
$l = list('slide', $args);
is "@{$l->{numbers}}", join(' ', $k - 20 .. $k - 16), '... catch-up of it';
$m = mpd('slide', $args);
slide($k + 4);

$last = list('slide', $args);
is $last->{etag}, $l->{etag}, '... the same list';
is $last->{age}, $l->{age} - 4, '... kept for four seconds less';

$last = mpd('slide', $args);
is $last->{etag}, $m->{etag}, '... the same MPD';
is $last->{age}, $m->{age} - 4, '... for four seconds less';

# ---- how deep a start below the window reaches: as deep as that is, which a
# delay makes less

my %args;

sub deep
{
    my ($args, $want) = @_;

    ok wait_for(sub { seconds(mpd('slide', $args)->{timeShiftBufferDepth})
                      >= $want }, 40), "$args: the depth grows";
    $args{$args} = $want;
}

deep('start=' . ($k - 100), 30);
deep('start=' . ($k - 100) . '&time_delay=10', 20);
deep('time_delay=10', 20);

my %at = map { $_ => mpd('slide', $_)->{publishTime} } keys %args;

sleep 4;

for my $args (sort keys %args) {
    $m = mpd('slide', $args);
    is seconds($m->{timeShiftBufferDepth}), $args{$args},
        "$args: as deep as there is something, and no more";
    is $m->{publishTime}, $at{$args}, '... it does not change any more';
}

is "@complaints", '', 'each playlist keeps to the rules';

done_testing;
