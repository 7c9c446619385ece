/*
 * Log lines on standard error: "live-transcode: text".  One write a line, so
 * lines of several threads do not mix.
 */

#ifndef LT_LOG_H
#define LT_LOG_H


void lt_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* as lt_log(), followed by what libav says of its error code */
void lt_log_av(int rc, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif /* LT_LOG_H */
