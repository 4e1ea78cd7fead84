# Corrin. Every target works from nothing but Python 3.11 or newer and make: the first one run
# makes .venv and fills it from the lock; later ones do so again only when the lock has changed.
#
#   make PYTHON=python3.13 VENV=.venv-3.13 test     another interpreter, beside the first

PYTHON ?= python3
VENV   ?= .venv
# Tests wait for servers, browsers and Java as much as they compute: three keep two cores busy.
JOBS   ?= 3
DEMO   ?= fixtures/fhir/demo/request.json

BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV PIP_USER PIP_TARGET PIP_PREFIX
# Without what Python keeps of modules it has read, every process of a test reads them anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo demo-batch test check format-check lint types contracts rules units-check docs-check \
        docs golden format bench soak wheel-test lock serve clean node healthchain spark browser \
        bench-service bench-page screenshots

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- the environment ------------------------------------------------------------------------

setup: $(READY)

$(READY): pyproject.toml requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Corrin needs Python 3.11 or newer, and '$(PYTHON)' is not that. Name one that is: make PYTHON=python3.12 ..." >&2; exit 2; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { rm -rf $(VENV) && $(PYTHON) -m venv $(VENV); } || { rm -rf $(VENV); \
	  echo "'$(PYTHON)' cannot make a virtual environment. On Debian and Ubuntu the package python3-venv holds what is missing." >&2; exit 2; }
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(VENV) was made with a Python older than 3.11. Remove it with: make clean" >&2; exit 2; }
	@echo "setting up $(VENV) from requirements-dev.lock (once; takes up to a minute or two)"
	@$(BIN)/python -m pip install -qq --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install -qq --no-build-isolation --no-deps --no-index -e .
	@touch $@

# --- what it does ---------------------------------------------------------------------------

demo: $(READY) ## interpret the example results and print the note
	@$(BIN)/corrin interpret $(DEMO) --as-of 2026-11-01T09:00:00Z

demo-batch: $(READY) ## answer for everybody in an example export, in build/demo-batch
	@rm -rf build/demo-batch && mkdir -p build
	@$(BIN)/corrin batch fixtures/batch/export --out build/demo-batch --as-of 2026-11-01

serve: $(READY) ## run the HTTP service on http://127.0.0.1:8000 (settings: CORRIN_*, see corrin config)
	@$(BIN)/corrin serve

# --- whether it does it right ---------------------------------------------------------------

test: $(READY) ## all tests
	@$(MAKE) -s --no-print-directory -k node healthchain spark browser || { [ -z "$$CI" ] || exit 2; \
	  echo "going on without what could not be set up; the tests that need it will be named" >&2; }
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist loadgroup

check: format-check lint types contracts rules units-check docs-check ## format, lint, types, imports, rule lint, drift

format-check: $(READY)
	@$(BIN)/ruff format --check .

lint: $(READY)
	@$(BIN)/ruff check .

types: $(READY)
	@$(BIN)/mypy --strict

contracts: $(READY)
	@$(BIN)/lint-imports --no-logo

rules: $(READY)
	@$(BIN)/corrin rules check
	@$(BIN)/corrin rules test

units-check: $(READY)
	@$(BIN)/python -m corrin.units.derive --check

docs-check: $(READY)
	@$(BIN)/python docs/generate.py --check

wheel-test: $(READY) ## the built wheel, and the steps of the container, from a package index
	@$(BIN)/python -m pytest -q -m network tests/conformance/test_wheel.py tests/conformance/test_container.py

soak: $(READY) ## the generative tests, and all that takes minutes, for long
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist loadgroup -m soak
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist loadgroup -m "not network" --hypothesis-profile=soak tests/generative

bench: $(READY) ## time of one interpretation, by step
	@$(BIN)/python benchmarks/run.py

bench-service: $(READY) ## requests per second and waiting of the service, on loopback (needs wrk)
	@$(BIN)/python benchmarks/service/run.py table
	@$(BIN)/python benchmarks/service/run.py hooks
	@$(BIN)/python benchmarks/service/run.py kill

bench-page: $(VENV)/.browser ## from submit to painted note, and what the page weighs, in Chromium
	@$(BIN)/python benchmarks/page/run.py

screenshots: $(VENV)/.browser ## pictures of every page and state in build/screenshots
	@rm -rf build/screenshots
	@CORRIN_SCREENSHOTS=1 $(BIN)/python -m pytest -q tests/browser/test_accessible.py

# Judges from outside: a FHIR validator (Node.js), somebody else's CDS Hooks client; Spark, with
# Java; and a browser. `make test` tries to set them up and goes on without them; on a build server
# (CI=true) it does not go on.

NODE        := tests/conformance/node
HEALTHCHAIN := .venv-healthchain
SPARK       := .venv-spark
APT         := env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=1 \
               -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20

node: $(NODE)/node_modules/.ready ## the FHIR validator of the tests, in Node.js

$(NODE)/node_modules/.ready: $(NODE)/package.json $(NODE)/package-lock.json
	@command -v npm >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  echo "installing Node.js (once)" && $(APT) update && \
	  $(APT) install -y --no-install-recommends nodejs npm >/dev/null; } || { \
	  echo "The FHIR validator needs Node.js 20.19 or newer and npm; they could not be installed." >&2; exit 2; }
	@echo "setting up $(NODE)/node_modules from package-lock.json (once)"
	@cd $(NODE) && npm ci --ignore-scripts --no-audit --no-fund --silent --fetch-retries=1 --fetch-timeout=60000 || { \
	  echo "npm could not install the packages of $(NODE)/package-lock.json." >&2; exit 2; }
	@touch $@

