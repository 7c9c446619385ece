# The purge hook: a cache of several addresses, and one that hangs while its
# worker has to go.  What it asks for is in 72-masks.t.

use strict;
use warnings;

use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(time);

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $tmp = tempdir('lo-purge-XXXXXX', TMPDIR => 1, CLEANUP => 1);

chmod 0755, $tmp;
system('cc', '-shared', '-fPIC', '-O1', '-o', "$tmp/two_addresses.so",
       't/lib/two_addresses.c') == 0 or die "no shim\n";

$ENV{LO_PRELOAD} = join ':', grep { $_ } $ENV{LO_PRELOAD},
                                         "$tmp/two_addresses.so";

my $cache = IO::Socket::INET->new(Listen => 64, LocalAddr => '127.0.0.1',
                                  ReuseAddr => 1) or die "listen: $!\n";
my $port = $cache->sockport;

my $ng = LiveOrigin::Nginx->start(
    workers => 1, size => '64m', events => 4,
    live => 'live_origin_hold 0;',
    http => "live_origin_purge http://two.addresses:$port/k/\$key;",
    files => {
        'events/ev.json' => '{"id": "ev", "segment_ms": 1000, "dvr_s": 600,'
            . ' "delay_ms": 1000, "pipelines": ["a", "b"],'
            . ' "tracks": [{"id": "v"}]}'});

my $v = LiveOrigin::Media->video(bytes => 1000, segment => [1, 1]);
my $last = $v->now_number - 5;
my $first = $last - 199;
my $c = $ng->client;

$c->put("/live/ev/a/v/init.mp4", $v->init);
$c->put("/live/ev/a/v/1.m4s", $v->segment($_)) for $first - 12 .. $last;
is scalar(grep { $c->get("/live/ev/v/$_.m4s")->status == 200 }
          $first .. $last), 200, 'two hundred segments, given out';

sub metric
{
    my ($name) = @_;

    return $ng->get('/metrics')->body =~ /^live_origin_$name (\d+)$/m ? $1
                                                                      : -1;
}

sub mask
{
    my ($from, $to) = @_;

    return $ng->post('/api/events/ev/masks',
                     qq({"pipeline": "a", "from": $from, "to": $to}));
}


# ---- of two addresses one answers: a purge is given up after 2 s, so that one
# which this test was late for is not counted

my $select = IO::Select->new($cache);
my ($done, $late) = (0, 0);

sub counted { return metric('purges_total') + metric('purges_failed_total') }

for my $n ($first - 12 .. $first - 1) {
    my $was = metric('purges_total');
    my $all = counted();
    my $began = time;

    is mask($n, $n)->status, 200, "a mask of $n";

    ok $select->can_read(20), '... the cache is asked' or last;

    my $purge = $cache->accept;

    sysread $purge, my $head, 4096;
    like $head, qr!^PURGE /k/ev/v HTTP/1\.1\r\nHost: two\.addresses:$port\r\n!,
        '... to purge';
    print $purge "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    close $purge;

    if (time - $began > 1) {
        $late++;
        wait_for(sub { counted() == $all + 1 }, 20);
        next;
    }

    ok wait_for(sub { metric('purges_total') == $was + 1 }, 20),
        '... that was done';
    last if ++$done == 4;
}

is $done, 4, 'four of them';

my $failed = metric('purges_failed_total');

cmp_ok $failed, '<=', $late, 'none has failed that was answered in time';


# ---- a cache that hangs does not keep a worker that has to go

my $conf = $ng->_template;

$conf =~ s/worker_shutdown_timeout 20s/worker_shutdown_timeout 1s/;
$conf =~ s!/k/\$key!/\$track/\$number!;
$ng->set_config(conf => $conf);
$ng->reload;
ok wait_for(sub { $ng->old_workers == 0 }, 20), 'one request a number from now';

is mask($first + 4, $last)->json->{given_total}, 196, 'many of them';
$ng->reload;
ok wait_for(sub { $ng->old_workers == 0 }, 40),
    'the worker goes, though each would wait for 2 s';
$ng->log_like(qr/purging by "[^"]*" failed: .* \(\d+ since/,
              '... and says that they failed');
is metric('purges_failed_total'), $failed + 196, '... all of them';

$ng->stop;
done_testing;
