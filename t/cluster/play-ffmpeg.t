#!/usr/bin/perl
# time-out: 300
# core: an encoder keeps the pace of the clock

# From the camera to a decoder: ffmpeg reads the MPD and the multivariant
# playlist for 10 s without a warning, and what it decodes are the frames that
# the encoder made, every one of them, in order.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use File::Temp qw(tempdir);
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep time);

use LiveOrigin::Nginx qw(wait_for);

my $dir = tempdir('lo-play-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $bin = LiveOrigin::Nginx::build() . '/bin';
my $ng = LiveOrigin::Nginx->start(workers => 2, size => '128m', events => 2);
my %event = (
    id => 'ev', segment_ms => 2000, delay_ms => 5000, pipelines => ['a', 'b'],
    tracks => [
        {id => 'v', type => 'video', codec => 'h264', width => 320,
         height => 180, fps => 25, bitrate => 400000},
        {id => 'a', type => 'audio', codec => 'aac', sample_rate => 48000,
         channels => 2, bitrate => 64000}
    ]
);

open(my $f, '>', "$dir/event.json") or die;
print $f encode_json(\%event);
close($f);

is $ng->put('/api/events/ev', encode_json(\%event))->status, 201,
   'the event';

my $pid = fork();

if ($pid == 0) {
    setpgrp(0, 0);
    exec('bash', '-c', 'exec 2>>"$1/encoder.log"; '
         . '"$2/live-transcode" --event "$1/event.json" | tee "$1/rec.nut" '
         . '| "$2/live-packager" --event "$1/event.json" --pipeline a '
         . '--origin "$3" --status 0',
         'pipeline', $dir, $bin, $ng->url . '/live');
    die "exec: $!";
}

sub depth
{
    my $r = $ng->get('/api/events/ev/status');

    return $r->status == 200 ? $r->json->{depth_s} || 0 : 0;
}

ok wait_for(sub { $ng->get('/live/ev/manifest.mpd')->status == 200
                  && depth() >= 16 }, 120), 'the event is live'
    or diag `tail -20 $dir/encoder.log`;


# hashes of what is there: pictures decoded, audio as it is

sub hashes
{
    my ($input, $stream, $before, @options) = @_;

    my $log = "$dir/ffmpeg.log";

    open(my $p, '-|', 'sh', '-c', 'log=$1; shift; exec "$@" 2>"$log"', 'sh',
         $log, 'ffmpeg', '-nostdin', '-hide_banner', '-loglevel', 'warning',
         @$before, '-i', $input, @options, '-map', "0:$stream:0",
         $stream eq 'a' ? ('-c', 'copy') : (), '-f', 'framemd5', '-') or die;

    my @hashes = map { (split /,\s*/)[5] } grep { !/^#/ } <$p>;

    close($p);
    chomp @hashes;
    open(my $l, '<', $log) or die;

    return (join('', <$l>), @hashes);
}


# ffmpeg 5.1 takes the init once more with each reload of any live playlist
# that has one, and says so each time.  So the playlist is read twice: from
# its beginning, where 10 s need no reload, unless that takes longer than a
# segment, and at the live edge.

my $again = qr/^\[mov[^\n]*Found duplicated MOOV Atom\. Skipped it\n/m;
my $repeated = qr/^\s*Last message repeated[^\n]*\n/m;

my %how = (
    'manifest.mpd' => ['manifest.mpd'],
    'master.m3u8' => ['master.m3u8', -live_start_index => 0],
    'master.m3u8, live edge' => ['master.m3u8'],
);

my %got;

for my $m (sort keys %how) {
    for my $stream ('v', 'a') {
        my ($name, @before) = @{$how{$m}};
        my $began = time;
        my ($log, @h) = hashes($ng->url . "/live/ev/$name", $stream,
                               \@before, '-t', 10);

        $log =~ s/$again(?:$repeated)?//g
            if $m =~ /edge/ || ($m =~ /m3u8/ && time - $began > 2);
        is $log, '', "$m, $stream: not a warning";
        $got{"$m, $stream"} = \@h;
    }
}

sleep 1;
kill 'TERM', -$pid;
waitpid($pid, 0);

# where the frames stand in what the encoder made, as one piece; or undef

sub place
{
    my ($made, $got) = @_;

    for my $i (0 .. @$made - @$got) {
        next if $made->[$i] ne $got->[0];
        return $i if !grep { $made->[$i + $_] ne $got->[$_] } 0 .. $#$got;
    }

    return;
}

for my $stream ('v', 'a') {
    my ($log, @made) = hashes("$dir/rec.nut", $stream, []);

    for my $m (sort keys %how) {
        my @h = @{$got{"$m, $stream"}};
        my $least = $stream eq 'v' ? 200 : 380;

        cmp_ok scalar @h, '>=', $least, "$m, $stream: " . @h . ' frames';
        ok defined place(\@made, \@h), "$m, $stream: the encoder's, all of "
           . 'them, in order, without a gap';
    }
}

done_testing;
