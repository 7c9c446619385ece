/*
 * The purge hook: one HTTP request per surrogate key, or per URL where the
 * configured URL has $number in it.  A queue of a bounded length per worker,
 * a few connections at a time, each of which has two seconds; whatever comes
 * of it is counted, and said once in ten seconds at most.
 *
 * A job belongs to the queue until its connection is made, and then to the
 * connection, whose end (answer, error, timer) frees it.
 */

#include <ngx_event_connect.h>

#include "http/purge.h"


#define NGX_LIVE_ORIGIN_PURGE_QUEUE    1024
#define NGX_LIVE_ORIGIN_PURGE_AT_ONCE  4
#define NGX_LIVE_ORIGIN_PURGE_TIME     2000    /* ms, all of one request */
#define NGX_LIVE_ORIGIN_PURGE_SAID     10      /* s, between log lines */


struct ngx_live_origin_purge_s {
    ngx_str_t                    url;
    ngx_str_t                    method;
    ngx_str_t                    host;     /* as in the URL */
    ngx_str_t                    path;     /* with $event, $track, ... */
    ngx_addr_t                  *addrs;
    ngx_uint_t                   naddrs;
    ngx_uint_t                   numbers;  /* $number is in it */

    /* this worker's */

    ngx_queue_t                  queue;    /* ngx_live_origin_purge_job_t */
    ngx_uint_t                   queued;
    ngx_uint_t                   open;
    ngx_uint_t                   next;     /* address */
    time_t                       said;
    ngx_uint_t                   unsaid;
};


typedef struct {
    ngx_queue_t                  queue;
    ngx_live_origin_purge_t     *purge;
    ngx_live_origin_zone_t      *zone;
    ngx_peer_connection_t        peer;
    size_t                       len;      /* of request */
    size_t                       sent;
    size_t                       got;
    u_char                       answer[16];
    u_char                       request[1];
} ngx_live_origin_purge_job_t;


static void ngx_live_origin_purge_start(ngx_live_origin_purge_t *purge);
static void ngx_live_origin_purge_write(ngx_event_t *wev);
static void ngx_live_origin_purge_read(ngx_event_t *rev);


/* ---- configuration */

static const char *
ngx_live_origin_purge_vars[] = { "$event", "$track", "$number", "$key" };


