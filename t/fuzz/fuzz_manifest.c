/*
 * Manifest writers over any state.  Numbers are any; strings are what an event
 * document and a header can say: ids, and UTF-8 without limits.  The MPD is
 * well-formed, playlists have lines, and what is measured is what is written.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/box.h"
#include "core/dash.h"
#include "core/hls.h"
#include "fuzz.h"


#define SEGMENTS  8
#define TRACKS    6
#define NUMBERS   ((int64_t) 1 << 36)      /* what lies near a clock */

typedef struct {
    const uint8_t      *p;
    size_t              left;
} bytes_t;


static uint64_t
any(bytes_t *b)
{
    size_t    n;
    uint64_t  v;

    if (b->left == 0) {
        return 0;
    }

    /* a byte says how many follow: small numbers are as likely as large */

    n = b->p[0] & 15;
    n = n > 8 ? 1 : n;
    n = n > b->left - 1 ? b->left - 1 : n;

    for (v = 0; n > 0; n--, b->p++, b->left--) {
        v = v << 8 | b->p[1];
    }

    b->p++;
    b->left--;

    return v;
}


static int64_t
any_time(bytes_t *b)
{
    return (int64_t) any(b) / 4;
}


/* UTF-8 of 1 to 3 bytes a character, no NUL: jansson lets nothing else by */

static lo_str_t
any_text(bytes_t *b, unsigned char *mem)
{
    size_t    n;
    uint32_t  c;
    lo_str_t  s;

    s.data = mem;

    for (n = any(b) % 16; n > 0; n--) {
        c = (uint32_t) any(b) & 0xffff;

        if (c == 0 || (c >= 0xd800 && c < 0xe000)) {
            c = '<';
        }

        if (c < 0x80) {
            *mem++ = (unsigned char) c;

        } else if (c < 0x800) {
            *mem++ = (unsigned char) (0xc0 | c >> 6);
            *mem++ = (unsigned char) (0x80 | (c & 0x3f));

        } else {
            *mem++ = (unsigned char) (0xe0 | c >> 12);
            *mem++ = (unsigned char) (0x80 | (c >> 6 & 0x3f));
            *mem++ = (unsigned char) (0x80 | (c & 0x3f));
        }
    }

    s.len = (size_t) (mem - s.data);

    return s;
}


static void
any_info(bytes_t *b, lo_cmaf_init_t *in)
{
    static const uint32_t  schemes[] = {
        0, 0, lo_fourcc('c', 'e', 'n', 'c'), lo_fourcc('c', 'b', 'c', 's')
    };

    memset(in, 0, sizeof(*in));

    in->type = 1 + (uint32_t) any(b) % 3;
    in->timescale = (uint32_t) any(b) | 1;
    in->track_id = 1;
    in->width = ((uint32_t) any(b) & 0xffff) | 1;
    in->height = ((uint32_t) any(b) & 0xffff) | 1;
    in->par_h = (uint32_t) any(b) | 1;
    in->par_v = (uint32_t) any(b) | 1;
    in->sample_rate = (uint32_t) any(b);
    in->channels = (uint32_t) any(b);
    in->bitrate = (uint32_t) any(b);
    in->fps_num = (uint32_t) any(b);
    in->fps_den = in->fps_num ? (uint32_t) any(b) | 1 : 0;
    in->edit = any_time(b) % ((int64_t) in->timescale * 86400 + 1);
    in->scheme = schemes[any(b) & 3];
    in->fourcc = (uint32_t) any(b);
    memset(in->kid, (int) any(b), 16);
    strcpy(in->codec, any(b) & 1 ? "avc1.64001f" : "mp4a.40.2");
    strcpy(in->lang, any(b) & 1 ? "en" : "");
    in->transfer = (unsigned char) any(b);
    in->dv_profile = (unsigned char) any(b);
    in->dv_level = (unsigned char) any(b);
    in->dv_base = (unsigned char) any(b);
    in->objects = (unsigned char) any(b);
}


static void
any_segments(bytes_t *b, lo_manifest_segment_t *s, unsigned n)
{
    unsigned  i;
    int64_t   number;

    number = any_time(b) % NUMBERS;

    for (i = 0; i < n; i++) {
        s[i].number = number + (int64_t) i;
        s[i].start_us = any_time(b);
        s[i].end_us = any_time(b);
        s[i].m = any_time(b);
        s[i].duration = any(b) % (120 * 90000);
        s[i].init = any(b);
        s[i].run = (uint32_t) any(b) & 0xff;
        s[i].gap = any(b) & 1;
    }
}


