"""The simulated plant's workbooks through `ingest`: the simulator's own table, and messed-up copies that lose no row
without saying which and why."""

import random
import re
import shutil
import zipfile

import openpyxl
import pandas as pd
import pytest

from product import ROOT

PLANT = ROOT / "plants" / "gas-treatment.toml"
HOURS = 28 * 24


@pytest.fixture(scope="module")
def simulated(forewarn, tmp_path_factory):
    """28 days as workbooks, as a CSV table, and the workbooks' ingested table with its report."""
    folder = tmp_path_factory.mktemp("simulated")
    forewarn.run("--plant", PLANT, "simulate", "--hours", HOURS, "--out", folder / "workbooks")
    forewarn.run("--plant", PLANT, "simulate", "--hours", HOURS, "--out", folder / "table.csv")
    report = ingest(forewarn, folder / "workbooks", folder / "ingested.csv")
    return folder, report


def ingest(forewarn, source, out):
    return forewarn.json("--plant", PLANT, "ingest", source, "--out", out)


def table(path):
    return pd.read_csv(path, parse_dates=["timestamp"]).set_index("timestamp")


def series(report, tag):
    return next(s for s in report["series"] if s["tag"] == tag)


def check_balance(report):
    for s in report["series"]:
        fates = s["accepted"] + s["rejected"] + s["bad_quality"]["count"] + s["duplicates"]["count"]
        assert s["rows_read"] == fates, s["tag"]
        assert s["rejected"] == sum(r["count"] for r in s["rejections"]), s["tag"]


