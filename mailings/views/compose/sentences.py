"""What the page *Send mail* says of sources, findings and refusals."""

from collections.abc import Callable
from typing import Any, Final

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from mailings.models import Mailing, RecipientSource
from mailings.services.content.checking import Finding
from mailings.services.recipients.behind import Behind
from mailings.services.recipients.counting import Numbers
from workspace.numbers import number

Detail = dict[str, Any]


def source_text(source: RecipientSource) -> str:
    """What a line of recipients was chosen by."""
    parameters = source.parameters
    if source.kind == RecipientSource.Kind.GROUPS:
        names = [parameters["names"].get(str(pk), "?") for pk in parameters["groups"]]
        listed = pgettext("between two in a list", ", ").join(names)
        if len(names) == 1:
            text = _("Group %(groups)s") % {"groups": listed}
        elif parameters["in_all"]:
            text = _("In all of %(groups)s") % {"groups": listed}
        else:
            text = _("In any of %(groups)s") % {"groups": listed}
        if without := [parameters["names"].get(str(pk), "?") for pk in parameters["without"]]:
            others = pgettext("between two in a list", ", ").join(without)
            text = _("%(those)s, not in %(others)s") % {"those": text, "others": others}
        return text
    if source.kind == RecipientSource.Kind.SELECTION:
        group = parameters["group"]
        return _("Selected in group %(group)s") % {"group": group} if group else _("Selected in the address book")
    if source.kind == RecipientSource.Kind.FILE:
        return _("File %(name)s") % {"name": parameters.get("name", "")}
    if source.kind == RecipientSource.Kind.RESULTS:
        return _("Not reached by “%(subject)s”") % {"subject": parameters["subject"] or _("(no subject)")}
    return _("Typed addresses")


def behind_label(which: Behind) -> str:
    labels = {
        Behind.RECIPIENTS: _("Recipients"),
        Behind.CHOSEN: _("Chosen"),
        Behind.DOUBLED: _("Duplicates"),
        Behind.UNSUBSCRIBED: _("Unsubscribed"),
        Behind.BLOCKED: _("Blocked"),
        Behind.INVALID: _("Invalid"),
    }
    return labels[which]


def numbers_behind(numbers: Numbers) -> list[tuple[Behind, str, int]]:
    """What is chosen, and what goes off it, where there is something."""
    counted = [(which, behind_label(which), getattr(numbers, which)) for which in Behind if which != Behind.RECIPIENTS]
    return [entry for entry in counted if entry[2]]


def moved(now: int, seen: int) -> str:
    """By how much the recipients have become more or fewer since a person looked."""
    if now > seen:
        more = ngettext(
            "%(count)s recipient more than you saw: %(now)s now, %(seen)s before. Nothing was sent.",
            "%(count)s recipients more than you saw: %(now)s now, %(seen)s before. Nothing was sent.",
            now - seen,
        )
        return more % {"count": number(now - seen), "now": number(now), "seen": number(seen)}
    fewer = ngettext(
        "%(count)s recipient fewer than you saw: %(now)s now, %(seen)s before. Nothing was sent.",
        "%(count)s recipients fewer than you saw: %(now)s now, %(seen)s before. Nothing was sent.",
        seen - now,
    )
    return fewer % {"count": number(seen - now), "now": number(now), "seen": number(seen)}


def returned(draft: Mailing) -> str:
    """Why a mailing that was confirmed is a draft again."""
    reason = draft.reason
    if reason.get("code") == "moved":
        return moved(reason["now"], reason["seen"]) + " " + _("Check and send again.")
    if reason.get("code") == "missing_values":
        return _("Nothing was sent: %(count)s recipients have no value for a placeholder.") % {
            "count": number(reason["count"])
        }
    return ""


def finding(found: Finding) -> str:
    return _FINDINGS[found.code](found.detail)


def _texts(detail: Detail) -> str:
    return pgettext("between two in a list", ", ").join(str(text) for text in detail["texts"])


def _excluded(detail: Detail) -> str:
    labels = {
        "doubled": _("%(count)s duplicates"),
        "unsubscribed": _("%(count)s unsubscribed"),
        "blocked": _("%(count)s blocked"),
        "invalid": _("%(count)s invalid"),
    }
    parts = [label % {"count": number(detail[name])} for name, label in labels.items() if detail.get(name)]
    return _("Not sent to: %(parts)s.") % {"parts": pgettext("between two in a list", ", ").join(parts)}


