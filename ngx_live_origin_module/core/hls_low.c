/*
 * What makes a media playlist a low-latency one: rfc8216bis, 4.4.3.7 and
 * 4.4.3.8 (EXT-X-PART-INF, EXT-X-SERVER-CONTROL), 4.4.4.9 (EXT-X-PART), 4.4.5.2
 * to 4.4.5.4 (EXT-X-SKIP, EXT-X-PRELOAD-HINT, EXT-X-RENDITION-REPORT).
 */

#include "core/hls_int.h"


#define LO_HLS_SKIP_UNTIL      6       /* target durations, the least that is */
#define LO_HLS_HOLD_BACK       3       /* allowed */
#define LO_HLS_PART_HOLD_BACK  3       /* part targets, and no less than */
#define LO_HLS_PART_HOLD_MIN   LO_USEC


static void
lo_hls_seconds(lo_buf_t *b, const char *name, int64_t us)
{
    lo_buf_puts(b, name);
    lo_buf_u64(b, us / LO_USEC);
    lo_buf_put(b, ".", 1);
    lo_hls_digits(b, us % LO_USEC, 6);
}


/*
 * Segments that a delta update leaves out: all that ended more than the skip
 * boundary before the end of the playlist.
 */

unsigned
lo_hls_low_skip(const lo_manifest_list_t *list, uint32_t target)
{
    int64_t                       end;
    unsigned                      n;
    const lo_manifest_segment_t  *open;

    if (list->low == NULL || list->low->skip == LO_SKIP_NONE
        || list->nsegments == 0)
    {
        return 0;
    }

    open = list->low->open;
    end = open && open->nparts ? open->parts[open->nparts - 1].end_us
                               : list->segments[list->nsegments - 1].end_us;
    end -= (int64_t) LO_HLS_SKIP_UNTIL * target * LO_USEC;

    for (n = 0; n < list->nsegments && list->segments[n].end_us < end; n++) {
        /* void */
    }

    return n;
}


void
lo_hls_low_header(lo_buf_t *b, const lo_manifest_low_t *low, uint32_t target)
{
    int64_t  hold;

    hold = (int64_t) LO_HLS_PART_HOLD_BACK * low->longest_us;

    lo_buf_puts(b, "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,");
    lo_hls_seconds(b, "CAN-SKIP-UNTIL=",
                   (int64_t) LO_HLS_SKIP_UNTIL * target * LO_USEC);
    lo_hls_seconds(b, ",HOLD-BACK=",
                   (int64_t) LO_HLS_HOLD_BACK * target * LO_USEC);
    lo_hls_seconds(b, ",PART-HOLD-BACK=",
                   hold > LO_HLS_PART_HOLD_MIN ? hold : LO_HLS_PART_HOLD_MIN);
    lo_hls_seconds(b, "\n#EXT-X-PART-INF:PART-TARGET=", low->target_us);
    lo_buf_put(b, "\n", 1);
}


static void
lo_hls_part_uri(lo_buf_t *b, const lo_manifest_list_t *list, int64_t number,
    unsigned part)
{
    lo_buf_puts(b, ",URI=\"");
    lo_buf_put(b, list->up.data, list->up.len);
    lo_buf_u64(b, number);
    lo_buf_put(b, ".", 1);
    lo_buf_u64(b, part);
    lo_buf_puts(b, ".m4s\"");
}


void
lo_hls_low_parts(lo_buf_t *b, const lo_manifest_list_t *list,
    const lo_manifest_segment_t *s)
{
    int64_t   us;
    unsigned  i;

    for (i = 0; list->low && i < s->nparts; i++) {

        us = s->parts[i].end_us - s->parts[i].start_us;

        lo_hls_seconds(b, "#EXT-X-PART:DURATION=", us > 0 ? us : 0);
        lo_hls_part_uri(b, list, s->number, i);

        if (s->parts[i].independent) {
            lo_buf_puts(b, ",INDEPENDENT=YES");
        }

        if (s->parts[i].gap) {
            lo_buf_puts(b, ",GAP=YES");
        }

        lo_buf_put(b, "\n", 1);
    }
}


static void
lo_hls_report(lo_buf_t *b, const lo_manifest_report_t *r)
{
    lo_buf_puts(b, "#EXT-X-RENDITION-REPORT:URI=\"../");
    lo_buf_put(b, r->track.data, r->track.len);
    lo_buf_puts(b, "/media.m3u8\",LAST-MSN=");
    lo_buf_u64(b, r->msn);

    if (r->part >= 0) {
        lo_buf_puts(b, ",LAST-PART=");
        lo_buf_u64(b, r->part);
    }

    lo_buf_put(b, "\n", 1);
}


void
lo_hls_low_end(lo_buf_t *b, const lo_manifest_list_t *list)
{
    unsigned                  i;
    const lo_manifest_low_t  *low;

    low = list->low;

    lo_buf_puts(b, "#EXT-X-PRELOAD-HINT:TYPE=PART");
    lo_hls_part_uri(b, list, low->hint, low->hint_part);
    lo_buf_put(b, "\n", 1);

    for (i = 0; i < low->nreports; i++) {
        lo_hls_report(b, &low->reports[i]);
    }
}
