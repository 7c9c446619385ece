package LiveOrigin::Mpd;

# MPDs as a player has them: parsed, checked against the schema, patched.
#
#     my $mpd = LiveOrigin::Mpd->parse($text);
#     $mpd->find('/MPD/Period[@id='1']/AdaptationSet');     # all that match
#     $node->{name}, $node->{attr}{startNumber}, $node->text;
#     $mpd->patch($text);               # RFC 5261, as far as MPDs use it
#     $mpd->canon;                      # equal: the same MPD
#
#     LiveOrigin::Mpd::valid($text, 'DASH-MPD.xsd')
#                                       # '': it is; undef: LO_DASH_SCHEMA,
#                                       # a folder, is not given; else why not

use strict;
use warnings;

use File::Temp;

my %entity = (amp => '&', lt => '<', gt => '>', quot => '"', apos => "'");


sub _plain
{
    my ($s) = @_;

    return $s =~ s/&(\w+);/$entity{$1} \/\/ die "&$1;"/ger;
}


# a tree of {name, attr => {}, kids => [nodes and strings]}

sub parse
{
    my ($class, $text) = @_;

    my $root = bless {name => '', attr => {}, kids => []}, $class;
    my @open = ($root);

    $text =~ s/^<\?xml[^>]*\?>//;

    while ($text =~ m{\G(?:<(/?)([\w:]+)((?:\s+[\w:]+="[^"<]*")*)\s*(/?)>
                         |([^<]+))}gcx)
    {
        my ($end, $name, $attrs, $empty, $chars) = ($1, $2, $3, $4, $5);

        if (defined $chars) {
            push @{$open[-1]{kids}}, _plain($chars) if $chars =~ /\S/;

        } elsif ($end) {
            die "</$name> of $open[-1]{name}" if $open[-1]{name} ne $name;
            pop @open;

        } else {
            my $n = bless {name => $name, attr => {}, kids => []}, $class;

            $n->{attr}{$1} = _plain($2) while $attrs =~ /([\w:]+)="([^"]*)"/g;
            push @{$open[-1]{kids}}, $n;
            push @open, $n unless $empty;
        }
    }

    die 'not well-formed at ' . substr($text, pos($text) // 0, 60)
        if (pos($text) // 0) < length $text || @open != 1;

    return $root;
}


sub nodes { return grep { ref } @{$_[0]{kids}} }

sub text { return join '', grep { !ref } @{$_[0]{kids}} }


sub canon
{
    my ($self) = @_;

    my $attrs = join '', map { " $_=\"$self->{attr}{$_}\"" }
                         sort keys %{$self->{attr}};
    my $kids = join '', map { ref $_ ? $_->canon : s/^\s+|\s+$//gr }
                        @{$self->{kids}};

    return $self->{name} eq '' ? $kids
           : "<$self->{name}$attrs>$kids</$self->{name}>\n";
}


# [parent, node]s of NAME[@id='X']/NAME[2]/...

sub _find
{
    my ($self, $sel) = @_;

    my @at = ([undef, $self]);

    for my $step (split m{/(?=(?:[^']*'[^']*')*[^']*$)}, $sel =~ s{^/}{}r) {
        my ($name, $id, $pos)
            = $step =~ /^([\w:]+)(?:\[\@id='([^']*)'\]|\[(\d+)\])?$/
            or die "a selector: $sel";

        @at = map { my $p = $_->[1]; map { [$p, $_] }
                    grep { $_->{name} eq $name } $p->nodes } @at;
        @at = grep { ($_->[1]{attr}{id} // '') eq $id } @at if defined $id;
        @at = @at >= $pos ? $at[$pos - 1] : () if defined $pos;
    }

    return @at;
}

sub find { my ($self, $sel) = @_; return map { $_->[1] } $self->_find($sel) }


sub _splice
{
    my ($parent, $node, $before, @new) = @_;

    my @kids = @{$parent->{kids}};
    my ($i) = grep { ref $kids[$_] && $kids[$_] == $node } 0 .. $#kids;

    splice @{$parent->{kids}}, $before ? $i : $i + 1, 0, @new;
}


sub patch
{
    my ($self, $text) = @_;

    my ($patch) = LiveOrigin::Mpd->parse($text)->nodes;
    my ($mpd) = $self->nodes;

    die 'no Patch' if $patch->{name} ne 'Patch';
    die 'of another MPD' if $patch->{attr}{mpdId} ne $mpd->{attr}{id};
    die 'of another version'
        if $patch->{attr}{originalPublishTime} ne $mpd->{attr}{publishTime};

    for my $op ($patch->nodes) {
        my ($sel, $attr) = $op->{attr}{sel} =~ m{^(.*?)(?:/@([\w:]+))?$};
        my @at = $self->_find($sel);

        die "$op->{attr}{sel}: " . @at . ' nodes' if @at != 1;

        my ($parent, $node) = @{$at[0]};
        my $pos = $op->{attr}{pos} || '';

        if ($attr) {
            die "no \@$attr" if !exists $node->{attr}{$attr};
            $node->{attr}{$attr} = $op->text;
            delete $node->{attr}{$attr} if $op->{name} eq 'remove';

        } elsif ($op->{name} eq 'add' && $pos =~ /^(before|after)$/) {
            _splice($parent, $node, $pos eq 'before', $op->nodes);

        } elsif ($op->{name} eq 'add') {
            push @{$node->{kids}}, $op->nodes;

        } else {
            die 'one for one' if $op->{name} eq 'replace' && $op->nodes != 1;
            _splice($parent, $node, 0, $op->nodes);
            @{$parent->{kids}} = grep { !ref $_ || $_ != $node }
                                 @{$parent->{kids}};
        }
    }

    die 'publishTime' if $mpd->{attr}{publishTime}
                         ne $patch->{attr}{publishTime};

    return $self;
}


sub valid
{
    my ($text, $schema) = @_;

    return undef if !$ENV{LO_DASH_SCHEMA};

    my $f = File::Temp->new(SUFFIX => '.xml');

    print $f $text;
    $f->flush;

    my $said = `xmllint --nonet --noout --schema '$ENV{LO_DASH_SCHEMA}/$schema' $f 2>&1`;

    return $? == 0 ? '' : $said;
}


1;
