"""Decisions in the check: names of groups, suggestions. What was checked is what is applied."""

import pytest

from addressbook.services import uploads
from addressbook.services.uploads import CheckOutdatedError, UnknownFindingError
from tests.support.invariants import assert_consistent, contents
from tests.support.uploads import assert_accounted_for, counts, work

FILE = """email,group
a@example.com,마케팅 동의
b@example.com,"마케팅 동의, VIP"
c@gamil.com,VIP;서울
d@naver.com님,VIP
e@gamil.com,x y
nobody,VIP
"""


@pytest.fixture
def mend(book, by):
    def mend(upload, wish: str):
        return work(uploads.mend(book=book, upload_id=upload.pk, wish=wish, seen=upload.attempt, by=by))

    return mend


def test_groups_and_suggestions_are_taken_with_a_click_each(check, accept, mend, book) -> None:
    upload = check(FILE)
    assert counts(upload) == {"rows": 6, "new": 4, "already_there": 0, "doubled": 0, "invalid": 2, "blank": 0}
    found = upload.check_result["group_findings"]
    assert [(group["name"], group["count"]) for group in found] == [("마케팅 동의", 2), ("x y", 1)]
    upload = mend(upload, "group:0")
    upload = mend(upload, "skip:0")
    assert upload.check_result["group_findings"] == []
    upload = mend(upload, "suggestion:all")
    assert counts(upload) == {"rows": 6, "new": 5, "already_there": 0, "doubled": 0, "invalid": 1, "blank": 0}
    upload = accept(upload)
    assert contents(book) == {
        "a@example.com": {"마케팅-동의"},
        "b@example.com": {"마케팅-동의", "VIP"},
        "c@gmail.com": {"VIP", "서울"},
        "d@naver.com": {"VIP"},
        "e@gmail.com": set(),
    }
    assert_accounted_for(upload)
    assert_consistent(book)


def test_one_suggestion_leaves_the_others(check, mend) -> None:
    upload = check(FILE)
    offered = [found["key"] for found in upload.check_result["findings"] if found["suggested"]]
    upload = mend(upload, f"suggestion:{offered.index('domain-ending')}")
    keys = [found["key"] for found in upload.check_result["findings"]]
    assert keys == ["no-at", "slip:gamil.com>gmail.com"]


def test_decisions_are_taken_back_and_outlive_another_reading(check, mend, book, by) -> None:
    upload = mend(check(FILE), "group:all")
    assert "마케팅-동의" in upload.check_result["new_groups"]
    choice = uploads.mending.choice_of(upload)
    upload = work(uploads.choose(book=book, upload_id=upload.pk, choice=choice, seen=upload.attempt, by=by))
    assert "마케팅-동의" in upload.check_result["new_groups"]
    upload = mend(upload, "undo")
    assert len(upload.check_result["group_findings"]) == 2


def test_a_new_group_is_left_out(check, accept, mend, book) -> None:
    upload = check("email,group\na@example.com,VIP\nb@example.com,Old\n")
    upload = accept(mend(upload, f"drop:{upload.check_result['new_groups'].index('Old')}"))
    assert contents(book) == {"a@example.com": {"VIP"}, "b@example.com": set()}


@pytest.mark.parametrize("wish", ["", "group", "group:9", "group:x", "place:0", "nonsense:0", "suggestion:-9"])
def test_what_the_check_does_not_offer_changes_nothing(check, book, by, wish) -> None:
    upload = check(FILE)
    with pytest.raises(UnknownFindingError):
        uploads.mend(book=book, upload_id=upload.pk, wish=wish, seen=upload.attempt, by=by)
    upload.refresh_from_db()
    assert (upload.state, upload.choice) == ("checked", {})


def test_a_decision_on_a_check_that_is_not_the_last_is_refused(check, mend, book, by) -> None:
    upload = check(FILE)
    seen = upload.attempt
    mend(upload, "group:0")
    with pytest.raises(CheckOutdatedError):
        uploads.mend(book=book, upload_id=upload.pk, wish="group:0", seen=seen, by=by)
