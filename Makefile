# Landbridge: every target installs what it needs and says what it is doing. `make` alone prints this help.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export LANDBRIDGE_HOME ?= $(CURDIR)/var
# a virtual environment is slow to import without its bytecode
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo up test check form bench lock format clean postgres mariadb file-servers browser spark rivals

help: ## show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

$(VENV)/.installed: requirements.lock setup.cfg
	@echo "Installing Python packages from requirements.lock into $(VENV) (bytecode compiled) …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements.lock
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --config-settings editable_mode=compat -e .
	@touch $@

demo: $(VENV)/.installed ## three nights of the sample city through a real Airflow, then what they brought
	@$(BIN)/python -m cities.qingdao.demo

up: $(VENV)/.installed ## Airflow's own pages on the sample city, until interrupted
	@$(BIN)/python -m cities.qingdao.demo --up

test: $(VENV)/.installed postgres mariadb file-servers browser spark ## lint, import rules, then every test and beside them types
	@$(MAKE) --no-print-directory form
	@echo "Running the tests, and checking types beside them …"
	@$(BIN)/mypy --no-error-summary > $(VENV)/.type-report 2>&1 & types=$$!; \
	  $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder; tests=$$?; \
	  wait $$types || { cat $(VENV)/.type-report; tests=1; }; rm -f $(VENV)/.type-report; exit $$tests

check: form ## formatting, lint, import rules and types
	@echo "Checking types …"
	@$(BIN)/mypy --no-error-summary

form: $(VENV)/.installed
	@echo "Checking format, lint and import rules …"
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@PYTHONPATH=. $(BIN)/lint-imports --no-cache > .import-report 2>&1 || { cat .import-report; rm .import-report; exit 1; }
	@rm -f .import-report

format: $(VENV)/.installed ## put the code into form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(VENV)/.installed postgres mariadb rivals ## measure 5 million rows of five sources beside other tools and a floor; docs/benchmarks.md
	@$(BIN)/python -m benchmarks.dag_parsing
	@$(BIN)/python -m benchmarks.pipeline_rows

lock: $(VENV)/.installed ## resolve requirements.in into requirements.lock
	@$(BIN)/uv pip compile --quiet --no-header --no-annotate requirements.in -o requirements.lock

postgres:
	@ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1 || { echo "Installing PostgreSQL from Debian's packages …"; \
	  $$(test $$(id -u) = 0 || echo sudo) sh -c 'apt-get update -qq && apt-get install -y -qq postgresql' > /dev/null; }

mariadb:
	@which mariadb-install-db > /dev/null 2>&1 || { echo "Installing MariaDB from Debian's packages …"; \
	  $$(test $$(id -u) = 0 || echo sudo) sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq mariadb-server' > /dev/null; }

file-servers: $(VENV)/.installed
	@test -x /usr/sbin/sshd || { echo "Installing OpenSSH's server from Debian's packages …"; \
	  $$(test $$(id -u) = 0 || echo sudo) sh -c 'apt-get update -qq && apt-get install -y -qq openssh-server' > /dev/null; }
	@cmp -s tests/s3-server.lock $(VENV)/s3-server/installed || { echo "Installing an S3 server for the tests into $(VENV)/s3-server …"; \
	  $(PYTHON) -m venv $(VENV)/s3-server && $(VENV)/s3-server/bin/pip install --quiet --disable-pip-version-check --no-deps -r tests/s3-server.lock \
	  && cp tests/s3-server.lock $(VENV)/s3-server/installed; }

browser:
	@which chromium > /dev/null 2>&1 || { echo "Installing Chromium from Debian's packages …"; \
	  $$(test $$(id -u) = 0 || echo sudo) sh -c 'apt-get update -qq && apt-get install -y -qq chromium fonts-noto-cjk' > /dev/null; }

spark: $(VENV)/.installed ## what LANDBRIDGE_ENGINE=spark needs: Spark's packages of spark.lock (490 MB), and Java where it is missing
	@which java > /dev/null 2>&1 || test -x "$$JAVA_HOME/bin/java" || { echo "Installing Java from Debian's packages …"; \
	  $$(test $$(id -u) = 0 || echo sudo) sh -c 'apt-get update -qq && apt-get install -y -qq openjdk-17-jre-headless' > /dev/null; }
	@cmp -s spark.lock $(VENV)/.spark || { echo "Installing Spark from spark.lock into $(VENV) …"; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r spark.lock && cp spark.lock $(VENV)/.spark; }

rivals:
	@cmp -s benchmarks/rivals.lock $(VENV)/rivals/installed || { echo "Installing the tools to compare with into $(VENV)/rivals …"; \
	  $(PYTHON) -m venv $(VENV)/rivals && $(VENV)/rivals/bin/pip install --quiet --disable-pip-version-check --no-deps -r benchmarks/rivals.lock \
	  && cp benchmarks/rivals.lock $(VENV)/rivals/installed; }

clean: ## remove what was made here: var/, caches, the virtual environment
	@rm -rf var $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
