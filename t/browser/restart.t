#!/usr/bin/env node
// A plain ffmpeg is killed and started again: the players go on.
//
// time-out: 240
// core: encoders and players need one

'use strict';

import('./lib/restart.mjs').then(({ main }) => main());
