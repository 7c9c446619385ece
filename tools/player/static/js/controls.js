// Buttons, keys and fingers.  `act` does what needs the player: play(),
// toLive(), nudge(seconds) and choose({ event or player }).

import { $ } from './dom.js';

const IDLE = 2500;

function toggles(video, screen, act) {
    return {
        play() {
            if (video.paused) {
                act.play();

            } else {
                video.pause();
            }
        },

        mute() {
            video.muted = !video.muted;
            $('#mute').setAttribute('aria-label',
                                    video.muted ? 'Unmute' : 'Mute');
        },

        full() {
            if (document.fullscreenElement) {
                document.exitFullscreen();

            } else {
                screen.requestFullscreen?.();
            }
        },
    };
}

function bindButtons(video, act, toggle) {
    $('#play').onclick = toggle.play;
    $('#mute').onclick = toggle.mute;
    $('#full').onclick = toggle.full;
    $('#live').onclick = act.toLive;
    $('#volume').oninput = ({ target }) => {
        video.volume = Number(target.value);
        video.muted = video.volume === 0;
    };
    $('#event').onchange = ({ target }) => act.choose({ event: target.value });
    $('#engines').onchange = ({ target }) =>
        act.choose({ player: target.value });
}

// The controls fade while nobody moves.  A finger has no hover: its first tap
// brings them, the next one acts.

function bindPicture(video, screen, toggle) {
    let idle = null;

    const wake = () => {
        screen.classList.remove('idle');
        clearTimeout(idle);
        idle = setTimeout(() => screen.classList.toggle('idle',
            !video.paused), IDLE);
    };

    video.addEventListener('pointerup', ({ pointerType }) => {
        if (pointerType === 'mouse' || !screen.classList.contains('idle')) {
            toggle.play();
        }
    });
    video.addEventListener('dblclick', toggle.full);
    video.addEventListener('play', wake);

    for (const name of ['pointermove', 'pointerup', 'focusin']) {
        screen.addEventListener(name, wake);
    }
}

function bindKeys(act, toggle) {
    const keys = {
        ' ': toggle.play, k: toggle.play, m: toggle.mute, f: toggle.full,
        l: act.toLive,
        1: () => act.choose({ player: 'hls' }),
        2: () => act.choose({ player: 'shaka' }),
        3: () => act.choose({ player: 'dash' }),
        ArrowLeft: () => act.nudge(-5), ArrowRight: () => act.nudge(5),
    };

    document.addEventListener('keydown', (event) => {
        const { key, target } = event;
        const does = keys[key.length === 1 ? key.toLowerCase() : key];
        const theirs = target.closest?.('select, input, button, a')
            && [' ', 'ArrowLeft', 'ArrowRight'].includes(key);

        if (!does || theirs || event.defaultPrevented || event.ctrlKey
            || event.metaKey || event.altKey)
        {
            return;
        }

        event.preventDefault();
        does();
    });
}

export function bindControls(video, screen, act) {
    const toggle = toggles(video, screen, act);

    bindButtons(video, act, toggle);
    bindPicture(video, screen, toggle);
    bindKeys(act, toggle);
}
