package Bench::Cases;

# The cases: each starts its servers, fills them with the same segments,
# measures ours and the peer in turn, and hands rows to Bench::Report.

use strict;
use warnings;

use Exporter 'import';
use Time::HiRes qw(sleep);

use Bench::Early qw(early);
use Bench::Load qw(load median);
use Bench::Reload qw(reload);
use Bench::Report qw(row beside say_line);
use Bench::Server;

our @EXPORT_OK = qw(cases run_case);

our $runs = 5;
our $same = 0;                     # the peer against itself: the noise
our $readers;                      # of reload-*, if not as many as said below

my $put_zone = 640;                # MB
my $segment = 2;                   # seconds, live-load's default
my $full_rps;                      # of our GET 64 KB, once it is known

# 300 MB or more of each size, in at most 1,000 numbers a track
my %objects = (
    4096    => { events => 8, tracks => 10, segments => 1000 },
    65536   => { events => 1, tracks => 5,  segments => 1000 },
    524288  => { events => 1, tracks => 2,  segments => 320 },
    1572864 => { events => 1, tracks => 1,  segments => 210 }
);

# what serves each size best from stock nginx here
my %sendfile = (
    4096    => 'sendfile off;',
    65536   => 'sendfile on; tcp_nopush on;',
    524288  => 'sendfile on; sendfile_max_chunk 512k;',
    1572864 => 'sendfile on; sendfile_max_chunk 512k;'
);

# the peer is not to open files anew: no more objects than descriptors
{
    my $most = int((Bench::Server::files() - 1500) / 80);

    $objects{4096}{segments} = $most if $most < 1000;
}

my @cases = (
    ['get-4k',    \&get, size => 4096,    by => 'cpu', want => 1.3],
    ['get-64k',   \&get, size => 65536,   by => 'cpu', want => 1.0],
    ['get-512k',  \&get, size => 524288,  by => 'rps', want => 1.25],
    ['get-1536k', \&get, size => 1572864, by => 'rps', want => 1.25],
    ['get-64k-tls', \&get, size => 65536, by => 'cpu', want => 1.3, tls => 1],
    ['get-64k-signed', \&signed, size => 65536, want => 0.91],
    ['put-4k',    \&put, size => 4096,    want => 3.5],
    ['put-64k',   \&put, size => 65536,   want => 3],
    ['put-1536k', \&put, size => 1572864, want => 2.2],
    ['put-4k-digest',    \&put, size => 4096,    digest => 1],
    ['put-64k-digest',   \&put, size => 65536,   digest => 1],
    ['put-1536k-digest', \&put, size => 1572864, digest => 1],
    ['never',     \&never, want => 0.95],
    ['mpd',       \&manifest, ours => 'manifest.mpd', peer => 'mpd',
     want => 0.6],
    ['mpd-gzip',  \&manifest, ours => 'manifest.mpd', peer => 'mpd',
     gzip => 1, want => 0.6],
    ['playlist',  \&manifest, ours => 'v0/media.m3u8', peer => 'playlist',
     want => 0.6],
    ['playlist-gzip', \&manifest, ours => 'v0/media.m3u8', peer => 'playlist',
     gzip => 1, want => 0.6],
    ['held-1000', \&held, want => 0.67],
    ['held-latency', \&latency],
    ['early-latency', \&early_latency, want => 50],
    ['reload-10000', \&reloads, readers => 10_000, want => 1.0],
    ['reload-count', \&reloads, readers => 1000, counted => 1, want => 1.0],
    ['reload-count-class', \&reloads, readers => 1000, counted => 1, class => 1,
     want => 1.0],
    ['shed-put-latency', \&shed_put, want => 0.67],
    ['shed-put-latency-unknown', \&shed_put, want => 0.67, unknown => 1]
);


sub cases { return map { $_->[0] } @cases }


sub run_case
{
    my ($name) = @_;

    my ($case) = grep { $_->[0] eq $name } @cases
        or die "no case $name; there are: @{[cases()]}\n";

    my (undef, $code, %o) = @$case;

    $code->($name, %o);
    Bench::Server::stop_all();

    return;
}


