#include "redis/redis_int.h"


static void ngx_live_origin_redis_data_up(ngx_live_origin_redis_conn_t *conn);
static void ngx_live_origin_redis_data_down(
    ngx_live_origin_redis_conn_t *conn);
static void ngx_live_origin_redis_data_again(
    ngx_live_origin_redis_conn_t *conn);


static const ngx_live_origin_redis_class_t  ngx_live_origin_redis_data_class =
{
    ngx_live_origin_redis_data_steps, 0,
    ngx_live_origin_redis_data_up,
    ngx_live_origin_redis_data_down,
    ngx_live_origin_redis_data_again,
    NULL
};


static ngx_int_t
ngx_live_origin_redis_start(ngx_live_origin_redis_t *rd)
{
    if (rd->conf->mode == NGX_LIVE_ORIGIN_REDIS_CLUSTER) {
        return ngx_live_origin_redis_cluster_create(rd);
    }

    rd->primary = ngx_live_origin_redis_conn_create(rd,
                                          &ngx_live_origin_redis_data_class);
    if (rd->primary == NULL) {
        return NGX_ERROR;
    }

    if (rd->conf->mode == NGX_LIVE_ORIGIN_REDIS_SENTINEL) {
        return ngx_live_origin_redis_sentinel_create(rd);
    }

    ngx_live_origin_redis_data_again(rd->primary);

    return NGX_OK;
}


ngx_live_origin_redis_t *
ngx_live_origin_redis_create(const ngx_live_origin_redis_conf_t *conf,
    const ngx_live_origin_redis_user_t *user, ngx_log_t *log)
{
    ngx_live_origin_redis_t  *rd;

    rd = calloc(1, sizeof(ngx_live_origin_redis_t));
    if (rd == NULL) {
        return NULL;
    }

    rd->conf = conf;
    rd->user = user;
    rd->log = log;
    rd->quiet = *log;
    rd->quiet.log_level = NGX_LOG_ALERT;
    rd->last.data = rd->last_text;

    if (ngx_live_origin_redis_start(rd) != NGX_OK) {
        ngx_live_origin_redis_destroy(rd);
        return NULL;
    }

    return rd;
}


void
ngx_live_origin_redis_destroy(ngx_live_origin_redis_t *rd)
{
    rd->dead = 1;

    if (rd->sub) {
        ngx_live_origin_redis_conn_free(rd->sub);
    }

    if (rd->sentinel) {
        ngx_live_origin_redis_sentinel_destroy(rd);
    }

    if (rd->cluster) {
        ngx_live_origin_redis_cluster_destroy(rd);
    }

    if (rd->primary) {
        ngx_live_origin_redis_conn_free(rd->primary);
    }

    free(rd->channel.data);
    free(rd);
}


const ngx_live_origin_redis_stat_t *
ngx_live_origin_redis_stat(ngx_live_origin_redis_t *rd)
{
    return &rd->stat;
}


void
ngx_live_origin_redis_observe(ngx_live_origin_redis_t *rd,
    void (*observe)(void *data, int64_t us), void *data)
{
    rd->observe = observe;
    rd->observed = data;
}


ngx_live_origin_redis_state_e
ngx_live_origin_redis_state(ngx_live_origin_redis_t *rd)
{
    if (rd->up) {
        return NGX_LIVE_ORIGIN_REDIS_UP;
    }

    return rd->primary && rd->primary->state == NGX_LIVE_ORIGIN_REDIS_DOWN
           ? NGX_LIVE_ORIGIN_REDIS_DOWN : NGX_LIVE_ORIGIN_REDIS_CONNECTING;
}


const char *
ngx_live_origin_redis_primary(ngx_live_origin_redis_t *rd)
{
    static char  nodes[NGX_INT_T_LEN + sizeof(" nodes")];

    if (rd->cluster == NULL) {
        return (const char *) rd->last_text;
    }

    *ngx_sprintf((u_char *) nodes, "%ui nodes",
                 ngx_live_origin_redis_cluster_nodes(rd))
        = '\0';

    return nodes;
}


void
ngx_live_origin_redis_edge(ngx_live_origin_redis_t *rd, const char *why)
{
    ngx_uint_t  up;

    up = rd->cluster ? ngx_live_origin_redis_cluster_up(rd)
                     : rd->primary->state == NGX_LIVE_ORIGIN_REDIS_UP;

    if (rd->dead || up == rd->up) {
        return;
    }

    rd->up = up;

    if (up && rd->user->up) {
        rd->user->up(rd->user->data);
    }

    if (!up && rd->user->down) {
        rd->user->down(rd->user->data, why);
    }
}


/* ---- the primary, where there is one */

/* counts a failover if it is another than the last */

static void
ngx_live_origin_redis_switched(ngx_live_origin_redis_t *rd, ngx_str_t *name)
{
    if (rd->last.len
        && (rd->last.len != name->len
            || ngx_memcmp(rd->last.data, name->data, name->len) != 0))
    {
        ngx_live_origin_redis_failed_over(rd, &rd->last, name);
    }

    rd->last.len = name->len;
    ngx_memcpy(rd->last_text, name->data, name->len);
    rd->last_text[name->len] = '\0';
}


void
ngx_live_origin_redis_failed_over(ngx_live_origin_redis_t *rd,
    const ngx_str_t *from, const ngx_str_t *to)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_REALTIME, &ts);

    rd->stat.failovers++;
    rd->stat.failover_us = (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;

    *ngx_cpymem(rd->left_text, from->data, from->len) = '\0';
    rd->taken_text[0] = '\0';

    if (to) {
        *ngx_cpymem(rd->taken_text, to->data, to->len) = '\0';
    }
}


static void
ngx_live_origin_redis_data_up(ngx_live_origin_redis_conn_t *conn)
{
    ngx_live_origin_redis_switched(conn->rd, &conn->name);
    ngx_live_origin_redis_sub_open(conn->rd);
    ngx_live_origin_redis_edge(conn->rd, NULL);
}


static void
ngx_live_origin_redis_data_down(ngx_live_origin_redis_conn_t *conn)
{
    ngx_live_origin_redis_edge(conn->rd, (char *) conn->why);
}


/* a name may have several addresses */

static void
ngx_live_origin_redis_data_again(ngx_live_origin_redis_conn_t *conn)
{
    if (conn->rd->sentinel) {
        ngx_live_origin_redis_sentinel_look(conn->rd);
        return;
    }

    ngx_live_origin_redis_conn_next(conn);
}
