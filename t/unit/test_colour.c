/* headers: what is read of colour and scan */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/cmaf.h"
#include "core/box.h"
#include "lib/boxes.h"


static boxes_t          bx;
static lo_cmaf_init_t   init;

/* what ffmpeg 5.1 writes for libx264 with BT.2020 and HLG in the SPS */

#define AVC_HLG  "0142c00cffe1001c"                                           \
                 "6742c00cda05067e7c05a848904a0000030002000003"               \
                 "00641e28554001000468ce0fc8"

#define HEVC     "01022000000090000000 00005d f000fcfdfafa00000f00"
#define HEVC_INT "01022000000050000000 00005d f000fcfdfafa00000f00"

static const bx_head_t  head = {
    "vide", 1, 30000, NULL, NULL, 0, 0, -1, 0, 0
};


/* colr: hexadecimal, or NULL */

static void
read_init(const char *entry, const char *config, const char *hex,
    const char *colr)
{
    lo_err_t  err;

    memset(&bx, 0, sizeof(boxes_t));
    bx_head(&bx, &head);
    bx_visual(&bx, entry, 1280, 720);
    bx_box_hex(&bx, config, hex);

    if (colr) {
        bx_box_hex(&bx, "colr", colr);
    }

    bx_close(&bx);
    bx_head_end(&bx, &head);
    assert_int_equal(lo_cmaf_init(&init, bx.data, bx.len, &err), LO_OK);
}


static void
expect(unsigned primaries, unsigned transfer, unsigned matrix,
    unsigned picture)
{
    assert_int_equal(init.primaries, primaries);
    assert_int_equal(init.transfer, transfer);
    assert_int_equal(init.matrix, matrix);
    assert_int_equal(init.picture, picture);
}


static void
test_colr(void **state)
{
    read_init("hvc1", "hvcC", HEVC, "6e636c78 0009 0010 0009 80");
    expect(9, LO_TRANSFER_PQ, 9,
           LO_PICTURE_PROGRESSIVE | LO_PICTURE_FULL_RANGE);

    /* "unspecified", too short, an ICC profile, no code point */

    read_init("hvc1", "hvcC", HEVC, "6e636c78 0002 0002 0002 80");
    expect(0, 0, 0, LO_PICTURE_PROGRESSIVE);
    read_init("hvc1", "hvcC", HEVC, "6e636c78 0009 0010 0009");
    expect(0, 0, 0, LO_PICTURE_PROGRESSIVE);
    read_init("hvc1", "hvcC", HEVC, "70726f66 0009 0010 0009 80");
    expect(0, 0, 0, LO_PICTURE_PROGRESSIVE);
    read_init("hvc1", "hvcC", HEVC, "6e636c78 0109 0010 0009 80");
    expect(0, 0, 0, LO_PICTURE_PROGRESSIVE);

    read_init("hvc1", "hvcC", HEVC_INT, NULL);
    expect(0, 0, 0, LO_PICTURE_INTERLACED);
}


static void
test_sps(void **state)
{
    read_init("avc1", "avcC", AVC_HLG, NULL);
    expect(9, LO_TRANSFER_HLG, 9, LO_PICTURE_PROGRESSIVE);

    /* colr goes before it */

    read_init("avc1", "avcC", AVC_HLG, "6e636c78 0001 0001 0001 00");
    expect(1, 1, 1, LO_PICTURE_PROGRESSIVE);

    /* cut off */

    read_init("avc1", "avcC", "0142c00cffe10009 6742c00cda05067e7c", NULL);
    expect(0, 0, 0, LO_PICTURE_PROGRESSIVE);
    read_init("avc1", "avcC", "0142c00cffe10005 6742c00cda", NULL);
    expect(0, 0, 0, 0);
}


/* what ffmpeg 5.1 writes for libx265: VPS, SPS; no colr */

#define HVCC  "01022000000090000000 00003c f000fcfdfafa00000f02"              \
              "a00001001840010c01ffff02200000030090000003000003003c959409"
#define SPS_HLG                                                               \
    "42010102200000030090000003000003003ca00a080c1f3b6595952930bc05a8489048"  \
    "2000000300200000030321"
#define SPS_PQ                                                                \
    "42010102200000030090000003000003003ca00a080c1f3b6595952930bc05a8488048"  \
    "2000000300200000030321"

static void
test_hevc_sps(void **state)
{
    size_t  i, len;
    char    hex[512];

    read_init("hvc1", "hvcC", HVCC "a10001002e" SPS_HLG, NULL);
    expect(9, LO_TRANSFER_HLG, 9, LO_PICTURE_PROGRESSIVE);
    read_init("hvc1", "hvcC", HVCC "a10001002e" SPS_PQ, NULL);
    expect(9, LO_TRANSFER_PQ, 9, LO_PICTURE_PROGRESSIVE);
    read_init("hvc1", "hvcC", HVCC "a10001002e" SPS_PQ,
              "6e636c78 0001 0001 0001 00");
    expect(1, 1, 1, LO_PICTURE_PROGRESSIVE);

    /* longer than there is; then cut off everywhere */

    read_init("hvc1", "hvcC", HVCC "a10001002f" SPS_PQ, NULL);
    expect(0, 0, 0, LO_PICTURE_PROGRESSIVE);

    for (i = 0; i < 34; i++) {
        len = (size_t) snprintf(hex, sizeof(hex), HVCC "a1000100%02x",
                                (unsigned) i);
        memcpy(hex + len, SPS_PQ, 2 * i);
        hex[len + 2 * i] = '\0';
        read_init("hvc1", "hvcC", hex, NULL);
        assert_int_equal(init.transfer, 0);
    }
}


static void
test_vp9(void **state)
{
    read_init("vp09", "vpcC", "01000000 0229a2091009 0000", NULL);
    expect(9, LO_TRANSFER_PQ, 9, 0);
    read_init("vp09", "vpcC", "01000000 001f80020202 0000", NULL);
    expect(0, 0, 0, 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_colr),
        cmocka_unit_test(test_sps),
        cmocka_unit_test(test_hevc_sps),
        cmocka_unit_test(test_vp9),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
