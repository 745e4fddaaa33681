"""Everything that tam-studio raises on purpose. Each message says what was asked, what is there and what to do.

TamError
├── RequestError (ValueError)     what was asked cannot be asked: fix the arguments
│   ├── PromptError               a click, box or mask that does not fit the video
│   ├── UnknownEngineError        no engine, segmenter or inpainter of that name
│   └── SourceNotFoundError       no such file or folder
├── VideoError                    the file is there but cannot be used as a video
│   └── FrameRangeError           a frame that the video does not have
├── MaskletError                  a mask file or masklet file that cannot be used
├── NotVisibleError               the object was never found in the asked range
├── EngineNotReadyError           the engine exists but its weights or packages are not here
├── DownloadError                 a checkpoint could not be fetched or is not the published one
├── OutputError                   the result cannot be written there
└── ProjectError                  a project that cannot be made, opened or written
    └── SourceMovedError          its video is not where it was: say where it is
"""


class TamError(Exception):
    """Base class of every error that tam-studio raises on purpose."""


class RequestError(TamError, ValueError):
    """What was asked cannot be asked. Fix the arguments and try again."""


class PromptError(RequestError):
    """A click, box or mask that does not fit the video."""


class FrameRangeError(RequestError, IndexError):
    """A frame that the video does not have."""


class UnknownEngineError(RequestError):
    """No engine, segmenter or inpainter of that name."""


class SourceNotFoundError(RequestError):
    """No such file or folder."""


class VideoError(TamError):
    """The file is there but cannot be used as a video."""


class MaskletError(TamError):
    """A mask file or masklet file that cannot be used."""


class NotVisibleError(TamError):
    """The object was never found in the asked range."""


class EngineNotReadyError(TamError):
    """The engine exists, but its weights or packages are not on this machine."""


class DownloadError(TamError):
    """A checkpoint could not be fetched, or what came is not the published file."""


class OutputError(TamError):
    """The result cannot be written there."""


class ProjectError(TamError):
    """A project that cannot be made, opened or written."""


class SourceMovedError(ProjectError):
    """The project's video is not where it was, or what was given is another video."""
