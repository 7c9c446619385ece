#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "child.h"
#include "log.h"
#include "stop.h"


#define LT_CHILD_LINE     2048
#define LT_CHILD_GRACE_US 2000000


typedef struct {
    int                 in[2];
    int                 out[2];
    int                 err[2];
    int                 exec[2];       /* an errno, or closed by exec */
} lt_pipes_t;


static int lt_pipes_open(lt_pipes_t *p, int feed);
static void lt_pipes_close(lt_pipes_t *p);
static void lt_child_exec(lt_pipes_t *p, char *const *argv, pid_t parent);
static void *lt_child_logger(void *data);


int
lt_child_start(lt_child_t *c, char *const *argv, int feed)
{
    int         rc;
    pid_t       parent;
    lt_pipes_t  p;

    if (lt_pipes_open(&p, feed) == -1) {
        rc = errno;
        lt_pipes_close(&p);
        return rc;
    }

    parent = getpid();
    c->pid = fork();

    if (c->pid == 0) {
        lt_child_exec(&p, argv, parent);
    }

    if (c->pid == -1) {
        rc = errno;
        lt_pipes_close(&p);
        return rc;
    }

    /* both do it, so that the group is there for whoever comes first */
    (void) setpgid(c->pid, c->pid);

    close(p.in[0]);
    close(p.out[1]);
    close(p.err[1]);
    close(p.exec[1]);

    if (read(p.exec[0], &rc, sizeof(rc)) == (ssize_t) sizeof(rc)) {
        waitpid(c->pid, NULL, 0);
        close(p.exec[0]);
        close(p.err[0]);
        close(p.out[0]);

        if (feed) {
            close(p.in[1]);
        }

        return rc;
    }

    close(p.exec[0]);

    c->in = feed ? p.in[1] : -1;
    c->out = p.out[0];
    c->err = p.err[0];

    rc = pthread_create(&c->logger, NULL, lt_child_logger, c);
    if (rc != 0) {
        c->logger = 0;
        lt_child_signal(c, SIGKILL);
        (void) lt_child_end(c);
    }

    return rc;
}


/* standard input is /dev/null where nothing is fed */

static int
lt_pipes_open(lt_pipes_t *p, int feed)
{
    memset(p, 0xff, sizeof(lt_pipes_t));

    if (feed) {
        if (pipe2(p->in, O_CLOEXEC) == -1) {
            return -1;
        }

    } else {
        p->in[0] = open("/dev/null", O_RDONLY|O_CLOEXEC);
        if (p->in[0] == -1) {
            return -1;
        }
    }

    if (pipe2(p->out, O_CLOEXEC) == -1 || pipe2(p->err, O_CLOEXEC) == -1) {
        return -1;
    }

    return pipe2(p->exec, O_CLOEXEC);
}


static void
lt_pipes_close(lt_pipes_t *p)
{
    int  i, *fds;

    fds = (int *) p;

    for (i = 0; i < (int) (sizeof(lt_pipes_t) / sizeof(int)); i++) {
        if (fds[i] != -1) {
            close(fds[i]);
        }
    }
}


static void
lt_child_exec(lt_pipes_t *p, char *const *argv, pid_t parent)
{
    int       rc;
    ssize_t   n;
    sigset_t  none;

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);

    if (getppid() != parent) {
        _exit(1);
    }

    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    if (dup2(p->in[0], STDIN_FILENO) != -1
        && dup2(p->out[1], STDOUT_FILENO) != -1
        && dup2(p->err[1], STDERR_FILENO) != -1)
    {
        execvp(argv[0], argv);
    }

    rc = errno;
    n = write(p->exec[1], &rc, sizeof(rc));
    (void) n;

    _exit(127);
}


void
lt_child_signal(lt_child_t *c, int signo)
{
    (void) kill(-c->pid, signo);
}


int
lt_child_ended(lt_child_t *c)
{
    siginfo_t  info;

    memset(&info, 0, sizeof(info));

    return waitid(P_PID, c->pid, &info, WEXITED|WNOHANG|WNOWAIT) == -1
           || info.si_pid == c->pid;
}


int
lt_child_end(lt_child_t *c)
{
    int      status;
    int64_t  end;

    if (c->in != -1) {
        close(c->in);
        c->in = -1;
    }

    close(c->out);

    end = lt_now_mono_us() + LT_CHILD_GRACE_US;

    while (!lt_child_ended(c) && lt_now_mono_us() < end) {
        usleep(5000);
    }

    /* not reaped yet: its group is still its own; and what it left behind */
    lt_child_signal(c, SIGKILL);

    status = 0;
    (void) waitpid(c->pid, &status, 0);

    if (c->logger) {
        pthread_join(c->logger, NULL);
    }

    close(c->err);

    return status;
}


static void *
lt_child_logger(void *data)
{
    char        *nl, line[LT_CHILD_LINE];
    size_t       len;
    ssize_t      n;
    lt_child_t  *c;

    c = data;
    len = 0;

    for ( ;; ) {
        n = read(c->err, line + len, sizeof(line) - 1 - len);

        if (n == -1 && errno == EINTR) {
            continue;
        }

        if (n <= 0) {
            break;
        }

        len += n;
        line[len] = '\0';

        while ((nl = strchr(line, '\n')) != NULL
               || len == sizeof(line) - 1)
        {
            n = nl ? nl - line : (ssize_t) len;
            lt_log("ffmpeg[%d]: %.*s", (int) c->pid, (int) n, line);
            n += (nl != NULL);
            len -= n;
            memmove(line, line + n, len + 1);
        }
    }

    if (len != 0) {
        lt_log("ffmpeg[%d]: %.*s", (int) c->pid, (int) len, line);
    }

    return NULL;
}


const char *
lt_child_status(int status, char *buf, size_t size)
{
    if (WIFSIGNALED(status)) {
        snprintf(buf, size, "was killed by signal %d", WTERMSIG(status));

    } else {
        snprintf(buf, size, "exited with %d", WEXITSTATUS(status));
    }

    return buf;
}
