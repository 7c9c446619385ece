/*
 * License requests, and files of keys.  What is asked for is answered within
 * its room; what a file has is found again.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/clearkey.h"
#include "fuzz.h"


static lo_clearkeys_t  keys;


static void
request(lo_str_t json)
{
    char                  text[LO_CLEARKEY_ANSWER_MAX];
    unsigned              i;
    lo_buf_t              b;
    lo_err_t              err;
    const char           *field;
    lo_clearkey_t         made[LO_CLEARKEY_KIDS];
    lo_clearkey_ask_t     ask;
    const lo_clearkey_t  *all[LO_CLEARKEY_KIDS];

    field = NULL;
    err.text[0] = '\0';

    if (lo_clearkey_ask(&ask, json, &err, &field) != LO_OK) {
        check(field != NULL && err.text[0] != '\0');
        return;
    }

    check(ask.n >= 1 && ask.n <= LO_CLEARKEY_KIDS);
    memset(made, 0xa5, sizeof(made));

    for (i = 0; i < ask.n; i++) {
        memcpy(made[i].kid, ask.kids[i], 16);
        all[i] = &made[i];
    }

    lo_buf_init(&b, text, sizeof(text));
    lo_clearkey_answer(&b, all, ask.n);
    check(lo_buf_ok(&b));
}


static void
file(lo_str_t text)
{
    unsigned  i;
    lo_err_t  err;

    err.text[0] = '\0';

    if (lo_clearkey_file(&keys, text, &err) != LO_OK) {
        check(err.text[0] != '\0');
        return;
    }

    check(keys.n >= 1 && keys.n <= LO_CLEARKEY_KEYS);

    for (i = 0; i < keys.n; i++) {
        check(lo_clearkey_find(&keys, keys.keys[i].kid) == &keys.keys[i]);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lo_str_t  s;

    if (size == 0) {
        return 0;
    }

    s.len = size - 1;
    s.data = malloc(s.len ? s.len : 1);
    check(s.data != NULL);
    memcpy(s.data, data + 1, s.len);

    if (data[0] & 1) {
        file(s);

    } else {
        request(s);
    }

    free(s.data);

    return 0;
}
