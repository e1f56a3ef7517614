# `make demo` runs the main job, `make test` the tests; both set up what they need.

VENV := .venv
PIP := $(VENV)/bin/pip --quiet --disable-pip-version-check
SET_UP_FROM := pyproject.toml constraints.txt scripts/install_system_packages.sh

.PHONY: demo test check types-linux types-darwin types-win32 docs fuzz train clean

demo: $(VENV)/demo.done
	$(VENV)/bin/dafx-bridge demo

# Each of the two workers computes in one thread: more would wait for one another.
test: check
	OMP_NUM_THREADS=1 $(VENV)/bin/pytest -n 2 --dist loadgroup

check: $(VENV)/test.done
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(MAKE) --jobs 2 types-linux types-darwin types-win32
	$(VENV)/bin/python scripts/import_picture.py

types-linux:
	$(VENV)/bin/mypy --platform linux

types-darwin types-win32: types-%:
	$(VENV)/bin/mypy --platform $* --cache-dir .mypy_cache/$* --package bridge --package gui

# The documentation as a site, in site/.
docs: $(VENV)/docs.done
	$(VENV)/bin/mkdocs build --strict --quiet

# Recordings drawn by chance through `match`, for so long; no part of the tests.
MINUTES := 10
fuzz: $(VENV)/test.done
	$(VENV)/bin/python -m tests.fuzz.match --minutes $(MINUTES)

# Corpus, training, export, critic and evaluation of the shipped models, the named experiments, the
# baseline and the ablation: a night on two cores. Every step goes on where it was stopped.
train: $(VENV)/test.done
	scripts/install_system_packages.sh train
	$(VENV)/bin/dafx-train corpus
	$(VENV)/bin/dafx-train fit shipped
	$(VENV)/bin/dafx-train export shipped
	$(VENV)/bin/dafx-train critic
	$(VENV)/bin/dafx-train kinds
	$(VENV)/bin/dafx-train evaluate
	$(VENV)/bin/dafx-train embedding
	$(VENV)/bin/dafx-train limits
	$(VENV)/bin/dafx-train sound-map
	$(VENV)/bin/dafx-train figures
	for name in overdrive-fixed overdrive-random delay-fixed delay-random; do \
		$(VENV)/bin/dafx-train report $$name || exit; \
	done
	$(VENV)/bin/dafx-train baseline
	$(VENV)/bin/dafx-train ablation

$(VENV)/demo.done: $(SET_UP_FROM)
	scripts/install_system_packages.sh run
	python3 -m venv $(VENV)
	$(PIP) install --constraint constraints.txt --editable '.[demo]'
	touch $@

$(VENV)/test.done: $(SET_UP_FROM)
	scripts/install_system_packages.sh test
	python3 -m venv $(VENV)
	$(PIP) install --constraint constraints.txt --editable '.[cluster,demo,gui,midi,train,dev]'
	touch $@

$(VENV)/docs.done: $(SET_UP_FROM)
	scripts/install_system_packages.sh run
	python3 -m venv $(VENV)
	$(PIP) install --constraint constraints.txt --editable '.[docs]'
	touch $@

clean:
	rm -rf $(VENV) demo dist site
