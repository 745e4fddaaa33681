"""``tam batch``: many videos, or a long one in spans, on this machine or on a cluster.

``manifest`` reads what is to be done, ``planning`` makes durable units of it, ``schedule`` gives them to a backend
(``pool``, ``ray_cluster``), ``unit`` does one of them wherever it is, ``summary`` says how it went. ``storage`` is
where files lie. Importing this loads nothing.
"""
