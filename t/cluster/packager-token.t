# live-packager publishes with a bearer token, which is on no command line and
# in no log.

use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

use lib 't/lib';
use LiveOrigin::Encode qw(encode);
use LiveOrigin::Nginx qw(wait_for);

my $build = LiveOrigin::Nginx::build();
my $dir = tempdir(CLEANUP => 1);
my $token = 'a.bearer-token_of/this+test';
my $input = "$dir/in.nut";
my $log = '';

encode($input, fps => 25, rate => 48000, d => [1, 1], seconds => 3);
write_file("$dir/keys.json", '{"tokens": [{"id": "t", "bearer": "' . $token
           . '", "use": ["publish"], "pipeline": "a"}]}');
write_file("$dir/token", "$token\n");
write_file("$dir/wrong", "another.bearer-token\n");
write_file("$dir/two", "two words\n");
write_file("$dir/empty", "\n");

my $ng = LiveOrigin::Nginx->start(
    size => '64m', live => "live_origin_publish_auth $dir/keys.json;"
                           . ' live_origin_auto_event on;');


sub write_file
{
    my ($path, $text) = @_;

    open my $fh, '>', $path or die "$path: $!\n";
    print $fh $text;
    close $fh;
    chmod 0600, $path;

    return;
}


sub packager
{
    my ($event, $env, @o) = @_;

    local $ENV{LIVE_PACKAGER_TOKEN} = $env;
    delete $ENV{LIVE_PACKAGER_TOKEN} if !defined $env;

    open my $pipe, '-|', 'sh', '-c', 'exec "$@" 2>&1 < /dev/null', 'sh',
         "$build/bin/live-packager", '--event-id', $event, '--pipeline', 'a',
         '--origin', $ng->url . '/live', '--input', $input, '--segment', '1s',
         '--clock', 'utc', @o or die;

    my $text = join '', <$pipe>;

    close $pipe;
    $log .= $text;

    return ($? >> 8, $text);
}


sub there
{
    my ($event) = @_;

    return $ng->get("/api/events/$event/status")->status == 200;
}


packager('file', undef, '--lossless', '--token-file', "$dir/token");
ok there('file'), 'with the token of a file';
packager('env', $token, '--lossless');
ok there('env'), 'with that of the environment';
packager('both', 'another.bearer-token', '--lossless', '--token-file',
         "$dir/token");
ok there('both'), 'the file comes first';

my (undef, $text) = packager('none', undef);

ok !there('none'), 'without one nothing is published';
like $text, qr/403/, '... and the log says so';
packager('wrong', undef, '--token-file', "$dir/wrong");
ok !there('wrong'), 'nor with a wrong one';

for (['two', qr/one word/], ['empty', qr/one word/],
     ['not-there', qr/No such file/])
{
    my ($name, $why) = @$_;
    my ($exit, $out) = packager('x', undef, '--token-file', "$dir/$name");

    is $exit, 1, "a file that is no token: $name";
    like $out, $why, '... says so';
    unlike $out, qr/two words/, '... without what is in it';
}

my ($exit) = packager("x", "two words");

is $exit, 1, "nor the environment";

unlike $log, qr/\Q$token\E/, 'no log of it holds the token';
unlike $ng->log, qr/\Q$token\E/, 'nor of nginx';

$ng->stop;
done_testing;
