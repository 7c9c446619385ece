/*
 * For tests: the redis room, driven by requests.  A module of its own, loaded
 * behind ours; t/lib/LiveOrigin/RedisProbe.pm builds it and asks.
 *
 *     location /redis/ { redis_probe; }
 *
 *     /redis/command?SET&key&value    the second is the key; @N: N bytes
 *     /redis/eval?NKEYS&SCRIPT&...
 *     /redis/wait?REPLICAS&MS&key
 *     /redis/burst?N&SET&key&value    N times at once, each sent again by its
 *                                     handler where N ends in "+"
 *     /redis/subscribe?CHANNEL        /redis/unsubscribe
 *     /redis/events                   what up, down, subscribed and message
 *                                     were told, a line each
 *     /redis/stat
 *     /redis/leak                     64 bytes that nobody has any more
 */

#include "http/module.h"


#define PROBE_ARGS    16
#define PROBE_EVENTS  65536


typedef struct {
    ngx_live_origin_redis_op_t   op;
    ngx_http_request_t          *r;        /* NULL: it has gone */
    ngx_uint_t                   called;
    struct probe_burst_s        *burst;
} probe_op_t;

typedef struct probe_burst_s {
    ngx_http_request_t          *r;
    ngx_uint_t                   left;
    ngx_uint_t                   again;
    ngx_uint_t                   sending;
    ngx_uint_t                   within;   /* handlers called while sending */
    ngx_uint_t                   ok;
    ngx_uint_t                   error;
    ngx_uint_t                   null;
    ngx_uint_t                   declined;
    int                          argc;
    const char                  *argv[PROBE_ARGS];
    size_t                       lens[PROBE_ARGS];
} probe_burst_t;

typedef struct probe_script_s {
    ngx_live_origin_redis_script_t  script;
    struct probe_script_s           *next;
} probe_script_t;


static ngx_int_t probe_init(ngx_cycle_t *cycle);
static void probe_exit(ngx_cycle_t *cycle);
static char *probe_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


static ngx_live_origin_redis_t       *probe;
static ngx_live_origin_redis_user_t   probe_user;
static u_char                         probe_events[PROBE_EVENTS];
static size_t                         probe_len;
static void *volatile                 probe_leak;
static probe_script_t                *probe_scripts;


static ngx_command_t  probe_commands[] = {
    { ngx_string("redis_probe"), NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      probe_directive, 0, 0, NULL },
    ngx_null_command
};

static ngx_http_module_t  probe_ctx = {
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
};

ngx_module_t  redis_probe_module = {
    NGX_MODULE_V1, &probe_ctx, probe_commands, NGX_HTTP_MODULE,
    NULL, NULL, probe_init, NULL, NULL, probe_exit, NULL,
    NGX_MODULE_V1_PADDING
};

extern ngx_module_t  *ngx_modules[];
extern char          *ngx_module_names[];
extern char          *ngx_module_order[];

ngx_module_t  *ngx_modules[] = { &redis_probe_module, NULL };
char  *ngx_module_names[] = { "redis_probe_module", NULL };
char  *ngx_module_order[] = { NULL };


/* ---- what the room says of its own accord */

static void
probe_event(const char *what, const u_char *text, size_t len)
{
    size_t  room;

    room = PROBE_EVENTS - probe_len;

    if (ngx_strlen(what) + len + 2 > room) {
        probe_len = 0;
    }

    len = ngx_min(len, 200);
    probe_len = ngx_sprintf(probe_events + probe_len, "%s%*s\n", what, len,
                            text)
                - probe_events;
}


static void
probe_up(void *data)
{
    probe_event("up", (u_char *) "", 0);
}


static void
probe_down(void *data, const char *why)
{
    probe_event("down ", (const u_char *) why, ngx_strlen(why));
}


static void
probe_subscribed(void *data)
{
    probe_event("subscribed", (u_char *) "", 0);
}


static void
probe_message(void *data, const u_char *text, size_t len)
{
    probe_event("message ", text, len);
}


