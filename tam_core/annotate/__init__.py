"""The data engine (SAM 2, section 5): a folder of videos becomes a data set of masklets, by people and engines in turn.

``records`` say what was done with a video, ``store`` where that lies on disk, ``locks`` who is at it, ``queue`` what is
next; ``phases`` are the ways to annotate; ``proposals`` finds masklets by itself; ``statistics`` and ``datasets`` are
what comes of it. No page, no server and no command line is known here.
"""
