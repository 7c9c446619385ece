/*
 * Media playlists.  The multivariant playlist is in hls_master.c.
 */

#include "core/drm_manifest.h"
#include "core/hls_int.h"


#define LO_HLS_KEY_FRAMES  10          /* seconds, x264's default at 25 fps */


typedef struct {
    int64_t                at;      /* the end of what was listed last, or
                                       INT64_MIN */
    uint32_t               run;
    uint64_t               init;
    const lo_cmaf_init_t  *keys;    /* whose were said last */
} lo_hls_state_t;


/*
 * RFC 8216, 4.3.3.1: no EXTINF, rounded to the nearest second, may exceed it.
 * Audio misses the grid by half a frame or so.
 */

uint32_t
lo_hls_target(const lo_dur_t *d)
{
    int64_t  us, room;

    us = lo_dur_us(d);
    room = us / 8 < 100000 ? us / 8 : 100000;
    us = (us + room + LO_USEC / 2) / LO_USEC;

    return us > 1 ? us : 1;
}


uint32_t
lo_hls_target_irregular(const lo_dur_t *d)
{
    int64_t  us;

    us = (2 * lo_dur_us(d) + LO_USEC - 1) / LO_USEC;

    return us > LO_HLS_KEY_FRAMES ? us : LO_HLS_KEY_FRAMES;
}


static int
lo_hls_gap(const lo_manifest_segment_t *s, uint32_t target)
{
    int64_t  us;

    us = s->end_us - s->start_us;

    return s->gap || us <= 0 || (us + LO_USEC / 2) / LO_USEC > target;
}


static void
lo_hls_segment(lo_buf_t *b, const lo_manifest_list_t *list,
    const lo_manifest_segment_t *s, uint32_t target)
{
    int      gap;
    int64_t  us;

    gap = lo_hls_gap(s, target);
    us = s->end_us - s->start_us;

    if (us < 0) {
        us = 0;
    }

    /* EXTINF of a GAP is bound by the target as well */

    if ((us + LO_USEC / 2) / LO_USEC > target) {
        us = (int64_t) target * LO_USEC;
    }

    lo_buf_puts(b, "#EXTINF:");
    lo_buf_u64(b, us / LO_USEC);
    lo_buf_put(b, ".", 1);
    lo_hls_digits(b, us % LO_USEC, 6);
    lo_buf_put(b, ",\n", 2);

    if (gap) {
        lo_buf_puts(b, "#EXT-X-GAP\n");
    }

    lo_buf_put(b, list->up.data, list->up.len);
    lo_buf_u64(b, s->number);
    lo_buf_puts(b, ".m4s\n");
}


static void
lo_hls_map(lo_buf_t *b, const lo_manifest_list_t *list, uint64_t digest)
{
    lo_buf_puts(b, "#EXT-X-MAP:URI=\"");
    lo_buf_put(b, list->up.data, list->up.len);
    lo_buf_printf(b, "init-%08x.mp4\"\n",
                  (unsigned) (digest >> 32));
}


/* 9: EXT-X-SKIP, 8: EXT-X-GAP, 7: EXT-X-MAP */

static unsigned
lo_hls_version(const lo_manifest_list_t *list, uint32_t target)
{
    unsigned  i;

    if (list->low) {
        return 9;
    }

    for (i = 0; i < list->nsegments; i++) {
        if (lo_hls_gap(&list->segments[i], target)) {
            return 8;
        }
    }

    return 7;
}


static void
lo_hls_header(lo_buf_t *b, const lo_manifest_list_t *list, uint32_t target,
    uint32_t run)
{
    const lo_manifest_segment_t  *s;

    s = list->segments;

    lo_buf_puts(b, "#EXTM3U\n#EXT-X-VERSION:");
    lo_buf_u64(b, lo_hls_version(list, target));
    lo_buf_puts(b, "\n#EXT-X-TARGETDURATION:");
    lo_buf_u64(b, target);

    if (list->type != LO_LIST_LIVE) {
        lo_buf_puts(b, list->type == LO_LIST_VOD
                       ? "\n#EXT-X-PLAYLIST-TYPE:VOD"
                       : "\n#EXT-X-PLAYLIST-TYPE:EVENT");
    }

    lo_buf_puts(b, "\n#EXT-X-MEDIA-SEQUENCE:");
    lo_buf_u64(b, list->nsegments ? s[0].number : 0);
    lo_buf_puts(b, list->iframes ? "\n#EXT-X-I-FRAMES-ONLY\n" : "\n");

    if (run > 1) {
        lo_buf_puts(b, "#EXT-X-DISCONTINUITY-SEQUENCE:");
        lo_buf_u64(b, run - 1);
        lo_buf_put(b, "\n", 1);
    }
}


/* the run that the list begins in; a GAP may not know its own */

static uint32_t
lo_hls_run(const lo_manifest_list_t *list)
{
    unsigned  i;

    for (i = 0; i < list->nsegments; i++) {
        if (list->segments[i].run) {
            return list->segments[i].run;
        }
    }

    return 0;
}


/* the tags that apply to a segment and are before its parts */

static void
lo_hls_tags(lo_buf_t *b, const lo_manifest_list_t *list,
    const lo_manifest_segment_t *s, lo_hls_state_t *st)
{
    /* one for each run, also for one that left nothing in this track:
       DISCONTINUITY-SEQUENCE is the same in all renditions */

    for ( ; st->run < s->run; st->run++) {
        lo_buf_puts(b, "#EXT-X-DISCONTINUITY\n");
        st->at = INT64_MIN;
    }

    if (s->init != 0 && s->init != st->init) {
        st->init = s->init;

        if (s->info) {
            lo_drm_hls_keys(b, list, s->info, &st->keys);
        }

        lo_hls_map(b, list, st->init);
    }

    if (st->at == INT64_MIN || s->start_us - st->at >= 1000
        || st->at - s->start_us >= 1000)
    {
        lo_buf_puts(b, "#EXT-X-PROGRAM-DATE-TIME:");
        lo_hls_date(b, s->start_us);
        lo_buf_put(b, "\n", 1);
    }

    st->at = s->end_us;
}


void
lo_hls_media(lo_buf_t *b, const lo_manifest_list_t *list)
{
    unsigned                      i, skip;
    uint32_t                      target;
    lo_hls_state_t                st;
    const lo_manifest_segment_t  *s;

    target = list->target_s ? list->target_s : lo_hls_target(&list->d);
    skip = lo_hls_low_skip(list, target);

    st.at = INT64_MIN;
    st.init = 0;
    st.keys = NULL;
    st.run = lo_hls_run(list);

    lo_hls_header(b, list, target, st.run);

    if (list->low) {
        lo_hls_low_header(b, list->low, target);
    }

    lo_hls_cues(b, list);

    if (skip) {
        lo_buf_printf(b, "#EXT-X-SKIP:SKIPPED-SEGMENTS=%u\n", skip);
    }

    for (i = 0; i < list->nsegments; i++) {
        s = &list->segments[i];

        if (i < skip) {
            st.run = s->run > st.run ? s->run : st.run;
            continue;
        }

        lo_hls_tags(b, list, s, &st);
        lo_hls_low_parts(b, list, s);
        lo_hls_segment(b, list, s, target);
    }

    if (list->low && list->low->open && list->low->open->nparts) {
        lo_hls_tags(b, list, list->low->open, &st);
        lo_hls_low_parts(b, list, list->low->open);
    }

    if (list->low) {
        lo_hls_low_end(b, list);
    }

    if (list->ended) {
        lo_buf_puts(b, "#EXT-X-ENDLIST\n");
    }
}