static const char *
ngx_live_origin_purge_var(const u_char *p, const u_char *last)
{
    size_t      n;
    ngx_uint_t  i;

    for (i = 0; i < 4; i++) {

        n = ngx_strlen(ngx_live_origin_purge_vars[i]);

        if ((size_t) (last - p) >= n
            && ngx_strncmp(p, ngx_live_origin_purge_vars[i], n) == 0)
        {
            return ngx_live_origin_purge_vars[i];
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_live_origin_purge_path(ngx_live_origin_purge_t *purge)
{
    u_char      *p, *last;
    const char  *var;

    p = purge->path.data;
    last = p + purge->path.len;

    for ( /* void */ ; p < last; p++) {

        if (*p <= ' ' || *p >= 0x7f) {
            return 0;
        }

        if (*p != '$') {
            continue;
        }

        var = ngx_live_origin_purge_var(p, last);

        if (var == NULL) {
            return 0;
        }

        purge->numbers |= ngx_strcmp(var, "$number") == 0;
    }

    return 1;
}


static ngx_uint_t
ngx_live_origin_purge_method(ngx_live_origin_purge_t *purge, ngx_str_t *value)
{
    size_t  i;

    if (value->len < 8 || value->len > 7 + 16
        || ngx_strncmp(value->data, "method=", 7) != 0)
    {
        return 0;
    }

    purge->method.len = value->len - 7;
    purge->method.data = value->data + 7;

    for (i = 0; i < purge->method.len; i++) {
        if (purge->method.data[i] < 'A' || purge->method.data[i] > 'Z') {
            return 0;
        }
    }

    return 1;
}


char *
ngx_live_origin_purge_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    u_char                       *slash;
    ngx_str_t                    *value;
    ngx_url_t                     u;
    ngx_live_origin_purge_t      *purge;
    ngx_live_origin_main_conf_t  *mcf = conf;

    if (mcf->purge) {
        return "is duplicate";
    }

    value = cf->args->elts;

    purge = ngx_pcalloc(cf->pool, sizeof(ngx_live_origin_purge_t));
    if (purge == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_str_set(&purge->method, "PURGE");
    purge->url = value[1];
    ngx_queue_init(&purge->queue);

    if (cf->args->nelts == 3
        && !ngx_live_origin_purge_method(purge, &value[2]))
    {
        return ngx_live_origin_bad(cf, &value[2], "method=METHOD of up to 16 "
                                   "letters A-Z");
    }

    slash = value[1].len > 7
            ? ngx_strlchr(value[1].data + 7, value[1].data + value[1].len, '/')
            : NULL;

    if (slash == NULL || slash == value[1].data + 7
        || ngx_strncasecmp(value[1].data, (u_char *) "http://", 7) != 0)
    {
        return ngx_live_origin_bad(cf, &value[1], "http://HOST[:PORT]/PATH");
    }

    purge->host.data = value[1].data + 7;
    purge->host.len = slash - purge->host.data;
    purge->path.data = slash;
    purge->path.len = value[1].data + value[1].len - slash;

    if (!ngx_live_origin_purge_path(purge)) {
        return ngx_live_origin_bad(cf, &value[1], "http://HOST[:PORT]/PATH, "
                                   "with $event, $track, $number and $key in "
                                   "the path");
    }

    ngx_memzero(&u, sizeof(ngx_url_t));
    u.url = purge->host;
    u.default_port = 80;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK || u.naddrs == 0) {
        return ngx_live_origin_bad(cf, &value[1], "http://HOST[:PORT]/PATH, "
                                   "where HOST is an address, or a name that "
                                   "resolves");
    }

    purge->addrs = u.addrs;
    purge->naddrs = u.naddrs;
    mcf->purge = purge;

    return NGX_CONF_OK;
}


/* ---- the outcome */

static void
ngx_live_origin_purge_failed(ngx_live_origin_purge_t *purge,
    const char *why)
{
    purge->unsaid++;

    if (ngx_time() - purge->said < NGX_LIVE_ORIGIN_PURGE_SAID) {
        return;
    }

    ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                  "live origin: purging by \"%V\" failed: %s (%ui since the "
                  "last such line)", &purge->url, why, purge->unsaid);

    purge->said = ngx_time();
    purge->unsaid = 0;
}


/* why: NULL: it was done */

static void
ngx_live_origin_purge_end(ngx_live_origin_purge_job_t *job, const char *why)
{
    ngx_live_origin_purge_t  *purge;

    purge = job->purge;

    if (job->peer.connection) {
        ngx_close_connection(job->peer.connection);
    }

    purge->open--;

    if (job->zone->cells) {
        job->zone->cells[why ? NGX_LIVE_ORIGIN_CELL_PURGE_FAILED
                             : NGX_LIVE_ORIGIN_CELL_PURGE_DONE]++;
    }

    free(job);

    if (why) {
        ngx_live_origin_purge_failed(purge, why);
    }

    ngx_live_origin_purge_start(purge);
}


/* ---- one request */

static ngx_int_t
ngx_live_origin_purge_connect(ngx_live_origin_purge_job_t *job)
{
    ngx_int_t                 rc;
    ngx_addr_t               *addr;
    ngx_connection_t         *c;
    ngx_live_origin_purge_t  *purge;

    purge = job->purge;
    addr = &purge->addrs[purge->next++ % purge->naddrs];

    job->peer.sockaddr = addr->sockaddr;
    job->peer.socklen = addr->socklen;
    job->peer.name = &addr->name;
    job->peer.get = ngx_event_get_peer;
    job->peer.log = ngx_cycle->log;
    job->peer.log_error = NGX_ERROR_INFO;

    rc = ngx_event_connect_peer(&job->peer);

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        return NGX_ERROR;
    }

    c = job->peer.connection;
    c->data = job;
    c->read->handler = ngx_live_origin_purge_read;
    c->write->handler = ngx_live_origin_purge_write;

    ngx_add_timer(c->read, NGX_LIVE_ORIGIN_PURGE_TIME);

    if (rc == NGX_OK) {
        ngx_post_event(c->write, &ngx_posted_events);
    }

    return NGX_OK;
}


static void
ngx_live_origin_purge_start(ngx_live_origin_purge_t *purge)
{
    ngx_queue_t                  *q;
    ngx_live_origin_purge_job_t  *job;

    while (purge->open < NGX_LIVE_ORIGIN_PURGE_AT_ONCE
           && !ngx_queue_empty(&purge->queue))
    {
        q = ngx_queue_head(&purge->queue);
        job = ngx_queue_data(q, ngx_live_origin_purge_job_t, queue);

        ngx_queue_remove(q);
        purge->queued--;
        purge->open++;

        if (ngx_live_origin_purge_connect(job) == NGX_OK) {
            continue;
        }

        /* as its end does, without beginning here again */

        if (job->peer.connection) {
            ngx_close_connection(job->peer.connection);
        }

        purge->open--;
        job->zone->cells[NGX_LIVE_ORIGIN_CELL_PURGE_FAILED]++;
        free(job);
        ngx_live_origin_purge_failed(purge, "no connection");
    }
}


static void
ngx_live_origin_purge_write(ngx_event_t *wev)
{
    ssize_t                       n;
    ngx_connection_t             *c;
    ngx_live_origin_purge_job_t  *job;

    c = wev->data;
    job = c->data;

    while (job->sent < job->len) {

        n = c->send(c, job->request + job->sent, job->len - job->sent);

        if (n == NGX_ERROR) {
            ngx_live_origin_purge_end(job, "no connection");
            return;
        }

        if (n == NGX_AGAIN) {
            break;
        }

        job->sent += n;
    }

    if (ngx_handle_write_event(wev, 0) != NGX_OK) {
        ngx_live_origin_purge_end(job, "no connection");
    }
}


