#include "core/health.h"


static int
lo_health_lost(uint64_t has, uint64_t stale)
{
    return has && (has & ~stale) == 0;
}


uint64_t
lo_health(const lo_health_rule_t *rule, const lo_health_tracks_t *has,
    uint64_t stale)
{
    if (rule->stale_us == 0 || stale == 0) {
        return 0;
    }

    if (lo_health_lost(has->video, stale) || lo_health_lost(has->audio, stale)
        || lo_health_lost(has->video | has->audio | has->other, stale))
    {
        return LO_HEALTH_NONE;
    }

    return rule->drop ? stale : 0;
}
