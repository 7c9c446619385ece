/* languages: RFC 5646 wants the shortest code */

#include "core/codec.h"

#include <stdio.h>


void
lo_codec_lang(char *lang, const char *code)
{
    const char         *p;
    static const char   table[] =
        "aaraa afraf amham araar asmas azeaz belbe bulbg benbn bosbs catca "
        "cescs czecs cymcy welcy danda deude gerde ellel greel engen epoeo "
        "spaes estet euseu baqeu fasfa perfa finfi frafr frefr glega glggl "
        "gujgu hebhe hinhi hrvhr hunhu hyehy armhy indid islis iceis itait "
        "jpnja katka geoka kazkk khmkm kankn korko latla ltzlb laolo litlt "
        "lavlv mkdmk macmk malml monmn marmr msams mayms mltmt myamy burmy "
        "nobnb nepne nldnl dutnl nnonn norno panpa polpl pusps porpt ronro "
        "rumro rusru sinsi slksk slosk slvsl somso sqisq albsq srpsr swesv "
        "swasw tamta telte thath turtr ukruk urdur uzbuz vievi zhozh chizh "
        "zulzu ";

    if (strlen(code) == 3) {
        for (p = table; *p; p += 6) {
            if (memcmp(p, code, 3) == 0) {
                memcpy(lang, p + 3, 2);
                lang[2] = '\0';
                return;
            }
        }
    }

    snprintf(lang, LO_LANG_MAX, "%s", code);
}
