/*
 * Documents on many nodes: of those that all can read the newest is in force
 * everywhere.  A live state says when the one of this node was put, so a node
 * that cannot have a newer one does not give its own to others as that.
 */

#include "http/share.h"


u_char *
ngx_live_origin_share_doc(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, size_t *len)
{
    int64_t           n;
    u_char           *doc;
    lo_word_t         word;
    lo_zone_event_t  *ze;

    *len = 0;
    ze = lo_zone_event(zone->z, event->index);
    doc = malloc(LO_EVENT_DOC_MAX);

    if (ze && doc && event->doc) {
        n = ngx_live_origin_event_json(zone, ze, doc, &word);
        *len = n > 0 ? n : 0;
    }

    return doc;
}


/* of an event that began here without any: the first init was all it took */

static ngx_uint_t
ngx_live_origin_share_auto(ngx_live_origin_zone_t *zone, lo_zone_event_t *ze)
{
    u_char     json[NGX_LIVE_ORIGIN_LEAST], own[NGX_LIVE_ORIGIN_LEAST];
    size_t     len;
    int64_t    n;
    lo_word_t  word;

    word = __atomic_load_n(&ze->doc, __ATOMIC_ACQUIRE);
    n = lo_zone_read(zone->z, word, own, sizeof(own));
    len = ngx_live_origin_event_least(json, lo_cstr(ze->id));

    return n == (int64_t) len && ngx_memcmp(own, json, len) == 0;
}


/*
 * The one before stays.  Where there was none, nobody gets the event as if it
 * had no rules: what is stored is what cannot be read.
 */

static void
ngx_live_origin_share_refused(ngx_live_origin_share_t *sh,
    ngx_live_origin_event_t *e, const u_char *json, size_t len,
    const char *why)
{
    char              what[LO_ID_MAX + 64];
    lo_zone_event_t  *ze;

    ze = lo_zone_event(sh->zone->z, e->index);
    if (ze == NULL) {
        return;
    }

    (void) snprintf(what, sizeof(what),
                    "the newer document of event \"%s\" is not taken", ze->id);

    ngx_live_origin_share_complain(sh, what, why);

    if (ngx_live_origin_share_auto(sh->zone, ze)) {
        (void) ngx_live_origin_event_set_doc(sh->zone, e->index,
                                             len ? json : (u_char *) "null",
                                             len ? len : 4, 1);
    }
}


ngx_uint_t
ngx_live_origin_share_document(ngx_live_origin_share_t *sh,
    ngx_live_origin_event_t *e, const u_char *json, size_t len, int64_t us)
{
    char            why[sizeof(lo_event_err_t) + 64];
    lo_event_t      doc;
    lo_event_err_t  err;

    if (us < e->live->doc_us || (us == e->live->doc_us && e->doc)) {
        return 0;
    }

    if (len == 0) {
        ngx_live_origin_share_refused(sh, e, json, len,
            "it is empty there, or too large: put it again");
        return 0;
    }

    if (lo_event_parse(&doc, json, len, &err) != LO_OK) {

        (void) snprintf(why, sizeof(why),
                        "%s: %s; this node is to be updated, or the document "
                        "put again", err.field, err.err.text);
        ngx_live_origin_share_refused(sh, e, json, len, why);
        return 0;
    }

    lo_event_free(&doc);

    if (ngx_live_origin_event_set_doc(sh->zone, e->index, json, len, 1)
        != LO_OK)
    {
        ngx_live_origin_share_refused(sh, e, json, len,
            "the zone has no room for it, raise its size or zone_share");
        return 0;
    }

    return 1;
}