static void
any_cues(bytes_t *b, lo_cues_t *cues, unsigned char text[][64])
{
    lo_cue_t       *c;
    lo_cue_data_t  *d;

    static lo_str_t  section = lo_string("/DABAA==");

    cues->n = (unsigned) any(b) & 1;
    cues->ndata = 2;
    c = &cues->cue[0];
    memset(c, 0, sizeof(*c));

    c->id = lo_cstr("c-1");
    c->cls = any_text(b, text[0]);
    c->start_us = any_time(b);
    c->duration_us = any_time(b) - 1;
    c->end_us = any(b) & 1 ? INT64_MAX : c->start_us;
    c->planned_us = any_time(b) % NUMBERS - 1;
    c->scte35[any(b) % LO_CUE_SPLICES] = section;
    c->ndata = 2;

    d = cues->data;
    memset(d, 0, 2 * sizeof(*d));
    d[0].name = lo_cstr("X-A");
    d[0].text = any_text(b, text[1]);
    d[1].name = lo_cstr("X-B");
    d[1].milli = any_time(b) - any_time(b);
    d[1].number = 1;
}


/* as event_drm.c lets it by */

static void
any_drm(bytes_t *b, lo_drm_t *drm)
{
    unsigned  n;

    memset(drm, 0, sizeof(*drm));

    n = (unsigned) any(b);
    drm->systems = n & LO_DRM_ALL;
    drm->key_uri = lo_cstr(n & 16 ? "skd://a/{kid}?x&y" : "skd://one");
    drm->pssh_data = lo_cstr(n & 32 ? "AAEC" : "");
    drm->pro = lo_cstr(n & 64 ? "DgAAAAEAAQAEADwAPgA=" : "");
    drm->clearkey_url = lo_cstr(n & 128 ? "https://ck.example/?a=1&b='" : "");
    drm->widevine_url = lo_cstr("https://wv.example/?a&b");
    drm->playready_url = drm->widevine_url;
}


/* ---- what was written */

static int
xml_name(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9') || strchr("?/:_-", c) != NULL;
}


static void
check_xml(const unsigned char *p, const unsigned char *end)
{
    int  quoted, depth;

    for (depth = 0; p < end; p++) {

        check(*p == '\n' || (*p >= 0x20 && *p != 0x7f));
        check(end - p < 3 || memcmp(p, "\xef\xbf\xbe", 3) != 0);
        check(end - p < 3 || memcmp(p, "\xef\xbf\xbf", 3) != 0);

        if (*p == '&') {
            check(memchr(p, ';', (size_t) (end - p)) != NULL);
        }

        if (*p != '<') {
            continue;
        }

        check(p + 1 < end && xml_name(p[1]) && p[1] != ':');
        depth += p[1] == '/' ? -1 : p[1] == '?' ? 0 : 1;
        check(depth >= 0);

        for (quoted = 0; p < end && (quoted || *p != '>'); p++) {
            quoted ^= *p == '"';
            check(p[1] != '<' || p + 1 == end);
        }

        check(p < end);
        depth -= p[-1] == '/';
    }

    check(depth == 0);
}


static void
check_m3u8(const unsigned char *p, const unsigned char *end)
{
    int                   quotes;
    const unsigned char  *line;

    while (p < end) {

        line = p;
        quotes = 0;

        for ( /* void */ ; p < end && *p != '\n'; p++) {
            check(*p >= 0x20 && *p != 0x7f);
            check(*p != 0xc2 || p[1] < 0x80 || p[1] >= 0xa0);
            quotes += *p == '"';
        }

        check(p < end && p > line && quotes % 2 == 0);
        check(*line == '#' || memchr(line, ' ', (size_t) (p - line)) == NULL);
        p++;
    }
}


typedef void (*writer_t)(lo_buf_t *b, const void *data);

static void
write_one(writer_t writer, const void *data, int xml)
{
    size_t          need;
    lo_buf_t        b;
    unsigned char  *mem;

    lo_buf_init(&b, NULL, 0);
    writer(&b, data);
    need = b.need;

    mem = malloc(need ? need : 1);
    check(mem != NULL);

    lo_buf_init(&b, mem, need);
    writer(&b, data);

    check(lo_buf_ok(&b) && b.need == need);

    if (xml) {
        check_xml(mem, mem + need);

    } else {
        check_m3u8(mem, mem + need);
    }

    free(mem);
}


/* parts of what is listed, in any order */

static void
any_low(bytes_t *b, lo_manifest_low_t *low, lo_manifest_segment_t *segments,
    unsigned n)
{
    unsigned                      i;
    static lo_manifest_part_t     parts[SEGMENTS];
    static lo_manifest_report_t   report;
    static lo_manifest_segment_t  open;

    for (i = 0; i < SEGMENTS; i++) {
        parts[i].start_us = any_time(b);
        parts[i].end_us = any_time(b);
        parts[i].independent = any(b) & 1;
        parts[i].gap = any(b) & 1;
    }

    for (i = 0; i < n; i++) {
        segments[i].nparts = any(b) % (SEGMENTS + 1);
        segments[i].parts = parts;
    }

    memset(&open, 0, sizeof(open));
    open.number = any_time(b);
    open.run = any(b) % 8;
    open.init = any(b);
    open.nparts = any(b) % (SEGMENTS + 1);
    open.parts = parts;

    report.track = lo_cstr("v");
    report.msn = any_time(b);
    report.part = (int64_t) any(b) % 4 - 1;

    memset(low, 0, sizeof(lo_manifest_low_t));
    low->target_us = (uint32_t) any(b);
    low->longest_us = (uint32_t) any(b);
    low->skip = any(b) % 3;
    low->open = any(b) & 1 ? &open : NULL;
    low->hint = any_time(b);
    low->hint_part = (uint32_t) any(b);
    low->nreports = any(b) & 1;
    low->reports = &report;
}


