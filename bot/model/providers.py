"""What each known provider of the v2 family documents: addresses, limits, access.

A preset is chosen by `provider:` or by the host of the URL; every value the owner sets himself
wins. Each entry carries the month it was true: providers change their rules without notice, and
a limit that is too low costs time, one that is too high costs access.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.model.feed import FeedSettings


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider's dialect and manners. `near`/`hexes` are appended to the feed's URL."""

    name: str
    url: str
    as_of: str  # YYYY-MM of the documentation or report these values come from
    near: str = "/v2/point/{lat:.4f}/{lon:.4f}/{radius:.0f}"
    hexes: str = "/v2/hex/{list}"
    max_radius_nm: float = 250.0
    max_hexes: int = 100  # in one request; 700 characters keep a URL below every server's limit
    spacing_s: float = 1.0
    key_header: str = ""
    key_needed: bool = False
    requests_per_day: int | None = None
    access: str = ""  # what to do when the provider says no
    attribution: str = ""


ADSB_LOL = Provider(
    "adsb-lol", "https://api.adsb.lol", "2026-09",
    spacing_s=10.0,  # the throttle is dynamic: seven requests in 40 s were refused
    access="it throttles by load and wants an honest User-Agent; wait, or ask in its chat",
    attribution="Contains information from adsb.lol, made available under the Open Database "
                "License (ODbL) 1.0.",
)  # fmt: skip
ADSB_FI = Provider(
    "adsb-fi", "https://opendata.adsb.fi/api", "2026-08",
    near="/v2/lat/{lat:.4f}/lon/{lon:.4f}/dist/{radius:.0f}",
    access="public use is personal and non-commercial, one request a second",
    attribution="Data from adsb.fi (https://adsb.fi), personal and non-commercial use.",
)  # fmt: skip
AIRPLANES_LIVE = Provider(
    "airplanes-live", "https://rest.api.airplanes.live", "2026-08",
    near="/?circle={lat:.4f},{lon:.4f},{radius:.0f}&jv2", hexes="/?find_hex={list}&jv2",
    key_header="auth", key_needed=True,
    access="it answers only with a key since August 2026: write to its operators for one",
    attribution="Data from airplanes.live, non-commercial use.",
)  # fmt: skip
AIRPLANES_LIVE_OPEN = Provider(
    "airplanes-live-open", "https://api.airplanes.live", "2026-08",
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
    key_header="X-RapidAPI-Key", key_needed=True,
    requests_per_day=320,  # 10,000 a month
    access="check the key and the month's quota on the RapidAPI page",
)  # fmt: skip
GENERIC = Provider("v2", "", "", access="ask the provider how to get access")

PROVIDERS = {
    p.name: p
    for p in (ADSB_LOL, ADSB_FI, AIRPLANES_LIVE, AIRPLANES_LIVE_OPEN, ADSBEXCHANGE,
              ADSBEXCHANGE_RAPIDAPI)
}  # fmt: skip
_BY_HOST = {urlsplit(p.url).hostname: p for p in PROVIDERS.values()}


def provider_of(settings: FeedSettings) -> Provider:
    """The preset named by `provider`, else by the URL's host, else the family's common form."""
    if settings.provider:
        return PROVIDERS.get(settings.provider, GENERIC)
    return _BY_HOST.get(urlsplit(settings.url).hostname, GENERIC)
