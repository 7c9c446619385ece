/*
 * Between filter.c (parameters) and filter_value.c (their values).
 */

#ifndef LO_FILTER_INT_H
#define LO_FILTER_INT_H

#include "core/filter.h"


#define LO_FILTER_SHOWN  64           /* of a value, in a message */

typedef enum {
    LO_FILTER_RANGE = 0,              /* numbers */
    LO_FILTER_FPS,                    /* numbers of three decimals */
    LO_FILTER_WORD,                   /* of a list */
    LO_FILTER_TEXT
} lo_filter_kind_e;

typedef struct {
    const char         *name;
    lo_filter_kind_e    kind;
    uint32_t            min;
    uint32_t            max;
    const char         *words[5];     /* bit 0 is words[0]; in order */
} lo_filter_param_t;

extern const lo_filter_param_t  lo_filter_params[LO_FILTER_NKEYS];

typedef struct {
    lo_filter_t        *f;
    lo_filter_key_e     key;
    lo_err_t           *err;
    unsigned            values;       /* of this parameter */
} lo_filter_parse_t;


/* a value of p->key, without blanks around it, into p->f */
int lo_filter_value(lo_filter_parse_t *p, lo_str_t value);

int lo_filter_err(const lo_filter_parse_t *p, lo_str_t value,
    const char *why);

/* what came, in a form that a log and a terminal can show; out is
   LO_FILTER_SHOWN + 1 long */
const char *lo_filter_shown(char *out, lo_str_t s);

lo_str_t lo_filter_trim(lo_str_t s);

/* cuts what stands before the next one of this byte off *rest; 0: it was the
   last piece, and *rest is empty */
int lo_filter_cut(lo_str_t *rest, unsigned char c, lo_str_t *piece);

/* without regard to case; word is in lower case */
int lo_filter_is(lo_str_t s, const char *word);

#endif /* LO_FILTER_INT_H */
