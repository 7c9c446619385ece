/*
 * A track of the walk: its head, every field of its index, then what Redis has
 * not.
 */

#include "http/share_walk.h"


#define NGX_LIVE_ORIGIN_WALK_PAGE    "512"


static void ngx_live_origin_walk_headed(ngx_live_origin_redis_op_t *op,
    redisReply *reply);
static void ngx_live_origin_walk_scanned(ngx_live_origin_redis_op_t *op,
    redisReply *reply);


static void
ngx_live_origin_walk_window(ngx_live_origin_walk_t *w, const lo_live_t *l)
{
    uint32_t          cap;
    lo_zone_track_t  *zt;

    cap = ngx_live_origin_ring_cap(w->share->zone, w->index, l);
    zt = ngx_live_origin_track_of(w->share->zone, &l->tracks[w->track]);

    w->to = zt ? __atomic_load_n(&zt->head, __ATOMIC_ACQUIRE) : -1;
    w->from = w->to < (int64_t) cap ? 0 : w->to - cap + 1;
    w->window = ngx_live_origin_ring_whole(l);

    free(w->seen);
    w->seen = w->to < 0 ? NULL : calloc(w->to - w->from + 1, 1);
}


/* the key of the track's index; NULL: the event has no more tracks */

static const char *
ngx_live_origin_walk_key(ngx_live_origin_walk_t *w,
    char key[NGX_LIVE_ORIGIN_KEY_MAX])
{
    lo_buf_t          b;
    const lo_live_t  *l;

    l = ngx_live_origin_walk_live(w);

    if (l == NULL || w->track >= l->ntracks) {
        w->step = NGX_LIVE_ORIGIN_WALK_STATE;
        w->id++;
        return NULL;
    }

    lo_buf_init(&b, key, NGX_LIVE_ORIGIN_KEY_MAX);
    ngx_live_origin_key_track(&b, &w->share->conf->prefix,
                              lo_cstr(w->ids[w->id]),
                              lo_cstr(l->tracks[w->track].id));
    return key;
}


void
ngx_live_origin_walk_head(ngx_live_origin_walk_t *w)
{
    char         key[NGX_LIVE_ORIGIN_KEY_MAX];
    const char  *argv[3];

    if (ngx_live_origin_walk_key(w, key) == NULL) {
        return;
    }

    argv[0] = "HGET";
    argv[1] = key;
    argv[2] = "head";

    if (ngx_live_origin_walk_command(w, 3, argv,
                                     ngx_live_origin_walk_headed)
        != NGX_OK)
    {
        ngx_live_origin_share_walk_end(w->share);
    }
}


/* the newest there is, also where the zone is empty */

static void
ngx_live_origin_walk_headed(ngx_live_origin_redis_op_t *op, redisReply *reply)
{
    int64_t                  head;
    lo_str_t                 s;
    uint32_t                 ring;
    const lo_live_t         *l;
    ngx_live_origin_walk_t  *w = (ngx_live_origin_walk_t *) op;

    w->under_way = 0;

    if (ngx_live_origin_walk_over(w, reply == NULL
                                     || reply->type == REDIS_REPLY_ERROR))
    {
        return;
    }

    l = ngx_live_origin_walk_live(w);

    if (l && w->track < l->ntracks && reply->type == REDIS_REPLY_STRING) {

        s.data = (u_char *) reply->str;
        s.len = reply->len;
        head = lo_share_number(s);

        ring = ngx_live_origin_share_ring(w->share, w->index,
                                       lo_cstr(l->tracks[w->track].id));
        l = ngx_live_origin_walk_live(w);

        if (l && ring != LO_ZONE_NO_TRACK && head >= 0
            && lo_live_likely(l, head, ngx_live_origin_wall()))
        {
            lo_zone_track_restore(w->share->zone->z, ring, head);
        }

        l = ngx_live_origin_walk_live(w);
    }

    if (l && w->track < l->ntracks) {
        ngx_live_origin_walk_window(w, l);
    }

    w->cursor[0] = '0';
    w->cursor[1] = '\0';
    w->step = NGX_LIVE_ORIGIN_WALK_SCAN;

    ngx_live_origin_walk_next(w);
}


void
ngx_live_origin_walk_scan(ngx_live_origin_walk_t *w)
{
    char         key[NGX_LIVE_ORIGIN_KEY_MAX];
    const char  *argv[5];

    if (ngx_live_origin_walk_key(w, key) == NULL) {
        return;
    }

    argv[0] = "HSCAN";
    argv[1] = key;
    argv[2] = w->cursor;
    argv[3] = "COUNT";
    argv[4] = NGX_LIVE_ORIGIN_WALK_PAGE;

    if (ngx_live_origin_walk_command(w, 5, argv,
                                     ngx_live_origin_walk_scanned)
        != NGX_OK)
    {
        ngx_live_origin_share_walk_end(w->share);
    }
}


/* 1: of a number that left the window, the event's and not this node's, a
   window ago; those go with the number that is a window ahead of them, if there
   ever was one */

static ngx_uint_t
ngx_live_origin_walk_left(ngx_live_origin_walk_t *w, lo_str_t field)
{
    size_t   n;
    int64_t  number;

    for (n = 0; n < field.len && isdigit(field.data[n]); n++) { /* void */ }

    field.len = n;
    number = lo_share_number(field);

    return number >= 0 && number < w->to - 2 * w->window;
}


