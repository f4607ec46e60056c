# The front door. `make up` and `make test` need only make, git and root (or sudo) on a fresh Debian 12.
BUILD := build/release
FOREWARN := $(BUILD)/forewarn
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 60

.PHONY: build python test test-unit test-e2e test-ui test-page test-python test-parity test-fuzz test-services test-services-full test-stack test-stack-full test-servers
.PHONY: bench bench-http up init images down logs ps fuzz fmt lint clean

build:
	@tools/setup.sh build
	@test -f $(BUILD)/build.ninja || cmake --preset release
	@cmake --build $(BUILD) -j $(JOBS)

test: test-unit test-e2e test-services test-ui test-page test-fuzz test-python test-parity

test-unit: build
	@tools/setup.sh test
	@tools/format.sh --check
	@ctest --test-dir $(BUILD) -j $(JOBS) --output-on-failure --progress

test-ui: build
	@tools/ui.sh test

# The page in a real browser, on a real `forewarn up`.
test-page: build
	@tools/setup.sh test
	@FOREWARN_BIN=$(CURDIR)/$(FOREWARN) tools/ui.sh e2e

test-fuzz:
	@tools/setup.sh test
	@FUZZ_SEED=1 tools/fuzz.sh $(FUZZ_SECONDS)

test-parity: build
	@tools/setup.sh test
	@FOREWARN_BIN=$(CURDIR)/$(FOREWARN) FOREWARN_BUILD=$(CURDIR)/$(BUILD) \
	  build/venv/bin/python -m pytest -q tests/parity

test-e2e: build
	@tools/setup.sh test
	@FOREWARN_BIN=$(CURDIR)/$(FOREWARN) build/venv/bin/python -m pytest -q tests/e2e

# The running services: their documents' properties, faults, kill -9, swaps of the champion, pressure. `make test-services-full`
# is the long form: the same with larger numbers, and what measures time.
test-services: build
	@tools/setup.sh test
	@FOREWARN_BIN=$(CURDIR)/$(FOREWARN) build/venv/bin/python -m pytest -q tests/services

test-services-full:
	@FOREWARN_EXAMPLES=200 FOREWARN_PHASES=examples,coverage,fuzzing,stateful FOREWARN_KILLS=250 FOREWARN_TIMING=1 FOREWARN_SWAPS=200 FOREWARN_REQUESTS=1000000 $(MAKE) test-services

bench-http: build
	@tools/setup.sh test
	@FOREWARN_BIN=$(CURDIR)/$(FOREWARN) build/venv/bin/python bench/http/bench_http.py

# The Python package, installed in build/venv-python.
python: build
	@tools/python.sh python

test-python: python
	@FOREWARN_BIN=$(CURDIR)/$(FOREWARN) build/venv-python/bin/python -m pytest -q python/tests

# Spark, notebooks and other real components, started and stopped by the tests; not part of `test`. `make test-stack-full` is
# the long form.
test-stack: build
	@tools/setup.sh stack
	@tools/python.sh stack
	@FOREWARN_BIN=$(CURDIR)/$(FOREWARN) build/venv-stack/bin/python -m pytest -q tests/stack
	@$(MAKE) test-servers

test-stack-full:
	@FOREWARN_SPARK_ROWS=10000000 FOREWARN_KAFKA_MESSAGES=1000000 FOREWARN_KAFKA_KILLS=20 FOREWARN_OUTAGE_SECONDS=60 FOREWARN_TIMING=1 $(MAKE) test-stack

# The real MLflow, MinIO, PostgreSQL, Kafka, Prometheus, Airflow and nginx: the second half of test-stack.
test-servers: build
	@tools/setup.sh servers
	@FOREWARN_BIN=$(CURDIR)/$(FOREWARN) build/venv-servers/bin/python -m pytest -q tests/servers

bench: build
	@tools/setup.sh test
	@tools/bench.sh

# `make up` starts the native program; with ENGINE=docker or podman the compose stack (STACK=frontend: the operator's part).
# SERVICES names some of its services, PROJECT gives the stack another name, BUILD_FLAGS go to the engine's build.
ifdef ENGINE
compose = $(if $(filter podman,$(ENGINE)),podman-compose,$(ENGINE) compose) \
  $(if $(filter frontend,$(STACK)),-p $(or $(PROJECT),alarm-frontend) -f compose.frontend.yml,$(if $(PROJECT),-p $(PROJECT)) -f compose.yml)

init:
	@deploy/init.sh

FOREWARN_IMAGE ?= localhost/forewarn:latest
MLFLOW_IMAGE ?= localhost/forewarn-mlflow:latest
AIRFLOW_IMAGE ?= localhost/forewarn-airflow:latest

images:
	@$(ENGINE) build $(BUILD_FLAGS) -t $(FOREWARN_IMAGE) -f deploy/containers/Containerfile .
ifneq ($(STACK),frontend)
	@$(ENGINE) build $(BUILD_FLAGS) -t $(MLFLOW_IMAGE) -f deploy/containers/mlflow.Containerfile .
	@$(ENGINE) build $(BUILD_FLAGS) --build-arg FOREWARN_IMAGE=$(FOREWARN_IMAGE) -t $(AIRFLOW_IMAGE) -f deploy/containers/airflow.Containerfile .
endif

up:
	@$(if $(filter podman,$(ENGINE)),if podman-compose --version 2>/dev/null | grep -q 'version  *1\.0\.'; then \
	  echo "podman-compose 1.0 misreads health checks and empty settings; put a newer one first in PATH: pipx install podman-compose" >&2; exit 2; fi)
	@cd deploy && $(compose) up -d $(SERVICES)

down:
	@cd deploy && $(compose) down

logs:
	@cd deploy && $(compose) logs

ps:
	@cd deploy && $(compose) ps
else
up: build
	@$(FOREWARN) up

init images down logs ps:
	@echo "$@ is for the containers: make $@ ENGINE=podman (or docker)" >&2; exit 2
endif

fuzz:
	@tools/setup.sh test
	@tools/fuzz.sh 600

fmt:
	@tools/format.sh

lint: build
	@tools/setup.sh test
	@tools/format.sh --check
	@run-clang-tidy-19 -quiet -p $(BUILD) -j $(JOBS) '/(src|apps)/.*\.cc$$'

clean:
	rm -rf build
