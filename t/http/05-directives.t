# Directives: bad values stop nginx -t with one line that says what is
# allowed; nginx -t makes nothing.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use LiveOrigin::Conf;
use LiveOrigin::Media;
use LiveOrigin::Nginx;

my $conf = LiveOrigin::Conf->new;
my $dir = $conf->dir;
my $zone = "$dir/zone";
my $good = "live_origin_zone main path=$zone size=16m;";

my ($ok, $out) = $conf->try($good, 'live_origin_publish main;'
                                   . ' live_origin_serve main;');

ok $ok, 'a good configuration' or diag $out;
ok !-e $zone, '... makes no zone';

($ok, $out) = $conf->try("$good live_origin_hold 0; live_origin_max_segment 8m;"
                         . ' live_origin_write_deadline 1s;'
                         . ' live_origin_read_deadline 50ms;'
                         . ' live_origin_shed on lag=80ms over=10% edge=30s'
                         . ' queue=5;',
                         'live_origin_publish main; live_origin_auto_event on;'
                         . ' live_origin_hold 3s; live_origin_max_segment 1m;');
ok $ok, 'all of them' or diag $out;

mkdir "$dir/archive";
($ok, $out) = $conf->try("$good live_origin_archive $dir/archive;",
                         'live_origin_serve main;');
ok $ok, 'an archive' or diag $out;
is_deeply [glob "$dir/archive/* $dir/archive/.[a-z]*"], [],
    '... in which nothing is made';

($ok, $out) = $conf->try("$good live_origin_archive $dir pool=none;",
                         'live_origin_serve main;');
ok !$ok && $out =~ /unknown thread pool "none"/, 'a pool that is not there';

($ok, $out) = $conf->try('', "live_origin_serve main; } } $good"
                             . ' server { listen 127.0.0.1:2; location / {} '
                             . 'location /x/ {');
ok $ok, 'the zone may come later' or diag $out;

for (
    ["live_origin_zone main path=$zone;", '', 'live_origin_zone', 'main'],
    ['live_origin_zone main size=16m;', '', 'live_origin_zone', 'main'],
    ["live_origin_zone main path=$zone size=1m;", '', 'live_origin_zone',
     'size=1m'],
    ["live_origin_zone main path=$zone size=x;", '', 'live_origin_zone',
     'size=x'],
    ["live_origin_zone main path=$zone size=16m events=0;", '',
     'live_origin_zone', 'events=0'],
    ["live_origin_zone main path=$zone size=16m events=5000;", '',
     'live_origin_zone', 'events=5000'],
    ["live_origin_zone main path=$zone size=16m color=red;", '',
     'live_origin_zone', 'color=red'],
    ["live_origin_zone main path=$dir/none/zone size=16m;", '',
     'live_origin_zone', "path=$dir/none/zone"],
    ["live_origin_zone -x path=$zone size=16m;", '', 'live_origin_zone', '-x'],
    [$good . $good, '', 'live_origin_zone', 'main'],
    ["$good live_origin_archive $dir/none;", '', 'live_origin_archive',
     "$dir/none"],
    ["$good live_origin_archive $dir/nginx.conf;", '', 'live_origin_archive',
     "$dir/nginx.conf"],
    ["$good live_origin_archive $dir color=red;", '', 'live_origin_archive',
     'color=red'],
    [$good, 'live_origin_serve other;', 'live_origin_serve', 'other'],
    [$good, 'live_origin_publish other;', 'live_origin_publish', 'other'],
    [$good, 'live_origin_api other;', 'live_origin_api', 'other'],
    [$good, 'live_origin_metrics other;', 'live_origin_metrics', 'other'],
    [$good, 'live_origin_hold 61s;', 'live_origin_hold', '61s'],
    [$good, 'live_origin_hold soon;', 'live_origin_hold', 'soon'],
    [$good, 'live_origin_max_segment 10;', 'live_origin_max_segment', '10'],
    [$good, 'live_origin_max_segment 2g;', 'live_origin_max_segment', '2g'],
    [$good, 'live_origin_max_segment x;', 'live_origin_max_segment', 'x'],
    [$good, 'live_origin_write_deadline 0;', 'live_origin_write_deadline',
     '0'],
    [$good, 'live_origin_read_deadline 61s;', 'live_origin_read_deadline',
     '61s'],
    (map { ["$good live_origin_shed lag=1s $_;", '', 'live_origin_shed', $_] }
         'off', 'on', 'lag=4ms', 'lag=11s', 'lag=', 'over=0', 'over=101%',
         'over=x%', 'edge=999ms', 'queue=0', 'queue=-1', 'slow=1'),
    [$good, 'live_origin_auto_event maybe;', 'live_origin_auto_event',
     'maybe'])
{
    my ($http, $location, $name, $value) = @$_;

    $conf->bad($http, $location, $name, "\"$value\"");
}

ok !-e $zone, 'still no zone';

# a file that is no zone, a zone of another size


sub content
{
    open my $in, '<', $_[0] or die;
    local $/;

    return scalar <$in>;
}

open my $f, '>', $zone or die;
print $f 'x' x 100;
close $f;

($ok, $out) = $conf->try($good, 'live_origin_serve main;');
ok !$ok && $out =~ /\[emerg\].*\Q$zone\E/, 'a file that is no zone' or
    diag $out;
is content($zone), 'x' x 100, '... is not touched';
unlink $zone;

my $ng = LiveOrigin::Nginx->start(size => '16m', keep => 1);
my $v = LiveOrigin::Media->video;
my $path = $ng->zone;

is $ng->put('/live/ev/a/v/init.mp4', $v->init)->status, 201, 'a zone in use';

my @before = (stat $path)[1, 7];

($ok, $out) = $conf->try("live_origin_zone main path=$path size=32m;", '');
ok !$ok && $out =~ /\[emerg\].*size=16777216/, 'another size is refused' or
    diag $out;
($ok, $out) = $conf->try("live_origin_zone main path=$path size=16m;", '');
ok $ok, 'the same is fine' or diag $out;
is join(' ', (stat $path)[1, 7]), "@before", '... and the file the same';

# a reload with another size is refused, and what runs goes on

my @workers = $ng->workers;

$ng->expect(qr/\[emerg\].*was made with/);
$ng->set_config(size => '32m');
$ng->signal('HUP');
ok LiveOrigin::Nginx::wait_for(sub { $ng->log =~ /was made with/ }, 10),
    'a reload with another size';
is $ng->get('/live/ev/v/init.mp4')->body, $v->init, '... changes nothing';
is join(' ', $ng->workers), "@workers", '... the workers are the same';

$ng->stop;
unlink glob("$path*");
done_testing;
