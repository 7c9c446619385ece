/*
 * Values of headers, written without a format that would have to be read: with
 * every request there are some.
 */

#include "http/module.h"


static u_char *
ngx_live_origin_put_two(u_char *p, ngx_uint_t n)
{
    *p++ = (u_char) ('0' + n / 10);
    *p++ = (u_char) ('0' + n % 10);

    return p;
}


u_char *
ngx_live_origin_put_number(u_char *p, uint64_t n)
{
    u_char  text[NGX_INT64_LEN], *d;

    d = text + sizeof(text);

    do {
        *--d = (u_char) ('0' + n % 10);
        n /= 10;
    } while (n);

    return ngx_cpymem(p, d, text + sizeof(text) - d);
}


/* "Sun, 06 Nov 1994 08:49:37 GMT" */

u_char *
ngx_live_origin_put_time(u_char *p, time_t t)
{
    ngx_tm_t  tm;

    static const char  days[] = "Sun, Mon, Tue, Wed, Thu, Fri, Sat, ";
    static const char  months[] = " Jan Feb Mar Apr May Jun Jul Aug Sep Oct "
                                  "Nov Dec ";

    ngx_gmtime(t, &tm);

    p = ngx_cpymem(p, days + 5 * tm.ngx_tm_wday, 5);
    p = ngx_live_origin_put_two(p, tm.ngx_tm_mday);
    p = ngx_cpymem(p, months + 4 * (tm.ngx_tm_mon - 1), 5);
    p = ngx_live_origin_put_two(p, tm.ngx_tm_year / 100);
    p = ngx_live_origin_put_two(p, tm.ngx_tm_year % 100);
    *p++ = ' ';
    p = ngx_live_origin_put_two(p, tm.ngx_tm_hour);
    *p++ = ':';
    p = ngx_live_origin_put_two(p, tm.ngx_tm_min);
    *p++ = ':';
    p = ngx_live_origin_put_two(p, tm.ngx_tm_sec);

    return ngx_live_origin_put(p, " GMT");
}
