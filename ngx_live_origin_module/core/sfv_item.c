/*
 * What a structured field is made of: keys, bare items and parameters.
 */

#include "core/sfv_int.h"


#define LO_SFV_DIGITS      15          /* RFC 9651, 3.3.1 */
#define LO_SFV_WHOLE       12          /* of a decimal, before its point */


int
lo_sfv_bad(lo_sfv_t *s, const char *error)
{
    s->error = error;

    return LO_ERROR;
}


static inline int
lo_sfv_key_char(unsigned char c)
{
    return lo_sfv_lower(c) || lo_sfv_digit(c) || c == '_' || c == '-'
           || c == '.' || c == '*';
}


static inline int
lo_sfv_token_char(unsigned char c)
{
    return lo_sfv_alpha(c) || lo_sfv_digit(c)
           || (c && strchr("!#$%&'*+-.^_`|~:/", c) != NULL);
}


void
lo_sfv_sp(lo_sfv_t *s)
{
    while (s->pos < s->end && *s->pos == ' ') {
        s->pos++;
    }
}


lo_str_t
lo_sfv_from(const lo_sfv_t *s, const unsigned char *from)
{
    lo_str_t  str;

    str.data = (unsigned char *) from;
    str.len = (size_t) (s->pos - from);

    return str;
}


int
lo_sfv_key(lo_sfv_t *s, lo_str_t *key)
{
    const unsigned char  *from;

    from = s->pos;

    if (from == s->end || !(lo_sfv_lower(*from) || *from == '*')) {
        return lo_sfv_bad(s, "a key begins with a-z or *");
    }

    while (s->pos < s->end && lo_sfv_key_char(*s->pos)) {
        s->pos++;
    }

    *key = lo_sfv_from(s, from);

    return LO_OK;
}


static int
lo_sfv_number(lo_sfv_t *s, lo_sfv_item_t *item)
{
    int      minus;
    int64_t  n;
    size_t   whole, part;

    n = 0;
    part = 0;
    minus = *s->pos == '-';
    s->pos += minus;
    item->type = LO_SFV_INTEGER;

    for (whole = 0; s->pos < s->end && lo_sfv_digit(*s->pos); whole++) {

        if (whole == LO_SFV_DIGITS) {
            return lo_sfv_bad(s, "a number has 15 digits at most");
        }

        n = n * 10 + (*s->pos++ - '0');
    }

    if (whole == 0) {
        return lo_sfv_bad(s, "a number without a digit");
    }

    if (s->pos < s->end && *s->pos == '.') {

        item->type = LO_SFV_DECIMAL;
        s->pos++;

        for ( ; s->pos < s->end && lo_sfv_digit(*s->pos); part++) {

            if (part == 3) {
                break;
            }

            n = n * 10 + (*s->pos++ - '0');
        }

        if (part == 0 || whole > LO_SFV_WHOLE
            || (s->pos < s->end && lo_sfv_digit(*s->pos)))
        {
            return lo_sfv_bad(s, "a decimal has up to 12 digits, a point and "
                              "1 to 3 digits");
        }

        for ( ; part < 3; part++) {
            n *= 10;
        }
    }

    item->integer = minus ? -n : n;

    return LO_OK;
}


int
lo_sfv_bare(lo_sfv_t *s, lo_sfv_item_t *item)
{
    unsigned char         c;
    const unsigned char  *from;

    memset(item, 0, sizeof(lo_sfv_item_t));

    if (s->pos == s->end) {
        return lo_sfv_bad(s, "a value is missing");
    }

    c = *s->pos;
    from = s->pos;

    if (c == '-' || lo_sfv_digit(c)) {
        return lo_sfv_number(s, item);
    }

    if (lo_sfv_alpha(c) || c == '*') {

        while (s->pos < s->end && lo_sfv_token_char(*s->pos)) {
            s->pos++;
        }

        item->type = LO_SFV_TOKEN;
        item->text = lo_sfv_from(s, from);

        return LO_OK;
    }

    switch (c) {

    case '"':
        return lo_sfv_string(s, item);

    case '%':
        return lo_sfv_display(s, item);

    case ':':
        return lo_sfv_binary(s, item);

    case '?':
        if (s->end - s->pos < 2 || (s->pos[1] != '0' && s->pos[1] != '1')) {
            return lo_sfv_bad(s, "a boolean is ?0 or ?1");
        }

        item->type = LO_SFV_BOOLEAN;
        item->integer = s->pos[1] == '1';
        s->pos += 2;

        return LO_OK;

    case '@':
        s->pos++;

        if (s->pos == s->end || (*s->pos != '-' && !lo_sfv_digit(*s->pos))
            || lo_sfv_number(s, item) != LO_OK
            || item->type != LO_SFV_INTEGER)
        {
            return lo_sfv_bad(s, "a date is @ and an integer");
        }

        item->type = LO_SFV_DATE;

        return LO_OK;
    }

    return lo_sfv_bad(s, "nothing that a value begins with");
}


int
lo_sfv_one_param(lo_sfv_t *s, lo_str_t *key, lo_sfv_item_t *value)
{
    int  rc;

    s->pos++;
    lo_sfv_sp(s);

    rc = lo_sfv_key(s, key);

    if (rc != LO_OK) {
        return rc;
    }

    if (s->pos < s->end && *s->pos == '=') {
        s->pos++;
        return lo_sfv_bare(s, value);
    }

    memset(value, 0, sizeof(lo_sfv_item_t));
    value->type = LO_SFV_BOOLEAN;
    value->integer = 1;

    return LO_OK;
}


int
lo_sfv_params(lo_sfv_t *s, lo_sfv_item_t *item)
{
    int                   rc;
    lo_str_t              key;
    lo_sfv_item_t         value;
    const unsigned char  *from;

    from = s->pos;

    while (s->pos < s->end && *s->pos == ';') {

        rc = lo_sfv_one_param(s, &key, &value);

        if (rc != LO_OK) {
            return rc;
        }
    }

    item->params = lo_sfv_from(s, from);

    return LO_OK;
}
