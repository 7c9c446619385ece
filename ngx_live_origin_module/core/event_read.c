#include <stdio.h>

#include "core/event_read.h"
#include "core/event_value.h"


#define LO_EVENT_DEPTH  16


int
lo_event_bad(lo_event_ctx_t *ctx, const char *field, const char *fmt, ...)
{
    va_list  args;

    snprintf(ctx->err->field, sizeof(ctx->err->field), "%s%s", ctx->at,
             field);

    va_start(args, fmt);
    vsnprintf(ctx->err->err.text, LO_ERR_MAX, fmt, args);
    va_end(args);

    return LO_ERROR;
}


int
lo_event_bad_field(lo_event_ctx_t *ctx, const char *field)
{
    snprintf(ctx->err->field, sizeof(ctx->err->field), "%s%s", ctx->at,
             field);

    return LO_ERROR;
}


lo_str_t
lo_event_str(const json_t *v)
{
    lo_str_t  s;

    s.len = json_string_length(v);
    s.data = (unsigned char *) json_string_value(v);

    return s;
}


int
lo_event_members(lo_event_ctx_t *ctx, const json_t *o,
    const char *const *known)
{
    void               *at;
    const char         *name;
    const char *const  *k;

    for (at = json_object_iter((json_t *) o); at != NULL;
         at = json_object_iter_next((json_t *) o, at))
    {
        name = json_object_iter_key(at);

        for (k = known; *k && strcmp(*k, name) != 0; k++) { /* void */ }

        if (*k == NULL) {
            return lo_event_bad(ctx, name, "no such member");
        }
    }

    return LO_OK;
}


int
lo_event_list(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    size_t max, const char *what, lo_event_entry_pt read, void *into)
{
    char     at[sizeof(ctx->at)];
    size_t   i, n;
    json_t  *v;

    v = json_object_get(o, name);

    if (v == NULL) {
        return LO_OK;
    }

    if (!json_is_array(v) || json_array_size(v) > max) {
        return lo_event_bad(ctx, name, "not a list of at most %zu%s%s", max,
                            what ? " " : "", what ? what : "");
    }

    memcpy(at, ctx->at, sizeof(at));
    n = strlen(at);

    for (i = 0; i < json_array_size(v); i++) {
        snprintf(ctx->at + n, sizeof(at) - n, "%s[%zu].", name, i);

        if (read(ctx, json_array_get(v, i), into) != LO_OK) {
            return LO_ERROR;
        }
    }

    memcpy(ctx->at, at, sizeof(at));

    return LO_OK;
}


int
lo_event_number(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    int64_t min, int64_t max, int64_t *value)
{
    json_t  *v;

    v = json_object_get(o, name);

    if (v == NULL) {
        return LO_NONE;
    }

    if (!json_is_integer(v)) {
        return lo_event_bad(ctx, name, "not a whole number");
    }

    *value = json_integer_value(v);

    if (*value < min || *value > max) {
        return lo_event_bad(ctx, name, "allowed is %lld to %lld",
                            (long long) min, (long long) max);
    }

    return LO_OK;
}


int
lo_event_string(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    size_t max, int token, lo_str_t *value)
{
    size_t         i;
    json_t        *v;
    lo_str_t       s;
    unsigned char  c;

    v = json_object_get(o, name);

    if (v == NULL) {
        return LO_NONE;
    }

    if (!json_is_string(v)) {
        return lo_event_bad(ctx, name, "not a string");
    }

    s = lo_event_str(v);

    if (s.len > max) {
        return lo_event_bad(ctx, name, "longer than %zu bytes", max);
    }

    for (i = 0; i < s.len; i++) {
        c = s.data[i];

        if (c < 0x20 || c == 0x7f) {
            return lo_event_bad(ctx, name, "a control character");
        }

        if (token && !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
                       || (c >= 'A' && c <= 'Z') || c == '.' || c == '-'
                       || c == '_'))
        {
            return lo_event_bad(ctx, name, "allowed are letters, digits, "
                                "\".\", \"-\" and \"_\"");
        }
    }

    *value = s;

    return LO_OK;
}


int
lo_event_id(lo_event_ctx_t *ctx, const char *field, const json_t *v,
    lo_str_t *id)
{
    if (v == NULL) {
        return lo_event_bad(ctx, field, "is missing");
    }

    if (!json_is_string(v) || !lo_id_ok(lo_event_str(v))) {
        return lo_event_bad(ctx, field, "an id is 1 to %d letters, digits, "
                            "\".\", \"-\" and \"_\", and begins with a letter "
                            "or digit", LO_ID_MAX);
    }

    *id = lo_event_str(v);

    return LO_OK;
}


int
lo_event_numbers_read(lo_event_ctx_t *ctx, const json_t *o,
    const lo_event_number_t *spec, void *into)
{
    int      rc;
    int64_t  v;

    for ( /* void */ ; spec->name; spec++) {
        rc = lo_event_number(ctx, o, spec->name, spec->min, spec->max, &v);

        if (rc == LO_ERROR) {
            return LO_ERROR;
        }

        if (rc == LO_OK) {
            *(uint32_t *) (void *) ((char *) into + spec->offset) =
                (uint32_t) v;
        }
    }

    return LO_OK;
}


int
lo_event_time(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    int64_t *us)
{
    int      rc;
    json_t  *v;

    v = json_object_get(o, name);

    if (v == NULL) {
        return LO_OK;
    }

    if (json_is_string(v)) {
        rc = lo_value_time(us, lo_event_str(v), &ctx->err->err);

    } else if (json_is_number(v)) {
        rc = lo_value_epoch(us, json_number_value(v), &ctx->err->err);

    } else {
        return lo_event_bad(ctx, name, "neither a time nor a number");
    }

    return rc == LO_OK ? LO_OK : lo_event_bad_field(ctx, name);
}


/* jansson recurses: its depth is bounded before it sees the document */

static int
lo_event_depth_ok(const unsigned char *p, size_t len)
{
    int                   depth, quoted;
    const unsigned char  *last;

    depth = 0;
    quoted = 0;

    for (last = p + len; p < last; p++) {

        if (quoted) {
            if (*p == '\\') {
                p++;

            } else if (*p == '"') {
                quoted = 0;
            }

            continue;
        }

        if (*p == '"') {
            quoted = 1;

        } else if (*p == '{' || *p == '[') {
            if (++depth > LO_EVENT_DEPTH) {
                return 0;
            }

        } else if (*p == '}' || *p == ']') {
            depth--;
        }
    }

    return 1;
}


json_t *
lo_event_json(lo_event_ctx_t *ctx, const void *json, size_t len, size_t max)
{
    json_t        *o;
    json_error_t   je;

    if (len > max) {
        lo_event_bad(ctx, "", "a document of this kind has at most %zu "
                     "bytes", max);
        return NULL;
    }

    if (!lo_event_depth_ok(json, len)) {
        lo_event_bad(ctx, "", "nested deeper than %d", LO_EVENT_DEPTH);
        return NULL;
    }

    o = json_loadb(json, len, JSON_REJECT_DUPLICATES, &je);

    if (o == NULL) {
        lo_event_bad(ctx, "", "not JSON: %s, line %d column %d", je.text,
                     je.line, je.column);
    }

    return o;
}
