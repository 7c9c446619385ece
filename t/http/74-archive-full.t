# The archive on a disk that is full, then read-only: a file system of 2 MB.

use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $tmp = tempdir('lo-full-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $disk = "$tmp/disk";

chmod 0755, $tmp;
mkdir $disk;

plan skip_all => 'mounting a file system takes root'
    if $> != 0 || system("mount -t tmpfs -o size=2m none $disk 2>/dev/null");

END { system "umount -l $disk 2>/dev/null" if $disk }

chown((getpwnam 'nobody')[2, 3], $disk);

my $ng = LiveOrigin::Nginx->start(
    size => '16m', events => 4, workers => 1,
    http => "live_origin_archive $disk;",
    files => {'events/ev.json' => '{"id": "ev", "segment_ms": 1000,'
        . ' "delay_ms": 1500, "dvr_s": 300, "zone_share": "1500k"}'});

$ng->expect(qr/live origin archive: /);

my $v = LiveOrigin::Media->video(bytes => 50000, segment => [1, 1]);
my $head = $v->now_number - 1;

sub archive { return $ng->get('/api/status')->json->{archive} }

# with $kept the disk is waited for: the zone is small

sub publish
{
    my ($from, $to, $kept) = @_;
    my $bad = 0;

    for ($from .. $to) {
        $bad++ if $ng->put("/live/ev/a/v/$_.m4s", $v->segment($_))->status
                  != 201;
        $bad++ if $kept && !wait_for(sub { archive()->{pending} < 5 }, 20);
    }

    return $bad;
}

sub served
{
    my ($n) = @_;
    my $r = $ng->get("/live/ev/v/$n.m4s");

    return $r->status == 200 ? $r->body eq $v->segment($n) ? 'served'
                                                           : 'wrong'
                             : $r->status;
}

ok wait_for(sub { archive()->{restored} }, 10), 'the archive is looked at';
is $ng->put('/live/ev/a/v/init.mp4', $v->init)->status, 201, 'init';
is publish($head - 100, $head - 70, 1), 0, 'what fits';
is publish($head - 69, $head - 50), 0, 'more than fits: publishing goes on';
ok wait_for(sub { archive()->{write_errors} > 0 && archive()->{pending} > 1 },
            20), '... failures are counted';
is publish($head - 49, $head), 0, '... publishing goes on';
is served($head), 'served', '... the live edge, too';
ok wait_for(sub { archive()->{lost} > 0 }, 20), 'losses are counted';
like $ng->log, qr/writing ".*" failed, .* \(28: No space left on device\)/,
    '... and said';
is served($head - 95), 'served', 'what fitted is served from it';
is served($head - 40), '410', '... what did not is gone';
is scalar(grep { !/^\d+\.seg$/ } map { s{.*/}{}r }
          glob "$disk/main/ev~*/v/*/*"), 0, 'no halves are left';

system "mount -o remount,size=64m $disk";

ok wait_for(sub { archive()->{pending} == 0 }, 20), 'room again';
is publish($head + 1, $head + 40, 1), 0, 'publishing goes on';
ok wait_for(sub { archive()->{pending} == 0 }, 20), '... onto the disk';
is served($head + 2), 'served', '... and is served from it';

# as a kernel leaves it that has met errors: what is there is found again

$ng->stop;
unlink $ng->zone;
system "mount -o remount,ro $disk";
$ng->restart;

ok wait_for(sub { archive()->{restored}
                  && served($head + 2) eq 'served' }, 20),
    'a disk that can only be read: an empty zone finds what is there';
is publish($head + 41, $head + 43), 0, '... publishing goes on';
is served($head + 43), 'served', '... the live edge, too';
ok wait_for(sub { $ng->log =~ /\(30: Read-only file system\)/ }, 10),
    '... and it is said';

$ng->stop;
done_testing;
