/*
 * What every file of core, zone and redis stands on: strings, results,
 * a bounded writer and the one function that rescales time.
 */

#ifndef LO_BASE_H
#define LO_BASE_H

#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>
#include <string.h>


/* the same shape as ngx_str_t, so that one can be read as the other */

typedef struct {
    size_t              len;
    unsigned char      *data;
} lo_str_t;

#define lo_string(s)    { sizeof(s) - 1, (unsigned char *) s }
#define lo_null_string  { 0, NULL }

static inline int
lo_str_eq(lo_str_t a, lo_str_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline lo_str_t
lo_cstr(const char *s)
{
    lo_str_t  str;

    str.len = strlen(s);
    str.data = (unsigned char *) s;

    return str;
}


/* results: 0 and above are successes of the function's own kind */

#define LO_OK            0
#define LO_AGAIN       (-1)   /* not yet: more input, or try again later */
#define LO_ERROR       (-2)   /* see lo_err_t */
#define LO_FULL        (-3)   /* no room */
#define LO_NONE        (-4)   /* there is no such thing */


/* one line for a human, without a trailing dot or newline */

#define LO_ERR_MAX  256

typedef struct {
    char                text[LO_ERR_MAX];
} lo_err_t;

int lo_err(lo_err_t *err, const char *fmt, ...)      /* always LO_ERROR */
    __attribute__((format(printf, 2, 3)));


/*
 * A writer over the caller's memory.  It never writes past end; what did not
 * fit is counted, so that "need" is the size that would have sufficed.
 */

typedef struct {
    unsigned char      *start;
    unsigned char      *pos;
    unsigned char      *end;
    size_t              need;
} lo_buf_t;

void lo_buf_init(lo_buf_t *b, void *mem, size_t size);
void lo_buf_put(lo_buf_t *b, const void *data, size_t len);
void lo_buf_puts(lo_buf_t *b, const char *s);
void lo_buf_u64(lo_buf_t *b, uint64_t v);
void lo_buf_printf(lo_buf_t *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static inline int
lo_buf_ok(const lo_buf_t *b)
{
    return b->need == (size_t) (b->pos - b->start);
}

static inline lo_str_t
lo_buf_str(const lo_buf_t *b)
{
    lo_str_t  s;

    s.len = b->pos - b->start;
    s.data = b->start;

    return s;
}


/*
 * v * num / den with 128-bit intermediates; den is not 0.  A result that does
 * not fit saturates.  NEAREST rounds ties away from zero, FLOOR goes to minus
 * infinity, CEIL to plus.
 */

typedef enum {
    LO_FLOOR = 0,
    LO_NEAREST,
    LO_CEIL
} lo_round_e;

int64_t lo_rescale(int64_t v, uint64_t num, uint64_t den, lo_round_e round);


/* an id: [A-Za-z0-9][A-Za-z0-9._-]{0,63} */

#define LO_ID_MAX         64      /* bytes of an id, without a final zero */

int lo_id_ok(lo_str_t id);

/* an id that is stored with zeroes behind it, LO_ID_MAX + 1 bytes in all */

static inline int
lo_id_eq(const char *id, lo_str_t s)
{
    if (s.len == 0 || s.len > LO_ID_MAX) {
        return s.len == 0 && id[0] == '\0';
    }

    return id[s.len] == '\0' && id[s.len - 1] != '\0'
           && (unsigned char) id[s.len - 1] == s.data[s.len - 1]
           && memcmp(id, s.data, s.len) == 0;
}

#define LO_MAX_PIPELINES  4
#define LO_MAX_TRACKS     64      /* of one event */

#define LO_USEC           1000000

#endif /* LO_BASE_H */