def copy_workbooks(simulated, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(simulated[0] / "workbooks", folder)
    return folder


def workbook(folder, name):
    return next(p for p in sorted(folder.iterdir()) if name.lower() in p.name.lower())


def edit(path, change):
    book = openpyxl.load_workbook(path)
    change(book.active)
    book.save(path)


def assert_same_table(a, b, skip=()):
    assert list(a.index) == list(b.index)
    for name in a.columns.difference(list(skip)):
        assert (a[name] - b[name]).abs().max() <= 1e-9, name


def test_workbooks_give_the_simulators_own_table(simulated):
    folder, report = simulated
    theirs, ours = table(folder / "table.csv"), table(folder / "ingested.csv")
    assert len(ours) == HOURS
    common = theirs.columns.intersection(ours.columns)
    assert set(theirs.columns) <= set(ours.columns), set(theirs.columns) - set(ours.columns)
    assert_same_table(theirs[common], ours[common])
    check_balance(report)
    for s in report["series"]:
        assert s["in_plant"] and s["rejected"] == 0 and s["duplicates"]["count"] == 0, s["tag"]


def test_every_sensor_has_a_workbook(simulated):
    folder, report = simulated
    assert len(report["files"]) == len(list((folder / "workbooks").iterdir())) >= 9


def test_state_strings_are_rejected_by_reason_with_their_places(forewarn, simulated, tmp_path):
    folder = copy_workbooks(simulated, tmp_path)
    path = workbook(folder, "PDT31008")
    states = {"Bad": 7, "No Data": 3, "I/O Timeout": 2, "Shutdown": 1}
    rows = {}

    def change(sheet):
        chosen = iter(random.Random(1).sample(range(3, sheet.max_row + 1), sum(states.values())))
        for state, count in states.items():
            rows[state] = sorted(next(chosen) for _ in range(count))
            for row in rows[state]:
                sheet.cell(row, 1).value = state

    edit(path, change)
    report = ingest(forewarn, folder, tmp_path / "t.csv")
    check_balance(report)
    before, after = series(simulated[1], "pdt31008"), series(report, "pdt31008")
    assert after["rows_read"] == before["rows_read"]
    assert after["accepted"] == before["accepted"] - sum(states.values())
    for state, count in states.items():
        rejection = next(r for r in after["rejections"] if r["reason"] == f"state string '{state}'")
        assert rejection["count"] == count
        assert [p["row"] for p in rejection["places"]] == rows[state][:5]
        assert all(p["file"] == str(path) for p in rejection["places"])


def test_decimal_commas_in_text_cells_are_read_and_said(forewarn, simulated, tmp_path):
    folder = copy_workbooks(simulated, tmp_path)

    def change(sheet):
        for row in range(3, sheet.max_row + 1):
            sheet.cell(row, 1).value = repr(sheet.cell(row, 1).value).replace(".", ",")

    edit(workbook(folder, "301020"), change)
    report = ingest(forewarn, folder, tmp_path / "t.csv")
    check_balance(report)
    assert any("decimal comma" in note for note in report["notes"])
    assert series(report, "te301020")["accepted"] == series(simulated[1], "te301020")["accepted"]
    assert_same_table(table(tmp_path / "t.csv"), table(simulated[0] / "ingested.csv"))


def test_shuffled_and_doubled_rows_change_nothing_but_the_counts(forewarn, simulated, tmp_path):
    folder = copy_workbooks(simulated, tmp_path)

    def change(sheet):
        rows = [(sheet.cell(r, 1).value, sheet.cell(r, 2).value) for r in range(3, sheet.max_row + 1)]
        rows += random.Random(2).sample(rows, 50)
        random.Random(3).shuffle(rows)
        for number, (value, time) in enumerate(rows, start=3):
            sheet.cell(number, 1).value = value
            sheet.cell(number, 2).value = time
            sheet.cell(number, 2).number_format = "yyyy-mm-dd hh:mm:ss.000"

    edit(workbook(folder, "LT301031"), change)
    report = ingest(forewarn, folder, tmp_path / "t.csv")
    check_balance(report)
    level = series(report, "lt301031")
    assert level["duplicates"]["count"] == 50
    assert level["out_of_order"]["count"] > 100
    assert_same_table(table(tmp_path / "t.csv"), table(simulated[0] / "ingested.csv"))


def test_a_1904_workbook_gives_the_same_readings(forewarn, simulated, tmp_path):
    folder = copy_workbooks(simulated, tmp_path)
    path = workbook(folder, "PDT31001")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    book = parts["xl/workbook.xml"].decode()
    parts["xl/workbook.xml"] = re.sub(r"<workbookPr", '<workbookPr date1904="1"', book).encode()
    sheet = parts["xl/worksheets/sheet1.xml"].decode()

    def back(match):
        return f"{match.group(1)}{float(match.group(2)) - 1462!r}{match.group(3)}"

    parts["xl/worksheets/sheet1.xml"] = re.sub(r'(<c r="B\d+" s="\d+"><v>)([^<]+)(</v>)', back, sheet).encode()
    assert parts["xl/worksheets/sheet1.xml"] != sheet.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    report = ingest(forewarn, folder, tmp_path / "t.csv")
    check_balance(report)
    assert_same_table(table(tmp_path / "t.csv"), table(simulated[0] / "ingested.csv"))


def test_a_truncated_workbook_fails_by_name_and_writes_nothing(forewarn, simulated, tmp_path):
    folder = copy_workbooks(simulated, tmp_path)
    path = workbook(folder, "PDT31007")
    path.write_bytes(path.read_bytes()[:-200])
    done = forewarn.run("--plant", PLANT, "ingest", folder, "--out", tmp_path / "t.csv", check=False)
    assert done.returncode == 1
    message = [line for line in done.stderr.splitlines() if line.startswith("forewarn:")]
    assert len(message) == 1 and path.name in message[0] and "cut short" in message[0]
    assert not (tmp_path / "t.csv").exists()


def test_an_unknown_workbook_is_an_error_that_lists_the_patterns(forewarn, simulated, tmp_path):
    folder = copy_workbooks(simulated, tmp_path)
    workbook(folder, "PDT31007").rename(folder / "pump.xlsx")
    done = forewarn.run("--plant", PLANT, "ingest", folder, "--out", tmp_path / "t.csv", check=False)
    assert done.returncode == 1
    assert "pump.xlsx" in done.stderr and "*PDT31008*" in done.stderr


def test_the_reports_are_the_same_in_every_format(forewarn, simulated, tmp_path):
    source = simulated[0] / "workbooks"
    for name in ("r.json", "r.html", "r.txt"):
        forewarn.run("--plant", PLANT, "ingest", source, "--out", tmp_path / "t.csv", "--report", tmp_path / name)
    html, text = (tmp_path / "r.html").read_text(), (tmp_path / "r.txt").read_text()
    assert "http" not in html and "<script" not in html
    for s in simulated[1]["series"]:
        assert f">{s['tag']}<" in html and f"{s['tag']}: {s['rows_read']} rows read" in text
