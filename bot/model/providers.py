"""What each known provider documents: addresses, limits, access.

A preset is chosen by `provider:` or by the host of the URL; every value the owner sets himself
wins. Each entry carries the month it was true: providers change their rules without notice, and
a limit that is too low costs time, one that is too high costs access.
"""

import math
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from bot.model.feed import FeedSettings


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider's dialect and manners. The paths are appended to the feed's URL."""

    name: str
    url: str
    as_of: str  # YYYY-MM of the documentation or report these values come from
    near: str = "/v2/point/{lat:.4f}/{lon:.4f}/{radius:.0f}"
    hexes: str = "/v2/hex/{list}"
    military: str = ""  # all that is flagged; '' = it cannot be asked that
    of_type: str = ""  # all of one type designator, {type}; '' = it cannot be asked that
    max_radius_nm: float = 250.0
    max_hexes: int = 100  # in one request; 700 characters keep a URL below every server's limit
    spacing_s: float = 1.0
    key_header: str = ""
    key_needed: bool = False
    auth_url: str = ""  # of the token service, where there is one
    requests_per_day: int | None = None  # credits, where the provider counts in credits
    anonymous_per_day: int | None = None  # without a key, where that is allowed and less
    priced: bool = False  # a request costs credits by the size of what it asks for
    access: str = ""  # what to do when the provider says no
    attribution: str = ""


ADSB_LOL = Provider(
    "adsb-lol", "https://api.adsb.lol", "2026-09",
    military="/v2/mil", of_type="/v2/type/{type}",
    spacing_s=10.0,  # the throttle is dynamic: seven requests in 40 s were refused
    access="it throttles by load and wants an honest User-Agent; wait, or ask in its chat",
    attribution="Contains information from adsb.lol, made available under the Open Database "
                "License (ODbL) 1.0.",
)  # fmt: skip
ADSB_FI = Provider(
    "adsb-fi", "https://opendata.adsb.fi/api", "2026-08",
    near="/v2/lat/{lat:.4f}/lon/{lon:.4f}/dist/{radius:.0f}", military="/v2/mil",
    access="public use is personal and non-commercial, one request a second",
    attribution="Data from adsb.fi (https://adsb.fi), personal and non-commercial use.",
)  # fmt: skip
AIRPLANES_LIVE = Provider(
    "airplanes-live", "https://rest.api.airplanes.live", "2026-08",
    near="/?circle={lat:.4f},{lon:.4f},{radius:.0f}&jv2", hexes="/?find_hex={list}&jv2",
    military="/?all&filter_mil&jv2", of_type="/?find_type={type}&jv2",
    key_header="auth", key_needed=True,
    access="it answers only with a key since August 2026: write to its operators for one",
    attribution="Data from airplanes.live, non-commercial use.",
)  # fmt: skip
AIRPLANES_LIVE_OPEN = Provider(
    "airplanes-live-open", "https://api.airplanes.live", "2026-08",
    military="/v2/mil", of_type="/v2/type/{type}",
    access="access without a key was closed in August 2026: ask its operators for a key and use "
           "provider airplanes-live",
    attribution=AIRPLANES_LIVE.attribution,
)  # fmt: skip
ADSBEXCHANGE = Provider(
    "adsbexchange", "https://gateway.adsbexchange.com/api/aircraft/v2", "2026-08",
    near="/lat/{lat:.4f}/lon/{lon:.4f}/dist/{radius:.0f}", hexes="/icao/{list}",
    key_header="x-api-key", key_needed=True,
    access="check the key and what the contract covers",
)  # fmt: skip
ADSBEXCHANGE_RAPIDAPI = Provider(
    "adsbexchange-rapidapi", "https://adsbexchange-com1.p.rapidapi.com", "2026-08",
    near="/v2/lat/{lat:.4f}/lon/{lon:.4f}/dist/{radius:.0f}/", hexes="/v2/icao/{list}/",
    military="/v2/mil/",
    key_header="X-RapidAPI-Key", key_needed=True,
    requests_per_day=320,  # 10,000 a month
    access="check the key and the month's quota on the RapidAPI page",
)  # fmt: skip
OPENSKY = Provider(
    "opensky", "https://opensky-network.org/api", "2026-09", max_radius_nm=5400.0, max_hexes=50,
    spacing_s=5.0,  # the resolution of its states: asking faster gives the same answer
    requests_per_day=4000, anonymous_per_day=400, priced=True,
    auth_url="https://auth.opensky-network.org/auth/realms/opensky-network/protocol/"
             "openid-connect/token",
    access="create an API client on the account page of opensky-network.org and give its "
           "credentials file as key_file",
    attribution="Data from The OpenSky Network, https://opensky-network.org; research and "
                "non-commercial use.",
)  # fmt: skip
GENERIC = Provider("v2", "", "", access="ask the provider how to get access")

PROVIDERS = {
    p.name: p
    for p in (ADSB_LOL, ADSB_FI, AIRPLANES_LIVE, AIRPLANES_LIVE_OPEN, ADSBEXCHANGE,
              ADSBEXCHANGE_RAPIDAPI, OPENSKY)
}  # fmt: skip
_BY_HOST = {urlsplit(p.url).hostname: p for p in PROVIDERS.values()}


def provider_of(settings: FeedSettings) -> Provider:
    """The preset named by `provider`, else by the URL's host, else the family's common form; with
    the owner's own words in place of the preset's."""
    own = {
        "max_radius_nm": settings.radius_nm, "max_hexes": settings.batch,
        "near": settings.near_path, "hexes": settings.hex_path, "military": settings.mil_path,
        "of_type": settings.type_path,
    }  # fmt: skip
    changes: dict[str, Any] = {name: value for name, value in own.items() if value is not None}
    preset = _preset(settings)
    return replace(preset, **changes) if changes else preset


def _preset(settings: FeedSettings) -> Provider:
    if settings.kind == "opensky":
        return OPENSKY
    if settings.provider:
        return PROVIDERS.get(settings.provider, GENERIC)
    return _BY_HOST.get(urlsplit(settings.url).hostname, GENERIC)


def quota_per_day(settings: FeedSettings) -> float | None:
    """Requests (or credits) a day that this feed may use; None: no documented limit."""
    if settings.quota_per_day is not None:
        return settings.quota_per_day
    provider = _preset(settings)
    if provider.anonymous_per_day is not None and not settings.key:
        return provider.anonymous_per_day
    return provider.requests_per_day


def cost(settings: FeedSettings, query_key: str) -> float:
    """What one request costs of the quota, told by its stored key (`Query.key()`), so that what a
    stopped bot has spent is known when it starts again."""
    if not _preset(settings).priced:
        return 1.0
    kind, _, rest = query_key.partition(":")
    if kind == "near":
        south, north, west, east = box(*(float(v) for v in rest.split(",")))
        return credits_for((north - south) * (east - west))
    return HISTORY_CREDITS if is_history(query_key) else 4.0


HISTORY_CREDITS = 30.0  # an interval of one to two days of /flights, a track of yesterday


def is_history(query_key: str) -> bool:
    """Whether this was asked by the nightly pass, not of the sky of the moment."""
    return query_key.partition(":")[0] in ("flights", "track")


def credits_for(square_deg: float) -> float:
    """OpenSky's price of one box of states (its API documentation, 2026-09)."""
    return 1.0 + sum(square_deg > limit for limit in (25.0, 100.0, 400.0))


def box(lat_deg: float, lon_deg: float, radius_nm: float) -> tuple[float, float, float, float]:
    """(south, north, west, east) in degrees round a circle; never across the date line, where it
    is widened to the whole band (a box query cannot say it)."""
    reach = radius_nm / 60.0
    south, north = max(-90.0, lat_deg - reach), min(90.0, lat_deg + reach)
    flat = math.cos(math.radians(max(abs(south), abs(north))))
    wide = math.degrees(math.asin(min(1.0, math.sin(math.radians(min(reach, 90.0)))
                                      / max(math.cos(math.radians(lat_deg)), 1e-6))))  # fmt: skip
    if flat < 1e-6 or lon_deg - wide < -180.0 or lon_deg + wide > 180.0:
        return south, north, -180.0, 180.0
    return south, north, lon_deg - wide, lon_deg + wide
