.PHONY: test lint bench
.venv/ready: pyproject.toml
	@echo "setting up .venv"
	python3 -m venv .venv
	.venv/bin/python -m pip install --quiet -e '.[test]'
	touch $@
lint: .venv/ready
	.venv/bin/ruff format --check src tests
	.venv/bin/ruff check src tests
test: .venv/ready
	.venv/bin/python -m pytest -q
.venv-bench/ready: pyproject.toml benchmarks/requirements.txt
	@echo "setting up .venv-bench with JAX, PyTorch and autograd: a few minutes"
	test -d .venv-bench || python3 -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet -e . -r benchmarks/requirements.txt
	touch $@
bench: .venv-bench/ready
	.venv-bench/bin/python benchmarks/eager.py --write docs/benchmarks.md
	.venv-bench/bin/python benchmarks/compiled --write docs
