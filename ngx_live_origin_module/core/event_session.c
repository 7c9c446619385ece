/*
 * "session_data": [{"id", "value" or "uri", "lang"}]
 */

#include "core/event_read.h"


#define LO_SESSION_VALUE_MAX  1024


static int
lo_event_session_uri_ok(lo_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] <= 0x20 || s.data[i] >= 0x7f || s.data[i] == '"') {
            return 0;
        }
    }

    return (s.len > 8 && memcmp(s.data, "https://", 8) == 0)
           || (s.len > 7 && memcmp(s.data, "http://", 7) == 0)
           || (s.len > 0 && s.data[0] == '/');
}


static int
lo_event_session(lo_event_ctx_t *ctx, const json_t *o, void *into)
{
    lo_sessions_t  *all = into;

    unsigned       i;
    lo_session_t  *s;

    s = &all->data[all->n];

    if (!json_is_object(o) || json_object_get(o, "id") == NULL) {
        return lo_event_bad(ctx, "id", "is missing");
    }

    if (lo_event_string(ctx, o, "id", 255, 1, &s->id) == LO_ERROR
        || lo_event_string(ctx, o, "value", LO_SESSION_VALUE_MAX, 0, &s->value)
           == LO_ERROR
        || lo_event_string(ctx, o, "uri", LO_SESSION_VALUE_MAX, 0, &s->uri)
           == LO_ERROR
        || lo_event_string(ctx, o, "lang", LO_LANG_MAX - 1, 1, &s->lang)
           == LO_ERROR)
    {
        return LO_ERROR;
    }

    if (s->id.len == 0) {
        return lo_event_bad(ctx, "id", "is empty");
    }

    if ((s->value.data == NULL) == (s->uri.data == NULL)) {
        return lo_event_bad(ctx, "value", "either it or \"uri\" has to be "
                            "there");
    }

    if (s->uri.data && !lo_event_session_uri_ok(s->uri)) {
        return lo_event_bad(ctx, "uri", "not a URL that begins with "
                            "http://, https:// or /");
    }

    for (i = 0; i < all->n; i++) {
        if (lo_str_eq(s->id, all->data[i].id)
            && lo_str_eq(s->lang, all->data[i].lang))
        {
            return lo_event_bad(ctx, "id", "is there twice for one language");
        }
    }

    all->n++;

    return LO_OK;
}


int
lo_event_sessions(lo_event_ctx_t *ctx, const json_t *o, lo_event_t *ev)
{
    return lo_event_list(ctx, o, "session_data", LO_SESSION_MAX, NULL,
                         lo_event_session, &ev->sessions);
}
