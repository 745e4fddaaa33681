// COCO's compressed run-length code <-> pixels. Runs go down the columns, background first. Canvas is not known here.

/** Run lengths: five bits a character, low first; from the third run on as differences to the one before the last. */
export function runsOf(counts) {
  const runs = [];
  let position = 0;
  while (position < counts.length) {
    let value = 0;
    let shift = 0;
    let bits;
    do {
      bits = counts.charCodeAt(position++) - 48;
      value += (bits & 31) * 2 ** shift;
      shift += 5;
    } while (bits & 32);
    if (bits & 16) value -= 2 ** shift;
    runs.push(value + (runs.length > 2 ? runs[runs.length - 2] : 0));
  }
  return runs;
}

/** [height, width] and Uint8Array of 0 and 1, row by row -> wire.Rle. */
export function encode([height, width], pixels) {
  const runs = [];
  let value = 0;
  let length = 0;
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      if (pixels[y * width + x] !== value) {
        runs.push(length);
        length = 0;
        value = 1 - value;
      }
      length++;
    }
  }
  runs.push(length);
  return { size: [height, width], counts: runs.map((run, at) => text(at > 2 ? run - runs[at - 2] : run)).join("") };
}

function text(value) {
  let characters = "";
  for (;;) {
    let bits = value & 31;
    value >>= 5;
    const last = bits & 16 ? value === -1 : value === 0;
    if (!last) bits |= 32;
    characters += String.fromCharCode(bits + 48);
    if (last) return characters;
  }
}

/** All pixels: Uint8Array of 0 and 1, row by row. */
export function decode({ size: [height, width], counts }) {
  const pixels = new Uint8Array(height * width);
  for (const [x, top, bottom] of strips({ size: [height, width], counts })) {
    for (let y = top; y < bottom; y++) pixels[y * width + x] = 1;
  }
  return pixels;
}

/** The mask as vertical strips [x, top, bottom), from left to right. */
export function strips({ size: [height], counts }) {
  const found = [];
  let at = 0;
  runsOf(counts).forEach((run, index) => {
    if (index % 2) {
      for (let left = run, from = at; left > 0;) {
        const x = Math.floor(from / height);
        const top = from - x * height;
        const bottom = Math.min(height, top + left);
        found.push([x, top, bottom]);
        left -= bottom - top;
        from += bottom - top;
      }
    }
    at += run;
  });
  return found;
}

export const isEmpty = (rle) => runsOf(rle.counts).length < 2;
