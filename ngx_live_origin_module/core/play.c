#include <stdio.h>

#include "core/limits_read.h"
#include "core/play.h"


#define LO_PLAY_TEXT     64
#define LO_PLAY_MOMENTS  3


static int
lo_play_bool(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    int *value)
{
    json_t  *v;

    v = json_object_get(o, name);

    if (v == NULL) {
        return LO_NONE;
    }

    if (!json_is_boolean(v)) {
        return lo_event_bad(ctx, name, "neither true nor false");
    }

    *value = json_is_true(v);

    return LO_OK;
}


static int
lo_play_protocol(lo_event_ctx_t *ctx, const json_t *o, lo_play_t *p)
{
    int       low;
    lo_str_t  s = lo_null_string;

    if (lo_event_string(ctx, o, "protocol", 16, 1, &s) == LO_ERROR) {
        return LO_ERROR;
    }

    p->dash = lo_str_eq(s, lo_cstr("dash"));
    p->hls = lo_str_eq(s, lo_cstr("hls"));

    if (s.len && !p->dash && !p->hls) {
        return lo_event_bad(ctx, "protocol", "allowed are hls and dash");
    }

    low = 1;

    if (lo_play_bool(ctx, o, "low_latency", &low) == LO_ERROR) {
        return LO_ERROR;
    }

    p->of.patient = !low;

    return LO_OK;
}


/* ---- what of the tracks: all of it is one filter in the end */

static int
lo_play_languages(lo_event_ctx_t *ctx, const json_t *o, lo_play_t *p,
    lo_buf_t *b)
{
    size_t   i;
    json_t  *v;
    lo_str_t s;

    v = json_object_get(o, "languages");

    if (v == NULL) {
        return LO_OK;
    }

    if (!json_is_array(v) || json_array_size(v) == 0
        || json_array_size(v) > LO_FILTER_VALUES)
    {
        return lo_event_bad(ctx, "languages", "not a list of 1 to %d "
                            "languages", LO_FILTER_VALUES);
    }

    for (i = 0; i < json_array_size(v); i++) {

        s = lo_event_str(json_array_get(v, i));

        if (s.len == 0 || memchr(s.data, ',', s.len)
            || memchr(s.data, ';', s.len))
        {
            return lo_event_bad(ctx, "languages", "not a list of languages");
        }

        lo_buf_puts(b, i ? "," : "audio_language:");
        lo_buf_put(b, s.data, s.len);
    }

    /* in words of this request, not of a filter that nobody has sent */

    if (lo_buf_ok(b)
        && lo_filter_parse(&p->of.filter, lo_buf_str(b), &ctx->err->err)
           != LO_OK)
    {
        return lo_event_bad(ctx, "languages", "not a list of languages");
    }

    return LO_OK;
}


static int
lo_play_most(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    const char *key, int64_t max, lo_buf_t *b)
{
    int      rc;
    int64_t  v;

    rc = lo_event_number(ctx, o, name, 1, max, &v);

    if (rc == LO_OK) {
        lo_buf_printf(b, "%s%s:1-%lld", b->need ? ";" : "", key,
                      (long long) v);
    }

    return rc == LO_ERROR ? LO_ERROR : LO_OK;
}


static int
lo_play_filter(lo_event_ctx_t *ctx, const json_t *o, lo_play_t *p)
{
    lo_buf_t       b;
    lo_str_t       s = lo_null_string;
    unsigned char  text[LO_FILTER_MAX];

    lo_buf_init(&b, text, sizeof(text));

    if (lo_play_languages(ctx, o, p, &b) != LO_OK
        || lo_play_most(ctx, o, "max_height", "video_height",
                        LO_FILTER_HEIGHT_MAX, &b) != LO_OK
        || lo_play_most(ctx, o, "max_bitrate", "video_bitrate",
                        LO_FILTER_BITRATE_MAX, &b) != LO_OK
        || lo_event_string(ctx, o, "filter", LO_FILTER_MAX, 0, &s)
           == LO_ERROR)
    {
        return LO_ERROR;
    }

    if (s.len) {
        lo_buf_puts(&b, b.need ? ";" : "");
        lo_buf_put(&b, s.data, s.len);
    }

    if (b.need == 0) {
        return LO_OK;
    }

    if (!lo_buf_ok(&b)) {
        return lo_event_bad(ctx, "filter", "with languages and maxima it is "
                            "longer than %d characters", LO_FILTER_MAX);
    }

    return lo_filter_parse(&p->of.filter, lo_buf_str(&b), &ctx->err->err)
           == LO_OK ? LO_OK : lo_event_bad_field(ctx, "filter");
}


/* ---- which time: as the arguments of a manifest's URL, and as numbers */

