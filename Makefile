# igauth: what can be made. `make` lists it.

.DEFAULT_GOAL := help
.PHONY: help run sim test docs race concurrency migrate bench-refresh crash crash-pairs soak mutants lint fuzz build e2e e2e-browser e2e-sam \
	test-emulators test-aws test-template clean \
	sam-build sam-validate sam-deploy sam-invoke \
	build-AuthorizeFunction build-CallbackFunction build-RefreshFunction build-AccountsFunction \
	build-DeauthorizeFunction build-DeletionFunction

VERSION ?= dev
# The processor of the functions: arm64 or amd64. SAM does not tell a makefile
# for which one it builds, so that the parameter Architecture and this variable
# are set together: `make sam-build ARCHITECTURE=x86_64`.
ARCHITECTURE ?= arm64
GOARCH_OF := $(if $(filter x86_64 amd64,$(ARCHITECTURE)),amd64,arm64)

# Static and stripped, the same bytes from any folder, and without net/rpc, which
# the runtime needs only for a way of starting that is gone.
LAMBDA_BUILD = CGO_ENABLED=0 GOOS=linux GOARCH=$(GOARCH_OF) go build -tags lambda.norpc -trimpath -ldflags '-s -w'
FUNCTIONS = authorize callback refresh accounts deauthorize deletion

help: ## List what can be made.
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build/igauth ## Serve everything on this machine, with a simulator of Instagram.
	build/igauth dev $(ARGS)

sim: build/igauth ## Serve the simulator of Instagram alone.
	build/igauth sim $(ARGS)

test: ## Run the tests. Needs Go alone.
	go vet ./...
	go test -timeout 20m ./...

docs: ## Write docs/errors.md anew from the dictionary of errors.
	go generate ./cmd/igauth

STEPS ?= 100000
concurrency: ## Let workers race for one account, for STEPS steps (default 100000), with the race detector.
	go test -race -count 1 -v -run WorkersDoNotHarmEachOther ./internal/concurrency -steps $(STEPS) $(ARGS)

migrate: ## Move 10,000 accounts from one vault to the other and back, interrupted twice each time.
	go test -count 1 -v -run VaultIsMigrated ./internal/app/stores -accounts 10000

race: ## Run the tests with the race detector.
	go test -race -timeout 30m ./...

crash: ## Let every call fail in every way, and show what was lost. Takes two minutes.
	go test -count=1 -v -timeout 30m -run '^TestSingleFaults$$' ./internal/crash -every 1

PAIRS ?= 40000
SEED ?= 0
crash-pairs: ## Let two calls fail, in PAIRS (default 40000) cases, beginning with those that SEED draws.
	go test -count=1 -v -timeout 30m -run '^TestPairsOfFaults$$' ./internal/crash -pairs $(PAIRS) -seed $(SEED)

ACCOUNTS ?= 1000000
DUE ?= 1000
LEDGER ?= bolt
BENCH_REFRESH = go test -count=1 -v -timeout 0 -run '^TestBenchRefresh$$' ./internal/scale \
	-accounts $(ACCOUNTS) -due $(DUE) -ledger $(LEDGER) $(ARGS)
bench-refresh: ## Measure a run with DUE due (default 1000) of ACCOUNTS (default 1000000), LEDGER=bolt or dynamodb.
ifeq ($(LEDGER),dynamodb)
	$(if $(IGAUTH_TEST_DYNAMODB)$(IGAUTH_TEST_AWS),,bash e2e/emulators.sh )$(BENCH_REFRESH)
else
	$(BENCH_REFRESH)
endif

YEARS ?= 10
soak: ACCOUNTS = 10000
soak: ## Let ACCOUNTS (default 10000) live for YEARS (default 10) in which everything fails. Takes an hour.
	go test -count=1 -v -timeout 6h -run '^(TestNoLiveTokenDies|TestLongestOutage)$$' ./internal/soak \
		-accounts $(ACCOUNTS) -years $(YEARS) $(if $(filter-out 0,$(SEED)),-seed $(SEED)) $(ARGS)

