#include <stddef.h>
#include <stdio.h>

#include "core/event_read.h"
#include "core/event_value.h"
#include "core/limits_read.h"
#include "core/template.h"


#define LO_EVENT_DVR        3600
#define LO_EVENT_PLAYLIST   120
#define LO_EVENT_DVR_MAX    (14 * 86400)
#define LO_EVENT_BACKFILL   600000


static const lo_event_number_t  lo_event_numbers[] = {
    { "dvr_s", offsetof(lo_event_t, dvr_s), 1, LO_EVENT_DVR_MAX },
    { "playlist_s", offsetof(lo_event_t, playlist_s), 1, LO_EVENT_DVR_MAX },
    { "lead_s", offsetof(lo_event_t, lead_s), 1, LO_EVENT_DVR_MAX },
    { NULL, 0, 0, 0 }
};


/* null: it is not known yet */

static int
lo_event_when(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    int64_t *us)
{
    return json_is_null(json_object_get(o, name))
           ? LO_OK : lo_event_time(ctx, o, name, us);
}


static int
lo_event_schedule(lo_event_ctx_t *ctx, const json_t *o, lo_event_t *ev)
{
    if (lo_event_when(ctx, o, "start", &ev->start_us) != LO_OK
        || lo_event_when(ctx, o, "end", &ev->end_us) != LO_OK)
    {
        return LO_ERROR;
    }

    if (ev->end_us && ev->start_us && ev->end_us <= ev->start_us) {
        return lo_event_bad(ctx, "end", "not after the start");
    }

    return LO_OK;
}


/* d, from "segment" or its shorthand; both only when they agree */

static int
lo_event_segment(lo_event_ctx_t *ctx, const json_t *o, lo_event_t *ev)
{
    int       rc;
    json_t   *v;
    int64_t   ms, duration, timescale;
    lo_dur_t  d;

    rc = lo_event_number(ctx, o, "segment_ms", 100, 60000, &ms);

    if (rc == LO_ERROR) {
        return LO_ERROR;
    }

    if (rc == LO_OK
        && lo_dur_set(&ev->d, (uint64_t) ms, 1000, &ctx->err->err) != LO_OK)
    {
        return lo_event_bad_field(ctx, "segment_ms");
    }

    v = json_object_get(o, "segment");

    if (v == NULL) {
        return LO_OK;
    }

    if (!json_is_object(v)) {
        return lo_event_bad(ctx, "segment", "not an object");
    }

    snprintf(ctx->at, sizeof(ctx->at), "segment.");
    rc = lo_event_number(ctx, v, "duration", 1, INT64_MAX, &duration);

    if (rc == LO_OK) {
        rc = lo_event_number(ctx, v, "timescale", 1, UINT32_MAX, &timescale);

        if (rc == LO_NONE) {
            return lo_event_bad(ctx, "timescale", "is missing");
        }

    } else if (rc == LO_NONE) {
        return lo_event_bad(ctx, "duration", "is missing");
    }

    if (rc != LO_OK) {
        return LO_ERROR;
    }

    ctx->at[0] = '\0';

    if (lo_dur_set(&d, (uint64_t) duration, (uint64_t) timescale,
                   &ctx->err->err)
        != LO_OK)
    {
        return lo_event_bad_field(ctx, "segment");
    }

    if (ev->d.duration && (ev->d.duration != d.duration
                           || ev->d.timescale != d.timescale))
    {
        return lo_event_bad(ctx, "segment_ms", "differs from \"segment\"");
    }

    ev->d = d;

    return LO_OK;
}


/* bytes, as a number or like "512m" */

