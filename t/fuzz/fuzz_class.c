/*
 * The devices document, what players say of themselves, and classes.  The
 * first byte says which; the text of a class is signed here, as nobody else
 * gets one that is read.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "core/base64.h"
#include "core/class.h"
#include "core/play.h"
#include "fuzz.h"


static void
devices(const uint8_t *data, size_t size)
{
    unsigned            i;
    lo_devices_t       *d;
    lo_event_err_t      err;
    const lo_device_t  *chosen;

    d = malloc(sizeof(lo_devices_t));

    if (lo_devices_parse(d, data, size, &err) == LO_OK) {

        check(d->n > 0 && d->n <= LO_DEVICES_MAX);
        check(d->fallback <= d->n);

        for (i = 0; i < d->n; i++) {
            check(lo_device_find(d, lo_cstr(d->devices[i].id))
                      == &d->devices[i]);

            /* a class is within itself: the first one that is, is chosen */

            chosen = lo_device_choose(d, &d->devices[i].limits);
            check(chosen >= d->devices && chosen < d->devices + d->n);
        }
    }

    free(d);
}


/* whatever was asked, the answer is JSON, and its length is known before */

static void
answer(const lo_play_t *p)
{
    json_t            *json;
    lo_buf_t           b;
    lo_class_t         of;
    lo_play_answer_t   a;
    char               mem[4096], class[LO_CLASS_TEXT];

    of = p->of;
    lo_place_unknown(&of.place);

    lo_buf_init(&b, class, sizeof(class));
    lo_class_put(&b, &of);
    check(lo_buf_ok(&b));

    memset(&a, 0, sizeof(lo_play_answer_t));
    a.asked = p;
    a.of = &of;
    a.base = lo_cstr("/\"live\\/");
    a.event = lo_cstr("ev");
    a.session = p->session;
    a.class = lo_buf_str(&b);

    lo_buf_init(&b, mem, sizeof(mem));
    check(lo_play_write(&b, &a) == LO_OK && lo_buf_ok(&b));

    json = json_loadb(mem, b.need, JSON_REJECT_DUPLICATES, NULL);
    check(json_is_object(json));
    json_decref(json);
}


static void
play(const uint8_t *data, size_t size)
{
    int             rc;
    lo_play_t      *p;
    lo_event_err_t  err;

    p = malloc(sizeof(lo_play_t));

    if (lo_play_parse(p, data, size, &err) == LO_OK) {
        (void) lo_play_device(p, NULL, &rc);
        check(rc == LO_OK || p->device.len);
        answer(p);
        lo_play_free(p);
    }

    free(p);
}


static void
class(const uint8_t *data, size_t size)
{
    lo_buf_t        b, c;
    lo_key_t        key;
    int64_t         until;
    lo_class_t      of, again;
    unsigned char   mac[LO_MAC], msg[LO_CLASS_TEXT + 16];
    unsigned char   one[LO_CLASS_TEXT], two[LO_CLASS_TEXT];

    lo_str_t         event = lo_string("ev");
    lo_class_keys_t  keys = { &key, 1, 1, NULL };

    memset(&key, 0, sizeof(lo_key_t));
    key.uses = LO_USE_CLASS;
    key.len = LO_SECRET_MIN;

    if (size > LO_CLASS_TEXT - 32) {
        return;
    }

    lo_buf_init(&b, msg, sizeof(msg));
    lo_buf_puts(&b, "class\nev\n_");
    lo_buf_put(&b, data, size);
    lo_keys_mac(&key, lo_buf_str(&b), mac);

    lo_buf_init(&b, one, sizeof(one));
    lo_buf_puts(&b, "_");
    lo_buf_put(&b, data, size);
    lo_buf_puts(&b, ".");
    lo_base64url_put(&b, mac, 12);

    if (lo_class_read(&of, lo_buf_str(&b), event, &keys, &until) != LO_OK) {
        return;
    }

    /* what is read has one text */

    lo_buf_init(&b, one, sizeof(one));
    lo_class_write(&b, &of, event, &key, NULL);

    if (!lo_buf_ok(&b)) {
        return;
    }

    check(lo_class_read(&again, lo_buf_str(&b), event, &keys, &until)
          == LO_OK);

    lo_buf_init(&c, two, sizeof(two));
    lo_class_write(&c, &again, event, &key, NULL);
    check(lo_str_eq(lo_buf_str(&b), lo_buf_str(&c)));
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }

    switch (data[0] & 3) {

    case 0:
        devices(data + 1, size - 1);
        break;

    case 1:
        play(data + 1, size - 1);
        break;

    default:
        class(data + 1, size - 1);
    }

    return 0;
}
