#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libavutil/error.h>

#include "log.h"


#define LT_LOG_MAX  8192

static void lt_log_line(const char *tail, const char *fmt, va_list args);


void
lt_log(const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    lt_log_line(NULL, fmt, args);
    va_end(args);
}


void
lt_log_av(int rc, const char *fmt, ...)
{
    char     what[AV_ERROR_MAX_STRING_SIZE];
    va_list  args;

    if (av_strerror(rc, what, sizeof(what)) != 0) {
        snprintf(what, sizeof(what), "error %d", rc);
    }

    va_start(args, fmt);
    lt_log_line(what, fmt, args);
    va_end(args);
}


static void
lt_log_line(const char *tail, const char *fmt, va_list args)
{
    int      n;
    char     line[LT_LOG_MAX];
    size_t   len;
    ssize_t  rc;

    len = snprintf(line, sizeof(line), "live-transcode: ");

    n = vsnprintf(line + len, sizeof(line) - len - 1, fmt, args);
    if (n > 0) {
        len += n;
    }

    if (tail != NULL && len < sizeof(line)) {
        n = snprintf(line + len, sizeof(line) - len - 1, ": %s", tail);
        len += n;
    }

    if (len > sizeof(line) - 2) {
        len = sizeof(line) - 2;
    }

    line[len++] = '\n';

    rc = write(STDERR_FILENO, line, len);
    (void) rc;
}
