from tools import editor_bundle


def test_the_vendored_editor_is_what_its_sums_say() -> None:
    written = dict(reversed(line.split("  ")) for line in (editor_bundle.FOLDER / "SHA256").read_text().splitlines())

    assert written == editor_bundle.sums()


def test_no_registry_is_named_in_what_it_is_made_from() -> None:
    for name in editor_bundle.SOURCES:
        assert "resolved" not in (editor_bundle.FOLDER / name).read_text()
