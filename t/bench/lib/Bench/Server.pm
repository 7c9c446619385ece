package Bench::Server;

# Starts what is measured, its worker pinned to one core, all of it below one
# directory of tmpfs; ends only what it started.

use strict;
use warnings;

use Cwd qw(abs_path);
use Digest::SHA qw(hmac_sha256);
use File::Basename qw(dirname);
use File::Path qw(make_path remove_tree);
use IO::Socket::INET;
use JSON::PP;
use MIME::Base64 qw(encode_base64url);
use Time::HiRes qw(sleep time);

our $root = abs_path(dirname(__FILE__) . '/../../../..');
our $build = $ENV{LO_BUILD} ? abs_path($ENV{LO_BUILD}) : "$root/build";
our $conf = "$root/t/bench/conf";
our $top = "/dev/shm/lo-bench.$$";
our $cpu = 0;
our $zone = '768m';

my $secret = 'a secret of the bench';

my $owner = $$;
my $count = 0;
my @started;


sub slurp
{
    my ($path) = @_;

    open my $f, '<', $path or die "$path: $!\n";
    local $/;

    return scalar <$f>;
}


sub spew
{
    my ($path, $text) = @_;

    open my $f, '>', $path or die "$path: $!\n";
    print $f $text;
    close $f or die "$path: $!\n";

    return;
}


sub free_port
{
    my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1,
                                  Proto => 'tcp') or die "no port: $!\n";
    my $port = $s->sockport;

    close $s;

    return $port;
}


sub certificate
{
    return if -e "$top/cert.pem";

    make_path($top);
    system("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=bench"
           . " -keyout $top/key.pem -out $top/cert.pem 2> $top/openssl.log")
        == 0 or die "no certificate: see $top/openssl.log\n";

    return;
}


# descriptors a worker may have; the peer's cache keeps one a file open

sub files
{
    chomp(my $n = `bash -c 'ulimit -n 250000 2> /dev/null; ulimit -n'`);

    return $n eq 'unlimited' || $n > 250000 ? 250000 : $n;
}


sub settings
{
    my ($self, %o) = @_;

    my $files = files();

    return (
        MASK => sprintf('%b', 1 << $cpu), FILES => $files, TOP => $top,
        CACHED => $files - 1000,
        DIR => $self->{dir}, PORT => $self->{port}, ZONE => $zone,
        ZONEPATH => "$self->{dir}/zone",
        TLSPORT => $self->{tls_port}, MAPS => '', MPD => '', PLAYLIST => '',
        SENDFILE => 'sendfile on;', EVENTS => 8,
        DEADLINE => $self->{counted} ? '60s' : '500ms',
        MODULE => "$build/ngx_live_origin_module.so",
        USER => $> == 0 ? 'user root;' : '', H2OUSER => $> == 0
        ? 'user: root' : '', %o
    );
}


sub render
{
    my ($self, $name, %v) = @_;

    my $text = slurp("$conf/$name");

    $text =~ s/%%(\w+)%%/$v{$1} \/\/ die "$name: no $1\n"/ge;
    spew("$self->{dir}/$name", $text);

    return "$self->{dir}/$name";
}


sub start
{
    my ($class, $kind, %o) = @_;

    certificate();

    my $self = bless {
        kind => $kind, dir => "$top/" . ++$count . "-$kind",
        counted => delete $o{COUNTED},
        port => free_port(), tls_port => free_port()
    }, $class;

    make_path(map { "$self->{dir}/$_" } qw(root body cache events));
    spew("$self->{dir}/events/$_->{id}.json", encode_json($_))
        for @{ $o{EVENT_DOCS} || [] };
    push @started, $self;

    my $start = { varnish => \&_varnish, h2o => \&_h2o }->{$kind} || \&_nginx;

    $start->($self, $self->settings(%o));
    $self->_wait;
    $self->settle if $kind eq 'ours' && !$o{ZONEPATH};

    return $self;
}


sub _spawn
{
    my ($self, @command) = @_;

    my $pid = fork // die "fork: $!\n";

    if ($pid == 0) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', "$self->{dir}/out.log";
        open STDERR, '>&', \*STDOUT;
        setpgrp;
        exec 'taskset', '-c', $cpu, @command;
        exit 127;
    }

    $self->{pid} = $pid;

    return;
}


sub _nginx
{
    my ($self, %v) = @_;

    $self->render($_, %v) for qw(main.inc http.inc);
    $self->_keys if $self->{kind} eq 'ours';

    my $file = $self->render("$self->{kind}.conf", %v);

    $self->_spawn($self->{counted} ? $self->_valgrind : (),
                  $ENV{LO_NGINX} || '/usr/sbin/nginx', '-p', $self->{dir},
                  '-c', $file, '-g',
                  $self->{counted} ? 'daemon off; master_process off;'
                                   : 'daemon off;');

    return;
}


