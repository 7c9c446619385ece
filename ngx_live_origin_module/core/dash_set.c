/*
 * AdaptationSets: tracks that a player may switch between, and where their
 * segments are.
 */

#include "core/dash_int.h"
#include "core/box.h"
#include "core/drm_manifest.h"


static uint64_t
lo_dash_gcd(uint64_t a, uint64_t b)
{
    uint64_t  rest;

    while (b != 0) {
        rest = a % b;
        a = b;
        b = rest;
    }

    return a;
}


/* ---- what a track says: its own word, or that of its init */

static lo_str_t
lo_dash_lang(const lo_manifest_track_t *t)
{
    lo_str_t  lang;

    lang = t->lang.len ? t->lang : lo_cstr(t->info->lang);

    if (lo_str_eq(lang, lo_cstr("und"))) {
        lang.len = 0;
    }

    return lang;
}


static lo_str_t
lo_dash_role(const lo_manifest_track_t *t)
{
    return t->role.len ? t->role
           : t->info->type == LO_MEDIA_TEXT ? lo_cstr("subtitle")
                                            : lo_cstr("main");
}


/* display aspect: equal within 2 %, so that 854x480 stands beside 1280x720 */

static int
lo_dash_aspect_eq(const lo_cmaf_init_t *a, const lo_cmaf_init_t *b)
{
    double  x, y;

    x = (double) a->width * a->par_h / ((double) a->height * a->par_v);
    y = (double) b->width * b->par_h / ((double) b->height * b->par_v);

    return x < y * 1.02 && y < x * 1.02;
}


/* whether a player may switch between two tracks */

static int
lo_dash_same_set(const lo_manifest_track_t *a, const lo_manifest_track_t *b)
{
    const lo_cmaf_init_t  *x, *y;

    x = a->info;
    y = b->info;

    if (x->type != y->type || x->fourcc != y->fourcc
        || x->scheme != y->scheme || memcmp(x->kid, y->kid, 16) != 0
        || !lo_str_eq(lo_dash_lang(a), lo_dash_lang(b))
        || !lo_str_eq(lo_dash_role(a), lo_dash_role(b))
        || !lo_str_eq(a->label, b->label))
    {
        return 0;
    }

    if (x->type == LO_MEDIA_VIDEO) {
        return lo_dash_aspect_eq(x, y);
    }

    return x->channels == y->channels && x->sample_rate == y->sample_rate;
}


/* ---- segments */

/*
 * d in a timescale that holds both d and the track's own times without
 * rounding, where 32 bits can hold that timescale.
 */

static void
lo_dash_number(lo_dash_t *x, const lo_manifest_track_t *t, int64_t first)
{
    int64_t          pto, offset;
    uint64_t         ts, lcm;
    const lo_dur_t  *d;

    d = &x->m->d;
    ts = t->info->timescale;
    lcm = ts / lo_dash_gcd(ts, d->timescale) * d->timescale;
    ts = lcm <= UINT32_MAX ? lcm : d->timescale;
    offset = lo_dash_early_us(x->m, t);

    if (offset) {
        lo_buf_printf(x->b, " availabilityTimeOffset=\"%lld.%03lld\" "
                      "availabilityTimeComplete=\"false\"",
                      (long long) (offset / LO_USEC),
                      (long long) (offset % LO_USEC / 1000));
    }

    pto = lo_timeline_media(d, &x->p->anchor, first, ts);

    lo_buf_printf(x->b, " timescale=\"%llu\" duration=\"%llu\" "
                  "startNumber=\"%lld\" presentationTimeOffset=\"%lld\"/>\n",
                  (unsigned long long) ts,
                  (unsigned long long) (ts / d->timescale * d->duration),
                  (long long) first, (long long) (pto > 0 ? pto : 0));
}


/* numbers are counted along the list, so that it may not have a hole */

static unsigned
lo_dash_after_hole(const lo_manifest_track_t *t)
{
    unsigned  i;

    for (i = t->nsegments; i > 1; i--) {
        if (t->segments[i - 2].number + 1 != t->segments[i - 1].number) {
            return i - 1;
        }
    }

    return 0;
}


