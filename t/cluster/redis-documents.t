#!/usr/bin/perl
# time-out: 180

# Documents on many nodes, where one of them cannot read what others have put,
# or has lost its own, or Redis has: an event is never without its rules.

use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;

use LiveOrigin::Geo qw(mmdb country);
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Nodes;
use LiveOrigin::Redis;
use LiveOrigin::RedisFake;

my $dir = tempdir(CLEANUP => 1);
my %address = (DE => '192.0.2.1', AT => '198.51.100.1', US => '203.0.113.1');

chmod 0755, $dir;
mmdb("$dir/geo.mmdb", '192.0.2.0/24' => country('DE', 'EU'),
     '198.51.100.0/24' => country('AT', 'EU'),
     '203.0.113.0/24' => country('US', 'NA'));

my $redis = LiveOrigin::Redis->start;
my $fake = LiveOrigin::RedisFake->start(through => $redis);
my $nodes = LiveOrigin::Nodes->start(
    n => 3, redis => [$redis, $fake, $redis], workers => 1, ack => 'redis',
    redis_params => { timeout => '10s' },
    live => 'live_origin_auto_event on; live_origin_hold 0;',
    http => "live_origin_geoip $dir/geo.mmdb; set_real_ip_from 127.0.0.1;"
            . ' real_ip_header X-Forwarded-For;');
my ($A, $B, $C) = $nodes->nodes;

my $v = LiveOrigin::Media->video(bytes => 2000);
my $n = $v->now_number - 1;
my $key = 'lo:{ev}:event';
my $script = qr/^EVAL\S* \S+ 1 lo:\{ev\}:event /;


sub document
{
    my (@countries) = @_;

    return '{"id": "ev", "segment_ms": 2000, "delay_ms": 1000, "dvr_s": 60, '
        . '"tracks": [{"id": "v"}], "countries": {"allow": ["'
        . join('", "', @countries) . '"]}}';
}


sub publish
{
    my ($ng, $event, $pipeline, @numbers) = @_;
    my $to = "/live/$event/$pipeline/v";

    return join ' ', grep { !/^20[01]$/ }
           $ng->put("$to/init.mp4", $v->init)->status,
           map { $ng->put("$to/$_.m4s", $v->segment($_))->status } @numbers;
}


# by country

sub answers
{
    my ($ng) = @_;

    return join ' ', map {
        "$_ " . $ng->get('/live/ev/manifest.mpd',
                         headers => ['X-Forwarded-For', $address{$_}])->status
    } sort keys %address;
}


sub becomes
{
    my ($ng, $what, $name) = @_;

    wait_for(sub { answers($ng) eq $what }, 20);

    return is answers($ng), $what, $name;
}


# a node that has just come asks others before it says anything

sub has
{
    my ($ng, $document, $name) = @_;

    wait_for(sub { $ng->get('/api/events/ev')->status == 200 }, 20);

    return is $ng->get('/api/events/ev')->body, $document, $name;
}


sub says
{
    my ($ng, $line, $name) = @_;

    wait_for(sub { $ng->log =~ $line }, 20);

    return like $ng->log, $line, $name;
}


ok $nodes->wait_up, 'the nodes are connected';
is $A->put('/api/events/ev', document('DE'))->status, 201, 'an event on A';
is publish($A, 'ev', 'a', $n - 3 .. $n), '', '... is published';
becomes($_, 'AT 403 DE 200 US 403', 'it is for DE') for $A, $B, $C;

# one that begins by itself has a document, too

is publish($A, 'auto', 'a', $n - 3 .. $n), '', 'an event without a document';
ok wait_for(sub { $B->get('/api/events/auto')->status == 200 }, 20),
    '... is on B';


# ---- B cannot read what A has put: another version of this module might not

my $second = document('DE', 'AT');

# nothing of it gets there before it is as this test wants it

$fake->rules([qr/^HMGET \Q$key\E / => { reply => [] }],
             [$script => { reply => ['ok'] }]);
