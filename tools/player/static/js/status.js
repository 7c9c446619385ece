// The status page: what the API says, every two seconds.

import { eventStatus, getJSON, listEvents } from './api.js';
import { $, el, setText } from './dom.js';
import { bytes, clock, count, dash, seconds, span } from './format.js';

const PERIOD = 2000;

// Counters of a pipeline beside its verdicts that are worth a look.
const losses = ['late', 'refused', 'superseded'];

const known = (v) => v !== undefined && v !== null;

function card(title, value, note, share = null) {
    const meter = el('div.meter', { 'aria-hidden': 'true' }, el('i'));

    meter.firstChild.style.width = `${100 * Math.min(share ?? 0, 1)}%`;

    return el('div', {}, el('h2', {}, title), el('p.num', {}, value),
        share === null ? null : meter,
        el('small.num', { title: note ?? '' }, note || '\u00a0'));
}

function node(s) {
    const zone = s.zone ?? {};
    const workers = s.workers ?? [];
    const out = [];

    if (known(zone.bytes_total)) {
        out.push(card(`Zone ${zone.name ?? ''}`, bytes(zone.bytes_used),
            `of ${bytes(zone.bytes_total)} · ${zone.path ?? ''}`,
            zone.bytes_used / zone.bytes_total));
    }

    if (known(zone.events)) {
        out.push(card('Events', count(zone.events),
                      `room for ${count(zone.events_max)}`));
    }

    out.push(card('Workers', count(workers.length),
        workers.length ? `pid ${workers.map((w) => w.pid).join(', ')}` : ''));

    if (known(zone.holds)) {
        out.push(card('Held now', count(zone.holds), 'requests parked'));
    }

    if (s.redis) {
        out.push(card('Redis', s.redis.state ?? 'on', s.redis.address));
    }

    if (s.nginx) {
        out.push(card('nginx', s.nginx, zone.created
            ? `zone made ${span(Date.now() / 1000 - zone.created)} ago` : ''));
    }

    return out;
}

function verdicts(p) {
    const { good = 0, ...bad } = p.verdicts ?? {};
    const all = Object.entries(bad)
        .concat(losses.map((name) => [name, p[name]]))
        .filter(([, n]) => n > 0);

    return el('div.verdicts', {},
        el('span', {}, `${count(good)} good`),
        ...all.map(([name, n]) => el('span', { 'data-bad': true },
            `${count(n)} ${name.replaceAll('_', ' ')}`)));
}

function pipelineCells(p) {
    if (!p) {
        return [el('td', { colspan: 5 })];
    }

    return [
        el('td', {}, el('span.chip', { 'data-pipeline': p.id }, p.id)),
        el('td.num.r', {}, count(p.segments)),
        el('td.num.r', {}, bytes(p.bytes)),
        el('td.num.r', {}, known(p.write_ms)
            ? `${p.write_ms.toFixed(p.write_ms < 1 ? 2 : 1)} ms` : dash),
        el('td.num', {}, verdicts(p)),
    ];
}

function trackBody(t, d) {
    const pipes = t.pipelines?.length ? t.pipelines : [null];
    const rows = { rowspan: pipes.length };
    const old = d && t.head_age_s > 4 * d;
    const note = [
        t.codec, t.height ? `${t.width} × ${t.height}` : '',
        t.sample_rate ? `${t.sample_rate / 1000} kHz` : '',
    ].filter(Boolean).join(' · ');

    const lead = [
        el('th', { scope: 'rowgroup', ...rows }, t.id, el('small', {}, note)),
        el('td.num.r', rows, String(t.head ?? dash)),
        el(old ? 'td.num.r.bad' : 'td.num.r', rows,
           seconds(t.head_age_s ?? NaN)),
        el('td.num', rows, t.window ? `${t.window.from} to ${t.window.to}`
                                    : dash),
    ];

    return el('tbody', {}, ...pipes.map((p, i) =>
        el('tr', {}, ...(i ? [] : lead), ...pipelineCells(p))));
}

const columns = [['Track'], ['Head', 'r'], ['Head age', 'r'], ['Window'],
                 ['Pipeline'], ['Segments', 'r'], ['Bytes', 'r'],
                 ['Last write', 'r'], ['Verdicts']];

function facts(s, d) {
    const fact = (name, value) => (value === null ? null
        : el('span', {}, `${name} `, el('b', {}, value)));

    return [
        fact('Segment', d === null ? null : `${+d.toFixed(4)} s`),
        fact('Delay', known(s.delay_ms) ? seconds(s.delay_ms / 1000, 2)
                                        : null),
        fact('Window', known(s.window_s) ? span(s.window_s) : null),
        fact('Bytes', known(s.used_bytes)
            ? `${bytes(s.used_bytes)} of ${bytes(s.share_bytes)}` : null),
        fact('Runs', s.runs?.length ? String(s.runs.length) : null),
        ...(s.pipelines ?? []).map((p) => el('span', {},
            el('span.chip', { 'data-pipeline': p.id }, p.id), ' ',
            el('b', {}, known(p.age_s) ? `${seconds(p.age_s)} ago`
                                       : 'silent'))),
        s.window_note ? el('span', {}, s.window_note) : null,
    ].filter(Boolean);
}

function sheet(event, s) {
    const state = s.error ?? s.phase ?? event.phase ?? 'unknown';
    const d = s.segment ? s.segment.duration / s.segment.timescale : null;
    const said = facts(s, d);
    const tracks = s.tracks ?? [];

    return el('article.event', {},
        el('header', {},
            el('h1', {}, event.title || event.id),
            event.title ? el('code', {}, event.id) : null,
            el('span.state', { 'data-state': state }, state),
            el('a', { href: `./?event=${encodeURIComponent(event.id)}` },
               'Watch')),
        said.length ? el('div.facts.num', {}, ...said) : null,
        tracks.length ? el('div.scroll', {}, el('table', {},
            el('thead', {}, el('tr', {}, ...columns.map(([name, side]) =>
                el(side ? `th.${side}` : 'th', { scope: 'col' }, name)))),
            ...tracks.map((t) => trackBody(t, d)))) : null);
}

async function events() {
    const list = await listEvents();

    if (!list.length) {
        return [el('div.empty', {}, el('h1', {}, 'No event yet'),
            'Publish an init segment, or put an event document.')];
    }

    return Promise.all(list.map(async (event) => sheet(event,
        await eventStatus(event.id).catch((e) => ({ error: e.message })))));
}

async function refresh() {
    const fresh = $('#fresh');

    try {
        const [status, sheets] = await Promise.all([
            getJSON('status'), events(),
        ]);

        $('#node').replaceChildren(...node(status));
        $('#events').replaceChildren(...sheets);
        fresh.removeAttribute('data-bad');
        setText(fresh, `as of ${clock(Date.now())} UTC`);

    } catch (error) {
        fresh.setAttribute('data-bad', '');
        setText(fresh, `no answer: ${error.message}`);
    }

    setTimeout(refresh, PERIOD);
}

$('#to-player').href = `./${location.search}`;
refresh();
