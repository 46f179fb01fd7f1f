# Everything a person needs: make demo, make test. Both install what they use (apt, as root) and cache it outside
# the checkout, in CACHE.
CACHE      ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/monctl-tools
BIN        := $(CACHE)/bin
GOFUMPT    := $(BIN)/gofumpt-v0.12.0
LINT       := $(BIN)/golangci-lint-v2.15.0
GOTESTSUM  := $(BIN)/gotestsum-v1.13.0
# Collectors of node_exporter that are off by default, and so not used: left out they save a megabyte. Kept in .goreleaser.yml, too.
UNUSED     := nobuddyinfo,nodrbd,noethtool,nogpu,nointerrupts,noksmd,nolnstat,nologind,nomeminfo_numa,nomountstats,nonetworkroute,nontp,nonvmesubsystem,nopcidevice,noperf,noqdisc,norunit,noslabinfo,nosoftirqs,nosupervisord,noswap,nosystemd,notcpstat,nowifi,noxfrm
# Inlining makes code larger, and pays where samples pass. All else, most of it clouds' libraries that Prometheus' packages link, is built
# without: 3 MB. The last pattern that matches wins. .goreleaser.yml has this, too; a test compares.
INLINED    := std github.com/monctl/monctl/runtime/... github.com/prometheus/prometheus/... \
  github.com/prometheus/common/... github.com/prometheus/client_golang/... github.com/prometheus/client_model/... \
  github.com/json-iterator/go github.com/modern-go/... github.com/klauspost/compress/... github.com/golang/snappy github.com/cespare/xxhash/v2 \
  github.com/grafana/regexp/... github.com/dennwc/varint github.com/bboreham/go-loser go.uber.org/atomic github.com/oklog/ulid/v2
# The profile is of make profile; it costs 0.1 MB.
RELEASE    := -trimpath -pgo=runtime/serve.pgo -tags $(UNUSED) -gcflags=all=-l $(INLINED:%=-gcflags=%=) -ldflags '-s -w -funcalign=16'
# The most bytes that a release for amd64 may have.
LARGEST    := 46000000
# Packages whose tests boot real hosts. They run without the race detector: what they test runs in other processes. They wait more than they
# work, so two run at once; but not beside ALONE: a whole virtual machine in software, and three stacks that are broken at once, where nothing
# else may be slow.
ALONE      := ./lab/clocks ./lab/faults
LAB        := $(shell go list ./lab/... 2>/dev/null | grep -v -e /lab/clocks -e /lab/faults)
# What needs clones of other projects is make compliance.
PURE       := $(shell go list ./... 2>/dev/null | grep -v -e /lab/ -e /runtime/compliance)

# The suites of the Prometheus project; a folder will do where the network does not reach there.
SUITES     ?= https://github.com/prometheus/compliance
SUITES_AT  := 67b8327a2e93dc28f64d4b21bbce00b362f565d5

.PHONY: build size test lint unit page page-check page-serve hosts demo demo-offline demo-down bench-install bench-serve profile compliance nightly setup schema clean

build: ## the binary, static, for this machine, and beside it the one that it sends to hosts of the other architecture
	CGO_ENABLED=0 go build -buildvcs=auto $(RELEASE) -o bin/monctl ./cmd/monctl
	for arch in amd64 arm64; do [ $$arch = $$(go env GOARCH) ] || \
	  CGO_ENABLED=0 GOARCH=$$arch go build -buildvcs=auto $(RELEASE) -o bin/monctl-linux-$$arch ./cmd/monctl || exit 1; done

size: build ## that the binary for amd64 is no larger than promised
	@file=bin/monctl; [ $$(go env GOARCH) = amd64 ] || file=bin/monctl-linux-amd64; size=$$(stat -c %s $$file); \
	echo "size: $$file has $$size bytes of at most $(LARGEST)"; [ $$size -le $(LARGEST) ] || \
	{ echo "size: too large: build with -ldflags=-w in place of '-s -w' and see what grew with 'go tool nm -size -sort size', and who brings it with 'go list -deps'; docs/decisions.md has what was tried"; exit 1; }

test: setup size lint page-check unit hosts ## all tests: the binary's size, lint, the page, pure and loopback tests with the race detector, real hosts in the lab

setup: ## packages that the tests and the lab use
	@sh .ci/setup $(CACHE)

lint: $(GOFUMPT) $(LINT) ## formatting, vet, golangci-lint, shell scripts
	@test -z "$$($(GOFUMPT) -l .)" || { $(GOFUMPT) -d .; exit 1; }
	go vet ./...
	$(LINT) run ./...
	shellcheck -s sh -S warning -e SC1007,SC3013,SC1091,SC2010,SC2034,SC2154 $$(git ls-files "*.sh" | grep -v expert.sh) .ci/run .ci/setup .ci/skips

unit: $(GOTESTSUM) ## tests that need no hosts
	PATH=$(CACHE)/checkers/usr/bin:$$PATH $(GOTESTSUM) --format pkgname --jsonfile $(CACHE)/unit.json -- -race -count=1 $(PURE)
	@sh .ci/skips $(CACHE)/unit.json

hosts nightly: export MONCTL_BINARY := $(CURDIR)/bin/monctl

