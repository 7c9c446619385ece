/* AdaptationSets: what they say, and between which of them a player may
   switch */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/box.h"
#include "lib/mpd.h"

#define SWITCHING  "<SupplementalProperty schemeIdUri=\""                     \
                   "urn:mpeg:dash:adaptation-set-switching:2016\" value=\""


static void
codec(unsigned i, const char *fourcc, const char *name)
{
    mpd_info[i].fourcc = lo_fourcc(fourcc[0], fourcc[1], fourcc[2],
                                   fourcc[3]);
    strcpy(mpd_info[i].codec, name);
}


static void
colour(unsigned i, unsigned primaries, unsigned transfer, unsigned matrix)
{
    mpd_info[i].primaries = primaries;
    mpd_info[i].transfer = transfer;
    mpd_info[i].matrix = matrix;
}


/* AVC 720p and 360p, HEVC 1080p and 720p, AV1 720p, two languages */

static void
ladder(void)
{
    mpd_event(7);
    track_video(&mpd_tracks[0], &mpd_info[0], "a720", 1280, 720, 3000000);
    track_video(&mpd_tracks[1], &mpd_info[1], "a360", 640, 360, 800000);
    track_video(&mpd_tracks[2], &mpd_info[2], "h1080", 1920, 1080, 4000000);
    track_video(&mpd_tracks[3], &mpd_info[3], "h720", 1280, 720, 2000000);
    track_video(&mpd_tracks[4], &mpd_info[4], "av720", 1280, 720, 1500000);
    track_audio(&mpd_tracks[5], &mpd_info[5], "de", "de", 128000);
    track_audio(&mpd_tracks[6], &mpd_info[6], "en", "en", 128000);
    codec(2, "hvc1", "hvc1.1.6.L123.90");
    codec(3, "hvc1", "hvc1.1.6.L93.90");
    codec(4, "av01", "av01.0.05M.08");
}


static void
test_switching(void **state)
{
    ladder();
    mpd_render();

    assert_int_equal(mpd_count("<AdaptationSet "), 5);
    assert_int_equal(mpd_count(SWITCHING), 3);
    mpd_expect(SWITCHING "2,3\"/>");
    mpd_expect(SWITCHING "1,3\"/>");
    mpd_expect(SWITCHING "1,2\"/>");

    /* the best is 1, other codecs of one picture are equal */

    mpd_expect("id=\"h1080\" bandwidth=\"4000000\" qualityRanking=\"1\"");
    mpd_expect("id=\"a720\" bandwidth=\"3000000\" qualityRanking=\"2\"");
    mpd_expect("id=\"h720\" bandwidth=\"2000000\" qualityRanking=\"2\"");
    mpd_expect("id=\"av720\" bandwidth=\"1500000\" qualityRanking=\"2\"");
    mpd_expect("id=\"a360\" bandwidth=\"800000\" qualityRanking=\"5\"");

    /* another shape, another key, another label */

    mpd_info[4].width = 960;
    mpd_render();
    assert_int_equal(mpd_count(SWITCHING), 2);
    mpd_expect("id=\"av720\" bandwidth=\"1500000\" codecs=");

    mpd_info[2].scheme = lo_fourcc('c', 'b', 'c', 's');
    mpd_info[3].scheme = lo_fourcc('c', 'b', 'c', 's');
    mpd_render();
    mpd_expect_not(SWITCHING);

    ladder();
    mpd_tracks[2].label = lo_cstr("Stadium");
    mpd_tracks[3].label = lo_cstr("Stadium");
    mpd_tracks[4].role = lo_cstr("alternate");
    mpd_render();
    mpd_expect_not(SWITCHING);
}


/* all of them, in this order among the event's */

static void
numbered(unsigned n)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        mpd_tracks[i].place = i + 1;
    }

    lo_dash_number_sets(mpd_tracks, n);
    mpd_periods[0].ntracks = n;
    mpd_render();
}


/* sets are what they were, whichever of their tracks is left out */

