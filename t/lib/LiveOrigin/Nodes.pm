package LiveOrigin::Nodes;

# Several origins that share one Redis, Sentinel or Cluster.
#
#     my $r = LiveOrigin::Redis->start;
#     my $nodes = LiveOrigin::Nodes->start(n => 2, redis => $r);
#
#     $nodes->node(0)                     a LiveOrigin::Nginx with a zone of its
#                                         own
#     $nodes->kill_node(0)                SIGKILL of master and workers
#     $nodes->start_node(0, empty => 1)   again; without its zone and documents
#     $nodes->front                       an nginx over all of them
#     $nodes->live(%o)                    a LiveOrigin::Live over them
#     $nodes->get($i, $path), put, post, delete
#     my @differ = $nodes->differ('ev', %o);
#     $nodes->same('ev', 'they agree');   tests that they come to agree
#
#     $nodes->wait_up                     every worker says that Redis is up;
#                                         redis_up($ng) of one node, now
#     $nodes->facts                       {pids, fds, rss} of the workers
#     LiveOrigin::Nodes::stored($redis, $event, $track, $n, $pipeline)
#                                         its bytes, from Redis itself
#
# start(%options):
#     n           2
#     redis       a LiveOrigin::Redis, ...Sentinel, ...Cluster, ...Fake: what
#                 has a directive(); or a list, one for each node
#     redis_params  {timeout => '200ms', ...} of live_origin_redis
#     ack         the value of live_origin_ack ("redis", "redis degrade", ...)
#     net         a LiveOrigin::Netns: each node in a host of its own
#     http, server, live, main, workers, size, events, files, expect
#                 as LiveOrigin::Nginx; http after the two directives.
#                 workers 2, size 64m, events 4
#
# differ($event, %options): lines for what is not the same on every node that
# runs.  Compared are the document, phase, first, last, head, segment and runs
# of the status, of each track window and head, masks, notices, manifests and
# playlists to the byte, and status, ETag, bytes, pipeline and defects of each
# segment of the playlists.
#     tracks      default: those of the status
#     numbers     [from, to] instead
#     skip        [names of what may differ]: document, status, masks, notify,
#                 mpd, master, playlist, segments, list
#
# same($event, $name, %options) takes `seconds' (20) besides: it is tried until
# then.

use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use JSON::PP;
use Test::More ();

use LiveOrigin::Live;
use LiveOrigin::Nginx qw(wait_for);

my $json = JSON::PP->new->utf8->canonical->allow_nonref;


sub start
{
    my ($class, %o) = @_;

    my $self = bless { n => 2, size => '64m', events => 4, prefix => '/live',
                       %o }, $class;

    for my $i (0 .. $self->{n} - 1) {
        push @{$self->{nodes}}, $self->_start($i);
    }

    return $self;
}


sub _start
{
    my ($self, $i) = @_;

    my $redis = ref $self->{redis} eq 'ARRAY' ? $self->{redis}[$i]
                                              : $self->{redis};
    my $http = '';

    if ($redis) {
        $http .= $redis->directive(%{$self->{redis_params} || {}}) . "\n";
    }

    $http .= "live_origin_ack $self->{ack};\n" if $self->{ack};
    $http .= $self->{http} if $self->{http};

    my %same = map { defined $self->{$_} ? ($_ => $self->{$_}) : () }
               qw(server live main workers size events files);

    return LiveOrigin::Nginx->start(
        %same, http => $http,
        expect => [qr/open socket .* left in connection/,
                   @{$self->{expect} || []}],
        $self->{net} ? (netns => $self->{net}->name($i)) : ());
}


sub node  { return $_[0]{nodes}[$_[1]] }
sub nodes { return @{$_[0]{nodes}} }
sub up    { return grep { !$_->{stopped} } $_[0]->nodes }

sub get    { my ($s, $i, @o) = @_; return $s->node($i)->get(@o) }
sub put    { my ($s, $i, @o) = @_; return $s->node($i)->put(@o) }
sub post   { my ($s, $i, @o) = @_; return $s->node($i)->post(@o) }
sub delete { my ($s, $i, @o) = @_; return $s->node($i)->delete(@o) }


sub kill_node
{
    my ($self, $i) = @_;

    $self->node($i)->stop('KILL');
}