static void
lo_dash_list(lo_dash_t *x, const lo_manifest_track_t *t)
{
    int64_t                       pto, at, m;
    unsigned                      i, k, repeat;
    uint64_t                      d;
    const lo_manifest_segment_t  *s;

    i = lo_dash_after_hole(t);
    s = t->segments;

    if (__builtin_sub_overflow(lo_rescale(x->p->start_us, t->info->timescale,
                                          LO_USEC, LO_NEAREST),
                               lo_rescale(x->p->anchor.offset,
                                          t->info->timescale,
                                          x->p->anchor.scale, LO_NEAREST),
                               &pto))
    {
        pto = 0;                           /* of no clock that exists */
    }

    lo_buf_printf(x->b, " timescale=\"%u\" startNumber=\"%lld\" "
                  "presentationTimeOffset=\"%lld\">\n"
                  "          <SegmentTimeline>\n",
                  t->info->timescale,
                  (long long) (t->nsegments ? s[i].number : 0),
                  (long long) (pto > 0 ? pto : 0));

    for (at = -1; i < t->nsegments; i = k) {
        m = s[i].m;
        d = s[i].duration;

        if (m < 0) {                       /* priming before time 0 */
            d = (uint64_t) -m < d ? d + m : 1;
            m = 0;
        }

        lo_buf_puts(x->b, "            <S");

        if (m != at) {
            lo_buf_printf(x->b, " t=\"%lld\"", (long long) m);
        }

        at = m + d;
        repeat = 0;

        for (k = i + 1; k < t->nsegments && s[k].m == at
                        && s[k].duration == d; k++)
        {
            at += d;
            repeat++;
        }

        lo_buf_printf(x->b, " d=\"%llu\"", (unsigned long long) d);

        if (repeat) {
            lo_buf_printf(x->b, " r=\"%u\"", repeat);
        }

        lo_buf_puts(x->b, "/>\n");
    }

    lo_buf_puts(x->b, "          </SegmentTimeline>\n"
                "        </SegmentTemplate>\n");
}


static void
lo_dash_template(lo_dash_t *x, const lo_manifest_track_t *t, int64_t first)
{
    lo_buf_puts(x->b, "        <SegmentTemplate initialization=\"");
    lo_dash_escape(x->b, t->id);
    lo_buf_printf(x->b, "/init-%08x.mp4\" media=\"",
                  (unsigned) (t->digest >> 32));
    lo_dash_escape(x->b, t->id);
    lo_buf_puts(x->b, "/$Number$.m4s\"");

    if (x->m->irregular) {
        lo_dash_list(x, t);

    } else {
        lo_dash_number(x, t, first);
    }
}


/* ---- representations and sets */

static void
lo_dash_channels(lo_buf_t *b, const lo_cmaf_init_t *info)
{
    const char  *dolby;

    if (info->channels == 0) {
        return;
    }

    dolby = NULL;

    if (info->fourcc == lo_fourcc('a', 'c', '-', '3')
        || info->fourcc == lo_fourcc('e', 'c', '-', '3'))
    {
        dolby = info->channels == 1 ? "4000" : info->channels == 2 ? "A000"
                : info->channels == 6 ? "F801" : NULL;
    }

    if (dolby != NULL) {
        lo_buf_printf(b, "        <AudioChannelConfiguration schemeIdUri=\""
                      "tag:dolby.com,2014:dash:"
                      "audio_channel_configuration:2011\" value=\"%s\"/>\n",
                      dolby);
        return;
    }

    lo_buf_printf(b, "        <AudioChannelConfiguration schemeIdUri=\""
                  "urn:mpeg:dash:23003:3:audio_channel_configuration:2011\" "
                  "value=\"%u\"/>\n", info->channels);
}


static void
lo_dash_representation(lo_dash_t *x, const lo_manifest_track_t *t,
    int64_t first)
{
    uint32_t               num, den;
    lo_buf_t              *b;
    const lo_cmaf_init_t  *info;

    b = x->b;
    info = t->info;

    lo_buf_puts(b, "      <Representation");
    lo_dash_attr(b, "id", t->id);
    lo_buf_printf(b, " bandwidth=\"%u\"", lo_manifest_bandwidth(t));
    lo_dash_attr(b, "codecs", lo_cstr(info->codec));

    if (info->type == LO_MEDIA_VIDEO) {
        lo_buf_printf(b, " width=\"%u\" height=\"%u\" sar=\"%u:%u\"",
                      info->width, info->height, info->par_h, info->par_v);

        num = t->fps_den ? t->fps_num : info->fps_num;
        den = t->fps_den ? t->fps_den : info->fps_den;

        if (num && den == 1) {
            lo_buf_printf(b, " frameRate=\"%u\"", num);

        } else if (num && den) {
            lo_buf_printf(b, " frameRate=\"%u/%u\"", num, den);
        }
    }

    if (info->type == LO_MEDIA_AUDIO && info->sample_rate) {
        lo_buf_printf(b, " audioSamplingRate=\"%u\"", info->sample_rate);
    }

    lo_buf_puts(b, ">\n");

    if (info->type == LO_MEDIA_AUDIO) {
        lo_dash_channels(b, info);
    }

    lo_dash_template(x, t, first);
    lo_buf_puts(b, "      </Representation>\n");
}


