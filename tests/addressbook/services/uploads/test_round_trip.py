"""A download of ours, uploaded into a book that was emptied, gives every address and every group back."""

import pytest

from addressbook.models import Address, Group, Membership
from tests.support.downloads import path_of
from tests.support.invariants import assert_consistent, contents


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_a_download_comes_back_whole(kind, language, made, check, accept, register, make_group, book) -> None:
    groups = [make_group(name) for name in ("campaign-nov", "뉴스레터", "VIP.2026")]
    register("a@example.com =cmd@example.com +82-10@example.com o'hara@example.com info@메일.한국 plain@example.com")
    addresses = list(Address.objects.filter(edition=book.current_edition))
    for index, address in enumerate(addresses[:-1]):
        chosen = groups[: index % 3 + 1]
        Membership.objects.bulk_create(Membership(group=group, address=address) for group in chosen)
    for group in groups:
        Group.objects.filter(pk=group.pk).update(address_count=Membership.objects.filter(group=group).count())
    before = contents(book)
    content = path_of(made(format=kind, language=language)).read_bytes()
    Membership.objects.all().delete()
    Address.objects.all().delete()
    Group.objects.all().delete()
    type(book.current_edition).objects.update(address_count=0)
    upload = accept(check(content, name=f"list.{kind}"))
    assert contents(book) == before
    assert upload.check_result["invalid"] == upload.check_result["groups_left_out"] == 0
    assert_consistent(book)
