"""Lines read fast: regular Observations and Patients by compiled code, all else exactly.

::

    bytes ──► blocks ──► line ──► regular, ours      ──► slim row (of a Patient, all of it)
              of whole            regular, not ours  ──► counted, its id noted
              lines               any doubt          ──► the exact reader

Of a line written like one before (:mod:`forms`) only its texts and numbers are looked at.

The scanner decides nothing about a value. It finds the members of a line, checks that the line is
the JSON the exact reader would accept, and asks the intake once per distinct code whether an
Observation of it can be ours.
"""

from corrin.batch.scan.reading import Exact, batches, batches_of, load, release

__all__ = ["Exact", "batches", "batches_of", "load", "release"]
