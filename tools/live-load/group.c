#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"


#define MAX_COMPLAINTS  10


uint64_t
group_random(group_t *g)
{
    /* xorshift64* */
    g->random ^= g->random >> 12;
    g->random ^= g->random << 25;
    g->random ^= g->random >> 27;

    return (g->random * 0x2545f4914f6cdd1dull) >> 16;
}


/* the number that is being recorded at that wall clock time */

uint64_t
group_wall_number(group_t *g, uint64_t wall)
{
    return (uint64_t) ((unsigned __int128) wall * g->o.media.timescale
                       / g->o.media.duration / LOAD_SEC);
}


uint64_t
group_due_wall(group_t *g, uint64_t number)
{
    return (uint64_t) ((unsigned __int128) (number + 1) * g->o.media.duration
                       * LOAD_SEC / g->o.media.timescale);
}


void
group_complain(conn_t *c, const char *what)
{
    size_t  n;

    if (c->group->load->complaints++ >= MAX_COMPLAINTS) {
        return;
    }

    n = strcspn((char *) c->head, "\r");
    fprintf(stderr, "live-load: %s at %llu of %llu: %.*s, status %d\n", what,
            (unsigned long long) c->body, (unsigned long long) c->seg.size,
            (int) n, c->head, c->in.status);
}


int
group_exhausted(group_t *g)
{
    return g->load->stop || (g->o.requests && g->started >= g->o.requests);
}


void
group_finish(conn_t *c)
{
    if (!c->finished) {
        c->finished = 1;
        c->group->unfinished--;
    }
}


static void
group_tick(void *data)
{
    conn_t   *c;
    group_t  *g = data;

    while (g->idle && g->rate_next <= load_clock()) {
        c = g->idle;
        g->idle = c->next;
        group_next(c);
    }

    if (g->idle && g->timer.index == 0) {
        load_timer_set(&g->timer, g->rate_next);
    }
}


/* the connection's next request: now, when its rate allows it, or never */

void
group_next(conn_t *c)
{
    group_t   *g;
    uint64_t   now;

    g = c->group;

    if (group_exhausted(g)) {
        group_finish(c);
        return;
    }

    if (c->state != CONN_IDLE) {
        c->pending = 1;
        return;
    }

    c->pending = 0;
    c->due = 0;

    if (g->interval == 0) {
        g->mode->start(c);
        return;
    }

    now = load_clock();

    if (g->rate_next == 0) {
        g->rate_next = now;
    }

    if (g->rate_next <= now) {
        /* late requests count from when they should have begun */
        c->due = g->rate_next;
        g->rate_next += g->interval;
        g->mode->start(c);
        return;
    }

    c->next = g->idle;
    g->idle = c;

    if (g->timer.index == 0) {
        load_timer_set(&g->timer, g->rate_next);
    }
}


static void
group_wake(void *data)
{
    group_next(data);
}


void
group_sleep(conn_t *c, uint64_t until)
{
    c->timer.handler = group_wake;
    c->timer.data = c;
    load_timer_set(&c->timer, until);
}


void
group_open(group_t *g)
{
    uint64_t  i;

    g->unfinished = g->o.connections;

    for (i = 0; i < g->o.connections; i++) {
        g->conns[i].pending = 1;
        conn_open(&g->conns[i]);
    }
}


static const char *
group_address(group_t *g, const char *url, address_t *a)
{
    char             *host, *port, *end;
    struct addrinfo   hints, *res;

    if (strncmp(url, "http://", 7) == 0) {
        url += 7;

    } else if (strncmp(url, "https://", 8) == 0) {
        url += 8;
        a->tls = 1;

    } else {
        return "a URL begins with http:// or https://";
    }

    host = strndup(url, strcspn(url, "/"));
    a->authority = strdup(host);
    port = a->tls ? "443" : "80";

    if (host[0] == '[' && (end = strchr(host, ']')) != NULL) {
        *end++ = '\0';
        host++;

    } else {
        end = host + strcspn(host, ":");
    }

    if (*end == ':') {
        *end = '\0';
        port = end + 1;
    }

    memset(&hints, 0, sizeof(hints));
    hints.ai_socktype = SOCK_STREAM;

    if (getaddrinfo(host, port, &hints, &res) != 0) {
        return "the URL's host is not known";
    }

    memcpy(&a->addr, res->ai_addr, res->ai_addrlen);
    a->len = res->ai_addrlen;
    a->host = host;
    freeaddrinfo(res);

    return NULL;
}


static const char *
group_addresses(group_t *g)
{
    const char  *err;

    err = group_address(g, g->o.url, &g->address);

    if (err == NULL) {
        err = group_address(g, g->o.put_url ? g->o.put_url : g->o.url,
                            &g->put_address);
    }

    if (err) {
        return err;
    }

    if (g->address.tls || g->put_address.tls) {
        g->ssl = tls_context();

        if (g->ssl == NULL) {
            return "TLS cannot be set up";
        }
    }

    g->tail_len = (size_t) snprintf(g->tail, sizeof(g->tail),
                                    " HTTP/1.1\r\nHost: %s\r\n"
                                    "User-Agent: live-load\r\n%s",
                                    g->address.authority, g->o.headers);

    if (g->tail_len >= sizeof(g->tail)) {
        return "the request's headers are too long";
    }

    return NULL;
}


