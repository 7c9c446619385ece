#!/usr/bin/env node
// The three players leave a CDN that an operator drains, and come back.
//
// time-out: 360
// alone: encoders and players need both cores

'use strict';

import('./lib/steering.mjs').then(({ main }) => main());
