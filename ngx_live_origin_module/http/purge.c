/*
 * The purge hook: one HTTP request per surrogate key, or per URL where the
 * configured URL has $number in it.  A queue of a bounded length per worker,
 * a few connections at a time, each of which has two seconds; whatever comes
 * of it is counted, and said once in ten seconds at most.
 *
 * A job belongs to the queue until its connection is made, and then to the
 * connection, whose end (answer, error, timer) frees it.  A host of several
 * addresses has been asked when one of them has answered.
 */

#include <ngx_event_connect.h>

#include "http/purge.h"


#define NGX_LIVE_ORIGIN_PURGE_QUEUE    1024
#define NGX_LIVE_ORIGIN_PURGE_AT_ONCE  4
#define NGX_LIVE_ORIGIN_PURGE_TIME     2000    /* ms, all of one request */
#define NGX_LIVE_ORIGIN_PURGE_SAID     10      /* s, between log lines */


typedef struct {
    ngx_queue_t                  queue;
    ngx_live_origin_purge_t     *purge;
    ngx_live_origin_zone_t      *zone;
    ngx_peer_connection_t        peer;
    ngx_uint_t                   tries;    /* addresses */
    size_t                       len;      /* of request */
    size_t                       sent;
    size_t                       got;
    u_char                       answer[16];
    u_char                       request[1];
} ngx_live_origin_purge_job_t;


static void ngx_live_origin_purge_start(ngx_live_origin_purge_t *purge);
static void ngx_live_origin_purge_write(ngx_event_t *wev);
static void ngx_live_origin_purge_read(ngx_event_t *rev);


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


static void
ngx_live_origin_purge_close(ngx_live_origin_purge_job_t *job)
{
    if (job->peer.connection) {
        ngx_close_connection(job->peer.connection);
        job->peer.connection = NULL;
    }
}


/* why: NULL: it was done */

static void
ngx_live_origin_purge_end(ngx_live_origin_purge_job_t *job, const char *why)
{
    ngx_live_origin_purge_t  *purge;

    purge = job->purge;

    ngx_live_origin_purge_close(job);
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

/* to the next address that has not been tried */

static ngx_int_t
ngx_live_origin_purge_connect(ngx_live_origin_purge_job_t *job)
{
    ngx_int_t                 rc;
    ngx_addr_t               *addr;
    ngx_connection_t         *c;
    ngx_live_origin_purge_t  *purge;

    purge = job->purge;

    for ( /* void */ ; job->tries < purge->naddrs; purge->next++) {

        job->tries++;
        addr = &purge->addrs[purge->next % purge->naddrs];

        job->peer.sockaddr = addr->sockaddr;
        job->peer.socklen = addr->socklen;
        job->peer.name = &addr->name;
        job->peer.get = ngx_event_get_peer;
        job->peer.log = ngx_cycle->log;
        job->peer.log_error = NGX_ERROR_INFO;

        rc = ngx_event_connect_peer(&job->peer);

        if (rc != NGX_OK && rc != NGX_AGAIN) {
            ngx_live_origin_purge_close(job);
            continue;
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

    return NGX_ERROR;
}


/* before there was an answer */

static void
ngx_live_origin_purge_lost(ngx_live_origin_purge_job_t *job, const char *why)
{
    ngx_live_origin_purge_close(job);

    job->purge->next++;
    job->sent = 0;
    job->got = 0;

    if (job->purge->over || ngx_live_origin_purge_connect(job) != NGX_OK) {
        ngx_live_origin_purge_end(job, why);
    }
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

        if (!purge->over && ngx_live_origin_purge_connect(job) == NGX_OK) {
            purge->open++;
            continue;
        }

        /* as its end does, without beginning here again */

        job->zone->cells[NGX_LIVE_ORIGIN_CELL_PURGE_FAILED]++;
        free(job);
        ngx_live_origin_purge_failed(purge, purge->over ? "the worker ends"
                                                        : "no connection");
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
            ngx_live_origin_purge_lost(job, "no connection");
            return;
        }

        if (n == NGX_AGAIN) {
            break;
        }

        job->sent += n;
    }

    if (ngx_handle_write_event(wev, 0) != NGX_OK) {
        ngx_live_origin_purge_lost(job, "no connection");
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

    /* worker_shutdown_timeout is over */

    if (c->close) {
        job->purge->over = 1;
        ngx_live_origin_purge_end(job, "the worker ends");
        return;
    }

    while (job->got < 12) {

        n = c->recv(c, job->answer + job->got, 12 - job->got);

        if (n == NGX_AGAIN) {
            if (ngx_handle_read_event(rev, 0) != NGX_OK) {
                ngx_live_origin_purge_lost(job, "no connection");
            }

            return;
        }

        if (n == 0 || n == NGX_ERROR) {
            ngx_live_origin_purge_lost(job, "the connection was closed");
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
