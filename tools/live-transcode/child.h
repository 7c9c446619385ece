/*
 * ffmpeg as a child: its own process group, killed by the kernel if we die.
 * Each line of its standard error is logged with a prefix.
 */

#ifndef LT_CHILD_H
#define LT_CHILD_H

#include <pthread.h>
#include <sys/types.h>


typedef struct {
    pid_t               pid;
    int                 in;            /* to its standard input, or -1 */
    int                 out;           /* from its standard output */
    int                 err;
    pthread_t           logger;
} lt_child_t;


/* 0, or an errno (that of exec included) */
int lt_child_start(lt_child_t *c, char *const *argv, int feed);

void lt_child_signal(lt_child_t *c, int signo);

/* it has ended, though its output may still be held open */
int lt_child_ended(lt_child_t *c);

/* kills what is left of the group, closes and joins; the wait status */
int lt_child_end(lt_child_t *c);

/* "exited with 1", "was killed by signal 9" */
const char *lt_child_status(int status, char *buf, size_t size);

#endif /* LT_CHILD_H */
