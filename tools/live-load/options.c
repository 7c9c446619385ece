#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"


typedef enum {
    OPT_STRING,
    OPT_COUNT,                     /* also 10k, 2m */
    OPT_TIME,                      /* 5, 5s, 200ms, 20h; kept as ns */
    OPT_FLAG,
    OPT_OTHER
} opt_e;


typedef struct {
    const char  *name;
    opt_e        type;
    size_t       offset;           /* in load_opts_t */
    const char  *argument;
    const char  *help;
} opt_t;


#define OFF(field)  offsetof(load_opts_t, field)

static const opt_t  options[] = {
    { "url", OPT_STRING, OFF(url), "URL",
      "server, http:// or https:// (http://127.0.0.1:8080)" },
    { "put-url", OPT_STRING, OFF(put_url), "URL",
      "another server for what is published" },
    { "put-path", OPT_STRING, OFF(put_path), "PATH",
      "(/publish/{event}/{pipeline}/{track}/{name})" },
    { "get-path", OPT_STRING, OFF(get_path), "PATH",
      "(/live/{event}/{track}/{name})" },
    { "path", OPT_OTHER, 0, "PATH", "get: one of the paths to ask for" },
    { "header", OPT_OTHER, 0, "LINE", "a header of every request" },
    { "event", OPT_STRING, OFF(event), "ID", "name of the event (load)" },
    { "events", OPT_COUNT, OFF(events), "N", "that many: ID0, ID1, ..." },
    { "track", OPT_STRING, OFF(track), "ID", "name of the track (v)" },
    { "tracks", OPT_COUNT, OFF(tracks), "N", "that many an event" },
    { "pipelines", OPT_STRING, OFF(pipelines), "a,b", "(a)" },
    { "kind", OPT_OTHER, 0, "KIND", "video or audio" },
    { "size", OPT_OTHER, 0, "BYTES", "of a segment; or MIN-MAX (64k)" },
    { "segment", OPT_OTHER, 0, "D/SCALE",
      "segment duration; or seconds, or ms (2s)" },
    { "fps", OPT_STRING, OFF(fps), "N", "25, or 30000/1001" },
    { "connections", OPT_COUNT, OFF(connections), "N", "keep-alive, one core" },
    { "requests", OPT_COUNT, OFF(requests), "N", "end after that many" },
    { "rate", OPT_COUNT, OFF(rate), "N",
      "requests a second; latency counts from when each was due" },
    { "timeout", OPT_TIME, OFF(timeout), "TIME", "of one request (30s)" },
    { "start", OPT_COUNT, OFF(start), "N", "first segment number" },
    { "behind", OPT_TIME, OFF(behind), "TIME",
      "or: begin with the number of that long ago" },
    { "segments", OPT_COUNT, OFF(segments), "N",
      "publish: that many a track; read: how many to draw from" },
    { "all", OPT_FLAG, OFF(all), NULL,
      "read: each of them once, in order, and end" },
    { "cycle", OPT_COUNT, OFF(cycle), "N",
      "publish: reuse that many names (for plain file servers)" },
    { "live", OPT_FLAG, OFF(live), NULL, "publish when each number is due" },
    { "jitter", OPT_TIME, OFF(jitter), "TIME", "spread of live publishes" },
    { "chunked", OPT_COUNT, OFF(chunk), "BYTES",
      "chunked bodies, chunks of that size" },
    { "digest", OPT_FLAG, OFF(digest), NULL, "send Content-Digest: sha-256" },
    { "verify", OPT_OTHER, 0, "HOW", "all, sample (1 of 16) or off (all)" },
    { "copy", OPT_FLAG, OFF(copy), NULL,
      "take in what is not verified as well, instead of dropping it" },
    { "rounds", OPT_COUNT, OFF(rounds), "N", "fan: that many (20)" },
    { "settle", OPT_TIME, OFF(settle), "TIME",
      "fan: between asking and publishing (200ms)" },
    { NULL, OPT_FLAG, 0, NULL, NULL }
};


static const load_mode_t  *modes[] = {
    &mode_publish, &mode_read, &mode_edge, &mode_storm, &mode_get, &mode_fan
};


static void
usage(void)
{
    const opt_t  *o;

    printf(
        "usage: live-load [options] MODE [options] [MODE [options]]...\n\n"
        "modes:\n"
        "  publish   PUT segments, at full speed or at live pace\n"
        "  read      GET random segments of the window\n"
        "  edge      GET the next segment of a track, held until it is there\n"
        "  storm     GET segments that will never be\n"
        "  get       GET given paths\n"
        "  fan       readers held for one segment, then the same readers\n"
        "            once it is published; both timed\n\n"
        "of the whole run:\n"
        "  --seconds N         (10) measured\n"
        "  --warmup N          (0) seconds before that\n"
        "  --seed N            (1) of the payload; readers and publishers\n"
        "                      of one run need the same\n"
        "  --json              one JSON document instead of text\n"
        "  --watch PID[,PID]   CPU time of these while it is measured\n\n"
        "of a group; before the first mode, of all groups:\n");

    for (o = options; o->name; o++) {
        printf("  --%s%s%-*s %s\n", o->name, o->argument ? " " : "",
               (int) (17 - strlen(o->name) - (o->argument != NULL)),
               o->argument ? o->argument : "", o->help);
    }

    printf("\nexit code: 0; 1 a wrong byte was read; 2 usage; "
           "3 nothing was answered\n");
}


