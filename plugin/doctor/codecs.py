"""The encoders: each format that we write is written, small, and thrown away."""

import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from plugin.doctor.finding import Finding, ok, warning

if TYPE_CHECKING:
    from tam_core.video.codecs import Codec

SIDE = 128
"""Some encoders refuse pictures that are smaller."""


def check_codecs() -> Iterator[Finding]:
    """One line of those that work, and one for each that does not."""
    import av

    from tam_core.video.codecs import CODECS

    works = []
    for codec in CODECS:
        try:
            _write(codec)
        except Exception as error:  # whatever an encoder does is what a person would meet
            said = f"{codec.name} cannot be written with PyAV {av.__version__} ({type(error).__name__}: {error})"
            yield warning("codec", said, "install its own build again: pip install --force-reinstall av")
        else:
            works.append(codec.name)
    yield ok("codecs", f"{', '.join(works) or 'none'} (PyAV {av.__version__})")


def _write(codec: "Codec") -> None:
    import numpy as np

    from tam_core.video import write_video

    channels = 4 if codec.alpha_format else 3
    picture = np.zeros((SIDE, SIDE, channels), np.uint8)
    suffix = (codec.default_for or codec.suffixes)[0]
    with tempfile.TemporaryDirectory(prefix="tam-doctor-") as folder:
        write_video([picture, picture], Path(folder) / f"probe{suffix}", codec=codec.name, rate=Fraction(24))
