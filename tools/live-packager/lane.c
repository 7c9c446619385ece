#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lane.h"
#include "log.h"


#define LP_BACKOFF_FIRST  100         /* ms */
#define LP_LANE_LIVE      3           /* transfers at once */
#define LP_LANE_BACKFILL  1
#define LP_STALL_MIN      1000        /* ms */
#define LP_STALL_MAX      30000


const char *
lp_lane_name(const lp_lane_t *lane)
{
    return lane->publish->conf.tracks[lane->track];
}


const char *
lp_job_name(const lp_job_t *job, char *name)
{
    if (job->obj->number == -1) {
        snprintf(name, LP_NAME_MAX, "%s/init.mp4", lp_lane_name(job->lane));

    } else {
        snprintf(name, LP_NAME_MAX, "%s/%lld.m4s", lp_lane_name(job->lane),
                 (long long) job->obj->number);
    }

    return name;
}


/* doubles from 100 ms to half a segment, plus up to a quarter by chance */

int64_t
lp_lane_backoff(const lp_lane_t *lane, unsigned tries)
{
    int64_t  ms, most;

    most = lane->publish->d_ms / 2;
    ms = (int64_t) LP_BACKOFF_FIRST << (tries > 8 ? 8 : tries);

    if (ms > most) {
        ms = most;
    }

    return ms + random() % (ms / 4 + 1);
}


static lp_job_t *
lp_job_create(lp_lane_t *lane, lp_object_t *obj)
{
    lp_job_t  *job;

    job = lp_alloc(sizeof(lp_job_t));
    job->lane = lane;
    job->obj = lp_object_ref(obj);

    return job;
}


static void
lp_job_free(lp_job_t *job)
{
    if (job->transfer != NULL) {
        lp_transfer_cancel(&job->lane->publish->transfers, job->transfer);
    }

    lp_object_unref(job->obj);
    free(job);
}


void
lp_job_remove(lp_job_t *job)
{
    lp_lane_t  *lane = job->lane;

    TAILQ_REMOVE(&lane->jobs, job, link);
    lane->njobs--;
    lane->origin->queued -= job->obj->body.len;
    lp_job_free(job);
}


void
lp_lane_add(lp_lane_t *lane, lp_object_t *obj)
{
    lp_job_t  *job;

    job = lp_job_create(lane, obj);

    TAILQ_INSERT_TAIL(&lane->jobs, job, link);
    lane->njobs++;
    lane->origin->queued += obj->body.len;

    if (obj->number != -1) {
        lane->newest = obj->number;
    }
}


void
lp_lane_more(lp_lane_t *lane, lp_object_t *obj, size_t more)
{
    lp_job_t  *job, *next;

    for (job = TAILQ_FIRST(&lane->jobs); job != NULL; job = next) {
        next = TAILQ_NEXT(job, link);

        if (job->obj != obj) {
            continue;
        }

        lane->origin->queued += more;

        if (job->transfer != NULL) {
            lp_transfer_more(job->transfer);

        } else if (obj->dead) {
            lp_job_remove(job);
        }
    }
}


/* how long without progress: longer each time, for an origin that is slow */

static int64_t
lp_job_stall(const lp_job_t *job)
{
    int64_t  ms;

    ms = job->lane->publish->d_ms;

    if (ms < LP_STALL_MIN) {
        ms = LP_STALL_MIN;
    }

    ms *= 1 + job->tries;

    return ms > LP_STALL_MAX ? LP_STALL_MAX : ms;
}


static int
lp_job_start(lp_job_t *job)
{
    char           url[1024], name[LP_NAME_MAX];
    lp_lane_t     *lane = job->lane;
    lp_publish_t  *p = lane->publish;

    snprintf(url, sizeof(url), "%s/%s/%s", lane->origin->url, p->conf.path,
             lp_job_name(job, name));

    job->transfer = lp_transfer_start(&p->transfers, url,
                                      p->headers[p->conf.video[lane->track]],
                                      job->obj, lp_job_stall(job), job);

    return job->transfer != NULL;
}


void
lp_lane_lose(lp_job_t *job, const char *why)
{
    char        name[LP_NAME_MAX];
    lp_lane_t  *lane = job->lane;

    lp_log(LP_ERR, "LOST %s at %s: %s%s%s", lp_job_name(job, name),
           lane->origin->url, why,
           job->reason[0] ? ": " : "", job->reason);

    lane->origin->counts.lost++;
    lp_job_remove(job);
}


