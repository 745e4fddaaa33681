"""What a video file says about itself, and what its first frame shows."""

from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer

from tam_core.video.colour import tags_of
from tam_core.video.index import FrameIndex, codec_of
from tam_core.video.packets import first_decoded, open_container, video_stream
from tam_core.video.source import AudioInfo, VideoInfo


def describe(path: Path, index: FrameIndex) -> VideoInfo:
    """Facts about a video file. Raises VideoError if no frame of it can be decoded."""
    with open_container(path) as container:
        stream = video_stream(container, path)
        frame = first_decoded(container, stream, path)
        rotation = -round(frame.rotation / 90) * 90 % 360
        upright = rotation % 180 == 0
        aspect = stream.sample_aspect_ratio or Fraction(1)
        return VideoInfo(
            width=frame.width if upright else frame.height,
            height=frame.height if upright else frame.width,
            rate=rate_of(stream, index.times),
            times=index.times,
            colour=tags_of(frame),
            bit_depth=frame.format.components[0].bits,
            pixel_format=frame.format.name,
            pixel_aspect=aspect if upright else 1 / aspect,
            rotation=rotation,
            codec=codec_of(stream),
            audio=audio_of(container),
            alpha=has_alpha(stream),
        )


def rate_of(stream: av.VideoStream, times: tuple[Fraction, ...]) -> Fraction:
    """The average rate: as the file states it, unless its own time stamps say that this is far off."""
    stated = stream.average_rate or stream.guessed_rate
    if len(times) < 2:
        return stated or Fraction(25)
    counted = (len(times) - 1) / (times[-1] - times[0])
    if stated and abs(stated / counted - 1) < Fraction(1, 10):
        return stated
    return counted.limit_denominator(100_000)


def has_alpha(stream: av.VideoStream) -> bool:
    """Whether there is an alpha channel: in the pictures, or, for VP8 and VP9 in WebM, beside them."""
    layout = stream.codec_context.format
    stated = {word.lower(): value for word, value in stream.metadata.items()}
    return stated.get("alpha_mode") == "1" or (layout is not None and any(one.is_alpha for one in layout.components))


def audio_of(container: InputContainer) -> AudioInfo | None:
    context = next((stream.codec_context for stream in container.streams.audio if stream.codec_context), None)
    if context is None:
        return None
    return AudioInfo(codec=context.codec.canonical_name, rate=context.sample_rate, channels=context.layout.nb_channels)