static int
lo_event_size(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    uint64_t *size)
{
    json_t   *v;
    int64_t   bytes;

    v = json_object_get(o, name);

    if (json_is_string(v)) {
        if (lo_value_size(size, lo_event_str(v), &ctx->err->err) != LO_OK) {
            return lo_event_bad_field(ctx, name);
        }

        return LO_OK;
    }

    switch (lo_event_number(ctx, o, name, 0, (int64_t) 1 << 50, &bytes)) {

    case LO_OK:
        *size = (uint64_t) bytes;
        return LO_OK;

    case LO_NONE:
        return LO_OK;

    default:
        return LO_ERROR;
    }
}


/* behind the tracks, which they must not contradict */

static int
lo_event_limits(lo_event_ctx_t *ctx, const json_t *o, lo_event_t *ev)
{
    json_t  *v;

    static const lo_event_number_t  numbers[] = {
        { "tracks", offsetof(lo_event_limits_t, tracks), 1, LO_MAX_TRACKS },
        { "publish_rate", offsetof(lo_event_limits_t, publish_rate), 1,
          100000 },
        { NULL, 0, 0, 0 }
    };

    v = json_object_get(o, "limits");

    if (v == NULL) {
        return LO_OK;
    }

    if (!json_is_object(v)) {
        return lo_event_bad(ctx, "limits", "not an object");
    }

    snprintf(ctx->at, sizeof(ctx->at), "limits.");

    if (lo_event_numbers_read(ctx, v, numbers, &ev->limits) != LO_OK
        || lo_event_size(ctx, v, "segment_size", &ev->limits.segment_size)
           != LO_OK)
    {
        return LO_ERROR;
    }

    if (ev->limits.tracks && ev->limits.tracks < ev->ntracks) {
        return lo_event_bad(ctx, "tracks", "less than the %u tracks of the "
                            "document", ev->ntracks);
    }

    ctx->at[0] = '\0';

    return LO_OK;
}


static int
lo_event_pipelines(lo_event_ctx_t *ctx, const json_t *o, lo_event_t *ev)
{
    char      field[40];
    size_t    i, k;
    json_t   *v;
    lo_str_t  id;

    v = json_object_get(o, "pipelines");

    if (v == NULL) {
        return LO_OK;
    }

    if (!json_is_array(v) || json_array_size(v) > LO_MAX_PIPELINES) {
        return lo_event_bad(ctx, "pipelines", "not a list of at most %d ids",
                            LO_MAX_PIPELINES);
    }

    for (i = 0; i < json_array_size(v); i++) {
        snprintf(field, sizeof(field), "pipelines[%zu]", i);

        if (lo_event_id(ctx, field, json_array_get(v, i), &id) != LO_OK) {
            return LO_ERROR;
        }

        for (k = 0; k < i; k++) {
            if (lo_str_eq(id, ev->pipelines[k])) {
                return lo_event_bad(ctx, field, "is there twice");
            }
        }

        ev->pipelines[i] = id;
        ev->npipelines++;
    }

    return LO_OK;
}


static int
lo_event_naming(lo_event_ctx_t *ctx, const json_t *o, lo_event_t *ev)
{
    json_t    *v;
    unsigned   i;
    lo_str_t  *into;

    static const char *const  names[] = { "init", "media" };

    v = json_object_get(o, "naming");

    if (v == NULL) {
        return LO_OK;
    }

    if (!json_is_object(v)) {
        return lo_event_bad(ctx, "naming", "not an object");
    }

    snprintf(ctx->at, sizeof(ctx->at), "naming.");

    for (i = 0; i < 2; i++) {
        into = i ? &ev->naming_media : &ev->naming_init;

        switch (lo_event_string(ctx, v, names[i], LO_TEMPLATE_MAX, 0, into)) {

        case LO_OK:
            if (lo_template_check(*into, i, &ctx->err->err) != LO_OK) {
                return lo_event_bad_field(ctx, names[i]);
            }

            break;

        case LO_NONE:
            break;

        default:
            return LO_ERROR;
        }
    }

    ctx->at[0] = '\0';

    return LO_OK;
}


