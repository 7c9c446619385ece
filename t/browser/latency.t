#!/usr/bin/env node
// Shaka Player and dash.js in their low-latency modes, on segments that grow.
//
// time-out: 240

'use strict';

import('./lib/latency.mjs').then(({ main }) => main());
