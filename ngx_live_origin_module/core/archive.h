/*
 * The head of every file of the archive (docs/architecture.md, "The
 * archive"): LO_ARCHIVE_HEAD bytes, little endian, then `size' bytes of what
 * it says.  A file is good if its head decodes, its length is that of the
 * head and the body, and the body's XXH3-128 is `digest'.  Who wrote it does
 * not matter: nothing else is needed to serve it.
 */

#ifndef LO_ARCHIVE_H
#define LO_ARCHIVE_H

#include "core/base.h"

#define LO_ARCHIVE_HEAD     192
#define LO_ARCHIVE_VERSION  1
#define LO_ARCHIVE_AMOUNTS  8        /* of one verdict, as in the zone */

/* files per folder of a track: EVENT~BORN/TRACK/<number / 1000>/<number>.seg */
#define LO_ARCHIVE_FOLDER   1000

/* of an event's folder, with its final zero */
#define LO_ARCHIVE_NAME     (LO_ID_MAX + 18)


typedef enum {
    LO_ARCHIVE_SEGMENT = 1,
    LO_ARCHIVE_INIT,
    LO_ARCHIVE_LIVE,
    LO_ARCHIVE_DOC,
    LO_ARCHIVE_GAPS
} lo_archive_kind_e;


typedef struct {
    uint32_t            kind;
    uint32_t            pipeline;
    uint64_t            size;         /* of the body */
    unsigned char       digest[16];   /* of the body: XXH3-128, big endian */
    uint64_t            place;        /* lo_archive_place: a file that was
                                         moved elsewhere is none of there */
    int64_t             number;       /* segments; the rest is as in the zone */
    int64_t             m;
    uint64_t            tfdt;
    uint64_t            duration;
    uint32_t            timescale;
    uint32_t            init;
    uint32_t            run;
    uint32_t            rank;
    uint64_t            verdict;
    uint16_t            ms[LO_ARCHIVE_AMOUNTS];
    int64_t             first_us;
    int64_t             last_us;
    uint32_t            chunks;
    uint32_t            flags;
} lo_archive_head_t;


void lo_archive_encode(unsigned char mem[LO_ARCHIVE_HEAD],
    const lo_archive_head_t *h);
/* LO_ERROR: no head, a torn one, another version's, or one that no segment
   has */
int lo_archive_decode(lo_archive_head_t *h,
    const unsigned char mem[LO_ARCHIVE_HEAD], lo_err_t *err);

/*
 * The folder of an event: its id and when it was made, so that one that is
 * deleted and made again has another, whatever is under way for the first.
 */
void lo_archive_folder(char name[LO_ARCHIVE_NAME], const char *id,
    int64_t born_us);
/* LO_ERROR: no such name */
int lo_archive_event(const char *name, char id[LO_ID_MAX + 1],
    int64_t *born_us);

/* of a track, or of an event where track is empty; event is its folder */
uint64_t lo_archive_place(lo_str_t event, lo_str_t track);

/* the number of NUMBER.seg, or LO_NONE for any other name */
int64_t lo_archive_number(const char *name);

#endif /* LO_ARCHIVE_H */