static ngx_int_t
probe_init(ngx_cycle_t *cycle)
{
    ngx_live_origin_main_conf_t  *mcf;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    mcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_live_origin_module);

    probe_user.up = probe_up;
    probe_user.down = probe_down;
    probe_user.subscribed = probe_subscribed;
    probe_user.message = probe_message;

    probe = ngx_live_origin_redis_create(mcf->redis, &probe_user, cycle->log);

    return probe ? NGX_OK : NGX_ERROR;
}


static void
probe_exit(ngx_cycle_t *cycle)
{
    if (probe) {
        ngx_live_origin_redis_destroy(probe);
        probe = NULL;
    }
}


/* ---- requests */

static ngx_int_t
probe_answer(ngx_http_request_t *r, u_char *text, size_t len)
{
    ngx_int_t     rc;
    ngx_buf_t    *b;
    ngx_chain_t   out;

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = len;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || len == 0) {
        return rc;
    }

    b = ngx_create_temp_buf(r->pool, len);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->last = ngx_cpymem(b->pos, text, len);
    b->last_buf = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


static u_char *
probe_print(u_char *p, u_char *last, redisReply *reply)
{
    size_t  i;

    switch (reply->type) {

    case REDIS_REPLY_INTEGER:
        return ngx_slprintf(p, last, ":%L", (int64_t) reply->integer);

    case REDIS_REPLY_NIL:
        return ngx_slprintf(p, last, "nil");

    case REDIS_REPLY_ARRAY:
        p = ngx_slprintf(p, last, "[");

        for (i = 0; i < reply->elements; i++) {
            p = probe_print(p, last, reply->element[i]);
            p = ngx_slprintf(p, last, " ");
        }

        return ngx_slprintf(p, last, "]");

    case REDIS_REPLY_ERROR:
        return ngx_slprintf(p, last, "-%s", reply->str);

    default:
        if (reply->len > 1000) {
            return ngx_slprintf(p, last, "%uz bytes", reply->len);
        }

        return ngx_slprintf(p, last, "%*s", reply->len, reply->str);
    }
}


static void
probe_done(ngx_live_origin_redis_op_t *op, redisReply *reply)
{
    u_char               buf[4096], *p;
    probe_op_t          *po = (probe_op_t *) op;
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = po->r;

    if (po->called++) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0, "probe: called twice");
        return;
    }

    p = reply ? probe_print(buf, buf + sizeof(buf), reply)
              : ngx_slprintf(buf, buf + sizeof(buf), "NULL %s", op->error);

    ngx_free(po);

    if (r == NULL) {
        return;
    }

    c = r->connection;
    ngx_http_set_ctx(r, NULL, redis_probe_module);
    ngx_http_finalize_request(r, probe_answer(r, buf, p - buf));
    ngx_http_run_posted_requests(c);
}


static void
probe_gone(void *data)
{
    probe_op_t          *po;
    ngx_http_request_t  *r = data;

    po = ngx_http_get_module_ctx(r, redis_probe_module);

    if (po) {
        po->r = NULL;
    }
}


static int
probe_args(ngx_http_request_t *r, const char **argv, size_t *lens)
{
    int         argc;
    u_char     *p, *last, *end, *dst, *src;
    ngx_int_t   n;

    p = r->args.data;
    last = p + r->args.len;

    for (argc = 0; p < last && argc < PROBE_ARGS; argc++) {

        end = ngx_strlchr(p, last, '&');
        end = end ? end : last;

        dst = ngx_pnalloc(r->pool, end - p + 1);
        if (dst == NULL) {
            return 0;
        }

        argv[argc] = (char *) dst;
        src = p;
        ngx_unescape_uri(&dst, &src, end - p, 0);
        *dst = '\0';
        lens[argc] = dst - (u_char *) argv[argc];

        if (argv[argc][0] == '@') {
            n = ngx_atoi((u_char *) argv[argc] + 1, lens[argc] - 1);

            if (n > 0) {
                argv[argc] = ngx_pnalloc(r->pool, n);
                if (argv[argc] == NULL) {
                    return 0;
                }

                ngx_memset((void *) argv[argc], 'x', n);
                lens[argc] = n;
            }
        }

        p = end + 1;
    }

    return argc;
}


