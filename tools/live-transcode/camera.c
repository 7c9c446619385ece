#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "camera.h"


#define LT_FONT  "/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf"

#define LT_DAY   86400


static void lt_camera_card(FILE *f, const lt_plan_t *plan, int64_t frame);
static void lt_camera_strip(FILE *f, const lt_plan_t *plan, int64_t frame);
static void lt_camera_clock(FILE *f, const lt_plan_t *plan, int64_t frame);
static void lt_camera_escape(FILE *f, const char *text);


char *
lt_camera_video(const lt_plan_t *plan, int64_t frame)
{
    char    *graph;
    FILE    *f;
    size_t   size;

    f = open_memstream(&graph, &size);
    if (f == NULL) {
        return NULL;
    }

    lt_camera_card(f, plan, frame);
    lt_camera_strip(f, plan, frame);
    fprintf(f, "[card][strip]overlay=0:0:format=yuv420");
    lt_camera_clock(f, plan, frame);

    return fclose(f) == 0 ? graph : NULL;
}


/* colour bars, a bar that crosses in 2 s and a square that goes round in 4 s */

static void
lt_camera_card(FILE *f, const lt_plan_t *plan, int64_t frame)
{
    int64_t   cross, round;
    uint32_t  w, h, bar, box;

    w = plan->width;
    h = plan->height;
    bar = (w / 40 + 1) & ~1u;
    box = (h / 8 + 1) & ~1u;

    cross = lo_rescale(2, plan->fps_num, plan->fps_den, LO_NEAREST);
    round = lo_rescale(4, plan->fps_num, plan->fps_den, LO_NEAREST);

    fprintf(f, "smptehdbars=s=%ux%u:r=%u/%u,format=yuv420p[bars];", w, h,
            plan->fps_num, plan->fps_den);

    fprintf(f, "color=c=dodgerblue:s=%ux%u:r=%u/%u,format=yuv420p[bar];", bar,
            (h / 6) & ~1u, plan->fps_num, plan->fps_den);

    fprintf(f, "color=c=orange:s=%ux%u:r=%u/%u,format=yuv420p[box];", box, box,
            plan->fps_num, plan->fps_den);

    fprintf(f, "[bars][bar]overlay=x=(W-w)*mod(n+%" PRId64 "\\,%" PRId64 ")/%"
            PRId64 ":y=H*5/6-2:format=yuv420[swept];", frame % cross, cross,
            cross);

    fprintf(f, "[swept][box]overlay=x=(W-w)/2*(1+sin(2*PI*(n+%" PRId64 ")/%"
            PRId64 ")):y=H/4+(H/3-h)/2*(1+cos(2*PI*(n+%" PRId64 ")/%" PRId64
            ")):format=yuv420[card];", frame % round, round, frame % round,
            round);
}


/* the counter in 32 blocks (docs/live-transcode.md), computed on 32x2 pixels */

static void
lt_camera_strip(FILE *f, const lt_plan_t *plan, int64_t frame)
{
    unsigned  i;

    fprintf(f, "color=c=black:s=32x2:r=%u/%u,format=yuv420p,geq=cb=128:cr=128:"
            "lum='16+219*(st(0\\,mod(N+%" PRId64 "\\,%d))*0+"
            "if(lt(X\\,2)\\,eq(X\\,0)\\,"
            "if(lt(X\\,26)\\,mod(floor(ld(0)/pow(2\\,25-X))\\,2)\\,"
            "if(lt(X\\,30)\\,mod(floor(mod(5", plan->fps_num, plan->fps_den,
            frame % LT_COUNTER, LT_COUNTER);

    for (i = 0; i < 6; i++) {
        fprintf(f, "+mod(floor(ld(0)/%u)\\,16)", 1u << (4 * i));
    }

    fprintf(f, "\\,16)/pow(2\\,29-X))\\,2)\\,eq(X\\,31)))))',"
            "scale=%u:%u:flags=neighbor[strip];", plan->width,
            (plan->height / 18 + 1) & ~1u);
}


/* in units of 1 / fps_num seconds a frame is fps_den: all of it is exact */

static void
lt_camera_clock(FILE *f, const lt_plan_t *plan, int64_t frame)
{
    char      text[1024];
    uint64_t  num, at;

    if (access(LT_FONT, R_OK) != 0) {
        return;
    }

    num = plan->fps_num;
    at = (uint64_t) frame % (LT_DAY * num) * plan->fps_den % (LT_DAY * num);

    snprintf(text, sizeof(text),
             "%%{eif:floor(mod(n*%u+%" PRIu64 ",%" PRIu64 ")/%" PRIu64 "):d:2}:"
             "%%{eif:floor(mod(n*%u+%" PRIu64 ",%" PRIu64 ")/%" PRIu64 "):d:2}:"
             "%%{eif:floor(mod(n*%u+%" PRIu64 ",%" PRIu64 ")/%" PRIu64 "):d:2}."
             "%%{eif:floor(mod(n*%u+%" PRIu64 ",%" PRIu64 ")*1000/%" PRIu64
             "):d:3} UTC",
             plan->fps_den, at, LT_DAY * num, 3600 * num,
             plan->fps_den, at, 3600 * num, 60 * num,
             plan->fps_den, at, 60 * num, num,
             plan->fps_den, at, num, num);

    fprintf(f, ",drawtext=fontfile=" LT_FONT ":fontcolor=white:box=1:"
            "boxcolor=black@0.7:boxborderw=%u:fontsize=%u:x=(w-tw)/2:y=h*0.60:"
            "text=", plan->height / 60 + 1, plan->height / 10);
    lt_camera_escape(f, text);

    snprintf(text, sizeof(text), "%%{eif:mod(n+%" PRId64 ",%d):d:8}",
             frame % LT_COUNTER, LT_COUNTER);

    fprintf(f, ",drawtext=fontfile=" LT_FONT ":fontcolor=white:box=1:"
            "boxcolor=black@0.7:boxborderw=%u:fontsize=%u:x=(w-tw)/2:y=h*0.10:"
            "text=", plan->height / 60 + 1, plan->height / 14);
    lt_camera_escape(f, text);
}


/* an option's value inside a graph: escaped for the option, then the graph */

static void
lt_camera_escape(FILE *f, const char *text)
{
    const char  *p;

    for (p = text; *p != '\0'; p++) {

        switch (*p) {

        case '\\':
        case '\'':
            fprintf(f, "\\\\\\%c", *p);
            break;

        case ':':
            fprintf(f, "\\\\:");
            break;

        case '[':
        case ']':
        case ',':
        case ';':
            fprintf(f, "\\%c", *p);
            break;

        default:
            fputc(*p, f);
        }
    }
}


/* 440 Hz, and 1 kHz for the first 100 ms of each second */

char *
lt_camera_audio(const lt_track_t *tr, int64_t sample)
{
    int       n;
    char     *graph;
    int64_t   at;
    unsigned  rate;

    rate = tr->sample_rate;
    at = sample % rate;

    n = asprintf(&graph, "aevalsrc=s=%u:n=%u:c=mono:exprs='"
                 "0.05*sin(2*PI*440*mod(n+%" PRId64 "\\,%u)/%u)"
                 "+if(lt(mod(n+%" PRId64 "\\,%u)\\,%u)\\,"
                 "0.3*sin(2*PI*1000*mod(n+%" PRId64 "\\,%u)/%u)\\,0)'",
                 rate, lt_grid_audio_frame(tr), at, rate, rate, at, rate,
                 rate / 10, at, rate, rate);

    return n < 0 ? NULL : graph;
}
