// Pictures of the video: fetched as JPEG at the width that is needed, decoded, kept up to a budget, asked for ahead.
// A request that was not sent yet gives way to newer wishes; one that is under way is let finish, since its frame may
// be the best there is while the playhead moves.

import { blob } from "./api.js";
import { toast } from "./dom.js";
import { state, video } from "./store.js";

const PARALLEL = 3;
const WIDTHS = [640, 960, 1280, 1920, 2560, 3840];

export class Frames {
  /** `place(index, width)`: a picture's address within the session; `arrived()` is called when one has come. */
  constructor(place, arrived) {
    this.place = place;
    this.arrived = arrived;
    this.life = new AbortController();
    this.interval = 30; // milliseconds between answers while busy, smoothed
    this.clear();
  }

  clear() {
    this.life.abort();
    this.life = new AbortController();
    for (const { bitmap } of this.kept?.values() ?? []) bitmap.close();
    this.kept = new Map(); // index -> {bitmap, width}, least recently used first
    this.bytes = 0;
    this.wishes = [];
    this.busy = new Map(); // index -> width
  }

  /** The picture of a frame at any width, or null. */
  at(index) {
    const found = this.kept.get(index);
    if (!found) return null;
    this.kept.delete(index);
    this.kept.set(index, found);
    return found.bitmap;
  }

  /** Of the frames that are here, the one nearest to `index`, at most `reach` away; null if there is none. */
  nearest(index, reach) {
    let best = null;
    for (const other of this.kept.keys()) {
      if (Math.abs(other - index) <= (best === null ? reach : Math.abs(best - index) - 1)) best = other;
    }
    return best;
  }

  /** Wants these frames, the most urgent first, and no others. `width`: pixels across, 0 for the source's. */
  want(indexes, width) {
    const goal = fitting(width);
    this.wishes = indexes
      .filter((index) => (this.kept.get(index)?.width ?? 0) < goal && (this.busy.get(index) ?? 0) < goal)
      .map((index) => ({ index, width: goal }));
    this.pump();
  }

  pump() {
    while (this.busy.size < PARALLEL && this.wishes.length) this.fetch(this.wishes.shift());
  }

  async fetch({ index, width }) {
    const { life } = this;
    const session = state.session?.id;
    this.busy.set(index, width);
    try {
      const data = await blob(`sessions/${session}/${this.place(index, width)}`, life.signal);
      const bitmap = await createImageBitmap(data);
      if (life.signal.aborted) return bitmap.close();
      this.keep(index, bitmap, width);
      this.measure();
      this.arrived(index);
    } catch (error) {
      if (!life.signal.aborted && error.status && error.status !== 404) toast(error.message, { problem: true });
    } finally {
      if (!life.signal.aborted) {
        this.busy.delete(index);
        this.pump();
      }
    }
  }

  keep(index, bitmap, width) {
    const older = this.kept.get(index);
    if (older) this.drop(index, older);
    this.kept.set(index, { bitmap, width });
    this.bytes += size(bitmap);
    for (const [old, one] of this.kept) {
      if (this.bytes <= state.settings.cache * 1e6 || this.kept.size < 4) break;
      this.drop(old, one);
    }
  }

  drop(index, { bitmap }) {
    this.kept.delete(index);
    this.bytes -= size(bitmap);
    bitmap.close();
  }

  measure() {
    const now = performance.now();
    const passed = now - (this.last ?? now);
    if (passed < 500) this.interval += 0.15 * (passed - this.interval);
    this.last = now;
  }
}

const size = (bitmap) => bitmap.width * bitmap.height * 4;

/** The smallest of a few widths that is enough, so that the worker's cache is hit. */
function fitting(width) {
  const source = video()?.width ?? 0;
  const enough = WIDTHS.find((one) => one >= width) ?? source;
  return width === 0 ? source : Math.min(source, enough);
}
