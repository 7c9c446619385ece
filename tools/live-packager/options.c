#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bearer.h"
#include "options.h"


#define LP_SEGMENT_MS  2000
#define LP_WINDOW_S    3600
#define LP_QUEUE_MB    256
#define LP_STATUS_S    10


static const char  lp_usage[] =
"usage: live-packager --event FILE --pipeline ID --origin URL [...]\n"
"\n"
"  --event FILE          the event document; - is not allowed here\n"
"  --event-id ID         the event, where there is no document\n"
"  --pipeline ID         a, b, ...\n"
"  --origin URL          PREFIX of PUT PREFIX/EVENT/PIPELINE/TRACK/...;\n"
"                        repeat it for several origins at once\n"
"  --header 'NAME: V'    on every request; may be repeated\n"
"  --token-file FILE     a bearer token for every request; otherwise the one\n"
"                        in the environment's LIVE_PACKAGER_TOKEN, if any\n"
"  --input URL           - (default, standard input), fd:N, or anything\n"
"                        libavformat reads\n"
"  --input-format NAME   nut, mpegts, mp4, ...: otherwise it is guessed\n"
"  --input-option K=V    of libavformat, such as probesize; may be repeated\n"
"  --map TRACK=STREAM    which stream of the input (0, 1, ...) a track is;\n"
"                        may be repeated, and then only these are taken\n"
"  --clock MODE          utc, arrival, auto (default), or seconds to add\n"
"  --segment D           2s, 2000ms or 60060/30000, for want of a document\n"
"  --chunk-ms MS         chunks of this length, sent as they are made\n"
"  --window S            how late a back-fill may be (default dvr_s)\n"
"  --queue MB            bytes that may wait for one origin (default 256)\n"
"  --pace                read a file at the pace of its own clock\n"
"  --lossless            a file: the input waits for the origins\n"
"  --status S            a line of JSON every S seconds (default 10, 0 none)\n"
"  --status-fd N         where to (default 1)\n"
"  --quiet, --verbose    less, more in the log on standard error\n";


enum {
    LP_OPT_EVENT = 256,
    LP_OPT_EVENT_ID,
    LP_OPT_PIPELINE,
    LP_OPT_ORIGIN,
    LP_OPT_HEADER,
    LP_OPT_TOKEN,
    LP_OPT_INPUT,
    LP_OPT_FORMAT,
    LP_OPT_OPTION,
    LP_OPT_MAP,
    LP_OPT_CLOCK,
    LP_OPT_SEGMENT,
    LP_OPT_CHUNK,
    LP_OPT_WINDOW,
    LP_OPT_QUEUE,
    LP_OPT_PACE,
    LP_OPT_LOSSLESS,
    LP_OPT_STATUS,
    LP_OPT_STATUS_FD,
    LP_OPT_QUIET,
    LP_OPT_VERBOSE,
    LP_OPT_HELP
};


static const struct option  lp_longopts[] = {
    { "event",        required_argument, NULL, LP_OPT_EVENT },
    { "event-id",     required_argument, NULL, LP_OPT_EVENT_ID },
    { "pipeline",     required_argument, NULL, LP_OPT_PIPELINE },
    { "origin",       required_argument, NULL, LP_OPT_ORIGIN },
    { "header",       required_argument, NULL, LP_OPT_HEADER },
    { "token-file",   required_argument, NULL, LP_OPT_TOKEN },
    { "input",        required_argument, NULL, LP_OPT_INPUT },
    { "input-format", required_argument, NULL, LP_OPT_FORMAT },
    { "input-option", required_argument, NULL, LP_OPT_OPTION },
    { "map",          required_argument, NULL, LP_OPT_MAP },
    { "clock",        required_argument, NULL, LP_OPT_CLOCK },
    { "segment",      required_argument, NULL, LP_OPT_SEGMENT },
    { "chunk-ms",     required_argument, NULL, LP_OPT_CHUNK },
    { "window",       required_argument, NULL, LP_OPT_WINDOW },
    { "queue",        required_argument, NULL, LP_OPT_QUEUE },
    { "pace",         no_argument,       NULL, LP_OPT_PACE },
    { "lossless",     no_argument,       NULL, LP_OPT_LOSSLESS },
    { "status",       required_argument, NULL, LP_OPT_STATUS },
    { "status-fd",    required_argument, NULL, LP_OPT_STATUS_FD },
    { "quiet",        no_argument,       NULL, LP_OPT_QUIET },
    { "verbose",      no_argument,       NULL, LP_OPT_VERBOSE },
    { "help",         no_argument,       NULL, LP_OPT_HELP },
    { NULL, 0, NULL, 0 }
};


static int
lp_options_bad(const char *option, const char *value, const char *why)
{
    fprintf(stderr, "live-packager: --%s %s: %s\n", option, value, why);

    return -1;
}


