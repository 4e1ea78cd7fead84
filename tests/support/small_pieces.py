"""The command with small chunks and partitions, so that small inputs make many jobs.

Sizes are those of the plan; everything else is the program as it is.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    from corrin.batch.engine import plan
    from corrin.cli import program

    plan.LEAST_CHUNK = 16 * 1024
    plan.PARTITION_BYTES = 24 * 1024
    sys.exit(program.run(sys.argv[1:]))
