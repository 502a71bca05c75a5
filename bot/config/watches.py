"""`watches:` to Watch: both ends resolved, classes and audiences looked up, rates as numbers."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import TypeVar

from bot.config.almanac import read_holidays, read_peaks
from bot.config.mistakes import near
from bot.config.places import Gazetteer
from bot.config.scalars import (
    Reader,
    duration,
    false_alarms,
    label,
    number,
    off,
    rate_per_day,
    switch,
)
from bot.config.table import Spot, Table
from bot.config.tree import Entries, Items
from bot.model.watch import AircraftClass, AlertPolicy, Place, Watch

T = TypeVar("T")
KEYS = ("name", "from", "to", "aircraft", "usual", "alerts", "min_confidence", "audience",
        "holidays", "peaks")  # fmt: skip
ALERTS = ("surge", "first_after", "lull", "sightings")
NAME_CHARS = 60  # it stands in titles, and is typed after `airbridge why`
# An end is believed to lie in the watched set with this probability; 1 would never be reached.
CONFIDENCE = number(0.05, 0.99, "a probability")
FIRST_AFTER = duration(timedelta(days=1), timedelta(days=3650), "90 days")
DEFAULT = AlertPolicy()


def read_watches(
    value: Spot,
    places: Gazetteer,
    classes: Mapping[str, AircraftClass],
    audiences: Collection[str],
) -> tuple[Watch, ...]:
    """Every watch, in the order of the file; names are unique whatever their case."""
    seen: dict[str, int] = {}
    watches = []
    for item in value.items():
        table = item.table(KEYS)
        name = table.need("name", label(NAME_CHARS), "a name for messages") if table else None
        if table is None:
            continue
        if name is not None and name.casefold() in seen:
            table.wrong("name", f"{name}: the watch in line {seen[name.casefold()]} has this name, "
                                "expected a new one")  # fmt: skip
        if name is not None:
            seen.setdefault(name.casefold(), item.node.line)
        watches.append(_watch(name or "", table, places, classes, audiences))
    return tuple(watches)


def _watch(
    name: str,
    table: Table,
    places: Gazetteer,
    classes: Mapping[str, AircraftClass],
    audiences: Collection[str],
) -> Watch:
    if not table.has("from") and not table.has("to") and not table.misspelt("from", "to"):
        table.wrong("", "found neither from nor to, expected at least one of them")
    usual = table.spot("usual")
    rate = usual.value(rate_per_day) if usual else None
    origin, destination = _end(table, "from", places), _end(table, "to", places)
    return Watch(
        name=name,
        origin=origin,
        destination=destination,
        aircraft=_classes(table, classes),
        usual_per_day=rate,
        usual_text=(usual.text() or "") if usual and rate is not None else "",
        alerts=_alerts(table),
        min_confidence=table.get("min_confidence", CONFIDENCE, 0.7),
        audience=names_of(table, "audience", "audience", audiences),
        holidays=read_holidays(table, places.countries(origin, destination)),
        peaks=read_peaks(table),
    )


def _end(table: Table, key: str, places: Gazetteer) -> Place | None:
    spot = table.spot(key)
    return places.place(spot) if spot else None


def _classes(table: Table, classes: Mapping[str, AircraftClass]) -> tuple[AircraftClass, ...]:
    if not table.has("aircraft"):
        return ()
    names = names_of(table, "aircraft", "aircraft class", classes)
    return tuple(classes[name] for name in names)


def names_of(table: Table, key: str, what: str, known: Collection[str]) -> tuple[str, ...]:
    """References to things named elsewhere in the file; the key must be there and not empty."""
    spot = table.spot(key)
    if spot is None:
        table.missing(key, f"the name of an {what}")
        return ()
    found = []
    for item in spot.items():
        name = item.text()
        if name is None:
            continue
        if name in known:
            found.append(name)
        else:
            choice = f"; expected one of: {', '.join(known)}" if known else "; none is defined"
            item.wrong(f"{name[:40]}: no such {what}{near(name, known, choice)}")
    if isinstance(spot.node, Items) and not spot.node.items:
        spot.wrong(f"found an empty list, expected the name of an {what}")
    return tuple(dict.fromkeys(found))


def _alerts(table: Table) -> AlertPolicy:
    spot = table.spot("alerts")
    alerts = spot.table(ALERTS) if spot else None
    if alerts is None:
        return DEFAULT
    surge, lull, first = alerts.spot("surge"), alerts.spot("lull"), alerts.spot("first_after")
    return AlertPolicy(
        surge_per_year=_budget(surge) if surge else DEFAULT.surge_per_year,
        first_after_days=_days(first) if first else DEFAULT.first_after_days,
        lull_per_year=_budget(lull) if lull else DEFAULT.lull_per_year,
        sightings=alerts.get("sightings", switch, DEFAULT.sightings),
    )


def _budget(spot: Spot) -> float | None:
    """on, off, '1 per year', or {false_alarms: 1 per year}. None: off (or a mistake)."""
    if isinstance(spot.node, Entries):
        table = spot.table(("false_alarms",))
        return (
            table.need("false_alarms", false_alarms, "a rate such as 1 per year") if table else None
        )
    return spot.value(_or_off(lambda text: 1.0 if text.lower() == "on" else false_alarms(text)))


def _days(spot: Spot) -> int | None:
    span = spot.value(_or_off(FIRST_AFTER))
    return None if span is None else round(span / timedelta(days=1))


def _or_off(reader: Reader[T]) -> Reader[T | None]:
    return lambda text: None if off(text) else reader(text)
