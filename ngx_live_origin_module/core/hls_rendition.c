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


/* NAME has to be unlike the others of the group: the id makes it so, as no
   other is named by that */

static void
lo_hls_media_name(const lo_hls_master_t *x, unsigned track)
{
    unsigned                    i;
    const lo_manifest_track_t  *t, *other;

    t = &x->tracks[track];

    for (i = 0; i < x->ntracks; i++) {

        other = &x->tracks[i];

        /* text has one group, audio one for each codec and rank */

        if (i == track || other->info->type != t->info->type
            || (t->info->type == LO_MEDIA_AUDIO
                && (other->info->fourcc != t->info->fourcc
                    || lo_hls_same(other, t))))
        {
            continue;
        }

        if (lo_str_eq(lo_hls_name(other), lo_hls_name(t))
            || lo_str_eq(other->id, lo_hls_name(t)))
        {
            lo_hls_quoted(x->b, ",NAME", t->id);
            return;
        }
    }

    lo_hls_quoted(x->b, ",NAME", lo_hls_name(t));
}


/* Uniform Type Identifiers of rfc8216bis, 4.4.6.1; NULL: none */

static const char *
lo_hls_characteristics(const lo_manifest_track_t *t)
{
    unsigned  i;

    static const struct {
        const char  *role;
        uint32_t     type;
        const char  *says;
    } all[] = {
        { "description", LO_MEDIA_AUDIO,
          "public.accessibility.describes-video" },
        { "enhanced-audio-intelligibility", LO_MEDIA_AUDIO,
          "public.accessibility.enhances-speech-intelligibility" },
        { "caption", LO_MEDIA_TEXT,
          "public.accessibility.transcribes-spoken-dialog,"
          "public.accessibility.describes-music-and-sound" },
        { "easyreader", LO_MEDIA_TEXT, "public.easy-to-read" }
    };

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (t->info->type == all[i].type
            && lo_str_eq(t->role, lo_cstr(all[i].role)))
        {
            return all[i].says;
        }
    }

    return NULL;
}


static int
lo_hls_forced(const lo_manifest_track_t *t)
{
    return t->info->type == LO_MEDIA_TEXT
           && lo_str_eq(t->role, lo_cstr("forced-subtitle"));
}


/* whether a player that chooses by itself could not tell them apart */

static int
lo_hls_alike(const lo_manifest_track_t *a, const lo_manifest_track_t *b)
{
    return lo_str_eq(lo_hls_lang(a), lo_hls_lang(b))
           && lo_hls_characteristics(a) == lo_hls_characteristics(b)
           && lo_hls_forced(a) == lo_hls_forced(b);
}


/* "16/JOC": E-AC-3 with objects */

static void
lo_hls_channels(lo_buf_t *b, const lo_cmaf_init_t *in)
{
    if (in->objects) {
        lo_buf_printf(b, ",CHANNELS=\"%u/JOC\"", in->objects);

    } else if (in->channels) {
        lo_buf_printf(b, ",CHANNELS=\"%u\"", in->channels);
    }
}


static void
lo_hls_rendition(const lo_hls_master_t *x, unsigned track, int first,
    int alike)
{
    lo_buf_t                   *b;
    const char                 *says;
    const lo_manifest_track_t  *t;

    b = x->b;
    t = &x->tracks[track];

    lo_hls_media_name(x, track);

    if (lo_hls_lang(t).len) {
        lo_hls_quoted(b, ",LANGUAGE", lo_hls_lang(t));
    }

    lo_buf_puts(b, first ? ",DEFAULT=YES" : ",DEFAULT=NO");
    lo_buf_puts(b, alike ? ",AUTOSELECT=NO" : ",AUTOSELECT=YES");

    says = lo_hls_characteristics(t);

    if (says != NULL) {
        lo_hls_quoted(b, ",CHARACTERISTICS", lo_cstr(says));
    }

    if (lo_hls_forced(t)) {
        lo_buf_puts(b, ",FORCED=YES");
    }

    if (t->info->type == LO_MEDIA_AUDIO) {
        lo_hls_channels(b, t->info);
    }

    lo_hls_quoted(b, ",STABLE-RENDITION-ID", t->id);
    lo_buf_puts(b, ",URI=\"");
    lo_hls_uri(x, t);
    lo_buf_puts(b, "\"\n");
}


void
lo_hls_audio(const lo_hls_master_t *x, const lo_hls_group_t *g)
{
    int       alike;
    unsigned  i, k, n, member, members[LO_MAX_TRACKS];

    for (n = 0, i = 0; lo_hls_member(x, g, &i, &member); n++) {

        for (alike = 0, k = 0; k < n; k++) {
            alike |= lo_hls_alike(&x->tracks[members[k]], &x->tracks[member]);
        }

        lo_buf_puts(x->b, "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"");
        lo_hls_group_name(x->b, g);
        lo_hls_cdn_group(x->b, x->cdn);
        lo_buf_puts(x->b, "\"");
        lo_hls_rendition(x, member, n == 0, alike);
        members[n] = member;
    }
}


int
lo_hls_text(const lo_hls_master_t *x)
{
    int       any, alike;
    unsigned  i, k;

    for (any = 0, i = 0; i < x->ntracks; i++) {

        if (x->tracks[i].info->type != LO_MEDIA_TEXT) {
            continue;
        }

        for (alike = 0, k = 0; k < i; k++) {
            alike |= x->tracks[k].info->type == LO_MEDIA_TEXT
                     && lo_hls_alike(&x->tracks[k], &x->tracks[i]);
        }

        lo_buf_puts(x->b, "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"text");
        lo_hls_cdn_group(x->b, x->cdn);
        lo_buf_puts(x->b, "\"");
        lo_hls_rendition(x, i, 0, alike);
        any = 1;
    }

    return any;
}
