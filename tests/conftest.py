"""The table at the end of a run: each tier, what ran, what was left out and why."""

from collections import Counter
from pathlib import Path

TIERS = ("unit", "scripts", "engine", "lab")


def tier(nodeid):
    return Path(nodeid).parts[1]


def pytest_terminal_summary(terminalreporter):
    results = {name: Counter() for name in TIERS}
    seconds = Counter()
    reasons = {name: Counter() for name in TIERS}
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            name = tier(report.nodeid)
            if name in results:
                results[name][outcome] += 1
                seconds[name] += getattr(report, "duration", 0)
                if outcome == "skipped":
                    reasons[name][str(report.longrepr[2]).removeprefix("Skipped: ")] += 1
    terminalreporter.section("tiers")
    for name in TIERS:
        counts = results[name]
        line = ", ".join(f"{counts[k]} {k}" for k in ("passed", "failed", "error") if counts[k])
        terminalreporter.line(f"{name:8} {line or 'not run':40} {seconds[name]:6.1f} s")
        for reason, count in reasons[name].most_common():
            terminalreporter.line(f"{'':8} left out: {count} x {reason}")
