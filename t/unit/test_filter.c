/*
 * Manifest filters: every case that MediaPackage documents as 400, one text
 * for one meaning, and which tracks are kept.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/filter.h"
#include "core/box.h"
#include "lib/tracks.h"


static lo_err_t     err;
static lo_filter_t  filter;


static int
parse(const char *text)
{
    err.text[0] = '\0';

    return lo_filter_parse(&filter, lo_cstr(text), &err);
}


static const char *
canonical(void)
{
    lo_buf_t     b;
    static char  text[LO_FILTER_MAX + 1];

    lo_buf_init(&b, text, sizeof(text) - 1);
    lo_filter_write(&b, &filter);
    assert_true(lo_buf_ok(&b));
    *b.pos = '\0';

    return text;
}


/* ---- 400 */

static void
test_refused(void **state)
{
    size_t  i;

    static const struct {
        const char  *text;
        const char  *says;
    } rows[] = {

        /* the rows of MediaPackage's table */

        { "audio_sample_rate:0-48000;aws.manifestfilter=audio_sample_rate:"
          "0-48000", "aws.manifestfilter is given twice" },
        { "audio_sample_rate:0-48000;aws.manifestfilter=video_bitrate:0-1",
          "aws.manifestfilter is given twice" },
        { "donut_type:rhododendron",
          "aws.manifestfilter: unknown parameter \"donut_type\"" },
        { "audio_sample_rate:300-0", "aws.manifestfilter: "
          "\"audio_sample_rate:300-0\" ends below where it begins" },
        { "audio_sample_rate:0-2147483648", "aws.manifestfilter: "
          "\"audio_sample_rate:0-2147483648\" is not within 0 to "
          "2147483647" },
        { "audio_sample_rate:is:0-44100", "aws.manifestfilter: "
          "\"audio_sample_rate:is:0-44100\" has two values that are not "
          "apart by a comma" },

        /* what follows from its grammar */

        { "", "aws.manifestfilter is empty" },
        { "  ", "aws.manifestfilter is empty" },
        { ";", "aws.manifestfilter has an empty parameter" },
        { "video_height:1-2;", "aws.manifestfilter has an empty parameter" },
        { "video_height:1-2;;audio_codec:aacl",
          "aws.manifestfilter has an empty parameter" },
        { "video_height", "aws.manifestfilter: \"video_height\" has no "
          "value" },
        { ":1-2", "aws.manifestfilter: unknown parameter \"\"" },
        { "video_height:", "aws.manifestfilter: \"video_height:\" has an "
          "empty value" },
        { "audio_language:en,,de", "aws.manifestfilter: \"audio_language:\" "
          "has an empty value" },
        { "audio_language:en,", "aws.manifestfilter: \"audio_language:\" "
          "has an empty value" },
        { "video_height:1-2;VIDEO_HEIGHT:3-4",
          "aws.manifestfilter: \"video_height\" is given twice" },
        { "audio_language:en;audio_language:en",
          "aws.manifestfilter: \"audio_language\" is given twice" },

        /* one that says nothing counts as given, too */

        { "video_bitrate:0-2147483647;video_bitrate:1-2",
          "aws.manifestfilter: \"video_bitrate\" is given twice" },
        { "video_height:high", "aws.manifestfilter: \"video_height:high\" is "
          "no whole number, nor two with a dash between" },
        { "video_height:-5", "aws.manifestfilter: \"video_height:-5\" is "
          "no whole number, nor two with a dash between" },
        { "video_height:5-", "aws.manifestfilter: \"video_height:5-\" is "
          "no whole number, nor two with a dash between" },
        { "video_height:1-2-3", "aws.manifestfilter: \"video_height:1-2-3\" "
          "is no whole number, nor two with a dash between" },
        { "video_height:720.5", "aws.manifestfilter: \"video_height:720.5\" "
          "is no whole number, nor two with a dash between" },
        { "video_height:1-2,720p", "aws.manifestfilter: "
          "\"video_height:720p\" is no whole number, nor two with a dash "
          "between" },
        { "video_height:0-1080", "aws.manifestfilter: "
          "\"video_height:0-1080\" is not within 1 to 32767" },
        { "video_height:1-32768", "aws.manifestfilter: "
          "\"video_height:1-32768\" is not within 1 to 32767" },
        { "audio_channels:0", "aws.manifestfilter: \"audio_channels:0\" is "
          "not within 1 to 32767" },
        { "trickplay_height:0-1", "aws.manifestfilter: "
          "\"trickplay_height:0-1\" is not within 1 to 2147483647" },
        { "video_bitrate:18446744073709551617", "aws.manifestfilter: "
          "\"video_bitrate:18446744073709551617\" is not within 0 to "
          "2147483647" },
        { "video_framerate:0.5-30", "aws.manifestfilter: "
          "\"video_framerate:0.5-30\" is not within 1 to 999.999" },
        { "video_framerate:1000", "aws.manifestfilter: "
          "\"video_framerate:1000\" is not within 1 to 999.999" },
        { "video_framerate:23.9761", "aws.manifestfilter: "
          "\"video_framerate:23.9761\" is no number of up to three decimals, "
          "nor two with a dash between" },
        { "video_framerate:30.", "aws.manifestfilter: "
          "\"video_framerate:30.\" is no number of up to three decimals, "
          "nor two with a dash between" },
        { "video_framerate:.5", "aws.manifestfilter: "
          "\"video_framerate:.5\" is no number of up to three decimals, "
          "nor two with a dash between" },
        { "video_codec:vp9", "aws.manifestfilter: \"video_codec:vp9\" is "
          "none of av1, h264, h265" },
        { "audio_codec:AC3", "aws.manifestfilter: \"audio_codec:AC3\" is "
          "none of aacl, aach, ac-3, ec-3" },
        { "video_dynamic_range:sdr,hdr", "aws.manifestfilter: "
          "\"video_dynamic_range:hdr\" is none of dv, hdr10, hlg, sdr" },
        { "trickplay_type:some", "aws.manifestfilter: "
          "\"trickplay_type:some\" is none of iframe, image, none" },
        { "audio_language:en&x", "aws.manifestfilter: "
          "\"audio_language:en&x\" has a character that is not allowed" },
        { "audio_language:en,de|fr", "aws.manifestfilter: "
          "\"audio_language:de|fr\" has a character that is not allowed" },
        { "audio_language:e\x01\"", "aws.manifestfilter: "
          "\"audio_language:e??\" has a character that is not allowed" },
        { "a_parameter_with_a_name_that_goes_on_for_longer_than_a_message_is_"
          "allowed_to:1", "aws.manifestfilter: unknown parameter "
          "\"a_parameter_with_a_name_that_goes_on_for_longer_than_a_messag..."
          "\"" },
    };

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(parse(rows[i].text), LO_ERROR);
        assert_string_equal(err.text, rows[i].says);
    }
}


