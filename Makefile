# Entry points for people and CI; CMake does the building. `make help` lists them.
JOBS   ?= $(shell nproc)
GROUPS ?=
export PYTHONDONTWRITEBYTECODE = 1

venv  = build/venv/.installed
HONE  = build/release/hone

.PHONY: all demo check check-long conformance bench format clean help
all: ## build build/release/hone and both libraries (default)
	@scripts/install_deps.sh --tell build
	@$(MAKE) --no-print-directory $(HONE)

.PHONY: $(HONE)
$(HONE):
	@test -f build/release/Makefile || cmake --preset release >/dev/null
	@cmake --build build/release --parallel $(JOBS) -- --no-print-directory

demo: ## handwritten digits from model file to report page; installs what is missing
	@scripts/install_deps.sh build
	@$(MAKE) --no-print-directory $(HONE) >/dev/null
	@scripts/demo.sh $(HONE)

check: $(venv) ## all tests; GROUPS="rules unit" runs some
	@python3 scripts/check.py $(GROUPS)

check-long: $(venv) ## all tests and those that take long
	@python3 scripts/check.py --long $(GROUPS)

conformance: $(venv) ## the ONNX backend suites; writes their numbers into docs/operators.md
	@$(MAKE) --no-print-directory $(HONE) >/dev/null
	@HONE=$(HONE) build/venv/bin/python tests/conformance/run.py --report build/conformance/report.json
	@scripts/operators_page.py --report build/conformance/report.json

bench: $(venv) ## measurements of the closing notes; asserts nothing
	@$(MAKE) --no-print-directory $(HONE) >/dev/null
	@build/venv/bin/python bench/run.py --hone $(HONE)

.PHONY: check-deps
check-deps:
	@scripts/install_deps.sh check

# Python packages of tests and benches live here and nowhere else.
$(venv): tests/requirements.txt | check-deps
	@test -x build/venv/bin/pip || python3 -m venv build/venv
	@echo "Installing Python packages into build/venv"
	@build/venv/bin/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@

format: ## clang-format every C file
	@git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i

clean: ## remove build outputs, keep the Python environment
	@find build -mindepth 1 -maxdepth 1 ! -name venv -exec rm -rf {} + 2>/dev/null || true

help:
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' Makefile | expand -t 12
