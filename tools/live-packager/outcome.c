/*
 * What an origin's answer, or its silence, means for a segment and its queue.
 */

#include <stdio.h>

#include "lane.h"
#include "log.h"


/* no answer at all: the origin rests; an answer: it is up */

static void
lp_lane_mark_origin(lp_lane_t *lane, const lp_result_t *r, int64_t now)
{
    lp_origin_t  *o = lane->origin;

    if (r->status != 0) {
        if (!o->up) {
            lp_log(LP_INFO, "%s answers", o->url);
        }

        o->up = 1;
        o->seen = 1;
        o->fails = 0;
        o->next = 0;
        return;
    }

    if (o->up || !o->seen) {
        lp_log(LP_WARN, "%s does not answer: %s", o->url, r->text);
    }

    o->up = 0;
    o->seen = 1;
    o->next = now + lp_lane_backoff(lane, o->fails++);
}


/* statuses that will be the same the next time */

static int
lp_lane_is_final(long status)
{
    switch (status) {
    case 401: case 403: case 404: case 408: case 412: case 421: case 425:
    case 429:
        return 0;
    }

    return status >= 300 && status < 500;
}


static void
lp_lane_retry(lp_job_t *job, const lp_result_t *r, int64_t now)
{
    char        name[LP_NAME_MAX];
    lp_lane_t  *lane = job->lane;

    lane->origin->counts.retried++;
    snprintf(job->reason, sizeof(job->reason), "%s", r->text);

    lp_log(job->tries == 0 && r->status != 0 ? LP_WARN : LP_DEBUG,
           "%s at %s: %s: trying again", lp_job_name(job, name),
           lane->origin->url, r->text);

    job->next = now + lp_lane_backoff(lane, job->tries++);

    if (r->retry_after > 0) {
        job->next = now + (r->retry_after > lane->publish->d_ms
                           ? lane->publish->d_ms : r->retry_after);
    }

    if (job->late) {
        lane->back_next = job->next;
    }
}


static void
lp_lane_init_done(lp_lane_t *lane, const lp_result_t *r, int64_t now)
{
    lp_job_t  *job = lane->init;

    if (r->status >= 200 && r->status < 300) {
        lane->accepted = 1;
        lane->origin->counts.inits++;
        lane->origin->counts.bytes += r->sent;
        job->tries = 0;

        lp_log(LP_DEBUG, "%s: init at %s: %ld", lp_lane_name(lane),
               lane->origin->url, r->status);
        return;
    }

    lp_lane_retry(job, r, now);
}


/* 412: the init goes first, unless it went while this one was on its way */

static void
lp_lane_want_init(lp_job_t *job, const lp_result_t *r, int64_t now)
{
    lp_lane_t  *lane = job->lane;

    lp_log(LP_INFO, "%s asks for the init of %s", lane->origin->url,
           lp_lane_name(lane));

    lane->accepted = 0;
    lane->origin->counts.retried++;
    snprintf(job->reason, sizeof(job->reason), "%s", r->text);

    if (job->tries++ > 0) {
        job->next = now + lp_lane_backoff(lane, job->tries);
        lane->init->next = job->next;
    }
}


static void
lp_lane_delivered(lp_job_t *job, const lp_result_t *r, int64_t now)
{
    char        name[LP_NAME_MAX];
    lp_lane_t  *lane = job->lane;

    lane->origin->counts.bytes += r->sent;

    if (job->late) {
        lane->origin->counts.backfilled++;
        lp_log(LP_INFO, "back-filled: %s at %s, %.1f s late",
               lp_job_name(job, name), lane->origin->url,
               (double) (now - job->obj->whole_at) / 1000);

    } else {
        lane->origin->counts.sent++;
        lp_log(LP_DEBUG, "%s at %s: %ld, %zu bytes", lp_job_name(job, name),
               lane->origin->url, r->status, r->sent);
    }

    lp_job_remove(job);
}


void
lp_lane_done(void *data, const lp_result_t *r)
{
    int64_t     now;
    lp_job_t   *job = data;
    lp_lane_t  *lane = job->lane;

    now = lane->publish->transfers.now;
    job->transfer = NULL;

    if (job->obj->dead) {
        lp_job_remove(job);
        return;
    }

    lp_lane_mark_origin(lane, r, now);

    if (job == lane->init) {
        lp_lane_init_done(lane, r, now);

    } else if (r->status >= 200 && r->status < 300) {
        lp_lane_delivered(job, r, now);

    } else if (r->status == 412) {
        lp_lane_want_init(job, r, now);

    } else if (lp_lane_is_final(r->status)) {
        snprintf(job->reason, sizeof(job->reason), "%s", r->text);
        lp_lane_lose(job, "refused");

    } else {
        lp_lane_retry(job, r, now);
    }
}
