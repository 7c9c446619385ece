package LiveOrigin::Disk;

# A folder for live_origin_archive, on a disk that does what a test asks of it
# (t/lib/disk_fault.c):
#
#   my $disk = LiveOrigin::Disk->new;      # before nginx is started
#   $disk->dir;                            # for live_origin_archive
#   $disk->fault('delay 300');             # or 'fail 5 .seg.tmp', or ''
#   $disk->event('ev');                    # the folder of an event; undef
#   $disk->segment('ev', 'v', $number);    # the name of a segment's file
#   $disk->live('ev')->{phase};            # what is recorded of an event

use strict;
use warnings;

use File::Temp qw(tempdir);

sub new
{
    my ($class) = @_;
    my $tmp = tempdir('lo-disk-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    my $self = bless {tmp => $tmp, dir => "$tmp/disk",
                      control => "$tmp/control"}, $class;

    chmod 0755, $tmp;
    mkdir $self->{dir};
    chown((getpwnam 'nobody')[2, 3], $self->{dir}) if $> == 0;

    system('cc', '-shared', '-fPIC', '-O1', qq(-DDISK="$self->{dir}"),
           qq(-DCONTROL="$self->{control}"), '-o', "$tmp/disk_fault.so",
           't/lib/disk_fault.c') == 0 or die "no shim\n";

    $ENV{LO_PRELOAD} = join ':', grep { $_ } $ENV{LO_PRELOAD},
                                             "$tmp/disk_fault.so";

    return $self;
}

sub dir { return $_[0]{dir} }

sub fault
{
    my ($self, $what) = @_;
    my $new = "$self->{control}.new";

    open(my $f, '>', $new) or die "$new: $!\n";
    print $f $what;
    close $f;
    chmod 0644, $new;
    rename $new, $self->{control};
}

sub event
{
    my ($self, $id) = @_;

    # the newest: an id and when it was made

    return (sort glob "$self->{dir}/main/$id~*")[-1];
}

sub segment
{
    my ($self, $id, $track, $n) = @_;

    return sprintf '%s/%s/%d/%d.seg', $self->event($id) // '', $track,
                   $n / 1000, $n;
}

# behind the head of the file, version and size

sub live
{
    my ($self, $id) = @_;

    open my $f, '<:raw', ($self->event($id) // '') . '/_live' or return {};
    local $/;

    my @phases = qw(scheduled live ended);

    return {phase => $phases[unpack 'V', substr <$f>, 192 + 8, 4] // '?'};
}

1;
