.PHONY: test lint
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
