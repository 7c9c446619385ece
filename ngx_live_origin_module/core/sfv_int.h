/* what the files of sfv.h have between them; all return LO_OK or LO_ERROR */

#ifndef LO_SFV_INT_H
#define LO_SFV_INT_H

#include "core/sfv.h"


static inline int
lo_sfv_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}


static inline int
lo_sfv_lower(unsigned char c)
{
    return c >= 'a' && c <= 'z';
}


static inline int
lo_sfv_alpha(unsigned char c)
{
    return lo_sfv_lower(c) || (c >= 'A' && c <= 'Z');
}


/* LO_ERROR */
int lo_sfv_bad(lo_sfv_t *s, const char *error);

void lo_sfv_sp(lo_sfv_t *s);
/* what has been read since from */
lo_str_t lo_sfv_from(const lo_sfv_t *s, const unsigned char *from);

int lo_sfv_key(lo_sfv_t *s, lo_str_t *key);
/* an item without its parameters */
int lo_sfv_bare(lo_sfv_t *s, lo_sfv_item_t *item);
int lo_sfv_one_param(lo_sfv_t *s, lo_str_t *key, lo_sfv_item_t *value);
int lo_sfv_params(lo_sfv_t *s, lo_sfv_item_t *item);

/* sfv_string.c: from the letter that they begin with */
int lo_sfv_string(lo_sfv_t *s, lo_sfv_item_t *item);
int lo_sfv_display(lo_sfv_t *s, lo_sfv_item_t *item);
int lo_sfv_binary(lo_sfv_t *s, lo_sfv_item_t *item);

#endif /* LO_SFV_INT_H */
