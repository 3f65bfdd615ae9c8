import itertools
from uuid import uuid4

import pytest
from django.urls import reverse

from addressbook.models import Address
from tests.support.html import read, text_of
from tests.support.invariants import contents
from workspace import limits

HTMX = {"HX-Request": "true"}


@pytest.fixture
def post(book, bob, client_of):
    client = client_of(bob)

    def post(name: str, text: str, **options):
        headers = options.pop("headers", HTMX)
        data = {"text": text, "token": options.pop("token", uuid4()), **options}
        return client.post(reverse(name, args=[book.slug]), data, headers=headers)

    return post


def counts(answer) -> dict[str, int]:
    """Label and number, as the notification and the check show them."""
    texts = read(answer).texts
    pairs = [(label, number.replace(",", "")) for label, number in itertools.pairwise(texts)]
    return {label: int(number) for label, number in pairs if number.isdigit()}


def test_register_answers_with_the_notification(post, book) -> None:
    answer = post("register", "a@example.com, b@example.com")
    shown = counts(answer)
    assert (shown["Registered"], shown["Already there"], shown["Duplicates"], shown["Invalid"]) == (2, 0, 0, 0)
    assert set(contents(book)) == {"a@example.com", "b@example.com"}
    assert "register-dialog" not in read(answer).ids


def test_register_into_a_group_says_how_many_joined_it(post, make_group, register) -> None:
    group = make_group("VIP")
    register("a@example.com")
    shown = counts(post("register", "a@example.com b@example.com", into=group.pk))
    assert (shown["Registered"], shown["Added to “VIP”"], shown["Already there"]) == (1, 2, 1)


def test_register_leaves_what_is_invalid_in_the_field(post) -> None:
    answer = post("register", "a@example.com\nwrong\nx@@example.com")
    assert counts(answer)["Invalid"] == 2
    assert ">\nwrong\nx@@example.com</textarea>" in answer.content.decode()
    assert "register-dialog" in read(answer).ids


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_register_refuses_a_thousand_and_one_and_loses_nothing(post, headers) -> None:
    text = "\n".join(f"u{number}@example.com" for number in range(limits.TYPED_ADDRESSES_PER_REGISTRATION + 1))
    answer = post("register", text, headers=headers)
    assert answer.status_code == 422
    assert "These are 1,001 addresses; at most 1,000 can be registered at a time." in text_of(answer)
    assert f">\n{text}</textarea>" in answer.content.decode()
    assert not Address.objects.exists()


def test_register_sent_twice_registers_once_and_answers_the_same(post) -> None:
    token = uuid4()
    first, second = (post("register", "a@example.com\nwrong", token=token) for _ in range(2))
    assert counts(first)["Registered"] == counts(second)["Registered"] == 1
    assert counts(first)["Invalid"] == counts(second)["Invalid"] == 1


def test_register_says_when_the_group_is_gone_and_keeps_the_text(post) -> None:
    answer = post("register", "a@example.com", into=4711)
    assert answer.status_code == 422
    assert "The group was deleted meanwhile." in text_of(answer)
    assert "a@example.com</textarea>" in answer.content.decode()


def test_register_without_any_address_says_so(post) -> None:
    assert "Type or paste at least one address." in text_of(post("register", " ; "))


def test_check_sorts_what_was_pasted_and_changes_nothing(post, make_group, register) -> None:
    group = make_group("VIP")
    register("inside@example.com", group)
    register("known@example.com")
    text = "new@example.com known@example.com inside@example.com NEW@example.com\nwrong"
    answer = post("check_registration", text, into=group.pk)
    shown = counts(answer)
    labels = ("New", "Already in the book", "Already in this group", "Duplicates", "Invalid")
    assert [shown[label] for label in labels] == [1, 1, 1, 1, 1]
    assert "5 / 1,000" in text_of(answer)
    assert "The “@” is missing." in text_of(answer)
    assert Address.objects.count() == 2


def test_check_counts_to_the_limit_and_warns_beyond(post) -> None:
    text = " ".join(f"u{number}@example.com" for number in range(998))
    assert "998 / 1,000" in text_of(post("check_registration", text))
    over = post("check_registration", f"{text} a@example.com b@example.com c@example.com")
    assert "1,001 / 1,000" in text_of(over)
    assert "Register them as a file" in text_of(over)


def test_check_takes_a_constant_number_of_queries(post, django_assert_num_queries) -> None:
    # session, user, membership before the body is read, membership with book and edition, known keys
    with django_assert_num_queries(5):
        post("check_registration", "a@example.com")
    with django_assert_num_queries(5):
        post("check_registration", " ".join(f"u{number}@example.com" for number in range(900)))


def test_repair_takes_one_proposal(post) -> None:
    answer = post("repair_registration", "kim@gamil.com bad@naver,com a@example.com", repair="kim@gamil.com")
    assert ">\nkim@gmail.com\nbad@naver,com\na@example.com</textarea>" in answer.content.decode()


def test_repair_takes_all_proposals(post) -> None:
    answer = post("repair_registration", "kim@gamil.com bad@naver,com ｂ＠ｎａｖｅｒ．ｃｏｍ", repair_all=1)
    assert ">\nkim@gmail.com\nbad@naver.com\nb@naver.com</textarea>" in answer.content.decode()


def test_repair_works_without_scripts(post) -> None:
    answer = post("repair_registration", "kim@gamil.com", repair_all=1, headers={})
    assert "<html" in answer.content.decode()
    assert "kim@gmail.com</textarea>" in answer.content.decode()


@pytest.mark.parametrize("text", ["a\x00b@example.com", "<script>alert(1)</script>@example.com", "\ufffe@example.com"])
def test_hostile_text_is_an_invalid_entry_and_comes_back_as_text(post, text) -> None:
    answer = post("register", text)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()
    assert not Address.objects.exists()


def test_a_group_that_is_gone_is_said_where_one_registers(book, bob, client_of, make_group) -> None:
    group = make_group("VIP")
    place = {"group": group.pk}
    group.delete()
    dialog = client_of(bob).get(reverse("register", args=[book.slug]), place, headers={"HX-Request": "true"})
    assert "The group was deleted in the meantime. Choose another group." in text_of(dialog)
