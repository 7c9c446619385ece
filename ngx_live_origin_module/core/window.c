#include "core/window.h"
#include "core/event_value.h"
#include "core/name_parse.h"

#include <stdio.h>


#define LO_WINDOW_SHOWN  40
#define LO_WINDOW_TIME   64            /* characters of a time */

#define LO_WINDOW_TIME_MAX  ((LO_VALUE_EPOCH_MAX + 1) * LO_USEC - 1)

typedef enum {
    LO_WINDOW_END = 0,
    LO_WINDOW_START,
    LO_WINDOW_DELAY,
    LO_WINDOW_NKEYS
} lo_window_key_e;

static const char  *keys[LO_WINDOW_NKEYS] = { "end", "start", "time_delay" };


/* ---- reading */

static int
lo_window_err(lo_window_key_e key, lo_str_t value, const char *why,
    lo_err_t *err)
{
    char    shown[LO_WINDOW_SHOWN + 1];
    size_t  i;

    for (i = 0; i < value.len && i < LO_WINDOW_SHOWN; i++) {
        shown[i] = value.data[i] >= 0x20 && value.data[i] < 0x7f
                   && value.data[i] != '"' ? value.data[i] : '?';
    }

    shown[i] = '\0';

    return lo_err(err, "\"%s=%s\" %s", keys[key], shown, why);
}


/* "1732285823" or "1732285823.25" */

static int
lo_window_epoch(int64_t *us, lo_str_t s)
{
    size_t    len;
    int64_t   unit;
    uint64_t  sec;
    lo_str_t  digits;

    digits.data = s.data;
    digits.len = lo_name_digits(s);

    if (lo_name_number(digits, &sec) != LO_OK || sec > LO_VALUE_EPOCH_MAX) {
        return LO_ERROR;
    }

    *us = (int64_t) sec * LO_USEC;
    lo_skip(&s, digits.len);

    if (s.len == 0) {
        return LO_OK;
    }

    len = lo_name_digits((lo_str_t) { s.len - 1, s.data + 1 });

    if (s.data[0] != '.' || len == 0 || len + 1 != s.len) {
        return LO_ERROR;
    }

    lo_skip(&s, 1);

    for (unit = LO_USEC / 10; s.len; unit /= 10) {
        *us += (s.data[0] - '0') * unit;
        lo_skip(&s, 1);
    }

    return LO_OK;
}


/* "+01:00" or "-0800" at the end of *s, which is cut off; "Z" stays */

static int
lo_window_zone(int64_t *us, lo_str_t *s)
{
    int                   sign, v[4];
    size_t                i, n, len;
    const unsigned char  *p;

    *us = 0;

    if (s->len == 0 || s->data[s->len - 1] == 'Z'
        || s->data[s->len - 1] == 'z')
    {
        return LO_OK;
    }

    len = s->len >= 6 && s->data[s->len - 3] == ':' ? 6 : 5;

    if (s->len < len) {
        return LO_ERROR;
    }

    p = s->data + s->len - len;

    if (*p != '+' && *p != '-') {
        return LO_ERROR;
    }

    sign = *p == '+' ? 1 : -1;

    for (n = 0, i = 1; i < len; i++) {
        if (len == 6 && i == 3) {
            continue;
        }

        if (!lo_is_digit(p[i])) {
            return LO_ERROR;
        }

        v[n++] = p[i] - '0';
    }

    if (v[0] * 10 + v[1] > 23 || v[2] > 5) {
        return LO_ERROR;
    }

    *us = sign * ((v[0] * 10 + v[1]) * 3600 + (v[2] * 10 + v[3]) * 60)
          * (int64_t) LO_USEC;
    s->len -= len;

    return LO_OK;
}