sub now_number { return int(time() / $segment) }


sub pair
{
    my (%o) = @_;

    my $peer = Bench::Server->start('nginx', %o);
    my $ours = $same ? $peer : Bench::Server->start('ours', %o);

    return ($ours, $peer);
}


sub fill
{
    my ($server, $start, $size) = @_;

    my $n = $objects{$size};

    my $r = load('--url', $server->url, '--seconds', 120, '--seed', 1,
                 '--start', $start, '--segments', $n->{segments},
                 media($size), 'publish', '--connections', 8);

    Bench::Load::expect($r, 200, 201, 204);

    return;
}


sub media
{
    my ($size) = @_;

    my $n = $objects{$size};

    return ('--event', 'e', '--events', $n->{events}, '--track', 'v',
            '--tracks', $n->{tracks}, '--size', $size,
            '--put-path', '/publish/{event}/a/{track}/{name}');
}


sub read_back
{
    my ($server, $start, $size) = @_;

    my $path = $server->{kind} eq 'ours' ? '/live/{event}/{track}/{name}'
                                         : '/live/{event}/a/{track}/{name}';

    return (media($size), '--get-path', $path, '--start', $start,
            '--segments', $objects{$size}{segments});
}


sub timed
{
    my ($server) = @_;

    return ('--warmup', 0.5, '--seconds', $Bench::Load::seconds,
            '--watch', $server->pids);
}


# calls each in turn, $runs times; returns the lists of results

sub alternate
{
    my (@measure) = @_;

    my @results = map { [] } @measure;

    for (1 .. $runs) {
        for my $i (0 .. $#measure) {
            push @{ $results[$i] }, $measure[$i]->();
        }
    }

    return @results;
}


sub get
{
    my ($name, %o) = @_;

    my ($ours, $peer) = pair(SENDFILE => $sendfile{ $o{size} },
                              EVENTS => $objects{ $o{size} }{events});
    my @servers = ($ours, $peer);
    my $start = now_number() - $objects{ $o{size} }{segments};

    fill($_, $start, $o{size}) for $same ? $peer : @servers;
    push @servers, others($peer) if !$o{tls} && !$same;
    read_once($_, $start, $o{size}) for @servers;

    my @results = alternate(map {
        my $s = $_;

        sub {
            return Bench::Load::expect(
                load('--url', $o{tls} ? $s->tls_url : $s->url, timed($s),
                     read_back($s, $start, $o{size}), '--verify', 'sample',
                     '--copy', 'read', '--connections', 64), 200);
        };
    } @servers);

    $full_rps = median(map { $_->{rps} } @{ $results[0] })
        if $name eq 'get-64k';

    row($name, $o{by}, $o{want}, @results[0, 1], note => drawn($o{size}));
    beside($name, $servers[$_]{kind}, $results[$_]) for 2 .. $#servers;

    return;
}


# the same server without a token is the peer

sub signed
{
    my ($name, %o) = @_;

    my $ours = Bench::Server->start('ours',
                                    EVENTS => $objects{ $o{size} }{events});
    my $start = now_number() - $objects{ $o{size} }{segments};
    my $token = Bench::Server::token();

    fill($ours, $start, $o{size});

    my @results = alternate(map {
        my $prefix = $_;

        sub {
            return Bench::Load::expect(
                load('--url', $ours->url, timed($ours),
                     read_back($ours, $start, $o{size}), '--get-path',
                     "$prefix/{event}/{track}/{name}", '--verify', 'sample',
                     '--copy', 'read', '--connections', 64), 200);
        };
    } $same ? '/live' : "/signed/~$token", '/live');

    return row($name, 'cpu', $o{want}, @results, note => drawn($o{size}));
}


sub drawn
{
    my ($size) = @_;

    my $n = $objects{$size};
    my $count = $n->{events} * $n->{tracks} * $n->{segments};

    return sprintf '(%d objects, %.0f MB)', $count, $count * $size / 1e6;
}


