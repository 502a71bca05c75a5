"""The local provider answers like a real one, and its sky is of this very moment."""

import json
import time

import pytest
import requests

from bot.demo.sky import Path
from tests.sky_server import SURGE, serve, surge_sky

NOW_S = 1_795_400_000.0


def get(url: str) -> dict[str, object]:
    reply = requests.get(url, timeout=10)
    assert reply.status_code == 200
    return json.loads(reply.content)  # type: ignore[no-any-return]


def test_the_sky_is_stamped_with_the_present() -> None:
    """A poll of the running server carries our clock, and aircraft of now."""
    with serve(surge_sky(time.time())) as url:
        reply = get(f"{url}/v2/point/34.0/29.0/250")
    assert abs(float(reply["now"]) / 1000 - time.time()) < 5  # type: ignore[arg-type]
    assert reply["ac"]


@pytest.mark.parametrize("path", ["/v2/point/30.1/31.2/50", "/v2/lat/30.1/lon/31.2/dist/50",
                                  "/v3/lat/30.1/lon/31.2/dist/50"])  # fmt: skip
def test_a_circle_has_two_spellings(path: str) -> None:
    """Both forms of a circle show the same aircraft about Cairo."""
    with serve(surge_sky(NOW_S), clock=lambda: NOW_S + 60) as url:
        found = get(url + path)["ac"]
    assert "140033" in {row["hex"] for row in found}  # type: ignore[attr-defined]


def test_addresses_and_files_are_answered() -> None:
    """A list of addresses brings those alone; a receiver's file brings seconds."""
    with serve(surge_sky(NOW_S), clock=lambda: NOW_S + 60) as url:
        assert {row["hex"] for row in get(f"{url}/v2/hex/140047,140048")["ac"]} == {  # type: ignore[attr-defined]
            "140047", "140048",
        }  # fmt: skip
        assert get(f"{url}/data/aircraft.json")["now"] == NOW_S + 60
        assert requests.get(f"{url}/v2/nonsense", timeout=10).status_code == 404


def test_the_surge_is_over_soon() -> None:
    """All flights to al-Khadim land inside ten minutes; those seen from take-off on, inside 15."""
    sky = surge_sky(NOW_S, surge_after_s=60)
    paths = [Path(flight) for flight in sky.flights if flight.type_code in ("IL76", "A124")]
    arrivals = [path for path in paths if path.flight.destination.ident == "HL59"]
    assert len(arrivals) == SURGE
    assert all(NOW_S < path.landing_s < NOW_S + 600 for path in arrivals)
    hops = [path for path in paths if path.flight.origin.ident == "HECA"]
    assert all(path.takeoff_s >= NOW_S + 60 for path in hops)
    assert all(path.landing_s < NOW_S + 900 for path in hops)
