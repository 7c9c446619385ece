/*
 * Any bytes as an event document.  What is taken lies within its bounds, and
 * makes a live state; what is refused says why.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/live.h"
#include "fuzz.h"


static void
check_track(const lo_event_track_t *t)
{
    check(lo_id_ok(t->id));
    check(t->type <= LO_MEDIA_META);
    check(t->codec.len < LO_CODEC_MAX && t->lang.len < LO_LANG_MAX);
    check(t->width <= 16384 && t->height <= 16384);
    check((t->fps_num == 0) == (t->fps_den == 0));
    check((uint64_t) t->fps_num * 60 >= t->fps_den);
    check(t->nffmpeg <= LO_EVENT_FFMPEG);
}


static void
check_cue(const lo_cues_t *cues, unsigned i)
{
    unsigned         k;
    const lo_cue_t  *c;

    static unsigned char  section[LO_CUE_SCTE35_MAX];

    c = &cues->cue[i];

    check(lo_id_ok(c->id));
    check(i == 0 || cues->cue[i - 1].start_us <= c->start_us);
    check(c->start_us >= 0 && c->end_us >= c->start_us);
    check(c->duration_us == -1 || c->end_us - c->start_us == c->duration_us);
    check(c->data <= cues->ndata && c->ndata <= cues->ndata - c->data);

    for (k = 0; k < LO_CUE_SPLICES; k++) {
        check((c->scte35[k].len == 0)
              == (lo_cue_scte35(c, k, section) == 0));
    }
}


/* who stands for a viewer has the same rights, and stands for itself */

static void
check_places(const lo_event_t *ev)
{
    int64_t     until, same;
    unsigned    i, k;
    lo_place_t  p, canon, again;

    static const char *const  codes[] = { "DE", "US", "AA", "ZY", "ZZ" };

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {

        lo_place_unknown(&p);
        check(lo_place_country(&p, lo_cstr(codes[i])) == LO_OK);
        p.asn = i;

        lo_where_canon(ev, &p, &canon);
        lo_where_canon(ev, &canon, &again);
        check(memcmp(&canon, &again, sizeof(canon)) == 0);

        for (k = 0; k < ev->ntracks; k++) {
            check(lo_rights_track(&ev->tracks[k], &p)
                  == lo_rights_track(&ev->tracks[k], &canon));
        }

        for (k = 0; k <= ev->nblackouts; k++) {
            until = k ? ev->blackouts[k - 1].start_us : 1;

            check(lo_rights(ev, &p, until, &until)
                  == lo_rights(ev, &canon, k ? ev->blackouts[k - 1].start_us
                                             : 1, &same));
            check(until == same);
        }
    }

    check(lo_where_digest(ev) <= 0xffffff);
}


/* each CDN once, those that are drained last; what is in a URL is no markup,
   no mark and no end of a line */

static void
check_cdns(const lo_cdns_t *cdns)
{
    unsigned         i, k, seen;
    lo_str_t         session = lo_string("s");
    lo_drained_t     drained;
    const lo_cdn_t  *order[LO_CDNS];

    check(cdns->n <= LO_CDNS);
    check(cdns->steering.ttl_s >= 1 && cdns->steering.ttl_s <= 86400);

    memset(&drained, 0, sizeof(drained));

    if (cdns->n) {
        check(lo_steer_set(&drained, cdns, LO_STEER_DRAIN, &cdns->cdn[0].id,
                           1, 1) == 1);
    }

    check(lo_steer_order(cdns, &drained, NULL, session, order) == cdns->n);

    for (i = 0, seen = 0; i < cdns->n; i++) {
        k = (unsigned) (order[i] - cdns->cdn);
        check(k < cdns->n && (seen & 1u << k) == 0);
        seen |= 1u << k;

        check(lo_id_ok(order[i]->id) && order[i]->weight <= LO_CDN_WEIGHT);
        check((i + 1 == cdns->n) == (k == 0));
        check(order[i]->url.len > 7 && order[i]->url.len <= LO_CDN_URL);

        for (k = 0; k < order[i]->url.len; k++) {
            check(order[i]->url.data[k] > ' '
                  && order[i]->url.data[k] < 0x7f
                  && strchr("\"<>\\^`{|}", order[i]->url.data[k]) == NULL);
        }
    }
}