/* the picture's shape in small numbers, where there are such: 16:9 */

static void
lo_dash_par(lo_buf_t *b, const lo_cmaf_init_t *info)
{
    uint64_t  h, v, g;

    h = (uint64_t) info->width * info->par_h;
    v = (uint64_t) info->height * info->par_v;

    if (h * 9 > v * 16 * 98 / 100 && h * 9 < v * 16 * 102 / 100) {
        h = 16;
        v = 9;
    }

    g = lo_dash_gcd(h, v);

    if (g == 0) {
        return;
    }

    lo_buf_printf(b, " par=\"%llu:%llu\"", (unsigned long long) (h / g),
                  (unsigned long long) (v / g));
}


static const char *
lo_dash_type(uint32_t type)
{
    return type == LO_MEDIA_VIDEO ? "video"
           : type == LO_MEDIA_AUDIO ? "audio" : "text";
}


static void
lo_dash_set_attrs(lo_dash_t *x, unsigned lead, unsigned id)
{
    lo_buf_t                   *b;
    unsigned                    i, width, height;
    const lo_manifest_track_t  *t, *o;

    b = x->b;
    t = &x->p->tracks[lead];

    lo_buf_printf(b, "    <AdaptationSet id=\"%u\" contentType=\"%s\" "
                  "mimeType=\"%s/mp4\"", id, lo_dash_type(t->info->type),
                  t->info->type == LO_MEDIA_TEXT ? "application"
                  : lo_dash_type(t->info->type));

    if (lo_dash_lang(t).len) {
        lo_dash_attr(b, "lang", lo_dash_lang(t));
    }

    lo_buf_puts(b, " segmentAlignment=\"true\" startWithSAP=\"1\"");

    if (t->info->type == LO_MEDIA_VIDEO) {
        width = 0;
        height = 0;

        for (i = lead; i < x->p->ntracks; i++) {
            o = &x->p->tracks[i];

            if (lo_dash_same_set(t, o)) {
                width = o->info->width > width ? o->info->width : width;
                height = o->info->height > height ? o->info->height : height;
            }
        }

        lo_dash_par(b, t->info);
        lo_buf_printf(b, " maxWidth=\"%u\" maxHeight=\"%u\"", width, height);
    }

    lo_buf_puts(b, ">\n");
}


/* the set that track `lead` is the first of */

static void
lo_dash_set(lo_dash_t *x, unsigned lead, unsigned id, int64_t first)
{
    lo_buf_t                   *b;
    unsigned                    i;
    const lo_manifest_track_t  *t;

    b = x->b;
    t = &x->p->tracks[lead];

    lo_dash_set_attrs(x, lead, id);

    lo_drm_dash(b, x->m, t->info);

    if (t->label.len) {
        lo_buf_puts(b, "      <Label>");
        lo_dash_escape(b, t->label);
        lo_buf_puts(b, "</Label>\n");
    }

    lo_buf_puts(b, "      <Role schemeIdUri=\"urn:mpeg:dash:role:2011\"");
    lo_dash_attr(b, "value", lo_dash_role(t));
    lo_buf_puts(b, "/>\n");

    for (i = lead; i < x->p->ntracks; i++) {
        if (lo_dash_same_set(t, &x->p->tracks[i])) {
            lo_dash_representation(x, &x->p->tracks[i], first);
        }
    }

    lo_buf_puts(b, "    </AdaptationSet>\n");
}


void
lo_dash_sets(lo_dash_t *x, uint32_t type, unsigned *id, int64_t first)
{
    unsigned                    i, j;
    const lo_manifest_track_t  *t;

    for (i = 0; i < x->p->ntracks; i++) {
        t = &x->p->tracks[i];

        if (t->info->type != type) {
            continue;
        }

        for (j = 0; j < i; j++) {
            if (lo_dash_same_set(&x->p->tracks[j], t)) {
                break;
            }
        }

        if (j == i) {
            lo_dash_set(x, i, ++*id, first);
        }
    }
}
