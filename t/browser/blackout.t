#!/usr/bin/env node
// A blackout begins and ends on time: what players are answered before, in and
// behind it.
//
// time-out: 300
// core: encoders and players need one

'use strict';

import('./lib/blackout.mjs').then(({ main }) => main());
