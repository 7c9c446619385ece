/*
 * Reading members of the event document, with the name of what is wrong.
 * Readers return LO_OK, LO_NONE where the member is absent (and may be), or
 * LO_ERROR with field and text set.
 */

#ifndef LO_EVENT_READ_H
#define LO_EVENT_READ_H

#include <jansson.h>

#include "core/event.h"


/* where we are in the document: "tracks[2]." or "" */

typedef struct {
    lo_event_err_t     *err;
    char                at[48];
} lo_event_ctx_t;

typedef struct {
    const char         *name;
    size_t              offset;
    uint32_t            min;
    uint32_t            max;
} lo_event_number_t;


int lo_event_bad(lo_event_ctx_t *ctx, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* a whole document; NULL: see ctx->err */
json_t *lo_event_json(lo_event_ctx_t *ctx, const void *json, size_t len,
    size_t max);

/* the text is there already */
int lo_event_bad_field(lo_event_ctx_t *ctx, const char *field);

lo_str_t lo_event_str(const json_t *v);

int lo_event_number(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    int64_t min, int64_t max, int64_t *value);

/* whether all are in the list, which ends with a NULL: where a mistyped one
   would do harm */
int lo_event_members(lo_event_ctx_t *ctx, const json_t *o,
    const char *const *known);

/* one entry of a list; ctx->at says which */
typedef int (*lo_event_entry_pt)(lo_event_ctx_t *ctx, const json_t *o,
    void *into);

/* each entry of a list of at most max, which are called what ("cues", or NULL)
   where it is none; absent is LO_OK */
int lo_event_list(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    size_t max, const char *what, lo_event_entry_pt read, void *into);

/* all members of a list that ends with a NULL name, into uint32_t */
int lo_event_numbers_read(lo_event_ctx_t *ctx, const json_t *o,
    const lo_event_number_t *spec, void *into);

/* token: letters, digits, ".", "-" and "_" only */
int lo_event_string(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    size_t max, int token, lo_str_t *value);

/* v may be NULL: missing, which is an error */
int lo_event_id(lo_event_ctx_t *ctx, const char *field, const json_t *v,
    lo_str_t *id);

/* absent is LO_OK */
int lo_event_time(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    int64_t *us);

/* a set of places: lists of countries and ASNs under these names of o (NULL:
   not taken).  LO_NONE: neither is there */
int lo_where_read(lo_event_ctx_t *ctx, const json_t *o, const char *countries,
    const char *asns, lo_where_t *w);

/* "countries": {"allow" or "deny": [...]} of o; absent is LO_OK */
int lo_rights_rule_read(lo_event_ctx_t *ctx, const json_t *o,
    lo_rights_rule_t *rule);

/* "countries" and "blackouts" of the event */
int lo_event_rights(lo_event_ctx_t *ctx, const json_t *o, lo_event_t *ev);

/* "drm", event_drm.c */
int lo_event_drm(lo_event_ctx_t *ctx, const json_t *o, lo_event_t *ev);

/* "manifest", behind "segment" */
int lo_event_health(lo_event_ctx_t *ctx, const json_t *o, lo_event_t *ev);

/* "cdns" and "steering" */
int lo_event_cdns(lo_event_ctx_t *ctx, const json_t *o, lo_cdns_t *cdns);

/* one entry of "tracks", onto the end of those of the lo_event_t */
int lo_event_track(lo_event_ctx_t *ctx, const json_t *o, void *into);

int lo_event_low(lo_event_ctx_t *ctx, const json_t *o, lo_event_t *ev);
int lo_event_cues(lo_event_ctx_t *ctx, const json_t *o, lo_event_t *ev);
int lo_event_sessions(lo_event_ctx_t *ctx, const json_t *o, lo_event_t *ev);

#endif /* LO_EVENT_READ_H */
