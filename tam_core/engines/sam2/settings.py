"""What can be set about SAM 2, under SAM 2's names."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sam2Settings:
    """``memory_size`` - 1 recent frames are looked at, and the ``max_conditioning_frames`` nearest prompted ones;
    pointers of ``max_object_pointers`` frames. The network sees a square of ``image_size`` pixels, a multiple of 32."""

    image_size: int = 1024
    memory_size: int = 7
    max_conditioning_frames: int = 8
    max_object_pointers: int = 16
