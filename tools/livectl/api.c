/* the API over HTTP, and what to do when it says no */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "bearer.h"
#include "livectl.h"
#include "core/base.h"


#define LIVECTL_CONNECT_S   5L
#define LIVECTL_TIMEOUT_S   30L
#define LIVECTL_ANSWER_MAX  (64 * 1024 * 1024)


typedef struct {
    char                      *data;
    size_t                     len;
} livectl_text_t;


static size_t
livectl_receive(char *data, size_t size, size_t n, void *to)
{
    char            *p;
    livectl_text_t  *text = to;

    n *= size;

    if (text->len + n > LIVECTL_ANSWER_MAX) {
        return 0;
    }

    p = realloc(text->data, text->len + n + 1);
    if (p == NULL) {
        return 0;
    }

    memcpy(p + text->len, data, n);
    text->data = p;
    text->len += n;
    p[text->len] = '\0';

    return n;
}


/* ---- the head of a request */

static int
livectl_headers(const livectl_options_t *o, int body,
    struct curl_slist **headers)
{
    int                 rc;
    char                token[LO_BEARER_MAX], line[LO_BEARER_MAX + 32];
    lo_err_t            err;
    struct curl_slist  *p;

    *headers = NULL;

    rc = lo_bearer_read(livectl_option(o, "token-file"), "LIVECTL_TOKEN",
                        token, sizeof(token), &err);

    if (rc == LO_ERROR) {
        return livectl_complain("the token: %s", err.text);
    }

    p = curl_slist_append(NULL, body ? "Content-Type: application/json"
                                     : "Content-Type:");

    if (p && rc == LO_OK) {
        snprintf(line, sizeof(line), "Authorization: Bearer %s", token);
        *headers = p;
        p = curl_slist_append(p, line);
    }

    if (p == NULL) {
        curl_slist_free_all(*headers);
        *headers = NULL;
        return livectl_complain("out of memory");
    }

    *headers = p;

    return LIVECTL_OK;
}


/* ---- one request */

static int
livectl_url(const livectl_options_t *o, const char *path, char *url,
    size_t size)
{
    int  n;

    n = snprintf(url, size, "%s%s%s", o->api,
                 o->api[strlen(o->api) - 1] == '/' ? "" : "/", path);

    if (n < 0 || (size_t) n >= size) {
        return livectl_complain("the URL is too long");
    }

    return LIVECTL_OK;
}


static void
livectl_setup(CURL *curl, const char *method, const char *url,
    struct curl_slist *headers, const char *body, size_t len,
    livectl_text_t *text, char *error)
{
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, LIVECTL_CONNECT_S);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, LIVECTL_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, livectl_receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, text);

    if (body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) len);
    }
}


/* LIVECTL_OK: there was an answer of HTTP, whatever it says */

static int
livectl_request(const livectl_options_t *o, const char *method,
    const char *path, const char *body, size_t len, livectl_answer_t *a)
{
    int                 rc;
    char                url[4096], error[CURL_ERROR_SIZE];
    CURL               *curl;
    CURLcode            code;
    livectl_text_t      text;
    struct curl_slist  *headers;

    memset(&text, 0, sizeof(text));
    memset(a, 0, sizeof(livectl_answer_t));
    error[0] = '\0';

    rc = livectl_url(o, path, url, sizeof(url));

    if (rc == LIVECTL_OK) {
        rc = livectl_headers(o, body != NULL, &headers);
    }

    if (rc != LIVECTL_OK) {
        return rc;
    }

    curl = curl_easy_init();
    code = CURLE_FAILED_INIT;

    if (curl) {
        livectl_setup(curl, method, url, headers, body, len, &text, error);
        code = curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &a->status);
        curl_easy_cleanup(curl);
    }

    curl_slist_free_all(headers);

    if (code == CURLE_OK) {
        a->json = text.len ? json_loadb(text.data, text.len, 0, NULL) : NULL;

    } else {
        rc = livectl_complain("%s cannot be reached: %s.  Is nginx running, "
                              "and --api (or LIVECTL_API) the URL of its "
                              "live_origin_api?", url,
                              error[0] ? error : curl_easy_strerror(code));
    }

    free(text.data);

    return rc;
}


/* ---- what was said */

static void
livectl_list_events(const livectl_options_t *o)
{
    size_t             i;
    json_t            *events, *event;
    livectl_answer_t   a;

    if (livectl_request(o, "GET", "events", NULL, 0, &a) != LIVECTL_OK) {
        return;
    }

    events = json_object_get(a.json, "events");

    if (json_array_size(events) == 0) {
        fputs("livectl: there are no events\n", stderr);

    } else {
        fputs("livectl: the events are", stderr);

        json_array_foreach(events, i, event) {
            fprintf(stderr, "%s %s", i ? "," : "",
                    json_string_value(json_object_get(event, "id")));
        }

        fputc('\n', stderr);
    }

    json_decref(a.json);
}


static int
livectl_refused(const livectl_options_t *o, livectl_answer_t *a)
{
    json_t      *answer;
    const char  *error, *field;

    answer = a->json;
    error = json_string_value(json_object_get(answer, "error"));
    field = json_string_value(json_object_get(answer, "field"));

    if (error == NULL && a->status != 401 && a->status != 403) {
        json_decref(answer);
        return livectl_complain("%s answered %ld, but not as the API does: "
                                "is --api the URL of a live_origin_api?",
                                o->api, a->status);
    }

    livectl_complain("%ld, %s%s%s%s", a->status,
                     field && field[0] ? field : "",
                     field && field[0] ? ": " : "",
                     error ? error : "not allowed",
                     a->status == 401 || a->status == 403
                     ? ".  The API wants a token (--token-file, "
                       "LIVECTL_TOKEN) or another address to be asked from"
                     : "");

    if (a->status == 404 && field && strcmp(field, "id") == 0) {
        livectl_list_events(o);
    }

    if (o->json && answer) {
        livectl_print(json_incref(answer));
    }

    json_decref(answer);

    return LIVECTL_WRONG;
}


int
livectl_ask(const livectl_options_t *o, const char *method, const char *path,
    const char *body, size_t len, livectl_answer_t *a)
{
    int  rc;

    rc = livectl_request(o, method, path, body, len, a);

    if (rc != LIVECTL_OK) {
        return rc;
    }

    if (a->status < 200 || a->status > 299) {
        return livectl_refused(o, a);
    }

    if (a->json == NULL) {
        return livectl_complain("%s answered %ld without JSON: is --api the "
                                "URL of a live_origin_api?", o->api,
                                a->status);
    }

    return LIVECTL_OK;
}


int
livectl_ask_event(const livectl_options_t *o, const char *method,
    const char *id, const char *what, const char *body, size_t len,
    livectl_answer_t *a)
{
    char  path[1024];

    if (!lo_id_ok(lo_cstr(id))) {
        return livectl_complain("\"%s\" is no id: [A-Za-z0-9][A-Za-z0-9._-]"
                                "{0,63}", id);
    }

    snprintf(path, sizeof(path), "events/%s%s%s", id, what[0] ? "/" : "",
             what);

    return livectl_ask(o, method, path, body, len, a);
}


int
livectl_ask_json(const livectl_options_t *o, const char *id, const char *what,
    json_t *body, livectl_answer_t *a)
{
    int    rc;
    char  *text;

    text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);

    if (text == NULL) {
        return livectl_complain("what was given is not UTF-8");
    }

    rc = livectl_ask_event(o, "POST", id, what, text, strlen(text), a);

    free(text);

    return rc;
}
