/*
 * EXT-X-MEDIA: audio and subtitles.
 */

#include "core/hls_int.h"


static lo_str_t
lo_hls_name(const lo_manifest_track_t *t)
{
    lo_str_t  lang;

    if (t->label.len) {
        return t->label;
    }

    lang = lo_hls_lang(t);

    return lang.len ? lang : t->id;
}


/* NAME has to be unlike the others of the group: the id makes it so */

static void
lo_hls_media_name(const lo_hls_master_t *x, unsigned track)
{
    unsigned                    i;
    const lo_manifest_track_t  *t;

    t = &x->tracks[track];

    for (i = 0; i < x->ntracks; i++) {
        if (i != track && x->tracks[i].info->type == t->info->type
            && x->tracks[i].info->fourcc == t->info->fourcc
            && !lo_hls_same(&x->tracks[i], t)
            && lo_str_eq(lo_hls_name(&x->tracks[i]), lo_hls_name(t)))
        {
            lo_hls_quoted(x->b, ",NAME", t->id);
            return;
        }
    }

    lo_hls_quoted(x->b, ",NAME", lo_hls_name(t));
}


static void
lo_hls_rendition(const lo_hls_master_t *x, unsigned track, int first)
{
    lo_buf_t                   *b;
    const lo_manifest_track_t  *t;

    b = x->b;
    t = &x->tracks[track];

    lo_hls_media_name(x, track);

    if (lo_hls_lang(t).len) {
        lo_hls_quoted(b, ",LANGUAGE", lo_hls_lang(t));
    }

    lo_buf_puts(b, first ? ",DEFAULT=YES,AUTOSELECT=YES"
                         : ",DEFAULT=NO,AUTOSELECT=YES");

    if (lo_str_eq(t->role, lo_cstr("description"))) {
        lo_buf_puts(b, ",CHARACTERISTICS="
                    "\"public.accessibility.describes-video\"");
    }

    if (lo_str_eq(t->role, lo_cstr("forced-subtitle"))) {
        lo_buf_puts(b, ",FORCED=YES");
    }

    if (t->info->type == LO_MEDIA_AUDIO && t->info->channels) {
        lo_buf_puts(b, ",CHANNELS=\"");
        lo_buf_u64(b, t->info->channels);
        lo_buf_puts(b, "\"");
    }

    lo_buf_puts(b, ",URI=\"");
    lo_hls_uri(x, t);
    lo_buf_puts(b, "\"\n");
}


void
lo_hls_audio(const lo_hls_master_t *x, const lo_hls_group_t *g)
{
    int       first;
    unsigned  i, member;

    for (first = 1, i = 0; lo_hls_member(x, g, &i, &member); first = 0) {
        lo_buf_puts(x->b, "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"");
        lo_hls_group_name(x->b, g);
        lo_buf_puts(x->b, "\"");
        lo_hls_rendition(x, member, first);
    }
}


int
lo_hls_text(const lo_hls_master_t *x)
{
    int       any;
    unsigned  i;

    for (any = 0, i = 0; i < x->ntracks; i++) {
        if (x->tracks[i].info->type == LO_MEDIA_TEXT) {
            lo_buf_puts(x->b,
                        "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"text\"");
            lo_hls_rendition(x, i, 0);
            any = 1;
        }
    }

    return any;
}
