/*
 * events/ID/why/TRACK/NUMBER: what happened to one segment, of each pipeline,
 * for as long as its number is in the ring.
 */

#include "core/verdict.h"
#include "http/api.h"
#include "http/publish.h"


/* a note: milliseconds since 1970 << 8 | pipeline << 6 | reason */

#define NGX_LIVE_ORIGIN_WHY_MASK  63

_Static_assert(LO_WHY_N <= NGX_LIVE_ORIGIN_WHY_DEADLINE
               && LO_MAX_PIPELINES <= 4 && LO_ZONE_NOTE_BITS >= 50,
               "a note holds less");


void
ngx_live_origin_why_note(ngx_live_origin_zone_t *zone, uint32_t ring,
    int64_t number, unsigned pipeline, ngx_uint_t reason)
{
    int64_t           head;
    lo_zone_track_t  *t;

    t = lo_zone_track(zone->z, ring);

    if (t == NULL || pipeline >= LO_MAX_PIPELINES) {
        return;
    }

    /* what lies outside would be written over another number's */

    head = __atomic_load_n(&t->head, __ATOMIC_ACQUIRE);

    if (number < 0 || number <= head - (int64_t) t->cap
        || (head >= 0 && number > head + 64))
    {
        return;
    }

    lo_zone_note(zone->z, ring, number,
                 (uint64_t) (ngx_live_origin_wall() / 1000) << 8
                 | pipeline << 6 | reason);
}


static json_t *
ngx_live_origin_why_ms(int64_t us)
{
    return us ? json_integer(us / 1000) : json_null();
}


static json_t *
ngx_live_origin_why_verdicts(const lo_verdict_t *v)
{
    json_t      *list;
    ngx_uint_t   i;

    list = json_array();

    for (i = 0; i < LO_VERDICT_N; i++) {
        if (v->bits >> i & 1) {
            json_array_append_new(list,
                json_pack("{s:s, s:i, s:i, s:s}",
                          "verdict", lo_verdict_word(i),
                          "ms", (int) v->ms[i],
                          "class", (int) lo_verdict_class(i),
                          "text", lo_verdict_text(i)));
        }
    }

    return list;
}


static json_t *
ngx_live_origin_why_given(uint64_t given)
{
    if (given == 0) {
        return json_null();
    }

    return json_pack("{s:I, s:s}",
                     "since_ms", (json_int_t) (given >> 8) / 1000,
                     "reason", lo_choice_word(given & 0xff));
}


/* of a stored candidate */

static void
ngx_live_origin_why_stored(json_t *json, const lo_live_t *l, unsigned p,
    const lo_zone_object_t *o, int64_t due)
{
    char                   digest[33], text[LO_VERDICT_TEXT];
    lo_buf_t               b;
    lo_verdict_t           v;
    const lo_zone_meta_t  *meta;

    meta = &o->meta;

    *ngx_hex_dump((u_char *) digest, (u_char *) o->digest, 16) = '\0';
    lo_verdict_unpack(&v, meta->verdict, meta->ms);
    lo_buf_init(&b, text, sizeof(text));
    lo_verdict_print(&b, &v);

    json_object_set_new(json, "first_ms",
                        ngx_live_origin_why_ms(meta->first_us));
    json_object_set_new(json, "last_ms",
                        ngx_live_origin_why_ms(meta->last_us));
    json_object_set_new(json, "after_due_ms",
                        l->irregular ? json_null()
                        : json_integer((meta->last_us - due) / 1000));
    json_object_set_new(json, "size", json_integer(o->size));
    json_object_set_new(json, "digest", json_string(digest));
    json_object_set_new(json, "tfdt", json_integer(meta->tfdt));
    json_object_set_new(json, "duration", json_integer(meta->duration));
    json_object_set_new(json, "timescale", json_integer(meta->timescale));
    json_object_set_new(json, "chunks", json_integer(meta->chunks));
    json_object_set_new(json, "run", json_integer(meta->run));
    json_object_set_new(json, "init", json_integer(meta->init));
    json_object_set_new(json, "rank", json_integer(meta->rank));
    json_object_set_new(json, "good", json_boolean(meta->rank == 0));
    json_object_set_new(json, "defects",
                        json_stringn(text, b.pos - b.start));
    json_object_set_new(json, "verdicts", ngx_live_origin_why_verdicts(&v));
    json_object_set_new(json, "given", ngx_live_origin_why_given(
                            __atomic_load_n(&o->given, __ATOMIC_RELAXED)));
    json_object_set_new(json, "same_as",
                        o->pipeline != p && o->pipeline < l->npipelines
                        ? json_string(l->pipelines[o->pipeline])
                        : json_null());
}