static int
lo_event_lengths(lo_event_ctx_t *ctx, const json_t *o, lo_event_t *ev)
{
    int64_t  ms;

    ev->dvr_s = LO_EVENT_DVR;
    ev->playlist_s = 0;

    if (lo_event_numbers_read(ctx, o, lo_event_numbers, ev) != LO_OK) {
        return LO_ERROR;
    }

    if (ev->playlist_s > ev->dvr_s) {
        return lo_event_bad(ctx, "playlist_s", "longer than dvr_s, which is "
                            "%u", ev->dvr_s);
    }

    if (ev->playlist_s == 0) {
        ev->playlist_s = ev->dvr_s < LO_EVENT_PLAYLIST ? ev->dvr_s
                                                       : LO_EVENT_PLAYLIST;
    }

    ms = LO_EVENT_BACKFILL;

    if (lo_event_number(ctx, o, "backfill_ms", 0, LO_EVENT_DVR_MAX * 1000LL,
                        &ms)
        == LO_ERROR)
    {
        return LO_ERROR;
    }

    ev->backfill_us = ms * 1000;

    switch (lo_event_number(ctx, o, "delay_ms", 0, 600000, &ms)) {

    case LO_OK:
        ev->delay_us = ms * 1000;
        return LO_OK;

    case LO_NONE:
        ev->delay_us = -1;
        return LO_OK;

    default:
        return LO_ERROR;
    }
}


static int
lo_event_read(lo_event_ctx_t *ctx, const json_t *o, lo_event_t *ev)
{
    if (!json_is_object(o)) {
        return lo_event_bad(ctx, "", "an event document is an object");
    }

    if (lo_event_id(ctx, "id", json_object_get(o, "id"), &ev->id) != LO_OK
        || lo_event_string(ctx, o, "title", 1024, 0, &ev->title) == LO_ERROR
        || lo_event_string(ctx, o, "beacon_url", 512, 0, &ev->beacon_url)
           == LO_ERROR
        || lo_event_schedule(ctx, o, ev) != LO_OK
        || lo_event_segment(ctx, o, ev) != LO_OK
        || lo_event_lengths(ctx, o, ev) != LO_OK
        || lo_event_size(ctx, o, "zone_share", &ev->zone_share) != LO_OK
        || lo_event_pipelines(ctx, o, ev) != LO_OK
        || lo_event_naming(ctx, o, ev) != LO_OK
        || lo_event_low(ctx, o, ev) != LO_OK
        || lo_event_cues(ctx, o, ev) != LO_OK
        || lo_event_sessions(ctx, o, ev) != LO_OK
        || lo_event_rights(ctx, o, ev) != LO_OK
        || lo_event_health(ctx, o, ev) != LO_OK
        || lo_event_devices(ctx, o, ev) != LO_OK
        || lo_event_cdns(ctx, o, &ev->cdns) != LO_OK)
    {
        return LO_ERROR;
    }

    if (lo_event_list(ctx, o, "tracks", LO_MAX_TRACKS, "tracks",
                      lo_event_track, ev)
        != LO_OK
        || lo_event_drm(ctx, o, ev) != LO_OK)
    {
        return LO_ERROR;
    }

    return lo_event_limits(ctx, o, ev);
}


int
lo_event_parse(lo_event_t *ev, const void *json, size_t len,
    lo_event_err_t *err)
{
    lo_event_ctx_t  ctx;

    memset(ev, 0, sizeof(*ev));
    memset(err, 0, sizeof(*err));

    ctx.err = err;
    ctx.at[0] = '\0';

    ev->json = lo_event_json(&ctx, json, len, LO_EVENT_DOC_MAX);

    if (ev->json == NULL) {
        return LO_ERROR;
    }

    if (lo_event_read(&ctx, ev->json, ev) != LO_OK) {
        lo_event_free(ev);
        return LO_ERROR;
    }

    return LO_OK;
}


void
lo_event_free(lo_event_t *ev)
{
    json_decref(ev->json);
    memset(ev, 0, sizeof(*ev));
}
