# make install: Debian's nginx paths, and an nginx that loads the module from
# them.

use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

use lib 't/lib';
use LiveOrigin::Nginx;

my $dest = tempdir(TMPDIR => 1, CLEANUP => 1);
my $root = LiveOrigin::Nginx::root();
my $build = "$root/build";
my $out = `make -s -C $root install DESTDIR=$dest 2>&1`;

is $?, 0, 'make install' or diag $out;
ok -f "$dest/usr/lib/nginx/modules/ngx_live_origin_module.so", 'the module';
is readlink "$dest/etc/nginx/modules-enabled/50-mod-live-origin.conf",
   '/usr/share/nginx/modules-available/mod-live-origin.conf', 'is enabled';

for my $tool (map { s{.*/}{}r } glob "$build/bin/*") {
    ok -x "$dest/usr/bin/$tool", $tool;
}

# the manual: there, no complaints of the formatter, no command left out

my $page = "$dest/usr/share/man/man1/livectl.1";
my $man = `cat $page`;

ok $man, 'the manual of livectl';

is `groff -ww -man -Tascii $page 2>&1 >/dev/null`, '', '... is good roff';

$man =~ s/\\f.|[\\"]//g;

for (`$build/bin/livectl --help` =~ /^  ([a-z]+(?: [a-z-]+)?)\b/mg) {
    my $command = join '.*', map { quotemeta } split / /;

    like $man, qr/^\.BI? $command/m, "... has $_";
}

my $ng = LiveOrigin::Nginx->start(conf => <<"CONF");
load_module $dest/usr/lib/nginx/modules/ngx_live_origin_module.so;
worker_processes %%WORKERS%%;
pid %%DIR%%/nginx.pid;
error_log %%DIR%%/error.log info;
events {}
http { access_log off; server { listen 127.0.0.1:%%PORT%%; } }
CONF

ok $ng->master, 'nginx runs with it';
$ng->stop;

done_testing;
