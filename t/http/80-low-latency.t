# Low-latency HLS: parts, playlists that list them, and who waits for the next.
# Segments of 4 s in four chunks: a reload is held for 12 s.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use lib 't/lib';
use LiveOrigin::Hls qw(lint);
use LiveOrigin::Http;
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my %documents = (
    ev => '"delay_ms": 300000, "pipelines": ["a", "b"]',
    ms => '"delay_ms": 300000, "part_ms": 2000',
    off => '"delay_ms": 300000, "low_latency": false',
    gap => '"delay_ms": 0',
);

my $ng = LiveOrigin::Nginx->start(
    size => '128m', events => 8, workers => 2,
    http => 'live_origin_early_bytes on; live_origin_hold 60s;',
    live => 'live_origin_hold 60s;',
    server => 'location /whole/ { live_origin_serve main;'
        . '     live_origin_early_bytes off; }'
        . ' location /nohold/ { live_origin_serve main; live_origin_hold 0; }'
        . ' location /short/ { live_origin_serve main;'
        . '     live_origin_hold 300ms; }',
    files => { map { ("events/$_.json" => "{\"id\": \"$_\","
                      . " \"segment_ms\": 4000, \"dvr_s\": 300,"
                      . " \"tracks\": [{\"id\": \"v\", \"type\": \"video\"}],"
                      . " $documents{$_}}") } keys %documents });

my $v = LiveOrigin::Media->video(fps => [24, 1], bytes => 60000,
                                 segment => [4, 1]);
my $s = LiveOrigin::Media->audio(bytes => 9000, segment => [4, 1]);
my $began = time;
my $n = $v->now_number($began);
my ($r, @c, @chunks, $p);


sub counter
{
    my ($name) = @_;
    my ($value) = $ng->get('/metrics')->body =~ /^\Q$name\E (\d+)/m;

    return $value;
}


sub parked
{
    my ($count) = @_;

    return ok wait_for(sub { counter('live_origin_holds') == $count }, 20),
        "$count are held";
}


# a number's four chunks: what is in front of the first moof is its own

sub chunks
{
    my ($media, $number, %o) = @_;
    my ($styp, $first, @rest) = $media->segment($number, chunks => 4,
                                                parts => 1, %o);

    return ($styp . $first, @rest);
}


sub publish
{
    my ($event, $number, $pipeline) = @_;

    is $ng->put("/live/$event/" . ($pipeline || 'a') . "/v/$number.m4s",
                join '', chunks($v, $number))->status, 201, "$event $number";
}


my @complaints;

sub list
{
    my $r = $ng->get('/live/ev/v/media.m3u8' . ($_[0] || ''));

    push @complaints, lint($r->body) if $r->status == 200;

    return $r;
}


# the tags of a playlist: [tag, { attributes } or value], and [URI, uri]

sub tags
{
    my ($text) = @_;
    my @tags;

    for (split /\n/, $text) {
        if (/^#(EXT[A-Z0-9-]+):?(.*)/) {
            my ($tag, $value) = ($1, $2);

            push @tags, [$tag, $value =~ /^[A-Z-]+=/
                ? { map { s/^"|"$//gr }
                    $value =~ /([A-Z-]+)=("[^"]*"|[^",]+)/g }
                : $value];

        } elsif (length) {
            push @tags, ['URI', $_];
        }
    }

    return @tags;
}


sub attributes
{
    my ($text, $tag) = @_;

    return map { $_->[1] } grep { $_->[0] eq $tag } tags($text);
}


sub parts { return map { $_->{URI} } attributes($_[0], 'EXT-X-PART') }
sub names { my ($number, @k) = @_; return map { "$number.$_.m4s" } @k }

sub hint
{
    my ($text) = @_;

    return join ' ', map { $_->{URI} } attributes($text, 'EXT-X-PRELOAD-HINT');
}


# ---- segments that are whole

for (qw(ev ms off gap)) {
    is $ng->put("/live/$_/a/v/init.mp4", $v->init)->status, 201, "$_: init";
}

$ng->put('/live/ev/b/v/init.mp4', $v->init);
publish('ev', $n++) for 1 .. 10;

