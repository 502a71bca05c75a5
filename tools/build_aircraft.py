"""Make the lists behind `bot.aircraft` from public tables.

    python tools/build_aircraft.py --planes plane_alert_mil.csv.gz plane_alert_russian_state.csv \\
        --blocks code_blocks.csv --airlines airlines.csv --types model_types.csv.gz

Writes, into bot/data: `aircraft.csv.gz` (from plane-alert-db, ODbL; its joke tags and links are
left out), `aircraft_blocks.csv` (address blocks as disjoint ranges), `aircraft_operators.csv.gz`
(ICAO airline codes) and `types.csv.gz` (ICAO type designators), the last three from
vradarserver/standing-data (CC0). A row with an address that is not six hex digits is left out
and counted. The same input gives the same bytes.
"""

import argparse
import csv
import gzip
import io
import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from pathlib import Path

DATA = Path(__file__).parent.parent / "bot" / "data"
NOWHERE = "ZZ"  # standing-data's catch-all blocks
Row = dict[str, str]


def rows(path: Path) -> Iterator[Row]:
    """The rows of a CSV file, gzip or plain."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
    yield from csv.DictReader(io.StringIO(text))


def table(header: Iterable[str], body: Iterable[Iterable[str]]) -> bytes:
    """A CSV file's bytes."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows([header, *body])
    return out.getvalue().encode()


def write(name: str, content: bytes) -> None:
    """One file of bot/data; gzip without a time stamp."""
    packed = gzip.compress(content, 9, mtime=0) if name.endswith(".gz") else content
    (DATA / name).write_bytes(packed)
    print(f"{name}: {content.count(bytes([10])) - 1:,} rows, {len(packed):,} bytes")  # noqa: T201


def planes(paths: Iterable[Path]) -> bytes:
    """Address, registration, operator, type, whether military; a later file wins."""
    known: dict[str, tuple[str, ...]] = {}
    refused = 0
    for row in (row for path in paths for row in rows(path)):
        address = row["$ICAO"].strip().lower()
        if not re.fullmatch("[0-9a-f]{6}", address):
            refused += 1
            continue
        military = "1" if row["#CMPG"] == "Mil" else "0"
        known[address] = (address, row["$Registration"].strip(), row["$Operator"].strip(),
                          row["$ICAO Type"].strip(), military)  # fmt: skip
    print(f"left out for their address: {refused}")  # noqa: T201
    header = ("icao24", "registration", "operator", "type_code", "military")
    return table(header, (known[address] for address in sorted(known)))


def blocks(path: Path) -> bytes:
    """Disjoint ranges (start, country, military), each reaching to the next one's start.

    Blocks nest; the one with the most significant bits speaks for an address.
    """
    found = [(int(r["Start"], 16), int(r["Finish"], 16),
              int(r["SignificantBitmask"], 16).bit_count(),
              "" if r["CountryISO2"] == NOWHERE else r["CountryISO2"], r["IsMilitary"])
             for r in rows(path)]  # fmt: skip
    edges = sorted({b[0] for b in found} | {b[1] + 1 for b in found if b[1] < 0xFFFFFF})
    ranges: list[tuple[str, str, str]] = []
    for edge in edges:
        inside = [b for b in found if b[0] <= edge <= b[1]]
        country, military = max(inside, key=lambda b: b[2])[3:] if inside else ("", "0")
        if not ranges or ranges[-1][1:] != (country, military):
            ranges.append((f"{edge:06x}", country, military))
    return table(("start", "country", "military"), ranges)


def airlines(path: Path) -> bytes:
    """ICAO airline code and name."""
    names = {
        r["ICAO"]: r["Name"].strip() for r in rows(path) if re.fullmatch("[A-Z]{3}", r["ICAO"])
    }
    return table(("code", "name"), sorted(names.items()))


def types(path: Path) -> bytes:
    """Designator and the name of the model it was made for.

    A designator covers a dozen models (C130: Hercules, EC-130, ...); the one whose name looks
    most like the designator is the one people know it by, then the shortest; active ones first.
    """
    best: dict[str, tuple[bool, float, int, str]] = {}
    for row in rows(path):
        code = row["ICAO"]
        if re.fullmatch("[A-Z0-9]{2,4}", code):
            name = f"{row['Manufacturer']} {row['Model']}".strip()
            rank = (row["IsActive"] != "1", -likeness(code, row["Manufacturer"], row["Model"]),
                    len(name), name)  # fmt: skip
            best[code] = min(best.get(code, rank), rank)
    return table(("type_code", "name"), ((code, best[code][3]) for code in sorted(best)))


def likeness(code: str, maker: str, model: str) -> float:
    """How much a model's name looks like its designator, 0..1: A332 ~ A-330, C172 ~ Cessna 172."""
    plain = re.sub("[^A-Z0-9]", "", model.upper())
    starts = (plain[: len(code)], (maker[:1].upper() + plain)[: len(code)])
    return max(SequenceMatcher(None, code, start).ratio() for start in starts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--planes", type=Path, nargs="+", required=True)
    for name in ("blocks", "airlines", "types"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    args = parser.parse_args()
    write("aircraft.csv.gz", planes(args.planes))
    write("aircraft_blocks.csv", blocks(args.blocks))
    write("aircraft_operators.csv.gz", airlines(args.airlines))
    write("types.csv.gz", types(args.types))


if __name__ == "__main__":
    main()
