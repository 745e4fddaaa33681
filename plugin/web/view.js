// Where the picture lies on the canvas: source pixels <-> CSS pixels. No drawing, no events.

const MOST = 40;

export class View {
  constructor() {
    this.scale = 1; // CSS pixels of a source pixel
    this.x = 0; // of the picture's left edge on the canvas
    this.y = 0;
    this.fitted = true;
    this.canvas = { width: 1, height: 1 };
    this.picture = { width: 1, height: 1 };
  }

  resize(canvas, picture) {
    this.canvas = canvas;
    this.picture = picture;
    if (this.fitted) this.fit();
    else this.clamp();
  }

  /** The whole picture, with a little room around it. */
  fit() {
    const room = 12;
    const { width, height } = this.canvas;
    this.scale = Math.max(
      0.02,
      Math.min((width - 2 * room) / this.picture.width, (height - 2 * room) / this.picture.height),
    );
    this.x = (width - this.picture.width * this.scale) / 2;
    this.y = (height - this.picture.height * this.scale) / 2;
    this.fitted = true;
  }

  /** Zooms by a factor; the source pixel under (x, y) on the canvas stays there. */
  zoom(factor, x = this.canvas.width / 2, y = this.canvas.height / 2) {
    const least = Math.min(this.fitScale(), 1) / 2;
    const scale = Math.min(MOST, Math.max(least, this.scale * factor));
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.fitted = false;
    this.clamp();
  }

  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.fitted = false;
    this.clamp();
  }

  /** A part of the picture always stays in sight. */
  clamp() {
    const keep = 60;
    const { width, height } = this.canvas;
    this.x = Math.min(width - keep, Math.max(keep - this.picture.width * this.scale, this.x));
    this.y = Math.min(height - keep, Math.max(keep - this.picture.height * this.scale, this.y));
  }

  fitScale() {
    return Math.min(this.canvas.width / this.picture.width, this.canvas.height / this.picture.height);
  }

  /** A point of the canvas in source coordinates, where pixel (0, 0) covers 0..1. */
  toSource(x, y) {
    return { x: (x - this.x) / this.scale, y: (y - this.y) / this.scale };
  }

  toCanvas(x, y) {
    return { x: x * this.scale + this.x, y: y * this.scale + this.y };
  }

  /** The source pixel under a point of the canvas, or null outside the picture. */
  pixel(x, y) {
    const at = this.toSource(x, y);
    const pixel = { x: Math.floor(at.x), y: Math.floor(at.y) };
    const inside = pixel.x >= 0 && pixel.y >= 0 && pixel.x < this.picture.width && pixel.y < this.picture.height;
    return inside ? pixel : null;
  }
}
