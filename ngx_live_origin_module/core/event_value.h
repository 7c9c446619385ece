/*
 * Values of the event document that are more than a plain number or string.
 * Each returns LO_OK, or LO_ERROR with what is allowed in err.
 */

#ifndef LO_EVENT_VALUE_H
#define LO_EVENT_VALUE_H

#include "core/base.h"
#include "core/cmaf.h"


#define LO_VALUE_EPOCH_MAX  253402300799LL   /* the end of the year 9999 */

/* "2026-11-22T21:00:00Z", fractions and +00:00 too; ISO 8601 in UTC */
int lo_value_time(int64_t *us, lo_str_t s, lo_err_t *err);

/* seconds since 1970 */
int lo_value_epoch(int64_t *us, double s, lo_err_t *err);

/* 25, 12.5; 23.976, 29.97 and their like are n * 1000 / 1001 */
int lo_value_fps(uint32_t *num, uint32_t *den, double fps, lo_err_t *err);

/* "30000/1001" or "25" */
int lo_value_fps_str(uint32_t *num, uint32_t *den, lo_str_t s,
    lo_err_t *err);

/* "512m", "2g", "65536" */
int lo_value_size(uint64_t *size, lo_str_t s, lo_err_t *err);

/* what a codec is for, by its family or RFC 6381 name */
lo_media_e lo_value_codec_type(lo_str_t codec);

#endif /* LO_EVENT_VALUE_H */
