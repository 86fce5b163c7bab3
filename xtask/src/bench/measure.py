"""Runs one command and says what it took: `measure.py LOG COMMAND…` prints one line of JSON.

The command's output goes to LOG. Times are in seconds; memory is the largest resident set of a single process, in bytes.
"""

import json
import resource
import subprocess
import sys
import time

with open(sys.argv[1], "wb") as log:
    begun = time.monotonic()
    ended = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False)
    wall = time.monotonic() - begun
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(
    json.dumps(
        {
            "code": ended.returncode,
            "wall": wall,
            "cpu": used.ru_utime + used.ru_stime,
            "memory": used.ru_maxrss * 1024,
        }
    )
)
