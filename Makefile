# Every target sets itself up: Python 3.11 or later, git and make are enough for demo and up.
SHELL := /bin/sh
PYTHON_IN_VENV := .venv/bin/python
CACHE := .cache
REPO ?=
PEOPLE ?=
DIR ?=
STORE ?=
LINKS ?=
SHORT ?=
SEED ?=
# Parts of `check` run side by side; an older make (macOS has 3.81) just mixes their lines.
SYNC := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
CODE := $(wildcard function_app.py functions shared infra/local)
WORKERS ?= 2
# One more than there are cores: many tests wait, for another process, a disk or a time that comes.
TESTERS ?= 3
# Minutes after which `make test` is ended, with a word on where it was: a pipeline that waits longer would only say that it waited.
LIMIT ?= 60
# What is compiled once is not compiled again by every process that tests start.
unexport PYTHONDONTWRITEBYTECODE
FUZZED := tests/workshop/fuzz $(shell find tests -name test_fuzzed.py)

.PHONY: help demo check-repo rbac up cluster bench load drill package check test test-workshop soak fuzz steady lint types imports pure parts everything machine clean distclean lock venv-local venv-tests
.DEFAULT_GOAL := help

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1  /p' Makefile

# The sample's environments in a control plane of their own, which ends with what is run there.
CLUSTER ?=
ON_CLUSTER := -m tests.support.cluster run qa=backend-qa production=backend -- $(PYTHON_IN_VENV)

demo: $(if $(CLUSTER),venv-tests,venv-local) ## release the sample monorepo for real and say what was proven (CLUSTER=1: with Helm, to a Kubernetes)
	@exec $(PYTHON_IN_VENV) $(if $(CLUSTER),$(ON_CLUSTER)) -m infra.local demo $(if $(CLUSTER),--cluster --dir "$(or $(DIR),.local/demo-cluster)",$(if $(DIR),--dir "$(DIR)")) $(if $(STORE),--store "$(STORE)")

check-repo: venv-local ## read a monorepo as Slipway would and say what to change (REPO=path, REF=branch or commit, PEOPLE=a people.json)
	@$(PYTHON_IN_VENV) -m infra.local check --repo "$(or $(REPO),$(error give REPO=path of your monorepo))" $(if $(REF),--ref "$(REF)") $(if $(PEOPLE),--people "$(PEOPLE)")

rbac: venv-local ## the rights of an environment's deployer, for kubectl apply -f - (ENV=, REPO=path, IDENTITY=object id or SERVICE_ACCOUNT=[namespace/]name)
	@$(PYTHON_IN_VENV) -m infra.local rbac --environment "$(or $(ENV),$(error give ENV=the environment))" $(if $(REPO),--repo "$(REPO)") $(if $(IDENTITY),--identity "$(IDENTITY)") $(if $(SERVICE_ACCOUNT),--account "$(SERVICE_ACCOUNT)")

up: $(if $(CLUSTER),venv-tests,venv-local) ## the local host with its page (REPO=path of your monorepo, DIR=path of an earlier state, STORE=azurite, LINKS=1 for new sign-in links, PORT=; CLUSTER=1: what demo does there, and then its page)
	@exec $(PYTHON_IN_VENV) $(if $(CLUSTER),$(ON_CLUSTER) -m infra.local demo --cluster --stay --dir "$(or $(DIR),.local/up-cluster)" $(if $(STORE),--store "$(STORE)"),-m infra.local up $(if $(REPO),--repo "$(REPO)") $(if $(DIR),--dir "$(DIR)") $(if $(STORE),--store "$(STORE)") $(if $(LINKS),--links) $(if $(PORT),--port "$(PORT)"))

cluster: venv-tests ## a real Kubernetes control plane for use, whose pods are played; the first time it is built (15 minutes, needs Go)
	@exec $(PYTHON_IN_VENV) -m tests.support.cluster up

bench: venv-tests ## how fast it is, each figure beside its floor and goal (ONLY="engine functions", QUICK=1, STORE=azurite; CLUSTER=1: deploying with Helm)
	@$(PYTHON_IN_VENV) -m tests.workshop bench $(if $(STORE),--store "$(STORE)") $(if $(CLUSTER),--cluster) $(if $(ONLY),--only "$(ONLY)") $(if $(QUICK),--quick)

MINUTES ?= 10
RATE ?= 1000
load: venv-tests ## RATE pushes a minute to a local host for MINUTES, every one accounted for (1000 and 10)
	@$(PYTHON_IN_VENV) -m tests.workshop load --minutes $(MINUTES) --rate $(RATE)

