/*
 * Commands and scripts: where they go, and what an error reply means.
 */

#include <ngx_sha1.h>

#include "redis/redis_int.h"


ngx_live_origin_redis_conn_t *
ngx_live_origin_redis_route(ngx_live_origin_redis_t *rd, ngx_int_t slot)
{
    ngx_live_origin_redis_conn_t  *conn;

    if (rd->dead || !rd->up
        || rd->stat.pending >= NGX_LIVE_ORIGIN_REDIS_OPS)
    {
        rd->stat.declined++;
        return NULL;
    }

    conn = rd->cluster ? ngx_live_origin_redis_cluster_node(rd, slot)
                       : rd->primary;

    if (conn == NULL || conn->state == NGX_LIVE_ORIGIN_REDIS_DOWN
        || conn->out_last - conn->out_pos > NGX_LIVE_ORIGIN_REDIS_OUT)
    {
        rd->stat.declined++;
        return NULL;
    }

    return conn;
}


/* op->command is there */

static ngx_int_t
ngx_live_origin_redis_take_command(ngx_live_origin_redis_t *rd,
    ngx_live_origin_redis_conn_t *conn, ngx_live_origin_redis_op_t *op)
{
    op->error = NULL;
    op->tries = 0;
    op->sent_us = ngx_live_origin_redis_now();
    op->deadline_us = op->sent_us
                      + (int64_t) (op->timeout ? op->timeout
                                               : rd->conf->timeout) * 1000;

    if (ngx_live_origin_redis_send(conn, op) != NGX_OK) {
        free(op->command);
        op->command = NULL;
        return NGX_ERROR;
    }

    rd->stat.commands++;
    rd->stat.pending++;
    rd->stat.pending_bytes += op->len;

    return NGX_OK;
}


ngx_int_t
ngx_live_origin_redis_take(ngx_live_origin_redis_t *rd,
    ngx_live_origin_redis_conn_t *conn, ngx_live_origin_redis_op_t *op,
    int argc, const char **argv, const size_t *lens)
{
    u_char  *p;

    op->len = lo_redis_array(NULL, argc) + lo_redis_length(argc, lens);

    op->command = malloc(op->len + 1);
    if (op->command == NULL) {
        return NGX_ERROR;
    }

    p = op->command + lo_redis_array((char *) op->command, argc);
    (void) lo_redis_write((char *) p, argc, argv, lens);

    return ngx_live_origin_redis_take_command(rd, conn, op);
}


ngx_int_t
ngx_live_origin_redis_command(ngx_live_origin_redis_t *rd,
    ngx_live_origin_redis_op_t *op, const ngx_str_t *key, int argc,
    const char **argv, const size_t *lens)
{
    ngx_live_origin_redis_conn_t  *conn;

    op->slot = key ? (ngx_int_t) lo_redis_slot(key->data, key->len) : -1;
    op->script = NULL;

    conn = ngx_live_origin_redis_route(rd, op->slot);

    return conn ? ngx_live_origin_redis_take(rd, conn, op, argc, argv, lens)
                : NGX_DECLINED;
}


static void
ngx_live_origin_redis_sha(ngx_live_origin_redis_script_t *script)
{
    u_char      digest[20];
    ngx_sha1_t  sha1;

    if (script->sha[0] == '\0') {
        ngx_sha1_init(&sha1);
        ngx_sha1_update(&sha1, script->text, ngx_strlen(script->text));
        ngx_sha1_final(digest, &sha1);
        *ngx_hex_dump((u_char *) script->sha, digest, 20) = '\0';
    }
}


/* EVALSHA, digest, nkeys, argv: ngx_live_origin_redis_whole() makes an EVAL of
   it */

