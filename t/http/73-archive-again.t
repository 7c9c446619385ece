# The archive when things happen to it: an event is deleted and made again
# while its files are written, a disk hangs, files are links, pipes or torn, the
# zone is lost.

use strict;
use warnings;

use POSIX qw(mkfifo);
use Test::More;
use Time::HiRes qw(sleep);

use lib 't/lib';
use LiveOrigin::Disk;
use LiveOrigin::Http;
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $disk = LiveOrigin::Disk->new;
my $doc = '{"id": "%s", "segment_ms": 1000, "delay_ms": 1500, "dvr_s": 120,'
          . ' "playlist_s": 60, "zone_share": "1500k", "lead_s": 3600}';
my $ng = LiveOrigin::Nginx->start(
    size => '16m', events => 4, workers => 1,
    http => 'live_origin_archive ' . $disk->dir . ';'
            . ' live_origin_shed on lag=10s over=100% queue=4;',
    files => {map { ("events/$_.json" => sprintf $doc, $_) }
              qw(ev gap ahead)});

$ng->expect(qr/live origin archive: /);
$ng->expect(qr/live origin sheds /);

my $v = LiveOrigin::Media->video(bytes => 50000, segment => [1, 1]);
my $other = LiveOrigin::Media->video(bytes => 40000, segment => [1, 1]);
my $r;

sub archived { return $ng->get('/api/status')->json->{archive} }

sub track
{
    my ($id) = @_;

    return $ng->get("/api/events/$id/status")->json->{tracks}[0];
}

sub put { return $ng->put(@_)->status }

# PUTs of numbers, their bytes of another kind of media; how many were not 201.
# The zone is small, and the disk comes behind

sub publish
{
    my ($id, $m, @numbers) = @_;
    my $bad = 0;

    $ng->put("/live/$id/a/v/init.mp4", $m->init);

    for (@numbers) {
        $bad++ if put("/live/$id/a/v/$_.m4s", $m->segment($_)) != 201;
        $bad++ if !wait_for(sub { archived()->{pending} < 5 }, 20);
    }

    return $bad;
}

sub settled
{
    my ($id, $head) = @_;

    return wait_for(sub { my $t = track($id);

                          ($t->{archive}{last} || 0) == $head
                          && !$t->{archive}{loading}
                          && archived()->{pending} == 0 }, 30);
}

sub status
{
    my ($id, $n) = @_;

    return $ng->get("/live/$id/v/$n.m4s")->status;
}

sub reboot
{
    $ng->stop;
    unlink $ng->zone;
    $ng->restart;

    return wait_for(sub { archived()->{restored} }, 20);
}

ok wait_for(sub { archived()->{restored} }, 10), 'the archive is looked at';

my $head = $v->now_number - 60;


# ---- deleted and made again, while a write of the former hangs

is publish('ev', $v, $head - 5 .. $head), 0, 'published';
ok settled('ev', $head), '... archived';

$disk->fault('delay 6000 .seg.tmp');
is publish('ev', $v, $head + 1), 0, 'a write hangs';
ok wait_for(sub { archived()->{jobs} > 0 }, 20), '... is under way';
is $ng->delete('/api/events/ev')->status, 200, 'the event is deleted';
$disk->fault('');
is $ng->put('/api/events/ev', sprintf $doc, 'ev')->status, 201,
    '... and made again';
is publish('ev', $other, $head - 5 .. $head + 1), 0,
    '... with other bytes for the same numbers';
ok settled('ev', $head + 1), '... archived';
ok wait_for(sub { archived()->{jobs} == 0 }, 20), 'the write comes to its end';
ok wait_for(sub { 1 == (() = glob $disk->dir . '/main/ev~*') }, 20),
    'of the former nothing is left';

is publish('ev', $other, $head + 2 .. $head + 40), 0, 'published on';
$head += 40;
ok settled('ev', $head), '... archived';
ok reboot(), 'the zone is lost';
ok settled('ev', $head), '... and found again';

is join(' ', grep { $ng->get("/live/ev/v/$_.m4s")->body ne $other->segment($_) }
             $head - 45 .. $head), '', 'every number has the new bytes';


# ---- a disk that does not delete, for a time

SKIP: {
    skip 'modes are no bar to root', 3 if $> == 0 && !getpwnam 'nobody';

    my $id = 'gone';

    is $ng->put("/api/events/$id", sprintf $doc, $id)->status, 201, 'an event';
    is publish($id, $v, $head), 0, '... published';
    ok settled($id, $head), '... archived';
    chown 0, 0, $disk->dir . '/main' if $> == 0;
    chmod 0555, $disk->dir . '/main';
    is $ng->delete("/api/events/$id")->status, 200, 'deleted';
    ok wait_for(sub { $ng->get('/metrics')->body
                      =~ /^live_origin_archive_delete_errors_total [1-9]/m },
                10), 'the disk refuses';
    chmod 0777, $disk->dir . '/main';
    ok wait_for(sub { !glob $disk->dir . "/main/$id~*" }, 10),
        'when it does not any more the event goes';
}


# ---- a disk that hangs

my $old = $head - 30;

