"""A configuration in words: what is watched, by whom, what cannot fire yet and why, who is told.

Used by `airbridge check` and by the message that greets every audience on start. The lines have
the shape that `message.welcome` takes: one that ends with ':' is a heading, an empty one ends a
block. Nothing here asks a feed or opens a database: what only those know arrives as `Facts`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot import geo
from bot.airfields import country_names
from bot.config import Config
from bot.config.scalars import spoken
from bot.model.watch import Address, AircraftClass, Area, Place, Watch
from bot.outlook import looking, outlook

LEARN_DAYS = 14  # the detectors judge no surge on fewer days, unless told what is usual
LISTED = 6  # of a long list in one line; the rest is counted


@dataclass(frozen=True, slots=True)
class Facts:
    """What the store adds. `looked_days`: watch -> days with proof of looking so far; None when
    no database was opened, which is not the same as no day."""

    looked_days: Mapping[str, int] | None = None


def explain(config: Config, facts: Facts | None = None, audience: str | None = None) -> list[str]:
    """Everything, or (`audience`) what one audience should know on start; nothing for one that no
    watch and no trouble is told to."""
    facts = facts or Facts()
    if audience is not None:
        mine = [watch for watch in config.watches if audience in watch.audience]
        if not mine and audience not in config.operators:
            return []
        parts = [
            _watched(mine),
            _looking(config),
            _not_yet(mine, facts),
            _operator(config, audience),
        ]
        return _joined(parts)
    return _joined([
        _watched(config.watches), _kinds(config.watches), _areas(config.areas.values()),
        _looking(config), *([heading, *lines] for heading, lines in outlook(config)),
        _not_yet(config.watches, facts), _told(config), _habits(config),
        ["Mind:", *(f"{text}." for text in config.warnings)],
    ])  # fmt: skip


def _joined(parts: Iterable[list[str]]) -> list[str]:
    """Blocks with an empty line between them; a heading with nothing under it is left out."""
    lines: list[str] = []
    for part in parts:
        if len(part) > 1:
            lines += ["", *part] if lines else part
    return lines


# ---------------------------------------------------------------------------------- what is watched


def _watched(watches: Iterable[Watch]) -> list[str]:
    return ["What is watched:", *(line for watch in watches for line in _watch(watch))]


def _watch(watch: Watch) -> list[str]:
    craft = " or ".join(kind.name for kind in watch.aircraft) or "all aircraft"
    sure = f"both ends {watch.min_confidence:.0%} sure" if watch.origin and watch.destination else (
        f"the end {watch.min_confidence:.0%} sure"
    )  # fmt: skip
    return [
        f"{watch.name} → {', '.join(watch.audience)}",
        f"  {_place(watch.origin)} → {_place(watch.destination)}; {craft}; {sure}",
        f"  fires on {_listed(_triggers(watch))}"
        if _triggers(watch)
        else "  can never fire: every alert is off",
        *_calendar(watch),
    ]


def _calendar(watch: Watch) -> list[str]:
    names = country_names()
    known = [f"public holidays in {names.get(code, code)}" for code in watch.holidays]
    known += [peak.name for peak in watch.peaks]
    return [f"  allows for {_listed(known)}"] if known else []


def _place(place: Place | None) -> str:
    if place is None:
        return "anywhere"
    names = [f"{s.name} ({s.ident})" if s.name != s.ident else s.ident for s in place.airfields]
    return _listed([*names, *(area.name for area in place.areas)])


def _triggers(watch: Watch) -> list[str]:
    alerts = watch.alerts
    found = []
    if alerts.surge_per_year is not None:
        usual = f", usual is {watch.usual_text}" if watch.usual_text else ""
        found.append(f"a surge (false alarms: {_yearly(alerts.surge_per_year)}{usual})")
    if alerts.first_after_days is not None:
        found.append(f"the first flight in {alerts.first_after_days} days")
    if alerts.lull_per_year is not None:
        found.append(f"a lull (false alarms: {_yearly(alerts.lull_per_year)})")
    if alerts.sightings:
        found.append("every flight, gathered hourly")
    return found


def _yearly(rate: float) -> str:
    return f"{rate:.3g} a year" if rate >= 1 else f"one in {1 / rate:.3g} years"


def _kinds(watches: Iterable[Watch]) -> list[str]:
    kinds = {kind.name: kind for watch in watches for kind in watch.aircraft}
    return ["Kinds of aircraft:", *(f"{name}: {_kind(kind)}" for name, kind in kinds.items())]


def _kind(kind: AircraftClass) -> str:
    keys = []
    if kind.types:
        keys.append(f"type {_listed(sorted(kind.types), 'or')}")
    if kind.hexes:
        keys.append(_many(len(kind.hexes), "listed address", "listed addresses"))
    if kind.registrations:
        keys.append(f"registration {_listed(kind.registrations, 'or')}")
    if kind.callsigns:
        keys.append(f"callsign {_listed(kind.callsigns, 'or')}")
    if kind.military:
        keys.append("flagged military")
    text = "; or ".join(keys) or "nothing"
    if kind.only is not None:
        text += f" – but only with {_kind(kind.only)}"
    if kind.excluded is not None:
        text += f" – and not with {_kind(kind.excluded)}"
    return text


def _areas(areas: Iterable[Area]) -> list[str]:
    return ["Areas:", *(f"{area.name}: {_extent(area)}" for area in areas)]


def _extent(area: Area) -> str:
    """Where an area lies and how large it is: swapped coordinates show at once."""
    if area.centre is not None:
        return f"{area.radius_nm:g} nm around {_coordinates(*area.centre)}"
    lats = [lat for lat, _ in area.polygon]
    first = area.polygon[0][1]
    lons = [first + (lon - first + 180) % 360 - 180 for _, lon in area.polygon]
    lat, lon = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
    high = geo.distance_km(min(lats), lon, max(lats), lon)
    wide = geo.distance_km(lat, min(lons), lat, max(lons))
    middle = _coordinates(lat, (lon + 180) % 360 - 180)
    return f"{wide:.0f} km from west to east, {high:.0f} km from south to north, around {middle}"


def _coordinates(lat: float, lon: float) -> str:
    return f"{abs(lat):.1f}°{'N' if lat >= 0 else 'S'} {abs(lon):.1f}°{'E' if lon >= 0 else 'W'}"


# ------------------------------------------------------------------------------------ who looks


def _looking(config: Config) -> list[str]:
    return ["Who looks:", *looking(config)]


# ------------------------------------------------------------------------- what cannot fire yet


def _not_yet(watches: Sequence[Watch], facts: Facts) -> list[str]:
    """What cannot fire yet and why; watches that share a reason share its line."""
    reasons: dict[str, list[str]] = {}
    for watch in watches:
        for reason in _waiting(watch, facts):
            reasons.setdefault(reason, []).append(watch.name)
    lines = []
    for why, names in reasons.items():
        who = "every watch" if len(names) == len(watches) > 1 else _listed(names)
        lines.append(f"{who}: {why}")
    return ["What cannot fire yet, and what rests on your word:", *lines]


def _waiting(watch: Watch, facts: Facts) -> list[str]:
    """Why some of a watch's alerts cannot fire, or rest on a guess; one line each."""
    alerts = watch.alerts
    days = None if facts.looked_days is None else facts.looked_days.get(watch.name, 0)
    reasons = []
    learning = days is None or days < LEARN_DAYS
    if learning and alerts.surge_per_year is not None and watch.usual_per_day is None:
        reasons.append(f"no surge before {LEARN_DAYS} days of looking{_so_far(days)}; `usual:` or "
                       "imported history ends the wait")  # fmt: skip
    elif learning and alerts.surge_per_year is not None:
        reasons.append("a surge is judged by what you call usual, until the days looked at say more"
                       f"{_so_far(days)}")  # fmt: skip
    if learning and alerts.lull_per_year is not None:
        reasons.append(f"no lull before {LEARN_DAYS} days of looking{_so_far(days)}")
    if alerts.lull_per_year is None:
        reasons.append("no lull: it is off")
    first = alerts.first_after_days
    if first is not None and (days is None or days < first):
        reasons.append(f"no “first in {first} days” before somebody has looked for {first} days"
                       f"{_so_far(days)}")  # fmt: skip
    return reasons


