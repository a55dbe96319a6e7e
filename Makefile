.DEFAULT_GOAL := help
.PHONY: help run stack test test-static test-stack test-embedded lint format proof intake screenshots clean setup-test

BIN := .venv/bin
# A production environment for the checks that look at settings; nothing of it is real.
CHECK_ENV := DATA_DIR=$(CURDIR)/var/check DEBUG=0 ALLOWED_HOSTS=portal.example.com \
	SITE_URL=https://portal.example.com \
	SECRET_KEY=for-the-check-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Set up what is missing and run the portal (PORT=8000) until Ctrl-C
	@bin/setup run
	@$(BIN)/python bin/start

stack: setup-test ## The same on PostgreSQL, Valkey, S3, SMTP and nginx, all started here (PORT=8000)
	@bin/stack

test: export STATIC_ROOT = $(CURDIR)/var/test-static
# Compiled once for the hundreds of processes that the tests start.
test: export PYTHONDONTWRITEBYTECODE =
test: setup-test ## Set up what is missing, lint, and run the tests
	@$(MAKE) --no-print-directory -j2 lint test-static
	@$(MAKE) --no-print-directory -j2 test-stack test-embedded

test-static: # Compressed once for all that starts a portal.
	$(BIN)/python manage.py prepare --static

test-stack:
	bin/stack $(BIN)/pytest

test-embedded: # What is about the embedded default.
	@mkdir -p var
	@$(BIN)/pytest -n 1 -m embedded >var/test-embedded.log 2>&1; code=$$?; cat var/test-embedded.log; exit $$code

lint: setup-test ## Check style, scripts, imports, templates, migrations and production settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	find templates -name '*.html' -exec $(BIN)/djade --check --target-version 5.2 {} +
	node_modules/.bin/biome check
	node --test tests/js/*.test.mjs
	$(BIN)/lint-imports
	$(CHECK_ENV) $(BIN)/python manage.py makemigrations --check --dry-run
	$(CHECK_ENV) $(BIN)/python manage.py check --deploy --fail-level INFO

intake: setup-test ## Measure the readers of files over hundreds of known content
	@$(BIN)/python -m tests.intake.measured

proof: export STATIC_ROOT = $(CURDIR)/var/test-static
proof: setup-test test-static ## Run what is not asked of every change, for hours, or one of it (ONLY=drill)
	@$(BIN)/python -m drills.proof

format: setup-test ## Put code and templates into the shape that lint asks for
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	node_modules/.bin/biome check --write
	find templates -name '*.html' -exec $(BIN)/djade --target-version 5.2 {} +

screenshots: setup-test ## Take the pictures of the manual anew, from the demo that `make run` is running
	$(BIN)/python manage.py screenshots

clean: ## Remove what make installed and built; the data in var/ stays
	rm -rf .venv .venv-audit node_modules tests/observatory/node_modules static/vendor staticfiles .ruff_cache .pytest_cache .import_linter_cache

setup-test:
	@bin/setup test
