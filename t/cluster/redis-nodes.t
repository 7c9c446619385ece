#!/usr/bin/perl
# time-out: 240

# Two origins on one Redis: what is published, decided and said on one is there
# on the other.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Time::HiRes qw(sleep time);

use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Nodes;
use LiveOrigin::Redis;

my %media = (
    v => LiveOrigin::Media->video(id => 1, segment => [2, 5], bytes => 60000),
    s => LiveOrigin::Media->audio(id => 2, segment => [2, 5]),
);

my $redis = LiveOrigin::Redis->start;
my $nodes = LiveOrigin::Nodes->start(n => 2, redis => $redis, ack => 'redis',
    http => 'live_origin_write_deadline 10s;',
    redis_params => { timeout => '10s' });
my ($A, $B) = $nodes->nodes;
my $live = $nodes->live(tracks => \%media, d => 0.4);

my $document = '{"id": "%s", "segment": {"duration": 2, "timescale": 5}, '
    . '"delay_ms": 5000, "dvr_s": 180, "zone_share": "28m", '
    . '"pipelines": ["a", "b"], "tracks": [{"id": "v", "type": "video"}, '
    . '{"id": "s", "type": "audio"}]}';


# news may be on their way

sub wrong
{
    my ($ng, $track, @numbers) = @_;

    my @bad;
    my $until = time + 20;

    for my $n (@numbers) {
        my $line;

        wait_for(sub { !defined($line = wrong_now($ng, $track, $n)) },
                 $until - time);
        push @bad, $line if defined $line;
    }

    return @bad ? join "\n", @bad : '';
}


