"""What a browser reads of chosen files is what the server says of them afterwards."""

import base64
import json
import random
import shutil
import subprocess
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings

from cases.intake import heads, limited
from cases.intake.reader import read
from cases.intake.reading import Kind, Reading
from tests.intake import dicom_files as dicom
from tests.intake import packed
from tests.intake import scan_files as scan
from tests.intake.samples import CBCTS, DAMAGED, JAW, NO_CBCTS, SCANS, series

# Of these only the server can say more than a name does.
ONLY_SERVER = {"a zip in a zip", "tar.gz", "7z", "deflated", "cut.zip", "wrong.obj", "cut.ply"}
# What takes all points of a scan, or all of another format than STL.
NEEDS_ALL = {"shells", "open_edges", "also", "size_mm", "unit", "colour", "texture", "endian"}
NEEDS_ALL |= {"triangles", "faces"}
EXPORT = {f"77_shell_occlusion_{arch}.stl": scan.binary_stl(JAW) for arch in "ul"}
MORE = {
    "OrthoCAD_Export_77.zip": packed.zipped(EXPORT),
    "Medit.zip": packed.zipped({f"{jaw}.ply": scan.ply(JAW) for jaw in ("upperjaw", "lowerjaw")}),
    "encrypted.dcm": scan.hps(JAW, "CE"),
    "open.dcm": scan.hps(JAW),
}
FILES = {
    name: made if isinstance(made, bytes) else made[0]
    for table in (CBCTS, NO_CBCTS, SCANS, DAMAGED, MORE)
    for name, made in table.items()
}
FOLDER = {
    **{f"CD/DICOM/{name}": body for name, body in series().items()},
    "CD/DICOMDIR": dicom.written(dicom.dataset(dicom.MEDIA_DIRECTORY, SeriesInstanceUID=None)),
    "CD/Viewer.exe": b"MZ" + bytes(200),
    "CD/.DS_Store": b"litter",
    "CD/lower.stl": scan.binary_stl(JAW),
    "upper.stl": scan.binary_stl(JAW),
}


@pytest.fixture(scope="module")
def looked(tmp_path_factory):
    """By name of a folder: what was chosen, as the scripts of the page answer to it."""
    at = tmp_path_factory.mktemp("chosen")
    for name, body in FILES.items():
        _write(at / name.replace("/", "_") / name, body)
    for name, body in FOLDER.items():
        _write(at / "folder" / name, body)
    folders = sorted(at.iterdir())
    answers = map(json.loads, _node("heads_of.mjs", *folders).splitlines())
    return at, dict(zip([folder.name for folder in folders], answers, strict=True))


def _node(script, *paths):
    """What a script of tests/js prints."""
    node = shutil.which("node")
    assert node, "Node.js is not installed; it runs what a browser runs. See the README."
    command = [node, Path(settings.BASE_DIR, "tests/js", script), *paths]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _write(path, body):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


@pytest.mark.parametrize("name", [name for name in FILES if "/" not in name])
def test_a_browser_says_what_the_server_says(looked, name):
    at, answers = looked
    [item] = answers[name]["items"]
    truth = read(at / name / name, name)
    if name in ONLY_SERVER:
        return _says_no_more_than(item["heads"], truth)
    found = heads.reading_of(item["heads"])
    assert found.kind == truth.kind
    expected = {what: value for what, value in truth.findings.items() if what not in NEEDS_ALL}
    assert {what: found.findings.get(what) for what in expected} == expected
    # It says nothing that is not so.
    said = {what: value for what, value in found.findings.items() if what != "also"}
    assert {what: truth.findings.get(what) for what in said} == said
    return None


def _says_no_more_than(item, truth):
    try:
        found = heads.reading_of(item)
    except ValueError:
        return
    assert {what: truth.findings.get(what) for what in found.findings} == found.findings


@pytest.mark.parametrize("name", [name for name, (body, _) in SCANS.items() if ".stl" in name])
def test_a_browser_measures_an_stl(looked, name):
    at, answers = looked
    found = heads.reading_of(answers[name]["items"][0]["heads"])
    truth = read(at / name / name, name)
    for what in ("triangles", "size_mm", "unit", "arch"):
        assert found.findings.get(what) == truth.findings.get(what)
    assert found.sentences == truth.sentences


