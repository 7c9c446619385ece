/*
 * SIGTERM and SIGINT: every wait of this program ends at once, and five
 * seconds later nothing is waited for any more.
 */

#ifndef LT_STOP_H
#define LT_STOP_H

#include <stdint.h>


int lt_stop_init(void);
int lt_stop_asked(void);
int lt_stop_overdue(void);

/*
 * Waits until fd (may be -1) has any of events, or ms are over (-1: no limit).
 * 1: ready, 0: time over, -1: stop asked.  After stop was asked only fd and
 * the time count.
 */
int lt_stop_poll(int fd, short events, int ms);

int64_t lt_now_us(void);                 /* UTC */
int64_t lt_now_mono_us(void);

/* until a UTC time; -1 if stop was asked meanwhile */
int lt_stop_sleep_until(int64_t us);

#endif /* LT_STOP_H */
