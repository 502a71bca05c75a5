"""Every known event in the published series, and what the bot would have told of each series:

    python bench/detect/real.py [--all] [--holidays]

Each series is judged day by day through the bot's own judge and alert life; a line is a message.
`--all` prints every message of every series, otherwise those around the event. `--holidays` lets
the watches allow for the public holidays of their country.
"""

from __future__ import annotations

import argparse
import csv
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from bot import judge
from bot.alerts import Policy, step
from bot.message import compose
from bot.model.alert import Alert, CoverageNote, Evidence, Reason, Series
from bot.model.watch import AlertPolicy, Watch
from bot.pool import Start
from detectors import walk_forward

DATA = Path(__file__).resolve().parents[2] / "tests" / "detectors" / "data"
NEWS = (Reason.FIRST, Reason.WORSE)
COUNTRIES = {"albania": ("AL",), "turkiye": ("TR",), "moldova": ("MD",), "estonia": ("EE",),
             "nyc": ("US",)}  # fmt: skip


@dataclass(frozen=True)
class Told:
    """One message: for which day, why, and its words."""

    day: np.datetime64
    reason: Reason
    words: str


@dataclass(frozen=True)
class Story:
    """A series as the bot would have lived it. `alarm`, `score`: the library's, (T,)."""

    dates: Any
    counts: Any
    walk: Any
    told: tuple[Told, ...]

    def first(self, start: np.datetime64, stop: np.datetime64) -> list[Told]:
        """New alerts told for days in the span."""
        return [t for t in self.told if t.reason is Reason.FIRST and start <= t.day <= stop]


def load(name: str, field: str) -> tuple[Any, Any]:
    """Dates and counts, NaN where the source has no row or an impossible number."""
    with (DATA / name).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if "ADEP" in rows[0]:  # a row a pair and day; a pair's absent day is no flight or no data
        a, b = field.split("-")
        rows = [r for r in rows if r["HFE_TYPE"] == "KEP" and (r["ADEP"], r["ADES"]) == (a, b)]
        found = {np.datetime64(r["DATE"]): float(r["N"]) for r in rows}
        dates = np.arange("2025-01-01", "2026-01-01", dtype="datetime64[D]")
        months = {d.astype("datetime64[M]") for d in found}
        return dates, np.array(
            [found.get(d, 0.0 if d.astype("datetime64[M]") in months else np.nan) for d in dates]
        )
    dates = np.array([next(iter(r.values())) for r in rows], "datetime64[D]")
    counts = np.array([float(r[field]) for r in rows])
    return dates, np.where(counts < 0, np.nan, counts)


@cache
def live(name: str, field: str, holidays: bool = False) -> Story:
    """The series lived through, judged each day after it ended, one false alarm a year."""
    dates, counts = load(name, field)
    seen = np.isfinite(counts)
    place = name.split("_")[0]
    countries = COUNTRIES.get(place, ()) if holidays else ()
    watch = Watch(f"{place} {field}", None, None, alerts=AlertPolicy(), holidays=countries)
    series = Series(watch.name, dates, counts, np.zeros(len(dates)), seen.astype(float))
    calendar = judge.calendar_for(watch, series)
    special = None if calendar is None else calendar.matrix(dates)
    walk = walk_forward(counts, dates, seen.astype(float), calendar=special)
    alert: Alert | None = None
    told = []
    for i, day in enumerate(dates):
        today = day.item() + timedelta(days=1)
        now = datetime(today.year, today.month, today.day, 6, tzinfo=UTC)
        finding = judge._surge(watch, series, walk, i, today, Start())
        done = step(alert, finding, Policy(), now)
        alert = done.alert
        if done.reason is not Reason.NONE and alert is not None:
            evidence = Evidence(watch, finding, (), (), series, CoverageNote(1, 1, 0, 0, ()))
            said = compose(evidence, done.reason, now=now, tz=UTC, alert=alert)
            told.append(Told(day, done.reason, _spelt(said)))
            rarity = max(alert.peak_return_years, alert.told_return_years)
            alert = replace(alert, heard=("someone",), told_return_years=rarity)
    return Story(dates, counts, walk, tuple(told))


