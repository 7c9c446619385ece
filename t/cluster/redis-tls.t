# Redis behind TLS.

use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

use lib 't/lib';
use LiveOrigin::Nginx qw(wait_for);
use LiveOrigin::Port qw(free_port);
use LiveOrigin::Redis;
use LiveOrigin::RedisProbe;

my $dir = tempdir(CLEANUP => 1);

chmod 0755, $dir;

for my $ca (qw(ca other)) {
    system("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=$ca"
           . " -keyout $dir/$ca.key -out $dir/$ca.crt 2> $dir/err") == 0
        or BAIL_OUT('openssl');
}

my $port = free_port();
my $r = LiveOrigin::Redis->start(conf => ["tls-port $port",
    "tls-cert-file $dir/ca.crt", "tls-key-file $dir/ca.key",
    "tls-ca-cert-file $dir/ca.crt", "tls-auth-clients no"]);


sub start
{
    my ($at, @params) = @_;

    return LiveOrigin::RedisProbe->start(
        "live_origin_redis 127.0.0.1:$at @params;");
}


my $p = start($port, 'tls=on', "tls_ca=$dir/ca.crt", 'timeout=30s');

ok $p->wait_up, 'a server that is trusted' or diag $p->nginx->log;
is $p->command('SET', 'a', '@3000000'), 'OK', '3 MB there';
is $p->command('GET', 'a'), '3000000 bytes', '... and back';
is_deeply $p->burst(2000, 'GET', 'b'),
    { ok => 2000, error => 0, null => 0, declined => 0, within => 0 }, 'many';

my $n = $p->burst(50, 'SET', 'a', '@1000000');

is $n->{ok} + $n->{declined}, 50, 'writes that have to wait';
$p->subscribe('news');
ok wait_for(sub { grep { $_ eq 'subscribed' } $p->events }, 20);
is $r->cli('PUBLISH', 'news', 'hello'), 1;
ok wait_for(sub { grep { $_ eq 'message hello' } $p->events }, 20), 'a message';

my $fds = $p->settled;

for (1 .. 5) {
    $r->cli('CLIENT', 'KILL', 'TYPE', 'normal');
    sleep 1;
    ok $p->wait_up, 'comes back';
}

ok wait_for(sub { $p->fds <= $fds }, 20), 'no descriptor is lost';
$p->nginx->reload;
ok $p->wait_up, 'after a reload';
$p->nginx->stop;

$p = start($port, 'tls=on', "tls_ca=$dir/other.crt");
ok wait_for(sub { $p->nginx->log =~ /not trusted .*: give tls_ca=FILE/ }, 20),
    'a server that is not';
ok !$p->is_up;
$p->nginx->stop;

$p = start($port, 'tls=on');
ok wait_for(sub { $p->nginx->log =~ /not trusted/ }, 20),
    'nor by the certificates of the system';
$p->nginx->stop;

$p = start($r->port, 'tls=on', "tls_ca=$dir/ca.crt", 'connect_timeout=300ms');
ok wait_for(sub { $p->nginx->log
                  =~ /redis \S+: (?:the TLS handshake|no connection in time)/ },
            20),
    'a port without TLS' or diag $p->nginx->log;
$p->nginx->stop;

$p = start($port);
ok wait_for(sub { $p->nginx->log =~ /redis \S+: / }, 20), 'a port with it';
ok !$p->is_up;
$p->nginx->stop;

done_testing;
