"""Any frame of a file, in any order: behind reading forwards, backwards and at random."""

from pathlib import Path

from tam_core.errors import VideoError
from tam_core.video.decoder import Decoded, Decoder
from tam_core.video.index import FrameIndex, Keyframe

# Decoding on is cheaper than a seek, which empties the decoder's pipeline, if the keyframe is this close ahead.
WORTH_A_SEEK = 8


class Cursor:
    """Gives any frame of ``path``, exactly; asking for frames in order decodes each once.

    A frame that cannot be decoded is answered with the nearest one before it that can, or at the beginning with the
    first one that can: the ``index`` of the answer tells, and does not depend on what was asked before.
    """

    def __init__(self, path: Path, index: FrameIndex) -> None:
        self._path = path
        self._index = index
        self._decoder = Decoder(path, index)
        self._begin(index.keyframe_before(0))

    def close(self) -> None:
        self._decoder.close()

    def frame(self, index: int) -> Decoded:
        """Frame ``index``, or its stand-in if it is damaged. Raises VideoError if nothing can be decoded at all."""
        keyframe = self._index.keyframe_before(index)
        if not self._is_near(index, keyframe):
            self._begin(keyframe)
        while (found := self._advance(index)) is None:
            if self._keyframe is None:
                return self._first_possible(index)
            self._begin(self._index.keyframe_before(self._keyframe.first - 1))
        return found

    def way_to(self, index: int) -> int:
        """The first frame that would be decoded for frame ``index``."""
        keyframe = self._index.keyframe_before(index)
        if self._is_near(index, keyframe):
            return min(index, self._shown.index + 1) if self._shown else min(index, self._first)
        return keyframe.first if keyframe else 0

    def _begin(self, keyframe: Keyframe | None) -> None:
        """Begin again at ``keyframe``; None: at the start of the file."""
        self._keyframe = keyframe
        self._shown: Decoded | None = None
        self._ahead: Decoded | None = None
        self._pictures = self._decoder.decode_from(keyframe)

    def _is_near(self, index: int, keyframe: Keyframe | None) -> bool:
        """Is frame ``index`` reached soonest by decoding on from here?"""
        position = self._shown.index if self._shown else self._first
        return position <= index and (keyframe is None or keyframe.first <= position + WORTH_A_SEEK)

    @property
    def _first(self) -> int:
        """The frame where decoding began last."""
        return self._keyframe.first if self._keyframe else 0

    def _advance(self, index: int) -> Decoded | None:
        """Decode on until frame ``index``, or past the gap where it should be: the last frame up to it, if any."""
        while self._shown is None or self._shown.index < index:
            self._ahead = self._ahead or next(self._pictures, None)
            if self._ahead is None or self._ahead.index > index:
                break
            self._shown, self._ahead = self._ahead, None
        return self._shown

    def _first_possible(self, index: int) -> Decoded:
        """The stand-in for a frame with nothing before it."""
        if self._ahead is None:
            raise VideoError(f"{self._path}: frame {index} is damaged, and no frame near it can be decoded")
        return self._ahead
