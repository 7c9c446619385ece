# Malformed requests to the serving side and the API, one row a case: what it
# is, the status, the request.  Behind every row the segment that was there
# before comes back byte for byte (77-malformed.t has the publishing side).

use strict;
use warnings;

use JSON::PP qw(decode_json);
use Test::More;

use lib 't/lib';
use LiveOrigin::Malformed;

my $t = LiveOrigin::Malformed->start;
my $n = $t->good;
my $etag = $t->ng->get("/live/ev/v/$n.m4s")->header('ETag');
my $len = length $t->video->segment($n);


# a refusal is not kept for long, and never says "immutable"

sub row
{
    my ($what, $status, $method, $path, $body, @o) = @_;

    my $r = $t->request($what, $status, $method, $path, $body, quiet => 1,
                        @o);

    if ($r->status >= 400 && $path =~ m!^/live/!) {
        unlike $r->header('Cache-Control'), qr/immutable|^$/,
            '... is not kept';
    }

    return $r;
}


# ---- names

for (
    ['leading zeros',                 404, "v/000$n.m4s"],
    ['0008',                          404, 'v/0008.m4s'],
    ['00',                            404, 'v/00.m4s'],
    ['0',                             410, 'v/0.m4s'],
    ['-1',                            404, 'v/-1.m4s'],
    ['+1',                            404, 'v/+1.m4s'],
    ['1e3',                           404, 'v/1e3.m4s'],
    ['0x10',                          404, 'v/0x10.m4s'],
    ['1.5.5',                         404, 'v/1.5.5.m4s'],
    ['a part of no number',           404, 'v/.1.m4s'],
    ['a part without its number',     404, "v/$n..m4s"],
    ['a part with leading zeros',     404, "v/$n.01.m4s"],
    ['part -1',                       404, "v/$n.-1.m4s"],
    ['part 2^32',                     404, "v/$n.4294967296.m4s"],
    ['2^53',                          404, 'v/9007199254740992.m4s'],
    ['2^53 + 1',                      404, 'v/9007199254740993.m4s'],
    ['2^63',                          404, 'v/9223372036854775808.m4s'],
    ['2^64',                          404, 'v/18446744073709551616.m4s'],
    ['2^64 + the number',             404, 'v/' . (18446744073709551616 + 0) . "$n.m4s"],
    ['700 digits',                    404, 'v/' . '9' x 700 . '.m4s'],
    ['3000 digits',                   404, 'v/' . '9' x 3000 . '.m4s'],
    ['a blank before it',             404, "v/%20$n.m4s"],
    ['a blank behind it',             404, "v/$n%20.m4s"],
    ['a tab',                         404, "v/%09$n.m4s"],
    ['a line feed',                   404, "v/$n%0a.m4s"],
    ['a line feed behind it all',     404, "v/$n.m4s%0a"],
    ['digits that are not ASCII',     404, 'v/%d9%a1%d9%a2.m4s'],
    ['upper case',                    404, "v/$n.M4S"],
    ['another extension',             404, "v/$n.mp4"],
    ['two extensions',                404, "v/$n.m4s.m4s"],
    ['something behind it',           404, "v/$n.m4s/"],
    ['a slash, encoded',              404, "v/$n.m4s%2f"],
    ['a semicolon',                   404, "v/$n.m4s;x=1"],
    ['a digit, encoded',              200, 'v/%3' . substr($n, 0, 1) . substr($n, 1) . '.m4s'],
    ['arguments',                     200, "v/$n.m4s?x=%zz&&=?"],
    ['dots that lead back',           200, "x/../v/./$n.m4s"],
    ['dots, encoded',                 200, "x/%2e%2e/v/$n.m4s"],
    ['two slashes',                   200, "v//$n.m4s"],
    ['a backslash',                   404, "v\\$n.m4s"],
    ['a track that is not there',     404, "w/$n.m4s"],
    ['a track of 64 letters',         404, 'w' x 64 . "/$n.m4s"],
    ['a track of 65 letters',         404, 'w' x 65 . "/$n.m4s"],
    ['a track of 3000 letters',       404, 'w' x 3000 . "/$n.m4s"],
    ['a track of a dot',              404, ".v/$n.m4s"],
    ['a track of UTF-8',              404, "v%c3%a9/$n.m4s"],
    ['a track of bytes that are none', 404, "v%ff%fe/$n.m4s"],
    ['a pipeline in between',         404, "a/v/$n.m4s"],
    ['an init with a digest of 7',    404, 'v/init-0badc0d.mp4'],
    ['an init with a digest of 9',    404, 'v/init-0badc0de0.mp4'],
    ['an init with upper case',       404, 'v/init-0BADC0DE.mp4'],
    ['an init with no digest',        404, 'v/init-.mp4'],
    ['an init with a digest of g',    404, 'v/init-gggggggg.mp4'],
    ['another init',                  404, 'v/init.m4s'],
    ['ffmpeg\'s names',               404, 'init-stream0.m4s'],
    ['Streams()',                     404, 'Streams(v.cmfv)'],
    ['another manifest',              404, 'v/manifest.mpd'],
    ['a class that is no id',         404, "~-/v/$n.m4s"],
    ['no class',                      404, "~/v/$n.m4s"],
    ['two classes',                   404, "~a/~b/v/$n.m4s"],
    ['a class of 65 letters',         404, '~' . 'c' x 65 . "/v/$n.m4s"],
    ['a class',                       200, "~c/v/$n.m4s"],
) {
    my ($what, $status, $name) = @$_;

    row("GET: $what", $status, 'GET', "/live/ev/$name");
}

