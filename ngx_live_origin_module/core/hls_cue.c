/*
 * EXT-X-DATERANGE: the event's cues.
 */

#include "core/hls_int.h"
#include "core/base64.h"


#define LO_HLS_CUES_AHEAD  60000000      /* of the end of the list, us */


static void
lo_hls_cue_scte35(lo_buf_t *b, const lo_cue_t *c, lo_cue_splice_e which,
    const char *name)
{
    size_t              i, len;
    unsigned char       section[LO_CUE_SCTE35_MAX];
    static const char   digits[] = "0123456789ABCDEF";

    len = lo_cue_scte35(c, which, section);

    if (len == 0) {
        return;
    }

    lo_buf_puts(b, name);

    for (i = 0; i < len; i++) {
        lo_buf_put(b, &digits[section[i] >> 4], 1);
        lo_buf_put(b, &digits[section[i] & 15], 1);
    }
}


static void
lo_hls_cue_data(lo_buf_t *b, const lo_cue_data_t *d)
{
    lo_buf_put(b, ",", 1);
    lo_buf_put(b, d->name.data, d->name.len);

    if (d->number) {
        lo_buf_put(b, "=", 1);
        lo_hls_milli(b, d->milli);

    } else {
        lo_hls_quoted(b, "", d->text);
    }
}


static void
lo_hls_cue(lo_buf_t *b, const lo_cues_t *cues, const lo_cue_t *c)
{
    unsigned  i;

    lo_hls_quoted(b, "#EXT-X-DATERANGE:ID", c->id);

    if (c->cls.len) {
        lo_hls_quoted(b, ",CLASS", c->cls);
    }

    lo_buf_puts(b, ",START-DATE=\"");
    lo_hls_date(b, c->start_us);
    lo_buf_put(b, "\"", 1);

    if (c->duration_us >= 0) {
        lo_buf_puts(b, ",DURATION=");
        lo_hls_milli(b, c->duration_us / 1000);

    } else if (c->end_us != INT64_MAX) {
        lo_buf_puts(b, ",END-DATE=\"");
        lo_hls_date(b, c->end_us);
        lo_buf_put(b, "\"", 1);
    }

    if (c->planned_us >= 0) {
        lo_buf_puts(b, ",PLANNED-DURATION=");
        lo_hls_milli(b, c->planned_us / 1000);
    }

    lo_hls_cue_scte35(b, c, LO_CUE_CMD, ",SCTE35-CMD=0x");
    lo_hls_cue_scte35(b, c, LO_CUE_OUT, ",SCTE35-OUT=0x");
    lo_hls_cue_scte35(b, c, LO_CUE_IN, ",SCTE35-IN=0x");

    for (i = 0; i < c->ndata; i++) {
        lo_hls_cue_data(b, &cues->data[c->data + i]);
    }

    lo_buf_put(b, "\n", 1);
}


/* players prepare for what begins soon */

void
lo_hls_cues(lo_buf_t *b, const lo_manifest_list_t *list)
{
    int64_t           from, to;
    unsigned          i;
    const lo_cues_t  *cues;

    if (list->doc == NULL || list->nsegments == 0) {
        return;
    }

    cues = &list->doc->cues;

    from = list->segments[0].start_us;
    to = list->segments[list->nsegments - 1].end_us
         + (list->ended ? 0 : LO_HLS_CUES_AHEAD);

    for (i = 0; i < cues->n; i++) {
        if (lo_cue_overlaps(&cues->cue[i], from, to)) {
            lo_hls_cue(b, cues, &cues->cue[i]);
        }
    }
}
