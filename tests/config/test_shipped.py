"""The configuration that ships, and the page that documents it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import config, planner
from bot.airfields import Airfields
from bot.config import classes, feeds, reader, watches
from bot.errors import ConfigError

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "config.md").read_text("utf-8")


def shipped(airfields: Airfields) -> config.Config:
    return config.load(ROOT / "config.yaml", airfields, env={})


def test_the_shipped_file_loads_quietly(airfields: Airfields) -> None:
    """No warning, no secret needed: only adsb.lol looks, only the console is told."""
    found = shipped(airfields)
    assert found.warnings == ()
    assert [feed.name for feed in found.feeds] == ["adsb-lol"]
    assert {a.channel for group in found.audiences.values() for a in group} == {"console"}


def test_the_shipped_watches_tell_the_story(airfields: Airfields) -> None:
    """Out to Libya with first_after, back, on into the Sahel, and in from Russia."""
    by_name = {watch.name: watch for watch in shipped(airfields).watches}
    out = by_name["Hmeimim to eastern Libya"]
    assert out.label() == "Hmeimim → al-Khadim, Benina, eastern-libya"
    assert out.alerts.first_after_days == 90
    sahel = by_name["Eastern Libya to the Sahel"].destination
    assert sahel is not None
    assert {spot.ident for spot in sahel.airfields} >= {"GABS", "DRRN", "DFFD", "FEFF"}
    assert {"Eastern Libya to Hmeimim", "Russia to Hmeimim", "Russia to eastern Libya"} <= set(
        by_name
    )


def test_the_shipped_pace_can_be_kept(airfields: Airfields) -> None:
    """A round of requests fits into `every`, so that nobody waits for the provider."""
    found = shipped(airfields)
    for feed in found.feeds:
        assert len(planner.plan(feed, found.watches)) * feed.spacing_s <= feed.every_s


def test_the_shipped_area_holds_the_fields_it_is_for(airfields: Airfields) -> None:
    """Eastern Libya holds al-Khadim, Benina, Al Marj, Labraq and Tobruk, not Sirte or Kufra."""
    area = shipped(airfields).areas["eastern-libya"]

    def inside(ident: str) -> bool:
        field = airfields.get(ident)
        assert field is not None
        return area.contains(field.lat_deg, field.lon_deg)

    assert all(inside(ident) for ident in ("HL59", "HLLB", "HL60", "HLLQ"))
    assert area.contains(31.861, 23.907)
    assert not any(inside(ident) for ident in ("HLGD", "HLKF", "OSLK"))


def test_what_is_commented_out_would_load(airfields: Airfields, tmp_path: Path) -> None:
    """Every line offered as a comment is right, once its secrets are there."""
    text = (ROOT / "config.yaml").read_text("utf-8")
    text = re.sub(r"^( *)# (- \{|telegram: |timezone: |quiet_hours: |retention: |data: )", r"\1\2",
                  text, flags=re.MULTILINE)  # fmt: skip
    (tmp_path / "config.yaml").write_text(text, "utf-8")
    (tmp_path / "secrets").mkdir(mode=0o700)
    account = '{"clientId": "a", "clientSecret": "b"}'
    for name, secret in (("telegram_token", "123:abc"), ("airplanes_live_key", "k"),
                         ("opensky.json", account)):  # fmt: skip
        (tmp_path / "secrets" / name).write_text(secret)
        (tmp_path / "secrets" / name).chmod(0o600)
    found = config.load(tmp_path / "config.yaml", airfields, env={})
    assert [f.name for f in found.feeds] == [
        "adsb-lol", "adsb-fi", "opensky", "airplanes-live", "roof",
    ]  # fmt: skip
    assert found.telegram is not None
    assert found.quiet_hours is not None


def examples() -> Iterator[str]:
    yield from re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)


KEYS = {*reader.KEYS, *feeds.KEYS, *classes.KEYS, *watches.KEYS, *watches.ALERTS, "false_alarms",
        "token_file", "api", "chat", "topic", "console", "telegram", "polygon", "circle", "box",
        "lat", "lon", "radius_nm", "south", "north", "west", "east", "elevation_ft", "runway_ft",
        "country"}  # fmt: skip


@pytest.mark.parametrize("key", sorted(KEYS))
def test_every_key_is_documented(key: str) -> None:
    """docs/config.md names each key in code style."""
    assert re.search(rf"`[^`\n]*\b{key}\b[^`\n]*`", DOCS)


@pytest.mark.parametrize("provider", sorted(feeds.V2_PROVIDERS))
def test_every_provider_is_documented(provider: str) -> None:
    """docs/config.md names each preset."""
    assert f"`{provider}`" in DOCS


def test_every_example_of_the_page_loads(airfields: Airfields, tmp_path: Path) -> None:
    """The examples, each completed with the shipped sections it leaves out, are right."""
    text = (ROOT / "config.yaml").read_text("utf-8")
    parts = re.split(r"^(?=[a-z_]+:)", text, flags=re.MULTILINE)[1:]
    sections = {part.split(":")[0]: part for part in parts}
    assert len(list(examples())) >= 4
    for example in examples():
        own = set(re.findall(r"^([a-z_]+):", example, re.MULTILINE))
        rest = "".join(part for name, part in sections.items() if name not in own)
        path = tmp_path / "config.yaml"
        path.write_text(example + "\n" + rest, "utf-8")
        try:
            config.load(path, airfields, env={"TELEGRAM_TOKEN": "1:T"}, need_secrets=False)
        except ConfigError as error:
            pytest.fail(f"{error}\nin:\n{example}")
