/*
 * Files of the archive.  Everything here runs in threads: it may block, and
 * knows neither the event loop nor the zone.
 *
 * A file is written beside its name and renamed: who finds one finds a whole
 * one, except after a power cut, which the digest tells.  Segments are not
 * synced (the disk would be asked for every one of them, and what a power cut
 * takes are some seconds that other nodes or back-fill have); records are.
 */

#include <dirent.h>

#include "http/archive.h"
#include "core/xxh.h"


#define NGX_LIVE_ORIGIN_TRASH  ".trash-"
#define NGX_LIVE_ORIGIN_NAME   1024


void
ngx_live_origin_file_name(char *buf, size_t size, const char *path,
    const char *event, const char *name)
{
    (void) snprintf(buf, size, "%s/%s/%s", path, event, name);
}


void
ngx_live_origin_file_segment(char *buf, size_t size, const char *path,
    const char *event, const char *track, int64_t number)
{
    (void) snprintf(buf, size, "%s/%s/%s/%lld/%lld.seg", path, event, track,
                    (long long) (number / LO_ARCHIVE_FOLDER),
                    (long long) number);
}


/* a name too long is cut, and then not found */

static void
ngx_live_origin_file_join(char *name, size_t size, const char *folder,
    const char *entry)
{
    if ((size_t) snprintf(name, size, "%s/%s", folder, entry) >= size) {
        *name = '\0';
    }
}


/* the folder that name is in, and so many above it */

int
ngx_live_origin_file_mkdir(const char *name, int levels)
{
    char   dir[NGX_LIVE_ORIGIN_NAME], *slash;

    if (strlen(name) >= sizeof(dir)) {
        return ENAMETOOLONG;
    }

    strcpy(dir, name);
    slash = strrchr(dir, '/');

    if (slash == NULL || slash == dir) {
        return ENOENT;
    }

    *slash = '\0';

    if (mkdir(dir, 0755) == 0 || errno == EEXIST) {
        return 0;
    }

    if (errno != ENOENT || levels <= 1) {
        return errno;
    }

    levels = ngx_live_origin_file_mkdir(dir, levels - 1);

    if (levels != 0) {
        return levels;
    }

    return mkdir(dir, 0755) == 0 || errno == EEXIST ? 0 : errno;
}


static int
ngx_live_origin_file_put(int fd, struct iovec *iov, unsigned n)
{
    ssize_t  rc;

    while (n) {

        rc = writev(fd, iov, n < 512 ? n : 512);

        if (rc < 0) {
            if (errno == EINTR) {
                continue;
            }

            return errno;
        }

        if (rc == 0) {
            return ENOSPC;
        }

        for ( ; n && (size_t) rc >= iov->iov_len; n--, iov++) {
            rc -= iov->iov_len;
        }

        if (n) {
            iov->iov_base = (char *) iov->iov_base + rc;
            iov->iov_len -= rc;
        }
    }

    return 0;
}


/* iov[0] is for the head */

int
ngx_live_origin_file_write(const char *name, const lo_archive_head_t *h,
    struct iovec *iov, unsigned niov, int sync)
{
    int            fd, err;
    char           tmp[NGX_LIVE_ORIGIN_NAME + 8];
    unsigned char  head[LO_ARCHIVE_HEAD];

    lo_archive_encode(head, h);

    iov[0].iov_base = head;
    iov[0].iov_len = LO_ARCHIVE_HEAD;

    (void) snprintf(tmp, sizeof(tmp), "%s.tmp", name);

    fd = open(tmp, O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0644);
    if (fd < 0) {
        return errno;
    }

    err = ngx_live_origin_file_put(fd, iov, niov);

    if (err == 0 && sync && fdatasync(fd) != 0) {
        err = errno;
    }

    if (close(fd) != 0 && err == 0) {
        err = errno;
    }

    if (err == 0 && rename(tmp, name) != 0) {
        err = errno;
    }

    if (err) {
        (void) unlink(tmp);
    }

