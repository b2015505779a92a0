# What can be done with this tree. Everything that is made goes to bin/ and out/.

GO          ?= go
FUZZTIME    ?= 30s
STATICCHECK ?= honnef.co/go/tools/cmd/staticcheck@v0.8.2
# What both programs call themselves, as VERSION=1.2.3; empty: devel, with the revision if go knows it.
VERSION     ?=
LDFLAGS     := -X mirrorgw/cmd/internal/version.set=$(VERSION)
DEMO        := out/demo
PLOTS       ?= out/plots
C_FILES     := $(shell find . -path ./out -prune -o -name '*.[ch]' -print)
SH_FILES    := .ci/run scripts/mirrorgw-host $(wildcard scripts/*.sh scripts/*/*.sh packaging/*.sh packaging/*/*.sh testbed/vm/*.sh) testbed/vm/guest/usr/local/sbin/vm-agent

# A clone that belongs to another user would fail to build: git refuses to say its revision.
export GOFLAGS += -buildvcs=false

# AddressSanitizer is go's -asan; UndefinedBehaviorSanitizer goes in by hand, and must abort, for
# a test would otherwise pass while it prints. Leaks are reported at exit.
SANITIZE := CGO_CFLAGS="-g -O2 -fsanitize=undefined -fno-sanitize-recover=undefined" \
            CGO_LDFLAGS="-fsanitize=undefined"

# A worker needs a CPU beside the one that Go runs on, so all that are online are asked for, even
# where the calling shell is confined to one. What a cpuset keeps back stays kept back.
ALL_CPUS := taskset --cpu-list $(shell cat /sys/devices/system/cpu/online)

# Packages run one at a time: those that start EAL poll a CPU without pause, and there may be two. Those
# of CONTROL never start it, and run side by side.
TEST    := $(ALL_CPUS) $(GO) test -count=1 -p 1
BESIDE  := $(ALL_CPUS) $(GO) test -count=1
CONTROL := ./ctl/... ./rules/... ./vxlan/...

# Tests of the daemon that are about Go alone, and are not repeated under sanitizers.
WITHOUT_C := ^Test(AWS|BadClients|CLI|Crowd|Deployments|FullDisk|History|ManyClients|Metrics|Packaged|Prometheus|ReadOnlyDisk|RolesOf|Socket|State|SupportBundle|Template|Units)

.PHONY: help deps docs build demo demo-aws demo-console deb test-deb test-vm test test-plain test-race test-sanitize test-full test-sdk bench bench-full vet lint fuzz fmt clean
.NOTPARALLEL:

help: ## print this list (the default)
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

deps: ## install what is missing, from Debian
	@scripts/install-deps.sh

build: ## the daemon and its command line tool, bin/mirrorgw and bin/mirrorctl
	$(GO) build -ldflags "$(LDFLAGS)" -o bin/mirrorgw ./cmd/mirrorgw
	$(GO) build -ldflags "$(LDFLAGS)" -o bin/mirrorctl ./cmd/mirrorctl

demo: deps build ## mirror a day of traffic from capture files and tell what went where
	$(GO) run ./testbed/demo --dir $(DEMO)
	cd $(DEMO) && $(ALL_CPUS) $(CURDIR)/bin/mirrorgw --config gateway.toml --apply resources.toml \
		--until-idle 500ms --report report.json
	$(GO) run ./testbed/demo --dir $(DEMO) --summary

demo-aws: deps build ## a gateway on generated traffic for the AWS CLI, until interrupted; needs root
	@$(ALL_CPUS) $(GO) run ./testbed/demo --live

demo-console: deps build ## the same with a web console on 127.0.0.1:8790 and a link that logs in; needs root
	@$(ALL_CPUS) $(GO) run ./testbed/demo --live --console 127.0.0.1:8790

test: deps build vet test-plain test-race test-sanitize ## everything that CI asks for

test-plain: ## all tests, as they are
	$(BESIDE) -timeout 20m $(CONTROL)
	$(TEST) -timeout 20m $$($(GO) list ./... | grep -vE '^mirrorgw/(ctl|rules|vxlan)(/|$$)')

test-race: ## the control plane and the Go half of the workers, under the race detector
	$(BESIDE) -race -timeout 20m ./ctl/...
	$(TEST) -race -timeout 20m ./lcore ./cmd/...

# The differential test compares a million packets in test-plain; here it looks for what the sanitizers find.
test-sanitize: ## the packages with C, and the daemon over the golden cases, under ASan and UBSan
	MIRRORGW_CASES=250000 $(SANITIZE) $(TEST) -asan -timeout 20m ./dpdk/... ./pipeline/... ./lcore/...
	$(SANITIZE) $(GO) build -asan -o out/mirrorgw-asan ./cmd/mirrorgw
	MIRRORGW_BIN=$(CURDIR)/out/mirrorgw-asan $(TEST) -timeout 20m -skip '$(WITHOUT_C)' ./testbed

test-full: deps build ## the long tests too: hours
	MIRRORGW_FULL=1 $(TEST) -timeout 3h ./...

docs: build ## write the reference pages of docs/ from the code
	$(GO) run ./ctl/reference/generate
	bin/mirrorgw manual --markdown >docs/mirrorgw.md
	bin/mirrorctl manual --markdown >docs/mirrorctl-reference.md

deb: ## the Debian package, out/deb/mirrorgw_VERSION_amd64.deb; needs debhelper, dpkg-dev and fakeroot
	VERSION="$(VERSION)" packaging/build.sh

test-deb: ## install, try, upgrade and purge the package in a fresh Debian 12; needs root, debootstrap, systemd-container
	$(ALL_CPUS) packaging/test/run.sh

test-vm: ## the package on emulated network cards, in a virtual machine; needs root, qemu-system-x86, debootstrap
	$(ALL_CPUS) testbed/vm/run.sh

test-sdk: deps ## the AWS SDK for Go against the live demo; downloads the SDK; needs root
	cd testbed/awssdk && $(TEST) -timeout 10m ./...

.PHONY: test-console
test-console: deps build ## the console in headless Chromium; pictures go to out/console; installs chromium; needs root
	scripts/console-test-deps.sh out/axe-core
	MIRRORGW_BROWSER=1 $(TEST) -timeout 30m ./testbed/browser
	MIRRORGW_BROWSER=1 $(TEST) -timeout 3h -run '^TestConsole' ./testbed

bench: deps build ## measure beside testpmd and Open vSwitch, write out/bench.json; needs hugepages
	@mkdir -p out
	$(ALL_CPUS) $(GO) run ./testbed/bench --out out/bench.json

bench-full: deps build ## searches, latencies, overload and growth too: hours; plots go to PLOTS (out/plots)
	@mkdir -p out
	$(ALL_CPUS) $(GO) run ./testbed/bench --full --out out/bench-full.json --plots $(PLOTS)

vet: ## the quick part of lint: gofmt and go vet
	@files=$$(gofmt -l .); test -z "$$files" || { echo "gofmt: run make fmt for: $$files"; exit 1; }
	$(GO) vet ./...

lint: deps vet ## gofmt, go vet, staticcheck, clang-format, shellcheck
	$(GO) run $(STATICCHECK) ./...
	clang-format --dry-run -Werror $(C_FILES)
	shellcheck $(SH_FILES)

fuzz: deps ## each fuzz target for FUZZTIME (30s)
	scripts/fuzz.sh $(FUZZTIME)

fmt: ## format Go and C
	gofmt -w .
	clang-format -i $(C_FILES)

clean: ## remove bin/ and out/
	rm -rf bin out
