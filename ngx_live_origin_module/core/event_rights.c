#include <stdio.h>

#include "core/event_read.h"


/* a set under one of two names: plain as it is, or all but it */

static int
lo_rights_set(lo_event_ctx_t *ctx, const json_t *o, const char *plain,
    const char *other, unsigned *but, lo_where_t *w)
{
    *but = json_object_get(o, other) != NULL;

    if (*but && json_object_get(o, plain)) {
        return lo_event_bad(ctx, other, "not beside \"%s\"", plain);
    }

    return lo_where_read(ctx, o, *but ? other : plain, NULL, w);
}


int
lo_rights_rule_read(lo_event_ctx_t *ctx, const json_t *o,
    lo_rights_rule_t *rule)
{
    int      rc;
    char     at[sizeof(ctx->at)];
    json_t  *v;

    v = json_object_get(o, "countries");

    if (v == NULL) {
        return LO_OK;
    }

    if (!json_is_object(v)) {
        return lo_event_bad(ctx, "countries", "not an object with \"allow\" "
                            "or \"deny\"");
    }

    memcpy(at, ctx->at, sizeof(at));
    snprintf(ctx->at + strlen(at), sizeof(at) - strlen(at), "countries.");

    rc = lo_rights_set(ctx, v, "allow", "deny", &rule->deny, &rule->where);

    if (rc == LO_ERROR) {
        return LO_ERROR;
    }

    memcpy(ctx->at, at, sizeof(at));

    if (rc == LO_NONE) {
        return lo_event_bad(ctx, "countries", "neither \"allow\" nor "
                            "\"deny\"");
    }

    return LO_OK;
}


static int
lo_blackout_read(lo_event_ctx_t *ctx, const json_t *o, void *into)
{
    lo_event_t  *ev = into;

    lo_blackout_t  *b;

    b = &ev->blackouts[ev->nblackouts];

    if (!json_is_object(o)) {
        return lo_event_bad(ctx, "start", "is missing: the blackout is not "
                            "an object");
    }

    if (json_object_get(o, "start") == NULL) {
        return lo_event_bad(ctx, "start", "is missing");
    }

    if (json_object_get(o, "end") == NULL) {
        return lo_event_bad(ctx, "end", "is missing");
    }

    if (lo_event_time(ctx, o, "start", &b->start_us) != LO_OK
        || lo_event_time(ctx, o, "end", &b->end_us) != LO_OK)
    {
        return LO_ERROR;
    }

    if (b->end_us <= b->start_us) {
        return lo_event_bad(ctx, "end", "not after the start");
    }

    if (lo_rights_set(ctx, o, "countries", "except", &b->except, &b->where)
        == LO_ERROR)
    {
        return LO_ERROR;
    }

    ev->nblackouts++;

    return LO_OK;
}


int
lo_event_rights(lo_event_ctx_t *ctx, const json_t *o, lo_event_t *ev)
{
    if (lo_rights_rule_read(ctx, o, &ev->countries) != LO_OK) {
        return LO_ERROR;
    }

    return lo_event_list(ctx, o, "blackouts", LO_MAX_BLACKOUTS, NULL,
                         lo_blackout_read, ev);
}
