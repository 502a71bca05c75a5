"""Audiences, operators, Telegram's token, and the odds and ends."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import config
from bot.errors import ConfigError
from bot.model.watch import Address
from tests.config.conftest import Load, Mistakes

TOKEN = "123456789:" + "AbCdEfGhI" * 4
CHAT = "{desk: [{telegram: {chat: -1001234567890, topic: 7}}, console]}"


def test_addresses_of_every_shape(load: Load) -> None:
    """A chat by number, with a topic, by name; the console; each once."""
    found = load(
        audiences="{a: [{telegram: {chat: -100123, topic: 7}}, console, console], "
        "desk: {telegram: '@channel'}, c: console, d: [{telegram: -100123}]}",
        env={"TELEGRAM_TOKEN": TOKEN},
    )
    assert found.audiences == {
        "a": (Address("telegram", "-100123/7"), Address("console")),
        "desk": (Address("telegram", "@channel"),),
        "c": (Address("console"),),
        "d": (Address("telegram", "-100123"),),
    }
    assert found.addresses(("a", "c")) == (Address("telegram", "-100123/7"), Address("console"))


@pytest.mark.parametrize(
    ("audiences", "expected"),
    [
        ("{desk: []}", ".desk: found nobody, expected at least one address (console, telegram)"),
        ("{desk: [consol]}", ".desk[1]: found 'consol', expected console or telegram"),
        ("{desk: [telegram]}", ".desk[1]: found 'telegram', expected console or telegram (write "
                               "{telegram: \"@name\"} or {telegram: {chat: ID}})"),
        ("{desk: [{telegrm: 5}]}", ".desk[1].telegrm: no such key; did you mean telegram?"),
        ("{desk: [{}]}", ".desk[1]: found nothing, expected an address (console, telegram)"),
        ("{desk: [{telegram: desk}]}",
         ".desk[1].telegram: found 'desk', expected a chat id such as -1001234567890 (`airbridge "
         "chats` shows it) or the @name of a public channel"),
        ("{desk: [{telegram: {topic: 7}}]}",
         ".desk[1].telegram.chat: found nothing, expected a chat id or @name"),
        ("{desk: [{telegram: {chat: -100, topic: x}}]}",
         ".desk[1].telegram.chat: found '-100/x', expected a chat id such as -1001234567890 "
         "(`airbridge chats` shows it) or the @name of a public channel"),
        ("{desk: [{telegram: {chat: 1.5}}]}",
         ".desk[1].telegram.chat: found '1.5', expected a chat id such as -1001234567890 "
         "(`airbridge chats` shows it) or the @name of a public channel"),
        ("{desk: console, d k: console}",
         ".d k: found 'd k', expected a name of letters, digits, - _ . (up to 40)"),
    ],
)  # fmt: skip
def test_a_wrong_address(mistakes: Mistakes, audiences: str, expected: str) -> None:
    """Each rule of an address has its own message."""
    env = {"TELEGRAM_TOKEN": TOKEN}
    assert mistakes(audiences=audiences, env=env) == [f"config.yaml:2: audiences{expected}"]


def test_operators_are_audiences(load: Load, mistakes: Mistakes) -> None:
    """Operators are named like the audiences of a watch; a list of nobody is a mistake."""
    assert load(operators="[desk]").operators == ("desk",)
    assert load(operators="desk").operators == ("desk",)
    assert mistakes(operators="[dsek]") == [
        "config.yaml:4: operators[1]: dsek: no such audience; did you mean desk?"
    ]


def secret(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(0o600)


def test_the_token_is_looked_for_in_order(load: Load, tmp_path: Path) -> None:
    """The file first, then the service's credential, then the environment."""
    (tmp_path / "creds").mkdir()
    env = {"TELEGRAM_TOKEN": "3:env", "CREDENTIALS_DIRECTORY": str(tmp_path / "creds")}
    secret(tmp_path, "token", "1:file\n")

    def token(telegram: str | None) -> str | None:
        settings = load(audiences=CHAT, telegram=telegram, env=env).telegram
        return settings.token if settings else None

    assert token(None) == "3:env"
    secret(tmp_path / "creds", "telegram_token", "2:creds\n")
    assert token(None) == "2:creds"
    assert token("{token_file: token}") == "1:file"


def test_the_token_hides(load: Load) -> None:
    """No repr of a configuration shows the token."""
    found = load(audiences=CHAT, telegram="{api: 'http://127.0.0.1:8081'}",
                 env={"TELEGRAM_TOKEN": TOKEN})  # fmt: skip
    assert found.telegram == config.TelegramSettings(TOKEN, "http://127.0.0.1:8081")
    assert TOKEN not in repr(found)


def test_a_missing_token_is_a_mistake_or_a_warning(mistakes: Mistakes, load: Load) -> None:
    """A chat that cannot be reached stops the bot, but not an explanation of its file."""
    said = ("no bot token; expected one in telegram.token_file, the credential telegram_token, or "
            "TELEGRAM_TOKEN in the environment")  # fmt: skip
    assert mistakes(audiences=CHAT) == [f"config.yaml:1: telegram: {said}"]
    found = load(audiences=CHAT, need_secrets=False)
    assert found.telegram is None
    assert found.warnings == (f"Telegram: {said}; until then nothing is sent there",)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, ".token_file: the file it names cannot be read: No such file or directory"),
        ("", ".token_file: the file it names holds no key, expected one line with nothing else"),
        ("hello", ": the token found has not the shape NUMBER:LETTERS that @BotFather gives"),
    ],
)
def test_a_token_file_that_holds_no_token(
    mistakes: Mistakes, tmp_path: Path, content: str | None, expected: str
) -> None:
    """A named token file that fails is a mistake; the environment does not step in."""
    if content is not None:
        secret(tmp_path, "token", content)
    env = {"TELEGRAM_TOKEN": TOKEN}
    found = mistakes(audiences=CHAT, telegram="{token_file: token}", env=env)
    assert found == [f"config.yaml:4: telegram{expected}"]