static void
write_mpd(lo_buf_t *b, const void *data)
{
    lo_dash_mpd(b, data);
}


static void
write_master(lo_buf_t *b, const void *data)
{
    lo_hls_master(b, data);
}


static void
write_media(lo_buf_t *b, const void *data)
{
    lo_hls_media(b, data);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned               i, n;
    bytes_t                b;
    lo_manifest_t          m;
    lo_manifest_low_t      low;
    lo_manifest_list_t     list;
    lo_manifest_track_t    tracks[TRACKS], *t;
    lo_manifest_period_t   periods[2];
    lo_manifest_segment_t  segments[SEGMENTS];
    lo_cmaf_init_t         infos[TRACKS];
    unsigned char          text[6 + 4 * TRACKS][64];

    static lo_event_t  doc;

    static const char *const  ids[] = { "v1", "a-1", "t_1", "V.2", "x", "0" };

    b.p = data;
    b.left = size;

    memset(&m, 0, sizeof(m));
    memset(tracks, 0, sizeof(tracks));
    memset(periods, 0, sizeof(periods));
    memset(segments, 0, sizeof(segments));

    m.id = lo_cstr("ev");
    m.title = any_text(&b, text[0]);
    m.utc_timing = lo_cstr("time");

    if (lo_dur_set(&m.d, any(&b), any(&b), NULL) != LO_OK) {
        (void) lo_dur_set(&m.d, 2, 1, NULL);
    }

    m.origin = any_time(&b) % NUMBERS;
    m.delay_us = any_time(&b) % (86400LL * LO_USEC);
    m.depth_us = any_time(&b) % (86400LL * LO_USEC);
    m.publish_us = any_time(&b);
    m.irregular = any(&b) & 1;
    m.ended = any(&b) & 1;
    m.from = any_time(&b) % NUMBERS;
    m.last = any_time(&b) % NUMBERS;
    m.end_us = any_time(&b);
    m.nperiods = 1 + (any(&b) & 1);
    m.periods = periods;

    n = (unsigned) any(&b) % (TRACKS + 1);
    any_segments(&b, segments, SEGMENTS);

    for (i = 0; i < n; i++) {
        t = &tracks[i];
        any_info(&b, &infos[i]);
        t->id = lo_cstr(ids[i]);
        t->info = &infos[i];
        t->digest = any(&b);
        t->bandwidth = (uint32_t) any(&b);
        t->average = (uint32_t) any(&b);
        t->lang = any_text(&b, text[1 + i * 4]);
        t->label = any_text(&b, text[2 + i * 4]);
        t->role = any_text(&b, text[3 + i * 4]);
        t->score = (uint32_t) any(&b);
        t->role = any(&b) & 1 ? lo_cstr("trick") : t->role;
        t->nsegments = m.irregular ? (unsigned) any(&b) % (SEGMENTS + 1) : 0;
        t->segments = segments;
    }

    for (i = 0; i < m.nperiods; i++) {
        periods[i].id = i + 1;
        periods[i].first = any_time(&b) % NUMBERS;
        periods[i].start_us = any_time(&b);
        periods[i].anchor.offset = any_time(&b);
        periods[i].anchor.scale = (uint32_t) any(&b) | 1;
        periods[i].ntracks = n;
        periods[i].tracks = tracks;
    }

    memset(&doc, 0, sizeof(doc));
    any_drm(&b, &doc.drm);
    m.doc = &doc;
    m.systems = (unsigned) any(&b) & LO_DRM_ALL;
    m.up = lo_cstr(any(&b) & 1 ? "../" : "");

    for (i = 0; i < SEGMENTS; i++) {
        segments[i].info = n ? &infos[i % n] : NULL;
    }

    write_one(write_mpd, &m, 1);

    doc.title = m.title;
    doc.sessions.n = 1;
    doc.sessions.data[0].id = lo_cstr("com.example.a");
    doc.sessions.data[0].value = any_text(&b, text[5 + 4 * TRACKS]);

    write_one(write_master, &m, 0);

    memset(&list, 0, sizeof(list));
    list.d = m.d;
    list.target_s = (uint32_t) any(&b) & 0xff;
    list.ended = m.ended;
    list.nsegments = (unsigned) any(&b) % (SEGMENTS + 1);
    list.segments = segments;
    list.doc = &doc;
    list.iframes = any(&b) & 1;
    list.systems = m.systems;
    list.up = m.up;
    any_cues(&b, &doc.cues, text + 3 + 4 * TRACKS);

    write_one(write_media, &list, 0);

    any_low(&b, &low, segments, list.nsegments);
    list.low = &low;
    write_one(write_media, &list, 0);

    return 0;
}
