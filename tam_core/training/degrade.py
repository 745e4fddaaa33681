"""What cameras and codecs do to pictures: light, defocus, low resolution, noise, compression. Never touches a mask."""

import cv2
import numpy as np

from tam_core.types import FloatMap, Pixels


def degraded(frames: Pixels, rng: np.random.Generator) -> Pixels:
    """``frames`` (T, H, W, 3) uint8 RGB as a poorer camera would have taken them; each fault is there now and then.

    What belongs to the camera holds for the whole clip, light drifts, and noise is new on every frame.
    """
    light = _light(rng, len(frames)) if rng.random() < 0.7 else None
    grey = rng.random() < 0.03
    defocus = rng.uniform(0.4, 1.4) if rng.random() < 0.2 else 0.0
    resolution = rng.uniform(0.4, 0.8) if rng.random() < 0.15 else 1.0
    noise = _noise(rng, frames.shape[1:]) if rng.random() < 0.3 else None
    quality = int(rng.integers(30, 91)) if rng.random() < 0.3 else None
    result = np.empty_like(frames)
    for t, frame in enumerate(frames):
        if light is not None:
            frame = cv2.LUT(frame, light[t])
        if grey:
            frame = np.repeat(frame.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
        if defocus > 0:
            frame = cv2.GaussianBlur(frame, (0, 0), defocus)
        if resolution < 1:
            frame = _coarser(frame, resolution)
        if noise is not None:
            frame = _noisy(frame, noise, rng)
        result[t] = frame if quality is None else _compressed(frame, quality)
    return result


def _light(rng: np.random.Generator, length: int) -> Pixels:
    """Tables (T, 1, 256, 3): gamma, contrast and white balance of the camera, exposure and tone that drift."""
    levels = np.arange(256)[:, None] / 255
    gamma, contrast = np.exp(rng.uniform(-0.3, 0.3)), rng.uniform(0.8, 1.15)
    balance = np.exp(rng.uniform(-0.2, 0.2) + rng.uniform(-0.08, 0.08, 3))
    curves = ((levels**gamma - 0.5) * contrast + 0.5) * 255 * balance
    rate = rng.normal(0, rng.choice([0, 0.02])) + rng.normal(0, 0.004, 3)
    flicker = 1 + rng.standard_normal((length, 1)) * rng.choice([0, 0, 0.02])
    exposure = np.exp(np.arange(length)[:, None] * rate) * flicker
    tables: Pixels = np.clip(curves * exposure[:, None, None, :], 0, 255).astype(np.uint8)
    return tables


def _noise(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatMap:
    """A sheet of noise that is larger than the frame: to cut from it anywhere is as good as new noise, and faster."""
    channels = 3 if rng.random() < 0.5 else 1
    sheet = rng.standard_normal((shape[0] + 64, shape[1] + 64, channels), np.float32) * np.float32(rng.uniform(2, 10))
    if rng.random() < 0.4:  # grains larger than a pixel
        sheet = (cv2.GaussianBlur(sheet, (0, 0), 0.7) * 2).reshape(sheet.shape)
    return np.broadcast_to(sheet, (*sheet.shape[:2], 3))


def _noisy(frame: Pixels, sheet: FloatMap, rng: np.random.Generator) -> Pixels:
    y, x = rng.integers(0, 65, 2)
    noisy: Pixels = np.clip(frame + sheet[y:, x:][: frame.shape[0], : frame.shape[1]], 0, 255).astype(np.uint8)
    return noisy


def _coarser(frame: Pixels, scale: float) -> Pixels:
    small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, frame.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def _compressed(frame: Pixels, quality: int) -> Pixels:
    """Through JPEG. The codec takes the first channel for blue, so the channels are turned round both times."""
    encoded = cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)[..., ::-1]
