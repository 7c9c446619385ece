/* headers: Dolby Vision beside the codec, and what dec3 says of channels */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "core/cmaf.h"
#include "core/box.h"
#include "lib/boxes.h"


#define HEVC  "01022000000090000000 00005d f000fcfdfafa00000f00"


static boxes_t          bx;
static lo_cmaf_init_t   init;

static const bx_head_t  video = {
    "vide", 1, 30000, NULL, NULL, 0, 0, -1, 0, 0
};

static const bx_head_t  audio = {
    "soun", 1, 48000, NULL, NULL, 0, 0, -1, 0, 0
};


static void
read_video(const char *box, const char *hex)
{
    lo_err_t  err;

    memset(&bx, 0, sizeof(boxes_t));
    bx_head(&bx, &video);
    bx_visual(&bx, "hvc1", 1280, 720);
    bx_box_hex(&bx, "hvcC", HEVC);
    bx_box_hex(&bx, box, hex);
    bx_close(&bx);
    bx_head_end(&bx, &video);
    assert_int_equal(lo_cmaf_init(&init, bx.data, bx.len, &err), LO_OK);
}


static void
test_vision(void **state)
{
    size_t  i;

    static const struct {
        const char  *box;
        const char  *hex;
        unsigned     profile;
        unsigned     level;
        unsigned     base;
    } cases[] = {
        { "dvvC", "0100 1035 10 00000000", 8, 6, 1 },
        { "dvvC", "0100 104d 40 00000000", 8, 9, 4 },
        { "dvcC", "0100 0a2d 00 00000000", 5, 5, 0 },
        { "dvvC", "0100 153d 20", 10, 39, 2 },
        { "dvvC", "0100 1035", 0, 0, 0 },
        { "dvxC", "0100 1035 10", 0, 0, 0 },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        read_video(cases[i].box, cases[i].hex);
        assert_int_equal(init.dv_profile, cases[i].profile);
        assert_int_equal(init.dv_level, cases[i].level);
        assert_int_equal(init.dv_base, cases[i].base);
    }
}


static void
test_eac3(void **state)
{
    size_t    i;
    lo_err_t  err;

    static const struct {
        const char  *hex;
        unsigned     channels;
        unsigned     objects;
    } cases[] = {
        { "0600 200f00", 6, 0 },
        { "0600 200f00 01", 6, 0 },            /* cut off */
        { "0600 200f00 0110", 6, 16 },         /* 16 objects */
        { "0600 200f00 0010", 6, 0 },          /* the flag is not set */
        { "0600 200f02 02", 8, 0 },            /* 7.1: Lrs, Rrs */
        { "0600 200f02 02 0110", 8, 16 },
        { "0601 200f00 200400 0110", 6, 16 },  /* a second programme */
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&bx, 0, sizeof(boxes_t));
        bx_head(&bx, &audio);
        bx_sound(&bx, "ec-3", 2, 48000);
        bx_box_hex(&bx, "dec3", cases[i].hex);
        bx_close(&bx);
        bx_head_end(&bx, &audio);
        assert_int_equal(lo_cmaf_init(&init, bx.data, bx.len, &err), LO_OK);
        assert_string_equal(init.codec, "ec-3");
        assert_int_equal(init.sample_rate, 48000);
        assert_int_equal(init.channels, cases[i].channels);
        assert_int_equal(init.objects, cases[i].objects);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_vision),
        cmocka_unit_test(test_eac3),
    };

    return cmocka_run_group_tests_name("dolby", tests, NULL, NULL);
}
