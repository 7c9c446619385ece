/*
 * What the files of the archive share (docs/architecture.md, "The archive").
 *
 *   archive.c          the archivist's turn; jobs; what others ask
 *   archive_look.c     what is to be written
 *   archive_track.c    how far that was looked for
 *   archive_write.c    segments to the disk
 *   archive_record.c   documents, headers and live states, likewise
 *   archive_gaps.c     what playlists had listed as GAP, there and back
 *   archive_delete.c   what has left the window, or was deleted
 *   archive_read.c     a GET of what the zone does not have any more,
 *   archive_copy.c     and what is read for it
 *   archive_restore.c  an empty zone finds the events on the disk again,
 *   archive_adopt.c    makes them its own,
 *   archive_load.c     and which segments there are
 *   archive_file.c     files: what a thread may do
 *   archive_dir.c      folders, likewise
 *
 * A job is malloc'ed by the event loop, run by a thread of the pool, and
 * belongs to the event loop again in done(), which frees it.  A thread
 * touches its job and the file system, and of the zone only bytes that the
 * job has pinned.
 */

#ifndef NGX_LIVE_ORIGIN_ARCHIVE_H
#define NGX_LIVE_ORIGIN_ARCHIVE_H

#include <dirent.h>
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
#define NGX_LIVE_ORIGIN_ARCHIVE_LOOKS   4096    /* in a turn */
#define NGX_LIVE_ORIGIN_ARCHIVE_FILE    (LO_ARCHIVE_NAME + LO_ID_MAX          \
                                         + 2 * NGX_INT64_LEN + 16)
                                                /* of a name, below PATH/ZONE */


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
    int64_t                      looked;    /* as the zone says */
    int64_t                      sweep;     /* slowly, all of it again */
    int64_t                      again;     /* these at once: from, */
    int64_t                      until;     /* and up to; none if below */
    int64_t                      deleted;   /* nothing is left below it */
    int64_t                      oldest;    /* below it nothing is kept */
    int64_t                      low;       /* no bit is set below it */
    uint32_t                     pending;   /* bits set */
    uint32_t                     cap;
    uint64_t                     gaps;      /* marks that are on the disk */
    unsigned                     gaps_busy:1;
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
    ngx_uint_t                   tries;     /* of restoring, then of loading */
    ngx_uint_t                   ticks;
    ngx_uint_t                   at;        /* event to be looked at next */
    ngx_uint_t                   looks;     /* left in this turn */
    ngx_uint_t                   retain;    /* track to be looked at next */
    ngx_queue_t                  writes;
    ngx_uint_t                   nwrites;
    ngx_event_t                  more;      /* when these are written */
    int64_t                      write_us;  /* not before: after a failure */
    int64_t                      delete_us; /* likewise */
    ngx_live_origin_archive_track_t  *tracks;
    ngx_live_origin_archive_event_t  *events;
    uint32_t                     ntracks;
    uint32_t                     nevents;
    ngx_uint_t                   pending;   /* of all tracks */

    ngx_queue_t                  forgets;   /* archive_delete.c */

    /* archive_read.c, archive_copy.c */

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


/* archive_look.c */

/* of all events, as much as is looked at in one turn */
void ngx_live_origin_archive_events(ngx_live_origin_zone_t *zone,
    ngx_uint_t looks);
void ngx_live_origin_archive_more(ngx_event_t *ev);
/* the jobs for writing are done: there may be more to write */
void ngx_live_origin_archive_next(ngx_live_origin_zone_t *zone);
/* a write of this number has ended */
void ngx_live_origin_archive_again(ngx_live_origin_zone_t *zone,
    uint32_t ring, uint64_t word, int64_t number, ngx_uint_t failed);


/* archive_track.c */

/* what is known of a track; NULL: it has no archive */
ngx_live_origin_archive_track_t *ngx_live_origin_archive_track(
    ngx_live_origin_zone_t *zone, uint32_t ring);
/* of events that were deleted */
void ngx_live_origin_archive_drop_gone(ngx_live_origin_zone_t *zone);
/* counts what was there and is on no disk: until it is written, or lost */
void ngx_live_origin_archive_mark(ngx_live_origin_zone_t *zone,
    ngx_live_origin_archive_track_t *st, int64_t n, ngx_uint_t pending);
/* all up to head is going to be looked at */
void ngx_live_origin_archive_tell(ngx_live_origin_zone_t *zone, uint32_t ring,
    ngx_live_origin_archive_track_t *st, int64_t head);
/* these are to be looked at once more */
void ngx_live_origin_archive_ask(ngx_live_origin_archive_track_t *st,
    int64_t from, int64_t to);


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


/* archive_gaps.c: marks of a track, to the disk where there are new ones */

void ngx_live_origin_archive_gaps(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, uint32_t ring,
    ngx_live_origin_archive_track_t *st);
/* in a thread: 0 or errno; *data is malloc'ed, and may be NULL */
int ngx_live_origin_gaps_read(const char *track, uint64_t place,
    u_char **data, size_t *size);
void ngx_live_origin_gaps_set(ngx_live_origin_zone_t *zone, uint32_t ring,
    const u_char *data, size_t size);


