# Rights of the event document: countries, blackouts, tracks by country; tokens
# for countries by live_origin_geoip.

use strict;
use warnings;

use File::Temp qw(tempdir);
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep time);

use lib 't/lib';
use LiveOrigin::Geo qw(mmdb country asn);
use LiveOrigin::Media;
use LiveOrigin::Nginx qw(wait_for);

my $dir = tempdir(CLEANUP => 1);
my $json = JSON::PP->new->canonical;
my %address = (DE => '192.0.2.1', AT => '198.51.100.1', US => '203.0.113.1',
               six => '2001:db8::1', nowhere => '127.0.0.9');

chmod 0755, $dir;
mmdb("$dir/geo.mmdb", '192.0.2.0/24' => country('DE', 'EU'),
     '198.51.100.0/24' => country('AT', 'EU'),
     '203.0.113.0/24' => country('US', 'NA'),
     '2001:db8::/32' => country('DE', 'EU'));

open my $fh, '>', "$dir/keys.json" or die;
print $fh '{"keys": [{"id": "k", "secret": "sixteen letters!!", "use": ["serve"]}]}';
close $fh;
chmod 0640, "$dir/keys.json";

my $ng = LiveOrigin::Nginx->start(
    size => '96m', events => 8, workers => 2,
    http => "live_origin_geoip $dir/geo.mmdb;"
            . " log_format why '\$uri \$status \$live_origin_reason"
            . " \$live_origin_denied \$live_origin_country';",
    live => 'live_origin_hold 0; access_log %%DIR%%/why.log why;',
    server => 'set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;'
              . ' location /token/ { live_origin_serve main;'
              . " live_origin_serve_auth $dir/keys.json; live_origin_hold 0; }"
              . ' location /shared/ { live_origin_serve main;'
              . " live_origin_serve_auth $dir/keys.json shared; }"
              . ' location /named/ { live_origin_serve main;'
              . " live_origin_serve_auth $dir/keys.json"
              . ' country=$http_x_country; }');

my %media = (v => LiveOrigin::Media->video(bytes => 2000),
             a => LiveOrigin::Media->audio(id => 2, bytes => 500),
             b => LiveOrigin::Media->audio(id => 3, bytes => 500));
my $n = $media{v}->now_number;
my ($r, $ev);


# the document, with these members; without an event of that name, a live one

sub event
{
    my ($id, %members) = @_;
    my %a = (id => 'a', type => 'audio');

    $a{countries} = delete $members{a} if $members{a};

    my $doc = $json->encode({
        id => $id, segment_ms => 2000, delay_ms => 1000, dvr_s => 60,
        tracks => [{id => 'v', type => 'video'}, \%a,
                   {id => 'b', type => 'audio'}], %members});
    my $new = $ng->get("/api/events/$id")->status == 404;
    my $put = $ng->put("/api/events/$id", $doc);

    $put->status =~ /^20[01]$/ or diag $put->status . ' ' . $put->body;

    return if !$new;

    for my $t (sort keys %media) {
        $ng->put("/live/$id/p/$t/init.mp4", $media{$t}->init);
        $ng->put("/live/$id/p/$t/$_.m4s", $media{$t}->segment($_))
            for $n - 3 .. $n - 1;
    }

    return;
}


sub ask
{
    my ($from, $path, @more) = @_;

    return $ng->get($path, headers => ['X-Forwarded-For', $address{$from},
                                       @more]);
}


sub opens
{
    my ($from, $path, $name) = @_;
    my $got = ask($from, "/live/$path");

    is $got->status, 200, $name || "$from: $path";

    return $got;
}


sub closed
{
    my ($from, $path, $why, $name) = @_;

    return is_closed(ask($from, "/live/$path"), $why,
                     $name || "$from: no $path");
}


sub is_closed
{
    my ($got, $why, $name) = @_;

    is $got->status, 403, $name;
    is $got->header('Cache-Control'), 'no-store', '... no-store';
    is $got->body, $why eq 'country'
        ? "denied: not available in this country\n"
        : "denied: not available at this time\n", '... and why';

    return $got;
}

sub in_mpd
{
    my ($from) = @_;
    my @listed = ask($from, '/live/ev/manifest.mpd')->body
                 =~ /<Representation[^>]* id="([a-z])"/g;

    return join ' ', sort @listed;
}

# "~CLASS/" in the URLs of its multivariant playlist

sub class_of
{
    my ($from) = @_;
    my ($found) = ask($from, '/live/ev/master.m3u8')->body =~ m{^(~[^/]+/)v/}m;

    return $found || 'none/';
}

my @manifests = map { "ev/$_" } qw(manifest.mpd master.m3u8 v/media.m3u8
                                   a/media.m3u8);


# ---- no rules

event('ev');

