/*
 * Windows: which time a manifest covers.  Start-over (start), catch-up
 * (start and end) and delay, by the names of AWS Elemental MediaPackage's
 * query parameters.  docs/filters.md is what users read.
 */

#ifndef LO_WINDOW_H
#define LO_WINDOW_H

#include "core/live.h"


#define LO_WINDOW_DELAY_MAX  86400    /* s */
#define LO_WINDOW_TEXT_MAX   1024     /* characters of aws.manifestsettings */


/* UTC media time; 0: not given */

typedef struct {
    int64_t             start_us;
    int64_t             end_us;
    int64_t             delay_us;
} lo_window_t;

#define lo_window_any(w)                                                      \
    ((w)->start_us || (w)->end_us || (w)->delay_us)


/*
 * Values of start, end (seconds since 1970, or ISO 8601 with a zone) and
 * time_delay (seconds), percent-decoded; data NULL: not given.  LO_ERROR: 400,
 * *err names parameter and value.
 */
int lo_window_parse(lo_window_t *w, lo_str_t start, lo_str_t end,
    lo_str_t delay, lo_err_t *err);

/* canonical, "end:1732300175;start:1732285823.5;time_delay:60": windows of one
   meaning have one text */
void lo_window_write(lo_buf_t *b, const lo_window_t *w);

/* that text, as MediaPackage's aws.manifestsettings has it; LO_ERROR: 400 */
int lo_window_read(lo_window_t *w, lo_str_t text, lo_err_t *err);


/*
 * On the grid of an event that has been live.  The first number is the one
 * whose slot holds start (0 without), the last the one that holds the moment
 * before end (INT64_MAX without).
 */
int64_t lo_window_first(const lo_window_t *w, const lo_live_t *l);
int64_t lo_window_last(const lo_window_t *w, const lo_live_t *l);

/* start and end to where their segments begin and end: windows of the same
   numbers become one.  An irregular event has no such times */
void lo_window_settle(lo_window_t *w, const lo_live_t *l);

/* when a number is due to whom this window delays, and the last one that is */
int64_t lo_window_due_us(const lo_window_t *w, const lo_live_t *l,
    int64_t n);
int64_t lo_window_due(const lo_window_t *w, const lo_live_t *l,
    int64_t now_us);

/*
 * Whether an event whose newest number is head has something to list.
 * LO_ERROR: 400, never (*err); LO_AGAIN: 404, not yet; LO_NONE: 404, not any
 * more.
 */
int lo_window_fits(const lo_window_t *w, const lo_live_t *l, int64_t head,
    int64_t now_us, lo_err_t *err);

#endif /* LO_WINDOW_H */
