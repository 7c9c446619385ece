#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "source.h"


static int lt_seconds(const char *text, int64_t *us);


static const char  lt_usage[] =
"usage: live-transcode --event FILE [--input URL] [--output URL]\n"
"                      [--input-format NAME] [--input-option K=V]\n"
"                      [--anchor SECONDS] [--ffmpeg PATH] [--dry-run]\n"
"\n"
"  --event FILE    event document, - for standard input\n"
"  --input URL     what ffmpeg can read, or test: (default), a camera with\n"
"                  a UTC clock and a frame counter in the picture\n"
"  --output URL    where NUT goes, default - (standard output)\n"
"  --input-format NAME\n"
"                  how to read the input (a device: v4l2, alsa, ...)\n"
"  --input-option K=V\n"
"                  an option of libavformat for it (listen=1, probesize=1M,\n"
"                  ...); may be repeated\n"
"  --anchor SECONDS\n"
"                  UTC, since 1970, of a live input's time 0; default: what\n"
"                  arrives now is now\n"
"  --ffmpeg PATH   the ffmpeg to run, default ffmpeg\n"
"  --dry-run       print the command line and end\n";


static const struct option  lt_long_options[] = {
    { "event", required_argument, NULL, 'e' },
    { "input", required_argument, NULL, 'i' },
    { "input-format", required_argument, NULL, 'F' },
    { "input-option", required_argument, NULL, 'O' },
    { "anchor", required_argument, NULL, 'a' },
    { "output", required_argument, NULL, 'o' },
    { "ffmpeg", required_argument, NULL, 'f' },
    { "dry-run", no_argument, NULL, 'n' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 }
};


int
lt_options(lt_options_t *o, int argc, char **argv)
{
    int  c;

    memset(o, 0, sizeof(lt_options_t));

    o->input = "test:";
    o->output = "-";
    o->ffmpeg = "ffmpeg";
    o->anchor_us = LT_NO_ANCHOR;

    while ((c = getopt_long(argc, argv, "", lt_long_options, NULL)) != -1) {

        switch (c) {

        case 'e':
            o->event = optarg;
            break;

        case 'i':
            o->input = optarg;
            break;

        case 'F':
            o->format = optarg;
            break;

        case 'O':
            if (strchr(optarg, '=') == NULL
                || av_dict_parse_string(&o->input_options, optarg, "=", "",
                                        0) < 0)
            {
                fprintf(stderr, "--input-option: \"%s\" is not K=V\n",
                        optarg);
                return 2;
            }
            break;

        case 'a':
            if (lt_seconds(optarg, &o->anchor_us) != 0) {
                fprintf(stderr, "--anchor: \"%s\" is not seconds since 1970\n",
                        optarg);
                return 2;
            }
            break;

        case 'o':
            o->output = optarg;
            break;

        case 'f':
            o->ffmpeg = optarg;
            break;

        case 'n':
            o->dry = 1;
            break;

        case 'h':
            fputs(lt_usage, stdout);
            return 0;

        default:
            fputs(lt_usage, stderr);
            return 2;
        }
    }

    if (o->event == NULL || optind != argc) {
        fputs(lt_usage, stderr);
        return 2;
    }

    return -1;
}


/* "1795384648.5", maybe negative: a double would not do */

static int
lt_seconds(const char *text, int64_t *us)
{
    int          whole, part;
    const char  *p;

    *us = 0;
    whole = 0;
    part = -1;

    for (p = text + (*text == '-'); *p != '\0'; p++) {

        if (*p == '.' && part == -1) {
            part = 0;
            continue;
        }

        if (*p < '0' || *p > '9') {
            return -1;
        }

        *us = *us * 10 + (*p - '0');

        if (part == -1 ? ++whole > 11 : ++part > 6) {
            return -1;
        }
    }

    for (part = part < 0 ? 0 : part; part < 6; part++) {
        *us *= 10;
    }

    if (*text == '-') {
        *us = -*us;
    }

    return whole == 0 ? -1 : 0;
}
