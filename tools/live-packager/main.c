#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "session.h"


/* exit codes */

#define LP_EXIT_OK     0
#define LP_EXIT_USAGE  1
#define LP_EXIT_INPUT  2


static volatile int  lp_stop;


static void
lp_main_signal(int signo)
{
    lp_stop = 1;
}


static void
lp_main_signals(void)
{
    struct sigaction  sa;

    memset(&sa, 0, sizeof(sa));
    sigemptyset(&sa.sa_mask);

    sa.sa_handler = lp_main_signal;
    sigaction(SIGTERM, &sa, NULL);
    sigaction(SIGINT, &sa, NULL);

    sa.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &sa, NULL);
}


int
main(int argc, char **argv)
{
    int                   rc;
    char                  name[2 * LO_ID_MAX + 2];
    lp_options_t          options;
    static lp_session_t   session;

    rc = lp_options_parse(&options, argc, argv);

    if (rc != 0) {
        lp_options_free(&options);
        return rc == 1 ? LP_EXIT_OK : LP_EXIT_USAGE;
    }

    snprintf(name, sizeof(name), "%s/%s", options.id, options.pipeline);
    lp_log_open(options.level, name);
    lp_log_libav();
    lp_main_signals();

    rc = lp_session_open(&session, &options, &lp_stop);

    if (rc == 0) {
        rc = lp_session_run(&session, &lp_stop);
    }

    lp_session_close(&session);
    lp_options_free(&options);

    return rc == 0 || lp_stop ? LP_EXIT_OK : LP_EXIT_INPUT;
}
