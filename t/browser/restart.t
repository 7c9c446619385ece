#!/usr/bin/env node
// A plain ffmpeg is killed and started again: the players go on.
//
// time-out: 240
// alone: encoders and players need both cores

'use strict';

import('./lib/restart.mjs').then(({ main }) => main());
