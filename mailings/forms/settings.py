from django import forms
from django.utils.translation import gettext_lazy as _

from libraries.email_addresses import InvalidEmailError, parse
from mailings import limits
from mailings.models import MailRules


class SenderForm(forms.Form):
    address = forms.CharField(
        label=_("Sender address"), max_length=254, error_messages={"required": _("Type an address.")}
    )
    name = forms.CharField(label=_("Sender name"), max_length=limits.SENDER_NAME_BYTES, required=False)


class AdvertisingForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    company = forms.CharField(label=_("Company"), max_length=100, required=False)
    contact_email = forms.CharField(label=_("E-mail for recipients"), max_length=254, required=False)
    telephone = forms.CharField(label=_("Telephone"), max_length=30, required=False)
    postal_address = forms.CharField(label=_("Postal address"), max_length=200, required=False)
    refusal_text = forms.CharField(
        label=_("Own text of refusal"),
        max_length=limits.UNSUBSCRIBE_TEXT_BYTES // 4,
        required=False,
        help_text=_("Instead of the service’s own. Empty: the service’s own text, in Korean and English."),
    )

    def clean_contact_email(self) -> str:
        text: str = self.cleaned_data["contact_email"].strip()
        if not text:
            return ""
        try:
            return parse(text).text
        except InvalidEmailError as error:
            raise forms.ValidationError(_("This is no email address.")) from error


class RulesForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    sending_role = forms.ChoiceField(label=_("Who may send"), choices=MailRules.SendingRole.choices)
    second_person_from = forms.IntegerField(
        label=_("A second person confirms from this many recipients on"),
        min_value=1,
        max_value=10**9,
        required=False,
        help_text=_("Empty: nobody has to."),
    )
    monthly_quota = forms.IntegerField(label=_("Recipients a month"), min_value=1, max_value=10**9)
    blocked_hours = forms.IntegerField(
        label=_("Hours that an address is not sent to after a hard failure"), min_value=1, max_value=24 * 365
    )
    retention_months = forms.IntegerField(
        label=_("Months that recipients are kept"), min_value=1, max_value=limits.RETENTION_MONTHS_MOST
    )
