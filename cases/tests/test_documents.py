from io import BytesIO

import pytest
from pypdf import PdfReader

from cases.rx.document import prescription_pdf

LETTER, A4 = (612, 792), (595, 842)


def snapshot(**changed):
    """A prescription as it is stored, with three sites and five files."""
    signed = "2026-03-05T18:05:00+00:00"
    files = ["cbct-upper.zip", "upper.stl", "lower.stl", "bite.stl", "smile.jpg"]
    return {
        "case_number": "26-10427",
        "revision": 2,
        "issued_at": signed,
        "zone": "America/New_York",
        "lab": {
            "name": "Guidepost Dental Lab",
            "address": "1200 Foundry Street, Suite 4\nPortland, ME 04101",
            "phone": "(555) 010-0199",
            "email": "cases@guidepost.example",
            "registration": "ME-LAB-20417",
            "country": "US",
        },
        "practice": {
            "name": "Harbor Implant Dentistry",
            "address": "88 Commercial Street\nPortland, ME 04101",
            "phone": "(555) 010-0142",
            "email": "office@harbor.example",
        },
        "dentist": {
            "name": "Dr. Amelia Reyes",
            "license_number": "DEN-20881",
            "license_state": "Maine",
        },
        "patient_name": "Jordan Whitfield",
        "numbering": "universal",
        "teeth": ["3", "14", "19"],
        "implants": {"3": "Straumann BLX 4.0 × 10 mm", "14": "Straumann BLX 4.0 × 10 mm"},
        "description": "Fully guided placement.\nTwo mm to the sinus floor at 3.",
        "options": [["Support", "Tooth"], ["Guidance", "Full"], ["Anchor pins", ""]],
        "materials": "Printed resin, class I",
        "ship_date": "2026-03-19",
        "surgery_date": "2026-03-26",
        "shipping_address": "9 Wharf Road\nPortland, ME 04101",
        "signature": {
            "name": "Amelia Reyes",
            "account": "frontdesk@harbor.example",
            "signed_at": signed,
        },
        "enclosures": [
            {"name": name, "size": 12 * 1024**2, "kind": "Surface scan", "state": "Stored"}
            for name in files
        ],
        "record_url": "https://portal.example/cases/26-10427/",
    } | changed


def read(pdf):
    return PdfReader(BytesIO(pdf))


def pages(**changed):
    """The text of each page, white space folded to one space."""
    reader = read(prescription_pdf(snapshot(**changed)))
    return [" ".join(page.extract_text().split()) for page in reader.pages]


def fonts(reader):
    names = set()
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            names.add(font.get_object()["/BaseFont"].split("+")[1])
    return names


@pytest.fixture(scope="module")
def printed():
    return prescription_pdf(snapshot())


def test_everything_a_state_asks_for_is_on_one_page(printed):
    reader = read(printed)
    assert len(reader.pages) == 1
    text = " ".join(reader.pages[0].extract_text().split())
    for wanted in (
        "Laboratory Procedure Prescription",
        "Guidepost Dental Lab 1200 Foundry Street, Suite 4 Portland, ME 04101",
        "(555) 010-0199 · cases@guidepost.example",
        "Laboratory registration ME-LAB-20417",
        "26-10427",
        "Revision 2",
        "March 5, 2026, 1:05 PM EST (America/New_York)",
        "Dr. Amelia Reyes License DEN-20881, Maine",
        "Harbor Implant Dentistry 88 Commercial Street",
        "(555) 010-0142",
        "Jordan Whitfield",
        "Universal numbering 3, 14, 19",
        "3 upper right first molar · 14 upper left first molar · 19 lower left first molar",
        "Implant at 3, 14 Straumann BLX 4.0 × 10 mm",
        "Support Tooth",
        "Anchor pins Not specified",
        "Materials Printed resin, class I",
        "Fully guided placement. Two mm to the sinus floor at 3.",
        "March 19, 2026",
        "March 26, 2026",
        "9 Wharf Road",
        "upper.stl Surface scan 12.0 MB Stored",
        "Amelia Reyes Electronically signed by frontdesk@harbor.example on March 5, 2026, 1:05 PM",
        "I am, or act for, the prescribing dentist.",
        "Keep for at least 4 years",
        "Page 1 of 1",
    ):
        assert wanted in text


def test_the_same_snapshot_gives_the_same_bytes(printed):
    assert prescription_pdf(snapshot()) == printed


def test_the_files_own_data_name_the_case_but_not_the_patient(printed):
    reader = read(printed)
    assert reader.metadata.title == "RX 26-10427 r2"
    assert reader.metadata.creation_date.isoformat() == "2026-03-05T18:05:00+00:00"
    assert "Whitfield" not in str(reader.metadata)
    assert reader.outline == []


@pytest.mark.parametrize(("country", "paper"), [("US", LETTER), ("MX", LETTER), ("DE", A4)])
def test_paper_follows_the_labs_country(country, paper):
    lab = snapshot()["lab"] | {"country": country}
    box = read(prescription_pdf(snapshot(lab=lab))).pages[0].mediabox
    assert (round(box.width), round(box.height)) == paper


def test_dates_are_written_in_the_order_of_the_labs_country_with_the_zone():
    [text] = pages(lab=snapshot()["lab"] | {"country": "DE"}, zone="America/Sao_Paulo")
    assert "5 March 2026, 15:05 UTC-03:00 (America/Sao_Paulo)" in text


