/*
 * Values of a filter: numbers and ranges, words of a list, languages.
 */

#include "core/filter_int.h"
#include "core/codec.h"
#include "core/name_parse.h"

#include <stdio.h>


/* ---- pieces of text */

lo_str_t
lo_filter_trim(lo_str_t s)
{
    while (s.len && s.data[0] == ' ') {
        lo_skip(&s, 1);
    }

    while (s.len && s.data[s.len - 1] == ' ') {
        s.len--;
    }

    return s;
}


int
lo_filter_cut(lo_str_t *rest, unsigned char c, lo_str_t *piece)
{
    size_t  i;

    for (i = 0; i < rest->len && rest->data[i] != c; i++) { /* void */ }

    piece->data = rest->data;
    piece->len = i;

    if (i == rest->len) {
        lo_skip(rest, i);
        return 0;
    }

    lo_skip(rest, i + 1);

    return 1;
}


static unsigned char
lo_filter_lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}


int
lo_filter_is(lo_str_t s, const char *word)
{
    size_t  i;

    for (i = 0; i < s.len && word[i] != '\0'; i++) {
        if (lo_filter_lower(s.data[i]) != (unsigned char) word[i]) {
            return 0;
        }
    }

    return i == s.len && word[i] == '\0';
}


const char *
lo_filter_shown(char *out, lo_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len && i < LO_FILTER_SHOWN; i++) {
        out[i] = s.data[i] >= 0x20 && s.data[i] < 0x7f && s.data[i] != '"'
                 ? s.data[i] : '?';
    }

    out[i] = '\0';

    if (i < s.len) {
        memcpy(&out[i - 3], "...", 3);
    }

    return out;
}


int
lo_filter_err(const lo_filter_parse_t *p, lo_str_t value, const char *why)
{
    char  shown[LO_FILTER_SHOWN + 1];

    return lo_err(p->err, "aws.manifestfilter: \"%s:%s\" %s",
                  lo_filter_params[p->key].name,
                  lo_filter_shown(shown, value), why);
}


/* ---- numbers */

/* digits, and up to three decimals if there may be any; more than any
   parameter takes: UINT32_MAX */

static int
lo_filter_number(lo_str_t s, int fps, uint32_t *number)
{
    size_t    i, decimals;
    uint64_t  v;

    v = 0;
    decimals = 0;

    for (i = 0; i < s.len && lo_is_digit(s.data[i]); i++) {
        v = v > UINT32_MAX ? v : v * 10 + (s.data[i] - '0');
    }

    if (i == 0) {
        return LO_ERROR;
    }

    if (fps && i < s.len && s.data[i] == '.') {
        lo_skip(&s, i + 1);

        for (i = 0; i < s.len && lo_is_digit(s.data[i]); i++) {
            v = v > UINT32_MAX ? v : v * 10 + (s.data[i] - '0');
            decimals++;
        }

        if (decimals == 0 || decimals > 3) {
            return LO_ERROR;
        }
    }

    for ( /* void */ ; fps && decimals < 3; decimals++) {
        v = v > UINT32_MAX ? v : v * 10;
    }

    *number = v > UINT32_MAX ? UINT32_MAX : v;

    return i == s.len ? LO_OK : LO_ERROR;
}


static int
lo_filter_bounds(const lo_filter_parse_t *p, lo_str_t value)
{
    char                      why[64];
    const lo_filter_param_t  *param;

    param = &lo_filter_params[p->key];

    if (param->kind == LO_FILTER_FPS) {
        return lo_filter_err(p, value, "is not within 1 to 999.999");
    }

    snprintf(why, sizeof(why), "is not within %u to %u", param->min,
             param->max);

    return lo_filter_err(p, value, why);
}


/* kept in order; ranges that touch become one */

static void
lo_filter_add(lo_filter_t *f, lo_filter_key_e key, lo_filter_range_t r)
{
    unsigned            i, k, n;
    lo_filter_range_t  *ranges;

    ranges = &f->ranges[f->first[key]];
    n = f->n[key];

    for (i = 0; i < n && ranges[i].hi + 1 < r.lo; i++) { /* void */ }

    for (k = i; k < n && ranges[k].lo <= r.hi + 1; k++) {
        r.lo = ranges[k].lo < r.lo ? ranges[k].lo : r.lo;
        r.hi = ranges[k].hi > r.hi ? ranges[k].hi : r.hi;
    }

    memmove(&ranges[i + 1], &ranges[k], (n - k) * sizeof(lo_filter_range_t));
    ranges[i] = r;
    f->n[key] = n - (k - i) + 1;
}


