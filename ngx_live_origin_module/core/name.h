/*
 * The URL grammar, publishing and serving side (docs/http-api.md).  Input is
 * the path after the location's prefix, percent-decoded, without arguments
 * and without a leading slash.
 */

#ifndef LO_NAME_H
#define LO_NAME_H

#include "core/base.h"


#define LO_CLASS_TEXT  1664           /* of "~CLASS": a filter in base64, and
                                         the rest (core/class.h) */


typedef enum {
    LO_NAME_NONE = 0,
    LO_NAME_INIT,              /* TRACK/init.mp4, init-streamK.m4s */
    LO_NAME_SEGMENT,           /* TRACK/NUMBER.m4s, chunk-streamK-00001.m4s */
    LO_NAME_STREAM,            /* Streams(TRACK.cmfv) */
    LO_NAME_MANIFEST,          /* publish side: any .mpd or .m3u8 */
    LO_NAME_MPD,               /* serve side from here: manifest.mpd */
    LO_NAME_MASTER,            /* master.m3u8 */
    LO_NAME_MEDIA,             /* TRACK/media.m3u8 */
    LO_NAME_INIT_DIGEST,       /* TRACK/init-DIGEST8.mp4 */
    LO_NAME_PART,              /* TRACK/NUMBER.K.m4s */
    LO_NAME_PLAY,              /* play, by POST */
    LO_NAME_PATCH,             /* patch-KEY.mpp: number is the key */
    LO_NAME_CLEARKEY           /* clearkey, by POST */
} lo_name_e;

typedef struct {
    lo_name_e           kind;
    lo_str_t            token;            /* "~TOKEN" without the tilde */
    lo_str_t            event;
    lo_str_t            class;            /* "~CLASS", likewise */
    lo_str_t            pipeline;
    lo_str_t            track;            /* ffmpeg's: "streamK" */
    uint64_t            number;           /* what the name says; the boxes
                                             decide */
    uint32_t            part;
    uint32_t            digest;           /* DIGEST8 as a number */
} lo_name_t;

/*
 * PUT, POST, DELETE: EVENT/PIPELINE/NAME.  init and media are the event's own
 * templates ("$RepresentationID$/$Number%05d$.m4s"), or empty.
 * LO_ERROR: outside the grammar (400).
 *
 * Lenient where pushers are: letters before the digits of a NUMBER
 * (ffmpeg -f hls: TRACK/media12.m4s), and init names that begin with "init".
 */
int lo_name_publish(lo_name_t *n, lo_str_t path, lo_str_t init,
    lo_str_t media, lo_err_t *err);

/* EVENT and PIPELINE alone, before the event's naming is known */
int lo_name_event(lo_name_t *n, lo_str_t path, lo_err_t *err);
/* and what is behind them, of the same path */
int lo_name_publish_rest(lo_name_t *n, lo_str_t path, lo_str_t init,
    lo_str_t media, lo_err_t *err);

/* GET: [~TOKEN/]EVENT/[~CLASS/]...; LO_NONE: no such name (404) */
int lo_name_serve(lo_name_t *n, lo_str_t path);

#endif /* LO_NAME_H */
