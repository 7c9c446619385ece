package LiveOrigin::Geo;

# Databases in MaxMind's format.
#
#     use LiveOrigin::Geo qw(mmdb city country asn);
#
#     mmdb($path, '192.0.2.0/24' => city('DE', 'EU'),
#                 '2001:db8::/32' => {%{country('AT', 'EU')}, %{asn(3320)}});
#     mmdb($path, {type => 'GeoLite2-ASN', version => 4}, ...);
#
# It is written beside $path, and takes its place in one step.  Options: type
# (database_type), version (6, which has IPv4 as well), record (24 bits, 28 or
# 32), types ({key => MaxMind type} of keys that are not known here).

use strict;
use warnings;

use Exporter 'import';
use MaxMind::DB::Writer::Tree;

our @EXPORT_OK = qw(mmdb mmdb_at city country asn);

my %types = (
    country => 'map', registered_country => 'map', continent => 'map',
    city => 'map', names => 'map', en => 'utf8_string', iso_code => 'utf8_string',
    code => 'utf8_string', geoname_id => 'uint32', is_in_european_union => 'boolean',
    location => 'map', latitude => 'double', longitude => 'double',
    time_zone => 'utf8_string', traits => 'map', postal => 'map',
    subdivisions => ['array', 'map'], autonomous_system_number => 'uint32',
    autonomous_system_organization => 'utf8_string',
    country_code => 'utf8_string', continent_code => 'utf8_string',
    asn => 'utf8_string',
);


sub mmdb
{
    my ($path, @rest) = @_;

    mmdb_at("$path.new", @rest);
    rename "$path.new", $path or die "$path: $!";

    return $path;
}


# straight to the path

sub mmdb_at
{
    my ($path, @rest) = @_;
    my %o = ref $rest[0] ? %{shift @rest} : ();
    my %all = (%types, %{$o{types} || {}});

    my $tree = MaxMind::DB::Writer::Tree->new(
        ip_version => $o{version} || 6, record_size => $o{record} || 24,
        database_type => $o{type} || 'Test-City', languages => ['en'],
        description => {en => 'a test'}, remove_reserved_networks => 0,
        ($o{version} || 6) == 6 ? (alias_ipv6_to_ipv4 => 1) : (),
        map_key_type_callback => sub { $all{$_[0]} || die "type of $_[0]" });

    while (my ($net, $record) = splice @rest, 0, 2) {
        $tree->insert_network($net, $record);
    }

    open my $fh, '>:raw', $path or die "$path: $!";
    $tree->write_tree($fh);
    close $fh or die "$path: $!";
    chmod 0644, $path;

    return $path;
}


# records, as GeoLite2 has them

sub country
{
    my ($code, $continent) = @_;

    return {
        country => {iso_code => $code, geoname_id => 1,
                    names => {en => "land of $code"}},
        registered_country => {iso_code => 'XX', geoname_id => 2},
        $continent ? (continent => {code => $continent}) : (),
    };
}


sub city
{
    my ($code, $continent) = @_;

    return {
        %{country($code, $continent)},
        city => {geoname_id => 3, names => {en => "town of $code"}},
        location => {latitude => 48.2, longitude => 16.4,
                     time_zone => 'Europe/Vienna'},
        subdivisions => [{iso_code => '9', geoname_id => 4}],
    };
}


sub asn
{
    my ($number) = @_;

    return {autonomous_system_number => $number,
            autonomous_system_organization => "network $number"};
}

1;
