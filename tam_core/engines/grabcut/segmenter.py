"""Segmentation without a download: graph cuts and colour models around the user's clicks (GrabCut, Rother et al. 2004).

Superpixels get odds from the prompts; levels of these odds are the candidates; GrabCut settles their borders at working
size, a guided filter (He et al. 2013) carries them to the source. What a click says holds exactly, whatever the odds.
"""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from tam_core.engines.base import Candidates
from tam_core.engines.grabcut.levels import Level, find_levels, pixel_at, touched
from tam_core.engines.grabcut.view import ROOM, View, closer_view, look, paste
from tam_core.errors import PromptError
from tam_core.prompts import Box, Click, MaskPrompt, Prompt
from tam_core.types import XYXY, FloatMap, Mask, Pixels

_REACH = 0.25
"""How far from its click a correction may go, in long sides of the picture."""
_CLOSE_SIDE = 0.25
"""The least side of a closer view around clicks, in long sides of the picture."""
_CLICK_RADIUS = 3.0
_BOX_SLACK = 0.03


class GrabCutSegmenter:
    """Clicks, a box or a mask -> masks. Holds nothing."""

    def embed(self, pixels: Pixels) -> View:
        """Superpixels and their contours, once per picture (H, W, 3)."""
        return look(pixels)

    def segment(self, embedding: View, prompts: Sequence[Prompt], prior: FloatMap | None = None) -> Candidates:
        """Up to three candidates of different size, best first; one where a mask is given, or a prior to come close to.

        A prior is a witness, not a draft: what comes back was cut by the colours and contours of this picture.
        """
        clicks = [prompt for prompt in prompts if isinstance(prompt, Click)]
        boxes = [prompt for prompt in prompts if isinstance(prompt, Box)]
        masks = [prompt for prompt in prompts if isinstance(prompt, MaskPrompt)]
        if masks:
            corrected = _correct(embedding, masks[-1].mask, clicks) if clicks else masks[-1].mask.copy()
            return Candidates(corrected[None], np.ones(1, np.float32))
        if not boxes and not any(click.positive for click in clicks):
            raise PromptError("only negative clicks: give a positive click on the object, or a box around it")
        box = boxes[-1].xyxy if boxes else None
        levels = cut(embedding, clicks, box)
        chosen = _choose(levels) if prior is None else [_nearest(levels, embedding, prior)]
        found = [hold(paste(level.view, level.mask, embedding.pixels), clicks, box) for level in chosen]
        return Candidates(np.stack(found), np.array([level.score for level in chosen], np.float32))


def load(device: str = "cpu") -> GrabCutSegmenter:
    """The segmenter; its few learned numbers come with the package, and it always runs on the CPU."""
    return GrabCutSegmenter()


def cut(whole: View, clicks: list[Click], box: XYXY | None) -> list[Level]:
    """Levels from the whole picture and from closer views: near the clicks, and of what was found."""
    if box is not None:
        return find_levels(closer_view(whole, box) or whole, clicks, box)
    levels = find_levels(whole, clicks, None)
    near = closer_view(whole, _around_clicks(whole, clicks))
    close = find_levels(near, clicks, None) if near else []
    nearer = closer_view(whole, _extent(max(levels, key=_score), clicks))
    return levels + close + (find_levels(nearer, clicks, None) if nearer else [])


def _around_clicks(whole: View, clicks: list[Click]) -> XYXY:
    """A source box around the positive clicks, at least ``_CLOSE_SIDE`` of the long side (less the room) wide."""
    places = np.array([(click.x, click.y) for click in clicks if click.positive])
    low, high = places.min(axis=0), places.max(axis=0)
    least = _CLOSE_SIDE * max(whole.pixels.shape) / ROOM
    room = np.maximum(least - (high - low), 0) / 2
    (left, top), (right, bottom) = low - room, high + room
    return float(left), float(top), float(right), float(bottom)


def _extent(level: Level, clicks: list[Click]) -> XYXY:
    """The source box around a level of the whole picture and the positive clicks."""
    x, y, across, down = cv2.boundingRect(level.mask.astype(np.uint8))
    scale = level.view.scale
    places = [(click.x, click.y) for click in clicks if click.positive]
    corners = [(x / scale.x, y / scale.y), ((x + across) / scale.x, (y + down) / scale.y), *places]
    (left, right), (top, bottom) = ((min(axis), max(axis)) for axis in zip(*corners, strict=True))
    return left, top, right, bottom


