"""Tests of tam-studio. Before anything is imported: processes that share the cores (pytest -n 2) have a thread each."""

import os

if "PYTEST_XDIST_WORKER" in os.environ:  # more threads would wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")
