# Low-latency HLS and masks: what is out of service has no parts, and a part's
# URL has never other bytes than it had.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use LiveOrigin::Hls qw(lint);
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $ng = LiveOrigin::Nginx->start(
    size => '64m', events => 4, workers => 2,
    http => 'live_origin_early_bytes on; live_origin_hold 60s;',
    server => 'location /now/ { live_origin_serve main; live_origin_hold 0; }',
    live => 'live_origin_hold 60s;',
    files => {'events/ev.json' => '{"id": "ev", "segment_ms": 4000,'
        . ' "dvr_s": 300, "delay_ms": 300000, "pipelines": ["a", "b"],'
        . ' "tracks": [{"id": "v", "type": "video"}]}'});

my %v = map { $_ => LiveOrigin::Media->video(fps => [24, 1], bytes => 60000,
                                             segment => [4, 1], seed => $_) }
        'a', 'b';
my $n = $v{a}->now_number;
my ($r, $p, @chunks);


# a number's four chunks: what is in front of the first moof is its own

sub chunks
{
    my ($number, $pipeline) = @_;
    my ($styp, $first, @rest) = $v{$pipeline}->segment($number, chunks => 4,
        parts => 1, seed => $pipeline);

    return ($styp . $first, @rest);
}


sub publish
{
    my ($number, @pipelines) = @_;

    is $ng->put("/live/ev/$_/v/$number.m4s", join '', chunks($number, $_))
        ->status, 201, "$number of $_" for @pipelines;
}


my @complaints;

sub list
{
    my $r = $ng->get('/live/ev/v/media.m3u8' . ($_[0] || ''));

    push @complaints, lint($r->body) if $r->status == 200;

    return $r->body;
}


sub parts
{
    my ($number, $text) = @_;

    return join ' ', $text =~ /^#EXT-X-PART:.*"$number\.(\d+)\.m4s"/mg;
}


sub hint
{
    my ($text) = @_;
    my ($uri) = $text =~ /^#EXT-X-PRELOAD-HINT:.*URI="([^"]*)"/m;

    return $uri;
}


# of every worker, with nobody held: the status of a name, and whose bytes

