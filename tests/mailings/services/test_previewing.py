"""What the preview shows is what is delivered: compared with the simulator's ledger, recipient by recipient."""

from uuid import uuid4

import pytest
from django.core.files.base import ContentFile

from mailings.models import Editor, Mailing, MailKind, MailRules
from mailings.services import previewing
from mailings.services.content.layout import UNSUBSCRIBE_MARK
from mailings.services.previewing import UNSUBSCRIBE_STAND_IN, Preview
from mailings.services.recipients import files, reading, sources
from mailings.services.sending import confirming
from tests.mailings.services.sending.delivered import mails_of

pytestmark = pytest.mark.django_db(transaction=True)

GUESTS = (
    "email,이름,city,code\n"
    "a@example.com,홍길동,Seoul & <b>Busan</b>,1\n"
    'b@example.com,"O\'Neil ""Bob""",${city},\n'
    "c@example.com,,東京,#{x}\n"
    "d@example.com,😀 é,&amp;,<script>1</script>\n"
)
HTML = (
    '<!DOCTYPE html><html><head><style>p { color: red }</style></head><body><p class="x">Hello ${이름}, ${city}</p>'
    '<a href="https://example.com/?c=${code}">Look &amp; see</a><img src="https://example.com/a.png" alt="A">'
    "</body></html>"
)
SIMPLE = "<h1>Hello ${이름}</h1><p>${city}: <strong>${code}</strong></p><p>$1 &lt; $2 ${ no }</p>"


@pytest.mark.parametrize("kind", list(MailKind))
@pytest.mark.parametrize(("editor", "body"), [(Editor.HTML, HTML), (Editor.SIMPLE, SIMPLE)])
def test_the_preview_is_what_each_recipient_gets(draft, book, by, write, work, practice, kind, editor, body) -> None:
    MailRules.objects.update_or_create(
        book=book,
        defaults={"company": "A & B", "contact_email": "ask@example.com", "telephone": "02", "postal_address": "Seoul"},
    )
    write(
        draft,
        kind=kind,
        editor=editor,
        subject="${이름} & ${city}: $5",
        body=body,
        common_values={"code": "common"},
        fallbacks={"이름": "guest"},
    )
    acts = {"book": book, "mailing_id": draft.pk, "by": by}
    file = files.add(**acts, file=ContentFile(GUESTS.encode()), name="guests.csv", token=uuid4())
    reading.read_file(file.pk)
    draft = Mailing.objects.get(pk=draft.pk)
    shown = [shown_to(draft, book, number) for number in range(1, 5)]
    assert [preview.sample.email for preview in shown] == [f"{name}@example.com" for name in "abcd"]
    assert not any(preview.missing for preview in shown)

    work(confirming.confirm(**acts, seen_version=draft.version, seen_count=4, token=uuid4()))

    got = {mail.address: mail for mail in mails_of(practice, book)}
    assert set(got) == {preview.sample.email for preview in shown}
    for preview in shown:
        mail = got[preview.sample.email]
        # The service writes both by itself, and the simulator leaves them out.
        assert mail.subject == preview.subject.removeprefix("(광고) ")
        assert mail.body == preview.html.replace(UNSUBSCRIBE_STAND_IN, UNSUBSCRIBE_MARK)
    assert (kind == MailKind.ADVERTISING) == shown[0].subject.startswith("(광고) ")
    assert "홍길동" in got["a@example.com"].body
    assert "Seoul & <b>Busan</b>" in got["a@example.com"].subject
    assert "<b>Busan</b>" not in got["a@example.com"].body


def shown_to(draft: Mailing, book, number: int) -> Preview:
    return previewing.render_for(draft, previewing.sample_of(draft, book.current_edition, str(number)))


def test_who_comes_first_gives_the_values(draft, book, by, write) -> None:
    write(draft, subject="${city}", body="<p>${city}</p>")
    acts = {"book": book, "mailing_id": draft.pk, "by": by}
    for city in ("first", "second"):
        content = ContentFile(f"email,city\na@example.com,{city}\n".encode())
        file = files.add(**acts, file=content, name=f"{city}.csv", token=uuid4())
        reading.read_file(file.pk)
    sources.add_typed(**acts, text="a@example.com", token=uuid4())
    assert shown_to(Mailing.objects.get(pk=draft.pk), book, 1).subject == "first"
    assert shown_to(Mailing.objects.get(pk=draft.pk), book, 2).sample.number == 1
