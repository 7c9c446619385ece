/* an event as a worker knows it, and how it changes */

#ifndef NGX_LIVE_ORIGIN_EVENT_H
#define NGX_LIVE_ORIGIN_EVENT_H


/*
 * An event as this worker knows it: copies of what lies in the zone, good as
 * long as the zone still holds the same words.
 */

struct ngx_live_origin_event_s {
    lo_word_t                    live_word;
    lo_word_t                    doc_word; /* 0: to be read again */
    lo_live_t                   *live;     /* malloc'ed, without the inits
                                              beyond ninits; NULL: none */
    lo_event_t                  *doc;      /* NULL: it cannot be read, and so
                                              its rules are not known */
    ngx_live_origin_versions_t  *manifests; /* NULL: none */
    uint32_t                     cut;      /* lo_where_digest of doc */
    ngx_live_origin_tables_t    *parts;    /* NULL: none; part_table.c */
    uint64_t                     index;
    uint64_t                     depth_at; /* CLOCK_MONOTONIC, s */
    int64_t                      defects_at; /* likewise: the first of */
    ngx_uint_t                   defects;  /* those of this minute */
    int64_t                      unread_at; /* likewise: that it was said; 0 */
    ngx_str_t                    notice;   /* malloc'ed value of the header */
    int64_t                      notice_until; /* wall clock, us; 0: not made
                                              from this live yet */
};


/* event.c */

/* changes a copy: 1 changed, 0 left as it was, -1 not to be stored */
typedef int (*ngx_live_origin_change_pt)(lo_live_t *l, void *data);

/* by name; NULL: there is no such event */
ngx_live_origin_event_t *ngx_live_origin_event_find(
    ngx_live_origin_zone_t *zone, lo_str_t id);
/* brings the copies up to date; NULL: the event is gone */
ngx_live_origin_event_t *ngx_live_origin_event_get(
    ngx_live_origin_zone_t *zone, ngx_uint_t index);
/* the newest document as it was put, LO_EVENT_DOC_MAX at most: its length, and
   what it is named by; LO_NONE: there is none, or it cannot be read */
int64_t ngx_live_origin_event_json(ngx_live_origin_zone_t *zone,
    lo_zone_event_t *ze, u_char *json, lo_word_t *word);
/* LO_OK (changed or not), LO_FULL, LO_NONE: the event is gone */
int ngx_live_origin_event_change(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_live_origin_change_pt change,
    void *data);
/* likewise, but where the event is shared with other nodes and they can be
   asked, nothing is changed here before they agree: LO_AGAIN, it is being
   asked for, or something else is; decide again a little later */
int ngx_live_origin_event_agree(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_live_origin_change_pt change,
    void *data);
/* a record in place of old; LO_AGAIN: somebody was faster */
int ngx_live_origin_event_store(ngx_live_origin_zone_t *zone,
    ngx_uint_t index, lo_word_t old, const lo_live_t *l, lo_word_t *word);
/* after that, for this worker's copy; phase: of the record before */
void ngx_live_origin_event_stored(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, lo_word_t word, const lo_live_t *l,
    uint32_t phase);
void ngx_live_origin_event_facts(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, lo_live_facts_t *f);
void ngx_live_origin_event_free(ngx_live_origin_zone_t *zone);


/* document.c */

#define NGX_LIVE_ORIGIN_LEAST  (LO_ID_MAX + 16)

/* an event document, put just now or found: the index of its event; LO_ERROR:
   see err, LO_FULL, or LO_AGAIN: try later; then an event that was there is as
   it was */
int ngx_live_origin_event_document(ngx_live_origin_zone_t *zone,
    const u_char *json, size_t len, ngx_uint_t put, lo_event_err_t *err);
/* the document alone, as other nodes have it; LO_OK, LO_NONE, LO_FULL */
int ngx_live_origin_event_set_doc(ngx_live_origin_zone_t *zone,
    ngx_uint_t index, const u_char *json, size_t len, ngx_uint_t replace);
/* the document of an event that has none, NGX_LIVE_ORIGIN_LEAST at most: its
   length */
size_t ngx_live_origin_event_least(u_char *json, lo_str_t id);
/* an event without a document: its index, LO_FULL, or LO_AGAIN: try later */
int ngx_live_origin_event_auto(ngx_live_origin_zone_t *zone, lo_str_t id);
/* ends it with number, or its head if that is below 0: data is what follows;
   behind it who waits is to be woken */
typedef struct {
    ngx_live_origin_zone_t  *zone;
    ngx_uint_t               index;
    int64_t                  number;
    int                      why;         /* of lo_live_end_with */
    lo_err_t                 err;
} ngx_live_origin_ending_t;

int ngx_live_origin_change_end(lo_live_t *l, void *data);
void ngx_live_origin_event_wake(ngx_live_origin_zone_t *zone,
    ngx_uint_t index);


/* document_file.c */

void ngx_live_origin_event_load(ngx_live_origin_zone_t *zone);


/* ring.c */

/* numbers that the event has on all nodes, and what is ahead of them */
uint32_t ngx_live_origin_ring_whole(const lo_live_t *l);
/* numbers that a track's ring is made for on this one */
uint32_t ngx_live_origin_ring_cap(ngx_live_origin_zone_t *zone,
    ngx_uint_t index, const lo_live_t *l);
/* numbers of the window that the rings can name; 0: there is none */
int64_t ngx_live_origin_ring_numbers(ngx_live_origin_zone_t *zone,
    const lo_live_t *l);
/* NULL: it has to be made */
lo_zone_track_t *ngx_live_origin_ring_track(ngx_live_origin_zone_t *zone,
    ngx_uint_t index, const lo_live_track_t *t);
/* that the live state names this track's row, which is made if need be: 1, it
   does from now on; 0, it did; LO_FULL, LO_AGAIN */
int ngx_live_origin_ring_make(ngx_live_origin_zone_t *zone, ngx_uint_t index,
    lo_live_t *l, ngx_uint_t track);
/* why the window is shorter than dvr_s; NULL: it is not */
const char *ngx_live_origin_window_note(ngx_live_origin_zone_t *zone,
    const lo_live_t *l);


/* ready.c */

/* an event that ended goes on; one that is scheduled goes live with what is
   there */
typedef struct {
    ngx_live_origin_zone_t  *zone;
    ngx_uint_t               index;
    ngx_uint_t               over;        /* it had ended */
} ngx_live_origin_starting_t;

int ngx_live_origin_change_start(lo_live_t *l, void *data);


/* drm.c: says what an init is encrypted with where the document says another
   thing; of all tracks where track is NGX_ERROR */
void ngx_live_origin_drm_check(ngx_live_origin_zone_t *zone,
    ngx_uint_t index, ngx_int_t track);


/* notice.c: Live-Origin-Notice, where the event has any */

ngx_int_t ngx_live_origin_notice(ngx_http_request_t *r,
    ngx_live_origin_event_t *event);
void ngx_live_origin_notice_drop(ngx_live_origin_event_t *event);


/* defects.c: what was not said one by one, when its time is over, or all of
   it */

void ngx_live_origin_defects_sum(ngx_live_origin_zone_t *zone,
    ngx_uint_t all);

#endif /* NGX_LIVE_ORIGIN_EVENT_H */
