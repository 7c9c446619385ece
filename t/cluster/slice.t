# Behind stock nginx with proxy_cache and the slice module: a pipeline dies, is
# masked, nginx is restarted; no answer ever mixes the bytes of two candidates.
#
# What slice needs of an origin: ranges of exactly the size asked for, with
# Content-Range, and an ETag that is that of the bytes: it compares each
# slice's ETag with the first one's and breaks the answer off when they differ.
# time-out: 180

use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use JSON::PP;
use Test::More;

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $ng = LiveOrigin::Nginx->start(
    workers => 2, size => '64m', events => 2,
    live => 'live_origin_hold 0;',
    files => {
        'events/ev.json' => '{"id": "ev", "segment_ms": 2000, "dvr_s": 600,'
            . ' "delay_ms": 1000, "pipelines": ["a", "b"],'
            . ' "tracks": [{"id": "v"}]}'});

my $edge = LiveOrigin::Nginx->start(conf => <<'CONF' =~ s/ORIGIN/$ng->port/er);
load_module %%MODULE%%;
worker_processes 2;
error_log %%DIR%%/error.log info;
pid %%DIR%%/nginx.pid;
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path %%DIR%%/t1;
    proxy_temp_path %%DIR%%/t2;
    fastcgi_temp_path %%DIR%%/t3;
    uwsgi_temp_path %%DIR%%/t4;
    scgi_temp_path %%DIR%%/t5;
    proxy_cache_path %%DIR%%/cache keys_zone=c:4m levels=1 max_size=64m;

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            slice 16k;
            proxy_cache c;
            proxy_cache_key $uri$slice_range;
            proxy_set_header Range $slice_range;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_cache_valid 200 206 5m;
            proxy_pass http://127.0.0.1:ORIGIN;
            add_header X-Cache $upstream_cache_status;
        }
    }
}
CONF

my %v = map { $_ => LiveOrigin::Media->video(bytes => 200000, seed => $_) }
            'a', 'b';

$ng->put("/live/ev/$_/v/init.mp4", $v{$_}->init) for 'a', 'b';

my $last = $v{a}->now_number - 10;
my $first = $last - 11;
my (%bytes, %whose);

for my $n ($first .. $last) {
    for my $p ('a', 'b') {
        $bytes{$n}{$p} = $v{$p}->segment($n, seed => $p);
        $whose{md5_hex($bytes{$n}{$p})} = "$n $p";
        $ng->put("/live/ev/$p/v/1.m4s", $bytes{$n}{$p});
    }
}

cmp_ok length $bytes{$first}{a}, '>', 10 * 16384, 'a segment has many slices';

# whose bytes an answer has: a pipeline's, or "broken off"; never a mixture

my %mixed;

sub whose
{
    my ($n, @headers) = @_;
    my $r = $edge->get("/live/ev/v/$n.m4s", headers => \@headers);

    if (!$r->complete) {

        # what came is the beginning of one of the two, and ends as an error

        my $got = $r->body // '';

        for my $p ('a', 'b') {
            return 'broken off'
                if $got eq substr $bytes{$n}{$p}, 0, length $got;
        }

        $mixed{"$n: broken off"}++;
        return 'mixed';
    }

    return $r->status if $r->status !~ /^20[06]$/;

    my $is = $whose{md5_hex($r->body)} || '';

    if ($is !~ /^$n (\w)$/) {
        $mixed{"$n: " . length $r->body}++;
        return 'mixed';
    }

    return $1;
}

is whose($_), 'a', "a, through the cache: $_" for $first .. $first + 3;
is whose($first), 'a', '... and from it';

my $r = $edge->get("/live/ev/v/$first.m4s",
                   headers => ['Range', 'bytes=20000-49999']);

is $r->status, 206, 'a range over slices';
ok $r->body eq substr($bytes{$first}{a}, 20000, 30000), '... its bytes';
like $r->header('ETag'), qr/^"[0-9a-f]{32}"$/, '... a strong ETag';

# of the next one a cache has only the middle; then a is masked

my $n = $first + 4;

$r = $edge->get("/live/ev/v/$n.m4s",
                headers => ['Range', 'bytes=32768-65535']);
ok $r->body eq substr($bytes{$n}{a}, 32768, 32768), 'two slices of a in the '
    . 'cache';

is $ng->post('/api/events/ev/masks', qq({"pipeline": "a", "track": "v",
    "from": $first, "to": @{[$first + 6]}}))->status, 200, 'a is masked';

my $got = whose($n);

is $got, 'broken off', 'slices of two candidates: broken off, not mixed';
is whose($first + 5), 'b', 'what was not in the cache comes from b';
is whose($first), 'a', 'what was whole in the cache is whole';
is whose($first + 7), 'a', 'another number is still a\'s';

# an edge that was purged, or is told to look, has b's

$edge->restart;
is whose($first + 5), 'b', 'a restart of the edge';

system 'find', $edge->dir . '/cache', '-type', 'f', '-delete';
is whose($n), 'b', 'after a purge: b';
is whose($first), 'b', '... of all that was masked';

# a restart of the origin changes nothing

$ng->restart('KILL');
system 'find', $edge->dir . '/cache', '-type', 'f', '-delete';
is whose($first), 'b', 'the origin was killed and started again: b';
is whose($last), 'a', '... a where it is not masked';

# readers through the edge while a pipeline replaces what nobody was given, is
# masked and comes back: whole answers have the bytes of one

my (%seen, %purged);

for my $round (1 .. 12) {
    my $k = $last + $round;

    for my $p ('a', 'b') {
        $bytes{$k}{$p} = $v{$p}->segment($k, seed => $p);
        $whose{md5_hex($bytes{$k}{$p})} = "$k $p";
        $ng->put("/live/ev/$p/v/1.m4s", $bytes{$k}{$p});
    }

    my @c = map { $edge->client->start('GET', "/live/ev/v/$k.m4s",
                      headers => $_ % 2 ? ['Range', 'bytes=0-'] : []) } 1 .. 4;

    $ng->post('/api/events/ev/masks',
              qq({"pipeline": "a", "from": $k, "to": $k}));
    push @c, map { $edge->client->start('GET', "/live/ev/v/$k.m4s") } 1 .. 4;
    $ng->post('/api/events/ev/masks',
              '{"pipeline": "a", "mask": false}') if $round % 2;
    $ng->kill_worker if $round % 4 == 0;

    for my $r (LiveOrigin::Http::collect(\@c, 20)) {
        my $body = $r->body // '';
        my ($p) = grep { $r->complete ? $body eq $bytes{$k}{$_}
                         : $body eq substr $bytes{$k}{$_}, 0, length $body }
                  'a', 'b';

        if ($r->complete && $r->status !~ /^20[06]$/) {
            $seen{$r->status}++;

        } elsif ($p) {
            $seen{$r->complete ? $p : 'broken off'}++;

        } else {
            $mixed{"$k: " . length $body}++;
        }
    }

    # how many are whole above is up to the machine: this one is

    system 'find', $edge->dir . '/cache', '-type', 'f', '-delete';
    $purged{whose($k)}++;
}

note join ', ', map { "$_: $seen{$_}" } sort keys %seen;
is_deeply [grep { !/^[ab]$/ } keys %purged], [],
    'with nothing in the cache there is an answer'
    or diag explain \%purged;
is_deeply \%mixed, {}, 'no answer mixed the bytes of two candidates';

$edge->stop;
$ng->stop;
done_testing;
