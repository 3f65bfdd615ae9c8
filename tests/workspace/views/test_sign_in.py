import pytest
from django.urls import reverse

from tests.support.html import hidden_fields
from tests.support.people import PASSWORD
from tests.workspace.views.test_access import TABLE, url_of


@pytest.fixture
def sign_in(client, alice):
    """Where alice lands who signs in on her way to `url`."""

    def sign_in(url: str) -> str:
        fields = {"username": "alice", "password": PASSWORD, "next": url}
        return client.post(reverse("sign_in"), fields).url

    return sign_in


def test_who_signs_in_lands_where_they_were_going(sign_in, book) -> None:
    url = reverse("console", args=[book.slug]) + "?group=7"
    assert sign_in(url) == url


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row.method == "post"])
def test_who_signs_in_does_nothing_by_it(name, sign_in, book, client) -> None:
    """Whoever makes up such a link: an act is not done by following it."""
    assert client.get(sign_in(url_of(name, TABLE[name], book.slug))).status_code in {302, 404, 405}


def test_an_act_without_a_session_asks_to_sign_in_and_opens_the_book(book, client) -> None:
    answer = client.post(reverse("rename_group", args=[book.slug]), {"target": 4711})
    assert answer.url == f"{reverse('sign_in')}?next={reverse('console', args=[book.slug])}"


@pytest.mark.parametrize("wanted", ["/sign-in/", "/sign-in/?next=/sign-in/", "/sign-out/", "//elsewhere.example/"])
def test_who_is_signed_in_is_not_sent_around_in_a_circle(wanted, alice, client_of) -> None:
    assert client_of(alice).get(reverse("sign_in"), {"next": wanted}).url == reverse("home")


@pytest.mark.parametrize("wanted", ["💥", "account", "mailto:a@example.com", "/\\elsewhere.example/", "javascript:a"])
def test_what_is_no_path_leads_home(wanted, sign_in, alice, client_of) -> None:
    assert sign_in(wanted) == reverse("home")
    assert client_of(alice).get(reverse("sign_in_code"), {"next": wanted}).url == reverse("home")
    fields = {"next": wanted, "current_password": PASSWORD}
    assert client_of(alice).post(reverse("confirm_sign_in"), fields).url == reverse("home")


@pytest.mark.parametrize("slug", ["main", "nowhere"])
def test_a_link_to_an_act_leads_back_to_the_book(book, alice, client_of, slug) -> None:
    answer = client_of(alice).get(reverse("delete_addresses", args=[slug]))
    assert f'href="{reverse("console", args=[slug])}"' in answer.content.decode()


def test_htmx_gets_a_sentence_for_a_link_to_an_act(book, alice, client_of) -> None:
    answer = client_of(alice).get(reverse("delete_addresses", args=[book.slug]), headers={"HX-Request": "true"})
    assert (answer.status_code, answer["Content-Type"]) == (405, "text/plain; charset=utf-8")


def choose(client, url: str, **headers: str) -> str:
    """Where the language form of the page at `url` leads."""
    fields = {"language": "ko", **hidden_fields(client.get(url), "next")}
    return client.post(reverse("set_language"), fields, headers=headers).url


def test_another_language_keeps_the_group(book, alice, client_of, make_group) -> None:
    url = f"{reverse('console', args=[book.slug])}?group={make_group('VIP').pk}"
    assert choose(client_of(alice), url) == url


def test_another_language_keeps_the_group_that_htmx_has_opened_since(book, alice, client_of, make_group) -> None:
    url = reverse("console", args=[book.slug])
    group = make_group("VIP").pk
    assert choose(client_of(alice), url, Referer=f"http://testserver{url}?group={group}&page=2").endswith("&page=2")
    # Only the rest of the same page: never another page, nor another site.
    assert choose(client_of(alice), url, Referer=f"http://elsewhere.example{url}?group={group}") == url
    assert choose(client_of(alice), url, Referer="http://testserver/books/main/settings/?group=1") == url


def test_another_language_keeps_where_to_go_after_signing_in(book, client) -> None:
    url = f"{reverse('sign_in')}?next=/books/main/%3Fgroup%3D7"
    fields = {"language": "ko", "next": read_language_next(client.get(url))}
    assert client.post(reverse("set_language"), fields).url == url


def read_language_next(answer) -> str:
    from html import unescape

    body = answer.content.decode()
    form = body[body.index('class="languages"') : body.index("</form>")]
    return unescape(form.split('name="next" value="')[1].split('"')[0])
