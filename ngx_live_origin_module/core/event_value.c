#include "core/event_value.h"
#include "core/name_parse.h"


#define LO_SIZE_MAX    ((uint64_t) 1 << 50)
#define LO_FPS_MAX     1000
#define LO_FPS_LEAST  60             /* one in a minute: trick play */


/* exactly len digits at *s, which is moved past them; or -1 */

static int
lo_value_digits(lo_str_t *s, size_t len)
{
    int     v;
    size_t  i;

    if (s->len < len) {
        return -1;
    }

    for (v = 0, i = 0; i < len; i++) {
        if (!lo_is_digit(s->data[i])) {
            return -1;
        }

        v = v * 10 + (s->data[i] - '0');
    }

    lo_skip(s, len);

    return v;
}


static int
lo_value_byte(lo_str_t *s, char a, char b)
{
    if (s->len == 0 || (s->data[0] != a && s->data[0] != b)) {
        return 0;
    }

    lo_skip(s, 1);

    return 1;
}


/* days since 1970 of a date of the proleptic Gregorian calendar */

static int64_t
lo_value_days(int64_t year, int month, int day)
{
    int64_t  era, yoe, doy;

    year -= month <= 2;
    era = (year >= 0 ? year : year - 399) / 400;
    yoe = year - era * 400;
    doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}


static int
lo_value_month_days(int year, int month)
{
    static const unsigned char  days[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };

    if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)) {
        return 29;
    }

    return days[month - 1];
}


/* ".25" in microseconds, or -1; what is finer is cut off */

static int
lo_value_fraction(lo_str_t *s)
{
    int  v, unit;

    v = 0;
    unit = 100000;

    if (s->len == 0 || !lo_is_digit(s->data[0])) {
        return -1;
    }

    while (s->len && lo_is_digit(s->data[0])) {
        v += (s->data[0] - '0') * unit;
        unit /= 10;
        lo_skip(s, 1);
    }

    return v;
}


static int
lo_value_clock(int64_t *us, lo_str_t *s)
{
    int  hour, min, sec, frac;

    hour = lo_value_digits(s, 2);

    if (hour < 0 || hour > 23 || !lo_value_byte(s, ':', ':')) {
        return LO_ERROR;
    }

    min = lo_value_digits(s, 2);
    sec = 0;
    frac = 0;

    if (min < 0 || min > 59) {
        return LO_ERROR;
    }

    if (lo_value_byte(s, ':', ':')) {
        sec = lo_value_digits(s, 2);

        if (sec < 0 || sec > 60) {
            return LO_ERROR;
        }

        if (lo_value_byte(s, '.', ',')) {
            frac = lo_value_fraction(s);

            if (frac < 0) {
                return LO_ERROR;
            }
        }
    }

    *us = ((int64_t) hour * 3600 + min * 60 + sec) * LO_USEC + frac;

    return LO_OK;
}


static int
lo_value_date(int64_t *days, lo_str_t *s)
{
    int  year, month, day;

    year = lo_value_digits(s, 4);

    if (year < 1970 || !lo_value_byte(s, '-', '-')) {
        return LO_ERROR;
    }

    month = lo_value_digits(s, 2);

    if (month < 1 || month > 12 || !lo_value_byte(s, '-', '-')) {
        return LO_ERROR;
    }

    day = lo_value_digits(s, 2);

    if (day < 1 || day > lo_value_month_days(year, month)) {
        return LO_ERROR;
    }

    *days = lo_value_days(year, month, day);

    return LO_OK;
}


int
lo_value_time(int64_t *us, lo_str_t s, lo_err_t *err)
{
    int64_t                days, clock;
    static const lo_str_t  zero = lo_string("+00:00");

    if (lo_value_date(&days, &s) == LO_OK
        && lo_value_byte(&s, 'T', ' ')
        && lo_value_clock(&clock, &s) == LO_OK
        && (lo_str_eq(s, zero) || (lo_value_byte(&s, 'Z', 'z')
                                   && s.len == 0)))
    {
        *us = days * 86400 * LO_USEC + clock;
        return LO_OK;
    }

    return lo_err(err, "a time is like 2026-11-22T21:00:00Z, in UTC, or "
                  "seconds since 1970");
}


/* v is not negative; without libm, which nginx may not bring along */

static uint64_t
lo_value_round(double v)
{
    return (uint64_t) (v + 0.5);
}


static int
lo_value_near(double v, double within)
{
    double  off;

    off = v - (double) lo_value_round(v);

    return off < within && off > -within;
}


int
lo_value_epoch(int64_t *us, double s, lo_err_t *err)
{
    if (!(s >= 0 && s <= (double) LO_VALUE_EPOCH_MAX)) {
        return lo_err(err, "a time is 0 to %lld seconds since 1970",
                      LO_VALUE_EPOCH_MAX);
    }

    *us = (int64_t) lo_value_round(s * LO_USEC);

    return LO_OK;
}


