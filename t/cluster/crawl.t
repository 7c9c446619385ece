# Every URL that any manifest names answers 200 at that moment: a live event
# of chunks, looked at twenty times, plain and by class, by argument, filter
# and window, from the multivariant playlist and the MPD down to the parts.

use strict;
use warnings;

use POSIX qw(floor ceil);
use Test::More;
use Time::HiRes qw(time sleep);
use Time::Local qw(timegm);

use lib 't/lib';
use LiveOrigin::Http;
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $chunks = 4;
my $d = 2;
my $moments = 20;

my $ng = LiveOrigin::Nginx->start(workers => 2, size => '192m',
    files => {
        'devices.json' => '{"devices": ['
            . '{"id": "small", "order": "up", "video": {"max_height": 200}},'
            . '{"id": "late", "low_latency": false}]}',
        'events/ev.json' => '{"id": "ev", "segment_ms": 2000,'
            . ' "delay_ms": 1000, "dvr_s": 600, "playlist_s": 30,'
            . ' "tracks": [{"id": "v180"}, {"id": "v360"},'
            . ' {"id": "a", "lang": "en"}]}'},
    http => 'live_origin_devices %%DIR%%/devices.json;',
    live => 'live_origin_early_bytes on; live_origin_hold 6s;');

my %media = (
    v180 => LiveOrigin::Media->video(id => 1, bytes => 8000),
    v360 => LiveOrigin::Media->video(id => 1, bytes => 12000, width => 640,
                                     height => 360),
    a => LiveOrigin::Media->audio(id => 2));


# ---- the publisher: a process, chunk by chunk as they come

sub publish
{
    my ($from, $until) = @_;

    my %c = map { ($_ => LiveOrigin::Http->new(port => $ng->port,
                                               timeout => 10)) } keys %media;

    for (my $n = $from; $n * $d < $until; $n++) {

        my %parts = map { ($_ => [$media{$_}->segment($n, chunks => $chunks,
                                                      parts => 1)]) }
                    keys %media;

        for my $t (keys %media) {
            $c{$t}->begin('PUT', "/live/ev/a/$t/$n.m4s");
            $c{$t}->piece(shift @{$parts{$t}});
        }

        for my $k (1 .. $chunks) {
            my $left = ($n + $k / $chunks) * $d - time;
            sleep $left if $left > 0;
            $c{$_}->piece(shift @{$parts{$_}}) for keys %media;
        }

        for my $t (keys %media) {
            my $r = $c{$t}->end;
            die "$t/$n: " . $r->status . ' ' . $r->body
                if $r->status != 200 && $r->status != 201;
        }
    }

    return;
}

my $on_air = floor(time / $d);
my $end = time + 600;                  # longer than the test may take

my @refused;

for my $t (sort keys %media) {
    my $r = $ng->put("/live/ev/a/$t/init.mp4", $media{$t}->init);

    push @refused, "$t: " . $r->line if $r->status != 201;
}

for my $n ($on_air - 10 .. $on_air - 1) {
    for my $t (sort keys %media) {
        my $r = $ng->put("/live/ev/a/$t/$n.m4s",
                         $media{$t}->segment($n, chunks => $chunks));

        push @refused, "$t/$n: " . $r->line if $r->status != 201;
    }
}

is "@refused", '', 'what was on air before is published';

my $pid = fork;
die "fork: $!" if !defined $pid;

if ($pid == 0) {
    eval { publish($on_air, $end); 1 } or print STDERR "publisher: $@";
    POSIX::_exit(0);
}


# ---- the crawler

my (%asked, @wrong, @held, %kinds);
my $client = LiveOrigin::Http->new(port => $ng->port, timeout => 10);

sub ask
{
    my ($url, $from, $kind) = @_;

    my $r = $client->get($url);

    $kinds{$kind}++;

    if ($r->status != 200) {
        push @wrong, "$url of $from: " . $r->status . ' ' . $r->body;
        return undef;
    }

    return $r;
}

# against the URL of what names it

sub against
{
    my ($base, $url) = @_;

    return $url if $url =~ m!^/!;

    $base =~ s/\?.*//;
    $base =~ s![^/]*$!!;
    $url = $base . $url;

    1 while $url =~ s![^/]+/\.\./!!;

    return $url;
}