static void
check_drm(const lo_drm_t *drm)
{
    unsigned        i, bit;
    lo_buf_t        b;
    lo_err_t        why;
    lo_cmaf_init_t  info;

    check(drm->systems <= LO_DRM_ALL && drm->nkeys <= LO_DRM_KEYS);
    check(!(drm->systems & LO_DRM_FAIRPLAY) || drm->key_uri.len);

    memset(&info, 0, sizeof(info));

    for (i = 0; i < drm->nkeys; i++) {
        check(drm->keys[i].track.len == 0 || lo_id_ok(drm->keys[i].track));
        check(lo_drm_key(drm, drm->keys[i].track) == &drm->keys[i]);
        (void) lo_drm_check(drm, drm->keys[i].track, &info, &why);
    }

    /* what was taken is base64, and there is room for it */

    for (bit = 1; bit <= LO_DRM_CLEARKEY; bit <<= 1) {
        lo_buf_init(&b, NULL, 0);
        lo_drm_pssh(&b, drm, bit, &info);
        check(b.need % 4 == 0 && (bit >= LO_DRM_FAIRPLAY || b.need >= 44));
    }

    lo_buf_init(&b, NULL, 0);
    lo_drm_pro(&b, drm, &info);
    check(b.need % 4 == 0 && b.need >= 16);
}


static void
check_event(const lo_event_t *ev)
{
    unsigned  i;

    check(lo_id_ok(ev->id));
    check(ev->start_us >= 0 && ev->end_us >= 0);
    check(ev->d.duration == 0 || (lo_dur_us(&ev->d) >= 100000
                                  && lo_dur_us(&ev->d) <= 60000000));
    check(ev->delay_us >= -1 && ev->dvr_s && ev->playlist_s);
    check(ev->playlist_s <= ev->dvr_s);
    check(ev->npipelines <= LO_MAX_PIPELINES);
    check(ev->ntracks <= LO_MAX_TRACKS);

    check_drm(&ev->drm);

    for (i = 0; i < ev->npipelines; i++) {
        check(lo_id_ok(ev->pipelines[i]));
    }

    for (i = 0; i < ev->ntracks; i++) {
        check_track(&ev->tracks[i]);
    }

    check_cdns(&ev->cdns);

    check(ev->cues.n <= LO_CUE_MAX && ev->cues.ndata <= LO_CUE_DATA_MAX);

    for (i = 0; i < ev->cues.n; i++) {
        check_cue(&ev->cues, i);
    }

    check(ev->nblackouts <= LO_MAX_BLACKOUTS);

    for (i = 0; i < ev->nblackouts; i++) {
        check(ev->blackouts[i].start_us >= 0
              && ev->blackouts[i].end_us > ev->blackouts[i].start_us);
    }

    check(ev->health.stale_us == 0 || ev->health.stale_us >= 500000);
    check_places(ev);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void             *copy;
    lo_event_err_t    err;

    static lo_live_t   live;
    static lo_event_t  ev;

    /* of its exact size, so that ASan sees one byte too many */

    copy = malloc(size ? size : 1);
    check(copy != NULL);
    memcpy(copy, data, size);

    if (lo_event_parse(&ev, copy, size, &err) == LO_OK) {
        check_event(&ev);

        lo_live_create(&live, &ev);
        check(live.ntracks == ev.ntracks);
        check(live.npipelines == ev.npipelines);
        check(lo_live_document(&live, &ev) == 0);

        lo_event_free(&ev);

    } else {
        check(err.err.text[0] != '\0' && ev.json == NULL);
    }

    free(copy);

    return 0;
}
