/*
 * What the files of the archive share (docs/architecture.md, "The archive").
 *
 *   archive.c          the archivist: what it looks at, and when
 *   archive_write.c    segments to the disk
 *   archive_record.c   documents, headers and live states, likewise
 *   archive_delete.c   what has left the window, or was deleted
 *   archive_read.c     a GET of what the zone does not have any more
 *   archive_restore.c  an empty zone finds the events on the disk again
 *   archive_load.c     and which segments there are
 *   archive_file.c     files: what a thread may do
 *
 * A job is malloc'ed by the event loop, run by a thread of the pool, and
 * belongs to the event loop again in done(), which frees it.  A thread
 * touches its job and the file system, and of the zone only bytes that the
 * job has pinned.
 */

#ifndef NGX_LIVE_ORIGIN_ARCHIVE_H
#define NGX_LIVE_ORIGIN_ARCHIVE_H

#include <sys/uio.h>

#include "core/archive.h"
#include "http/module.h"


#define NGX_LIVE_ORIGIN_ARCHIVE_WRITES  8       /* jobs at a time */
#define NGX_LIVE_ORIGIN_ARCHIVE_READS   16
#define NGX_LIVE_ORIGIN_ARCHIVE_PAUSE   LO_USEC /* after a failure */
#define NGX_LIVE_ORIGIN_ARCHIVE_MEMORY  (64 * 1024 * 1024)
#define NGX_LIVE_ORIGIN_ARCHIVE_STEP    64      /* files of one deletion */
#define NGX_LIVE_ORIGIN_ARCHIVE_BATCH   256     /* records read in one job */
#define NGX_LIVE_ORIGIN_ARCHIVE_TAIL    8       /* numbers looked at anew */
#define NGX_LIVE_ORIGIN_ARCHIVE_SWEEP   256     /* in a second, per track */


typedef struct ngx_live_origin_job_s  ngx_live_origin_job_t;

typedef void (*ngx_live_origin_job_pt)(ngx_live_origin_job_t *job);

struct ngx_live_origin_job_s {
    ngx_live_origin_job_pt       run;       /* in the thread */
    ngx_live_origin_job_pt       done;      /* in the event loop */
    ngx_live_origin_zone_t      *zone;
    int                          err;       /* errno; 0: none */
    const char                  *what;      /* it was that failed */
#if (NGX_THREADS)
    ngx_thread_task_t            task;
#endif
};


/* of a track, by its index in the zone: the archivist's */

typedef struct {
    uint64_t                     word;      /* of the track's row */
    int64_t                      marked;    /* below it all was seen, */
    int64_t                      next;      /* and all was to be written */
    int64_t                      sweep;     /* slowly, all of it again */
    int64_t                      deleted;   /* nothing is left below it */
    uint32_t                     pending;   /* bits set */
    uint32_t                     cap;
    uint64_t                    *seen;      /* bits by number % cap: there, and
                                               not on the disk yet */
} ngx_live_origin_archive_track_t;


typedef struct {
    uint64_t                     word;      /* of the event's row */
    lo_word_t                    live;      /* what is on the disk */
    lo_word_t                    doc;
    uint32_t                     init;      /* the newest there */
    unsigned                     busy:1;
} ngx_live_origin_archive_event_t;


struct ngx_live_origin_archive_s {
    char                        *path;      /* of the zone: PATH/ZONE */
    void                        *pool;      /* ngx_thread_pool_t */
    ngx_uint_t                   jobs;

    /* the archivist's; the others have none of it */

    unsigned                     archivist:1;
    unsigned                     started:1;  /* the folder is there */
    unsigned                     restoring:1;
    unsigned                     loading:1;
    unsigned                     deleting:1;
    unsigned                     trash:1;    /* look at once */
    ngx_uint_t                   ticks;
    ngx_uint_t                   retain;    /* track to be looked at next */
    ngx_queue_t                  writes;
    ngx_uint_t                   nwrites;
    ngx_event_t                  more;      /* when these are written */
    int64_t                      write_us;  /* not before: after a failure */
    ngx_live_origin_archive_track_t  *tracks;
    ngx_live_origin_archive_event_t  *events;
    uint32_t                     ntracks;
    uint32_t                     nevents;

    /* archive_read.c */

