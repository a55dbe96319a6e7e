import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO

import pytest
from pypdf import PdfReader

from portal.health import checks
from portal.writing.pdf import missing_fonts, render_pdf


def text(pdf):
    return PdfReader(BytesIO(pdf)).pages[0].extract_text()


def test_html_becomes_a_page_with_its_style_sheet(tmp_path):
    sheet = tmp_path / "page.css"
    sheet.write_text("@page { size: 100pt 200pt; margin: 5pt } p { text-transform: uppercase }")
    pdf = render_pdf("<p>hello</p>", [sheet])
    box = PdfReader(BytesIO(pdf)).pages[0].mediabox
    assert (round(box.width), round(box.height)) == (100, 200)
    assert text(pdf) == "HELLO"


def test_a_missing_style_sheet_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        render_pdf("<p>hello</p>", [tmp_path / "gone.css"])


def test_nothing_is_fetched_from_the_network_or_the_disk(tmp_path):
    asked = []

    class Door(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

    server = HTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sheet = tmp_path / "secret.css"
    sheet.write_text("p { text-transform: uppercase }")
    pdf = render_pdf(
        f'<link rel="stylesheet" href="{sheet.as_uri()}">'
        f'<img src="http://127.0.0.1:{server.server_port}/x.png"><p>hello</p>'
    )
    server.shutdown()
    server.server_close()
    assert asked == []
    assert "hello" in text(pdf)


def test_several_threads_may_print_at_once():
    pdfs = {}

    def work(name):
        pdfs[name] = render_pdf(f"<p>{name}</p>")

    threads = [threading.Thread(target=work, args=(f"sheet{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: text(pdf) for name, pdf in pdfs.items()} == {
        f"sheet{n}": f"sheet{n}" for n in range(4)
    }


def test_the_fonts_of_the_documents_are_installed():
    assert missing_fonts() == []


def test_a_font_that_is_not_there_is_named():
    assert missing_fonts(["Noto Sans", "No Such Font"]) == ["No Such Font"]


def test_a_missing_library_for_archives_is_told(monkeypatch):
    assert checks.archives(None) == []
    monkeypatch.setattr(checks, "find_library", lambda _: None)
    [problem] = checks.archives(None)
    assert "apt-get install libarchive13" in problem.hint


def test_the_portal_does_not_start_without_the_fonts_for_pdfs(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    [problem] = checks.fonts(None)
    assert problem.is_serious()
    assert "Noto Sans CJK JP" in problem.msg
    assert "apt-get install" in problem.hint
