# Tocsin: `make demo` and `make test` do everything on a fresh Debian 12 with Swift.

prefix ?= /usr

.PHONY: demo test build lint bench install

demo:
	@tools/demo.sh

test:
	@tools/install-packages.sh openssl python3-venv systemd-container bc iproute2
	@tools/install-test-python.sh || echo "no Python for the tests: one of them is skipped" >&2
	swift test

build:
	@tools/install-packages.sh
	swift build -c release --static-swift-stdlib --product tocsin

lint:
	swift format lint --strict --recursive Sources Tests Package.swift

bench:
	swift run -c release tocsin-bench

# Installs what `make build` made; `systemctl enable --now tocsin` starts it.
install:
	install -D -m 755 "$$(swift build -c release --static-swift-stdlib --product tocsin --show-bin-path)/tocsin" \
		$(DESTDIR)$(prefix)/bin/tocsin
	install -D -m 644 systemd/tocsin.service $(DESTDIR)/lib/systemd/system/tocsin.service
	install -D -m 644 systemd/tocsin.catalog $(DESTDIR)/usr/lib/systemd/catalog/tocsin.catalog
	test -e $(DESTDIR)/etc/tocsin/tocsin.yaml || \
		install -D -m 644 config/tocsin.yaml $(DESTDIR)/etc/tocsin/tocsin.yaml