my $text = list()->body;

is_deeply [attributes($text, 'EXT-X-PART-INF')], [{'PART-TARGET' => '1.000000'}],
    'the part target';
is_deeply [attributes($text, 'EXT-X-SERVER-CONTROL')],
    [{ 'CAN-BLOCK-RELOAD' => 'YES', 'CAN-SKIP-UNTIL' => '24.000000',
       'HOLD-BACK' => '12.000000', 'PART-HOLD-BACK' => '3.000000' }],
    'the control';
is hint($text), "$n.0.m4s", 'the hint';
is_deeply [parts($text)],
    [map { names($n - $_, 0 .. 3) } 3, 2, 1],
    'parts of the last three target durations, and no older';
like $text, qr/^#EXT-X-VERSION:9$/m, 'the version';

for my $number ($n - 3 .. $n - 1) {
    my @want = chunks($v, $number);
    my @tags = grep { $_->[0] eq 'EXT-X-PART'
                      && $_->[1]{URI} =~ /^$number\./ } tags($text);
    my ($inf) = $text =~ /^#EXTINF:([\d.]+),\n$number\.m4s$/m;
    my $sum = 0;

    for my $k (0 .. 3) {
        $r = $ng->get("/live/ev/v/$number.$k.m4s");
        ok $r->status == 200 && $r->body eq $want[$k], "$number.$k";
        is $tags[$k][1]{DURATION}, '1.000000', '... its duration';
        is $tags[$k][1]{INDEPENDENT}, $k == 0 ? 'YES' : undef, '... independent';
        $sum += $tags[$k][1]{DURATION};
    }

    is sprintf('%.6f', $sum), $inf, 'the sum is EXTINF';
}

$r = $ng->get('/live/ev/v/' . ($n - 1) . '.2.m4s');
like $r->header('Cache-Control'), qr/^public, max-age=\d+, immutable$/,
    'it cannot change';
is $r->header('Content-Type'), 'video/mp4', '... type';
like $r->header('CMSD-Static'), qr/^ot=v,d=1000,br=\d+$/, '... CMSD';
is $r->header('Surrogate-Key'), 'ev ev/v', '... Surrogate-Key';
is $r->header('Live-Origin'), 'pipeline=a', '... Live-Origin';
ok $r->header('Last-Modified'), '... Last-Modified';

my $etag = $r->header('ETag');
my $body = $r->body;

isnt $etag, $ng->get('/live/ev/v/' . ($n - 1) . '.1.m4s')->header('ETag'),
    'each has an ETag of its own';
is $ng->get('/live/ev/v/' . ($n - 1) . '.2.m4s',
            headers => ['If-None-Match', $etag])->status, 304, '... 304';
$r = $ng->head('/live/ev/v/' . ($n - 1) . '.2.m4s');
is $r->status . $r->header('Content-Length') . $r->header('ETag'),
    '200' . length($body) . $etag, '... HEAD';
$r = $ng->get('/live/ev/v/' . ($n - 1) . '.2.m4s',
              headers => ['Range', 'bytes=10-19']);
ok $r->status == 206 && $r->body eq substr($body, 10, 10), '... a range';
ok $ng->get('/live/ev/v/' . ($n - 10) . '.3.m4s')->body
   eq (chunks($v, $n - 10))[3], 'an old one can still be asked for';

for (['no such part', 'v/' . ($n - 1) . '.4.m4s', 404],
     ['out of the window', 'v/' . ($n - 500) . '.0.m4s', 410],
     ['far ahead', 'v/' . ($n + 5) . '.0.m4s', 404],
     ['another spelling', 'v/' . ($n - 1) . '.00.m4s', 404])
{
    is $ng->get("/live/ev/$_->[1]")->status, $_->[2], $_->[0];
}


# ---- one that is being published

@chunks = chunks($v, $n);
my $next = $ng->client->start('GET', "/live/ev/v/$n.0.m4s");

parked(1);
$p = $ng->client->begin('PUT', "/live/ev/a/v/$n.m4s");