drill: venv-tests ## kill, tear and starve a local host at every boundary of a story (SHORT=1, SEED=n, DIR=path; CLUSTER=1: kill it where Helm deploys, to a Kubernetes)
	@$(PYTHON_IN_VENV) -m tests.workshop drill $(if $(CLUSTER),--cluster) $(if $(SHORT),--short) $(if $(SEED),--seed "$(SEED)") $(if $(DIR),--dir "$(DIR)")

package: venv-local ## the deployment package for Azure, with its size and what was left out: .local/package/slipway.zip
	@$(PYTHON_IN_VENV) -m infra.azure.package

check: venv-tests ## lint, types, imports and the pure tests
	@$(MAKE) --no-print-directory -j2 $(SYNC) types lint imports pure

test: ## everything, with the parts of the machine that tests need
	@python=$$(.ci/python) && exec "$$python" -m tests.support.run.limited $(LIMIT) $(MAKE) --no-print-directory parts

# A control plane is built while all else goes on, what pip installs included: its tests come last.
parts:
	@"$$(.ci/python)" -m tests.support.machine.kube & $(MAKE) --no-print-directory venv-tests
	@$(MAKE) --no-print-directory -j2 $(SYNC) types lint imports machine
	@$(MAKE) --no-print-directory everything

test-workshop: venv-tests machine ## the tests of bench, load, drill, fuzz and soak themselves, which `make test` runs too
	@$(PYTHON_IN_VENV) -m pytest -n $(WORKERS) --dist loadgroup tests/workshop

EXAMPLES ?= 1000
fuzz: venv-tests ## ask every route and parser what nobody would (EXAMPLES=how often each; 1000)
	@EXAMPLES=$(EXAMPLES) $(PYTHON_IN_VENV) -m pytest -n $(WORKERS) $(FUZZED)
TIMES ?= 20
steady: venv-tests ## what measures time or memory, or waits for others, TIMES each beside a busy machine (20; ONLY=tests/infra)
	@$(PYTHON_IN_VENV) -m tests.support.run.limited 600 $(PYTHON_IN_VENV) -m pytest -n $(WORKERS) --dist loadgroup \
		-p tests.support.run.steady --times $(TIMES) $(ONLY)
soak: venv-tests ## a million random steps with fresh seeds, judged (STEPS=, STORE=, WORKERS=; SEED= repeats one part)
	@PYTHONHASHSEED=0 $(PYTHON_IN_VENV) -m tests.workshop soak --workers $(WORKERS) --steps $(or $(STEPS),1000000) \
		$(if $(SEED),--seed $(SEED)) $(if $(STORE),--store $(STORE))

lint: venv-tests
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --check --quiet --output-format concise . || { echo "Run .venv/bin/ruff format ." >&2; exit 1; }

types: venv-tests
	@.venv/bin/mypy --cache-dir $(CACHE)/mypy $(CODE) tests

imports: venv-tests
	@.venv/bin/lint-imports --cache-dir $(CACHE)/import-linter

# Only what may hold pure tests is collected.
PURE := $(addprefix tests/,app codec conventions domain inbound) $(shell grep -rl --include='test_*.py' 'mark\.pure' tests)
pure: venv-tests
	@$(PYTHON_IN_VENV) -m pytest -q -n $(WORKERS) --dist loadgroup -m "pure and not slow" $(PURE)

machine: venv-tests
	@$(PYTHON_IN_VENV) -m tests.support.machine.prepare

# Rules, translation and use cases have no branch that no test takes.
everything: venv-tests
	@mkdir -p $(CACHE)/coverage
	@$(PYTHON_IN_VENV) -m pytest -n $(TESTERS) --dist loadgroup --cov-config=pyproject.toml --cov --cov-report=term-missing:skip-covered

clean: ## what running and testing left behind, the local host's state included
	@rm -rf .local $(CACHE) .coverage* .hypothesis .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	@find . -path ./.venv -prune -o -path ./.git -prune -o -name __pycache__ -type d -exec rm -rf {} +

distclean: clean ## the virtual environment as well
	@rm -rf .venv

UV := .venv/bin/python -m uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate
lock: venv-tests ## pin again what pyproject.toml asks for (UPGRADE=1 takes newer versions)
	@$(PYTHON_IN_VENV) -m pip install --quiet uv==0.13.9
	@UV="$(UV) $(if $(UPGRADE),--upgrade)" .ci/lock

venv-local:
	@.ci/venv infra/local/requirements.txt

venv-tests:
	@.ci/venv tests/requirements.txt
