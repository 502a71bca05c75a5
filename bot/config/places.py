"""`airfields:` and `areas:`, and what a watch's `from:` and `to:` mean."""

import re
from typing import Protocol

from bot.config.mistakes import Wrong, near, shown
from bot.config.scalars import label, number, word
from bot.config.table import Spot as Value
from bot.config.table import Table
from bot.config.tree import Items
from bot.model.air import Airfield
from bot.model.watch import Area, Place, Spot

LAT, LON = number(-90, 90, "a latitude"), number(-180, 180, "a longitude")
# No runway is longer than 18,045 ft (Qamdo Bamda) and no hard one that matters here under 500;
# the elevation bounds are those of the airfield table.
RUNWAY_FT, ELEVATION_FT = number(500, 20_000, "feet"), number(-1400, 15_600, "feet")
RADIUS_NM = number(0.5, 3000, "nautical miles")  # beyond that it is no region but a hemisphere
IDENT = re.compile(r"[A-Z0-9][A-Z0-9-]{1,9}", re.ASCII)
Corner = tuple[float, float]


class Airfields(Protocol):
    """The table of airfields, as far as a configuration needs it."""

    def get(self, ident: str) -> Airfield | None:
        """The airfield of this code, or None."""
        ...

    def suggest(self, text: str) -> list[str]:
        """Codes that a mistyped one may have meant, best first."""
        ...


class Gazetteer:
    """Every place a watch can name: the owner's airfields and areas, then the table."""

    def __init__(self, table: Airfields) -> None:
        self._table = table
        self.own: dict[str, Airfield] = {}
        self.areas: dict[str, Area] = {}

    def field(self, ident: str) -> Airfield | None:
        """An airfield by its code, the owner's before the table's."""
        return self.own.get(ident) or self._table.get(ident)

    def place(self, value: Value) -> Place | None:
        """One end of a watch; None after a mistake."""
        spots: list[Spot] = []
        areas: list[Area] = []
        for item in value.items():
            name = item.text()
            found = self.field(name.upper()) if name else None
            if name in self.areas:
                areas.append(self.areas[name])
            elif found is not None:
                spots.append(Spot(found.ident, _short(found.name), found.lat_deg, found.lon_deg))
            elif name:
                item.wrong(f"{name[:40]}: no such airfield{self._suggest(name)}")
        if not spots and not areas:
            if isinstance(value.node, Items) and not value.node.items:
                value.wrong("found an empty list, expected airfields or areas (leave the key out "
                            "for anywhere)")  # fmt: skip
            return None
        return Place(tuple(dict.fromkeys(spots)), tuple(dict.fromkeys(areas)))

    def countries(self, *ends: Place | None) -> tuple[str, ...]:
        """The countries (ISO alpha-2) of those ends' airfields, each once; an area has none."""
        spots = [spot for end in ends if end for spot in end.airfields]
        fields = [self.field(spot.ident) for spot in spots]
        return tuple(dict.fromkeys(field.country for field in fields if field and field.country))

    def _suggest(self, name: str) -> str:
        own = near(name, [*self.areas, *self.own])
        if own:
            return own
        codes = [c for c in self._table.suggest(name) if c != name][:3]
        if not codes:
            return " or area"
        return f"; did you mean {', '.join(self._with_name(code) for code in codes)}?"

    def _with_name(self, ident: str) -> str:
        found = self._table.get(ident)
        return f"{ident} ({found.name})" if found else ident


def _short(name: str) -> str:
    """What people call it: 'Benina International Airport' is Benina in every message."""
    return re.sub(r"( International)?( Airport| Airfield)?$", "", name).strip() or name


def read_airfields(value: Value, places: Gazetteer) -> None:
    """`airfields: {HL59: {name, lat, lon, elevation_ft, runway_ft, country}}`."""
    for ident, spot in value.named():
        table = spot.table(("name", "lat", "lon", "elevation_ft", "runway_ft", "country"))
        if not IDENT.fullmatch(ident.upper()):
            spot.wrong(f"found {shown(ident)}, expected a code of 2 to 10 letters, digits or -")
        elif table is not None:
            _airfield(ident.upper(), table, places)


