from django import forms
from django.utils.translation import gettext_lazy as _

from workspace import limits
from workspace.forms.fields import IdField
from workspace.forms.submission import SubmissionForm
from workspace.models import Masking, Region, Zone


class BookForm(SubmissionForm):
    name = forms.CharField(
        label=_("Name"), max_length=limits.BOOK_NAME_CHARACTERS, error_messages={"required": _("Type a name.")}
    )
    zone = forms.TypedChoiceField(label=_("Zone"), choices=Zone.choices, coerce=Zone)
    region = forms.TypedChoiceField(label=_("Region"), choices=Region.choices, coerce=Region)

    def clean(self) -> None:
        super().clean()
        if self.cleaned_data.get("zone") == Zone.FINANCIAL and self.cleaned_data.get("region") != Region.KR:
            self.add_error("region", _("The financial zone has the region Korea only."))


class BookSettingsForm(BookForm):
    download_reason_required = forms.BooleanField(label=_("Ask for a reason for every download"), required=False)
    download_sign_in_required = forms.BooleanField(
        label=_("Ask for a fresh sign-in before a file is downloaded"), required=False
    )
    masking = forms.TypedChoiceField(
        label=_("Addresses are shown"),
        choices=Masking.choices,
        coerce=Masking,
        required=False,
        empty_value=None,
        help_text=_("Masked: ho***@example.com. Viewers then find only what they see, or one whole address at a time."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


class AdoptForm(forms.Form):
    book = IdField()
