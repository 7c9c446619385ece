# What the event document says of DRM, in both manifests: docs/drm.md.
#
# time-out: 180

use strict;
use warnings;

use JSON::PP;
use MIME::Base64 qw(decode_base64);
use Test::More;

use lib 't/lib';
use LiveOrigin::Encrypted qw(encrypted kid);
use LiveOrigin::Nginx qw(wait_for);

my $ng = LiveOrigin::Nginx->start(workers => 2, events => 8,
    expect => [qr/drm of track/, qr/event document/]);

my %uuid = (widevine => 'edef8ba9-79d6-4ace-a3c8-27dcd51d21ed',
            playready => '9a04f079-9840-4286-ab92-e65be0885f95',
            fairplay => '94ce86fb-07ff-4f43-adb8-93d2fa968ca2',
            clearkey => 'e2719d58-a985-b3c9-781a-b030af78d30e');

my %systems = (
    widevine => {license_url => 'https://wv.example/?a=1&b=2'},
    playready => {license_url => 'https://pr.example/rights'},
    fairplay => {key_uri => 'skd://fp.example/{kid}',
                 certificate_url => 'https://fp.example/cert',
                 license_url => 'https://fp.example/license'},
    clearkey => {});

sub document
{
    my ($id, $drm) = @_;

    return $ng->put("/api/events/$id", encode_json({
        id => $id, pipelines => ['a'], defined $drm ? (drm => $drm) : ()}));
}

sub push_all
{
    my ($id, $media) = @_;
    my @status;

    for my $i (-1 .. 3) {
        for my $t ('v', 'a') {
            push @status, $i < 0
                ? $ng->put("/live/$id/a/$t/init.mp4",
                           $media->{$t}{init})->status
                : $ng->put("/live/$id/a/$t/$i.m4s",
                           $media->{$t}{segments}[$i])->status;
        }
    }

    return "@status";
}

# an event that declares no tracks waits whether more come

sub manifest
{
    my ($id) = @_;

    ok wait_for(sub { $ng->get("/live/$id/manifest.mpd")->status == 200 }, 20),
       "$id is live";

    return $ng->get("/live/$id/manifest.mpd")->body;
}

sub tracks
{
    my ($id) = @_;

    return map { $_->{id} => $_ }
           @{$ng->get("/api/events/$id/status")->json->{tracks}};
}

# every pssh and its system id, version, key ids and data

sub pssh
{
    my ($base64) = @_;
    my $box = decode_base64($base64);
    my ($size, $type, $version, $system) = unpack 'N a4 C x3 H32', $box;
    my $at = 28;
    my @kids;

    if ($version) {
        @kids = unpack 'x32 (H32)' . unpack('x28 N', $box), $box;
        $at += 4 + 16 * @kids;
    }

    my $data = unpack "x$at N/a*", $box;

    return {type => $type, whole => $size == length $box, kids => \@kids,
            version => $version, data => $data,
            system => join '-', $system =~ /(.{8})(.{4})(.{4})(.{4})(.*)/};
}

# ---- documents

for (
    [{}, 'drm.systems', 'an object with widevine'],
    [{systems => {widvine => {}}}, 'drm.systems.widvine', 'no such member'],
    [{systems => {widevine => {pssh => 'AAAA'}}},
     'drm.systems.widevine.pssh', 'not a pssh box'],
    [{systems => {fairplay => {}}}, 'drm.systems.fairplay.key_uri',
     'is missing'],
    [{systems => {clearkey => {}}, keys => [{kid => '17'}]},
     'drm.keys[0].kid', '32 hexadecimal digits'],
) {
    my ($drm, $field, $why) = @$_;
    my $r = document('bad', $drm);

    is $r->status, 400, "$field: $why";
    is $r->json->{field}, $field, '... is named';
    like $r->json->{error}, qr/\Q$why/, '... and what is wanted';
}

# ---- both schemes

