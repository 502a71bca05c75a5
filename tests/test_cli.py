"""The command line answers at once and never with a traceback."""

import subprocess
import sys

import pytest

from bot import __version__, cli


def test_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody who types --help sees every verb and the exit codes."""
    with pytest.raises(SystemExit) as stopped:
        cli.main(["--help"])
    said = capsys.readouterr().out
    assert stopped.value.code == 0
    assert all(verb in said for verb in cli.VERBS)
    assert "exit codes" in said


def test_help_loads_nothing_heavy() -> None:
    """--help must answer in a blink: no numpy, no scikit-learn, no matplotlib."""
    code = (
        "import sys; from bot import cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'sklearn', 'matplotlib', 'telegram', 'sqlalchemy', 'yaml'}\n"
        "sys.exit(len(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """--version names the program and its version."""
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"airbridge {__version__}\n"


def test_an_unknown_verb_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt verb exits with 2 and lists what there is."""
    with pytest.raises(SystemExit) as stopped:
        cli.main(["rnu"])
    assert stopped.value.code == 2
    assert "VERB" in capsys.readouterr().err


@pytest.mark.parametrize("verb", sorted(cli.VERBS))
def test_every_verb_explains_itself(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`airbridge VERB --help` works for every verb."""
    with pytest.raises(SystemExit) as stopped:
        cli.main([verb, "--help"])
    assert stopped.value.code == 0
    assert f"airbridge {verb}" in capsys.readouterr().out
