// Presentation time of an MPD to media time in UTC, in milliseconds.
//
// Our events present seconds since 1970.  Any other MPD counts from its own
// time zero, which lies the event's delay before availabilityStartTime.

const EPOCH_LOCKED = 86400 * 365;

export function utcOf(presentation, clock) {
    if (!(presentation > 0)) {
        return null;
    }

    if (presentation > EPOCH_LOCKED) {
        return presentation * 1000;
    }

    return clock.start === null ? null
        : clock.start - clock.delay + presentation * 1000;
}