for (
    ['an event of 65 letters',        404, 'e' x 65 . '/v/1.m4s'],
    ['an event of 3000 letters',      404, 'e' x 3000 . '/v/1.m4s'],
    ['an event with a NUL in hex',    404, 'ev%5c0/v/1.m4s'],
    ['no event',                      404, ''],
    ['no name',                       404, 'ev'],
    ['a thousand levels',             404, 'a/' x 1000],
    ['a token in the wrong place',    404, "ev/v/~t/$n.m4s"],
    ['no token',                      404, "~/ev/v/$n.m4s"],
    ['a token alone',                 404, '~t'],
    ['a token of 3000 letters',       404, '~' . 't' x 3000 . "/ev/v/$n.m4s"],
    ['two tokens',                    404, "~t/~u/ev/v/$n.m4s"],
) {
    my ($what, $status, $path) = @$_;

    row("GET: $what", $status, 'GET', "/live/$path");
}

for (
    ['a NUL',                         400, "GET /live/ev/v/%00$n.m4s HTTP/1.1\r\nHost: x\r\n\r\n"],
    ['an encoding that is none',      400, "GET /live/ev/v/%zz$n.m4s HTTP/1.1\r\nHost: x\r\n\r\n"],
    ['an encoding that is cut',       400, "GET /live/ev/v/$n.m4s%3 HTTP/1.1\r\nHost: x\r\n\r\n"],
    ['above the root',                400, "GET /live/../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n"],
    ['above the root, encoded',       400, "GET /live/%2e%2e/%2e%2e/etc HTTP/1.1\r\nHost: x\r\n\r\n"],
    ['a blank',                       400, "GET /live/ev/v/ $n.m4s HTTP/1.1\r\nHost: x\r\n\r\n"],
    ['a name of 20000 letters',       414, 'GET /live/ev/' . 'v' x 20000 . " HTTP/1.1\r\nHost: x\r\n\r\n"],
    ['no method',                     400, " /live/ev/v/$n.m4s HTTP/1.1\r\nHost: x\r\n\r\n"],
    ['no Host',                       400, "GET /live/ev/v/$n.m4s HTTP/1.1\r\n\r\n"],
    ['two Hosts',                     400, "GET /live/ev/v/$n.m4s HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"],
    ['HTTP/9.9',                      505, "GET /live/ev/v/$n.m4s HTTP/9.9\r\nHost: x\r\n\r\n"],
    ['a TLS hello',                   400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"],
    ['an absolute URL',               200, "GET http://other/live/ev/v/$n.m4s HTTP/1.1\r\nHost: x\r\n\r\n"],
) {
    my ($what, $status, $bytes) = @$_;

    $t->raw($what, $status, $bytes);
}


# ---- ranges and conditions

for (
    ['from behind the end',           416, "bytes=$len-"],
    ['backwards',                     416, 'bytes=5-2'],
    ['no number',                     416, 'bytes=a-b'],
    ['no dash',                       416, 'bytes=5'],
    ['nothing',                       200, 'bytes='],
    ['a dash',                        416, 'bytes=-'],
    ['the last 0',                    416, 'bytes=-0'],
    ['two dashes',                    416, 'bytes=--5'],
    ['2^64',                          416, 'bytes=18446744073709551616-'],
    ['-2^64',                         416, 'bytes=-18446744073709551616'],
    ['30 digits',                     416, 'bytes=' . '9' x 30 . '-' . '9' x 31],
    ['to 2^62',                       206, 'bytes=0-4611686018427387904'],
    ['blanks',                        206, 'bytes= 0 - 5'],
    ['several',                       200, 'bytes=0-1,5-6'],
    ['a thousand',                    200, 'bytes=' . join ',', map { "$_-$_" } 1 .. 1000],
    ['another unit',                  200, 'items=0-5'],
    ['no unit',                       200, '0-5'],
) {
    my ($what, $status, $range) = @$_;

    row("Range: $what", $status, 'GET', "/live/ev/v/$n.m4s", undef,
        headers => ['Range', $range]);
}

for (
    ['If-None-Match', '*',                       304],
    ['If-None-Match', "W/$etag",                 304],
    ['If-None-Match', "\"x\" , $etag",           304],
    ['If-None-Match', $etag =~ s/"//gr,          200],
    ['If-None-Match', substr($etag, 0, -1),      200],
    ['If-None-Match', '"' x 999,                 200],
    ['If-None-Match', ',,,,',                    200],
    ['If-None-Match', '"' . 'x' x 6000 . '"',    200],
    ['If-None-Match', '""',                      200],
    ['If-Modified-Since', 'yesterday',           200],
    ['If-Modified-Since', 'Thu, 99 Xxx 9999',    200],
    ['If-Modified-Since', '-1',                  200],
    ['If-Range', 'nonsense',                     200],
    ['If-Range', '"x"',                          200],
) {
    my ($name, $value, $status) = @$_;

    row("$name: " . substr($value, 0, 30), $status, 'GET',
        "/live/ev/v/$n.m4s", undef, headers => [$name, $value,
        $name eq 'If-Range' ? ('Range', 'bytes=0-5') : ()]);
}

row("a body with $_", 200, $_, "/live/ev/v/$n.m4s", 'x' x 3000) for 'GET';
row("method $_", 405, $_, "/live/ev/v/$n.m4s") for qw(PATCH MKCOL LOCK BREW);
row("method $_", 405, $_, '/metrics', '') for qw(PUT POST DELETE PATCH);


# ---- a body that is refused, or ignored, is never taken for a request

my $inner = "GET /live/none HTTP/1.1\r\nHost: x\r\n\r\n";
my $after = "GET /live/ev/v/$n.m4s HTTP/1.1\r\nHost: x\r\nConnection: close"
            . "\r\n\r\n";

for (
    ['API: no id',                    400, 'PUT /api/events/-x'],
    ['API: no event',                 404, 'GET /api/events/none'],
    ['API: a method',                 405, 'PUT /api/status'],
    ['API: no such resource',         404, 'POST /api/none'],
    ['API: a document',               400, 'PUT /api/events/new'],
    ['API: status',                   200, 'GET /api/status'],
    ['API: DELETE',                   404, 'DELETE /api/events/none'],
    ['metrics',                       405, 'POST /metrics'],
    ['GET of a segment',              200, "GET /live/ev/v/$n.m4s"],
    ['GET of nothing',                404, 'GET /live/none/v/1.m4s'],
    ['OPTIONS',                       204, "OPTIONS /live/ev/v/$n.m4s"],
    ['a method of its own',           405, "BREW /live/ev/v/$n.m4s"],
    ['a manifest',                    204, 'PUT /live/ev/a/x.mpd'],
    ['DELETE of a segment',           200, "DELETE /live/ev/a/v/$n.m4s"],
    ['PUT for no event',              404, 'PUT /live/none/a/v/1.m4s', 'ours'],
    ['PUT of nonsense',               400, 'PUT /live/ev/a/v/1.m4s', 'ours'],
    ['PUT of a part',                 400, "PUT /live/ev/a/v/1.m4s", 'ours',
                                           "Content-Range: bytes 0-9/*\r\n"],
) {
    my ($what, $status, $head, $ours, $more) = @$_;

    $head .= " HTTP/1.1\r\nHost: x\r\n" . ($more || '');
    $t->statuses("the body of: $what", "$status 200", $head
                 . 'Content-Length: ' . length($inner) . "\r\n\r\n" . $inner
                 . $after, $ours);
    $t->statuses('... chunked', "$status 200", $head
                 . "Transfer-Encoding: chunked\r\n\r\n"
                 . sprintf("%x\r\n", length $inner)
                 . "$inner\r\n0\r\n\r\n" . $after, $ours);
}


# ---- the API

sub api
{
    my ($what, $status, $method, $path, $body, @o) = @_;

    my $r = row("API: $what", $status, $method, "/api/$path", $body, @o);
    my $json = eval { decode_json($r->body) };

    ok ref $json eq 'HASH' && length $json->{error}
       && defined $json->{field}, '... says why' or diag $r->body
        if $r->status >= 400;
}

for (
    ['no event',                      404, 'GET', 'events/none'],
    ['an id of 65 letters',           400, 'GET', 'events/' . 'e' x 65],
    ['an id of 3000 letters',         400, 'GET', 'events/' . 'e' x 3000],
    ['an id that is none',            400, 'GET', 'events/-e'],
    ['a blank',                       400, 'GET', 'events/e%20v'],
    ['a line feed',                   400, 'GET', 'events/e%0av'],
    ['UTF-8',                         400, 'GET', 'events/%c3%a9'],
    ['a slash behind it',             200, 'GET', 'events/ev/'],
    ['more of it',                    404, 'GET', 'events/ev/status/x'],
    ['upper case',                    404, 'GET', 'Events'],
    ['out of the folder',             400, 'PUT', 'events/..%5c..%5cetc', '{"id": "..\\\\..\\\\etc"}'],
    ['a hidden file',                 400, 'PUT', 'events/.x', '{"id": ".x"}'],
    ['an id of 65 letters',           400, 'PUT', 'events/' . 'e' x 65, '{"id": "' . 'e' x 65 . '"}'],
    ['PATCH',                         405, 'PATCH', 'events/ev', '{}'],
    ['POST',                          405, 'POST', 'events/ev', '{}'],
    ['PUT without an id',             405, 'PUT', 'events', '{}'],
    ['DELETE of all',                 405, 'DELETE', 'events'],
    ['GET of a verb',                 405, 'GET', 'events/ev/end'],
    ['PUT of the status',             405, 'PUT', 'events/ev/status', '{}'],
    ['the end of no event',           404, 'POST', 'events/none/end', ''],
) {
    my ($what, $status, $method, $path, $body) = @$_;

    api($what, $status, $method, $path, $body);
}

# documents: all for events/new, which is not there in the end

my $deep = 3000;
my $track = '{"id": "t%d", "type": "video"}';

for (
    ['no bytes',                      400, ''],
    ['blanks',                        400, "  \n"],
    ['no JSON',                       400, 'id=new'],
    ['XML',                           400, '<id>new</id>'],
    ['cut',                           400, '{"id": "new"'],
    ['cut in a string',               400, '{"id": "ne'],
    ['more behind it',                400, '{"id": "new"} x'],
    ['two documents',                 400, '{"id": "new"}{"id": "new"}'],
    ['a comma too many',              400, '{"id": "new",}'],
    ['single quotes',                 400, "{'id': 'new'}"],
    ['no quotes',                     400, '{id: "new"}'],
    ['a comment',                     400, '{"id": "new" /* x */}'],
    ['NaN',                           400, '{"id": "new", "dvr_s": NaN}'],
    ['a NUL',                         400, "{\"id\": \"new\", \"title\": \"a\0b\"}"],
    ['an escaped NUL',                400, '{"id": "new", "title": "a\u0000b"}'],
    ['half a surrogate',              400, '{"id": "new", "title": "\ud83d"}'],
    ['Latin-1',                       400, "{\"id\": \"new\", \"title\": \"\xe9\"}"],
    ['overlong UTF-8',                400, "{\"id\": \"new\", \"title\": \"\xc0\xaf\"}"],
    ['UTF-16',                        400, join '', map { "$_\0" } split //, '{"id": "new"}'],
    ['a byte order mark',             400, "\xef\xbb\xbf{\"id\": \"new\"}"],
    ['a line feed in a string',       400, "{\"id\": \"new\", \"title\": \"a\nb\"}"],
    ['an array',                      400, '["new"]'],
    ['a string',                      400, '"new"'],
    ['a number',                      400, '5'],
    ['null',                          400, 'null'],
    ['arrays in each other',          400, '{"id": "new", "x": ' . '[' x $deep . ']' x $deep . '}'],
    ['objects in each other',         400, '{"x": ' x $deep . '1' . '}' x $deep],
    ['arrays that do not end',        400, '[' x 60000],
    ['a key twice',                   400, '{"id": "new", "title": "a", "title": "b"}'],
    ['the id twice',                  400, '{"id": "new", "id": "other"}'],
    ['no id',                         400, '{}'],
    ['id: null',                      400, '{"id": null}'],
    ['id: a number',                  400, '{"id": 5}'],
    ['id: an array',                  400, '{"id": ["new"]}'],
    ['another id',                    400, '{"id": "other"}'],
    ['title: an object',              400, '{"id": "new", "title": {}}'],
    ['segment_ms: 2^64',              400, '{"id": "new", "segment_ms": 18446744073709551616}'],
    ['segment_ms: 1e999',             400, '{"id": "new", "segment_ms": 1e999}'],
    ['segment_ms: 2.5e3',             400, '{"id": "new", "segment_ms": 2.5e3}'],
    ['segment_ms: -0',                400, '{"id": "new", "segment_ms": -0}'],
    ['segment_ms: true',              400, '{"id": "new", "segment_ms": true}'],
    ['segment_ms: 1 ms',              400, '{"id": "new", "segment_ms": 1}'],
    ['segment_ms: an hour',           400, '{"id": "new", "segment_ms": 3600000}'],
    ['segment: an array',             400, '{"id": "new", "segment": [2, 1]}'],
    ['segment: too little',           400, '{"id": "new", "segment": {"timescale": 1}}'],
    ['segment: 2^63 / 1',             400, '{"id": "new", "segment": {"duration": 9223372036854775807, "timescale": 1}}'],
    ['segment: 1 / 2^63',             400, '{"id": "new", "segment": {"duration": 1, "timescale": 9223372036854775807}}'],
    ['segment: negative',             400, '{"id": "new", "segment": {"duration": -2, "timescale": -1}}'],
    ['segment and another segment_ms', 400, '{"id": "new", "segment_ms": 2000, "segment": {"duration": 3, "timescale": 1}}'],
    ['delay_ms: a string',            400, '{"id": "new", "delay_ms": "1"}'],
    ['dvr_s: 10^18',                  400, '{"id": "new", "dvr_s": 1000000000000000000}'],
    ['playlist_s: 0',                 400, '{"id": "new", "playlist_s": 0}'],
    ['start: nonsense',               400, '{"id": "new", "start": "2026-13-45T99:99:99Z"}'],
    ['start: an array',               400, '{"id": "new", "start": []}'],
    ['end: 10^300',                   400, '{"id": "new", "end": 1e300}'],
    ['zone_share: -1',                400, '{"id": "new", "zone_share": -1}'],
    ['zone_share: 16x',               400, '{"id": "new", "zone_share": "16x"}'],
    ['zone_share: 2^70',              400, '{"id": "new", "zone_share": "1180591620717411303424"}'],
    ['zone_share: of the moon',       507, '{"id": "new", "zone_share": "1g"}'],
    ['pipelines: no ids',             400, '{"id": "new", "pipelines": ["a b"]}'],
    ['pipelines: numbers',            400, '{"id": "new", "pipelines": [1, 2]}'],
    ['pipelines: five',               400, '{"id": "new", "pipelines": ["a", "b", "c", "d", "e"]}'],
    ['tracks: an object',             400, '{"id": "new", "tracks": {}}'],
    ['tracks: strings',               400, '{"id": "new", "tracks": ["v"]}'],
    ['tracks: no id',                 400, '{"id": "new", "tracks": [{}]}'],
    ['tracks: an id that is none',    400, '{"id": "new", "tracks": [{"id": "../v"}]}'],
    ['tracks: twice the same',        400, '{"id": "new", "tracks": [{"id": "v"}, {"id": "v"}]}'],
    ['tracks: 65',                    400, '{"id": "new", "tracks": [' . join(',', map { sprintf $track, $_ } 1 .. 65) . ']}'],
    ['type: smell',                   400, '{"id": "new", "tracks": [{"id": "v", "type": "smell"}]}'],
    ['codec: a tag',                  400, '{"id": "new", "tracks": [{"id": "v", "codec": 5}]}'],
    ['width: -1',                     400, '{"id": "new", "tracks": [{"id": "v", "width": -1}]}'],
    ['width: 2^40',                   400, '{"id": "new", "tracks": [{"id": "v", "width": 1099511627776}]}'],
    ['fps: 0',                        400, '{"id": "new", "tracks": [{"id": "v", "fps": 0}]}'],
    ['fps: 25/0',                     400, '{"id": "new", "tracks": [{"id": "v", "fps": "25/0"}]}'],
    ['bitrate: 2^64',                 400, '{"id": "new", "tracks": [{"id": "v", "bitrate": 18446744073709551616}]}'],
    ['lang: a sentence',              400, '{"id": "new", "tracks": [{"id": "v", "lang": "' . 'x' x 80 . '"}]}'],
    ['naming: a string',              400, '{"id": "new", "naming": "x"}'],
    ['naming: no number',             400, '{"id": "new", "naming": {"media": "x.m4s"}}'],
    ['naming: an open dollar',        400, '{"id": "new", "naming": {"media": "$Number.m4s"}}'],
    ['naming: a width of 999',        400, '{"id": "new", "naming": {"media": "$Number%0999d$.m4s"}}'],
    ['naming: of 300 letters',        400, '{"id": "new", "naming": {"media": "' . 'x' x 300 . '$Number$"}}'],
    ['more than 64 KB',               413, '{"id": "new", "title": "' . 'x' x 70000 . '"}'],
) {
    my ($what, $status, $body) = @$_;

    api("document, $what", $status, 'PUT', 'events/new', $body);
}

row('more than client_max_body_size', 413, 'PUT', '/api/events/new',
    'x' x 2000000);
api('document, gzip', 400, 'PUT', 'events/new', "\x1f\x8b\x08" . 'x' x 99,
    headers => ['Content-Encoding', 'gzip']);
is $t->ng->get('/api/events/new')->status, 404, 'none of them is there';
is join(' ', map { $_->{id} } @{$t->ng->get('/api/events')->json->{events}}),
    'ev', '... nor anything else';
is join(' ', map { s!.*/!!r } glob $t->ng->events_dir . '/*'), 'ev.json',
    '... nor a file';

# a document over one that is there: refused, it changes nothing

api('a change of nonsense', 400, 'PUT', 'events/ev', '{"id": "ev", "x"');
api('a change of the wrong type', 400, 'PUT', 'events/ev',
    '{"id": "ev", "tracks": 5}');
is $t->ng->get('/api/events/ev')->json->{dvr_s}, 1800, '... nothing changed';

cmp_ok $t->rows, '>=', 180, 'rows';
$t->finish(qr/temporary file|too large body/);
done_testing;
