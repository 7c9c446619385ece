#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "stop.h"


#define LT_STOP_S       5
#define LT_SLEEP_MAX_MS 500            /* a clock that is set is noticed */


static void lt_stop_handler(int signo);
static int64_t lt_clock_us(clockid_t id);


static volatile sig_atomic_t  lt_stop;
static volatile sig_atomic_t  lt_overdue;

/* the handler's end and ours; what is written there is never read */
static int  lt_stop_pipe[2];


int
lt_stop_init(void)
{
    unsigned          i;
    struct sigaction  sa;
    static const int  signals[] = { SIGTERM, SIGINT, SIGHUP, SIGALRM };

    if (pipe2(lt_stop_pipe, O_CLOEXEC|O_NONBLOCK) == -1) {
        return -1;
    }

    memset(&sa, 0, sizeof(sa));
    sa.sa_handler = lt_stop_handler;

    for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        if (sigaction(signals[i], &sa, NULL) == -1) {
            return -1;
        }
    }

    sa.sa_handler = SIG_IGN;

    return sigaction(SIGPIPE, &sa, NULL);
}


static void
lt_stop_handler(int signo)
{
    int      saved;
    ssize_t  n;

    saved = errno;

    if (signo == SIGALRM) {
        lt_overdue = lt_stop;

    } else if (!lt_stop) {
        lt_stop = 1;
        alarm(LT_STOP_S);
    }

    n = write(lt_stop_pipe[1], "", 1);
    (void) n;

    errno = saved;
}


int
lt_stop_asked(void)
{
    return lt_stop;
}


int
lt_stop_overdue(void)
{
    return lt_overdue;
}


int
lt_stop_poll(int fd, short events, int ms)
{
    int            rc, stopping;
    int64_t        end, left;
    struct pollfd  p[2];

    stopping = lt_stop;
    end = lt_now_mono_us() + (int64_t) ms * 1000;

    for ( ;; ) {
        p[0].fd = fd;
        p[0].events = events;
        p[0].revents = 0;
        p[1].fd = stopping ? -1 : lt_stop_pipe[0];
        p[1].events = POLLIN;
        p[1].revents = 0;

        left = ms < 0 ? -1 : (end - lt_now_mono_us() + 999) / 1000;

        if (ms >= 0 && left < 0) {
            left = 0;
        }

        rc = poll(p, 2, left);

        if (rc == -1 && errno != EINTR) {
            return -1;
        }

        if (p[1].revents || (stopping && lt_overdue)) {
            return -1;
        }

        if (rc > 0) {
            return 1;
        }

        if (rc == 0) {
            return 0;
        }
    }
}


int
lt_stop_sleep_until(int64_t us)
{
    int64_t  left;

    for ( ;; ) {
        left = (us - lt_now_us() + 999) / 1000;

        if (left <= 0) {
            return lt_stop ? -1 : 0;
        }

        if (left > LT_SLEEP_MAX_MS) {
            left = LT_SLEEP_MAX_MS;
        }

        if (lt_stop_poll(-1, 0, left) == -1) {
            return -1;
        }
    }
}


int64_t
lt_now_us(void)
{
    return lt_clock_us(CLOCK_REALTIME);
}


int64_t
lt_now_mono_us(void)
{
    return lt_clock_us(CLOCK_MONOTONIC);
}


static int64_t
lt_clock_us(clockid_t id)
{
    struct timespec  ts;

    clock_gettime(id, &ts);

    return ts.tv_sec * (int64_t) 1000000 + ts.tv_nsec / 1000;
}
