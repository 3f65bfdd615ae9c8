"""The simulated template and category operations (section 10, behaviour 23)."""

from typing import Any

from libraries.outbound_mailer.errors import InvalidRequestError
from libraries.outbound_mailer.simulator.call import JSON_BODY, Call, Route
from libraries.outbound_mailer.simulator.mail_input import without_nulls
from libraries.outbound_mailer.simulator.pages import Row, nes_date_time
from libraries.outbound_mailer.simulator.replies import Reply, bad_request, json_reply, not_found
from libraries.outbound_mailer.templates import ROOT_CATEGORY, check_content
from libraries.outbound_mailer.types import TemplateContent
from libraries.outbound_mailer.validation import check_name
from libraries.outbound_mailer.wire import UndecodableError, decode

TEMPLATE = "template"
CATEGORY = "category"


def create(call: Call) -> Reply:
    content = _content(call)
    category_sid = _sid(call.payload.get("categorySid"), "categorySid")
    _expect_category(call, category_sid, "categorySid")
    stored = {**content, "categorySid": category_sid, "createdAt": call.now}
    sid = call.database.add(TEMPLATE, call.place, stored)
    return json_reply(201, _template_row(call, str(sid), stored))


def get(call: Call) -> Reply:
    sid = call.ids["template_sid"]
    return json_reply(200, _template_row(call, sid, _template(call, sid)))


def update(call: Call) -> Reply:
    return _changed(call, _content(call))


def delete(call: Call) -> Reply:
    return _changed(call, {"isUse": False})


def restore(call: Call) -> Reply:
    return _changed(call, {"isUse": call.settings.restored_template_is_used})


def get_structure(call: Call) -> Reply:
    wanted = (call.parameter("isUse") or "").lower()
    if wanted not in ("", "true", "false", "1", "0"):
        raise bad_request("isUse")
    # "false" shows those out of use as well, not alone.
    shows_all = wanted in ("false", "0") or (not wanted and call.settings.structure_shows_unused)
    templates = [
        _template_node(sid, template)
        for sid, template in call.database.documents(TEMPLATE, call.place)
        if shows_all or template["isUse"]
    ]
    categories = call.database.documents(CATEGORY, call.place)
    tree = _category_nodes(ROOT_CATEGORY, categories, templates)
    return json_reply(200, {"contents": tree + [row for row in templates if row["parentSid"] == ROOT_CATEGORY]})


def create_category(call: Call) -> Reply:
    name = call.payload.get("categoryName")
    try:
        check_name("categoryName", name if isinstance(name, str) else "")
    except InvalidRequestError as error:
        raise bad_request(str(error)) from None
    parent_sid = _sid(call.payload.get("parentSid"), "parentSid")
    _expect_category(call, parent_sid, "parentSid")
    category = {"parentSid": parent_sid, "name": name}
    sid = call.database.add(CATEGORY, call.place, {**category, "createdAt": call.now})
    return json_reply(201, {"sid": sid, **category})


def delete_category(call: Call) -> Reply:
    """Only an empty one; a template out of use still is in it."""
    sid = call.ids["category_sid"]
    category = call.database.document(CATEGORY, call.place, sid)
    if category is None:
        raise not_found("categorySid")
    children = [one["parentSid"] for _, one in call.database.documents(CATEGORY, call.place)]
    children += [one["categorySid"] for _, one in call.database.documents(TEMPLATE, call.place)]
    if int(sid) in children:
        raise bad_request("categorySid: it is not empty.")
    call.database.remove(CATEGORY, call.place, sid)
    return json_reply(200, _category_row(int(sid), category))


def _content(call: Call) -> dict[str, Any]:
    try:
        check_content(decode(TemplateContent, without_nulls(call.payload)))
    except (UndecodableError, InvalidRequestError) as error:
        raise bad_request(str(error)) from None
    # Full replacement: what is left out is emptied.
    names = ("title", "body", "senderAddress", "senderName", "description")
    content = {name: call.payload.get(name) for name in names}
    return {**content, "name": call.payload["templateName"], "isUse": call.payload.get("isUse") is not False}


def _changed(call: Call, changes: dict[str, Any]) -> Reply:
    sid = call.ids["template_sid"]
    call.database.replace(TEMPLATE, call.place, sid, {**_template(call, sid), **changes})
    return get(call)


def _template(call: Call, sid: str) -> dict[str, Any]:
    template = call.database.document(TEMPLATE, call.place, sid)
    if template is None:
        raise not_found("templateSid")
    return template


def _sid(value: object, field: str) -> int:
    """A category's number; the pages show a string and a number; left out it is the root."""
    if value is None:
        return ROOT_CATEGORY
    try:
        return int(str(value))
    except ValueError:
        raise bad_request(field) from None


def _expect_category(call: Call, sid: int, field: str) -> None:
    if sid != ROOT_CATEGORY and call.database.document(CATEGORY, call.place, str(sid)) is None:
        raise not_found(field)


def _template_row(call: Call, sid: str, template: dict[str, Any]) -> Row:
    category = call.database.document(CATEGORY, call.place, str(template["categorySid"]))
    row = {name: value for name, value in template.items() if name not in ("categorySid", "createdAt")}
    return {
        "sid": int(sid),
        "createDate": nes_date_time(template["createdAt"]),
        **row,
        "category": _category_row(template["categorySid"], category) if category else None,
    }


def _category_row(sid: int, category: Row) -> Row:
    return {"sid": sid, "parentSid": category["parentSid"], "name": category["name"]}


def _template_node(sid: str, template: dict[str, Any]) -> Row:
    return {
        "sid": int(sid),
        "parentSid": template["categorySid"],
        "createDate": nes_date_time(template["createdAt"]),
        "name": template["name"],
        "isCategory": False,
        "isUse": template["isUse"],
        "subCategories": None,
        "templates": None,
    }


def _category_nodes(parent: int, categories: list[tuple[str, Row]], templates: list[Row]) -> list[Row]:
    return [
        {
            "sid": int(sid),
            "parentSid": parent,
            "createDate": nes_date_time(category.get("createdAt", 0)),
            "name": category["name"],
            "isCategory": True,
            "isUse": True,
            "subCategories": _category_nodes(int(sid), categories, templates),
            "templates": [row for row in templates if row["parentSid"] == int(sid)],
        }
        for sid, category in categories
        if category["parentSid"] == parent
    ]


ROUTES = (
    Route("POST", "template", "createTemplate", create, JSON_BODY),
    Route("GET", "template", "getTemplateStructure", get_structure),
    Route("GET", "template/{template_sid}", "getTemplate", get),
    Route("PUT", "template/{template_sid}", "updateTemplate", update, JSON_BODY),
    Route("DELETE", "template/{template_sid}", "deleteTemplate", delete),
    Route("PUT", "template/{template_sid}/restoration", "restoreTemplate", restore),
    Route("POST", "category", "createCategory", create_category, JSON_BODY),
    Route("DELETE", "category/{category_sid}", "deleteCategory", delete_category),
)