# COUNTED => 1: one process, whose instructions are counted between count()
# and counted()

sub _valgrind
{
    my ($self) = @_;

    return ('valgrind', '--tool=callgrind', '--instr-atstart=no',
            "--callgrind-out-file=$build/callgrind.out");
}


sub count
{
    my ($self) = @_;

    $self->_control('--zero');
    $self->_control('--instr=on');

    return;
}


sub counted
{
    my ($self) = @_;
    my $n = ++$self->{dumps};

    $self->_control('--instr=off');
    $self->_control('--dump');

    my ($total) = slurp("$build/callgrind.out.$n") =~ /^totals: (\d+)/m;

    return $total;
}


sub _control
{
    my ($self, $what) = @_;

    system("callgrind_control $what $self->{pid} >> $self->{dir}/out.log 2>&1")
        == 0 or die "callgrind_control $what: see $self->{dir}/out.log\n";

    return;
}


# of live_origin_serve_auth

sub _keys
{
    my ($self) = @_;

    my $path = "$self->{dir}/keys.json";

    spew($path, qq({"keys": [{"id": "k", "secret": "$secret",)
         . ' "use": ["serve"]}]}');
    chmod 0600, $path;

    return;
}


# for all that the bench publishes

sub token
{
    my $payload = encode_base64url('k=k;e=' . int(time() + 86400) . ';p=*');

    return "$payload."
           . encode_base64url(hmac_sha256($payload, $secret));
}


sub _h2o
{
    my ($self, %v) = @_;

    $self->_spawn('h2o', '-m', 'worker', '-c',
                  $self->render('h2o.conf', %v));

    return;
}


sub _varnish
{
    my ($self, %v) = @_;

    $self->_spawn('varnishd', '-F', '-n', "$self->{dir}/varnish",
                  '-a', "127.0.0.1:$self->{port}",
                  '-f', $self->render('varnish.vcl', %v),
                  '-s', 'malloc,2g', '-p', 'thread_pools=1',
                  '-p', 'thread_pool_min=100', '-p', 'thread_pool_max=2000',
                  '-p', 'timeout_idle=3600');

    return;
}


sub _wait
{
    my ($self) = @_;

    my $until = time() + 60;

    while (time() < $until) {
        return if ($self->{kind} eq 'h2o' || $self->{counted}
                   || children($self->{pid}))
                  && IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                           PeerPort => $self->{port});

        my $dead = waitpid $self->{pid}, 1;

        if ($dead == $self->{pid}) {
            undef $self->{pid};
            last;
        }

        sleep 0.05;
    }

    die "$self->{kind} does not start:\n"
        . join '', map { -e ? slurp($_) : '' }
                   "$self->{dir}/out.log", "$self->{dir}/error.log";
}


# A worker of ours maps and touches the zone little by little after its start;
# that is over long before most requests of its life.

sub settle
{
    my ($self) = @_;

    my ($worker) = (children($self->{pid}), $self->{pid});
    my $until = time() + 60;

    while (time() < $until) {
        my ($size, $rss) = slurp("/proc/$worker/smaps")
                           =~ m{\S*/zone\nSize:\s+(\d+) kB\n.*?Rss:\s+(\d+)}s;

        return if !$size || $rss > 0.98 * $size;
        sleep 0.2;
    }

    return;
}


sub children
{
    my ($pid) = @_;

    my $list = eval { slurp("/proc/$pid/task/$pid/children") } // '';

    return map { ($_, children($_)) } split ' ', $list;
}


# the processes whose CPU time counts

sub pids
{
    my ($self) = @_;

    return join ',', $self->{pid}, children($self->{pid});
}


sub url     { return "http://127.0.0.1:$_[0]{port}" }
sub tls_url { return "https://127.0.0.1:$_[0]{tls_port}" }


sub stop
{
    my ($self) = @_;

    return if !$self->{pid};

    my @all = ($self->{pid}, children($self->{pid}));
    my $until = time() + 10;

    kill 'TERM', $self->{pid};

    while (time() < $until && !waitpid $self->{pid}, 1) {
        sleep 0.02;
    }

    if (time() >= $until) {
        kill 'KILL', @all;
        waitpid $self->{pid}, 0;
    }

    undef $self->{pid};
    remove_tree($self->{dir});

    return;
}


sub stop_all
{
    $_->stop for reverse @started;
    @started = ();

    return;
}


END {
    if ($$ == $owner) {
        my $rc = $?;

        stop_all();
        remove_tree($top) if !$ENV{LO_KEEP};
        $? = $rc;
    }
}


1;
