package LiveOrigin::Hls;

# The MUST rules of rfc8216bis that a playlist can be held to.
#
#     lint($body)           complaints of one playlist; none: ()
#     lint_reload($a, $b)   ... of a media playlist that was $a before
#     attributes($line)     {NAME => value}, quoted strings without quotes
#     segments($body)       [{number, uri, extinf, gap, map, pdt, run}, ...]

use strict;
use warnings;

use Exporter 'import';

our @EXPORT_OK = qw(lint lint_reload attributes segments);

my $quoted = qr/"[^"\r\n]*"/;
my $stable = qr/"[A-Za-z0-9+\/=.\-_]+"/;
my $date = qr/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"/;
my $int = qr/\d{1,20}/;
my $decimal = qr/\d+(?:\.\d+)?/;
my $yes = qr/YES|NO/;

# the attributes whose form is fixed; those in capitals have to be there

my %tags = (
    'EXT-X-MEDIA' => {
        must => [qw(TYPE GROUP-ID NAME)],
        TYPE => qr/AUDIO|VIDEO|SUBTITLES|CLOSED-CAPTIONS/, URI => $quoted,
        'GROUP-ID' => $quoted, LANGUAGE => $quoted, NAME => $quoted,
        'STABLE-RENDITION-ID' => $stable, DEFAULT => $yes,
        AUTOSELECT => $yes, FORCED => $yes, CHARACTERISTICS => $quoted,
        CHANNELS => qr/"\d+(?:\/[A-Z0-9,\/-]+)?"/ },
    'EXT-X-STREAM-INF' => {
        must => [qw(BANDWIDTH)],
        BANDWIDTH => $int, 'AVERAGE-BANDWIDTH' => $int, SCORE => $decimal,
        CODECS => $quoted, 'SUPPLEMENTAL-CODECS' => $quoted,
        RESOLUTION => qr/\d+x\d+/, 'FRAME-RATE' => qr/\d+\.\d{3}/,
        'HDCP-LEVEL' => qr/NONE|TYPE-0|TYPE-1/,
        'VIDEO-RANGE' => qr/SDR|HLG|PQ/, 'STABLE-VARIANT-ID' => $stable,
        AUDIO => $quoted, SUBTITLES => $quoted, 'PATHWAY-ID' => $quoted },
    'EXT-X-SESSION-DATA' => {
        must => [qw(DATA-ID)], 'DATA-ID' => $quoted, VALUE => $quoted,
        URI => $quoted, LANGUAGE => $quoted },
    'EXT-X-MAP' => { must => [qw(URI)], URI => $quoted },
    'EXT-X-KEY' => {
        must => [qw(METHOD)], URI => $quoted, KEYFORMAT => $quoted,
        KEYFORMATVERSIONS => $quoted, KEYID => qr/0[xX][0-9A-Fa-f]+/ },
    'EXT-X-DATERANGE' => {
        must => [qw(ID START-DATE)], ID => $quoted, CLASS => $quoted,
        'START-DATE' => $date, 'END-DATE' => $date, DURATION => $decimal,
        'PLANNED-DURATION' => $decimal,
        map { $_ => qr/0x[0-9A-F]+/ } qw(SCTE35-CMD SCTE35-OUT SCTE35-IN) },
    'EXT-X-CONTENT-STEERING' => { must => [qw(SERVER-URI)],
                                  'SERVER-URI' => $quoted },
    map { $_ => { must => [] } } qw(EXT-X-PART EXT-X-PART-INF EXT-X-SKIP
        EXT-X-PRELOAD-HINT EXT-X-RENDITION-REPORT EXT-X-SERVER-CONTROL
        EXT-X-START EXT-X-DEFINE),
);

$tags{'EXT-X-I-FRAME-STREAM-INF'} = { %{$tags{'EXT-X-STREAM-INF'}},
                                      must => [qw(BANDWIDTH URI)] };
$tags{'EXT-X-SESSION-KEY'} = $tags{'EXT-X-KEY'};

my %plain = map { $_ => 1 } qw(EXTM3U EXT-X-VERSION EXTINF
    EXT-X-INDEPENDENT-SEGMENTS EXT-X-TARGETDURATION EXT-X-MEDIA-SEQUENCE
    EXT-X-DISCONTINUITY-SEQUENCE EXT-X-DISCONTINUITY EXT-X-GAP
    EXT-X-PROGRAM-DATE-TIME EXT-X-ENDLIST EXT-X-I-FRAMES-ONLY
    EXT-X-PLAYLIST-TYPE);