    ngx_queue_t                  copies;
    ngx_queue_t                  ready;     /* requests to be answered */
    ngx_event_t                  drain;
    size_t                       copied;    /* bytes */
    ngx_uint_t                   nreads;    /* under way */
    ngx_uint_t                   nwaiting;  /* requests */
    int64_t                      read_us;   /* not before: after a failure */

    int64_t                      said_us;   /* the last line in the log */
    ngx_uint_t                   unsaid;
};


/* archive.c */

/* NGX_OK: job->run is or will be called, then job->done */
ngx_int_t ngx_live_origin_archive_post(ngx_live_origin_zone_t *zone,
    ngx_live_origin_job_t *job);
/* in the log, one line in ten seconds */
void ngx_live_origin_archive_failed(ngx_live_origin_zone_t *zone,
    const char *what, const char *name, int err);
/* what is known of a track; NULL: it has no archive */
ngx_live_origin_archive_track_t *ngx_live_origin_archive_track(
    ngx_live_origin_zone_t *zone, uint32_t ring);
/* the jobs for writing are done: there may be more to write */
void ngx_live_origin_archive_next(ngx_live_origin_zone_t *zone);
/* a write of this number failed */
void ngx_live_origin_archive_again(ngx_live_origin_zone_t *zone,
    uint32_t ring, uint64_t word, int64_t number);


/* archive_write.c */

/* the pin goes to the job, or is given back: NGX_BUSY when there is no room */
ngx_int_t ngx_live_origin_archive_write(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_uint_t track, lo_zone_pin_t *pin);
ngx_uint_t ngx_live_origin_archive_writing(ngx_live_origin_zone_t *zone,
    uint32_t ring, int64_t number);
/* it is on the disk */
void ngx_live_origin_archive_known(ngx_live_origin_zone_t *zone,
    uint32_t ring, const lo_archive_head_t *h);


/* archive_record.c */

/* document, live state, inits, when they have changed; whether the event's
   folder is there */
ngx_uint_t ngx_live_origin_archive_record(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event);


/* archive_delete.c: a step */

void ngx_live_origin_archive_retain(ngx_live_origin_zone_t *zone);
void ngx_live_origin_archive_trash(ngx_live_origin_zone_t *zone);


/* archive_read.c */

void ngx_live_origin_archive_drain(ngx_event_t *ev);


/* archive_restore.c */

void ngx_live_origin_archive_restore(ngx_live_origin_zone_t *zone);


/* archive_load.c */

/* records of the tracks that have lost theirs */
void ngx_live_origin_archive_load(ngx_live_origin_zone_t *zone);


/* archive_file.c: 0 or errno; may block */

#define NGX_LIVE_ORIGIN_ARCHIVE_CORRUPT  EUCLEAN

typedef struct {
    uint64_t                     files;
    uint64_t                     bytes;     /* of segments */
    int                          more;
} ngx_live_origin_deleted_t;

/* EVENT/NAME, and a track's EVENT/TRACK/FOLDER/NUMBER.seg */
void ngx_live_origin_file_name(char *buf, size_t size, const char *path,
    const char *event, const char *name);
void ngx_live_origin_file_segment(char *buf, size_t size, const char *path,
    const char *event, const char *track, int64_t number);
/* beside, then renamed.  The folders of a segment are made, an event's is not
   unless mkevent */
int ngx_live_origin_file_write(const char *name, const lo_archive_head_t *h,
    struct iovec *iov, unsigned niov, int sync);
int ngx_live_origin_file_mkdir(const char *name, int levels);
/* head and, unless data is NULL, a malloc'ed body whose digest was checked */
int ngx_live_origin_file_read(const char *name, lo_archive_head_t *h,
    unsigned char **data, uint64_t max);
/* segments below a number; and a folder with all that is in it */
int ngx_live_origin_file_retain(const char *track, int64_t limit,
    unsigned steps, ngx_live_origin_deleted_t *d);
int ngx_live_origin_file_trash(const char *path, unsigned steps,
    ngx_live_origin_deleted_t *d);
/* the highest number of a track's folder; -1: none */
int64_t ngx_live_origin_file_head(const char *track);

#endif /* NGX_LIVE_ORIGIN_ARCHIVE_H */
