#!/usr/bin/perl

# What live-packager does when origins fail, and what it says of it.  The cases
# run side by side on one encode at the pace of its clock.
#
# time-out: 240

use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use JSON::PP;
use POSIX qw(WNOHANG);
use Test::More;
use Time::HiRes qw(sleep time);

use lib "$FindBin::Bin/../lib";
use LiveOrigin::Encode qw(encode first_boxes presented tfdt);
use LiveOrigin::PutServer;

my $build = $ENV{LO_BUILD} || "$FindBin::Bin/../../build";
my $dir = tempdir(CLEANUP => 1);
my $input = "$dir/in.nut";
my $e = encode($input, fps => 25, rate => 48000, d => [1, 1], seconds => 12);
my $count = 12;     # segments: one a second, the last ones not full

my %cases;


sub start
{
    my ($name, $origins, @options) = @_;

    my $case = $cases{$name} = { origins => $origins, name => $name,
                                 at => time };
    my @origin = map { ('--origin', $_->url . '/pub') } @$origins;

    $case->{pid} = fork;

    if ($case->{pid} == 0) {
        open(STDIN, '<', '/dev/null');
        open(STDOUT, '>', "$dir/$name.status");
        open(STDERR, '>', "$dir/$name.log");
        exec("$build/bin/live-packager", '--event-id', 'e', '--pipeline', 'a',
             @origin, '--input', $input, '--segment', '1s', '--clock', 'utc',
             '--status', 1, '--pace', @options) or POSIX::_exit(127);
    }

    return $case;
}


sub text
{
    my ($path) = @_;

    open(my $fh, '<', $path) or return '';
    local $/;

    return scalar(<$fh>) // '';
}


sub log_of  { return text("$dir/$_[0]{name}.log") }


sub finish
{
    my ($case, $seconds) = @_;

    my $deadline = time + ($seconds || 40);

    while (time < $deadline) {
        if (waitpid($case->{pid}, WNOHANG) == $case->{pid}) {
            $case->{exit} = $?;
            last;
        }

        sleep 0.05;
    }

    if (!defined $case->{exit}) {
        kill 'KILL', $case->{pid};
        waitpid($case->{pid}, 0);
        $case->{exit} = -1;
    }

    $case->{until} = time;

    my @lines = split /\n/, text("$dir/$case->{name}.status");

    $case->{status} = @lines ? decode_json($lines[-1]) : {};
    $case->{lines} = scalar @lines;

    is($case->{exit}, 0, "$case->{name}: exit 0")
        or diag(log_of($case));
}


# who stands still for a good part of a segment is what a packager calls late

sub watch
{
    my $test = $$;
    my $pid = fork // die "fork: $!";

    return $pid if $pid;

    my $last = time;

    while (getppid == $test) {
        sleep 0.05;

        my $now = time;

        if ($now - $last > 0.4) {
            open(my $fh, '>>', "$dir/pauses") or last;
            syswrite($fh, "$last $now\n");
        }

        $last = $now;
    }

    POSIX::_exit(0);
}


sub stood_still
{
    my ($case) = @_;

    return grep { $_->[0] < $case->{until} && $_->[1] > $case->{at} }
           map { [split / /] } split /\n/, text("$dir/pauses");
}


# a case in which these counters of the first origin are to be 0 is played again,
# three times at most, where they are not and the machine stood still

sub steady
{
    my ($name, $begin, @counters) = @_;

    finish($cases{$name});

    for (1 .. 3) {
        my $counts = $cases{$name}{status}{origins}[0];

        last if !grep { $counts->{$_} } @counters
                or !stood_still($cases{$name});

        note "$name: the machine stood still: again";
        $begin->();
        finish($cases{$name});
    }

    return $cases{$name};
}


sub numbers
{
    my ($origin, $track) = @_;

    return sort { $a <=> $b }
           map { m{/(\d+)\.m4s$} ? $1 : () } $origin->kept("/$track/");
}


