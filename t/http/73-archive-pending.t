# "pending" of the archive is 0 only when the disk has what readers get,
# whether or not somebody looks after it at that moment.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use LiveOrigin::Disk;
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $shim = LiveOrigin::Disk->new;

$shim->fault('fail 5');

my $ng = LiveOrigin::Nginx->start(
    size => '64m', events => 4, workers => 2,
    http => 'live_origin_archive ' . $shim->dir . ';',
    files => {'events/ev.json' => '{"id": "ev", "segment_ms": 1000,'
        . ' "delay_ms": 1500, "dvr_s": 300, "zone_share": "16m",'
        . ' "lead_s": 3600, "pipelines": ["a", "b"],'
        . ' "tracks": [{"id": "v"}]}'},
    expect => [qr/live origin archive: /, qr/exited on signal 9/]);
my %media = map { $_ => LiveOrigin::Media->video(bytes => 10000, seed => $_,
                                                 segment => [1, 1]) } qw(a b);
my $first = $media{a}->now_number - 100;
my $c = $ng->client;

sub pending { return $ng->get('/api/status')->json->{archive}{pending} }

# numbers that a pipeline was not answered 201 for

sub publish
{
    my ($pipeline, @numbers) = @_;

    return join ' ', grep {
        my $r = $c->put("/live/ev/$pipeline/v/$_.m4s",
                        $media{$pipeline}->segment($_));

        $r->status != 201;
    } @numbers;
}

# of a file's head

sub digest
{
    my ($n) = @_;

    open(my $f, '<:raw', $shim->segment('ev', 'v', $n)) or return 'no file';
    read($f, my $head, 192);

    return unpack 'H*', substr $head, 24, 16;
}

# numbers of which the disk has not what readers get

sub other
{
    my %digest = map { $_ => digest($_) } @_;

    return join ' ', grep {
        my $etag = $c->get("/live/ev/v/$_.m4s")->header('ETag') || '';

        $etag ne qq("$digest{$_}");
    } sort keys %digest;
}

sub saved
{
    my ($name, @numbers) = @_;

    ok wait_for(sub { pending() == 0 }, 30), "$name: nothing waits";
    is other(@numbers), '', '... it is all on the disk';
}


# ---- nobody can look

ok wait_for(sub {
    $c->put('/live/ev/a/v/init.mp4', $media{a}->init)->status == 201;
}, 20), 'a disk that cannot be looked at';

is $c->put('/live/ev/b/v/init.mp4', $media{b}->init)->status, 200,
    'two pipelines';
is publish('a', $first .. $first + 9), '', '... publish';
is pending(), 10, '... and all of it waits';

my ($metric) = $ng->get('/metrics')->body
               =~ /^live_origin_archive_pending (\d+)$/m;

is $metric, 10, '... also by the metrics';
$shim->fault('');
saved('a disk that is well', $first .. $first + 9);


# ---- between two looks

my ($n, @wrong) = $first + 9;

for (1 .. 10) {
    push @wrong, publish('a', ++$n) || ();
    wait_for(sub { pending() == 0 }, 30) or push @wrong, "$n waits";
    push @wrong, other($n) || ();
}

is "@wrong", '', 'one number after the other';
@wrong = ();


# ---- below what was looked at

is publish('b', $n + 1 .. $n + 40), '', 'another pipeline is ahead';
saved('another pipeline', $n + 1);

my @unread = $n + 2 .. $n + 20;

# nobody has got these yet: of two that are good the first pipeline's is given

for (@unread) {
    push @wrong, publish('a', $_) || ();
    wait_for(sub { pending() == 0 }, 30) or push @wrong, "$_ waits";
    push @wrong, other($_) || ();
}

is "@wrong", '', 'another choice';
@wrong = ();
like $c->get("/live/ev/v/$unread[0].m4s")->header('Live-Origin'),
    qr/pipeline=a/, '... is the first pipeline';

is $ng->request('POST', '/api/events/ev/masks',
                body => qq({"pipeline": "a", "track": "v", "mask": true,)
                        . qq( "from": $unread[0], "to": $unread[-1]})
               )->status, 200, 'it is masked';
like $c->get("/live/ev/v/$_.m4s")->header('Live-Origin'), qr/pipeline=b/,
    "... $_ is the other's" for @unread[0, 5];
saved('what was given in its place', @unread[0, 5]);

$n += 40;
is publish('a', $n + 30), '', 'a hole';

for ($n + 1 .. $n + 15) {
    push @wrong, publish('a', $_) || ();
    wait_for(sub { pending() == 0 }, 30) or push @wrong, "$_ waits";
    push @wrong, other($_) || ();
}

is "@wrong", '', '... is filled';
@wrong = ();
is publish('a', reverse $first - 20 .. $first - 1), '', 'back-fill';
saved('back-fill', $first - 20 .. $first - 1);


# ---- another archivist

$n += 30;

for (1 .. 5) {
    $ng->reload;
    push @wrong, publish('a', ++$n) || ();
}

is "@wrong", '', 'one reload after the other';
@wrong = ();
saved('after them', $n - 4 .. $n);

for my $pid ($ng->workers) {
    $ng->kill_worker('KILL', $pid);
    $c->close;
    push @wrong, publish('a', ++$n) || ();
}

is "@wrong", '', 'workers are killed';
saved('others go on', $n - 1, $n);


# ---- and so it is found again

my %etag = map { $_ => $c->get("/live/ev/v/$_.m4s")->header('ETag') }
           $n - 60 .. $n;

delete $etag{$_} for grep { !$etag{$_} } keys %etag;
ok wait_for(sub { pending() == 0 }, 30), 'all is on the disk';
$ng->stop;
unlink $ng->zone;
$ng->restart;
$c->close;

ok wait_for(sub {
    my $t = $ng->get('/api/events/ev/status')->json->{tracks};

    $t && @$t && $t->[0]{archive}{segments} && !$t->[0]{archive}{loading};
}, 30), 'the zone is lost, and found again';
is join(' ', grep { ($c->get("/live/ev/v/$_.m4s")->header('ETag') || '')
                    ne $etag{$_} } sort keys %etag), '',
    '... as it was given out (' . keys(%etag) . ')';
is pending(), 0, '... and nothing waits';

$ng->stop;
done_testing;
