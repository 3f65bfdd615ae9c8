"""Everything that the check before sending finds in a draft: its content, sender, recipients, values and time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from html import escape

from django.db.models import Sum
from django.utils import timezone

from mailings import limits
from mailings.models import Editor, Mailing, MailingState, RecipientSource
from mailings.services.content import placeholders
from mailings.services.content.checking import Finding, Place, check_body, check_marks, check_size, check_subject
from mailings.services.content.composing import Composed, compose
from mailings.services.quota import used_in_month
from mailings.services.recipients.counting import Line, Numbers, count
from mailings.services.rules import rules_of
from mailings.services.senders import is_refused
from mailings.services.sending.content import content_of
from workspace.models import Edition


@dataclass(frozen=True, slots=True)
class PlaceholderState:
    """Where the value of a placeholder comes from, and for how many recipients there is none."""

    name: str
    common: str
    fallback: str
    from_files: bool
    missing: int

    @property
    def is_open(self) -> bool:
        return bool(self.missing) and not self.common and not self.fallback


@dataclass(frozen=True, slots=True)
class CheckReport:
    findings: tuple[Finding, ...]
    numbers: Numbers
    placeholders: tuple[PlaceholderState, ...]
    # Recipients of its month, with this mail.
    in_month: int

    @property
    def blocking(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.blocks)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if not finding.blocks)


def check(draft: Mailing, edition: Edition) -> CheckReport:
    composed = compose(content_of(draft))
    numbers = count(draft, edition)
    states = placeholder_states(draft, composed.names, numbers.lines)
    used = used_in_month(draft.book, draft.send_at or timezone.now())
    findings = [
        *_check_sender(draft),
        *check_subject(draft.subject, is_advertising=draft.is_advertising),
        *_check_recipients(draft, numbers),
        *check_marks(draft.subject, draft.body),
        *check_body(draft.body),
        *_check_values(states),
        *_check_size(draft, composed, states),
        *_check_attachments(draft),
        *_check_advertising(draft),
        *_check_time(draft),
        *_check_quota(draft, used, numbers),
    ]
    return CheckReport(tuple(findings), numbers, states, used + numbers.recipients)


def placeholder_states(draft: Mailing, names: tuple[str, ...], lines: tuple[Line, ...]) -> tuple[PlaceholderState, ...]:
    return tuple(
        PlaceholderState(
            name=name,
            common=draft.common_values.get(name, ""),
            fallback=draft.fallbacks.get(name, ""),
            from_files=any(name in _columns(line.source) for line in lines),
            missing=sum(_without_value(line, name) for line in lines),
        )
        for name in names
    )


def _columns(source: RecipientSource) -> list[str]:
    return source.parameters.get("columns", [])


def _without_value(line: Line, name: str) -> int:
    people = line.chosen - line.doubled - line.invalid
    if name not in _columns(line.source):
        return people
    return int(line.source.parameters.get("empty", {}).get(name, 0))


def _check_sender(draft: Mailing) -> Iterator[Finding]:
    if draft.sender is None:
        yield Finding("sender_missing", Place.SENDER, blocks=True)
        return
    domain = draft.sender.key.rpartition("@")[2]
    if is_refused(domain):
        yield Finding("sender_refused", Place.SENDER, blocks=True, detail={"domain": domain})
    earlier = Mailing.objects.confirmed().filter(book=draft.book, sender_address__iendswith=f"@{domain}")
    if not earlier.filter(state=MailingState.SENT).exists():
        yield Finding("sender_new_domain", Place.SENDER, blocks=False, detail={"domain": domain})


def _check_recipients(draft: Mailing, numbers: Numbers) -> Iterator[Finding]:
    if numbers.recipients <= 0:
        code = "recipients_all_excluded" if numbers.chosen else "recipients_missing"
        yield Finding(code, Place.RECIPIENTS, blocks=True, detail={"chosen": numbers.chosen})
    if draft.files.filter(refusal={}, is_read=False).exists():
        yield Finding("recipients_being_read", Place.RECIPIENTS, blocks=True)
    left = {name: getattr(numbers, name) for name in ("doubled", "unsubscribed", "blocked", "invalid")}
    if any(left.values()):
        yield Finding("recipients_excluded", Place.RECIPIENTS, blocks=False, detail=left)
    day_ago = timezone.now() - timedelta(hours=24)
    same = Mailing.objects.confirmed().filter(book=draft.book, subject=draft.subject, confirmed_at__gte=day_ago)
    if draft.subject and same.filter(is_test=False).exists():
        yield Finding("subject_sent_lately", Place.RECIPIENTS, blocks=False)


def _check_values(states: tuple[PlaceholderState, ...]) -> Iterator[Finding]:
    for state in states:
        if state.is_open:
            detail = {"name": state.name, "count": state.missing}
            yield Finding("value_missing", Place.VALUES, blocks=True, detail=detail)
        for value in (state.common, state.fallback):
            if "${" in value:
                yield Finding("value_with_mark", Place.VALUES, blocks=True, detail={"name": state.name})


def _check_size(draft: Mailing, composed: Composed, states: tuple[PlaceholderState, ...]) -> Iterator[Finding]:
    """With the longest value that each placeholder has for anybody."""
    longest = {state.name: _longest(draft, state) for state in states}
    subject = placeholders.filled(draft.subject, longest)
    body = placeholders.filled(composed.body, {name: escape(value) for name, value in longest.items()})
    refusal = rules_of(draft.book).refusal_text if draft.is_advertising else ""
    yield from check_size(
        subject_bytes=len(subject.encode()),
        body_bytes=len(body.encode()) + len(refusal.encode()),
        is_advertising=draft.is_advertising,
    )


def _longest(draft: Mailing, state: PlaceholderState) -> str:
    values = [source.parameters.get("longest", {}).get(state.name, "") for source in draft.sources.all()]
    values += [state.common, state.fallback]
    return max(values, key=lambda value: len(value.encode()))


def _check_attachments(draft: Mailing) -> Iterator[Finding]:
    total = draft.attachments.aggregate(total=Sum("size"))["total"] or 0
    if total > limits.ATTACHMENTS_BYTES:
        detail = {"bytes": total, "most": limits.ATTACHMENTS_BYTES}
        yield Finding("attachments_too_large", Place.ATTACHMENTS, blocks=True, detail=detail)


def _check_advertising(draft: Mailing) -> Iterator[Finding]:
    if draft.is_advertising and not rules_of(draft.book).has_footer:
        yield Finding("footer_missing", Place.BODY, blocks=True)
    text = draft.subject + draft.body
    if not draft.is_advertising and "수신거부" in text.replace(" ", ""):
        yield Finding("looks_like_advertising", Place.SUBJECT, blocks=False)
    if draft.editor == Editor.HTML and "#{UNSUBSCRIBE_MESSAGE}" in draft.body and not draft.is_advertising:
        yield Finding("refusal_mark_on_general", Place.BODY, blocks=True)


def _check_time(draft: Mailing) -> Iterator[Finding]:
    if draft.send_at is None:
        return
    now = timezone.now()
    if draft.send_at <= now:
        yield Finding("time_past", Place.TIME, blocks=True)
    elif draft.send_at > now + timedelta(days=limits.SCHEDULED_AHEAD_DAYS):
        yield Finding("time_too_far", Place.TIME, blocks=True, detail={"days": limits.SCHEDULED_AHEAD_DAYS})


def _check_quota(draft: Mailing, used: int, numbers: Numbers) -> Iterator[Finding]:
    quota = rules_of(draft.book).monthly_quota
    if used + numbers.recipients > quota:
        detail = {"used": used, "quota": quota, "recipients": numbers.recipients}
        yield Finding("quota_passed", Place.RECIPIENTS, blocks=False, detail=detail)
