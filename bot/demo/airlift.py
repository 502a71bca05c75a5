"""December 2024, Hmeimim to eastern Libya, reconstructed from published reports.

Promises: every flight of the story stands in `bot/data/demo/airlift_2024.csv` with what a report
supports and what is invented; everything made from it must carry `LABEL`. Refuses to pass for
recorded data: no public record of these flights exists.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bot.demo import tables
from bot.demo.civil import airliners
from bot.demo.ears import Ears
from bot.demo.quiet import QuietHour, quiet_legs, quiet_year
from bot.demo.sky import Flight, Place
from bot.demo.wire import Sky
from bot.model.air import Icao24

__all__ = ["END", "LABEL", "SEED", "SOURCES", "START", "QuietHour", "airlift", "flights",
           "quiet_legs", "quiet_year", "sky"]  # fmt: skip

LABEL = "RECONSTRUCTION from published reports – not recorded data"
SOURCES: tuple[tuple[str, str], ...] = (
    ("ItaMilRadar, 27 Dec 2024",
     "https://itamilradar.com/2024/12/27/the-russian-air-bridge-to-libya-continues-and-strengthens"),
    ("WP.pl citing ItaMilRadar",
     "https://wiadomosci.wp.pl/rosja-wzmacnia-obecnosc-wojskowa-w-libii-7109242787879648a"),
    ("Interia citing ItaMilRadar",
     "https://wydarzenia.interia.pl/bliski-wschod/news-rosja-uruchomila-most-powietrzny-ratuja-sytuacje-po-upadku-r,nId,7875884"),
    ("Reuters through El Khabar, 14 Dec 2024",
     "https://www.elkhabar.com/press/article/253742/un-avion-cargo-russe-quitte-hmeimim-en-direction-de-la-libye/"),
    ("Lettera43 through zazoom.it, 7 Jan 2025",
     "https://www.zazoom.it/2025-01-07/il-pressing-di-putin-su-nato-e-italia-con-gli-spostamenti-dei-russi-dalla-siria-alla-libia/16128209/"),
    ("Libyan official quoted in the press",
     "https://dumpling.news/2024/12/russia-dispatches-cargo-flights-to.html"),
    ("Press citing public flight data", "https://tgstat.com/channel/@beholdisraelchannel/46707"),
    ("Tanasuh citing ItaMilRadar", "https://tanasuh.tv/002-282"),
)  # fmt: skip
START = datetime(2024, 12, 11, tzinfo=UTC)
END = datetime(2024, 12, 28, tzinfo=UTC)
SEED = 20241226

# Way points are invented: round Cyprus over the sea, down the Black Sea and Anatolia, or by the
# Caspian, Iran and Iraq, as such flights are known to go.
_WAYS: dict[tuple[str, str], str] = {
    ("OSLK", "HL59"): "35.0 35.1;33.9 33.2;33.6 28.5",
    ("UUBW", "HL59"): "50.0 41.0;44.6 37.4;42.0 35.3;38.8 32.0;36.3 30.1;34.2 26.0",
    ("UUMU", "HLLB"): "50.0 41.0;44.6 37.4;42.0 35.3;38.8 32.0;36.3 30.1;34.4 25.0",
    ("UMMS", "HLLB"): "54.2 33.0;50.0 41.0;44.6 37.4;42.0 35.3;38.8 32.0;36.3 30.1;34.4 25.0",
    ("UUMU", "OSLK"): "48.4 45.2;42.6 49.6;38.2 49.6;35.6 46.0;34.8 40.4",
    ("HL59", "GABS"): "29.4 16.2;22.0 4.0",
}
_CRUISE = {"IL76": (31_000.0, 442.0), "A124": (33_000.0, 462.0)}
# The only receiver that sees the Libyan coast low is one volunteer's, and it is not always on.
_BENGHAZI_OFF = (
    ("2024-12-17 15:00", "2024-12-18 04:30"),
    ("2024-12-19 06:00", "2024-12-20 05:00"),
    ("2024-12-23 18:00", "2024-12-26 03:00"),
)


def flights() -> list[Flight]:
    """The flights of the story, in order of take-off."""
    places = tables.places()
    return [_flight(row, places) for row in tables.rows("airlift_2024.csv")]


def _flight(row: dict[str, str], places: dict[str, Place]) -> Flight:
    ends = row["from"], row["to"]
    via = tables.way(_WAYS.get(ends, "")) or tables.way(_WAYS.get(ends[::-1], ""))[::-1]
    listed = row["listed"] == "yes"
    cruise_ft, cruise_kt = _CRUISE[row["type"]]
    return Flight(
        Icao24(row["hex"]),
        places[row["from"]],
        places[row["to"]],
        tables.moment(row["takeoff_utc"]).timestamp(),
        cruise_ft=cruise_ft,
        cruise_kt=cruise_kt,
        climb_fpm=2_000.0,
        via=via,
        callsign=row["callsign"],
        registration=row["registration"] if listed else "",
        type_code=row["type"] if listed else "",
        military=listed,
        on_above_ft=float(row["on_above_ft"]) if row["on_above_ft"] else None,
        off_below_ft=float(row["off_below_ft"]) if row["off_below_ft"] else None,
    )


def sky() -> Sky:
    """The story's flights among invented airliners, heard by invented receivers."""
    off = tuple(
        (tables.moment(a).timestamp(), tables.moment(b).timestamp()) for a, b in _BENGHAZI_OFF
    )
    day = timedelta(days=1)  # those already up at the first poll took off the day before
    return Sky(
        [*flights(), *airliners(START.date() - day, END.date() - day, SEED)],
        Ears(tables.receivers({"Benghazi": off}), SEED),
    )


def airlift(every_s: float = 60.0) -> Iterator[tuple[float, bytes]]:
    """(epoch s, v2 reply) from 11 to 27 December 2024, everything heard in the region."""
    yield from sky().polls(START.timestamp(), END.timestamp(), every_s)
