// The player page: one engine at a time on one video element.

import { eventStatus, listEvents, manifestURL } from './api.js';
import { bindControls } from './controls.js';
import { $, el, setText } from './dom.js';
import { bitrate, clock, count, dash, parseLiveOrigin,
         seconds } from './format.js';
import { Monitor } from './monitor.js';
import { Ribbon } from './ribbon.js';
import { Spark } from './spark.js';

const TICK = 250;
const names = { hls: 'hls.js', shaka: 'Shaka Player', dash: 'dash.js' };
const query = new URLSearchParams(location.search);

const video = $('#video');
const screen = $('#screen');
const ribbon = new Ribbon($('#ribbon'), $('#detail'));
const spark = new Spark($('#spark'));

// What tests and the console may read.
const state = window.__player = {
    engine: null, event: null, status: 'idle', session: 0,
    started: false, paused: true, stalls: 0, stallMs: 0, jumps: 0,
    errors: [], latency: null, mediaTime: null, currentTime: 0, buffer: 0,
    droppedFrames: 0, totalFrames: 0, presentedFrames: 0, rendition: null,
    pipelines: [], switches: [], segments: [], journal: [],
};

let engine = null;
let monitor = null;
let wanted = { event: null, player: 'hls' };
let retryTimer = null;
let retries = 0;
// offset of the origin's clock, ms; the MPD's availabilityStartTime and the
// event's delay, ms; what a segment lasts, s; whether to play at low latency
const serverClock = { offset: 0, start: null, delay: 0, segment: 2,
                      low: query.get('latency') === 'low' };

// ---- the journal

function note(kind, label, text) {
    const at = Date.now();

    state.journal.push({ at, kind, text });
    $('#journal').prepend(el('li', { 'data-kind': kind },
        el('time', {}, clock(at)), el('span', {}, label),
        el('span', {}, text)));

    while ($('#journal').children.length > 100) {
        $('#journal').lastChild.remove();
    }
}

function say(title, text = '', busy = true) {
    const box = $('#message');

    box.toggleAttribute('data-off', title === null);

    if (title !== null) {
        setText($('#message-title'), title);
        setText($('#message-text'), text);
        $('.pulse', box).hidden = !busy;
    }
}

// ---- what the engine tells

function onSegment(session, segment) {
    if (session !== state.session) {
        return;
    }

    const { pipeline } = parseLiveOrigin(segment.header);
    const { node, ...plain } = segment;

    state.segments.push({ ...plain, at: Date.now(), pipeline });
    state.segments.splice(0, state.segments.length - 400);
    ribbon.add(segment);

    if (pipeline && !state.pipelines.includes(pipeline)) {
        state.pipelines.push(pipeline);
        $('#legend').append(el('li.chip', { 'data-pipeline': pipeline },
            `pipeline ${pipeline}`));
    }

    if (!pipeline || segment.type !== 'video') {
        return;
    }

    const chip = $('#pipeline');
    const from = chip.dataset.pipeline;

    if (from && from !== pipeline) {
        state.switches.push({ at: Date.now(), from, to: pipeline,
                              url: segment.url });
        note('pipeline', 'Pipeline', `${from} to ${pipeline}`);
    }

    if (from !== pipeline) {
        chip.dataset.pipeline = pipeline;
        setText(chip, pipeline);
        setText($('#pipeline-note'), `since ${clock(Date.now())}`);
    }
}

function onRendition(session, r) {
    if (session !== state.session) {
        return;
    }

    const before = state.rendition;
    const text = r.height ? `${r.width} × ${r.height}` : 'Sound only';
    const fps = r.fps ? `${+Number(r.fps).toFixed(3)} fps` : '';
    const rest = [bitrate(r.bitrate), fps, r.codecs].filter(Boolean)
        .join(' · ');

    state.rendition = r;
    setText($('#rendition'), text);
    setText($('#rendition-note'), rest || '\u00a0');
    $('#rendition-note').title = rest;

    if (before && before.bitrate !== r.bitrate) {
        note('rendition', 'Picture', `${text} · ${rest}`);
    }
}

function onError(session, { fatal, text }) {
    if (session !== state.session) {
        return;
    }

    state.errors.push({ at: Date.now(), fatal, text });
    note('error', fatal ? 'Failed' : 'Error', text);

    if (fatal) {
        again(text);
    }
}

// ---- starting and stopping

async function stop() {
    clearTimeout(retryTimer);
    monitor?.destroy();
    monitor = null;

    const old = engine;

    engine = null;
    await old?.destroy();
}

