# A tfdt of 32 bits (version 0) wraps, at 90 kHz after 13 hours, and so does
# the sequence_number of mfhd: numbers go on, by PUT and within a long POST.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use LiveOrigin::Edit qw(content refit);
use LiveOrigin::Media;
use LiveOrigin::Nginx;

my $ng = LiveOrigin::Nginx->start(workers => 1, events => 4,
    live => 'live_origin_hold 0;',
    files => {map { ("events/$_.json" => "{\"id\": \"$_\","
                     . ' "segment_ms": 2000}') } qw(put post)});

my $v = LiveOrigin::Media->video(bytes => 2000);
my $a = LiveOrigin::Media->audio(bytes => 1000);
my $wrap = int(2 ** 32 / 180000);            # the slot within which it wraps
my @slots = $wrap - 5 .. $wrap + 7;


# slot $k of a clock that began at 0, in parts

sub segment
{
    my ($m, $k) = @_;

    my @parts = $m->segment($k, chunks => 4, parts => 1, styp => [],
                            sequence => 0xfffffff0 + 4 * ($k - $slots[0]));

    for (@parts) {
        my ($time) = /tfdt.{4}(.{8})/s;

        $_ = refit(content($_, 'moof/traf/tfdt',
                           pack('NN', 0, unpack('Q>', $time) & 0xffffffff)));
    }

    return @parts;
}


is $ng->put("/live/$_/a/v/init.mp4", $v->init)->status, 201, "$_: init"
    for qw(put post);
is $ng->put('/live/put/a/au/init.mp4', $a->init)->status, 201,
    '... and audio, whose clock of 48 kHz does not wrap';

my $first;
my $c = $ng->client;

for my $k (@slots) {
    my $s = join '', segment($v, $k);
    my $r = $c->put("/live/put/a/v/$k.m4s", $s);

    is $r->status, 201, "PUT of slot $k" or diag $r->body;

    my ($n) = $r->header('Location') =~ m!/(\d+)\.m4s$!;

    $first = $n if !defined $first;
    is $n, $first + $k - $slots[0], '... the next number';
    ok $c->get("/live/put/v/$n.m4s")->body eq $s, '... its bytes';

    $r = $c->put("/live/put/a/au/$k.m4s", join '', segment($a, $k));
    is $r->status . ($r->header('Location') =~ m!/(\d+)\.m4s$!)[0], "201$n",
        '... and that of audio';
}

# beside the clock's, because what is listed waits for the time it is due

my $status = $ng->get('/api/events/put/status')->json;
my ($track) = grep { $_->{id} eq 'v' } @{$status->{tracks}};
my %verdicts = %{$track->{pipelines}[0]{verdicts}};

is $verdicts{good}, scalar @slots, 'all are good';
is scalar @{$status->{runs}}, 1, '... and one run';

# one long POST over the wrap, and another that begins behind it

my $behind = pop @slots;
my $stream = $ng->client;

$stream->begin('POST', '/live/post/a/Streams(v.cmfv)');
$stream->piece($v->init);
$stream->piece($_) for map { segment($v, $_) } @slots;

my $r = $stream->end;

is $r->status, 201, 'a long POST' or diag $r->body;
$r = $ng->post('/live/post/a/Streams(v.cmfv)',
               join '', segment($v, $behind));
is $r->status, 201, '... and one behind the wrap' or diag $r->body;

my ($last) = $r->header('Location') =~ m!/(\d+)\.m4s$!;
my @wrong = grep {
    $c->get('/live/post/v/' . ($last - $behind + $_) . '.m4s')->body
        ne join '', segment($v, $_)
} @slots, $behind;

is "@wrong", '', '... each slot is a segment of its own';

$ng->stop;
done_testing;
