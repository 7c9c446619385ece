package LiveOrigin::Metrics;

# What /metrics says, checked line by line against Prometheus' text format and
# our own rules (names, units, labels, every family in docs/http-api.md).
#
#     my $m = LiveOrigin::Metrics->read($ng->get('/metrics')->body);
#
#     is join("\n", $m->wrong), '', 'the format';
#     is $m->value('live_origin_zone_bytes{state="used"}'), 17;
#     is $m->type('live_origin_holds'), 'gauge';
#     $m->histograms                   the names of those

use strict;
use warnings;

use LiveOrigin::Nginx;

my $name = qr/[a-zA-Z_:][a-zA-Z0-9_:]*/;
my $label = qr/[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"/;
my $number = qr/[-+]?(?:\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|Inf)|NaN/;


sub read
{
    my ($class, $body) = @_;

    my $self = bless { type => {}, help => {}, value => {}, wrong => [] },
               $class;

    $self->_wrong('does not end with a line feed') if $body !~ /\n\z/;
    $self->_line($_) for split /\n/, $body;
    $self->_buckets($_) for $self->histograms;
    $self->_documented;

    return $self;
}


sub _wrong { my $self = shift; push @{$self->{wrong}}, "@_"; return }


sub _line
{
    my ($self, $line) = @_;

    my ($help, $type) = @$self{qw(help type)};

    if ($line =~ /^# HELP ($name) (.+)$/) {
        $self->_wrong("HELP twice: $1") if $help->{$1}++;
        $self->{family} = $1;
        return;
    }

    if ($line =~ /^# TYPE ($name) (counter|gauge|histogram|summary|untyped)$/) {
        $self->_wrong("TYPE twice, or without HELP: $1")
            if $type->{$1} || !$help->{$1};
        $type->{$1} = $2;
        $self->{family} = $1;
        return;
    }

    if ($line !~ /^($name)(?:\{((?:$label(?:,(?!\}))?)*)\})? ($number)$/) {
        $self->_wrong("no sample: $line");
        return;
    }

    $self->_sample($line, $1, $2 || '', $3);
}


sub _sample
{
    my ($self, $line, $metric, $labels, $v) = @_;

    my $family = $self->{family} || '';
    my $type = $self->{type}{$family} || '';
    my $base = $metric;

    $base =~ s/_(?:bucket|sum|count)$// if $type eq 'histogram';

    $self->_wrong("outside its family $family: $line") if $base ne $family;
    $self->_wrong("no TYPE: $line") if !$type;
    $self->_wrong("twice: $line")
        if exists $self->{value}{"$metric\{$labels\}"};
    $self->_wrong("not ours: $line") if $metric !~ /^live_origin_[a-z_]+$/;
    $self->_wrong("a counter without _total: $line")
        if $type eq 'counter' && $metric !~ /_total$/;
    $self->_wrong("_total and no counter: $line")
        if $type ne 'counter' && $metric =~ /_total$/;
    $self->_wrong("a label: $line")
        if grep { !/^(?:event|track|pipeline|reason|class|status|state|le)$/ }
           $labels =~ /([a-z_]+)="/g;
    $self->_wrong("no base unit: $line")
        if $metric =~ /_(?:ms|msec|milliseconds|us|kb|mb|kbytes)(?:_|$)/;

    $self->{value}{"$metric\{$labels\}"} = $v;
}


sub _buckets
{
    my ($self, $h) = @_;

    my $value = $self->{value};
    my $bound = sub { $_[0] =~ /le="([^"]+)"/; $1 eq '+Inf' ? 9e99 : $1 };
    my @buckets = map { $value->{$_} }
                  sort { $bound->($a) <=> $bound->($b) }
                  grep { /^\Q$h\E_bucket/ } keys %$value;

    $self->_wrong("$h: +Inf is not the count")
        if !@buckets || $buckets[-1] != $value->{"${h}_count{}"};
    $self->_wrong("$h: buckets do not grow")
        if grep { $buckets[$_] < $buckets[$_ - 1] } 1 .. $#buckets;
}


sub _documented
{
    my ($self) = @_;

    open my $f, '<', LiveOrigin::Nginx::root() . '/docs/http-api.md'
        or die "docs: $!";
    local $/;

    my %known = map { $_ => 1 } <$f> =~ /`(live_origin_[a-z_]+)(?:\{|`)/g;

    $self->_wrong("not in docs/http-api.md: $_")
        for grep { !$known{$_} } sort keys %{$self->{type}};
}


sub wrong      { return @{$_[0]{wrong}} }
sub type       { return $_[0]{type}{$_[1]} }


sub histograms
{
    my $type = $_[0]{type};

    return grep { $type->{$_} eq 'histogram' } sort keys %$type;
}


sub value
{
    my ($self, $series) = @_;

    $series .= '{}' if $series !~ /\}$/;

    return $self->{value}{$series};
}

1;