sub wrong_now
{
    my ($ng, $track, $n) = @_;

    my $r = $ng->get($live->path($track, "$n.m4s"), timeout => 20);
    my ($p) = ($r->header('Live-Origin') || '') =~ /pipeline=(\w+)/;

    return $r->status == 200 && $p && $r->body eq $live->segment($p, $track, $n)
           ? undef : "$track/$n: " . $r->line . ' ' . ($p // '-');
}


sub windows
{
    my ($ng) = @_;

    return [map { $_->{window} }
            @{$ng->get('/api/events/ev/status')->json->{tracks}}];
}


sub not_taken { return join ' ', grep { !/^20[01]$/ } @_ }


# ---- an event

ok $nodes->wait_up, 'both nodes are connected';

is $A->put('/api/events/ev', sprintf $document, 'ev')->status, 201,
    'an event is made on A';
ok wait_for(sub { $B->get('/api/events/ev')->status == 200 }, 20),
    'and is on B';
is $B->get('/api/events/ev')->body, $A->get('/api/events/ev')->body,
    'with the same document';

my $n = $live->now - 40;
my @got = $live->put(0, 'a', $n, $n + 29);

is not_taken(@got), '', 'thirty numbers of two tracks are published on A';
is wrong($B, 'v', $n .. $n + 29), '', 'and served by B: video';
is wrong($B, 's', $n .. $n + 29), '', 'audio';
$nodes->same('ev', 'both are the same');

my $titled = sprintf $document, 'ev';

$titled =~ s/"id"/"title": "T", $&/;
is $B->put('/api/events/ev', $titled)->status, 200,
    'the document is changed on B';
ok wait_for(sub {
    ($A->get('/api/events/ev')->json->{title} || '') eq 'T'
}, 20), 'and so on A';


# ---- held on one, published on the other

my $ahead = $live->now + 3;

is not_taken($live->put(0, 'a', $n + 30, $ahead - 1)), '',
    'the numbers up to now are published on A';

for my $i (0, 1) {
    my ($from, $to) = $i ? ($B, $A) : ($A, $B);
    my $number = $ahead + $i;
    my @held = map { $to->client } 1 .. 5;
    my $here = $from->client;

    is wrong($to, 'v', $number - 1), '', 'the number before is on both';
    $_->start('GET', $live->path('v', "$number.m4s")) for @held, $here;
    sleep 0.2;
    is scalar(grep { $_->ready } @held), 0, 'readers are held';

    is $from->put($live->path('a', 'v', "$number.m4s"),
                  $live->segment('a', 'v', $number))->status, 201,
        'the segment is published on the other node';

    my @r = LiveOrigin::Http::collect([@held, $here], 20);
    my $own = pop @r;

    is scalar(grep { $_->status == 200
                     && $_->body eq $live->segment('a', 'v', $number) } @r), 5,
        'and all of them have it';
    is scalar(grep { $_->header('ETag') eq $own->header('ETag') } @r), 5,
        'with the same ETag';

    $from->put($live->path('a', 's', "$number.m4s"),
               $live->segment('a', 's', $number));
}


# ---- pipelines on different nodes

sleep 1;

my $pa = $live->publish(0, 'a');
my $pb = $live->publish(1, 'b');
my @readers = map { $live->follow($_, track => 'v') } 0, 1, 0, 1;

sleep($ENV{LO_SOAK} ? 60 : 6);
ok wait_for(sub { !grep { $_->served < 12 } @readers }, 30),
    'live readers on both nodes';
$_->stop for $pa, $pb;
sleep 1;
$_->stop for @readers;

is scalar($pa->refused), 0, 'a on A: all is taken'
    or diag explain [($pa->refused)[0 .. 2]];
is scalar($pb->refused), 0, 'b on B: all is taken'
    or diag explain [($pb->refused)[0 .. 2]];

my @read = map { $_->got } @readers;
my %digests;

for my $got (@read) {
    $digests{$_}{$got->{$_}{digest}}++
        for grep { $got->{$_}{status} == 200 } keys %$got;
}

is join(' ', grep { keys %{$digests{$_}} > 1 } sort keys %digests), '',
    'no number was two things to two readers';
$nodes->same('ev', 'both nodes end with the same choice');
is wrong($B, 'v', $pa->acked('v')), '', 'all of it on B';
is wrong($A, 'v', $pb->acked('v')), '', 'and on A';


# a defective one of a gives way to a good one of b, on both

my $short = $live->now;
my @durations = $media{v}->durations($short);

pop @durations for 1 .. 3;
is $A->put($live->path('a', 'v', "$short.m4s"),
    $live->media('a', 'v')->segment($short, durations => \@durations))->status,
    201, 'a defective segment on A';
ok wait_for(sub { ($B->get($live->path('v', "$short.m4s"))
                   ->header('Live-Origin') || '')
                  =~ /pipeline=a.*defects="short/ }, 20),
    'is what B has to give';
is $B->put($live->path('b', 'v', "$short.m4s"),
           $live->segment('b', 'v', $short))->status, 201, 'a good one on B';
is wrong($A, 'v', $short), '', 'replaces it on A';
like $A->get($live->path('v', "$short.m4s"))->header('Live-Origin'),
    qr/pipeline=b/, 'it is the other pipeline\'s';


# ---- masks, notices, the end

my $masked = ($pa->acked('v'))[-3];

for ([$A, $B], [$B, $A]) {
    my ($from, $to) = @$_;

    is $from->post('/api/events/ev/masks', '{"pipeline": "a", "track": "v", '
        . "\"from\": $masked, \"to\": $masked}")->status, 200, 'a mask';
    ok wait_for(sub { ($to->get($live->path('v', "$masked.m4s"))
                       ->header('Live-Origin') || '') =~ /pipeline=b/ }, 20),
        'is one on the other node';
    $nodes->same('ev', 'both are the same');
    is $from->post('/api/events/ev/masks', '{"pipeline": "a", "track": "v", '
        . "\"from\": $masked, \"to\": $masked, \"mask\": false}")->status, 200,
        'taken back';
    ok wait_for(sub {
        !@{$to->get('/api/events/ev/masks')->json->{masks}}
    }, 20), 'there as well';
}

for (['one', $A, $B], ['two', $B, $A]) {
    my ($value, $from, $to) = @$_;

    is $from->post('/api/events/ev/notify',
                   "{\"key\": \"k\", \"value\": \"$value\"}")->status, 200,
        'a notice';
    ok wait_for(sub { ($to->get($live->path('manifest.mpd'))
                       ->header('Live-Origin-Notice') || '')
                      eq "k=\"$value\"" }, 20),
        'is with the other\'s responses';
}


# ---- a node that has nothing

my @window = sort { $a <=> $b } keys %digests;
my $before = $A->get($live->path('v', 'media.m3u8'))->body;

$nodes->kill_node(1);

my $began = time;

$nodes->start_node(1, empty => 1);

# until it has asked Redis it says so: 503, and not that there is nothing, but
# where Redis has not answered for 1.5 s

my @first;

ok wait_for(sub {
    my $connected = LiveOrigin::Nodes::redis_up($B);
    my $status = $B->get($live->path('manifest.mpd'))->status;

    push @first, $status if $connected || time < $began + 1.5;
    return $status == 200;
}, 20), 'a node that began empty has the MPD';
is join(' ', grep { $_ != 200 && $_ != 503 } @first), '', 'and never has none';
is $B->get($live->path('master.m3u8'))->status, 200, 'the master playlist';
like $B->get($live->path('v', 'media.m3u8'))->body,
    qr/^\Q@{[$before =~ m{^(\d+\.m4s)}m]}\E$/m, 'the whole media playlist';
is_deeply windows($B), windows($A), 'says that it has the whole window';
is wrong($B, 'v', $n .. $n + 29, @window), '', 'and the whole window';
is wrong($B, 's', $n .. $n + 29), '', 'of all tracks';
$nodes->same('ev', 'both are the same');
is not_taken($live->put(1, 'b', $live->now, $live->now)), '',
    'and publishing goes on there';


# ---- SIGKILL under load

my $p = $live->publish(0, 'a', retry => 1);
my $reader = $live->follow(1, track => 'v');

ok wait_for(sub { $p->acked('v') >= 5 }, 20), 'a publishes on A';
sleep rand 0.4;
$nodes->kill_node(0);

my @acked = $p->acked('v');

is wrong($B, 'v', @acked), '', 'A is killed: B has all that had its 201';
is wrong($B, 's', $p->acked('s')), '', 'of all tracks';

$nodes->start_node(0);
ok wait_for(sub { $p->acked('v') >= @acked + 5 }, 30), 'A is there again';
$_->stop for $p, $reader;
is wrong($_, 'v', $p->acked('v')), '', 'all that had its 201 is on both'
    for $A, $B;
$nodes->same('ev', 'both are the same');

# through a proxy over both nobody sees it

my $front = $nodes->front(expect => [qr/./]);
my $c = LiveOrigin::Live->new(nodes => [$front], tracks => \%media, d => 0.4);
my $published = $live->publish(0, 'a', retry => 1, failover => [0, 1]);

ok wait_for(sub { $published->acked('v') >= 2 }, 30), 'a publishes';

my $viewer = $c->follow(0, track => 'v', from => ($published->acked('v'))[-1]);

ok wait_for(sub { $viewer->served >= 6 }, 30), 'a viewer behind a proxy';
$nodes->kill_node(0);
my $seen = $viewer->served;
ok wait_for(sub { $viewer->served >= $seen + 8 }, 30), 'goes on';
$nodes->start_node(0);
$_->stop for $published, $viewer;

my @trouble = grep { $_->{status} != 200 } @{$viewer->log};

is scalar(@trouble), 0, 'and sees nothing but segments'
    or diag explain \@trouble;


# ---- the end

# what operators do on both nodes at once: each is done, none takes back another

# 503 while A has yet to ask what it missed

ok wait_for(sub { $A->get('/api/events/ev/masks')->status == 200 }, 20),
    'A knows what it missed';

my @undone;
my $out = $live->now - 20;

for my $i (1 .. 30) {
    my $other = $B->client;

    $other->start('POST', '/api/events/ev/notify',
                  body => "{\"key\": \"k\", \"value\": \"$i\"}");

    my $mask = $i % 2 ? 'true' : 'false';
    my $r = $A->post('/api/events/ev/masks', '{"pipeline": "b", "track": "s", '
        . "\"from\": $out, \"to\": $out, \"mask\": $mask}");
    my ($s) = LiveOrigin::Http::collect([$other], 20);

    push @undone, "$i: " . $r->status . ' ' . $s->status
        if $r->status != 200 || $s->status != 200
           || !$r->json->{changed};

    for my $node ($A, $B) {
        push @undone, "$i: masks on " . $node->port if !wait_for(sub {
            @{$node->get('/api/events/ev/masks')->json->{masks}} == $i % 2
        }, 10);
        push @undone, "$i: notice on " . $node->port if !wait_for(sub {
            $node->get('/api/events/ev/notify')->body =~ /"$i"/
        }, 10);
    }
}

is "@undone", '', 'thirty times a mask on A and a notice on B';
$B->post('/api/events/ev/notify', '{"key": "k", "value": null}');


is $A->post('/api/events/ev/end', '')->status, 200, 'the event ends on A';
ok wait_for(sub { $B->get('/api/events/ev/status')->json->{phase} eq 'ended' },
            20), 'and on B';
ok $B->get($live->path('v', 'media.m3u8'))->body =~ /#EXT-X-ENDLIST/,
    'whose playlists say so';
is $B->put($live->path('b', 'v', $live->now . '.m4s'),
           $live->segment('b', 'v', $live->now))->status, 410,
    'nothing is published any more';
$nodes->same('ev', 'both are the same');

is $B->post('/api/events/ev/start', '')->status, 200, 'B begins it again';
ok wait_for(sub { $A->get('/api/events/ev/status')->json->{phase} eq 'live' },
            20), 'on A as well';

is $B->delete('/api/events/ev')->status, 200, 'B deletes it';
ok wait_for(sub { $A->get('/api/events/ev')->status == 404 }, 20),
    'it is gone on A';
is $A->get($live->path('v', "$window[-1].m4s"))->status, 404, 'with its media';
sleep 1;
is $_->get('/api/events')->body =~ /"ev"/ ? 1 : 0, 0, 'and stays so'
    for $A, $B;
is_deeply [@{$redis->cli('KEYS', '*track:*')}], [],
    'and its index in Redis';

done_testing;