sub start_node
{
    my ($self, $i, %o) = @_;

    my $ng = $self->node($i);

    $ng->stop;

    if ($o{empty}) {
        unlink $ng->zone, glob($ng->events_dir . '/*');
    }

    $ng->restart;

    return $ng;
}


sub wait_up
{
    my ($self, $seconds) = @_;

    return wait_for(sub { return !grep { !redis_up($_) } $self->up },
                    $seconds || 15);
}


sub redis_up
{
    my ($ng) = @_;

    my $r = $ng->get('/api/status');
    my $redis = $r->status == 200 && $r->json->{redis} or return 0;

    return $ng->{workers} == grep { $_->{up} } @{$redis->{workers}};
}


sub facts
{
    my ($self) = @_;

    my @pids = map { $_->workers } $self->up;
    my ($fds, $rss) = (0, 0);

    for my $pid (@pids) {
        $fds += () = glob "/proc/$pid/fd/*";
        open(my $fh, '<', "/proc/$pid/status") or next;

        # of its own: not the zone

        $rss += $_ for map { /^RssAnon:\s+(\d+)/ ? $1 * 1024 : () } <$fh>;
    }

    return { pids => join(' ', sort @pids), fds => $fds, rss => $rss };
}


sub stored
{
    my ($redis, $event, $track, $n, $pipeline) = @_;

    my $key = "lo:{$event}:";
    my $line = $redis->cli('HGET', "${key}track:$track", "$n/$pipeline");

    return if !defined $line || $line !~ /^\d+ (\w+) (\d+) (\d+) /;

    my ($digest, $size, $parts) = ($1, $2, $3);
    my $bytes = '';

    for my $i (0 .. $parts - 1) {
        my $part = $redis->cli('GET', "${key}media:$track:$n:$digest:$i");

        return if !defined $part;
        $bytes .= $part;
    }

    return length $bytes == $size ? $bytes : undef;
}


sub live
{
    my ($self, %o) = @_;

    return LiveOrigin::Live->new(nodes => $self->{nodes},
                                 prefix => $self->{prefix}, %o);
}


# ---- a proxy over all

sub front
{
    my ($self, %o) = @_;

    my $servers = join "\n", map {
        "server 127.0.0.1:@{[$_->port]} max_fails=1 fail_timeout=1s;"
    } $self->nodes;
    my ($user) = $> == 0 ? 'user nobody nogroup;' : '';
    my $temp = join '', map { "${_}_temp_path %%DIR%%/temp/$_;\n" }
               qw(client_body proxy fastcgi uwsgi scgi);

    return $self->{front} ||= LiveOrigin::Nginx->start(
        workers => 1, expect => $o{expect} || [], conf => <<"EOF");
$user
worker_processes 1;
pid %%DIR%%/nginx.pid;
error_log %%DIR%%/error.log info;

events {
    worker_connections 4096;
}

http {
    $temp
    access_log %%DIR%%/access.log;

    upstream origins {
        @{[$o{upstream} || '']}
        $servers
        keepalive 32;
    }

    server {
        listen 127.0.0.1:%%PORT%%;
        client_max_body_size 0;

        location / {
            proxy_pass http://origins;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_connect_timeout 1s;
            proxy_read_timeout 20s;
            proxy_next_upstream error timeout http_502 http_504;
            @{[$o{location} || '']}
        }
    }
}
EOF
}


# ---- comparing

sub same
{
    my ($self, $event, $name, %o) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my @differ;

    wait_for(sub { return !(@differ = $self->differ($event, %o)) },
             $o{seconds} || 20);

    @differ = (@differ[0 .. 19], '...') if @differ > 20;

    return Test::More::is(join("\n", @differ), '', $name);
}


sub differ
{
    my ($self, $event, %o) = @_;

    my @up = $self->up;
    my @all = $self->_states(\@up, $event, %o);
    my $one = shift @all;
    my $first = shift @up;
    my @differ;

    for my $i (0 .. $#all) {
        my $other = $all[$i];
        my %keys = (%$one, %$other);

        for my $key (sort keys %keys) {
            my ($x, $y) = map { defined $_->{$key} ? $_->{$key} : 'nothing' }
                          $one, $other;

            next if $x eq $y;

            push @differ, sprintf "%s: %d: %s\n    %d: %s", $key,
                                  map({ ($_->[0]->port, $_->[1]) }
                                      [$first, _first_line($x, $y)],
                                      [$up[$i], _first_line($y, $x)]);
        }
    }

    return @differ;
}


