"""That the matrix goes red without any one guard, and not for a change that takes none away."""

import pytest

from tests.matrix.control import asked, verdict
from tests.matrix.guards import guards_of

SOURCE = """
@require_safe
@never_cache
def record(request, number):
    case = get_object_or_404(Case.objects.visible_to(request.user), number=number)
    if not policies.can_update(request.user, case):
        raise PermissionDenied
    return render(request, "record.html", {"case": case})

class RowAdmin(ModelAdmin):
    def has_delete_permission(self, request, obj=None):
        return obj is None and request.user.is_superuser

def owner(token):
    key, user = signing.loads(token, salt="x")
    return User.objects.filter(pk=user, is_active=True).first()
"""
FOUND = [
    "decorator: require_safe",
    "rows that somebody sees: Case.objects.visible_to(request.user)",
    "check: policies.can_update(request.user, case)",
    "refusal: not policies.can_update(request.user, case)",
    "part of a predicate: obj is None",
    "part of a predicate: request.user.is_superuser",
    "predicate: obj is None and request.user.is_superuser",
    "signature: signing.loads(token, salt='x')",
    "part of a query: filter(is_active=True)",
]


def test_guards_are_found_by_their_shape():
    assert [f"{guard.kind}: {guard.text}" for guard in guards_of(SOURCE)] == FOUND


# In one process, so that it is asked once.
pytestmark = pytest.mark.xdist_group("control")


@pytest.fixture(scope="module")
def found():
    return asked()


@pytest.mark.own_servers
def test_the_matrix_goes_red_without_any_one_guard(found):
    red, reasons, wrong = verdict(found)
    assert not wrong, "\n".join(wrong)
    assert len(red) > 200
    assert all(reasons.values())


@pytest.mark.own_servers
def test_the_matrix_stays_green_when_no_guard_is_taken_away(found):
    assert [each["wrong"] for each in found if "wrong" in each] == []
    changes = [each for each in found if "harmless" in each]
    assert len(changes) >= 2
    assert [each for each in changes if each["red"]] == []
