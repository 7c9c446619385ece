/*
 * Structured field values for HTTP, RFC 9651 (and 8941): strict, over the
 * caller's bytes, without memory of its own.  A field is good only as a whole:
 * act on its members when the last call has returned 0.
 */

#ifndef LO_SFV_H
#define LO_SFV_H

#include "core/base.h"


typedef enum {
    LO_SFV_INTEGER = 0,               /* integer */
    LO_SFV_DECIMAL,                   /* integer: thousandths */
    LO_SFV_STRING,                    /* text: between the quotes, escaped */
    LO_SFV_TOKEN,                     /* text */
    LO_SFV_BYTES,                     /* text: base64; see lo_sfv_bytes */
    LO_SFV_BOOLEAN,                   /* integer: 0, 1 */
    LO_SFV_DATE,                      /* integer: seconds since 1970 */
    LO_SFV_DISPLAY,                   /* text: between the quotes, escaped */
    LO_SFV_INNER                      /* text: between the parentheses */
} lo_sfv_e;

typedef struct {
    lo_sfv_e            type;
    int64_t             integer;
    lo_str_t            text;
    lo_str_t            params;       /* ";key=value;key"; see lo_sfv_param */
} lo_sfv_item_t;

typedef struct {
    const unsigned char  *pos;
    const unsigned char  *end;
    unsigned              begun;      /* a member was read */
    const char           *error;      /* constant */
} lo_sfv_t;

void lo_sfv(lo_sfv_t *s, lo_str_t field);

/* 1: a member; 0: the end; LO_ERROR: malformed, see s->error */
int lo_sfv_list(lo_sfv_t *s, lo_sfv_item_t *item);
int lo_sfv_dict(lo_sfv_t *s, lo_str_t *key, lo_sfv_item_t *item);
/* the only one of a field that is a single item: LO_OK, LO_ERROR */
int lo_sfv_item(lo_sfv_t *s, lo_sfv_item_t *item);
/* over the text of an inner list */
int lo_sfv_inner(lo_sfv_t *s, lo_sfv_item_t *item);

/* a parameter of an item that was read: LO_OK, LO_NONE */
int lo_sfv_param(const lo_sfv_item_t *item, const char *key,
    lo_sfv_item_t *value);

/*
 * A member of a dictionary, which is read to its end: the last of this key.
 * LO_OK, LO_NONE, LO_ERROR (*error says why).
 */
int lo_sfv_member(lo_str_t field, const char *key, lo_sfv_item_t *item,
    const char **error);

/* decodes LO_SFV_BYTES: how many, or LO_FULL */
int lo_sfv_bytes(const lo_sfv_item_t *item, void *data, size_t cap);

#endif /* LO_SFV_H */
