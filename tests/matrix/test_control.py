"""That the matrix goes red without any one guard, and not for a change that takes none away."""

import pytest

from tests.matrix.control import PARTS, asked, this_commit, verdict
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


@pytest.mark.proof
def test_the_matrix_goes_red_without_any_of_some_guards():
    """A sixth of them; `python -m tests.matrix.control` takes each, and more, for `make proof`."""
    red, _, wrong = verdict(asked(share=this_commit()), is_whole=False)
    assert not wrong, "\n".join(wrong)
    assert len(red) > 200 / PARTS / 2