for my $k (0 .. 3) {
    my $reload = $ng->client->start('GET',
        "/live/ev/v/media.m3u8?_HLS_msn=$n&_HLS_part=$k");

    parked(2);
    ok !$next->ready && !$reload->ready, "part $k is not there";
    $p->piece(substr $chunks[$k], 0, 100);
    $p->piece(substr $chunks[$k], 100);

    $r = $next->finish;
    ok $r->status == 200 && $r->body eq $chunks[$k], '... it is';
    is $r->header('Content-Length'), length $chunks[$k], '... with its length';
    is $r->header('Cache-Control'), 'public, max-age=4',
        '... not for long: the segment may fail';
    ok $r->header('ETag'), '... an ETag';
    like $r->header('Live-Origin'), qr/^pipeline=a, held=\d+$/, '... was held';

    my $tag = $r->header('ETag');

    $r = $reload->finish;
    is $r->status, 200, 'the reload is answered';
    is $r->header('Cache-Control'), 'public, max-age=24', '... for long';
    is_deeply [parts($r->body)],
        [(map { names($n - $_, 0 .. 3) } $k < 3 ? (3, 2, 1) : (2, 1)),
         names($n, 0 .. $k)], '... with all parts so far';
    is hint($r->body), $k < 3 ? "$n." . ($k + 1) . '.m4s'
                              : ($n + 1) . '.0.m4s', '... and what is next';
    unlike $r->body, qr/^$n\.m4s$/m, '... without the segment';

    is $ng->get("/live/ev/v/$n.$k.m4s")->header('ETag'), $tag, 'ETag stays';

    $next = $ng->client->start('GET', '/live/ev/v/' . hint($r->body));
    parked(1);
}

my $whole = $ng->client->start('GET', "/live/ev/v/media.m3u8?_HLS_msn=$n");

parked(2);
is $p->end->status, 201, 'published';
$r = $whole->finish;
like $r->body, qr/\#EXTINF:4\.000000,\n$n\.m4s\n/, 'who waits for the segment';
like $ng->get("/live/ev/v/$n.3.m4s")->header('Cache-Control'), qr/immutable/,
    'from now on parts cannot change';
$next->close;
parked(0);
$n++;


# ---- what may be asked for

my $last = $n - 1;

for (["_HLS_part=0", 400], ["_HLS_msn=x", 400], ["_HLS_msn=", 400],
     ["_HLS_msn=$last&_HLS_part=-1", 400], ["_HLS_skip=NO", 400],
     ["_HLS_msn=$last&_HLS_msn=$last", 400],
     ['_HLS_msn=' . ($last + 3), 400],
     ['_HLS_msn=' . ($last + 1) . '&_HLS_part=3', 400],
     ["_HLS_msn=$last", 200], ["_HLS_msn=$last&_HLS_part=3", 200],
     ["_HLS_msn=" . ($last - 5) . "&_HLS_part=99", 200], ['_HLS_msn=5', 200],
     ['other=1', 200])
{
    $r = list("?$_->[0]");
    is $r->status, $_->[1], $_->[0];
    like $r->body, qr/^_HLS_/, '... and why' if $_->[1] == 400;
    is $r->header('Cache-Control'), 'max-age=1', '... not for long'
        if $_->[1] == 400;
}

like $ng->access_log, qr/ 400 \d+ reason=bad /, 'in the log';

# other arguments beside directives are looked at, wherever they stand

for my $arg ('device=x', 'time_delay=x', 'aws.manifestfilter=x', 'END=x') {
    for ("_HLS_msn=5&$arg", "$arg&_HLS_msn=5", "_HLS_skip=YES&_x&$arg") {
        is list("?$_")->status, 400, $_;
    }
}

is list("?$_")->status, 200, $_ for '_HLS_msn=5&', '_HLS_msn=5&&_x', '_', '&';

# the hold runs out: 503, and the list is there for who does not wait

$r = $ng->get('/short/ev/v/media.m3u8?_HLS_msn=' . ($last + 1));
is $r->status, 503, 'nothing came';
is $r->header('Retry-After'), 1, '... again';
is $r->header('Cache-Control'), 'no-store', '... not to be kept';
ok wait_for(sub { $ng->access_log =~ / 503 .* reason=late .* held=(\d+)/
                  && $1 >= 299 }), '... it was held';