is publish('ev', $other, ++$head), 0, 'a live edge';
is status('ev', $old), 200, '... and an old segment';
$disk->fault("delay 8000 $old.seg");
is status('ev', $old), 503, 'the disk hangs: 503';
cmp_ok archived()->{jobs}, '>=', 1, '... while the read is under way';
is status('ev', $head), 200, '... the live edge goes on';
ok wait_for(sub { archived()->{jobs} == 0 }, 20), 'it answers';
$disk->fault('');
ok wait_for(sub { status('ev', $old) == 200 }, 10), '... and is read again';

# a reload waits for what has been asked for

my ($before) = $ng->workers;
my $c = $ng->client;

$old++;
$disk->fault("delay 2000 $old.seg");
$c->start('GET', "/live/ev/v/$old.m4s");
ok wait_for(sub { archived()->{jobs} >= 1 }, 20), 'a read is under way';
$ng->reload;
($r) = LiveOrigin::Http::collect([$c], 20);
is $r->status, 200, '... a reload does not cut it off';
ok $r->body eq $other->segment($old), '... its bytes';
$disk->fault('');

# many wait for the disk: what needs it is shed, and nothing else

my @readers = map { my $k = $ng->client;

                    $k->start('GET', '/live/ev/v/' . ($old + 1) . '.m4s');
                    $k } 1 .. 8;

$disk->fault('delay 2500 ' . ($old + 2) . '.seg');

my @more = map { my $k = $ng->client;

                 $k->start('GET', '/live/ev/v/' . ($old + 2) . '.m4s');
                 $k } 1 .. 8;

ok wait_for(sub { my $s = $ng->get('/api/status')->json->{shed};

                  $s->{level} >= 1 && grep { $_ eq 'queue' } @{$s->{why}} },
            10), 'a deep queue at the disk: DVR is shed' or diag $ng->log;
is status('ev', $head), 200, '... the live edge is not';
is join(' ', map { $_->status }
             LiveOrigin::Http::collect([@readers, @more], 20)),
    join(' ', (200) x 16), '... who waits is answered';
$disk->fault('');
ok wait_for(sub { $ng->get('/api/status')->json->{shed}{level} == 0 }, 30),
    '... and it ends';


# ---- files that are none

my ($link, $pipe, $swap) = map { $head - 20 - $_ } 0 .. 2;

sub file { return $disk->segment('ev', 'v', @_) }

my %kept = map { $_ => file($_) } $link, $pipe, $swap;

rename file($link), file($link) . '.kept';
symlink file($link) . '.kept', file($link);
unlink file($pipe);
mkfifo file($pipe), 0666;
chmod 0666, file($pipe);

is status('ev', $link), 410, 'a link is no segment';
is status('ev', $pipe), 410, '... and a pipe is none, and is not waited for';

# what a power cut, or somebody, left: a torn newest file, a folder above all
# others that is empty, names that no archive has

my $dir = $disk->event('ev') . '/v';
my $up = file($head + 1);

truncate file($head), 1000;
mkdir $up =~ s{/[^/]*$}{}r;
open(my $f, '>', $up) or die "$up: $!\n";
print $f 'torn';
close $f;
mkdir "$dir/99999999999";
mkdir "$dir/0123";
symlink '/etc', "$dir/777";
open($f, '>', file($head - 3) =~ s/\.seg$/.seg.tmp/r) or die;
close $f;

ok reboot(), 'the zone is lost';
ok settled('ev', $head - 1), 'it ends at the newest that is whole';
isnt status('ev', $_), 200, "$_ is not there"
    for $link, $pipe, $head;
is status('ev', $_), 200, "$_ is" for $head - 1, $head - 3, $head - 40;

is publish('ev', $other, $head .. $head + 5), 0, 'it is published on';
$head += 5;
ok settled('ev', $head), '... and archived';


# ---- what playlists have listed as GAP stays so

my $now = $v->now_number - 5;
my @hole = ($now - 20, $now - 19, $now - 15);
my %hole = map { $_ => 1 } @hole;

is publish('gap', $v, grep { !$hole{$_} } $now - 40 .. $now), 0,
    'published with holes';

sub gaps
{
    my $list = $ng->get('/live/gap/v/media.m3u8')->body;

    return join ' ', grep { $_ <= $now }
                     $list =~ /^#EXT-X-GAP\n(\d+)\.m4s$/mg;
}

ok wait_for(sub { gaps() eq "@hole" }, 10), 'playlists list them';
is publish('gap', $v, $hole[1]), 0, 'one is filled';
is gaps(), "@hole", '... and listed all the same';
is status('gap', $hole[1]), 200, '... though it is served';
ok settled('gap', $now), 'archived';
ok wait_for(sub { -s $disk->event('gap') . '/v/_gaps' }, 10), '... marks, too';
ok reboot(), 'the zone is lost';
ok settled('gap', $now), '... and found again';
is gaps(), "@hole", '... with the marks';
is status('gap', $hole[1]), 200, '... and what was filled';


# ---- numbers ahead of the clock do not push out what may still be asked for

my $first = $v->now_number - 10;

is publish('ahead', $v, $first .. $first + 180), 0, 'ahead of the clock';
ok settled('ahead', $first + 180), '... archived';
sleep 0.5 for 1 .. 4;
is status('ahead', $first), 200, 'the window is the clock\'s';
is $ng->get('/metrics')->body =~ /^live_origin_archive_damaged_total (\d+)/m
   && $1, 0, '... and nothing was looked for that is gone';

$ng->stop;
done_testing;
