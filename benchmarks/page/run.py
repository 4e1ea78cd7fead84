"""Measure the page in a real Chromium on this machine: every request goes to 127.0.0.1.

    python benchmarks/page/run.py [--submits 120] [--skip weight|time]

*time*: from the click on Interpret to the note painted: the click, the request, the answer put
into the page, and the frame that shows it. *weight*: what a browser fetches that has nothing yet,
for the page and for one answer, as it comes over the wire and gzipped. See
``benchmarks/README.md``.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import gzip
import importlib.metadata
import platform
import re
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "service")]

from browser import walk  # noqa: E402
from support import browser as support  # noqa: E402
from support.service import Service, service  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CASES = (
    "b12-133-pmol",
    "demo",
    "ataxia-normal-mma",
    "b12-below-150",
    "ckd-stage-5-mma-092",
    "potassium-23-with-cramps",
    "nitrous-oxide-active-b12-87",
    "pregnant-20-weeks-total-b12",
)
AIM_MS = 200
AIM_BYTES = 300_000

# A click is marked before anybody else hears of it. The mark "painted" is set by the first task
# after the frame in which the new headline stood: by then it has been painted.
CLOCK = """
addEventListener("click", (event) => {
  if (!event.target.closest("button.main, button[type=submit]")) return;
  window.corrinBench = { submitted: performance.now(), painted: null, swapped: null };
}, true);
addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("answer");
  let last = null;
  new MutationObserver(() => {
    const head = place.querySelector("h2");
    const now = window.corrinBench;
    if (!head || head === last || !now || now.swapped) return;
    last = head;
    now.swapped = performance.now();
    requestAnimationFrame(() => {
      const after = new MessageChannel();
      after.port1.onmessage = () => { now.painted = performance.now(); };
      after.port2.postMessage(null);
    });
  }).observe(place, { childList: true, subtree: true });
});
"""


@dataclass(frozen=True, slots=True)
class Submit:
    """Milliseconds from one click: to the whole answer there, in the page, and painted."""

    answered: float
    swapped: float
    painted: float


def machine(browser: Browser) -> str:
    """What this was measured on."""
    try:
        cpu = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        cpu = None
    return (
        f"{datetime.date.today()}, {cpu[1] if cpu else '?'}; "
        f"Corrin {importlib.metadata.version('corrin')}, Python {platform.python_version()}, "
        f"Chromium {browser.version}"
    )


@contextlib.contextmanager
def opened(browser: Browser, served: Service) -> Iterator[Page]:
    """A page of a context of its own: nothing in its cache."""
    context = browser.new_context(base_url=served.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(60_000)
    try:
        yield context.new_page()
    finally:
        context.close()


def part(ordered: Sequence[float], percent: int) -> float:
    """A percentile of an ordered list."""
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def time(browser: Browser, served: Service, submits: int) -> None:
    """How long a person waits, by case and in all."""
    found: dict[str, list[Submit]] = {"typed": [], **{name: [] for name in CASES}}
    with opened(browser, served) as page:
        page.add_init_script(CLOCK)
        each = -(-submits // len(found))
        for name, taken in found.items():
            page.goto("/")
            if name == "typed":
                walk.usual(page)
            else:
                walk.paste(page, walk.document(name))
                submit(page)  # warm
            for _ in range(each):
                taken.append(submit(page))
    everything = sorted(one.painted for taken in found.values() for one in taken)
    print("| case | submits | answered p50 | swapped p50 | painted p50 | painted p95 | longest |")
    print("|---|---|---|---|---|---|---|")
    for name, taken in found.items():
        painted = sorted(one.painted for one in taken)
        answered, swapped = (
            statistics.median(getattr(one, at) for one in taken) for at in ("answered", "swapped")
        )
        print(
            f"| {name} | {len(taken)} | {answered:.0f} | {swapped:.0f} | {part(painted, 50):.0f} "
            f"| {part(painted, 95):.0f} | {painted[-1]:.0f} |"
        )
    p95 = part(everything, 95)
    print(
        f"| **all** | {len(everything)} | | | {part(everything, 50):.0f} | **{p95:.0f}** "
        f"| {everything[-1]:.0f} |\n"
    )
    print(f"Aim: p95 under {AIM_MS} ms: {'met' if p95 < AIM_MS else '**missed**'}.\n")


def submit(page: Page) -> Submit:
    """Ask once, and see when what came."""
    page.evaluate(
        "() => { window.corrinBench = null; performance.clearResourceTimings();"
        " document.activeElement?.blur(); }"
    )
    walk.interpret(page)
    page.wait_for_function("() => window.corrinBench?.painted")
    marks: dict[str, float] = page.evaluate(
        """() => {
             const asked = performance.getEntriesByType("resource");
             const one = asked.find((each) => new URL(each.name).pathname === "/");
             return { ...window.corrinBench, answered: one.responseEnd };
           }"""
    )
    began = marks["submitted"]
    return Submit(marks["answered"] - began, marks["swapped"] - began, marks["painted"] - began)


def weight(browser: Browser, served: Service) -> None:
    """What is fetched for the page and one answer, by resource."""
    with opened(browser, served) as page:
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        names: dict[str, str] = {}
        crossed: dict[str, float] = {}

        def responded(event: dict[str, Any]) -> None:
            names[event["requestId"]] = event["response"]["url"]

        def loaded(event: dict[str, Any]) -> None:
            crossed[event["requestId"]] = event["encodedDataLength"]

        wire.on("Network.responseReceived", responded)
        wire.on("Network.loadingFinished", loaded)
        page.goto("/")
        page.wait_for_load_state("networkidle")
        at_rest = set(crossed)
        walk.paste(page, walk.over_time())
        walk.as_of(page)
        walk.interpret(page)
        walk.answer(page).locator("canvas").first.wait_for()
        page.wait_for_load_state("networkidle")
        rows = []
        for request, url in list(names.items()):
            if url.startswith("data:"):
                continue  # a picture of the browser's own, drawn in a field for dates
            body = wire.send("Network.getResponseBody", {"requestId": request})["body"].encode()
            path = urlsplit(url).path
            what = "the answer" if path == "/" and request not in at_rest else path
            rows.append((what, len(body), len(gzip.compress(body, 6)), crossed.get(request, 0)))
    print("| resource | bytes | gzipped | over the wire, with its head |")
    print("|---|---|---|---|")
    for what, size, packed, wired in sorted(rows, key=lambda row: -row[2]):
        print(f"| `{what}` | {size:,} | {packed:,} | {wired:,.0f} |")
    size, packed, wired = (sum(row[at] for row in rows) for at in (1, 2, 3))
    print(f"| **all** | {size:,} | **{packed:,}** | {wired:,.0f} |\n")
    print(f"Aim: gzipped under {AIM_BYTES:,}: {'met' if packed < AIM_BYTES else '**missed**'}.\n")


def main() -> int:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submits", type=int, default=120, help="how many answers are timed")
    parser.add_argument("--skip", choices=("time", "weight"), help="leave one out")
    options = parser.parse_args()
    missing = support.lacking()
    if missing:
        print(f"No browser to measure with: {missing} (make browser).", file=sys.stderr)
        return 2
    with (
        support.tripwire() as wire,
        support.chromium(wire) as browser,
        service(log_level="warning") as served,
    ):
        print(f"{machine(browser)}\n")
        if options.skip != "time":
            time(browser, served, options.submits)
        if options.skip != "weight":
            weight(browser, served)
        assert not wire.asked, wire.asked
    return 0


if __name__ == "__main__":
    sys.exit(main())
