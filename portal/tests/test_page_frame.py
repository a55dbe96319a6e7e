import re

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import resolve

from portal.templatetags.portal import UnknownIconError, current, icon, page_numbers

ACCOUNT_PAGES = list(settings.BASE_DIR.glob("templates/account/*.html"))


@pytest.fixture(autouse=True)
def static_files_straight_from_the_source(settings):
    # The names with a hash exist only after collectstatic.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


def request_for(path):
    request = RequestFactory().get(path)
    request.resolver_match = resolve(path)
    return request


def test_an_icon_is_drawn_inline_and_hidden_from_screen_readers():
    drawing = icon("upload")
    assert drawing.startswith('<svg class="icon" viewBox="0 0 16 16"')
    assert 'aria-hidden="true"' in drawing
    assert drawing.count("<path d=") == 2
    assert "style=" not in drawing


def test_a_mistyped_icon_is_named_in_the_error():
    with pytest.raises(UnknownIconError, match=r'no icon "uplaod".*portal/assets\.mjs'):
        icon("uplaod")


def test_the_menu_marks_the_page_shown():
    context = {"request": request_for("/")}
    assert current(context, "portal:first_page") == ' aria-current="page"'
    assert current(context, "cases:list", "cases:new") == ""


def test_the_menu_marks_nothing_when_no_view_was_found():
    assert current({"request": RequestFactory().get("/")}, "portal:first_page") == ""
    assert current({}, "portal:first_page") == ""


def test_a_long_list_of_pages_is_shortened():
    page = Paginator(range(1000), 50).page(10)
    assert list(page_numbers(page)) == [1, "…", 9, 10, 11, "…", 20]


def test_turning_the_page_keeps_search_and_order():
    page = Paginator(range(120), 50).page(2)
    request = RequestFactory().get("/?q=braun&sort=-ship&page=2")
    bar = render_to_string("_pagination.html", {"page": page, "things": "cases"}, request)
    assert "51–100 of 120 cases" in bar
    assert 'href="?q=braun&amp;sort=-ship&amp;page=3" rel="next"' in bar


@pytest.mark.parametrize("name", ["400.html", "500.html"])
def test_the_last_resort_pages_need_no_context(name):
    assert "Go to the first page" in render_to_string(name)


def test_a_visitor_sees_sign_in_and_no_cases_in_the_menu():
    menu = render_to_string("_menu.html", {"user": AnonymousUser()}, request_for("/help/"))
    assert 'href="/help/" aria-current="page"' in menu
    assert "Sign in" in menu
    assert "New case" not in menu
    assert "Lab admin" not in menu


def test_no_page_of_our_own_needs_a_style_or_script_the_csp_refuses():
    pages = [*settings.BASE_DIR.glob("templates/*.html"), *ACCOUNT_PAGES]
    assert len(ACCOUNT_PAGES) > 8
    for page in pages:
        text = page.read_text()
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text), page.name
