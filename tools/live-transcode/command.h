/*
 * The ffmpeg command of one run.
 */

#ifndef LT_COMMAND_H
#define LT_COMMAND_H

#include "plan.h"


typedef struct {
    const char         *ffmpeg;
    int64_t             frame;         /* the first, as a frame index */

    /* of a feed on standard input (not the camera): */
    unsigned            feed;
    int64_t             base_us;       /* UTC of the feed's time 0 */
    unsigned            video;         /* has video, has audio */
    unsigned            audio;
} lt_run_t;


typedef struct {
    char              **argv;          /* ends with NULL */
    unsigned            argc;
    unsigned            size;
    unsigned            failed;
} lt_command_t;


int lt_command_make(lt_command_t *cmd, const lt_plan_t *plan,
    const lt_run_t *run);
void lt_command_free(lt_command_t *cmd);

/* one line that a shell would take; malloc()ed */
char *lt_command_line(const lt_command_t *cmd);

#endif /* LT_COMMAND_H */
