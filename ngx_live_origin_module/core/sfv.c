/*
 * Structured fields as a whole: lists, dictionaries, inner lists, and single
 * items.
 */

#include "core/sfv_int.h"


static void
lo_sfv_ows(lo_sfv_t *s)
{
    while (s->pos < s->end && (*s->pos == ' ' || *s->pos == '\t')) {
        s->pos++;
    }
}


void
lo_sfv(lo_sfv_t *s, lo_str_t field)
{
    s->pos = field.data;
    s->end = field.data ? field.data + field.len : NULL;
    s->begun = 0;
    s->error = "";
}


int
lo_sfv_inner(lo_sfv_t *s, lo_sfv_item_t *item)
{
    int                   rc;
    const unsigned char  *was;

    was = s->pos;
    lo_sfv_sp(s);

    if (s->pos == s->end) {
        return 0;
    }

    if (s->begun && s->pos == was) {
        return lo_sfv_bad(s, "a space lies between what is in parentheses");
    }

    s->begun = 1;
    rc = lo_sfv_bare(s, item);

    if (rc == LO_OK) {
        rc = lo_sfv_params(s, item);
    }

    return rc == LO_OK ? 1 : rc;
}


/* up to the parenthesis that ends it; what is in it must be good, too */

static int
lo_sfv_inner_list(lo_sfv_t *s, lo_sfv_item_t *item)
{
    int                   rc;
    unsigned              begun;
    lo_sfv_item_t         one;
    const unsigned char  *from, *was;

    memset(item, 0, sizeof(lo_sfv_item_t));
    item->type = LO_SFV_INNER;
    from = ++s->pos;

    for (begun = 0; s->pos < s->end; begun = 1) {

        was = s->pos;
        lo_sfv_sp(s);

        if (s->pos < s->end && *s->pos == ')') {
            item->text = lo_sfv_from(s, from);
            s->pos++;
            return LO_OK;
        }

        if (begun && s->pos == was) {
            break;
        }

        rc = lo_sfv_bare(s, &one);

        if (rc == LO_OK) {
            rc = lo_sfv_params(s, &one);
        }

        if (rc != LO_OK) {
            return rc;
        }
    }

    return lo_sfv_bad(s, "an inner list without an end");
}


static int
lo_sfv_value(lo_sfv_t *s, lo_sfv_item_t *item)
{
    int  rc;

    rc = s->pos < s->end && *s->pos == '(' ? lo_sfv_inner_list(s, item)
                                           : lo_sfv_bare(s, item);

    return rc == LO_OK ? lo_sfv_params(s, item) : rc;
}


/* before a member: 1: there is one, 0: the end */

static int
lo_sfv_next(lo_sfv_t *s)
{
    if (!s->begun) {
        lo_sfv_sp(s);
        s->begun = 1;

        return s->pos < s->end;
    }

    lo_sfv_ows(s);

    if (s->pos == s->end) {
        return 0;
    }

    if (*s->pos != ',') {
        return lo_sfv_bad(s, "a comma lies between members");
    }

    s->pos++;
    lo_sfv_ows(s);

    return s->pos < s->end ? 1 : lo_sfv_bad(s, "a comma at the end");
}


int
lo_sfv_list(lo_sfv_t *s, lo_sfv_item_t *item)
{
    int  rc;

    rc = lo_sfv_next(s);

    if (rc != 1) {
        return rc;
    }

    rc = lo_sfv_value(s, item);

    return rc == LO_OK ? 1 : rc;
}


int
lo_sfv_dict(lo_sfv_t *s, lo_str_t *key, lo_sfv_item_t *item)
{
    int  rc;

    rc = lo_sfv_next(s);

    if (rc != 1) {
        return rc;
    }

    rc = lo_sfv_key(s, key);

    if (rc != LO_OK) {
        return rc;
    }

    if (s->pos < s->end && *s->pos == '=') {
        s->pos++;
        rc = lo_sfv_value(s, item);

    } else {
        memset(item, 0, sizeof(lo_sfv_item_t));
        item->type = LO_SFV_BOOLEAN;
        item->integer = 1;
        rc = lo_sfv_params(s, item);
    }

    return rc == LO_OK ? 1 : rc;
}


int
lo_sfv_item(lo_sfv_t *s, lo_sfv_item_t *item)
{
    int  rc;

    lo_sfv_sp(s);
    rc = lo_sfv_bare(s, item);

    if (rc == LO_OK) {
        rc = lo_sfv_params(s, item);
    }

    if (rc != LO_OK) {
        return rc;
    }

    lo_sfv_sp(s);

    return s->pos == s->end ? LO_OK
                            : lo_sfv_bad(s, "something behind the item");
}


int
lo_sfv_param(const lo_sfv_item_t *item, const char *key,
    lo_sfv_item_t *value)
{
    int            rc;
    lo_str_t       name;
    lo_sfv_t       s;
    lo_sfv_item_t  v;

    rc = LO_NONE;
    lo_sfv(&s, item->params);

    while (s.pos < s.end && lo_sfv_one_param(&s, &name, &v) == LO_OK) {

        if (lo_str_eq(name, lo_cstr(key))) {
            *value = v;
            rc = LO_OK;
        }
    }

    return rc;
}


int
lo_sfv_member(lo_str_t field, const char *key, lo_sfv_item_t *item,
    const char **error)
{
    int            rc, found;
    lo_str_t       name;
    lo_sfv_t       s;
    lo_sfv_item_t  one;

    found = LO_NONE;
    lo_sfv(&s, field);

    while ((rc = lo_sfv_dict(&s, &name, &one)) == 1) {

        if (lo_str_eq(name, lo_cstr(key))) {
            *item = one;
            found = LO_OK;
        }
    }

    if (rc != 0) {
        *error = s.error;
        return LO_ERROR;
    }

    return found;
}
