#include <stdlib.h>

#include <jansson.h>

#include "core/base64.h"
#include "core/clearkey.h"
#include "core/drm.h"


/* ---- the file */

static int
lo_clearkey_compare(const void *a, const void *b)
{
    return memcmp(a, b, 16);
}


static int
lo_clearkey_space(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}


/* the next word of *line, which is moved behind it; empty: there is none */

static lo_str_t
lo_clearkey_word(lo_str_t *line)
{
    lo_str_t  word;

    while (line->len && lo_clearkey_space(line->data[0])) {
        line->data++;
        line->len--;
    }

    word.data = line->data;
    word.len = 0;

    while (line->len && !lo_clearkey_space(line->data[0])) {
        line->data++;
        line->len--;
        word.len++;
    }

    return word;
}


/* up to a line feed, and of that up to a # */

static lo_str_t
lo_clearkey_line(lo_str_t *text)
{
    lo_str_t        line;
    unsigned char  *end;

    line = *text;
    end = memchr(text->data, '\n', text->len);

    if (end) {
        line.len = end - text->data;
        text->data = end + 1;
        text->len -= line.len + 1;

    } else {
        text->len = 0;
    }

    end = memchr(line.data, '#', line.len);

    if (end) {
        line.len = end - line.data;
    }

    return line;
}


/* bsearch wants them in order, and a key id has one key */

static int
lo_clearkey_sort(lo_clearkeys_t *keys, lo_err_t *err)
{
    char      kid[LO_DRM_UUID + 1];
    unsigned  i;
    lo_buf_t  b;

    qsort(keys->keys, keys->n, sizeof(lo_clearkey_t), lo_clearkey_compare);

    for (i = 1; i < keys->n; i++) {
        if (memcmp(keys->keys[i - 1].kid, keys->keys[i].kid, 16) == 0) {
            lo_buf_init(&b, kid, LO_DRM_UUID);
            lo_drm_uuid(&b, keys->keys[i].kid);
            kid[LO_DRM_UUID] = '\0';

            return lo_err(err, "key id %s is there twice", kid);
        }
    }

    return LO_OK;
}


int
lo_clearkey_file(lo_clearkeys_t *keys, lo_str_t text, lo_err_t *err)
{
    unsigned        number;
    lo_str_t        line, kid, key;
    lo_clearkey_t  *k;

    keys->n = 0;

    for (number = 1; text.len; number++) {
        line = lo_clearkey_line(&text);
        kid = lo_clearkey_word(&line);

        if (kid.len == 0) {
            continue;
        }

        if (keys->n == LO_CLEARKEY_KEYS) {
            return lo_err(err, "more than %d keys", LO_CLEARKEY_KEYS);
        }

        k = &keys->keys[keys->n];
        key = lo_clearkey_word(&line);

        if (lo_drm_kid(k->kid, kid) != LO_OK
            || lo_drm_kid(k->key, key) != LO_OK
            || lo_clearkey_word(&line).len != 0)
        {
            return lo_err(err, "line %u is not KID KEY, each of 32 "
                          "hexadecimal digits", number);
        }

        keys->n++;
    }

    if (keys->n == 0) {
        return lo_err(err, "there is no key in it");
    }

    return lo_clearkey_sort(keys, err);
}


const lo_clearkey_t *
lo_clearkey_find(const lo_clearkeys_t *keys, const unsigned char *kid)
{
    return bsearch(kid, keys->keys, keys->n, sizeof(lo_clearkey_t),
                   lo_clearkey_compare);
}


/* ---- a request */

static int
lo_clearkey_bad(lo_err_t *err, const char **field, const char *name,
    const char *why)
{
    *field = name;

    return lo_err(err, "%s", why);
}


static void
lo_clearkey_add(lo_clearkey_ask_t *ask, const unsigned char *kid)
{
    unsigned  i;

    for (i = 0; i < ask->n; i++) {
        if (memcmp(ask->kids[i], kid, 16) == 0) {
            return;
        }
    }

    memcpy(ask->kids[ask->n++], kid, 16);
}


static int
lo_clearkey_kids(lo_clearkey_ask_t *ask, const json_t *v, lo_err_t *err,
    const char **field)
{
    size_t          i;
    json_t         *kid;
    lo_str_t        s;
    unsigned char   bytes[16];

    if (!json_is_array(v) || json_array_size(v) == 0
        || json_array_size(v) > LO_CLEARKEY_KIDS)
    {
        return lo_clearkey_bad(err, field, "kids", "a list of 1 to 64 key "
                               "ids is wanted");
    }

    for (i = 0; i < json_array_size(v); i++) {
        kid = json_array_get(v, i);
        s.data = (unsigned char *) json_string_value(kid);
        s.len = json_string_length(kid);

        if (!json_is_string(kid)
            || lo_base64url_read(bytes, sizeof(bytes), s) != 16)
        {
            return lo_clearkey_bad(err, field, "kids", "a key id is 16 bytes "
                                   "in base64url without padding");
        }

        lo_clearkey_add(ask, bytes);
    }

    return LO_OK;
}


int
lo_clearkey_ask(lo_clearkey_ask_t *ask, lo_str_t json, lo_err_t *err,
    const char **field)
{
    int           rc;
    json_t       *root, *type;
    json_error_t  je;

    ask->n = 0;
    root = json_loadb((const char *) json.data, json.len,
                      JSON_REJECT_DUPLICATES, &je);

    if (!json_is_object(root)) {
        rc = lo_clearkey_bad(err, field, "", root ? "not a JSON object"
                                                  : je.text);
        json_decref(root);
        return rc;
    }

    type = json_object_get(root, "type");

    if (type && (!json_is_string(type)
                 || strcmp(json_string_value(type), "temporary") != 0))
    {
        rc = lo_clearkey_bad(err, field, "type", "only temporary licenses are "
                             "given");

    } else {
        rc = lo_clearkey_kids(ask, json_object_get(root, "kids"), err, field);
    }

    json_decref(root);

    return rc;
}


void
lo_clearkey_answer(lo_buf_t *b, const lo_clearkey_t *const *keys, unsigned n)
{
    unsigned  i;

    lo_buf_puts(b, "{\"keys\":[");

    for (i = 0; i < n; i++) {
        lo_buf_puts(b, i ? ",{\"kty\":\"oct\",\"kid\":\""
                         : "{\"kty\":\"oct\",\"kid\":\"");
        lo_base64url_put(b, keys[i]->kid, 16);
        lo_buf_puts(b, "\",\"k\":\"");
        lo_base64url_put(b, keys[i]->key, 16);
        lo_buf_puts(b, "\"}");
    }

    lo_buf_puts(b, "],\"type\":\"temporary\"}\n");
}