lp_job_t *
lp_lane_oldest(lp_lane_t *lane)
{
    lp_job_t  *job;

    TAILQ_FOREACH(job, &lane->jobs, link) {
        if (job->late && job->transfer == NULL) {
            return job;
        }
    }

    return NULL;
}


/* what is late or out of the window */

static void
lp_lane_age(lp_lane_t *lane, int64_t now)
{
    char           name[LP_NAME_MAX];
    lp_job_t      *job, *next;
    lp_publish_t  *p = lane->publish;

    if (p->conf.patient) {
        return;
    }

    for (job = TAILQ_FIRST(&lane->jobs); job != NULL; job = next) {
        next = TAILQ_NEXT(job, link);

        if (job->obj->number == -1 || !job->obj->whole) {
            continue;
        }

        if (!job->late && now - job->obj->whole_at > p->d_ms) {
            job->late = 1;
            lane->origin->counts.late++;

            lp_log(LP_WARN, "late: %s not at %s within %.1f s%s%s: "
                   "back-fill follows", lp_job_name(job, name),
                   lane->origin->url,
                   (double) p->d_ms / 1000, job->reason[0] ? ": " : "",
                   job->reason);
        }

        if (job->transfer != NULL) {
            continue;
        }

        if (job->stale) {
            lp_lane_lose(job, "the track has another init now");

        } else if (lane->newest - job->obj->number > p->conf.window) {
            lp_lane_lose(job, "out of the window");
        }
    }
}


/* the first init in the queue becomes the lane's own when nothing that is
   still in time is before it */

static void
lp_lane_adopt(lp_lane_t *lane)
{
    int        same;
    lp_job_t  *job, *old;

    TAILQ_FOREACH(job, &lane->jobs, link) {
        if (job->obj->number == -1) {
            break;
        }

        if (!job->late) {
            return;
        }
    }

    if (job == NULL) {
        return;
    }

    same = lane->init != NULL
           && lane->init->obj->body.len == job->obj->body.len
           && memcmp(lane->init->obj->body.data, job->obj->body.data,
                     job->obj->body.len) == 0;

    TAILQ_FOREACH(old, &lane->jobs, link) {
        if (old == job) {
            break;
        }

        old->stale |= !same;
    }

    if (lane->init != NULL) {
        lp_job_free(lane->init);
    }

    lane->init = lp_job_create(lane, job->obj);
    lane->accepted = 0;
    lp_job_remove(job);
}


static void
lp_lane_start_segments(lp_lane_t *lane, int64_t now)
{
    unsigned   live, back, waiting, most;
    lp_job_t  *job;

    live = back = waiting = 0;
    most = lane->publish->conf.patient ? 1 : LP_LANE_LIVE;

    TAILQ_FOREACH(job, &lane->jobs, link) {
        if (job->transfer != NULL) {
            live += !job->late;
            back += job->late;

        } else {
            waiting += !job->late && job->obj->number != -1;
        }
    }

    TAILQ_FOREACH(job, &lane->jobs, link) {
        if (job->obj->number == -1) {
            break;
        }

        if (job->transfer != NULL || job->next > now) {
            continue;
        }

        if (job->late) {
            if (back >= LP_LANE_BACKFILL || lane->back_next > now
                || (!lane->origin->up && waiting))
            {
                continue;
            }

            back += lp_job_start(job);

        } else if (live < most) {
            live += lp_job_start(job);
        }
    }
}


int
lp_lane_step(lp_lane_t *lane, int64_t now)
{
    lp_lane_age(lane, now);
    lp_lane_adopt(lane);

    if (lane->init == NULL || lane->origin->next > now) {
        return lane->njobs != 0;
    }

    if (!lane->accepted) {
        if (lane->init->transfer == NULL && lane->init->next <= now) {
            (void) lp_job_start(lane->init);
        }

        return 1;
    }

    lp_lane_start_segments(lane, now);

    return lane->njobs != 0;
}


void
lp_lane_close(lp_lane_t *lane)
{
    lp_job_t  *job;

    while ((job = TAILQ_FIRST(&lane->jobs)) != NULL) {
        if (job->obj->number != -1 && job->obj->whole) {
            lp_lane_lose(job, "not delivered before the end");

        } else {
            lp_job_remove(job);
        }
    }

    if (lane->init != NULL) {
        lp_job_free(lane->init);
    }
}
