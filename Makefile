# Builds, tests and installs sennit. Each MODE has a folder of its own under
# build/. What to ask for:
#
#: make             the libraries and the command line, in build/release
#: make run         a demonstration, then a server until Ctrl-C; installs what it needs
#: make demo        the demonstration alone; fails if its clients do not agree
#: make kill9 N=200 kill the server amid typing: nothing acknowledged may be lost
#: make test        everything there is to test; installs what it needs
#: make check       unit, property and out-of-memory tests under the sanitizers
#: make fuzz        each fuzz target for FUZZ_SECONDS=60
#: make coverage    lines of lib/ that the tests run; fails under COVERAGE_MIN=95
#: make python      the package for Python, tested, in bindings/python/dist
#: make js          the package for JavaScript, tested, in bindings/js
#: make e2e         the page in real Chromium, with the real server; SOAK_SECONDS=30
#: make page        the page that sennitd shows, built in from then on
#: make bench       replay recorded editing sessions, from the folder TRACES=
#: make bench-peers the same with other libraries, side by side
#: make bench-python the same in Python, beside others for it
#: make bench-server what the server bears, beside two others for Yjs
#: make install     to DESTDIR=, PREFIX=/usr/local; also make uninstall
#: make amalgam     the library as one file, build/amalgam/sennit.c, and its header
#: make layers abi  check what may include what, and what is exported
#: make clean       remove build/
#
# MODE=check makes a debug build in build/check; WERROR=1 makes warnings errors;
# CC, CFLAGS, CPPFLAGS and LDFLAGS are as usual.

# ---- Kinds of build ---------------------------------------------------------

MODE ?= release
B    := build/$(MODE)

# Tiny nodes, so that a test splits and joins them within a few keystrokes; a WAL
# of few pages, so that it is moved into the file all the time.
TINY   := -DSENNIT_SELFCHECK -DSN_LEAF=4 -DSN_FANOUT=4 -DSN_MAP_FANOUT=4 -DSN_WAL_PAGES=8
ASAN   := -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZER := -fsanitize=fuzzer

OPT_release  := -O3 -g
OPT_check    := -O1 -g
OPT_clang    := -O2 -g
OPT_amalgam  := -O2 -g
OPT_mutants  := -O1
OPT_coverage := -O0 -g
OPT_tsan     := -O1 -g
OPT_fuzz     := -O1 -g

FLAGS_release  := -DNDEBUG
FLAGS_check    := $(TINY) $(ASAN) -fno-omit-frame-pointer
FLAGS_clang    := -DSENNIT_SELFCHECK -DSENNIT_SMALL
FLAGS_amalgam  := -DNDEBUG
FLAGS_mutants  := $(TINY)
FLAGS_coverage := $(TINY) --coverage
FLAGS_tsan     := -fsanitize=thread
FLAGS_fuzz     := $(TINY) $(ASAN) -fsanitize=fuzzer-no-link

CFLAGS  ?= $(OPT_$(MODE))
WARN    := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes $(if $(findstring clang,$(CC)),-Wno-string-conversion) $(if $(WERROR),-Werror)
FLAGS   := -std=c11 $(WARN) -fPIC -fno-semantic-interposition -fvisibility=hidden $(FLAGS_$(MODE)) $(CFLAGS)
INCLUDE := -Iinclude
COMPILE  = $(CC) $(FLAGS) $(INCLUDE) $(CPPFLAGS) -MMD -MP
LINK     = $(CC) $(FLAGS) $(LDFLAGS)

# ---- What there is ----------------------------------------------------------

version  = $(shell sed -n 's/^.define SENNIT_VERSION_$1 //p' include/sennit/sennit.h)
VERSION := $(call version,MAJOR).$(call version,MINOR).$(call version,PATCH)
SONAME  := libsennit.so.0
SYNC_SO := libsennit-sync.so.0

