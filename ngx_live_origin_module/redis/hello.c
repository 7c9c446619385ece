/*
 * What is said on a new connection until it is UP.  One step after another:
 * what a server answers to the first decides whether the others make sense.
 */

#include "redis/redis_int.h"


static ngx_int_t ngx_live_origin_redis_hello_done(
    ngx_live_origin_redis_conn_t *conn, redisReply *reply);


ngx_int_t
ngx_live_origin_redis_hello_send(ngx_live_origin_redis_conn_t *conn, int argc,
    const char **argv)
{
    return ngx_live_origin_redis_send_own(conn, &conn->hello,
                                          ngx_live_origin_redis_hello_done,
                                          argc, argv);
}


/* "NOAUTH: give auth=FILE"; the text where nothing better is known */

static void
ngx_live_origin_redis_explain(ngx_live_origin_redis_conn_t *conn,
    const char *text)
{
    size_t       len;
    const char  *hint;

    hint = lo_redis_hint(text);
    len = ngx_strlen(text);

    if (hint == NULL) {
        ngx_live_origin_redis_conn_why(conn, "%s", text);
        return;
    }

    if (ngx_strncmp(text, "ERR ", 4) != 0
        && ngx_strncmp(text, "NOPERM ", 7) != 0)
    {
        len = strcspn(text, " ");
    }

    ngx_live_origin_redis_conn_why(conn, "%*s: %s", len, text, hint);
}


ngx_int_t
ngx_live_origin_redis_ok_check(ngx_live_origin_redis_conn_t *conn,
    redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ERROR) {
        return NGX_OK;
    }

    ngx_live_origin_redis_explain(conn, reply->str);

    return NGX_ERROR;
}


ngx_int_t
ngx_live_origin_redis_auth_send(ngx_live_origin_redis_conn_t *conn)
{
    int                                  argc;
    const char                          *argv[3];
    const ngx_str_t                     *user, *password;
    const ngx_live_origin_redis_conf_t  *conf;

    conf = conn->rd->conf;
    user = conn->class->sentinel ? &conf->sentinel_user : &conf->user;
    password = conn->class->sentinel ? &conf->sentinel_password
                                     : &conf->password;

    if (password->len == 0) {
        return NGX_DECLINED;
    }

    argc = 0;
    argv[argc++] = "AUTH";

    if (user->len) {
        argv[argc++] = (const char *) user->data;
    }

    argv[argc++] = (const char *) password->data;

    return ngx_live_origin_redis_hello_send(conn, argc, argv);
}


/* a server that does not know the command repeats its arguments */

ngx_int_t
ngx_live_origin_redis_auth_check(ngx_live_origin_redis_conn_t *conn,
    redisReply *reply)
{
    if (reply->type == REDIS_REPLY_STATUS) {
        return NGX_OK;
    }

    if (reply->type == REDIS_REPLY_ERROR
        && ngx_strncmp(reply->str, "ERR unknown", 11) != 0)
    {
        return ngx_live_origin_redis_ok_check(conn, reply);
    }

    ngx_live_origin_redis_conn_why(conn, "the server does not know AUTH: "
                                   "leave auth=FILE out, or is it a Redis "
                                   "server?");
    return NGX_ERROR;
}


static ngx_int_t
ngx_live_origin_redis_select_send(ngx_live_origin_redis_conn_t *conn)
{
    u_char       db[NGX_INT_T_LEN + 1];
    const char  *argv[2];

    if (conn->rd->conf->db == 0) {
        return NGX_DECLINED;
    }

    *ngx_sprintf(db, "%ui", conn->rd->conf->db) = '\0';

    argv[0] = "SELECT";
    argv[1] = (const char *) db;

    return ngx_live_origin_redis_hello_send(conn, 2, argv);
}


static ngx_int_t
ngx_live_origin_redis_role_send(ngx_live_origin_redis_conn_t *conn)
{
    const char  *argv[] = { "ROLE" };

    return ngx_live_origin_redis_hello_send(conn, 1, argv);
}


static ngx_int_t
ngx_live_origin_redis_role_check(ngx_live_origin_redis_conn_t *conn,
    redisReply *reply)
{
    redisReply  **e;

    if (reply->type == REDIS_REPLY_ERROR
        && ngx_strncmp(reply->str, "NOPERM", 6) == 0)
    {
        ngx_live_origin_redis_conn_log(conn, NGX_LOG_WARN, "the ACL user may "
                                       "not use ROLE: that it is a replica "
                                       "is found by writing only");
        return NGX_OK;
    }

    if (ngx_live_origin_redis_ok_check(conn, reply) != NGX_OK) {
        return NGX_ERROR;
    }

    e = reply->element;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 1
        || e[0]->type != REDIS_REPLY_STRING)
    {
        ngx_live_origin_redis_conn_why(conn, "ROLE says nothing: is it a "
                                       "Redis server?");
        return NGX_ERROR;
    }

    if (ngx_strcmp(e[0]->str, "master") == 0) {
        conn->role = NGX_LIVE_ORIGIN_REDIS_PRIMARY;
        return NGX_OK;
    }

    if (ngx_strcmp(e[0]->str, "slave") == 0 && reply->elements >= 3
        && e[1]->type == REDIS_REPLY_STRING
        && e[2]->type == REDIS_REPLY_INTEGER)
    {
        conn->role = NGX_LIVE_ORIGIN_REDIS_REPLICA;
        ngx_live_origin_redis_conn_why(conn, "it is a replica of %s:%L, which "
                                       "%s", e[1]->str,
                                       (int64_t) e[2]->integer,
                                       conn->rd->sentinel
                                       ? "the sentinels may not know yet"
                                       : "is to be named instead");
        return NGX_ERROR;
    }

    ngx_live_origin_redis_conn_why(conn, "it is a %s, not a primary%s",
                                   e[0]->str,
                                   ngx_strcmp(e[0]->str, "sentinel") == 0
                                   ? ": give mode=sentinel" : "");

    return NGX_ERROR;
}


