/*
 * Files of the archive.  Everything here runs in threads: it may block, and
 * knows neither the event loop nor the zone.  Names that are links, pipes or
 * devices are none of the archive's.
 *
 * A file is written beside its name and renamed: who finds one finds a whole
 * one, except after a power cut, which the digest tells.  Segments are not
 * synced (the disk would be asked for every one of them, and what a power cut
 * takes are some seconds that other nodes or back-fill have); records are.
 */

#include "http/archive.h"
#include "core/xxh.h"


#define NGX_LIVE_ORIGIN_NAME   1024


void
ngx_live_origin_file_name(char *buf, size_t size, const char *path,
    const char *folder, const char *name)
{
    (void) snprintf(buf, size, "%s/%s/%s", path, folder, name);
}


void
ngx_live_origin_file_segment(char *buf, size_t size, const char *path,
    const char *folder, const char *track, int64_t number)
{
    (void) snprintf(buf, size, "%s/%s/%s/%lld/%lld.seg", path, folder, track,
                    (long long) (number / LO_ARCHIVE_FOLDER),
                    (long long) number);
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

    if (mkdir(dir, 0700) == 0 || errno == EEXIST) {
        return 0;
    }

    if (errno != ENOENT || levels <= 1) {
        return errno;
    }

    levels = ngx_live_origin_file_mkdir(dir, levels - 1);

    if (levels != 0) {
        return levels;
    }

    return mkdir(dir, 0700) == 0 || errno == EEXIST ? 0 : errno;
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


/* beside the name; what was left there by somebody who died is replaced */

static int
ngx_live_origin_file_beside(const char *tmp, int levels)
{
    int  fd, i;

    for (i = 0; i < 3; i++) {

        fd = open(tmp, O_WRONLY|O_CREAT|O_EXCL|O_NOFOLLOW|O_CLOEXEC, 0600);

        if (fd >= 0) {
            return fd;
        }

        if (errno == EEXIST && unlink(tmp) == 0) {
            continue;
        }

        if (errno != ENOENT || levels == 0
            || ngx_live_origin_file_mkdir(tmp, levels) != 0)
        {
            break;
        }
    }

    return -1;
}


int
ngx_live_origin_file_write(const char *name, int levels,
    const lo_archive_head_t *h, struct iovec *iov, unsigned niov, int sync)
{
    int            fd, err;
    char           tmp[NGX_LIVE_ORIGIN_NAME + 8];
    unsigned char  head[LO_ARCHIVE_HEAD];

    lo_archive_encode(head, h);

    iov[0].iov_base = head;
    iov[0].iov_len = LO_ARCHIVE_HEAD;

    if ((size_t) snprintf(tmp, sizeof(tmp), "%s.tmp", name) >= sizeof(tmp)) {
        return ENAMETOOLONG;
    }

    errno = 0;
    fd = ngx_live_origin_file_beside(tmp, levels);

    if (fd < 0) {
        return errno ? errno : EIO;
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

    /* a pipe is not waited for, and then is no file */

    fd = open(name, O_RDONLY|O_NONBLOCK|O_NOFOLLOW|O_CLOEXEC);
    if (fd < 0) {
        return errno == ELOOP ? NGX_LIVE_ORIGIN_ARCHIVE_CORRUPT : errno;
    }

    if (fstat(fd, &st) != 0) {
        err = errno;
        (void) close(fd);
        return err;
    }

    err = S_ISREG(st.st_mode) ? ngx_live_origin_file_get(fd, head,
                                                         LO_ARCHIVE_HEAD, 0)
                              : NGX_LIVE_ORIGIN_ARCHIVE_CORRUPT;

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
