#!/usr/bin/env node
// A blackout begins and ends on time: what players are answered before, in and
// behind it.
//
// time-out: 240
// alone: encoder and players need both cores

'use strict';

import('./lib/blackout.mjs').then(({ main }) => main());
