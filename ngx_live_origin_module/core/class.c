#include <openssl/crypto.h>

#include "core/class.h"
#include "core/base64.h"
#include "core/name_parse.h"


#define LO_CLASS_MAC    12
#define LO_CLASS_EXTRA  1280           /* of a filter and a window, as text */


int
lo_class_signed(lo_str_t text)
{
    return text.len > 0 && text.data[0] == '_';
}


/* ---- keys */

static int
lo_class_key_good(const lo_key_t *key, lo_str_t event, int64_t now_us)
{
    lo_str_t  none = lo_null_string;

    return lo_key_allows(key, LO_USE_CLASS, now_us) == LO_ALLOW
           && lo_key_covers(key, event, none) == LO_ALLOW;
}


const lo_key_t *
lo_class_key(const lo_class_keys_t *keys, lo_str_t event)
{
    unsigned  i;

    for (i = 0; i < keys->n; i++) {
        if (lo_class_key_good(&keys->keys[i], event, keys->now_us)) {
            return &keys->keys[i];
        }
    }

    return NULL;
}


/* ---- writing */

static void
lo_class_place(lo_buf_t *b, const lo_place_t *p)
{
    char  country[2];

    country[0] = p->country[0] | 0x20;
    country[1] = p->country[1] | 0x20;

    lo_buf_put(b, country, 2);

    if (p->asn) {
        lo_buf_puts(b, "-");
        lo_buf_u64(b, p->asn);
    }
}


static void
lo_class_extra(lo_buf_t *b, const lo_class_t *c)
{
    lo_buf_t       extra;
    unsigned char  text[LO_CLASS_EXTRA];

    lo_buf_init(&extra, text, sizeof(text));
    lo_filter_write(&extra, &c->filter);
    lo_buf_puts(&extra, "|");
    lo_window_write(&extra, &c->window);
    lo_buf_puts(&extra, c->patient ? "|p" : "|");

    if (extra.need == 2) {
        return;
    }

    lo_buf_puts(b, ".");
    lo_base64url_put(b, text, extra.pos - extra.start);
}


void
lo_class_put(lo_buf_t *b, const lo_class_t *c)
{
    unsigned char  cut[3];

    cut[0] = c->cut >> 16 & 0xff;
    cut[1] = c->cut >> 8 & 0xff;
    cut[2] = c->cut & 0xff;

    lo_buf_puts(b, "_");
    lo_buf_puts(b, c->device[0] ? c->device : "-");
    lo_buf_puts(b, ".");
    lo_class_place(b, &c->place);
    lo_buf_puts(b, ".");
    lo_hex_put(b, cut, sizeof(cut));
    lo_class_extra(b, c);
}


static void
lo_class_mac(lo_hmac_t *h, const lo_key_t *key, lo_str_t event, lo_str_t body,
    unsigned char mac[LO_MAC])
{
    lo_buf_t       b;
    unsigned char  text[LO_CLASS_TEXT + LO_ID_MAX + 8];

    lo_buf_init(&b, text, sizeof(text));
    lo_buf_puts(&b, "class\n");
    lo_buf_put(&b, event.data, event.len);
    lo_buf_puts(&b, "\n");
    lo_buf_put(&b, body.data, body.len);

    lo_hmac(h, key, lo_buf_str(&b), mac);
}


void
lo_class_write(lo_buf_t *b, const lo_class_t *c, lo_str_t event,
    const lo_key_t *key, lo_hmac_t *h)
{
    lo_buf_t       body;
    unsigned char  mac[LO_MAC], text[LO_CLASS_TEXT];

    lo_buf_init(&body, text, sizeof(text));
    lo_class_put(&body, c);
    lo_class_mac(h, key, event, lo_buf_str(&body), mac);

    lo_buf_put(b, text, body.pos - body.start);
    lo_buf_puts(b, ".");
    lo_base64url_put(b, mac, LO_CLASS_MAC);
}


/* ---- reading: what was found to be signed, and yet nothing is believed */

static lo_str_t
lo_class_field(lo_str_t *rest, unsigned char end)
{
    size_t    i;
    lo_str_t  field;

    for (i = 0; i < rest->len && rest->data[i] != end; i++) { /* void */ }

    field.data = rest->data;
    field.len = i;
    lo_skip(rest, i < rest->len ? i + 1 : i);

    return field;
}


