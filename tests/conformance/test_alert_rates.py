"""No rule cries wolf: how often each speaks above routine among unselected adults.

The page is counted afresh, and compared, with the other generated pages.
"""

from __future__ import annotations

import re

from corrin.packs.library import open_library
from support import places

PAGE = (places.ROOT / "docs" / "alert-rates.md").read_text("utf-8")
COUNTED = re.compile(
    r"^\| `([a-z0-9-]+)` \| [\d.]+ \| [\d.]+ \| [\d.]+ \| ([\d.]+) \| [\d.]+ \| (yes)? ?\|$", re.M
)


def test_no_rule_speaks_above_routine_for_more_than_one_in_twenty() -> None:
    rates = COUNTED.findall(PAGE)
    assert len(rates) > 30
    assert [rule for rule, above, _ in rates if float(above) > 50] == []
    assert [rule for rule, _, defect in rates if defect] == []


def test_every_profile_is_counted() -> None:
    assert re.findall(r"^## Profile `(\w+)`$", PAGE, re.M) == sorted(open_library().profiles)
    assert PAGE.count("1,889 adults") == len(open_library().profiles)
