/*
 * Commands and scripts of strings, and those whose answer is of no use.
 */

#include "http/share.h"


static const size_t *
ngx_live_origin_share_lens(size_t lens[NGX_LIVE_ORIGIN_SHARE_ARGS], int argc,
    const char **argv)
{
    int  i;

    for (i = 0; i < argc; i++) {
        lens[i] = ngx_strlen(argv[i]);
    }

    return lens;
}


ngx_int_t
ngx_live_origin_share_command(ngx_live_origin_share_t *sh,
    ngx_live_origin_redis_op_t *op, int argc, const char **argv,
    const size_t *lens)
{
    size_t     own[NGX_LIVE_ORIGIN_SHARE_ARGS];
    ngx_str_t  key;

    if (lens == NULL) {
        lens = ngx_live_origin_share_lens(own, argc, argv);
    }

    key.data = (u_char *) argv[1];
    key.len = lens[1];

    return ngx_live_origin_redis_command(sh->rd, op, &key, argc, argv, lens);
}


ngx_int_t
ngx_live_origin_share_eval(ngx_live_origin_share_t *sh,
    ngx_live_origin_redis_op_t *op, ngx_live_origin_redis_script_t *script,
    ngx_uint_t nkeys, int argc, const char **argv, const size_t *lens)
{
    size_t  own[NGX_LIVE_ORIGIN_SHARE_ARGS];

    if (lens == NULL) {
        lens = ngx_live_origin_share_lens(own, argc, argv);
    }

    return ngx_live_origin_redis_eval(sh->rd, op, script, nkeys, argc, argv,
                                      lens);
}


static void
ngx_live_origin_share_told(ngx_live_origin_redis_op_t *op, redisReply *reply)
{
    free(op);
}


ngx_int_t
ngx_live_origin_share_tell(ngx_live_origin_share_t *sh,
    ngx_live_origin_redis_script_t *script, ngx_uint_t nkeys, int argc,
    const char **argv, const size_t *lens)
{
    ngx_int_t                    rc;
    ngx_live_origin_redis_op_t  *op;

    op = calloc(1, sizeof(ngx_live_origin_redis_op_t));
    if (op == NULL) {
        return NGX_ERROR;
    }

    op->handler = ngx_live_origin_share_told;

    rc = script ? ngx_live_origin_share_eval(sh, op, script, nkeys, argc, argv,
                                             lens)
                : ngx_live_origin_share_command(sh, op, argc, argv, lens);

    if (rc != NGX_OK) {
        free(op);
    }

    return rc;
}


void
ngx_live_origin_share_list(ngx_live_origin_share_t *sh, const char *verb,
    lo_str_t id)
{
    char         key[NGX_LIVE_ORIGIN_KEY_MAX];
    size_t       lens[3];
    lo_buf_t     b;
    const char  *argv[3];

    lo_buf_init(&b, key, sizeof(key));
    ngx_live_origin_key_events(&b, &sh->conf->prefix);

    argv[0] = verb;
    argv[1] = key;
    argv[2] = (char *) id.data;

    lens[0] = 4;
    lens[1] = ngx_strlen(key);
    lens[2] = id.len;

    (void) ngx_live_origin_share_tell(sh, NULL, 0, 3, argv, lens);
}
