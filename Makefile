# The commands of everyday work: make setup | build | test | demo | gate | format | tidy | clean
# nproc heeds OMP_NUM_THREADS
JOBS ?= $(shell env -u OMP_NUM_THREADS nproc)

# tests and ranks: one thread each, and OpenMPI usable as root, with more ranks than cores, unbound, without ssh
export OMP_NUM_THREADS = 1
export OMPI_ALLOW_RUN_AS_ROOT = 1
export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM = 1
export OMPI_MCA_rmaps_base_oversubscribe = 1
export OMPI_MCA_hwloc_base_binding_policy = none
export OMPI_MCA_plm_rsh_agent = /bin/true
export PYTHONDONTWRITEBYTECODE = 1

DIFFBENCH = build/release/bin/diffbench
REPORT = demo-out/report
GATE_BASE ?= $(shell git rev-parse --verify --quiet origin/main >/dev/null && echo origin/main || echo main)
SOURCES = git ls-files --cached --others --exclude-standard -- '*.h' '*.cpp' '*.cu' '*.cuh'

.NOTPARALLEL:
.PHONY: build setup test test-release test-python test-asan test-fuzz test-tidy demo gate format tidy clean

build: setup
	cmake --preset release
	cmake --build --preset release --parallel $(JOBS)

setup:
	./setup.sh

test: test-release test-python test-asan test-fuzz test-tidy

test-release: build
	cmake --build --preset release --parallel $(JOBS) --target header_tests
	ctest --preset release

# the files of tests side by side; pytest's own exit code 5 makes "no tests found" an error
test-python: setup
	.venv/bin/python -m pytest -q -p no:cacheprovider -n $(JOBS) --dist loadfile dashboards tests

test-asan: setup
	cmake --preset asan
	cmake --build --preset asan --parallel $(JOBS)
	ctest --preset asan

# each parser for a few seconds, from its seeds
test-fuzz: setup
	cmake --preset fuzz
	cmake --build --preset fuzz --parallel $(JOBS)
	tests/fuzz/run.sh 5

test-tidy: setup
	scripts/tidy.sh --commit

# the program alone is built, no tests; on two ranks where it was built with MPI
demo: setup
	cmake --preset release
	cmake --build --preset release --parallel $(JOBS) --target diffbench
	mkdir -p demo-out
	$$(ldd $(DIFFBENCH) | grep -q libmpi && echo mpirun -n 2) $(DIFFBENCH) run harness/suites/demo.toml --db demo-out/results.db
	$(DIFFBENCH) report demo-out/results.db -o $(REPORT)
	@page=$(CURDIR)/$(REPORT)/report.html; echo "The report: $$page"; \
	  if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] && command -v xdg-open >/dev/null; then xdg-open "$$page" || true; fi

# this working tree against where it left main: 10 minutes at most, after two builds
gate: setup
	scripts/ab.sh $$(git merge-base HEAD $(GATE_BASE)) . gate --minutes 10 --db build/gate.db

format:
	$(SOURCES) | xargs clang-format-16 -i

tidy:
	scripts/tidy.sh --changed

clean:
	rm -rf build demo-out
