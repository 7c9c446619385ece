/*
 * The operations of a connection: replies come in the order of what was sent,
 * and each has a deadline.
 */

#include "redis/redis_int.h"


static ngx_int_t ngx_live_origin_redis_transmit(
    ngx_live_origin_redis_conn_t *conn, ngx_live_origin_redis_op_t *op);


/* marks the room's own operations; it is never called */

static void
ngx_live_origin_redis_own(ngx_live_origin_redis_op_t *op, redisReply *reply)
{
    /* void */
}


static void
ngx_live_origin_redis_over(ngx_live_origin_redis_own_t *own)
{
    if (own->alone) {
        free(own);
    }
}


int64_t
ngx_live_origin_redis_now(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


/* an exiting worker waits for what its requests have asked for, and for
   nothing else */

static void
ngx_live_origin_redis_users(ngx_live_origin_redis_conn_t *conn, ngx_int_t n)
{
    conn->users += n;
    conn->deadline.cancelable = (conn->users == 0);
}


static void
ngx_live_origin_redis_arm(ngx_live_origin_redis_conn_t *conn, int64_t us)
{
    ngx_msec_t      ms;
    ngx_msec_int_t  diff;

    us -= ngx_live_origin_redis_now();
    ms = us > 0 ? (ngx_msec_t) (us / 1000 + 1) : 1;

    if (conn->deadline.timer_set) {
        diff = (ngx_msec_int_t) (ngx_current_msec + ms
                                 - conn->deadline.timer.key);

        if (diff >= 0) {
            return;
        }

        ngx_del_timer(&conn->deadline);
    }

    ngx_add_timer(&conn->deadline, ms);
}


static ngx_int_t
ngx_live_origin_redis_append(ngx_live_origin_redis_conn_t *conn,
    const u_char *data, size_t len)
{
    size_t   size;
    u_char  *p;

    if (len > conn->out_size - conn->out_last && conn->out_pos) {
        conn->out_last -= conn->out_pos;
        ngx_memmove(conn->out, conn->out + conn->out_pos, conn->out_last);
        conn->out_pos = 0;
    }

    if (len > conn->out_size - conn->out_last) {

        size = ngx_max(conn->out_size * 2, conn->out_last + len);
        size = ngx_max(size, 16384);

        p = realloc(conn->out, size);
        if (p == NULL) {
            return NGX_ERROR;
        }

        conn->out = p;
        conn->out_size = size;
    }

    ngx_memcpy(conn->out + conn->out_last, data, len);
    conn->out_last += len;

    if (conn->talking) {
        ngx_post_event(&conn->flush, &ngx_posted_events);
    }

    return NGX_OK;
}


ngx_int_t
ngx_live_origin_redis_send(ngx_live_origin_redis_conn_t *conn,
    ngx_live_origin_redis_op_t *op)
{
    if (conn->state == NGX_LIVE_ORIGIN_REDIS_UP) {

        if (ngx_live_origin_redis_transmit(conn, op) != NGX_OK) {
            return NGX_ERROR;
        }

    } else {
        ngx_queue_insert_tail(&conn->wait, &op->queue);
    }

    ngx_live_origin_redis_users(conn, 1);
    ngx_live_origin_redis_arm(conn, op->deadline_us);

    return NGX_OK;
}


static ngx_int_t
ngx_live_origin_redis_transmit(ngx_live_origin_redis_conn_t *conn,
    ngx_live_origin_redis_op_t *op)
{
    if (ngx_live_origin_redis_wait_before(conn) != NGX_OK
        || ngx_live_origin_redis_append(conn, op->command, op->len) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_queue_insert_tail(&conn->ops, &op->queue);

    if (conn->rd->cluster == NULL && op->script == NULL) {
        free(op->command);
        op->command = NULL;
    }

    return NGX_OK;
}


void
ngx_live_origin_redis_send_waiting(ngx_live_origin_redis_conn_t *conn)
{
    ngx_queue_t                 *q;
    ngx_live_origin_redis_op_t  *op;

    while (!ngx_queue_empty(&conn->wait)) {

        q = ngx_queue_head(&conn->wait);
        ngx_queue_remove(q);

        op = ngx_queue_data(q, ngx_live_origin_redis_op_t, queue);

        if (ngx_live_origin_redis_transmit(conn, op) != NGX_OK) {
            ngx_live_origin_redis_users(conn, -1);
            ngx_live_origin_redis_finish(conn->rd, op, NULL, "no memory");
        }
    }
}


ngx_int_t
ngx_live_origin_redis_send_own(ngx_live_origin_redis_conn_t *conn,
    ngx_live_origin_redis_own_t *own,
    ngx_int_t (*done)(ngx_live_origin_redis_conn_t *conn, redisReply *reply),
    int argc, const char **argv)
{
    int         i;
    size_t      lens[8], len;
    u_char     *p;
    ngx_int_t   rc;

    for (i = 0; i < argc; i++) {
        lens[i] = ngx_strlen(argv[i]);
    }

    len = lo_redis_array(NULL, argc) + lo_redis_length(argc, lens);

    p = malloc(len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    (void) lo_redis_write((char *) p + lo_redis_array((char *) p, argc), argc,
                          argv, lens);
    rc = ngx_live_origin_redis_append(conn, p, len);

    ngx_explicit_memzero(p, len);
    free(p);

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    own->done = done;
    own->op.handler = ngx_live_origin_redis_own;
    own->op.sent_us = ngx_live_origin_redis_now();
    own->op.deadline_us = conn->state == NGX_LIVE_ORIGIN_REDIS_UP
                          ? own->op.sent_us + conn->rd->conf->timeout * 1000
                          : conn->since_us + conn->rd->conf->connect * 1000;

    ngx_queue_insert_tail(&conn->ops, &own->op.queue);
    ngx_live_origin_redis_arm(conn, own->op.deadline_us);

    return NGX_OK;
}


ngx_int_t
ngx_live_origin_redis_send_before(ngx_live_origin_redis_conn_t *conn,
    const char *command)
{
    ngx_live_origin_redis_own_t  *own;

    own = calloc(1, sizeof(ngx_live_origin_redis_own_t));
    if (own == NULL) {
        return NGX_ERROR;
    }

    own->alone = 1;

    if (ngx_live_origin_redis_send_own(conn, own,
                                       ngx_live_origin_redis_ok_check, 1,
                                       &command)
        != NGX_OK)
    {
        free(own);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_live_origin_redis_is_message(redisReply *reply)
{
    return reply->type == REDIS_REPLY_ARRAY && reply->elements == 3
           && reply->element[0]->type == REDIS_REPLY_STRING
           && reply->element[1]->type == REDIS_REPLY_STRING
           && reply->element[2]->type == REDIS_REPLY_STRING
           && ngx_strcmp(reply->element[0]->str, "message") == 0;
}


ngx_int_t
ngx_live_origin_redis_replied(ngx_live_origin_redis_conn_t *conn,
    redisReply *reply)
{
    ngx_int_t                     rc;
    ngx_queue_t                  *q;
    ngx_live_origin_redis_op_t   *op;
    ngx_live_origin_redis_own_t  *own;

    if (conn->subscribed && ngx_live_origin_redis_is_message(reply)) {
        return conn->class->message(conn, reply);
    }

    if (ngx_queue_empty(&conn->ops)) {

        if (reply->type != REDIS_REPLY_ERROR) {
            ngx_live_origin_redis_conn_why(conn, "a reply that was not asked "
                                           "for: is it a Redis server?");
            return NGX_ERROR;
        }

        return ngx_live_origin_redis_ok_check(conn, reply);
    }

    q = ngx_queue_head(&conn->ops);
    ngx_queue_remove(q);

    op = ngx_queue_data(q, ngx_live_origin_redis_op_t, queue);

    if (op->handler == ngx_live_origin_redis_own) {
        own = (ngx_live_origin_redis_own_t *) op;

        rc = own->done(conn, reply);
        ngx_live_origin_redis_over(own);

        return rc;
    }

    ngx_live_origin_redis_users(conn, -1);

    rc = NGX_OK;

    if (reply->type == REDIS_REPLY_ERROR) {
        rc = ngx_live_origin_redis_refused(conn, op, reply);

        if (rc == NGX_DONE) {
            return NGX_OK;
        }
    }

    ngx_live_origin_redis_finish(conn->rd, op, reply, NULL);

    return rc;
}


static void
ngx_live_origin_redis_ended(ngx_live_origin_redis_stat_t *stat,
    redisReply *reply, ngx_uint_t late)
{
    if (reply && reply->type != REDIS_REPLY_ERROR) {
        stat->ok++;
        return;
    }

    stat->errors++;

    if (reply) {
        stat->refused++;

    } else if (late) {
        stat->late++;

    } else {
        stat->lost++;
    }
}


/* op's memory may be gone after this */

void
ngx_live_origin_redis_finish(ngx_live_origin_redis_t *rd,
    ngx_live_origin_redis_op_t *op, redisReply *reply, const char *error)
{
    int64_t  now;

    rd->stat.pending--;
    rd->stat.pending_bytes -= op->len;

    free(op->command);

    op->command = NULL;
    op->error = error;

    now = ngx_live_origin_redis_now();

    ngx_live_origin_redis_ended(&rd->stat, reply, now >= op->deadline_us);

    if (reply && rd->observe) {
        rd->observe(rd->observed, now - op->sent_us);
    }

    op->handler(op, reply);
}


void
ngx_live_origin_redis_fail(ngx_live_origin_redis_conn_t *conn,
    ngx_queue_t *ops)
{
    char                         why[NGX_LIVE_ORIGIN_REDIS_WHY];
    ngx_queue_t                 *q;
    ngx_live_origin_redis_op_t  *op;

    /* conn->why may be another after a handler */

    ngx_memcpy(why, conn->why, NGX_LIVE_ORIGIN_REDIS_WHY);

    while (!ngx_queue_empty(ops)) {

        q = ngx_queue_head(ops);
        ngx_queue_remove(q);

        op = ngx_queue_data(q, ngx_live_origin_redis_op_t, queue);

        if (op->handler == ngx_live_origin_redis_own) {
            ngx_live_origin_redis_over((ngx_live_origin_redis_own_t *) op);
            continue;
        }

        ngx_live_origin_redis_users(conn, -1);
        ngx_live_origin_redis_finish(conn->rd, op, NULL, why);
    }
}


static int64_t
ngx_live_origin_redis_overdue(ngx_live_origin_redis_conn_t *conn, int64_t now,
    int64_t next, ngx_queue_t *late)
{
    ngx_queue_t                 *q, *prev;
    ngx_live_origin_redis_op_t  *op;

    for (q = ngx_queue_head(&conn->wait);
         q != ngx_queue_sentinel(&conn->wait);
         q = ngx_queue_next(q))
    {
        op = ngx_queue_data(q, ngx_live_origin_redis_op_t, queue);

        if (op->deadline_us <= now) {
            prev = ngx_queue_prev(q);
            ngx_queue_remove(q);
            ngx_queue_insert_tail(late, q);
            q = prev;
            continue;
        }

        next = ngx_min(next, op->deadline_us);
    }

    return next;
}


ngx_int_t
ngx_live_origin_redis_deadline(ngx_live_origin_redis_conn_t *conn)
{
    int64_t                      now, next;
    ngx_uint_t                   n;
    ngx_queue_t                  late, *q;
    ngx_live_origin_redis_t     *rd;
    ngx_live_origin_redis_op_t  *op;

    rd = conn->rd;
    now = ngx_live_origin_redis_now();
    next = INT64_MAX;
    n = 0;

    for (q = ngx_queue_head(&conn->ops);
         q != ngx_queue_sentinel(&conn->ops);
         q = ngx_queue_next(q))
    {
        op = ngx_queue_data(q, ngx_live_origin_redis_op_t, queue);
        n += op->deadline_us <= now;
        next = ngx_min(next, op->deadline_us);
    }

    if (n) {
        rd->stat.timeouts += n;
        ngx_live_origin_redis_conn_why(conn, "no reply in time (timeout=%Mms)",
                                       rd->conf->timeout);
        return NGX_ERROR;
    }

    if (conn->state == NGX_LIVE_ORIGIN_REDIS_CONNECTING) {
        next = ngx_min(next, conn->since_us
                             + (int64_t) rd->conf->connect * 1000);
    }

    ngx_queue_init(&late);
    next = ngx_live_origin_redis_overdue(conn, now, next, &late);

    if (next != INT64_MAX) {
        ngx_live_origin_redis_arm(conn, next);
    }

    while (!ngx_queue_empty(&late)) {
        q = ngx_queue_head(&late);
        ngx_queue_remove(q);
        rd->stat.timeouts++;
        ngx_live_origin_redis_users(conn, -1);
        ngx_live_origin_redis_finish(rd, ngx_queue_data(q,
                                         ngx_live_origin_redis_op_t, queue),
                                     NULL, "no connection in time");
    }

    return NGX_OK;
}