function again(why) {
    const wait = Math.min(2 + retries++, 8);

    state.status = 'waiting';
    say('Not playing yet', `${why}. Trying again in ${wait} s.`);
    clearTimeout(retryTimer);
    retryTimer = setTimeout(() => start(), wait * 1000);
}

function watch() {
    monitor = new Monitor(video, {
        started() {
            state.started = true;
            state.status = 'playing';
            retries = 0;
            say(null);
            note('playing', 'Playing', `${names[state.engine]} · `
                + `${seconds(state.latency ?? NaN)} behind the encoder`);
        },
        stall: () => note('stall', 'Stall', 'the buffer ran dry'),
        resumed: (ms) => note('stall', 'Resumed',
            `after ${seconds(ms / 1000, 2)}`),
        jump: (by) => note('jump', 'Jump', by === null ? 'the player seeked'
            : `the player seeked by ${by.toFixed(2)} s`),
    });
}

function clear() {
    Object.assign(state, {
        started: false, stalls: 0, stallMs: 0, jumps: 0, errors: [],
        latency: null, mediaTime: null, rendition: null, pipelines: [],
        switches: [], segments: [], droppedFrames: 0, totalFrames: 0,
        presentedFrames: 0, buffer: 0,
    });

    ribbon.clear();
    spark.clear();
    $('#legend').replaceChildren();
    $('#pipeline').dataset.pipeline = '';

    for (const id of ['pipeline', 'rendition', 'latency', 'buffer']) {
        setText($(`#${id}`), dash);
    }

    for (const id of ['pipeline', 'rendition', 'stalls', 'dropped']) {
        setText($(`#${id}-note`), '\u00a0');
    }
}

let starting = Promise.resolve();

function start() {
    const session = ++state.session;

    // One at a time: an engine must have let go before the next one attaches.
    starting = starting.then(() => launch(session)).catch((error) => {
        onError(session, { fatal: true, text: error.message });
    });
}

async function launch(session) {
    await stop();

    if (session !== state.session || !wanted.event) {
        return;
    }

    clear();
    state.engine = wanted.player;
    state.event = wanted.event;
    state.status = 'loading';
    remember();
    say('Tuning in', `${names[wanted.player]} · ${wanted.event}`);
    await onAir(session);

    if (session !== state.session) {
        return;
    }

    watch();

    const autoplay = query.get('autoplay') !== '0';
    const { create, manifest } = await import(`./engines/${wanted.player}.js`);
    const made = await create(video, manifestURL(wanted.event, manifest), {
        segment: (s) => onSegment(session, s),
        rendition: (r) => onRendition(session, r),
        error: (e) => onError(session, e),
    }, serverClock, autoplay);

    if (session !== state.session) {
        await made.destroy();
        return;
    }

    engine = made;

    if (autoplay && !made.starts) {
        play();
    }
}

async function play() {
    try {
        await video.play();

    } catch (error) {
        if (error.name === 'NotAllowedError') {
            say('Ready', 'Press play to start.', false);
        }
    }
}

// What the API knows of the event's timeline; without it the manifest alone
// will do.

async function readTimeline(id) {
    Object.assign(serverClock, { start: null, delay: 0, segment: 2 });

    const s = await eventStatus(id).catch(() => ({}));

    serverClock.delay = s.delay_ms ?? 0;

    if (s.segment?.timescale) {
        serverClock.segment = s.segment.duration / s.segment.timescale;
    }

    return s;
}

// A player that joins before there is room three segments behind the edge
// stays too close to it for ever.

async function onAir(session) {
    for (;;) {
        const s = await readTimeline(wanted.event);
        const young = s.phase === 'live'
            && (s.depth_s < 3 * serverClock.segment || s.head - s.first < 3);

        if (session !== state.session || (s.phase !== 'scheduled' && !young)) {
            return;
        }

        state.status = 'waiting';
        say(young ? 'Going on air' : 'Not on air yet',
            young ? 'The first segments are coming in.'
                  : `${wanted.event} starts here by itself.`);
        await new Promise((done) => setTimeout(done, 1000));
    }
}

function remember() {
    query.set('event', wanted.event);
    query.set('player', wanted.player);
    history.replaceState(null, '', `?${query}`);
    document.title = `${wanted.event} · Live Origin`;
    $('#to-status').href = `status.html?${query}`;
}

// ---- the events to choose from

