/*
 * The canonical class of a viewer: what a manifest depends on besides its
 * event.  Viewers of one class get the same bytes.  It stands in the
 * manifest's URL, signed, so that nobody makes up classes.
 *
 *     ~CLASS   = "~_" DEVICE "." PLACE "." CUT ["." EXTRA] "." MAC
 *     DEVICE   = id in the devices document, or "-"
 *     PLACE    = country in lower case, "zz": any other; or COUNTRY "-" ASN
 *     CUT      = lo_where_digest of the event's document, 6 digits
 *     EXTRA    = base64url(FILTER "|" WINDOW "|" FLAGS), FLAGS is "" or "p"
 *     MAC      = base64url of 12 bytes, HMAC-SHA256(secret, "class" LF EVENT
 *                LF what stands before the last dot)
 *
 * The country is the one that stands for all that this event treats alike
 * (core/where.h).  A class of another CUT says nothing of today's document,
 * and has to be found again.
 */

#ifndef LO_CLASS_H
#define LO_CLASS_H

#include "core/device.h"
#include "core/filter.h"
#include "core/hmac.h"
#include "core/keys.h"
#include "core/name.h"
#include "core/where.h"
#include "core/window.h"


typedef struct lo_class_s  lo_class_t;

struct lo_class_s {
    char                device[LO_DEVICE_ID_MAX + 1];    /* "": none */
    lo_place_t          place;
    uint32_t            cut;
    lo_filter_t         filter;
    lo_window_t         window;
    unsigned            patient;          /* wants no low latency */
};

typedef struct {
    const lo_key_t     *keys;
    unsigned            n;
    int64_t             now_us;
    lo_hmac_t          *hmac;             /* may be NULL */
} lo_class_keys_t;


/* whether a path segment behind "~" claims to be one; others are labels of
   the operator's own, which mean nothing here */
int lo_class_signed(lo_str_t text);

/* what stands before the MAC: classes of one meaning have one text */
void lo_class_put(lo_buf_t *b, const lo_class_t *c);
/* and with it; h may be NULL */
void lo_class_write(lo_buf_t *b, const lo_class_t *c, lo_str_t event,
    const lo_key_t *key, lo_hmac_t *h);

/* the first of the keys that is good for classes of this event now; NULL:
   there is none */
const lo_key_t *lo_class_key(const lo_class_keys_t *keys, lo_str_t event);

/* LO_ERROR: none of those that are good has made it.  *until_us: as long as
   one that has is, INT64_MAX: for ever */
int lo_class_read(lo_class_t *c, lo_str_t text, lo_str_t event,
    const lo_class_keys_t *keys, int64_t *until_us);

#endif /* LO_CLASS_H */
