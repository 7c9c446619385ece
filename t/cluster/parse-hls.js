// Playlists by URL through hls-parser and m3u8-parser: what each of them
// read, as JSON, in the order of the arguments; what is refused ends with 1.
//
//     node t/cluster/parse-hls.js FILE...

'use strict';

const fs = require('fs');
const HLS = require('hls-parser');
const { Parser } = require('m3u8-parser');

HLS.setOptions({ strictMode: true, silent: true });

function byHlsParser(text) {
    const p = HLS.parse(text);

    if (p.isMasterPlaylist) {
        return {
            variants: p.variants.map((v) => ({
                uri: v.uri, bandwidth: v.bandwidth, codecs: v.codecs,
                width: v.resolution && v.resolution.width,
                audio: v.audio.map((r) => r.uri),
                text: v.subtitles.map((r) => r.uri),
                iframes: !!v.isIFrameOnly })),
            data: p.sessionDataList.map((d) => d.id),
        };
    }

    return {
        target: p.targetDuration, sequence: p.mediaSequenceBase || 0,
        runs: p.discontinuitySequenceBase || 0, ended: p.endlist,
        iframes: !!p.isIFrame,
        segments: p.segments.map((s) => ({
            uri: s.uri, duration: s.duration, gap: !!s.gap,
            number: s.mediaSequenceNumber, run: s.discontinuitySequence,
            map: s.map && s.map.uri,
            date: s.programDateTime && s.programDateTime.getTime() })),
    };
}

function byM3u8Parser(text) {
    const parser = new Parser();
    const warnings = [];

    parser.on('warn', (w) => warnings.push(w.message));
    parser.push(text);
    parser.end();

    const m = parser.manifest;

    if (m.playlists) {
        return {
            warnings,
            variants: m.playlists.map((v) => ({
                uri: v.uri, bandwidth: v.attributes.BANDWIDTH,
                codecs: v.attributes.CODECS,
                width: v.attributes.RESOLUTION
                       && v.attributes.RESOLUTION.width })),
            audio: Object.keys(m.mediaGroups.AUDIO),
            iframes: (m.iFramePlaylists || []).map((v) => v.uri),
        };
    }

    return {
        warnings, target: m.targetDuration, sequence: m.mediaSequence,
        runs: m.discontinuitySequence, ended: !!m.endList,
        iframes: !!m.iFramesOnly,
        ranges: (m.dateRanges || []).map((r) => r.id),
        segments: m.segments.map((s, i) => ({
            uri: s.uri, duration: s.duration, gap: !!s.gap,
            number: m.mediaSequence + i, run: s.timeline,
            map: s.map && s.map.uri, date: s.programDateTime })),
    };
}

const all = process.argv.slice(2).map((file) => {
    const text = fs.readFileSync(file, 'utf8');

    return { hls: byHlsParser(text), m3u8: byM3u8Parser(text) };
});

process.stdout.write(JSON.stringify(all));
