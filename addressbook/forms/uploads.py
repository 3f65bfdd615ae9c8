from dataclasses import replace
from typing import Final

from django import forms

from addressbook import actions
from libraries.spreadsheets import ENCODINGS, NO_COLUMN, NO_HEADER, Choice, Layout, limits
from workspace import limits as workspace_limits
from workspace.forms.fields import IdField, SentTextField
from workspace.forms.submission import SubmissionForm

# As a form names them: a tab would not survive every browser.
DELIMITERS: Final = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "none": ""}


class UploadForm(SubmissionForm):
    """The group that the rows of a file go into (none: no group); the file itself is beside this in the request."""

    into = IdField(required=False)
    new_group = SentTextField(required=False)


class SeenCheckForm(forms.Form):
    """An act on a checked upload. `seen` says which of its checks the user saw."""

    seen = IdField()


class WishForm(SeenCheckForm):
    """One decision on the findings of a check: see `services.uploads.mending.mended`."""

    wish = forms.CharField(max_length=40)


class ApplyUploadForm(SeenCheckForm):
    into = IdField(required=False)


class ListForm(SubmissionForm):
    """A list that was pasted, or none where a file is beside this; `act` is what it was probably sent for."""

    text = SentTextField(required=False)
    act = forms.CharField(max_length=30, required=False)


class ListActForm(SeenCheckForm):
    """What to do to the addresses of a list: put `into` a group, take `out_of` one (none: all), or something else."""

    action = forms.CharField(max_length=30)
    into = IdField(required=False)
    out_of = IdField(required=False)
    reason = forms.CharField(max_length=workspace_limits.REASON_CHARACTERS, required=False)

    @property
    def group_id(self) -> int | None:
        names = {actions.CHANGE_GROUP: "into", actions.REMOVE_FROM_GROUP: "out_of"}
        return self.cleaned_data.get(names.get(self.cleaned_data.get("action", ""), ""))


class ChoiceForm(SeenCheckForm):
    """How the file is to be read: all that can be chosen, as it stands on the screen."""

    sheet = SentTextField(required=False)
    encoding = forms.ChoiceField(required=False, choices=[(name, name) for name in ENCODINGS])
    delimiter = forms.ChoiceField(required=False, choices=[(name, name) for name in DELIMITERS])
    header_row = forms.IntegerField(required=False, min_value=NO_HEADER, max_value=limits.SHEET_ROWS)
    email_column = forms.IntegerField(required=False, min_value=0, max_value=limits.SHEET_COLUMNS)
    group_column = forms.IntegerField(required=False, min_value=NO_COLUMN, max_value=limits.SHEET_COLUMNS)

    def choice(self, seen: Layout | None) -> Choice:
        """What to read next. `seen` is the layout that stood on the screen.

        Another sheet, encoding or delimiter makes other columns: those are then found anew.
        """
        values = self.cleaned_data
        delimiter = values["delimiter"]
        table = Choice(
            sheet=values["sheet"] or None,
            encoding=values["encoding"] or None,
            delimiter=DELIMITERS[delimiter] if delimiter else None,
        )
        if seen is None or (seen.sheet, seen.encoding, seen.delimiter) != (
            table.sheet,
            table.encoding,
            table.delimiter,
        ):
            return table
        columns = {name: values[name] for name in ("header_row", "email_column", "group_column")}
        if values["header_row"] != (seen.header_row or NO_HEADER):
            # With another heading row the columns may have other names.
            columns["group_column"] = None
        return replace(table, **columns)