static int
lo_class_read_place(lo_place_t *p, lo_str_t s)
{
    uint64_t  asn;
    lo_str_t  country;

    country.data = s.data;
    country.len = 2;
    asn = 0;

    if (s.len < 2 || lo_place_country(p, country) != LO_OK) {
        return LO_ERROR;
    }

    lo_skip(&s, 2);

    if (s.len) {
        lo_skip(&s, 1);

        if (s.data[-1] != '-' || lo_name_number(s, &asn) != LO_OK
            || asn > UINT32_MAX)
        {
            return LO_ERROR;
        }
    }

    p->asn = (uint32_t) asn;

    return LO_OK;
}


static int
lo_class_read_cut(uint32_t *cut, lo_str_t s)
{
    unsigned char  bytes[3];

    if (s.len != 6 || lo_hex_read(bytes, 3, s) != 3) {
        return LO_ERROR;
    }

    *cut = (uint32_t) bytes[0] << 16 | (uint32_t) bytes[1] << 8 | bytes[2];

    return LO_OK;
}


static int
lo_class_read_extra(lo_class_t *c, lo_str_t s)
{
    int            n;
    lo_err_t       err;
    lo_str_t       rest, filter, window;
    unsigned char  text[LO_CLASS_EXTRA];

    n = lo_base64url_read(text, sizeof(text), s);

    if (n <= 0) {
        return LO_ERROR;
    }

    rest.data = text;
    rest.len = n;
    filter = lo_class_field(&rest, '|');
    window = lo_class_field(&rest, '|');
    c->patient = lo_str_eq(rest, lo_cstr("p"));

    if (filter.len && lo_filter_parse(&c->filter, filter, &err) != LO_OK) {
        return LO_ERROR;
    }

    return window.len ? lo_window_read(&c->window, window, &err) : LO_OK;
}


static int
lo_class_read_body(lo_class_t *c, lo_str_t body)
{
    lo_str_t  device;

    memset(c, 0, sizeof(lo_class_t));
    lo_place_unknown(&c->place);

    lo_skip(&body, 1);
    device = lo_class_field(&body, '.');

    if (!lo_str_eq(device, lo_cstr("-"))) {

        if (device.len == 0 || device.len > LO_DEVICE_ID_MAX) {
            return LO_ERROR;
        }

        memcpy(c->device, device.data, device.len);
    }

    if (lo_class_read_place(&c->place, lo_class_field(&body, '.')) != LO_OK
        || lo_class_read_cut(&c->cut, lo_class_field(&body, '.')) != LO_OK)
    {
        return LO_ERROR;
    }

    return body.len ? lo_class_read_extra(c, body) : LO_OK;
}


/* until when a class is good by these keys; 0: none of them has made it */

static int64_t
lo_class_signed_until(const lo_class_keys_t *keys, lo_str_t event,
    lo_str_t body, const unsigned char *given)
{
    int              same;
    int64_t          until, last;
    unsigned         i;
    unsigned char    mac[LO_MAC];
    const lo_key_t  *key;

    for (last = 0, i = 0; i < keys->n; i++) {
        key = &keys->keys[i];

        if (!lo_class_key_good(key, event, keys->now_us)) {
            continue;
        }

        lo_class_mac(keys->hmac, key, event, body, mac);
        same = CRYPTO_memcmp(mac, given, LO_CLASS_MAC) == 0;
        until = key->expires_us ? key->expires_us : INT64_MAX;

        if (same & (until > last)) {
            last = until;
        }
    }

    return last;
}


int
lo_class_read(lo_class_t *c, lo_str_t text, lo_str_t event,
    const lo_class_keys_t *keys, int64_t *until_us)
{
    size_t         i;
    lo_str_t       body, sig;
    unsigned char  given[LO_CLASS_MAC];

    for (i = text.len; i > 0 && text.data[i - 1] != '.'; i--) { /* void */ }

    if (i < 2 || text.len > LO_CLASS_TEXT || !lo_class_signed(text)) {
        return LO_ERROR;
    }

    body.data = text.data;
    body.len = i - 1;
    sig.data = text.data + i;
    sig.len = text.len - i;

    if (lo_base64url_read(given, sizeof(given), sig) != LO_CLASS_MAC) {
        return LO_ERROR;
    }

    *until_us = lo_class_signed_until(keys, event, body, given);

    return *until_us ? lo_class_read_body(c, body) : LO_ERROR;
}
