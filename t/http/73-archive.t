# The archive: what has left the zone is served from a disk, and a disk that
# is slow, full, broken or gone is not noticed at the live edge.

use strict;
use warnings;

use File::Path qw(remove_tree);
use Test::More;
use Time::HiRes qw(sleep time);

use lib 't/lib';
use LiveOrigin::Disk;
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $shim = LiveOrigin::Disk->new;
my $disk = $shim->dir;

# the zone has room for some ten numbers of 50 kB, the window is 120

my $doc = '{"id": "ev", "segment_ms": 1000, "delay_ms": 1500, "dvr_s": 120,'
          . ' "playlist_s": 30, "zone_share": "1500k",'
          . ' "pipelines": ["a", "b"]}';
my $ng = LiveOrigin::Nginx->start(
    size => '16m', events => 4, workers => 2,
    http => "live_origin_archive $disk;",
    server => 'location /pub/ { live_origin_publish main;'
              . ' live_origin_serve main; live_origin_auto_event off; }',
    files => {'events/ev.json' => $doc});

$ng->expect(qr/live origin archive: /);

my $v = LiveOrigin::Media->video(bytes => 50000, segment => [1, 1]);
my $b = LiveOrigin::Media->video(bytes => 40000, segment => [1, 1]);
my $r;

sub disk { $shim->fault(@_) }

sub metric
{
    my ($name) = @_;

    return $ng->get('/metrics')->body =~ /^live_origin_$name (\d+)$/m
           ? $1 : -1;
}

sub archived { return $ng->get('/api/status')->json->{archive} }

sub track
{
    my ($t) = grep { $_->{id} eq 'v' }
              @{$ng->get('/api/events/ev/status')->json->{tracks}};

    return $t;
}

# PUTs of numbers; how many were not 201.  The zone is small, and the disk comes
# behind: where none may be lost it is waited for

sub publish
{
    my ($from, $to, $kept) = @_;
    my $c = $ng->client;
    my $bad = 0;

    for ($from .. $to) {
        $bad++ if $c->put("/live/ev/a/v/$_.m4s", $v->segment($_))->status
                  != 201;

        $bad++ if $kept && !wait_for(sub { archived()->{pending} < 5 }, 20);
    }

    return $bad;
}

my $head;

sub settled
{
    return wait_for(sub { (track()->{archive}{last} || 0) == $head
                          && archived()->{pending} == 0 }, 30);
}

# numbers that are not served as they were published

sub wrong
{
    my ($from, $to) = @_;

    return join ' ', grep {
        my $s = $ng->get("/live/ev/v/$_.m4s");

        $s->status != 200 || $s->body ne $v->segment($_);
    } $from .. $to;
}

sub segment_file { return $shim->segment('ev', 'v', @_) }


# ---- a window of two minutes over a zone of seconds

ok wait_for(sub { archived()->{restored} }, 10), 'the archive is looked at';

# it comes up to the clock before the other boot

$head = $v->now_number - 120;

is $ng->put('/live/ev/a/v/init.mp4', $v->init)->status, 201, 'init';
is publish($head - 150, $head - 100, 1), 0, 'published';
$r = $ng->get('/live/ev/manifest.mpd');
is $r->status, 200, 'goes live';
is publish($head - 99, $head, 1), 0, 'published';
ok settled(), 'all are on the disk';
is archived()->{lost}, 0, 'none was lost';

my $status = $ng->get('/api/events/ev/status')->json;

ok $status->{window_s} >= 120, "the window is dvr_s ($status->{window_s})";
ok !$status->{window_note}, '... and nothing less is said';

my $old = $head - 110;
my $zone = track()->{archive};

ok $zone->{segments} >= 120 && $zone->{last} == $head, 'the API says so'
    or diag explain $zone;

is wrong($head - 115, $head), '', 'every number of the window is served';
ok metric('archive_reads_total') > 50, '... most of them from the disk';
cmp_ok $status->{used_bytes}, '<', 2_000_000, '... and not from the zone';
is $ng->get("/live/ev/v/" . ($head - 140) . ".m4s")->status, 410,
    'what is out of the window is gone';

# the same answer as from the zone

my $new = $ng->get("/live/ev/v/$head.m4s");
my @headers = qw(Accept-Ranges Access-Control-Allow-Origin Cache-Control
                 CMSD-Static Content-Length Content-Type ETag Last-Modified
                 Live-Origin Surrogate-Key Timing-Allow-Origin);

$r = $ng->get("/live/ev/v/$old.m4s");

is join(' ', grep { defined $r->header($_) } @headers),
   join(' ', grep { defined $new->header($_) } @headers),
   'the same headers as from the zone';
