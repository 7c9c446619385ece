/*
 * Query arguments of any bytes through filters and windows.  What is taken
 * has one canonical text, which is taken again and means the same.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/filter.h"
#include "core/window.h"
#include "core/box.h"
#include "fuzz.h"


static lo_cmaf_init_t       info[4];
static lo_manifest_track_t  tracks[4];


static void
some_tracks(void)
{
    unsigned  i;

    static const struct {
        uint32_t     type;
        const char  *fourcc;
        const char  *codec;
        const char  *lang;
    } rows[4] = {
        { LO_MEDIA_VIDEO, "av01", "av01.0.08M.10", "und" },
        { LO_MEDIA_VIDEO, "avc1", "avc1.64001f", "und" },
        { LO_MEDIA_AUDIO, "mp4a", "mp4a.40.2", "en" },
        { LO_MEDIA_TEXT, "wvtt", "wvtt", "de" }
    };

    for (i = 0; i < 4; i++) {
        tracks[i].info = &info[i];
        tracks[i].role = lo_cstr(i == 1 ? "trick" : "main");
        info[i].type = rows[i].type;
        memcpy(info[i].codec, rows[i].codec, strlen(rows[i].codec));
        memcpy(info[i].lang, rows[i].lang, strlen(rows[i].lang));
        info[i].fourcc = lo_fourcc(rows[i].fourcc[0], rows[i].fourcc[1],
                                   rows[i].fourcc[2], rows[i].fourcc[3]);
        info[i].transfer = 16;
        info[i].height = 720;
        info[i].channels = 2;
        info[i].sample_rate = 48000;
        info[i].fps_num = 30000;
        info[i].fps_den = 1001;
    }
}


static void
filter(lo_str_t text)
{
    char         one[LO_FILTER_MAX], two[LO_FILTER_MAX];
    lo_err_t     err;
    lo_buf_t     b, c;
    unsigned     i;
    lo_filter_t  f, g;

    err.text[0] = '\0';

    if (lo_filter_parse(&f, text, &err) != LO_OK) {
        check(err.text[0] != '\0');
        return;
    }

    lo_buf_init(&b, one, sizeof(one));
    lo_filter_write(&b, &f);
    check(lo_buf_ok(&b));
    check((f.keys == 0) == (lo_buf_str(&b).len == 0));

    if (f.keys == 0) {
        return;
    }

    check(lo_filter_parse(&g, lo_buf_str(&b), &err) == LO_OK);

    lo_buf_init(&c, two, sizeof(two));
    lo_filter_write(&c, &g);
    check(lo_buf_ok(&c));
    check(lo_str_eq(lo_buf_str(&b), lo_buf_str(&c)));

    for (i = 0; i < 4; i++) {
        check(lo_filter_track(&f, &tracks[i])
              == lo_filter_track(&g, &tracks[i]));
    }
}


/* start, end and time_delay apart by newlines */

static void
window(lo_str_t text)
{
    char           one[256];
    lo_err_t       err;
    lo_buf_t       b;
    lo_str_t       v[3];
    unsigned       i;
    lo_window_t    w, x;
    unsigned char  *nl;

    for (i = 0; i < 3; i++) {
        v[i] = text;
        nl = text.len ? memchr(text.data, '\n', text.len) : NULL;

        if (nl) {
            v[i].len = nl - text.data;
            text.len -= v[i].len + 1;
            text.data = nl + 1;

        } else {
            text.len = 0;
        }
    }

    err.text[0] = '\0';

    if (lo_window_parse(&w, v[0], v[1], v[2], &err) != LO_OK) {
        check(err.text[0] != '\0');
        return;
    }

    check(w.start_us >= 0 && w.end_us >= 0 && w.delay_us >= 0);
    check(w.start_us == 0 || w.end_us == 0 || w.start_us < w.end_us);

    lo_buf_init(&b, one, sizeof(one));
    lo_window_write(&b, &w);
    check(lo_buf_ok(&b));
    check(lo_window_read(&x, lo_buf_str(&b), &err) == LO_OK);
    check(w.start_us == x.start_us && w.end_us == x.end_us
          && w.delay_us == x.delay_us);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lo_str_t  text;
    lo_err_t  err;

    lo_window_t  w;

    if (size == 0) {
        return 0;
    }

    some_tracks();

    text.data = (unsigned char *) data + 1;
    text.len = size - 1;

    switch (data[0] % 3) {

    case 0:
        filter(text);
        break;

    case 1:
        window(text);
        break;

    default:
        (void) lo_window_read(&w, text, &err);
    }

    return 0;
}
