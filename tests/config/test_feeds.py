"""Feeds: kinds, presets, pace and keys."""

import json
from pathlib import Path

import pytest

from bot.model.providers import provider_of, quota_per_day
from tests.config.conftest import Load, Mistakes


def test_a_known_host_brings_its_spacing(load: Load) -> None:
    """adsb.lol wants 10 s between requests without anybody writing so."""
    feed = load().feeds[0]
    assert (feed.name, feed.kind, feed.url) == ("lol", "v2", "https://api.adsb.lol")
    assert (feed.every_s, feed.spacing_s, feed.key) == (60, 10, None)


def test_a_provider_brings_its_address(load: Load) -> None:
    """`provider:` is enough; url may be left out, and is only a different server when given."""
    feed = load(feeds="[{name: fi, provider: adsb-fi, kind: v2}]").feeds[0]
    assert (feed.url, feed.provider, feed.spacing_s) == (
        "https://opendata.adsb.fi/api",
        "adsb-fi",
        1,
    )


def test_a_receiver_by_address_or_by_file(load: Load, tmp_path: Path) -> None:
    """A receiver's url is an address, or a path relative to the configuration."""
    found = load(
        feeds="[{name: a, kind: readsb, url: http://127.0.0.1:8080/data/aircraft.json},"
        "{name: b, kind: readsb, url: run/aircraft.json, every: 2s}]"
    ).feeds
    assert found[0].url == "http://127.0.0.1:8080/data/aircraft.json"
    assert (found[1].url, found[1].every_s) == (str(tmp_path / "run/aircraft.json"), 2)


def test_recorded_snapshots_are_a_folder(load: Load, tmp_path: Path) -> None:
    """A recorded feed reads a folder that exists, relative to the configuration."""
    (tmp_path / "rec").mkdir()
    assert (
        load(feeds="[{name: r, kind: recorded, folder: rec}]").feeds[0].folder == tmp_path / "rec"
    )


def test_patience_is_the_owners(load: Load) -> None:
    """timeout and deadline are durations."""
    feed = load(feeds="[{name: a, kind: readsb, url: x, timeout: 5s, deadline: 1m}]").feeds[0]
    assert (feed.timeout_s, feed.deadline_s) == (5, 60)


def test_a_feed_without_its_key_is_left_out_and_said(load: Load) -> None:
    """airplanes.live answers only with a key: without one it is a warning, the others run."""
    found = load(feeds="[{name: al, kind: v2, provider: airplanes-live},"
                       "{name: lol, kind: v2, url: https://api.adsb.lol}]")  # fmt: skip
    assert [feed.name for feed in found.feeds] == ["lol"]
    assert found.warnings == (
        "feed al is not asked: airplanes-live needs a key (key_file, or the credential al_key)",
    )


def test_a_key_comes_from_its_file(load: Load, tmp_path: Path) -> None:
    """key_file holds the key; the provider's header carries it; no repr shows it."""
    (tmp_path / "key").write_text("s3cret\n")
    (tmp_path / "key").chmod(0o600)
    found = load(feeds="[{name: al, kind: v2, provider: airplanes-live, key_file: key}]")
    assert (found.feeds[0].key, found.feeds[0].key_header) == ("s3cret", "auth")
    assert "s3cret" not in repr(found)


def test_a_key_comes_from_the_services_credentials(load: Load, tmp_path: Path) -> None:
    """The credential NAME_key is found in $CREDENTIALS_DIRECTORY."""
    (tmp_path / "al_key").write_text("s3cret")
    found = load(feeds="[{name: al, kind: v2, provider: airplanes-live}]",
                 env={"CREDENTIALS_DIRECTORY": str(tmp_path)})  # fmt: skip
    assert found.feeds[0].key == "s3cret"


def test_a_key_of_ones_own_may_go_faster(load: Load, tmp_path: Path) -> None:
    """The public limit yields to a key: its owner knows what was agreed."""
    (tmp_path / "key").write_text("k")
    (tmp_path / "key").chmod(0o600)
    feed = load(feeds="[{name: l, kind: v2, url: https://api.adsb.lol, spacing: 2s, key_file: key,"
                      " key_header: X-Key}]").feeds[0]  # fmt: skip
    assert (feed.spacing_s, feed.key_header) == (2, "X-Key")


