# An event whose document cannot be read: nobody knows who may see it, so
# nobody gets what the document may deny, and all else goes on.
#
# core: readers ask for a manifest while its document is put all the time

use strict;
use warnings;

use JSON::PP;
use POSIX ();
use Test::More;

use lib 't/lib';
use LiveOrigin::Geo qw(mmdb country);
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $json = JSON::PP->new->canonical;
my $key = '00112233445566778899aabbccddeeff 0123456789abcdef0123456789abcdef';
my %address = (DE => '192.0.2.1', US => '203.0.113.1');

my $ng = LiveOrigin::Nginx->start(
    workers => 8, events => 8, files => {clearkeys => "$key\n"},
    expect => [qr/of "live_origin_clearkey"/],
    live => 'live_origin_hold 0;');

chmod 0640, $ng->dir . '/clearkeys';
mmdb($ng->dir . '/geo.mmdb', '192.0.2.0/24' => country('DE', 'EU'),
     '203.0.113.0/24' => country('US', 'NA'));
$ng->set_config(
    live => 'live_origin_hold 0; live_origin_clearkey %%DIR%%/clearkeys;',
    http => 'live_origin_geoip %%DIR%%/geo.mmdb; keepalive_requests 1000000;'
            . ' set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;');
$ng->reload;

my $v = LiveOrigin::Media->video(bytes => 2000);
my $n = $v->now_number - 1;


# the countries stand where the test finds them in the zone

sub document
{
    my ($id, @countries) = @_;

    return '{"id": "' . $id . '", "segment_ms": 2000, "delay_ms": 1000, '
        . '"dvr_s": 60, "tracks": [{"id": "v"}], "cdns": [{"id": "c", '
        . '"url": "https://c.example/"}], "steering": {"ttl_s": 17}, '
        . '"countries": {"allow": ' . $json->encode(\@countries) . '}}';
}


sub from
{
    my ($where, $method, $path, %o) = @_;

    return $ng->request($method, $path, %o,
                        headers => ['X-Forwarded-For', $address{$where},
                                    @{$o{headers} || []}]);
}


sub ask { return from($_[0], 'GET', $_[1]) }


# what lies in the zone is altered while nobody has it

sub damage
{
    my ($from, $to, $boot) = @_;

    $ng->stop;
    unlink glob($ng->events_dir . '/*');

    open my $fh, '+<:raw', $ng->zone or die;
    my $all = do { local $/; <$fh> };
    my $found = 0;

    while ($all =~ /\Q$from\E/g) {
        seek $fh, pos($all) - length $from, 0;
        print $fh $to;
        $found++;
    }

    if ($boot) {
        open my $id, '<', '/proc/sys/kernel/random/boot_id' or die;
        chomp(my $was = <$id>);
        seek $fh, index($all, $was), 0;
        print $fh 'another';
    }

    close $fh;
    $ng->restart;

    return $found;
}


# nobody gets it, from a worker of which it is asked for the first time or the
# hundredth

sub closed
{
    my ($name) = @_;
    my @got;

    for my $where ('DE', 'US') {
        for my $name ('manifest.mpd', 'manifest.mpd?start=10', 'master.m3u8',
                      'v/media.m3u8', 'steering', 'patch-0123456789abcdef.mpp')
        {
            push @got, ["$where $name", ask($where, "/live/ev/$name")]
                for 1 .. 8;
        }

        push @got, ["$where HEAD", from($where, 'HEAD',
                                        '/live/ev/manifest.mpd')];
    }

    is join(' ', map { $_->[0] } grep { $_->[1]->status != 503 } @got), '',
        "$name: no manifest, playlist, patch or steering";
    is join(' ', map { $_->[0] } grep {
           ($_->[1]->header('Cache-Control') || '') ne 'no-store'
           || ($_->[1]->header('Retry-After') || '') ne '5'
           || ($_->[1]->header('Access-Control-Allow-Origin') || '') ne '*'
       } @got), '', '... and no cache keeps that';
    is $got[0][1]->body, "unreadable\n", '... one line says why';

    for ('play', 'clearkey') {
        my $r = from('DE', 'POST', "/live/ev/$_",
                     body => $_ eq 'play' ? '{}'
                             : '{"kids": ["ABEiM0RVZneImaq7zN3u_w"]}',
                     headers => ['Content-Type', 'application/json']);

        is $r->status, 503, "... nor $_";
        is $r->header('Cache-Control'), 'no-store', '... which is not kept';
        is $r->header('Retry-After'), '5', '... and may be asked for again';
        like $r->json->{error}, qr/document cannot be read/, '... in JSON';
    }

    is ask('US', "/live/ev/v/$n.m4s")->status, 200,
        '... segments are for everybody, as ever';
    is ask('US', '/live/ev/v/init.mp4')->status, 200, '... and inits';
    is ask('US', '/live/ev/time')->status, 200, '... and the time';
    is ask('DE', '/live/other/manifest.mpd')->status, 200,
        '... and other events';
    is ask('US', '/live/other/manifest.mpd')->status, 403, '... as they are';

    $n++;
    is $ng->put("/live/ev/a/v/$n.m4s", $v->segment($n))->status, 201,
        '... and publishing goes on';

    is $ng->post('/api/events/ev/steer', '{"drain": ["c"]}')->status, 503,
        '... what it names cannot be drained';
}


