"""Static files are collected on every documented way; where they are not, pages work and /readyz says so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mailerconsole.operations import health, static_files
from tests.mailerconsole.operations.installations import Installation
from tests.support.stack import ROOT


@pytest.fixture
def without_files(settings, tmp_path, monkeypatch):
    """A web process that was started before anything was collected."""
    monkeypatch.setattr(health, "_last", None)
    settings.STATIC_ROOT = tmp_path / "nothing"
    settings.STORAGES = {**settings.STORAGES}  # the storage is made anew, and reads its manifest then


def test_a_page_works_and_the_log_says_once_what_to_do(client, db, without_files, caplog) -> None:
    for _ in range(2):
        answer = client.get("/sign-in/")
        assert answer.status_code == 200
        assert "/static/app.js" in answer.content.decode()
    assert [record.message for record in caplog.records].count(static_files.NOT_COLLECTED) == 1


def test_readyz_names_them(client, db, file_store, without_files) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["static"]) == (503, "failed")


@pytest.mark.engine_independent
def test_prepare_console_collects_them(tmp_path: Path) -> None:
    """The way without containers; the file is one of the manifest's, so it was collected and not copied."""
    installation = Installation(tmp_path / "data")
    first = installation.manage("prepare_console")
    assert first.returncode == 0, first.stderr
    collected = tmp_path / "data" / "static"
    assert re.search(r'"app.js": "app\.\w+\.js"', (collected / "staticfiles.json").read_text())
    written = (collected / "staticfiles.json").stat().st_mtime_ns
    assert installation.manage("prepare_console").returncode == 0
    assert (collected / "staticfiles.json").stat().st_mtime_ns == written


def test_the_image_is_made_by_the_same_function() -> None:
    """The root of a container is read-only: `prepare_console` must find the stamp that this leaves."""
    assert "static_files.collect_if_changed()" in (ROOT / "Dockerfile").read_text()
    assert "collectstatic" not in (ROOT / "Dockerfile").read_text()
