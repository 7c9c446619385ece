/*
 * A disk that can be made slow or broken while nginx runs on it: preloaded,
 * it looks at every open() of a file below DISK and does what the file
 * CONTROL says: "delay MS" or "fail ERRNO", optionally followed by a word
 * that the file's name must contain; anything else is a healthy disk.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>


static int
disk_fault(const char *path)
{
    int      fd, value;
    char     text[128], what[16], word[64];
    ssize_t  n;

    if (strncmp(path, DISK "/", sizeof(DISK)) != 0) {
        return 0;
    }

    fd = (int) syscall(SYS_openat, AT_FDCWD, CONTROL, O_RDONLY, 0);
    if (fd < 0) {
        return 0;
    }

    n = read(fd, text, sizeof(text) - 1);
    close(fd);

    text[n > 0 ? n : 0] = '\0';
    word[0] = '\0';

    if (sscanf(text, "%15s %d %63s", what, &value, word) < 2
        || strstr(path, word) == NULL)
    {
        return 0;
    }

    if (strcmp(what, "delay") == 0) {
        usleep(value * 1000);
        return 0;
    }

    return strcmp(what, "fail") == 0 ? value : 0;
}


static int
disk_open(const char *path, int flags, mode_t mode)
{
    int  err;

    err = disk_fault(path);

    if (err) {
        errno = err;
        return -1;
    }

    return (int) syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}


#define DISK_OPEN(name)                                                       \
int                                                                           \
name(const char *path, int flags, ...)                                        \
{                                                                             \
    mode_t   mode;                                                            \
    va_list  args;                                                            \
                                                                              \
    mode = 0;                                                                 \
                                                                              \
    if (flags & (O_CREAT|O_TMPFILE)) {                                        \
        va_start(args, flags);                                                \
        mode = va_arg(args, mode_t);                                          \
        va_end(args);                                                         \
    }                                                                         \
                                                                              \
    return disk_open(path, flags, mode);                                      \
}

DISK_OPEN(open)
DISK_OPEN(open64)
