# macsmith. `make` lists what there is to do; every target sets up .venv by itself.

PYTHON ?= python3
J ?= $(shell nproc 2>/dev/null || echo 2)
BIN := .venv/bin
SPECS ?= mac/int4xint4 mac/int8xint8 mac/e2m1xe2m1 mac/e3m2xe3m2 mac/e4m3xe4m3 mac/e5m2xe5m2 mac/e4m3xe4m3/lmul mac/e5m2xe5m2/lmul
GRID ?=
WIDE ?= mul/bf16-flushxbf16-flush/exact/bf16-flush mul/bf16xbf16/exact/bf16 mul/e8m7xe8m7/lmul/e8m7 mul/int16xint16

.DEFAULT_GOAL := help
.PHONY: help setup pareto test testlong demo verilog regress lint bench comparison dataset residuals growths networks accuracies qor units claims equivalence mutants proofs docs site clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# The wheels are big: the first set-up takes a minute or two.
.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "macsmith needs Python 3.11 or newer, and $(PYTHON) is older: make PYTHON=python3.12 ..." >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

setup: .venv/ready ## install everything into .venv

pareto: .venv/ready ## say which design to take of the default space: build/pareto/report.html
	@$(BIN)/macsmith explore -j $(J) -o build/pareto

test: .venv/ready ## run the tests, but for long ones
	$(BIN)/pytest -n $(J) --dist loadfile

testlong: .venv/ready ## run the long tests, which show on more designs what the others show on few
	$(BIN)/pytest -n $(J) --dist loadfile -m long

demo: .venv/ready ## classify handwritten digits on a GEMM core, in simulation
	@$(BIN)/macsmith demo

verilog: .venv/ready ## write the Verilog of SPECS to build/verilog
	@$(BIN)/macsmith generate $(SPECS) -o build/verilog

regress: .venv/ready ## verify designs of every unit (GRID=--quick, GRID=--full): build/regress/junit.xml
	@$(BIN)/macsmith regress $(GRID) -j $(J) --junit build/regress/junit.xml

lint: .venv/ready ## style, types, and who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: .venv/ready ## measure the speed of the software; writes docs/benchmarks.md
	@$(BIN)/python -m benchmarks --write docs/benchmarks.md

comparison: .venv/ready ## ask ZigZag and SCALE-Sim, each in an environment of its own; writes dse/data/comparison.csv
	@$(BIN)/python -m benchmarks.comparison

dataset: .venv/ready ## measure what the cost model is fitted on; what has been measured is not done again
	@$(BIN)/python -m dse.dataset -j $(J)

residuals: .venv/ready ## fit what corrects counted costs on the data set
	@$(BIN)/python -m dse.residuals -j $(J)

growths: .venv/ready ## count ahead how the designs of our own spaces grow; writes dse/data/growths.json.gz
	@$(BIN)/python -m dse.growths -j $(J)

networks: .venv/ready ## train the workloads' own networks anew, seeded
	@$(BIN)/python -m dse.workloads.train_mnist
	@$(BIN)/python -m dse.encoder.train_digits

transformer: .venv/ready ## a transformer's layer in integers, whole in Verilog: MiniLM's, or the digits' where that is not installed
	@$(BIN)/python -m dse.encoder

accuracies: .venv/ready ## evaluate the listed arithmetics on the workloads; writes dse/data/accuracies.csv
	@$(BIN)/python -m dse.accuracies -j $(J)

qor: .venv/ready ## compare our units with Yosys's own operators on every family; writes docs/qor.md
	@$(BIN)/python -m dse.studies qor -j $(J)

units: .venv/ready ## verify and measure a design of every unit; writes docs/units.md
	@$(BIN)/python -m dse.studies units -j $(J)

claims: .venv/ready ## set published claims beside what ours measure; writes docs/claims.md
	@$(BIN)/python -m dse.studies claims -j $(J)

equivalence: .venv/ready ## compare and prove units that are too wide to simulate, on every family of cells
	@$(BIN)/python -m sim.equivalence $(WIDE)

mutants: .venv/ready ## make each unit's Verilog wrong in many ways, and say what its bench does not find
	@$(BIN)/python -m sim.mutants -j $(J)

proofs: .venv/ready ## prove handshakes, resets and sums of small designs; writes docs/verification/proofs.md
	@$(BIN)/python -m sim.proofs --seconds 90 --write docs/verification/proofs.md

docs: .venv/ready ## make every generated page of docs/ anew but that of times; what has been measured is not done again
	@$(BIN)/python -m dse.studies -j $(J)

site: .venv/ready ## make docs/ a site that opens from disk: build/site/index.html
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

clean: ## remove what was built, but not .venv
	rm -rf build
