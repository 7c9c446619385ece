/*
 * Structured fields of any bytes.  What is taken as a list must be taken the
 * same way again, items lie within the field, and declared defects never come
 * to a rank without a class.  The first byte says what the rest is read as.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/sfv.h"
#include "core/verdict.h"
#include "fuzz.h"


static void
check_item(const lo_sfv_item_t *i, lo_str_t field)
{
    unsigned char  data[4096];
    lo_sfv_t       s;
    lo_sfv_item_t  one;

    inside(i->text, field);
    inside(i->params, field);

    check(i->integer <= INT64_C(999999999999999)
          && i->integer >= -INT64_C(999999999999999));

    if (i->type == LO_SFV_BYTES) {
        check(lo_sfv_bytes(i, data, sizeof(data))
              <= (int) (i->text.len * 3 / 4 + 1));
    }

    if (i->type == LO_SFV_INNER) {

        lo_sfv(&s, i->text);

        while (lo_sfv_inner(&s, &one) == 1) {
            check(one.type != LO_SFV_INNER);
            inside(one.text, field);
        }

        check(s.pos == s.end);                  /* it was read before */
    }

    (void) lo_sfv_param(i, "ms", &one);
}


static void
check_defects(lo_str_t field)
{
    char          text[LO_VERDICT_TEXT];
    lo_buf_t      b;
    lo_err_t      err;
    lo_verdict_t  v, w;

    memset(&v, 0, sizeof(v));

    if (lo_verdict_declared(&v, field, &err) != LO_OK) {
        check(v.bits == 0);
        return;
    }

    lo_buf_init(&b, text, sizeof(text));
    lo_verdict_print(&b, &v);
    check(lo_buf_ok(&b));

    memset(&w, 0, sizeof(w));
    check(lo_verdict_declared(&w, lo_buf_str(&b), &err) == LO_OK);
    check(lo_verdict_rank(&w) == lo_verdict_rank(&v));
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lo_str_t        field, key;
    lo_sfv_t        s;
    const char     *error;
    unsigned char  *copy;
    lo_sfv_item_t   item;

    if (size == 0) {
        return 0;
    }

    /* of its own size: a byte too far is seen */

    copy = malloc(size - 1 ? size - 1 : 1);
    check(copy != NULL);
    memcpy(copy, data + 1, size - 1);
    field.data = copy;
    field.len = size - 1;

    lo_sfv(&s, field);

    switch (data[0] % 4) {

    case 0:
        while (lo_sfv_list(&s, &item) == 1) {
            check_item(&item, field);
        }

        break;

    case 1:
        while (lo_sfv_dict(&s, &key, &item) == 1) {
            inside(key, field);
            check_item(&item, field);
        }

        (void) lo_sfv_member(field, "sha-256", &item, &error);
        break;

    case 2:
        if (lo_sfv_item(&s, &item) == LO_OK) {
            check_item(&item, field);
        }

        break;

    default:
        check_defects(field);
    }

    free(copy);

    return 0;
}
