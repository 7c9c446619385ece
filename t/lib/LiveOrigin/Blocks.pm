package LiveOrigin::Blocks;

# Test::Nginx with our module, for tests that are requests and answers of one
# client.
#
#     use lib 't/lib';
#     use LiveOrigin::Blocks;                  # before Test::Nginx::Socket
#     use Test::Nginx::Socket 'no_plan';
#
#     run_tests;
#
#     __DATA__
#
#     === TEST 1: an unknown event
#     --- config
#     location /live/ { live_origin_serve main; }
#     --- request
#     GET /live/nothing/manifest.mpd
#     --- error_code: 404
#
# Each block starts an nginx with a master and a worker on a free port, in a
# temporary directory.  A block without --- http_config gets a zone "main" of
# 16m (at $TEST_NGINX_ZONE) and a folder of events ($TEST_NGINX_EVENTS); both
# last as long as the test file.  Unless a block says --- log_level, the error
# log is at info.

use strict;
use warnings;

use File::Temp qw(tempdir);

use LiveOrigin::Nginx;
use LiveOrigin::Port qw(free_port);

my $dir;

BEGIN {
    $dir = tempdir('lo-blocks-XXXXXX', TMPDIR => 1, CLEANUP => 1);

    chmod 0755, $dir;
    mkdir "$dir/events";

    $ENV{TEST_NGINX_BINARY} ||= LiveOrigin::Nginx::binary();
    $ENV{TEST_NGINX_LOAD_MODULES} ||= LiveOrigin::Nginx::module();
    $ENV{TEST_NGINX_MASTER_PROCESS} ||= 'on';
    $ENV{TEST_NGINX_SERVROOT} = "$dir/servroot";
    $ENV{TEST_NGINX_ZONE} = "$dir/zone";
    $ENV{TEST_NGINX_EVENTS} = "$dir/events";
    $ENV{TEST_NGINX_PORT} = free_port();
    $ENV{TEST_NGINX_NO_SHUFFLE} = 1;
    $ENV{TEST_NGINX_LD_PRELOAD} = $ENV{LO_PRELOAD} if $ENV{LO_PRELOAD};
    $ENV{TEST_NGINX_LOG_LEVEL} ||= 'info';
    $ENV{TEST_NGINX_TIMEOUT} ||= 30;
}

use Test::Nginx::Util ();

Test::Nginx::Util::add_block_preprocessor(sub {
    my ($block) = @_;

    if (!defined $block->http_config) {
        $block->set_value('http_config', <<"EOF");
    live_origin_zone main path=$dir/zone size=16m;
    live_origin_events $dir/events;
EOF
    }
});

1;
