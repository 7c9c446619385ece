/*
 * "cdns" and "steering" of the event document.
 */

#include <stddef.h>
#include <stdio.h>
#include <strings.h>

#include "core/event_read.h"


#define LO_STEERING_TTL  300


static const char  lo_cdn_url_form[] =
    "a URL is http://HOST[:PORT][/PATH] or https://..., without a query, "
    "512 bytes at most";


static int
lo_cdn_hex(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')
           || (c >= 'A' && c <= 'F');
}


/* RFC 3986: what a path or a host may hold; quotes, braces and the like would
   be something else in a manifest */

static int
lo_cdn_char_ok(lo_str_t s, size_t i)
{
    unsigned char  c;

    c = s.data[i];

    if (c == '%') {
        return i + 2 < s.len && lo_cdn_hex(s.data[i + 1])
               && lo_cdn_hex(s.data[i + 2]);
    }

    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
           || (c >= 'A' && c <= 'Z')
           || (c != '\0' && strchr("-._~!$&'()*+,;=:@/[]", c) != NULL);
}


/* HOST[:PORT], the host a name, an address or [one of IPv6] */

static int
lo_cdn_host_ok(lo_str_t host)
{
    size_t    i, digits;
    lo_str_t  name;

    for (digits = 0; digits < host.len
         && host.data[host.len - 1 - digits] >= '0'
         && host.data[host.len - 1 - digits] <= '9'; digits++)
    {
        /* void */
    }

    name = host;

    if (digits < host.len && host.data[host.len - 1 - digits] == ':') {

        if (digits == 0 || digits > 5) {
            return 0;
        }

        name.len -= digits + 1;
    }

    if (name.len > 2 && name.data[0] == '['
        && name.data[name.len - 1] == ']')
    {
        for (i = 1; i < name.len - 1; i++) {
            if (!lo_cdn_hex(name.data[i]) && name.data[i] != ':'
                && name.data[i] != '.')
            {
                return 0;
            }
        }

        return 1;
    }

    for (i = 0; i < name.len; i++) {
        if (strchr("!$&'()*+,;=:@[]%~", name.data[i]) != NULL) {
            return 0;
        }
    }

    return name.len != 0;
}


static int
lo_cdn_url_ok(lo_str_t url)
{
    size_t          i;
    lo_str_t        host;
    unsigned char  *slash;

    if (url.len > 7 && strncasecmp((char *) url.data, "http://", 7) == 0) {
        i = 7;

    } else if (url.len > 8
               && strncasecmp((char *) url.data, "https://", 8) == 0)
    {
        i = 8;

    } else {
        return 0;
    }

    host.data = url.data + i;
    slash = memchr(host.data, '/', url.len - i);
    host.len = slash ? (size_t) (slash - host.data) : url.len - i;

    for ( /* void */ ; i < url.len; i++) {
        if (!lo_cdn_char_ok(url, i)) {
            return 0;
        }
    }

    return lo_cdn_host_ok(host);
}


/* LO_NONE: it is not there */

static int
lo_cdn_url(lo_event_ctx_t *ctx, const json_t *o, lo_str_t *url)
{
    int  rc;

    rc = lo_event_string(ctx, o, "url", LO_CDN_URL, 0, url);

    if (rc != LO_OK) {
        return rc;
    }

    if (!lo_cdn_url_ok(*url)) {
        return lo_event_bad(ctx, "url", "%s", lo_cdn_url_form);
    }

    if (url->data[url->len - 1] == '/') {
        url->len--;
    }

    return LO_OK;
}


static int
lo_cdn_read(lo_event_ctx_t *ctx, const json_t *o, void *into)
{
    lo_cdns_t  *cdns = into;

    int        rc;
    int64_t    weight;
    unsigned   i;
    lo_cdn_t  *cdn;

    cdn = &cdns->cdn[cdns->n];

    if (!json_is_object(o)) {
        return lo_event_bad(ctx, "id", "is missing: the CDN is not an "
                            "object");
    }

    if (lo_event_id(ctx, "id", json_object_get(o, "id"), &cdn->id) != LO_OK) {
        return LO_ERROR;
    }

    for (i = 0; i < cdns->n; i++) {
        if (lo_str_eq(cdn->id, cdns->cdn[i].id)) {
            return lo_event_bad(ctx, "id", "is there twice");
        }
    }

    rc = lo_cdn_url(ctx, o, &cdn->url);

    if (rc != LO_OK) {
        return rc == LO_NONE ? lo_event_bad(ctx, "url", "is missing")
                             : LO_ERROR;
    }

    weight = 1;

    if (lo_event_number(ctx, o, "weight", 0, LO_CDN_WEIGHT, &weight)
            == LO_ERROR
        || lo_where_read(ctx, o, "countries", "asns", &cdn->where)
            == LO_ERROR)
    {
        return LO_ERROR;
    }

    cdn->weight = (uint32_t) weight;
    cdns->n++;

    return LO_OK;
}


static int
lo_event_steering(lo_event_ctx_t *ctx, const json_t *o, lo_steering_t *s)
{
    json_t  *v, *on;

    static const lo_event_number_t  numbers[] = {
        { "ttl_s", offsetof(lo_steering_t, ttl_s), 1, 86400 },
        { NULL, 0, 0, 0 }
    };

    s->enabled = 1;
    s->ttl_s = LO_STEERING_TTL;

    v = json_object_get(o, "steering");

    if (v == NULL) {
        return LO_OK;
    }

    if (!json_is_object(v)) {
        return lo_event_bad(ctx, "steering", "not an object");
    }

    snprintf(ctx->at, sizeof(ctx->at), "steering.");

    on = json_object_get(v, "enabled");

    if (on && !json_is_boolean(on)) {
        return lo_event_bad(ctx, "enabled", "is neither true nor false");
    }

    s->enabled = on == NULL || json_is_true(on);

    if (lo_event_numbers_read(ctx, v, numbers, s) != LO_OK
        || lo_cdn_url(ctx, v, &s->url) == LO_ERROR)
    {
        return LO_ERROR;
    }

    ctx->at[0] = '\0';

    return LO_OK;
}


int
lo_event_cdns(lo_event_ctx_t *ctx, const json_t *o, lo_cdns_t *cdns)
{
    if (lo_event_list(ctx, o, "cdns", LO_CDNS, "CDNs", lo_cdn_read, cdns)
        != LO_OK)
    {
        return LO_ERROR;
    }

    return lo_event_steering(ctx, o, &cdns->steering);
}
