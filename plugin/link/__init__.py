"""What a host program needs to use the worker. Standard library only: it runs in any host's Python.

Begin with ``launch.find_or_start``, which gives a ``client.Client``; its messages are in ``wire``. Masks are run-length
codes: ``raster`` makes rows and pictures of them, ``contours`` outlines, and ``brush`` makes a mask of strokes. A host
may carry a copy of this folder under any name, so its files import each other relatively and nothing else of ours.
"""