sub _raw
{
    my ($line) = @_;

    my ($list) = $line =~ /^[^:]*:(.*)$/;
    my @found;

    while (defined $list && length $list) {
        $list =~ s/^([A-Z0-9-]+)=("[^"]*"|[^",\s]+)(?:,(?=.)|$)//
            or return (undef, @found);
        push @found, [$1, $2];
    }

    return (1, @found);
}


sub attributes
{
    my ($ok, @found) = _raw(@_);

    return { map { $_->[0] => $_->[1] =~ s/^"(.*)"$/$1/r } @found };
}


sub _tag
{
    my ($name, $line) = @_;

    my ($ok, @found) = _raw($line);
    my $spec = $tags{$name};
    my (%seen, @bad);

    push @bad, "attributes of $line" unless $ok;

    for (@found) {
        my ($attr, $value) = @$_;

        push @bad, "$attr twice in $line" if $seen{$attr}++;
        push @bad, "$attr=$value in $name"
            if $spec->{$attr} && $value !~ /^(?:$spec->{$attr})$/;
        push @bad, "$attr=$value in $name"
            if $attr =~ /^X-/
               && $value !~ /^(?:$quoted|-?$decimal|0x[0-9A-F]+)$/;
    }

    push @bad, map { "no $_ in $line" } grep { !$seen{$_} } @{$spec->{must}};

    return @bad;
}


sub lint
{
    my ($body) = @_;

    my @lines = split /\n/, $body, -1;
    my (@bad, %count);

    push @bad, 'no newline at the end' if pop @lines ne '';
    push @bad, 'does not begin with EXTM3U' if $lines[0] ne '#EXTM3U';

    for (@lines) {
        push @bad, "a control character in $_"
            if /[\x00-\x1f\x7f]|\xc2[\x80-\x9f]/;
        push @bad, 'an empty line' if $_ eq '';
        next unless /^#(EXT[^:]*)/;

        my $name = $1;

        $count{$name}++;

        if ($tags{$name}) {
            push @bad, _tag($name, $_);

        } elsif (!$plain{$name}) {
            push @bad, "unknown tag $_";
        }
    }

    push @bad, map { "$_ $count{$_} times" } grep { ($count{$_} || 0) > 1 }
        qw(EXTM3U EXT-X-VERSION EXT-X-TARGETDURATION EXT-X-MEDIA-SEQUENCE
           EXT-X-DISCONTINUITY-SEQUENCE EXT-X-ENDLIST EXT-X-I-FRAMES-ONLY
           EXT-X-SERVER-CONTROL EXT-X-PART-INF EXT-X-CONTENT-STEERING
           EXT-X-PLAYLIST-TYPE EXT-X-SKIP);

    return (@bad, $count{'EXT-X-TARGETDURATION'} ? _media(\%count, @lines)
                                                 : _master(\%count, @lines));
}


