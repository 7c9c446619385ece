#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "session.h"


static json_t *
lp_status_track(const lp_track_t *t)
{
    const lp_segmenter_t  *g = &t->seg;

    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
        "id", t->id,
        "number", (json_int_t) (g->started ? g->number : -1),
        "segments", (json_int_t) g->counts.segments,
        "packets", (json_int_t) t->counts.packets,
        "broken", (json_int_t) t->counts.broken,
        "corrupt", (json_int_t) t->counts.corrupt,
        "dropped", (json_int_t) g->counts.dropped,
        "missing", (json_int_t) g->counts.missing,
        "skipped", (json_int_t) g->counts.skipped,
        "jumps", (json_int_t) t->counts.jumps);
}


static json_t *
lp_status_origin(const lp_publish_t *p, unsigned i)
{
    int                  up;
    unsigned             queued;
    const char          *url;
    lp_origin_counts_t   c;

    lp_publish_status(p, i, &url, &up, &queued, &c);

    return json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:i}",
        "url", url,
        "up", up,
        "inits", (json_int_t) c.inits,
        "sent", (json_int_t) c.sent,
        "retried", (json_int_t) c.retried,
        "late", (json_int_t) c.late,
        "backfilled", (json_int_t) c.backfilled,
        "lost", (json_int_t) c.lost,
        "bytes", (json_int_t) c.bytes,
        "queued", (int) queued);
}


/* a reader that does not read costs a line, not the live event */

static void
lp_status_write(int fd, const char *line)
{
    struct iovec   iov[2];
    struct pollfd  pfd;

    pfd.fd = fd;
    pfd.events = POLLOUT;

    iov[0].iov_base = (char *) line;
    iov[0].iov_len = strlen(line);
    iov[1].iov_base = "\n";
    iov[1].iov_len = 1;

    if (poll(&pfd, 1, 0) == 1 && (pfd.revents & POLLOUT)
        && writev(fd, iov, 2) == -1)
    {
        return;
    }
}


void
lp_session_status(const lp_session_t *s)
{
    char             *line;
    json_t           *o, *tracks, *origins;
    unsigned          i;
    struct timespec   ts;

    tracks = json_array();
    origins = json_array();

    for (i = 0; i < s->ntracks; i++) {
        json_array_append_new(tracks, lp_status_track(&s->tracks[i]));
    }

    for (i = 0; i < s->options->norigins; i++) {
        json_array_append_new(origins, lp_status_origin(&s->publish, i));
    }

    clock_gettime(CLOCK_REALTIME, &ts);

    o = json_pack("{s:f, s:s, s:s, s:o, s:o}",
        "time", ts.tv_sec + ts.tv_nsec / 1e9,
        "event", s->options->id,
        "pipeline", s->options->pipeline,
        "tracks", tracks,
        "origins", origins);

    line = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(13));

    if (line != NULL) {
        lp_status_write(s->options->status_fd, line);
    }

    free(line);
    json_decref(o);
}
