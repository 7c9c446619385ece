/*
 * Database files: copied, opened, and replaced by new versions.
 */

#include <sys/mman.h>
#include <sys/sendfile.h>

#include "http/geo.h"


#define NGX_LIVE_ORIGIN_GEO_LOOK   1000        /* ms */
#define NGX_LIVE_ORIGIN_GEO_NEXT   5           /* ms, between two pieces */
#define NGX_LIVE_ORIGIN_GEO_PIECE  (1024 * 1024)


static void
ngx_live_origin_geo_id(ngx_live_origin_geo_id_t *id, ngx_file_info_t *fi)
{
    ngx_memzero(id, sizeof(ngx_live_origin_geo_id_t));

    id->dev = fi->st_dev;
    id->ino = fi->st_ino;
    id->size = fi->st_size;
    id->mtime = fi->st_mtim;
    id->ctime = fi->st_ctim;
}


static ngx_uint_t
ngx_live_origin_geo_same(const ngx_live_origin_geo_id_t *a,
    const ngx_live_origin_geo_id_t *b)
{
    return a->err == b->err && a->dev == b->dev && a->ino == b->ino
           && a->size == b->size
           && a->mtime.tv_sec == b->mtime.tv_sec
           && a->mtime.tv_nsec == b->mtime.tv_nsec
           && a->ctime.tv_sec == b->ctime.tv_sec
           && a->ctime.tv_nsec == b->ctime.tv_nsec;
}


static void
ngx_live_origin_geo_stop(ngx_live_origin_geo_file_t *f)
{
    if (f->from != NGX_INVALID_FILE) {
        (void) close(f->from);
    }

    if (f->to != NGX_INVALID_FILE) {
        (void) close(f->to);
    }

    f->from = NGX_INVALID_FILE;
    f->to = NGX_INVALID_FILE;
    f->done = 0;
}


void
ngx_live_origin_geo_close(ngx_live_origin_geo_file_t *f)
{
    ngx_live_origin_geo_stop(f);

    if (f->open) {
        MMDB_close(&f->db);
        f->open = 0;
    }
}


/* what this worker has not got now, or the disk: another day it may be read */

static const char *
ngx_live_origin_geo_lacks(ngx_live_origin_geo_file_t *f, ngx_err_t err)
{
    f->again = 1;

    return strerror(err);
}


/* f->id becomes that of the file, whether it can be opened or not */

static const char *
ngx_live_origin_geo_start(ngx_live_origin_geo_file_t *f)
{
    ngx_err_t        err;
    ngx_file_info_t  fi;

    f->again = 0;
    f->id = f->seen;
    f->from = open((char *) f->path.data, O_RDONLY|O_NONBLOCK|O_CLOEXEC);

    if (f->from == NGX_INVALID_FILE) {
        err = ngx_errno;

        return err == NGX_ENOENT || err == NGX_EACCES || err == NGX_ENOTDIR
               ? strerror(err) : ngx_live_origin_geo_lacks(f, err);
    }

    if (ngx_fd_info(f->from, &fi) == NGX_FILE_ERROR) {
        return ngx_live_origin_geo_lacks(f, ngx_errno);
    }

    ngx_live_origin_geo_id(&f->id, &fi);

    if (!ngx_is_file(&fi)) {
        return "it is not a file";
    }

    f->to = memfd_create("live_origin_geoip",
                         MFD_CLOEXEC|MFD_ALLOW_SEALING);

    return f->to == NGX_INVALID_FILE
           ? ngx_live_origin_geo_lacks(f, ngx_errno) : NULL;
}


/* NGX_AGAIN: there is more of it */

