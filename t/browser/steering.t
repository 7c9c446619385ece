#!/usr/bin/env node
// The three players leave a CDN that an operator drains, and come back.
//
// time-out: 360
// core: encoders and players need one

'use strict';

import('./lib/steering.mjs').then(({ main }) => main());