async function readEvents() {
    const select = $('#event');
    let events = [];

    try {
        events = await listEvents();

    } catch {
        // the API may be elsewhere: what the address names is played anyway
    }

    if (wanted.event && !events.some((e) => e.id === wanted.event)) {
        events.unshift({ id: wanted.event });
    }

    const same = [...select.options].map((o) => o.value).join('\n')
        === events.map((e) => e.id).join('\n');

    if (!same || !select.options.length) {
        select.replaceChildren(...events.map((e) =>
            el('option', { value: e.id }, e.title || e.id)));
    }

    if (!wanted.event && events.length) {
        wanted.event = (events.find((e) => e.phase === 'live') ?? events[0]).id;
        start();
    }

    if (!events.length) {
        say('No event yet', 'This page starts by itself when the first one '
            + 'is published.');
    }

    select.disabled = !events.length;
    select.value = wanted.event ?? '';
}

// ---- the measurements, four times a second

function measure() {
    const now = Date.now() + serverClock.offset;
    const at = engine?.mediaTime() ?? null;

    if (!monitor) {
        return;
    }

    Object.assign(state, {
        paused: video.paused,
        stalls: monitor.stalls, stallMs: Math.round(monitor.stallMs),
        jumps: monitor.jumps, presentedFrames: monitor.frames,
        droppedFrames: monitor.dropped, totalFrames: monitor.total,
        currentTime: video.currentTime, buffer: monitor.buffer,
        mediaTime: at, latency: at === null ? null : (now - at) / 1000,
    });

    ribbon.moving = !video.paused && monitor.started
        && monitor.stallSince === null;
    ribbon.update(now, at);
    paint();
}

let ticks = 0;

function paint() {
    const known = state.started && state.latency !== null;

    screen.toggleAttribute('data-paused', state.paused);
    screen.toggleAttribute('data-muted', video.muted);
    screen.toggleAttribute('data-live',
        known && !state.paused && state.latency < 20);

    setText($('#wallclock'), state.mediaTime === null ? ''
        : `${clock(state.mediaTime)} UTC`);

    if (ticks++ % 2) {
        return;
    }

    setText($('#latency'), known ? state.latency.toFixed(1) : dash);
    setText($('#buffer'), state.started ? seconds(state.buffer) : dash);
    $('#buffer-bar').style.transform =
        `scaleX(${Math.min(state.buffer / 12, 1).toFixed(3)})`;

    setText($('#stalls'), count(state.stalls));
    $('#stalls').parentNode.toggleAttribute('data-bad', state.stalls > 0);

    if (state.stalls) {
        setText($('#stalls-note'),
            `${seconds(state.stallMs / 1000)} in all`);
    }

    setText($('#dropped'), count(state.droppedFrames));

    if (state.totalFrames) {
        setText($('#dropped-note'), `of ${count(state.totalFrames)} frames`);
    }

    if (known && !state.paused) {
        spark.add(state.latency);
    }
}

// The Date header counts whole seconds: enough to see a clock that is off.
async function readClock() {
    try {
        const before = Date.now();
        const response = await fetch('lib/versions.json', {
            method: 'HEAD', cache: 'no-store',
        });
        const after = Date.now();
        const date = Date.parse(response.headers.get('date')) + 500;
        const offset = date - (before + after) / 2;

        serverClock.offset = Math.abs(offset) > 1500 ? offset : 0;

    } catch {
        serverClock.offset = 0;
    }
}

// ---- the viewer's hands

function toLive() {
    monitor?.expectSeek();
    engine?.seekLive();
    play();
}

function nudge(by) {
    monitor?.expectSeek();
    video.currentTime += by;
}

function choose(change) {
    Object.assign(wanted, change);
    $(`#engines [value="${wanted.player}"]`).checked = true;
    retries = 0;
    start();
}

async function versions() {
    try {
        const v = await (await fetch('lib/versions.json')).json();

        for (const [name, version] of Object.entries(v)) {
            $(`#engines [value="${name}"]`).parentNode.title =
                `${names[name]} ${version}`;
        }

    } catch {
        // only a tooltip
    }
}

wanted.event = query.get('event');
wanted.player = names[query.get('player')] ? query.get('player') : 'hls';
$(`#engines [value="${wanted.player}"]`).checked = true;
video.muted = true;
video.volume = 0.8;
bindControls(video, screen, { play, toLive, nudge, choose });
versions();
readClock();
setInterval(measure, TICK);
setInterval(readEvents, 10000);

if (wanted.event) {
    start();
}

readEvents();