is $r->header('Live-Origin'), 'pipeline=a', 'Live-Origin';
is $r->header('Surrogate-Key'), 'ev ev/v', 'Surrogate-Key';
is $r->header('Content-Type'), 'video/mp4', 'Content-Type';
like $r->header('Cache-Control'), qr/^public, max-age=\d+, immutable$/,
    'Cache-Control';
like $r->header('ETag'), qr/^"[0-9a-f]{32}"$/, 'ETag';
like $r->header('CMSD-Static'), qr/^ot=v,d=1000,br=\d+$/, 'CMSD-Static';
is $ng->head("/live/ev/v/$old.m4s")->header('ETag'), $r->header('ETag'),
    'HEAD';
is $ng->get("/live/ev/v/$old.m4s",
            headers => ['If-None-Match', $r->header('ETag')])->status, 304,
    'If-None-Match';

my $part = $ng->get("/live/ev/v/$old.m4s",
                    headers => ['Range', 'bytes=16380-30000']);

is $part->status, 206, 'a range';
ok $part->body eq substr($v->segment($old), 16380, 30000 - 16380 + 1),
    '... its bytes';

# what was given out stays, also when it has left the zone

is $ng->put("/live/ev/a/v/$old.m4s", $v->segment($old))->status, 200,
    'an old segment again';
is $ng->put("/live/ev/a/v/$old.m4s", $b->segment($old))->status, 200,
    'other bytes for it';
is wrong($old, $old), '', '... it stays as it was';

# a mask holds for what is on disk, too

sub mask
{
    my ($on) = @_;

    return $ng->request('POST', '/api/events/ev/masks',
                        body => qq({"pipeline": "a", "track": "v", "mask": )
                                . qq($on, "from": $old, "to": $old}));
}

my $masked = mask('true');

is $masked->status, 200, 'a pipeline is masked';
is_deeply $masked->json->{given}, ["/pub/ev/v/$old.m4s"],
    '... what readers may have been given is named';
is $ng->get("/live/ev/v/$old.m4s")->status, 410, '... also on the disk';
is wrong($old + 1, $old + 1), '', '... for this number only';
is mask('false')->status, 200, 'the mask is taken back';
is wrong($old, $old), '', '... and it is served again';

# many readers of one file at once

my @readers = map { my $c = $ng->client;
                    $c->start('GET', "/live/ev/v/" . ($old + 1) . ".m4s"); $c }
              1 .. 40;

is scalar(grep { ($_->status || 0) != 200
                 || $_->body ne $v->segment($old + 1) }
          LiveOrigin::Http::collect([@readers], 30)), 0,
    '40 readers of one segment';

# unknown numbers are answered from memory

my $reads = metric('archive_read_bytes_total');

disk('fail 5');
is $ng->get("/live/ev/v/" . ($head + 50) . ".m4s")->status, 404,
    'a number to come';
is $ng->get("/live/ev/v/$_.m4s")->status, 410, 'a number that never was'
    for 1, 17;
is metric('archive_read_errors_total'), 0, '... without a look at the disk';
disk('');


# ---- retention

ok wait_for(sub { !-e segment_file($head - 150) }, 20), 'the oldest goes';
ok wait_for(sub { metric('archive_deleted_total') > 20 }, 10), '... counted';
ok -e segment_file($old), '... what is in the window stays';


# ---- damaged files

my ($torn, $bits, $moved, $none) = map { $head - 60 - $_ } 1 .. 4;

truncate segment_file($torn), 20000;

open(my $f, '+<', segment_file($bits)) or die;
seek $f, 30000, 0;
print $f 'xxxx';
close $f;

system 'cp', segment_file($head - 70), segment_file($moved);
unlink segment_file($none);

for ([$torn, 'torn'], [$bits, 'altered'], [$moved, "another number's"],
     [$none, 'removed'])
{
    my ($n, $what) = @$_;
    my $s = $ng->get("/live/ev/v/$n.m4s");

    is $s->status, 410, "a file that is $what is not served";
    is $s->header('Cache-Control'), 'max-age=1', '... for now';
    is $ng->get("/live/ev/v/$n.m4s")->status, 410, '... and not read again';
}

is metric('archive_damaged_total'), 4, '... counted, once each';
is $ng->put("/live/ev/a/v/$torn.m4s", $v->segment($torn))->status, 201,
    'it may be published again';
ok $ng->get("/live/ev/v/$torn.m4s")->body eq $v->segment($torn), '... served';


# ---- a better candidate comes later

my $next = $head + 1;
my $late = $b->segment($next);

