package LiveOrigin::Conf;

# What nginx -t says of a configuration.
#
#     my $conf = LiveOrigin::Conf->new;       # in a folder of its own
#
#     my ($ok, $out) = $conf->try($http, $location);
#     $conf->bad($http, $location, 'live_origin_hold', '"61s"');
#
# $http goes into http { }, $location into a location.
#
# $conf->...
#     dir
#     write($name, $content, $mode)   a file in it (0600); its path
#     bad($http, $location, $directive, $says)
#             tests that it is refused, with one line that names the directive,
#             says that, and unless it is a duplicate what is allowed;
#             returns all that was said

use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More ();

use LiveOrigin::Nginx;


sub new
{
    my ($class) = @_;

    return bless { dir => tempdir(CLEANUP => 1) }, $class;
}


sub dir { return $_[0]{dir} }


sub write
{
    my ($self, $name, $content, $mode) = @_;

    my $path = "$self->{dir}/$name";

    open(my $fh, '>', $path) or die "$path: $!";
    print $fh $content;
    close($fh) or die "$path: $!";
    chmod(defined $mode ? $mode : 0600, $path);

    return $path;
}


sub try
{
    my ($self, $http, $location) = @_;

    my $dir = $self->{dir};
    my $module = LiveOrigin::Nginx::module();
    my $nginx = LiveOrigin::Nginx::binary();

    $self->write('nginx.conf', <<"CONF");
load_module $module;
pid $dir/pid;
events { }
http {
    access_log off;
    client_body_temp_path $dir/t1;
    proxy_temp_path $dir/t2;
    fastcgi_temp_path $dir/t3;
    uwsgi_temp_path $dir/t4;
    scgi_temp_path $dir/t5;
    $http
    server {
        listen 127.0.0.1:1;
        location /live/ { $location }
    }
}
CONF

    local $ENV{LD_PRELOAD} = $ENV{LO_PRELOAD} if $ENV{LO_PRELOAD};

    my $out = `$nginx -t -p $dir/ -c nginx.conf -e $dir/error.log 2>&1`;

    return ($? == 0, $out);
}


sub bad
{
    my ($self, $http, $location, $directive, $says) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my ($ok, $out) = $self->try($http, $location);
    my @emerg = grep { /\[emerg\]/ } split /\n/, $out;

    Test::More::ok(!$ok && @emerg == 1 && $emerg[0] =~ /"\Q$directive\E"/
                   && $emerg[0] =~ /\Q$says\E/
                   && ($says eq 'is duplicate' || $emerg[0]
                       =~ /allowed: |it must be "on" or "off"/),
                   "$directive: $says")
        or Test::More::diag($out);

    return $out;
}

1;