def _airfield(ident: str, table: Table, places: Gazetteer) -> None:
    name = table.need("name", label(60), "the airfield's name")
    lat = table.need("lat", LAT, "its latitude in degrees")
    lon = table.need("lon", LON, "its longitude in degrees")
    known = places.field(ident)
    places.own[ident] = Airfield(
        ident, name or ident, lat or 0.0, lon or 0.0,
        table.get("elevation_ft", ELEVATION_FT, None), table.get("runway_ft", RUNWAY_FT, None),
        table.get("country", country, known.country if known else ""),
    )  # fmt: skip


def country(text: str) -> str:
    """An ISO 3166-1 alpha-2 code, in upper case."""
    if re.fullmatch(r"[A-Za-z]{2}", text, re.ASCII):
        return text.upper()
    raise Wrong(f"found {shown(text)}, expected a country of two letters such as LY")


def read_areas(value: Value, places: Gazetteer) -> None:
    """`areas: {NAME: {polygon | circle | box: ...}}`."""
    for name, spot in value.named():
        table = spot.table(("polygon", "circle", "box"))
        try:
            word(name)
        except Wrong as exc:
            spot.wrong(str(exc))
        if table is None:
            continue
        clash = places.field(name.upper())
        if clash is not None:
            spot.wrong(f"{name} is also the airfield {clash.name}, expected another name")
        places.areas[name] = _area(name, table)


def _area(name: str, table: Table) -> Area:
    shapes = [key for key in ("polygon", "circle", "box") if table.has(key)]
    nothing = Area(name, centre=(0.0, 0.0))
    if len(shapes) != 1:
        found = " and ".join(shapes) or "nothing"
        if shapes or not table.misspelt(*table.keys):
            table.wrong("", f"found {found}, expected one of: polygon, circle, box")
        return nothing
    value = table.spot(shapes[0])
    assert value is not None  # it is one of the keys that are there
    shape = {"polygon": _polygon, "circle": _circle, "box": _box}[shapes[0]]
    return shape(name, value) or nothing


def _circle(name: str, value: Value) -> Area | None:
    table = value.table(("lat", "lon", "radius_nm"))
    if table is None:
        return None
    lat = table.need("lat", LAT, "the latitude of its centre")
    lon = table.need("lon", LON, "the longitude of its centre")
    radius = table.need("radius_nm", RADIUS_NM, "its radius in nautical miles")
    if lat is None or lon is None or radius is None:
        return None
    return Area(name, centre=(lat, lon), radius_nm=radius)


def _box(name: str, value: Value) -> Area | None:
    table = value.table(("south", "north", "west", "east"))
    if table is None:
        return None
    sides = [table.need(k, LAT, "a latitude in degrees") for k in ("south", "north")]
    sides += [table.need(k, LON, "a longitude in degrees") for k in ("west", "east")]
    if None in sides:
        return None
    south, north, west, east = (side or 0.0 for side in sides)
    if south >= north:
        value.wrong(f"found south {south:g} and north {north:g}, expected south below north")
        return None
    width = (east - west) % 360
    if not 0 < width < 180:
        value.wrong(f"found west {west:g} and east {east:g}, expected a box less than 180 degrees "
                    "wide")  # fmt: skip
        return None
    return Area(name, ((south, west), (south, east), (north, east), (north, west)))


def _polygon(name: str, value: Value) -> Area | None:
    corners = [_corner(item) for item in value.items()]
    known = [corner for corner in corners if corner is not None]
    if len(known) != len(corners):
        return None
    if known and known[0] == known[-1]:
        known = known[:-1]  # a ring closed as GeoJSON does it
    if len(set(known)) < 3:
        value.wrong(f"found {len(set(known))} corners, expected 3 or more as [lat, lon]")
        return None
    offsets = [(lon - known[0][1] + 180) % 360 - 180 for _, lon in known]
    if max(offsets) - min(offsets) >= 180:
        value.wrong("found corners 180 degrees of longitude apart, expected a smaller area")
        return None
    return Area(name, tuple(known))


def _corner(item: Value) -> Corner | None:
    if not isinstance(item.node, Items) or len(item.node.items) != 2:
        item.wrong("expected a corner as [lat, lon]")
        return None
    lat, lon = item.items()
    pair = (lat.value(LAT), lon.value(LON))
    return None if pair[0] is None or pair[1] is None else (pair[0], pair[1])
