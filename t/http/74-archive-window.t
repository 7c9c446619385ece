# How long a window may be: a day, and what cannot be held is said.

use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $disk = tempdir('lo-window-XXXXXX', TMPDIR => 1, CLEANUP => 1);

chmod 0755, $disk;
chown((getpwnam 'nobody')[2, 3], $disk) if $> == 0;

sub doc
{
    my ($id, $dvr, $share) = @_;

    return ("events/$id.json" => qq({"id": "$id", "segment_ms": 2000,)
        . qq( "delay_ms": 1000, "dvr_s": $dvr, "zone_share": "$share",)
        . ' "tracks": [{"id": "v"}]}');
}

my $ng = LiveOrigin::Nginx->start(size => '128m', events => 4, workers => 1,
    http => "live_origin_archive $disk;",
    files => {doc(day => 86400, '16m'), doc(small => 86400, '2m'),
              doc(week => 604800, '48m')});
my $v = LiveOrigin::Media->video(bytes => 2000);
my $head = $v->now_number - 1;

ok wait_for(sub { $ng->get('/api/status')->json->{archive}{restored} }, 10),
    'the archive is looked at';

sub publish
{
    my ($id, @numbers) = @_;
    my $r = $ng->put("/live/$id/a/v/init.mp4", $v->init);

    for (@numbers) {
        $r = $ng->put("/live/$id/a/v/$_.m4s", $v->segment($_));
        last if $r->status != 201;
    }

    return $r;
}

sub status { return $ng->get("/api/events/$_[0]/status")->json }

is publish('day', $head)->status, 201, 'a window of a day at 2 s';
is status('day')->{window_s}, 86400, '... is held';
is status('day')->{window_note}, undef, '... whole';

# late segments fill it; a pusher that is off by a whole day is not on UTC

is publish('day', $head - 42000, $head - 41999, $head - 20000)->status, 201,
    'nearly a day ago';
ok $ng->get("/live/day/v/$_.m4s")->body eq $v->segment($_), "... $_ is served"
    for $head - 42000, $head - 20000;

my $r = publish('small', $head);

is $r->status, 507, 'an index that has no room is refused';
like $r->body, qr/dvr_s\) has 432\d\d numbers, which take 5\d{3} KB of the /,
    '... and says what it would take' or diag $r->body;

is publish('week', $head)->status, 201, 'a window of a week';
is status('week')->{window_s}, 2 * (262144 - 64), '... has its limit';
is status('week')->{window_note},
    'dvr_s is more numbers than are kept of one track', '... which is said';
like $ng->log, qr/event "week": its window is 524160 s, less than dvr_s, /,
    '... in the log, too';
$ng->expect(qr/no room for another track|less than dvr_s|has left the window/);

$ng->stop;
done_testing;
