#!/usr/bin/perl

# conf-examples/single-node.conf as it stands, but for its paths and its port.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;

use LiveOrigin::Example;
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $conf = LiveOrigin::Example::conf('single-node.conf',
    '/usr/share/live-origin/player/' => '%%DIR%%/html/');
my $ng = LiveOrigin::Nginx->start(conf => $conf, files => {
    'html/index.html' => 'player', 'html/status.html' => 'status',
    'html/x.js' => 'js' });

my $v = LiveOrigin::Media->video;
my $n = $v->now_number - 1;

is $ng->put('/publish/show/a/v/init.mp4', $v->init)->status, 201,
    'an init begins an event';
is $ng->put("/publish/show/a/v/$n.m4s", $v->segment($n))->status, 201,
    'a segment is published';

my $r = $ng->get("/live/show/v/$n.m4s");

is $r->status, 200, 'and served';
is $r->body, $v->segment($n), 'whole';
is $ng->put("/live/show/a/v/$n.m4s", $v->segment($n))->status, 405,
    'nothing is published where it is served';

is $ng->get('/api/status')->status, 200, 'API: status';
is $ng->get('/api/events')->status, 200, 'API: events';
is $ng->put('/api/events/other', '{"id": "other"}')->status, 201,
    'API: an event is made from this host';

# a folder that cannot be written to is one answer, and in the log

rename $ng->events_dir, $ng->events_dir . '.gone';
is $ng->put('/api/events/more', '{"id": "more"}')->status, 507,
    'API: an event whose document cannot be kept';
rename $ng->events_dir . '.gone', $ng->events_dir;

is $ng->get('/metrics')->status, 200, 'metrics';

$r = $ng->get('/player/');

is $r->body, 'player', 'the player page';
like $r->header('Content-Type'), qr{^text/html}, 'as HTML';
like $ng->get('/player/x.js')->header('Content-Type'), qr{javascript},
    'scripts as scripts';
is $ng->get('/status/')->status, 302, 'the status page';
is $ng->get('/')->status, 302, 'the root leads to the player';


# from another address (127.0.0.2 stands for it)

SKIP: {
    skip 'no 127.0.0.2 here', 6
        if other('GET', '/api/status') !~ /^\d+$/;

    is other('GET', '/api/status'), 200, 'elsewhere: reads the API';
    is other('PUT', '/api/events/third', '{"id": "third"}'), 403,
        'elsewhere: changes nothing';
    is other('DELETE', '/api/events/show'), 403, 'elsewhere: deletes nothing';
    is other('PUT', "/publish/show/a/v/@{[$n + 1]}.m4s", 'x'), 403,
        'elsewhere: publishes nothing';
    is other('GET', '/metrics'), 403, 'elsewhere: no metrics';
    is other('GET', "/live/show/v/$n.m4s"), 200, 'elsewhere: plays';
}

$ng->expect(qr/access forbidden by rule/,
    qr/setrlimit\(RLIMIT_NOFILE/);
$ng->stop;
done_testing;


sub other
{
    my ($method, $path, $body) = @_;

    my @cmd = ('curl', '-s', '-o', '/dev/null', '-w', '%{http_code}',
               '--interface', '127.0.0.2', '-X', $method);

    push @cmd, '--data-binary', $body if defined $body;

    open(my $fh, '-|', @cmd, $ng->url . $path) or return '';

    return scalar <$fh> // '';
}