mutants: ## Make deliberate mistakes, each of which a named test must notice. Takes ten minutes.
	go -C tools run ./mutants $(ARGS)

lint: ## Check the form of the code: gofmt, go vet, staticcheck.
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "not gofmt'ed:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	cd e2e && go vet ./...
	cd tools && go vet ./...
	go tool -modfile=tools/go.mod staticcheck ./...

FUZZTIME ?= 20s
# Go gives each input that reaches new code a minute to be made shorter, which
# would be most of the time.
fuzz: ## Fuzz every target for FUZZTIME each (default 20s).
	@set -e; for package in $$(go list ./...); do \
		tests=$$(go test -list '^Fuzz' $$package); \
		for target in $$(echo "$$tests" | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s $$package; \
		done; \
	done

build: build/igauth $(FUNCTIONS:%=build/%/bootstrap) ## Build the command and the functions into build/.

.PHONY: FORCE
build/igauth: FORCE
	@mkdir -p build
	CGO_ENABLED=0 go build -trimpath -ldflags '-X main.version=$(VERSION)' -o $@ ./cmd/igauth

build/%/bootstrap: FORCE
	@mkdir -p $(@D)
	$(LAMBDA_BUILD) -o $@ ./functions/$*

test-emulators: ## Run the stores' tests against moto and DynamoDB Local. Needs Python and Java.
	bash e2e/emulators.sh go test -count=1 ./internal/igauth/awsstore/... ./internal/app/deployed

test-aws: ## Run the stores' tests in your AWS account. Says what it makes, asks, and removes it.
	@bash e2e/aws.sh

test-template: ## Check the template by our own rules.
	cd e2e && go test -count=1 -skip '^TestBrowser' ./...

e2e: e2e-browser e2e-sam ## Run all journeys from outside. Needs Chromium, Docker and the SAM CLI.

e2e-browser: build/igauth ## Walk igauth dev in headless Chromium, with screenshots in e2e/screenshots/.
	cd e2e && go test -count=1 -run '^TestBrowser' ./...

e2e-sam: build/igauth ## Walk the functions under the SAM CLI. Needs Docker.
	bash e2e/sam.sh

sam-validate: ## Check the template.
	sam validate --lint

sam-build: ## Build the functions for AWS.
	ARCHITECTURE=$(ARCHITECTURE) sam build --parameter-overrides Architecture=$(ARCHITECTURE)

sam-deploy: sam-build ## Deploy to the AWS account of your credentials. The first time asks for the settings.
	sam deploy --guided --parameter-overrides Architecture=$(ARCHITECTURE)

EVENT ?= authorize
FUNCTION ?= AuthorizeFunction
sam-invoke: sam-build ## Invoke FUNCTION with events/EVENT.json in a container.
	sam local invoke $(FUNCTION) -e events/$(EVENT).json --parameter-overrides Architecture=$(ARCHITECTURE)

# What SAM calls, in a copy of this folder.
build-AuthorizeFunction:
	$(LAMBDA_BUILD) -o "$(ARTIFACTS_DIR)/bootstrap" ./functions/authorize
build-CallbackFunction:
	$(LAMBDA_BUILD) -o "$(ARTIFACTS_DIR)/bootstrap" ./functions/callback
build-RefreshFunction:
	$(LAMBDA_BUILD) -o "$(ARTIFACTS_DIR)/bootstrap" ./functions/refresh
build-AccountsFunction:
	$(LAMBDA_BUILD) -o "$(ARTIFACTS_DIR)/bootstrap" ./functions/accounts
build-DeauthorizeFunction:
	$(LAMBDA_BUILD) -o "$(ARTIFACTS_DIR)/bootstrap" ./functions/deauthorize
build-DeletionFunction:
	$(LAMBDA_BUILD) -o "$(ARTIFACTS_DIR)/bootstrap" ./functions/deletion

clean: ## Remove what was built. The data folder stays.
	rm -rf build .aws-sam e2e/screenshots
