"""The command with small chunks and partitions, so that small inputs make many jobs.

Sizes are those of the plan; everything else is the program as it is.
"""

from __future__ import annotations

import sys

SIZES = {"LEAST_CHUNK": 8 * 1024, "PARTITION_BYTES": 16 * 1024}

if __name__ == "__main__":
    from corrin.batch.engine import plan
    from corrin.cli import program

    for name, size in SIZES.items():
        setattr(plan, name, size)
    sys.exit(program.run(sys.argv[1:]))