_FINDINGS: Final[dict[str, Callable[[Detail], str]]] = {
    "sender_missing": lambda d: _("Choose a sender. Senders are added in the settings."),
    "sender_refused": lambda d: _("The service does not send from %(domain)s. Choose another sender.") % d,
    "sender_new_domain": lambda d: (
        _("Nothing was sent from %(domain)s here yet. Make sure that SPF, DKIM and DMARC are set up for it.") % d
    ),
    "subject_missing": lambda d: _("Type a subject."),
    "subject_lines": lambda d: _("The subject has a line break."),
    "subject_direction": lambda d: _("The subject has a character that changes the reading direction."),
    "subject_mark_doubled": lambda d: _("The service writes (광고) before the subject by itself. Take it out."),
    "subject_mark_on_general": lambda d: _("The subject says (광고), but this is a general mail."),
    "subject_mark_disguised": lambda d: _("The mark (광고) must not be written in another way. Take it out."),
    "subject_long": lambda d: _("The subject has %(characters)s characters; most mail programs show about 60.") % d,
    "subject_capitals": lambda d: _("The subject is all in capital letters, which spam filters dislike."),
    "subject_too_long": lambda d: (
        _("The subject has up to %(bytes)s bytes; at most %(most)s are allowed.")
        % {"bytes": number(d["bytes"]), "most": number(d["most"])}
    ),
    "subject_sent_lately": lambda d: _("A mail with this subject was sent within the last 24 hours."),
    "recipients_being_read": lambda d: _("A file of recipients is still being read. Wait until it is there."),
    "recipients_missing": lambda d: _("Add recipients."),
    "recipients_all_excluded": lambda d: (
        _("Of the %(chosen)s chosen, nobody is left to send to.") % {"chosen": number(d["chosen"])}
    ),
    "recipients_excluded": _excluded,
    "quota_passed": lambda d: (
        _("With this mail the month comes to %(total)s recipients; the limit of the book is %(quota)s.")
        % {"total": number(d["used"] + d["recipients"]), "quota": number(d["quota"])}
    ),
    "mark_unreadable": lambda d: _("Recipients would read this as it is: %(texts)s") % {"texts": _texts(d)},
    "marks_too_many": lambda d: (
        _("The mail has %(count)s placeholders; at most %(most)s are allowed.")
        % {"count": number(d["count"]), "most": number(d["most"])}
    ),
    "value_missing": lambda d: (
        ngettext(
            "%(count)s recipient has no value for %(name)s. Give a value for everybody or a fallback.",
            "%(count)s recipients have no value for %(name)s. Give a value for everybody or a fallback.",
            d["count"],
        )
        % {"count": number(d["count"]), "name": d["name"]}
    ),
    "value_with_mark": lambda d: _("The value of %(name)s must not contain ${.") % d,
    "body_empty": lambda d: _("Write a body."),
    "body_only_pictures": lambda d: _("The body has no words besides pictures. Many people do not load pictures."),
    "body_active": lambda d: (
        _("Mail programs remove these elements: %(texts)s. Take them out.") % {"texts": ", ".join(d["tags"])}
    ),
    "body_handlers": lambda d: (
        _("Mail programs remove scripts: %(texts)s. Take them out.") % {"texts": ", ".join(d["names"])}
    ),
    "body_style_sheets": lambda d: _("Mail programs do not load style sheets from elsewhere."),
    "body_direction": lambda d: _("The body has characters that change the reading direction."),
    "body_too_long": lambda d: (
        _("The mail has up to %(size)s; at most %(most)s are allowed.")
        % {"size": filesizeformat(d["bytes"]), "most": filesizeformat(d["most"])}
    ),
    "body_cut_off": lambda d: (
        _("The mail has up to %(size)s. Gmail cuts off what is over 102 KB.") % {"size": filesizeformat(d["bytes"])}
    ),
    "link_empty": lambda d: _("%(count)s links lead nowhere.") % {"count": number(d["count"])},
    "link_scheme": lambda d: _("These links do not work in a mail: %(texts)s") % {"texts": _texts(d)},
    "link_relative": lambda d: _("These links lack the beginning https://: %(texts)s") % {"texts": _texts(d)},
    "link_local": lambda d: _("Nobody outside can open these links: %(texts)s") % {"texts": _texts(d)},
    "link_unencrypted": lambda d: _("These links are http and not https: %(texts)s") % {"texts": _texts(d)},
    "picture_address": lambda d: _("Pictures need a public address with https: %(texts)s") % {"texts": _texts(d)},
    "picture_without_text": lambda d: (
        _("%(count)s pictures have no text for those who do not see them.") % {"count": number(d["count"])}
    ),
    "footer_missing": lambda d: _(
        "Advertising has to state company, e-mail, telephone and postal address. An admin enters them in the settings."
    ),
    "refusal_mark_on_general": lambda d: _("The place for the refusal is filled in advertising mail only."),
    "looks_like_advertising": lambda d: _("The text speaks of refusing mails. Is this advertising?"),
    "attachments_too_large": lambda d: (
        _("The attachments have %(size)s together; at most %(most)s are allowed.")
        % {"size": filesizeformat(d["bytes"]), "most": filesizeformat(d["most"])}
    ),
    "time_past": lambda d: _("The time to send at is over."),
    "time_too_far": lambda d: _("A mail can be scheduled at most %(days)s days ahead.") % d,
}


def editor_labels() -> dict[str, str]:
    """Of the buttons of the simple editor, which a script makes."""
    return {
        "toolbar": _("Formatting"),
        "paragraph": _("Paragraph"),
        "heading1": _("Heading 1"),
        "heading2": _("Heading 2"),
        "heading3": _("Heading 3"),
        "style": _("Style of the paragraph"),
        "bold": _("Bold"),
        "italic": _("Italic"),
        "underline": _("Underline"),
        "color": _("Text colour"),
        "bullets": _("Bulleted list"),
        "numbers": _("Numbered list"),
        "left": _("Align left"),
        "center": _("Align centre"),
        "right": _("Align right"),
        "link": _("Link"),
        "picture": _("Picture"),
        "button": _("Button"),
        "placeholder": _("Placeholder"),
        "undo": _("Undo typing"),
        "redo": _("Redo typing"),
        "address": _("Address (https://…)"),
        "label": _("Label"),
        "alternative": _("Text for those who do not see the picture"),
        "width": _("Width in pixels"),
        "name": _("Name of the placeholder"),
        "insert": _("Insert"),
        "remove": _("Remove"),
        "cancel": _("Cancel"),
        "bad_address": _("The address has to begin with https://, http://, mailto: or tel:."),
        "bad_picture": _("The address of a picture has to begin with https://."),
        "bad_name": _("A name has letters, digits and “_” only."),
    }
