package LiveOrigin::Edit;

# Making good media bad: boxes are changed where they lie, and the sizes of
# what encloses them with them.
#
#     edit($bytes, 'moof/traf/tfdt', sub { my ($type, $content) = @_; ... });
#
# calls for the first box of that path; what comes back (bytes of boxes, or
# nothing) takes its place.  Shorthands:
#
#     drop($bytes, $path)                     without it
#     twice($bytes, $path)                    two of it
#     content($bytes, $path, $content)        another content
#     patch($bytes, $path, $at, $bytes)       some bytes of its content
#     resize($bytes, $path, $size)            its size says this; what encloses
#                                             it keeps its own
#     before($bytes, $path, $more)            $more stands before it
#     into($bytes, $path, $more)              $more is its last child
#     at($bytes, $path)                       the offset of its first byte
#     refit($bytes)                           trun's data offsets fit again

use strict;
use warnings;

use Exporter 'import';

use LiveOrigin::Media qw(box);

our @EXPORT_OK = qw(edit drop twice content patch resize before into at
                    refit);

# what stands in a container before its first child

my %head = (stsd => 8, avc1 => 78, encv => 78, mp4a => 28, enca => 28,
            dref => 8);


sub _find
{
    my ($bytes, $from, $to, $path) = @_;

    my ($first, $rest) = split m!/!, $path, 2;

    for (my $p = $from; $p + 8 <= $to; ) {
        my ($size, $type) = unpack("Na4", substr($bytes, $p, 8));

        die "no $path to edit\n" if $size < 8 || $p + $size > $to;

        if ($type eq $first) {
            return [$p, $size, $type] if !defined $rest;

            return [$p, $size, $type],
                   _find($bytes, $p + 8 + ($head{$type} || 0), $p + $size,
                         $rest);
        }

        $p += $size;
    }

    die "no $path to edit\n";
}


sub edit
{
    my ($bytes, $path, $with) = @_;

    my @boxes = _find($bytes, 0, length $bytes, $path);
    my ($at, $size, $type) = @{pop @boxes};
    my $new = $with->($type, substr($bytes, $at + 8, $size - 8));

    substr($bytes, $at, $size, $new);

    for my $outer (@boxes) {
        substr($bytes, $outer->[0], 4,
               pack("N", $outer->[1] + length($new) - $size));
    }

    return $bytes;
}


sub drop { return edit(@_[0, 1], sub { '' }) }


sub twice
{
    return edit(@_[0, 1], sub { box(@_) . box(@_) });
}


sub content
{
    my ($bytes, $path, $content) = @_;

    return edit($bytes, $path, sub { box($_[0], $content) });
}


sub patch
{
    my ($bytes, $path, $at, $new) = @_;

    return edit($bytes, $path, sub {
        my ($type, $content) = @_;

        substr($content, $at, length $new, $new);

        return box($type, $content);
    });
}


sub at
{
    my ($bytes, $path) = @_;

    return (_find($bytes, 0, length $bytes, $path))[-1][0];
}


sub resize
{
    my ($bytes, $path, $size) = @_;

    substr($bytes, at($bytes, $path), 4, pack("N", $size));

    return $bytes;
}


sub before
{
    my ($bytes, $path, $more) = @_;

    return edit($bytes, $path, sub { $more . box(@_) });
}


sub into
{
    my ($bytes, $path, $more) = @_;

    return edit($bytes, $path, sub { box(@_, $more) });
}


# for segments with one moof and one mdat that follows it

sub refit
{
    my ($bytes) = @_;

    my $from = at($bytes, 'mdat') - at($bytes, 'moof') + 8;

    return patch($bytes, 'moof/traf/trun', 8, pack("N", $from));
}

1;