is $ng->get('/short/ev/v/media.m3u8')->status, 200, '... the list';

# a part that its segment does not have is the first of the next

@c = map { $ng->client->start('GET', "/live/ev/v/media.m3u8?_HLS_msn=$_") }
     "$last&_HLS_part=4", "$last&_HLS_part=77", $last + 1,
     ($last + 2) . '&_HLS_part=0', $last + 2;
parked(5);

@chunks = chunks($v, $n);
$p = $ng->client->begin('PUT', "/live/ev/a/v/$n.m4s");
$p->piece($chunks[0]);
is $_->finish->status, 200, 'two have it' for @c[0, 1];
parked(3);
$p->piece($_) for @chunks[1 .. 3];
is $p->end->status, 201, 'published';
is $c[2]->finish->status, 200, 'the segment';
parked(2);
$n++;
publish('ev', $n++);
is $_->finish->status, 200, 'the next one' for @c[3, 4];
parked(0);


# ---- delta updates

$text = list('?_HLS_skip=YES')->body;

my ($skip) = attributes($text, 'EXT-X-SKIP');
my $full = list()->body;
my @segments = $full =~ /^(\d+)\.m4s$/mg;
my @left = $text =~ /^(\d+)\.m4s$/mg;

is $skip->{'SKIPPED-SEGMENTS'} + @left, scalar @segments, 'what is left out';
is "@left", "@segments[-@left .. -1]", '... is the oldest';
is scalar(@left), 7, '... whatever ended before six target durations';
is join(' ', attributes($text, 'EXT-X-MEDIA-SEQUENCE')),
    join(' ', attributes($full, 'EXT-X-MEDIA-SEQUENCE')), '... of the same list';
is list('?_HLS_skip=v2')->body, $text, 'v2: dates are never left out';

my $wait = $ng->client->start('GET',
    "/live/ev/v/media.m3u8?_HLS_msn=$n&_HLS_skip=YES");

parked(1);
publish('ev', $n++);
like $wait->finish->body, qr/^#EXT-X-SKIP:SKIPPED-SEGMENTS=\d+$/m,
    'with a reload';


# ---- audio, which misses the grid; and reports

$ng->put("/live/ev/$_/s/init.mp4", $s->init) for 'a', 'b';

for my $number ($v->now_number($began) .. $n - 1) {
    is $ng->put("/live/ev/a/s/$number.m4s", join '', chunks($s, $number))
          ->status, 201, "audio $number";
}

$r = $ng->get('/live/ev/s/media.m3u8');
my ($inf) = attributes($r->body, 'EXT-X-PART-INF');
my @parts = attributes($r->body, 'EXT-X-PART');

cmp_ok $inf->{'PART-TARGET'}, '<=', 1.01, 'the longest chunk of audio';
cmp_ok scalar @parts, '>=', 8, 'parts of audio';

for (@parts) {
    my ($number, $k) = $_->{URI} =~ /^(\d+)\.(\d)\.m4s$/;

    cmp_ok $_->{DURATION}, '<=', $inf->{'PART-TARGET'}, $_->{URI};
    is $_->{INDEPENDENT}, 'YES', '... can be decoded alone';
    ok $ng->get("/live/ev/s/$_->{URI}")->body eq (chunks($s, $number))[$k],
        '... its bytes';
}

is_deeply [attributes($r->body, 'EXT-X-RENDITION-REPORT')],
    [{ URI => '../v/media.m3u8', 'LAST-MSN' => $n - 1, 'LAST-PART' => 3 }],
    'where video ends';
($r) = attributes(list()->body, 'EXT-X-SERVER-CONTROL');
is sprintf('%.6f', $r->{'PART-HOLD-BACK'}),
    sprintf('%.6f', 3 * $inf->{'PART-TARGET'}),
    'the hold-back is of the longest part target';