static void
test_left_out(void **state)
{
    ladder();
    numbered(7);
    assert_int_equal(mpd_count("<AdaptationSet "), 5);
    mpd_expect(SWITCHING "1,5\"/>");

    mpd_tracks[0] = mpd_tracks[1];
    mpd_tracks[1] = mpd_tracks[2];
    mpd_tracks[2] = mpd_tracks[3];
    mpd_tracks[3] = mpd_tracks[6];
    mpd_periods[0].ntracks = 4;
    mpd_render();

    assert_int_equal(mpd_count("<AdaptationSet "), 3);
    mpd_expect("<AdaptationSet id=\"1\" contentType=\"video\"");
    mpd_expect("<AdaptationSet id=\"3\" contentType=\"video\"");
    mpd_expect("<AdaptationSet id=\"7\" contentType=\"audio\" "
               "mimeType=\"audio/mp4\" lang=\"en\"");
    mpd_expect(SWITCHING "3\"/>");
    mpd_expect(SWITCHING "1\"/>");

    /* the shape of the first is like those of two that are not alike */

    ladder();
    mpd_info[0].width = 1000;
    mpd_info[0].height = 1000;
    mpd_info[1].width = 1015;
    mpd_info[1].height = 1000;
    track_video(&mpd_tracks[2], &mpd_info[2], "b", 1000, 1015, 800000);
    numbered(7);
    assert_int_equal(mpd_count("<AdaptationSet "), 5);

    mpd_periods[0].tracks = mpd_tracks + 1;
    mpd_periods[0].ntracks = 6;
    mpd_render();
    assert_int_equal(mpd_count("<AdaptationSet id=\"1\""), 1);
    assert_int_equal(mpd_count("<AdaptationSet "), 5);
}


/* ... or comes later */

static void
test_later(void **state)
{
    mpd_event(3);
    track_video(&mpd_tracks[0], &mpd_info[0], "v", 1280, 720, 3000000);
    track_audio(&mpd_tracks[1], &mpd_info[1], "de", "de", 128000);
    track_video(&mpd_tracks[2], &mpd_info[2], "h", 1280, 720, 2000000);
    codec(2, "hvc1", "hvc1.1.6.L93.90");

    numbered(2);
    mpd_expect("<AdaptationSet id=\"2\" contentType=\"audio\"");

    numbered(3);
    mpd_expect("<AdaptationSet id=\"3\" contentType=\"video\"");
    mpd_expect("<AdaptationSet id=\"2\" contentType=\"audio\"");
}


/* what is no language for the schema is not said */

static void
test_lang(void **state)
{
    char      attr[40];
    unsigned  i;

    static const struct {
        const char  *lang;
        int          said;
    } langs[] = {
        { "de", 1 }, { "zh-Hant-TW", 1 }, { "sgn-ase", 1 }, { "es-419", 1 },
        { "de_AT", 0 }, { "123", 0 }, { "de-", 0 }, { "-de", 0 },
        { "de--AT", 0 }, { "Deutschland", 0 }, { "und", 0 }, { "", 0 }
    };

    for (i = 0; i < sizeof(langs) / sizeof(langs[0]); i++) {
        ladder();
        mpd_info[5].lang[0] = '\0';
        mpd_tracks[5].lang = lo_cstr(langs[i].lang);
        mpd_render();

        assert_int_equal(mpd_count(" lang=\""), 1 + langs[i].said);

        if (langs[i].said) {
            snprintf(attr, sizeof(attr), " lang=\"%s\"", langs[i].lang);
            mpd_expect(attr);
        }
    }

    /* and yet they are two */

    ladder();
    mpd_tracks[5].lang = lo_cstr("de_AT");
    mpd_tracks[6].lang = lo_cstr("fr_FR");
    mpd_render();
    assert_int_equal(mpd_count("contentType=\"audio\""), 2);
    assert_int_equal(mpd_count(" lang=\""), 0);
}


/* by the order of the tracks, the main ones first */