static void
test_length(void **state)
{
    char    text[LO_FILTER_MAX + 2];
    size_t  i;

    memset(text, 'x', sizeof(text));
    memcpy(text, "audio_language:", 15);
    text[LO_FILTER_MAX + 1] = '\0';

    assert_int_equal(parse(text), LO_ERROR);
    assert_string_equal(err.text, "aws.manifestfilter has 1025 characters: "
                        "at most 1024");

    text[LO_FILTER_MAX] = '\0';
    assert_int_equal(parse(text), LO_OK);
    assert_string_equal(canonical(), text);

    /* as many values as there may be, and one more */

    for (i = 0; i < LO_FILTER_VALUES; i++) {
        snprintf(text + 15 + 3 * i, 5, "%02zu,", i);
    }

    text[15 + 3 * i - 1] = '\0';
    assert_int_equal(parse(text), LO_OK);
    assert_string_equal(canonical(), text);

    strcpy(text + 15 + 3 * i - 1, ",zz");
    assert_int_equal(parse(text), LO_ERROR);
    assert_string_equal(err.text, "aws.manifestfilter: \"audio_language:zz\" "
                        "is one value too many");
}


/* ranges of all parameters together */

static void
test_ranges(void **state)
{
    char      text[LO_FILTER_MAX + 1];
    lo_buf_t  b;
    unsigned  i, k;

    static const char  *names[] = { "audio_bitrate", "audio_sample_rate",
                                    "video_bitrate" };

    lo_buf_init(&b, text, sizeof(text) - 1);

    for (i = 0; i < 3; i++) {
        lo_buf_printf(&b, "%s%s:", i ? ";" : "", names[i]);

        for (k = 0; k < 50; k++) {
            lo_buf_printf(&b, "%s%u", k ? "," : "", 10 + 2 * k);
        }
    }

    assert_true(lo_buf_ok(&b));
    *b.pos = '\0';

    assert_int_equal(parse(text), LO_ERROR);
    assert_string_equal(err.text, "aws.manifestfilter: \"video_bitrate:66\" "
                        "is one value too many");
}