@chunks = chunks($v, $n);
$p = $ng->client->begin('PUT', "/live/ev/a/v/$n.m4s");
$p->piece(join '', @chunks[0, 1]);
ok wait_for(sub { list()->body =~ /"$n\.1\.m4s"/ }), 'two parts';
$ng->put("/live/ev/a/s/$n.m4s", join '', chunks($s, $n));
is_deeply [attributes($ng->get('/live/ev/s/media.m3u8')->body,
                      'EXT-X-RENDITION-REPORT')],
    [{ URI => '../v/media.m3u8', 'LAST-MSN' => $n, 'LAST-PART' => 1 }],
    'of one that grows';
$p->piece(join '', @chunks[2, 3]);
is $p->end->status, 201, 'published';
$n++;


# ---- a hundred readers on two workers

my $builds = counter('live_origin_manifests_built_total');

@c = map { $ng->client(timeout => 60)->start('GET', $_ % 2
               ? "/live/ev/v/$n.1.m4s"
               : "/live/ev/v/media.m3u8?_HLS_msn=$n&_HLS_part=1") } 1 .. 100;
parked(100);
@chunks = chunks($v, $n);
$p = $ng->client->begin('PUT', "/live/ev/a/v/$n.m4s");
$p->piece($chunks[0]);
ok wait_for(sub { list()->body =~ /"$n\.0\.m4s"/ }), 'one part';
parked(100);
$p->piece($chunks[1]);

my @got = LiveOrigin::Http::collect(\@c, 30);
my %lists;