static void
test_priority(void **state)
{
    ladder();
    mpd_render();
    mpd_expect("contentType=\"video\" mimeType=\"video/mp4\" "
               "segmentAlignment=\"true\" startWithSAP=\"1\" "
               "selectionPriority=\"3\"");
    mpd_expect("lang=\"de\" segmentAlignment=\"true\" startWithSAP=\"1\" "
               "selectionPriority=\"2\"");
    mpd_expect("lang=\"en\" segmentAlignment=\"true\" startWithSAP=\"1\" "
               "selectionPriority=\"1\"");

    mpd_tracks[5].role = lo_cstr("commentary");
    mpd_render();
    mpd_expect("lang=\"de\" segmentAlignment=\"true\" startWithSAP=\"1\" "
               "selectionPriority=\"1\"");
    mpd_expect("lang=\"en\" segmentAlignment=\"true\" startWithSAP=\"1\" "
               "selectionPriority=\"2\"");

    mpd_periods[0].ntracks = 1;
    mpd_render();
    mpd_expect_not("selectionPriority");
    mpd_expect_not("qualityRanking");
}


static void
test_accessibility(void **state)
{
    ladder();
    mpd_tracks[6].role = lo_cstr("description");
    mpd_render();
    mpd_expect("      <Accessibility schemeIdUri=\"urn:mpeg:dash:role:2011\" "
               "value=\"description\"/>\n"
               "      <Accessibility schemeIdUri="
               "\"urn:tva:metadata:cs:AudioPurposeCS:2007\" value=\"1\"/>\n"
               "      <Role schemeIdUri=\"urn:mpeg:dash:role:2011\" "
               "value=\"description\"/>\n");
    assert_int_equal(mpd_count("<Accessibility"), 2);

    track_text(&mpd_tracks[6], &mpd_info[6], "t", "de");
    mpd_tracks[6].role = lo_cstr("caption");
    mpd_render();
    mpd_expect("<Accessibility schemeIdUri=\"urn:mpeg:dash:role:2011\" "
               "value=\"caption\"/>");
    assert_int_equal(mpd_count("<Accessibility"), 1);
}


#define CICP(element, name, value)                                            \
    "<" element " schemeIdUri=\"urn:mpeg:mpegB:cicp:" name "\" value=\""      \
    value "\"/>\n"

static void
test_colour(void **state)
{
    ladder();
    mpd_periods[0].ntracks = 5;

    /* HDR is another set, and no player without it may take it */

    colour(2, 9, LO_TRANSFER_PQ, 9);
    colour(3, 9, LO_TRANSFER_PQ, 9);
    colour(0, 1, 1, 1);
    mpd_info[0].picture = LO_PICTURE_PROGRESSIVE;
    mpd_info[1].picture = LO_PICTURE_INTERLACED;
    mpd_render();

    mpd_expect("      " CICP("EssentialProperty", "ColourPrimaries", "9")
               "      " CICP("EssentialProperty", "TransferCharacteristics",
                             "16")
               "      " CICP("EssentialProperty", "MatrixCoefficients", "9"));
    assert_int_equal(mpd_count("urn:mpeg:mpegB:cicp"), 3);
    mpd_expect(SWITCHING "3\"/>");
    mpd_expect(SWITCHING "1\"/>");
    mpd_expect("scanType=\"progressive\"");
    mpd_expect("scanType=\"interlaced\"");

    /* one set, two colours: each Representation says its own */

    colour(1, 6, 6, 6);
    mpd_info[1].picture = LO_PICTURE_FULL_RANGE;
    mpd_render();
    mpd_expect("        " CICP("SupplementalProperty", "ColourPrimaries", "6")
               "        " CICP("SupplementalProperty",
                               "TransferCharacteristics", "6")
               "        " CICP("SupplementalProperty", "MatrixCoefficients",
                               "6")
               "        " CICP("SupplementalProperty", "VideoFullRangeFlag",
                               "1"));
    mpd_expect_not("\n      <SupplementalProperty "
                   "schemeIdUri=\"urn:mpeg:mpegB:cicp");

    colour(2, 9, LO_TRANSFER_HLG, 9);
    mpd_render();
    assert_int_equal(mpd_count("<AdaptationSet "), 4);
}