static ngx_live_origin_redis_script_t *
probe_script(const char *text)
{
    char            *copy;
    probe_script_t  *s;

    for (s = probe_scripts; s; s = s->next) {
        if (ngx_strcmp(s->script.text, text) == 0) {
            return &s->script;
        }
    }

    s = ngx_pcalloc(ngx_cycle->pool, sizeof(probe_script_t));
    copy = ngx_pnalloc(ngx_cycle->pool, ngx_strlen(text) + 1);

    if (s == NULL || copy == NULL) {
        return NULL;
    }

    s->script.text = strcpy(copy, text);
    s->next = probe_scripts;
    probe_scripts = s;

    return &s->script;
}


static ngx_int_t
probe_send(ngx_http_request_t *r, u_char what)
{
    int                  argc;
    size_t               lens[PROBE_ARGS];
    ngx_int_t            rc;
    ngx_str_t            key;
    probe_op_t          *po;
    const char          *argv[PROBE_ARGS];
    ngx_http_cleanup_t  *cln;

    argc = probe_args(r, argv, lens);
    po = ngx_calloc(sizeof(probe_op_t), r->connection->log);
    cln = ngx_http_cleanup_add(r, 0);

    if (argc < (what == 'c' ? 1 : 2) || po == NULL || cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = probe_gone;
    cln->data = r;

    po->op.handler = probe_done;
    po->r = r;

    if (what == 'w') {
        key.data = (u_char *) argv[2];
        key.len = lens[2];

        rc = ngx_live_origin_redis_wait(probe, &po->op,
                                        argc > 2 ? &key : NULL,
                                        ngx_atoi((u_char *) argv[0], lens[0]),
                                        ngx_atoi((u_char *) argv[1], lens[1]));

    } else if (what == 'e') {
        rc = ngx_live_origin_redis_eval(probe, &po->op, probe_script(argv[1]),
                                        ngx_atoi((u_char *) argv[0], lens[0]),
                                        argc - 2, argv + 2, lens + 2);

    } else {
        key.data = argc > 1 ? (u_char *) argv[1] : NULL;
        key.len = argc > 1 ? lens[1] : 0;

        rc = ngx_live_origin_redis_command(probe, &po->op,
                                           argc > 1 ? &key : NULL, argc, argv,
                                           lens);
    }

    if (rc != NGX_OK) {
        ngx_free(po);
        return probe_answer(r, (u_char *) "DECLINED", 8);
    }

    if (po->called) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0, "probe: called within");
    }

    ngx_http_set_ctx(r, po, redis_probe_module);
    r->main->count++;

    return NGX_DONE;
}


/* ---- many at once */

static void probe_burst_done(ngx_live_origin_redis_op_t *op,
    redisReply *reply);


static void
probe_burst_one(probe_burst_t *b)
{
    ngx_str_t    key;
    probe_op_t  *po;

    po = ngx_calloc(sizeof(probe_op_t), ngx_cycle->log);
    if (po == NULL) {
        b->declined++;
        return;
    }

    po->op.handler = probe_burst_done;
    po->burst = b;

    key.data = b->argc > 1 ? (u_char *) b->argv[1] : NULL;
    key.len = b->argc > 1 ? b->lens[1] : 0;

    if (ngx_live_origin_redis_command(probe, &po->op,
                                      b->argc > 1 ? &key : NULL, b->argc,
                                      b->argv, b->lens)
        != NGX_OK)
    {
        b->declined++;
        ngx_free(po);
        return;
    }

    b->left++;
}


