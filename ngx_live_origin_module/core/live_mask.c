/*
 * Masks: ranges of numbers that a pipeline is out of service for.
 */

#include "core/live_int.h"


/* ranges of one pipeline and track that touch become one */

static int
lo_live_mask_touches(const lo_live_mask_t *a, const lo_live_mask_t *b)
{
    return a->pipeline == b->pipeline && a->track == b->track
           && (a->to == INT64_MAX || b->from <= a->to + 1)
           && (b->to == INT64_MAX || a->from <= b->to + 1);
}


static void
lo_live_mask_drop(lo_live_t *l, unsigned i)
{
    l->nmasks--;

    memmove(l->masks + i, l->masks + i + 1,
            (l->nmasks - i) * sizeof(lo_live_mask_t));
}


/* what lies below the window masks nothing any more; 1: there was some */

static int
lo_live_mask_forget(lo_live_t *l, int64_t head)
{
    unsigned  i, was;
    int64_t   oldest;

    if (head < 0 || l->d.duration == 0) {
        return 0;
    }

    was = l->nmasks;
    oldest = head - lo_live_window(l, &l->d);

    for (i = l->nmasks; i; i--) {
        if (l->masks[i - 1].to < oldest) {
            lo_live_mask_drop(l, i - 1);
        }
    }

    return l->nmasks != was;
}


int
lo_live_mask(lo_live_t *l, const lo_live_mask_t *mask, int64_t head)
{
    unsigned        i;
    lo_live_mask_t  m;

    m = *mask;

    for (i = 0; i < l->nmasks; i++) {
        if (l->masks[i].pipeline == m.pipeline && l->masks[i].track == m.track
            && l->masks[i].from <= m.from && l->masks[i].to >= m.to)
        {
            return 0;
        }
    }

    (void) lo_live_mask_forget(l, head);

    for (i = l->nmasks; i; i--) {

        if (!lo_live_mask_touches(&l->masks[i - 1], &m)) {
            continue;
        }

        if (l->masks[i - 1].from < m.from) {
            m.from = l->masks[i - 1].from;
        }

        if (l->masks[i - 1].to > m.to) {
            m.to = l->masks[i - 1].to;
        }

        lo_live_mask_drop(l, i - 1);
    }

    if (l->nmasks == LO_LIVE_MASKS) {
        return LO_FULL;
    }

    l->masks[l->nmasks++] = m;
    lo_live_touch(l, l->irregular != 0);

    return 1;
}


int
lo_live_unmask(lo_live_t *l, const lo_live_mask_t *mask, int64_t head)
{
    int             changed;
    unsigned        i;
    lo_live_mask_t  above, *m;

    changed = lo_live_mask_forget(l, head);

    for (i = l->nmasks; i; i--) {

        m = &l->masks[i - 1];

        if (m->pipeline != mask->pipeline
            || (mask->track != LO_LIVE_ALL_TRACKS && m->track != mask->track)
            || m->to < mask->from || m->from > mask->to)
        {
            continue;
        }

        changed = 1;
        above = *m;

        if (m->from < mask->from) {

            m->to = mask->from - 1;

            if (above.to <= mask->to) {
                continue;
            }

            /* in the middle */

            if (l->nmasks == LO_LIVE_MASKS) {
                return LO_FULL;
            }

            above.from = mask->to + 1;
            l->masks[l->nmasks++] = above;

        } else if (m->to > mask->to) {
            m->from = mask->to + 1;

        } else {
            lo_live_mask_drop(l, i - 1);
        }
    }

    if (changed) {
        lo_live_touch(l, l->irregular != 0);
    }

    return changed;
}


void
lo_live_mask_pipeline(lo_live_t *l, unsigned pipeline)
{
    unsigned  i;

    for (i = l->nmasks; i; i--) {
        if (l->masks[i - 1].pipeline == pipeline) {
            lo_live_mask_drop(l, i - 1);
        }
    }
}


uint32_t
lo_live_masked_of(const lo_live_t *l, unsigned track, int64_t n)
{
    unsigned               i;
    uint32_t               bits;
    const lo_live_mask_t  *m;

    bits = 0;

    for (i = 0; i < l->nmasks; i++) {

        m = &l->masks[i];

        if (m->from <= n && n <= m->to
            && (m->track == LO_LIVE_ALL_TRACKS || m->track == track))
        {
            bits |= 1u << m->pipeline;
        }
    }

    return bits;
}
