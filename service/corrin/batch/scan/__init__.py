"""Lines of Observations read fast: what is regular by compiled code, all else by the exact reader.

::

    bytes ──► blocks ──► line ──► regular, ours      ──► slim row
              of whole            regular, not ours  ──► counted, its id noted
              lines               any doubt          ──► the exact reader

The scanner decides nothing about a value. It finds the members of a line, checks that the line is
the JSON the exact reader would accept, and asks the intake once per distinct code whether an
Observation of it can be ours.
"""

from corrin.batch.scan.reading import Exact, batches, load

__all__ = ["Exact", "batches", "load"]
