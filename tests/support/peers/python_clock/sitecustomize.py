"""Gives a Python program a time of day that a test sets while it runs.

Python imports this by itself where PYTHONPATH names this folder. The file
that CLOCK_AHEAD_FILE names says by how many seconds the time of day is ahead.
What measures time without it, as time.monotonic and time.sleep do, stays
right. libfaketime can't be used here: it breaks time.sleep of Python 3.11.
"""

import os
import time

_PATH = os.environ["CLOCK_AHEAD_FILE"]
_REAL_TIME = time.time
_last = 0.0


def _now():
    global _last
    try:
        with open(_PATH, encoding="ascii") as file:
            _last = float(file.read())
    except ValueError:
        # It is being written.
        pass
    return _REAL_TIME() + _last


time.time = _now
