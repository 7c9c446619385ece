/*
 * The password, and the user, for Redis: a file, of which nothing is said.
 */

#include <openssl/crypto.h>

#include "http/redis.h"


#define NGX_LIVE_ORIGIN_REDIS_AUTH_MAX  4096


static char *
ngx_live_origin_auth_bad(ngx_conf_t *cf, ngx_str_t *param, ngx_err_t err,
    const char *why)
{
    ngx_conf_log_error(NGX_LOG_EMERG, cf, err,
                       "invalid value \"%V\" of \"live_origin_redis\", "
                       "allowed: a file with \"PASSWORD\" or "
                       "\"USER PASSWORD\" on its first line; of this one: %s",
                       param, why);

    return NGX_CONF_ERROR;
}


/* its first line, into buf */

static char *
ngx_live_origin_auth_read(ngx_conf_t *cf, ngx_str_t *param, ngx_str_t *path,
    u_char *buf, size_t *len)
{
    char             *why;
    ssize_t           n;
    ngx_fd_t          fd;
    ngx_err_t         err;
    ngx_file_info_t   fi;

    fd = ngx_open_file(path->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        return ngx_live_origin_auth_bad(cf, param, ngx_errno,
                                        "it cannot be opened");
    }

    why = NULL;
    err = 0;
    n = 0;

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR) {
        err = ngx_errno;
        why = "it cannot be read";

    } else if (!ngx_is_file(&fi)) {
        why = "it is not a file";

    } else if (fi.st_mode & S_IRWXO) {
        why = "its mode opens it to others than owner and group";

    } else {
        n = ngx_read_fd(fd, buf, NGX_LIVE_ORIGIN_REDIS_AUTH_MAX);

        if (n < 0) {
            err = ngx_errno;
            why = "it cannot be read";
        }
    }

    ngx_close_file(fd);

    if (why) {
        return ngx_live_origin_auth_bad(cf, param, err, why);
    }

    *len = n;

    return NGX_CONF_OK;
}


static char *
ngx_live_origin_auth_line(ngx_conf_t *cf, ngx_str_t *param, u_char *buf,
    size_t len, ngx_str_t *user, ngx_str_t *password)
{
    u_char  *end, *space;
    size_t   i;

    end = memchr(buf, '\n', len);

    if (end == NULL) {

        if (len == NGX_LIVE_ORIGIN_REDIS_AUTH_MAX) {
            return ngx_live_origin_auth_bad(cf, param, 0, "its first line is "
                                            "too long");
        }

        end = buf + len;
    }

    while (end > buf && (end[-1] == '\r' || end[-1] == ' ')) {
        end--;
    }

    len = end - buf;
    space = memchr(buf, ' ', len);

    for (i = 0; i < len && buf[i] > 0x1f && buf[i] != 0x7f; i++) {
        /* void */
    }

    if (len == 0 || i < len || space == buf) {
        return ngx_live_origin_auth_bad(cf, param, 0, "its first line has no "
                                        "password");
    }

    if (space) {
        user->len = space - buf;
        user->data = ngx_pcalloc(cf->pool, user->len + 1);
        if (user->data == NULL) {
            return NGX_CONF_ERROR;
        }

        ngx_memcpy(user->data, buf, user->len);
        buf = space + 1;
    }

    password->len = end - buf;
    password->data = ngx_pcalloc(cf->pool, password->len + 1);
    if (password->data == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memcpy(password->data, buf, password->len);

    return NGX_CONF_OK;
}


char *
ngx_live_origin_auth_file(ngx_conf_t *cf, ngx_str_t *param, ngx_str_t *v,
    ngx_str_t *user, ngx_str_t *password)
{
    char       *rc;
    size_t      len;
    u_char      buf[NGX_LIVE_ORIGIN_REDIS_AUTH_MAX];
    ngx_str_t   path;

    path = *v;

    if (path.len == 0) {
        return ngx_live_origin_auth_bad(cf, param, 0, "it has no name");
    }

    if (ngx_conf_full_name(cf->cycle, &path, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    rc = ngx_live_origin_auth_read(cf, param, &path, buf, &len);

    if (rc == NGX_CONF_OK) {
        rc = ngx_live_origin_auth_line(cf, param, buf, len, user, password);
    }

    OPENSSL_cleanse(buf, sizeof(buf));

    return rc;
}
