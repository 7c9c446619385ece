/*
 * What a class of viewers is shown of an event: which tracks, in which order,
 * under which DRM systems.
 */

#ifndef LO_SELECT_H
#define LO_SELECT_H

#include "core/class.h"
#include "core/device.h"
#include "core/manifest.h"


typedef struct {
    const lo_event_t   *doc;              /* NULL: there is none */
    const lo_device_t  *device;           /* NULL: whatever there is */
    const lo_class_t   *class;            /* place and filter; NULL: as above */
} lo_select_t;


/*
 * Leaves out and orders the tracks of all Periods, in place; m and room as
 * lo_manifest_live filled them.  Periods that keep no track go.
 *
 * A track whose codec, level, range, encryption or country is not for the
 * class is left out.  Where none of what remains of a type is small enough
 * for the device, the smallest is kept: bad pictures are better than none.
 * What the filter excludes goes in any case.  Text alone remains only where
 * the filter leaves nothing to be seen or heard.
 *
 * LO_NONE: nothing remains, or the event is not for this device.
 */
int lo_select(lo_manifest_t *m, const lo_manifest_room_t *room,
    const lo_select_t *s);

#endif /* LO_SELECT_H */