static int
lp_options_number(const char *option, const char *value, unsigned max,
    unsigned *out)
{
    char           *end;
    char            why[64];
    unsigned long   v;

    errno = 0;
    v = strtoul(value, &end, 10);

    if (end == value || *end != '\0' || *value == '-' || errno || v > max) {
        snprintf(why, sizeof(why), "a number from 0 to %u is wanted", max);
        return lp_options_bad(option, value, why);
    }

    *out = v;

    return 0;
}


static int
lp_options_id(const char *option, const char *value, char *out)
{
    if (!lo_id_ok(lo_cstr(value))) {
        return lp_options_bad(option, value, "an id is letters, digits, dot, "
                              "underscore and dash, 64 at most");
    }

    strcpy(out, value);

    return 0;
}


/* 2s, 2000ms, 2000 (ms), or 60060/30000 */

static int
lp_options_segment(lp_options_t *o, const char *value)
{
    char                *end;
    lo_err_t             err;
    unsigned long long   num, den;

    num = strtoull(value, &end, 10);
    den = 1000;

    if (*end == '/') {
        den = strtoull(end + 1, &end, 10);

    } else if (strcmp(end, "s") == 0) {
        den = 1;
        end++;

    } else if (strcmp(end, "ms") == 0) {
        end += 2;
    }

    if (end == value || *end != '\0') {
        return lp_options_bad("segment", value,
                              "2s, 2000ms or 60060/30000 is wanted");
    }

    if (lo_dur_set(&o->d, num, den, &err) != LO_OK) {
        return lp_options_bad("segment", value, err.text);
    }

    return 0;
}


static int
lp_options_map(lp_options_t *o, const char *value)
{
    char        *eq, *copy, *end;
    int          rc;
    lp_map_t    *map;

    if (o->nmaps == LP_MAX_TRACKS) {
        return lp_options_bad("map", value, "too many");
    }

    map = &o->maps[o->nmaps++];
    copy = strdup(value);
    eq = copy ? strchr(copy, '=') : NULL;

    if (eq == NULL) {
        free(copy);
        return lp_options_bad("map", value, "TRACK=STREAM is wanted");
    }

    *eq++ = '\0';
    rc = lp_options_id("map", copy, map->track);
    map->stream = strtol(eq, &end, 10);

    if (end == eq || *end != '\0' || map->stream < 0) {
        rc = lp_options_bad("map", value, "TRACK=STREAM is wanted");
    }

    free(copy);

    return rc;
}


static int
lp_options_input_option(lp_options_t *o, const char *value)
{
    if (av_dict_parse_string(&o->input.options, value, "=", "", 0) < 0) {
        return lp_options_bad("input-option", value, "K=V is wanted");
    }

    return 0;
}


static int
lp_options_event(lp_options_t *o, const char *path)
{
    FILE            *f;
    size_t           n;
    char            *doc;
    lo_event_err_t   err;

    f = fopen(path, "rb");

    if (f == NULL) {
        return lp_options_bad("event", path, strerror(errno));
    }

    doc = malloc(LO_EVENT_DOC_MAX + 1);
    n = doc ? fread(doc, 1, LO_EVENT_DOC_MAX + 1, f) : 0;
    fclose(f);

    memset(&err, 0, sizeof(err));

    if (lo_event_parse(&o->event, doc, n, &err) != LO_OK) {
        free(doc);
        fprintf(stderr, "live-packager: --event %s: %s%s%s\n", path, err.field,
                err.field[0] ? ": " : "", err.err.text);
        return -1;
    }

    free(doc);
    o->have_event = 1;

    memcpy(o->id, o->event.id.data, o->event.id.len);
    o->id[o->event.id.len] = '\0';

    if (o->window_s == 0) {
        o->window_s = o->event.dvr_s;
    }

    return 0;
}


static int
lp_options_origin(lp_options_t *o, char *value)
{
    size_t  len;

    if (strncmp(value, "http://", 7) != 0 && strncmp(value, "https://", 8) != 0)
    {
        return lp_options_bad("origin", value, "an http or https URL is "
                              "wanted");
    }

    if (o->norigins == LP_MAX_ORIGINS) {
        return lp_options_bad("origin", value, "too many");
    }

    for (len = strlen(value); len && value[len - 1] == '/'; len--) {
        value[len - 1] = '\0';
    }

    o->origins[o->norigins++] = value;

    return 0;
}


/* 1: it is none of these */

static int
lp_options_count(lp_options_t *o, int opt, const char *value)
{
    int       rc;
    unsigned  n;

    switch (opt) {

    case LP_OPT_CHUNK:
        return lp_options_number("chunk-ms", value, 60000, &o->chunk_ms);

    case LP_OPT_WINDOW:
        return lp_options_number("window", value, 14 * 86400, &o->window_s);

    case LP_OPT_QUEUE:
        return lp_options_number("queue", value, 1 << 20, &o->queue_mb);

    case LP_OPT_STATUS:
        return lp_options_number("status", value, 86400, &o->status_s);

    case LP_OPT_STATUS_FD:
        rc = lp_options_number("status-fd", value, 1 << 20, &n);
        o->status_fd = rc == 0 ? (int) n : o->status_fd;
        return rc;

    default:
        return 1;
    }
}


