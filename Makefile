.PHONY: test lint bench
.venv/ready: pyproject.toml
	@echo "setting up .venv"
	python3 -m venv .venv
	.venv/bin/python -m pip install --quiet -e '.[test]'
	touch $@
lint: .venv/ready
	.venv/bin/ruff format --check src tests
	.venv/bin/ruff check src tests
	.venv/bin/basedpyright
test: .venv/ready
	.venv/bin/python -m pytest -q
bench:
	@echo "setting up .venv-bench with JAX, PyTorch and autograd"
	test -d .venv-bench || python3 -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet -e . jax torch autograd
	.venv-bench/bin/python benchmarks/eager.py --write docs/benchmarks.md
	.venv-bench/bin/python benchmarks/compiled --write docs