static int
parse_count(const char *s, const char **end, uint64_t *v)
{
    char  *e;

    if (*s < '0' || *s > '9') {
        return -1;
    }

    *v = strtoull(s, &e, 10);

    switch (*e) {

    case 'g':
    case 'G':
        *v *= 1024;
        /* fall through */

    case 'm':
    case 'M':
        *v *= 1024;
        /* fall through */

    case 'k':
    case 'K':
        *v *= 1024;
        e++;
        break;

    default:
        break;
    }

    *end = e;

    return 0;
}


static int
parse_time(const char *s, uint64_t *ns)
{
    char    *e;
    double   v;

    v = strtod(s, &e);

    if (e == s || v < 0) {
        return -1;
    }

    if (strcmp(e, "ms") == 0) {
        v /= 1e3;

    } else if (strcmp(e, "m") == 0) {
        v *= 60;

    } else if (strcmp(e, "h") == 0) {
        v *= 3600;

    } else if (*e && strcmp(e, "s") != 0) {
        return -1;
    }

    *ns = (uint64_t) (v * 1e9);

    return 0;
}


static int
parse_size(media_t *m, const char *s)
{
    const char  *end;

    if (parse_count(s, &end, &m->size_min) == -1) {
        return -1;
    }

    m->size_max = m->size_min;

    if (*end == '-' && parse_count(end + 1, &end, &m->size_max) == -1) {
        return -1;
    }

    return *end ? -1 : 0;
}


/* D/SCALE as it stands; a time in units of 1/90000, or of a sample */

static int
parse_segment(media_t *m, const char *s)
{
    char      *e;
    uint64_t   ns;

    if (strchr(s, '/')) {
        m->duration = strtoull(s, &e, 10);
        m->timescale = (uint32_t) strtoul(e + 1, &e, 10);
        return *e ? -1 : 0;
    }

    if (parse_time(s, &ns) == -1) {
        return -1;
    }

    m->timescale = m->kind == MEDIA_AUDIO ? 48000 : 90000;
    m->duration = ns / 1000000 * m->timescale / 1000;

    return 0;
}


static int
parse_other(load_opts_t *o, const char *name, const char *v, const char **seg)
{
    size_t  n;

    if (strcmp(name, "path") == 0) {
        if (o->npaths == LOAD_MAX_PATHS) {
            return -1;
        }

        o->paths[o->npaths++] = v;
        return 0;
    }

    if (strcmp(name, "header") == 0) {
        n = strlen(o->headers);
        return snprintf(o->headers + n, sizeof(o->headers) - n, "%s\r\n", v)
               < (int) (sizeof(o->headers) - n) ? 0 : -1;
    }

    if (strcmp(name, "kind") == 0) {
        o->media.kind = strcmp(v, "audio") == 0 ? MEDIA_AUDIO : MEDIA_VIDEO;
        return strcmp(v, "audio") && strcmp(v, "video") ? -1 : 0;
    }

    if (strcmp(name, "size") == 0) {
        return parse_size(&o->media, v);
    }

    if (strcmp(name, "segment") == 0) {
        *seg = v;
        return 0;
    }

    /* verify */

    o->verify = strcmp(v, "all") == 0 ? VERIFY_ALL
                : strcmp(v, "sample") == 0 ? VERIFY_SAMPLE : VERIFY_OFF;

    return o->verify == VERIFY_OFF && strcmp(v, "off") ? -1 : 0;
}


static int
parse_group_option(load_opts_t *o, const char *name, const char *v,
    const char **segment)
{
    void         *field;
    uint64_t      n;
    const char   *end;
    const opt_t  *opt;

    for (opt = options; opt->name && strcmp(opt->name, name); opt++) {
        /* void */
    }

    if (opt->name == NULL) {
        fprintf(stderr, "live-load: no option --%s; see --help\n", name);
        return -1;
    }

    field = (char *) o + opt->offset;

    if (opt->type == OPT_FLAG) {
        *(int *) field = 1;
        return 0;
    }

    if (v == NULL) {
        fprintf(stderr, "live-load: --%s needs %s\n", name, opt->argument);
        return -1;
    }

    switch (opt->type) {

    case OPT_STRING:
        *(const char **) field = v;
        return 1;

    case OPT_COUNT:
        if (parse_count(v, &end, &n) == 0 && *end == '\0') {
            *(uint64_t *) field = n;
            return 1;
        }

        break;

    case OPT_TIME:
        if (parse_time(v, field) == 0) {
            return 1;
        }

        break;

    default:
        if (parse_other(o, name, v, segment) == 0) {
            return 1;
        }
    }

    fprintf(stderr, "live-load: --%s %s: not a value for it (%s)\n", name, v,
            opt->help);

    return -1;
}


