#include "core/notice.h"


int
lo_notice_key(lo_str_t key, lo_err_t *err)
{
    size_t         i;
    unsigned char  c;

    for (i = 0; i < key.len; i++) {
        c = key.data[i];

        if ((c >= 'a' && c <= 'z') || c == '*') {
            continue;
        }

        if (i == 0 || !((c >= '0' && c <= '9') || c == '_' || c == '-'
                        || c == '.'))
        {
            break;
        }
    }

    if (key.len == 0 || key.len > LO_NOTICE_KEY || i < key.len) {
        return lo_err(err, "a key is [a-z*][a-z0-9_.*-]*, %d bytes at most",
                      LO_NOTICE_KEY);
    }

    return LO_OK;
}


int
lo_notice_value(lo_str_t value, lo_err_t *err)
{
    size_t  i;

    for (i = 0; i < value.len; i++) {
        if (value.data[i] < ' ' || value.data[i] > '~') {
            break;
        }
    }

    if (value.len > LO_NOTICE_VALUE || i < value.len) {
        return lo_err(err, "a value is printable ASCII, %d bytes at most",
                      LO_NOTICE_VALUE);
    }

    return LO_OK;
}


static unsigned
lo_notice_find(const lo_notices_t *all, lo_str_t key)
{
    unsigned  i;

    for (i = 0; i < all->n; i++) {
        if (lo_str_eq(lo_cstr(all->notices[i].key), key)) {
            break;
        }
    }

    return i;
}


static void
lo_notice_remove(lo_notices_t *all, unsigned i)
{
    all->n--;

    memmove(&all->notices[i], &all->notices[i + 1],
            (all->n - i) * sizeof(lo_notice_t));
}


int
lo_notice_set(lo_notices_t *all, lo_str_t key, const lo_str_t *value,
    int64_t expires_us, int64_t now_us, lo_err_t *err)
{
    int64_t       until;
    lo_buf_t      b;
    unsigned      i;
    uint32_t      was;
    lo_notice_t  *n;

    was = all->n;

    for (i = all->n; i; i--) {
        if (all->notices[i - 1].expires_us <= now_us) {
            lo_notice_remove(all, i - 1);
        }
    }

    i = lo_notice_find(all, key);

    if (value == NULL) {

        if (i < all->n) {
            lo_notice_remove(all, i);
        }

        return all->n != was;
    }

    n = &all->notices[i];

    if (i < all->n && n->expires_us == expires_us
        && lo_str_eq(lo_cstr(n->value), *value))
    {
        return all->n != was;
    }

    if (i == LO_NOTICES) {
        lo_err(err, "an event has %d notices at most", LO_NOTICES);
        return LO_FULL;
    }

    if (i == all->n) {
        all->n++;
    }

    memset(n, 0, sizeof(lo_notice_t));
    memcpy(n->key, key.data, key.len);
    n->expires_us = expires_us;

    if (value->len) {
        memcpy(n->value, value->data, value->len);
    }

    lo_buf_init(&b, NULL, 0);
    lo_notice_write(&b, all, now_us, &until);

    if (b.need > LO_NOTICE_HEADER) {
        lo_err(err, "the notices of an event have %d bytes at most, together "
               "and as they are sent", LO_NOTICE_HEADER);
        return LO_FULL;
    }

    return 1;
}


void
lo_notice_write(lo_buf_t *b, const lo_notices_t *all, int64_t now_us,
    int64_t *until_us)
{
    unsigned            i, some;
    const char         *p;
    const lo_notice_t  *n;

    some = 0;
    *until_us = INT64_MAX;

    for (i = 0; i < all->n; i++) {

        n = &all->notices[i];

        if (n->expires_us <= now_us) {
            continue;
        }

        if (n->expires_us < *until_us) {
            *until_us = n->expires_us;
        }

        lo_buf_puts(b, some++ ? ", " : "");
        lo_buf_puts(b, n->key);
        lo_buf_puts(b, "=\"");

        for (p = n->value; *p; p++) {
            if (*p == '"' || *p == '\\') {
                lo_buf_put(b, "\\", 1);
            }

            lo_buf_put(b, p, 1);
        }

        lo_buf_puts(b, "\"");
    }
}
