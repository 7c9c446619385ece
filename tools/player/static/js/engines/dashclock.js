// Presentation time of an MPD to media time in UTC, in milliseconds.
//
// An epoch-locked event presents seconds since 1970.  Any other event counts
// from its own time zero: t0 as the API tells it, or availabilityStartTime,
// which lies the event's delay behind it.

const EPOCH_LOCKED = 86400 * 365;

export function utcOf(presentation, clock) {
    if (!(presentation > 0)) {
        return null;
    }

    if (presentation > EPOCH_LOCKED) {
        return presentation * 1000;
    }

    const zero = clock.t0 ?? clock.start;

    return zero === null ? null : zero + presentation * 1000;
}
