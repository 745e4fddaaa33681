"""Commands as they are written down: a kind, a JSON body, and their masks, which are rows of their own.

All masks of a project have the size of its video, so that only their counts are written.
"""

from collections.abc import Callable
from dataclasses import astuple
from typing import Any, TypeAlias, get_args

from tam_core import rle
from tam_core.history import (
    Accepted,
    Command,
    Dropped,
    Engines,
    Findings,
    Labelled,
    Prompted,
    Propagated,
    Rejected,
    Removed,
)
from tam_core.masklet import Sighting, Sightings
from tam_core.prompts import Box, Click, TextPrompt
from tam_core.propagation import Direction
from tam_core.reacquire import Proposal, parse_across_cuts
from tam_core.retrace import Place
from tam_core.rle import RLE
from tam_core.shots import Shot
from tam_core.types import Size
from tam_core.words import Painted, Word

Body: TypeAlias = dict[str, Any]
"""What ``json.dumps`` takes."""


def to_body(command: Command) -> tuple[str, Body]:
    """The kind and the body of a command."""
    match command:
        case Prompted(frame, words, _, corrected, candidate):
            tracked = {str(object_id): _counts(code) for object_id, code in corrected.items()}
            spoken = [_word_body(word) for word in words]
            return "prompt", {"frame": frame, "words": spoken, "corrected": tracked, "candidate": candidate}
        case Propagated(objects, direction, start, stop, across_cuts, found):
            asked = {"objects": objects, "direction": direction, "start": start, "stop": stop}
            return "propagate", {**asked, "across_cuts": across_cuts, **_findings_body(found)}
        case Accepted(proposal):
            return "accept", _proposal_body(proposal)
        case Rejected(proposal):
            return "reject", _proposal_body(proposal)
        case Engines():
            return "engines", {"tracker": command.tracker, "segmenter": command.segmenter}
        case Dropped() | Labelled() | Removed():
            return _PLAIN[type(command)], dict(vars(command))
    raise AssertionError(f"{type(command).__name__} has no kind")


def masks_of(command: Command) -> Sightings:
    """The masks of a command, which are not in its body."""
    match command:
        case Prompted(frame=frame, masks=masks):
            return {object_id: {frame: Sighting(code, 1.0)} for object_id, code in masks.items()}
        case Propagated(found=found):
            return found.masks
    return {}


def from_body(kind: str, body: Body, size: Size, masks: Sightings) -> Command:
    """The command again. Raises KeyError, ValueError, TypeError or MaskletError for what ``to_body`` never gave."""
    return _READERS[kind](body, size, masks)


def _prompted(body: Body, size: Size, masks: Sightings) -> Prompted:
    frame = int(body["frame"])
    return Prompted(
        frame,
        tuple(_word(word, size) for word in body["words"]),
        {object_id: found[frame].code for object_id, found in masks.items()},
        {int(object_id): rle.parse(size, counts) for object_id, counts in body["corrected"].items()},
        int(body["candidate"]),
    )


def _propagated(body: Body, size: Size, masks: Sightings) -> Propagated:
    found = Findings(
        {object_id: dict(frames) for object_id, frames in masks.items()},
        [(int(object_id), Shot(int(start), int(stop))) for object_id, start, stop in body["absences"]],
        [_proposal(proposal, size) for proposal in body["proposals"]],
        bool(body["finished"]),
        Place(*map(int, body["place"])) if body.get("place") else None,
    )
    direction, policy, stop = body["direction"], parse_across_cuts(body["across_cuts"]), body["stop"]
    if direction not in get_args(Direction):
        raise ValueError(f"tracking {direction!r}")
    objects = tuple(map(int, body["objects"]))
    return Propagated(objects, direction, int(body["start"]), None if stop is None else int(stop), policy, found)


def _dropped(body: Body, *_: Any) -> Dropped:
    end = body["from_frame"]
    return Dropped(int(body["object_id"]), None if end is None else int(end))


def _labelled(body: Body, *_: Any) -> Labelled:
    name, colour = (None if body[key] is None else str(body[key]) for key in ("name", "colour"))
    return Labelled(int(body["object_id"]), name, colour)


def _removed(body: Body, *_: Any) -> Removed:
    objects, start, stop = tuple(map(int, body["objects"])), int(body["start"]), int(body["stop"])
    return Removed(str(body["inpainter"]), objects, start, stop, dict(body["parameters"]), bool(body["outdated"]))


_PLAIN: dict[type, str] = {Dropped: "drop", Labelled: "label", Removed: "remove"}

_READERS: dict[str, Callable[[Body, Size, Sightings], Command]] = {
    "prompt": _prompted,
    "propagate": _propagated,
    "accept": lambda body, size, _: Accepted(_proposal(body, size)),
    "reject": lambda body, size, _: Rejected(_proposal(body, size)),
    "engines": lambda body, *_: Engines(str(body["tracker"]), str(body["segmenter"])),
    "drop": _dropped,
    "label": _labelled,
    "remove": _removed,
}


def _findings_body(found: Findings) -> Body:
    return {
        "absences": [[object_id, shot.start, shot.stop] for object_id, shot in found.absences],
        "proposals": [_proposal_body(proposal) for proposal in found.proposals],
        "finished": found.finished,
        "place": found.place and astuple(found.place),
    }


def _proposal_body(proposal: Proposal) -> Body:
    return {
        "object": proposal.object_id,
        "frame": proposal.frame,
        "counts": _counts(proposal.code),
        "score": proposal.score,
        "shot": [proposal.shot.start, proposal.shot.stop],
    }


def _proposal(body: Body, size: Size) -> Proposal:
    code, shot = rle.parse(size, body["counts"]), Shot(*map(int, body["shot"]))
    return Proposal(int(body["object"]), int(body["frame"]), code, float(body["score"]), shot)


def _word_body(word: Word) -> Body:
    where = {"frame": word.frame, "object": word.object_id}
    match word:
        case Click(x=x, y=y, positive=positive):
            return {"kind": "click", **where, "x": x, "y": y, "positive": positive}
        case Box(xyxy=xyxy):
            return {"kind": "box", **where, "xyxy": xyxy}
        case TextPrompt(text=text):
            return {"kind": "text", **where, "text": text}
        case Painted(code=code):
            return {"kind": "mask", **where, "counts": _counts(code)}


def _word(body: Body, size: Size) -> Word:
    frame, object_id = int(body["frame"]), int(body["object"])
    match body["kind"]:
        case "click":
            return Click(frame, object_id, float(body["x"]), float(body["y"]), bool(body["positive"]))
        case "box":
            x0, y0, x1, y1 = map(float, body["xyxy"])
            return Box(frame, object_id, (x0, y0, x1, y1))
        case "text":
            return TextPrompt(frame, object_id, str(body["text"]))
        case "mask":
            return Painted(frame, object_id, rle.parse(size, body["counts"]))
    raise ValueError(f"a prompt of kind {body['kind']!r}")


def _counts(code: RLE) -> str:
    return code.counts.decode("ascii")
