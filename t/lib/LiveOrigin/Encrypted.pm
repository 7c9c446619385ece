package LiveOrigin::Encrypted;

# Media that shaka-packager (npm) has encrypted, for ClearKey and others.
#
#     my $m = encrypted('cbcs', [seconds => 8], [dir => '...']);
#     $m->{v}{init}; $m->{v}{segments}[0]; $m->{a}...    # of 2 s, bytes
#
#     kid($track), key($track)       # hexadecimal digits
#     kid_url($track), key_url($track)   # base64url
#     key_file()                     # for live_origin_clearkey
#
# Video is 320x180 at 25 fps, key frames every 2 s; both inits have pssh boxes
# of Widevine, PlayReady and the common system.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter 'import';
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use MIME::Base64 qw(encode_base64url);
use Test::More ();

use LiveOrigin::Encode qw(run_quiet);

our @EXPORT_OK = qw(encrypted kid key kid_url key_url key_file);

my $root = abs_path(dirname(__FILE__) . '/../../..');

my %key = (v => ['00112233445566778899aabbccddeeff',
                 '0123456789abcdef0123456789abcdef'],
           a => ['10112233445566778899aabbccddeeff',
                 '1123456789abcdef0123456789abcdef']);


sub kid     { return $key{$_[0]}[0] }
sub key     { return $key{$_[0]}[1] }
sub kid_url { return encode_base64url(pack 'H*', kid($_[0])) }
sub key_url { return encode_base64url(pack 'H*', key($_[0])) }

sub key_file
{
    return join '', map { "@{$key{$_}}\n" } sort keys %key;
}


sub packager
{
    chomp(my $arch = `uname -m`);

    my $shaka = "$root/t/cluster/node_modules/shaka-packager/bin/"
                . 'packager-linux-' . ($arch eq 'aarch64' ? 'arm64' : 'x64');

    -x $shaka or Test::More::BAIL_OUT("$shaka is missing: "
                                      . 'npm ci --prefix t/cluster');

    return $shaka;
}


sub encrypted
{
    my ($scheme, %o) = @_;

    my $dir = $o{dir}
              || tempdir('lo-encrypted-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    my $shaka = packager();

    run('ffmpeg', '-nostdin', '-hide_banner', '-loglevel', 'error',
        '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25',
        '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000',
        '-t', $o{seconds} || 8, '-c:v', 'libx264', '-preset', 'ultrafast',
        '-g', 50, '-sc_threshold', 0, '-bf', 0, '-c:a', 'aac', "$dir/in.mp4");

    my %stream = (v => 'video', a => 'audio');

    run($shaka,
        map({ "in=$dir/in.mp4,stream=$stream{$_},drm_label=$_,"
              . "init_segment=$dir/$_/init.mp4,"
              . "segment_template=$dir/$_/\$Number\$.m4s" } qw(v a)),
        '--segment_duration', 2, '--fragment_duration', 2, '--clear_lead', 0,
        '--protection_scheme', $scheme, '--enable_raw_key_encryption',
        '--protection_systems', 'Widevine,PlayReady,CommonSystem', '--keys',
        join(',', map { "label=$_:key_id=$key{$_}[0]:key=$key{$_}[1]" }
                  sort keys %key),
        '--mpd_output', "$dir/manifest.mpd");

    return { dir => $dir, mpd => slurp("$dir/manifest.mpd"),
             map { $_ => track("$dir/$_") } keys %stream };
}


sub run
{
    my ($rc, $out) = run_quiet(@_);

    $rc == 0 or die "$_[0]: $out\n";

    return;
}


sub track
{
    my ($dir) = @_;
    my @segments;

    for (my $n = 1; -e "$dir/$n.m4s"; $n++) {
        push @segments, slurp("$dir/$n.m4s");
    }

    return { init => slurp("$dir/init.mp4"), segments => \@segments };
}


sub slurp
{
    my ($path) = @_;

    open my $fh, '<:raw', $path or die "$path: $!\n";
    local $/;

    return <$fh>;
}

1;
