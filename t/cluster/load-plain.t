#!/usr/bin/perl
# live-load against a plain file server (nginx and its dav module): what it
# sends, what it notices, how it ends.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use IO::Socket::INET;
use JSON::PP;
use Test::More;

use LiveOrigin::Nginx;
use LiveOrigin::Port qw(free_port);

my $tool = LiveOrigin::Nginx::build() . '/bin/live-load';

plan skip_all => 'live-load is not built' if !-x $tool;

my $ng = LiveOrigin::Nginx->start(workers => 1,
                                   conf => <<'EOF');
worker_processes 1;
pid %%DIR%%/nginx.pid;
error_log %%DIR%%/error.log info;
events { worker_connections 4096; }
http {
    access_log %%DIR%%/access.log;
    client_body_temp_path %%DIR%%/temp/body;
    client_max_body_size 0;
    keepalive_requests 50;
    server {
        listen 127.0.0.1:%%PORT%%;
        location / {
            root %%DIR%%/html;
            dav_methods PUT;
            create_full_put_path on;
        }
    }
}
EOF

my @url = ('--url', $ng->url, '--get-path', '/{event}/{track}/{name}',
           '--put-path', '/{event}/{track}/{name}', '--seconds', 30);


sub run_load
{
    my (@args) = @_;

    open my $out, '-|', "$tool --json @args 2>&1" or die "$tool: $!";
    my $text = do { local $/; <$out> };
    close $out;

    my ($json) = $text =~ /^(\{.*\})$/m;

    return ($? >> 8, $json ? decode_json($json) : undef, $text);
}

sub quoted { return map { "'$_'" } @_ }


subtest 'what is published is read back, byte by byte' => sub {
    my @media = ('--event', 'e', '--events', 2, '--track', 't', '--tracks', 3,
                 '--start', 1000, '--segments', 20, '--size', '1k-200k');

    my ($rc, $r) = run_load(quoted(@url, @media), 'publish --connections 4');

    is $rc, 0, 'exit code';
    is $r->{groups}[0]{status}{201}, 2 * 3 * 20, 'all segments';
    is $r->{groups}[0]{inits}, 2 * 3, 'and an init each';
    is $r->{groups}[0]{next}, 1020, 'where to go on';

    ($rc, $r) = run_load(quoted(@url, @media), 'read --all --connections 40');

    is $rc, 0, 'exit code';
    is $r->{groups}[0]{verified}, 120, 'all were looked at';
    is $r->{groups}[0]{wrong}, 0, 'none was wrong';
    is $r->{groups}[0]{aborted}, 0,
       'a connection that the server closes after 50 requests loses none';

    ($rc, $r) = run_load(quoted(@url, @media),
                         'read --requests 3000 --verify off');

    is $r->{groups}[0]{status}{200}, 3000, 'as many as were asked for';
    is $r->{groups}[0]{verified}, 0, 'none was looked at';
};


subtest 'chunked bodies and a digest say the same' => sub {
    my @media = ('--event', 'c', '--start', 7, '--segments', 10,
                 '--size', '20k-90k');

    my ($rc, $r) = run_load(quoted(@url, @media), 'publish --chunked 1000',
                            '--digest');

    is $rc, 0, 'published';

    ($rc, $r) = run_load(quoted(@url, @media), 'read --all');

    is $rc, 0, 'exit code';
    is $r->{groups}[0]{verified}, 10, 'read back';
};


