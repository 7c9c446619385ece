package LiveOrigin::Example;

# A file of conf-examples/ as it stands, but for its paths, its ports, its size
# and its deadlines.
#
#     my $conf = LiveOrigin::Example::conf('single-node.conf',
#         '192.0.2.10:6379' => $redis->address);
#     my $ng = LiveOrigin::Nginx->start(conf => $conf);
#
# Every text that is replaced has to be there: tests that it is, and that there
# is no tcp_nopush.

use strict;
use warnings;

use Test::More ();

use LiveOrigin::Nginx;


sub conf
{
    my ($name, %more) = @_;

    my $conf = _slurp(LiveOrigin::Nginx::root() . "/conf-examples/$name");
    my $temp = join '', map { "    ${_}_temp_path %%DIR%%/temp/$_;\n" }
               qw(client_body proxy fastcgi uwsgi scgi);

    # the machine may be busy or stand still

    my $patient = "    live_origin_write_deadline 5s;\n"
                  . "    live_origin_shed lag=10s over=100%;\n";

    Test::More::unlike($conf, qr/^\s*tcp_nopush on/m, "$name: no tcp_nopush");

    my %here = (
        'load_module modules/ngx_live_origin_module.so;' =>
            'load_module %%MODULE%%;',
        'user www-data;' => $> == 0 ? 'user nobody nogroup;' : '',
        'pid /run/nginx.pid;' => 'pid %%DIR%%/nginx.pid;',
        'error_log /var/log/nginx/error.log' =>
            'error_log %%DIR%%/error.log',
        'access_log /var/log/nginx/access.log' =>
            'access_log %%DIR%%/access.log',
        'worker_processes auto;' => 'worker_processes 2;',
        'path=/dev/shm/live-origin.zone size=512m' =>
            'path=%%ZONE%% size=64m',
        '/var/lib/live-origin/events' => '%%DIR%%/events',
        'listen 8080;' => 'listen 127.0.0.1:%%PORT%%;',
        "http {\n" => "http {\n$temp$patient",
        %more
    );

    for my $text (sort keys %here) {
        Test::More::cmp_ok($conf =~ s/\Q$text\E/$here{$text}/g, '>', 0,
                           "$name: it has " . (split /\n/, $text)[0]);
    }

    $conf =~ s/(\blive_origin_redis [^;]*);/$1 timeout=10s;/;

    return $conf;
}


sub _slurp
{
    open(my $fh, '<', $_[0]) or die "$_[0]: $!\n";
    local $/;

    return scalar <$fh>;
}

1;
