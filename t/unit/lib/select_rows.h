/* event, device, country, network, filter: tracks | DRM systems | CDNs */

#define WP   "|widevine playready|"
#define WF   "|widevine fairplay|"
#define WPC  "|widevine playready clearkey|"
#define ALL  "|widevine playready fairplay clearkey|"

static const row_t  rows[] = {

    /* what devices can */

    { "plain", "", "ZZ", 0, "",
      "uhd h1080 a1080 a720 a480 a240 av1 de en fr low dolby subs ttml||" },
    { "plain", "tv-4k", "ZZ", 0, "",
      "uhd a1080 h1080 a720 a480 a240 de en fr low dolby subs ttml||" },
    { "plain", "tv-hd", "ZZ", 0, "", "nothing" },
    { "plain", "phone", "ZZ", 0, "",
      "a480 h1080 a1080 a720 a240 de en fr low dolby subs||" },
    { "plain", "browser", "ZZ", 0, "",
      "a720 a1080 a480 a240 av1 de en fr low subs ttml||" },
    { "plain", "constrained", "ZZ", 0, "", "a240 a480 low subs||" },
    { "plain", "constrained", "DE", 3320, "", "a240 a480 low subs||" },

    /* filters */

    { "plain", "", "ZZ", 0, "video_height:240-720",
      "a720 a480 a240 de en fr low dolby subs ttml||" },
    { "plain", "", "ZZ", 0, "video_height:481-1080",
      "h1080 a1080 a720 av1 de en fr low dolby subs ttml||" },
    { "plain", "", "ZZ", 0, "video_height:2000-3000",
      "uhd de en fr low dolby subs ttml||" },
    { "plain", "", "ZZ", 0, "audio_language:en",
      "uhd h1080 a1080 a720 a480 a240 av1 en subs ttml||" },
    { "plain", "", "ZZ", 0, "audio_language:fr,EN",
      "uhd h1080 a1080 a720 a480 a240 av1 en fr subs ttml||" },
    { "plain", "", "ZZ", 0, "audio_channels:1-2",
      "uhd h1080 a1080 a720 a480 a240 av1 de en fr low subs ttml||" },
    { "plain", "", "ZZ", 0, "audio_codec:ec-3",
      "uhd h1080 a1080 a720 a480 a240 av1 dolby subs ttml||" },
    { "plain", "", "ZZ", 0, "audio_bitrate:0-64000",
      "uhd h1080 a1080 a720 a480 a240 av1 low subs ttml||" },
    { "plain", "", "ZZ", 0, "subtitle_language:de",
      "uhd h1080 a1080 a720 a480 a240 av1 de en fr low dolby subs||" },
    { "plain", "", "ZZ", 0, "video_codec:h264",
      "a1080 a720 a480 a240 de en fr low dolby subs ttml||" },
    { "plain", "", "ZZ", 0, "video_codec:h265",
      "uhd h1080 de en fr low dolby subs ttml||" },
    { "plain", "", "ZZ", 0, "video_dynamic_range:sdr",
      "h1080 a1080 a720 a480 a240 av1 de en fr low dolby subs ttml||" },
    { "plain", "", "ZZ", 0, "video_framerate:20-30",
      "a480 a240 de en fr low dolby subs ttml||" },
    { "plain", "", "ZZ", 0, "video_bitrate:0-1200000",
      "a480 a240 de en fr low dolby subs ttml||" },
    { "plain", "browser", "ZZ", 0, "video_height:240-480",
      "a480 a240 de en fr low subs ttml||" },
    { "plain", "browser", "ZZ", 0,
      "video_height:720-1080;audio_language:en;video_codec:h264",
      "a720 a1080 en subs ttml||" },
    { "plain", "phone", "ZZ", 0, "video_codec:h265;audio_codec:aacl",
      "h1080 de en fr subs||" },
    { "plain", "constrained", "ZZ", 0, "video_height:720-1080",
      "low subs||" },
    { "plain", "constrained", "ZZ", 0,
      "video_height:720-1080;audio_language:fr", "nothing" },

    /* subtitles alone, where a filter leaves them and not where the device
       has none of the rest */

    { "plain", "", "ZZ", 0, "video_height:1;audio_language:ja",
      "subs ttml||" },
    { "plain", "phone", "ZZ", 0, "video_height:1;audio_language:ja",
      "subs||" },
    { "plain", "tv-hd", "ZZ", 0, "video_height:1;audio_language:ja",
      "subs ttml||" },
    { "plain", "", "ZZ", 0,
      "video_height:1;audio_language:ja;subtitle_language:ja", "nothing" },

    /* countries, networks, DRM, CDNs */

    { "match", "", "DE", 0, "",
      "uhd h1080 a1080 a720 a480 a240 av1 de en low dolby subs ttml" ALL
      "b a c" },
    { "match", "", "DE", 3320, "",
      "uhd h1080 a1080 a720 a480 a240 av1 de en low dolby subs ttml" ALL
      "c b a" },
    { "match", "", "AT", 0, "",
      "h1080 a1080 a720 a480 a240 av1 de en low dolby subs ttml" ALL
      "b a c" },
    { "match", "", "CH", 0, "",
      "uhd h1080 a1080 a720 a480 a240 av1 de en fr low dolby subs ttml" ALL
      "a b c" },
    { "match", "", "FR", 3320, "",
      "uhd h1080 a1080 a720 a480 a240 av1 de en fr low dolby subs ttml" ALL
      "c a b" },
    { "match", "", "US", 0, "", "blackout" },
    { "match", "", "GB", 0, "", "country" },
    { "match", "", "ZZ", 0, "", "country" },
    { "match", "tv-4k", "DE", 0, "",
      "uhd a1080 h1080 a720 a480 a240 de en low dolby subs ttml" WP
      "b a c" },
    { "match", "tv-4k", "AT", 0, "",
      "a1080 h1080 a720 a480 a240 de en low dolby subs ttml" WP "b a c" },
    { "match", "tv-4k", "FR", 0, "",
      "uhd a1080 h1080 a720 a480 a240 de en fr low dolby subs ttml" WP
      "a b c" },
    { "match", "tv-4k", "US", 0, "", "blackout" },
    { "match", "tv-4k", "DE", 3320, "video_height:1080-1080",
      "a1080 h1080 de en low dolby subs ttml" WP "c b a" },
    { "match", "tv-hd", "DE", 0, "", "nothing" },
    { "match", "tv-hd", "US", 0, "", "blackout" },
    { "match", "phone", "DE", 0, "",
      "a480 h1080 a1080 a720 a240 de en low dolby subs" WF "b a c" },
    { "match", "phone", "AT", 3320, "",
      "a480 h1080 a1080 a720 a240 de en low dolby subs" WF "c b a" },
    { "match", "phone", "CH", 0, "",
      "a480 h1080 a1080 a720 a240 de en fr low dolby subs" WF "a b c" },
    { "match", "phone", "FR", 0, "audio_language:fr",
      "a480 h1080 a1080 a720 a240 fr subs" WF "a b c" },
    { "match", "phone", "DE", 0, "audio_language:fr",
      "a480 h1080 a1080 a720 a240 subs" WF "b a c" },
    { "match", "phone", "GB", 0, "", "country" },
    { "match", "browser", "DE", 0, "",
      "a720 a1080 a480 a240 av1 de en low subs ttml" WPC "b a c" },
    { "match", "browser", "FR", 0, "",
      "a720 a1080 a480 a240 av1 de en fr low subs ttml" WPC "a b c" },
    { "match", "browser", "CH", 3320, "video_height:1-480",
      "a480 a240 de en fr low subs ttml" WPC "c a b" },
    { "match", "browser", "US", 3320, "", "blackout" },
    { "match", "constrained", "DE", 0, "", "a240 a480 low subs" WF "b a c" },
    { "match", "constrained", "FR", 0, "audio_language:fr",
      "a240 a480 subs" WF "a b c" },
    { "match", "constrained", "AT", 0, "video_height:1-240",
      "a240 low subs" WF "b a c" },
    { "match", "constrained", "IT", 0, "", "country" },

    /* what an event leaves of a class */

    { "narrow", "", "DE", 0, "",
      "a720 a480 a240 de en fr low dolby subs ttml" ALL },
    { "narrow", "tv-4k", "DE", 0, "",
      "a1080 h1080 a720 a480 a240 de en fr low dolby subs ttml"
      "|playready|" },
    { "narrow", "tv-4k", "ZZ", 0, "video_codec:h265",
      "h1080 de en fr low dolby subs ttml|playready|" },
    { "narrow", "tv-hd", "DE", 0, "", "nothing" },
    { "narrow", "phone", "DE", 0, "", "nothing" },
    { "narrow", "browser", "DE", 0, "",
      "a720 a480 a240 de en fr low subs ttml" WPC },
    { "narrow", "browser", "GB", 0, "video_height:1-480",
      "a480 a240 de en fr low subs ttml" WPC },
    { "narrow", "constrained", "DE", 0, "", "a240 a480 low subs" WF },
    { "narrow", "constrained", "US", 0, "video_codec:h265", "low subs" WF },
};