sleep 0.05 while time < ($next + 1);
substr($late, index($late, 'styp') + 4, 4) = 'slat';
is $ng->put('/live/ev/b/v/init.mp4', $v->init)->status, 200, 'pipeline b';
is $ng->put("/live/ev/b/v/$next.m4s", $late)->status, 201, 'filler';
ok wait_for(sub { -e segment_file($next) }, 10), '... is archived';

my $defect = $ng->get("/live/ev/v/$next.m4s")->header('Live-Origin');

like $defect, qr/^pipeline=b, defects="filler/, '... and says what it is';
is $ng->put("/live/ev/a/v/$next.m4s", $v->segment($next))->status, 201,
    'good media';
ok wait_for(sub { -s segment_file($next) == 192 + length $v->segment($next) },
            10), '... is archived in its place';
$head = $next;


# ---- a slow disk

disk('delay 150');

my $began = time;

is publish($head + 1, $head + 30), 0, 'a slow disk: publishing goes on';
$head += 30;
is $ng->get("/live/ev/v/$head.m4s")->status, 200, '... the live edge, too';
ok archived()->{jobs} <= 30, '... a bounded number of jobs is under way';

# clients that leave while their read is under way

@readers = map { my $c = $ng->client;
                 $c->start('GET', "/live/ev/v/" . ($head - 50 + $_) . ".m4s");
                 $c } 1 .. 8;
sleep 0.05;
$_->reset for @readers[0 .. 5];
is join(' ', map { $_->status || 0 }
             LiveOrigin::Http::collect([@readers[6, 7]], 20)), '200 200',
    'readers of old segments wait for it; others leave';
disk('');
ok settled(), 'then all is written';
is wrong($head - 3, $head), '', '... and served';


# ---- a broken disk

my $lost = archived()->{lost};

disk('fail 5');
is publish($head + 1, $head + 5), 0, 'a broken disk: publishing goes on';
$head += 5;
is $ng->get("/live/ev/v/$head.m4s")->status, 200, '... the live edge, too';
my $far = $head - 60;

$r = $ng->get("/live/ev/v/$far.m4s");
is $r->status, 503, '... what is on the disk is 503';
is $r->header('Retry-After') . ' ' . $r->header('Cache-Control'),
    '5 max-age=5', '... for a short time';
is $r->body, "shed\n", '... shed';

my $errors = metric('archive_read_errors_total');

$ng->get("/live/ev/v/$far.m4s") for 1 .. 20;
cmp_ok metric('archive_read_errors_total') - $errors, '<=', 2,
    '... and a storm does not reach the disk';
ok wait_for(sub { metric('archive_write_errors_total') > 0 }, 10),
    'failures are counted';
disk('');
ok settled(), 'a mended disk catches up';
is archived()->{lost}, $lost, '... and nothing was lost that the zone had';
ok wait_for(sub { wrong($far, $far) eq '' }, 10),
    '... and is read again';


# ---- a disk that is full for longer than the zone remembers

disk('fail 28 .seg.tmp');

# at a pace at which the archivist, who looks ten times a second, sees each of
# them before it has left the zone

my $refused = 0;

for (1 .. 40) {
    $refused += publish(++$head, $head);
    sleep 0.02;
}

is $refused, 0, 'a full disk: publishing goes on';
is $ng->get("/live/ev/v/$head.m4s")->status, 200, '... the live edge, too';
is wrong($head - 82, $head - 80), '', '... old segments are still read';
ok wait_for(sub { archived()->{lost} > $lost }, 20),
    'what leaves the zone unwritten is counted';
disk('');
ok settled(), 'room again: it goes on';
is $ng->get("/live/ev/v/" . ($head - 35) . ".m4s")->status, 410,
    '... and what was lost is gone';

my $lines = () = $ng->log =~ /live origin archive: .* since the last line/g;

ok $lines >= 1 && $lines < 10, "one line in ten seconds ($lines)";


# ---- gone, as when it is unmounted

rename $disk, "$disk.off";
is publish($head + 1, $head + 3), 0, 'the disk is gone: publishing goes on';
$head += 3;
is $ng->get("/live/ev/v/$head.m4s")->status, 200, '... the live edge, too';
$far = $head - 82;
is $ng->get("/live/ev/v/$far.m4s")->status, 503,
    '... what is there is 503';
rename "$disk.off", $disk;
ok settled(), 'it is back';
ok wait_for(sub { wrong($far, $far) eq '' }, 10), '... and read';


# ---- a worker dies

for my $pid ($ng->workers) {
    $ng->kill_worker('KILL', $pid);
}