def _so_far(days: int | None) -> str:
    return "" if days is None else f" ({days} so far)"


# ---------------------------------------------------------------------------------- who is told


def _told(config: Config) -> list[str]:
    lines = [f"{name}: {_listed([_address(a) for a in group])}"
             for name, group in config.audiences.items()]  # fmt: skip
    if config.operators:
        lines.append(f"The bot's own troubles: {_listed(config.operators)}")
    else:
        lines.append("The bot's own troubles: nobody (name an audience in operators:)")
    return ["Who is told:", *lines]


def _operator(config: Config, audience: str) -> list[str]:
    if audience not in config.operators:
        return []
    lines = ["you hear of its troubles", *(f"{text}." for text in config.warnings)]
    return ["The bot itself:", *lines]


def _address(address: Address) -> str:
    if address.channel == "console":
        return "the console"
    chat, _, topic = address.to.partition("/")
    return f"Telegram chat {chat}{f', topic {topic}' if topic else ''}"


def _habits(config: Config) -> list[str]:
    quiet = config.quiet_hours
    lines = [f"Times are shown in {config.timezone}; days are UTC days."]
    if quiet is not None:
        lines.append(f"From {quiet.start:%H:%M} to {quiet.end:%H:%M} messages come without sound.")
    lines.append(f"Data: {config.data}; flown paths are kept {spoken(config.retention)}, "
                 "and so are flights of other traffic; the watches' flights, counts and alerts for "
                 "ever.")  # fmt: skip
    return ["Habits:", *lines]


def _listed(words: Sequence[str], last: str = "and") -> str:
    """'a, b and c', cut after a few."""
    shown = list(words)
    if len(shown) > LISTED:
        shown = [*shown[: LISTED - 1], f"{len(words) - LISTED + 1} more"]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {last} {shown[-1]}"


def _many(n: int, one: str, more: str = "") -> str:
    return f"{n} {one if n == 1 else more or one + 's'}"
