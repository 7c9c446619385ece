package LiveOrigin::Malformed;

# What the tests of malformed input share: a server with one event and one
# good segment in it, rows that are sent, and the proof behind each row that
# nothing was harmed.
#
#     my $t = LiveOrigin::Malformed->start;
#
#     $t->publish($what, $status, $name, $body, $path, $served);
#         PUT ev/a/$name; with 201, $path of the event is that body (or
#         $served), else there is nothing at $path
#     $t->request($what, $status, $method, $path, $body, %options)
#         any request; quiet => 1: it leaves no line in the error log
#     $t->raw($what, $status, $bytes, $ours)    a connection of its own; $ours:
#                                           nginx itself does not answer it
#     $t->statuses($what, "404 200", $bytes, $ours)    of several requests
#     $t->hang_up($what, $bytes)            the same, without an answer
#     $t->absent($path)                     nothing is there
#
#     $t->video, $t->audio                  tracks v and a
#     $t->number                            one that nobody had
#     $t->rows                              so far
#     $t->finish($besides)                  zone check; the error log has one
#                                           line a refusal and no other but
#                                           such as match $besides

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(time);

use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);


sub start
{
    my ($class, %o) = @_;

    my $self = bless {
        rows => 0, refused => 0,
        video => LiveOrigin::Media->video(fps => [5, 1], bytes => 1000),
        audio => LiveOrigin::Media->audio(bytes => 1000),
    }, $class;

    $self->{ng} = LiveOrigin::Nginx->start(workers => 1, size => '64m',
        events => 16,
        live => 'live_origin_hold 0; live_origin_max_segment 1m;',
        server => 'keepalive_requests 100000;',
        files => {'events/ev.json' => '{"id": "ev", "segment_ms": 2000,'
                  . ' "delay_ms": 1000, "dvr_s": 1800,'
                  . ' "pipelines": ["a", "b"], "zone_share": "24m"}'}, %o);

    $self->{client} = $self->{ng}->client;
    $self->{number} = $self->{video}->now_number - 400;
    $self->{good} = $self->number;
    $self->{bytes} = $self->{video}->segment($self->{good});

    for (['init.mp4', $self->{video}->init],
         ["$self->{good}.m4s", $self->{bytes}])
    {
        is $self->{client}->put("/live/ev/a/v/$_->[0]", $_->[1])->status, 201,
            "a good $_->[0]";
    }

    return $self;
}


sub ng     { return $_[0]{ng} }
sub video  { return $_[0]{video} }
sub audio  { return $_[0]{audio} }
sub rows   { return $_[0]{rows} }
sub number { return ++$_[0]{number} }
sub good   { return $_[0]{good} }


# every row comes through here

sub _row
{
    my ($self, $what, $is, $status, $why, $quiet) = @_;

    my $ok = $is eq $status;

    $self->{rows}++;
    $self->{refused}++ if $status =~ /^4|^5/ && !$quiet;

    my $r = $self->{client}->get("/live/ev/v/$self->{good}.m4s");

    $ok &&= $r->status == 200 && $r->body eq $self->{bytes};
    ok $ok, "$status: $what" or diag "$is, then GET ", $r->status, "; $why";

    return $ok;
}


sub request
{
    my ($self, $what, $status, $method, $path, $body, %o) = @_;

    my $quiet = delete $o{quiet};

    $o{body} = $body if defined $body;

    my $r = $self->{client}->request($method, $path, %o);

    $self->_row($what, $r->status || 0, $status, $r->body || $r->error || '',
                $quiet);

    return $r;
}


sub absent
{
    my ($self, $path) = @_;

    my $status = $self->{client}->get("/live/ev/$path")->status;

    like $status, qr/^(404|410)$/, "... $path is not there"
        if $status !~ /^(404|410)$/;
}


sub publish
{
    my ($self, $what, $status, $name, $body, $path, $served) = @_;

    $self->request($what, $status, 'PUT', "/live/ev/a/$name", $body);

    return $self->absent($path) if $status != 201;

    my $r = $self->{client}->get("/live/ev/$path");

    ok $r->body eq (defined $served ? $served : $body),
        '... is served as it came' or diag $r->status;
}


sub _send
{
    my ($self, $bytes) = @_;

    my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $self->{ng}->port) or die "connect: $!";

    local $SIG{PIPE} = 'IGNORE';

    syswrite($sock, $bytes);

    return $sock;
}


# nginx itself answers most of these, and says so at level info

sub raw
{
    my ($self, $what, $status, $bytes, $ours) = @_;

    my $sock = $self->_send($bytes);
    my $end = time + 20;
    my $answer = '';

    while ($answer !~ /\r\n/ && IO::Select->new($sock)->can_read($end - time))
    {
        sysread($sock, $answer, 4096, length $answer) or last;
    }

    $self->_row("raw: $what", $answer =~ m!^HTTP/1\.1 (\d+)! ? $1 : 'none',
                $status, $answer, !$ours);
}


# the statuses of all that is answered on a connection, "404 200"; the last
# request has to close it

sub statuses
{
    my ($self, $what, $expected, $bytes, $ours) = @_;

    my $sock = $self->_send($bytes);
    my $end = time + 20;
    my $answer = '';

    while (IO::Select->new($sock)->can_read($end - time)) {
        sysread($sock, $answer, 65536, length $answer) or last;
    }

    my @statuses = $answer =~ m!HTTP/1\.1 (\d{3}) !g;

    $self->_row($what, "@statuses", $expected, '', !$ours);
}


sub hang_up
{
    my ($self, $what, $bytes) = @_;

    close $self->_send($bytes);
    $self->_row($what, 'none', 'none', '');
}


sub finish
{
    my ($self, $besides) = @_;

    my $ng = $self->{ng};
    my $livectl = LiveOrigin::Nginx::build() . '/bin/livectl';
    my ($out, $status);

    wait_for(sub {
        $out = `$livectl zone check --digests @{[$ng->zone]} 2>&1`;

        return ($status = $?) == 0;
    }, 30);

    is $status, 0, 'livectl zone check' or diag $out;

    my @log = split /\n/, $ng->log;
    my @refused = grep { /\[warn\].*live origin refused/ } @log;
    my @other = grep { !/\[(info|notice|debug)\]|live origin refused/
                       && !/client sent invalid chunked body/
                       && !/live origin: defects in number/
                       && !($besides && /$besides/) } @log;

    is scalar @refused, $self->{refused}, 'one line of the log a refusal';
    is scalar(grep { length > 3500 } @log), 0, '... none of them endless';
    is "@other[0 .. ($#other > 4 ? 4 : $#other)]", '', '... and no other';
    $ng->stop;
}

1;