@pytest.mark.parametrize(
    ("feed", "expected"),
    [
        ("{kind: v2, url: https://a.example}", "[1].name: found nothing, expected a name such as "
                                               "adsb-lol"),
        ("{name: a b, kind: v2, url: https://a.example}",
         "[1].name: found 'a b', expected a name of letters, digits, - _ . (up to 40)"),
        ("{name: a}", "[1].kind: found nothing, expected one of: v2, opensky, readsb, "
                     "recorded"),
        ("{name: a, kind: readsbb}", "[1].kind: found 'readsbb', expected one of: v2, opensky, "
                                     "readsb, recorded; did you mean readsb?"),
        ("{nmae: a, kind: readsb, url: x}", "[1].nmae: no such key; did you mean name?"),
        ("{name: a, kind: v2}", "[1].url: found nothing, expected an address such as "
                                "https://api.adsb.lol, or a provider"),
        ("{name: a, kind: v2, url: api.adsb.lol}", "[1].url: found 'api.adsb.lol', expected an "
                                                   "address such as https://api.adsb.lol"),
        ("{name: a, kind: v2, url: 'https://me:pw@a.example'}",
         "[1].url: found an address with a password or key inside, expected the key in a key_file"),
        ("{name: a, kind: v2, url: 'https://a.example?api_key=zz'}",
         "[1].url: found an address with a password or key inside, expected the key in a key_file"),
        ("{name: a, kind: v2, url: 'http://[bad'}", "[1].url: found 'http://[bad', expected an "
                                                    "address such as https://api.adsb.lol"),
        ("{name: a, kind: v2, provider: adsb-fy}",
         "[1].provider: found 'adsb-fy', expected one of: adsb-lol, adsb-fi, airplanes-live, "
         "airplanes-live-open, adsbexchange, adsbexchange-rapidapi; did you mean adsb-fi or "
         "adsb-lol?"),
        ("{name: a, kind: v2, url: https://api.adsb.lol, every: soon}",
         "[1].every: found 'soon', expected a time such as 60s"),
        ("{name: a, kind: v2, url: https://api.adsb.lol, every: 0s}",
         "[1].every: found '0s', expected 1 s to 1 day"),
        ("{name: a, kind: v2, url: https://api.adsb.lol, every: 5s}",
         "[1].every: found 5 s, expected 10 s or more: the time between two requests"),
        ("{name: a, kind: v2, url: https://api.adsb.lol, spacing: 1s}",
         "[1].spacing: found 1 s, expected 10 s or more: adsb-lol asks for it (true in 2026-09)"),
        ("{name: a, kind: v2, url: https://a.example, timeout: 60s, deadline: 30s}",
         "[1].deadline: found 30 s, expected 1 min or more: the timeout of a single read"),
        ("{name: a, kind: v2, url: https://a.example, folder: x}",
         "[1].folder: found folder for kind v2, which does not use it"),
        ("{name: a, kind: readsb, url: x, provider: adsb-fi}",
         "[1].provider: found provider for kind readsb, which does not use it"),
        ("{name: a, kind: recorded}", "[1].folder: found nothing, expected a folder of snapshots"),
        ("{name: a, kind: recorded, folder: nowhere}",
         "[1].folder: found 'nowhere', expected a folder that exists"),
        ("{name: a, kind: v2, url: https://a.example, key: abc}",
         "[1].key: secrets never stand in this file; name a file that holds it (token_file, "
         "key_file)"),
        ("{name: a, kind: v2, url: https://a.example, key_file: hunter2}",
         "[1].key_file: the file it names cannot be read: No such file or directory"),
        ("nothing", "[1]: found 'nothing', expected keys: name, kind, provider, url, folder, "
                    "every, "
                    "spacing, timeout, deadline, key_file, key_header, contact, quota_per_day, "
                    "fallback_for, auth_url, radius_nm, batch, near_path, hex_path, mil_path, "
                    "type_path"),
        ("{name: a, kind: v2, url: https://a.example, near_path: '/v2/{lat}/{lng}'}",
         "[1].near_path: found '/v2/{lat}/{lng}', expected a path such as "
         "/v2/{lat}/{lon}/{radius}"),
        ("{name: a, kind: v2, url: https://a.example, mil_path: 'mil'}",
         "[1].mil_path: found 'mil', expected a path such as /v2/mil"),
        ("{name: a, kind: v2, url: https://a.example, batch: 0}",
         "[1].batch: found '0', expected a number of addresses from 1 to 1000"),
        ("{name: a, kind: v2, url: https://a.example, quota_per_day: 0}",
         "[1].quota_per_day: found '0', expected a number from 1 to 1e+07"),
        ("{name: a, kind: v2, url: https://a.example, quota_per_day: 1000, every: 60s}",
         "[1].every: found 1 min, expected 86.4 s or more: quota_per_day allows 1000 requests a "
         "day"),
        ("{name: a, kind: readsb, url: x, batch: 3}",
         "[1].batch: found batch for kind readsb, which does not use it"),
        ("{name: a, kind: opensky, provider: adsb-fi}",
         "[1].provider: found provider for kind opensky, which does not use it"),
        ("{name: a, kind: opensky, key_header: X}",
         "[1].key_header: found key_header for kind opensky, which does not use it"),
        ("{name: a, kind: opensky, every: 3s}",
         "[1].every: found 3 s, expected 5 s or more: the time between two requests"),
        ("{name: a, kind: opensky, quota_per_day: 4000}",
         "[1].quota_per_day: found 4000, expected 400 or less: opensky allows no more without a "
         "key"),
        ("{name: a, kind: opensky, key_file: hunter2}",
         "[1].key_file: the file it names cannot be read: No such file or directory"),
        ("{name: a, kind: readsb, url: x, fallback_for: b}", "[1].fallback_for: b: no such feed"),
        ("{name: a, kind: readsb, url: x, fallback_for: a}",
         "[1].fallback_for: a: waits for a itself, expected a feed that is no fallback of this "
         "one"),
    ],
)  # fmt: skip
def test_a_wrong_feed_names_its_field(mistakes: Mistakes, feed: str, expected: str) -> None:
    """Each rule of a feed has its own message, and it is the only one."""
    assert mistakes(feeds=f"[{feed}]") == [f"config.yaml:1: feeds{expected}"]


