/*
 * Folders of the archive: what is in them, and how it goes.  Runs in threads,
 * as archive_file.c does.  A folder that is a link is not looked into.
 */

#include "http/archive.h"


#define NGX_LIVE_ORIGIN_DIR_NAME   2048
#define NGX_LIVE_ORIGIN_DIR_TRIES  1000      /* damaged files, newest first */


DIR *
ngx_live_origin_dir_open(const char *name)
{
    int   fd, err;
    DIR  *dir;

    fd = open(name, O_RDONLY|O_DIRECTORY|O_NOFOLLOW|O_CLOEXEC);
    if (fd < 0) {
        return NULL;
    }

    dir = fdopendir(fd);

    if (dir == NULL) {
        err = errno;
        (void) close(fd);
        errno = err;
    }

    return dir;
}


/* the end, or an error: *err */

struct dirent *
ngx_live_origin_dir_next(DIR *dir, int *err)
{
    struct dirent  *de;

    errno = 0;
    de = readdir(dir);

    if (de == NULL && errno) {
        *err = errno;
    }

    return de;
}


/* of a track: <number / 1000>, written as it is here; -1 for any other */

int64_t
ngx_live_origin_dir_folder(const char *name)
{
    char     again[NGX_INT64_LEN + 1];
    int64_t  n;

    if (name[0] < '0' || name[0] > '9' || strlen(name) > 15) {
        return -1;
    }

    n = strtoll(name, NULL, 10);
    (void) snprintf(again, sizeof(again), "%lld", (long long) n);

    return strcmp(again, name) == 0 ? n : -1;
}


/* a name too long is cut, and then not found */

static void
ngx_live_origin_dir_join(char *name, size_t size, const char *folder,
    const char *entry)
{
    if ((size_t) snprintf(name, size, "%s/%s", folder, entry) >= size) {
        *name = '\0';
    }
}


/* ---- deleting */

static int
ngx_live_origin_dir_unlink(const char *name, ngx_live_origin_deleted_t *d)
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


/* an entry of a folder, while there are steps left; its name is made */

static int
ngx_live_origin_dir_step(char *name, size_t size, const char *folder,
    const char *entry, unsigned steps, ngx_live_origin_deleted_t *d)
{
    ngx_live_origin_dir_join(name, size, folder, entry);

    if (d->files >= steps) {
        d->more = 1;
        return 0;
    }

    return ngx_live_origin_dir_unlink(name, d);
}


/* of a folder of segments, and of what was left beside them */

static int
ngx_live_origin_dir_retain_folder(const char *folder, int64_t limit,
    unsigned steps, ngx_live_origin_deleted_t *d)
{
    int             err;
    DIR            *dir;
    char            name[NGX_LIVE_ORIGIN_DIR_NAME];
    struct dirent  *de;

    dir = ngx_live_origin_dir_open(folder);
    if (dir == NULL) {
        return errno == ENOENT ? 0 : errno;
    }

    err = 0;

    while (err == 0 && !d->more
           && (de = ngx_live_origin_dir_next(dir, &err)) != NULL)
    {
        if (de->d_name[0] >= '0' && de->d_name[0] <= '9'
            && strtoll(de->d_name, NULL, 10) < limit)
        {
            err = ngx_live_origin_dir_step(name, sizeof(name), folder,
                                           de->d_name, steps, d);
        }
    }

    (void) closedir(dir);

    return err;
}


int
ngx_live_origin_dir_retain(const char *track, int64_t limit, unsigned steps,
    ngx_live_origin_deleted_t *d)
{
    int             err;
    DIR            *dir;
    char            name[NGX_LIVE_ORIGIN_DIR_NAME];
    int64_t         first;
    struct dirent  *de;

    dir = ngx_live_origin_dir_open(track);
    if (dir == NULL) {
        return errno == ENOENT ? 0 : errno;
    }

    err = 0;

    while (err == 0 && !d->more
           && (de = ngx_live_origin_dir_next(dir, &err)) != NULL)
    {
        first = ngx_live_origin_dir_folder(de->d_name) * LO_ARCHIVE_FOLDER;

        if (first < 0 || first >= limit) {
            continue;
        }

        ngx_live_origin_dir_join(name, sizeof(name), track, de->d_name);
        err = ngx_live_origin_dir_retain_folder(name, limit, steps, d);

        if (first + LO_ARCHIVE_FOLDER <= limit) {
            (void) rmdir(name);
        }
    }

    (void) closedir(dir);

    return err;
}


/* what is in a folder, then it; gives up when the steps are used up */

