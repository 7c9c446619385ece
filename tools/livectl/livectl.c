/*
 * livectl: what an operator asks of a node from the shell.
 *
 *     livectl zone stat PATH
 *     livectl zone check PATH
 *
 * Exit status: 0 all is well, 1 something is wrong, 2 it could not be asked.
 */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "livectl.h"


static void livectl_usage(FILE *out);


static const livectl_command_t  livectl_commands[] = {
    { "zone", "stat", livectl_zone_stat },
    { "zone", "check", livectl_zone_check },
    { NULL, NULL, NULL }
};


static void
livectl_usage(FILE *out)
{
    fputs("usage: livectl [--json] COMMAND\n"
          "\n"
          "  zone stat PATH              size, use, workers and events of a "
          "zone\n"
          "  zone check [--digests] [--looks N] PATH\n"
          "                              proves the zone consistent, by "
          "reading alone;\n"
          "                              --digests reads every byte, too; "
          "what is under\n"
          "                              way in a zone in use looks like a "
          "leak, so it\n"
          "                              looks up to N times (default 5), "
          "a second apart\n"
          "\n"
          "exit status: 0 all is well, 1 something is wrong, 2 it could not "
          "be asked\n", out);
}


int
main(int argc, char **argv)
{
    int                       c;
    livectl_options_t         o;
    const livectl_command_t  *cmd;

    static const struct option  options[] = {
        { "json", no_argument, NULL, 'j' },
        { "digests", no_argument, NULL, 'd' },
        { "looks", required_argument, NULL, 'l' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 }
    };

    memset(&o, 0, sizeof(o));
    o.looks = 5;

    while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {

        switch (c) {

        case 'j':
            o.json = 1;
            break;

        case 'd':
            o.digests = 1;
            break;

        case 'l':
            o.looks = atoi(optarg);
            if (o.looks < 1 || o.looks > 3600) {
                fputs("livectl: --looks is 1 to 3600\n", stderr);
                return LIVECTL_USAGE;
            }
            break;

        case 'h':
            livectl_usage(stdout);
            return LIVECTL_OK;

        default:
            livectl_usage(stderr);
            return LIVECTL_USAGE;
        }
    }

    argc -= optind;
    argv += optind;

    for (cmd = livectl_commands; argc >= 2 && cmd->noun; cmd++) {

        if (strcmp(argv[0], cmd->noun) == 0
            && strcmp(argv[1], cmd->verb) == 0)
        {
            return cmd->run(&o, argc - 2, argv + 2);
        }
    }

    livectl_usage(stderr);

    return LIVECTL_USAGE;
}
