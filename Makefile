# Parley: `make run` on a fresh machine with Python 3.12 or newer, `make test`, `make check`.
# PORT, HOST, DATABASE_URL, REDIS_URL and PARLEY_DATA are honoured; docs/development.md tells the rest.

VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes
RUN_DONE := $(VENV)/installed-run
DEV_DONE := $(VENV)/installed-dev
EMBEDDED = $(PYTHON) -m config.embedded $(PYTHON) manage.py
# What a deployment sets (deploy/), with throw-away values; the static files go where nobody looks.
PRODUCTION = env -u PARLEY_DEBUG PARLEY_BASE_DOMAIN=parley.example PARLEY_STATIC=$(VENV)/static-check \
	PARLEY_SECRET_KEY=$$($(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(64))') \
	PARLEY_FIELD_KEYS=$$($(PYTHON) -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())')

# `-c ''` fails when the Python that the environment was made with is gone: then it is made again.
ifeq ($(shell $(PYTHON) -c 'print("works")' 2>/dev/null),)
$(shell rm -f $(RUN_DONE) $(DEV_DONE))
endif

.DEFAULT_GOAL := help
.PHONY: help run dev servers manage test bench bench-charts chaos screenshots check format pins clean

help:
	@echo "make run      start Parley and everything it needs (make dev: and reload on change)"
	@echo "make test     run the tests         make check    lint, types, contracts, migrations"
	@echo "make manage c='shell'   manage.py on the Parley that runs (make servers: only its databases)"
	@echo "make bench    measure (ONLY=fanout: one part; PEERS=1: the peers too); make bench-charts draws it"
	@echo "make chaos    break things while people talk (SEED=17 SCHEDULES=1: repeat one; FAULT=DiskFull)"
	@echo "make format   format the code       make pins     pin requirements*.in anew"

run: $(RUN_DONE)
	@$(PYTHON) -m config.serve

dev: $(RUN_DONE)
	@$(PYTHON) -m config.serve --reload

servers: $(RUN_DONE)
	@$(PYTHON) -m config.serve servers

manage: $(RUN_DONE)
	@$(PYTHON) -m config.serve manage $(c)

test: $(DEV_DONE)
	@$(PYTHON) tests/browser_install.py $(PYTHON) -m pytest -n 2 $(c)

# ONLY=fanout runs one part, PEERS=1 measures the peers too, ROUNDS=5 takes more rounds (docs/performance.md).
bench: $(DEV_DONE)
	@$(PYTHON) -m tests.bench

bench-charts: $(DEV_DONE)
	@$(PYTHON) -m tests.bench.charts

chaos: $(DEV_DONE)
	@$(PYTHON) -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(SCHEDULES),--schedules $(SCHEDULES)) \
		$(if $(MESSAGES),--messages $(MESSAGES)) $(if $(FAULT),--fault $(FAULT))

screenshots: $(DEV_DONE)
	@$(PYTHON) tests/browser_install.py $(PYTHON) -m tests.browser.screenshots

check: $(DEV_DONE)
	$(VENV)/bin/ruff check --quiet .
	$(VENV)/bin/ruff format --quiet --check .
	PARLEY_DEBUG=1 $(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PYTHON) -m tests.lint.architecture
	PARLEY_DEBUG=1 $(EMBEDDED) makemigrations --check --dry-run
	$(PRODUCTION) $(EMBEDDED) check --deploy --database default --fail-level WARNING
	$(PRODUCTION) $(PYTHON) manage.py collectstatic --noinput --clear --verbosity 0

format: $(DEV_DONE)
	@$(VENV)/bin/ruff check --quiet --fix .
	@$(VENV)/bin/ruff format --quiet .

pins: $(DEV_DONE)
	@for name in requirements requirements-embedded requirements-dev; do \
		$(VENV)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.12 --generate-hashes \
			--no-emit-index-url --no-annotate --custom-compile-command "make pins" $$name.in -o $$name.txt || exit 1; \
	done

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(RUN_DONE): requirements.txt requirements-embedded.txt
	@config/make_venv.sh $(VENV)
	@echo "Installing the pinned packages …"
	@$(PIP) -r requirements.txt -r requirements-embedded.txt
	@touch $@

$(DEV_DONE): requirements-dev.txt $(RUN_DONE)
	@echo "Installing the tools for tests and checks …"
	@$(PIP) -r requirements.txt -r requirements-embedded.txt -r requirements-dev.txt
	@touch $@