static int
lo_window_iso(int64_t *us, lo_str_t s)
{
    char      utc[LO_WINDOW_TIME + 1];
    int64_t   zone;
    lo_err_t  err;

    if (s.len > LO_WINDOW_TIME || lo_window_zone(&zone, &s) != LO_OK
        || s.len == 0)
    {
        return LO_ERROR;
    }

    memcpy(utc, s.data, s.len);

    if (utc[s.len - 1] != 'Z' && utc[s.len - 1] != 'z') {
        utc[s.len++] = 'Z';
    }

    s.data = (unsigned char *) utc;

    if (lo_value_time(us, s, &err) != LO_OK) {
        return LO_ERROR;
    }

    *us -= zone;

    return *us < 0 || *us > LO_WINDOW_TIME_MAX ? LO_ERROR : LO_OK;
}


static int
lo_window_time(int64_t *us, lo_window_key_e key, lo_str_t s, lo_err_t *err)
{
    if (lo_window_epoch(us, s) != LO_OK && lo_window_iso(us, s) != LO_OK) {
        return lo_window_err(key, s, "is no time: seconds since 1970, or "
                             "like 2026-11-22T21:00:00Z or "
                             "2026-11-22T22:00:00+01:00", err);
    }

    if (*us == 0) {
        *us = 1;                           /* 0 is no start and no end */
    }

    return LO_OK;
}


static int
lo_window_delay(int64_t *us, lo_str_t s, lo_err_t *err)
{
    uint64_t  sec;

    if (lo_name_number(s, &sec) != LO_OK || sec > LO_WINDOW_DELAY_MAX) {
        return lo_window_err(LO_WINDOW_DELAY, s, "is no number of seconds "
                             "within 0 to 86400", err);
    }

    *us = (int64_t) sec * LO_USEC;

    return LO_OK;
}


int
lo_window_parse(lo_window_t *w, lo_str_t start, lo_str_t end, lo_str_t delay,
    lo_err_t *err)
{
    memset(w, 0, sizeof(lo_window_t));

    if (start.data != NULL
        && lo_window_time(&w->start_us, LO_WINDOW_START, start, err) != LO_OK)
    {
        return LO_ERROR;
    }

    if (end.data != NULL
        && lo_window_time(&w->end_us, LO_WINDOW_END, end, err) != LO_OK)
    {
        return LO_ERROR;
    }

    if (w->start_us && w->end_us && w->end_us <= w->start_us) {
        return lo_window_err(LO_WINDOW_END, end, "is not after start", err);
    }

    return delay.data != NULL ? lo_window_delay(&w->delay_us, delay, err)
                              : LO_OK;
}


int
lo_window_read(lo_window_t *w, lo_str_t text, lo_err_t *err)
{
    size_t    i, len;
    unsigned  k;
    lo_str_t  pair, value[LO_WINDOW_NKEYS];

    memset(w, 0, sizeof(lo_window_t));
    memset(value, 0, sizeof(value));

    if (text.len > LO_WINDOW_TEXT_MAX) {
        return lo_err(err, "aws.manifestsettings has %zu characters: at most "
                      "%d", text.len, LO_WINDOW_TEXT_MAX);
    }

    while (text.len) {

        for (i = 0; i < text.len && text.data[i] != ';'; i++) { /* void */ }

        pair.data = text.data;
        pair.len = i;
        lo_skip(&text, i < text.len ? i + 1 : i);

        for (i = 0; i < pair.len && pair.data[i] != ':'; i++) { /* void */ }

        for (k = 0; k < LO_WINDOW_NKEYS; k++) {
            len = strlen(keys[k]);

            if (len == i && strncasecmp((char *) pair.data, keys[k], i) == 0) {
                break;
            }
        }

        if (k == LO_WINDOW_NKEYS || i == pair.len) {
            return lo_err(err, "aws.manifestsettings is not "
                          "\"NAME:VALUE;NAME:VALUE\" of start, end and "
                          "time_delay");
        }

        if (value[k].data != NULL) {
            return lo_err(err, "\"%s\" is given twice", keys[k]);
        }

        value[k] = pair;
        lo_skip(&value[k], i + 1);
    }

    return lo_window_parse(w, value[LO_WINDOW_START], value[LO_WINDOW_END],
                           value[LO_WINDOW_DELAY], err);
}


/* ---- writing */

