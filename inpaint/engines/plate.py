"""The inpainter that needs no download: copies the background from frames that saw it, invents the rest once.

Three layers, each only for what the one before has left: copied from other frames of the window; carried on from frames
that an earlier window has finished; made up from patches on one key frame and carried to the others like a copy.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import numpy.typing as npt

from inpaint.base import SYNTHESISED, UNTOUCHED, Check, Fill, Origins, Window, WindowSpec, part, unchecked
from inpaint.fillers.base import Filler
from inpaint.fillers.patch import PatchFiller
from inpaint.flow import FlowSettings, Link, link, view
from inpaint.levels import levels, stored
from inpaint.light import SAME, Light, Matching
from inpaint.membrane import extend
from inpaint.paste import Copy, Pasted, PasteSettings, Region, copy, paste, region, softened
from inpaint.propagate import trace
from inpaint.steady import steady
from inpaint.trust import TrustSettings
from tam_core.types import Mask, Pixels


@dataclass(frozen=True)
class PlateInpainter:
    """Works on the CPU, without weights. ``keys``: at most so many frames of a window are invented on, by ``filler``.

    ``light``: how copies are matched to their frame's light. Invented pixels have no true place, so at their rim every
    step is evened out; copies have one and keep their edges.
    """

    window: WindowSpec = field(default_factory=lambda: WindowSpec(length=40, overlap=8, references=8))
    keys: int = 4
    light: Matching = "local"
    flow: FlowSettings = field(default_factory=FlowSettings)
    paste: PasteSettings = field(default_factory=lambda: PasteSettings(trust=TrustSettings()))
    paste_invented: PasteSettings = field(default_factory=lambda: PasteSettings(step=1e6))
    filler: Filler = field(default_factory=PatchFiller)

    def fill(self, frames: Pixels, holes: Mask) -> Pixels:
        """See ``Inpainter.fill``."""
        every = np.ones(len(frames), bool)
        indices = np.arange(len(frames), dtype=np.int32)
        nothing = np.full(holes.shape, UNTOUCHED, np.int32)
        return self.fill_window(Window(indices, frames, holes, every, ~every, nothing)).frames

    def fill_window(self, window: Window, check: Check = unchecked) -> Fill:
        """See ``CopyingInpainter.fill_window``."""
        holes, wanted, finished = window.holes, window.wanted, window.finished
        links = measure_links(window.frames, holes, self.flow, part(check, 0, 0.3))
        if self.light == "none":
            links = [replace(one, light=SAME) for one in links]
        copied = self.paste if self.light == "local" else replace(self.paste, local=False)
        hidden = np.stack([cv2.dilate(hole.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0 for hole in holes])
        missing = holes & wanted[:, None, None]
        work = _Work(
            window.frames.copy(),
            missing.copy(),
            window.origins.copy(),
            window.indices,
            hidden,
            links,
            light_of_each(links),
        )
        work.copy_from(~hidden, copied, part(check, 0.3, 0.6))
        if finished.any():
            carried = np.broadcast_to(finished[:, None, None], holes.shape)
            work.copy_from(carried, self.paste_invented, part(check, 0.6, 0.7))
        for key in range(self.keys):
            if not work.missing.any():
                break
            here = part(check, 0.7 + 0.2 * key / self.keys, 0.7 + 0.2 * (key + 1) / self.keys)
            work.copy_from(self._invent(work, here), self.paste_invented, here)
        work.close_gaps()
        steady(work.pictures, holes & (wanted | finished)[:, None, None], links, part(check, 0.9, 1))
        work.pictures[~wanted] = window.frames[~wanted]
        return Fill(work.pictures, np.where(missing, work.origins, np.int32(UNTOUCHED)))

    def _invent(self, work: "_Work", check: Check) -> Mask:
        """Make up what is missing on the frame that misses most; that frame may be copied from, (T, H, W) bool."""
        key = int(work.missing.sum((1, 2)).argmax())
        work.pictures[key] = self.filler.fill(work.pictures[key][None], work.missing[key][None], check)[0]
        work.origins[key][work.missing[key]] = SYNTHESISED
        work.missing[key] = False
        shown = np.zeros_like(work.missing)
        shown[key] = True
        return shown


@dataclass(frozen=True)
class _Work:
    """A window being filled: ``pictures``, ``missing`` and ``origins`` change, the rest does not."""

    pictures: Pixels
    missing: Mask
    origins: Origins
    indices: npt.NDArray[np.int32]
    hidden: Mask
    links: Sequence[Link]
    lights: Sequence[Light]

    def copy_from(self, shown: Mask, settings: PasteSettings, check: Check) -> None:
        """Fill what is ``missing`` from the pixels ``shown`` (T, H, W), looking into the past and into the future."""
        count = len(self.pictures)
        areas = {}
        for frame in map(int, np.flatnonzero(self.missing.any((1, 2)))):
            areas[frame] = region(self.missing[frame], settings.rim)
            check(0)
        soft = {}
        for frame in map(int, np.flatnonzero(shown.any((1, 2)))):
            soft[frame] = softened(self.pictures[frame], shown[frame])
            check(0)
        if not soft:
            return
        past = self._copies(shown, soft, areas, range(min(soft), count), part(check, 0, 1 / 3))
        future = self._copies(shown, soft, areas, range(max(soft), -1, -1), part(check, 1 / 3, 2 / 3))
        correction = None
        for done, (frame, area) in enumerate(areas.items()):
            check(2 / 3 + done / len(areas) / 3)
            if frame and self.links[frame - 1].broken:
                correction = None
            copies = [side[frame] for side in (past, future) if frame in side]
            done_here = paste(self.pictures[frame], area, copies, frame, settings, correction)
            correction = done_here.correction
            self._note(frame, area, copies, done_here)

    def _note(self, frame: int, area: Region, copies: Sequence[Copy], pasted: Pasted) -> None:
        """Write down what a frame still misses and where the rest is from: a copied place may be a copy itself."""
        y, x = area.y[: area.inner], area.x[: area.inner]
        self.missing[frame, y, x] = ~pasted.found
        self.origins[frame, y[pasted.found], x[pasted.found]] = SYNTHESISED
        height, width = self.missing.shape[1:]
        for number, one in enumerate(copies):
            main = np.flatnonzero(pasted.found & (pasted.main == number))
            source, (there_x, there_y) = one.source[main], np.rint(one.place[main]).astype(np.intp).T
            own = self.origins[source, there_y.clip(0, height - 1), there_x.clip(0, width - 1)]
            self.origins[frame, y[main], x[main]] = np.where(own == UNTOUCHED, self.indices[source], own)

    def _copies(
        self, shown: Mask, soft: dict[int, Pixels], areas: dict[int, Region], order: Sequence[int], check: Check
    ) -> dict[int, Copy]:
        copies = {}
        for done, one in enumerate(trace(self.hidden, shown, self.links, order)):
            check(done / len(order))
            if one.frame in areas:
                copies[one.frame] = copy(one, areas[one.frame], self.pictures, soft, shown, self.lights)
        return copies

    def close_gaps(self) -> None:
        """Crumbs that are still missing are continued smoothly from around them."""
        for picture, missing in zip(self.pictures, self.missing, strict=True):
            if missing.any():
                picture[missing] = stored(extend(levels(picture), ~missing)[missing], picture.dtype)
        self.origins[self.missing] = SYNTHESISED


def measure_links(frames: Pixels, holes: Mask, settings: FlowSettings, check: Check = unchecked) -> list[Link]:
    """The links between neighbouring frames of a window."""
    links = []
    before = view(frames[0], holes[0], settings)
    for frame, hole in zip(frames[1:], holes[1:], strict=True):
        now = view(frame, hole, settings)
        links.append(link(before, now, settings))
        before = now
        check(len(links) / len(frames))
    return links


def light_of_each(links: Sequence[Link]) -> list[Light]:
    """For each frame, the change of light from it to the window's first frame."""
    lights = [SAME]
    for one in links:
        lights.append(one.light.inverse().then(lights[-1]))
    return lights


def load(device: str, window: int = 40, match_light: Matching = "local") -> PlateInpainter:
    """The registry's loader; ``device`` is not used, the work is done by the CPU."""
    del device
    return PlateInpainter(WindowSpec(window, overlap=8, references=8), light=match_light)
