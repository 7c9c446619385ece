/*
 * MPD@publishTime: a later version has a later one, on all nodes the same.
 *
 * A regular event's is when it last changed.  Irregular events change with
 * each segment, too, and nothing says when that was: what grows then is the
 * tracks' media time and their numbers.
 */

#include "core/dash_int.h"


#define LO_DASH_NEAR  (600 * LO_USEC)


/* a track in all Periods: where its media ends, and its newest number; 0: it
   has none, or it was in a Period before */

static int
lo_dash_newest(const lo_manifest_t *m, unsigned period,
    const lo_manifest_track_t *track, int64_t *end_us, int64_t *number)
{
    unsigned                      i, j;
    const lo_manifest_track_t    *t;
    const lo_manifest_segment_t  *s;

    *number = -1;
    *end_us = INT64_MIN;

    for (i = 0; i < m->nperiods; i++) {
        for (j = 0; j < m->periods[i].ntracks; j++) {
            t = &m->periods[i].tracks[j];

            if (!lo_str_eq(t->id, track->id)) {
                continue;
            }

            if (i < period) {
                return 0;
            }

            if (t->nsegments) {
                s = &t->segments[t->nsegments - 1];
                *number = s->number > *number ? s->number : *number;
                *end_us = s->end_us > *end_us ? s->end_us : *end_us;
            }
        }
    }

    return *number >= 0;
}


/*
 * The later of the last change of another kind and the mean of where the
 * tracks end.  Of the other one there is a second at most, less the further it
 * is behind, so that the sum grows with either; and a microsecond for each
 * number, where media time stands still or goes back, as in a new run.
 */

int64_t
lo_dash_publish_us(const lo_manifest_t *m)
{
    int64_t   media, end, number, numbers, apart;
    unsigned  i, j, n;

    media = 0;
    numbers = 0;
    n = 0;

    for (i = 0; i < m->nperiods && m->irregular; i++) {
        for (j = 0; j < m->periods[i].ntracks; j++) {

            if (lo_dash_newest(m, i, &m->periods[i].tracks[j], &end, &number))
            {
                n++;
                media += (end - media) / n;
                numbers += number - m->first;
            }
        }
    }

    if (n == 0) {
        return m->publish_us;
    }

    apart = media > m->publish_us ? media - m->publish_us
                                  : m->publish_us - media;

    return (media > m->publish_us ? media : m->publish_us)
           + lo_rescale(LO_DASH_NEAR, LO_USEC, LO_DASH_NEAR + apart, LO_FLOOR)
           + numbers;
}
