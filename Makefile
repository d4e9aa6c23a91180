# Groundwork's commands. Everything they need is set up by them, outside the clone, once.
.PHONY: up down unit test env schema format bench

up: ## bring the dev stack up on lab hosts; a second run changes nothing
	@tools/up.sh

down: ## remove the lab, its hosts and the dev stack's state
	@tools/down.sh

unit: ## lint, types and the unit tier
	@tools/check.sh && tools/pytest.sh tests/unit

test: ## every tier that this machine can run, and a table of what was left out
	@tools/check.sh && tools/pytest.sh tests

env: ## `eval "$$(make -s env)"` puts pulumi and the locked packages on PATH
	@tools/env.sh

schema: ## write the JSON Schema of the stack file
	@tools/run.sh python -m ops schema

format: ## format the code
	@tools/run.sh ruff format . && tools/run.sh ruff check --fix .

bench: ## measure; prints seconds and ratios
	@tools/run.sh python -m bench