/* ---- one text for one meaning */

static void
test_canonical(void **state)
{
    size_t  i;

    static const struct {
        const char  *text;
        const char  *canonical;
    } rows[] = {
        { "video_height:240-1080;audio_language:en,fr",
          "audio_language:en,fr;video_height:240-1080" },
        { "audio_language:FR,en;Video_Height:240-1080",
          "audio_language:en,fr;video_height:240-1080" },
        { " audio_language : fr , en,fr ; video_height: 240 - 1080 ",
          "audio_language:en,fr;video_height:240-1080" },
        { "audio_language=en", "audio_language:en" },
        { "audio_language:eng,deu,en-US,x", "audio_language:de,en,en-us,x" },
        { "audio_language:en-us,en,e", "audio_language:e,en,en-us" },
        { "subtitle_language:en-US, hi;audio_language:hi",
          "audio_language:hi;subtitle_language:en-us,hi" },
        { "audio_codec:EC-3,aacl,AACL", "audio_codec:aacl,ec-3" },
        { "video_codec:H265,H264,AV1", "video_codec:av1,h264,h265" },

        /* ranges: in order, those that touch merged */

        { "video_height:720-1080,240-360", "video_height:240-360,720-1080" },
        { "video_height:240-360,361-400", "video_height:240-400" },
        { "video_height:1080,720,1080-1080", "video_height:720,1080" },
        { "video_height:1-2,5-6,9-10,3-8", "video_height:1-10" },
        { "video_height:240-1080,480-720", "video_height:240-1080" },
        { "video_height:00720", "video_height:720" },
        { "video_height:240-360,720-1080,1440,2160",
          "video_height:240-360,720-1080,1440,2160" },
        { "video_framerate:30.000", "video_framerate:30" },
        { "video_framerate:23.976-30.0", "video_framerate:23.976-30" },
        { "video_framerate:29.970,25", "video_framerate:25,29.97" },
        { "video_framerate:1-25,25.001-30", "video_framerate:1-30" },
        { "video_framerate:10-100.5", "video_framerate:10-100.5" },

        /* what is true of every track is not asked for */

        { "video_bitrate:0-2147483647", "" },
        { "audio_channels:1-32767;video_height:1-720",
          "video_height:1-720" },
        { "video_bitrate:0-1000,1001-2147483647", "" },
        { "video_framerate:1-999.999", "" },
        { "video_dynamic_range:sdr,hlg,hdr10,dv", "" },
        { "video_dynamic_range:sdr,hlg,hdr10",
          "video_dynamic_range:hdr10,hlg,sdr" },
        { "trickplay_type:image,iframe", "" },
        { "trickplay_type:none", "trickplay_type:none" },
        { "trickplay_type:none,iframe", "trickplay_type:iframe" },
        { "trickplay_type:none,iframe,image", "" },
        { "trickplay_height:1-360", "trickplay_height:1-360" },
        { "audio_bitrate:0-1;audio_sample_rate:0-44100",
          "audio_bitrate:0-1;audio_sample_rate:0-44100" },
    };

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(parse(rows[i].text), LO_OK);
        assert_string_equal(canonical(), rows[i].canonical);

        if (rows[i].canonical[0] == '\0') {
            assert_int_equal(filter.keys, 0);
            continue;
        }

        assert_int_equal(parse(rows[i].canonical), LO_OK);
        assert_string_equal(canonical(), rows[i].canonical);
    }

    memset(&filter, 0, sizeof(lo_filter_t));
    assert_string_equal(canonical(), "");
}


/* ---- which tracks are kept */

enum {
    V240, V720, V1080, V2160, HEVC, HLG, HDR, DV, TRICK, EN, DE51, HE, AC3,
    OPUS, UND, TDE, TEN, META, NTRACKS
};

static lo_cmaf_init_t       info[NTRACKS];
static lo_manifest_track_t  tracks[NTRACKS];

static void
codec(unsigned i, const char *fourcc, const char *name)
{
    info[i].fourcc = lo_fourcc(fourcc[0], fourcc[1], fourcc[2], fourcc[3]);
    strcpy(info[i].codec, name);
}


