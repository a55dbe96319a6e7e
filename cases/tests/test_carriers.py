import pytest

from cases.carriers import CARRIERS, clean_number, tracking_url, warning


@pytest.mark.parametrize(
    ("carrier", "number"),
    [
        ("ups", "1Z5R89390357567127"),
        ("ups", "1z 5r8 939 03 5756 7127"),
        ("ups", "1ZXX3150YW44070023"),
        ("ups", "K2479825491"),
        ("ups", "V0490119172"),
        ("fedex", "986578788855"),
        ("fedex", "9865 7878 8855"),
        ("fedex", "0414 4176 0228 964"),
        ("fedex", "5682 8361 0012 734"),
        ("fedex", "00 0123 4500 0000 0027"),
        ("fedex", "61299998820821171811"),
        ("fedex", "9261292700768711948021"),
        ("fedex", "9611020987654312345672"),
        ("fedex", "32971514560102447849175802862014"),
        ("fedex", "1001921334250001000300779017972697"),
        ("fedex", "1027590111820004833500785458233610"),
        ("fedex", "9622001560001234567100794808390594"),
        ("usps", "9400111206206406260787"),
        ("usps", "0307 1790 0005 2348 3741"),
        ("usps", "7196 9010 7560 0307 7385"),
        ("usps", "420 22153 9101026837331000039521"),
        ("usps", "4201002334249200190132607600833457"),
        ("usps", "92748931507708513018050063"),
        ("usps", "9405803699300124287899"),
        ("usps", "940011291234567812345678901233"),
        ("usps", "RB123456785US"),
        ("dhl", "3318810025"),
        ("dhl", "73891051146"),
        ("dhl", "JJD0099999999"),
        ("dhl", "JVGL0999999990"),
        ("dhl", "GM 2951173225174494"),
        ("dhl", "60120172242323"),
        ("canadapost", "0073 9380 0054 9297"),
        ("canadapost", "7035114477138472"),
        ("canadapost", "RN123456785CA"),
        ("purolator", "320595463938"),
        ("purolator", "KYV009956937"),
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
        ("ups", "K2479825492"),
        ("ups", "2Z5R89390357567127"),
        ("fedex", "986578788856"),
        ("fedex", "5682 8361 0012 732"),
        ("fedex", "000000000000000001"),
        ("fedex", "61299998820821171813"),
        ("fedex", "9261292700768711948020"),
        ("fedex", "9600000000000000000001"),
        ("fedex", "32971514560102447849175802852014"),
        ("fedex", "1001901781990001000300617767839438"),
        ("fedex", "9622001560001234567100794808390595"),
        ("fedex", "95" + "1" * 20),
        ("fedex", "1" * 13),
        ("usps", "9400111206206406260788"),
        ("usps", "9600111206206406260787"),
        ("usps", "0307 1790 0005 2348 3742"),
        ("usps", "4201028200009261290113185417468511"),
        ("usps", "61299998820821171811"),
        ("usps", "9200000000000000000000"),
        ("usps", "420000000000000000000000000000"),
        ("usps", "420000009200000000000000000000"),
        ("usps", "RB123456784US"),
        ("usps", "RB123456785DE"),
        ("dhl", "3318810010"),
        ("dhl", "331881002"),
        ("dhl", "XJD0099999998"),
        ("dhl", "GS295117494011169041"),
        ("canadapost", "5002847016405018"),
        ("canadapost", "RN123456784CA"),
        ("purolator", "320595463939"),
        ("purolator", "KY009956937"),
        ("dhl", "٣٣١٨٨١٠٠٢٥"),
    ],
)
def test_a_number_that_does_not_fit_is_warned_about(carrier, number):
    sentence = warning(carrier, number)
    assert f"a {CARRIERS[carrier].label} tracking number" in sentence
    assert "compare it with the label" in sentence


def test_a_number_is_held_against_the_chosen_carrier_only():
    assert warning("fedex", "61299998820821171811") == ""
    assert warning("usps", "61299998820821171811") != ""
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
        (
            "canadapost",
            "0073938000549297",
            "https://www.canadapost-postescanada.ca/track-reperage/en#/search?"
            "searchFor=0073938000549297",
        ),
        (
            "purolator",
            "320595463938",
            "https://www.purolator.com/en/shipping/tracker?searchValue=320595463938",
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
    assert list(CARRIERS) == [
        "ups", "fedex", "usps", "dhl", "canadapost", "purolator", "other",
    ]  # fmt: skip
