#!/usr/bin/env node
// Shaka Player and dash.js on an event whose MPD changes with every segment:
// they take patches, not the MPD.
//
// time-out: 300
// core: encoders and players need one

'use strict';

import('./lib/mpd-patch.mjs').then(({ main }) => main());
