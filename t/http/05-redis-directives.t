# live_origin_redis and live_origin_ack: what is taken, and that a mistake is
# one line that says what is allowed.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use LiveOrigin::Conf;

my $conf = LiveOrigin::Conf->new;
my $dir = $conf->dir;


sub in_place
{
    my ($http, $location) = @_;

    return ("live_origin_zone main path=$dir/zone size=16m; $http",
            "live_origin_publish main; $location");
}

my $redis = 'live_origin_redis 127.0.0.1;';
my $auth = $conf->write('auth', "s3cret\nmore\n");
my $user = $conf->write('user', 'lo s3cret');
my $ca = "$dir/ca.crt";

system("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca"
       . " -keyout $dir/ca.key -out $ca 2> $dir/err") == 0
    or die "openssl\n";

for (
    $redis,
    'live_origin_redis 127.0.0.1:7000;',
    'live_origin_redis [::1]:7000;',
    'live_origin_redis localhost:7000;',
    "live_origin_redis unix:$dir/sock;",
    'live_origin_redis 127.0.0.1 mode=single db=15 prefix=my-app: '
        . 'connect_timeout=2s timeout=250ms tls=off;',
    "live_origin_redis mode=sentinel service=main auth=$auth "
        . "sentinel_auth=$user 127.0.0.1 127.0.0.1:26380;",
    "live_origin_redis 127.0.0.1:7000 127.0.0.1:7001 mode=cluster auth=auth;",
    "live_origin_redis 127.0.0.1 tls=on tls_ca=$ca;",
    'live_origin_redis 127.0.0.1 tls=on;')
{
    my ($ok, $out) = $conf->try(in_place($_, ''));

    ok $ok, $_ or diag $out;
}

for (
    ['live_origin_ack zone;', ''], ["$redis live_origin_ack redis;", ''],
    ["live_origin_ack redis; $redis", 'live_origin_ack zone;'],
    [$redis, 'live_origin_ack redis replicas=2 degrade;'],
    [$redis, 'live_origin_ack redis degrade replicas=0;'])
{
    my ($ok, $out) = $conf->try(in_place(@$_));

    ok $ok, "@$_" or diag $out;
}

my $open = $conf->write('open', "s3cret\n", 0644);
my $empty = $conf->write('empty', "\ns3cret\n");
my $blank = $conf->write('blank', "  \n");
my $binary = $conf->write('binary', "s3c\0ret\n");
my $space = $conf->write('space', " s3cret\n");
my $long = $conf->write('long', 's3cret' x 1000);
my $nothing = $conf->write('nothing', '');

mkdir "$dir/folder";

# http, location, directive, what the line says

for (
    [$redis . $redis, '', 'live_origin_redis', 'is duplicate'],
    ['live_origin_redis mode=single;', '', 'live_origin_redis',
     'an ADDRESS is missing'],
    ['live_origin_redis 127.0.0.1 127.0.0.2;', '', 'live_origin_redis',
     'several ADDRESSes need'],
    ['live_origin_redis 127.0.0.1 mode=sentinel;', '', 'live_origin_redis',
     'mode=sentinel needs service=NAME'],
    ['live_origin_redis 127.0.0.1 service=main;', '', 'live_origin_redis',
     'service=NAME needs mode=sentinel'],
    ["live_origin_redis 127.0.0.1 sentinel_auth=$auth;", '',
     'live_origin_redis', 'sentinel_auth=FILE needs mode=sentinel'],
    ['live_origin_redis 127.0.0.1 mode=cluster db=1;', '',
     'live_origin_redis', 'a cluster has db=0 only'],
    ["live_origin_redis 127.0.0.1 tls_ca=$ca;", '', 'live_origin_redis',
     'tls_ca=FILE needs tls=on'],
    (map { ["live_origin_redis 127.0.0.1 $_;", '', 'live_origin_redis',
            "\"$_\""] }
         'mode=', 'mode=two', 'service=', 'db=x', 'db=-1', 'db=70000',
         'prefix=', 'prefix=' . 'x' x 65, 'connect_timeout=0',
         'connect_timeout=61s', 'timeout=soon', 'timeout=1ms', 'timeout=61s',
         'tls=', 'tls=maybe', 'color=red', 'tls_ca=',
         "auth=", "auth=$dir/none", "auth=$dir/folder", "auth=$open",
         "auth=$empty", "auth=$blank", "auth=$binary", "auth=$space",
         "auth=$long", "auth=$nothing"),
    ['live_origin_redis 127.0.0.1 "prefix={x}";', '', 'live_origin_redis',
     '"prefix={x}"'],
    (map { ["live_origin_redis $_;", '', 'live_origin_redis', "\"$_\""] }
         '127.0.0.1:0', '127.0.0.1:70000', '127.0.0.1/x',
         'no-such-host.invalid', 'redis://127.0.0.1'),
    ["live_origin_redis 127.0.0.1 mode=sentinel service=x sentinel_auth=$open;",
     '', 'live_origin_redis', "\"sentinel_auth=$open\""],
    ['', 'live_origin_ack redis;', 'live_origin_ack',
     'redis where there is a "live_origin_redis"'],
    (map { [$redis, "live_origin_ack $_->[0];", 'live_origin_ack',
            "\"$_->[1]\""] }
         ['all', 'all'], ['zone degrade', 'degrade'],
         ['redis replicas=17', 'replicas=17'],
         ['redis replicas=', 'replicas='], ['redis replicas=-1', 'replicas=-1'],
         ['redis later', 'later']),
    [$redis, 'live_origin_ack zone; live_origin_ack zone;', 'live_origin_ack',
     'is duplicate'])
{
    my ($http, $location, $name, $says) = @$_;
    my $text = $conf->bad(in_place($http, $location), $name, $says);

    unlike $text, qr/s3cret/, '... and nothing of a password';
}

my ($ok, $out) = $conf->try(in_place(
    "live_origin_redis 127.0.0.1 tls=on tls_ca=$dir/none;", ''));

ok !$ok && $out =~ /\[emerg\].*\Q$dir\E\/none/, 'certificates that are none';
ok !-e "$dir/zone", 'nginx -t made nothing';

done_testing;
