/*
 * Which stream of the input becomes which track.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "map.h"


static int
lp_map_type(lo_media_e type)
{
    return type == LO_MEDIA_VIDEO ? AVMEDIA_TYPE_VIDEO
         : type == LO_MEDIA_AUDIO ? AVMEDIA_TYPE_AUDIO : AVMEDIA_TYPE_UNKNOWN;
}


static int
lp_map_add(lp_session_t *s, const AVStream *st, const char *id, size_t len,
    const lo_event_track_t *doc)
{
    lp_track_t  *t;

    if (s->ntracks == LP_MAX_TRACKS || s->stream_track[st->index] != -1) {
        lp_log(LP_ERR, "stream %d cannot be track %.*s as well", st->index,
               (int) len, id);
        return -1;
    }

    t = &s->tracks[s->ntracks];

    if (lp_es_codec(st->codecpar) == LP_CODEC_NONE) {
        lp_log(LP_ERR, "stream %d: %s cannot be packaged", st->index,
               avcodec_get_name(st->codecpar->codec_id));
        return -1;
    }

    if (lp_es_open(&t->es, st, doc) == -1) {
        return -1;
    }

    memcpy(t->id, id, len);
    t->id[len] = '\0';
    t->index = s->ntracks;
    s->stream_track[st->index] = s->ntracks++;

    lp_log(LP_INFO, "stream %d: %s, track %s", st->index,
           avcodec_get_name(st->codecpar->codec_id), t->id);

    return 0;
}


static const lo_event_track_t *
lp_map_doc(const lp_session_t *s, const char *id)
{
    unsigned           i;
    const lo_event_t  *ev;

    ev = &s->options->event;

    for (i = 0; s->options->have_event && i < ev->ntracks; i++) {
        if (lo_str_eq(ev->tracks[i].id, lo_cstr(id))) {
            return &ev->tracks[i];
        }
    }

    return NULL;
}


static int
lp_map_given(lp_session_t *s, AVFormatContext *fmt)
{
    unsigned         i;
    const lp_map_t  *m;

    for (i = 0; i < s->options->nmaps; i++) {
        m = &s->options->maps[i];

        if ((unsigned) m->stream >= fmt->nb_streams) {
            lp_log(LP_ERR, "track %s: the input has no stream %d", m->track,
                   m->stream);
            return -1;
        }

        if (lp_map_add(s, fmt->streams[m->stream], m->track, strlen(m->track),
                       lp_map_doc(s, m->track))
            == -1)
        {
            return -1;
        }
    }

    return 0;
}


/* the stream that bears the track's id as its title, else the next of its
   type that bears no id of a track */

static AVStream *
lp_map_find(lp_session_t *s, AVFormatContext *fmt,
    const lo_event_track_t *doc)
{
    unsigned            i;
    AVStream           *next;
    AVDictionaryEntry  *title;

    next = NULL;

    for (i = 0; i < fmt->nb_streams; i++) {

        if ((int) fmt->streams[i]->codecpar->codec_type
            != lp_map_type(doc->type)
            || s->stream_track[i] != -1)
        {
            continue;
        }

        title = av_dict_get(fmt->streams[i]->metadata, "title", NULL, 0);

        if (title != NULL && lo_str_eq(doc->id, lo_cstr(title->value))) {
            return fmt->streams[i];
        }

        if (next == NULL
            && (title == NULL || lp_map_doc(s, title->value) == NULL))
        {
            next = fmt->streams[i];
        }
    }

    return next;
}


static int
lp_map_event(lp_session_t *s, AVFormatContext *fmt)
{
    unsigned                 i;
    AVStream                *st;
    const lo_event_track_t  *doc;

    for (i = 0; i < s->options->event.ntracks; i++) {
        doc = &s->options->event.tracks[i];

        if (doc->type != LO_MEDIA_VIDEO && doc->type != LO_MEDIA_AUDIO) {
            continue;
        }

        st = lp_map_find(s, fmt, doc);

        if (st == NULL) {
            lp_log(LP_ERR, "the input has no stream for track %.*s",
                   (int) doc->id.len, (char *) doc->id.data);
            return -1;
        }

        if (lp_map_add(s, st, (char *) doc->id.data, doc->id.len, doc) == -1) {
            return -1;
        }
    }

    return 0;
}


/* no document: v0, v1, a0, ... for all that can be packaged */

static int
lp_map_all(lp_session_t *s, AVFormatContext *fmt)
{
    char       id[16];
    unsigned   i, nvideo, naudio;
    AVStream  *st;

    nvideo = naudio = 0;

    for (i = 0; i < fmt->nb_streams; i++) {
        st = fmt->streams[i];

        if (lp_es_codec(st->codecpar) == LP_CODEC_NONE) {
            continue;
        }

        if (st->codecpar->codec_type == AVMEDIA_TYPE_VIDEO) {
            snprintf(id, sizeof(id), "v%u", nvideo++);

        } else {
            snprintf(id, sizeof(id), "a%u", naudio++);
        }

        if (lp_map_add(s, st, id, strlen(id), NULL) == -1) {
            return -1;
        }
    }

    return 0;
}


int
lp_map_tracks(lp_session_t *s, AVFormatContext *fmt)
{
    int       rc;
    unsigned  i;

    s->nstreams = fmt->nb_streams;
    s->stream_track = lp_alloc(fmt->nb_streams + 1);
    memset(s->stream_track, -1, fmt->nb_streams + 1);

    if (s->options->nmaps) {
        rc = lp_map_given(s, fmt);

    } else if (s->options->have_event && s->options->event.ntracks) {
        rc = lp_map_event(s, fmt);

    } else {
        rc = lp_map_all(s, fmt);
    }

    if (rc == 0 && s->ntracks == 0) {
        lp_log(LP_ERR, "the input has nothing that can be packaged");
        rc = -1;
    }

    /* others are not even read */

    for (i = 0; i < fmt->nb_streams; i++) {
        if (s->stream_track[i] == -1) {
            fmt->streams[i]->discard = AVDISCARD_ALL;
        }
    }

    return rc;
}
