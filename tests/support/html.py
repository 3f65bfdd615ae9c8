"""Reading an answer as a person does: by role, id and text."""

from html.parser import HTMLParser


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.texts: list[str] = []
        self.fields: dict[str, list[str]] = {}
        self.values: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag == "input":
            self.values.append(found.get("value") or "")
        if tag == "input" and found.get("name"):
            self.fields.setdefault(str(found["name"]), []).append(found.get("value") or "")

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(" ".join(data.split()))


def read(answer) -> _Reader:
    reader = _Reader()
    reader.feed(answer.content.decode())
    return reader


def text_of(answer) -> str:
    return " ".join(read(answer).texts)


def hidden_fields(answer, *names: str) -> dict[str, str]:
    """The last value of each of these inputs, as a browser without scripts would send it."""
    fields = read(answer).fields
    return {name: fields[name][-1] for name in names}
