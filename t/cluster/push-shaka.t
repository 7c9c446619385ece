#!/usr/bin/perl

# shaka-packager, from npm: an input that is finished is pushed at full speed,
# chunked, one connection an object, without an event document.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use File::Temp qw(tempdir);
use Test::More;

use LiveOrigin::Nginx qw(wait_for);

chomp(my $arch = `uname -m`);

my $shaka = "$Bin/node_modules/shaka-packager/bin/packager-linux-"
            . ($arch eq 'aarch64' ? 'arm64' : 'x64');

-x $shaka or BAIL_OUT("$shaka is missing: npm ci --prefix t/cluster");

my $dir = tempdir('lo-shaka-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $ng = LiveOrigin::Nginx->start(workers => 2, size => '64m', events => 2);
my $url = $ng->url . '/live/ev';

is system('ffmpeg', '-nostdin', '-hide_banner', '-loglevel', 'error',
          '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25',
          '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000',
          '-t', 20, '-c:v', 'libx264', '-preset', 'ultrafast', '-g', 50,
          '-sc_threshold', 0, '-bf', 0, '-c:a', 'aac', "$dir/in.mp4"), 0,
   'an input';

my @streams = map {
    "in=$dir/in.mp4,stream=$_->[0],init_segment=$url/a/$_->[1]/init.mp4,"
    . "segment_template=$url/a/$_->[1]/\$Number\$.m4s"
} ['video', 'v'], ['audio', 'a'];

my $out = `$shaka @{[map { "'$_'" } @streams]} --segment_duration 2 \\
           --fragment_duration 2 --mpd_output $url/a/manifest.mpd 2>&1`;

is $?, 0, 'shaka-packager ends well' or diag $out;

ok wait_for(sub { $ng->get('/live/ev/master.m3u8')->status == 200 }, 10),
   'there is a playlist';

for my $track ('v', 'a') {
    my @puts = $ng->access_log =~ m{^PUT /live/ev/a/$track/\S+ (\d+)}mg;

    # it sends the init once more when the input ends

    is "@puts", join(' ', (201) x 11, 200), "$track: init and ten segments "
       . 'are taken';

    my $list = $ng->get("/live/ev/$track/media.m3u8")->body;
    my @listed = grep { !/^#/ } split /\n/, $list;
    my @gets = map { $ng->get("/live/ev/$track/$_")->status } @listed;

    is "@gets", join(' ', (200) x 10), "$track: ten are listed and served";
    unlike $list, qr/DISCONTINUITY|GAP/, "$track: in one piece";
}

sub hashes
{
    my ($input, @options) = @_;

    open(my $p, '-|', 'ffmpeg', '-nostdin', '-hide_banner', '-loglevel',
         'error', @options, '-i', $input, '-map', '0:v:0', '-frames:v', 450, '-f',
         'framemd5', '-') or die;

    my @h = map { (split /,\s*/)[5] } grep { !/^#/ } <$p>;

    close($p);

    return @h;
}

my @made = hashes("$dir/in.mp4");
my @got = hashes("$url/master.m3u8", '-live_start_index', 0);

is scalar @got, 450, 'eighteen seconds play';
is_deeply \@got, \@made, 'what plays are the pictures of the input';

done_testing;