/* the last upload of this number that did not become its candidate */

static json_t *
ngx_live_origin_why_refused(uint64_t note, unsigned p)
{
    ngx_uint_t   reason;
    const char  *word, *text;

    if (note == 0 || (note >> 6 & 3) != p) {
        return json_null();
    }

    reason = note & NGX_LIVE_ORIGIN_WHY_MASK;

    switch (reason) {

    case NGX_LIVE_ORIGIN_WHY_SUPERSEDED:
        word = "superseded";
        text = "readers were given other bytes already";
        break;

    case NGX_LIVE_ORIGIN_WHY_DEADLINE:
        word = "deadline";
        text = "it would have been published behind the write deadline";
        break;

    default:
        word = lo_live_word(reason);
        text = lo_live_text(reason);
    }

    return json_pack("{s:I, s:s, s:s}", "at_ms", (json_int_t) (note >> 8),
                     "reason", word, "text", text);
}


static json_t *
ngx_live_origin_why_pipelines(ngx_live_origin_zone_t *zone,
    const lo_live_t *l, ngx_uint_t track, int64_t number)
{
    json_t         *list, *json;
    int64_t         due;
    uint32_t        ring, masked;
    uint64_t        note;
    unsigned        p;
    lo_zone_pin_t   pin;

    list = json_array();
    ring = l->tracks[track].ring;
    masked = lo_live_masked(l, track, number);
    note = lo_zone_noted(zone->z, ring, number);
    due = lo_live_due_us(l, number);

    for (p = 0; p < l->npipelines; p++) {

        if (l->pipelines[p][0] == '\0') {
            continue;
        }

        json = json_pack("{s:s, s:b}", "id", l->pipelines[p],
                         "masked", (int) (masked >> p & 1));

        if (lo_zone_candidate(zone->z, ring, number, p, &pin) == LO_OK) {
            json_object_set_new(json, "state", json_string("stored"));
            ngx_live_origin_why_stored(json, l, p, pin.object, due);
            lo_zone_unpin(zone->z, &pin);

        } else {
            json_object_set_new(json, "state", json_string("missing"));
        }

        json_object_set_new(json, "refused",
                            ngx_live_origin_why_refused(note, p));
        json_array_append_new(list, json);
    }

    return list;
}


/* what readers get, or would get */

static json_t *
ngx_live_origin_why_chosen(ngx_live_origin_zone_t *zone, const lo_live_t *l,
    ngx_uint_t track, int64_t number)
{
    int             same;
    json_t         *json;
    uint64_t        given;
    unsigned        p;
    uint32_t        ring, masked;
    lo_word_t       word;
    lo_choice_e     why;
    lo_zone_pin_t   pin, other;

    ring = l->tracks[track].ring;
    masked = lo_live_masked(l, track, number);

    if (lo_zone_find(zone->z, ring, number, 0, masked, &pin) != LO_OK) {
        return json_null();
    }

    word = pin.word;
    given = 0;

    if (lo_zone_given(zone->z, ring, number) == word) {
        given = __atomic_load_n(&pin.object->given, __ATOMIC_RELAXED);
    }

    lo_zone_unpin(zone->z, &pin);

    for (p = 0; p < l->npipelines; p++) {

        if ((masked >> p & 1)
            || lo_zone_candidate(zone->z, ring, number, p, &other) != LO_OK)
        {
            continue;
        }

        same = other.word == word;
        lo_zone_unpin(zone->z, &other);

        if (same) {
            break;
        }
    }

    why = given & 0xff;

    json = json_pack("{s:s, s:s}", "reason", lo_choice_word(why),
                     "text", lo_choice_text(why));

    json_object_set_new(json, "pipeline", p < l->npipelines
                                          ? json_string(l->pipelines[p])
                                          : json_null());
    json_object_set_new(json, "since_ms", given
                                          ? json_integer((given >> 8) / 1000)
                                          : json_null());

    return json;
}


