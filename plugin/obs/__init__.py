"""The OBS script: a thin client of the worker. ``script.py`` is what OBS loads, ``studio.py`` is where to begin.

``native`` is the only part that knows obspython; the rest is plain Python, standard library only. OBS draws and plays,
the worker does the work, and what lies here waits for neither: OBS calls scripts on the threads that it draws with.
"""
