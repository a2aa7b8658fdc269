"""What the README shows is what happens: each Python block runs, and prints what the comments beside its lines say."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
EXACT = re.compile(r"print\(.*\)  # (?P<said>.*)$")
PROSE = ("correctly rounded, one per row", "Python that shows it")


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_a_block_prints_what_it_says(block: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(block, str(README), "exec"), {})
    printed = capsys.readouterr().out
    for said in (match["said"] for match in map(EXACT.search, block.splitlines()) if match):
        if said not in PROSE:
            assert said.removesuffix("...") in printed


def test_the_first_screen_has_the_two_commands_and_output() -> None:
    text = README.read_text(encoding="utf-8")
    commands = re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert len(commands) == 2
    assert "smoothsym audit" in commands[0]
    assert "pytest" in commands[1]
    assert text.index("```text") < 1800
