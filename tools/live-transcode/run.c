#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "command.h"
#include "feed.h"
#include "log.h"
#include "relay.h"
#include "run.h"
#include "stop.h"


#define LT_START_US       60000        /* between now and a first frame */
#define LT_STEADY_US      10000000     /* a run this long was a good one */
#define LT_BACKOFF_US     250000
#define LT_BACKOFF_MAX_US 15000000


static int lt_run_camera(const lt_options_t *o, const lt_plan_t *plan,
    lt_relay_t *relay);
static int lt_run_source(const lt_options_t *o, const lt_plan_t *plan,
    lt_relay_t *relay, lt_source_t *source);
static int64_t lt_run_from(const lt_relay_t *relay);
static int lt_run_child(const lt_options_t *o, const lt_plan_t *plan,
    const lt_run_t *run, lt_relay_t *relay, lt_source_t *source);
static void lt_run_log(const lt_command_t *cmd, const lt_plan_t *plan,
    int64_t frame);


int
lt_dry_run(const lt_options_t *o, const lt_plan_t *plan)
{
    char          *line;
    lt_run_t       run;
    lt_command_t   cmd;

    memset(&run, 0, sizeof(run));
    run.ffmpeg = o->ffmpeg;
    run.frame = lt_grid_start(plan, lt_now_us() + LT_START_US);
    run.feed = strcmp(o->input, "test:") != 0;
    run.base_us = lt_now_us() / LO_USEC * LO_USEC;
    run.video = 1;
    run.audio = 1;

    if (lt_command_make(&cmd, plan, &run) != LO_OK
        || (line = lt_command_line(&cmd)) == NULL)
    {
        lt_log("out of memory");
        return 1;
    }

    puts(line);
    free(line);
    lt_command_free(&cmd);

    return 0;
}


int
lt_supervise(const lt_options_t *o, const lt_plan_t *plan)
{
    int          rc;
    int64_t      backoff, began;
    lt_relay_t   relay;
    lt_source_t  source;

    lt_relay_init(&relay, plan, o->output);
    lt_source_init(&source, plan, o->input, o->format, o->input_options);

    source.anchor_us = o->anchor_us;
    backoff = 0;

    for ( ;; ) {
        began = lt_now_mono_us();

        rc = strcmp(o->input, "test:") == 0
             ? lt_run_camera(o, plan, &relay)
             : lt_run_source(o, plan, &relay, &source);

        if (rc != 0 || lt_stop_asked()) {
            break;
        }

        if (lt_now_mono_us() - began > LT_STEADY_US) {
            backoff = 0;
        }

        if (backoff != 0) {
            lt_log("next start in %.2f s", backoff / 1e6);

            if (lt_stop_poll(-1, 0, backoff / 1000) == -1) {
                break;
            }
        }

        backoff = backoff ? backoff * 2 : LT_BACKOFF_US;

        if (backoff > LT_BACKOFF_MAX_US) {
            backoff = LT_BACKOFF_MAX_US;
        }
    }

    lt_relay_close(&relay);
    lt_log("%s after %" PRIu64 " packets", rc == 0 ? "ended" : "gave up",
           relay.packets);

    return rc;
}


/*
 * A run is one ffmpeg from its start to its end; 0 if there may be another.
 * The camera paces itself from the moment it starts, so it is started when its
 * first frame is due.
 */

static int
lt_run_camera(const lt_options_t *o, const lt_plan_t *plan, lt_relay_t *relay)
{
    lt_run_t  run;

    memset(&run, 0, sizeof(run));
    run.ffmpeg = o->ffmpeg;
    run.frame = lt_grid_start(plan, lt_run_from(relay));

    if (lt_stop_sleep_until(lt_grid_frame_us(plan, run.frame)) == -1) {
        return 0;
    }

    return lt_run_child(o, plan, &run, relay, NULL);
}


static int
lt_run_source(const lt_options_t *o, const lt_plan_t *plan, lt_relay_t *relay,
    lt_source_t *source)
{
    int       rc;
    lt_run_t  run;

    memset(&run, 0, sizeof(run));
    run.ffmpeg = o->ffmpeg;
    run.feed = 1;

    rc = lt_source_open(source);

    if (rc >= 0) {
        rc = lt_source_start(source,
                             source->file ? lt_run_from(relay) : relay->end_us,
                             &run.frame, &run.base_us);
    }

    if (rc >= 0) {
        run.video = (source->video >= 0);
        run.audio = (source->audio >= 0);
        rc = lt_run_child(o, plan, &run, relay, source);

    } else {
        rc = 0;
    }

    lt_source_close(source);

    return rc;
}


static int64_t
lt_run_from(const lt_relay_t *relay)
{
    int64_t  from;

    from = lt_now_us() + LT_START_US;

    return from > relay->end_us ? from : relay->end_us + 1;
}


static int
lt_run_child(const lt_options_t *o, const lt_plan_t *plan, const lt_run_t *run,
    lt_relay_t *relay, lt_source_t *source)
{
    int           rc;
    char          how[64];
    lt_feed_t     feed;
    lt_relay_e    why;
    lt_child_t    child;
    lt_command_t  cmd;

    if (lt_command_make(&cmd, plan, run) != LO_OK) {
        lt_log("out of memory");
        lt_command_free(&cmd);
        return 1;
    }

    lt_run_log(&cmd, plan, run->frame);
    rc = lt_child_start(&child, cmd.argv, source != NULL);
    lt_command_free(&cmd);

    if (rc != 0) {
        lt_log("cannot run \"%s\": %s", o->ffmpeg, strerror(rc));
        return 1;
    }

    rc = source ? lt_feed_start(&feed, source, &child, run->base_us) : 0;

    if (rc != 0) {
        lt_log("cannot feed ffmpeg: %s", strerror(rc));
        lt_child_signal(&child, SIGKILL);
        (void) lt_child_end(&child);
        return 1;
    }

    why = lt_relay_run(relay, &child, run->frame);

    if (why == LT_RELAY_STALL) {
        lt_log("ffmpeg[%d] stalled", (int) child.pid);
    }

    if (why != LT_RELAY_EOF) {
        lt_child_signal(&child, SIGKILL);
    }

    if (source != NULL) {
        lt_feed_stop(&feed);
    }

    rc = lt_child_end(&child);
    lt_log("ffmpeg[%d] %s", (int) child.pid,
           lt_child_status(rc, how, sizeof(how)));

    return why == LT_RELAY_OUTPUT;
}


static void
lt_run_log(const lt_command_t *cmd, const lt_plan_t *plan, int64_t frame)
{
    char       *line, at[32];
    int64_t     us;
    time_t      s;
    struct tm   tm;

    us = lt_grid_frame_us(plan, frame);
    s = us / LO_USEC;
    gmtime_r(&s, &tm);
    strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%S", &tm);

    line = lt_command_line(cmd);
    lt_log("from %s.%06dZ, frame %" PRId64 ": %s", at, (int) (us % LO_USEC),
           frame, line ? line : "");
    free(line);
}
