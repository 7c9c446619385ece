#include "lib/keys.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>


lo_keys_t       keys;
lo_event_err_t  keys_err;


int
keys_parse(const char *json)
{
    return lo_keys_parse(&keys, json, strlen(json), &keys_err);
}


void
keys_set(void)
{
    assert_int_equal(keys_parse(
        "{\"tolerance_s\": 60, \"keys\": ["
        "{\"id\": \"k1\", \"secret\": \"sixteen bytes ok\","
        " \"use\": [\"publish\", \"serve\"]},"
        "{\"id\": \"k2\", \"secret\": \"hex:0b0b0b0b0b0b0b0b0b0b"
        "0b0b0b0b0b0b0b0b0b0b\", \"use\": [\"serve\"], \"event\": \"ev\","
        " \"expires\": 1795388500},"
        "{\"id\": \"k3\", \"secret\": \"base64:AAECAwQFBgcICQoLDA0ODw==\","
        " \"use\": [\"publish\"], \"event\": \"ev\", \"pipeline\": \"a\"}],"
        "\"tokens\": ["
        "{\"id\": \"t1\", \"bearer\": \"bearer-number-one\","
        " \"use\": [\"publish\", \"api\"]},"
        "{\"id\": \"t2\", \"bearer\": \"bearer-number-two\","
        " \"use\": [\"api_read\"], \"expires\": \"2026-11-22T00:00:00Z\"}]}"),
        LO_OK);
}
