"""The real tracks with known truth: how many ends are named, and is any wrong?"""

import csv
from collections import defaultdict
from pathlib import Path

from bot.airfields import Airfields
from bot.legs.history import History, legs_of
from bot.legs.readers import raw, states, traces
from bot.model.air import Leg

DATA = Path("tests/legs/data")
UNTRUE = "zurich_airport"  # ground movements of ten aircraft at one field, no truth by flight


def track_legs(fields: Airfields) -> dict[str, list[Leg]]:
    """The legs of each file of tracks.csv."""
    history = History(fields)
    out = {}
    for path in sorted((DATA / "tracks").glob("*.json.gz")):
        out[path.name] = legs_of(states.parse_json(raw.read(path), path.name), history)
    return out


def trace_legs(fields: Airfields) -> dict[str, list[Leg]]:
    """The legs of each readsb trace."""
    history = History(fields)
    out = {}
    for path in sorted((DATA / "traces").glob("trace_full_*.json")):
        out[path.name] = legs_of(traces.parse(raw.read(path), path.name), history)
    return out


def tracks(fields: Airfields) -> tuple[int, int, int, list[str]]:
    """(known ends, named rightly, wrong, what was wrong) over tracks.csv."""
    found, known, right = track_legs(fields), 0, 0
    wrong: list[str] = []
    with (DATA / "tracks" / "tracks.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["file"].startswith(UNTRUE):
                wrong += [
                    f"{row['file']}: {leg.id} {e.airfield}"
                    for leg in found[row["file"]]
                    for e in (leg.origin, leg.destination)
                    if e.airfield not in (None, "LSZH")
                ]
                continue
            legs = sorted(found[row["file"]], key=lambda leg: leg.first_seen)
            known += bool(row["origin"]) + bool(row["destination"])
            if len(legs) != 1:
                wrong.append(f"{row['file']}: {len(legs)} legs")
                continue
            for truth, end in ((row["origin"], legs[0].origin),
                               (row["destination"], legs[0].destination)):  # fmt: skip
                if truth and end.airfield == truth:
                    right += 1
                elif end.airfield is not None:
                    wrong.append(f"{row['file']}: {end.airfield}, not {truth or 'unknown'}")
    return known, right, len(wrong), wrong


TRACES = {  # what traces.csv says: (origin, destination) of each leg, None where it was not seen
    "trace_full_ac671b.json": [(None, "KMSP"), ("KMSP", "KGEG"), ("KGEG", "KMSP"),
                               ("KMSP", "KDEN")],
    "trace_full_a3c78c.json": [("88NV", "88NV"), ("88NV", "88NV")],
}  # fmt: skip


def seen_traces(fields: Airfields) -> tuple[int, int, list[str]]:
    """(known ends, named rightly, what was wrong) over the traces."""
    known = right = 0
    wrong: list[str] = []
    nothing: dict[str, list[tuple[None, None]]] = defaultdict(list)
    for name, legs in trace_legs(fields).items():
        truth = TRACES.get(name, nothing[name])
        legs = sorted(legs, key=lambda leg: leg.first_seen)
        if truth and len(legs) != len(truth):
            wrong.append(f"{name}: {len(legs)} legs, not {len(truth)}")
        for i, leg in enumerate(legs):
            for k, end in enumerate((leg.origin, leg.destination)):
                want = truth[i][k] if i < len(truth) else None
                known += want is not None
                right += want is not None and end.airfield == want
                if end.airfield is not None and end.airfield != want:
                    wrong.append(f"{name}: {end.airfield} ({end.confidence}), not {want}")
    return known, right, wrong


def rows(fields: Airfields) -> list[tuple[str, str, str]]:
    """(what, target, measured)."""
    known, right, _, wrong = tracks(fields)
    known2, right2, wrong2 = seen_traces(fields)
    return [
        ("real tracks, ends of tracks.csv", ">= 18 named, none wrong",
         f"{right} of {known} named; wrong: {'; '.join(wrong) or 'none'}"),
        ("real traces, ends of traces.csv", "every seen end named, none wrong",
         f"{right2} of {known2} named; wrong: {'; '.join(wrong2) or 'none'}"),
    ]  # fmt: skip