    return err;
}


static int
ngx_live_origin_file_get(int fd, unsigned char *p, size_t len, off_t at)
{
    ssize_t  n;

    while (len) {

        n = pread(fd, p, len, at);

        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }

            return errno;
        }

        if (n == 0) {
            return NGX_LIVE_ORIGIN_ARCHIVE_CORRUPT;
        }

        p += n;
        at += n;
        len -= n;
    }

    return 0;
}


static int
ngx_live_origin_file_body(int fd, lo_archive_head_t *h, unsigned char **data)
{
    int                  err;
    unsigned char       *body;
    XXH128_canonical_t   c;

    body = malloc(h->size + 1);
    if (body == NULL) {
        return ENOMEM;
    }

    err = ngx_live_origin_file_get(fd, body, h->size, LO_ARCHIVE_HEAD);

    if (err == 0) {
        XXH128_canonicalFromHash(&c, XXH3_128bits(body, h->size));

        if (memcmp(c.digest, h->digest, 16) != 0) {
            err = NGX_LIVE_ORIGIN_ARCHIVE_CORRUPT;
        }
    }

    if (err) {
        free(body);
        return err;
    }

    *data = body;

    return 0;
}


int
ngx_live_origin_file_read(const char *name, lo_archive_head_t *h,
    unsigned char **data, uint64_t max)
{
    int            fd, err;
    lo_err_t       why;
    struct stat    st;
    unsigned char  head[LO_ARCHIVE_HEAD];

    fd = open(name, O_RDONLY|O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }

    if (fstat(fd, &st) != 0) {
        err = errno;
        (void) close(fd);
        return err;
    }

    err = ngx_live_origin_file_get(fd, head, LO_ARCHIVE_HEAD, 0);

    if (err == 0 && (lo_archive_decode(h, head, &why) != LO_OK
                     || h->size > max
                     || (uint64_t) st.st_size != LO_ARCHIVE_HEAD + h->size))
    {
        err = NGX_LIVE_ORIGIN_ARCHIVE_CORRUPT;
    }

    if (err == 0 && data != NULL) {
        err = ngx_live_origin_file_body(fd, h, data);
    }

    (void) close(fd);

    return err;
}


/* ---- deleting */

static int
ngx_live_origin_file_unlink(const char *name, ngx_live_origin_deleted_t *d)
{
    size_t       len;
    struct stat  st;

    if (lstat(name, &st) != 0 || unlink(name) != 0) {
        return errno == ENOENT ? 0 : errno;
    }

    d->files++;

    len = strlen(name);

    if (len > 4 && strcmp(name + len - 4, ".seg") == 0) {
        d->bytes += st.st_size;
    }

    return 0;
}


/* of a folder of segments, and of what was left beside them */

static int
ngx_live_origin_file_retain_folder(const char *folder, int64_t limit,
    unsigned steps, ngx_live_origin_deleted_t *d)
{
    int             err;
    DIR            *dir;
    char            name[NGX_LIVE_ORIGIN_NAME * 2];
    struct dirent  *de;

    dir = opendir(folder);
    if (dir == NULL) {
        return errno == ENOENT ? 0 : errno;
    }

    err = 0;

    while (err == 0 && (de = readdir(dir)) != NULL) {

        if (de->d_name[0] < '0' || de->d_name[0] > '9'
            || strtoll(de->d_name, NULL, 10) >= limit)
        {
            continue;
        }

        if (d->files >= steps) {
            d->more = 1;
            break;
        }

        ngx_live_origin_file_join(name, sizeof(name), folder, de->d_name);
        err = ngx_live_origin_file_unlink(name, d);
    }

    (void) closedir(dir);

    return err;
}