for (@manifests) {
    like opens('US', $_)->header('Cache-Control'), qr/^public, max-age=\d+$/,
        '... public';
}


# ---- allow

event('ev', countries => {allow => ['de', 'AT']});

for (@manifests) {
    like opens('DE', $_)->header('Cache-Control'), qr/^private, max-age=\d+$/,
        '... private';
    opens('AT', $_);
    opens('six', $_, "DE by IPv6: $_");
    closed('US', $_, 'country');
    closed('nowhere', $_, 'country');
}

is ask('US', '/live/ev/v/' . ($n - 1) . '.m4s')->status, 200,
    'segments are for everybody';
like ask('US', '/live/ev/v/' . ($n - 1) . '.m4s')->header('Cache-Control'),
    qr/^public/, '... and every cache';
is ask('US', '/live/ev/time')->status, 200, 'so is the time';

$r = $ng->head('/live/ev/manifest.mpd',
               headers => ['X-Forwarded-For', $address{US}]);
is $r->status, 403, 'HEAD';

my $etag = opens('DE', 'ev/manifest.mpd')->header('ETag');
is ask('DE', '/live/ev/manifest.mpd', 'If-None-Match', $etag)->status, 304,
    'unchanged for DE';
is ask('US', '/live/ev/manifest.mpd', 'If-None-Match', $etag)->status, 403,
    '... but not for US';

ok wait_for(sub {
    open my $log, '<', $ng->dir . '/why.log' or return 0;
    return scalar grep { m{^/live/ev/manifest.mpd 403 denied country US$} }
                  <$log>;
}, 20), 'the log says why';


# ---- deny

event('ev', countries => {deny => ['US']});
opens('DE', 'ev/master.m3u8');
opens('nowhere', 'ev/master.m3u8', 'who is nowhere is not denied');
closed('US', 'ev/master.m3u8', 'country');

event('ev', countries => {deny => ['US', 'ZZ']});
closed('nowhere', 'ev/master.m3u8', 'country', 'but by ZZ');
opens('AT', 'ev/master.m3u8');


# ---- tracks

event('ev', a => {allow => ['AT']});
opens('AT', 'ev/a/media.m3u8');
closed('DE', 'ev/a/media.m3u8', 'country');
opens('DE', 'ev/b/media.m3u8');
opens('DE', 'ev/v/media.m3u8');
like opens('DE', 'ev/manifest.mpd')->header('Cache-Control'), qr/^private/,
    '... private';
is in_mpd('AT'), 'a b v', 'a manifest has it for those';
is in_mpd('DE'), 'b v', '... and not for others';

# below a class it is its country that counts, and every cache may keep it

my $class = class_of('AT');

for my $path ("ev/${class}manifest.mpd", "ev/${class}master.m3u8",
              "ev/${class}a/media.m3u8")
{
    like opens('US', $path, 'below the class of AT')->header('Cache-Control'),
        qr/^public/, '... public';
}

closed('AT', 'ev/' . class_of('DE') . 'a/media.m3u8', 'country',
       'below that of DE without it');


# ---- bad documents

for (['countries', {allow => ['DEU']}, 'countries.allow[0]'],
     ['countries', {allow => ['DE'], deny => ['US']}, 'countries.deny'],
     ['blackouts', [{start => 10}], 'blackouts[0].end'],
     ['blackouts', [{start => 10, end => 5}], 'blackouts[0].end'])
{
    $r = $ng->put('/api/events/bad', $json->encode({id => 'bad',
                                                    $_->[0] => $_->[1]}));
    is $r->status, 400, "refused: $_->[2]";
    is $r->json->{field}, $_->[2], '... by its name';
}

opens('DE', 'ev/master.m3u8', 'what was there stays');


# ---- a blackout: begins and ends on time, and no cache has it over its
# beginning

my ($start, $end);

# each answer was made between $before and $after; $seen->{blind} is for how
# long none was asked for near $start

sub watch
{
    my ($from, $path, $until, $seen) = @_;
    my $last = time;

    while (time < $until) {
        my $before = time;

        $seen->{blind} = $before - $last
            if $last < $start && $before > $start - 1
               && $before - $last > ($seen->{blind} || 0);
        $last = $before;

        my $got = ask($from, "/live/$path");
        my $after = time;
        my ($age) = ($got->header('Cache-Control') || '') =~ /max-age=(\d+)$/;

        if ($got->status == 200) {
            $seen->{200}++;
            $seen->{late}++ if $before >= $start && $after < $end;
            $seen->{kept}++ if $before < $start && $before + ($age || 0) > $start;
            $seen->{cut}++ if $before < $start && defined $age && $age < 5;
            $seen->{none}++ if $got->header('Cache-Control') eq 'no-store';

        } elsif ($got->status == 403) {
            $seen->{403}++;
            $seen->{early}++ if $after < $start || $before >= $end;

        } else {
            $seen->{other}++;
        }

        sleep 0.05;
    }

    return;
}

