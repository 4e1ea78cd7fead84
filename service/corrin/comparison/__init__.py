"""What several guidelines, or two versions of one, say of the same people, and why they differ.

Which cut-off or row makes the difference is found by trying: one figure, row or rule of the one
is put into the other and the case is decided again. Nothing here knows FHIR or how it is shown.
"""
