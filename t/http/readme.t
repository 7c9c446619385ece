# What README.md tells to type: its nginx.conf, and its ffmpeg commands, whose
# event can then be played.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use LiveOrigin::Nginx qw(wait_for);

open(my $fh, '<', LiveOrigin::Nginx::root() . '/README.md') or die $!;
my $readme = do { local $/; <$fh> };

my ($conf) = $readme =~ /^```nginx\n(.*?)^```/ms or die "no nginx.conf\n";
my @commands = $readme =~ /^```\n(ffmpeg .*?)^```/msg;

is scalar @commands, 2, 'an nginx.conf and two commands';

$conf =~ s{modules/\S+\.so}{%%MODULE%%};
$conf =~ s{path=\S+ size=\S+;}{path=%%ZONE%% size=%%SIZE%%;};
$conf =~ s{/var/lib/live-origin/events}{%%DIR%%/events};
$conf =~ s{listen 8080}{listen 127.0.0.1:%%PORT%%};
$conf =~ s{^http \{}{http \{
    access_log off;
    live_origin_write_deadline 5s;
    live_origin_shed lag=10s over=100%;}m;

my $ng = LiveOrigin::Nginx->start(workers => 1, user => "www-data",
                                  conf => <<"CONF");
user www-data;
pid %%DIR%%/nginx.pid;
error_log %%DIR%%/error.log info;
$conf
CONF

my $port = $ng->port;
my @pids;
my $input = '-v error -re -f lavfi -i testsrc2=s=320x180:r=25 '
            . '-re -f lavfi -i sine=r=48000';

for my $command (@commands) {
    my $event = 'show' . @pids;

    $command =~ s{-re -i INPUT}{$input};
    $command =~ s{-map 0:a}{-map 1:a};
    $command =~ s{:8080/live/show/}{:$port/live/$event/}g;
    $command =~ s{\\\n|\n}{ }g;

    my $pid = fork;

    die "fork: $!" if !defined $pid;
    exec "exec timeout 60 $command" or die if $pid == 0;

    push @pids, $pid;
}

for my $event (map { "show$_" } 0 .. $#pids) {
    my @missing = grep {
        my $path = "/live/$event/$_";

        !wait_for(sub { $ng->get($path)->status == 200 }, 40);

    } qw(manifest.mpd master.m3u8);

    is "@missing", '', "$event can be played";
}

kill 'TERM', @pids;
waitpid($_, 0) for @pids;

$ng->stop;
done_testing;
