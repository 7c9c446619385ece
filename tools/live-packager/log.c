#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libavutil/log.h>

#include "log.h"


#define LP_LOG_LINE  1024


static struct {
    lp_level_e          most;
    char                name[160];
} lp_log_ctx = { LP_INFO, "" };

static const char  *lp_log_names[] = { "error", "warn", "info", "debug" };


void
lp_log_open(lp_level_e most, const char *name)
{
    lp_log_ctx.most = most;
    snprintf(lp_log_ctx.name, sizeof(lp_log_ctx.name), "%s", name);
}


static void
lp_log_line(lp_level_e level, const char *fmt, va_list args)
{
    int              n, m;
    char             line[LP_LOG_LINE];
    struct tm        tm;
    struct timespec  ts;

    if (level > lp_log_ctx.most) {
        return;
    }

    clock_gettime(CLOCK_REALTIME, &ts);
    gmtime_r(&ts.tv_sec, &tm);

    n = strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%S", &tm);
    n += snprintf(line + n, sizeof(line) - n, ".%03ldZ live-packager %s%s%s: ",
                  ts.tv_nsec / 1000000, lp_log_ctx.name,
                  lp_log_ctx.name[0] ? " " : "", lp_log_names[level]);

    m = vsnprintf(line + n, sizeof(line) - n, fmt, args);

    if (m > (int) sizeof(line) - n - 2) {
        m = sizeof(line) - n - 2;
    }

    while (m > 0 && line[n + m - 1] == '\n') {
        m--;
    }

    line[n + m] = '\n';

    if (write(STDERR_FILENO, line, n + m + 1) == -1) {
        return;
    }
}


void
lp_log(lp_level_e level, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    lp_log_line(level, fmt, args);
    va_end(args);
}


static void
lp_log_libav_line(void *avcl, int level, const char *fmt, va_list args)
{
    int   prefix;
    char  line[512];

    /* a message can come in pieces: the first says it */

    if (level > AV_LOG_WARNING || fmt[0] == '.') {
        return;
    }

    prefix = 1;
    av_log_format_line2(avcl, level, fmt, args, line, sizeof(line), &prefix);

    lp_log(level <= AV_LOG_FATAL ? LP_WARN : LP_DEBUG, "input: %s", line);
}


void
lp_log_libav(void)
{
    av_log_set_callback(lp_log_libav_line);
}
