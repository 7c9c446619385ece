/*
 * A name with two addresses, preloaded: "two.addresses" is 127.0.0.2 and then
 * 127.0.0.1.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>


int
getaddrinfo(const char *node, const char *service,
    const struct addrinfo *hints, struct addrinfo **res)
{
    int               rc;
    struct addrinfo  *ai, *second;

    static int  (*next)(const char *, const char *, const struct addrinfo *,
                        struct addrinfo **);

    if (next == NULL) {
        *(void **) &next = dlsym(RTLD_NEXT, "getaddrinfo");
    }

    if (node == NULL || strcmp(node, "two.addresses") != 0) {
        return next(node, service, hints, res);
    }

    rc = next("127.0.0.2", service, hints, res);
    if (rc != 0) {
        return rc;
    }

    rc = next("127.0.0.1", service, hints, &second);
    if (rc != 0) {
        freeaddrinfo(*res);
        return rc;
    }

    for (ai = *res; ai->ai_next; ai = ai->ai_next) { /* void */ }

    ai->ai_next = second;

    return 0;
}