static int
lo_play_moment(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    char *mem, lo_str_t *s)
{
    json_t  *v;

    s->data = NULL;
    s->len = 0;

    v = json_object_get(o, name);

    if (v == NULL) {
        return LO_OK;
    }

    if (json_is_string(v)) {
        *s = lo_event_str(v);
        return LO_OK;
    }

    if (!json_is_number(v)) {
        return lo_event_bad(ctx, name, "neither a string nor a number");
    }

    s->len = snprintf(mem, LO_PLAY_TEXT, "%.6f", json_number_value(v));
    s->data = (unsigned char *) mem;

    if (s->len >= LO_PLAY_TEXT) {
        return lo_event_bad(ctx, name, "no time");
    }

    while (s->data[s->len - 1] == '0') {
        s->len--;
    }

    s->len -= (s->data[s->len - 1] == '.');

    return LO_OK;
}


static int
lo_play_window(lo_event_ctx_t *ctx, const json_t *o, lo_play_t *p)
{
    char      mem[LO_PLAY_MOMENTS][LO_PLAY_TEXT];
    size_t    i;
    lo_str_t  all[LO_PLAY_MOMENTS], one[LO_PLAY_MOMENTS];

    static const char *const  names[] = { "start", "end", "time_delay" };

    /* each by itself: whose fault it is */

    for (i = 0; i < LO_PLAY_MOMENTS; i++) {

        if (lo_play_moment(ctx, o, names[i], mem[i], &all[i]) != LO_OK) {
            return LO_ERROR;
        }

        memset(one, 0, sizeof(one));
        one[i] = all[i];

        if (lo_window_parse(&p->of.window, one[0], one[1], one[2],
                            &ctx->err->err) == LO_ERROR)
        {
            return lo_event_bad_field(ctx, names[i]);
        }
    }

    return lo_window_parse(&p->of.window, all[0], all[1], all[2],
                           &ctx->err->err) == LO_ERROR
           ? lo_event_bad_field(ctx, "end") : LO_OK;
}


/* ---- the whole */

static int
lo_play_device_read(lo_event_ctx_t *ctx, const json_t *o, lo_play_t *p)
{
    json_t  *v;

    if (lo_event_string(ctx, o, "device", LO_DEVICE_ID_MAX, 1, &p->device)
        == LO_ERROR)
    {
        return LO_ERROR;
    }

    v = json_object_get(o, "capabilities");

    if (v == NULL) {
        return LO_OK;
    }

    if (!json_is_object(v)) {
        return lo_event_bad(ctx, "capabilities", "not an object");
    }

    strcpy(ctx->at, "capabilities.");

    if (lo_limits_read(ctx, v, &p->limits) != LO_OK) {
        return LO_ERROR;
    }

    ctx->at[0] = '\0';
    p->has_limits = json_object_size(v) > 0;

    return LO_OK;
}


static int
lo_play_session(lo_event_ctx_t *ctx, const json_t *o, lo_play_t *p)
{
    if (lo_event_string(ctx, o, "session", LO_ID_MAX, 1, &p->session)
        == LO_ERROR
        || lo_event_string(ctx, o, "token", 512, 1, &p->token) == LO_ERROR)
    {
        return LO_ERROR;
    }

    return LO_OK;
}


int
lo_play_parse(lo_play_t *p, const void *json, size_t len,
    lo_event_err_t *err)
{
    lo_event_ctx_t  ctx;

    memset(p, 0, sizeof(lo_play_t));
    memset(err, 0, sizeof(lo_event_err_t));

    if (len == 0) {
        return LO_OK;
    }

    ctx.err = err;
    ctx.at[0] = '\0';

    p->json = lo_event_json(&ctx, json, len, LO_PLAY_MAX);

    if (p->json == NULL) {
        return LO_ERROR;
    }

    if (!json_is_object((json_t *) p->json)) {
        lo_event_bad(&ctx, "", "not an object");

    } else if (lo_play_device_read(&ctx, p->json, p) == LO_OK
               && lo_play_protocol(&ctx, p->json, p) == LO_OK
               && lo_play_filter(&ctx, p->json, p) == LO_OK
               && lo_play_window(&ctx, p->json, p) == LO_OK
               && lo_play_session(&ctx, p->json, p) == LO_OK)
    {
        return LO_OK;
    }

    lo_play_free(p);

    return LO_ERROR;
}


void
lo_play_free(lo_play_t *p)
{
    json_decref(p->json);
    p->json = NULL;
}


const lo_device_t *
lo_play_device(const lo_play_t *p, const lo_devices_t *devices, int *rc)
{
    const lo_device_t  *device;

    *rc = LO_OK;

    if (p->device.len) {
        device = devices ? lo_device_find(devices, p->device) : NULL;
        *rc = device ? LO_OK : LO_ERROR;
        return device;
    }

    if (devices == NULL) {
        return NULL;
    }

    if (p->has_limits) {
        return lo_device_choose(devices, &p->limits);
    }

    return devices->fallback < devices->n
           ? &devices->devices[devices->fallback] : NULL;
}