/* the page's fields that nobody needs any more */

static void
ngx_live_origin_walk_prune(ngx_live_origin_walk_t *w, redisReply *page)
{
    int          n;
    char         key[NGX_LIVE_ORIGIN_KEY_MAX];
    size_t       i;
    lo_str_t     field;
    const char  *argv[NGX_LIVE_ORIGIN_SHARE_ARGS];

    n = 2;

    for (i = 0; i + 1 < page->elements && n < NGX_LIVE_ORIGIN_SHARE_ARGS;
         i += 2)
    {
        field.data = (u_char *) page->element[i]->str;
        field.len = page->element[i]->len;

        if (page->element[i]->type == REDIS_REPLY_STRING
            && ngx_live_origin_walk_left(w, field))
        {
            argv[n++] = page->element[i]->str;
        }
    }

    if (n > 2 && ngx_live_origin_walk_key(w, key)) {
        argv[0] = "HDEL";
        argv[1] = key;
        (void) ngx_live_origin_share_tell(w->share, NULL, 0, n, argv, NULL);
    }
}


static void
ngx_live_origin_walk_scanned(ngx_live_origin_redis_op_t *op, redisReply *reply)
{
    size_t                    i;
    lo_str_t                  field, line;
    redisReply               *page;
    const lo_live_t          *l;
    ngx_live_origin_walk_t   *w = (ngx_live_origin_walk_t *) op;

    w->under_way = 0;

    if (ngx_live_origin_walk_over(w, reply == NULL
                                     || reply->type != REDIS_REPLY_ARRAY
                                     || reply->elements != 2
                                     || reply->element[0]->type
                                        != REDIS_REPLY_STRING
                                     || reply->element[0]->len
                                        >= sizeof(w->cursor)
                                     || reply->element[1]->type
                                        != REDIS_REPLY_ARRAY))
    {
        return;
    }

    l = ngx_live_origin_walk_live(w);
    page = reply->element[1];

    for (i = 0; l && w->track < l->ntracks && i + 1 < page->elements; i += 2) {

        field.data = (u_char *) page->element[i]->str;
        field.len = page->element[i]->len;
        line.data = (u_char *) page->element[i + 1]->str;
        line.len = page->element[i + 1]->len;

        ngx_live_origin_walk_entry(w, l, field, line);

        l = ngx_live_origin_walk_live(w);
    }

    if (l && w->track < l->ntracks) {
        ngx_live_origin_walk_prune(w, page);
    }

    ngx_memcpy(w->cursor, reply->element[0]->str, reply->element[0]->len + 1);

    if (ngx_strcmp(w->cursor, "0") == 0) {
        w->step = NGX_LIVE_ORIGIN_WALK_FILL;
        w->at = w->from;
        w->ahead = w->from;
    }

    ngx_live_origin_walk_next(w);
}


void
ngx_live_origin_walk_sent(void *data)
{
    ngx_live_origin_walk_t  *w = data;

    w->sending--;

    if (w->share == NULL) {
        ngx_live_origin_walk_free(w);
        return;
    }

    if (w->sending == 0 && !w->under_way && !w->share->closing) {
        ngx_live_origin_walk_next(w);
    }
}


void
ngx_live_origin_walk_fill(ngx_live_origin_walk_t *w)
{
    uint32_t          ring;
    ngx_uint_t        p, steps;
    lo_zone_pin_t     pin;
    const lo_live_t  *l;

    l = ngx_live_origin_walk_live(w);

    if (l == NULL || w->track >= l->ntracks) {
        w->step = NGX_LIVE_ORIGIN_WALK_HEAD;
        w->track = LO_MAX_TRACKS;
        return;
    }

    ring = l->tracks[w->track].ring;
    ngx_live_origin_walk_ahead(w, l);

    for (steps = 0; w->at <= w->to && w->seen && steps < 4096; w->at++, steps++)
    {
        if (w->seen[w->at - w->from] == 0
            && lo_zone_gap(w->share->zone->z, ring, w->at, 0, 0))
        {
            ngx_live_origin_share_gap(w->share->zone, w->index,
                                      lo_cstr(l->tracks[w->track].id), w->at);
        }

        for (p = 0; p < l->npipelines; p++) {

            if ((w->seen[w->at - w->from] & 1 << p)
                || lo_zone_candidate(w->share->zone->z, ring, w->at, p, &pin)
                   != LO_OK)
            {
                continue;
            }

            lo_zone_unpin(w->share->zone->z, &pin);

            if (w->sending >= NGX_LIVE_ORIGIN_SHARE_PUTS) {
                return;
            }

            if (ngx_live_origin_share_send(w->share, w->index, w->track, w->at,
                                           p, ngx_live_origin_walk_sent, w)
                != NGX_OK)
            {
                return;
            }

            w->sending++;
            w->seen[w->at - w->from] |= 1 << p;
            ngx_live_origin_walk_filled(w);
        }
    }

    if (w->at > w->to || w->seen == NULL) {
        w->step = NGX_LIVE_ORIGIN_WALK_HEAD;
        w->track++;
    }
}