is publish($head + 1, $head + 12, 1), 0, 'all workers killed: it goes on';
$head += 12;
ok settled(), '... with another archivist';
is wrong($head - 11, $head), '', '... nothing is missing';


# ---- another boot: an empty zone

my $now = $v->now_number - 1;

is publish($head + 1, $now, 1), 0, 'up to the clock';
$head = $now;
ok settled(), '... and on the disk';

my $list = $ng->get('/live/ev/v/media.m3u8')->body;
my @listed = $list =~ /^(\d+)\.m4s$/mg;

my %gap = map { $_ => 1 } $list =~ /GAP\n(\d+)\.m4s$/mg;

ok @listed == 30 && !grep({ $_ <= $head } keys %gap),
    'a playlist without a gap' or diag $list;

my $before = track()->{archive};
my $etag = $ng->get("/live/ev/v/" . ($head - 20) . ".m4s")->header('ETag');
my $window = $ng->get('/api/events/ev/status')->json->{window_s};

$ng->stop;
unlink $ng->zone;
$ng->restart;

ok wait_for(sub { my $t = track();
                  $t->{archive} && !$t->{archive}{loading}
                  && $t->{archive}{segments} }, 30), 'found again';
is_deeply track()->{archive}, $before, '... all of it';
$r = $ng->get('/api/events/ev/status')->json;
is "$r->{phase} $r->{head} $r->{window_s}", "live $head $window",
    '... live, with its head and window';
$r = $ng->get("/live/ev/v/" . ($head - 20) . ".m4s");
is $r->status . $r->header('ETag'), "200$etag", '... served';
is wrong($head - 20, $head), '', '... to the head';
is $ng->get('/live/ev/v/init.mp4')->body, $v->init, '... and its header';
$list = $ng->get('/live/ev/v/media.m3u8')->body;
like $list, qr/^\Q$head\E\.m4s$/m, '... listed';
@listed = $list =~ /^(\d+)\.m4s$/mg;
is scalar(grep { $ng->get("/live/ev/v/$_.m4s")->status != 200 }
          grep { $_ <= $head } @listed), 0, '... and what is listed is there';

is $ng->put('/live/ev/a/v/init.mp4', $v->init)->status, 200,
    'publishing goes on';
is publish($head + 1, $head + 5), 0, '... at the right numbers';
$head += 5;
is wrong($head - 10, $head), '', '... and both are served';


# ---- the end: video on demand

is $ng->request('POST', '/api/events/ev/end')->status, 200, 'the event ends';
ok settled(), '... all of it is on the disk';

ok wait_for(sub { ($shim->live('ev')->{phase} // '') eq 'ended' }, 20),
    '... and that it has ended';
$ng->stop;
unlink $ng->zone;
$ng->restart;

ok wait_for(sub { $ng->get('/live/ev/v/media.m3u8')->status == 200 }, 10),
    'ended, and found again';
$r = $ng->get('/api/events/ev/status')->json;
is "$r->{phase} $r->{last}", "archived $head", '... archived';
like $ng->get('/metrics')->body,
    qr/^live_origin_event_state\{event="\Q$r->{id}\E",state="archived"\} 1$/m,
    '... in the metrics, too';

$list = $ng->get('/live/ev/v/media.m3u8')->body;
@listed = $list =~ /^(\d+)\.m4s$/mg;

like $list, qr/^#EXT-X-ENDLIST$/m, 'ENDLIST';
is scalar(@listed), 120, '... of the whole window';
is $listed[-1], $head, '... to the last number';

%gap = map { $_ => 1 } $list =~ /GAP\n(\d+)\.m4s$/mg;

ok keys(%gap) >= 1 && keys(%gap) < 45, 'holes are GAP: ' . keys %gap;
is scalar(grep { !$gap{$_} && $ng->get("/live/ev/v/$_.m4s")->status != 200 }
          @listed), 0, '... and all else is served';

my $mpd = $ng->get('/live/ev/manifest.mpd')->body;

like $mpd, qr/type="static"/, 'a static MPD';
like $mpd, qr/mediaPresentationDuration="PT/, '... with its duration';
is $ng->put("/live/ev/a/v/" . ($head + 1) . ".m4s",
            $v->segment($head + 1))->status, 410, 'and nothing is added';


# ---- deleted

is $ng->delete('/api/events/ev')->status, 200, 'deleted through the API';
ok wait_for(sub { opendir(my $d, "$disk/main");
                  !grep { /trash/ || /^ev~/ } readdir $d }, 20),
    '... on the disk, with all that was in it';
ok wait_for(sub { archived()->{bytes} < 10000 }, 10), '... bytes, too: '
    . archived()->{bytes};

$ng->stop;
remove_tree($disk);
done_testing;
