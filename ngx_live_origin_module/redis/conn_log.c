/*
 * What is said of connections: why one was lost, and the lines of log, of
 * which there are few whatever happens.
 */

#include "redis/redis_int.h"


#define NGX_LIVE_ORIGIN_REDIS_LINES      10            /* a burst of */
#define NGX_LIVE_ORIGIN_REDIS_SAME_US    60000000      /* the same line again */


/* what a server says may hold anything */

void
ngx_live_origin_redis_conn_why(ngx_live_origin_redis_conn_t *conn,
    const char *fmt, ...)
{
    u_char   *p, *last;
    va_list   args;

    va_start(args, fmt);
    last = ngx_vslprintf(conn->why,
                         conn->why + NGX_LIVE_ORIGIN_REDIS_WHY - 1, fmt, args);
    va_end(args);

    *last = '\0';

    for (p = conn->why; p < last; p++) {
        if (*p < 0x20 || *p > 0x7e) {
            *p = '.';
        }
    }
}


static ngx_uint_t
ngx_live_origin_redis_conn_may_log(ngx_live_origin_redis_conn_t *conn,
    const u_char *line, int64_t now)
{
    int64_t                   s;
    ngx_live_origin_redis_t  *rd;

    if (ngx_strcmp(conn->logged, line) == 0
        && now - conn->logged_us < NGX_LIVE_ORIGIN_REDIS_SAME_US)
    {
        return 0;
    }

    rd = conn->rd;
    s = (now - rd->lines_us) / 1000000;

    if (s > 0) {
        rd->lines = ngx_min(rd->lines + (ngx_uint_t) s,
                            NGX_LIVE_ORIGIN_REDIS_LINES);
        rd->lines_us = now;
    }

    if (rd->lines == 0) {
        return 0;
    }

    rd->lines--;

    return 1;
}


void
ngx_live_origin_redis_conn_log(ngx_live_origin_redis_conn_t *conn,
    ngx_uint_t level, const char *fmt, ...)
{
    u_char    line[NGX_LIVE_ORIGIN_REDIS_WHY];
    int64_t   now;
    va_list   args;

    va_start(args, fmt);
    *ngx_vslprintf(line, line + NGX_LIVE_ORIGIN_REDIS_WHY - 1, fmt, args)
        = '\0';
    va_end(args);

    now = ngx_live_origin_redis_now();

    if (ngx_live_origin_redis_conn_may_log(conn, line, now)) {
        ngx_memcpy(conn->logged, line, NGX_LIVE_ORIGIN_REDIS_WHY);
        conn->logged_us = now;

        ngx_log_error(level, conn->rd->log, 0, "redis %V: %s", &conn->name,
                      line);
    }
}