sub others
{
    my ($peer) = @_;

    my @servers;

    push @servers, Bench::Server->start('varnish', UPSTREAM => $peer->{port})
        if -x '/usr/sbin/varnishd';
    push @servers, Bench::Server->start('h2o', FILES => "$peer->{dir}/root")
        if -x '/usr/bin/h2o';

    return @servers;
}


# fills the caches: open files, and Varnish's objects

sub read_once
{
    my ($server, $start, $size) = @_;

    my $r = load('--url', $server->url, '--seconds', 60,
                 read_back($server, $start, $size), 'read', '--all',
                 '--connections', 8);

    return Bench::Load::expect($r, 200);
}


# Ours takes numbers that rise without end from 20 hours ago, in a zone that
# turns over; dav overwrites a window of files of the same size.  Both are
# written full once before anything is measured.

sub put
{
    my ($name, %o) = @_;

    my ($ours, $peer) = pair(ZONE => $put_zone . 'm', EVENT_DOCS =>
        [map { { id => "e$_", lead_s => 86400 } } 0 .. 7]);
    my $start = now_number() - 20 * 3600 / $segment;
    my $cycle = int($put_zone * 1e6 / 64 / $o{size}) || 1;
    my %next;

    my @measure = map {
        my $s = $_;

        sub {
            my $r = load('--url', $s->url, @_ ? @_ : timed($s), '--event', 'e',
                         '--events', 8, '--track', 'v', '--tracks', 8,
                         '--size', $o{size}, '--put-path',
                         '/publish/{event}/a/{track}/{name}',
                         '--start', $next{$s} || $start,
                         $s == $peer ? ('--cycle', $cycle) : (),
                         $o{digest} ? '--digest' : (), 'publish',
                         '--connections', $o{size} > 1e6 ? 8 : 64);

            $next{$s} = $r->{groups}[0]{next} if $s != $peer;

            return Bench::Load::expect($r, 201, $s == $peer ? 204 : ());
        };
    } ($ours, $peer);

    my $rounds = int($put_zone * 1.2e6 / ($o{size} < 16384 ? 16384 : $o{size}));

    $_->('--seconds', 60, '--requests', $rounds) for @measure;

    return row($name, 'cpu', $o{want}, alternate(@measure));
}


# ours: numbers that are far off; the peer: names whose 404 is in its cache

sub never
{
    my ($name, %o) = @_;

    my ($ours, $peer) = pair();
    my $start = now_number() - 100;

    for my $s ($same ? $peer : ($ours, $peer)) {
        load('--url', $s->url, '--start', $start, '--segments', 100,
             media(65536), 'publish');
    }

    my @results = alternate(map {
        my $s = $_;

        sub {
            return Bench::Load::expect(
                load('--url', $s->url, timed($s),
                     read_back($s, $start + 1000000, 65536), 'storm',
                     '--connections', 64), 404);
        };
    } ($ours, $peer));

    return row($name, 'cpu', $o{want}, @results);
}


# the peer returns a text of the same size as ours, and as compressible

sub manifest
{
    my ($name, %o) = @_;

    my $ours = $same ? undef : Bench::Server->start('ours');
    my $text = 'x' x 5000;

    if ($ours) {
        my $start = now_number() - 200;

        load('--url', $ours->url, '--start', $start, '--segments', 200,
             media(65536), 'publish');
        $text = wait_manifest($ours->url . "/live/e/$o{ours}");
    }

    my ($maps, $value) = text_maps($text);
    my $peer = Bench::Server->start('nginx', MAPS => $maps, MPD => $value,
                                    PLAYLIST => $value);
    my $gzip = $o{gzip} ? '/gzip' : '';
    my @accept = $o{gzip} ? ('--header', 'Accept-Encoding: gzip') : ();

    $ours ||= $peer;

    my @results = alternate(map {
        my ($s, $path) = @$_;

        sub {
            return Bench::Load::expect(
                load('--url', $s->url, timed($s), @accept, 'get',
                     '--connections', 64, '--path', $gzip . $path), 200);
        };
    } [$ours, $same ? "/$o{peer}" : "/live/e/$o{ours}"],
      [$peer, "/$o{peer}"]);

    return row($name, 'cpu', $o{want}, @results,
               note => length($text) . ' bytes');
}