# another one, where the machine stood still as it began or in it

my (%seen, @within);

for my $try (1 .. 3) {
    %seen = ();
    $start = int(time) + 4;
    $end = $start + 3;
    event('ev', blackouts => [{start => $start, end => $end,
                               countries => ['DE']}]);

    my $class_de = class_of('DE');
    my $class_at = class_of('AT');

    watch('DE', 'ev/manifest.mpd', $start + 1, \%seen);
    @within = map { ask($_->[0], "/live/ev/$_->[1]") }
              ['DE', 'master.m3u8'], ['DE', 'v/media.m3u8'],
              ['AT', "${class_de}v/media.m3u8"], ['AT', 'master.m3u8'],
              ['DE', "${class_at}v/media.m3u8"];

    my $asked = time;

    watch('DE', 'ev/manifest.mpd', $end + 1, \%seen);
    last if ($seen{blind} // 9) <= 0.5 && $asked < $end;
}

is_closed($within[0], 'blackout', 'within it: no multivariant playlist');
is_closed($within[1], 'blackout', '... nor a media playlist');
is_closed($within[2], 'blackout', '... below its class');
is $within[3]->status, 200, '... elsewhere as ever';
is $within[4]->status, 200, '... below a class of elsewhere';

cmp_ok $seen{200} || 0, '>', 3, 'before and behind a blackout it is there';
cmp_ok $seen{403} || 0, '>', 3, 'within it is not';
is $seen{late}, undef, 'it begins on time';
is $seen{early}, undef, '... and ends on time';
is $seen{kept}, undef, 'no cache has it when it begins';
cmp_ok $seen{cut} || 0, '>', 0, '... for max-age is cut';
cmp_ok $seen{none} || 0, '>', 0, '... and no-store in the end';
is $seen{other}, undef, 'nothing else is answered';

# everywhere: the answer is still everybody's

$start = int(time) + 3600;
$end = $start + 60;
event('ev', blackouts => [{start => $start, end => $end}]);
like opens('nowhere', 'ev/manifest.mpd')->header('Cache-Control'),
    qr/^public, max-age=\d+$/, 'a blackout everywhere: public until then';

event('ev', blackouts => [{start => time - 10, end => time + 3600,
                           except => ['AT']}]);
opens('AT', 'ev/manifest.mpd', 'but in one country');
closed('nowhere', 'ev/manifest.mpd', 'blackout', '... a blackout everywhere');
closed('US', 'ev/manifest.mpd', 'blackout');

event('ev');
opens('US', 'ev/manifest.mpd', 'taken back');


# ---- tokens

my $livectl = LiveOrigin::Nginx::build() . '/bin/livectl';

chomp(my $token = `$livectl token serve --keys $dir/keys.json --path ev \\
                   --expires 1h --country DE,AT`);

ok $token, 'a token for DE and AT';

for my $path ('manifest.mpd', 'v/' . ($n - 1) . '.m4s') {
    is ask('DE', "/token/~$token/ev/$path")->status, 200, "DE: $path";
    is ask('six', "/token/~$token/ev/$path")->status, 200, "... by IPv6: $path";
    is ask('US', "/token/~$token/ev/$path")->status, 403, "US: no $path";
    is ask('nowhere', "/token/~$token/ev/$path")->status, 403,
        "who is nowhere: no $path";
}

is ask('US', "/named/~$token/ev/manifest.mpd", 'X-Country', 'AT')->status, 200,
    'country=$VARIABLE goes before it';
is ask('DE', "/named/~$token/ev/manifest.mpd", 'X-Country', 'US')->status, 403,
    '... both ways';

# caches that look at tokens know nothing of countries

chomp(my $any = `$livectl token serve --keys $dir/keys.json --path ev \\
                 --expires 1h`);

event('ev', countries => {allow => ['DE']});
like ask('DE', "/shared/~$any/ev/manifest.mpd")->header('Cache-Control'),
    qr/^private/, 'shared, but by country: private';
is ask('US', "/shared/~$any/ev/manifest.mpd")->status, 403, '... and no US';

$ng->stop;


# ---- without databases everybody is ZZ

my $none = LiveOrigin::Nginx->start(events => 8, live => 'live_origin_hold 0;');

$ng = $none;
event('ev', countries => {allow => ['DE']});
closed('DE', 'ev/master.m3u8', 'country', 'no databases: an allow list lets '
       . 'nobody in');
event('ev', countries => {allow => ['DE', 'ZZ']});
opens('US', 'ev/master.m3u8', '... but by ZZ');
event('ev', countries => {deny => ['DE']});
opens('DE', 'ev/master.m3u8', '... and a deny list everybody');
$none->stop;

done_testing;
