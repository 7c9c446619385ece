#!/usr/bin/env node
// Two encodes; one dies by SIGKILL in the middle of a PUT and comes back.
//
// time-out: 900
// alone: encoders and players need both cores

'use strict';

import('./lib/failover.mjs').then(({ main }) => main());
