"""The table of what can be written: a new codec is a new row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tam_core.errors import RequestError
from tam_core.video.colour import PLAIN_BITS, depth_of

PNG = "png"
# The formats of more than 8 bits are planar, and named after these.
PLANAR = {"bgr0": "gbrp", "bgra": "gbrap"}


@dataclass(frozen=True)
class Codec:
    """One row. ``suffixes``: of the files that can hold it; ``default_for``: those that are it if nothing is said.

    ``pixel_format`` is FFmpeg's; ``odd_format`` is used where width or height is odd and ``pixel_format`` cannot;
    ``alpha_format`` is for RGBA frames, None = has no alpha; ``alpha_suffixes``: of the files that can hold it, where
    those are not all. ``limited_only``: decoders take its YUV for limited range, whatever is said. ``encoder`` None:
    pictures in a folder.

    ``even_width``: FFmpeg's encoder spoils the last column of an odd one. ``depths``: bits of a channel that it holds
    beyond those of ``pixel_format``. ``lossless``: RGB comes back exactly.
    """

    name: str
    title: str
    encoder: str | None
    suffixes: tuple[str, ...]
    default_for: tuple[str, ...]
    pixel_format: str
    odd_format: str | None = None
    alpha_format: str | None = None
    alpha_suffixes: tuple[str, ...] = ()
    limited_only: bool = False
    even_width: bool = False
    depths: tuple[int, ...] = ()
    lossless: bool = False
    options: Mapping[str, str] = field(default_factory=dict)

    def format_for(self, height: int, width: int, alpha: bool, depth: int = PLAIN_BITS) -> str | None:
        """FFmpeg's pixel format for frames of this size; None if they have alpha and this codec has not.

        It has the least depth that keeps ``depth`` bits a channel, or else the greatest that there is.
        """
        odd = (height % 2 or width % 2) and self.odd_format
        plain = self.alpha_format if alpha else self.odd_format if odd else self.pixel_format
        if plain is None or depth <= depth_of(plain) or not self.depths:
            return plain
        enough = [held for held in self.depths if held >= depth]
        return f"{PLANAR.get(plain, plain)}{min(enough, default=max(self.depths))}le"

    def holds_alpha(self, path: Path) -> bool:
        """Whether RGBA frames can be written to a file of that name."""
        return self.alpha_format is not None and (path.suffix.lower() in self.alpha_suffixes or not self.alpha_suffixes)

    @property
    def deepest(self) -> int:
        """The most bits of a channel that it holds."""
        return max(depth_of(self.pixel_format), *self.depths, 0)


CODECS = (
    Codec(
        name="h264",
        title="H.264, plays everywhere",
        encoder="libx264",
        suffixes=(".mp4", ".m4v", ".mov", ".mkv"),
        default_for=(".mp4", ".m4v"),
        pixel_format="yuv420p",
        odd_format="yuv444p",
        options={"crf": "16", "preset": "fast"},
    ),
    Codec(
        name="prores",
        title="ProRes 4444, 10 bit, for editing, with alpha",
        encoder="prores_ks",
        suffixes=(".mov",),
        default_for=(".mov",),
        pixel_format="yuv444p10le",
        alpha_format="yuva444p10le",
        limited_only=True,
        options={"profile": "4444", "alpha_bits": "16", "vendor": "apl0"},
    ),
    Codec(
        name="prores422",
        title="ProRes 422 HQ, 10 bit, for editing",
        encoder="prores_ks",
        suffixes=(".mov",),
        default_for=(),
        pixel_format="yuv422p10le",
        limited_only=True,
        even_width=True,
        options={"profile": "hq", "vendor": "apl0"},
    ),
    Codec(
        name="ffv1",
        title="FFV1, every RGB value kept, with alpha",
        encoder="ffv1",
        suffixes=(".mkv",),
        default_for=(".mkv",),
        pixel_format="bgr0",
        alpha_format="bgra",
        depths=(10, 12, 14, 16),
        lossless=True,
        options={"level": "3", "slicecrc": "1"},
    ),
    Codec(
        name="hevc",
        title="H.265, half the size of H.264",
        encoder="libx265",
        suffixes=(".mp4", ".m4v", ".mov", ".mkv"),
        default_for=(),
        pixel_format="yuv420p",
        odd_format="yuv444p",
        depths=(10, 12),
        options={"crf": "18", "preset": "fast", "x265-params": "log-level=error"},
    ),
    Codec(
        name="vp9",
        title="VP9, for the web, with alpha",
        encoder="libvpx-vp9",
        suffixes=(".webm", ".mkv", ".mp4"),
        default_for=(".webm",),
        pixel_format="yuv420p",
        alpha_format="yuva420p",
        alpha_suffixes=(".webm", ".mkv"),
        options={"crf": "24", "b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"},
    ),
    Codec(
        name=PNG,
        title="a folder of PNG pictures, with alpha",
        encoder=None,
        suffixes=("",),
        default_for=("",),
        pixel_format="rgb24",
        alpha_format="rgba",
        depths=(16,),
        lossless=True,
    ),
)


def choose_codec(path: Path, name: str | None = None) -> Codec:
    """The codec called ``name``, or else the one for the path's suffix. No suffix: a folder of PNG pictures.

    Raises RequestError for an unknown name or suffix, and if that kind of file cannot hold that codec.
    """
    suffix = path.suffix.lower()
    for codec in CODECS:
        if codec.name == name and (codec.name == PNG or suffix in codec.suffixes):
            return codec
        if codec.name == name:
            raise RequestError(f"{path.name}: {name} needs a file name that ends in {' or '.join(codec.suffixes)}")
        if name is None and suffix in codec.default_for:
            return codec
    asked = f"codec {name!r}" if name is not None else f"a file name that ends in {suffix!r}"
    raise RequestError(f"cannot write {asked}; there is {'; '.join(map(describe_codec, CODECS))}")


def describe_codec(codec: Codec) -> str:
    """One line for messages and menus."""
    ends = "/".join(codec.suffixes) if codec.encoder else "a path without suffix"
    return f"{codec.name} ({codec.title}: {ends})"