static void
test_trick(void **state)
{
    ladder();
    mpd_tracks[4].role = lo_cstr("trick");
    mpd_tracks[4].fps_num = 1;
    mpd_tracks[4].fps_den = 2;
    codec(4, "hvc1", "hvc1.1.6.L93.90");
    mpd_render();

    mpd_expect("maxPlayoutRate=\"59\" codingDependency=\"false\">\n"
               "      <EssentialProperty schemeIdUri="
               "\"http://dashif.org/guidelines/trickmode\" value=\"2\"/>\n"
               "      <Representation id=\"av720\"");
    mpd_expect_not("value=\"trick\"");
    mpd_expect(SWITCHING "2\"/>");
    mpd_expect(SWITCHING "1\"/>");
    assert_int_equal(mpd_count("selectionPriority"), 4);

    /* of nothing that is there, at no known rate */

    mpd_tracks[4].fps_den = 0;
    mpd_info[4].width = 960;
    mpd_render();
    mpd_expect("trickmode\"/>");
    mpd_expect_not("maxPlayoutRate");
}


static void
test_inband(void **state)
{
    lo_str_t  one[] = { lo_string("urn:scte:scte35:2013:bin"),
                        lo_string("https://aomedia.org/emsg/ID3?a&b") };

    ladder();
    mpd_tracks[0].inband = one;
    mpd_tracks[0].ninband = 2;
    mpd_render();
    mpd_expect("        <InbandEventStream schemeIdUri="
               "\"urn:scte:scte35:2013:bin\"/>\n"
               "        <InbandEventStream schemeIdUri="
               "\"https://aomedia.org/emsg/ID3?a&amp;b\"/>\n"
               "        <SegmentTemplate");
    assert_int_equal(mpd_count("<InbandEventStream"), 2);

    mpd_tracks[1].inband = one;
    mpd_tracks[1].ninband = 2;
    mpd_render();
    mpd_expect("\n      <InbandEventStream schemeIdUri="
               "\"urn:scte:scte35:2013:bin\"/>\n");
    assert_int_equal(mpd_count("<InbandEventStream"), 2);

    mpd_tracks[1].ninband = 1;
    mpd_render();
    assert_int_equal(mpd_count("\n        <InbandEventStream"), 3);
}


/* what latency is measured from is said once for a set, and never changes */

static void
test_reference(void **state)
{
    unsigned  i;

    ladder();
    mpd_render();
    mpd_expect_not("ProducerReferenceTime");
    mpd.early = 1;

    for (i = 0; i < 7; i++) {
        mpd_tracks[i].chunk_us = 500000;
    }

    mpd_render();
    mpd_expect("<Latency referenceId=\"1\" target=\"1500\"");
    assert_int_equal(mpd_count("\n      <ProducerReferenceTime id=\"1\" "
                               "type=\"encoder\" wallClockTime="
                               "\"1970-01-01T00:00:01.5Z\" "
                               "presentationTime=\"0\">"
                               "<UTCTiming schemeIdUri="
                               "\"urn:mpeg:dash:utc:http-iso:2014\" "
                               "value=\"time\"/>\n"
                               "      </ProducerReferenceTime>"), 5);

    /* a clock that began at the Period's first number and a second */

    mpd_periods[0].first = 1000;
    mpd_periods[0].anchor.offset = 2001;
    mpd.origin = 1000;
    mpd_render();
    mpd_expect("wallClockTime=\"1970-01-01T00:33:23.5Z\" "
               "presentationTime=\"30000\"");

    mpd_info[1].timescale = 90000;
    mpd_render();
    mpd_expect("\n        <ProducerReferenceTime id=\"1\" type=\"encoder\" "
               "wallClockTime=\"1970-01-01T00:33:23.5Z\" "
               "presentationTime=\"90000\"");
    assert_int_equal(mpd_count("<ProducerReferenceTime"), 6);

    /* no presentation time is below 0 */

    mpd_periods[0].anchor.offset = 2003;
    mpd_render();
    mpd_expect_not("ProducerReferenceTime");

    mpd.ended = 1;
    mpd.from = 1000;
    mpd.last = 1010;
    mpd_periods[0].anchor.offset = 2001;
    mpd_render();
    mpd_expect_not("ProducerReferenceTime");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_switching),
        cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_lang),
        cmocka_unit_test(test_later),
        cmocka_unit_test(test_priority),
        cmocka_unit_test(test_accessibility),
        cmocka_unit_test(test_colour),
        cmocka_unit_test(test_trick),
        cmocka_unit_test(test_inband),
        cmocka_unit_test(test_reference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
