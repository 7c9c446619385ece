/*
 * Groups of audio, by codec and rank: the first track of each language, label
 * and role makes the codec's first group, the second (another bitrate or
 * channel count) its second, and so on; where a language has fewer, its last
 * stands in, so that every group offers every language.
 */

#include "core/hls_int.h"
#include "core/box.h"


lo_str_t
lo_hls_lang(const lo_manifest_track_t *t)
{
    lo_str_t  lang;

    lang = t->lang.len ? t->lang : lo_cstr(t->info->lang);

    if (lo_str_eq(lang, lo_cstr("und"))) {
        lang.len = 0;
    }

    return lang;
}


int
lo_hls_same(const lo_manifest_track_t *a, const lo_manifest_track_t *b)
{
    return a->info->type == b->info->type
           && a->info->fourcc == b->info->fourcc
           && lo_str_eq(lo_hls_lang(a), lo_hls_lang(b))
           && lo_str_eq(a->label, b->label)
           && lo_str_eq(a->role, b->role);
}


static unsigned
lo_hls_rank(const lo_hls_master_t *x, unsigned track)
{
    unsigned  i, rank;

    for (rank = 0, i = 0; i < track; i++) {
        if (lo_hls_same(&x->tracks[i], &x->tracks[track])) {
            rank++;
        }
    }

    return rank;
}


/* what stands for the first-ranked track t in the group of this rank */

static unsigned
lo_hls_of_rank(const lo_hls_master_t *x, unsigned track, unsigned rank)
{
    unsigned  i, found;

    for (found = track, i = track + 1; i < x->ntracks && rank > 0; i++) {
        if (lo_hls_same(&x->tracks[track], &x->tracks[i])) {
            found = i;
            rank--;
        }
    }

    return found;
}


int
lo_hls_group(const lo_hls_master_t *x, unsigned track, lo_hls_group_t *g)
{
    unsigned  i;

    if (x->tracks[track].info->type != LO_MEDIA_AUDIO) {
        return 0;
    }

    g->fourcc = x->tracks[track].info->fourcc;
    g->rank = lo_hls_rank(x, track);

    for (i = 0; i < track; i++) {
        if (x->tracks[i].info->type == LO_MEDIA_AUDIO
            && x->tracks[i].info->fourcc == g->fourcc
            && lo_hls_rank(x, i) == g->rank)
        {
            return 0;
        }
    }

    return 1;
}


int
lo_hls_member(const lo_hls_master_t *x, const lo_hls_group_t *g, unsigned *i,
    unsigned *member)
{
    const lo_manifest_track_t  *t;

    while (*i < x->ntracks) {
        t = &x->tracks[(*i)++];

        if (t->info->type == LO_MEDIA_AUDIO && t->info->fourcc == g->fourcc
            && lo_hls_rank(x, *i - 1) == 0)
        {
            *member = lo_hls_of_rank(x, *i - 1, g->rank);
            return 1;
        }
    }

    return 0;
}


void
lo_hls_group_name(lo_buf_t *b, const lo_hls_group_t *g)
{
    const char  *name;

    switch (g->fourcc) {

    case lo_fourcc('m', 'p', '4', 'a'):
        name = "aac";
        break;

    case lo_fourcc('a', 'c', '-', '3'):
        name = "ac3";
        break;

    case lo_fourcc('e', 'c', '-', '3'):
        name = "eac3";
        break;

    case lo_fourcc('O', 'p', 'u', 's'):
        name = "opus";
        break;

    case lo_fourcc('f', 'L', 'a', 'C'):
        name = "flac";
        break;

    default:
        name = "audio";
    }

    lo_buf_puts(b, name);

    if (g->rank) {
        lo_buf_puts(b, "-");
        lo_buf_u64(b, g->rank + 1);
    }
}
