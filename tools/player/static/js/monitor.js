// What the element itself tells, whichever player feeds it: frames, stalls.
//
// A stall is a `waiting` of an element that has played, is not paused and is
// not seeking by the viewer's wish; it ends with the next frame.  A main
// thread that was late cannot make one up.

export class Monitor {
    constructor(video, on) {
        this.video = video;
        this.on = on;
        this.abort = new AbortController();
        this.reset();

        const listen = (name, fn) => video.addEventListener(name, fn, {
            signal: this.abort.signal,
        });

        listen('waiting', () => this.waiting());
        listen('seeking', () => this.seeking());
        listen('pause', () => this.resume());

        if (video.requestVideoFrameCallback) {
            this.nextFrame();

        } else {
            listen('timeupdate', () => this.frame(null));
        }
    }

    reset() {
        this.stalls = 0;
        this.stallMs = 0;
        this.jumps = 0;
        this.frames = 0;
        this.started = false;
        this.stallSince = null;
        this.viewerSeek = false;
        this.lastPosition = null;
    }

    nextFrame() {
        this.handle = this.video.requestVideoFrameCallback((now, meta) => {
            this.frame(meta);
            this.nextFrame();
        });
    }

    frame(meta) {
        this.frames++;
        this.resume();
        this.viewerSeek = false;
        this.lastPosition = meta?.mediaTime ?? this.video.currentTime;

        if (!this.started && !this.video.paused && this.frames > 5) {
            this.started = true;
            this.on.started();
        }
    }

    waiting() {
        if (!this.started || this.video.paused || this.viewerSeek
            || this.stallSince !== null)
        {
            return;
        }

        this.stalls++;
        this.stallSince = performance.now();
        this.on.stall();
    }

    resume() {
        if (this.stallSince === null) {
            return;
        }

        const ms = performance.now() - this.stallSince;

        this.stallMs += ms;
        this.stallSince = null;
        this.on.resumed(ms);
    }

    // Seeks that the viewer did not ask for are the player's jump over a gap.
    seeking() {
        if (this.started && !this.viewerSeek) {
            const from = this.lastPosition;

            this.jumps++;
            this.on.jump(from === null ? null : this.video.currentTime - from);
        }
    }

    expectSeek() {
        this.viewerSeek = true;
    }

    get dropped() {
        return this.video.getVideoPlaybackQuality?.().droppedVideoFrames ?? 0;
    }

    get total() {
        return this.video.getVideoPlaybackQuality?.().totalVideoFrames ?? 0;
    }

    // seconds of media ahead of the playhead
    get buffer() {
        const { buffered, currentTime } = this.video;

        for (let i = 0; i < buffered.length; i++) {
            if (buffered.start(i) <= currentTime + 0.1
                && buffered.end(i) > currentTime)
            {
                return buffered.end(i) - currentTime;
            }
        }

        return 0;
    }

    destroy() {
        this.abort.abort();
        this.video.cancelVideoFrameCallback?.(this.handle);
    }
}
