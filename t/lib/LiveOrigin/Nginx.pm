package LiveOrigin::Nginx;

# nginx with our module, in a directory of its own, on a free loopback port.
#
#     use lib 't/lib';
#     use Test::More;
#     use LiveOrigin::Nginx;
#
#     my $ng = LiveOrigin::Nginx->start(workers => 2);
#
#     is $ng->put('/live/ev/a/v/init.mp4', $bytes)->status, 201;
#     is $ng->get('/live/ev/v/17.m4s')->body, $bytes;
#
#     my $c = $ng->client;             # LiveOrigin::Http: held requests, ...
#
#     $ng->stop;
#     done_testing;
#
# One server listens with
#     /live/      publish, serve and auto_event on
#     /api/       the API
#     /metrics    metrics
#
# start(%options):
#     workers     2
#     zone        path of the zone: give another server's $ng->zone for a
#                 second nginx on it.  Default: one of its own
#     size        of the zone, 64m
#     events      the "events=" parameter of the zone
#     live        lines for location /live/, instead of "auto_event on"
#     server      lines for the server block
#     http        lines for the http block.  Nothing is shed because the
#                 machine is busy, unless these say live_origin_shed
#     main        lines for the main context
#     conf        a whole nginx.conf instead; %%NAME%% is replaced as below
#     files       {name => content} in the server's directory
#     user        the workers' user, when run by root ("nobody")
#     expect      [patterns of error-log lines that this test provokes]
#     port        a port to listen on, instead of a free one
#     keep        the zone file stays after the server
#     netns       a network namespace to run in (LiveOrigin::Netns)
#     module      the module, if not that of the build directory
#
# In conf and in all lines: %%PORT%%, %%PORT1%% ... %%PORT9%% (more free
# ports), %%DIR%%, %%ZONE%%, %%SIZE%%, %%MODULE%%, %%WORKERS%%, %%ROOT%% (of
# the repository).
#
# $ng->...
#     port, port(1)..port(9), url, dir, zone, events_dir, error_log
#     get head put post delete options request     on a fresh connection
#     client(%options)                 a LiveOrigin::Http to it
#     master, workers                  pids; workers not shutting down
#     old_workers                      those shutting down
#     reload                           SIGHUP; returns when new workers run
#     upgrade                          SIGUSR2; returns the new master's pid
#     signal($name)                    to the master
#     kill_worker($signal, $pid)       a worker (default the first, KILL), and
#                                      for KILL waits for its successor
#     test_config                      (ok, output) of nginx -t
#     set_config(%options)             writes another nginx.conf (then reload)
#     log, log_like(qr//)              error log
#     access_log
#     expect(qr//, ...)                adds to what may be in the error log
#     stop($signal)                    QUIT, TERM (default) or KILL to all
#     restart                          stop and start on the same port, zone
#
# Ending the test stops every server, removes its directory and zone, and
# fails the test if the error log has [emerg], [alert], [crit] or a dead
# worker that were not expected.  Everything started below the test process is
# killed at its end, even what made itself a daemon.
#
# LiveOrigin::Nginx::wait_for(sub { ... }, $seconds) polls until true, and
# returns what it got (false when the time is over).
#
# LO_KEEP=1 keeps the directories for a look; LO_BUILD is the build directory,
# LO_NGINX the nginx binary, LO_PRELOAD libraries that it preloads.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter 'import';
use File::Basename qw(dirname);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use Test::More ();
use Time::HiRes qw(sleep time);

use LiveOrigin::Http;
use LiveOrigin::Port qw(free_port);
use LiveOrigin::Process qw(adopt alive title children descendants end_all);

our @EXPORT_OK = qw(wait_for);

my $root = abs_path(dirname(__FILE__) . '/../../..');
my $build = abs_path($ENV{LO_BUILD} || "$root/build");
my $owner = $$;
my $count = 0;
my @servers;

adopt();


sub root   { return $root }
sub build  { return $build }
sub module { return "$build/ngx_live_origin_module.so" }


sub binary
{
    my ($found) = grep { defined && -x }
                  $ENV{LO_NGINX},
                  map({ "$_/nginx" } split /:/, $ENV{PATH}),
                  '/usr/sbin/nginx';

    return $found;
}


