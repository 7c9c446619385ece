/*
 * "cues": [{"id", "class", "start", "duration_ms" or "end",
 *           "planned_duration_ms", "scte35", "data": {"X-...": ...}}]
 */

#include <stdio.h>

#include "core/event_read.h"
#include "core/base64.h"
#include "core/cue.h"


#define LO_CUE_DURATION_MAX  (14 * 86400 * 1000LL)      /* ms */
#define LO_CUE_TEXT_MAX      2048
#define LO_CUE_NUMBER_MAX    1e12
#define LO_CUE_SECTION       0xfc                       /* table_id */


/* a quoted string of a playlist has no quotation mark itself */

static int
lo_event_cue_text(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    size_t max, lo_str_t *s)
{
    if (lo_event_string(ctx, o, name, max, 0, s) == LO_ERROR) {
        return LO_ERROR;
    }

    if (s->len && memchr(s->data, '"', s->len)) {
        return lo_event_bad(ctx, name, "a quotation mark");
    }

    return LO_OK;
}


/* at: what to go back to */

static void
lo_event_cue_into(lo_event_ctx_t *ctx, const char *name, char *at)
{
    size_t  len;

    memcpy(at, ctx->at, sizeof(ctx->at));
    len = strlen(at);
    snprintf(ctx->at + len, sizeof(ctx->at) - len, "%s.", name);
}


static int
lo_event_cue_section(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    lo_str_t *s)
{
    int            n;
    unsigned char  p[LO_CUE_SCTE35_MAX];

    if (lo_event_string(ctx, o, name, LO_CUE_SCTE35_MAX * 2, 0, s)
        == LO_ERROR)
    {
        return LO_ERROR;
    }

    if (s->data == NULL) {
        return LO_OK;
    }

    n = lo_base64_read(p, sizeof(p), *s);

    if (n < 3 || p[0] != LO_CUE_SECTION
        || ((p[1] & 0x0f) << 8 | p[2]) != n - 3)
    {
        return lo_event_bad(ctx, name, "not the base64 of one "
                            "splice_info_section of at most %d bytes",
                            LO_CUE_SCTE35_MAX);
    }

    return LO_OK;
}


/* "scte35": "..." is a command, {"out": "...", "in": "..."} says more */

static int
lo_event_cue_scte35(lo_event_ctx_t *ctx, const json_t *o, lo_cue_t *c)
{
    char       at[sizeof(ctx->at)];
    json_t    *v;
    unsigned   i;

    static const char *const  names[] = { "cmd", "out", "in" };

    v = json_object_get(o, "scte35");

    if (v == NULL) {
        return LO_OK;
    }

    if (json_is_string(v)) {
        return lo_event_cue_section(ctx, o, "scte35", &c->scte35[LO_CUE_CMD]);
    }

    if (!json_is_object(v)) {
        return lo_event_bad(ctx, "scte35", "neither a string nor an object");
    }

    lo_event_cue_into(ctx, "scte35", at);

    for (i = 0; i < LO_CUE_SPLICES; i++) {
        if (lo_event_cue_section(ctx, v, names[i], &c->scte35[i]) != LO_OK) {
            return LO_ERROR;
        }
    }

    memcpy(ctx->at, at, sizeof(at));

    return LO_OK;
}


/* X- and capital letters, digits and "-" (RFC 8216, 4.3.2.7) */

static int
lo_event_cue_name_ok(const char *name)
{
    size_t  i;

    if (name[0] != 'X' || name[1] != '-' || name[2] == '\0') {
        return 0;
    }

    for (i = 2; name[i]; i++) {
        if (!((name[i] >= 'A' && name[i] <= 'Z')
              || (name[i] >= '0' && name[i] <= '9') || name[i] == '-'))
        {
            return 0;
        }
    }

    return i <= 64;
}


static int
lo_event_cue_number(lo_event_ctx_t *ctx, const json_t *value,
    const char *name, lo_cue_data_t *d)
{
    double  v;

    if (!json_is_number(value)) {
        return lo_event_bad(ctx, name, "neither a string nor a number");
    }

    v = json_number_value(value);

    if (!(v >= -LO_CUE_NUMBER_MAX && v <= LO_CUE_NUMBER_MAX)) {
        return lo_event_bad(ctx, name, "allowed is -1e12 to 1e12");
    }

    d->number = 1;
    d->milli = (int64_t) (v * 1000 + (v < 0 ? -0.5 : 0.5));

    return LO_OK;
}


static int
lo_event_cue_value(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    lo_cue_data_t *d)
{
    int            rc;
    char           at[sizeof(ctx->at)];
    const json_t  *value;

    if (!lo_event_cue_name_ok(name)) {
        return lo_event_bad(ctx, "data", "a name is \"X-\" and capital "
                            "letters, digits and \"-\", 64 bytes at most");
    }

    memset(d, 0, sizeof(lo_cue_data_t));
    d->name = lo_cstr(name);

    lo_event_cue_into(ctx, "data", at);
    value = json_object_get(o, name);

    rc = json_is_string(value)
         ? lo_event_cue_text(ctx, o, name, LO_CUE_TEXT_MAX, &d->text)
         : lo_event_cue_number(ctx, value, name, d);

    if (rc == LO_OK) {
        memcpy(ctx->at, at, sizeof(at));
    }

    return rc;
}


