#!/usr/bin/env node
// The three players play what shaka-packager has encrypted, in both schemes,
// with keys from the origin's license server.
//
// time-out: 400
// core: players need one

'use strict';

import('./lib/clearkey.mjs').then(({ main }) => main());
