/*
 * Log lines on stderr, one a call: UTC time, level, event/pipeline, text.
 */

#ifndef LP_LOG_H
#define LP_LOG_H


typedef enum {
    LP_ERR = 0,
    LP_WARN,
    LP_INFO,
    LP_DEBUG
} lp_level_e;


void lp_log_open(lp_level_e most, const char *name);
void lp_log(lp_level_e level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* libav's own messages, one line each, at our levels */
void lp_log_libav(void);

#endif /* LP_LOG_H */