static int
lo_event_cue_data(lo_event_ctx_t *ctx, const json_t *o, lo_cues_t *cues,
    lo_cue_t *c)
{
    void    *iter;
    json_t  *v;

    v = json_object_get(o, "data");
    c->data = cues->ndata;

    if (v == NULL) {
        return LO_OK;
    }

    if (!json_is_object(v)) {
        return lo_event_bad(ctx, "data", "not an object");
    }

    for (iter = json_object_iter(v); iter;
         iter = json_object_iter_next(v, iter))
    {
        if (cues->ndata == LO_CUE_DATA_MAX) {
            return lo_event_bad(ctx, "data", "more than %d members of all "
                                "cues", LO_CUE_DATA_MAX);
        }

        if (lo_event_cue_value(ctx, v, json_object_iter_key(iter),
                               &cues->data[cues->ndata])
            != LO_OK)
        {
            return LO_ERROR;
        }

        cues->ndata++;
        c->ndata++;
    }

    return LO_OK;
}


static int
lo_event_cue_ms(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    int64_t *us)
{
    int      rc;
    int64_t  ms;

    *us = -1;
    rc = lo_event_number(ctx, o, name, 0, LO_CUE_DURATION_MAX, &ms);

    if (rc == LO_OK) {
        *us = ms * 1000;
    }

    return rc == LO_ERROR ? LO_ERROR : LO_OK;
}


static int
lo_event_cue_times(lo_event_ctx_t *ctx, const json_t *o, lo_cue_t *c)
{
    json_t  *end;

    if (json_object_get(o, "start") == NULL) {
        return lo_event_bad(ctx, "start", "is missing");
    }

    if (lo_event_time(ctx, o, "start", &c->start_us) != LO_OK
        || lo_event_time(ctx, o, "end", &c->end_us) != LO_OK
        || lo_event_cue_ms(ctx, o, "duration_ms", &c->duration_us) != LO_OK
        || lo_event_cue_ms(ctx, o, "planned_duration_ms", &c->planned_us)
           != LO_OK)
    {
        return LO_ERROR;
    }

    end = json_object_get(o, "end");

    if (end != NULL && c->duration_us >= 0) {
        return lo_event_bad(ctx, "end", "beside \"duration_ms\"");
    }

    if (end != NULL && c->end_us < c->start_us) {
        return lo_event_bad(ctx, "end", "before the start");
    }

    if (end == NULL) {
        c->end_us = c->duration_us >= 0 ? c->start_us + c->duration_us
                                        : INT64_MAX;
    }

    return LO_OK;
}


static int
lo_event_cue(lo_event_ctx_t *ctx, const json_t *o, void *into)
{
    lo_cues_t  *cues = into;

    unsigned   i;
    lo_cue_t   c;

    if (!json_is_object(o)) {
        return lo_event_bad(ctx, "id", "is missing: the cue is not an "
                            "object");
    }

    memset(&c, 0, sizeof(lo_cue_t));

    if (lo_event_id(ctx, "id", json_object_get(o, "id"), &c.id) != LO_OK) {
        return LO_ERROR;
    }

    for (i = 0; i < cues->n; i++) {
        if (lo_str_eq(c.id, cues->cue[i].id)) {
            return lo_event_bad(ctx, "id", "is there twice");
        }
    }

    if (lo_event_cue_text(ctx, o, "class", 256, &c.cls) != LO_OK
        || lo_event_cue_times(ctx, o, &c) != LO_OK
        || lo_event_cue_scte35(ctx, o, &c) != LO_OK
        || lo_event_cue_data(ctx, o, cues, &c) != LO_OK)
    {
        return LO_ERROR;
    }

    for (i = cues->n; i > 0 && cues->cue[i - 1].start_us > c.start_us; i--) {
        cues->cue[i] = cues->cue[i - 1];
    }

    cues->cue[i] = c;
    cues->n++;

    return LO_OK;
}


int
lo_event_cues(lo_event_ctx_t *ctx, const json_t *o, lo_event_t *ev)
{
    return lo_event_list(ctx, o, "cues", LO_CUE_MAX, "cues", lo_event_cue,
                         &ev->cues);
}


size_t
lo_cue_scte35(const lo_cue_t *c, lo_cue_splice_e which, unsigned char *out)
{
    int  n;

    n = lo_base64_read(out, LO_CUE_SCTE35_MAX, c->scte35[which]);

    return n > 0 ? n : 0;
}


int
lo_cue_overlaps(const lo_cue_t *c, int64_t from_us, int64_t to_us)
{
    int64_t  end;

    end = c->end_us;

    if (end == INT64_MAX && c->planned_us >= 0) {
        end = c->start_us + c->planned_us;
    }

    /* a moment belongs to what begins with it */

    return c->start_us < to_us && (end > from_us || c->start_us >= from_us);
}