static json_t *
ngx_live_origin_why(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_uint_t track, int64_t number)
{
    json_t           *json;
    uint32_t          ring;
    const lo_live_t  *l;

    l = event->live;
    ring = l->tracks[track].ring;

    json = json_pack("{s:s, s:I}", "track", l->tracks[track].id,
                     "number", (json_int_t) number);

    json_object_set_new(json, "due_ms",
                        l->irregular || l->d.duration == 0 ? json_null()
                        : json_integer(lo_live_due_us(l, number) / 1000));
    json_object_set_new(json, "gap", json_boolean(
                            lo_zone_gap(zone->z, ring, number, 0, 0)));
    json_object_set_new(json, "chosen",
                        ngx_live_origin_why_chosen(zone, l, track, number));
    json_object_set_new(json, "pipelines",
                        ngx_live_origin_why_pipelines(zone, l, track,
                                                      number));

    return json;
}


/* TRACK/NUMBER */

static ngx_int_t
ngx_live_origin_why_name(lo_str_t rest, lo_str_t *track, int64_t *number)
{
    u_char  *slash;
    size_t   len;

    slash = ngx_strlchr(rest.data, rest.data + rest.len, '/');

    if (slash == NULL) {
        return NGX_ERROR;
    }

    track->data = rest.data;
    track->len = slash - rest.data;

    len = rest.data + rest.len - slash - 1;
    *number = ngx_atoof(slash + 1, len);

    return *number == NGX_ERROR ? NGX_ERROR : NGX_OK;
}


ngx_int_t
ngx_live_origin_api_why(ngx_http_request_t *r, ngx_live_origin_api_ask_t *ask)
{
    int                       track;
    int64_t                   number, head;
    lo_str_t                  name;
    lo_zone_track_t          *t;
    ngx_live_origin_event_t  *event;

    event = ngx_live_origin_event_find(ask->zone, ask->id);

    if (event == NULL) {
        return ngx_live_origin_api_unknown(r);
    }

    if (ngx_live_origin_why_name(ask->rest, &name, &number) != NGX_OK) {
        return ngx_live_origin_api_error(r, NGX_HTTP_BAD_REQUEST,
                                         "why/TRACK/NUMBER", "number");
    }

    track = lo_live_track(event->live, name);

    if (track < 0) {
        return ngx_live_origin_api_error(r, NGX_HTTP_NOT_FOUND,
                                         "no such track", "track");
    }

    t = ngx_live_origin_track_of(ask->zone, &event->live->tracks[track]);
    head = t ? __atomic_load_n(&t->head, __ATOMIC_ACQUIRE) : -1;

    if (t == NULL || number > head + (int64_t) t->cap) {
        return ngx_live_origin_api_error(r, NGX_HTTP_NOT_FOUND,
                                         "nothing is known of this number yet",
                                         "number");
    }

    if (number <= head - (int64_t) t->cap) {
        return ngx_live_origin_api_error(r, NGX_HTTP_NOT_FOUND,
                   "nothing is known of this number any more", "number");
    }

    return ngx_live_origin_api_json(r, NGX_HTTP_OK,
               ngx_live_origin_why(ask->zone, event, track, number));
}