sub start
{
    my ($class, %o) = @_;

    my $self = bless {
        workers => 2, size => '64m', user => 'nobody', expect => [],
        ports => [], %o
    }, $class;

    $self->{dir} = tempdir('lo-nginx-XXXXXX', TMPDIR => 1);
    $self->{ports}[0] = $o{port} if $o{port};

    if (!$self->{zone}) {
        $self->{zone} = _zone_path($self->{dir});
        $self->{own_zone} = !$o{keep};
    }

    chmod 0755, $self->{dir};
    mkdir "$self->{dir}/$_" for qw(events temp html);

    if ($> == 0) {
        my ($uid, $gid) = (getpwnam($self->{user}))[2, 3];

        chown $uid, $gid, map { "$self->{dir}/$_" } qw(events temp html);
    }

    while (my ($name, $content) = each %{$o{files} || {}}) {
        _write("$self->{dir}/$name", $content);
    }

    push @servers, $self;

    for my $try (1 .. 5) {
        $self->_write_config;

        my $out = $self->_run;

        last if $? == 0;

        # a port that was free has been taken meanwhile

        if ($out =~ /Address already in use/ && !$o{port} && $try < 5) {
            $self->{ports} = [];
            unlink $self->error_log;
            next;
        }

        $self->{failed} = 1;
        die "nginx did not start: $out\n";
    }

    $self->_wait_ready;

    return $self;
}


sub _run
{
    my ($self, @args) = @_;

    my @cmd = (binary(), '-p', "$self->{dir}/", '-c', 'nginx.conf',
               '-e', $self->error_log, @args);

    unshift @cmd, 'env', "LD_PRELOAD=$ENV{LO_PRELOAD}" if $ENV{LO_PRELOAD};
    unshift @cmd, 'ip', 'netns', 'exec', $self->{netns} if $self->{netns};

    open(my $pipe, '-|', "exec 2>&1 </dev/null; exec @cmd") or die "nginx: $!";

    my $out = join('', <$pipe>);

    close($pipe);

    return $out;
}


sub _wait_ready
{
    my ($self) = @_;

    wait_for(sub {
        $self->master && $self->workers >= $self->{workers};
    }, 15) or die "nginx has no workers:\n" . $self->log;
}


# where /dev/shm is missing or small, as in some containers, a file does

sub _zone_path
{
    my ($dir) = @_;

    my ($free) = map { (split)[3] } grep { m{/dev/shm$} }
                 `df -Pk /dev/shm 2>/dev/null`;

    my $shm = ($free || 0) > 1024 * 1024 && -w '/dev/shm';

    return "$dir/zone" if !$shm;

    my $path = sprintf('/dev/shm/lo-test-%d-%d.zone', $$, ++$count);

    unlink $path;                   # of a process that was killed and had our pid

    return $path;
}


# ---- configuration

sub set_config
{
    my ($self, %o) = @_;

    @$self{keys %o} = values %o;
    $self->_write_config;
}


sub _write_config
{
    my ($self) = @_;

    my $conf = defined $self->{conf} ? $self->{conf} : $self->_template;

    $conf =~ s/%%PORT(\d?)%%/$self->port($1 || 0)/ge;
    $conf =~ s/%%DIR%%/$self->{dir}/g;
    $conf =~ s/%%ZONE%%/$self->{zone}/g;
    $conf =~ s/%%SIZE%%/$self->{size}/g;
    $conf =~ s/%%WORKERS%%/$self->{workers}/g;
    $conf =~ s/%%MODULE%%/$self->{module} || module()/ge;
    $conf =~ s/%%ROOT%%/$root/g;

    _write("$self->{dir}/nginx.conf", $conf);
}