def test_a_bad_credential_is_named(mistakes: Mistakes, tmp_path: Path) -> None:
    """A credential that holds nothing is said, and by its name."""
    (tmp_path / "telegram_token").write_text("")
    assert mistakes(audiences=CHAT, env={"CREDENTIALS_DIRECTORY": str(tmp_path)}) == [
        "config.yaml:1: credential telegram_token: the file it names holds no key, expected one "
        "line "
        "with nothing else"
    ]


@pytest.mark.parametrize(
    ("chat", "address"),
    [("-100123", Address("telegram", "-100123")), ("-100123/7", Address("telegram", "-100123/7")),
     (" @channel ", Address("telegram", "@channel")), ("", None)],
)  # fmt: skip
def test_a_chat_from_the_environment(chat: str, address: Address | None) -> None:
    """TELEGRAM_CHAT names a chat for the demo and by hand."""
    assert config.telegram_address({"TELEGRAM_CHAT": chat}) == address


def test_a_wrong_chat_from_the_environment() -> None:
    """TELEGRAM_CHAT that is no chat is a ConfigError that names it."""
    with pytest.raises(ConfigError, match="TELEGRAM_CHAT: expected a chat id such as"):
        config.telegram_address({"TELEGRAM_CHAT": "my chat"})
    assert config.telegram_address({}) is None


def test_odds_and_ends(load: Load, tmp_path: Path) -> None:
    """Zone, quiet hours, retention and data folder."""
    found = load(timezone="Europe/Paris", quiet_hours="22:30 - 06:30", retention="1 year",
                 data="state")  # fmt: skip
    assert str(found.timezone) == "Europe/Paris"
    assert found.retention == timedelta(days=365)
    assert found.data == tmp_path / "state"
    assert load(data="/var/lib/airbridge").data == Path("/var/lib/airbridge")


def test_the_data_folder_follows_the_service(load: Load, tmp_path: Path) -> None:
    """Left out, data lives in the service's state folder, else beside the configuration."""
    assert load().data == tmp_path / "airbridge-data"
    assert load(env={"STATE_DIRECTORY": "/var/lib/airbridge"}).data == Path("/var/lib/airbridge")


@pytest.mark.parametrize(
    ("hours", "utc", "quiet"),
    [("22:30-06:30", (22, 29), False), ("22:30-06:30", (22, 30), True),
     ("22:30-06:30", (0, 0), True), ("22:30-06:30", (6, 29), True),
     ("22:30-06:30", (6, 30), False), ("01:00-05:00", (3, 0), True),
     ("01:00-05:00", (12, 0), False)],
)  # fmt: skip
def test_quiet_hours(load: Load, hours: str, utc: tuple[int, int], quiet: bool) -> None:
    """Quiet hours start on the minute, may pass midnight, and end before theirs."""
    now = datetime(2024, 12, 26, *utc, tzinfo=UTC)
    assert load(quiet_hours=hours).quiet_at(now) is quiet


def test_quiet_hours_are_local(load: Load) -> None:
    """22:30 is half past ten where the readers live."""
    found = load(quiet_hours="22:30-06:30", timezone="Asia/Tokyo")
    assert found.quiet_at(datetime(2024, 12, 26, 14, 0, tzinfo=UTC))
    assert not found.quiet_at(datetime(2024, 12, 26, 22, 0, tzinfo=UTC))
    assert not load().quiet_at(datetime(2024, 12, 26, 14, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("section", "typed", "expected"),
    [
        ("timezone", "Europe/Pariss", "found 'Europe/Pariss', expected a zone such as "
                                      "Europe/Paris; "
                                      "did you mean Europe/Paris"),
        ("timezone", "../etc/passwd", "found '../etc/passwd', expected a zone such as "
                                      "Europe/Paris"),
        ("timezone", "Europe", "found 'Europe', expected a zone such as Europe/Paris"),
        ("quiet_hours", "22:30", "found '22:30', expected hours such as 22:30-06:30"),
        ("quiet_hours", "24:00-06:00", "found '24:00-06:00', expected hours such as 22:30-06:30"),
        ("quiet_hours", "06:00-06:00",
         "found '06:00-06:00', expected a start and an end that differ"),
        ("retention", "1 day", "found '1 day', expected 7 days to 36500 days"),
        ("retention", "forever", "found 'forever', expected a time such as 90 days"),
        ("data", "~me/x", "found '~me/x', expected a folder written out, without ~"),
        ("data", "[a]", "found a list, expected a single value"),
    ],
)  # fmt: skip
def test_wrong_odds_and_ends(mistakes: Mistakes, section: str, typed: str, expected: str) -> None:
    """Each of them has its own message."""
    (found,) = mistakes(**{section: typed})
    assert found.startswith(f"config.yaml:4: {section}: {expected}")