def test_litter_is_left_out_by_name(looked):
    _, answers = looked
    assert answers["x_desktop.ini"] == {"items": [], "litter": ["x/desktop.ini"]}


def test_a_folder_is_one_series_and_the_scans_beside_it(looked):
    _, answers = looked
    items = {item["name"]: item for item in answers["folder"]["items"]}
    assert answers["folder"]["litter"] == ["CD/.DS_Store"]
    assert {name: (item["count"], item["folder"]) for name, item in items.items()} == {
        "CD.zip": (14, "CD"),
        "lower.stl": (1, "CD"),
        "upper.stl": (1, ""),
    }
    found = heads.reading_of(items["CD.zip"]["heads"])
    assert (found.kind, found.findings["volume_slices"]) == (Kind.CBCT, 12)


def test_512_slices_are_told_in_less_than_100_kb(tmp_path):
    for number, one in enumerate(dicom.slices(512)):
        _write(tmp_path / "CD" / f"slice{number:04}.dcm", dicom.written(one))
    [item] = json.loads(_node("heads_of.mjs", tmp_path))["items"]
    assert len(json.dumps(item["heads"])) < 100_000
    assert heads.reading_of(item["heads"]).findings["volume_slices"] == 512


def _changed(value, chance):
    """The same JSON with something wrong in it."""
    if chance.random() < 0.05:
        return chance.choice([None, -1, 1e400, "", "AAAA", "x" * 5000, [], {}, [[]], True, 2**70])
    if isinstance(value, dict):
        return {name: _changed(one, chance) for name, one in value.items()}
    if isinstance(value, list):
        return [_changed(one, chance) for one in value]
    return value


@pytest.mark.parametrize("name", ["folder", "two patients", "upper.stl", "OrthoCAD_Export_77.zip"])
def test_heads_that_somebody_made_up_are_refused_or_read(looked, name):
    _, answers = looked
    chance = random.Random(13)
    for _ in range(200):
        made_up = _changed(answers[name]["items"][0]["heads"], chance)
        with suppress(ValueError):
            assert isinstance(heads.reading_of(made_up), Reading)


def _asked(*groups, container="zip"):
    said = [
        {"head": base64.b64encode(head).decode(), "members": members} for head, members in groups
    ]
    counts = {"locked": 0, "unread": 0, "entries": 1}
    return {"container": container, "name": "x.zip", "files": [], "dicom": said, **counts}


def test_a_head_that_unpacks_to_more_is_left_to_the_server():
    bomb = dicom.deflated_bomb(1 << 20)
    with pytest.raises(ValueError, match="cannot be understood"):
        heads.reading_of(_asked((bomb, [["a.dcm", len(bomb), ""]])))


def test_a_scan_too_large_to_be_measured_in_a_browser_is_a_scan():
    stl = scan.binary_stl(JAW, count=7_000_000)[:4096]
    file = {"name": "upper.stl", "size": 84 + 50 * 7_000_000, "mesh": None}
    asked = _asked(container="") | {"files": [file | {"head": base64.b64encode(stl).decode()}]}
    found = heads.reading_of(asked)
    assert (found.kind, found.findings) == (Kind.SCAN, {"format": "STL", "arch": "upper"})


def test_frames_cannot_be_multiplied_by_files():
    head = dicom.written(dicom.enhanced(60))
    with pytest.raises(ValueError, match="cannot be understood"):
        heads.reading_of(_asked((head, [["a.dcm", len(head), ""]] * 1000)))


def test_a_series_that_was_packed_is_a_zip_like_any_other(looked, tmp_path):
    at, _ = looked
    path = tmp_path / "CD.zip"
    told = int(_node("packed_of.mjs", at / "folder" / "CD", path))
    first = path.read_bytes()
    assert len(first) == told
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
    truth = limited.read(path, "CD.zip")
    assert (truth.kind, truth.findings["volume_slices"]) == (Kind.CBCT, 12)
    _node("packed_of.mjs", at / "folder" / "CD", path)
    assert path.read_bytes() == first