is $A->put('/api/events/ev', $second)->status, 200, 'another document on A';
becomes($_, 'AT 200 DE 200 US 403', 'it is for AT, too') for $A, $C;

my $live = $redis->cli('HGET', $key, 'live');
my $doc = $redis->cli('HGET', $key, 'doc');

is $doc, $second, 'Redis has it';
$doc =~ s/"AT"/"UK"/;

$fake->rules([qr/^HMGET \Q$key\E / => { reply => [$live, $doc] }]);
$redis->cli('PUBLISH', 'lo:news', 'event ev somebody');
says($B, qr/document of event "ev" is not taken: countries.*updated/,
     'B says that it is to be updated');
becomes($B, 'AT 403 DE 200 US 403', '... and goes on with what it had');
has($B, document('DE'), '... all of it');

# what it has to say of the event goes to others without its older document

is publish($B, 'ev', 'b', $n + 1), '', 'another pipeline is published on B';
ok wait_for(sub { grep { $_->{id} eq 'b' } @{$A->get('/api/events/ev/status')
                                               ->json->{pipelines}} }, 20),
    '... and is known on A';
is $redis->cli('HGET', $key, 'doc'), $second, 'Redis has the newer document';
has($_, $second, '... and so have the others') for $A, $C;
is answers($A), 'AT 200 DE 200 US 403', '... and go by it';

$fake->rules;
$B->restart;
becomes($B, 'AT 200 DE 200 US 403', 'B takes it when it is another version');
has($B, $second, '... all of it');


# ---- what B has stored is damaged

# where it has nothing to say it is told that nobody else has

$fake->rules([qr/^HMGET \Q$key\E / => { reply => [] }],
             [qr/$script\d+ (\d+) \1 / => { reply => ['ok'] }]);
$B->stop;

open my $fh, '+<:raw', $B->zone or die;
my $zone = do { local $/; <$fh> };
my $found = 0;

while ($zone =~ /"DE", "AT"/g) {
    seek $fh, pos($zone) - 10, 0;
    print $fh '"DE", "UK"';
    $found++;
}

close $fh;
unlink glob($B->events_dir . '/*');
$B->restart;

cmp_ok $found, '>', 0, 'it is damaged';
becomes($B, 'AT 503 DE 503 US 503', 'nobody has the event of B');
ok $nodes->wait_up, '... which is connected';
is publish($B, 'ev', 'c', $n + 2), '', 'but a third pipeline is published there';
ok wait_for(sub { grep { $_->{id} eq 'c' } @{$A->get('/api/events/ev/status')
                                               ->json->{pipelines}} }, 20),
    '... and is known on A';
is $redis->cli('HGET', $key, 'doc'), $second, 'Redis has what it had';
is answers($_), 'AT 200 DE 200 US 403', '... and so have the others'
    for $A, $C;

$fake->rules;
$B->restart;
becomes($B, 'AT 200 DE 200 US 403', 'B has it again from Redis');
has($B, $second, '... as it was put');


# ---- Redis has none: a node that begins empty makes no event without rules

$redis->cli('HSET', $key, 'doc', '');
$nodes->start_node(2, empty => 1);
says($C, qr/event "ev" of other nodes is not taken: it has no document/,
     'C says that it has no document');
ok wait_for(sub { $C->get('/live/auto/manifest.mpd')->status == 200 }, 20),
    'the event that began by itself is there';
is $C->get('/api/events/auto')->body, $A->get('/api/events/auto')->body,
    '... with its document';
is answers($C), 'AT 404 DE 404 US 404', 'the other is not';

is publish($C, 'ev', 'd', $n + 3), '', 'its next pipeline comes to C';
becomes($C, 'AT 503 DE 503 US 503', '... and nobody has it from there');
is answers($_), 'AT 200 DE 200 US 403', 'the others have it as ever'
    for $A, $B;

is $A->put('/api/events/ev', document('AT'))->status, 200, 'it is put again';
becomes($_, 'AT 200 DE 403 US 403', '... and is in force') for $A, $B, $C;
$nodes->same('ev', 'they agree', seconds => 60);

done_testing;