ngx_int_t
ngx_live_origin_redis_eval(ngx_live_origin_redis_t *rd,
    ngx_live_origin_redis_op_t *op, ngx_live_origin_redis_script_t *script,
    ngx_uint_t nkeys, int argc, const char **argv, const size_t *lens)
{
    u_char                        *p, keys[NGX_INT_T_LEN + 1];
    size_t                         hlens[3];
    const char                    *head[3];
    ngx_live_origin_redis_conn_t  *conn;

    op->slot = nkeys ? (ngx_int_t) lo_redis_slot(argv[0], lens[0]) : -1;
    op->script = script;

    conn = ngx_live_origin_redis_route(rd, op->slot);
    if (conn == NULL) {
        return NGX_DECLINED;
    }

    ngx_live_origin_redis_sha(script);

    head[0] = "EVALSHA";
    hlens[0] = 7;
    head[1] = script->sha;
    hlens[1] = 40;
    head[2] = (char *) keys;
    hlens[2] = ngx_sprintf(keys, "%ui", nkeys) - keys;

    op->len = lo_redis_array(NULL, argc + 3) + lo_redis_length(3, hlens)
              + lo_redis_length(argc, lens);

    op->command = malloc(op->len + 1);
    if (op->command == NULL) {
        return NGX_ERROR;
    }

    p = op->command + lo_redis_array((char *) op->command, argc + 3);
    p = (u_char *) lo_redis_write((char *) p, 3, head, hlens);
    (void) lo_redis_write((char *) p, argc, argv, lens);

    return ngx_live_origin_redis_take_command(rd, conn, op);
}


/* the server has not got the script: this time with its text */

static ngx_int_t
ngx_live_origin_redis_whole(ngx_live_origin_redis_conn_t *conn,
    ngx_live_origin_redis_op_t *op)
{
    size_t       size, skip, hlens[2];
    u_char      *p, *command, *rest;
    const char  *head[2];

    head[0] = "EVAL";
    hlens[0] = 4;
    head[1] = op->script->text;
    hlens[1] = ngx_strlen(op->script->text);

    /* behind "*N\r\n", "$7\r\nEVALSHA\r\n$40\r\n" and the digest */

    skip = (u_char *) ngx_strchr(op->command, '\n') + 1 - op->command;
    rest = op->command + skip + sizeof("$7\r\nEVALSHA\r\n$40\r\n") - 1 + 42;

    size = skip + lo_redis_length(2, hlens) + op->len - (rest - op->command);

    command = malloc(size + 1);
    if (command == NULL) {
        return NGX_OK;
    }

    p = ngx_cpymem(command, op->command, skip);
    p = (u_char *) lo_redis_write((char *) p, 2, head, hlens);
    ngx_memcpy(p, rest, op->len - (rest - op->command));

    free(op->command);

    conn->rd->stat.pending_bytes += (int64_t) size - (int64_t) op->len;

    op->command = command;
    op->len = size;
    op->script = NULL;

    return ngx_live_origin_redis_send(conn, op) == NGX_OK ? NGX_DONE : NGX_OK;
}


ngx_int_t
ngx_live_origin_redis_refused(ngx_live_origin_redis_conn_t *conn,
    ngx_live_origin_redis_op_t *op, redisReply *reply)
{
    lo_redis_error_e  error;

    error = lo_redis_error(reply->str, reply->len);

    switch (error) {

    case LO_REDIS_NOSCRIPT:
        return op->script ? ngx_live_origin_redis_whole(conn, op) : NGX_OK;

    case LO_REDIS_LOADING:
    case LO_REDIS_READONLY:
    case LO_REDIS_MASTERDOWN:
    case LO_REDIS_NOAUTH:
        (void) ngx_live_origin_redis_ok_check(conn, reply);
        return NGX_ERROR;

    case LO_REDIS_MOVED:
    case LO_REDIS_ASK:
    case LO_REDIS_TRYAGAIN:
    case LO_REDIS_CLUSTERDOWN:

        if (conn->rd->cluster) {
            return ngx_live_origin_redis_cluster_refused(conn, op, error,
                                                         reply);
        }

        (void) ngx_live_origin_redis_ok_check(conn, reply);
        ngx_live_origin_redis_conn_log(conn, NGX_LOG_ERR, "%s", conn->why);
        return NGX_OK;

    default:
        return NGX_OK;
    }
}
