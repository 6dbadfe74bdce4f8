# Every target installs what it needs first; `make help` lists them.
SHELL := /bin/bash
# Some machines keep no bytecode; pytest would rewrite every test anew in each of its processes.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
RUN := .venv/bin
DEMO_ARGS ?=
PYTEST_ARGS ?=
# A file's tests share what they start, so that a worker takes whole files. They come in the order of their names, but for
# the longest (tests/conftest.py): the quick unit tests last, which leaves no worker alone with a long file at the end.
WORKERS ?= 2
SPREAD := -n $(WORKERS) --dist loadfile --no-loadscope-reorder
BENCH_DATA ?=
IMAGES ?=
CASES ?= 7
# The longest story first, and the other release of the whole platform late, so that the two are not there at once. What
# makes or takes over kinds of the whole cluster runs before all others.
LANES ?= 2
E2E := tests/e2e/chart/test_trial.py tests/e2e/operator/test_promotion_paths.py \
	tests/e2e/operator/test_promotion_pins.py $(wildcard tests/e2e/test_*.py) \
	tests/e2e/chart/test_trial_with_kserve.py tests/e2e/chart/test_platform_images.py \
	tests/e2e/chart/test_trial_images.py tests/chart \
	--ignore tests/chart/test_chart_on_api_server.py --ignore tests/chart/test_chart_releases.py

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Install system packages, uv and the locked Python packages
	@scripts/bootstrap run

.PHONY: setup-test
setup-test: ## The same, with what the tests need (Chromium)
	@scripts/bootstrap test

.PHONY: setup-bench
setup-bench: ## The same, with what the benches compare with
	@scripts/bootstrap bench

.PHONY: demo
demo: setup ## Generate, train, serve and sort documents; DEMO_ARGS=--once ends by itself
	@$(RUN)/pigeonhole demo $(DEMO_ARGS)

.PHONY: serve
serve: setup ## Start the platform on this machine
	@$(RUN)/pigeonhole serve

.PHONY: test
test: setup-test check ## All checks and tests: unit, integration, browser; WORKERS=3 takes more of a larger machine
	@echo "test: $(WORKERS) at once"
	@$(RUN)/pytest -m "(unit or integration or browser) and not alone" $(SPREAD) $(PYTEST_ARGS)
	@echo "test: one after another"
	@$(RUN)/pytest -m "alone and not e2e" $(PYTEST_ARGS)

.PHONY: check
check: lint types imports ## Format, lint, types, import directions and the lock

.PHONY: lint
lint:
	@echo "check: format and lint"
	@$(RUN)/ruff format --check --quiet .
	@$(RUN)/ruff check --quiet .
	@.tools/uv/bin/uv lock --check --quiet --offline 2>/dev/null || UV_SYSTEM_CERTS=1 .tools/uv/bin/uv lock --check --quiet

.PHONY: types
types:
	@echo "check: types"
	@$(RUN)/mypy

.PHONY: imports
imports:
	@echo "check: import directions"
	@$(RUN)/lint-imports

.PHONY: unit
unit: setup-test ## The unit tests alone
	@$(RUN)/pytest -m unit $(PYTEST_ARGS)

.PHONY: integration
integration: setup-test ## The integration tests alone
	@$(RUN)/pytest -m "integration and not alone" $(SPREAD) $(PYTEST_ARGS)
	@$(RUN)/pytest -m "integration and alone" $(PYTEST_ARGS)

.PHONY: kill-list
kill-list: setup-test ## The API's kill list at its full length: 20 killings of each kind, a minute without inference
	@KILL_LIST_KILLS=20 KILL_LIST_DOWN_SECONDS=60 $(RUN)/pytest -m integration tests/integration/api/test_api_kill_list.py $(PYTEST_ARGS)

.PHONY: browser
browser: setup-test ## The browser tests alone
	@$(RUN)/pytest -m browser $(PYTEST_ARGS)

.PHONY: chart
chart: ## What the Helm chart renders, and static checks of it; needs helm
	@command -v helm >/dev/null || { echo "chart: needs helm: https://helm.sh/docs/intro/install"; exit 1; }
	@scripts/bootstrap chart
	@$(RUN)/pytest -m chart $(SPREAD) $(PYTEST_ARGS)

.PHONY: e2e
e2e: setup-test ## The tests on the Kubernetes cluster named by KUBECONFIG, REGISTRY and INGRESS, with all images built for it; needs helm
	@scripts/bootstrap chart
	@scripts/images $$(scripts/images --list) e2e-storage-initializer e2e-object-store e2e-prometheus
	@echo "e2e: kinds that all of the cluster shares"
	@$(RUN)/pytest -m e2e tests/chart $(PYTEST_ARGS)
	@echo "e2e: the chart, serving and the operator, $(LANES) at once"
	@$(RUN)/pytest -m "e2e or chart" -n $(LANES) --dist loadfile --no-loadscope-reorder $(E2E) $(PYTEST_ARGS)

