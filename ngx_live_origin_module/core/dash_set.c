/*
 * AdaptationSets: tracks that a player may switch between.
 */

#include "core/dash_int.h"
#include "core/drm_manifest.h"

#include <stdio.h>


#define LO_DASH_TRICK_RATE  64             /* the fastest that is said */


int
lo_dash_agrees(const lo_dash_t *x, unsigned set, lo_dash_same_pt same)
{
    unsigned                    i;
    const lo_manifest_track_t  *lead;

    lead = &x->p->tracks[lo_dash_lead(x, set)];

    for (i = 0; i < x->p->ntracks; i++) {
        if (x->set[i] == set && !same(x, lead, &x->p->tracks[i])) {
            return 0;
        }
    }

    return 1;
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


/* ---- attributes */

static void
lo_dash_set_picture(lo_dash_t *x, unsigned set)
{
    unsigned               i, lead, width, height;
    const lo_cmaf_init_t  *info;

    lead = lo_dash_lead(x, set);
    width = 0;
    height = 0;

    for (i = lead; i < x->p->ntracks; i++) {

        if (x->set[i] == set) {
            info = x->p->tracks[i].info;
            width = info->width > width ? info->width : width;
            height = info->height > height ? info->height : height;
        }
    }

    lo_dash_par(x->b, x->p->tracks[lead].info);
    lo_buf_printf(x->b, " maxWidth=\"%u\" maxHeight=\"%u\"", width, height);
}


/* the set whose pictures a trick set shows: of its shape and, where there is
   such, its codec; 0: none */

static unsigned
lo_dash_trick_of(const lo_dash_t *x, const lo_manifest_track_t *t)
{
    unsigned                    set, found;
    const lo_manifest_track_t  *o;

    found = 0;

    for (set = x->nsets; set > 0; set--) {
        o = &x->p->tracks[lo_dash_lead(x, set)];

        if (o->info->type != LO_MEDIA_VIDEO || lo_manifest_trick(o)
            || !lo_dash_aspect_eq(o->info, t->info))
        {
            continue;
        }

        if (o->info->fourcc == t->info->fourcc || found == 0
            || x->p->tracks[lo_dash_lead(x, found)].info->fourcc
               != t->info->fourcc)
        {
            found = set;
        }
    }

    return found;
}


/* as many frames a second as what it stands for has */

static void
lo_dash_set_trick(lo_dash_t *x, const lo_manifest_track_t *t)
{
    uint32_t  num, den, tnum, tden;
    uint64_t  rate;
    unsigned  of;

    of = lo_dash_trick_of(x, t);

    if (of) {
        lo_dash_fps(&x->p->tracks[lo_dash_lead(x, of)], &num, &den);
        lo_dash_fps(t, &tnum, &tden);

        rate = tnum ? (uint64_t) num * tden / ((uint64_t) den * tnum) : 0;

        if (rate > 1) {
            lo_buf_printf(x->b, " maxPlayoutRate=\"%u\"",
                          rate < LO_DASH_TRICK_RATE ? (unsigned) rate
                                                    : LO_DASH_TRICK_RATE);
        }
    }

    lo_buf_puts(x->b, " codingDependency=\"false\"");
}


static void
lo_dash_set_attrs(lo_dash_t *x, unsigned set)
{
    lo_buf_t                   *b;
    unsigned                    lead, priority;
    const lo_manifest_track_t  *t;

    b = x->b;
    lead = lo_dash_lead(x, set);
    t = &x->p->tracks[lead];

    lo_buf_printf(b, "    <AdaptationSet id=\"%u\" contentType=\"%s\" "
                  "mimeType=\"%s/mp4\"", lo_dash_id(x, set),
                  lo_dash_type(t->info->type),
                  t->info->type == LO_MEDIA_TEXT ? "application"
                  : lo_dash_type(t->info->type));

    if (lo_dash_lang(t).len) {
        lo_dash_attr(b, "lang", lo_dash_lang(t));
    }

    lo_buf_puts(b, " segmentAlignment=\"true\" startWithSAP=\"1\"");
    priority = lo_dash_priority(x, lead);

    if (priority) {
        lo_buf_printf(b, " selectionPriority=\"%u\"", priority);
    }

    if (t->info->type == LO_MEDIA_VIDEO) {
        lo_dash_set_picture(x, set);
    }

    if (lo_manifest_trick(t)) {
        lo_dash_set_trick(x, t);
    }

    lo_buf_puts(b, ">\n");
}


/* ---- properties */

static void
lo_dash_set_switching(lo_dash_t *x, unsigned set)
{
    unsigned                    i, n;
    const lo_manifest_track_t  *t, *o;

    t = &x->p->tracks[lo_dash_lead(x, set)];

    for (n = 0, i = 1; i <= x->nsets; i++) {

        o = &x->p->tracks[lo_dash_lead(x, i)];

        if (i == set || !lo_dash_switchable(t, o)) {
            continue;
        }

        lo_buf_printf(x->b, n++ ? ",%u" : "      <SupplementalProperty "
                      "schemeIdUri=\"urn:mpeg:dash:adaptation-set-switching:"
                      "2016\" value=\"%u", lo_dash_id(x, i));
    }

    if (n) {
        lo_buf_puts(x->b, "\"/>\n");
    }
}


static void
lo_dash_set_essential(lo_dash_t *x, unsigned set)
{
    char                        value[12];
    unsigned                    of;
    const lo_manifest_track_t  *t;

    t = &x->p->tracks[lo_dash_lead(x, set)];

    if (lo_manifest_trick(t)) {
        of = lo_dash_trick_of(x, t);
        snprintf(value, sizeof(value), "%u", of ? lo_dash_id(x, of) : 0);
        lo_dash_descriptor(x->b, "      ", "EssentialProperty",
                           "http://dashif.org/guidelines/trickmode",
                           lo_cstr(of ? value : ""));
    }
}


/* DASH-IF IOP: what helps those who see or hear less */

static void
lo_dash_set_accessibility(lo_dash_t *x, const lo_manifest_track_t *t)
{
    unsigned  i;

    static const struct {
        const char  *role;
        const char  *purpose;              /* TV-Anytime AudioPurposeCS */
    } roles[] = {
        { "caption", NULL },
        { "sign", NULL },
        { "easyreader", NULL },
        { "description", "1" },
        { "enhanced-audio-intelligibility", "2" }
    };

    for (i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {

        if (!lo_str_eq(t->role, lo_cstr(roles[i].role))) {
            continue;
        }

        lo_dash_descriptor(x->b, "      ", "Accessibility",
                           "urn:mpeg:dash:role:2011", t->role);

        if (roles[i].purpose && t->info->type == LO_MEDIA_AUDIO) {
            lo_dash_descriptor(x->b, "      ", "Accessibility",
                               "urn:tva:metadata:cs:AudioPurposeCS:2007",
                               lo_cstr(roles[i].purpose));
        }
    }
}


/* in the order of the schema */

static void
lo_dash_set_says(lo_dash_t *x, unsigned set)
{
    const lo_manifest_track_t  *t;

    t = &x->p->tracks[lo_dash_lead(x, set)];

    lo_drm_dash(x->b, x->m, t->info);
    lo_dash_set_essential(x, set);

    if (lo_dash_agrees(x, set, lo_dash_colour_same)) {
        lo_dash_colour(x->b, "      ", t->info);
    }

    lo_dash_set_switching(x, set);

    if (lo_dash_agrees(x, set, lo_dash_inband_same)) {
        lo_dash_inband(x, t, "      ");
    }

    if (t->label.len) {
        lo_buf_puts(x->b, "      <Label>");
        lo_dash_escape(x->b, t->label);
        lo_buf_puts(x->b, "</Label>\n");
    }

    if (lo_dash_agrees(x, set, lo_dash_clock_same)) {
        lo_dash_reference(x, t, "      ");
    }

    lo_dash_set_accessibility(x, t);

    if (!lo_manifest_trick(t)) {
        lo_dash_descriptor(x->b, "      ", "Role", "urn:mpeg:dash:role:2011",
                           lo_dash_role(t));
    }
}


void
lo_dash_sets(lo_dash_t *x)
{
    unsigned  set, i;

    lo_dash_plan(x);

    for (set = 1; set <= x->nsets; set++) {

        lo_dash_set_attrs(x, set);
        lo_dash_set_says(x, set);

        for (i = 0; i < x->p->ntracks; i++) {
            if (x->set[i] == set) {
                lo_dash_representation(x, i);
            }
        }

        lo_buf_puts(x->b, "    </AdaptationSet>\n");
    }
}