$lists{$_->body}++ for grep { $_->body =~ /^#EXTM3U/ } @got;
is scalar(grep { $_->status == 200 } @got), 100, 'all are answered';
is scalar(grep { $_->body eq $chunks[1] } @got), 50, '... with the part';
is join(' ', values %lists), 50, '... with one playlist';
is_deeply [(parts((keys %lists)[0]))[-2, -1]], [names($n, 0, 1)], '... of it';

cmp_ok counter('live_origin_manifests_built_total') - $builds, '<=', 6,
    '... made once a worker and part';

$p->piece(join '', @chunks[2, 3]);
is $p->end->status, 201, 'published';
$n++;


# ---- readers that are answered together get what each of them asked for

my $before = $n - 1;

is $ng->put("/live/ev/a/s/$before.m4s", join '', chunks($s, $before))->status,
    201, 'audio of the one before';

my %ask = (
    list  => "v/media.m3u8?_HLS_msn=$n&_HLS_part=0",
    skip  => "v/media.m3u8?_HLS_msn=$n&_HLS_part=0&_HLS_skip=YES",
    audio => "s/media.m3u8?_HLS_msn=$n&_HLS_part=0",
    next  => "v/media.m3u8?_HLS_msn=$n&_HLS_part=1",
    whole => "v/media.m3u8?_HLS_msn=$n",
);
my %held;

for my $kind (('list', 'skip', 'list', 'audio', 'next', 'whole') x 25) {
    push @{$held{$kind}}, $ng->client(timeout => 60)
        ->start('GET', "/live/ev/$ask{$kind}");
}

my $away = $ng->client->start('GET', "/live/ev/$ask{list}");

parked(151);
$away->close;
parked(150);

my @audio = chunks($s, $n);

$builds = counter('live_origin_manifests_built_total');
my $pa = $ng->client->begin('PUT', "/live/ev/a/s/$n.m4s");

@chunks = chunks($v, $n);
$p = $ng->client->begin('PUT', "/live/ev/a/v/$n.m4s");
$p->piece($chunks[0]);
$pa->piece(join '', @audio[0, 1]);
parked(50);


# what all of a kind got: one text, with what they asked for and no more

sub together
{
    my ($kind, $has, $lacks) = @_;
    my %text;

    # each worker's was made in its own moment

    $text{$_->status . ' '
          . $_->body =~ s/^#EXT-X-RENDITION-REPORT:.*\n//mgr}++
        for LiveOrigin::Http::collect($held{$kind}, 30);

    my ($text) = keys %text;

    is keys %text, 1, "$kind: one text for all";
    like $text, qr/^200 #EXTM3U/, '... a playlist';
    like $text, $has, '... with what was asked for';
    unlike $text, $lacks, '... and no more';
}


my $part = qr/#EXT-X-PART:[^\n]*"$n\./;
my $skipped = qr/^#EXT-X-SKIP:/m;

together('list', qr/$part(?s:.*)/, qr/$part(?:1|2)\.m4s|$skipped/);
together('skip', qr/$skipped(?s:.*)$part/, qr/$part(?:1|2)\.m4s/);
together('audio', qr/$part(?s:.*)/, qr/$skipped/);
cmp_ok counter('live_origin_manifests_built_total') - $builds, '<=', 12,
    '... each made once a worker and part';
ok !(grep { $_->ready } @{$held{next}}, @{$held{whole}}), 'others wait';

$p->piece($chunks[1]);
together('next', qr/${part}1\.m4s/, qr/${part}2\.m4s|$skipped/);
parked(25);
$p->piece(join '', @chunks[2, 3]);
$pa->piece(join '', @audio[2, 3]);
is $_->end->status, 201, 'published' for $p, $pa;
together('whole', qr/^$n\.m4s$/m, $skipped);
$n++;


# ---- a pipeline that fails when parts were given out

publish('ev', $n, $_) for 'a', 'b';
$n++;

@chunks = chunks($v, $n);
my @others = chunks($v, $n, seed => 'of b');

$p = $ng->client->begin('PUT', "/live/ev/a/v/$n.m4s");
$p->piece(join '', @chunks[0, 1]);
ok wait_for(sub { list()->body =~ /"$n\.1\.m4s"/ }), 'two parts';

my $q = $ng->client->begin('PUT', "/live/ev/b/v/$n.m4s");

$q->piece(join '', @others[0 .. 2]);
@c = ($ng->client->start('GET', "/live/ev/v/$n.2.m4s"));
parked(1);
ok $ng->get("/live/ev/v/$n.0.m4s")->body eq $chunks[0], 'those of a';
$p->close;

ok wait_for(sub { list()->body !~ /"$n\.0\.m4s"/ }, 10),
    'they are not listed any more';

for (1 .. 8) {
    $text = list()->body;
    unlike $text, qr/URI="$n\./, '... by no worker, nor those of b';
    is hint($text), ($n + 1) . '.0.m4s', '... the next is one of the next';
    is $ng->get("/live/ev/v/$n.0.m4s")->status, 410, '... and gone';
}

is $c[0]->finish->status, 410, 'who waited for another';
@c = ($ng->client->start('GET', "/live/ev/v/media.m3u8?_HLS_msn=$n"
                                . '&_HLS_part=2'));
parked(1);
$q->piece($others[3]);
is $q->end->status, 201, 'b is whole';
$r = $c[0]->finish;
like $r->body, qr/^$n\.m4s$/m, 'who waits for a part gets the segment';
unlike $r->body, qr/"$n\.0\.m4s"/, '... which has no parts';
ok $ng->get("/live/ev/v/$n.m4s")->body eq join('', @others), '... of b';
like list()->body, qr/"@{[$n - 1]}\.3\.m4s"/, 'others still have theirs';
publish('ev', ++$n);
is_deeply [(parts(list()->body))[-4 .. -1]], [names($n, 0 .. 3)],
    'the next one has parts again';
$n++;

# another is whole first: parts are those of the one that was followed

publish('ev', $n, $_) for 'a', 'b';
$n++;
@chunks = chunks($v, $n);
@others = chunks($v, $n, seed => 'of b');
$p = $ng->client->begin('PUT', "/live/ev/a/v/$n.m4s");
$p->piece($chunks[0]);
ok wait_for(sub { list()->body =~ /"$n\.0\.m4s"/ }), 'a part of a';
is $ng->put("/live/ev/b/v/$n.m4s", join '', @others)->status, 201,
    'b is whole';
$text = list()->body;
is_deeply [(parts($text))[-2, -1]], ["@{[$n - 1]}.3.m4s", "$n.0.m4s"],
    'it is listed part by part';
unlike $text, qr/^$n\.m4s$/m, '... and not whole';
$p->piece($_) for @chunks[1 .. 3];
is $p->end->status, 201, 'a is whole';
$text = list()->body;
is_deeply [(parts($text))[-4 .. -1]], [names($n, 0 .. 3)], 'all parts';
ok $ng->get("/live/ev/v/$n.$_.m4s")->body eq $chunks[$_], "... $_ of a"
    for 0 .. 3;
$n++;


# ---- where there is none

for my $url ('/whole/ev/v/', '/nohold/ev/v/', '/live/off/v/') {

    publish('off', $n - 1) if $url =~ /off/;

    $r = $ng->get("${url}media.m3u8?_HLS_part=1");
    is $r->status, 200, "$url: directives are not looked at";
    unlike $r->body, qr/EXT-X-(?:PART|SERVER-CONTROL|PRELOAD|RENDITION)/,
        '... and a playlist as ever';
}

is $ng->get($_ . ($n - 1) . '.0.m4s')->status, 404, "$_: no parts"
    for '/whole/ev/v/', '/live/off/v/';


# ---- longer parts, by the document

publish('ms', $n - 1);
$r = $ng->get('/live/ms/v/media.m3u8');
is_deeply [attributes($r->body, 'EXT-X-PART-INF')],
    [{'PART-TARGET' => '2.000000'}], 'part_ms';
is_deeply [parts($r->body)], [names($n - 1, 0, 1)], '... two of them';
@chunks = chunks($v, $n - 1);
ok $ng->get('/live/ms/v/' . ($n - 1) . '.1.m4s')->body
   eq $chunks[2] . $chunks[3], '... of two chunks each';
$ng->put('/api/events/ms', '{"id": "ms", "segment_ms": 4000, "part_ms": 500,'
                           . ' "delay_ms": 300000, "dvr_s": 300}');
publish('ms', $n);
is_deeply [(parts($ng->get('/live/ms/v/media.m3u8')->body))[-2, -1]],
    [names($n, 0, 1)], 'once live it does not change';
is $ng->put('/api/events/x', '{"id": "x", "part_ms": 50}')->json->{field},
    'part_ms', 'too short';
is $ng->put('/api/events/x', '{"id": "x", "low_latency": 1}')->json->{field},
    'low_latency', 'no boolean';


# ---- gaps, by the clock

my $g = $v->now_number - 6;

publish('gap', $g);
publish('gap', $g + 2);
$r = $ng->get('/live/gap/v/media.m3u8');

my @gaps = grep { $_->{GAP} } attributes($r->body, 'EXT-X-PART');

is_deeply [map { $_->{URI} } grep { $_->{URI} =~ /^@{[$g + 1]}\./ } @gaps],
    [grep { $r->body =~ /"$_"/ } names($g + 1, 0 .. 3)],
    'parts of a number that is missing';
ok scalar(@gaps), '... there are some';

my ($end) = hint($r->body) =~ /^(\d+)\./;

$r = $ng->get("/live/gap/v/media.m3u8?_HLS_msn=$end");
is $r->status, 200, 'who waits for a number that does not come';
like $r->body, qr/#EXT-X-GAP\n$end\.m4s\n/, '... sees it as a GAP';
is scalar(grep { $_->{GAP} && $_->{URI} =~ /^$end\./ }
          attributes($r->body, 'EXT-X-PART')), 4, '... and its parts';


# ---- the end

@c = ($ng->client->start('GET', "/live/ev/v/media.m3u8?_HLS_msn=$n"),
      $ng->client->start('GET', "/live/ev/v/$n.0.m4s"));
parked(2);
is $ng->client->request('POST', '/api/events/ev/end')->status, 200, 'it ends';
$r = $c[0]->finish;
like $r->body, qr/^#EXT-X-ENDLIST$/m, 'who waits sees it';
unlike $r->body, qr/EXT-X-(?:PART|PRELOAD|SERVER)/, '... without parts';
is $c[1]->finish->status, 410, 'who waits for a part';
is list('?_HLS_msn=' . ($n + 9))->status, 200, 'nothing is waited for';
ok $ng->get('/live/ev/v/' . ($n - 1) . '.0.m4s')->status == 200,
    'parts are there';

is "@complaints", '', 'each playlist keeps to the rules';

$ng->stop;
done_testing;
