#!/usr/bin/env node
// Shaka Player and dash.js in their low-latency modes, on segments that grow.
//
// time-out: 240
// alone: encoders and players need both cores

'use strict';

import('./lib/latency.mjs').then(({ main }) => main());