def _score(level: Level) -> float:
    return level.score


def _choose(levels: list[Level]) -> list[Level]:
    """The likeliest level, then the likeliest clearly smaller (part) and clearly larger one (whole), best first."""
    best = max(levels, key=_score)
    parts = [level for level in levels if 0 < level.area < 0.6 * best.area]
    wholes = [level for level in levels if level.area > 1.5 * best.area]
    chosen = [best, *(max(others, key=_score) for others in (parts, wholes) if others)]
    return sorted(chosen, key=_score, reverse=True)


def _nearest(levels: list[Level], whole: View, prior: FloatMap) -> Level:
    """The level that agrees best with a prior (h, w) over the whole picture, by IoU at the working size of its view."""
    height, width = whole.pixels.shape[:2]
    wanted = (cv2.resize(prior, (width, height), interpolation=cv2.INTER_LINEAR) > 0).astype(np.float32)
    return max(levels, key=lambda level: _agreement(level, wanted))


def _agreement(level: Level, wanted: FloatMap) -> float:
    """IoU of a level and a mask (H, W) 0..1 of the picture, of which the view may see only a part."""
    view, mask = level.view, level.mask
    height, width = view.pixels.shape[:2]
    part = wanted[view.top : view.top + height, view.left : view.left + width]
    seen = cv2.resize(part, mask.shape[::-1], interpolation=cv2.INTER_AREA) > 0.5
    unseen = (wanted.sum() - part.sum()) * view.scale.x * view.scale.y
    return float((mask & seen).sum() / ((mask | seen).sum() + unseen))


def hold(mask: Mask, clicks: list[Click], box: XYXY | None) -> Mask:
    """What the user said, exactly: a disc around each click is in or out, and outside the box is nothing."""
    if box is not None:
        mask = mask & _box_mask(mask, box, _BOX_SLACK)
        if not mask.any() and not any(click.positive for click in clicks):
            mask = _box_mask(mask, box, 0)
    drawn = mask.astype(np.uint8)
    for click in clicks:
        opposite = [np.hypot(click.x - c.x, click.y - c.y) for c in clicks if c.positive != click.positive]
        radius = min([max(_CLICK_RADIUS, max(mask.shape) / 200), *(apart / 2 - 1 for apart in opposite)])
        centre = pixel_at(mask, click.x, click.y)[::-1]
        cv2.circle(drawn, centre, max(0, int(radius)), int(click.positive), cv2.FILLED)
    return drawn > 0


def _box_mask(mask: Mask, box: XYXY, slack: float) -> Mask:
    """The box, larger by ``slack`` of its sides, as a mask of the same shape."""
    height, width = mask.shape
    x0, y0, x1, y1 = box
    dx, dy = slack * (x1 - x0), slack * (y1 - y0)
    filled = np.zeros((height, width), bool)
    rows = slice(max(0, round(y0 - dy)), max(round(y0 - dy) + 1, round(y1 + dy), 1))
    filled[rows, max(0, round(x0 - dx)) : max(round(x0 - dx) + 1, round(x1 + dx), 1)] = True
    return filled


def _correct(whole: View, mask: Mask, clicks: list[Click]) -> Mask:
    """The mask with what lies under each click added or removed, and nothing else changed."""
    corrected = mask
    for click in clicks:
        if corrected[pixel_at(mask, click.x, click.y)] != click.positive:
            changed = _piece(whole, corrected != click.positive, click, clicks)
            corrected = np.where(changed, click.positive, corrected)
    return hold(corrected, clicks, None)


def _piece(whole: View, free: Mask, click: Click, clicks: list[Click]) -> Mask:
    """The thing under the click (H, W), among the pixels that are ``free`` to change and not far away."""
    against = [replace(c, positive=False) for c in clicks if c.positive != click.positive]
    near = np.zeros(free.shape, np.uint8)
    centre = pixel_at(free, click.x, click.y)[::-1]
    cv2.circle(near, centre, round(_REACH * max(free.shape)), 1, cv2.FILLED)
    place = np.array([[click.x, click.y]], np.float32)
    pieces = []
    for level in _choose(cut(whole, [replace(click, positive=True), *against], None)):
        piece = touched(paste(level.view, level.mask, whole.pixels) & free & (near > 0), place)
        pieces.append(piece)
        if 0 < piece.sum() <= free.sum() / 2:
            return piece
    return min(pieces, key=lambda piece: int(piece.sum()))