/* 1: it is none of these */

static int
lp_options_flag(lp_options_t *o, int opt)
{
    switch (opt) {

    case LP_OPT_PACE:
        o->pace = 1;
        return 0;

    case LP_OPT_LOSSLESS:
        o->patient = 1;
        return 0;

    case LP_OPT_QUIET:
        o->level = LP_WARN;
        return 0;

    case LP_OPT_VERBOSE:
        o->level = LP_DEBUG;
        return 0;

    default:
        return 1;
    }
}


static int
lp_options_header(lp_options_t *o, const char *value)
{
    if (strchr(value, ':') == NULL) {
        return lp_options_bad("header", value, "NAME: VALUE is wanted");
    }

    o->headers = curl_slist_append(o->headers, value);

    return 0;
}


static int
lp_options_one(lp_options_t *o, int opt, char *value)
{
    switch (opt) {

    case LP_OPT_EVENT:
        return lp_options_event(o, value);

    case LP_OPT_EVENT_ID:
        return lp_options_id("event-id", value, o->id);

    case LP_OPT_PIPELINE:
        return lp_options_id("pipeline", value, o->pipeline);

    case LP_OPT_ORIGIN:
        return lp_options_origin(o, value);

    case LP_OPT_HEADER:
        return lp_options_header(o, value);

    case LP_OPT_TOKEN:
        o->token = value;
        return 0;

    case LP_OPT_INPUT:
        o->input.url = value;
        return 0;

    case LP_OPT_FORMAT:
        o->input.format = value;
        return 0;

    case LP_OPT_OPTION:
        return lp_options_input_option(o, value);

    case LP_OPT_MAP:
        return lp_options_map(o, value);

    case LP_OPT_CLOCK:
        return lp_clock_set(&o->clock, value) == 0 ? 0
               : lp_options_bad("clock", value,
                                "utc, arrival, auto or seconds is wanted");

    case LP_OPT_SEGMENT:
        return lp_options_segment(o, value);

    case LP_OPT_HELP:
        fputs(lp_usage, stdout);
        return 1;

    default:
        fputs("live-packager: --help says what there is\n", stderr);
        return -1;
    }
}


static int
lp_options_token(lp_options_t *o)
{
    int        rc;
    char       token[LO_BEARER_MAX], line[LO_BEARER_MAX + 32];
    lo_err_t   err;

    rc = lo_bearer_read(o->token, "LIVE_PACKAGER_TOKEN", token, sizeof(token),
                        &err);

    if (rc == LO_NONE) {
        return 0;
    }

    if (rc != LO_OK) {
        fprintf(stderr, "live-packager: --token-file: %s\n", err.text);
        return -1;
    }

    snprintf(line, sizeof(line), "Authorization: Bearer %s", token);
    o->headers = curl_slist_append(o->headers, line);

    return 0;
}


static int
lp_options_complete(lp_options_t *o)
{
    if (o->id[0] == '\0') {
        fputs("live-packager: --event or --event-id is missing\n", stderr);
        return -1;
    }

    if (o->pipeline[0] == '\0') {
        fputs("live-packager: --pipeline is missing\n", stderr);
        return -1;
    }

    if (o->norigins == 0) {
        fputs("live-packager: --origin is missing\n", stderr);
        return -1;
    }

    if (o->event.d.duration != 0) {
        if (o->d.duration != 0
            && (o->d.duration != o->event.d.duration
                || o->d.timescale != o->event.d.timescale))
        {
            fputs("live-packager: --segment is not what the event document "
                  "says\n", stderr);
            return -1;
        }

        o->d = o->event.d;
    }

    if (o->d.duration == 0) {
        (void) lo_dur_set(&o->d, LP_SEGMENT_MS, 1000, &(lo_err_t) { "" });
    }

    if (o->window_s == 0) {
        o->window_s = LP_WINDOW_S;
    }

    o->input.pace = o->pace;

    return lp_options_token(o);
}


int
lp_options_parse(lp_options_t *o, int argc, char **argv)
{
    int  rc, opt;

    memset(o, 0, sizeof(lp_options_t));
    o->input.url = "-";
    o->queue_mb = LP_QUEUE_MB;
    o->status_s = LP_STATUS_S;
    o->status_fd = STDOUT_FILENO;
    o->level = LP_INFO;

    while ((opt = getopt_long(argc, argv, "", lp_longopts, NULL)) != -1) {
        rc = lp_options_flag(o, opt);

        if (rc == 1) {
            rc = lp_options_count(o, opt, optarg);
        }

        if (rc == 1) {
            rc = lp_options_one(o, opt, optarg);
        }

        if (rc != 0) {
            return rc;
        }
    }

    if (optind != argc) {
        fprintf(stderr, "live-packager: %s: not an option\n", argv[optind]);
        return -1;
    }

    return lp_options_complete(o);
}


void
lp_options_free(lp_options_t *o)
{
    if (o->have_event) {
        lo_event_free(&o->event);
    }

    av_dict_free(&o->input.options);
    curl_slist_free_all(o->headers);
}
