/*
 * live-transcode: one ffmpeg for every track of an event, supervised
 * (docs/live-transcode.md).
 */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#include <libavdevice/avdevice.h>
#include <libavformat/avformat.h>

#include "log.h"
#include "options.h"
#include "plan.h"
#include "run.h"
#include "stop.h"


static int lt_event_load(const char *path, lt_plan_t *plan);
static int lt_file_read(const char *path, char *buf, size_t size);
static void lt_log_libav(void *ctx, int level, const char *fmt, va_list args);


int
main(int argc, char **argv)
{
    int           rc;
    lt_plan_t     plan;
    lt_options_t  o;

    rc = lt_options(&o, argc, argv);
    if (rc != -1) {
        av_dict_free(&o.input_options);
        return rc;
    }

    if (lt_event_load(o.event, &plan) != 0) {
        av_dict_free(&o.input_options);
        return 1;
    }

    if (lt_stop_init() == -1) {
        lt_log("signals: %s", strerror(errno));
        return 1;
    }

    av_log_set_callback(lt_log_libav);
    avdevice_register_all();
    avformat_network_init();

    rc = o.dry ? lt_dry_run(&o, &plan) : lt_supervise(&o, &plan);

    lt_plan_free(&plan);
    av_dict_free(&o.input_options);

    return rc;
}


static int
lt_event_load(const char *path, lt_plan_t *plan)
{
    int             n;
    char            doc[LO_EVENT_DOC_MAX + 1];
    lo_err_t        err;
    lo_event_t      ev;
    lo_event_err_t  eerr;

    n = lt_file_read(path, doc, sizeof(doc));

    if (n < 0) {
        lt_log("event \"%s\": %s", path, strerror(-n));
        return -1;
    }

    if (n > LO_EVENT_DOC_MAX) {
        lt_log("event \"%s\": more than %d bytes", path, LO_EVENT_DOC_MAX);
        return -1;
    }

    if (lo_event_parse(&ev, doc, n, &eerr) != LO_OK) {
        lt_log("event \"%s\": %s%s%s", path, eerr.field,
               eerr.field[0] ? ": " : "", eerr.err.text);
        return -1;
    }

    n = lt_plan_make(plan, &ev, &err);
    lo_event_free(&ev);

    if (n != LO_OK) {
        lt_log("event \"%s\": %s", path, err.text);
        lt_plan_free(plan);
        return -1;
    }

    return 0;
}


/* bytes read, or a negative errno */

static int
lt_file_read(const char *path, char *buf, size_t size)
{
    int      fd, rc;
    size_t   len;
    ssize_t  n;

    fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
                                : open(path, O_RDONLY|O_CLOEXEC);
    if (fd == -1) {
        return -errno;
    }

    len = 0;

    do {
        n = read(fd, buf + len, size - len);

        if (n > 0) {
            len += n;
        }

    } while (len < size && (n > 0 || (n == -1 && errno == EINTR)));

    rc = n == -1 ? -errno : (int) len;
    close(fd);

    return rc;
}


static void
lt_log_libav(void *ctx, int level, const char *fmt, va_list args)
{
    int             prefix;
    char            line[1024];
    size_t          len;
    const AVClass  *class;

    class = ctx ? *(const AVClass **) ctx : NULL;

    /* nothing is decoded here but to learn what a stream is */

    if (level > AV_LOG_WARNING
        || (class != NULL && strcmp(class->class_name, "AVCodecContext") == 0))
    {
        return;
    }

    prefix = 1;
    av_log_format_line(ctx, level, fmt, args, line, sizeof(line), &prefix);

    len = strlen(line);

    if (len != 0 && line[len - 1] == '\n') {
        line[len - 1] = '\0';
    }

    lt_log("%s", line);
}
