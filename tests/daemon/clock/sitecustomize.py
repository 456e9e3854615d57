"""Python reads this at its start where PYTHONPATH names the folder: a process whose wall clock is ahead.

GATEWAYD_TEST_AHEAD: by so many seconds; below 0: behind. Only tests set it. Monotonic clocks stay.
"""

import os
import time

_AHEAD = float(os.environ["GATEWAYD_TEST_AHEAD"])
_true, _true_ns = time.time, time.time_ns
time.time = lambda: _true() + _AHEAD
time.time_ns = lambda: _true_ns() + int(_AHEAD * 1e9)
