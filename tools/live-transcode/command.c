#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "camera.h"
#include "command.h"


static void lt_add(lt_command_t *cmd, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void lt_add_all(lt_command_t *cmd, ...);
static void lt_add_owned(lt_command_t *cmd, char *arg);
static void lt_add_inputs(lt_command_t *cmd, const lt_plan_t *plan,
    const lt_run_t *run);
static void lt_add_graph(lt_command_t *cmd, const lt_plan_t *plan,
    const lt_run_t *run);
static void lt_graph_video(FILE *f, const lt_plan_t *plan,
    const lt_run_t *run);
static void lt_graph_audio(FILE *f, const lt_plan_t *plan,
    const lt_run_t *run, unsigned k, unsigned n);
static void lt_add_video(lt_command_t *cmd, const lt_plan_t *plan,
    const lt_run_t *run, unsigned k);
static void lt_add_audio(lt_command_t *cmd, const lt_track_t *tr, unsigned k);
static void lt_add_extra(lt_command_t *cmd, const lt_track_t *tr, unsigned k);
static void lt_add_x265(lt_command_t *cmd, const lt_track_t *tr, unsigned k,
    unsigned gop);


int
lt_command_make(lt_command_t *cmd, const lt_plan_t *plan, const lt_run_t *run)
{
    unsigned           k;
    const lt_track_t  *tr;

    memset(cmd, 0, sizeof(lt_command_t));

    lt_add(cmd, "%s", run->ffmpeg);
    lt_add_all(cmd, "-hide_banner", "-nostdin", "-nostats", "-loglevel",
               "level+warning", NULL);

    lt_add_inputs(cmd, plan, run);
    lt_add_graph(cmd, plan, run);

    for (k = 0; k < plan->ntracks; k++) {
        lt_add(cmd, "-map");
        lt_add(cmd, "[t%u]", k);
    }

    lt_add_all(cmd, "-fps_mode", "passthrough", "-flags", "+cgop", NULL);

    for (k = 0; k < plan->ntracks; k++) {
        tr = &plan->tracks[k];

        if (tr->video) {
            lt_add_video(cmd, plan, run, k);

        } else {
            lt_add_audio(cmd, tr, k);
        }

        lt_add_extra(cmd, tr, k);
    }

    lt_add_all(cmd, "-max_muxing_queue_size", "1024", "-flush_packets", "1",
               "-write_index", "0", "-f", "nut", "pipe:1",
               NULL);

    return cmd->failed ? LO_FULL : LO_OK;
}


void
lt_command_free(lt_command_t *cmd)
{
    unsigned  i;

    for (i = 0; i < cmd->argc; i++) {
        free(cmd->argv[i]);
    }

    free(cmd->argv);
    cmd->argv = NULL;
    cmd->argc = 0;
}


char *
lt_command_line(const lt_command_t *cmd)
{
    char        *line;
    FILE        *f;
    size_t       size;
    unsigned     i;
    const char  *p, *safe;

    f = open_memstream(&line, &size);
    if (f == NULL) {
        return NULL;
    }

    safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
           "-_=+:/.,@%";

    for (i = 0; i < cmd->argc; i++) {
        p = cmd->argv[i];

        if (i != 0) {
            fputc(' ', f);
        }

        if (*p != '\0' && p[strspn(p, safe)] == '\0') {
            fputs(p, f);
            continue;
        }

        fputc('\'', f);

        for ( /* void */ ; *p != '\0'; p++) {
            fputs(*p == '\'' ? "'\\''" : (char[]) { *p, '\0' }, f);
        }

        fputc('\'', f);
    }

    return fclose(f) == 0 ? line : NULL;
}


static void
lt_add(lt_command_t *cmd, const char *fmt, ...)
{
    char     *arg;
    va_list   args;

    va_start(args, fmt);

    if (vasprintf(&arg, fmt, args) < 0) {
        arg = NULL;
    }

    va_end(args);

    lt_add_owned(cmd, arg);
}


static void
lt_add_all(lt_command_t *cmd, ...)
{
    va_list      args;
    const char  *arg;

    va_start(args, cmd);

    for (arg = va_arg(args, const char *); arg != NULL;
         arg = va_arg(args, const char *))
    {
        lt_add(cmd, "%s", arg);
    }

    va_end(args);
}


static void
lt_add_owned(lt_command_t *cmd, char *arg)
{
    char  **argv;

    if (arg == NULL) {
        cmd->failed = 1;
        return;
    }

    if (cmd->argc + 2 > cmd->size) {
        argv = realloc(cmd->argv, (cmd->size + 64) * sizeof(char *));
        if (argv == NULL) {
            free(arg);
            cmd->failed = 1;
            return;
        }

        cmd->argv = argv;
        cmd->size += 64;
    }

    cmd->argv[cmd->argc++] = arg;
    cmd->argv[cmd->argc] = NULL;
}


static void
lt_add_inputs(lt_command_t *cmd, const lt_plan_t *plan, const lt_run_t *run)
{
    unsigned           k;
    const lt_track_t  *tr;

    if (run->feed) {
        lt_add_all(cmd, "-thread_queue_size", "1024", "-copyts", "-f", "nut",
                   "-i", "pipe:0", NULL);
        return;
    }

    lt_add_all(cmd, "-thread_queue_size", "16", "-re", "-f", "lavfi", "-i",
               NULL);
    lt_add_owned(cmd, lt_camera_video(plan, run->frame));

    for (k = 0; k < plan->ntracks; k++) {
        tr = &plan->tracks[k];

        if (!tr->video) {
            lt_add_all(cmd, "-thread_queue_size", "64", "-re", "-f", "lavfi",
                       "-i", NULL);
            lt_add_owned(cmd, lt_camera_audio(tr,
                              lt_grid_audio_start(plan, tr, run->frame)));
        }
    }
}


static void
lt_add_graph(lt_command_t *cmd, const lt_plan_t *plan, const lt_run_t *run)
{
    char      *graph;
    FILE      *f;
    size_t     size;
    unsigned   k, n;

    f = open_memstream(&graph, &size);
    if (f == NULL) {
        cmd->failed = 1;
        return;
    }

    lt_graph_video(f, plan, run);

    for (k = 0, n = 0; k < plan->ntracks; k++) {
        if (!plan->tracks[k].video) {
            lt_graph_audio(f, plan, run, k, ++n);
        }
    }

    fclose(f);

    lt_add(cmd, "-filter_complex");
    lt_add_owned(cmd, graph);
}


/*
 * Frames are numbered, not timed: after the frame grid is reached by making
 * (camera) or by dropping and repeating (feed), a frame's time is its count.
 */

static void
lt_graph_video(FILE *f, const lt_plan_t *plan, const lt_run_t *run)
{
    unsigned           k;
    const lt_track_t  *tr;

    if (!run->feed) {
        fprintf(f, "[0:v]");

    } else if (run->video) {
        fprintf(f, "[0:v:0]yadif=deint=interlaced,fps=fps=%u/%u:"
                "start_time=%.6f,", plan->fps_num, plan->fps_den,
                (lt_grid_frame_us(plan, run->frame) - run->base_us)
                / (double) LO_USEC);
    } else {
        fprintf(f, "color=black:s=%ux%u:r=%u/%u,", plan->width, plan->height,
                plan->fps_num, plan->fps_den);
    }

    fprintf(f, "setpts=N+%" PRId64 ",split=%u", run->frame, plan->nvideo);

    for (k = 0; k < plan->ntracks; k++) {
        if (plan->tracks[k].video) {
            fprintf(f, "[s%u]", k);
        }
    }

    for (k = 0; k < plan->ntracks; k++) {
        tr = &plan->tracks[k];

        if (!tr->video) {
            continue;
        }

        fprintf(f, ";[s%u]", k);

        if (run->feed) {
            fprintf(f, "scale=%u:%u:force_original_aspect_ratio=decrease:"
                    "force_divisible_by=2,pad=%u:%u:(ow-iw)/2:(oh-ih)/2,",
                    tr->width, tr->height, tr->width, tr->height);

        } else if (tr->width != plan->width || tr->height != plan->height) {
            fprintf(f, "scale=%u:%u:flags=bilinear,", tr->width, tr->height);
        }

        fprintf(f, "setsar=1,format=yuv420p[t%u]", k);
    }
}


static void
lt_graph_audio(FILE *f, const lt_plan_t *plan, const lt_run_t *run, unsigned k,
    unsigned n)
{
    int64_t            first, base;
    const char        *layout;
    const lt_track_t  *tr;

    tr = &plan->tracks[k];
    first = lt_grid_audio_start(plan, tr, run->frame);
    base = lo_rescale(run->base_us, tr->sample_rate, LO_USEC, LO_NEAREST);

    layout = tr->channels == 1 ? "mono" : tr->channels == 6 ? "5.1" : "stereo";

    if (!run->feed) {
        fprintf(f, ";[%u:a]", n);

    } else if (run->audio) {
        fprintf(f, ";[0:a:0]aresample=%u:async=1:first_pts=%" PRId64 ",",
                tr->sample_rate, first - base);

    } else {
        fprintf(f, ";anullsrc=r=%u:cl=%s,", tr->sample_rate, layout);
    }

    fprintf(f, "asettb=1/%u,asetpts=N+%" PRId64 ",aformat=sample_rates=%u:"
            "channel_layouts=%s[t%u]", tr->sample_rate, first, tr->sample_rate,
            layout, k);
}


/*
 * The keyint is beyond any segment: only the expression makes key frames.
 * It is lt_grid_ratio()'s, on integers below 2^53, with n counted from the
 * first frame's place in the pattern, which repeats every b frames.
 */

static void
lt_add_video(lt_command_t *cmd, const lt_plan_t *plan, const lt_run_t *run,
    unsigned k)
{
    uint64_t           a, b;
    unsigned           gop, threads;
    const lt_track_t  *tr;

    tr = &plan->tracks[k];

    lt_grid_ratio(plan, &a, &b);
    gop = 2 * (b / a + 2);
    threads = (uint64_t) tr->width * tr->height <= 1280 * 720 ? 1 : 4;

    lt_add(cmd, "-c:%u", k);
    lt_add(cmd, tr->codec == LT_HEVC ? "libx265" : "libx264");
    lt_add(cmd, "-preset:%u", k);
    lt_add(cmd, tr->codec == LT_HEVC ? "ultrafast" : "veryfast");
    lt_add(cmd, "-b:%u", k);
    lt_add(cmd, "%u", tr->bitrate);
    lt_add(cmd, "-maxrate:%u", k);
    lt_add(cmd, "%u", tr->bitrate);
    lt_add(cmd, "-bufsize:%u", k);
    lt_add(cmd, "%u", tr->bitrate * 2);
    lt_add(cmd, "-bf:%u", k);
    lt_add(cmd, "0");
    lt_add(cmd, "-g:%u", k);
    lt_add(cmd, "%u", gop);
    lt_add(cmd, "-forced-idr:%u", k);
    lt_add(cmd, "1");

    if (tr->codec == LT_HEVC) {
        lt_add_x265(cmd, tr, k, gop);

    } else {
        lt_add(cmd, "-keyint_min:%u", k);
        lt_add(cmd, "1");
        lt_add(cmd, "-sc_threshold:%u", k);
        lt_add(cmd, "0");
        lt_add(cmd, "-threads:%u", k);
        lt_add(cmd, "%u", threads);
    }

    lt_add(cmd, "-colorspace:%u", k);
    lt_add(cmd, "bt709");
    lt_add(cmd, "-color_primaries:%u", k);
    lt_add(cmd, "bt709");
    lt_add(cmd, "-color_trc:%u", k);
    lt_add(cmd, "bt709");

    lt_add(cmd, "-force_key_frames:%u", k);
    lt_add(cmd, "expr:lt(mod(%" PRIu64 "*(n+%" PRIu64 ")+%" PRIu64 ",%" PRIu64
           "),%" PRIu64 ")", 2 * a, (uint64_t) run->frame % b, a - 1, 2 * b,
           2 * a);
}


/* a track's own -x265-params are appended: ffmpeg would drop all but one */

static void
lt_add_x265(lt_command_t *cmd, const lt_track_t *tr, unsigned k, unsigned gop)
{
    unsigned     i;
    const char  *own;

    own = NULL;

    for (i = 0; i + 1 < tr->nffmpeg; i++) {
        if (strncmp(tr->ffmpeg[i], "-x265-params", 12) == 0) {
            own = tr->ffmpeg[i + 1];
        }
    }

    lt_add(cmd, "-x265-params:%u", k);
    lt_add(cmd, "log-level=1:keyint=%u:min-keyint=1:scenecut=0:open-gop=0:"
           "frame-threads=2%s%s", gop, own ? ":" : "", own ? own : "");
}


static void
lt_add_audio(lt_command_t *cmd, const lt_track_t *tr, unsigned k)
{
    lt_add(cmd, "-c:%u", k);
    lt_add(cmd, tr->codec == LT_OPUS ? "libopus" : "aac");
    lt_add(cmd, "-b:%u", k);
    lt_add(cmd, "%u", tr->bitrate);

    if (tr->codec == LT_OPUS) {
        lt_add(cmd, "-frame_duration:%u", k);
        lt_add(cmd, "20");
        lt_add(cmd, "-application:%u", k);
        lt_add(cmd, "audio");
    }
}


/* "-preset" and "-b:v" alike are given to this track alone */

static void
lt_add_extra(lt_command_t *cmd, const lt_track_t *tr, unsigned k)
{
    int          option;
    unsigned     i;
    const char  *arg;

    for (i = 0; i < tr->nffmpeg; i++) {
        arg = tr->ffmpeg[i];
        option = (arg[0] == '-' && isalpha((unsigned char) arg[1]));

        if (strncmp(arg, "-x265-params", 12) == 0) {
            i++;
            continue;
        }

        if (option) {
            lt_add(cmd, "%.*s:%u", (int) strcspn(arg, ":"), arg, k);

        } else {
            lt_add(cmd, "%s", arg);
        }
    }
}
