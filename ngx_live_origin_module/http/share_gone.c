/* An event that is deleted is so on all nodes. */

#include "http/share.h"


void
ngx_live_origin_share_gone(ngx_live_origin_zone_t *zone, ngx_uint_t index)
{
    int                          n;
    char                         keys[LO_MAX_TRACKS + 1]
                                     [NGX_LIVE_ORIGIN_KEY_MAX];
    char                         life[24], ttl[24], news[LO_SHARE_NEWS];
    lo_buf_t                     b;
    ngx_uint_t                   i;
    const char                  *argv[LO_MAX_TRACKS + 5];
    const lo_live_t             *l;
    lo_zone_event_t             *ze;
    ngx_live_origin_event_t     *e;
    ngx_live_origin_share_t     *sh;

    sh = zone->share;
    ze = lo_zone_event(zone->z, index);
    e = ngx_live_origin_event_get(zone, index);

    if (!ngx_live_origin_share_up(zone) || ze == NULL || e == NULL
        || e->live->life == 0)
    {
        return;
    }

    l = e->live;

    lo_buf_init(&b, keys[0], NGX_LIVE_ORIGIN_KEY_MAX);
    ngx_live_origin_key_event(&b, &sh->conf->prefix, lo_cstr(ze->id));

    for (i = 0; i < l->ntracks; i++) {
        lo_buf_init(&b, keys[i + 1], NGX_LIVE_ORIGIN_KEY_MAX);
        ngx_live_origin_key_track(&b, &sh->conf->prefix, lo_cstr(ze->id),
                                  lo_cstr(l->tracks[i].id));
    }

    for (n = 0; n <= (int) l->ntracks; n++) {
        argv[n] = keys[n];
    }

    ngx_sprintf((u_char *) life, "%uL%Z", l->life);
    ngx_sprintf((u_char *) ttl, "%d%Z", NGX_LIVE_ORIGIN_SHARE_LEAST);
    (void) snprintf(news, sizeof(news), "gone %s %s %llu", ze->id, sh->node,
                    (unsigned long long) l->life);

    argv[n++] = life;
    argv[n++] = ttl;
    argv[n++] = sh->channel;
    argv[n++] = news;

    (void) ngx_live_origin_share_tell(sh, &ngx_live_origin_script_delete,
                                      l->ntracks + 1, n, argv, NULL);

    sh->gone[sh->next_gone].life = l->life;
    sh->gone[sh->next_gone].answers = NGX_LIVE_ORIGIN_SHARE_STALE;
    sh->next_gone = (sh->next_gone + 1) % NGX_LIVE_ORIGIN_SHARE_GONE;

    ngx_live_origin_share_list(sh, "SREM", lo_cstr(ze->id));
}


/*
 * A script that the server has not got yet is sent again, and commands that were
 * behind it are answered before it: as if there had been no DELETE.  Where it
 * was lost, that is so.
 */

ngx_uint_t
ngx_live_origin_share_is_gone(ngx_live_origin_share_t *sh, uint64_t life)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_LIVE_ORIGIN_SHARE_GONE; i++) {

        if (life && sh->gone[i].life == life && sh->gone[i].answers) {
            sh->gone[i].answers--;
            return 1;
        }
    }

    return 0;
}


void
ngx_live_origin_share_deleted(ngx_live_origin_share_t *sh, lo_str_t id,
    uint64_t life)
{
    int                       index, rc;
    char                      name[LO_ID_MAX + 1];
    int64_t                   born;
    lo_str_t                  own;
    lo_zone_event_t          *ze;
    ngx_live_origin_event_t  *e;

    index = lo_zone_event_find(sh->zone->z, id);
    e = index < 0 ? NULL : ngx_live_origin_event_get(sh->zone, index);

    /* one that was made again since is another */

    if (e == NULL || e->live->life != life) {
        return;
    }

    /* id may lie in what is removed */

    own.len = id.len;
    own.data = (u_char *) name;
    ngx_memcpy(name, id.data, id.len);

    ze = lo_zone_event(sh->zone->z, index);
    born = ze ? ze->born_us : 0;

    ngx_live_origin_try(rc, lo_zone_event_remove(sh->zone->z, index));

    if (rc != LO_OK) {
        return;
    }

    ngx_live_origin_archive_forget(sh->zone, own, born);

    ngx_log_error(NGX_LOG_NOTICE, sh->zone->log, 0,
                  "event %*s deleted on another node", own.len, own.data);
}
