"""The template and category operations (fact sheet section 6.3)."""

from libraries.outbound_mailer import limits
from libraries.outbound_mailer.shapes import check_shape
from libraries.outbound_mailer.transport import Transport
from libraries.outbound_mailer.types import Category, Template, TemplateContent, TemplateStructure
from libraries.outbound_mailer.validation import check_bytes, check_line, check_name, check_sender
from libraries.outbound_mailer.wire import encode

ROOT_CATEGORY = -1


class TemplateOperations:
    """Templates live in a tree of categories and are never deleted for good."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, content: TemplateContent, *, category_sid: int = ROOT_CATEGORY) -> Template:
        """createTemplate: name 1 to 100 characters, title 1 to 500 bytes, description 300 bytes [D]."""
        check_content(content)
        payload = {"categorySid": category_sid, **encode(content)}
        return self._transport.call(Template, "POST", "template", payload=payload)

    def get(self, template_sid: int) -> Template:
        """getTemplate [D]."""
        return self._transport.call(Template, "GET", "template", template_sid)

    def get_structure(self, *, is_use: bool | None = None) -> TemplateStructure:
        """getTemplateStructure: the whole tree; with True templates in use only, with False also the others [D], and
        with None what the service chooses.
        """
        query = [] if is_use is None else [("isUse", "true" if is_use else "false")]
        return self._transport.call(TemplateStructure, "GET", "template", query=query)

    def update(self, template_sid: int, content: TemplateContent) -> Template:
        """updateTemplate: replaces everything but the category; what is left out is emptied [D]."""
        check_content(content)
        return self._transport.call(Template, "PUT", "template", template_sid, payload=encode(content))

    def delete(self, template_sid: int) -> Template:
        """deleteTemplate: only takes it out of use; `restore` undoes it [D]."""
        return self._transport.call(Template, "DELETE", "template", template_sid)

    def restore(self, template_sid: int) -> Template:
        """restoreTemplate [D]."""
        return self._transport.call(Template, "PUT", "template", template_sid, "restoration")

    def create_category(self, category_name: str, *, parent_sid: int = ROOT_CATEGORY) -> Category:
        """createCategory: the name follows the rule of group names [D]."""
        check_name("categoryName", category_name)
        payload = {"categoryName": category_name, "parentSid": parent_sid}
        return self._transport.call(Category, "POST", "category", payload=payload)

    def delete_category(self, category_sid: int) -> Category:
        """deleteCategory: only one that holds neither template nor category [D]."""
        return self._transport.call(Category, "DELETE", "category", category_sid)


def check_content(content: TemplateContent) -> None:
    """Raises InvalidRequestError for a template that the API documents as wrong."""
    check_shape(content)
    check_name("templateName", content.template_name)
    check_line("title", content.title)
    check_bytes("title", content.title, limits.TITLE_BYTES, minimum=1)
    check_bytes("body", content.body, limits.BODY_BYTES, minimum=1)
    check_sender(content.sender_address)
    check_line("senderName", content.sender_name)
    check_bytes("senderName", content.sender_name, limits.SENDER_NAME_BYTES)
    check_bytes("description", content.description, limits.TEMPLATE_DESCRIPTION_BYTES)
