"""Fillers: ways to make up, on single pictures, what no frame of a video shows.

An inpainter that copies asks one for its key frames only and carries the result to the other frames, so that what is
made up does not flicker. To add one: a file beside this one, a loader in ``inpaint/engines/filling.py`` and a row in
``inpaint/engines/__init__.py``.
"""