sub all_there
{
    my ($case, $origin, $what) = @_;

    for my $track ('v0', 'a0') {
        my @n = numbers($origin, $track);

        cmp_ok(scalar @n, '>=', $count - 1, "$what: segments of $track");
        is(scalar(grep { $n[$_] != $n[0] + $_ } 0 .. $#n), 0,
           "$what: no hole in $track");
    }
}


# ---- all at once

my $watch = watch();

my %o = map { $_ => LiveOrigin::PutServer->new(strict => 1) }
        qw(trouble init shut chunked growing busy);
my $gone = LiveOrigin::PutServer->new;

$gone->down;

my ($first) = map { $_ / 25 } grep { $_ % 25 == 0 } $e->{keys}[0];

$o{trouble}->rule('503', "/v0/" . ($first + 2) . '\.', 2);
$o{trouble}->rule('reset', "/v0/" . ($first + 4) . '\.', 1);
$o{trouble}->rule('early 500', "/v0/" . ($first + 6) . '\.', 1);
$o{trouble}->rule('hang', "/a0/" . ($first + 5) . '\.', 1);
$o{trouble}->rule('slow 0.6', "/a0/" . ($first + 7) . '\.', 1);
$o{trouble}->rule('404', '/v0/init', 1);
$o{busy}->rule('503', '/\d+\.m4s', 100000);
$o{growing}->rule('reset', "/v0/" . ($first + 3) . '\.', 1);
$o{growing}->rule('503', "/a0/" . ($first + 4) . '\.', 1);

sub plain
{
    $o{plain} = LiveOrigin::PutServer->new(strict => 1);
    start('plain', [$o{plain}], '--header', 'Authorization: Bearer x.y');
}


sub two
{
    $o{$_} = LiveOrigin::PutServer->new(strict => 1) for 'alive', 'back';
    start('two', [$o{alive}, $o{back}]);
    $o{back}->down;
}


sub refuse
{
    $o{refuse} = LiveOrigin::PutServer->new(strict => 1);
    $o{refuse}->rule('409', "/a0/" . ($first + 3) . '\.', 1);
    start('refuse', [$o{refuse}]);
}


# until an origin has taken so many more segments of both tracks

sub taken
{
    my ($origin) = @_;

    my %n = (v0 => 0, a0 => 0);

    $n{$_}++ for map { $_->{status} == 201 && $_->{path} =~ m{/(\w+)/\d+\.m4s}
                       ? $1 : () } $origin->requests;

    return $n{v0} < $n{a0} ? $n{v0} : $n{a0};
}


sub wait_taken
{
    my ($origin, $more) = @_;

    my $had = taken($origin);

    for (1 .. 300) {
        return if taken($origin) >= $had + $more;
        sleep 0.1;
    }
}


plain();
start('trouble', [$o{trouble}]);
start('init', [$o{init}]);
two();
start('window', [$o{shut}, $gone], '--window', 3);
refuse();
start('busy', [$o{busy}]);
start('chunked', [$o{chunked}], '--chunk-ms', 200);
start('growing', [$o{growing}], '--chunk-ms', 200);

wait_taken($o{init}, 2);
$o{init}->forget("/pub/e/a/$_/init.mp4") for 'v0', 'a0';
wait_taken($o{alive}, 3);
$o{back}->up;

subtest 'plain' => sub {
    my $case = steady('plain', \&plain, qw(retried late backfilled lost));

    all_there($case, $o{plain}, 'plain');

    my @r = $o{plain}->requests;
    my %conns = map { $_->{conn} => 1 } @r;

    is(scalar(grep { $_->{method} ne 'PUT' } @r), 0, 'only PUT');
    is(scalar(grep { $_->{digest} ne 'ok' } @r), 0,
       'every request has a right Content-Digest');
    is(scalar(grep { $_->{headers}{authorization} ne 'Bearer x.y' } @r), 0,
       '--header is on every request');
    is(scalar(grep { $_->{headers}{expect} } @r), 0, 'no Expect');
    cmp_ok(scalar(keys %conns), '<=', 4, 'connections are kept');

    for my $track ('v0', 'a0') {
        my ($one, @rest) = grep { $_->{path} =~ m{/$track/} } @r;

        like($one->{path}, qr{/$track/init\.mp4$}, "$track: its init first");
        is($one->{headers}{'content-type'},
           $track eq 'v0' ? 'video/mp4' : 'audio/mp4', "type of $track");
        is(scalar(grep { $_->{path} =~ /init/ } @rest), 0,
           "$track: and no other");
    }

    my $counts = $case->{status}{origins}[0];

    is($counts->{sent}, @r - 2, 'sent counts the segments');
    is($counts->{bytes}, eval { my $n = 0; $n += $_->{bytes} for @r; $n },
       'bytes are counted');
    is($counts->{$_}, 0, "$_ is 0") for qw(retried late backfilled lost queued);
    cmp_ok($case->{lines}, '>=', 8, 'a line of status a second');

    my $body = $o{plain}->body($o{plain}->kept('/v0/\d'));

    is(join(' ', map { $_->[0] } first_boxes($body)), 'styp prft moof mdat',
       'boxes of a segment');
    is(join(' ', map { $_->[0] } first_boxes(
       $o{plain}->body('/pub/e/a/v0/init.mp4'))), 'ftyp moov',
       'boxes of an init');
    unlike($o{plain}->body("/pub/e/a/$_/init.mp4"), qr/elst/,
           "no edit list in $_") for 'v0', 'a0';

    # prft: the media time in NTP, and the media time

    my ($prft) = grep { $_->[0] eq 'prft' } first_boxes($body);
    my ($flags, $track, $sec, $frac, $media)
        = unpack('N N N N Q>', substr($body, $prft->[1] + 8, 24));

    is($flags, 0x01000018, 'prft: version 1, capture time');
    is($media, (tfdt($body))[0], 'prft: its media time is the tfdt');
    is($sec, $media / 90000 + 2208988800, 'prft: seconds');
    is($frac, 0, 'prft: fraction');
};

subtest 'an origin that stumbles' => sub {
    my $case = $cases{trouble};

    finish($case);
    all_there($case, $o{trouble}, 'trouble');

    my $counts = $case->{status}{origins}[0];

    is($counts->{lost}, 0, 'nothing lost');
    # libcurl itself goes on where a kept connection is reset

    cmp_ok($counts->{retried}, '>=', 5, 'retries are counted');
    like(log_of($case), qr{v0/\d+\.m4s at http\S+: 503 told so : trying again},
         'and named with their reason');

    my @again = $o{trouble}->requests('/v0/' . ($first + 2) . '\.');

    is(join(' ', map { $_->{status} } @again), '503 503 201', 'two 503, then');

    my ($later) = $o{trouble}->requests('/v0/' . ($first + 4) . '\.');

    cmp_ok($again[-1]{at}, '<', $later->{at}, 'within its time');
};

subtest 'an origin that lost the init' => sub {
    my $case = $cases{init};

    finish($case);

    my @r = $o{init}->requests;

    for my $track ('v0', 'a0') {
        my @t = map { $_->{path} =~ /init/ ? 'init' : $_->{status} }
                grep { $_->{path} =~ m{/$track/} } @r;

        like("@t", qr/^init (201 )+412 init (201 ?)+$/,
             "$track: 412, the init, the segment again");
    }

    is($case->{status}{origins}[0]{lost}, 0, 'nothing lost');
    is($case->{status}{origins}[0]{inits}, 4, 'inits are counted');
};

subtest 'two origins, one dead and back' => sub {
    my $case = steady('two', sub {
        two();
        wait_taken($o{alive}, 5);
        $o{back}->up;
    }, qw(retried late lost));

    all_there($case, $o{$_}, $_) for 'alive', 'back';

    my ($alive, $back) = @{$case->{status}{origins}};

    is($alive->{$_}, 0, "alive: $_ is 0") for qw(retried late lost);
    is($back->{lost}, 0, 'back: nothing lost');
    cmp_ok($back->{late}, '>=', 4, 'back: late ones are counted');
    is($back->{backfilled}, $back->{late}, 'back: and back-filled');
    is($back->{sent} + $back->{backfilled}, $alive->{sent},
       'back: has as many as the other');

    my $log = log_of($case);

    is(() = $log =~ / late: /g, $back->{late}, 'a line for each');
    is(() = $log =~ / back-filled: /g, $back->{backfilled}, 'and for each');

    my @differ = grep { $o{alive}->body($_) ne $o{back}->body($_) }
                 $o{alive}->kept;

    is("@differ", '', 'both have the same bytes');
};

subtest 'out of the window' => sub {
    my $case = $cases{window};

    finish($case);
    all_there($case, $o{shut}, 'the living one');

    my $counts = $case->{status}{origins}[1];

    cmp_ok($counts->{lost}, '>=', 2 * ($count - 1), 'all lost');
    is($counts->{queued}, 0, 'nothing kept');
    is(() = log_of($case) =~ / error: LOST \S+ at \Q@{[$gone->url]}\E/g,
       $counts->{lost}, 'one line for each') or diag log_of($case);
    like(log_of($case), qr/out of the window/, 'with the reason');
    like(log_of($case), qr/not delivered before the end/, 'or the other');
};

subtest 'a segment that is refused' => sub {
    my $case = steady('refuse', \&refuse, 'retried');

    my $counts = $case->{status}{origins}[0];

    is($counts->{lost}, 1, 'one lost');
    is($counts->{retried}, 0, 'not tried again');
    like(log_of($case), qr{LOST a0/\d+\.m4s at http\S+: refused: 409 told so},
         'with the answer');
};

subtest 'an origin that is always busy' => sub {
    my $case = $cases{busy};

    finish($case);

    my @at = map { $_->{at} } $o{busy}->requests;
    my $most = 0;

    for my $i (0 .. $#at) {
        my $n = grep { $_ >= $at[$i] && $_ < $at[$i] + 1 } @at;

        $most = $n if $n > $most;
    }

    cmp_ok($most, '<', 60, 'is not hammered');
    cmp_ok($case->{status}{origins}[0]{lost}, '>=', 2 * ($count - 1),
           'and what it did not take is lost');
};

subtest 'chunks' => sub {
    finish($cases{chunked});
    finish($cases{growing});

    for my $name ('chunked', 'growing') {
        all_there($cases{$name}, $o{$name}, $name);
        is($cases{$name}{status}{origins}[0]{lost}, 0, "$name: nothing lost");
    }

    my (@wrong, @differ, @short);

    for my $path ($o{plain}->kept('\d\.m4s$')) {
        my $chunks = $o{chunked}->body($path);

        push @wrong, $path if join(' ', presented($chunks))
                              ne join(' ', presented($o{plain}->body($path)));
        push @differ, $path if $chunks ne $o{growing}->body($path);

        my $types = join ' ', map { $_->[0] } first_boxes($chunks);

        push @short, $path if $types !~ /^styp( prft moof mdat)+$/;
    }

    is("@wrong", '', 'the same frames at the same times');
    is("@differ", '', 'the same bytes after a reset and a 503');
    is("@short", '', 'boxes of chunks');

    # but the last, which may end before it is sent

    my @full = grep { $_->{status} == 201 } $o{chunked}->requests('/v0/\d');

    pop @full;

    is(scalar(grep { !$_->{chunked} } @full), 0, 'sent as they are made');

    my $body = $o{chunked}->body($full[1]{path});

    is(scalar(() = $body =~ /moof/g), 5, 'five chunks of 200 ms');
    cmp_ok((sort { $b <=> $a } map { scalar @{$_->{parts}} }
            @full[1 .. $#full])[0], '>=', 5, 'in as many pieces or more');

    my @again = $o{growing}->requests('/v0/' . ($first + 3) . '\.');

    is(join(' ', map { $_->{status} } @again), '0 201', 'reset, then whole');
};

subtest 'told to stop' => sub {
    my $origin = LiveOrigin::PutServer->new(strict => 1);
    my $case = start('stop', [$origin], '--chunk-ms', 100);

    # in the middle of the third

    wait_taken($origin, 2);
    sleep 0.4;

    # by its own clock: a line of status each second

    my $lines = () = text("$dir/stop.status") =~ /\n/g;

    kill 'TERM', $case->{pid};
    finish($case);
    cmp_ok($case->{lines} - $lines, '<=', 4, 'within a segment, and some');

    my @n = numbers($origin, 'v0');
    my %frames = map {
        my @times = presented($origin->body("/pub/e/a/v0/$_.m4s"));
        scalar(@times) => 1
    } @n;

    cmp_ok(scalar @n, '>=', 2, 'segments were sent');
    is(join(' ', sort keys %frames), '25', 'only whole ones were kept');
    is($case->{status}{origins}[0]{lost}, 0, 'none was lost');
};

kill 'TERM', $watch;
waitpid($watch, 0);
done_testing();
