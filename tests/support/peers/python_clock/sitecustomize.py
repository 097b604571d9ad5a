"""Lets a test set a Python program's time of day while it runs.

Python imports this module if PYTHONPATH names this folder. The file named by
CLOCK_AHEAD_FILE contains the offset of the time of day in seconds. Functions
that do not use it, such as time.monotonic and time.sleep, stay right.
libfaketime can't be used: it breaks time.sleep of Python 3.11.
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
        # The file is being written.
        pass
    return _REAL_TIME() + _last


time.time = _now