sub media_list
{
    my ($url, $from) = @_;

    my $r = ask($url, $from, 'media playlist') or return;
    my $gap = 0;

    for (split /\n/, $r->body) {
        $gap = 1 if /^#EXT-X-GAP/;

        if (/^#EXT-X-PRELOAD-HINT:.*URI="([^"]+)"/) {
            push @held, [against($url, $1), $url];

        } elsif (/^#EXT-X-(PART|MAP):(?!.*GAP=YES).*URI="([^"]+)"/) {
            ask(against($url, $2), $url, lc "a $1");

        } elsif (/^#EXT-X-RENDITION-REPORT:.*URI="([^"]+)"/) {
            ask(against($url, $1), $url, 'report');

        } elsif (/^[^#]/) {
            ask(against($url, $_), $url, 'segment') if !$gap;
            $gap = 0;
        }
    }

    return;
}

sub master
{
    my ($url) = @_;

    my $r = ask($url, 'the test', 'multivariant playlist') or return;
    my %seen;

    for ($r->body =~ /^([^#\n].*)$/mg, $r->body =~ /URI="([^"]+)"/g) {
        media_list(against($url, $_), $url) if !$seen{$_}++;
    }

    return;
}

sub seconds
{
    my ($s) = @_;

    return 0 if !defined $s;

    my ($y, $mo, $day, $h, $m, $sec) =
        $s =~ /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):([\d.]+)Z$/ or return
        $s =~ /^PT([\d.]+)S$/ ? $1 : 0;

    return timegm(0, $m, $h, $day, $mo - 1, $y) + $sec;
}

sub attr { return $_[0] =~ /\b$_[1]="([^"]*)"/ ? $1 : undef }

sub mpd
{
    my ($url) = @_;

    my $r = ask($url, 'the test', 'MPD') or return;
    my $x = $r->body;
    my ($root) = $x =~ /(<MPD[^>]*>)/;
    my ($up) = $x =~ m!^  <BaseURL>([^<]*)</BaseURL>!m;

    ask(against($url, $1), $url, 'location')
        if $x =~ m!<Location>([^<]*)</Location>!;
    ask(against($url, $1), $url, 'time')
        if $x =~ m!<UTCTiming[^>]* value="([^"]*)"!;

    my $start = seconds(attr($root, 'availabilityStartTime'));
    my $depth = seconds(attr($root, 'timeShiftBufferDepth'));
    my $base = defined $up ? against($url, "$up.") : $url;

    while ($x =~ m!<Representation id="([^"]+)".*?(<SegmentTemplate[^>]*>)!sg) {
        my ($id, $t) = ($1, $2);
        my $length = attr($t, 'duration') / attr($t, 'timescale');
        my $early = attr($t, 'availabilityTimeOffset') || 0;
        my $now = time - $start;
        my $last = attr($t, 'startNumber')
                   + floor(($now + $early) / $length) - 1;
        my $first = attr($t, 'startNumber')
                    + ceil(($now - $depth) / $length);

        # a Period begins with its startNumber

        $first = attr($t, 'startNumber') if $first < attr($t, 'startNumber');

        ask(against($base, attr($t, 'initialization')), $url, 'a map');

        for my $n ($first, int(($first + $last) / 2), $last - 1, $last) {
            my $media = attr($t, 'media');
            $media =~ s/\$Number\$/$n/;
            ask(against($base, $media), $url, 'segment');
        }
    }

    return;
}


wait_for(sub { $ng->get('/live/ev/manifest.mpd')->status == 200 }, 20)
    or die "no manifest\n";

my @query = ('', '?device=small', '?device=late',
             '?aws.manifestfilter=video_height:100-200',
             '?start=' . (($on_air - 8) * $d), '?time_delay=6');

for my $moment (1 .. $moments) {

    my $at = time;

    # what is plain each time, one of the others in turn

    for my $q ($query[0], $query[1 + $moment % $#query]) {
        master("/live/ev/master.m3u8$q");
        mpd("/live/ev/manifest.mpd$q");
    }

    my $play = $ng->request('POST', '/live/ev/play',
        body => '{"device": "small"}')->json;
    master($play->{manifests}{hls});
    mpd($play->{manifests}{dash});

    for my $hint (splice @held) {
        ask(@$hint, 'hint');
    }

    my $left = $at + 0.37 - time;
    sleep $left if $left > 0;
}

is "@wrong[0 .. ($#wrong < 9 ? $#wrong : 9)]", '',
    'all that was named was there';

diag explain \%kinds if $ENV{LO_VERBOSE};

cmp_ok $kinds{$_} || 0, '>=', $moments, "$_: looked at"
    for 'MPD', 'multivariant playlist', 'media playlist', 'segment', 'a map',
        'a part', 'hint', 'report', 'location', 'time';

kill 'TERM', $pid;
waitpid $pid, 0;

$ng->stop;
done_testing;