/* the status is enough; 404: it was not in the cache */

static void
ngx_live_origin_purge_read(ngx_event_t *rev)
{
    ssize_t                       n;
    ngx_int_t                     status;
    ngx_connection_t             *c;
    ngx_live_origin_purge_job_t  *job;

    c = rev->data;
    job = c->data;

    if (rev->timedout) {
        ngx_live_origin_purge_end(job, "no answer within 2 s");
        return;
    }

    while (job->got < 12) {

        n = c->recv(c, job->answer + job->got, 12 - job->got);

        if (n == NGX_AGAIN) {
            if (ngx_handle_read_event(rev, 0) != NGX_OK) {
                ngx_live_origin_purge_end(job, "no connection");
            }

            return;
        }

        if (n == 0 || n == NGX_ERROR) {
            ngx_live_origin_purge_end(job, "the connection was closed");
            return;
        }

        job->got += n;
    }

    status = ngx_atoi(job->answer + 9, 3);

    if (ngx_strncmp(job->answer, "HTTP/1.", 7) != 0 || status == NGX_ERROR) {
        ngx_live_origin_purge_end(job, "the answer is no HTTP");
        return;
    }

    ngx_live_origin_purge_end(job, (status >= 200 && status < 300)
                                   || status == NGX_HTTP_NOT_FOUND
                                   ? NULL : "the cache refused it");
}


/* ---- into the queue */

static u_char *
ngx_live_origin_purge_print(u_char *p, ngx_live_origin_purge_t *purge,
    const char *event, const char *track, int64_t number)
{
    u_char      *s, *last;
    const char  *var;

    s = purge->path.data;
    last = s + purge->path.len;

    while (s < last) {

        var = *s == '$' ? ngx_live_origin_purge_var(s, last) : NULL;

        if (var == NULL) {
            *p++ = *s++;
            continue;
        }

        s += ngx_strlen(var);

        switch (var[1]) {

        case 'e':
            p = ngx_sprintf(p, "%s", event);
            break;

        case 't':
            p = ngx_sprintf(p, "%s", track);
            break;

        case 'n':
            p = ngx_sprintf(p, "%L", number);
            break;

        default:
            p = ngx_sprintf(p, "%s/%s", event, track);
        }
    }

    return p;
}


static void
ngx_live_origin_purge_add(ngx_live_origin_purge_t *purge,
    ngx_live_origin_zone_t *zone, const char *event, const char *track,
    int64_t number)
{
    u_char                       *p;
    size_t                        size;
    ngx_live_origin_purge_job_t  *job;

    /* a variable takes at least four bytes of the path */

    size = sizeof(ngx_live_origin_purge_job_t) + purge->method.len
           + (purge->path.len / 4 + 2) * 2 * (LO_ID_MAX + 1)
           + purge->path.len + purge->host.len + 256;

    job = purge->queued < NGX_LIVE_ORIGIN_PURGE_QUEUE ? calloc(1, size)
                                                      : NULL;

    if (job == NULL) {
        zone->cells[NGX_LIVE_ORIGIN_CELL_PURGE_FAILED]++;
        ngx_live_origin_purge_failed(purge, "the queue is full");
        return;
    }

    job->purge = purge;
    job->zone = zone;

    p = ngx_sprintf(job->request, "%V ", &purge->method);
    p = ngx_live_origin_purge_print(p, purge, event, track, number);
    p = ngx_sprintf(p, " HTTP/1.1" CRLF "Host: %V" CRLF
                       "Surrogate-Key: %s/%s" CRLF "Content-Length: 0" CRLF
                       "Connection: close" CRLF CRLF, &purge->host, event,
                    track);
    job->len = p - job->request;

    ngx_queue_insert_tail(&purge->queue, &job->queue);
    purge->queued++;

    ngx_live_origin_purge_start(purge);
}


void
ngx_live_origin_purge_track(ngx_http_request_t *r,
    ngx_live_origin_zone_t *zone, const char *event, const char *track)
{
    ngx_live_origin_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_live_origin_module);

    if (mcf->purge && !mcf->purge->numbers) {
        ngx_live_origin_purge_add(mcf->purge, zone, event, track, -1);
    }
}


void
ngx_live_origin_purge_number(ngx_http_request_t *r,
    ngx_live_origin_zone_t *zone, const char *event, const char *track,
    int64_t number)
{
    ngx_live_origin_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_live_origin_module);

    if (mcf->purge && mcf->purge->numbers) {
        ngx_live_origin_purge_add(mcf->purge, zone, event, track, number);
    }
}
