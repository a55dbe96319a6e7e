"""Guards without which the matrix stays green, and why.

A function is named when it stands for all of its guards, else `function: source of the guard`.
"""

import re

# Kinds of guards, by what they look like.
KINDS = {
    r"require_http_methods\(\['GET', 'HEAD', 'POST'\]\)$": (
        "portal.http.methods refuses what is none of these three before any page is asked."
    ),
    r"\.admin\..*: \['(view|add|change)'\]$": (
        "Actions are listed on pages that ask for the same right, and act on the rows of "
        "get_queryset."
    ),
    r"^cases\.limits\.": (
        "What is counted for a limit is shown to nobody; cases/tests/test_limits.py counts."
    ),
    r"^portal\.http\.web_worker\.": (
        "gunicorn's worker, around which the matrix goes; portal/tests/test_web_worker.py asks it."
    ),
}
GUARDS = {
    ("Nothing was asked for, or there is nothing; whose rows it is about stands before it."): [
        "cases.models.case.CaseQuerySet.search: not words",
        "cases.forms.CompareForm.__init__: not known",
    ],
    (
        "What contradicts itself is looked for among the practice's own; "
        "cases/tests/test_asking.py asks with the patient of another, and the key of a form is "
        "whose it is."
    ): ["cases.findings.files_of_form", "cases.asking._same_work"],
    (
        "What was sent in vain is found by its person and the form's own place, of which each form "
        "has one; cases/tests/test_record.py asks a colleague."
    ): [
        "accounts.unsent._keep",
        "accounts.unsent.of",
        "accounts.unsent.is_of_another",
        "accounts.unsent.forget",
    ],
    ("It is for groups of one's own: in each of ours, who sees sessions may change them."): [
        "scheduling.admin.PlanningSessionAdmin.move_view",
        "scheduling.policies.can_change_sessions",
    ],
    ("Who is told, counted or offered to choose: the tests of members, mails and forms ask."): [
        "accounts.models.people.Practice.owners",
        "accounts.models.people.Practice.prescribers",
        "accounts.admin.PracticeAdmin.get_queryset",
        "accounts.services.reactivate",
        "accounts.services.make_owner",
        "cases.policies.has_a_prescriber",
        "cases.models.materials.MaterialQuerySet.offered",
        "cases.emails.emergency_access",
        "scheduling.forms.NewPlannerForm.__init__: filter(is_staff=True)",
        "scheduling.forms.NewPlannerForm.__init__: filter(is_active=True)",
        "scheduling.forms.NewPlannerForm.__init__: filter(planner=None)",
        "cases.emergency.end",
    ],
    (
        "Pages for owners refuse all others first, and ask for rows of the owner's practice; "
        "that an owner has one, the database sees to."
    ): [
        "accounts.models.people.UserQuerySet.visible_to: user.owns_a_practice",
        "accounts.models.people.User.owns_a_practice: self.practice_id is not None",
        "accounts.models.people.User.owns_a_practice: self.may_sign_in",
        "accounts.models.sign_in.InvitationQuerySet.visible_to: user.owns_a_practice",
        "accounts.models.access_log.AccessQuerySet.visible_to: filter(practice=user.practice_id)",
        "accounts.models.access_log.AccessQuerySet.visible_to: filter(practice__is_active=True)",
        "accounts.views.account.access: Access.objects.visible_to(request.user)",
        "accounts.views.account.access: filter(practice=practice)",
        "accounts.forms.WhoForm.chosen: filter(user=who)",
    ],
    (
        "Whose the link of new staff is, signature and mark both say, and the mark changes "
        "with the account; accounts/tests/test_staff.py asks for each."
    ): ["accounts.sign_in.staff_links.user_of"],
    ("That somebody of a practice is no staff, the database sees to."): [
        "accounts.models.people.UserQuerySet.manageable_by"
    ],
    (
        "Accounts that are closed are signed out by accounts.backends at the next request, "
        "and members have no rights of Django's. Who calls without a request is answered by "
        "the same rule, see tests/test_who_sees_what.py."
    ): [
        "cases.models.case.sees_all_cases: user.is_active",
        "cases.models.case.sees_all_cases: user.is_staff",
        "cases.models.case.CaseQuerySet.visible_to: not user.is_authenticated",
        "cases.models.case.CaseQuerySet.visible_to: not user.is_active",
        "cases.models.case.CaseQuerySet.visible_to: "
        "not user.is_authenticated or not user.is_active",
        "cases.models.case.CaseQuerySet.visible_to: filter(practice__is_active=True)",
        "scheduling.models.PlannerQuerySet.visible_to: not user.is_active",
        "scheduling.models.PlannerQuerySet.visible_to: not user.is_staff",
        "scheduling.models.PlannerQuerySet.visible_to: not user.is_active or not user.is_staff",
        "scheduling.models.BlockQuerySet.visible_to: not user.is_active",
        "cases.policies.can_open_in_emergency: user.is_staff",
        "cases.policies._plans: user.is_staff",
        "scheduling.policies.can_set_hours: user.is_staff",
        "cases.policies.can_send_cases: user.practice.is_active",
        "cases.models.files.RemovedFileQuerySet.visible_to: "
        "not (user.is_active and user.practice_id)",
        "cases.models.files.RemovedFileQuerySet.visible_to: filter(practice__is_active=True)",
    ],
    (
        "A draft is found by its user and by a key that is only given out for a case that was "
        "found, or to the practice whose form it is."
    ): [
        "cases.models.conversation.MessageQuerySet.visible_to",
        "cases.models.conversation.DraftQuerySet.visible_to",
        "cases.drafts._is_free_for: exclude(practice=user.practice_id)",
        "cases.drafts.of_update",
        "cases.drafts.unsent",
        "cases.views.new.new_case: Draft.objects.visible_to(request.user)",
        "cases.views.new.new_case: filter(user=request.user)",
        "cases.views.new.keep_draft: Draft.objects.visible_to(request.user)",
        "cases.views.new.discard_draft: Draft.objects.visible_to(request.user)",
        "cases.views.new.discard_draft: filter(user=request.user)",
    ],
    (
        "Whose the key of a form is, cases.drafts says first; among the files of one practice "
        "these tell apart what was sent."
    ): [
        "cases.models.files.AttachmentQuerySet.of_form",
        "cases.models.files.AttachmentQuerySet.unsent",
        "cases.services._attach_files",
        "cases.drafts.remove_file",
        "cases.drafts.discard",
        "cases.drafts.waiting",
        "cases.drafts.files_waiting",
        "cases.files.uploads._files_of_form: filter(case=None)",
        "cases.files.uploads._own: exclude(case=None)",
        "cases.views.new._page",
        "cases.views.record._files",
    ],
    (
        "The case was found by who sees it, and a block that is taken is not given twice: "
        "scheduling.services asks under a lock, see scheduling/tests."
    ): [
        "scheduling.models.BlockQuerySet.visible_to: PlanningSession.objects.visible_to(user)",
        "scheduling.models.BlockQuerySet.visible_to: "
        "filter(offered | Q(pk__in=own.order_by().values('block')))",
        "scheduling.models.BlockQuerySet.overlapping",
        "scheduling.models.PlanningSessionQuerySet.visible_to: "
        "filter(Q(block__planner__user=user) | granted)",
        "cases.policies.can_schedule: case.can_be_scheduled",
        "scheduling.services.book: policies.can_schedule(by, case)",
        "scheduling.services._insert",
        "scheduling.services.end_session_of",
        "scheduling.services.state_after",
        "scheduling.services._two_at_once: exclude(case=case)",
        "scheduling.forms.BookingForm.__init__",
        "scheduling.views._booked: PlanningSession.objects.visible_to(user)",
        "scheduling.views._choose",
        "scheduling.templatetags.scheduling.planning: PlanningSession.objects.visible_to(user)",
        "scheduling.templatetags.scheduling.planning: filter(case=case)",
    ],
    "No block of the world was booked and is free again: see scheduling/tests/test_blocks.py.": [
        "scheduling.admin.BlockAdmin.has_change_permission: not (obj and obj.was_booked)",
        "scheduling.admin.BlockAdmin.has_delete_permission: not (obj and obj.was_booked)",
        "scheduling.admin.BlockAdmin._or_refuse",
    ],
    (
        "Nobody of the world has two sessions at one time, or takes a day off with one: see "
        "scheduling/tests/test_doubtful_times.py and test_days_off.py."
    ): [
        "scheduling.services._two_at_once: Case.objects.visible_to(by)",
        "scheduling.forms.DaysOffFormSet._named: PlanningSession.objects.visible_to(self.user)",
    ],
    ("An inline is read only besides; the reason of an emergency is no word of the world's."): [
        "accounts.admin.MemberInline.has_add_permission",
        "accounts.admin.AccessAdmin.get_fields",
    ],
    (
        "The rows come from a case, a form or a list that was found by who sees it; the pages "
        "of a case in admin are for who works on all cases."
    ): [
        "cases.admin.case.download_csv: Case.objects.visible_to(request.user)",
        "cases.access.part: rows.visible_to(request.user)",
        "cases.policies._is_member: user.practice_id is not None",
        "cases.policies._is_member: user.practice_id == case.practice_id",
        "cases.services.submit_case",
        "cases.admin.pages.CasePages.try_again_page",
        "cases.files.uploads._place: Case.objects.visible_to(user)",
        "cases.views.new.new_case: Case.objects.visible_to(request.user)",
    ],
    ("A page shows a button or a number by it, and names nobody; the deed itself is refused."): [
        "cases.admin.case.CaseAdmin._panels",
        "scheduling.admin.PlannerAdmin.get_readonly_fields",
        "accounts.views.account.account: practice",
        "accounts.views.members._do",
        "cases.views.listing.case_list: policies.can_send_cases(request.user)",
        "cases.views.new._no_dentist",
        "cases.views.record._page",
        "cases.views.record._typed",
        "cases.views.record.send_update: policies.can_update(request.user, case)",
        "cases.templatetags.lab_overview.lab_overview",
        "scheduling.templatetags.scheduling.planning: policies.can_schedule(user, case)",
    ],
    ("It has the shape of a guard and is none: limits, words of an answer, the log."): [
        "cases.files.receiving._check_open",
        "portal.http.bad_requests.RefuseBadRequests.process_view",
        "portal.http.middleware.without_nul.answer",
        "cases.files.uploads._remove",
        "accounts.middleware.SessionLimits.process_view",
        "accounts.middleware._note",
        "accounts.context_processors.signed_in",
    ],
    ("Sessions, devices and second steps are asked about in accounts/tests."): [
        "accounts.backends.Backend.get_user: user",
        "accounts.sign_in.activity._own_session",
        "accounts.sign_in.second_step.may_remove",
        "accounts.sign_in.second_step.MFAAdapter.can_delete_authenticator",
        "accounts.sign_in.known_devices._read",
        "accounts.sign_in.forms.NewPasskeyForm.clean",
    ],
}
# The library's own views ask again; LoginRequiredMiddleware as a whole is missed.
ASK_AGAIN = re.compile("account_|mfa_|admin/")
# What stands in the way of nobody: log lines, headers, texts and numbers that others test.
HARMLESS = re.compile(
    r".*\.(RequestLog|more_headers|not_stored|nothing_left|without_nul|in_utf_8|readable_form"
    r"|RefuseBadRequests|files_only|note_hits|note_refusals)"
)
_EXPLAINED = {name for names in GUARDS.values() for name in names}


def is_explained(guard):
    is_named = not _EXPLAINED.isdisjoint({guard.place, guard.key})
    return is_named or any(re.search(kind, guard.key) for kind in KINDS)


def stale(found):
    """What is explained, and is there no more."""
    named = _EXPLAINED - {name for guard in found for name in (guard.place, guard.key)}
    unused = [kind for kind in KINDS if not any(re.search(kind, each.key) for each in found)]
    return sorted(named) + unused