static int
ngx_live_origin_dir_remove(const char *folder, unsigned depth,
    unsigned steps, ngx_live_origin_deleted_t *d)
{
    int             err;
    DIR            *dir;
    char            name[NGX_LIVE_ORIGIN_DIR_NAME];
    struct dirent  *de;

    dir = ngx_live_origin_dir_open(folder);
    if (dir == NULL) {
        return errno == ENOENT ? 0 : errno;
    }

    err = 0;

    while (err == 0 && !d->more
           && (de = ngx_live_origin_dir_next(dir, &err)) != NULL)
    {
        if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0) {
            continue;
        }

        err = ngx_live_origin_dir_step(name, sizeof(name), folder, de->d_name,
                                       steps, d);

        if (err && depth
            && ngx_live_origin_dir_remove(name, depth - 1, steps, d) == 0)
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


/* one that cannot go does not keep the others */

int
ngx_live_origin_dir_trash(const char *path, unsigned steps,
    ngx_live_origin_deleted_t *d)
{
    int             rc, err, failed;
    DIR            *dir;
    char            name[NGX_LIVE_ORIGIN_DIR_NAME];
    struct dirent  *de;

    dir = ngx_live_origin_dir_open(path);
    if (dir == NULL) {
        return errno;
    }

    err = 0;
    failed = 0;

    while (!d->more && (de = ngx_live_origin_dir_next(dir, &err)) != NULL) {

        if (strncmp(de->d_name, NGX_LIVE_ORIGIN_TRASH,
                    sizeof(NGX_LIVE_ORIGIN_TRASH) - 1) != 0)
        {
            continue;
        }

        ngx_live_origin_dir_join(name, sizeof(name), path, de->d_name);
        rc = ngx_live_origin_dir_remove(name, 3, steps, d);
        failed = rc ? rc : failed;
    }

    (void) closedir(dir);

    return err ? err : failed;
}


/* out of sight in one step: all that was made under an id until then */

int
ngx_live_origin_dir_forget(const char *path, const char *id, int64_t born_us)
{
    int             err;
    DIR            *dir;
    char            from[NGX_LIVE_ORIGIN_DIR_NAME];
    char            to[NGX_LIVE_ORIGIN_DIR_NAME], other[LO_ID_MAX + 1];
    int64_t         born;
    struct dirent  *de;

    dir = ngx_live_origin_dir_open(path);
    if (dir == NULL) {
        return errno;
    }

    err = 0;

    while (err == 0 && (de = ngx_live_origin_dir_next(dir, &err)) != NULL) {

        if (lo_archive_event(de->d_name, other, &born) != LO_OK
            || strcmp(other, id) != 0 || born > born_us)
        {
            continue;
        }

        ngx_live_origin_dir_join(from, sizeof(from), path, de->d_name);
        (void) snprintf(to, sizeof(to), "%.1024s/" NGX_LIVE_ORIGIN_TRASH
                        "%.128s", path, de->d_name);

        if (rename(from, to) != 0 && errno != ENOENT) {
            err = errno;
        }
    }

    (void) closedir(dir);

    return err;
}


/* ---- looking */

/* the largest number below a limit that a folder has; -1: none */

static int64_t
ngx_live_origin_dir_largest(const char *folder, int segments, int64_t limit,
    int *err)
{
    DIR            *dir;
    int64_t         n, max;
    struct dirent  *de;

    dir = ngx_live_origin_dir_open(folder);

    if (dir == NULL) {
        *err = errno == ENOENT ? *err : errno;
        return -1;
    }

    max = -1;

    while ((de = ngx_live_origin_dir_next(dir, err)) != NULL) {

        n = segments ? lo_archive_number(de->d_name)
                     : ngx_live_origin_dir_folder(de->d_name);

        if (n > max && n < limit) {
            max = n;
        }
    }

    (void) closedir(dir);

    return max;
}


/* one that is torn was never there */

int
ngx_live_origin_dir_head(const char *track, uint64_t place, int64_t *head)
{
    int                 err;
    char                folder[NGX_LIVE_ORIGIN_DIR_NAME];
    char                name[NGX_LIVE_ORIGIN_DIR_NAME + NGX_INT64_LEN + 8];
    int64_t             f, n;
    ngx_uint_t          tries;
    lo_archive_head_t   h;

    err = 0;
    f = INT64_MAX;
    n = -1;
    folder[0] = '\0';
    *head = -1;

    for (tries = 0; tries < NGX_LIVE_ORIGIN_DIR_TRIES && err == 0; tries++) {

        n = n < 0 ? -1 : ngx_live_origin_dir_largest(folder, 1, n, &err);

        while (n < 0 && err == 0) {

            f = ngx_live_origin_dir_largest(track, 0, f, &err);

            if (f < 0) {
                return err;
            }

            (void) snprintf(folder, sizeof(folder), "%.1900s/%lld", track,
                            (long long) f);
            n = ngx_live_origin_dir_largest(folder, 1, INT64_MAX, &err);
        }

        (void) snprintf(name, sizeof(name), "%s/%lld.seg", folder,
                        (long long) n);

        if (err == 0
            && ngx_live_origin_file_read(name, &h, NULL, UINT32_MAX) == 0
            && h.kind == LO_ARCHIVE_SEGMENT && h.number == n
            && h.place == place)
        {
            *head = n;
            return 0;
        }
    }

    return err;
}