hosts: $(GOTESTSUM) build ## tests of what is released, on real systemd hosts; they need root and skip with a reason elsewhere
	export PATH=$(CACHE)/checkers/usr/bin:$$PATH; failed=0; \
	$(GOTESTSUM) --format pkgname --jsonfile $(CACHE)/hosts.json -- -count=1 -p 2 -timeout 30m $(LAB) || failed=1; \
	$(GOTESTSUM) --format pkgname --jsonfile $(CACHE)/alone.json -- -count=1 -p 1 -timeout 30m $(ALONE) || failed=1; exit $$failed
	@sh .ci/skips $(CACHE)/hosts.json && sh .ci/skips $(CACHE)/alone.json

page: runtime/page/ui/node_modules ## the web page, from runtime/page/ui into runtime/page/assets; building monctl needs neither this nor Node
	cd runtime/page/ui && npm run --silent build

page-check: ## types and unit tests of the page, and that its committed files are what its sources give; in CI it must run
	@if node -e 'process.exit(+(parseInt(process.versions.node) < 20))' 2>/dev/null; then \
	  $(MAKE) --no-print-directory runtime/page/ui/node_modules && cd runtime/page/ui && npm run --silent check; \
	else echo "page-check: skipped, it needs Node 20 and npm"; [ -z "$$CI" ]; fi

page-serve: build ## the page's browser tests before monctl serve; make unit has them before Debian's Prometheus
	MONCTL_BINARY=$(CURDIR)/bin/monctl go test -count=1 ./runtime/page

runtime/page/ui/node_modules: runtime/page/ui/package-lock.json
	cd runtime/page/ui && npm ci --no-fund --no-audit && touch node_modules

demo: build ## real hosts on this machine, the stack installed across them; left running
	@go run ./lab demo --monctl bin/monctl

demo-offline: build ## the same where no release is to be had: the bundled monitor on all hosts, nothing but monctl itself
	@go run ./lab demo --monctl bin/monctl --offline

demo-down: ## ends the demo
	@go run ./lab down

bench-install: build ## monctl against an expert's parallel ssh loop; figures for docs/benchmarks.md
	go run ./lab bench --monctl bin/monctl

bench-serve: setup build ## monctl serve beside a Prometheus of its release, Debian's and VictoriaMetrics; figures for docs/benchmarks.md
	@mkdir -p $(CACHE)/bench
	[ -x $(CACHE)/bench/usr/bin/victoria-metrics ] || (cd $(CACHE)/bench && apt-get download -qq -o APT::Sandbox::User=root victoria-metrics && dpkg -x victoria-metrics_*.deb .)
	go run ./runtime/bench -server monctl=bin/monctl -server prometheus-3.13.5:prometheus=$(CACHE)/checkers/usr/bin/prometheus-3.13.5 \
	  -server debian-2.42:prometheus=$(CACHE)/checkers/usr/bin/prometheus -server victoriametrics=$(CACHE)/bench/usr/bin/victoria-metrics

profile: ## a CPU profile of monctl serve at work, with which releases are built
	go run ./runtime/bench -interval 1s -warm 5s -measure 50s -profile runtime/serve.pgo

compliance: setup build ## suites of the Prometheus project on monctl serve and on a Prometheus of its release: the same results
	[ -d $(CACHE)/compliance-$(SUITES_AT) ] || { git clone -q $(SUITES) $(CACHE)/compliance && git -C $(CACHE)/compliance checkout -q $(SUITES_AT) \
	  && mv $(CACHE)/compliance $(CACHE)/compliance-$(SUITES_AT); }
	MONCTL_COMPLIANCE=$(CACHE)/compliance-$(SUITES_AT) MONCTL_BINARY=$(CURDIR)/bin/monctl MONCTL_REFERENCE=$(CACHE)/checkers/usr/bin/prometheus-3.13.5 \
	  go test -count=1 -timeout 2h -v ./runtime/compliance

nightly: compliance ## the faults that doctor must name, three times, and long fuzz runs
	MONCTL_LAB_LONG=1 go test -count=3 -timeout 60m ./lab/faults
	MONCTL_LAB_LONG=1 go test -count=1 -timeout 60m ./lab/clocks
	MONCTL_LAB_LOKI=1 MONCTL_LAB_LONG=1 go test -count=1 -timeout 90m ./lab/data
	MONCTL_LAB_LOKI=1 MONCTL_LAB_LONG=1 go test -count=1 -timeout 60m -run 'WholeStack|Exporters|LokiDisk|WithoutInternet' ./lab/acceptance
	@for target in $$(git grep -lE '^func Fuzz' -- '*_test.go' | xargs -n1 dirname | sort -u); do \
	  for f in $$(git grep -hoE '^func Fuzz[A-Za-z0-9]+' -- $$target | sed 's/func //' | sort -u); do \
	    echo "fuzz $$target $$f"; go test ./$$target -run '^$$' -fuzz "^$$f\$$" -fuzztime 5m -fuzzminimizetime 1x || exit 1; \
	  done; done

schema: ## docs/monctl.schema.json from the code
	go run ./cmd/monctl schema > docs/monctl.schema.json

clean:
	rm -rf bin dist

$(GOFUMPT):
	GOBIN=$(BIN) go install mvdan.cc/gofumpt@v0.12.0 && mv $(BIN)/gofumpt $@
$(LINT):
	GOBIN=$(BIN) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 && mv $(BIN)/golangci-lint $@
$(GOTESTSUM):
	GOBIN=$(BIN) go install gotest.tools/gotestsum@v1.13.0 && mv $(BIN)/gotestsum $@
