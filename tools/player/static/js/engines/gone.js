// 410 on a segment: it was lost, and nothing will bring it.  hls.js reads of
// that in the playlist (EXT-X-GAP); an MPD by template cannot say it, and DASH
// players ask for the same number again for ever.  Given an empty box for it
// they go on to the next one and jump over what is missing.

export const GONE = 410;

export const emptyBox = () =>
    new Uint8Array([0, 0, 0, 8, 0x66, 0x72, 0x65, 0x65]).buffer;
