/*
 * What is given up first when a worker cannot answer everybody in time.
 *
 * A class is template arithmetic alone: the number that was asked for, the
 * newest number, the number on air by the clock.  Nothing is looked up.
 *
 * The controller is told ten times a second how late the worker was and how
 * many requests missed their target, and says a level:
 *
 *   0  everybody is answered
 *   1  DVR is shed
 *   2  DVR and unknown are
 *
 * It goes up when lateness lasts, and down, one level at a time, when there
 * has been ease for a while; a worker that has to shed again soon waits longer
 * the next time.  Publishing and the live edge are never shed.
 */

#ifndef LO_SHED_H
#define LO_SHED_H

#include "core/base.h"


/* the word is the label "class" of metrics */

#define LO_SHED_CLASSES(X)                                                    \
    X(UNKNOWN, "unknown")         /* answered from memory: no such thing */   \
    X(DVR, "dvr")                 /* older in the window; all of what ended */\
    X(EDGE, "edge")                                                           \
    X(PUBLISH, "publish")

typedef enum {
#define LO_SHED_X(sym, word)  LO_SHED_##sym,
    LO_SHED_CLASSES(LO_SHED_X)
#undef LO_SHED_X
    LO_SHED_NCLASSES
} lo_shed_class_e;


/* why the level is not 0: bits */

#define LO_SHED_CAUSES(X)                                                     \
    X(LAG, "lag")                 /* the event loop is late */                \
    X(OVER, "over")               /* requests miss their target */            \
    X(QUEUE, "queue")             /* the disk's queue is deep */

typedef enum {
#define LO_SHED_X(sym, word)  LO_SHED_BY_##sym,
    LO_SHED_CAUSES(LO_SHED_X)
#undef LO_SHED_X
    LO_SHED_NCAUSES
} lo_shed_cause_e;

const char *lo_shed_cause(lo_shed_cause_e cause);


typedef struct {
    uint32_t            on;
    uint32_t            over;         /* per mille of a class's requests */
    uint32_t            queue;        /* requests waiting for the disk; 0: is
                                         not looked at */
    int64_t             lag_us;
    int64_t             edge_us;      /* media behind the head that is edge */
} lo_shed_conf_t;


/* a number of a track; at: the number on air, head: -1 before the first */

typedef struct {
    int64_t             head;
    int64_t             at;
    int64_t             edge;         /* lo_shed_edge() */
    int64_t             window;
    int                 ended;
} lo_shed_track_t;

/* numbers behind the head that belong to the live edge */
int64_t lo_shed_edge(int64_t edge_us, int64_t d_us);
lo_shed_class_e lo_shed_class(const lo_shed_track_t *t, int64_t number);


/* since the last tick */

typedef struct {
    int64_t             lag_us;
    uint32_t            queue;        /* at this moment */
    uint32_t            requests[LO_SHED_NCLASSES];
    uint32_t            over[LO_SHED_NCLASSES];      /* of these */
} lo_shed_input_t;

typedef struct {
    uint32_t            level;
    uint32_t            causes;       /* bits, of the present level */
    uint32_t            late;         /* moving averages, per mille: of ticks */
    uint32_t            uneasy;       /* over, and over half of, lag_us */
    uint32_t            deep;         /* likewise of the queue */
    uint32_t            half_deep;
    uint32_t            missing;      /* likewise of requests over their
                                         target, when the share was over */
    uint32_t            requests[LO_SHED_NCLASSES];  /* fading sums, 16ths */
    uint32_t            over[LO_SHED_NCLASSES];
    uint32_t            again;        /* times that it came back soon */
    int64_t             changed_us;   /* when the level did */
    int64_t             calm_us;      /* since when there is ease; 0: none */
} lo_shed_t;

/* now: CLOCK_MONOTONIC, us.  The level */
uint32_t lo_shed_tick(lo_shed_t *s, const lo_shed_conf_t *conf,
    const lo_shed_input_t *in, int64_t now_us);


/* whether a class is answered at a level */

static inline int
lo_shed_refuses(uint32_t level, lo_shed_class_e class)
{
    return level && (class == LO_SHED_DVR
                     || (class == LO_SHED_UNKNOWN && level > 1));
}

#endif /* LO_SHED_H */