static void
lo_window_put(lo_buf_t *b, lo_window_key_e key, int64_t us, int *any)
{
    char      text[32];
    unsigned  len;

    if (us == 0) {
        return;
    }

    len = snprintf(text, sizeof(text), "%lld.%06lld",
                   (long long) (us / LO_USEC), (long long) (us % LO_USEC));

    while (text[len - 1] == '0') {
        len--;
    }

    lo_buf_puts(b, *any ? ";" : "");
    lo_buf_puts(b, keys[key]);
    lo_buf_puts(b, ":");
    lo_buf_put(b, text, text[len - 1] == '.' ? len - 1 : len);

    *any = 1;
}


void
lo_window_write(lo_buf_t *b, const lo_window_t *w)
{
    int  any;

    any = 0;

    lo_window_put(b, LO_WINDOW_END, w->end_us, &any);
    lo_window_put(b, LO_WINDOW_START, w->start_us, &any);
    lo_window_put(b, LO_WINDOW_DELAY, w->delay_us, &any);
}


/* ---- on the grid of an event */

int64_t
lo_window_first(const lo_window_t *w, const lo_live_t *l)
{
    return w->start_us ? lo_timeline_at(&l->d, w->start_us) : 0;
}


int64_t
lo_window_last(const lo_window_t *w, const lo_live_t *l)
{
    return w->end_us ? lo_timeline_at(&l->d, w->end_us - 1) : INT64_MAX;
}


void
lo_window_settle(lo_window_t *w, const lo_live_t *l)
{
    int64_t  n;

    if (l->irregular || l->d.duration == 0) {
        return;
    }

    if (w->start_us) {
        n = lo_window_first(w, l);
        w->start_us = lo_timeline_start_us(&l->d, n);

        /* that is rounded, and may be of the slot before */

        if (w->start_us < 1 || lo_window_first(w, l) < n) {
            w->start_us++;
        }
    }

    if (w->end_us) {
        w->end_us = lo_timeline_start_us(&l->d, lo_window_last(w, l) + 1);

        /* beyond what can be read; the last number stays the same */

        if (w->end_us > LO_WINDOW_TIME_MAX) {
            w->end_us = LO_WINDOW_TIME_MAX;
        }
    }
}


int64_t
lo_window_due_us(const lo_window_t *w, const lo_live_t *l, int64_t n)
{
    return lo_live_due_us(l, n) + w->delay_us;
}


int64_t
lo_window_due(const lo_window_t *w, const lo_live_t *l, int64_t now_us)
{
    int64_t  n;

    n = lo_timeline_at(&l->d, now_us - l->delay_us - w->delay_us) - 1;

    /* due times are rounded: the two may differ by one */

    if (lo_window_due_us(w, l, n) > now_us) {
        return n - 1;
    }

    return lo_window_due_us(w, l, n + 1) <= now_us ? n + 1 : n;
}


int
lo_window_fits(const lo_window_t *w, const lo_live_t *l, int64_t head,
    int64_t now_us, lo_err_t *err)
{
    int64_t  last, oldest, window_us;

    window_us = lo_rescale(l->window, l->d.duration * LO_USEC,
                           l->d.timescale, LO_FLOOR);

    if (w->delay_us && w->delay_us >= window_us) {
        return lo_err(err, "\"time_delay=%lld\" is not less than the window "
                      "of this event, %lld s",
                      (long long) (w->delay_us / LO_USEC),
                      (long long) (window_us / LO_USEC));
    }

    if (lo_live_over(l)) {
        head = l->last;

        if (w->start_us && !l->irregular && lo_window_first(w, l) > head) {
            return LO_NONE;
        }
    }

    oldest = head - l->window + 1;
    oldest = oldest > l->first ? oldest : l->first;
    last = lo_window_last(w, l);

    if (!l->irregular && last < oldest) {
        return LO_NONE;
    }

    oldest = lo_window_first(w, l) > oldest ? lo_window_first(w, l) : oldest;

    return l->irregular || lo_window_due(w, l, now_us) >= oldest ? LO_OK
                                                                 : LO_AGAIN;
}
