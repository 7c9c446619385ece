/*
 * Any bytes as a codec configuration, in the sample entry where it belongs:
 * the first byte says which.  fuzz_init.c seldom gets as far.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/codec.h"
#include "fuzz.h"


#define HEAD_MAX  78

typedef struct {
    uint32_t            type;         /* lo_media_e */
    const char         *entry;
    const char         *box;          /* ""; the bytes are the boxes */
    size_t              head;         /* of the entry */
} kind_t;

static const kind_t  kinds[] = {
    { LO_MEDIA_VIDEO, "avc1", "avcC", 78 },
    { LO_MEDIA_VIDEO, "avc3", "avcC", 78 },
    { LO_MEDIA_VIDEO, "hvc1", "hvcC", 78 },
    { LO_MEDIA_VIDEO, "hev1", "hvcC", 78 },
    { LO_MEDIA_VIDEO, "av01", "av1C", 78 },
    { LO_MEDIA_VIDEO, "vp09", "vpcC", 78 },
    { LO_MEDIA_VIDEO, "vp08", "vpcC", 78 },
    { LO_MEDIA_VIDEO, "encv", "sinf", 78 },
    { LO_MEDIA_VIDEO, "encv", "", 78 },
    { LO_MEDIA_VIDEO, "av01", "", 78 },
    { LO_MEDIA_AUDIO, "mp4a", "esds", 28 },
    { LO_MEDIA_AUDIO, "Opus", "dOps", 28 },
    { LO_MEDIA_AUDIO, "ac-3", "dac3", 28 },
    { LO_MEDIA_AUDIO, "ec-3", "dec3", 28 },
    { LO_MEDIA_AUDIO, "fLaC", "dfLa", 28 },
    { LO_MEDIA_AUDIO, "enca", "", 28 },
    { LO_MEDIA_AUDIO, "mp4a", "", 0 },
    { LO_MEDIA_TEXT,  "stpp", "", 8 },
    { LO_MEDIA_TEXT,  "wvtt", "vttC", 8 }
};

#define KINDS  (sizeof(kinds) / sizeof(kinds[0]))


static void
put32(unsigned char *p, uint32_t v)
{
    v = __builtin_bswap32(v);
    memcpy(p, &v, 4);
}


static unsigned char *
put_box(unsigned char *p, const char *type, size_t size)
{
    put32(p, (uint32_t) size);
    memcpy(p + 4, type, 4);

    return p + 8;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int              rc;
    size_t           inner, whole;
    lo_box_t         box;
    lo_err_t         err;
    lo_span_t        s;
    const kind_t    *k;
    unsigned char   *mem, *p;
    lo_cmaf_init_t   init;

    if (size < 1) {
        return 0;
    }

    k = &kinds[*data % KINDS];
    data++;
    size--;

    inner = k->box[0] ? 8 + size : size;
    whole = 8 + k->head + inner;

    mem = calloc(1, whole);
    check(mem != NULL);

    p = put_box(mem, k->entry, whole);

    if (k->type == LO_MEDIA_VIDEO) {
        put32(p + 24, 1280 << 16 | 720);
    }

    p += k->head;

    if (k->box[0]) {
        p = put_box(p, k->box, inner);
    }

    memcpy(p, data, size);

    memset(&init, 0, sizeof(init));
    init.type = k->type;
    s.pos = mem;
    s.end = mem + whole;
    check(lo_box_next(&s, &box) == 1);

    err.text[0] = '\0';
    rc = lo_codec_entry(&init, &box, &err);

    check(memchr(init.codec, '\0', sizeof(init.codec)) != NULL);
    check((init.fps_num == 0) == (init.fps_den == 0));
    check(rc == LO_OK ? init.codec[0] != '\0' : err.text[0] != '\0');

    free(mem);

    return 0;
}