static void
probe_burst_done(ngx_live_origin_redis_op_t *op, redisReply *reply)
{
    u_char               buf[256], *p;
    probe_burst_t       *b = ((probe_op_t *) op)->burst;
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    b->within += b->sending;
    b->left--;

    if (reply == NULL) {
        b->null++;

    } else if (reply->type == REDIS_REPLY_ERROR) {
        b->error++;

    } else {
        b->ok++;
    }

    ngx_free(op);

    if (b->again) {
        b->again--;
        b->sending++;
        probe_burst_one(b);
        b->sending--;
    }

    if (b->left) {
        return;
    }

    p = ngx_sprintf(buf, "ok=%ui error=%ui null=%ui declined=%ui within=%ui",
                    b->ok, b->error, b->null, b->declined, b->within);

    r = b->r;
    c = r->connection;
    ngx_http_finalize_request(r, probe_answer(r, buf, p - buf));
    ngx_http_run_posted_requests(c);
}


static ngx_int_t
probe_burst(ngx_http_request_t *r)
{
    int             argc;
    size_t          lens[PROBE_ARGS], len;
    ngx_int_t       n;
    const char     *argv[PROBE_ARGS];
    probe_burst_t  *b;

    argc = probe_args(r, argv, lens);
    b = ngx_pcalloc(r->pool, sizeof(probe_burst_t));

    if (argc < 2 || b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    len = lens[0];
    b->r = r;
    b->argc = argc - 1;
    ngx_memcpy(b->argv, argv + 1, (argc - 1) * sizeof(char *));
    ngx_memcpy(b->lens, lens + 1, (argc - 1) * sizeof(size_t));

    if (argv[0][len - 1] == '+') {
        n = ngx_atoi((u_char *) argv[0], --len);
        b->again = n;

    } else {
        n = ngx_atoi((u_char *) argv[0], len);
    }

    for (b->sending = 1; n > 0; n--) {
        probe_burst_one(b);
    }

    b->sending = 0;

    if (b->left == 0) {
        return probe_answer(r, (u_char *) "DECLINED", 8);
    }

    r->main->count++;

    return NGX_DONE;
}


static ngx_int_t
probe_stat(ngx_http_request_t *r)
{
    u_char                               buf[1024], *p;
    const ngx_live_origin_redis_stat_t  *s;

    s = ngx_live_origin_redis_stat(probe);

    p = ngx_sprintf(buf, "state=%d primary=%s connects=%uL failures=%uL "
                    "commands=%uL errors=%uL timeouts=%uL redirects=%uL "
                    "failovers=%uL pending=%L",
                    ngx_live_origin_redis_state(probe),
                    ngx_live_origin_redis_primary(probe), s->connects,
                    s->failures, s->commands, s->errors, s->timeouts,
                    s->redirects, s->failovers, s->pending);

    return probe_answer(r, buf, p - buf);
}


static ngx_int_t
probe_handler(ngx_http_request_t *r)
{
    u_char      *what;
    size_t       lens[PROBE_ARGS];
    ngx_int_t    rc;
    ngx_str_t    channel;
    const char  *argv[PROBE_ARGS];

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    what = r->uri.data + sizeof("/redis/") - 1;

    switch (*what) {

    case 'c':
    case 'w':
        return probe_send(r, *what);

    case 'e':

        if (what[2] == 'a') {
            return probe_send(r, 'e');
        }

        return probe_answer(r, probe_events, probe_len);

    case 'b':
        return probe_burst(r);

    case 'l':
        probe_leak = malloc(64);
        probe_leak = NULL;

        return probe_answer(r, (u_char *) "OK", 2);

    case 's':

        if (what[1] == 't') {
            return probe_stat(r);
        }

        if (probe_args(r, argv, lens) == 0) {
            return NGX_HTTP_BAD_REQUEST;
        }

        channel.data = (u_char *) argv[0];
        channel.len = lens[0];
        ngx_live_origin_redis_subscribe(probe, &channel);

        return probe_answer(r, (u_char *) "OK", 2);

    case 'u':
        ngx_live_origin_redis_unsubscribe(probe);

        return probe_answer(r, (u_char *) "OK", 2);
    }

    return NGX_HTTP_NOT_FOUND;
}


static char *
probe_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = probe_handler;

    return NGX_CONF_OK;
}
