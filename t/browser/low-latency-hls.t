#!/usr/bin/env node
// hls.js in its low-latency mode, on parts of half a second.
//
// time-out: 300
// alone: encoder and player need both cores

'use strict';

import('./lib/low-latency-hls.mjs').then(({ main }) => main());
