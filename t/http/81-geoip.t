# live_origin_geoip: what databases say, and how they are replaced while they
# are in use.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use lib 't/lib';
use LiveOrigin::Conf;
use LiveOrigin::Geo qw(mmdb mmdb_at city country asn);
use LiveOrigin::Nginx qw(wait_for);

my $conf = LiveOrigin::Conf->new;
my $dir = $conf->dir;

chmod 0755, $dir;


sub bytes
{
    my ($path) = @_;

    open my $fh, '<:raw', $path or die "$path: $!";
    local $/;

    return scalar <$fh>;
}


# the same file, from its beginning

sub overwrite
{
    my ($path, $bytes, $cut) = @_;

    open my $fh, '+<:raw', $path or die "$path: $!";
    print $fh $bytes;
    close $fh or die;
    truncate $path, length $bytes if $cut;

    return;
}


# ---- nginx -t

my $good = mmdb("$dir/good.mmdb", '192.0.2.0/24' => city('DE', 'EU'));
my $whole = bytes($good);
my $zone = "live_origin_zone main path=$dir/zone size=16m;";

$conf->write('broken.mmdb', 'x' x 10000);
$conf->write('short.mmdb', substr $whole, 0, length($whole) - 30);
$conf->write('half.mmdb', substr $whole, 0, length($whole) / 2);
$conf->write('empty.mmdb', '');
mkdir "$dir/folder";