sub wait_manifest
{
    my ($url) = @_;

    for (1 .. 100) {
        my $text = `curl -sf '$url'`;

        return $text if $? == 0 && length $text;
        sleep 0.1;
    }

    die "no manifest at $url\n";
}


# nginx takes 4,095 bytes a word at most

sub text_maps
{
    my ($text) = @_;

    my (@maps, $value);

    $text =~ s/\$/S/g;
    $text =~ s/'/ /g;
    $text =~ s/\\/ /g;

    for my $part ($text =~ /(.{1,3500})/gs) {
        my $v = '$text' . @maps;

        push @maps, "    map \$server_port $v { default '$part'; }\n";
        $value .= '${' . substr($v, 1) . '}';
    }

    return (join('', @maps), $value);
}


sub held
{
    my ($name, %o) = @_;

    my $ours = Bench::Server->start('ours', EVENTS => 2);
    my $start = now_number();

    my ($results) = alternate(sub {
        $start += 100;

        return Bench::Load::expect(
            load('--url', $ours->url, '--seconds', 120, '--watch', $ours->pids,
                 '--verify', 'off', '--size', 65536, '--start', $start, 'fan',
                 '--connections', 1000, '--rounds', 10), 200, 201);
    });

    my ($wait, $ready) = map {
        my $field = $_;

        [map { $_->{groups}[0]{$field}{p50} / 1000 } @$results];
    } qw(fan_held_us fan_published_us);

    return row($name, 'ms', $o{want}, $wait, $ready,
               note => sprintf 'times_as_long=%.2f',
               median(@$wait) / median(@$ready));
}


# one held reader while the node serves half of what it could

sub latency
{
    my ($name, %o) = @_;

    my $ours = Bench::Server->start('ours', EVENTS => 3, ZONE => '1200m');
    my $proxy = Bench::Server->start('proxy', UPSTREAM => $ours->{port});
    my $start = now_number() - $objects{65536}{segments};

    fill($ours, $start, 65536);

    my $rate = int(half_rate($ours, $start));
    my $number = now_number();
    my @fan = ('--track', 'v', '--tracks', 1, '--settle', '20ms');

    my @results = alternate(
        sub {
            $number += 1000;

            return load('--url', $ours->url, '--seconds', 60, '--verify',
                        'off', read_back($ours, $start, 65536), 'fan', @fan,
                        '--event', 'edge', '--start', $number,
                        '--connections', 1,
                        '--rounds', 20 * $Bench::Load::seconds,
                        'read', '--rate', $rate, '--connections', 64,
                        '--requests', int($rate * $Bench::Load::seconds));
        },
        sub {
            return load('--url', $proxy->url, '--put-url', $ours->url,
                        '--seconds', 60, '--verify', 'off', media(65536),
                        '--get-path', '/live/{event}/{track}/{name}', 'fan',
                        @fan, '--event', 'proxied', '--start', $number,
                        '--connections', 2,
                        '--rounds', 4 * $Bench::Load::seconds);
        }
    );

    my ($p99, $lock) = map {
        [map { $_->{groups}[0]{from_publish_us}{p99} / 1000 } @$_];
    } @results;

    return row($name, 'ms', undef, $p99, $lock,
               note => "at $rate GET/s; the peer is proxy_cache_lock");
}


# chunks of 500 ms at live pace, 200 readers of each segment: no peer does it