def _spelt(message: Any) -> str:
    facts = ["".join(span.text for span in line) for line in message.sections[0].lines[1:5]]
    return " · ".join([message.title, *facts])


def compose_line(found: Told) -> str:
    return f"      {found.day} {found.reason}: {found.words}"


def judged(event: dict[str, str], holidays: bool = False) -> tuple[bool | None, str, list[Told]]:
    """Whether the event was treated as it should be (None: nothing was promised), a word on it,
    and what was said around it."""
    name = event["file"].split("/")[1].replace("route_", "nyc_2013_route_")
    start, stop = (np.datetime64(event[k]) for k in ("date_from", "date_to"))
    if event["kind"] == "missing":
        return _missing(name, start, stop)
    if event["series"] == "all":
        return None, "see bench/detect/network.py", []
    story = live(name, event["series"], holidays)
    inside = (story.dates >= start) & (story.dates <= stop)
    near = [t for t in story.told if start <= t.day <= stop + 3]
    alerts = story.first(start, stop)
    years = inside.sum() / 365.25
    if event["kind"] == "surge":
        raised = bool(story.walk.alarm[inside].any())
        return raised, _raised(story, raised, bool(near), start), near
    if event["kind"] == "none":
        return len(alerts) <= years, f"{len(alerts)} alerts in {years:.1f} years", alerts
    if event["kind"] in ("season", "calendar"):
        return len(alerts) <= 1, f"{len(alerts)} alerts", near
    if event["kind"] == "drop":
        return not alerts, f"{len(alerts)} alerts of a surge", near
    days = [d for d in story.dates[inside & (story.counts > 0)] if (story.dates == d).any()]
    hits = sum(bool(story.walk.alarm[story.dates == d][0]) for d in days)
    return None, f"{hits} of {len(days)} days alarm, {len(alerts)} alerts", near


def _raised(story: Story, raised: bool, told: bool, start: Any) -> str:
    if not raised:
        return "NOT raised"
    before = [t for t in story.told if t.day < start]
    if told or not before or before[-1].reason is Reason.RESOLVED:
        return "raised"
    since = [t.day for t in before if t.reason is Reason.FIRST][-1]
    return f"raised, but no news of its own: the alert of {since} is still open"


def _missing(name: str, start: Any, stop: Any) -> tuple[bool, str, list[Told]]:
    """No zero is read into absent months, and nothing is said when the data return."""
    bad, said = 0, []
    for pair in ("LPPT-LTFM", "LTFM-LPPT", "LTFM-LGAV", "LGAV-LTFM"):
        story = live(name, pair)
        inside = (story.dates >= start) & (story.dates <= stop)
        bad += int((story.walk.state[inside] != "unknown").sum())
        said += [t for t in story.told if start <= t.day <= stop + 28]
    return bad == 0 and not said, f"{bad} days judged, {len(said)} messages", said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--holidays", action="store_true")
    asked = parser.parse_args()
    with (DATA / "events.csv").open(encoding="utf-8") as file:
        events = list(csv.DictReader(file))
    for event in events:
        right, words, said = judged(event, asked.holidays)
        mark = {True: "ok", False: "WRONG", None: "-"}[right]
        print(f"{mark:<5} {event['kind']:<13} {event['file'].split('/')[1].split('_')[0]} "
              f"{event['series']} {event['date_from']}: {words}")  # fmt: skip
        for told in said:
            print(compose_line(told))
    if asked.all:
        for key in sorted({(e["file"], e["series"]) for e in events if e["series"] != "all"}):
            name = key[0].split("/")[1].replace("route_", "nyc_2013_route_")
            if "pairs" in name:
                continue
            print(f"\n{name} {key[1]}")
            for told in live(name, key[1], asked.holidays).told:
                print(compose_line(told))


if __name__ == "__main__":
    main()
