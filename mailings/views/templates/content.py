"""*View content*: asks for a recipient and values, and shows the mail as a draft's preview does."""

from typing import Any

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods

from mailings import limits
from mailings.forms.draft import VALUE_PREFIX, read_values, storable_text
from mailings.models import Template
from mailings.services.previewing import Preview
from mailings.services.templates import showing
from mailings.views.compose.preview import FRAME_POLICY, mail_frame
from mailings.views.compose.sentences import finding
from mailings.views.templates.page import dialog, template_or_404
from workspace.models import Role
from workspace.views.pages.access import Access, to_book
from workspace.views.pages.body_limits import takes_large_forms


@takes_large_forms
@require_http_methods(["GET", "POST"])
@to_book(Role.VIEWER)
def template_content(request: HttpRequest, access: Access, template_id: int) -> HttpResponse:
    template = template_or_404(access, template_id)
    names = showing.names_of(template)[: limits.PLACEHOLDERS_MOST]
    shown, values, recipient = _shown(request, template)
    found = showing.findings(template)
    context: dict[str, Any] = {
        "template": template,
        "dialog_template": "mail/dialogs/template_content.html",
        "values": [(name, values.get(name, "")) for name in names],
        "recipient": recipient,
        "shown": shown,
        "must_be_fixed": [finding(one) for one in found if one.blocks],
        "please_look": [finding(one) for one in found if not one.blocks],
        "narrow": request.POST.get("as") == "narrow",
        "as_text": request.POST.get("as") == "text",
        "with_pictures": request.POST.get("pictures") == "1",
    }
    return dialog(request, access, context)


@require_http_methods(["GET", "POST"])
@xframe_options_sameorigin
@csp_replace(FRAME_POLICY)
@takes_large_forms
@to_book(Role.VIEWER)
def template_frame(request: HttpRequest, access: Access, template_id: int) -> HttpResponse:
    """POST, since values are of people and no URL must hold them."""
    shown, _values, _recipient = _shown(request, template_or_404(access, template_id))
    return mail_frame(shown.html, with_pictures=request.POST.get("pictures") == "1")


def _shown(request: HttpRequest, template: Template) -> tuple[Preview, dict[str, str], str]:
    values = read_values(request.POST, VALUE_PREFIX)
    recipient = storable_text(request.POST.get("recipient", ""))[:254]
    return showing.show(template, recipient=recipient, values=values), values, recipient
