# An event that has ended, played from the archive alone.

use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

use lib 't/lib';
use LiveOrigin::Nginx qw(wait_for);

my $disk = tempdir('lo-vod-XXXXXX', TMPDIR => 1, CLEANUP => 1);

chmod 0755, $disk;
chown((getpwnam 'nobody')[2, 3], $disk) if $> == 0;

my $ng = LiveOrigin::Nginx->start(size => '32m', events => 4, workers => 2,
                                  http => "live_origin_archive $disk;");
my $base = $ng->url . '/live/vod';

$ng->expect(qr/live origin archive: /);

sub archive { return $ng->get('/api/status')->json->{archive} }
sub event   { return $ng->get('/api/events/vod/status')->json }

# frames that were decoded

sub frames
{
    my ($url) = @_;
    my $out = `ffmpeg -nostdin -v error -i $url -map 0:v:0 -f framecrc - 2>&1`;

    return scalar(() = $out =~ /^0,/mg);
}

ok wait_for(sub { archive()->{restored} }, 10), 'the archive is looked at';

system(qw(ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=160x90:rate=25
          -t 12 -c:v libx264 -preset ultrafast -g 25 -keyint_min 25
          -sc_threshold 0 -pix_fmt yuv420p -f dash -seg_duration 1
          -use_template 1 -use_timeline 0 -method PUT),
       "$base/a/manifest.mpd");

ok wait_for(sub { $ng->get('/live/vod/manifest.mpd')->status == 200 }, 15),
    'pushed, and live';
is $ng->request('POST', '/api/events/vod/end')->status, 200, 'ended';

my $last = event()->{last};

# the record that says so is on the disk when it has been read back

ok wait_for(sub { my $t = event()->{tracks}[0]{archive};
                  $t && ($t->{last} // -1) == $last
                  && !archive()->{pending} }, 20),
    'all of it is on the disk';
ok wait_for(sub { open my $f, '<:raw', glob "$disk/main/vod~*/_live"
                      or return 0;
                  local $/;
                  my $live = <$f>;

                  # phase, behind the head of the file, version and size

                  return unpack('V', substr($live, 192 + 8, 4)) == 2; }, 20),
    '... and that it has ended';

$ng->stop;
unlink $ng->zone;
$ng->restart;

ok wait_for(sub { $ng->get('/live/vod/manifest.mpd')->status == 200
                  && !event()->{tracks}[0]{archive}{loading} }, 15),
    'an empty zone finds it again';
is event()->{phase}, 'archived', '... archived';
is frames("$base/manifest.mpd"), 300, 'DASH: every frame';
is frames("$base/master.m3u8"), 300, 'HLS: every frame';
cmp_ok $ng->get('/metrics')->body =~ /^live_origin_archive_reads_total (\d+)/m
       && $1, '>=', 24, '... all of them from the disk';

$ng->stop;
done_testing;