def test_a_paid_quota_sets_the_pace(mistakes: Mistakes, tmp_path: Path) -> None:
    """10,000 requests a month are one in four and a half minutes."""
    (tmp_path / "key").write_text("k")
    feed = "[{name: a, kind: v2, provider: adsbexchange-rapidapi, key_file: key, every: 60s}]"
    assert mistakes(feeds=feed) == [
        "config.yaml:1: feeds[1].every: found 1 min, expected 270 s or more: adsbexchange-rapidapi "
        "allows 320 requests a day"
    ]


def test_two_feeds_of_one_name(mistakes: Mistakes) -> None:
    """A feed's name is what the store knows it by: it is unique."""
    feed = "{name: a, kind: v2, url: https://a.example}"
    assert mistakes(feeds=f"\n  - {feed}\n  - {feed}") == [
        "config.yaml:3: feeds[2].name: a: another feed has this name, expected a new one"
    ]


def test_a_key_needs_a_header(mistakes: Mistakes, tmp_path: Path) -> None:
    """Nobody guesses how an unknown server wants its key."""
    (tmp_path / "key").write_text("k")
    assert mistakes(feeds="[{name: a, kind: v2, url: https://a.example, key_file: key}]") == [
        "config.yaml:1: feeds[1].key_header: found nothing, expected the name of the HTTP header "
        "that carries the key"
    ]


@pytest.mark.parametrize("content", ["", "   \n", "two words", "k\nk", "x" * 5000, "\x00", "é"])
def test_a_key_file_that_holds_no_key(mistakes: Mistakes, tmp_path: Path, content: str) -> None:
    """An empty, long or odd key file is a mistake that does not repeat its content."""
    (tmp_path / "key").write_text(content, "utf-8")
    feed = "[{name: a, kind: v2, url: https://a.example, key_file: key, key_header: X}]"
    assert mistakes(feeds=feed) == [
        "config.yaml:1: feeds[1].key_file: the file it names holds no key, expected one line with "
        "nothing else"
    ]


@pytest.mark.parametrize("feeds", [None, "[]", ""])
def test_no_feed_at_all(mistakes: Mistakes, feeds: str | None) -> None:
    """Without a feed nobody looks: that is a mistake."""
    assert mistakes(feeds=feeds) == [
        "config.yaml:1: feeds: found nothing, expected at least one entry"
    ]


def test_no_feed_that_can_be_asked(mistakes: Mistakes, load: Load) -> None:
    """When every feed lacks its key the bot does not start; explaining the file still works."""
    feeds = "[{name: al, kind: v2, provider: airplanes-live}]"
    assert mistakes(feeds=feeds) == [
        "config.yaml:1: feeds: found no feed that can be asked (feed al is not asked: "
        "airplanes-live "
        "needs a key (key_file, or the credential al_key)), expected at least one"
    ]
    assert "no feed can be asked: nobody looks" in load(feeds=feeds, need_secrets=False).warnings


def test_a_key_that_everybody_can_read_is_said(load: Load, tmp_path: Path) -> None:
    """A secret readable by all users of the machine is a warning."""
    (tmp_path / "key").write_text("k")
    (tmp_path / "key").chmod(0o644)
    found = load(feeds="[{name: al, kind: v2, provider: airplanes-live, key_file: key}]")
    assert found.warnings == ("key can be read by every user of this machine: chmod 600 key",)


ACCOUNT = '{\n  "clientId": "me-api-client",\n  "clientSecret": "s3cret"\n}\n'