sub opened
{
    my ($name) = @_;

    is $ng->put('/api/events/ev', document('ev', 'DE', 'AT'))->status, 200,
        "$name: it is put again";

    my @got = map { (ask('DE', '/live/ev/manifest.mpd')->status,
                     ask('US', '/live/ev/manifest.mpd')->status) } 1 .. 8;

    is "@got", join(' ', ('200 403') x 8), '... and in force on all workers';
}


for my $id ('ev', 'other') {
    is $ng->put("/api/events/$id", document($id, $id eq 'ev' ? ('DE', 'FR')
                                                             : 'DE'))->status,
        201, "the event $id";
    $ng->put("/live/$id/a/v/init.mp4", $v->init);
    $ng->put("/live/$id/a/v/$_.m4s", $v->segment($_)) for $n - 3 .. $n;
}

is ask('DE', '/live/ev/manifest.mpd')->status, 200, 'for DE';
is ask('US', '/live/ev/manifest.mpd')->status, 403, '... and not for US';


# ---- it is none any more

cmp_ok damage('"DE","FR"', '"DE","UK"'), '>', 0, 'a document is altered';
closed('refused');
my $said = () = $ng->log =~ /the stored document of event "ev": countries/g;

ok $said >= 1 && $said <= 8, 'a worker says so once' or diag $said;
like $ng->log, qr/"ev": countries.*503 until the document is put again/,
    '... and what to do';
ok wait_for(sub { $ng->access_log
                  =~ m{/live/ev/master.m3u8 503 .*reason=unreadable} }, 5),
    'the access log says it, too';
like $ng->get('/metrics')->body,
    qr/^live_origin_serves_total\{reason="unreadable"\} [1-9]/m,
    '... and the metrics';

is $ng->get('/api/events/ev')->status, 200, 'what is stored can be read';
opened('refused');


# ---- its bytes are not what was written, which is seen after another boot

cmp_ok damage('"DE","AT"', '"DE","US"', 1), '>', 0, 'bytes are altered';
closed('damaged');
like $ng->log, qr/"ev": it cannot be read from the zone; .*503 until/,
    'the log says so';
is $ng->get('/api/events/ev')->status, 503, 'nothing can be read';
opened('damaged');


# ---- it is put again and again: nobody gets the event without any rules

# in a process of its own, each with a connection; what they were answered

sub together
{
    my (@jobs) = @_;
    my @running;

    for my $job (@jobs) {
        pipe(my $rd, my $wr) or die;

        if (my $pid = fork) {
            close $wr;
            push @running, [$rd, $pid];
            next;
        }

        syswrite $wr, join ' ', sort keys %{$job->($ng->client)};
        POSIX::_exit(0);
    }

    return map {
        my ($rd, $pid) = @$_;
        my $got = <$rd>;

        waitpid $pid, 0;
        $got;

    } @running;
}


my $stop = $ng->dir . '/stop';

sub put_often
{
    my ($c) = @_;
    my %got;

    for my $i (1 .. 2500) {
        my $doc = document('ev', 'DE');

        $doc =~ s/^\{/{"title": "$i of $$", /;
        $got{$c->put('/api/events/ev', $doc)->status}++;
    }

    open my $fh, '>', $stop;

    return \%got;
}


sub read_often
{
    my ($c) = @_;
    my %got;

    until (-e $stop) {
        $got{$c->get('/live/ev/manifest.mpd',
                     headers => ['X-Forwarded-For', $address{US}])->status}++;
    }

    return \%got;
}

my @answers = together((\&read_often) x 6, (\&put_often) x 2);

is "@answers[6, 7]", '200 200', 'a document is put 5000 times';
is $answers[$_], '403', 'meanwhile a reader of US gets 403 and nothing else'
    for 0 .. 5;

$ng->stop;
done_testing;