# the first that differs

sub _first_line
{
    my ($mine, $other) = @_;

    my @mine = split /\n/, $mine;
    my @other = split /\n/, $other;
    my ($i) = grep { !defined $other[$_] || $mine[$_] ne $other[$_] }
              0 .. $#mine;

    return defined $i ? "$mine[$i] (line @{[$i + 1]} of @{[scalar @mine]})"
                      : '(ends)';
}


# what moves with the clock is asked of all nodes at once

sub _states
{
    my ($self, $up, $event, %o) = @_;

    my %skip = map { $_ => 1 } @{$o{skip} || []};
    my @clients = map { $_->client(timeout => 10) } @$up;
    my @states = map { {} } @$up;
    my %tracks;

    for my $i (0 .. $#clients) {
        $self->_api($states[$i], \%tracks, $clients[$i], $event);
    }

    my @tracks = $o{tracks} ? @{$o{tracks}} : sort keys %tracks;
    my $live = "$self->{prefix}/$event";
    my $each = sub {
        my ($key, $path, $say) = @_;

        $_->start('GET', "$live/$path") for @clients;
        $states[$_]{$key} = $say->($clients[$_]->finish) for 0 .. $#clients;
    };

    $each->('mpd', 'manifest.mpd', \&_answer);
    $each->('master', 'master.m3u8', \&_answer);

    for my $t (@tracks) {
        $each->("playlist $t", "$t/media.m3u8", \&_answer);

        my %numbers = map { map { $_ => 1 } $_->{"playlist $t"}
                            =~ /^(\d+)\.m4s/mg } @states;
        my @numbers = $o{numbers} ? ($o{numbers}[0] .. $o{numbers}[1])
                                  : sort { $a <=> $b } keys %numbers;

        next if $skip{segments};

        $each->("segments $t/$_", "$t/$_.m4s", \&_segment) for @numbers;
    }

    for my $s (@states) {
        for my $key (keys %$s) {
            delete $s->{$key} if grep { $key =~ /^$_\b/ } keys %skip;
        }
    }

    return @states;
}


sub _api
{
    my ($self, $s, $tracks, $c, $event) = @_;

    my $api = sub {
        my $r = $c->get("/api/events$_[0]");

        return $r->status == 200 ? $r->json : $r->status;
    };

    my $list = $api->('');
    my $status = $api->("/$event/status");

    $s->{list} = join ' ', sort map { "$_->{id} $_->{phase}" }
                 ref $list ? @{$list->{events}} : $list;
    $s->{document} = $json->encode($api->("/$event"));
    $s->{masks} = _masks($api->("/$event/masks"));
    $s->{notify} = $json->encode($api->("/$event/notify"));
    _status($s, $status);

    return if !ref $status;

    $tracks->{$_->{id}} = 1 for @{$status->{tracks}};
}


sub _status
{
    my ($s, $status) = @_;

    if (!ref $status) {
        $s->{status} = $status;
        return;
    }

    for (qw(phase first last head segment delay_ms irregular runs)) {
        $s->{"status $_"} = $json->encode($status->{$_});
    }

    for my $t (@{$status->{tracks}}) {
        my %t = map { $_ => $t->{$_} } qw(type codec timescale head window);

        $s->{"status track $t->{id}"} = $json->encode(\%t);
    }
}


# when a mask was set is each node's own

sub _masks
{
    my ($r) = @_;

    return $r if !ref $r;

    return $json->encode([map { my %m = %$_; delete $m{since_ms}; \%m }
                          @{$r->{masks}}]);
}


sub _answer
{
    my ($r) = @_;

    return $r->status == 200 ? $r->body : $r->line;
}


# but for how long this request was held

sub _segment
{
    my ($r) = @_;

    my ($from) = ($r->header('Live-Origin') || '') =~ /(pipeline=\w+)/;
    my ($defects) = ($r->header('Live-Origin') || '') =~ /(defects="[^"]*")/;

    return join ' ', $r->line, map { defined $_ ? $_ : '-' }
           $r->header('ETag'), $from, $defects, $r->header('Last-Modified'),
           $r->status == 200 ? md5_hex($r->body) : undef;
}

1;