sub _template
{
    my ($self) = @_;

    my %s = map { $_ => defined $self->{$_} ? $self->{$_} : '' }
            qw(main http server);

    my $live = defined $self->{live} ? $self->{live}
                                     : 'live_origin_auto_event on;';
    my ($nofile) = `sh -c 'ulimit -Hn'` =~ /^(\d+)/;

    $nofile = 65536 if !$nofile || $nofile > 65536;

    my $group = $> == 0 ? getgrgid((getpwnam($self->{user}))[3]) : '';
    my $user = $> == 0 ? "user $self->{user} $group;" : '';

    # an upgrade keeps of the environment only what is named

    my $preload = $ENV{LO_PRELOAD} ? join ' ', map { "env $_;" }
                  qw(LD_PRELOAD ASAN_OPTIONS LSAN_OPTIONS UBSAN_OPTIONS) : '';
    my $events = $self->{events} ? "events=$self->{events}" : '';

    # what other work does to a worker is no stress, and a machine that stands
    # still is no late encoder

    my $shed = $s{http} =~ /live_origin_shed/ ? ''
               : 'live_origin_shed lag=10s over=100%;';
    my $deadline = $s{http} =~ /live_origin_write_deadline/ ? ''
                   : 'live_origin_write_deadline 5s;';

    return <<"EOF";
load_module %%MODULE%%;
$user
$preload
worker_processes %%WORKERS%%;
pid %%DIR%%/nginx.pid;
error_log %%DIR%%/error.log info;
worker_rlimit_nofile $nofile;
worker_shutdown_timeout 20s;
$s{main}

events {
    worker_connections 4096;
}

http {
    client_body_temp_path %%DIR%%/temp/body;
    proxy_temp_path %%DIR%%/temp/proxy;
    fastcgi_temp_path %%DIR%%/temp/fastcgi;
    uwsgi_temp_path %%DIR%%/temp/uwsgi;
    scgi_temp_path %%DIR%%/temp/scgi;

    log_format live '\$request_method \$uri \$status \$body_bytes_sent '
                    'reason=\$live_origin_reason '
                    'pipeline=\$live_origin_pipeline '
                    'held=\$live_origin_held';
    access_log %%DIR%%/access.log live;

    live_origin_zone main path=%%ZONE%% size=%%SIZE%% $events;
    live_origin_events %%DIR%%/events;

    $shed
    $deadline
    $s{http}

    server {
        listen 127.0.0.1:%%PORT%% backlog=4096;
        $s{server}

        location /live/ {
            live_origin_publish main;
            live_origin_serve main;
            $live
        }

        location /api/ {
            live_origin_api main;
        }

        location = /metrics {
            live_origin_metrics main;
        }
    }
}
EOF
}


sub test_config
{
    my ($self) = @_;

    my $out = $self->_run('-t');

    return ($? == 0, $out);
}


# ---- where things are

sub dir        { return $_[0]{dir} }
sub zone       { return $_[0]{zone} }
sub url        { return 'http://127.0.0.1:' . $_[0]->port }
sub events_dir { return "$_[0]{dir}/events" }
sub error_log  { return "$_[0]{dir}/error.log" }
sub log        { return _read($_[0]->error_log) }
sub access_log { return _read("$_[0]{dir}/access.log") }


sub port
{
    my ($self, $i) = @_;

    return $self->{ports}[$i || 0] ||= free_port();
}


sub log_like
{
    my ($self, $pattern, $name) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    return Test::More::like($self->log, $pattern, $name);
}


sub expect
{
    my ($self, @patterns) = @_;

    push @{$self->{expect}}, @patterns;
}


# ---- requests

sub client
{
    my ($self, %o) = @_;

    return LiveOrigin::Http->new(port => $self->port,
                                 netns => $self->{netns}, %o);
}


sub request
{
    my ($self, @args) = @_;

    my $c = $self->client;
    my $r = $c->request(@args);

    $c->close;

    return $r;
}


sub get     { my $self = shift; return $self->request('GET', @_) }
sub head    { my $self = shift; return $self->request('HEAD', @_) }
sub delete  { my $self = shift; return $self->request('DELETE', @_) }
sub options { my $self = shift; return $self->request('OPTIONS', @_) }


sub put
{
    my ($self, $path, $body, @o) = @_;

    return $self->request('PUT', $path, body => $body, @o);
}


sub post
{
    my ($self, $path, $body, @o) = @_;

    return $self->request('POST', $path, body => $body, @o);
}


# ---- processes

sub master
{
    my ($self) = @_;

    my ($pid) = _read("$self->{dir}/nginx.pid") =~ /^(\d+)/;

    return $pid && alive($pid) ? $pid : 0;
}


sub _titled
{
    my ($self, $title, $master) = @_;

    $master ||= $self->master or return;

    return grep { title($_) =~ $title } children($master);
}


sub workers
{
    my ($self, $master) = @_;

    return $self->_titled(qr/^nginx: worker process$/, $master);
}


sub old_workers
{
    my ($self, $master) = @_;

    return $self->_titled(qr/^nginx: worker process is shutting down/,
                          $master);
}


