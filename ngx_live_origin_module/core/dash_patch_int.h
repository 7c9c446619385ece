/*
 * Between dash_patch.c (the MPD and its Periods), dash_patch_list.c (a track's
 * segments) and dash_patch_text.c (lines, and what stands in them).
 */

#ifndef LO_DASH_PATCH_INT_H
#define LO_DASH_PATCH_INT_H

#include "core/dash_int.h"
#include "core/name_parse.h"


#define LO_PATCH_LOCATION  "  <PatchLocation>"
#define LO_PATCH_S_MAX     16384           /* elements of one list */


typedef struct {
    int64_t             t;                 /* of its first segment */
    int64_t             d;
    int64_t             r;
    lo_str_t            line;
} lo_patch_s_t;

typedef struct {
    lo_str_t            left;              /* not read yet */
    lo_str_t            line;
} lo_patch_lines_t;

typedef struct {
    lo_buf_t           *b;
    lo_patch_s_t       *was;               /* LO_PATCH_S_MAX each */
    lo_patch_s_t       *is;
    lo_str_t            period;            /* ids of where the lines are */
    lo_str_t            set;
    lo_str_t            rep;
} lo_patch_t;


/* 0: there is none any more, and l->line is empty */
int lo_patch_next(lo_patch_lines_t *l);
int lo_patch_is(lo_str_t line, const char *start);
/* the value of an attribute, as it is written */
lo_str_t lo_patch_value(lo_str_t line, const char *name);
int64_t lo_patch_int(lo_str_t line, const char *name, int64_t otherwise);
/* two lines that differ in the value of one attribute at most */
int lo_patch_alike_but(lo_str_t a, lo_str_t b, const char *name);
/* an element without what stands before it */
void lo_patch_content(lo_buf_t *b, lo_str_t line);

/* begins an operation on the SegmentTemplate where x is, or below it */
void lo_patch_sel(lo_patch_t *x, const char *op, const char *more);

/* reads on as long as there are S, the first of which is l->line; LO_ERROR:
   there are more than LO_PATCH_S_MAX */
int lo_patch_read(lo_patch_lines_t *l, lo_patch_s_t *s);
/* from x->was to x->is */
void lo_patch_list(lo_patch_t *x, int nwas, int nis);

#endif /* LO_DASH_PATCH_INT_H */