static int
setup(void **state)
{
    track_video(&tracks[V240], &info[V240], "v240", 426, 240, 300000);
    track_video(&tracks[V720], &info[V720], "v720", 1280, 720, 3000000);
    track_video(&tracks[V1080], &info[V1080], "v1080", 1920, 1080, 6000000);
    track_video(&tracks[V2160], &info[V2160], "v2160", 3840, 2160, 15000000);
    track_video(&tracks[HEVC], &info[HEVC], "hevc", 1920, 1080, 4000000);
    track_video(&tracks[HLG], &info[HLG], "hlg", 1920, 1080, 5000000);
    track_video(&tracks[HDR], &info[HDR], "hdr", 3840, 2160, 17000000);
    track_video(&tracks[DV], &info[DV], "dv", 3840, 2160, 16000000);
    track_video(&tracks[TRICK], &info[TRICK], "trick", 426, 240, 100000);
    track_audio(&tracks[EN], &info[EN], "en", "en", 128000);
    track_audio(&tracks[DE51], &info[DE51], "de51", "deu", 384000);
    track_audio(&tracks[HE], &info[HE], "he", "en-US", 48000);
    track_audio(&tracks[AC3], &info[AC3], "ac3", "", 384000);
    track_audio(&tracks[OPUS], &info[OPUS], "opus", "fr", 96000);
    track_audio(&tracks[UND], &info[UND], "und", "", 0);
    track_text(&tracks[TDE], &info[TDE], "tde", "de");
    track_text(&tracks[TEN], &info[TEN], "ten", "EN");
    track_text(&tracks[META], &info[META], "meta", "");

    codec(HEVC, "hvc1", "hvc1.1.6.L120.90");
    codec(HLG, "av01", "av01.0.08M.10");
    codec(HDR, "hev1", "hev1.2.4.L153.90");
    codec(DV, "dvh1", "dvh1.05.06");
    codec(HE, "mp4a", "mp4a.40.5");
    codec(AC3, "ac-3", "ac-3");
    codec(OPUS, "Opus", "opus");

    info[HEVC].transfer = 1;
    info[HLG].transfer = 18;
    info[HDR].transfer = 16;

    tracks[V240].fps_num = 25;
    tracks[V240].fps_den = 1;
    tracks[V1080].fps_den = 0;
    info[V1080].fps_num = 60000;
    info[V1080].fps_den = 1001;
    tracks[V2160].fps_den = 0;               /* nobody tells */
    tracks[TRICK].role = lo_cstr("trick");
    tracks[TRICK].fps_num = 1;
    tracks[TRICK].fps_den = 1;

    info[DE51].channels = 6;
    info[HE].sample_rate = 48000;
    info[OPUS].sample_rate = 48000;
    strcpy(info[AC3].lang, "fr");
    info[UND].channels = 0;
    info[UND].sample_rate = 0;
    info[META].type = LO_MEDIA_META;

    return 0;
}


static const char *
kept(void)
{
    char        *p;
    unsigned     i;
    static char  text[256];

    for (p = text, i = 0; i < NTRACKS; i++) {
        if (lo_filter_track(&filter, &tracks[i])) {
            p += sprintf(p, "%s%.*s", p == text ? "" : " ",
                         (int) tracks[i].id.len, tracks[i].id.data);
        }
    }

    *p = '\0';

    return text;
}


#define VIDEO   "v240 v720 v1080 v2160 hevc hlg hdr dv trick"
#define AUDIO   "en de51 he ac3 opus und"
#define TEXT    "tde ten"
#define ALL     VIDEO " " AUDIO " " TEXT " meta"


