"""What is written agrees with what runs."""

import re
from pathlib import Path

import pytest

from bot import airfields, cli, config

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("verb", sorted(cli.VERBS))
def test_every_verb_is_in_the_readme(verb: str) -> None:
    """A verb that nobody reads of does not exist."""
    assert re.search(rf"`{verb}\b", README), verb


def test_the_readme_shows_the_two_commands() -> None:
    """A newcomer needs two commands, and they are targets of the Makefile."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in ("demo", "test"):
        assert f"make {target}" in README
        assert re.search(rf"^{target}:", makefile, re.M)
    assert "make test" in (ROOT / ".ci" / "run").read_text("utf-8")


def test_every_link_of_the_documents_leads_somewhere() -> None:
    """A relative link in a document points at a file of the repository."""
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), ROOT / "deploy/README.md"]:
        text = page.read_text("utf-8")
        for target in [*re.findall(r"\]\(([^)#:]+)\)", text), *re.findall(r'src="([^":]+)"', text)]:
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_shipped_configuration_loads() -> None:
    """config.yaml as shipped has no mistake, and is the one that the demo uses."""
    shipped = ROOT / "config.yaml"
    settings = config.load(shipped, airfields.load(), env={})
    assert [feed.name for feed in settings.feeds] == ["adsb-lol"]
    assert (ROOT / "bot" / "data" / "config.yaml").read_bytes() == shipped.read_bytes()


def test_exit_codes_are_told() -> None:
    """The codes that --help lists are in the README too."""
    for code, words in ((1, "in part"), (2, "wrong usage"), (3, "database"), (4, "instance")):
        assert f"{code} " in README
        assert words in README


def test_no_file_names_a_registry_or_this_machine() -> None:
    """The repository speaks of the project alone."""
    hosts = ["py" + "pi.org", "python" + "hosted.org", "registry.npm" + "js", "deb.deb" + "ian.org"]
    for path in ROOT.rglob("*"):
        inside = path.relative_to(ROOT)
        skipped = {".git", ".venv", "node_modules", "demo-out"} & set(inside.parts)
        if skipped or not path.is_file() or path.suffix in {".png", ".gz", ".parquet", ".bin"}:
            continue
        text = path.read_bytes().decode("utf-8", "ignore")
        assert not any(host in text for host in hosts), inside
