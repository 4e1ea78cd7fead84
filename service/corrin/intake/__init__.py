"""From outside to facts: every value is taken, or refused with a reason.

Bytes are guarded before they are parsed, numbers stay exact decimals, and only the elements we
use are read, each of them strictly. A refusal is data (reason, place, sentence) and travels to
the report with the values. This room knows nothing of rules: what is taken does not depend on
what will be asked.
"""
