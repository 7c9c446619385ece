/* what a writer of manifests has written, and what is in it */

#ifndef T_WRITTEN_H
#define T_WRITTEN_H

#include "core/manifest.h"


extern char  written[65536];

typedef void (*written_pt)(lo_buf_t *b, const lo_manifest_t *m);

/* calls the writer, and ends its text with a null */
void written_by(written_pt write, const lo_manifest_t *m);

unsigned written_count(const char *part);
void written_has(const char *part);

#endif /* T_WRITTEN_H */
