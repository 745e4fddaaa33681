"""``tam doctor``: what this machine has, what is missing, and what to do about it.

Each file looks at one thing and yields findings; ``examine.py`` runs them all, ``report.py`` tells a person or a
program. Heavy packages are imported inside the checks, so that the doctor still speaks where one is missing.
"""
