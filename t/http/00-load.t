# The module loads, and every directive of the contract stands where it may.

use strict;
use warnings;

use lib 't/lib';
use LiveOrigin::Blocks;
use Test::Nginx::Socket 'no_plan';

run_tests;

__DATA__

=== TEST 1: an unknown event
--- config
location /live/ {
    live_origin_serve main;
}
--- request
GET /live/nothing/manifest.mpd
--- error_code: 404
--- no_error_log
[alert]
[crit]



=== TEST 2: all directives
--- http_config
live_origin_zone main path=$TEST_NGINX_ZONE size=16m events=64;
live_origin_events $TEST_NGINX_EVENTS;
live_origin_hold 6s;
live_origin_max_segment 32m;
live_origin_write_deadline 500ms;
live_origin_read_deadline 100ms;
--- config
live_origin_hold 5s;
live_origin_max_segment 16m;
live_origin_write_deadline 1s;
live_origin_read_deadline 1s;

location /live/ {
    live_origin_publish main;
    live_origin_serve main;
    live_origin_auto_event on;
    live_origin_hold 0;
    live_origin_max_segment 1m;
    live_origin_write_deadline 200ms;
    live_origin_read_deadline 200ms;
}

location /api/ {
    live_origin_api main;
}

location /metrics {
    live_origin_metrics main;
}
--- request eval
["GET /live/nothing/v/1.m4s", "GET /api/events", "GET /metrics"]
--- error_code eval
[404, 200, 200]
