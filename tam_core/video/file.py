"""A video file as a source of frames: exact counts and time stamps, any order, bounded memory."""

import os
import warnings
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import closing
from copy import copy
from pathlib import Path

from tam_core.video.colour import ToRgb
from tam_core.video.cursor import Cursor
from tam_core.video.decoder import Decoded
from tam_core.video.deep import ToDeepRgb
from tam_core.video.facts import describe
from tam_core.video.index import build_index
from tam_core.video.source import Frame, VideoInfo, VideoWarning
from tam_core.video.span import check_index, frame_range
from tam_core.video.splices import Splice

BACKWARD_BYTES = 256 * 2**20
KEPT_BYTES = 16 * 2**20
# Walking back in steps shorter than this would empty the decoder's pipeline too often.
BACKWARD_FRAMES = 32


class FileSource:
    """Any video file that FFmpeg decodes. Frames are decoded as they are asked for; several readers may run at once.

    The frames are those that a full decode shows, with the file's own time stamps (a file need not begin at 0). 10-bit
    video comes as 8-bit RGB, or else ``deep``, as uint16; a turned video comes upright. Raises SourceNotFoundError if
    there is no such file, VideoError if it is not a video.

    Damage: a frame that cannot be decoded is stood in for by the nearest one before it, so that the count and the time
    stamps stay right; a file that was cut short has the frames that are there; recordings joined end to end go on, each
    where the one before it ends. All of these give a VideoWarning.
    """

    def __init__(self, path: str | os.PathLike[str], deep: bool = False) -> None:
        self.path = Path(path)
        self._deep = deep
        self._index = build_index(self.path)
        self._info = describe(self.path, self._index)
        self._to_rgb = self._converter()
        self._cursor: Cursor | None = None
        self._kept: OrderedDict[int, Decoded] = OrderedDict()
        self._reported: set[int] = set()
        self._warn_if_cut_short()
        self._warn_if_joined()

    @property
    def info(self) -> VideoInfo:
        return self._info

    @property
    def splices(self) -> tuple[Splice, ...]:
        """Where recordings were joined, so that the file's own time stamps jump."""
        return self._index.splices

    def deepened(self) -> "FileSource":
        """The same file with uint16 pixels. Nothing is read anew, and the two can be used side by side."""
        twin = copy(self)
        twin._deep, twin._cursor, twin._kept = True, None, OrderedDict()
        twin._to_rgb = twin._converter()
        return twin

    def frames(self, start: int = 0, stop: int | None = None, step: int = 1) -> Iterator[Frame]:
        """Frames start, start + step, ... before ``stop``; see FrameSource.

        Backwards, the file is decoded in pieces of up to 256 MB of decoded pictures; a group of pictures that is larger
        is decoded again for every piece of it.
        """
        wanted = frame_range(len(self._index.times), start, stop, step)
        return self._shown(self._forward(wanted) if step > 0 else self._backward(wanted))

    def read(self, index: int) -> Frame:
        """One frame, exactly. Frames read lately are kept, and the next one is decoded without a seek."""
        check_index(index, len(self._index.times))
        if index not in self._kept:
            self._cursor = self._cursor or Cursor(self.path, self._index)
            self._keep(index, self._cursor.frame(index))
        self._kept.move_to_end(index)
        decoded = self._kept[index]
        if decoded.index != index:
            self._report([index], decoded.index)
        return Frame(index, self._index.times[index], self._to_rgb(decoded.picture))

    def way_to(self, index: int) -> int:
        """The first frame that ``read(index)`` would decode: to read those from there on as well costs little more."""
        check_index(index, len(self._index.times))
        if index in self._kept:
            return index
        self._cursor = self._cursor or Cursor(self.path, self._index)
        return self._cursor.way_to(index)

    def rest(self) -> None:
        """Let go of decoded frames and of the decoder. The next ``read`` takes a little longer."""
        self._kept.clear()
        if self._cursor is not None:
            self._cursor.close()
            self._cursor = None

    def _converter(self) -> ToRgb | ToDeepRgb:
        return ToDeepRgb(self._info) if self._deep else ToRgb(self._info)

    def _keep(self, index: int, decoded: Decoded) -> None:
        self._kept[index] = decoded
        while len(self._kept) > max(1, KEPT_BYTES // byte_size(decoded)):
            self._kept.popitem(last=False)

    def _forward(self, wanted: range) -> Iterator[tuple[int, Decoded]]:
        with closing(Cursor(self.path, self._index)) as cursor:
            for index in wanted:
                yield index, cursor.frame(index)

    def _backward(self, wanted: range) -> Iterator[tuple[int, Decoded]]:
        """Decode a piece forwards, give it backwards, go on to the piece before."""
        left = list(wanted)
        with closing(Cursor(self.path, self._index)) as cursor:
            while left:
                piece = self._last_piece(left, cursor)
                left = left[len(piece) :]
                decoded = [cursor.frame(index) for index in reversed(piece)]
                while decoded:
                    yield piece[len(piece) - len(decoded)], decoded.pop()

    def _last_piece(self, left: list[int], cursor: Cursor) -> list[int]:
        """The first of ``left`` (falling frame indices) that are best decoded together: they begin at a keyframe.

        That one is decoded now, as it has to be anyway, to see how many take up the memory that there is.
        """
        keyframe = self._index.keyframe_before(max(0, left[0] - BACKWARD_FRAMES))
        begin = keyframe.first if keyframe else 0
        most = max(1, BACKWARD_BYTES // byte_size(cursor.frame(begin)))
        return [index for index in left[:most] if index >= begin]

    def _shown(self, decoded: Iterator[tuple[int, Decoded]]) -> Iterator[Frame]:
        """Pictures as frames. Runs of damaged ones give one warning each."""
        to_rgb = self._converter()
        damaged: list[int] = []
        stand_in = 0
        for index, one in decoded:
            if one.index != index:
                damaged.append(index)
                stand_in = one.index
            elif damaged:
                self._report(damaged, stand_in)
                damaged = []
            yield Frame(index, self._index.times[index], to_rgb(one.picture))
        if damaged:
            self._report(damaged, stand_in)

    def _report(self, damaged: list[int], stand_in: int) -> None:
        """Warn of damaged frames, of each once."""
        news = sorted(set(damaged) - self._reported)
        if not news:
            return
        self._reported.update(news)
        which = f"frame {news[0]}" if len(news) == 1 else f"frames {news[0]} to {news[-1]}"
        warnings.warn(
            VideoWarning(f"{self.path}: {which} cannot be decoded; frame {stand_in} is shown instead"),
            stacklevel=3,
        )

    def _warn_if_cut_short(self) -> None:
        there, declared = len(self._index.times), self._index.declared
        if there < declared:
            warnings.warn(
                VideoWarning(f"{self.path} is cut short: {there} of {declared} frames can be decoded"),
                stacklevel=3,
            )

    def _warn_if_joined(self) -> None:
        if self.splices:
            first, count = self.splices[0], len(self.splices)
            where = f"{float(first.before):.2f} to {float(first.after):.2f} s"
            more = f", and {count - 1} times more" if count > 1 else ""
            joined = f"{self.path} is several recordings in one: its time stamps jump from {where}{more}"
            warnings.warn(VideoWarning(f"{joined}; pictures and sound go on there without a gap"), stacklevel=3)


def byte_size(decoded: Decoded) -> int:
    """Memory that a decoded picture holds."""
    return sum(plane.buffer_size for plane in decoded.picture.planes)
