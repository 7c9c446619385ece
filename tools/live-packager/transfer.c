#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transfer.h"


struct lp_transfer_s {
    TAILQ_ENTRY(lp_transfer_s)   link;
    lp_transfers_t              *ts;
    CURL                        *easy;
    lp_object_t                 *obj;
    void                        *data;
    struct curl_slist           *headers;
    size_t                       sent;
    int64_t                      stall;       /* ms without progress */
    int64_t                      moved;       /* ms: the last progress */
    unsigned                     paused:1;
    size_t                       nreply;
    char                         reply[LP_REPLY_MAX];
    char                         error[CURL_ERROR_SIZE];
};


int
lp_transfers_open(lp_transfers_t *ts, unsigned connections)
{
    TAILQ_INIT(&ts->active);
    TAILQ_INIT(&ts->idle);

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
        return -1;
    }

    ts->multi = curl_multi_init();

    if (ts->multi == NULL) {
        return -1;
    }

    curl_multi_setopt(ts->multi, CURLMOPT_MAXCONNECTS, (long) connections);
    curl_multi_setopt(ts->multi, CURLMOPT_PIPELINING, (long) CURLPIPE_NOTHING);

    return 0;
}


static size_t
lp_transfer_read(char *buf, size_t size, size_t n, void *data)
{
    size_t          len;
    lp_transfer_t  *t = data;

    if (t->obj->dead) {
        return CURL_READFUNC_ABORT;
    }

    len = t->obj->body.len - t->sent;

    if (len == 0) {
        if (t->obj->whole) {
            return 0;
        }

        t->paused = 1;
        return CURL_READFUNC_PAUSE;
    }

    if (len > size * n) {
        len = size * n;
    }

    memcpy(buf, t->obj->body.data + t->sent, len);
    t->sent += len;
    t->moved = t->ts->now;

    return len;
}


/* libcurl rewinds when a kept connection turns out to be closed */

static int
lp_transfer_seek(void *data, curl_off_t offset, int origin)
{
    lp_transfer_t  *t = data;

    if (origin != SEEK_SET || offset < 0
        || (size_t) offset > t->obj->body.len)
    {
        return CURL_SEEKFUNC_FAIL;
    }

    t->sent = offset;

    return CURL_SEEKFUNC_OK;
}


static size_t
lp_transfer_reply(char *buf, size_t size, size_t n, void *data)
{
    size_t          i;
    lp_transfer_t  *t = data;

    for (i = 0; i < size * n && t->nreply < LP_REPLY_MAX - 1; i++) {
        t->reply[t->nreply++] = (unsigned char) buf[i] < ' ' ? ' ' : buf[i];
    }

    t->reply[t->nreply] = '\0';
    t->moved = t->ts->now;

    return size * n;
}


static lp_transfer_t *
lp_transfer_get(lp_transfers_t *ts)
{
    lp_transfer_t  *t;

    t = TAILQ_FIRST(&ts->idle);

    if (t != NULL) {
        TAILQ_REMOVE(&ts->idle, t, link);
        curl_easy_reset(t->easy);
        return t;
    }

    t = lp_alloc(sizeof(lp_transfer_t));
    t->easy = curl_easy_init();

    if (t->easy == NULL) {
        free(t);
        return NULL;
    }

    return t;
}


static void
lp_transfer_put(lp_transfers_t *ts, lp_transfer_t *t)
{
    curl_multi_remove_handle(ts->multi, t->easy);
    curl_slist_free_all(t->headers);
    t->headers = NULL;
    lp_object_unref(t->obj);
    t->obj = NULL;

    TAILQ_REMOVE(&ts->active, t, link);
    TAILQ_INSERT_HEAD(&ts->idle, t, link);
}


static void
lp_transfer_headers(lp_transfer_t *t, const struct curl_slist *headers)
{
    char  line[LP_DIGEST_MAX + 32];

    for ( ; headers != NULL; headers = headers->next) {
        t->headers = curl_slist_append(t->headers, headers->data);
    }

    t->headers = curl_slist_append(t->headers, "Expect:");

    if (t->obj->whole) {
        snprintf(line, sizeof(line), "Content-Digest: %s", t->obj->digest);

    } else {
        snprintf(line, sizeof(line), "Transfer-Encoding: chunked");
    }

    t->headers = curl_slist_append(t->headers, line);
}


