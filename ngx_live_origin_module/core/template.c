#include "core/template.h"
#include "core/name_parse.h"


typedef enum {
    LO_TEMPLATE_END = 0,
    LO_TEMPLATE_BYTE,
    LO_TEMPLATE_TRACK,
    LO_TEMPLATE_NUMBER,
    LO_TEMPLATE_TIME,
    LO_TEMPLATE_BANDWIDTH,
    LO_TEMPLATE_BAD
} lo_template_e;

typedef struct {
    lo_template_e   kind;
    unsigned char   byte;
    size_t          width;        /* least number of digits */
} lo_template_token_t;


static const struct {
    lo_str_t        name;
    lo_template_e   kind;
} lo_template_names[] = {
    { lo_string("RepresentationID"), LO_TEMPLATE_TRACK },
    { lo_string("Number"), LO_TEMPLATE_NUMBER },
    { lo_string("Time"), LO_TEMPLATE_TIME },
    { lo_string("Bandwidth"), LO_TEMPLATE_BANDWIDTH },
    { lo_null_string, LO_TEMPLATE_BAD }
};


/* what stands between two dollars: "Number" or "Number%05d" */

static void
lo_template_identifier(lo_str_t s, lo_template_token_t *token)
{
    size_t    i;
    lo_str_t  name;

    token->kind = LO_TEMPLATE_BAD;
    token->width = 1;

    for (i = 0; lo_template_names[i].name.len; i++) {
        name = lo_template_names[i].name;

        if (!lo_starts(s, name)) {
            continue;
        }

        lo_skip(&s, name.len);

        if (s.len == 0) {
            token->kind = lo_template_names[i].kind;
            return;
        }

        if (s.len == 4 && s.data[0] == '%' && s.data[1] == '0'
            && lo_is_digit(s.data[2]) && s.data[3] == 'd'
            && lo_template_names[i].kind != LO_TEMPLATE_TRACK)
        {
            token->kind = lo_template_names[i].kind;
            token->width = s.data[2] == '0' ? 1 : s.data[2] - '0';
        }

        return;
    }
}


static void
lo_template_next(lo_str_t *t, lo_template_token_t *token)
{
    lo_str_t  s;

    if (t->len == 0) {
        token->kind = LO_TEMPLATE_END;
        return;
    }

    token->kind = LO_TEMPLATE_BYTE;
    token->byte = t->data[0];
    lo_skip(t, 1);

    if (token->byte != '$') {
        return;
    }

    s.data = t->data;

    for (s.len = 0; s.len < t->len && t->data[s.len] != '$'; s.len++) {
        /* void */
    }

    if (s.len == t->len) {
        token->kind = LO_TEMPLATE_BAD;
        return;
    }

    lo_skip(t, s.len + 1);

    if (s.len) {
        lo_template_identifier(s, token);
    }
}


/*
 * Digits are taken as a whole, and an id may have digits at either end: a
 * number beside one of them could not be told from it.  *open is what stands
 * before the token, as far as digits may go on.
 */

static int
lo_template_runs_on(lo_template_e *open, const lo_template_token_t *token)
{
    lo_template_e  before;

    before = *open;

    switch (token->kind) {

    case LO_TEMPLATE_BYTE:
        if (!lo_is_digit(token->byte)) {
            *open = LO_TEMPLATE_END;
            return 0;
        }

        return before == LO_TEMPLATE_NUMBER;

    case LO_TEMPLATE_TRACK:
        *open = LO_TEMPLATE_TRACK;
        return before == LO_TEMPLATE_NUMBER;

    default:
        *open = LO_TEMPLATE_NUMBER;
        return before != LO_TEMPLATE_END;
    }
}


int
lo_template_check(lo_str_t template, int media, lo_err_t *err)
{
    unsigned             seen;
    lo_template_e        open;
    lo_template_token_t  token;

    if (template.len > LO_TEMPLATE_MAX) {
        return lo_err(err, "longer than %d bytes", LO_TEMPLATE_MAX);
    }

    seen = 0;
    open = LO_TEMPLATE_END;

    for ( ;; ) {
        lo_template_next(&template, &token);

        if (token.kind == LO_TEMPLATE_END) {
            break;
        }

        if (token.kind == LO_TEMPLATE_BAD) {
            return lo_err(err, "an identifier that is not known, or a $ "
                          "that is not closed");
        }

        if (lo_template_runs_on(&open, &token)) {
            return lo_err(err, "a number right beside digits, another number "
                          "or $RepresentationID$");
        }

        seen |= 1u << token.kind;
    }

    if (!(seen & 1u << LO_TEMPLATE_TRACK)) {
        return lo_err(err, "no $RepresentationID$");
    }

    if (media && !(seen & (1u << LO_TEMPLATE_NUMBER | 1u << LO_TEMPLATE_TIME)))
    {
        return lo_err(err, "neither $Number$ nor $Time$");
    }

    return LO_OK;
}


/* digits are taken as a whole: nothing but the track is tried twice */

static int
lo_template_digits(lo_template_t *m, const lo_template_token_t *token,
    lo_str_t *s)
{
    lo_str_t  digits;
    uint64_t  number;

    digits.data = s->data;
    digits.len = lo_name_digits(*s);

    if (digits.len < token->width) {
        return LO_NONE;
    }

    lo_skip(s, digits.len);

    if (token->kind != LO_TEMPLATE_NUMBER) {
        return LO_OK;
    }

    if (lo_name_number(digits, &number) != LO_OK) {
        m->overflow = 1;
    }

    m->number = number;

    return LO_OK;
}


static int lo_template_walk(lo_template_t *m, lo_str_t t, lo_str_t s);


static int
lo_template_track(lo_template_t *m, lo_str_t t, lo_str_t s)
{
    lo_str_t       rest;
    lo_template_t  try;

    try = *m;
    try.tracked = 1;
    try.track.data = s.data;

    for (try.track.len = 1;
         try.track.len <= s.len && lo_id_ok(try.track);
         try.track.len++)
    {
        *m = try;
        rest = s;
        lo_skip(&rest, try.track.len);

        if (lo_template_walk(m, t, rest) == LO_OK) {
            return LO_OK;
        }
    }

    return LO_NONE;
}


static int
lo_template_walk(lo_template_t *m, lo_str_t t, lo_str_t s)
{
    lo_template_token_t  token;

    for ( ;; ) {
        lo_template_next(&t, &token);

        switch (token.kind) {

        case LO_TEMPLATE_END:
            return s.len == 0 && m->tracked ? LO_OK : LO_NONE;

        case LO_TEMPLATE_BYTE:
            if (s.len == 0 || s.data[0] != token.byte) {
                return LO_NONE;
            }

            lo_skip(&s, 1);
            break;

        case LO_TEMPLATE_TRACK:
            if (!m->tracked) {
                return lo_template_track(m, t, s);
            }

            if (!lo_starts(s, m->track)) {
                return LO_NONE;
            }

            lo_skip(&s, m->track.len);
            break;

        case LO_TEMPLATE_BAD:
            return LO_NONE;

        default:
            if (lo_template_digits(m, &token, &s) != LO_OK) {
                return LO_NONE;
            }
        }
    }
}


int
lo_template_match(lo_template_t *m, lo_str_t template, lo_str_t name)
{
    memset(m, 0, sizeof(*m));

    if (template.len == 0 || template.len > LO_TEMPLATE_MAX || name.len == 0)
    {
        return LO_NONE;
    }

    return lo_template_walk(m, template, name);
}
