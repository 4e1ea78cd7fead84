"""What is known about one person: Measured, Absent and Stated, gathered in a Case.

A measurement is an interval in the unit it was reported in, never a bare number; what is missing
has a reason; what nobody stated is unknown and not false. ``choose`` picks, per analyte, the
result that stands for the person at a given moment; ``derived`` calculates the few facts that are
computed from others.
"""