for my $case (['none.mmdb', 'No such file'], ['broken.mmdb', 'it is not in MaxMind'],
              ['short.mmdb', 'The MaxMind DB file'], ['half.mmdb', 'it is not in MaxMind'],
              ['empty.mmdb', 'it is empty'], ['folder', 'it is not a file'])
{
    my ($name, $says) = @$case;

    $conf->bad("$zone live_origin_geoip $dir/$name;", '', 'live_origin_geoip',
               qq("$dir/$name" of "live_origin_geoip", allowed: files in )
               . qq(MaxMind's format; of this one: $says));
}

$conf->bad("$zone live_origin_geoip $good $dir/none.mmdb;", '',
           'live_origin_geoip', 'none.mmdb');
$conf->bad("$zone live_origin_geoip '';", '', 'live_origin_geoip', '""');
$conf->bad("$zone live_origin_geoip " . "$good " x 9 . ';', '',
           'live_origin_geoip', 'at most 8 files');
$conf->bad("$zone live_origin_geoip $good; live_origin_geoip $good;", '',
           'live_origin_geoip', 'is duplicate');

my @before = sort glob "$dir/*";
my ($ok, $out) = $conf->try("$zone live_origin_geoip $good;", '');

ok $ok, 'a good file' or diag $out;
is_deeply [grep { !m{/(?:pid|t\d)$} } sort glob "$dir/*"],
    [grep { !m{/(?:pid|t\d)$} } @before],
    '... of which nginx -t makes nothing';


# ---- lookups

mmdb("$dir/city.mmdb", {type => 'GeoLite2-City'},
     '192.0.2.0/25' => city('DE', 'EU'),
     '192.0.2.128/25' => {registered_country => {iso_code => 'FR'},
                          continent => {code => 'EU'}},
     '192.0.2.200/32' => {%{city('US', 'NA')},
                          traits => {autonomous_system_number => 7018}},
     '198.51.100.0/24' => {continent => {code => 'AS'}},
     '203.0.113.0/24' => {city => {geoname_id => 1}},
     '2001:db8::/32' => city('AT', 'EU'),
     '2001:db8:1::/48' => country('CH', 'EU'));
mmdb("$dir/country4.mmdb", {type => 'GeoLite2-Country', version => 4,
                            record => 32},
     '192.0.2.0/24' => country('GB', 'EU'),
     '198.51.100.0/24' => country('JP', 'OC'),
     '203.0.113.0/25' => country('AU', 'OC'));
mmdb("$dir/asn.mmdb", {type => 'GeoLite2-ASN', record => 28},
     '192.0.2.0/24' => asn(3320), '203.0.113.0/24' => asn(4294967295),
     '2001:db8::/32' => asn(64496));
mmdb("$dir/flat.mmdb", {type => 'flat', types => {country => 'utf8_string',
                                                  continent => 'utf8_string'}},
     '100.64.0.0/16' => {country => 'nl', continent => 'EU', asn => 'AS1103'},
     '100.65.0.0/16' => {country_code => 'BE', continent_code => 'EU',
                         country => 'Belgium'},
     '100.66.0.0/16' => {country => 'Belgium', asn => 'AS'},
     '100.67.0.0/16' => {asn => '4294967296'});

my $where = 'set_real_ip_from 127.0.0.1; set_real_ip_from unix:;'
            . ' real_ip_header X-Forwarded-For;'
            . ' location = /where { return 200 "$live_origin_country'
            . ' $live_origin_continent $live_origin_asn"; }';


sub lookup
{
    my ($ng, $address, $c) = @_;

    my $r = ($c || $ng)->get('/where', headers => ['X-Forwarded-For', $address]);

    return $r->status == 200 ? $r->body : $r->status . ' ' . $r->error;
}

my $ng = LiveOrigin::Nginx->start(
    http => join(' ', 'live_origin_geoip', map { "$dir/$_.mmdb" }
                 qw(city country4 asn flat)) . ';', server => $where);

my @cases = (
    ['192.0.2.1', 'DE EU 3320', 'a city'],
    ['192.0.2.127', 'DE EU 3320', '... to the end of its network'],
    ['192.0.2.128', 'FR EU 3320', 'the country where it is registered'],
    ['192.0.2.200', 'US NA 7018', 'an ASN out of traits'],
    ['198.51.100.7', 'JP AS ', 'each fact from the first that has it'],
    ['203.0.113.1', 'AU OC 4294967295', 'a city without a country'],
    ['203.0.113.129', '  4294967295', 'a network alone'],
    ['2001:db8::1', 'AT EU 64496', 'IPv6'],
    ['2001:db8:1::1', 'CH EU 64496', '... of a smaller network'],
    ['2001:db9::1', '  ', '... of none'],
    ['::ffff:192.0.2.1', 'DE EU 3320', 'IPv4 within IPv6'],
    ['::ffff:203.0.113.1', 'AU OC 4294967295', '... in a database of IPv4'],
    ['127.0.0.1', '  ', 'nobody knows'],
    ['100.64.3.4', 'NL EU 1103', 'a flat database'],
    ['100.65.0.1', 'BE EU ', '... with codes'],
    ['100.66.0.1', '  ', '... with none'],
    ['100.67.0.1', '  ', '... with an ASN that is none'],
    ['not.an.address', '  ', 'no address at all'],
);

is lookup($ng, $_->[0]), $_->[1], "$_->[2]: $_->[0]" for @cases;

is $ng->get('/where')->body, '  ', 'without X-Forwarded-For: the peer';

# the first connection of realip's is what counts

is lookup($ng, '192.0.2.1, 198.51.100.7'), 'JP AS ', 'the last address';
is $ng->reload, 1, 'reload';
is lookup($ng, '2001:db8::1'), 'AT EU 64496', '... and all is as before';
$ng->stop;

my $none = LiveOrigin::Nginx->start(server => $where);

is lookup($none, '192.0.2.1'), '  ', 'without live_origin_geoip';
$none->stop;


# ---- new versions

# version k: its number is the ASN, its country goes with that

my @codes = qw(DE AT CH FR IT);


sub version
{
    my ($k) = @_;

    return ('192.0.2.0/24' => {%{city($codes[$k % @codes], 'EU')}, %{asn($k)}},
            map { ("10.$_.0.0/16" => city('AA', 'AS')) } 1 .. 1 + $k % 7);
}


sub right
{
    my ($k) = @_;

    return "$codes[$k % @codes] EU $k";
}

my $live = "$dir/live.mmdb";

mmdb($live, version(1));

$ng = LiveOrigin::Nginx->start(workers => 2, http => "live_origin_geoip $live;",
                               server => $where);

my $asked = 0;
my %wrong;


# what it says; anything that no version says is wrong

sub ask
{
    my $said = lookup($ng, '192.0.2.9');
    my ($k) = $said =~ / (\d+)\z/;

    $asked++;
    $wrong{$said}++ if !defined $k || $said ne right($k);

    return $k || 0;
}


# all workers: so many answers in a row

sub all_say
{
    my ($k, $seconds) = @_;
    my $row = 0;

    return wait_for(sub {
        $row = ask() == $k ? $row + 1 : 0;

        return $row >= 30;
    }, $seconds || 20);
}

# how often one of this file was said to be broken

sub complaints
{
    return scalar(() = $ng->log =~ /\[error\].*"live_origin_geoip" \Q$live\E/g);
}

ok all_say(1), 'the first version';

mmdb($live, version(2));
ok all_say(2), 'the next takes its place by itself';

# renamed 100 times under load

mmdb("$dir/v$_.mmdb", version($_)) for 3 .. 102;

for my $k (3 .. 102) {
    rename "$dir/v$k.mmdb", $live or die;
    ask() for 1 .. 8;
    sleep $ENV{LO_SOAK} ? 3 : $k % 25 ? 0.02 : 1.3;
}

ok all_say(102), 'replaced 100 times, the last is in use';
is_deeply \%wrong, {}, '... and no answer was wrong';
cmp_ok $asked, '>=', 800, '... of many';
is complaints(), 0, '... and nothing was complained of';

# overwritten in place while it is in use

my $v102 = bytes($live);

overwrite($live, 'x' x length $v102);
ask() for 1 .. 50;
ok wait_for(sub { ask(); complaints() == 1 }, 10), 'overwritten by garbage: one '
    . 'line';
ok all_say(102), '... and what was read before stays in use';

for (1 .. 3) {
    ask() for 1 .. 20;
    sleep 1;
}

is complaints(), 1, '... still one line';

truncate $live, 0;
ok wait_for(sub { ask(); complaints() == 2 }, 10), 'cut short: one more';
ok all_say(102), '... the old one stays';

overwrite($live, substr $v102, 0, 1000);
ok wait_for(sub { ask(); complaints() == 3 }, 10), 'a part of it: one more';

unlink $live;
ok wait_for(sub { ask(); complaints() == 4 }, 10), 'gone: one more';
ok all_say(102), '... the old one stays';

mmdb($live, version(103));
ok all_say(103), 'back again';

# byte by byte, as a slow copy is

my $bytes = bytes(mmdb("$dir/other.mmdb", version(104)));
my $piece = int(length($bytes) / 12) + 1;

truncate $live, 0;

open my $fh, '>>:raw', $live or die;
$fh->autoflush(1);

for (my $at = 0; $at < length $bytes; $at += $piece) {
    print $fh substr $bytes, $at, $piece;
    ask() for 1 .. 5;
    sleep 0.2;
}

close $fh;
ok all_say(104), 'written in place, slowly: when it is whole';

# many times in place, between two whole versions

for my $k (105 .. 124) {
    overwrite($live, bytes(mmdb("$dir/other.mmdb", version($k))), 1);
    ask() for 1 .. 10;
    sleep 0.05;
}

ok all_say(124), 'overwritten in place 20 times';
is_deeply \%wrong, {}, 'no answer was wrong';

ok $ng->reload, 'reload';
ok all_say(124), '... with the same file';

mmdb($live, version(125));
ok all_say(125), 'replaced after it';

# reload with a broken file: nothing changes

overwrite($live, 'x' x 1000, 1);
$ng->expect(qr/"live_origin_geoip"/);
$ng->signal('HUP');
ok wait_for(sub { $ng->log =~ /\[emerg\].*"live_origin_geoip", allowed/ }, 10),
    'a reload with a broken file is refused';
ok all_say(125), '... and what ran goes on';
is_deeply \%wrong, {}, 'no answer was wrong';

$ng->stop;


# ---- a worker that has no descriptors for it: that is not the file's fault,
# and the next look tries again

mmdb($live, version(1));
$ng = LiveOrigin::Nginx->start(workers => 2, http => "live_origin_geoip $live;",
                               server => $where);
ok all_say(1), 'another nginx';


sub fds
{
    my ($pid) = @_;

    return map { m{(\d+)\z} } glob "/proc/$pid/fd/*";
}

# as the worker's own user: this takes no capability

sub limit
{
    my ($worker, $soft) = @_;
    my %id = bytes("/proc/$worker/status") =~ /^(Uid|Gid):\s+(\d+)/mg;
    my $pid = fork // die;

    if ($pid == 0) {
        if ($> == 0) {
            ($(, $)) = ($id{Gid}, "$id{Gid} $id{Gid}");
            ($<, $>) = ($id{Uid}, $id{Uid});
        }

        exec 'prlimit', '--pid', $worker, "--nofile=$soft:";
    }

    waitpid $pid, 0;
    die 'prlimit' if $?;

    return;
}

# room for so many more

sub leave
{
    my ($pid, $free) = @_;
    my %open = map { $_ => 1 } fds($pid);
    my $soft = 0;

    while ($free || $open{$soft}) {
        $free-- if !$open{$soft++};
    }

    limit($pid, $soft);

    return;
}

my @workers = $ng->workers;
my ($most) = bytes("/proc/$workers[0]/limits") =~ /^Max open files +(\d+)/m;

for my $case ([1, 'Too many open files', 'a copy'],
              [2, 'Error opening the specified', 'a mapping of it'],
              [0, 'Too many open files', 'the file itself'])
{
    my ($free, $says, $what) = @$case;
    my $k = 3 - $free;
    my $lines = complaints();
    my $before = length $ng->log;
    my $open = '';

    # no connection is left that would leave its descriptor to it

    ok wait_for(sub {
        my $was = $open;

        sleep 0.3;
        $open = join ' ', map { fds($_), '|' } @workers;

        return $was eq $open;
    }, 20), "no room for $what";

    leave($_, $free) for @workers;
    mmdb($live, version($k));

    ok wait_for(sub { complaints() == $lines + 2 }, 20),
        '... each worker says so';
    like substr($ng->log, $before), qr/\Q$live\E: \Q$says\E.*stays in use/,
        '... and why';
    sleep 1 for 1 .. 3;
    is complaints(), $lines + 2, '... once';

    limit($_, $most) for @workers;
    ok all_say($k), '... and takes it when there is room';

    my %said = map { $_ => 1 } substr($ng->log, $before)
               =~ /\[notice\] (\d+)#.*\Q$live\E: a new version/g;

    is_deeply [sort keys %said], [sort @workers], '... and says that, too';
}

SKIP: {
    skip 'workers of the same user', 3 if $> != 0;

    my $lines = complaints();

    chmod 0600, $live;
    ok wait_for(sub { complaints() == $lines + 1 }, 20),
        'a file that the workers may not read: one line';
    sleep 1 for 1 .. 3;
    is complaints(), $lines + 1, '... still one';

    mmdb($live, version(9));
    ok all_say(9), '... one that they may read takes its place';
}

is_deeply \%wrong, {}, 'no answer was wrong';
$ng->stop;


# ---- a file that is written to while another one, which is large, is copied:
# it is not taken before it has been left alone for a second

my $marker = "\xab\xcd\xefMaxMind.com";

# room for what is not there, between the data and what describes it

sub large
{
    my ($k) = @_;
    my ($data, $meta) = bytes(mmdb("$dir/other.mmdb", version($k)))
                        =~ /^(.*)(\Q$marker\E.*)$/s;

    $conf->write("large.$k", $data . "\0" x (1 << 26) . $meta);
    chmod 0644, "$dir/large.$k";

    return;
}

large($_) for 1 .. 3;
rename "$dir/large.1", "$dir/large.mmdb" or die;
mmdb("$dir/small.mmdb", version(1));

my $two = LiveOrigin::Nginx->start(workers => 1,
    http => "live_origin_geoip $dir/large.mmdb $dir/small.mmdb;");
my $small = bytes("$dir/small.mmdb");
my ($begun, $last, $pause) = (time, time, 0);
my @new = ([0, 2], [3, 3]);

while (time - $begun < 6) {

    if (@new && time - $begun >= $new[0][0]) {
        rename "$dir/large." . (shift @new)->[1], "$dir/large.mmdb" or die;
    }

    for my $part (substr($small, 0, length($small) / 2), $small) {
        overwrite("$dir/small.mmdb", $part, 1);
        $pause = time - $last if time - $last > $pause;
        $last = time;
        sleep 0.05;
    }
}

like $two->log, qr/large\.mmdb: a new version/, 'a large file is replaced';

SKIP: {
    skip "this test stood still for $pause s", 1 if $pause > 0.9;
    unlike $two->log, qr/small\.mmdb/, '... one that is being written to '
        . 'meanwhile is left alone';
}

ok wait_for(sub { $two->log =~ /small\.mmdb: a new version/ }, 10),
    '... and taken when it is whole';

$two->stop;

done_testing;
