/*
 * What tracks say of themselves, and what follows from it: which of them stand
 * in one AdaptationSet, between which sets a player may switch, and what is
 * preferred.
 */

#include "core/dash_int.h"
#include "core/box.h"


/* xs:language, which neither documents nor elng are held to: subtags of 1 to
   8, the first of letters */

static int
lo_dash_lang_ok(lo_str_t s)
{
    size_t         i, n, tags;
    unsigned char  c;

    for (n = 0, tags = 0, i = 0; i < s.len; i++) {

        c = s.data[i];

        if (c == '-') {
            if (n == 0) {
                return 0;
            }

            n = 0;
            tags++;
            continue;
        }

        if (++n > 8 || !(((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
                         || (tags && c >= '0' && c <= '9')))
        {
            return 0;
        }
    }

    return n != 0;
}


static lo_str_t
lo_dash_lang_of(const lo_manifest_track_t *t)
{
    lo_str_t  lang;

    lang = t->lang.len ? t->lang : lo_cstr(t->info->lang);

    if (lo_str_eq(lang, lo_cstr("und"))) {
        lang.len = 0;
    }

    return lang;
}


lo_str_t
lo_dash_lang(const lo_manifest_track_t *t)
{
    lo_str_t  lang;

    lang = lo_dash_lang_of(t);

    if (!lo_dash_lang_ok(lang)) {
        lang.len = 0;
    }

    return lang;
}


lo_str_t
lo_dash_role(const lo_manifest_track_t *t)
{
    return t->role.len ? t->role
           : t->info->type == LO_MEDIA_TEXT ? lo_cstr("subtitle")
                                            : lo_cstr("main");
}


int
lo_dash_main(const lo_manifest_track_t *t)
{
    return t->role.len == 0 || lo_str_eq(t->role, lo_cstr("main"))
           || lo_str_eq(t->role, lo_cstr("subtitle"));
}


void
lo_dash_fps(const lo_manifest_track_t *t, uint32_t *num, uint32_t *den)
{
    *num = t->fps_den ? t->fps_num : t->info->fps_num;
    *den = t->fps_den ? t->fps_den : t->info->fps_den;

    if (*num == 0 || *den == 0) {
        *num = 0;
        *den = 1;
    }
}


/* ---- pictures */

static unsigned
lo_dash_range(const lo_cmaf_init_t *info)
{
    return info->transfer == LO_TRANSFER_PQ
           || info->transfer == LO_TRANSFER_HLG ? info->transfer : 0;
}


int
lo_dash_wide(const lo_cmaf_init_t *info)
{
    return lo_dash_range(info) != 0 || info->primaries == 9;
}


int
lo_dash_colour_same(const lo_dash_t *x, const lo_manifest_track_t *a,
    const lo_manifest_track_t *b)
{
    const lo_cmaf_init_t  *i, *j;

    (void) x;

    i = a->info;
    j = b->info;

    return i->primaries == j->primaries && i->transfer == j->transfer
           && i->matrix == j->matrix
           && ((i->picture ^ j->picture) & LO_PICTURE_FULL_RANGE) == 0;
}


/* display aspect: equal within 2 %, so that 854x480 stands beside 1280x720 */

int
lo_dash_aspect_eq(const lo_cmaf_init_t *a, const lo_cmaf_init_t *b)
{
    double  x, y;

    x = (double) a->width * a->par_h / ((double) a->height * a->par_v);
    y = (double) b->width * b->par_h / ((double) b->height * b->par_v);

    return x < y * 1.02 && y < x * 1.02;
}


static int
lo_dash_picture_eq(const lo_cmaf_init_t *a, const lo_cmaf_init_t *b)
{
    return lo_dash_aspect_eq(a, b) && lo_dash_range(a) == lo_dash_range(b)
           && lo_dash_wide(a) == lo_dash_wide(b);
}


/* ---- sets */

static int
lo_dash_alike(const lo_manifest_track_t *a, const lo_manifest_track_t *b)
{
    const lo_cmaf_init_t  *x, *y;

    x = a->info;
    y = b->info;

    return x->type == y->type && x->scheme == y->scheme
           && memcmp(x->kid, y->kid, 16) == 0
           && lo_str_eq(lo_dash_lang_of(a), lo_dash_lang_of(b))
           && lo_str_eq(lo_dash_role(a), lo_dash_role(b))
           && lo_str_eq(a->label, b->label);
}


int
lo_dash_same_set(const lo_manifest_track_t *a, const lo_manifest_track_t *b)
{
    const lo_cmaf_init_t  *x, *y;

    x = a->info;
    y = b->info;

    if (!lo_dash_alike(a, b) || x->fourcc != y->fourcc) {
        return 0;
    }

    if (x->type == LO_MEDIA_VIDEO) {
        return lo_dash_picture_eq(x, y);
    }

    return x->channels == y->channels && x->sample_rate == y->sample_rate;
}


int
lo_dash_switchable(const lo_manifest_track_t *a, const lo_manifest_track_t *b)
{
    return a->info->type == LO_MEDIA_VIDEO && lo_dash_alike(a, b)
           && !lo_manifest_trick(a) && a->info->fourcc != b->info->fourcc
           && lo_dash_picture_eq(a->info, b->info);
}


void
lo_dash_number_sets(lo_manifest_track_t *tracks, unsigned n)
{
    unsigned              i;
    lo_dash_t             x;
    lo_manifest_period_t  p;

    memset(&p, 0, sizeof(lo_manifest_period_t));
    p.tracks = tracks;
    p.ntracks = n;
    x.p = &p;

    lo_dash_plan(&x);

    for (i = 0; i < n; i++) {
        tracks[i].set = tracks[lo_dash_lead(&x, x.set[i])].place;
    }
}


/* what was numbered keeps together, whatever has been left out since */

static int
lo_dash_together(const lo_manifest_track_t *a, const lo_manifest_track_t *b)
{
    return a->set ? a->set == b->set : lo_dash_same_set(a, b);
}


void
lo_dash_plan(lo_dash_t *x)
{
    unsigned                    i, j;
    uint32_t                    type;
    const lo_manifest_track_t  *t;

    memset(x->set, 0, sizeof(x->set));
    x->nsets = 0;
    t = x->p->tracks;

    for (type = LO_MEDIA_VIDEO; type <= LO_MEDIA_META; type++) {
        for (i = 0; i < x->p->ntracks; i++) {

            if (t[i].info->type != type || x->set[i]) {
                continue;
            }

            /* its own in any case: a picture of no size is like no other */

            x->set[i] = ++x->nsets;

            for (j = i + 1; j < x->p->ntracks; j++) {
                if (x->set[j] == 0 && lo_dash_together(&t[i], &t[j])) {
                    x->set[j] = x->nsets;
                }
            }
        }
    }
}


unsigned
lo_dash_lead(const lo_dash_t *x, unsigned set)
{
    unsigned  i;

    for (i = 0; x->set[i] != set; i++) { /* void */ }

    return i;
}


unsigned
lo_dash_id(const lo_dash_t *x, unsigned set)
{
    unsigned  id;

    id = x->p->tracks[lo_dash_lead(x, set)].set;

    return id ? id : set;
}


/* ---- what is preferred: the main ones, then by the order of the tracks */

unsigned
lo_dash_priority(const lo_dash_t *x, unsigned lead)
{
    int                         main;
    unsigned                    set, below, all;
    const lo_manifest_track_t  *t, *o;

    t = &x->p->tracks[lead];
    main = lo_dash_main(t);
    below = 0;
    all = 0;

    for (set = 1; set <= x->nsets; set++) {

        o = &x->p->tracks[lo_dash_lead(x, set)];

        if (o->info->type != t->info->type || lo_manifest_trick(o)) {
            continue;
        }

        all++;

        if (main != lo_dash_main(o) ? main : set > x->set[lead]) {
            below++;
        }
    }

    return all > 1 && !lo_manifest_trick(t) ? below + 1 : 0;
}


/* how much better a is; other codecs of one picture are equal */

static int
lo_dash_better(const lo_manifest_track_t *a, const lo_manifest_track_t *b)
{
    uint32_t  an, ad, bn, bd;
    uint64_t  x, y;

    x = (uint64_t) a->info->width * a->info->height;
    y = (uint64_t) b->info->width * b->info->height;

    if (x != y) {
        return x > y;
    }

    lo_dash_fps(a, &an, &ad);
    lo_dash_fps(b, &bn, &bd);

    if ((uint64_t) an * bd != (uint64_t) bn * ad) {
        return (uint64_t) an * bd > (uint64_t) bn * ad;
    }

    return a->info->fourcc == b->info->fourcc
           && lo_manifest_bandwidth(a) > lo_manifest_bandwidth(b);
}


unsigned
lo_dash_ranking(const lo_dash_t *x, unsigned track)
{
    unsigned                    i, all, rank;
    const lo_manifest_track_t  *t, *o;

    t = &x->p->tracks[track];

    if (t->info->type != LO_MEDIA_VIDEO || lo_manifest_trick(t)) {
        return 0;
    }

    all = 0;
    rank = 1;

    for (i = 0; i < x->p->ntracks; i++) {
        o = &x->p->tracks[i];

        if (x->set[i] != x->set[track] && !lo_dash_switchable(t, o)) {
            continue;
        }

        all++;
        rank += lo_dash_better(o, t);
    }

    return all > 1 ? rank : 0;
}
