"""Content of a confirmed mailing, frozen at confirmation."""

import hashlib
import json
from dataclasses import asdict

from mailings.models import Editor, Mailing
from mailings.services.content.composing import Content
from mailings.services.content.layout import Footer
from mailings.services.rules import footer_of, rules_of


def content_of(mailing: Mailing) -> Content:
    """Of a draft: as it would be sent now."""
    footer = None
    if mailing.is_advertising:
        footer = footer_of(rules_of(mailing.book)) if mailing.is_draft else Footer(**(mailing.footer or {}))
    return Content(
        subject=mailing.subject,
        body=mailing.body,
        is_simple=mailing.editor == Editor.SIMPLE,
        footer=footer,
        values=mailing.common_values,
        fallbacks=mailing.fallbacks,
    )


def fix(mailing: Mailing) -> None:
    """Copy what the book's settings say now into the mailing, so that later changes do not reach it; does not save."""
    rules = rules_of(mailing.book)
    if mailing.sender is not None:
        mailing.sender_address, mailing.sender_name = mailing.sender.address, mailing.sender.name
    mailing.footer = asdict(footer_of(rules)) if mailing.is_advertising else None
    mailing.refusal_text = rules.refusal_text if mailing.is_advertising else ""
    mailing.content_sha256 = sha256_of(mailing)


def sha256_of(mailing: Mailing) -> str:
    """Over everything that recipients see, attachments included."""
    attachments = mailing.attachments.values_list("name", "sha256")
    parts = [
        mailing.kind,
        mailing.sender_address,
        mailing.sender_name,
        mailing.subject,
        mailing.body,
        mailing.editor,
        mailing.common_values,
        mailing.fallbacks,
        mailing.footer,
        mailing.refusal_text,
        list(attachments),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
