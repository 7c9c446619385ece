# A document that there is no room for: what was in force stays so, in the zone
# and in the folder.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use LiveOrigin::Media;
use LiveOrigin::Nginx;

my $ng = LiveOrigin::Nginx->start(
    size => '8m', events => 1, workers => 1,
    live => 'live_origin_hold 0; live_origin_max_segment 64m;');
my $v = LiveOrigin::Media->video;
my $n = $v->now_number - 1;
my $file = $ng->events_dir . '/ev.json';


sub document
{
    my ($title) = @_;

    return '{"id": "ev", "title": "' . $title . '", "segment_ms": 2000, '
        . '"delay_ms": 60000, "dvr_s": 60}';
}


sub in_file
{
    open my $fh, '<', $file or return '';
    local $/;

    return <$fh>;
}


my $force = document('first');
my ($taken, $full, @wrong) = (0, 0);

is $ng->put('/api/events/ev', $force)->status, 201, 'an event';

# so many that its live state is of two pages, where a document is of one

is join(' ', grep { $_ != 201 } map {
       $ng->put("/live/ev/a/v$_/init.mp4", $v->init)->status } 1 .. 24), '',
    'its tracks';

# uploads that have not ended are never evicted: pages, until there is none

my @uploads;

sub take
{
    my ($pages) = @_;
    my $c = $ng->client;

    $c->begin('PUT', "/live/ev/a/v1/@{[$n - 1 - @uploads]}.m4s",
              length => $pages * 16384);
    $c->piece(substr $v->segment($n), 0, 1000);
    push @uploads, $c;
}


sub left
{
    my $status = $ng->get('/api/events/ev/status')->json;

    return ($status->{share_bytes} - $status->{used_bytes}) / 16384;
}


for my $round (1 .. 64) {
    my $doc = document("round $round");
    my $status = $ng->put('/api/events/ev', $doc)->status;

    if ($status == 200) {
        $force = $doc;
        $taken++;

    } elsif ($status == 507) {
        $full++;

    } else {
        push @wrong, "round $round: $status";
    }

    push @wrong, "round $round, $status: another is in force"
        if $ng->get('/api/events/ev')->body ne $force;
    push @wrong, "round $round, $status: another is in the folder"
        if in_file() ne $force;

    last if $full == 3;

    take($round == 1 ? left() - 24 : 1);
}
cmp_ok $taken, '>', 10, 'as long as there is room a document is taken';
is $full, 3, 'without it is 507';
is join("\n", @wrong), '', 'what was taken last is in force, and in the folder';

# one that is worth less room than is taken

my $share = $ng->get('/api/events/ev/status')->json->{share_bytes};
my $small = document('small');

$small =~ s/^\{/{"zone_share": "1m", /;
is $ng->put('/api/events/ev', $small)->status, 507, 'nor is one of a less share';
is $ng->get('/api/events/ev/status')->json->{share_bytes}, $share,
    '... and the share stays';
is $ng->get('/api/events/ev')->body, $force, '... and the document';

$_->reset for @uploads;
$ng->stop;
done_testing;