/* ROLE is answered while data is being loaded */

static ngx_int_t
ngx_live_origin_redis_ping_send(ngx_live_origin_redis_conn_t *conn)
{
    const char  *argv[] = { "PING" };

    return ngx_live_origin_redis_hello_send(conn, 1, argv);
}


static ngx_int_t
ngx_live_origin_redis_subscribe_send(ngx_live_origin_redis_conn_t *conn)
{
    const char  *argv[2];

    argv[0] = "SUBSCRIBE";
    argv[1] = (const char *) conn->rd->channel.data;

    return ngx_live_origin_redis_hello_send(conn, 2, argv);
}


ngx_int_t
ngx_live_origin_redis_subscribe_check(ngx_live_origin_redis_conn_t *conn,
    redisReply *reply)
{
    if (ngx_live_origin_redis_ok_check(conn, reply) != NGX_OK) {
        return NGX_ERROR;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3
        || reply->element[0]->type != REDIS_REPLY_STRING
        || ngx_strcmp(reply->element[0]->str, "subscribe") != 0)
    {
        ngx_live_origin_redis_conn_why(conn, "SUBSCRIBE was not done: is it a "
                                       "Redis server?");
        return NGX_ERROR;
    }

    conn->subscribed = 1;

    return NGX_OK;
}


const ngx_live_origin_redis_step_t  ngx_live_origin_redis_data_steps[] = {
    { ngx_live_origin_redis_auth_send, ngx_live_origin_redis_auth_check },
    { ngx_live_origin_redis_select_send, ngx_live_origin_redis_ok_check },
    { ngx_live_origin_redis_role_send, ngx_live_origin_redis_role_check },
    { ngx_live_origin_redis_ping_send, ngx_live_origin_redis_ok_check },
    { NULL, NULL }
};


const ngx_live_origin_redis_step_t  ngx_live_origin_redis_node_steps[] = {
    { ngx_live_origin_redis_auth_send, ngx_live_origin_redis_auth_check },
    { ngx_live_origin_redis_ping_send, ngx_live_origin_redis_ok_check },
    { NULL, NULL }
};


const ngx_live_origin_redis_step_t  ngx_live_origin_redis_sub_steps[] = {
    { ngx_live_origin_redis_auth_send, ngx_live_origin_redis_auth_check },
    { ngx_live_origin_redis_ping_send, ngx_live_origin_redis_ok_check },
    { ngx_live_origin_redis_subscribe_send,
      ngx_live_origin_redis_subscribe_check },
    { NULL, NULL }
};


/* the next step that is needed here; behind the last it is UP */

ngx_int_t
ngx_live_origin_redis_hello(ngx_live_origin_redis_conn_t *conn)
{
    ngx_int_t                            rc;
    const ngx_live_origin_redis_step_t  *step;

    for ( ;; ) {
        step = &conn->class->steps[conn->step];

        if (step->send == NULL) {
            break;
        }

        rc = step->send(conn);

        if (rc == NGX_OK) {
            return NGX_OK;
        }

        if (rc == NGX_ERROR) {
            ngx_live_origin_redis_conn_why(conn, "no memory");
            return NGX_ERROR;
        }

        conn->step++;
    }

    conn->state = NGX_LIVE_ORIGIN_REDIS_UP;
    conn->since_us = ngx_live_origin_redis_now();
    conn->rd->stat.connects++;

    if (!conn->known) {
        ngx_live_origin_redis_conn_log(conn, NGX_LOG_NOTICE, "connected");
        conn->known = 1;
    }

    conn->logged[0] = '\0';

    ngx_add_timer(&conn->idle, NGX_LIVE_ORIGIN_REDIS_PING);

    ngx_live_origin_redis_send_waiting(conn);

    if (conn->class->up) {
        conn->class->up(conn);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_live_origin_redis_hello_done(ngx_live_origin_redis_conn_t *conn,
    redisReply *reply)
{
    if (conn->class->steps[conn->step].check(conn, reply) != NGX_OK) {
        return NGX_ERROR;
    }

    conn->step++;

    return ngx_live_origin_redis_hello(conn);
}
