"""`manage.py read_file`: what support and acceptance ask."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from tests.intake import scan_files as scan


@pytest.fixture
def upper(tmp_path):
    path = tmp_path / "upper.stl"
    path.write_bytes(scan.binary_stl(scan.triangles()))
    return path


def said(*paths, **options):
    out = io.StringIO()
    call_command("read_file", *map(str, paths), stdout=out, **options)
    return out.getvalue()


def test_a_file_is_told_in_one_line_of_json(upper):
    line = json.loads(said(upper, json=True))
    assert (line["file"], line["kind"]) == ("upper.stl", "surface scan")
    assert line["findings"]["triangles"] == 52
    assert line["sentences"] == ["Upper scan, 52 triangles, 73 × 53 × 12 mm."]


def test_people_read_it_line_by_line(upper):
    assert "  arch: upper\n" in said(upper)


def test_a_file_that_is_not_there_is_named_and_the_others_are_read(upper, tmp_path):
    with pytest.raises(CommandError, match=r"There is no .*gone\.stl"):
        said(upper, tmp_path / "gone.stl")