static void
test_tracks(void **state)
{
    size_t  i;

    static const struct {
        const char  *filter;
        const char  *kept;
    } rows[] = {
        { "video_bitrate:0-2147483647", ALL },
        { "video_height:240-1080",
          "v240 v720 v1080 hevc hlg trick " AUDIO " " TEXT " meta" },
        { "video_height:720", "v720 " AUDIO " " TEXT " meta" },
        { "video_height:720,2160",
          "v720 v2160 hdr dv " AUDIO " " TEXT " meta" },

        /* no bitrate or frame rate of a trick play track is looked at */

        { "video_bitrate:0-9000000", "v240 v720 v1080 hevc hlg trick " AUDIO
          " " TEXT " meta" },
        { "video_bitrate:3000000-4000000", "v720 hevc trick " AUDIO " " TEXT
          " meta" },
        { "video_framerate:25", "v240 v2160 trick " AUDIO " " TEXT " meta" },
        { "video_framerate:29.97", "v720 v2160 hevc hlg hdr dv trick " AUDIO
          " " TEXT " meta" },
        { "video_framerate:23.976-29.97",
          "v240 v720 v2160 hevc hlg hdr dv trick " AUDIO " " TEXT " meta" },
        { "video_framerate:29.971-60", "v1080 v2160 trick " AUDIO " " TEXT
          " meta" },
        { "video_framerate:30-59.939", "v2160 trick " AUDIO " " TEXT
          " meta" },
        { "video_framerate:59.94", "v1080 v2160 trick " AUDIO " " TEXT
          " meta" },
        { "video_codec:h264", "v240 v720 v1080 v2160 trick " AUDIO " " TEXT
          " meta" },
        { "video_codec:H265", "hevc hdr dv " AUDIO " " TEXT " meta" },
        { "video_codec:av1", "hlg " AUDIO " " TEXT " meta" },
        { "video_dynamic_range:sdr", "v240 v720 v1080 v2160 hevc trick "
          AUDIO " " TEXT " meta" },
        { "video_dynamic_range:hlg", "hlg " AUDIO " " TEXT " meta" },
        { "video_dynamic_range:hdr10", "hdr " AUDIO " " TEXT " meta" },
        { "video_dynamic_range:dv", "dv " AUDIO " " TEXT " meta" },

        { "trickplay_type:none", "v240 v720 v1080 v2160 hevc hlg hdr dv " AUDIO
          " " TEXT " meta" },
        { "trickplay_type:image",
          "v240 v720 v1080 v2160 hevc hlg hdr dv " AUDIO " " TEXT " meta" },
        { "trickplay_type:iframe", ALL },
        { "trickplay_height:200-300", ALL },
        { "trickplay_height:300-400", "v240 v720 v1080 v2160 hevc hlg hdr dv "
          AUDIO " " TEXT " meta" },

        { "audio_bitrate:0-100000", VIDEO " he opus " TEXT " meta" },
        { "audio_bitrate:128000", VIDEO " en und " TEXT " meta" },
        { "audio_channels:1-2", VIDEO " en he ac3 opus und " TEXT " meta" },
        { "audio_channels:6", VIDEO " de51 und " TEXT " meta" },
        { "audio_codec:AACL", VIDEO " en de51 und " TEXT " meta" },
        { "audio_codec:aach,ac-3", VIDEO " he ac3 " TEXT " meta" },
        { "audio_sample_rate:0-44100", VIDEO " en de51 ac3 und " TEXT
          " meta" },
        { "audio_language:en", VIDEO " en " TEXT " meta" },
        { "audio_language:EN-us,DE", VIDEO " de51 he " TEXT " meta" },
        { "audio_language:eng,fre", VIDEO " en ac3 opus " TEXT " meta" },
        { "audio_language:und", VIDEO " und " TEXT " meta" },

        /* in the grammar, though nothing is of that language: not 400 */

        { "audio_language:dahlia", VIDEO " " TEXT " meta" },
        { "subtitle_language:en", VIDEO " " AUDIO " ten meta" },
        { "subtitle_language:fr", VIDEO " " AUDIO " meta" },

        /* all of them have to agree */

        { "audio_sample_rate:0-1;video_bitrate=0-1", "trick und " TEXT
          " meta" },
        { "audio_sample_rate:0-44100;video_codec:h264;video_height:720-1080;"
          "audio_language:fr,en,de;subtitle_language:de;"
          "trickplay_type:none", "v720 v1080 en de51 ac3 tde meta" },
    };

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(parse(rows[i].filter), LO_OK);
        assert_string_equal(kept(), rows[i].kept);
    }

    memset(&filter, 0, sizeof(lo_filter_t));
    assert_string_equal(kept(), ALL);

    /* Dolby Vision on top of HDR10 */

    info[HDR].dv_profile = 8;

    assert_int_equal(parse("video_dynamic_range:hdr10"), LO_OK);
    assert_true(lo_filter_track(&filter, &tracks[HDR]));
    assert_int_equal(parse("video_dynamic_range:dv"), LO_OK);
    assert_true(lo_filter_track(&filter, &tracks[HDR]));
    assert_int_equal(parse("video_dynamic_range:hlg,sdr"), LO_OK);
    assert_false(lo_filter_track(&filter, &tracks[HDR]));
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_canonical),
        cmocka_unit_test_setup(test_tracks, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
