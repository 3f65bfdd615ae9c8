"""docs/api-client.md is true: its examples run, its tables are complete."""

import re
from dataclasses import fields
from enum import Enum
from pathlib import Path

import pytest

from libraries.outbound_mailer import ConfigurationProblem, MailerClient, TemporaryProblem, Zone, zones
from libraries.outbound_mailer.simulator import DEFAULT_ACCOUNT, FaultKind, Simulator, SimulatorSettings

TEXT = (Path(__file__).parents[3] / "docs" / "api-client.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
KEYS = DEFAULT_ACCOUNT.credentials


def test_first_example_runs_in_ten_lines(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NCLOUD_ACCESS_KEY", KEYS.access_key)
    monkeypatch.setenv("NCLOUD_SECRET_KEY", KEYS.secret_key)
    # The example calls the public zone; the only change is where that is.
    monkeypatch.setitem(zones.HOSTS, Zone.PUBLIC, simulator.base_url)
    example = EXAMPLES[0]
    assert len(example.strip().splitlines()) - example.count("\n\n") <= 10
    exec(compile(example, "docs/api-client.md", "exec"), {})  # noqa: S102  # our own text
    assert "total_address_count=2" in capsys.readouterr().out


def test_simulator_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(EXAMPLES[1], "docs/api-client.md", "exec"), {})  # noqa: S102  # our own text
    assert "BookContent" in capsys.readouterr().out


def test_outcome_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(EXAMPLES[2], "docs/api-client.md", "exec"), {})  # noqa: S102  # our own text
    assert "['Hello Ann']" in capsys.readouterr().out


def test_every_switch_stands_in_the_table_with_its_default() -> None:
    for switch in fields(SimulatorSettings):
        default = switch.default.value if isinstance(switch.default, Enum) else switch.default
        assert f"| `{switch.name}` | {default} |" in TEXT


def test_every_fault_and_problem_is_described() -> None:
    for name in (*FaultKind, *ConfigurationProblem, *TemporaryProblem):
        assert f"`{name}`" in TEXT


def test_every_zone_stands_in_the_table() -> None:
    for zone, host in zones.HOSTS.items():
        assert f"| `Zone.{zone.name}` | {host} | {', '.join(zones.REGIONS[zone])} |" in TEXT


def test_every_operation_stands_in_the_table(client: MailerClient) -> None:
    for subject in ("address_book", "mail", "files", "templates", "blocks"):
        names = [name for name in vars(type(getattr(client, subject))) if not name.startswith("_")]
        assert f"| `client.{subject}` | {', '.join(f'`{name}`' for name in names)} |" in TEXT
