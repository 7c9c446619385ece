#include "http/geo.h"


#define NGX_LIVE_ORIGIN_GEO_FILES  8
#define NGX_LIVE_ORIGIN_GEO_DEPTH  3


/* where databases have it, in the order of preference: those of MaxMind and
   DB-IP, then flat ones */

typedef const char *ngx_live_origin_geo_path_t[NGX_LIVE_ORIGIN_GEO_DEPTH];

static const ngx_live_origin_geo_path_t  ngx_live_origin_geo_countries[] = {
    { "country", "iso_code", NULL },
    { "registered_country", "iso_code", NULL },
    { "country_code", NULL },
    { "country", NULL },
    { NULL }
};

static const ngx_live_origin_geo_path_t  ngx_live_origin_geo_continents[] = {
    { "continent", "code", NULL },
    { "continent_code", NULL },
    { "continent", NULL },
    { NULL }
};

static const ngx_live_origin_geo_path_t  ngx_live_origin_geo_asns[] = {
    { "autonomous_system_number", NULL },
    { "traits", "autonomous_system_number", NULL },
    { "asn", NULL },
    { NULL }
};


static void
ngx_live_origin_geo_cleanup(void *data)
{
    ngx_uint_t                   i;
    ngx_live_origin_geo_t       *geo = data;
    ngx_live_origin_geo_file_t  *files;

    files = geo->files.elts;

    for (i = 0; i < geo->files.nelts; i++) {
        ngx_live_origin_geo_close(&files[i]);
    }
}