HEADERS := $(wildcard include/sennit/*.h)
LIB     := $(wildcard lib/base/*.c lib/core/*/*.c lib/wire/*.c)
SYNC    := $(wildcard lib/sync/*.c lib/trust/*.c lib/store/*.c lib/net/*.c lib/format/*.c)
CLI     := $(wildcard examples/cli/*.c examples/common/*.c)
SERVER  := $(wildcard examples/server/*.c examples/common/*.c)
UNIT    := $(wildcard tests/unit/*.c)
TESTS   := $(UNIT) $(wildcard tests/prop/*.c tests/oom/*.c)
SUPPORT := $(wildcard tests/support/*.c)
SYNC_TESTS   := $(wildcard tests/sync/test_*.c tests/format/test_*.c)
SYNC_SUPPORT := $(wildcard tests/sync/support/*.c)
SIM     := $(wildcard tests/sim/*.c)
LOAD    := $(wildcard tests/bench/server/*.c)
FUZZ    := $(wildcard tests/fuzz/fuzz_*.c)

# What is released is compiled as one file: calls between its parts are inlined.
LIB_OBJ  := $(if $(filter amalgam release,$(MODE)),$(B)/sennit.o,$(LIB:%.c=$(B)/%.o))
TEST_BIN := $(TESTS:%.c=$(B)/%)
SYNC_BIN := $(SYNC_TESTS:%.c=$(B)/%)
FUZZ_BIN := $(FUZZ:%.c=$(B)/%)

# ---- Libraries and the command line -----------------------------------------

all: lib $(if $(SYNC),sync) cli server
lib: $(B)/libsennit.a $(B)/$(SONAME)
sync: $(B)/libsennit-sync.a $(B)/$(SYNC_SO)
cli: $(B)/sennit
server: $(B)/sennitd

$(B)/libsennit.a: $(LIB_OBJ)
$(B)/libsennit-sync.a: $(SYNC:%.c=$(B)/%.o)
$(B)/libsupport.a: $(SUPPORT:%.c=$(B)/%.o)
$(B)/libsyncsupport.a: $(SYNC_SUPPORT:%.c=$(B)/%.o)
$(B)/%.a:
	rm -f $@
	$(AR) rcs $@ $^

# The shared library is kept small, for it is what is shipped; the static one, of
# which a program takes what it needs, is compiled for speed alone. Small is every
# file but those in HOT, which look at each byte of a text, and without what saves some
# per cent only (SENNIT_LIGHT in lib/base/base.h). gcc's objects are inlined
# into each other when they are linked, as those of the one file are.
HOT   := lib/base/hash.c lib/base/utf8.c
QUICK := -fno-asynchronous-unwind-tables -O2 $(if $(findstring clang,$(CC)),,-flto=auto -flto-partition=one)
LEAST := $(if $(shell $(CC) -Oz -E - </dev/null 2>/dev/null),-Oz,-Os) # gcc has the former since its version 12
SMALL := $(QUICK) $(LEAST) $(if $(findstring clang,$(CC)),,-Wno-maybe-uninitialized -fno-caller-saves \
    -fno-code-hoisting -fno-inline-small-functions -fno-ipa-modref -fno-ipa-sra -fno-ira-hoist-pressure \
    -fno-move-loop-invariants -fno-thread-jumps -fno-tree-coalesce-vars -fno-tree-dominator-opts \
    -fno-tree-loop-im -fno-tree-pta -fno-tree-sra -fno-tree-tail-merge)
SHARED := $(LIB:%.c=$(B)/shared/%.o)
$(HOT:%.c=$(B)/shared/%.o): SMALL := $(QUICK)
$(SHARED): $(B)/shared/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(COMPILE) -Ilib -DSENNIT_LIGHT $(SMALL) -c $< -o $@

$(B)/$(SONAME): $(if $(filter release,$(MODE)),$(SHARED),$(LIB_OBJ))
	$(LINK) $(if $(filter release,$(MODE)),$(SMALL)) -shared -Wl,-soname,$(SONAME) -Wl,--no-undefined \
	    -Wl,-z,noseparate-code $^ -o $@

# What libsennit-sync stands on; libsennit itself needs libc only. It takes public
# calls from libsennit.so, and has a hidden copy of what that does not export.
SYNC_LIBS := -lmsgpackc -lsodium -lsqlite3 -lwebsockets -lssl -lcrypto -lcmark -ljansson -pthread
$(B)/libinside.a: $(LIB:%.c=$(B)/%.o)
$(B)/$(SYNC_SO): $(SYNC:%.c=$(B)/%.o) $(B)/$(SONAME) $(B)/libinside.a
	$(LINK) -shared -Wl,-soname,$(SYNC_SO) -Wl,--no-undefined -Wl,--as-needed \
	    -Wl,--exclude-libs,libinside.a $^ $(SYNC_LIBS) -o $@

$(B)/sennit: $(CLI:%.c=$(B)/%.o) $(B)/libsennit-sync.a $(B)/libsennit.a
	$(LINK) $^ -lz -lzstd $(SYNC_LIBS) -o $@

# The page that the server shows is in it once `make page` has built it.
PAGE_C := build/page/page.c
PAGE   := $(if $(wildcard $(PAGE_C)),$(PAGE_C),examples/page/none.c)
page: $(PAGE_C)
$(PAGE_C): $(wildcard examples/page/*.*) $(wildcard bindings/js/src/*/*.* bindings/js/src/ts/*/*.ts) \
           bindings/js/package.json $(wildcard lib/base/*.c lib/core/*/*.c lib/wire/*.c)
	@sh tools/setup.sh js
	sh examples/page/build.sh $@
$(B)/build/page/page.o: INCLUDE += -Iexamples

$(B)/sennitd: $(SERVER:%.c=$(B)/%.o) $(PAGE:%.c=$(B)/%.o) $(B)/libsennit-sync.a $(B)/libsennit.a
	$(LINK) $^ $(SYNC_LIBS) -o $@

$(B)/sim: $(SIM:%.c=$(B)/%.o) $(B)/libsupport.a $(B)/libsennit-sync.a $(B)/libsennit.a
	$(LINK) $^ $(SYNC_LIBS) -o $@

$(B)/load: $(LOAD:%.c=$(B)/%.o) $(B)/libsennit-sync.a $(B)/libsennit.a
	$(LINK) $^ $(SYNC_LIBS) -o $@

$(B)/lib/%.o: INCLUDE += -Ilib
$(SYNC:%.c=$(B)/%.o): INCLUDE += -D_POSIX_C_SOURCE=200809L
$(B)/examples/%.o: INCLUDE += -D_GNU_SOURCE -Iexamples
$(B)/tests/%.o: INCLUDE += -Ilib -Itests
$(B)/tests/bench/%.o: INCLUDE += -D_GNU_SOURCE
$(B)/tests/sync/%.o: INCLUDE += -D_GNU_SOURCE
$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(COMPILE) -c $< -o $@

$(B)/flags: FORCE # changes when the command to compile does
	@mkdir -p $(@D)
	@echo '$(COMPILE) $(SMALL)' | cmp -s - $@ || echo '$(COMPILE) $(SMALL)' >$@

# ---- One file ---------------------------------------------------------------

amalgam: build/amalgam/sennit.c
build/amalgam/sennit.c: tools/amalgam.sh include/sennit/sennit.h $(LIB) $(wildcard lib/base/*.h lib/core/*/*.h lib/wire/*.h)
	sh tools/amalgam.sh $(@D)

# In a file as large as this gcc would cease to inline what is typed through. And it
# gathers small structs in wide registers: what is then read in parts has to wait.
ROOMY := $(if $(findstring clang,$(CC)),,--param large-unit-insns=40000 -fno-tree-slp-vectorize)
$(B)/sennit.o: build/amalgam/sennit.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(ROOMY) $(CPPFLAGS) -c $< -o $@

# ---- Tests ------------------------------------------------------------------
# A target that needs tools beyond a compiler sees to them, then calls make
# again with its MODE. The parts below are what tools/test.sh is made of.

RUN    := sh tools/run-tests.sh
PYTHON := /usr/bin/python3 -B
SUBMAKE = $(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

run: acts
	@bash examples/demo/merge.sh
	@bash examples/demo/serve.sh build/run

demo: acts
	@bash examples/demo/merge.sh
	@bash examples/demo/serve.sh

acts:
	@sh tools/setup.sh run
	@[ -e $(PAGE_C) ] || echo "building the page: WebAssembly and a bundle, a minute or two"
	+@$(SUBMAKE) -s page >/dev/null || echo "without the page: the server shows a line of text in its place"
	+@$(SUBMAKE) -s MODE=release cli server

test:
	@sh tools/setup.sh test
	+@MAKE="$(MAKE)" sh tools/test.sh

check:
	@sh tools/setup.sh check
	+@$(SUBMAKE) -s MODE=check unit-tests

sync-tests: $(SYNC_BIN)
	@$(RUN) "storage, network and sync tests, $(MODE) build" $(SYNC_BIN)

unit-tests: $(TEST_BIN)
	@$(RUN) "unit, property and out-of-memory tests, $(MODE) build" $(TEST_BIN)

$(B)/tests/unit/% $(B)/tests/prop/% $(B)/tests/oom/%: LIBS := -lcmocka -lm
$(SYNC_BIN): LIBS := -lcmocka $(SYNC_LIBS)
$(SYNC_BIN): $(B)/libsyncsupport.a $(B)/libsennit-sync.a
FUZZ_SYNC := $(foreach t,format session hub token,$(B)/tests/fuzz/fuzz_$t)
$(FUZZ_SYNC): LIBS := $(SYNC_LIBS)
$(FUZZ_SYNC): $(B)/libsennit-sync.a
$(B)/tests/%: $(B)/tests/%.o $(B)/libsupport.a $(B)/libsennit.a
	$(LINK) $(filter-out %.a,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS) -o $@

# What writes the corpora and the test vectors is run when a format changes; it is
# built with the tests of what it wrote, lest it rot.
replay: $(B)/tests/fuzz/make_corpus
vectors: $(B)/tests/vectors/make_good $(B)/tests/vectors/make_bad

SEEDS ?= 1-2000
sim: $(B)/sim # whole clusters; --tell N says what came to pass in one
	@$(RUN) "simulated clusters, $(MODE) build" '$(B)/sim --seeds $(SEEDS)'

replay: $(FUZZ_BIN) # the corpora of the fuzz targets, without a fuzzer
	@$(RUN) "fuzz corpora, $(MODE) build" \
	    $(foreach t,$(FUZZ),'$(B)/$(t:.c=) tests/fuzz/corpus/$(t:tests/fuzz/fuzz_%.c=%)')

ifneq ($(MODE),fuzz)
$(FUZZ_BIN): $(B)/tests/fuzz/driver.o
endif

MUTANTS = $(shell grep -ohE 'SENNIT_MUTANT [!=]= [0-9]+' lib/*/*.[ch] lib/core/*/*.[ch] | grep -oE '[0-9]+' | sort -nu)
mutants: $(TEST_BIN) # see tools/mutant.sh
	@CC="$(CC)" FLAGS="$(FLAGS) -Iinclude -Ilib" B=$(B) TESTS="$(filter-out $(B)/tests/oom/%,$(TEST_BIN))" \
	    $(RUN) "planted mistakes noticed" $(foreach n,0 $(MUTANTS),'sh tools/mutant.sh $n $$TESTS')

valgrind: $(UNIT:%.c=$(B)/%)
	@$(RUN) "unit tests under valgrind, $(MODE) build" \
	    $(UNIT:%.c='valgrind -q --leak-check=full --error-exitcode=9 $(B)/%')

vectors: lib
	@SENNIT_LIB="$(CURDIR)/$(B)/$(SONAME)" $(RUN) "test vectors" \
	    $(foreach t,$(wildcard tests/vectors/run*.py),'$(PYTHON) $t')

cli-tests: cli
	@SENNIT="$(CURDIR)/$(B)/sennit" $(RUN) "command line, $(MODE) build" \
	    $(foreach t,$(wildcard tests/cli/*.sh),'bash $t')

E2E  = $(filter-out tests/e2e/harness.py tests/e2e/kill9.py,$(wildcard tests/e2e/*.py))
ENDS = SENNITD="$(CURDIR)/$(B)/sennitd" SENNIT="$(CURDIR)/$(B)/sennit" LOAD="$(CURDIR)/$(B)/load"
e2e-tests: server cli $(B)/load
	@$(ENDS) $(RUN) "the server, $(MODE) build" '$(PYTHON) tests/e2e/kill9.py 10' \
	    $(foreach t,$(E2E),'$(PYTHON) $t') $(foreach t,$(wildcard tests/e2e/*.sh),'bash $t')

N ?= 200
kill9:
	@sh tools/setup.sh kill9
	+@$(SUBMAKE) -s MODE=release server
	@SENNITD="$(CURDIR)/build/release/sennitd" $(PYTHON) tests/e2e/kill9.py $(N)

readme: all
	@LIB="$(CURDIR)/$(B)/libsennit.a" SENNIT="$(CURDIR)/$(B)/sennit" SENNITD="$(CURDIR)/$(B)/sennitd" \
	    $(RUN) "what README.md and the guides say" \
	    'sh tests/readme/run.sh' 'sh tests/readme/guides.sh'

layers:
	@$(RUN) "layers" 'sh tools/layers.sh'

abi: build/release/$(SONAME) build/release/$(SYNC_SO)
	@CC="$(CC)" $(RUN) "exported symbols and headers" \
	    'sh tests/abi/check.sh build/release/$(SONAME) sennit' \
	    'sh tests/abi/check.sh build/release/$(SYNC_SO) sync storage transport trust format'

install-test: all
	@MAKE="$(MAKE)" $(RUN) "install, pkg-config and CMake" 'sh tests/install/test.sh'

# ---- Bindings ---------------------------------------------------------------

python:
	@sh tools/setup.sh python
	+@$(SUBMAKE) -s MODE=release server cli
	@$(RUN) "the package for Python" 'PYTHON=/usr/bin/python3 sh bindings/python/test.sh'

js:
	@sh tools/setup.sh js
	+@$(SUBMAKE) -s MODE=release lib cli server
	@SENNITD="$(CURDIR)/build/release/sennitd" SENNIT="$(CURDIR)/build/release/sennit" \
	    $(RUN) "the package for JavaScript" 'sh bindings/js/test.sh'

# ---- The page, in Chromium ---------------------------------------------------

e2e:
	@sh tools/setup.sh e2e
	+@$(SUBMAKE) -s page >/dev/null
	+@[ -d build/python/sennit ] || $(SUBMAKE) -s python
	+@$(SUBMAKE) -s MODE=release server cli
	@SENNITD="$(CURDIR)/build/release/sennitd" SENNIT="$(CURDIR)/build/release/sennit" \
	    PYTHONPATH="$(CURDIR)/build/python" \
	    $(RUN) "the page, in Chromium" 'node --test --test-concurrency=1 tests/browser/*.test.mjs'

# ---- Fuzzing, coverage, benchmarks ------------------------------------------

FUZZ_SECONDS ?= 60
COVERAGE_MIN ?= 95
TRACES       ?= ../shared/traces

fuzz:
	@sh tools/setup.sh fuzz
	+@$(SUBMAKE) -s MODE=fuzz CC=clang fuzz-targets

fuzz-targets: $(FUZZ_BIN) # new inputs go to build/fuzz/corpus, none into the sources
	@set -e; for t in $(FUZZ:tests/fuzz/fuzz_%.c=%); do \
	    mkdir -p $(B)/corpus/$$t; \
	    echo "fuzz $$t, $(FUZZ_SECONDS) seconds"; \
	    $(B)/tests/fuzz/fuzz_$$t -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 -verbosity=0 \
	        -artifact_prefix=$(B)/$$t- $(B)/corpus/$$t tests/fuzz/corpus/$$t; \
	done

ifeq ($(MODE),fuzz)
$(FUZZ_BIN): LDFLAGS += $(FUZZER)
endif

coverage:
	@sh tools/setup.sh coverage
	+@$(SUBMAKE) -s MODE=coverage coverage-tests

coverage-tests: $(TEST_BIN) $(SYNC_BIN)
	@find $(B) -name '*.gcda' -delete
	@$(RUN) "unit, property and out-of-memory tests, $(MODE) build" $(TEST_BIN)
	@$(RUN) "storage, network and sync tests, $(MODE) build" $(SYNC_BIN)
	@sh tools/coverage.sh $(COVERAGE_MIN) $(patsubst %.c,$(B)/%.gcda,$(LIB) $(SYNC))

traces:
	@ls $(TRACES)/*.json.gz >/dev/null 2>&1 || { \
	    echo "No *.json.gz in TRACES=$(TRACES). Get the public collection josephg/editing-traces"; \
	    echo "from GitHub and name the folder that holds its traces: make bench TRACES=folder"; \
	    exit 1; }

bench: traces
	@sh tools/setup.sh run
	+@$(SUBMAKE) -s MODE=release cli
	@build/release/sennit bench --table $(sort $(wildcard $(TRACES)/*.json.gz))

bench-python: traces python # needs pip and the registry of Python besides
	@sh bindings/python/bench/run.sh $(TRACES)

bench-peers: traces cli # needs cargo, node and npm besides
	@bash tests/bench/peers/run.sh $(TRACES)

bench-server: server $(B)/load # needs node, npm and a C++ compiler besides, or ALONE=1
	@$(PYTHON) tests/bench/server/run.py $(if $(ALONE),--alone) $(if $(wildcard $(TRACES)),--traces $(TRACES))

# ---- Installing -------------------------------------------------------------

PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
PCDIR      ?= $(LIBDIR)/pkgconfig
CMAKEDIR   ?= $(LIBDIR)/cmake/sennit
MANDIR     ?= $(PREFIX)/share/man
UNITDIR    ?= $(PREFIX)/lib/systemd/system
INSTALL    ?= install

FILL = sed -e 's|@PREFIX@|$(PREFIX)|; s|@BINDIR@|$(BINDIR)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|' \
    -e 's|@VERSION@|$(VERSION)|g; s|@SONAME@|$(SONAME)|' \
    -e 's|@VERSION_MAJOR@|$(call version,MAJOR)|g; s|@VERSION_MINOR@|$(call version,MINOR)|' \
    -e 's|@INCLUDE_FROM_HERE@|$(shell realpath -m --relative-to=$(CMAKEDIR) $(INCLUDEDIR))|'

install: all
	$(INSTALL) -d $(foreach d,$(BINDIR) $(LIBDIR) $(INCLUDEDIR)/sennit $(PCDIR) $(CMAKEDIR) $(MANDIR)/man1 \
	    $(MANDIR)/man8 $(UNITDIR),$(DESTDIR)$d)
	$(INSTALL) -m 644 $(HEADERS) $(DESTDIR)$(INCLUDEDIR)/sennit
	$(INSTALL) -m 644 $(B)/libsennit.a $(if $(SYNC),$(B)/libsennit-sync.a) $(DESTDIR)$(LIBDIR)
	$(INSTALL) -m 755 $(B)/$(SONAME) $(DESTDIR)$(LIBDIR)/libsennit.so.$(VERSION)
	ln -sf libsennit.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libsennit.so
ifneq ($(SYNC),)
	$(INSTALL) -m 755 $(B)/$(SYNC_SO) $(DESTDIR)$(LIBDIR)/libsennit-sync.so.$(VERSION)
	ln -sf libsennit-sync.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SYNC_SO)
	ln -sf $(SYNC_SO) $(DESTDIR)$(LIBDIR)/libsennit-sync.so
endif
	$(INSTALL) -m 755 $(B)/sennit $(B)/sennitd $(DESTDIR)$(BINDIR)
	$(INSTALL) -m 644 packaging/man/sennit.1 $(DESTDIR)$(MANDIR)/man1
	$(INSTALL) -m 644 packaging/man/sennitd.8 $(DESTDIR)$(MANDIR)/man8
	$(FILL) packaging/systemd/sennitd.service >$(DESTDIR)$(UNITDIR)/sennitd.service
	$(FILL) packaging/sennit.pc.in >$(DESTDIR)$(PCDIR)/sennit.pc
	$(FILL) packaging/sennit-sync.pc.in >$(DESTDIR)$(PCDIR)/sennit-sync.pc
	$(FILL) packaging/sennit-config.cmake.in >$(DESTDIR)$(CMAKEDIR)/sennit-config.cmake
	$(FILL) packaging/sennit-config-version.cmake.in >$(DESTDIR)$(CMAKEDIR)/sennit-config-version.cmake
	$(if $(DESTDIR),,-ldconfig)

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/sennit $(DESTDIR)$(BINDIR)/sennitd $(DESTDIR)$(LIBDIR)/libsennit.* \
	    $(DESTDIR)$(MANDIR)/man1/sennit.1 $(DESTDIR)$(MANDIR)/man8/sennitd.8 $(DESTDIR)$(UNITDIR)/sennitd.service \
	    $(DESTDIR)$(LIBDIR)/libsennit-sync.* $(DESTDIR)$(PCDIR)/sennit.pc $(DESTDIR)$(PCDIR)/sennit-sync.pc
	rm -rf $(DESTDIR)$(INCLUDEDIR)/sennit $(DESTDIR)$(CMAKEDIR)

# ---- The rest ---------------------------------------------------------------

clean:
	rm -rf build

help:
	@sed -n 's/^#: //p' Makefile

-include $(shell find $(B) -name '*.d' 2>/dev/null)

FORCE:
.PHONY: FORCE all lib sync cli server page amalgam run demo acts kill9 test check unit-tests sync-tests sim replay mutants valgrind vectors cli-tests e2e-tests readme \
    layers abi install-test python js e2e fuzz fuzz-targets coverage coverage-tests traces bench bench-peers bench-server bench-python \
    install uninstall clean help
.SECONDARY:
.DELETE_ON_ERROR:
