#include "core/sfv.h"


#define LO_SFV_DIGITS      15          /* RFC 9651, 3.3.1 */
#define LO_SFV_WHOLE       12          /* of a decimal, before its point */


static int lo_sfv_bare(lo_sfv_t *s, lo_sfv_item_t *item);
static int lo_sfv_params(lo_sfv_t *s, lo_sfv_item_t *item);
static int lo_sfv_value(lo_sfv_t *s, lo_sfv_item_t *item);


static int
lo_sfv_bad(lo_sfv_t *s, const char *error)
{
    s->error = error;

    return LO_ERROR;
}


static inline int
lo_sfv_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}


static inline int
lo_sfv_lower(unsigned char c)
{
    return c >= 'a' && c <= 'z';
}


static inline int
lo_sfv_alpha(unsigned char c)
{
    return lo_sfv_lower(c) || (c >= 'A' && c <= 'Z');
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


/* -1: no digit of base64 */

static int
lo_sfv_base64(unsigned char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }

    if (lo_sfv_lower(c)) {
        return c - 'a' + 26;
    }

    if (lo_sfv_digit(c)) {
        return c - '0' + 52;
    }

    return c == '+' ? 62 : c == '/' ? 63 : -1;
}


static void
lo_sfv_sp(lo_sfv_t *s)
{
    while (s->pos < s->end && *s->pos == ' ') {
        s->pos++;
    }
}


static void
lo_sfv_ows(lo_sfv_t *s)
{
    while (s->pos < s->end && (*s->pos == ' ' || *s->pos == '\t')) {
        s->pos++;
    }
}


static lo_str_t
lo_sfv_from(const lo_sfv_t *s, const unsigned char *from)
{
    lo_str_t  str;

    str.data = (unsigned char *) from;
    str.len = (size_t) (s->pos - from);

    return str;
}


void
lo_sfv(lo_sfv_t *s, lo_str_t field)
{
    s->pos = field.data;
    s->end = field.data ? field.data + field.len : NULL;
    s->begun = 0;
    s->error = "";
}


static int
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


static int
lo_sfv_string(lo_sfv_t *s, lo_sfv_item_t *item)
{
    unsigned char         c;
    const unsigned char  *from;

    item->type = LO_SFV_STRING;
    from = ++s->pos;

    while (s->pos < s->end) {

        c = *s->pos;

        if (c == '"') {
            item->text = lo_sfv_from(s, from);
            s->pos++;
            return LO_OK;
        }

        if (c == '\\') {
            if (++s->pos == s->end || (*s->pos != '"' && *s->pos != '\\')) {
                return lo_sfv_bad(s, "only \\\" and \\\\ are escapes");
            }

        } else if (c < 0x20 || c > 0x7e) {
            return lo_sfv_bad(s, "a string is of printable ASCII");
        }

        s->pos++;
    }

    return lo_sfv_bad(s, "a string without an end");
}


static inline int
lo_sfv_hex(unsigned char c)
{
    if (lo_sfv_digit(c)) {
        return c - '0';
    }

    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}


/* one byte of percent-encoded UTF-8 after the others: its sequence's state */

static int
lo_sfv_utf8(unsigned *left, unsigned *low, unsigned *high, unsigned char c)
{
    if (*left) {
        if (c < *low || c > *high) {
            return LO_ERROR;
        }

        (*left)--;
        *low = 0x80;
        *high = 0xbf;

        return LO_OK;
    }

    *low = 0x80;
    *high = 0xbf;

    if (c < 0x80) {
        return LO_OK;
    }

    if (c >= 0xc2 && c <= 0xdf) {
        *left = 1;

    } else if (c >= 0xe0 && c <= 0xef) {
        *left = 2;
        *low = c == 0xe0 ? 0xa0 : 0x80;
        *high = c == 0xed ? 0x9f : 0xbf;

    } else if (c >= 0xf0 && c <= 0xf4) {
        *left = 3;
        *low = c == 0xf0 ? 0x90 : 0x80;
        *high = c == 0xf4 ? 0x8f : 0xbf;

    } else {
        return LO_ERROR;
    }

    return LO_OK;
}


static int
lo_sfv_display(lo_sfv_t *s, lo_sfv_item_t *item)
{
    unsigned              left, low, high;
    unsigned char         c;
    const unsigned char  *from;

    item->type = LO_SFV_DISPLAY;

    if (s->end - s->pos < 2 || s->pos[1] != '"') {
        return lo_sfv_bad(s, "a display string begins with %\"");
    }

    s->pos += 2;
    from = s->pos;
    left = 0;
    low = 0x80;
    high = 0xbf;

    while (s->pos < s->end) {

        c = *s->pos;

        if (c == '"') {

            if (left) {
                break;
            }

            item->text = lo_sfv_from(s, from);
            s->pos++;
            return LO_OK;
        }

        if (c < 0x20 || c > 0x7e) {
            return lo_sfv_bad(s, "a display string is of printable ASCII");
        }

        if (c == '%') {

            if (s->end - s->pos < 3 || lo_sfv_hex(s->pos[1]) < 0
                || lo_sfv_hex(s->pos[2]) < 0)
            {
                return lo_sfv_bad(s, "% is followed by two of 0-9 a-f");
            }

            c = (unsigned char) (lo_sfv_hex(s->pos[1]) * 16
                                 + lo_sfv_hex(s->pos[2]));
            s->pos += 2;
        }

        s->pos++;

        if (lo_sfv_utf8(&left, &low, &high, c) != LO_OK) {
            return lo_sfv_bad(s, "a display string is no UTF-8");
        }
    }

    return lo_sfv_bad(s, "a display string without an end");
}


static int
lo_sfv_binary(lo_sfv_t *s, lo_sfv_item_t *item)
{
    size_t                n, pads;
    const unsigned char  *from;

    item->type = LO_SFV_BYTES;
    from = ++s->pos;

    while (s->pos < s->end && lo_sfv_base64(*s->pos) >= 0) {
        s->pos++;
    }

    n = (size_t) (s->pos - from);

    for (pads = 0; s->pos < s->end && *s->pos == '='; pads++) {
        s->pos++;
    }

    if (s->pos == s->end || *s->pos != ':' || n % 4 == 1 || pads > 2
        || (pads && (n + pads) % 4))
    {
        return lo_sfv_bad(s, "bytes are base64 between colons");
    }

    item->text = lo_sfv_from(s, from);
    s->pos++;

    return LO_OK;
}


static int
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


static int
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


static int
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


int
lo_sfv_inner(lo_sfv_t *s, lo_sfv_item_t *item)
{
    int                   rc;
    const unsigned char  *was;

    was = s->pos;
    lo_sfv_sp(s);

    if (s->pos == s->end) {
        return 0;
    }

    if (s->begun && s->pos == was) {
        return lo_sfv_bad(s, "a space lies between what is in parentheses");
    }

    s->begun = 1;
    rc = lo_sfv_bare(s, item);

    if (rc == LO_OK) {
        rc = lo_sfv_params(s, item);
    }

    return rc == LO_OK ? 1 : rc;
}


/* up to the parenthesis that ends it; what is in it must be good, too */

static int
lo_sfv_inner_list(lo_sfv_t *s, lo_sfv_item_t *item)
{
    int                   rc;
    unsigned              begun;
    lo_sfv_item_t         one;
    const unsigned char  *from, *was;

    memset(item, 0, sizeof(lo_sfv_item_t));
    item->type = LO_SFV_INNER;
    from = ++s->pos;

    for (begun = 0; s->pos < s->end; begun = 1) {

        was = s->pos;
        lo_sfv_sp(s);

        if (s->pos < s->end && *s->pos == ')') {
            item->text = lo_sfv_from(s, from);
            s->pos++;
            return LO_OK;
        }

        if (begun && s->pos == was) {
            break;
        }

        rc = lo_sfv_bare(s, &one);

        if (rc == LO_OK) {
            rc = lo_sfv_params(s, &one);
        }

        if (rc != LO_OK) {
            return rc;
        }
    }

    return lo_sfv_bad(s, "an inner list without an end");
}


static int
lo_sfv_value(lo_sfv_t *s, lo_sfv_item_t *item)
{
    int  rc;

    rc = s->pos < s->end && *s->pos == '(' ? lo_sfv_inner_list(s, item)
                                           : lo_sfv_bare(s, item);

    return rc == LO_OK ? lo_sfv_params(s, item) : rc;
}


/* before a member: 1: there is one, 0: the end */

static int
lo_sfv_next(lo_sfv_t *s)
{
    if (!s->begun) {
        lo_sfv_sp(s);
        s->begun = 1;

        return s->pos < s->end;
    }

    lo_sfv_ows(s);

    if (s->pos == s->end) {
        return 0;
    }

    if (*s->pos != ',') {
        return lo_sfv_bad(s, "a comma lies between members");
    }

    s->pos++;
    lo_sfv_ows(s);

    return s->pos < s->end ? 1 : lo_sfv_bad(s, "a comma at the end");
}


int
lo_sfv_list(lo_sfv_t *s, lo_sfv_item_t *item)
{
    int  rc;

    rc = lo_sfv_next(s);

    if (rc != 1) {
        return rc;
    }

    rc = lo_sfv_value(s, item);

    return rc == LO_OK ? 1 : rc;
}


int
lo_sfv_dict(lo_sfv_t *s, lo_str_t *key, lo_sfv_item_t *item)
{
    int  rc;

    rc = lo_sfv_next(s);

    if (rc != 1) {
        return rc;
    }

    rc = lo_sfv_key(s, key);

    if (rc != LO_OK) {
        return rc;
    }

    if (s->pos < s->end && *s->pos == '=') {
        s->pos++;
        rc = lo_sfv_value(s, item);

    } else {
        memset(item, 0, sizeof(lo_sfv_item_t));
        item->type = LO_SFV_BOOLEAN;
        item->integer = 1;
        rc = lo_sfv_params(s, item);
    }

    return rc == LO_OK ? 1 : rc;
}


int
lo_sfv_item(lo_sfv_t *s, lo_sfv_item_t *item)
{
    int  rc;

    lo_sfv_sp(s);
    rc = lo_sfv_bare(s, item);

    if (rc == LO_OK) {
        rc = lo_sfv_params(s, item);
    }

    if (rc != LO_OK) {
        return rc;
    }

    lo_sfv_sp(s);

    return s->pos == s->end ? LO_OK
                            : lo_sfv_bad(s, "something behind the item");
}


int
lo_sfv_param(const lo_sfv_item_t *item, const char *key,
    lo_sfv_item_t *value)
{
    int            rc;
    lo_str_t       name;
    lo_sfv_t       s;
    lo_sfv_item_t  v;

    rc = LO_NONE;
    lo_sfv(&s, item->params);

    while (s.pos < s.end && lo_sfv_one_param(&s, &name, &v) == LO_OK) {

        if (lo_str_eq(name, lo_cstr(key))) {
            *value = v;
            rc = LO_OK;
        }
    }

    return rc;
}


int
lo_sfv_member(lo_str_t field, const char *key, lo_sfv_item_t *item,
    const char **error)
{
    int            rc, found;
    lo_str_t       name;
    lo_sfv_t       s;
    lo_sfv_item_t  one;

    found = LO_NONE;
    lo_sfv(&s, field);

    while ((rc = lo_sfv_dict(&s, &name, &one)) == 1) {

        if (lo_str_eq(name, lo_cstr(key))) {
            *item = one;
            found = LO_OK;
        }
    }

    if (rc != 0) {
        *error = s.error;
        return LO_ERROR;
    }

    return found;
}


int
lo_sfv_bytes(const lo_sfv_item_t *item, void *data, size_t cap)
{
    size_t          i, n;
    uint32_t        bits;
    unsigned        nbits;
    unsigned char  *p;

    p = data;
    n = 0;
    bits = 0;
    nbits = 0;

    for (i = 0; i < item->text.len && item->text.data[i] != '='; i++) {

        bits = bits << 6 | (uint32_t) lo_sfv_base64(item->text.data[i]);
        nbits += 6;

        if (nbits < 8) {
            continue;
        }

        nbits -= 8;

        if (n == cap) {
            return LO_FULL;
        }

        p[n++] = (unsigned char) (bits >> nbits);
    }

    return (int) n;
}