@pytest.mark.parametrize(
    ("numbering", "words"),
    [
        ("universal", "Universal numbering 3, 14, 19"),
        ("fdi", "FDI (ISO 3950) numbering 16, 26, 36"),
        ("palmer", "Palmer numbering UR6, UL6, LL6"),
    ],
)
def test_teeth_are_printed_in_the_practices_numbering_with_its_name(numbering, words):
    assert words in pages(numbering=numbering)[0]


def test_primary_teeth_are_drawn_when_one_is_chosen():
    def diagram(text):
        return text.split("UPPER LOWER RIGHT LEFT")[1].split("Keep for")[0].split()

    assert "K" not in diagram(pages(teeth=["3"])[0])
    assert "K" in diagram(pages(teeth=["A"])[0])


def test_only_a_chosen_tooth_has_a_bold_number_in_the_diagram(printed):
    def bold_numbers(pdf):
        found = []
        reader = read(pdf)

        def visit(text, _cm, _tm, font, _size):
            if font and "Bold" in font["/BaseFont"] and text.strip().isdigit():
                found.append(text.strip())

        reader.pages[0].extract_text(visitor_text=visit)
        return found

    assert sorted(bold_numbers(printed)) == ["14", "19", "3"]
    assert bold_numbers(prescription_pdf(snapshot(teeth=["30"]))) == ["30", "30"]


def test_a_long_description_runs_on_under_a_header():
    lines = [f"Line {number} of the description, written out in full." for number in range(180)]
    texts = pages(description="\n".join(lines))
    assert len(texts) > 2
    whole = " ".join(texts)
    for line in lines:
        assert line in whole
    for number, text in enumerate(texts, start=1):
        assert f"Page {number} of {len(texts)}" in text
        if number > 1:
            assert "Laboratory Procedure Prescription · 26-10427 · Revision 2" in text
            assert f"Jordan Whitfield · Page {number} of {len(texts)}" in text
    assert "I am, or act for, the prescribing dentist." in texts[-1]


def test_a_word_of_ten_thousand_letters_wraps_and_loses_none():
    whole = "".join(pages(description="w" * 10_000))
    rest = "".join(pages(description="-"))
    assert whole.count("w") - rest.count("w") >= 10_000


def test_newlines_are_kept():
    reader = read(prescription_pdf(snapshot(description="first\nsecond\r\n\r\nthird")))
    assert "first\nsecond\n" in reader.pages[0].extract_text()


@pytest.mark.parametrize(
    "name",
    [
        "Zoë Åström-Łukasiewicz",
        "Жанна Королёва",
        "Ελένη Παπαδοπούλου",
        "Nguyễn Thị Hương",
        "王小明",
        "山田 はなこ",
        "김민준",
        "สมชาย ใจดี",
    ],
)
def test_names_of_the_world_are_printed_in_noto_and_read_back(name):
    reader = read(prescription_pdf(snapshot(patient_name=name)))
    assert name in reader.pages[0].extract_text()
    assert all(font.startswith("Noto-Sans") for font in fonts(reader))


@pytest.mark.parametrize(
    ("name", "font"),
    [("محمد بن سلمان", "Arabic"), ("דוד כהן", "Hebrew"), ("अनुराधा शर्मा", "Devanagari")],
)
def test_scripts_with_shaped_letters_have_their_font(name, font):
    used = fonts(read(prescription_pdf(snapshot(description=name))))
    assert f"Noto-Sans-{font}" in used
    assert all(each.startswith("Noto-Sans") for each in used)


def test_every_sign_that_people_type_prints():
    typed = "Please plan 🦷 #14 👍🏽 ✅ → ♥ ≥ 2 mm, 🇨🇦, 👩‍⚕️"
    reader = read(prescription_pdf(snapshot(description=typed)))
    assert "Noto-Color-Emoji" in fonts(reader)
    assert all(font.startswith("Noto-") for font in fonts(reader))
    printed = reader.pages[0].extract_text()
    assert all(sign in printed for sign in "🦷👍✅→♥≥")


def test_html_in_what_people_typed_is_printed_as_they_typed_it():
    typed = "<b>bold</b> <img src=file:///etc/passwd> &amp; {{ rx }}"
    [text] = pages(patient_name="<i>Jo</i>", description=typed)
    assert "<i>Jo</i>" in text
    assert typed in text


def test_control_characters_and_direction_marks_leave_no_trace():
    [text] = pages(patient_name="Jo\x00rd\x07an \u202eWhit\u2066field\ufeff\ud800")
    assert "Jordan Whitfield" in text


def test_hundreds_of_slices_take_one_line():
    slices = [
        {"name": f"slice{n:03d}.dcm", "size": 524288, "kind": "CBCT", "state": "Stored"}
        for n in range(512)
    ]
    [text] = pages(enclosures=slices)
    assert "Enclosures (512)".upper() in text.upper()
    assert "slice000.dcm to slice511.dcm (512 files) CBCT 256.0 MB Stored" in text


def test_six_implants_and_ten_files_still_fit_on_a_page():
    sites = ["3", "5", "8", "9", "12", "14"]
    files = snapshot()["enclosures"] * 2
    implants = {site: f"Implant number {site}" for site in sites}
    texts = pages(teeth=sites, implants=implants, enclosures=files, description="Words. " * 90)
    assert len(texts) == 1
    assert "Implant at 12 Implant number 12" in texts[0]


def test_what_is_not_known_yet_is_said_in_words():
    [text] = pages(
        ship_date=None, surgery_date=None, teeth=[], implants={}, enclosures=[], description=""
    )
    for words in ("To be confirmed", "Not given", "None chosen", "No description given."):
        assert words in text
