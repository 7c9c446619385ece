/*
 * Runs of ffmpeg, one after the other, until stop is asked.
 */

#ifndef LT_RUN_H
#define LT_RUN_H

#include "options.h"
#include "plan.h"


/* the exit status */
int lt_supervise(const lt_options_t *o, const lt_plan_t *plan);
int lt_dry_run(const lt_options_t *o, const lt_plan_t *plan);

#endif /* LT_RUN_H */
