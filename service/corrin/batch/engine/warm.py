"""What every process of a run needs, loaded once and shared: imported where they are forked from.

Whatever stands here is in memory once, however many processes there are. It is the same for every
question: the shipped rules, the words, the compiled scanner.
"""

from __future__ import annotations

import atexit
import gc

from corrin.unswept import unswept

with unswept():
    from corrin import terminology
    from corrin.batch import scan
    from corrin.batch.engine import crew
    from corrin.batch.sources import detect
    from corrin.packs.library import open_library

    LOADED = (crew, detect)

    scan.load()
    terminology.load()
    open_library()
gc.freeze()
atexit.register(gc.unfreeze)  # else libraries say at the end that what they hold was leaked
