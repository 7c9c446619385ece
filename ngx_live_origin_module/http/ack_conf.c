/*
 * live_origin_ack.
 */

#include "http/redis.h"


#define NGX_LIVE_ORIGIN_ACK_ALLOWED                                           \
    "zone, or redis with replicas=0 to replicas=16 and degrade"


char *
ngx_live_origin_ack_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_int_t                     n;
    ngx_str_t                    *value;
    ngx_uint_t                    i;
    ngx_live_origin_loc_conf_t   *lcf = conf;
    ngx_live_origin_main_conf_t  *mcf;

    value = cf->args->elts;

    if (lcf->ack != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    lcf->ack_replicas = 0;
    lcf->ack_degrade = 0;

    if (ngx_strcmp(value[1].data, "zone") == 0) {
        lcf->ack = NGX_LIVE_ORIGIN_ACK_ZONE;

        return cf->args->nelts == 2 ? NGX_CONF_OK
               : ngx_live_origin_bad(cf, &value[2],
                                     NGX_LIVE_ORIGIN_ACK_ALLOWED);
    }

    if (ngx_strcmp(value[1].data, "redis") != 0) {
        return ngx_live_origin_bad(cf, &value[1], NGX_LIVE_ORIGIN_ACK_ALLOWED);
    }

    lcf->ack = NGX_LIVE_ORIGIN_ACK_REDIS;

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_strcmp(value[i].data, "degrade") == 0) {
            lcf->ack_degrade = 1;
            continue;
        }

        n = ngx_strncmp(value[i].data, "replicas=", 9) == 0
            ? ngx_atoi(value[i].data + 9, value[i].len - 9) : NGX_ERROR;

        if (n < 0 || n > 16) {
            return ngx_live_origin_bad(cf, &value[i],
                                       NGX_LIVE_ORIGIN_ACK_ALLOWED);
        }

        lcf->ack_replicas = n;
    }

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_live_origin_module);

    if (mcf->ack_line == 0) {
        mcf->ack_file = cf->conf_file->file.name.data;
        mcf->ack_line = cf->conf_file->line;
    }

    return NGX_CONF_OK;
}


char *
ngx_live_origin_ack_check(ngx_conf_t *cf, ngx_live_origin_main_conf_t *mcf)
{
    if (mcf->redis && mcf->zones.nelts > 1) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"live_origin_redis\" goes with one "
                      "\"live_origin_zone\": events of two would be the same "
                      "ones in Redis");
        return NGX_CONF_ERROR;
    }

    if (mcf->ack_line == 0 || mcf->redis) {
        return NGX_CONF_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "invalid value \"redis\" of \"live_origin_ack\", allowed: "
                  "zone, or redis where there is a \"live_origin_redis\", "
                  "in %s:%ui", mcf->ack_file, mcf->ack_line);

    return NGX_CONF_ERROR;
}