/* archive_delete.c: a step */

/* numbers below are not kept; head is the track's */
int64_t ngx_live_origin_archive_oldest(const lo_live_t *l, int64_t head);
void ngx_live_origin_archive_retain(ngx_live_origin_zone_t *zone);
void ngx_live_origin_archive_trash(ngx_live_origin_zone_t *zone);
void ngx_live_origin_archive_forget_end(ngx_live_origin_zone_t *zone);


/* archive_read.c */

void ngx_live_origin_archive_drain(ngx_event_t *ev);


/* archive_copy.c */

typedef struct {
    ngx_live_origin_job_t        job;
    ngx_queue_t                  queue;
    ngx_queue_t                  waiting;   /* ngx_live_origin_ctx_t */
    ngx_uint_t                   refs;      /* requests, and the job */
    ngx_event_t                  patience;  /* not cancelable: a worker that
                                               ends answers first */
    unsigned                     ready:1;
    unsigned                     failed:1;  /* or it takes too long */
    uint32_t                     ring;
    uint64_t                     word;      /* of the track's row */
    uint64_t                     place;
    int64_t                      number;    /* -1: it is not to be found */
    int64_t                      asked;     /* the thread's copy of it */
    uint64_t                     size;      /* what is accounted for */
    lo_zone_object_t             object;
    lo_archive_head_t            head;
    u_char                      *data;
    char                         name[1];
} ngx_live_origin_copy_t;

/* NULL: not now */
ngx_live_origin_copy_t *ngx_live_origin_copy_start(ngx_live_origin_ctx_t *ctx,
    uint32_t ring, uint64_t word, const char *track,
    const lo_zone_record_t *rec);
void ngx_live_origin_copy_unref(ngx_live_origin_zone_t *zone,
    ngx_live_origin_copy_t *copy);


/* archive_restore.c */

void ngx_live_origin_archive_restore(ngx_live_origin_zone_t *zone);


/* archive_adopt.c */

/* what a folder says of an event */

typedef struct {
    char                         folder[LO_ARCHIVE_NAME];
    char                         id[LO_ID_MAX + 1];
    int64_t                      born;
    lo_live_t                   *live;
    unsigned char               *doc;
    size_t                       doc_len;
    unsigned char               *inits[LO_LIVE_INITS];
    size_t                       lens[LO_LIVE_INITS];
    int64_t                      heads[LO_MAX_TRACKS];
    int                          err;
} ngx_live_origin_found_t;

/* makes it one of the zone's, or says why not */
void ngx_live_origin_archive_adopt(ngx_live_origin_zone_t *zone,
    ngx_live_origin_found_t *f);


/* archive_load.c */

/* records of the tracks that have lost theirs */
void ngx_live_origin_archive_load(ngx_live_origin_zone_t *zone);


/* archive_file.c: 0 or errno; may block */

#define NGX_LIVE_ORIGIN_ARCHIVE_CORRUPT  EUCLEAN

/* FOLDER/NAME, and a track's FOLDER/TRACK/<number / 1000>/NUMBER.seg; the
   folder of an event is of lo_archive_folder */
void ngx_live_origin_file_name(char *buf, size_t size, const char *path,
    const char *folder, const char *name);
void ngx_live_origin_file_segment(char *buf, size_t size, const char *path,
    const char *folder, const char *track, int64_t number);
/* beside, then renamed; iov[0] is for the head.  levels of folders above it
   are made where they are not there */
int ngx_live_origin_file_write(const char *name, int levels,
    const lo_archive_head_t *h, struct iovec *iov, unsigned niov, int sync);
int ngx_live_origin_file_mkdir(const char *name, int levels);
/* head and, unless data is NULL, a malloc'ed body whose digest was checked */
int ngx_live_origin_file_read(const char *name, lo_archive_head_t *h,
    unsigned char **data, uint64_t max);


/* archive_dir.c: likewise */

#define NGX_LIVE_ORIGIN_TRASH  ".trash-"

typedef struct {
    uint64_t                     files;
    uint64_t                     bytes;     /* of segments */
    int                          more;
} ngx_live_origin_deleted_t;

DIR *ngx_live_origin_dir_open(const char *name);         /* no link */
struct dirent *ngx_live_origin_dir_next(DIR *dir, int *err);
/* the number of a folder of segments; -1: none */
int64_t ngx_live_origin_dir_folder(const char *name);
/* segments below a number; and a folder with all that is in it */
int ngx_live_origin_dir_retain(const char *track, int64_t limit,
    unsigned steps, ngx_live_origin_deleted_t *d);
int ngx_live_origin_dir_trash(const char *path, unsigned steps,
    ngx_live_origin_deleted_t *d);
/* an event that was made until then is the trash's */
int ngx_live_origin_dir_forget(const char *path, const char *id,
    int64_t born_us);
/* the highest number of a track that is whole; -1: none */
int ngx_live_origin_dir_head(const char *track, uint64_t place,
    int64_t *head);

#endif /* NGX_LIVE_ORIGIN_ARCHIVE_H */