static track_t *
group_track(group_t *g, const char *event, const char *name)
{
    track_t   *t;
    load_t    *load;
    uint64_t   i;

    load = g->load;

    for (i = 0; i < load->ntracks; i++) {
        t = &load->tracks[i];

        if (strcmp(t->event, event) == 0 && strcmp(t->name, name) == 0) {
            return t;
        }
    }

    t = &load->tracks[load->ntracks++];
    snprintf(t->event, sizeof(t->event), "%s", event);
    snprintf(t->name, sizeof(t->name), "%s", name);
    t->key = media_key(event, name, load->seed);

    return t;
}


/* {event}, {track} and {pipeline} are put in; what follows {name} is kept */

static const char *
group_path(path_t *path, target_t *t, const char *pattern)
{
    char        *p, *end;
    size_t       n;
    unsigned     i;
    const char  *values[3];

    static const char  *words[] = { "{event}", "{track}", "{pipeline}" };

    values[0] = t->track->event;
    values[1] = t->track->name;
    values[2] = t->pipeline;

    path->prefix = malloc(LOAD_HEAD);

    if (path->prefix == NULL) {
        return "out of memory";
    }

    p = path->prefix;
    end = p + LOAD_HEAD / 4;

    while (*pattern && strncmp(pattern, "{name}", 6) != 0 && p < end) {

        for (i = 0; i < 3; i++) {
            n = strlen(words[i]);

            if (strncmp(pattern, words[i], n) == 0) {
                break;
            }
        }

        if (i == 3) {
            *p++ = *pattern++;
            continue;
        }

        p = stpcpy(p, values[i]);
        pattern += n;
    }

    if (strncmp(pattern, "{name}", 6) != 0) {
        return "a path needs {name}, and is shorter than 1000 bytes";
    }

    path->len = (size_t) (p - path->prefix);
    path->suffix = pattern + 6;

    return NULL;
}


static void
group_name(char *buf, size_t size, const char *base, uint64_t of, uint64_t i)
{
    if (of > 1) {
        snprintf(buf, size, "%.60s%llu", base, (unsigned long long) i);

    } else {
        snprintf(buf, size, "%.60s", base);
    }
}


static const char *
group_target(group_t *g, target_t *t, uint64_t i, char **pipelines,
    uint64_t npipelines)
{
    char         event[96], track[96];
    uint64_t     per_event;
    const char  *err;

    per_event = g->o.tracks * npipelines;

    group_name(event, sizeof(event), g->o.event, g->o.events, i / per_event);
    group_name(track, sizeof(track), g->o.track, g->o.tracks,
               i % per_event / npipelines);

    t->track = group_track(g, event, track);
    t->pipeline = pipelines[i % npipelines];

    err = group_path(&t->put, t, g->o.put_path);

    return err ? err : group_path(&t->get, t, g->o.get_path);
}


static int
group_puts(group_t *g, uint64_t connection)
{
    return g->mode->puts == MODE_PUTS_ALL
           || (g->mode->puts == MODE_PUTS_FIRST && connection == 0);
}


static const char *
group_targets(group_t *g)
{
    char        *list, *save, *pipelines[LOAD_MAX_PIPELINES];
    uint64_t     i, n;
    const char  *err;

    n = 0;
    list = strdup(g->o.pipelines);

    for (list = strtok_r(list, ",", &save); list && n < LOAD_MAX_PIPELINES;
         list = strtok_r(NULL, ",", &save))
    {
        pipelines[n++] = list;
    }

    if (n == 0) {
        return "no pipeline";
    }

    n = g->mode->puts ? n : 1;
    g->ntargets = g->o.events * g->o.tracks * n;
    g->targets = calloc(g->ntargets, sizeof(target_t));

    if (g->targets == NULL) {
        return "out of memory";
    }

    for (i = 0; i < g->ntargets; i++) {
        err = group_target(g, &g->targets[i], i, pipelines, n);

        if (err) {
            return err;
        }
    }

    return NULL;
}


const char *
group_init(group_t *g)
{
    uint64_t     i;
    const char  *err;

    g->random = g->load->seed * 2 + 88172645463325252ull
                + g->load->ngroups * 977;
    g->interval = g->o.rate ? LOAD_SEC / g->o.rate : 0;
    g->timer.handler = group_tick;
    g->timer.data = g;

    err = media_check(&g->o.media);

    if (err == NULL) {
        err = group_addresses(g);
    }

    if (err == NULL) {
        err = group_targets(g);
    }

    if (err == NULL) {
        err = g->mode->prepare(g);
    }

    if (err) {
        return err;
    }

    g->conns = calloc(g->o.connections, sizeof(conn_t));

    if (g->conns == NULL) {
        return "out of memory";
    }

    for (i = 0; i < g->o.connections; i++) {
        g->conns[i].group = g;
        g->conns[i].fd = -1;
        g->conns[i].index = (uint32_t) i;
        g->conns[i].address = group_puts(g, i) ? &g->put_address
                                               : &g->address;
    }

    return NULL;
}
