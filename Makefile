# Needs Python 3.11 or newer and make; everything else is installed into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run demo check test test-deep test-million faults fuzz load lint format messages attack bench audit browser editor verify-service judge-workbooks pictures

# The whole console on http://127.0.0.1:8000, until Ctrl-C. See docs/operations.md for HOST, PORT, DATA_DIR, ADMIN_PASSWORD.
run: $(VENV)/.installed
	@exec $(BIN)/python manage.py run_console

# The same with a book of 5,000 sample addresses, connected to the simulator, in a data folder of its own.
demo: $(VENV)/.installed
	@DATA_DIR=$${DATA_DIR:-./var-demo} exec $(BIN)/python manage.py run_console --demo

# Where our own questions to the database are. Most tests of views would only ask the services again.
ON_POSTGRESQL := tests/addressbook/models tests/workspace/services tests/addressbook/services tests/mailerconsole/operations tests/faults tests/harness
ON_POSTGRESQL += tests/addressbook/views/test_screen.py tests/workspace/views/test_history.py tests/addressbook/views/test_selection.py tests/addressbook/views/test_sync.py
ON_POSTGRESQL += tests/mailings/services

# Before every commit, in five minutes: lint, and what needs one engine, no process beside it and no browser.
CHECKED := tests/test_conventions.py tests/test_house.py tests/libraries tests/workspace tests/addressbook tests/mailings

check: lint
	$(BIN)/pytest -n 2 -m "not browser and not processes" $(CHECKED)

# Lint, then every test on SQLite with a browser, then what touches the database again on PostgreSQL.
test: lint browser
	$(BIN)/pytest -n 2 --maxschedchunk=1
	$(BIN)/pytest -n 2 --maxschedchunk=1 --engine=postgresql -m "not browser and not engine_independent" $(ON_POSTGRESQL)

# Everything at full size, of which `make test` takes a part (tests/support/sizes.py), for some hours; and what touches the
# database on SQLite's rollback journal, for machines without a library that is safe with a write-ahead log.
test-deep: export DEEP := 1
test-deep: export FAULT_RUNS ?= 60
test-deep: export FUZZ_SECONDS ?= 600
test-deep: export MAILING_LIVES ?= 1000
test-deep: lint browser
	$(BIN)/pytest -n 2 --maxschedchunk=1 --timeout=3600
	$(BIN)/pytest -n 2 --maxschedchunk=1 --timeout=3600 --engine=postgresql -m "not browser and not engine_independent" $(ON_POSTGRESQL)
	DEEP= SQLITE_JOURNAL=truncate $(BIN)/pytest -n 2 --maxschedchunk=1 -m "not browser and not engine_independent" $(ON_POSTGRESQL) tests/run tests/privacy

# Every fault that the console must survive, on both engines, with more random kills than `make test`. Part of that too.
faults: $(VENV)/.installed-dev
	FAULT_RUNS=60 $(BIN)/pytest -m faults
	FAULT_RUNS=60 $(BIN)/pytest -m "faults and not engine_independent" --engine=postgresql

# 200 people clicking on a book of a million addresses while an upload runs, on PostgreSQL.
# LOAD="--addresses 10000 --people 20" for less, LOAD="--engine sqlite" for one machine without it.
load: $(VENV)/.installed-dev
	$(BIN)/python -m tools.load $(LOAD)

# The address library against email-validator on a million samples; `make test` takes a part of them.
test-million: $(VENV)/.installed-dev
	EMAIL_SAMPLES=1000000 $(BIN)/pytest -n 2 tests/libraries/email_addresses

# What nobody would type or upload, at scale: damaged files, texts, every form. Ten minutes; `make test` takes 20 seconds of it.
# A failure names the FUZZ_SEED and FUZZ_CASE that show it again.
fuzz: $(VENV)/.installed-dev
	FUZZ_SECONDS=$${FUZZ_SECONDS:-600} $(BIN)/pytest -s tests/fuzz

# What a penetration test did to a running console, and how much memory and time it costs now.
attack: $(VENV)/.installed-dev
	ATTACK=1 $(BIN)/pytest -q tests/attack

# The API client against the real service: NCLOUD_ACCESS_KEY, NCLOUD_SECRET_KEY, NCLOUD_ZONE, NCLOUD_REGION, and a book
# there that is empty. It touches only what it made. Without keys it fails. See docs/api-client.md.
verify-service: $(VENV)/.installed-dev
	VERIFY_SERVICE=1 $(BIN)/pytest tests/libraries/outbound_mailer/test_contract.py -k service

lint: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/python -m tools.messages --check
	$(BIN)/python -m tools.django_checks

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Bring the translations up to date with the code, and compile them.
messages: $(VENV)/.installed-dev
	$(BIN)/python -m tools.messages

# The pictures in docs/pictures, from the real screen.
pictures: $(VENV)/.installed-dev browser
	$(BIN)/python -m tools.pictures

# The workbooks of downloads read by LibreOffice too (Debian: libreoffice-calc-nogui), which CI does without.
judge-workbooks: $(VENV)/.installed-dev
	JUDGE_WITH_LIBREOFFICE=1 $(BIN)/pytest tests/libraries/spreadsheets/test_tables.py

# The vendored mail editor, made again from its lock file; needs Node.js with npm.
editor: $(VENV)/.installed-dev
	$(BIN)/python -m tools.editor_bundle

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks

# Known vulnerabilities in what is pinned. Asks a server on the internet, so it is not part of lint.
audit: $(VENV)/.installed-dev
	$(BIN)/pip-audit -r requirements.txt

# A browser for the tests where the machine has none. Without one those tests are skipped, and say so.
browser: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.support.browser_install

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements.txt requirements-dev.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $(VENV)/.installed $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: PYTHON=python3.12 make run")'
	$(PYTHON) -m venv $(VENV)
