/*
 * Any bytes as a header.  What is taken has everything that manifests and
 * arithmetic rest on; what is refused says why, in one line of ASCII.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/cmaf.h"
#include "fuzz.h"


/* a string of printable ASCII that ends within its array */

static void
check_text(const char *text, size_t size)
{
    const char  *p, *end;

    end = memchr(text, '\0', size);
    check(end != NULL);

    for (p = text; p < end; p++) {
        check(*p >= 0x20 && *p < 0x7f);
    }
}


static void
check_init(const lo_cmaf_init_t *in)
{
    check(in->type >= LO_MEDIA_VIDEO && in->type <= LO_MEDIA_TEXT);
    check(in->track_id > 0 && in->timescale > 0 && in->fourcc != 0);
    check(in->codec[0] != '\0');
    check_text(in->codec, sizeof(in->codec));
    check_text(in->lang, sizeof(in->lang));
    check(in->edit <= 86400LL * in->timescale
          && in->edit >= -86400LL * in->timescale);
    check((in->fps_num == 0) == (in->fps_den == 0));

    if (in->type == LO_MEDIA_VIDEO) {
        check(in->width > 0 && in->height > 0);
        check(in->par_h > 0 && in->par_v > 0);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int              rc;
    lo_err_t         err;
    unsigned char   *copy;
    lo_cmaf_init_t   init, again;

    /* of its exact size, so that ASan sees one byte too many */

    copy = malloc(size ? size : 1);
    check(copy != NULL);
    memcpy(copy, data, size);

    err.text[0] = '\0';
    rc = lo_cmaf_init(&init, copy, size, &err);

    if (rc == LO_OK) {
        check_init(&init);
        check(lo_cmaf_init(&again, copy, size, &err) == LO_OK);
        check(memcmp(&init, &again, sizeof(init)) == 0);

    } else {
        check(rc == LO_ERROR || rc == LO_NONE);
        check(err.text[0] != '\0');
        check_text(err.text, sizeof(err.text));
    }

    free(copy);

    return 0;
}