/* 1: taken with its value, 0: taken alone, -1: not of the whole run */

static int
parse_run_option(load_t *load, const char *name, const char *v)
{
    if (strcmp(name, "json") == 0) {
        load->json = 1;
        return 0;
    }

    if (v == NULL) {
        return -1;
    }

    if (strcmp(name, "seconds") == 0) {
        return parse_time(v, &load->seconds) == 0 ? 1 : -1;
    }

    if (strcmp(name, "warmup") == 0) {
        return parse_time(v, &load->warmup) == 0 ? 1 : -1;
    }

    if (strcmp(name, "seed") == 0) {
        load->seed = strtoull(v, NULL, 10);
        return 1;
    }

    if (strcmp(name, "watch") == 0) {
        load->watch = v;
        return 1;
    }

    return -1;
}


static int
group_close(load_opts_t *o, const char *segment)
{
    char      *e;
    uint64_t   num, den;

    if (parse_segment(&o->media, segment) == -1) {
        fprintf(stderr, "live-load: --segment %s: no duration\n", segment);
        return -1;
    }

    num = strtoull(o->fps, &e, 10);
    den = *e == '/' ? strtoull(e + 1, &e, 10) : 1;

    if (*e || num == 0 || den == 0 || o->events == 0 || o->tracks == 0) {
        fprintf(stderr, "live-load: bad fps, events or tracks\n");
        return -1;
    }

    o->media.samples = (uint32_t) ((o->media.duration * num
                                    + o->media.timescale * den / 2)
                                   / (o->media.timescale * den));

    if (o->media.samples == 0) {
        o->media.samples = 1;
    }

    return 0;
}


static void
defaults(load_t *load, load_opts_t *o)
{
    memset(o, 0, sizeof(load_opts_t));

    o->url = "http://127.0.0.1:8080";
    o->put_path = "/publish/{event}/{pipeline}/{track}/{name}";
    o->get_path = "/live/{event}/{track}/{name}";
    o->event = "load";
    o->track = "v";
    o->pipelines = "a";
    o->fps = "25";
    o->events = 1;
    o->tracks = 1;
    o->timeout = 30 * LOAD_SEC;
    o->settle = 200 * LOAD_MS;
    o->verify = VERIFY_ALL;
    o->media.size_min = 65536;
    o->media.size_max = 65536;

    load->seed = 1;
    load->seconds = 10 * LOAD_SEC;
}


static const load_mode_t *
parse_mode(const char *name)
{
    size_t  i;

    for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(modes[i]->name, name) == 0) {
            return modes[i];
        }
    }

    return NULL;
}


static group_t *
new_group(load_t *load, const char *name, const load_opts_t *common)
{
    group_t            *g;
    const load_mode_t  *mode;

    mode = parse_mode(name);

    if (mode == NULL || load->ngroups == LOAD_MAX_GROUPS) {
        fprintf(stderr, "live-load: \"%s\" is no mode, or one too many;"
                " see --help\n", name);
        return NULL;
    }

    g = calloc(1, sizeof(group_t));

    if (g == NULL) {
        return NULL;
    }

    g->load = load;
    g->mode = mode;
    g->o = *common;
    load->groups[load->ngroups++] = g;

    return g;
}


int
load_options(load_t *load, int argc, char **argv)
{
    int           i, rc;
    char         *name, *value;
    group_t      *g;
    uint32_t      n;
    const char   *segment, *segments[LOAD_MAX_GROUPS];
    load_opts_t   common;

    g = NULL;
    segment = "2s";
    defaults(load, &common);

    for (i = 1; i < argc; i++) {

        if (strcmp(argv[i], "--help") == 0) {
            usage();
            exit(0);
        }

        if (strncmp(argv[i], "--", 2) != 0) {
            g = new_group(load, argv[i], &common);

            if (g == NULL) {
                return -1;
            }

            segments[load->ngroups - 1] = segment;
            continue;
        }

        name = argv[i] + 2;
        value = i + 1 < argc ? argv[i + 1] : NULL;
        rc = parse_run_option(load, name, value);

        if (rc == -1) {
            rc = parse_group_option(g ? &g->o : &common, name, value,
                                    g ? &segments[load->ngroups - 1]
                                      : &segment);
        }

        if (rc == -1) {
            return -1;
        }

        i += rc;
    }

    if (load->ngroups == 0) {
        fprintf(stderr, "live-load: no mode; see --help\n");
        return -1;
    }

    for (n = 0; n < load->ngroups; n++) {
        if (group_close(&load->groups[n]->o, segments[n]) == -1) {
            return -1;
        }
    }

    return 0;
}
