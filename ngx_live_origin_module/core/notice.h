/*
 * Notices: small messages of an event that its responses carry, the latest
 * value of each key, as one RFC 8941 Dictionary of Strings.  They lie in
 * lo_live_t.
 */

#ifndef LO_NOTICE_H
#define LO_NOTICE_H

#include "core/base.h"

#define LO_NOTICES        8
#define LO_NOTICE_KEY     64
#define LO_NOTICE_VALUE   200
#define LO_NOTICE_HEADER  2048        /* of all, as they are sent */


typedef struct {
    int64_t             expires_us;   /* wall clock; INT64_MAX: never */
    char                key[LO_NOTICE_KEY + 1];
    char                value[LO_NOTICE_VALUE + 1];
} lo_notice_t;

typedef struct {
    uint32_t            n;
    lo_notice_t         notices[LO_NOTICES];   /* in the order of coming */
} lo_notices_t;


/* RFC 8941, 3.1.2: [a-z*][a-z0-9_.*-]*, 64 bytes at most */
int lo_notice_key(lo_str_t key, lo_err_t *err);
/* 3.3.3: printable ASCII, 200 bytes at most */
int lo_notice_value(lo_str_t value, lo_err_t *err);

/*
 * Sets a key, or takes it away where value is NULL; what has expired goes.
 * 1 changed, 0 it was so already, LO_FULL: no room, err says for what.
 * Key and value are good.
 */
int lo_notice_set(lo_notices_t *all, lo_str_t key, const lo_str_t *value,
    int64_t expires_us, int64_t now_us, lo_err_t *err);

/* the value of the header, empty if there is none; *until_us is when it will
   be another */
void lo_notice_write(lo_buf_t *b, const lo_notices_t *all, int64_t now_us,
    int64_t *until_us);

#endif /* LO_NOTICE_H */
