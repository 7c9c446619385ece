#include <string.h>
#include <stdlib.h>
#include <time.h>

#include "lane.h"
#include "log.h"
#include "segmenter.h"


#define LP_CONNECT_MIN  500           /* ms */
#define LP_CONNECT_MAX  5000
#define LP_TICK         20            /* ms, while something waits */
#define LP_TICK_IDLE    200


int64_t
lp_publish_clock(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}


static int64_t
lp_publish_between(int64_t v, int64_t min, int64_t max)
{
    return v < min ? min : v > max ? max : v;
}


static void
lp_publish_headers(lp_publish_t *p)
{
    unsigned                  i;
    const struct curl_slist  *h;
    static const char        *types[2] = {
        "Content-Type: audio/mp4", "Content-Type: video/mp4"
    };

    for (i = 0; i < 2; i++) {
        p->headers[i] = curl_slist_append(NULL, types[i]);

        for (h = p->conf.headers; h != NULL; h = h->next) {
            p->headers[i] = curl_slist_append(p->headers[i], h->data);
        }
    }
}


int
lp_publish_open(lp_publish_t *p, const lp_publish_conf_t *conf)
{
    unsigned      i, k;
    lp_lane_t    *lane;
    lp_origin_t  *o;

    memset(p, 0, sizeof(lp_publish_t));
    p->conf = *conf;
    p->d_ms = lo_dur_us(&conf->d) / 1000;

    if (lp_transfers_open(&p->transfers,
                          conf->norigins * (conf->ntracks * 4 + 2)) == -1)
    {
        lp_log(LP_ERR, "libcurl does not start");
        return -1;
    }

    p->transfers.connect_ms = lp_publish_between(p->d_ms, LP_CONNECT_MIN,
                                                 LP_CONNECT_MAX);
    p->transfers.done = lp_lane_done;
    p->transfers.now = lp_publish_clock();

    srandom(p->transfers.now);
    lp_publish_headers(p);

    p->origins = lp_alloc(conf->norigins * sizeof(lp_origin_t));

    for (i = 0; i < conf->norigins; i++) {
        o = &p->origins[i];
        o->url = conf->origins[i];
        o->lanes = lp_alloc(conf->ntracks * sizeof(lp_lane_t));

        for (k = 0; k < conf->ntracks; k++) {
            lane = &o->lanes[k];
            lane->publish = p;
            lane->origin = o;
            lane->track = k;
            TAILQ_INIT(&lane->jobs);
        }
    }

    return 0;
}


static void
lp_publish_add(lp_publish_t *p, unsigned track, lp_object_t *obj)
{
    unsigned  i;

    for (i = 0; i < p->conf.norigins; i++) {
        lp_lane_add(&p->origins[i].lanes[track], obj);
    }
}


void
lp_publish_init(void *data, unsigned track, const lp_bytes_t *bytes)
{
    lp_object_t   *obj;
    lp_publish_t  *p = data;

    obj = lp_object_create(-1);
    lp_bytes_add(&obj->body, bytes->data, bytes->len);
    lp_object_whole(obj, lp_publish_clock());

    lp_publish_add(p, track, obj);
    lp_object_unref(obj);
}


void
lp_publish_piece(void *data, unsigned track, int64_t number,
    const lp_bytes_t *bytes, unsigned flags)
{
    unsigned       i;
    lp_object_t   *obj;
    lp_publish_t  *p = data;

    if (flags & LP_PIECE_FIRST) {
        p->growing[track] = lp_object_create(number);
    }

    obj = p->growing[track];

    if (obj == NULL) {
        return;
    }

    lp_bytes_add(&obj->body, bytes->data, bytes->len);

    if (flags & LP_PIECE_LAST) {
        lp_object_whole(obj, lp_publish_clock());
    }

    obj->dead = (flags & LP_PIECE_ABORT) != 0;

    if (flags & LP_PIECE_FIRST) {
        lp_publish_add(p, track, obj);

    } else {
        for (i = 0; i < p->conf.norigins; i++) {
            lp_lane_more(&p->origins[i].lanes[track], obj, bytes->len);
        }
    }

    if (flags & (LP_PIECE_LAST | LP_PIECE_ABORT)) {
        p->growing[track] = NULL;
        lp_object_unref(obj);
    }
}


/* too much waits for this origin: what is oldest goes */

static void
lp_publish_shrink(lp_publish_t *p, lp_origin_t *o)
{
    unsigned   k;
    lp_job_t  *job, *oldest;

    while (o->queued > p->conf.queue && !p->conf.patient) {

        oldest = NULL;

        for (k = 0; k < p->conf.ntracks; k++) {
            job = lp_lane_oldest(&o->lanes[k]);

            if (job != NULL && (oldest == NULL
                || job->obj->whole_at < oldest->obj->whole_at))
            {
                oldest = job;
            }
        }

        if (oldest == NULL) {
            return;
        }

        lp_lane_lose(oldest, "the queue is full");
    }
}


int
lp_publish_run(lp_publish_t *p, int64_t now)
{
    int           busy;
    unsigned      i, k;
    lp_origin_t  *o;

    lp_transfers_run(&p->transfers, now);

    busy = 0;

    for (i = 0; i < p->conf.norigins; i++) {
        o = &p->origins[i];

        for (k = 0; k < p->conf.ntracks; k++) {
            busy |= lp_lane_step(&o->lanes[k], now);
        }

        lp_publish_shrink(p, o);
    }

    return busy ? LP_TICK : LP_TICK_IDLE;
}


unsigned
lp_publish_backlog(const lp_publish_t *p)
{
    unsigned  i, k, n;

    n = 0;

    for (i = 0; i < p->conf.norigins; i++) {
        for (k = 0; k < p->conf.ntracks; k++) {
            n += p->origins[i].lanes[k].njobs;
        }
    }

    return n;
}


uint64_t
lp_publish_delivered(const lp_publish_t *p)
{
    unsigned  i;
    uint64_t  n;

    for (n = 0, i = 0; i < p->conf.norigins; i++) {
        n += p->origins[i].counts.sent + p->origins[i].counts.backfilled
             + p->origins[i].counts.inits;
    }

    return n;
}


void
lp_publish_status(const lp_publish_t *p, unsigned origin, const char **url,
    int *up, unsigned *queued, lp_origin_counts_t *counts)
{
    unsigned            k;
    const lp_origin_t  *o;

    o = &p->origins[origin];
    *url = o->url;
    *up = o->up;
    *counts = o->counts;
    *queued = 0;

    for (k = 0; k < p->conf.ntracks; k++) {
        *queued += o->lanes[k].njobs;
    }
}


void
lp_publish_close(lp_publish_t *p)
{
    unsigned  i, k;

    for (i = 0; i < p->conf.norigins; i++) {
        for (k = 0; k < p->conf.ntracks; k++) {
            lp_lane_close(&p->origins[i].lanes[k]);
        }
    }

    for (k = 0; k < p->conf.ntracks; k++) {
        lp_object_unref(p->growing[k]);
    }

    lp_transfers_close(&p->transfers);
    curl_slist_free_all(p->headers[0]);
    curl_slist_free_all(p->headers[1]);
}


void
lp_publish_free(lp_publish_t *p)
{
    unsigned  i;

    for (i = 0; i < p->conf.norigins; i++) {
        free(p->origins[i].lanes);
    }

    free(p->origins);
}