static int
lo_filter_range(lo_filter_parse_t *p, lo_str_t value)
{
    int                       rc, fps;
    lo_str_t                  from, to;
    lo_filter_range_t         r;
    const lo_filter_param_t  *param;

    param = &lo_filter_params[p->key];
    fps = param->kind == LO_FILTER_FPS;
    to = value;

    if (!lo_filter_cut(&to, '-', &from)) {
        to = from;
    }

    rc = lo_filter_number(lo_filter_trim(from), fps, &r.lo);

    if (rc == LO_OK) {
        rc = lo_filter_number(lo_filter_trim(to), fps, &r.hi);
    }

    if (rc != LO_OK) {
        return lo_filter_err(p, value, fps
                   ? "is no number of up to three decimals, nor two with a "
                     "dash between"
                   : "is no whole number, nor two with a dash between");
    }

    if (r.lo < param->min || r.lo > param->max || r.hi < param->min
        || r.hi > param->max)
    {
        return lo_filter_bounds(p, value);
    }

    if (r.lo > r.hi) {
        return lo_filter_err(p, value, "ends below where it begins");
    }

    if ((size_t) p->f->first[p->key] + p->f->n[p->key] == LO_FILTER_RANGES) {
        return lo_filter_err(p, value, "is one value too many");
    }

    lo_filter_add(p->f, p->key, r);

    return LO_OK;
}


/* ---- words and languages */

static int
lo_filter_word(lo_filter_parse_t *p, lo_str_t value)
{
    char       why[64];
    lo_buf_t   b;
    unsigned   i;

    const char *const  *words = lo_filter_params[p->key].words;

    for (i = 0; words[i] != NULL; i++) {
        if (lo_filter_is(value, words[i])) {
            p->f->words[p->key] |= 1u << i;
            return LO_OK;
        }
    }

    lo_buf_init(&b, why, sizeof(why) - 1);
    lo_buf_puts(&b, "is none of");

    for (i = 0; words[i] != NULL; i++) {
        lo_buf_puts(&b, i ? ", " : " ");
        lo_buf_puts(&b, words[i]);
    }

    *b.pos = '\0';

    return lo_filter_err(p, value, why);
}


void
lo_filter_language(char *out, lo_str_t lang)
{
    char    code[LO_LANG_MAX];
    size_t  i;

    for (i = 0; i < lang.len && i < LO_FILTER_MAX - 1; i++) {
        out[i] = lo_filter_lower(lang.data[i]);
    }

    out[i] = '\0';

    if (i == 3) {
        lo_codec_lang(code, out);
        strcpy(out, code);
    }
}


/* into the list of the parameter that is being read, which is the last in
   f->text, unless it is there */

static int
lo_filter_text(lo_filter_parse_t *p, lo_str_t value)
{
    int           order;
    char          lang[LO_FILTER_MAX];
    size_t        i, at, end, len;
    lo_str_t      rest, piece;
    lo_filter_t  *f;

    for (i = 0; i < value.len; i++) {
        if (value.data[i] < 0x20 || value.data[i] == 0x7f
            || value.data[i] == '&' || value.data[i] == '|')
        {
            return lo_filter_err(p, value, "has a character that is not "
                                 "allowed");
        }
    }

    f = p->f;
    lo_filter_language(lang, value);
    len = strlen(lang);

    at = f->text_at[p->key];
    end = at + f->text_len[p->key];

    rest.data = (unsigned char *) f->text + at;
    rest.len = f->text_len[p->key];

    while (rest.len) {
        (void) lo_filter_cut(&rest, ',', &piece);
        order = memcmp(piece.data, lang, piece.len < len ? piece.len : len);

        if (order == 0 && piece.len == len) {
            return LO_OK;
        }

        if (order > 0 || (order == 0 && piece.len > len)) {
            break;
        }

        at += piece.len + 1;
    }

    if (end + len + 1 > LO_FILTER_MAX) {
        return lo_filter_err(p, value, "is one value too many");
    }

    memmove(f->text + at + len + 1, f->text + at, end - at);
    memcpy(f->text + at, lang, len);
    f->text[at + len] = ',';

    f->text_len[p->key] += len + 1;
    f->text_used += len + 1;

    return LO_OK;
}


/* ---- whichever it is */

int
lo_filter_value(lo_filter_parse_t *p, lo_str_t value)
{
    if (value.len == 0) {
        return lo_filter_err(p, value, "has an empty value");
    }

    if (++p->values > LO_FILTER_VALUES) {
        return lo_filter_err(p, value, "is one value too many");
    }

    switch (lo_filter_params[p->key].kind) {

    case LO_FILTER_RANGE:
    case LO_FILTER_FPS:
        return lo_filter_range(p, value);

    case LO_FILTER_WORD:
        return lo_filter_word(p, value);

    default:
        return lo_filter_text(p, value);
    }
}
