"""Guards without which the matrix stays green, and why; the groups of them that must go red.

The control fails when one of these is there no more, or when it turns out to be missed after all.
"""

import re

# Kinds of guards, by what their key looks like.
PATTERNS = {
    r"(decorator|wrapper): require_http_methods\(\['GET', 'HEAD', 'POST'\]\)$": (
        "portal.methods refuses what is none of these three before any page is asked."
    ),
    r"^\w+\.admin\..*rights of an action: \['(view|add|change)'\]$": (
        "Actions are listed on pages that ask for the same right, and act on the rows of "
        "get_queryset."
    ),
    r"^cases\.limits\.\w+: part of a query: ": (
        "What is counted for a limit is shown to nobody; cases/tests/test_limits.py counts."
    ),
    r"^sign-in is asked for: (account_|mfa_|admin/)": (
        "The library's own view asks again; the middleware as a whole is missed."
    ),
}
# Guards one by one, `module.function: kind: source`.
KEYS = {
    ("Who is told, counted or offered to choose: the tests of members, mails and forms ask."): [
        "accounts.models.Practice.owners: part of a query: filter(is_active=True)",
        "accounts.admin.PracticeAdmin.get_queryset: part of a query: filter(is_active=True)",
        "accounts.services.make_owner: part of a query: filter(is_active=True)",
        "accounts.services.reactivate: part of a query: filter(is_active=False)",
        "cases.emails.emergency_access: part of a query: filter(is_active=True)",
        "accounts.models.Practice.prescribers: part of a query: filter(is_active=True)",
        "cases.emergency.end: part of a query: filter(until__gt=now)",
        "cases.policies.has_a_prescriber: predicate: practice.prescribers.exists()",
        "scheduling.forms.NewPlannerForm.__init__: part of a query: filter(is_staff=True)",
        "scheduling.forms.NewPlannerForm.__init__: part of a query: filter(is_active=True)",
        "scheduling.forms.NewPlannerForm.__init__: part of a query: filter(planner=None)",
    ],
    (
        "Pages for owners refuse all others first, and ask for rows of the owner's practice; "
        "that an owner has one, the database sees to."
    ): [
        "accounts.models.UserQuerySet.visible_to: condition: user.owns_a_practice",
        "accounts.models.User.owns_a_practice: part of a predicate: self.practice_id is not None",
        "accounts.models.User.owns_a_practice: part of a predicate: self.may_sign_in",
        "accounts.models.InvitationQuerySet.visible_to: condition: user.owns_a_practice",
        "accounts.models.AccessQuerySet.visible_to: part of a query: "
        "filter(practice=user.practice_id)",
        "accounts.models.AccessQuerySet.visible_to: part of a query: "
        "filter(practice__is_active=True)",
        "accounts.forms.WhoForm.chosen: part of a query: filter(user=who)",
        "accounts.views.account.access: rows that somebody sees: "
        "Access.objects.visible_to(request.user)",
    ],
    (
        "Whose the link of new staff is, signature and mark both say, and the mark changes with "
        "the account; accounts/tests/test_staff.py asks for each."
    ): [
        "accounts.sign_in.staff_links.user_of: signature: signing.loads(token, salt=_SALT, "
        "max_age=LASTS)",
        "accounts.sign_in.staff_links.user_of: check: constant_time_compare(mark, _mark(user))",
        "accounts.sign_in.staff_links.user_of: part of a condition: constant_time_compare(mark, "
        "_mark(user))",
        "accounts.sign_in.staff_links.user_of: part of a condition: is_open",
        "accounts.sign_in.staff_links.user_of: part of a query: filter(is_staff=True)",
        "accounts.sign_in.staff_links.user_of: part of a query: filter(is_active=True)",
    ],
    ("That somebody of a practice is no staff, the database sees to."): [
        "accounts.models.UserQuerySet.manageable_by: part of a query: filter(is_staff=False)",
    ],
    (
        "Accounts that are closed are signed out by accounts.backends at the next request, "
        "and members have no rights of Django's. Who calls without a request is answered by "
        "the same rule, see tests/test_who_sees_what.py."
    ): [
        "cases.models.case.sees_all_cases: part of a predicate: user.is_active",
        "cases.models.case.sees_all_cases: part of a predicate: user.is_staff",
        "cases.models.case.CaseQuerySet.visible_to: part of a refusal: not user.is_authenticated",
        "cases.models.case.CaseQuerySet.visible_to: part of a refusal: not user.is_active",
        "cases.models.case.CaseQuerySet.visible_to: refusal: not user.is_authenticated or not "
        "user.is_active",
        "cases.models.case.CaseQuerySet.visible_to: part of a query: "
        "filter(practice__is_active=True)",
        "scheduling.models.PlannerQuerySet.visible_to: part of a refusal: not user.is_active",
        "scheduling.models.PlannerQuerySet.visible_to: part of a refusal: not user.is_staff",
        "scheduling.models.PlannerQuerySet.visible_to: refusal: not user.is_active or not "
        "user.is_staff",
        "scheduling.models.BlockQuerySet.visible_to: refusal: not user.is_active",
        "cases.policies.can_open_in_emergency: part of a predicate: user.is_staff",
        "cases.policies._plans: part of a predicate: user.is_staff",
        "scheduling.policies.can_change_sessions: part of a predicate: user.is_staff",
        "scheduling.policies.can_set_hours: part of a predicate: user.is_staff",
    ],
    (
        "A draft is found by its user and by a key that is only given out for a case that was "
        "found, or to the practice whose form it is."
    ): [
        "cases.models.conversation.MessageQuerySet.visible_to: rows that somebody sees: "
        "Case.objects.visible_to(user)",
        "cases.models.conversation.MessageQuerySet.visible_to: part of a query: "
        "filter(case__in=Case.objects.visible_to(user))",
        "cases.models.conversation.DraftQuerySet.visible_to: refusal: not (user.is_active and "
        "user.practice_id)",
        "cases.models.conversation.DraftQuerySet.visible_to: rows that somebody sees: "
        "Case.objects.visible_to(user)",
        "cases.models.conversation.DraftQuerySet.visible_to: part of a query: filter(own | "
        "Q(case__in=Case.objects.visible_to(user)))",
        "cases.drafts._is_free_for: part of a query: exclude(practice=user.practice_id)",
        "cases.drafts.of_update: rows that somebody sees: Draft.objects.visible_to(user)",
        "cases.drafts.of_update: part of a query: filter(case=case)",
        "cases.drafts.unsent: rows that somebody sees: Draft.objects.visible_to(user)",
        "cases.drafts.unsent: part of a query: filter(form_key=OuterRef('form_key'))",
        "cases.drafts.unsent: part of a query: filter(user=user)",
        "cases.drafts.unsent: part of a query: filter(~Exists(sent))",
        "cases.drafts.unsent: part of a query: exclude(pk=but)",
        "cases.views.new.new_case: rows that somebody sees: Draft.objects.visible_to(request.user)",
        "cases.views.new.new_case: part of a query: filter(user=request.user)",
        "cases.views.new.keep_draft: rows that somebody sees: "
        "Draft.objects.visible_to(request.user)",
        "cases.views.new.discard_draft: rows that somebody sees: "
        "Draft.objects.visible_to(request.user)",
        "cases.views.new.discard_draft: part of a query: filter(user=request.user)",
    ],
    (
        "Whose the key of a form is, cases.drafts says first; among the files of one practice "
        "these tell apart what was sent."
    ): [
        "cases.models.files.AttachmentQuerySet.of_form: part of a query: filter(case=None)",
        "cases.models.files.AttachmentQuerySet.unsent: part of a query: filter(form_key=form_key)",
        "cases.models.files.AttachmentQuerySet.unsent: part of a query: filter(case=None)",
        "cases.models.files.AttachmentQuerySet.unsent: part of a query: "
        "exclude(state=Attachment.State.FAILED)",
        "cases.services._attach_files: part of a query: filter(practice=case.practice)",
        "cases.services._attach_files: part of a query: filter(case=None)",
        "cases.files.receiving.remove: part of a query: filter(case=None)",
        "cases.files.uploads._files_of_form: part of a query: filter(case=None)",
        "cases.files.uploads._own: part of a query: exclude(case=None)",
        "cases.views.new._page: rows that somebody sees: "
        "Attachment.objects.visible_to(request.user)",
        "cases.views.record._files: rows that somebody sees: "
        "Attachment.objects.visible_to(request.user)",
        "cases.views.record._files: part of a query: filter(practice=case.practice)",
    ],
    (
        "The case was found by who sees it, and a block that is taken is not given twice: "
        "scheduling.services asks under a lock, see scheduling/tests."
    ): [
        "scheduling.models.BlockQuerySet.visible_to: rows that somebody sees: "
        "PlanningSession.objects.visible_to(user)",
        "scheduling.models.BlockQuerySet.visible_to: part of a query: filter(offered | "
        "Q(pk__in=own.order_by().values('block')))",
        "scheduling.models.BlockQuerySet.overlapping: part of a query: filter(planner=planner)",
        "scheduling.models.PlanningSessionQuerySet.visible_to: part of a query: "
        "filter(Q(block__planner__user=user) | granted)",
        "cases.policies.can_schedule: part of a predicate: case.can_be_scheduled",
        "scheduling.services.book: check: policies.can_schedule(by, case)",
        "scheduling.services._insert: part of a query: filter(case=case)",
        "scheduling.services.end_session_of: part of a query: filter(case=case)",
        "scheduling.services._end: refusal: state == State.MISSED",
        "scheduling.forms.BookingForm.__init__: rows that somebody sees: "
        "Block.objects.visible_to(user)",
        "scheduling.forms.BookingForm.__init__: choices: Block.objects.visible_to(user)",
        "scheduling.templatetags.scheduling.planning: rows that somebody sees: "
        "PlanningSession.objects.visible_to(user)",
        "scheduling.templatetags.scheduling.planning: part of a query: filter(case=case)",
        "scheduling.views._booked: rows that somebody sees: "
        "PlanningSession.objects.visible_to(user)",
        "scheduling.views._choose: rows that somebody sees: Block.objects.visible_to(request.user)",
    ],
    ("An inline is read only besides; the reason of an emergency is no word of the world's."): [
        "accounts.admin.MemberInline.has_add_permission: predicate: False",
        "accounts.admin.AccessAdmin.get_fields: check: request.user.has_perm('cases.change_case')",
    ],
    (
        "The rows come from a case, a form or a list that was found by who sees it; the pages "
        "of a case in admin are for who works on all cases."
    ): [
        "cases.admin.case.download_csv: rows that somebody sees: "
        "Case.objects.visible_to(request.user)",
        "cases.access.part: rows that somebody sees: rows.visible_to(request.user)",
        "cases.services.submit_case: rows that somebody sees: Case.objects.visible_to(by)",
        "cases.admin.pages.CasePages.try_again_page: rows that somebody sees: "
        "case.attachments.visible_to(request.user)",
        "cases.admin.pages.CasePages.try_again_page: rows that somebody sees: "
        "case.prescriptions.visible_to(request.user)",
        "cases.policies._is_member: part of a predicate: user.practice_id is not None",
        "cases.policies._is_member: part of a predicate: user.practice_id == case.practice_id",
        "cases.files.uploads._place: rows that somebody sees: Case.objects.visible_to(user)",
        "cases.views.new.new_case: rows that somebody sees: Case.objects.visible_to(request.user)",
        "cases.views.record._keep_and_sign_in: check: policies.can_update(user, case)",
    ],
    ("A page shows a button or a number by it, and names nobody; the deed itself is refused."): [
        "cases.admin.case.CaseAdmin._panels: check: self.has_change_permission(request)",
        "scheduling.admin.PlannerAdmin.get_readonly_fields: check: "
        "super().has_change_permission(request, obj)",
        "cases.templatetags.lab_overview.lab_overview: check: user.has_perm('cases.view_case')",
        "cases.templatetags.lab_overview.lab_overview: rows that somebody sees: "
        "Case.objects.visible_to(user)",
        "cases.templatetags.lab_overview.lab_overview: check: user.has_perm('portal.view_host')",
        "scheduling.templatetags.scheduling.planning: check: policies.can_schedule(user, case)",
        "accounts.views.members._do: check: policies.can_manage_members(request.user)",
        "accounts.views.account.account: condition: practice",
        "cases.views.listing.case_list: check: policies.can_send_cases(request.user)",
        "cases.views.new._no_dentist: rows that somebody sees: "
        "Draft.objects.visible_to(request.user)",
        "cases.views.new._no_dentist: part of a query: filter(user=request.user)",
        "cases.views.new._no_dentist: part of a query: filter(case=None)",
        "cases.views.record._page: check: policies.can_update(request.user, case)",
        "cases.views.record._page: check: policies.can_archive(request.user, case)",
        "cases.views.record._page: check: policies.can_write_message(request.user, case)",
        "cases.admin.case.CaseAdmin._panels: check: policies.can_write_message(request.user, case)",
    ],
    ("It has the shape of a guard and is none: limits, words of an answer, the log."): [
        "cases.files.receiving._check_open: refusal: not states.exists()",
        "portal.http.bad_requests.RefuseBadRequests.process_view: refusal: in_admin(request) and "
        "asks_nonsense(request)",
        "accounts.middleware.SessionLimits.process_view: refusal: request.user.is_authenticated "
        "and activity.is_sign_of_a_person(request, view)",
        "accounts.middleware._note: part of a refusal: user is None",
        "accounts.middleware._note: part of a refusal: not user.is_authenticated",
        "accounts.middleware._note: refusal: user is None or not user.is_authenticated",
        "portal.http.middleware.without_nul.answer: refusal: '\\x00' in request.path_info",
        "cases.files.uploads._note_refusal: part of a query: "
        "exclude(practice=request.user.practice_id)",
        "cases.files.uploads._remove: refusal: not is_removed",
        "cases.views.record._keep_and_sign_in: part of a refusal: drafts.update_key(case) != key",
        "accounts.context_processors.signed_in: part of a refusal: user is None",
        "accounts.context_processors.signed_in: part of a refusal: not user.is_authenticated",
        "accounts.context_processors.signed_in: refusal: user is None or not user.is_authenticated",
    ],
    ("Sessions, devices and second steps are asked about in accounts/tests."): [
        "accounts.sign_in.forms.NewPasskeyForm.clean: part of a query: filter(user=self.user)",
        "accounts.sign_in.second_step.may_remove: predicate: not authenticator.user.needs_mfa or "
        "others.exists()",
        "accounts.sign_in.second_step.MFAAdapter.can_delete_authenticator: check: "
        "may_remove(authenticator)",
        "accounts.sign_in.second_step.MFAAdapter.can_delete_authenticator: predicate: "
        "may_remove(authenticator)",
        "accounts.backends.Backend.get_user: part of a condition: user",
        "accounts.sign_in.known_devices._read: signature: "
        "signing.loads(request.COOKIES.get(COOKIE, ''), salt=_SALT, max_age=AGE)",
        "accounts.views.sessions.sign_out_everywhere: part of a query: filter(user=request.user)",
    ],
}
EXPLAINED = {f"^{re.escape(key)}$": why for why, keys in KEYS.items() for key in keys} | PATTERNS
# One stands behind the other: neither alone is missed, and both are.
TOGETHER = [
    (
        "cases.policies._is_member: part of a predicate: user.practice_id is not None",
        "cases.policies._is_member: part of a predicate: user.practice_id == case.practice_id",
    ),
]


def reason(key):
    """Why a guard may be missed by none, or ""."""
    return next((why for pattern, why in EXPLAINED.items() if re.search(pattern, key)), "")