subtest 'a wrong byte is seen' => sub {
    my @media = ('--event', 'w', '--start', 1, '--segments', 3,
                 '--size', '64k');
    my $path = $ng->dir . '/html/w/v';

    my ($rc, $r, $text) = run_load(quoted(@url, @media), 'publish');

    is $rc, 0, 'published';

    ($rc, $r, $text) = run_load(quoted(@url, @media), '--seed 2 read --all');

    is $rc, 1, 'another seed: other bytes';

    open my $f, '+<', "$path/2.m4s" or die "$path/2.m4s: $!";
    seek $f, 40000, 0;
    read $f, my $byte, 1;
    seek $f, 40000, 0;
    print $f $byte ^ "\x01";
    close $f;

    ($rc, $r, $text) = run_load(quoted(@url, @media), 'read --all');

    is $rc, 1, 'one bit of one segment';
    is $r->{groups}[0]{wrong}, 1, 'and only that one';
    like $text, qr{wrong bytes .*/w/v/2\.m4s}, 'is told by its path';

    truncate "$path/3.m4s", 65535;

    ($rc, $r, $text) = run_load(quoted(@url, @media),
                                'read --all --verify off');

    is $rc, 1, 'a length is looked at always';
    like $text, qr{wrong length .*/w/v/3\.m4s}, 'and told';
};


subtest 'what it makes is CMAF on the grid of the epoch' => sub {
    plan skip_all => 'no ffprobe'
        if system('ffprobe -version > /dev/null 2>&1');

    for my $case (['video', '120120/60000', '60000/1001', 120],
                  ['audio', '96000/48000', '25', 94])
    {
        my ($kind, $segment, $fps, $samples) = @$case;
        my @media = ('--event', $kind, '--kind', $kind, '--segment', $segment,
                     '--fps', $fps, '--start', 800_000_000, '--segments', 1,
                     '--size', '30k');

        my ($rc) = run_load(quoted(@url, @media), 'publish');

        is $rc, 0, "$kind published";

        my $dir = $ng->dir . "/html/$kind/v";
        my @packets = split /\n/, `cat $dir/init.mp4 $dir/800000000.m4s |
            ffprobe -v quiet -fflags noparse -show_entries packet=pts \\
                    -of csv=p=0 -`;

        is @packets, $samples, "$kind: samples";

        my ($d, $scale) = split m{/}, $segment;
        my $off = $packets[0] - 800_000_000 * $d;

        ok abs($off) <= ($kind eq 'audio' ? 512 : 0), "$kind: its time";
    }
};


subtest 'rates, live pace and given paths' => sub {
    my ($rc, $r) = run_load(quoted(@url), '--event w --start 1 --segments 1',
                            'read --rate 200 --requests 100');

    cmp_ok $r->{seconds}, '>=', 0.45, '100 at 200 a second take half one';

    ($rc, $r) = run_load(quoted(@url), '--seconds 8 --event live --segment',
                         '500ms publish --live');

    cmp_ok $r->{groups}[0]{status}{201}, '<=', 18, 'a live publisher waits';
    cmp_ok $r->{groups}[0]{status}{201}, '>=', 4, 'and goes on';

    ($rc, $r) = run_load(quoted(@url),
                         'get --path /w/v/init.mp4 --path /nothing',
                         '--requests 200');

    is $r->{groups}[0]{status}{200} + $r->{groups}[0]{status}{404}, 200,
       'each status is counted';
};


subtest 'how it ends' => sub {
    my ($rc, $r, $text) = run_load('--size 12z read');

    is $rc, 2, 'a bad value';
    like $text, qr/--size 12z/, 'is named';

    ($rc) = run_load('--wat 1 read');
    is $rc, 2, 'an unknown option';

    ($rc) = run_load('nonsense');
    is $rc, 2, 'an unknown mode';

    my $port = free_port();

    ($rc) = run_load("--url http://127.0.0.1:$port --seconds 1 read");
    is $rc, 3, 'nobody answers';
};


subtest 'a server that breaks off' => sub {
    my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 50)
        or die "listen: $!";
    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        for (1 .. 20) {
            my $c = $s->accept or last;

            sysread $c, my $request, 4096;
            syswrite $c, "HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\nab";
            close $c;
        }

        require POSIX;
        POSIX::_exit(0);
    }

    my $port = $s->sockport;

    close $s;

    my ($rc, $r) = run_load("--url http://127.0.0.1:$port --seconds 5",
                            '--verify off read --connections 1 --requests 20');

    waitpid $pid, 0;

    is $r->{groups}[0]{aborted}, 20, 'is counted';
    is $r->{answers}, 0, 'and answers nothing';
};


$ng->stop;
done_testing;