static char *
ngx_live_origin_geo_file(ngx_conf_t *cf, ngx_live_origin_geo_t *geo,
    ngx_str_t *value)
{
    const char                  *why;
    ngx_str_t                    path;
    ngx_live_origin_geo_file_t  *f;

    path = *value;

    if (path.len == 0) {
        return ngx_live_origin_bad(cf, value, "files in MaxMind's format");
    }

    if (ngx_conf_full_name(cf->cycle, &path, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    f = ngx_array_push(&geo->files);
    if (f == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(f, sizeof(ngx_live_origin_geo_file_t));
    f->path = path;
    f->log = cf->log;
    f->from = NGX_INVALID_FILE;
    f->to = NGX_INVALID_FILE;

    why = ngx_live_origin_geo_open(f);

    if (why) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" of \"live_origin_geoip\", "
                           "allowed: files in MaxMind's format; of this one: "
                           "%s", value, why);
        return NGX_CONF_ERROR;
    }

    f->seen = f->id;

    return NGX_CONF_OK;
}


char *
ngx_live_origin_geo_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                    *value;
    ngx_uint_t                    i;
    ngx_pool_cleanup_t           *cln;
    ngx_live_origin_geo_t        *geo;
    ngx_live_origin_main_conf_t  *mcf = conf;

    value = cf->args->elts;

    if (mcf->geo) {
        return "is duplicate";
    }

    if (cf->args->nelts - 1 > NGX_LIVE_ORIGIN_GEO_FILES) {
        return ngx_live_origin_bad(cf, &value[NGX_LIVE_ORIGIN_GEO_FILES + 1],
                                   "at most 8 files");
    }

    geo = ngx_pcalloc(cf->pool, sizeof(ngx_live_origin_geo_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (geo == NULL || cln == NULL
        || ngx_array_init(&geo->files, cf->pool, NGX_LIVE_ORIGIN_GEO_FILES,
                          sizeof(ngx_live_origin_geo_file_t))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_live_origin_geo_cleanup;
    cln->data = geo;

    for (i = 1; i < cf->args->nelts; i++) {
        if (ngx_live_origin_geo_file(cf, geo, &value[i]) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    mcf->geo = geo;

    return NGX_CONF_OK;
}


/* ---- lookups */

/* the first of these that is a string or a number */

static ngx_uint_t
ngx_live_origin_geo_value(MMDB_entry_s *entry,
    const ngx_live_origin_geo_path_t *paths, MMDB_entry_data_s *v)
{
    for ( /* void */ ; (*paths)[0]; paths++) {
        if (MMDB_aget_value(entry, v, *paths) == MMDB_SUCCESS
            && v->has_data
            && (v->type == MMDB_DATA_TYPE_UTF8_STRING
                || v->type == MMDB_DATA_TYPE_UINT16
                || v->type == MMDB_DATA_TYPE_UINT32))
        {
            return v->type;
        }
    }

    return 0;
}


/* two letters; LO_ERROR: there are none */

static int
ngx_live_origin_geo_code(MMDB_entry_s *entry,
    const ngx_live_origin_geo_path_t *paths, char *code)
{
    lo_str_t           s;
    lo_place_t         p;
    MMDB_entry_data_s  v;

    if (ngx_live_origin_geo_value(entry, paths, &v)
        != MMDB_DATA_TYPE_UTF8_STRING)
    {
        return LO_ERROR;
    }

    s.len = v.data_size;
    s.data = (u_char *) v.utf8_string;

    if (lo_place_country(&p, s) != LO_OK) {
        return LO_ERROR;
    }

    ngx_memcpy(code, p.country, 2);

    return LO_OK;
}


/* 0: there is none */

static uint32_t
ngx_live_origin_geo_asn(MMDB_entry_s *entry)
{
    size_t             skip;
    ngx_int_t          n;
    MMDB_entry_data_s  v;

    switch (ngx_live_origin_geo_value(entry, ngx_live_origin_geo_asns, &v)) {

    case MMDB_DATA_TYPE_UINT32:
        return v.uint32;

    case MMDB_DATA_TYPE_UINT16:
        return v.uint16;

    case MMDB_DATA_TYPE_UTF8_STRING:
        skip = v.data_size > 2 && ngx_strncmp(v.utf8_string, "AS", 2) == 0
               ? 2 : 0;
        n = ngx_atoi((u_char *) v.utf8_string + skip, v.data_size - skip);

        return n > 0 && n <= (ngx_int_t) UINT32_MAX ? (uint32_t) n : 0;

    default:
        return 0;
    }
}


/* an IPv4 address within IPv6 is an IPv4 address; NULL: no address */

static struct sockaddr *
ngx_live_origin_geo_sockaddr(struct sockaddr *sa, struct sockaddr_in *sin)
{
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;

    if (sa->sa_family == AF_INET6) {
        sin6 = (struct sockaddr_in6 *) sa;

        if (!IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr)) {
            return sa;
        }

        ngx_memzero(sin, sizeof(struct sockaddr_in));
        sin->sin_family = AF_INET;
        ngx_memcpy(&sin->sin_addr, &sin6->sin6_addr.s6_addr[12], 4);

        return (struct sockaddr *) sin;
    }
#endif

    return sa->sa_family == AF_INET ? sa : NULL;
}


/* each fact from the first database that has it */

static void
ngx_live_origin_geo_lookup(ngx_live_origin_geo_t *geo, struct sockaddr *sa,
    lo_place_t *p)
{
    int                          err;
    ngx_uint_t                   i, known;
    MMDB_lookup_result_s         found;
    ngx_live_origin_geo_file_t  *files;

    known = 0;
    files = geo->files.elts;

    for (i = 0; i < geo->files.nelts; i++) {

        found = MMDB_lookup_sockaddr(&files[i].db, sa, &err);

        if (err != MMDB_SUCCESS || !found.found_entry) {
            continue;
        }

        if (!known
            && ngx_live_origin_geo_code(&found.entry,
                                        ngx_live_origin_geo_countries,
                                        p->country)
               == LO_OK)
        {
            known = 1;
        }

        if (p->continent[0] == '\0') {
            (void) ngx_live_origin_geo_code(&found.entry,
                                            ngx_live_origin_geo_continents,
                                            p->continent);
        }

        if (p->asn == 0) {
            p->asn = ngx_live_origin_geo_asn(&found.entry);
        }
    }
}


ngx_int_t
ngx_live_origin_geo(ngx_http_request_t *r, lo_place_t *p)
{
    struct sockaddr              *sa;
    struct sockaddr_in            sin;
    ngx_live_origin_ctx_t        *ctx;
    ngx_live_origin_main_conf_t  *mcf;

    lo_place_unknown(p);
    mcf = ngx_http_get_module_main_conf(r, ngx_live_origin_module);

    if (mcf->geo == NULL) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_live_origin_module);

    if (ctx && ctx->placed) {
        *p = ctx->place;
        return NGX_OK;
    }

    sa = ngx_live_origin_geo_sockaddr(r->connection->sockaddr, &sin);

    if (sa) {
        ngx_live_origin_geo_lookup(mcf->geo, sa, p);
    }

    if (ctx) {
        ctx->place = *p;
        ctx->placed = 1;
    }

    return NGX_OK;
}