sub early_latency
{
    my ($name, %o) = @_;

    my $ours = Bench::Server->start('ours');
    my ($p99, $p50, $count) = early($ours->url, readers => 200, chunks => 4,
                                    pace => 0.5, size => 400_000,
                                    segments => 5);

    say_line(sprintf 'bench %s ours=%.1f unit=ms want=%d%s p50=%.1f (%d '
             . 'chunks read)', $name, $p99, $o{want},
             $p99 <= $o{want} ? '' : ' (missed)', $p50, $count);

    return;
}


# 10,000 blocking playlist reloads woken by one part; the peer is as many
# readers of a held segment of the same size

sub reloads
{
    my ($name, %o) = @_;

    my $ours = Bench::Server->start('ours', EVENTS => 2,
                                    COUNTED => $o{counted},
                                    EVENT_DOCS => [$Bench::Reload::doc]);
    my ($reloads, $segments, $length) =
        reload($ours, readers => $readers || $o{readers},
               counted => $o{counted}, class => $o{class},
               rounds => $o{counted} ? 3 : 4 * $runs);

    my @pairs = map { $segments->[$_] / $reloads->[$_] } 0 .. $#$reloads;

    return row($name, $o{counted} ? 'ir' : 'cpu', $o{want}, $reloads,
               $segments,
               note => sprintf '(%d bytes, %d rounds, median of their ratios '
               . '%.2f)', $length, scalar @pairs, median(@pairs));
}


# PUT p99 of an nginx beside the load, with and without a storm that saturates
# another nginx on the same zone

sub shed_put
{
    my ($name, %o) = @_;

    my $start = now_number() - 900;
    my $number = now_number() - 20 * 3600 / $segment;
    my $serve = Bench::Server->start('ours', EVENTS => 2, ZONE => '300m',
                                     EVENT_DOCS => [{ id => 'p',
                                                      lead_s => 86400 }]);
    my $publish = do {
        local $Bench::Server::cpu = $Bench::Load::cpu;

        Bench::Server->start('ours', EVENTS => 2, ZONE => '300m',
                             ZONEPATH => "$serve->{dir}/zone");
    };

    my @path = ('--put-path', '/publish/{event}/a/{track}/{name}',
                '--get-path', '/live/{event}/{track}/{name}', '--seed', 1);
    my @dvr = ('--event', 'dvr', '--start', $start, '--segments', 800,
               '--size', 65536);

    load('--url', $publish->url, @path, @dvr, '--seconds', 60, 'publish');

    my @storm = $o{unknown} ? ('storm', '--event', 'nobody') : ('read', @dvr);
    my @storms;

    my $put = sub {
        my $r = Bench::Load::expect(
            load('--url', $publish->url, @path, '--warmup', 0.5, '--seconds',
                 $Bench::Load::seconds, '--event', 'p', '--size', 65536,
                 '--start', $number, 'publish', '--rate', 200,
                 '--connections', 1), 201);

        $number = $r->{groups}[0]{next};

        return $r->{groups}[0]{last_byte_us}{p99} / 1000;
    };

    my ($loaded, $idle) = alternate(
        sub {
            my $s = Bench::Load::start(19, '--url', $serve->url, @path,
                '--warmup', 0.5, '--seconds', $Bench::Load::seconds + 1,
                '--watch', $serve->pids, '--verify', 'off', @storm,
                '--connections', 64);
            my $p99 = $put->();

            push @storms, Bench::Load::finish($s);

            return $p99;
        },
        $put);

    Bench::Load::expect($_, $o{unknown} ? (404, 503) : (200, 503)) for @storms;

    return row($name, 'ms', $o{want}, $loaded, $idle,
               note => sprintf('PUT p99; storm %.0f/s, server core %.0f%%',
                               median(map { $_->{rps} } @storms),
                               100 * median(map { $_->{watched_cpu}
                                                  / $_->{seconds} } @storms)));
}


sub half_rate
{
    my ($ours, $start) = @_;

    $full_rps = load('--url', $ours->url, '--seconds', 2,
                     read_back($ours, $start, 65536), '--verify', 'sample',
                     'read', '--connections', 64)->{rps} if !$full_rps;

    return $full_rps / 2;
}


1;
