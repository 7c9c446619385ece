/*
 * livectl: what an operator asks of a node from the shell.  docs/livectl.1.
 */

#include <stdio.h>
#include <string.h>

#include "livectl.h"


static void livectl_help(FILE *out);


const livectl_command_t  livectl_commands[] = {

    { "event", "list", 0, 0, "", livectl_event_list, "",
      "the events, and what they are doing" },
    { "event", "show", 1, 1, "", livectl_event_show, "EVENT",
      "its document and its state" },
    { "event", "put", 1, 1, "", livectl_event_put, "FILE",
      "makes an event of a document, or changes it; - is stdin" },
    { "event", "start", 1, 1, "", livectl_event_start, "EVENT",
      "lets an event that ended go on, or go live with the tracks there are" },
    { "event", "end", 1, 1, "at=", livectl_event_end, "EVENT [--at NUMBER]",
      "ends it, with its newest number or an older one" },
    { "event", "delete", 1, 1, "", livectl_event_delete, "EVENT",
      "removes it, with its media" },

    { "token", "serve", 0, 0, "keys= key= path= expires= country= net=",
      livectl_token_serve, "--keys FILE [--key ID] --path EVENT[/TRACK]|* "
      "--expires 2h [--country DE,AT] [--net CIDR]",
      "a token for a viewer: PREFIX/~TOKEN/EVENT/..., or a cookie" },
    { "token", "publish-sign", 1, 1, "keys= key= method= body=",
      livectl_token_sign, "--keys FILE [--key ID] [--method PUT] "
      "[--body FILE] PATH",
      "the headers of a signed request; with --body a digest of it, too" },

    { "zone", "stat", 1, 1, "", livectl_zone_stat, "FILE",
      "size, use, workers and events of a zone" },
    { "zone", "check", 1, 1, "digests looks=", livectl_zone_check,
      "FILE [--digests] [--looks N]",
      "proves a zone consistent, by reading alone" },

    { "mask", NULL, 1, 2, "track= from= to= off", livectl_mask,
      "EVENT [PIPELINE [--track T] [--from N] [--to N] [--off]]",
      "takes numbers of a pipeline out of service, or back; lists them" },
    { "notify", NULL, 1, 3, "expires= remove", livectl_notify,
      "EVENT [KEY VALUE [--expires WHEN] | KEY --remove]",
      "a message that every response of the event carries; lists them" },
    { "steer", NULL, 1, 1, "drain= undrain= only= show", livectl_steer,
      "EVENT [--drain CDN | --undrain CDN | --only CDN | --show]",
      "takes CDNs out of use, or back; lists them" },
    { "status", NULL, 0, 1, "once", livectl_status, "[EVENT] [--once]",
      "the node and its events, once a second" },
    { "redis", NULL, 0, 0, "watch", livectl_redis, "[--watch]",
      "how the node stands with Redis, and what to do" },
    { "why", NULL, 3, 3, "", livectl_why, "EVENT TRACK NUMBER",
      "what happened to this segment" },

    { NULL, NULL, 0, 0, NULL, NULL, NULL, NULL }
};


static void
livectl_help(FILE *out)
{
    const livectl_command_t  *cmd;

    fputs("usage: livectl [--api URL] [--token-file FILE] [--json] COMMAND\n"
          "\n", out);

    for (cmd = livectl_commands; cmd->noun; cmd++) {
        fprintf(out, "  %s%s%s %s\n        %s\n", cmd->noun,
                cmd->verb ? " " : "", cmd->verb ? cmd->verb : "", cmd->args,
                cmd->text);
    }

    fputs("\n"
          "--api, or LIVECTL_API, is the URL of live_origin_api "
          "(http://127.0.0.1:8080/api/);\n"
          "--token-file, or the token itself in LIVECTL_TOKEN, opens it.\n"
          "exit status: 0 done, all is well; 1 something is wrong, or was "
          "refused;\n"
          "2 it could not be asked; 3 redis: the node has none.  See "
          "livectl(1).\n", out);
}


/* the words that name it are *n */

static const livectl_command_t *
livectl_find(int argc, char **argv, int *n)
{
    const livectl_command_t  *cmd;

    for (cmd = livectl_commands; cmd->noun && argc; cmd++) {

        if (strcmp(argv[0], cmd->noun) != 0) {
            continue;
        }

        *n = cmd->verb ? 2 : 1;

        if (cmd->verb == NULL
            || (argc > 1 && strcmp(argv[1], cmd->verb) == 0))
        {
            return cmd;
        }
    }

    return NULL;
}


int
main(int argc, char **argv)
{
    int                       n, rc;
    livectl_options_t         o;
    const livectl_command_t  *cmd;

    argc--;
    argv++;

    rc = livectl_options(&o, &argc, argv);
    if (rc != LIVECTL_OK) {
        return rc;
    }

    if (livectl_option(&o, "help")) {
        livectl_help(stdout);
        return LIVECTL_OK;
    }

    cmd = livectl_find(argc, argv, &n);

    if (cmd == NULL) {

        if (argc) {
            return livectl_complain("there is no command \"%s%s%s\": livectl "
                                    "--help lists them", argv[0],
                                    argc > 1 ? " " : "",
                                    argc > 1 ? argv[1] : "");
        }

        livectl_help(stderr);
        return LIVECTL_USAGE;
    }

    rc = livectl_options_of(&o, cmd);
    if (rc != LIVECTL_OK) {
        return rc;
    }

    if (argc - n < cmd->min || argc - n > cmd->max) {
        return livectl_complain("usage: livectl %s%s%s %s", cmd->noun,
                                cmd->verb ? " " : "",
                                cmd->verb ? cmd->verb : "", cmd->args);
    }

    return cmd->run(&o, argc - n, argv + n);
}
