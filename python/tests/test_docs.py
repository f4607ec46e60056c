"""docs/python.md does what it says: its Python blocks run, one after the other."""

import re

from product import ROOT


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / "docs" / "python.md").read_text(), re.M | re.S)


def test_the_page_runs_from_top_to_bottom(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    found = blocks("python")
    assert len(found) >= 8
    for number, code in enumerate(found):
        exec(compile(code, f"docs/python.md, block {number + 1}", "exec"), names)
    assert "did you mean 'pdt31008'?" in capsys.readouterr().out
    assert sorted(p.name for p in (tmp_path / "champion").iterdir()) == \
        ["MLmodel", "forewarn.json", "manifest.json", "model.onnx"]
