"""A project: a folder ``NAME.tam`` in which one video's session is kept, so that nothing is lost and all can be undone.

``project`` is the folder and its video, ``log`` the commands, ``codec`` how a command is written down, ``database`` the
SQLite file and what can be wrong with it, ``identity`` how a video is known again. Results that can be made again lie
in ``files/``.
"""

from tam_core.project.project import Project

__all__ = ["Project"]
