/*
 * What the files of lo_live_t share; nobody else includes it.
 */

#ifndef LO_LIVE_INT_H
#define LO_LIVE_INT_H

#include "core/live.h"


/* a changed record gets the next serial; shown: manifests differ too */
void lo_live_touch(lo_live_t *l, int shown);

static inline const lo_live_run_t *
lo_live_newest_run(const lo_live_t *l)
{
    return l->nruns ? &l->runs[l->nruns - 1] : NULL;
}

static inline lo_live_init_t *
lo_live_init_mutable(lo_live_t *l, uint32_t id)
{
    return (lo_live_init_t *) lo_live_init_by_id(l, id);
}

/* at the end of l->runs; forgets the oldest when there is no room */
lo_live_run_t *lo_live_add_run(lo_live_t *l, const lo_live_run_t *run);

/* a new, unused init with the next id; NULL: all that are there are needed */
lo_live_init_t *lo_live_add_init(lo_live_t *l, int64_t head);

/* numbers that can be asked for, before going live too */
int64_t lo_live_window(const lo_live_t *l, const lo_dur_t *d);

/* live: how long parts are is what is known by now; where no track has chunks
   yet, what the first that comes has */
void lo_live_part_fix(lo_live_t *l);

/* has one of these pipelines published within 3 d and the delay */
int lo_live_alive(const lo_live_t *l, const lo_live_facts_t *f,
    uint32_t pipelines);


/* what lo_live_segment() is about to do; the record is untouched until then */

typedef struct {
    const lo_live_t          *l;
    const lo_live_facts_t    *f;
    const lo_live_segment_t  *s;      /* segment */
    lo_live_segment_t         segment;
    const lo_live_track_t    *track;
    const lo_live_init_t     *init;   /* of the segment */
    uint32_t                  bit;    /* of the pipeline */
    uint32_t                  ts;
    int                       utc;    /* m is within a day of now */
    int                       restarted;
    lo_dur_t                  d;
    int64_t                   at;     /* the number of now */
    int64_t                   head;   /* of the event, or -1 */
    int64_t                   window;
    int64_t                   lead;   /* numbers ahead that are taken */
    lo_live_when_t            when;

    int                       irregular;
    int                       old_clock;  /* the track goes on where it was
                                         before the newest run began: it is
                                         kept, or will be */
    int                       joins;  /* it was to be kept, but has begun again
                                         since, with the newest run's clock */
    lo_anchor_t               clock;  /* that n is by */
    int64_t                   n;
    int64_t                   off;
    int                       begin;  /* a new run, which is: */
    lo_live_run_t             run;
    int                       behind; /* TAKEN; the run begins behind it */
    int64_t                   lower;  /* the newest run's first goes down to
                                         this; INT64_MAX: stays */
    int                       clone;  /* the init is used a second time */
} lo_live_plan_t;

/* live_carry.c: 1: nothing is to be carried out, and *place says all of it */
int lo_live_stays(const lo_live_t *l, const lo_live_plan_t *p,
    lo_live_place_t *place);
lo_live_reason_e lo_live_carry_out(lo_live_t *l, const lo_live_plan_t *p,
    lo_live_place_t *place);

/* which run and number; live_clock.c */
lo_live_reason_e lo_live_clock(lo_live_plan_t *p);

/* the least number that a new run may begin with */
int64_t lo_live_least(const lo_live_plan_t *p);
uint32_t lo_live_room(const lo_live_plan_t *p, int64_t n);

/* the head or, if that is later, the number of now */
int64_t lo_live_edge(const lo_live_plan_t *p);

/* further ahead of that than is taken; grid: the number that its time says,
   also where numbers are counted */
int lo_live_far(const lo_live_plan_t *p, int64_t grid);

/* a pipeline goes: its masks with it */
void lo_live_mask_pipeline(lo_live_t *l, unsigned pipeline);

/* can this init serve that number, and does it begin a run; live_use.c */
lo_live_reason_e lo_live_use(lo_live_plan_t *p);

/* is the beginning further than 1/part of d from the number's own */
int lo_live_off(const lo_live_plan_t *p, unsigned part);

#endif /* LO_LIVE_INT_H */
