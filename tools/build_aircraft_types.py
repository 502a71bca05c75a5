"""Condense a table of ICAO type designators into `bot/data/legs-types.csv`.

    python tools/build_aircraft_types.py model-types.csv.gz > bot/data/legs-types.csv

One letter a type: R rotorcraft, L light piston or glider, T turboprop, B small jet, J large jet,
M transport or patrol aircraft of the forces. That is all the leg builder asks of a type.
"""

import csv
import gzip
import sys
from pathlib import Path

# Transports, tankers, patrol and the Soviet airliners that only states still fly: they use air
# bases without scheduled service as a matter of course.
FORCES = (
    "A124 A225 A332M A400 AN12 AN22 AN26 AN30 AN32 AN72 AN74 ATLA C1 C2 C5 C5M C130 C135 C141 C160 "
    "C17 C212 C27J C295 C30J C390 CN35 E3CF E3TF E6 E8 E737 IL18 IL38 IL62 IL76 IL78 K35A K35E "
    "K35R KC2 KC39 N262 P1 P3 P8 R135 S3 T134 T154 TU95 TU22 TU16 U28 V22 Y8 Y9 Y20 Z3 WB57"
)
# Business jets of a wake class that otherwise means an airliner.
BUSINESS = (
    "ASTR BE40 C25C C55B C560 C56X C650 C680 C68A C700 C750 CL30 CL35 CL60 E35L E545 E550 E55P "
    "F2TH F900 FA10 FA20 FA50 FA5X FA6X FA7X FA8X G150 G280 GA5C GA6C GA7C GA8C GALX GL5T GL7T "
    "GLEX GLF2 GLF3 GLF4 GLF5 GLF6 H25A H25B H25C HA4T J328 L29B LJ31 LJ35 LJ40 LJ45 LJ55 LJ60 "
    "LJ70 LJ75 PC24 PRM1 SBR1 WW24"
)


def letter(row: dict[str, str]) -> str:
    """The class of one designator."""
    engine, wake = row["EngineTypeCode"], row["WakeTurbulenceCode"]
    if row["ICAO"] in FORCES.split():
        return "M"
    if row["SpeciesCode"] in ("H", "G"):
        return "R"
    if engine == "J":
        if row["ICAO"] in BUSINESS.split():
            return "B"
        return "J" if wake not in ("L", "") and row["Engines"] not in ("1",) else "B"
    return "T" if engine == "T" else "L"


def main() -> None:
    """Read the table named on the command line, print the condensed one."""
    text = gzip.decompress(Path(sys.argv[1]).read_bytes()).decode("utf-8-sig")
    found: dict[str, str] = {}
    for row in csv.DictReader(text.splitlines()):
        if row["ICAO"].isalnum() and row["EngineTypeCode"]:
            found.setdefault(row["ICAO"], letter(row))
    sys.stdout.write("type,class\n" + "".join(f"{k},{found[k]}\n" for k in sorted(found)))


if __name__ == "__main__":
    main()