.PHONY: e2e-chart
e2e-chart: setup-test ## The chart as it is installed and used, production's start among it; needs helm
	@scripts/bootstrap chart
	@scripts/images $$(scripts/images --list) e2e-storage-initializer e2e-object-store e2e-prometheus
	@$(RUN)/pytest -m e2e tests/chart tests/e2e/chart --ignore tests/e2e/chart/test_network.py $(PYTEST_ARGS)

.PHONY: e2e-network
e2e-network: setup-test ## Who reaches whom under the chart's policies, where the cluster's network enforces them (kind's does)
	@scripts/images $$(scripts/images --list) e2e-storage-initializer
	@$(RUN)/pytest -m e2e tests/e2e/chart/test_network.py $(PYTEST_ARGS)

.PHONY: e2e-operator
e2e-operator: setup-test ## The suite of the operator's cases on that cluster, CASES=7 at once
	@scripts/images e2e-storage-initializer
	@$(RUN)/pytest -m "e2e and not further" -n $(CASES) tests/e2e/operator $(PYTEST_ARGS)

.PHONY: e2e-operator-all
e2e-operator-all: setup-test ## All of them, also those that show the same with other values
	@scripts/images e2e-storage-initializer
	@$(RUN)/pytest -m e2e -n $(CASES) tests/e2e/operator $(PYTEST_ARGS)

.PHONY: cluster
cluster: ## A cluster in Docker by kind, with an ingress and a registry; prints what to export for the tests on a cluster
	@scripts/kind-cluster

.PHONY: chart-images
chart-images: ## List the images that the chart needs, for a registry of one's own
	@scripts/images --list | sed "s|^|ghcr.io/pigeonhole/|; s|$$|:$$(sed -n 's/^appVersion: //p' helm/pigeonhole/Chart.yaml)|"

.PHONY: images
images: ## Build the container images, or IMAGES="NAME..." of them, and push them to REGISTRY if that is set
	@scripts/images $(IMAGES)

.PHONY: sbom
sbom: ## List what the images hold, or IMAGES="NAME..." of them, in build/sbom; from REGISTRY if that is set
	@scripts/bootstrap images
	@scripts/sbom $(IMAGES)

.PHONY: release
release: sbom ## Package the chart with its images' digests, and sign and push it: SIGNING_KEY, CHART_REPOSITORY (docs/images.md)
	@scripts/release

.PHONY: bench
bench: setup-bench ## Measure reading beside other ways; figures go to build/bench; BENCH_DATA=DIR takes your documents
	@BENCH_DATA="$(BENCH_DATA)" PYTHONPATH=tests/bench $(RUN)/python -m ocr

.PHONY: bench-serving
bench-serving: ## Measure the model servers beside MLflow's and MLServer, and under load; figures go to build/bench
	@scripts/bootstrap bench-serving
	@PYTHONPATH=tests/bench $(RUN)/python -m serving_bench

.PHONY: bench-api
bench-api: setup-bench ## Measure the platform API's uploads and queue, the queue beside Procrastinate's; figures go to build/bench
	@scripts/bootstrap bench-api
	@PYTHONPATH=tests/bench $(RUN)/python -m api_bench

.PHONY: bench-operator
bench-operator: setup-test ## Measure the operator with 500 ModelDeployments on the cluster that KUBECONFIG names
	@PYTHONPATH=tests/bench:. $(RUN)/python -m operator_bench

.PHONY: bench-generator
bench-generator: setup ## Measure the generator of documents
	@$(RUN)/python tests/bench/bench_generator.py

.PHONY: pipeline
pipeline: setup ## Compile the training pipeline for a cluster into build/pipelines
	@$(RUN)/python -m pigeonhole_pipelines.compile build/pipelines/training.yaml

.PHONY: crds
crds: setup ## Write the operator's CRDs from its models into k8s/operator and the chart
	@$(RUN)/python -m pigeonhole_operator.resources.crds k8s/operator/crds.yaml helm/pigeonhole/files/crds.yaml

.PHONY: chart-readme
chart-readme: setup ## Write the chart's README.md from the comments of its values
	@$(RUN)/python scripts/chart-readme

.PHONY: dashboards
dashboards: setup ## Write Grafana's dashboards from their code into helm/pigeonhole/files/dashboards
	@PYTHONPATH=k8s/monitoring/dashboards $(RUN)/python -m pigeonhole_dashboards helm/pigeonhole/files/dashboards

.PHONY: repro
repro: setup ## Run the training as DVC stages, those whose inputs changed
	@PATH="$(CURDIR)/$(RUN):$$PATH" dvc repro

.PHONY: format
format: setup ## Format the code and apply the linter's safe fixes
	@$(RUN)/ruff format .
	@$(RUN)/ruff check --fix .

.PHONY: clean
clean: ## Remove what builds and tests made
	@rm -rf build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
