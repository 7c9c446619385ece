/*
 * What a publisher is told.
 */

#include "http/access.h"
#include "http/publish.h"


ngx_uint_t
ngx_live_origin_say(ngx_live_origin_upload_t *u, ngx_uint_t status,
    const char *fmt, ...)
{
    int       n;
    char      text[LO_ERR_MAX * 2];
    va_list   args;

    va_start(args, fmt);
    n = vsnprintf(text, sizeof(text) - 1, fmt, args);
    va_end(args);

    if (n < 0) {
        n = 0;
    }

    n = ngx_min(n, (int) sizeof(text) - 2);
    text[n++] = '\n';

    u->status = status;
    u->text.len = 0;
    u->text.data = ngx_pnalloc(u->request->pool, n);

    if (u->text.data) {
        ngx_memcpy(u->text.data, text, n);
        u->text.len = n;
    }

    return status;
}


ngx_uint_t
ngx_live_origin_say_why(ngx_live_origin_upload_t *u, lo_live_reason_e why,
    const lo_live_when_t *when)
{
    lo_err_t                  err;
    char                      with[LO_MAX_PIPELINES * (LO_ID_MAX + 4)];
    size_t                    n;
    ngx_uint_t                i;
    const lo_live_t          *l;
    const lo_live_run_t      *run;
    ngx_live_origin_event_t  *e;

    with[0] = '\0';
    n = 0;

    e = u->index < 0 ? NULL : ngx_live_origin_event_get(u->zone, u->index);

    if (e && (why == LO_WHY_STANDBY || why == LO_WHY_INIT_DIFFERS)) {

        l = e->live;
        run = l->nruns ? &l->runs[l->nruns - 1] : NULL;

        for (i = 0; run && i < l->npipelines; i++) {
            if (run->pipelines & 1 << i) {
                n += snprintf(with + n, sizeof(with) - n, "%s%s",
                              n ? ", " : ": ", l->pipelines[i]);
            }
        }
    }

    if (when == NULL || when->now_us == 0) {
        return ngx_live_origin_say(u, lo_live_status(why), "%s%s",
                                   lo_live_text(why), with);
    }

    lo_live_explain(why, when, &err);

    if (why == LO_WHY_STANDBY) {
        return ngx_live_origin_say(u, lo_live_status(why), "%s%s; %s",
                                   lo_live_text(why), with, err.text);
    }

    return ngx_live_origin_say(u, lo_live_status(why), "%s", err.text);
}


void
ngx_live_origin_publish_count(ngx_live_origin_zone_t *zone, ngx_uint_t status)
{
    ngx_uint_t             i;
    static const uint16_t  statuses[] = {
#define NGX_LIVE_ORIGIN_X(status)  status,
        NGX_LIVE_ORIGIN_STATUSES(NGX_LIVE_ORIGIN_X)
#undef NGX_LIVE_ORIGIN_X
    };

    for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (statuses[i] == status) {
            break;
        }
    }

    zone->cells[NGX_LIVE_ORIGIN_CELL_PUBLISH_200 + i]++;
}


/* ---- the answer */

static ngx_int_t
ngx_live_origin_publish_location(ngx_live_origin_upload_t *u)
{
    u_char                       *p, *value;
    ngx_str_t                     prefix;
    ngx_uint_t                    i;
    ngx_http_request_t           *r;
    ngx_live_origin_served_t     *served;
    ngx_live_origin_srv_conf_t   *scf;
    ngx_live_origin_loc_conf_t   *lcf;

    r = u->request;

    scf = ngx_http_get_module_srv_conf(r, ngx_live_origin_module);
    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);

    ngx_str_null(&prefix);

    if (lcf->serve == u->zone) {
        prefix.data = r->uri.data;
        prefix.len = ngx_min(lcf->prefix, r->uri.len);

    } else {
        served = scf->served.elts;

        for (i = 0; i < scf->served.nelts; i++) {
            if (served[i].zone == u->zone) {
                prefix = served[i].prefix;
                break;
            }
        }
    }

    value = ngx_pnalloc(r->pool, prefix.len + 3 * (LO_ID_MAX + 1) + 32);
    if (value == NULL) {
        return NGX_ERROR;
    }

    p = ngx_live_origin_put_str(value, &prefix);

    if (prefix.len && p[-1] != '/') {
        *p++ = '/';
    }

    p = ngx_live_origin_put_str(p, &u->ctx->name.event);
    *p++ = '/';
    p = ngx_live_origin_put_str(p, &u->ctx->name.track);
    *p++ = '/';

    if (u->number < 0) {
        p = ngx_sprintf(p, "init-%08xD.mp4",
                        (uint32_t) (u->init_digest >> 32));

    } else {
        p = ngx_live_origin_put_number(p, u->number);
        p = ngx_live_origin_put(p, ".m4s");
    }

    return ngx_live_origin_header(r, "Location", value, p - value);
}


ngx_int_t
ngx_live_origin_publish_answer(ngx_live_origin_upload_t *u)
{
    ngx_str_t            uri;
    ngx_http_request_t  *r;

    r = u->request;
    u->answered = 1;
    u->ctx->number = u->number;

    ngx_live_origin_publish_count(u->zone, u->status);

    if (u->status >= NGX_HTTP_SPECIAL_RESPONSE) {

        if (ngx_live_origin_redacted(r->pool, &r->unparsed_uri, &uri)
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                      "live origin refused \"%V\": %ui, %*s", &uri,
                      u->status, u->text.len ? u->text.len - 1 : 0,
                      u->text.data);

        if (u->status == NGX_HTTP_SERVICE_UNAVAILABLE
            && ngx_live_origin_header_const(r, "Retry-After", "1") != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

    } else {
        u->text.len = 0;
    }

    if (u->placed
        && (u->status == NGX_HTTP_CREATED || u->status == NGX_HTTP_OK)
        && ngx_live_origin_publish_location(u) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_live_origin_header_const(r, "Cache-Control", "no-store")
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_live_origin_text(r, u->status, u->text.data, u->text.len);
}
