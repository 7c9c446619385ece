/*
 * The index in Redis: its keys and the scripts that change it, each of them
 * one round trip.  docs/redis.md is the layout for other programs.
 */

#ifndef NGX_LIVE_ORIGIN_REDIS_INDEX_H
#define NGX_LIVE_ORIGIN_REDIS_INDEX_H

#include "core/base.h"
#include "redis/redis.h"


#define NGX_LIVE_ORIGIN_KEY_MAX  384


/*
 * KEYS: the track's index, the event
 * ARGV: number, pipeline, line, rank, digest, parts, base of the parts' keys,
 *       ttl of the parts and of the index in ms, the number that leaves the
 *       window, channel, news, life, bytes of all parts, or nothing when they
 *       have been SET before
 * {what, chosen}: "new", "replaced", "same", "superseded" (another of this
 * pipeline is what readers get), "lost" (a part is missing) or "gone" (this
 * life of the event was deleted)
 */
extern ngx_live_origin_redis_script_t  ngx_live_origin_script_put;

/*
 * KEYS: the track's index
 * ARGV: number, pipeline (empty: the chosen one), base of the parts' keys up
 *       to the digest, the size up to which bytes are wanted at once
 * {} when there is none, {chosen, pipeline, line} when it is larger or its
 * bytes are not there, else {chosen, pipeline, line, bytes}
 */
extern ngx_live_origin_redis_script_t  ngx_live_origin_script_get;

/*
 * KEYS: the track's index
 * ARGV: number, pipeline, base of the parts' keys up to the digest
 * the line goes, if a part of it is not there (it was evicted): whoever has the
 * bytes sends them again with his next walk
 */
extern ngx_live_origin_redis_script_t  ngx_live_origin_script_forget;

/*
 * KEYS: the track's index
 * ARGV: number, ttl of the index in ms, channel, news
 * a number that nobody has is GAP for all from now on
 */
extern ngx_live_origin_redis_script_t  ngx_live_origin_script_gap;

/*
 * KEYS: the event
 * ARGV: life, base, serial, live state, doc_us, document, ttl in ms, channel,
 *       news, stamps of base and serial
 * {"ok"}: it is written, or was so already; {"gone"}: this life was deleted;
 * {"old", live state, document, doc_us}: others have agreed on something else
 * than the record with the serial `base', or have a newer document
 */
extern ngx_live_origin_redis_script_t  ngx_live_origin_script_event;

/*
 * KEYS: the event, then its tracks' indexes
 * ARGV: life, ttl of the mark in ms, channel, news
 */
extern ngx_live_origin_redis_script_t  ngx_live_origin_script_delete;


/* keys and channels, behind the configured prefix; all end with a zero */

/* the set of all events' ids */
void ngx_live_origin_key_events(lo_buf_t *b, const ngx_str_t *prefix);
void ngx_live_origin_key_channel(lo_buf_t *b, const ngx_str_t *prefix);
void ngx_live_origin_key_event(lo_buf_t *b, const ngx_str_t *prefix,
    lo_str_t event);
void ngx_live_origin_key_init(lo_buf_t *b, const ngx_str_t *prefix,
    lo_str_t event, uint64_t digest);
void ngx_live_origin_key_track(lo_buf_t *b, const ngx_str_t *prefix,
    lo_str_t event, lo_str_t track);
/* of a segment's parts: up to the number, or with digest up to the part */
void ngx_live_origin_key_parts(lo_buf_t *b, const ngx_str_t *prefix,
    lo_str_t event, lo_str_t track, int64_t number,
    const unsigned char *digest);

#endif /* NGX_LIVE_ORIGIN_REDIS_INDEX_H */