sub is_now
{
    my ($name, $want, $what) = @_;
    my ($number, $k) = $name =~ /^(\d+)(?:\.(\d))?\.m4s$/;
    my %now;

    for (1 .. 8) {
        my $r = $ng->get("/now/ev/v/$name");
        my ($of) = grep { my @c = chunks($number, $_);
                          ($r->body // '')
                              eq (defined $k ? $c[$k] : join '', @c) }
                   'a', 'b';

        $now{$r->status . ($r->status == 200 ? " $of" : '')}++;
    }

    return is join(', ', sort keys %now), $want, $what;
}


sub mask
{
    my ($json) = @_;

    is $ng->post('/api/events/ev/masks', "{$json}")->status, 200,
        "masks: $json";
}


$ng->put("/live/ev/$_/v/init.mp4", $v{$_}->init) for 'a', 'b';
publish($n++, 'a', 'b') for 1 .. 4;
is parts($n - 1, list()), '0 1 2 3', 'parts';


# ---- the only copy, which readers followed while it grew

@chunks = chunks($n, 'a');
$p = $ng->client->begin('PUT', "/live/ev/a/v/$n.m4s");
$p->piece(join '', @chunks[0, 1]);
ok wait_for(sub { parts($n, list()) eq '0 1' }), 'it is followed';
$p->piece(join '', @chunks[2, 3]);
is $p->end->status, 201, 'it is whole';
is_now("$n.0.m4s", '200 a', '... its parts are there');

mask(qq("pipeline": "a", "from": $n));
is_now("$n.m4s", '404', 'masked: it is missing');
is_now("$n.$_.m4s", '404', "... and part $_") for 0, 3;

for (1 .. 8) {
    my $text = list();

    unlike $text, qr/\b$n\.m4s/, '... it is not listed';
    is parts($n, $text), '', '... nor its parts';
}

mask(qq("pipeline": "a", "mask": false));
is_now("$n.m4s", '200 a', 'taken back');
is_now("$n.0.m4s", '200 a', '... with its parts');
is parts($n, list()), '0 1 2 3', '... which are listed again';
$n++;


# ---- there is another copy, whose bytes are others

publish($n++, 'a', 'b');
publish($n, 'a', 'b');
is_now(($n - 1) . '.1.m4s', '200 a', 'a part of a');
like $ng->get('/now/ev/v/' . ($n - 1) . '.1.m4s')->header('Cache-Control'),
    qr/immutable/, '... for good';

mask(qq("pipeline": "a", "from": @{[$n - 1]}));
is_now(($n - 1) . '.m4s', '200 b', 'masked: the other');
is_now(($n - 1) . ".$_.m4s", '410', "... but not its part $_") for 0, 1, 3, 9;
is_now("$n.m4s", '200 b', 'what nobody was given before');
is_now("$n.1.m4s", '200 b', '... has the parts of the other');

for (1 .. 8) {
    my $text = list();

    is parts($n - 1, $text), '', 'a list has none of the first';
    like $text, qr/^@{[$n - 1]}\.m4s$/m, '... but the whole';
    is parts($n, $text), '0 1 2 3', '... and those of the second';
}

mask(qq("pipeline": "a", "mask": false));
is_now(($n - 1) . '.m4s', '200 b', 'taken back: what was chosen stays');
is_now(($n - 1) . '.1.m4s', '410', '... without parts');


# ---- the last of the list

publish(++$n, 'a', 'b');
is_now("$n.3.m4s", '200 a', 'a part of the newest');
mask(qq("pipeline": "a", "from": $n));

for (1 .. 8) {
    my $text = list();

    is parts($n, $text), '', 'masked: it has none';
    like $text, qr/^$n\.m4s$/m, '... but is listed';
    is hint($text), ($n + 1) . '.0.m4s', '... and the next is hinted at';
}

is $ng->get("/live/ev/v/media.m3u8?_HLS_msn=$n&_HLS_part=3")->status, 200,
    'who waits for one of its parts gets it';
$p = $ng->client->start('GET', '/live/ev/v/' . ($n + 1) . '.0.m4s');
publish(++$n, 'b');
$r = $p->finish;
ok $r->status == 200 && $r->body eq (chunks($n, 'b'))[0],
    'who follows the hint gets the part';
mask(qq("pipeline": "a", "mask": false));


# ---- masked while readers wait for its next part, and the other is whole

publish(++$n, 'a', 'b');
list();
@chunks = chunks(++$n, 'a');
$p = $ng->client->begin('PUT', "/live/ev/a/v/$n.m4s");
$p->piece(join '', @chunks[0, 1]);
ok wait_for(sub { parts($n, list()) eq '0 1' }), 'it is followed';

my $part = $ng->client->start('GET', "/live/ev/v/$n.2.m4s");
my $reload = $ng->client->start('GET',
    "/live/ev/v/media.m3u8?_HLS_msn=$n&_HLS_part=2");

publish($n, 'b');
is_now("$n.0.m4s", '200 a', 'its parts are those of a');
mask(qq("pipeline": "a", "from": $n));
is $part->finish->status, 410, 'masked: who waits for a part';
$r = $reload->finish;
like $r->body, qr/^$n\.m4s$/m, '... and for a list, which has the whole';
is parts($n, $r->body), '', '... and no parts';
is_now("$n.m4s", '200 b', '... of the other');
is_now("$n.0.m4s", '410', '... whose parts are none');
$p->piece(join '', @chunks[2, 3]);
is $p->end->status, 201, 'it is whole';
is_now("$n.0.m4s", '410', '... and stays without');
mask(qq("pipeline": "a", "mask": false));
is_now("$n.0.m4s", '410', '... also when it is back');

is "@complaints", '', 'each playlist keeps to the rules';

$ng->stop;
done_testing;