healthchain: $(HEALTHCHAIN)/.ready ## the CDS Hooks client of the tests, in an environment of its own

$(HEALTHCHAIN)/.ready: requirements-healthchain.lock
	@echo "setting up $(HEALTHCHAIN) from requirements-healthchain.lock (once)"
	@$(HEALTHCHAIN)/bin/python -m pip --version >/dev/null 2>&1 || { rm -rf $(HEALTHCHAIN) && $(PYTHON) -m venv $(HEALTHCHAIN); }
	@$(HEALTHCHAIN)/bin/python -m pip install -qq --require-hashes -r requirements-healthchain.lock
	@touch $@

spark: $(SPARK)/.ready ## Spark and Corrin, in an environment of their own (needs Java 17 or newer)

$(SPARK)/.ready: pyproject.toml requirements-spark.lock requirements-spark-build.lock
	@$${JAVA_HOME:+$$JAVA_HOME/bin/}java -version >/dev/null 2>&1 || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  echo "installing Java 17 (once)" && $(APT) update && \
	  $(APT) install -y --no-install-recommends openjdk-17-jre-headless >/dev/null; } || { \
	  echo "Spark needs Java 17 or newer; it could not be installed." >&2; exit 2; }
	@echo "setting up $(SPARK) from requirements-spark.lock (once; takes a minute)"
	@$(SPARK)/bin/python -m pip --version >/dev/null 2>&1 || { rm -rf $(SPARK) && $(PYTHON) -m venv $(SPARK); }
	@$(SPARK)/bin/python -m pip install -qq --require-hashes -r requirements-spark-build.lock
	@$(SPARK)/bin/python -m pip install -qq --no-build-isolation --require-hashes -r requirements-spark.lock
	@$(SPARK)/bin/python -m pip install -qq --no-build-isolation --no-deps --no-index -e .
	@touch $@

browser: $(VENV)/.browser ## Chromium, and what drives it, for the tests of the page

# The browser is the system's own, or the one CORRIN_CHROMIUM names; the driver's packages bring none
# along, and it is never asked to fetch one.
$(VENV)/.browser: $(READY) requirements-browser.lock
	@there() { { [ -n "$$CORRIN_CHROMIUM" ] && [ -x "$$CORRIN_CHROMIUM" ]; } || command -v chromium-headless-shell || \
	    { [ -z "$$CI" ] && any; }; }; \
	any() { command -v chromium || command -v chromium-browser || command -v google-chrome; }; \
	get() { [ "$$(id -u)" = 0 ] && command -v apt-get && echo "installing Chromium (once)" >&2 && $(APT) update && \
	    { $(APT) install -y --no-install-recommends chromium-headless-shell fonts-dejavu-core || \
	      $(APT) install -y --no-install-recommends chromium fonts-dejavu-core; }; }; \
	there >/dev/null || get >/dev/null || any >/dev/null || { \
	  echo "The tests of the page need Chromium; it could not be installed. CORRIN_CHROMIUM names one that is there." >&2; exit 2; }
	@echo "setting up the browser's driver from requirements-browser.lock (once)"
	@PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 $(BIN)/python -m pip install -qq --require-hashes -r requirements-browser.lock
	@touch $@

# --- what is written by machine -------------------------------------------------------------

docs: $(READY) ## write the generated pages and schemas again
	@$(BIN)/python docs/generate.py

golden: $(READY) ## freeze the answers of the example requests again (CASE=name for some)
	@$(BIN)/python -m tests.golden.regenerate $(CASE)

format: $(READY) ## put the code into its one format
	@$(BIN)/ruff check --quiet --fix-only . && $(BIN)/ruff format .

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

lock: $(READY) ## resolve the dependencies again (UPGRADE=--upgrade takes newer ones)
	@$(LOCK) $(UPGRADE) --extra service pyproject.toml --output-file requirements.lock
	@$(LOCK) $(UPGRADE) --extra service --extra batch pyproject.toml requirements-dev.in --output-file requirements-dev.lock
	@$(LOCK) $(UPGRADE) --extra batch pyproject.toml --constraint requirements-dev.lock --output-file requirements-batch.lock
	@$(LOCK) $(UPGRADE) --extra spark pyproject.toml --constraint requirements-dev.lock --output-file requirements-spark.lock
	@$(LOCK) $(UPGRADE) requirements-spark-build.in --output-file requirements-spark-build.lock
	@$(LOCK) $(UPGRADE) requirements-healthchain.in --output-file requirements-healthchain.lock
	@$(LOCK) $(UPGRADE) requirements-browser.in --constraint requirements-dev.lock --output-file requirements-browser.lock
	@$(LOCK) $(UPGRADE) requirements-build.in --output-file requirements-build.lock

clean: ## remove the environment, caches and builds
	@rm -rf $(VENV) $(HEALTHCHAIN) $(SPARK) $(NODE)/node_modules dist build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.venv*' -prune -exec rm -rf {} +
