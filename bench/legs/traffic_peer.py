"""The `traffic` library itself (2.13), in an interpreter of its own that has it installed.

    PYTHON_WITH_TRAFFIC bench/legs/traffic_peer.py reports.npz airfields.csv legs.csv

Its documented way: `Flight.split` at gaps of ten minutes, then `infer_airport` for both ends (the
airfield nearest to the first and the last position). It gets our table of airfields, without
helipads. Imports nothing of this project, so that the two need no common environment.
"""

import csv
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
from traffic.core import Flight


def main() -> None:
    """Read reports, write one row a leg: icao24, first, last, origin, destination."""
    reports, fields, out = sys.argv[1:4]
    data = np.load(reports)
    frame = pd.DataFrame({
        "timestamp": pd.to_datetime(data["time_s"], unit="s", utc=True),
        "icao24": [f"{a:06x}" for a in data["icao24"]],
        "latitude": data["lat_deg"], "longitude": data["lon_deg"],
        "altitude": data["altitude_ft"], "groundspeed": data["ground_speed_kt"],
        "track": data["track_deg"], "vertical_rate": data["vertical_rate_fpm"],
        "onground": data["on_ground"],
    })  # fmt: skip
    airports = SimpleNamespace(data=pd.read_csv(fields, keep_default_na=False))
    with open(out, "w", newline="") as file:  # noqa: PTH123 - runs in a bare interpreter
        writer = csv.writer(file)
        for icao24, group in frame.groupby("icao24"):
            group = group.assign(callsign="X", flight_id=icao24)
            for leg in Flight(group.reset_index(drop=True)).split("10 minutes"):
                if len(leg.data) < 3:
                    continue
                ends = [leg.infer_airport(side, dataset=airports).icao
                        for side in ("takeoff", "landing")]  # fmt: skip
                writer.writerow([icao24, leg.start.timestamp(), leg.stop.timestamp(), *ends])


if __name__ == "__main__":
    main()