sub _media
{
    my ($count, @lines) = @_;

    my ($target) = map { /^#EXT-X-TARGETDURATION:(\d+)$/ } @lines;
    my (@bad, $extinf, $map, $gap, $segments, %range);

    return 'no target duration' unless $target;

    push @bad, map { "$_ in a media playlist" } grep { $count->{$_} }
        qw(EXT-X-MEDIA EXT-X-STREAM-INF EXT-X-I-FRAME-STREAM-INF
           EXT-X-SESSION-DATA EXT-X-SESSION-KEY EXT-X-CONTENT-STEERING);

    for (@lines) {
        if (/^#EXTINF:(.*)$/) {
            push @bad, 'two EXTINF in a row' if defined $extinf;
            ($extinf) = $1 =~ /^(\d+(?:\.\d+)?),/;
            push @bad, "form of $_" unless defined $extinf;
            push @bad, "$_ is beyond $target"
                if int(($extinf || 0) + 0.5) > $target;
        }

        push @bad, "$_ behind a segment"
            if $segments && /^#EXT-X-(?:MEDIA|DISCONTINUITY)-SEQUENCE:/;
        push @bad, "form of $_" if /^#EXT-X-PROGRAM-DATE-TIME:/
            && !/^#[A-Z-]+:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
        push @bad, _range($_, \%range) if /^#EXT-X-DATERANGE:/;
        $map = 1 if /^#EXT-X-MAP:/;
        $gap = 1 if /^#EXT-X-GAP$/;
        next if /^#/;

        push @bad, "no EXTINF before $_" unless defined $extinf;
        push @bad, "no MAP before $_" unless $map || $gap;
        ($extinf, $gap) = ();
        $segments++;
    }

    push @bad, map { "form of $_" } grep { /^#EXT-X-PLAYLIST-TYPE/
        && !/^#EXT-X-PLAYLIST-TYPE:(?:EVENT|VOD)$/ } @lines;
    push @bad, 'VOD without ENDLIST'
        if !$count->{'EXT-X-ENDLIST'}
           && grep { $_ eq '#EXT-X-PLAYLIST-TYPE:VOD' } @lines;
    push @bad, 'DATERANGE without PROGRAM-DATE-TIME'
        if %range && !$count->{'EXT-X-PROGRAM-DATE-TIME'};
    push @bad, 'EXTINF without a segment' if defined $extinf;

    return (@bad, _low($count, $target, @lines));
}


# low latency, and the versions that tags take

sub _low
{
    my ($count, $target, @lines) = @_;

    my ($version) = map { /^#EXT-X-VERSION:(\d+)$/ } @lines;
    my ($control) = map { attributes($_) } grep { /^#EXT-X-SERVER-CON/ } @lines;
    my ($part) = map { attributes($_)->{'PART-TARGET'} }
                 grep { /^#EXT-X-PART-INF:/ } @lines;
    my (@bad, @parts, $extinf);

    push @bad, "version $version with a gap"
        if $count->{'EXT-X-GAP'} && ($version || 1) < 8;
    push @bad, "version $version of a delta update"
        if $count->{'EXT-X-SKIP'} && ($version || 1) < 9;
    push @bad, 'a hint behind the end'
        if $count->{'EXT-X-ENDLIST'} && $count->{'EXT-X-PRELOAD-HINT'};

    my %least = ('CAN-SKIP-UNTIL' => 6 * $target, 'HOLD-BACK' => 3 * $target,
                 'PART-HOLD-BACK' => 2 * ($part || 0));

    push @bad, map { "$_ is less than $least{$_}" }
               grep { defined $control->{$_} && $control->{$_} < $least{$_} }
               sort keys %least;
    push @bad, 'parts without PART-INF and PART-HOLD-BACK'
        if $count->{'EXT-X-PART'}
           && !($part && defined $control->{'PART-HOLD-BACK'});

    for (@lines) {
        $extinf = $1 if /^#EXTINF:([\d.]+),/;
        push @parts, attributes($_) if /^#EXT-X-PART:/;
        push @bad, "$_ is beyond $part" if /^#EXT-X-PART:DURATION=([\d.]+)/
                                           && $1 > ($part || 0);
        next if /^#/;

        my $sum = 0;

        $sum += $_->{DURATION} for @parts;
        push @bad, "parts of $_ are $sum long, not $extinf"
            if @parts && abs($sum - ($extinf || 0)) > 0.001;
        pop @parts;
        push @bad, map { "a short part: $_->{URI}" }
            grep { $_->{DURATION} < 0.85 * ($part || 0)
                   && ($_->{INDEPENDENT} || '') ne 'YES' } @parts;
        @parts = ();
    }

    return @bad;
}


# one ID: one start, and no attribute that says something else

sub _range
{
    my ($line, $range) = @_;

    my $a = attributes($line);
    my $was = $range->{$a->{ID}} ||= $a;
    my @bad = map { "$_ of $a->{ID} changes" }
              grep { defined $was->{$_} && $was->{$_} ne $a->{$_} } keys %$a;

    push @bad, "$a->{ID} ends before it begins"
        if defined $a->{'END-DATE'} && $a->{'END-DATE'} lt $a->{'START-DATE'};

    return @bad;
}


sub _master
{
    my ($count, @lines) = @_;

    my (@bad, %groups, %names, %default, %data, $variant);

    push @bad, map { "$_ in a multivariant playlist" } grep { $count->{$_} }
        qw(EXTINF EXT-X-MAP EXT-X-KEY EXT-X-GAP EXT-X-DISCONTINUITY
           EXT-X-MEDIA-SEQUENCE EXT-X-DATERANGE EXT-X-PROGRAM-DATE-TIME);

    for (grep { /^#EXT-X-MEDIA:/ } @lines) {
        my $a = attributes($_);
        my $group = "$a->{TYPE} $a->{'GROUP-ID'}";

        $groups{$group}++;
        push @bad, "NAME twice: $_" if $names{"$group $a->{NAME}"}++;
        next unless ($a->{DEFAULT} || '') eq 'YES';
        push @bad, "a second DEFAULT: $_" if $default{$group}++;
        push @bad, "DEFAULT that is not AUTOSELECT: $_"
            if ($a->{AUTOSELECT} || 'YES') eq 'NO';
    }

    push @bad, map { "FORCED audio: $_" }
        grep { /TYPE=AUDIO.*FORCED=/ } @lines;

    for (@lines) {
        push @bad, "no variant before $_" if !/^#/ && !$variant;
        push @bad, "$_ behind EXT-X-STREAM-INF" if /^#/ && $variant;
        $variant = /^#EXT-X-STREAM-INF:/;

        my $a = /^#EXT-X-(?:STREAM-INF|SESSION-DATA):/ ? attributes($_) : {};

        for my $type (qw(AUDIO SUBTITLES)) {
            push @bad, "no group $a->{$type}"
                if defined $a->{$type} && !$groups{"$type $a->{$type}"};
        }

        next unless defined $a->{'DATA-ID'};
        push @bad, "either VALUE or URI: $_"
            if defined $a->{VALUE} == defined $a->{URI};
        push @bad, "twice: $_"
            if $data{"$a->{'DATA-ID'} " . ($a->{LANGUAGE} || '')}++;
    }

    push @bad, 'no URI behind the last variant' if $variant;

    return @bad;
}


sub segments
{
    my ($body) = @_;

    my %now;
    my ($n) = $body =~ /^#EXT-X-MEDIA-SEQUENCE:(\d+)$/m;
    my ($run) = $body =~ /^#EXT-X-DISCONTINUITY-SEQUENCE:(\d+)$/m;
    my ($map, $key, @list) = ('', '');

    $run ||= 0;

    for (split /\n/, $body) {
        $run++ if $_ eq '#EXT-X-DISCONTINUITY';
        $now{extinf} = $1 if /^#EXTINF:([\d.]+),/;
        $now{gap} = 1 if $_ eq '#EXT-X-GAP';
        $now{pdt} = $1 if /^#EXT-X-PROGRAM-DATE-TIME:(.*)$/;
        $map = attributes($_)->{URI} if /^#EXT-X-MAP:/;
        next if /^#/;

        push @list, { %now, number => $n++, uri => $_, map => $map,
                      run => $run };
        %now = ();
    }

    return \@list;
}


sub lint_reload
{
    my ($before, $after) = @_;

    my @bad;
    my %was = map { $_->{number} => $_ } @{segments($before)};
    my ($old, $new) = (segments($before), segments($after));

    for my $tag (qw(TARGETDURATION)) {
        my ($a, $b) = map { /^#EXT-X-$tag:(\d+)$/m } $before, $after;
        push @bad, "$tag $a, then $b" if $a != $b;
    }

    push @bad, 'MEDIA-SEQUENCE goes back'
        if @$old && @$new && $new->[0]{number} < $old->[0]{number};
    push @bad, 'the end goes back'
        if @$old && @$new && $new->[-1]{number} < $old->[-1]{number};
    push @bad, 'it had ended' if $before =~ /^#EXT-X-ENDLIST$/m
                                 && $before ne $after;

    for my $s (@$new) {
        my $w = $was{$s->{number}} or next;

        push @bad, map { "$_ of $s->{number}: " . ($w->{$_} // 'none')
                         . ', then ' . ($s->{$_} // 'none') }
                   grep { ($w->{$_} // '') ne ($s->{$_} // '') }
                   qw(uri extinf gap run), $w->{map} ? 'map' : ();
    }

    my %ranges = map { attributes($_)->{ID} => $_ }
                 $before =~ /^(#EXT-X-DATERANGE:.*)$/mg;

    for ($after =~ /^(#EXT-X-DATERANGE:.*)$/mg) {
        my $id = attributes($_)->{ID};
        my $w = $ranges{$id} ? attributes($ranges{$id}) : {};
        my $a = attributes($_);

        push @bad, map { "$_ of cue $id changes" }
                   grep { ($a->{$_} // '') ne $w->{$_} } keys %$w;
    }

    return @bad;
}

1;