static int
lo_value_fps_set(uint32_t *num, uint32_t *den, uint64_t n, uint64_t d,
    lo_err_t *err)
{
    uint64_t  a, b, t;

    if (n == 0 || d == 0 || n > d * LO_FPS_MAX || n > UINT32_MAX
        || n * LO_FPS_LEAST < d)
    {
        return lo_err(err, "frames per second are 1/%d to %d, as a number or "
                      "like \"30000/1001\"", LO_FPS_LEAST, LO_FPS_MAX);
    }

    for (a = n, b = d; b; a = t) {
        t = b;
        b = a % b;
    }

    /* 30000/1001 stays as it is anyway: lowest terms */

    *num = (uint32_t) (n / a);
    *den = (uint32_t) (d / a);

    return LO_OK;
}


int
lo_value_fps(uint32_t *num, uint32_t *den, double fps, lo_err_t *err)
{
    double  ntsc;

    if (!(fps >= 1.0 / LO_FPS_LEAST && fps <= LO_FPS_MAX)) {
        return lo_value_fps_set(num, den, 0, 1, err);
    }

    if (lo_value_near(fps, 1e-6)) {
        return lo_value_fps_set(num, den, lo_value_round(fps), 1, err);
    }

    ntsc = fps * 1.001;

    if (lo_value_near(ntsc, 0.005)) {
        return lo_value_fps_set(num, den, lo_value_round(ntsc) * 1000, 1001,
                                err);
    }

    return lo_value_fps_set(num, den, lo_value_round(fps * 1000), 1000, err);
}


int
lo_value_fps_str(uint32_t *num, uint32_t *den, lo_str_t s, lo_err_t *err)
{
    int       rc;
    uint64_t  n, d;
    lo_str_t  digits;

    digits.data = s.data;
    digits.len = lo_name_digits(s);

    rc = lo_name_number(digits, &n);
    lo_skip(&s, digits.len);
    d = 1;

    if (rc == LO_OK && s.len && lo_value_byte(&s, '/', '/')) {
        rc = lo_name_number(s, &d);
        s.len = 0;
    }

    if (rc != LO_OK || s.len || d > UINT32_MAX) {
        n = 0;
        d = 1;
    }

    return lo_value_fps_set(num, den, n, d, err);
}


int
lo_value_size(uint64_t *size, lo_str_t s, lo_err_t *err)
{
    unsigned  shift;
    uint64_t  v;

    shift = 0;

    if (s.len) {
        switch (s.data[s.len - 1]) {
        case 'k':
        case 'K':
            shift = 10;
            break;
        case 'm':
        case 'M':
            shift = 20;
            break;
        case 'g':
        case 'G':
            shift = 30;
            break;
        }

        s.len -= shift ? 1 : 0;
    }

    if (lo_name_number(s, &v) != LO_OK || v > LO_SIZE_MAX >> shift) {
        return lo_err(err, "a size is bytes, or like \"512m\" or \"2g\"");
    }

    *size = v << shift;

    return LO_OK;
}


lo_media_e
lo_value_codec_type(lo_str_t codec)
{
    static const struct {
        lo_str_t    prefix;
        lo_media_e  type;
    } families[] = {
        { lo_string("h26"), LO_MEDIA_VIDEO },
        { lo_string("x26"), LO_MEDIA_VIDEO },
        { lo_string("hevc"), LO_MEDIA_VIDEO },
        { lo_string("avc"), LO_MEDIA_VIDEO },
        { lo_string("hvc1"), LO_MEDIA_VIDEO },
        { lo_string("hev1"), LO_MEDIA_VIDEO },
        { lo_string("dvh"), LO_MEDIA_VIDEO },
        { lo_string("av01"), LO_MEDIA_VIDEO },
        { lo_string("av1"), LO_MEDIA_VIDEO },
        { lo_string("vp"), LO_MEDIA_VIDEO },
        { lo_string("mp4a"), LO_MEDIA_AUDIO },
        { lo_string("aac"), LO_MEDIA_AUDIO },
        { lo_string("opus"), LO_MEDIA_AUDIO },
        { lo_string("Opus"), LO_MEDIA_AUDIO },
        { lo_string("ac-3"), LO_MEDIA_AUDIO },
        { lo_string("ec-3"), LO_MEDIA_AUDIO },
        { lo_string("ac3"), LO_MEDIA_AUDIO },
        { lo_string("eac3"), LO_MEDIA_AUDIO },
        { lo_string("fLaC"), LO_MEDIA_AUDIO },
        { lo_string("flac"), LO_MEDIA_AUDIO },
        { lo_string("stpp"), LO_MEDIA_TEXT },
        { lo_string("wvtt"), LO_MEDIA_TEXT },
        { lo_null_string, LO_MEDIA_NONE }
    };
    size_t  i;

    for (i = 0; families[i].prefix.len; i++) {
        if (lo_starts(codec, families[i].prefix)) {
            break;
        }
    }

    return families[i].type;
}
