package LiveOrigin::RedisProbe;

# nginx with the redis room on a tap: t/lib/redis_probe.c.
#
#     my $p = LiveOrigin::RedisProbe->start($redis->directive, %options);
#
#     is $p->command('SET', 'a', 1), 'OK';
#     is $p->eval(1, 'return redis.call("GET", KEYS[1])', 'a'), '1';
#     is $p->command('BLPOP', 'a', 0), 'NULL no reply in time ...';
#
# One worker.  %options are those of LiveOrigin::Nginx.
#
# $p->...
#     nginx                    the LiveOrigin::Nginx
#     command, eval            a reply as a text, errors with a "-" before it,
#                              "NULL why", or "DECLINED"
#     wait($replicas, $ms, $key)
#     send(@command)           without waiting: a client, to be finished
#     burst($n, @command)      {ok, error, null, declined, within}
#     events                   lines: "up", "down why", "subscribed",
#                              "message text"
#     stat                     {state, primary, connects, ...}
#     is_up, wait_up, wait_down
#     wait_more($name, $n)     until a number of stat has grown by so much
#     metric($name)            live_origin_redis_NAME
#     subscribe($channel), unsubscribe
#     leak                     makes the worker lose 64 bytes
#     worker, fds, rss         of the worker: pid, how many, bytes
#     settled                  fds, the most of a second in which every
#                              connection is up

use strict;
use warnings;

use LiveOrigin::Nginx qw(wait_for);

my $built;


sub _build
{
    return $built if $built;

    my $root = LiveOrigin::Nginx::root();
    my $build = LiveOrigin::Nginx::build();
    my $nginx = "$build/nginx";

    $built = "$build/redis_probe.$$.so";

    system($ENV{CC} || 'cc', '-shared', '-fPIC', '-g', '-O1', '-Wall',
           '-Wextra', '-Werror', '-Wno-unused-parameter',
           '-Wno-missing-field-initializers', '-D_GNU_SOURCE',
           "-I$root/ngx_live_origin_module",
           map({ "-isystem$nginx/$_" } qw(objs src/core src/event
               src/event/modules src/os/unix src/http src/http/modules
               src/http/v2)),
           '-o', $built, "$root/t/lib/redis_probe.c") == 0
        or die "no probe\n";

    return $built;
}


END { unlink $built if $built && -e $built }


sub start
{
    my ($class, $directive, %o) = @_;

    my $probe = _build();

    $o{http} = "$directive " . ($o{http} || '');
    $o{main} = "load_module $probe; " . ($o{main} || '');
    $o{server} = 'location /redis/ { redis_probe; } ' . ($o{server} || '');

    return bless {
        ng => LiveOrigin::Nginx->start(workers => 1, %o)
    }, $class;
}


sub nginx { return $_[0]{ng} }


sub _uri
{
    my ($what, @args) = @_;

    s/([^A-Za-z0-9._~@+-])/sprintf('%%%02X', ord $1)/ge for @args;

    return "/redis/$what?" . join('&', @args);
}


sub _ask
{
    my ($self, @what) = @_;

    return $self->{ng}->get(_uri(@what))->body;
}


sub command   { my $self = shift; return $self->_ask('command', @_) }
sub eval      { my $self = shift; return $self->_ask('eval', @_) }
sub wait      { my $self = shift; return $self->_ask('wait', @_) }
sub subscribe { my $self = shift; return $self->_ask('subscribe', @_) }
sub unsubscribe { return $_[0]->_ask('unsubscribe') }
sub leak      { return $_[0]->_ask('leak') }
sub events    { return split /\n/, $_[0]->_ask('events') }


sub send
{
    my ($self, @args) = @_;

    my $c = $self->{ng}->client;

    $c->start('GET', _uri('command', @args));

    return $c;
}


sub burst
{
    my ($self, @args) = @_;

    my ($n) = $args[0] =~ /^(\d+)/;
    my $text = $self->_ask('burst', @args);

    $text = "declined=$n" if $text eq 'DECLINED';

    return { ok => 0, error => 0, null => 0, declined => 0, within => 0,
             map { split /=/ } split / /, $text };
}


sub stat
{
    my ($self) = @_;

    my $text = $self->_ask('stat');

    return { $text =~ /(\w+)=(.*?)(?= \w+=|$)/g };
}


sub is_up { return $_[0]->stat->{state} == 2 }


sub wait_up
{
    my ($self, $s) = @_;

    return wait_for(sub { $self->is_up }, $s || 20);
}


sub wait_down
{
    my ($self, $s) = @_;

    return wait_for(sub { !$self->is_up }, $s || 20);
}


sub wait_more
{
    my ($self, $name, $n, $s) = @_;

    my $had = $self->stat->{$name};

    return wait_for(sub { $self->stat->{$name} >= $had + $n }, $s || 20);
}


sub metric
{
    my ($self, $name) = @_;

    my ($v) = $self->{ng}->get('/metrics')->body
              =~ /^live_origin_redis_$name (\S+)$/m;

    return $v;
}


sub worker { return ($_[0]{ng}->workers)[0] }


sub fds
{
    my ($self) = @_;

    my $pid = $self->worker;

    return scalar(() = glob "/proc/$pid/fd/*");
}


sub settled
{
    my ($self) = @_;

    my $most = 0;

    wait_for(sub {
        $self->{ng}->get('/metrics')->body =~ /^live_origin_redis_up 1$/m;
    }, 10);

    for (1 .. 10) {
        my $n = $self->fds;

        $most = $n if $n > $most;
        select(undef, undef, undef, 0.1);
    }

    return $most;
}


sub rss
{
    my ($self) = @_;

    open(my $fh, '<', '/proc/' . $self->worker . '/status') or return 0;

    my ($kb) = map { /^VmRSS:\s+(\d+)/ ? $1 : () } <$fh>;

    return ($kb || 0) * 1024;
}

1;
