"""What a reader asks of an interpretation: every condition with its truth, what if a value were
another, where it would turn a status, how it lies between the cut-offs and went over time.

Answers are made of the same engine and the same facts as the report itself. ``conditions`` are the
trees; ``supposed`` puts another value into a reading; ``turns`` finds where that changes a status;
``scale`` and ``series`` are a value among its cut-offs and in time.
"""