sub signal
{
    my ($self, $name) = @_;

    return kill $name, $self->master;
}


sub reload
{
    my ($self, $seconds) = @_;

    my %old = map { $_ => 1 } $self->workers;

    $self->signal('HUP');

    return wait_for(sub {
        my @now = $self->workers;

        return @now >= $self->{workers} && !grep { $old{$_} } @now;

    }, $seconds || 15);
}


sub upgrade
{
    my ($self) = @_;

    my $old = $self->master;

    $self->signal('USR2');

    return wait_for(sub {
        my $new = $self->master;

        return $new && $new != $old && $self->workers >= $self->{workers}
               && $new;
    }, 15);
}


sub kill_worker
{
    my ($self, $signal, $pid) = @_;

    $signal ||= 'KILL';
    ($pid) = $self->workers if !$pid;

    if ($signal eq 'KILL') {
        $self->expect(qr/worker process $pid exited on signal 9/);
    }

    kill $signal, $pid;

    return $pid if $signal ne 'KILL';

    wait_for(sub {
        my @now = $self->workers;

        return @now >= $self->{workers} && !grep { $_ == $pid } @now;
    }, 15);

    return $pid;
}


sub stop
{
    my ($self, $signal) = @_;

    return 1 if $self->{stopped}++;

    my $master = $self->master;
    my @all = $master ? ($master, descendants($master)) : ();

    if ($signal && $signal eq 'KILL') {
        kill 'KILL', @all;

    } elsif ($master) {
        kill $signal || 'TERM', $master;
    }

    if (!wait_for(sub { !grep { alive($_) } @all }, 30)) {
        Test::More::fail("nginx ends within 30 s");
        kill 'KILL', grep { alive($_) } @all;
    }

    return $self->_check_log;
}


sub restart
{
    my ($self, $signal) = @_;

    $self->stop($signal);
    $self->{stopped} = 0;

    my $out = $self->_run;

    die "nginx did not start again: $out\n" if $? != 0;

    $self->_wait_ready;

    return $self;
}


# ---- the error log

sub _bad_lines
{
    my ($self) = @_;

    my $from = $self->{checked} || 0;
    my $log = substr($self->log, $from);

    $self->{checked} = $from + length $log;
    $self->{report} = [grep { !m{^\d{4}/\d\d/\d\d } } split /\n/, $log];

    my $bad = qr/\[(?:emerg|alert|crit)\]|exited\ on\ signal|segfault
                 |(?:Address|Leak)Sanitizer|runtime\ error/x;

    return grep {
        my $line = $_;

        $line =~ $bad && !grep { $line =~ $_ } @{$self->{expect}};

    } split /\n/, $log;
}


sub _check_log
{
    my ($self) = @_;

    my @bad = $self->_bad_lines or return 1;

    @bad = (@bad[0 .. 9], '...') if @bad > 10;

    Test::More::fail("nothing unexpected in the error log");
    Test::More::diag(join("\n", @bad));
    Test::More::diag(join("\n", grep { defined } @{$self->{report}}[0 .. 199]))
        if grep { /Sanitizer|runtime error/ } @bad;

    return 0;
}


sub _remove
{
    my ($self) = @_;

    unlink glob("$self->{zone}*") if $self->{own_zone};

    if ($ENV{LO_KEEP}) {
        Test::More::diag("kept: $self->{dir}");
        return;
    }

    remove_tree($self->{dir});
}


END {
    if ($$ == $owner) {
        my $status = $?;

        for my $server (grep { !$_->{failed} } @servers) {
            $status ||= 1 if !$server->stop;
        }

        end_all();
        $_->_remove for @servers;
        $? = $status;
    }
}


# ---- helpers

sub wait_for
{
    my ($sub, $seconds) = @_;

    my $deadline = time + ($seconds || 10);

    for ( ;; ) {
        my $got = $sub->();

        return $got if $got;
        return 0 if time > $deadline;

        sleep 0.02;
    }
}


sub _read
{
    my ($path) = @_;

    open(my $fh, '<:raw', $path) or return '';
    local $/;

    my $content = <$fh>;

    return defined $content ? $content : '';
}


sub _write
{
    my ($path, $content) = @_;

    open(my $fh, '>:raw', $path) or die "$path: $!";
    print $fh $content;
    close($fh) or die "$path: $!";
}

1;
