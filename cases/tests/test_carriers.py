import pytest

from cases.carriers import CARRIERS, clean_number, tracking_url, warning


@pytest.mark.parametrize(
    ("carrier", "number"),
    [
        ("ups", "1Z5R89390357567127"),
        ("ups", "1z 5r8 939 03 5756 7127"),
        ("fedex", "986578788855"),
        ("fedex", "9865 7878 8855"),
        ("fedex", "1" * 15),
        ("fedex", "1" * 18),
        ("fedex", "1" * 20),
        ("fedex", "96" + "1" * 20),
        ("fedex", "1" * 34),
        ("usps", "9400111206206406260787"),
        ("usps", "0307 1790 0005 2348 3741"),
        ("usps", "7196 9010 7560 0307 7385"),
        ("usps", "420 22153 9101026837331000039521"),
        ("usps", "4201002334249200190132607600833457"),
        ("usps", "92748931507708513018050063"),
        ("usps", "RB123456785US"),
        ("dhl", "3318810025"),
        ("other", "Anna brings it"),
        ("ups", ""),
    ],
)
def test_a_number_of_the_chosen_carrier_passes_without_a_warning(carrier, number):
    assert warning(carrier, number) == ""


@pytest.mark.parametrize(
    ("carrier", "number"),
    [
        ("ups", "1Z1111111111111111"),
        ("ups", "1Z5R89390357567128"),
        ("ups", "1Z5R8939035756712"),
        ("fedex", "986578788856"),
        ("fedex", "95" + "1" * 20),
        ("fedex", "1" * 13),
        ("usps", "9400111206206406260788"),
        ("usps", "9600111206206406260787"),
        ("usps", "0307 1790 0005 2348 3742"),
        ("usps", "4201028200009261290113185417468511"),
        ("usps", "RB123456784US"),
        ("usps", "RB123456785DE"),
        ("dhl", "3318810010"),
        ("dhl", "331881002"),
        ("dhl", "٣٣١٨٨١٠٠٢٥"),
    ],
)
def test_a_number_that_does_not_fit_is_warned_about(carrier, number):
    sentence = warning(carrier, number)
    assert f"a {CARRIERS[carrier].label} tracking number" in sentence
    assert "kept as typed" in sentence


def test_a_number_is_held_against_the_chosen_carrier_only():
    assert warning("fedex", "12345678901234567891") == ""
    assert warning("usps", "12345678901234567891") != ""
    assert warning("ups", "3318810025") != ""


@pytest.mark.parametrize(
    ("carrier", "number", "url"),
    [
        ("ups", "1Z5R89390357567127", "https://www.ups.com/track?tracknum=1Z5R89390357567127"),
        ("fedex", "9865 78788855", "https://www.fedex.com/fedextrack/?trknbr=986578788855"),
        (
            "usps",
            "9400111206206406260787",
            "https://tools.usps.com/go/TrackConfirmAction?tLabels=9400111206206406260787",
        ),
        (
            "dhl",
            "3318810025",
            "https://www.dhl.com/en/express/tracking.html?AWB=3318810025&brand=DHL",
        ),
        ("ups", "a&b=/{n}", "https://www.ups.com/track?tracknum=A%26B%3D%2F%7BN%7D"),
        ("ups", " ", ""),
        ("", "", ""),
        ("other", "123", ""),
    ],
)
def test_the_link_leads_to_the_carriers_page_for_the_number(carrier, number, url):
    assert tracking_url(carrier, number) == url


def test_numbers_are_cleaned_of_what_people_paste_along():
    assert clean_number("\u200b 1z-5r89.3903\n\uff15\u2013") == "1Z5R8939035"


def test_the_carriers_are_offered_in_one_order():
    assert list(CARRIERS) == ["ups", "fedex", "usps", "dhl", "other"]