static ngx_int_t
ngx_live_origin_geo_copy(ngx_live_origin_geo_file_t *f, const char **why)
{
    ssize_t                   n;
    ngx_file_info_t           fi;
    ngx_live_origin_geo_id_t  id;

    n = sendfile(f->to, f->from, NULL, NGX_LIVE_ORIGIN_GEO_PIECE);

    if (n < 0) {
        *why = ngx_live_origin_geo_lacks(f, ngx_errno);
        return NGX_ERROR;
    }

    f->done += n;

    if (n > 0 && f->done <= f->id.size) {
        return NGX_AGAIN;
    }

    if (ngx_fd_info(f->from, &fi) == NGX_FILE_ERROR) {
        *why = ngx_live_origin_geo_lacks(f, ngx_errno);
        return NGX_ERROR;
    }

    ngx_live_origin_geo_id(&id, &fi);

    if (f->done != f->id.size || !ngx_live_origin_geo_same(&id, &f->id)) {
        *why = "it was being written";
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* the copy is whole: in the place of what was open */

static const char *
ngx_live_origin_geo_take(ngx_live_origin_geo_file_t *f)
{
    int      rc;
    char     path[64];
    MMDB_s   db;

    if (f->done == 0) {
        return "it is empty";
    }

    (void) fcntl(f->to, F_ADD_SEALS,
                 F_SEAL_SHRINK|F_SEAL_GROW|F_SEAL_WRITE|F_SEAL_SEAL);

    *ngx_sprintf((u_char *) path, "/proc/self/fd/%d", f->to) = '\0';

    rc = MMDB_open(path, MMDB_MODE_MMAP, &db);

    if (rc != MMDB_SUCCESS) {
        f->again = rc == MMDB_FILE_OPEN_ERROR || rc == MMDB_IO_ERROR
                   || rc == MMDB_OUT_OF_MEMORY_ERROR;

        return rc == MMDB_INVALID_METADATA_ERROR
               ? "it is not in MaxMind's format, or not whole"
               : MMDB_strerror(rc);
    }

    if (f->open) {
        MMDB_close(&f->db);
    }

    f->db = db;
    f->open = 1;

    return NULL;
}


const char *
ngx_live_origin_geo_open(ngx_live_origin_geo_file_t *f)
{
    ngx_int_t    rc;
    const char  *why;

    why = ngx_live_origin_geo_start(f);

    if (why == NULL) {

        do {
            rc = ngx_live_origin_geo_copy(f, &why);
        } while (rc == NGX_AGAIN);

        if (rc == NGX_OK) {
            why = ngx_live_origin_geo_take(f);
        }
    }

    ngx_live_origin_geo_stop(f);

    return why;
}


/* ---- new versions */

/* what is of the file every worker finds: one of them says it.  What is of a
   worker it says itself, once */

static void
ngx_live_origin_geo_say(ngx_live_origin_geo_file_t *f, const char *why)
{
    ngx_uint_t  says;

    says = f->again ? !f->said
           : ngx_worker == 0 || (f->said && why == NULL);
    f->said = f->again;

    if (!says) {
        return;
    }

    if (why) {
        ngx_log_error(NGX_LOG_ERR, f->log, 0,
                      "\"live_origin_geoip\" %V: %s; what was read before "
                      "stays in use", &f->path, why);

    } else {
        ngx_log_error(NGX_LOG_NOTICE, f->log, 0,
                      "\"live_origin_geoip\" %V: a new version, %s of %uL",
                      &f->path, f->db.metadata.database_type,
                      f->db.metadata.build_epoch);
    }
}


/* a file that has changed since the last look may still be written to */

static ngx_uint_t
ngx_live_origin_geo_changed(ngx_live_origin_geo_file_t *f)
{
    ngx_uint_t                settled;
    ngx_file_info_t           fi;
    ngx_live_origin_geo_id_t  id;

    if (ngx_file_info(f->path.data, &fi) == NGX_FILE_ERROR) {
        ngx_memzero(&id, sizeof(ngx_live_origin_geo_id_t));
        id.err = ngx_errno;

    } else {
        ngx_live_origin_geo_id(&id, &fi);
    }

    settled = ngx_live_origin_geo_same(&id, &f->seen);
    f->seen = id;

    return settled && (f->again || !ngx_live_origin_geo_same(&id, &f->id));
}


/* NGX_AGAIN: soon */

static ngx_int_t
ngx_live_origin_geo_look(ngx_live_origin_geo_file_t *f)
{
    ngx_int_t    rc;
    const char  *why;

    if (f->from == NGX_INVALID_FILE) {

        if (!ngx_live_origin_geo_changed(f)) {
            return NGX_OK;
        }

        why = ngx_live_origin_geo_start(f);
        rc = why ? NGX_ERROR : NGX_AGAIN;

    } else {
        why = NULL;
        rc = ngx_live_origin_geo_copy(f, &why);

        if (rc == NGX_OK) {
            why = ngx_live_origin_geo_take(f);
            ngx_live_origin_geo_say(f, why);
        }
    }

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    if (rc == NGX_ERROR) {
        ngx_live_origin_geo_say(f, why);
    }

    ngx_live_origin_geo_stop(f);

    return NGX_OK;
}


/* two looks at a file are a second apart: while others are being copied, it is
   not looked at */

static void
ngx_live_origin_geo_tick(ngx_event_t *ev)
{
    ngx_uint_t                   i, copying;
    ngx_msec_t                   next;
    ngx_live_origin_geo_t       *geo = ev->data;
    ngx_live_origin_geo_file_t  *files;

    next = NGX_LIVE_ORIGIN_GEO_LOOK;
    files = geo->files.elts;

    for (copying = 0, i = 0; i < geo->files.nelts; i++) {
        copying |= files[i].from != NGX_INVALID_FILE;
    }

    for (i = 0; i < geo->files.nelts; i++) {

        if (copying && files[i].from == NGX_INVALID_FILE) {
            continue;
        }

        if (ngx_live_origin_geo_look(&files[i]) == NGX_AGAIN) {
            next = NGX_LIVE_ORIGIN_GEO_NEXT;
        }
    }

    ngx_add_timer(ev, next);
}


void
ngx_live_origin_geo_init(ngx_cycle_t *cycle, ngx_live_origin_geo_t *geo)
{
    ngx_uint_t                   i;
    ngx_live_origin_geo_file_t  *files;

    files = geo->files.elts;

    for (i = 0; i < geo->files.nelts; i++) {
        files[i].log = cycle->log;
    }

    geo->timer.handler = ngx_live_origin_geo_tick;
    geo->timer.data = geo;
    geo->timer.log = cycle->log;
    geo->timer.cancelable = 1;

    ngx_add_timer(&geo->timer, NGX_LIVE_ORIGIN_GEO_LOOK);
}