static void
lp_transfer_options(lp_transfer_t *t, const char *url)
{
    CURL  *e = t->easy;

    curl_easy_setopt(e, CURLOPT_URL, url);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_USERAGENT, "live-packager");
    curl_easy_setopt(e, CURLOPT_PRIVATE, t);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers);
    curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, 262144L);
    curl_easy_setopt(e, CURLOPT_READFUNCTION, lp_transfer_read);
    curl_easy_setopt(e, CURLOPT_READDATA, t);
    curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, lp_transfer_seek);
    curl_easy_setopt(e, CURLOPT_SEEKDATA, t);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, lp_transfer_reply);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long) t->ts->connect_ms);

    if (t->obj->whole) {
        curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE,
                         (curl_off_t) t->obj->body.len);
    }
}


lp_transfer_t *
lp_transfer_start(lp_transfers_t *ts, const char *url,
    const struct curl_slist *headers, lp_object_t *obj, int64_t stall,
    void *data)
{
    lp_transfer_t  *t;

    t = lp_transfer_get(ts);

    if (t == NULL) {
        return NULL;
    }

    t->ts = ts;
    t->obj = lp_object_ref(obj);
    t->data = data;
    t->stall = stall;
    t->sent = 0;
    t->moved = ts->now;
    t->paused = 0;
    t->nreply = 0;
    t->reply[0] = '\0';
    t->error[0] = '\0';

    lp_transfer_headers(t, headers);
    lp_transfer_options(t, url);

    TAILQ_INSERT_TAIL(&ts->active, t, link);
    curl_multi_add_handle(ts->multi, t->easy);

    return t;
}


void
lp_transfer_more(lp_transfer_t *t)
{
    t->moved = t->ts->now;

    if (t->paused) {
        t->paused = 0;
        curl_easy_pause(t->easy, CURLPAUSE_CONT);
    }
}


void
lp_transfer_cancel(lp_transfers_t *ts, lp_transfer_t *t)
{
    lp_transfer_put(ts, t);
}


static void
lp_transfer_end(lp_transfers_t *ts, lp_transfer_t *t, CURLcode code,
    const char *why)
{
    void         *data;
    char          text[CURL_ERROR_SIZE + LP_REPLY_MAX];
    curl_off_t    after;
    lp_result_t   r;

    memset(&r, 0, sizeof(lp_result_t));

    if (why != NULL) {
        snprintf(text, sizeof(text), "%s", why);

    } else if (code != CURLE_OK) {
        snprintf(text, sizeof(text), "%s",
                 t->error[0] ? t->error : curl_easy_strerror(code));

    } else {
        after = 0;
        curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &r.status);
        curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &after);
        r.retry_after = after * 1000;
        snprintf(text, sizeof(text), "%ld %s", r.status, t->reply);
    }

    r.sent = t->sent;
    r.text = text;
    data = t->data;

    lp_transfer_put(ts, t);
    ts->done(data, &r);
}


static void
lp_transfers_stalled(lp_transfers_t *ts)
{
    lp_transfer_t  *t, *next;

    for (t = TAILQ_FIRST(&ts->active); t != NULL; t = next) {
        next = TAILQ_NEXT(t, link);

        if (t->paused) {
            t->moved = ts->now;

        } else if (ts->now - t->moved > t->stall) {
            lp_transfer_end(ts, t, CURLE_OPERATION_TIMEDOUT,
                            "no progress: timed out");

            /* done() may have changed the list */
            next = TAILQ_FIRST(&ts->active);
        }
    }
}


void
lp_transfers_run(lp_transfers_t *ts, int64_t now)
{
    int             n;
    CURLMsg        *msg;
    lp_transfer_t  *t;

    ts->now = now;

    curl_multi_perform(ts->multi, &n);

    while ((msg = curl_multi_info_read(ts->multi, &n)) != NULL) {
        if (msg->msg == CURLMSG_DONE) {
            curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t);
            lp_transfer_end(ts, t, msg->data.result, NULL);
        }
    }

    lp_transfers_stalled(ts);
}


void
lp_transfers_close(lp_transfers_t *ts)
{
    lp_transfer_t  *t;

    while ((t = TAILQ_FIRST(&ts->active)) != NULL) {
        lp_transfer_put(ts, t);
    }

    while ((t = TAILQ_FIRST(&ts->idle)) != NULL) {
        TAILQ_REMOVE(&ts->idle, t, link);
        curl_easy_cleanup(t->easy);
        free(t);
    }

    curl_multi_cleanup(ts->multi);
    curl_global_cleanup();
}
