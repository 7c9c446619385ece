#!/usr/bin/env node
// Each of the three players plays 20 s at the live edge.
//
// time-out: 240
// alone: encoders and players need both cores

'use strict';

import('./lib/play.mjs').then(({ main }) => main());
