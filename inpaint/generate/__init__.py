"""Replacement by words: something else where the objects are, made by a diffusion model, moving as they do.

Two ways, by what the model makes. A model of pictures paints key frames, which the object's own motion carries to the
others (``stills.py``); a model of video makes windows of frames at once (``clips.py``). What stands in front of the
objects is not in their masks, and stays in front. Pixels outside the grown objects stay the source's own.
"""

from collections.abc import Iterable, Iterator

from inpaint.base import Check, unchecked
from inpaint.fillers.published import INPAINTING, VIDEO
from inpaint.generate.shot import Shot
from inpaint.holes import holes_of, require_visible
from tam_core.checkpoints import megabytes
from tam_core.errors import EngineNotReadyError, RequestError
from tam_core.masklet import Masklet
from tam_core.registry import Parameter
from tam_core.video.source import Frame, FrameSource

NEGATIVE_PROMPT = "blurry, low quality, deformed, text, watermark"

PARAMETERS = (
    Parameter("prompt", "text", "", "what to put in the objects' place"),
    Parameter("negative_prompt", "text", NEGATIVE_PROMPT, "what it is not to be"),
    Parameter("model", "text", "auto", "a diffusers inpainting or Wan-VACE model: hub id or folder"),
    Parameter("seed", "int", 0, "another number, another picture", "", 0, 2**31 - 1),
    Parameter("steps", "int", 30, "more take longer and are finer", "steps", 1, 200),
    Parameter("guidance", "float", 7.5, "how closely the words are followed", "", 1, 30),
    Parameter(
        "interval", "int", 24, "between key frames that are painted anew; models of pictures only", "frames", 2, 240
    ),
    Parameter("strength", "float", 0.4, "how far they may depart from what is carried there", "", 0.05, 1),
    Parameter("grow", "int", 8, "enlarge the masks", "px", 0, 128),
    Parameter("feather", "int", 4, "fade over so many of the outermost pixels", "px", 0, 32),
)


def generate(
    source: FrameSource,
    masklets: Iterable[Masklet],
    *,
    prompt: str,
    negative_prompt: str = NEGATIVE_PROMPT,
    model: str = "auto",
    seed: int = 0,
    steps: int = 30,
    guidance: float = 7.5,
    interval: int = 24,
    strength: float = 0.4,
    grow: int = 8,
    feather: int = 4,
    start: int = 0,
    stop: int | None = None,
    device: str = "auto",
    check: Check = unchecked,
) -> Iterator[Frame]:
    """Frames ``start`` ... ``stop`` - 1 with what the ``prompt`` says in the place of the masklets' objects, in order.

    ``model``: a diffusers model by folder or hub id; "auto" is one that is on this machine. ``interval`` and
    ``strength`` are for models of pictures: a key frame is painted anew every so many frames, on top of what is carried
    there from the last one; at strength 1 that is not looked at. ``check`` is told how many frames are as good as done,
    after each step of denoising. Raises RequestError, EngineNotReadyError, MaskletError, NotVisibleError.
    """
    if not prompt.strip():
        raise RequestError("say in words what to put in the objects' place")
    if interval < 2 or not 0 < strength <= 1:
        raise RequestError(f"interval {interval} and strength {strength}: at least 2 frames, and above 0 up to 1")
    end = source.info.frame_count if stop is None else stop
    if end is None:
        raise RequestError("a live source needs to know where to stop; give stop=...")
    holes = holes_of(masklets, source.info.size, grow, feather)
    require_visible(holes, range(start, end))
    chosen = ready_model(model, device)

    from inpaint.fillers.diffusion import Wish
    from inpaint.pipelines import load_inpainting, load_video, makes_video

    shot = Shot(source, holes, range(start, end), check)
    wish = Wish(prompt, negative_prompt, steps, guidance, seed)
    if makes_video(chosen):
        from inpaint.generate.clips import by_clips

        return by_clips(shot, load_video(chosen, device), wish)
    from inpaint.generate.stills import Anchors, by_stills

    return by_stills(shot, load_inpainting(chosen, device), wish, Anchors(interval, strength))


def ready_model(model: str, device: str) -> str:
    """The folder or hub id of a model that can be loaded; ``model`` as in ``generate``. Raises EngineNotReadyError."""
    from inpaint.pipelines import makes_video, require_diffusers

    chosen = choose_model(device) if model == "auto" else model
    require_diffusers()
    makes_video(chosen)
    return chosen


def choose_model(device: str) -> str:
    """The folder of a model that is on this machine: one of video where there is a GPU for it, else one of pictures.

    Raises EngineNotReadyError, which says what to fetch.
    """
    from tam_core.device import resolve_device

    usual = (VIDEO, INPAINTING) if resolve_device(device) == "cuda" else (INPAINTING, VIDEO)
    found = next((folder for one in usual if (folder := one.find()) is not None), None)
    if found is None:
        raise EngineNotReadyError(
            f"replacing by words needs a diffusion model, and none is downloaded. Fetch {INPAINTING.model} (about "
            f"{megabytes(INPAINTING.size)}, CreativeML Open RAIL-M) with: tam engines fetch {INPAINTING.model}, or for "
            f"a large GPU a model of video (about {megabytes(VIDEO.size)}, Apache-2.0): tam engines fetch {VIDEO.model}"
        )
    return str(found)