for my $scheme ('cenc', 'cbcs') {
    my $id = "ev-$scheme";
    my $media = encrypted($scheme);

    is document($id, {scheme => $scheme, systems => \%systems,
                      keys => [{kid => kid('v'), tracks => ['v']},
                               {kid => kid('a')}]})->status, 201,
       "$scheme: a document";
    is push_all($id, $media), join(' ', (201) x 10), '... and media';

    my %track = tracks($id);

    for my $t ('v', 'a') {
        my $uuid = join '-', kid($t) =~ /(.{8})(.{4})(.{4})(.{4})(.*)/;

        is_deeply $track{$t}{drm}, {scheme => $scheme, kid => $uuid},
                  "$t: the status says what it is encrypted with";

        # they come all at once, which is noted

        my %verdict = %{$track{$t}{pipelines}[0]{verdicts}};

        is join(' ', grep { $verdict{$_} && $_ ne 'drift' } keys %verdict),
           'good', '... and nothing is wrong with it';
    }

    my $mpd = manifest($id);

    open my $lint, '|-', 'xmllint --noout -' or die;
    print $lint $mpd;
    ok close $lint, 'the MPD is well-formed';

    my @sets = $mpd =~ m{(<AdaptationSet.*?</AdaptationSet>)}gs;

    is scalar @sets, 2, 'two sets';

    for my $set (@sets) {
        my $t = $set =~ /contentType="video"/ ? 'v' : 'a';
        my %cp = $set =~ m{<ContentProtection\ schemeIdUri="urn:uuid:([^"]+)"
                           [^>]*>(.*?)</ContentProtection>}gsx;
        my @want = grep { $_ ne 'fairplay' || $scheme eq 'cbcs' } keys %uuid;

        my $first = substr kid($t), 0, 8;

        like $set, qr/value="$scheme" cenc:default_KID="$first-/,
             "$t: its key id";
        is_deeply [sort keys %cp], [sort @uuid{@want}], '... and its systems';

        my %box;

        for my $system ('widevine', 'playready') {
            my ($text) = $cp{$uuid{$system}} =~ m{<cenc:pssh>(.*)</cenc:pssh>};
            my $box = pssh($text);

            is_deeply [@$box{qw(type whole system)}],
                      ['pssh', 1, $uuid{$system}], "$system: a pssh box";
            $box{$system} = $box;
        }

        is unpack('H*', $box{widevine}{data}),
           '1210' . kid($t) . ($scheme eq 'cenc' ? '48e3dc959b06'
                                                 : '48f3c6899b06'),
           'widevine: key id and scheme';

        my ($pro) = $cp{$uuid{playready}} =~ m{<mspr:pro[^>]*>(.*)</mspr:pro>};

        is decode_base64($pro), $box{playready}{data},
           'playready: the same object in both';

        (my $header = substr $box{playready}{data}, 10) =~ tr/\0//d;

        my $cipher = $scheme eq 'cenc' ? 'AESCTR' : 'AESCBC';

        like $header, qr{<KID\ ALGID="$cipher"\ VALUE="[^"]{24}"></KID>
                         </KIDS></PROTECTINFO>
                         <LA_URL>https://pr.example/rights</LA_URL>}x,
             '... with the header';
        like $cp{$uuid{widevine}}, qr{>https://wv.example/\?a=1&amp;b=2<},
             'widevine: where licenses are';
        unlike $cp{$uuid{clearkey}}, qr/Laurl/,
               'clearkey: players are told where';
    }

    my $master = $ng->get("/live/$id/master.m3u8")->body;
    my $method = $scheme eq 'cenc' ? 'SAMPLE-AES-CTR' : 'SAMPLE-AES';
    my $fairplay = $scheme eq 'cbcs' ? 2 : 0;

    is scalar(() = $master =~ /^#EXT-X-SESSION-KEY:METHOD=$method,/mg),
       5 + $fairplay, 'session keys';

    for my $t ('v', 'a') {
        my $list = $ng->get("/live/$id/$t/media.m3u8")->body;
        my @keys = $list =~ /^#EXT-X-KEY:(.*)/mg;
        my $kid = kid($t);

        is scalar @keys, 3 + $fairplay / 2, "$t: a key of each system";
        like $list, qr/^#EXT-X-KEY:.*\n#EXT-X-MAP:/m, '... before the init';
        is scalar(grep { /^METHOD=$method,URI="/ } @keys), scalar @keys,
           "... $method";

        my ($box) = map { m{base64,([^"]*)",KEYID=0x$kid,
                            KEYFORMAT="urn:uuid:$uuid{widevine}"}x ? $1 : () }
                    @keys;

        is pssh($box)->{system}, $uuid{widevine}, '... Widevine\'s box';
        is scalar(grep { m{URI="skd://fp.example/$kid"} } @keys),
           $fairplay / 2, '... FairPlay\'s URI';
        is scalar(grep { m{URI="../clearkey",KEYID=0x$kid,
                           KEYFORMAT="org.w3.clearkey"}x } @keys), 1,
           '... and ClearKey\'s';
    }
}

unlike $ng->log, qr/drm of track/, 'nothing was amiss';

# ---- the init is the truth; without a word of drm all is as it was

my $media = encrypted('cenc');

document('wrong', {scheme => 'cenc', systems => {clearkey => {}},
                   keys => [{kid => kid('a'), tracks => ['v']}]});
push_all('wrong', $media);

my $mpd = manifest('wrong');
my %track = tracks('wrong');

like $mpd, qr/cenc:default_KID="00112233-/, 'the MPD has the init\'s key id';
like $track{v}{drm}{differs}, qr/^the document has key id 10112233-/,
     'the status says that the document has another';
ok !exists $track{a}{drm}{differs}, '... of the other track it has none';

my $said = () = $ng->log =~ /"wrong": drm of track "v": the document has/g;

is $said, 1, 'it is in the log once';

document('wrong', {scheme => 'cbcs', systems => {clearkey => {}}});
is_deeply [map { $_->{drm}{differs} } {tracks('wrong')}->@{qw(v a)}],
          [('the document has scheme cbcs, its init cenc') x 2],
          'another scheme';

document('plain');
push_all('plain', $media);
$mpd = manifest('plain');
like $mpd, qr/mp4protection/, 'without drm: the key id';
unlike $mpd, qr/urn:uuid|Laurl/, '... and no system';
unlike $ng->get('/live/plain/v/media.m3u8')->body, qr/EXT-X-KEY/,
       '... nor a key in playlists';

document('plain', {systems => {clearkey => {license_url =>
    'https://ck.example/'}}});
like $ng->get('/live/plain/manifest.mpd')->body,
     qr{dashif:Laurl[^>]*>https://ck.example/<}, '... in the MPD';
ok wait_for(sub { $ng->get('/live/plain/v/media.m3u8')->body
                  =~ m{EXT-X-KEY:.*URI="https://ck.example/"} }, 10),
   'a document that comes later counts';

done_testing;