def test_opensky_takes_the_file_of_its_account_page(load: Load, tmp_path: Path) -> None:
    """The credentials JSON as it was downloaded is the key; every preset is there without words."""
    (tmp_path / "credentials.json").write_text(ACCOUNT)
    (tmp_path / "credentials.json").chmod(0o600)
    found = load(
        feeds="[{name: os, kind: opensky, key_file: credentials.json, contact: me@a.example}]"
    )
    feed = found.feeds[0]
    assert (feed.url, feed.every_s, feed.spacing_s, feed.contact) == (
        "https://opensky-network.org/api", 60, 5, "me@a.example",
    )  # fmt: skip
    assert (json.loads(feed.key or "")["clientSecret"], found.warnings) == ("s3cret", ())
    assert (quota_per_day(feed), "s3cret" in repr(found)) == (4000, False)


def test_opensky_takes_the_services_credential(load: Load, tmp_path: Path) -> None:
    """The credential NAME_key holds the same JSON; a feeder's quota may be told."""
    (tmp_path / "os_key").write_text(ACCOUNT)
    found = load(feeds="[{name: os, kind: opensky, quota_per_day: 8000}]",
                 env={"CREDENTIALS_DIRECTORY": str(tmp_path)})  # fmt: skip
    assert found.feeds[0].key is not None
    assert quota_per_day(found.feeds[0]) == 8000


def test_opensky_without_an_account_is_asked_as_anybody(load: Load) -> None:
    """400 credits a day set the pace, and what is missing is said."""
    found = load(feeds="[{name: os, kind: opensky}]")
    assert (found.feeds[0].key, found.feeds[0].every_s) == (None, 216)
    assert found.warnings == (
        "feed os is asked without an account: 400 credits a day, and no flights of yesterday "
        "(key_file, or the credential os_key)",
    )


@pytest.mark.parametrize(
    "content",
    ["", "s3cret", '{"clientId": "s3cret"}', '["s3cret"]',
     '{"clientId": 5, "clientSecret": "s3cret"}', '{"clientId": "", "clientSecret": "s3cret"}',
     "[" * 3000],
)  # fmt: skip
def test_a_file_that_is_no_opensky_account(
    mistakes: Mistakes, tmp_path: Path, content: str
) -> None:
    """What is not the account page's file is a mistake that repeats nothing of it."""
    (tmp_path / "key").write_text(content)
    assert mistakes(feeds="[{name: os, kind: opensky, key_file: key}]") == [
        "config.yaml:1: feeds[1].key_file: the file it names is no OpenSky credentials file, "
        "expected the JSON of its account page, with clientId and clientSecret"
    ]


def test_a_provider_of_a_known_family_is_configuration_alone(load: Load) -> None:
    """Address, paths, batch, radius and quota of a provider that nobody foresaw."""
    found = load(feeds="[{name: new, kind: v2, url: https://sky.example, batch: 20, radius_nm: 100,"
                      " near_path: '/near?lat={lat}&lon={lon}&nm={radius}', hex_path: '/of/{list}',"
                      " mil_path: /military, type_path: off, quota_per_day: 1440}]")  # fmt: skip
    feed = found.feeds[0]
    provider = provider_of(feed)
    assert (
        provider.near.format(lat=1.0, lon=2.0, radius=100) == "/near?lat=1.0000&lon=2.0000&nm=100"
    )
    assert (provider.hexes, provider.military, provider.of_type) == ("/of/{list}", "/military", "")
    assert (provider.max_hexes, provider.max_radius_nm, quota_per_day(feed)) == (20, 100, 1440)


def test_the_fallback_of_a_feed_without_its_key_never_rests(load: Load) -> None:
    """The primary is left out: its fallback is an ordinary feed, and that is said."""
    found = load(
        feeds="[{name: al, kind: v2, provider: airplanes-live},"
        "{name: lol, kind: v2, provider: adsb-lol, fallback_for: al}]"
    )
    assert [(feed.name, feed.fallback_for) for feed in found.feeds] == [("lol", "")]
    assert found.warnings[1] == (
        "feed lol never rests: al, which it would stand in for, is not asked"
    )


def test_a_fallback_names_its_primary(load: Load, mistakes: Mistakes) -> None:
    """One feed waits for another; a circle of waiting is a mistake for each of its feeds."""
    feed = "{{name: {0}, kind: v2, url: https://{0}.example, fallback_for: {1}}}"
    first = "{name: a, kind: v2, url: https://a.example}"
    found = load(feeds=f"[{first}, {feed.format('b', 'a')}, {feed.format('c', 'b')}]").feeds
    assert [one.fallback_for for one in found] == ["", "a", "b"]
    assert mistakes(feeds=f"[{feed.format('a', 'b')}, {feed.format('b', 'a')}]") == [
        f"config.yaml:1: feeds[{i}].fallback_for: {other}: waits for {name} itself, expected a "
        "feed that is no fallback of this one"
        for i, name, other in ((1, "a", "b"), (2, "b", "a"))
    ]
