# The harness itself, on a stock nginx: what the other tests rely on.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use LiveOrigin::Http;
use LiveOrigin::Media qw(boxes);
use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Process qw(alive);

my $ng = LiveOrigin::Nginx->start(
    files => {slow => 'x' x 40000, slower => 'x' x 400000, chunked => 'x' x 40000},
    conf => <<'CONF');
user root;
worker_processes %%WORKERS%%;
pid %%DIR%%/nginx.pid;
error_log %%DIR%%/error.log info;
worker_rlimit_nofile 4096;
events { worker_connections 2048; }
http {
    client_body_temp_path %%DIR%%/temp;
    access_log off;
    server {
        listen 127.0.0.1:%%PORT%%;
        listen 127.0.0.1:%%PORT1%%;
        root %%DIR%%/html;
        location = /hello { return 200 "hello $request_method"; }
        location /dav/ { dav_methods PUT DELETE; create_full_put_path on; }
        location = /slow {
            limit_rate 20k;
            alias %%DIR%%/slow;
        }
        location = /slower {
            limit_rate 10k;
            alias %%DIR%%/slower;
        }
        location = /chunked { ssi on; ssi_types *; alias %%DIR%%/chunked; }
    }
}
CONF

# requests

my $c = $ng->client;

is $c->get('/hello')->body, 'hello GET', 'GET';
is $c->head('/hello')->header('Content-Length'), 10, 'HEAD on the same '
   . 'connection';
is $c->put('/dav/a/1', 'first')->status, 201, 'PUT with Content-Length';
is $c->request('PUT', '/dav/a/2', chunks => ['se', '', 'cond'])->status, 201,
   'PUT chunked';
is $c->get('/dav/a/2')->body, 'second', '... and its bytes';

$c->begin('PUT', '/dav/a/3', length => 8);
$c->piece('1234');
ok !$c->ready, 'half of a body has no answer';
$c->piece('5678');
is $c->end->status, 201, 'the whole has';

my $r = $c->put('/dav/a/4', 'later', expect => 1);

is $r->status . $r->continues, '2011', 'Expect: 100-continue';
is length $c->get('/chunked')->body, 40000, 'a chunked answer';
is $ng->delete('/dav/a/4')->status, 204, 'DELETE';

# many at once

my @list = map { $ng->client->start('GET', $_ % 2 ? '/hello' : '/slow') }
           1 .. 20;

is join(' ', map { $_->status . length $_->body }
             LiveOrigin::Http::collect(\@list, 20)),
   join(' ', ('2009', '20040000') x 10), 'twenty collected';

@list = map { $ng->client->start('GET', '/hello') } 1 .. 1200;
is scalar(grep { $_->status == 200 } LiveOrigin::Http::collect(\@list)), 1200,
   'twelve hundred at once';
@list = ();

$c->start('GET', '/slower');
is $c->finish(0.1)->error, 'timeout', 'a time-out';
$c->close;
is(LiveOrigin::Http->new(port => $ng->port(2))->get('/')->error
   =~ s/:.*//r, 'connect', 'nobody listens');

# processes

my @workers = $ng->workers;

is scalar @workers, 2, 'two workers';
$ng->kill_worker('KILL', $workers[0]);
ok !alive($workers[0]), 'one is killed';
is scalar(my @now = $ng->workers), 2, '... and follows itself';
ok $ng->reload, 'reload';
ok !(grep { my $p = $_; grep { $_ == $p } @now } $ng->workers),
   '... has new workers';
is $ng->get('/hello')->status, 200, '... that answer';

my $old = $ng->master;

ok my $new = $ng->upgrade, 'upgrade';
is scalar(my @both = ($ng->workers, $ng->workers($old))), 4,
   '... has two generations';
kill 'QUIT', $old;
ok wait_for(sub { !alive($old) }), '... of which the old one goes';
is $ng->get('/hello')->status, 200, '... and the new one answers';
$ng->restart;
is $ng->get('/hello')->status, 200, 'restart';
ok +($ng->test_config)[0], 'nginx -t';

# media

for my $t ([LiveOrigin::Media->video(fps => [30000, 1001],
                                   segment => [60060, 30000]), 60, 60],
           [LiveOrigin::Media->video(fps => [25, 1], elst => 1800), 50, 50],
           [LiveOrigin::Media->audio(rate => 48000), 93, 94],
           [LiveOrigin::Media->audio(rate => 44100), 86, 87])
{
    my ($m, $min, $max) = @$t;
    my $n = $m->now_number;
    my $count = 0;
    my $apart = 0;
    my ($low, $high) = (1000, 0);

    for my $i ($n .. $n + 50) {
        $count = () = $m->durations($i);
        $low = $count if $count < $low;
        $high = $count if $count > $high;
        $apart++ if $m->tfdt($i) + $m->duration($i) != $m->tfdt($i + 1);
    }

    is "$apart $low $high", "0 $min $max",
       "$m->{kind} $m->{timescale}: segments join, frames of each";
    is join(' ', map { $_->[0] } boxes($m->init
                . $m->segment($n, prft => 4e9, chunks => 2))),
       'ftyp moov styp prft moof mdat prft moof mdat', '... boxes';
    isnt $m->segment($n), $m->segment($n + 1), '... differ';
    is $m->segment($n), $m->segment($n), '... and are the same again';
}

$ng->stop;
done_testing;
