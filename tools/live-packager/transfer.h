/*
 * PUTs of objects over keep-alive connections, on one libcurl multi handle.
 * An object that still grows is sent chunked as its bytes come.
 */

#ifndef LP_TRANSFER_H
#define LP_TRANSFER_H

#include <curl/curl.h>
#include <sys/queue.h>

#include "object.h"


#define LP_REPLY_MAX  160


typedef struct lp_transfer_s  lp_transfer_t;


typedef struct {
    long                status;       /* 0: no answer */
    int64_t             retry_after;  /* ms the origin asks for, or 0 */
    size_t              sent;         /* bytes of the body */
    const char         *text;         /* what went wrong, for a human */
} lp_result_t;


typedef struct {
    CURLM                          *multi;
    TAILQ_HEAD(, lp_transfer_s)     active;
    TAILQ_HEAD(, lp_transfer_s)     idle;
    int64_t                         now;          /* ms, monotonic */
    int64_t                         connect_ms;
    void                          (*done)(void *data, const lp_result_t *r);
} lp_transfers_t;


int lp_transfers_open(lp_transfers_t *ts, unsigned connections);
void lp_transfers_close(lp_transfers_t *ts);

/* ended after stall ms without progress; data is handed to done() */
lp_transfer_t *lp_transfer_start(lp_transfers_t *ts, const char *url,
    const struct curl_slist *headers, lp_object_t *obj, int64_t stall,
    void *data);

/* the object grew, became whole, or died */
void lp_transfer_more(lp_transfer_t *t);

/* without done() */
void lp_transfer_cancel(lp_transfers_t *ts, lp_transfer_t *t);

/* moves bytes, and calls done() for what ended */
void lp_transfers_run(lp_transfers_t *ts, int64_t now);

#endif /* LP_TRANSFER_H */
