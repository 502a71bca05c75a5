"""The demo's tables on disk: places, receivers, lines, flights. Read once, checked as they are."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bot.demo.ears import Receiver
from bot.demo.sky import Place

FOLDER = Path(__file__).parent.parent / "data" / "demo"


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of a table; lines that start with '#' are remarks."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(line for line in file if not line.startswith("#"))


def moment(text: str) -> datetime:
    """'2024-12-26 18:08' as an aware UTC datetime."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


def places() -> dict[str, Place]:
    """The airfields of the demo's sky, by ident."""
    return {
        row["ident"]: Place(
            row["ident"],
            float(row["lat_deg"]),
            float(row["lon_deg"]),
            float(row["elevation_ft"]),
            float(row["runway_deg"]),
        )
        for row in rows("places.csv")
    }


def receivers(outages: dict[str, tuple[tuple[float, float], ...]] | None = None) -> list[Receiver]:
    """The invented receivers. `outages`: by name, (from, to) in epoch s."""
    return [
        Receiver(
            row["name"],
            float(row["lat_deg"]),
            float(row["lon_deg"]),
            float(row["height_ft"]),
            float(row["reach_nm"]),
            (outages or {}).get(row["name"], ()),
        )
        for row in rows("receivers.csv")
    ]


def way(text: str) -> tuple[tuple[float, float], ...]:
    """'34.2 33.4;35.6 28.3' as ((34.2, 33.4), (35.6, 28.3))."""
    points = [point.split() for point in text.split(";") if point]
    return tuple((float(lat), float(lon)) for lat, lon in points)