int
ngx_live_origin_file_retain(const char *track, int64_t limit, unsigned steps,
    ngx_live_origin_deleted_t *d)
{
    int             err;
    DIR            *dir;
    char            name[NGX_LIVE_ORIGIN_NAME * 2];
    int64_t         first;
    struct dirent  *de;

    dir = opendir(track);
    if (dir == NULL) {
        return errno == ENOENT ? 0 : errno;
    }

    err = 0;

    while (err == 0 && !d->more && (de = readdir(dir)) != NULL) {

        if (de->d_name[0] < '0' || de->d_name[0] > '9') {
            continue;
        }

        first = strtoll(de->d_name, NULL, 10) * LO_ARCHIVE_FOLDER;

        if (first >= limit) {
            continue;
        }

        ngx_live_origin_file_join(name, sizeof(name), track, de->d_name);
        err = ngx_live_origin_file_retain_folder(name, limit, steps, d);

        if (first + LO_ARCHIVE_FOLDER <= limit) {
            (void) rmdir(name);
        }
    }

    (void) closedir(dir);

    return err;
}


/* what is in a folder, then it; gives up when the steps are used up */

static int
ngx_live_origin_file_remove(const char *folder, unsigned depth,
    unsigned steps, ngx_live_origin_deleted_t *d)
{
    int             err;
    DIR            *dir;
    char            name[NGX_LIVE_ORIGIN_NAME * 2];
    struct dirent  *de;

    dir = opendir(folder);
    if (dir == NULL) {
        return errno == ENOENT ? 0 : errno;
    }

    err = 0;

    while (err == 0 && !d->more && (de = readdir(dir)) != NULL) {

        if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0) {
            continue;
        }

        if (d->files >= steps) {
            d->more = 1;
            break;
        }

        ngx_live_origin_file_join(name, sizeof(name), folder, de->d_name);
        err = ngx_live_origin_file_unlink(name, d);

        if (err && depth
            && ngx_live_origin_file_remove(name, depth - 1, steps, d) == 0)
        {
            err = 0;
        }
    }

    (void) closedir(dir);

    if (err == 0 && !d->more && rmdir(folder) != 0 && errno != ENOENT) {
        err = errno;
    }

    return err;
}


int
ngx_live_origin_file_trash(const char *path, unsigned steps,
    ngx_live_origin_deleted_t *d)
{
    int             err;
    DIR            *dir;
    char            name[NGX_LIVE_ORIGIN_NAME * 2];
    struct dirent  *de;

    dir = opendir(path);
    if (dir == NULL) {
        return errno;
    }

    err = 0;

    while (err == 0 && !d->more && (de = readdir(dir)) != NULL) {

        if (strncmp(de->d_name, NGX_LIVE_ORIGIN_TRASH,
                    sizeof(NGX_LIVE_ORIGIN_TRASH) - 1) != 0)
        {
            continue;
        }

        ngx_live_origin_file_join(name, sizeof(name), path, de->d_name);
        err = ngx_live_origin_file_remove(name, 3, steps, d);
    }

    (void) closedir(dir);

    return err;
}


/* ---- looking */

/* the largest number that a folder's names begin with */

static int64_t
ngx_live_origin_file_largest(const char *folder, int segments)
{
    DIR            *dir;
    int64_t         n, max;
    struct dirent  *de;

    dir = opendir(folder);
    if (dir == NULL) {
        return -1;
    }

    max = -1;

    while ((de = readdir(dir)) != NULL) {

        n = segments ? lo_archive_number(de->d_name)
                     : de->d_name[0] >= '0' && de->d_name[0] <= '9'
                     ? strtoll(de->d_name, NULL, 10) : -1;

        if (n > max) {
            max = n;
        }
    }

    (void) closedir(dir);

    return max;
}


int64_t
ngx_live_origin_file_head(const char *track)
{
    char     name[NGX_LIVE_ORIGIN_NAME * 2];
    int64_t  folder;

    folder = ngx_live_origin_file_largest(track, 0);

    if (folder < 0) {
        return -1;
    }

    (void) snprintf(name, sizeof(name), "%s/%lld", track, (long long) folder);

    return ngx_live_origin_file_largest(name, 1);
}
