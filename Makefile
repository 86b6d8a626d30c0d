# looptop: one Makefile, no configure step.
#
#   make deps run     installs what is needed and opens the lab
#   make deps test    installs what is needed and passes the tests
#
# BUILD is where everything goes, SANITIZE what it is built with:
#   make BUILD=build/asan SANITIZE=address,undefined test

PREFIX   ?= /usr/local
DESTDIR  ?=
BUILD    ?= build
SANITIZE ?=

ifeq ($(origin CC),default)
CC         := gcc
endif
PKG_CONFIG ?= pkg-config
VERSION    := 0.1.0

libs_runtime := libuv jansson
libs_report  := jansson
libs_observe := libproc2
libs_ui      := ncursesw
libs_tests   := cmocka vterm
libs_all     := $(sort $(libs_runtime) $(libs_report) $(libs_observe) $(libs_ui))

ifneq ($(SANITIZE),)
sanitize := -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
endif

CFLAGS   ?= -O2 -g
CPPFLAGS += -D_GNU_SOURCE -DLOOPTOP_VERSION='"$(VERSION)"' -Isrc -I. -Itests
warnings := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes \
            -Wmissing-prototypes -Wvla
flags    := -std=gnu11 -pthread $(warnings) $(sanitize) $(CFLAGS)

# ---- what there is: a folder is a layer, a new file needs no line here ----

layers := core runtime load observe report stage explorer
src_of  = $(wildcard src/$(1)/*.c)
obj_of  = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

objs_core     := $(call obj_of,$(call src_of,core))
objs_runtime  := $(call obj_of,$(call src_of,runtime))
objs_load     := $(call obj_of,$(call src_of,load))
objs_observe  := $(call obj_of,$(call src_of,observe))
objs_report   := $(call obj_of,$(call src_of,report))
objs_stage    := $(call obj_of,$(call src_of,stage))
objs_explorer := $(call obj_of,$(call src_of,explorer)) \
                 $(BUILD)/obj/agent_text.o $(BUILD)/obj/agent_native.o
objs_term     := $(call obj_of,ui/term.c)
objs_frame    := $(call obj_of,ui/frame.c)
objs_ui       := $(call obj_of,$(filter-out ui/term.c ui/frame.c,$(wildcard ui/*.c)))
objs_main     := $(call obj_of,src/main.c)
objs_program  := $(objs_main) $(objs_explorer) $(objs_load) $(objs_runtime) \
                 $(objs_observe) $(objs_report) $(objs_ui) $(objs_term) $(objs_frame) \
                 $(objs_core)
objs_static   := $(call obj_of,src/static.c)
objs_staged   := $(call obj_of,src/stage_main.c) $(objs_stage) $(objs_load) \
                 $(objs_runtime) $(objs_core)

all: $(BUILD)/looptop

# The stage's program comes with it wherever it is made. (.SECONDARY lets a file
# be missing, a phony target does not.)
stage: $(BUILD)/looptop-stage

$(BUILD)/looptop: $(objs_program) | stage
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(CC) $(flags) $(LDFLAGS) -o $@ $^ \
		$$($(PKG_CONFIG) --libs $(libs_all)) -lcrypt $(LDLIBS)

# Statically, for what it forks starts in a fraction of the time then; where
# that cannot be done with the libraries that it uses alone.
$(BUILD)/looptop-stage: $(objs_staged) $(objs_static)
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(call link_static,$@,$^,$(libs_static)) || \
		$(CC) $(flags) $(LDFLAGS) -o $@ $(objs_staged) \
		$$($(PKG_CONFIG) --libs $(libs_runtime)) -lcrypt $(LDLIBS)

libs_static = $$($(PKG_CONFIG) --static --libs libuv-static jansson) -lcrypt

# A link that may fail, and then leaves what was said in a file.
link_static = { [ -z '$(SANITIZE)' ] && $(CC) $(flags) $(LDFLAGS) \
	-static -no-pie -Wl,--gc-sections -o $(1) $(2) $(3) $(LDLIBS) 2>$(1).log && \
	cat $(1).log && rm $(1).log; }

# Flags of a library only where the layer may include it.
$(objs_staged) $(objs_explorer): \
	lib_flags = $(shell $(PKG_CONFIG) --cflags $(libs_runtime))
$(objs_observe): lib_flags = $(shell $(PKG_CONFIG) --cflags $(libs_observe))
$(objs_report): lib_flags = $(shell $(PKG_CONFIG) --cflags $(libs_report))
$(objs_frame): lib_flags = $(shell $(PKG_CONFIG) --cflags $(libs_ui))
# libproc2 does not say its version itself.
$(objs_main): lib_flags = $(shell $(PKG_CONFIG) --cflags $(libs_all)) \
	-DPROCPS_VERSION='"$(shell $(PKG_CONFIG) --modversion libproc2)"'

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CPPFLAGS) $(flags) $(lib_flags) -MMD -MP -c -o $@ $<

# The agent: its parts, in this order, as one file inside the program, without
# comments: each Node reads it all at its start.
agent_parts := $(patsubst %,src/agent/%.js,record preview flow ipc \
                 inside port pairs cast first life calls main)

$(BUILD)/obj/agent_text: $(agent_parts)
	@mkdir -p $(@D)
	@sed -e '/^ *\/\//d' -e 's/^ *//' $^ >$@

# No sanitizer: it is loaded into a Node that has none.
$(BUILD)/obj/agent_native: $(wildcard src/agent/*.[ch]) src/core/event.h \
		src/core/event.def
	@mkdir -p $(@D)
	@echo "  CC    src/agent/native.c"
	@$(CC) $(CPPFLAGS) -std=gnu11 -pthread $(warnings) -O2 -fPIC -shared \
		-fvisibility=hidden -Wl,-z,nodelete -s -o $@ $(filter %.c,$^)

$(BUILD)/obj/agent_%.c: $(BUILD)/obj/agent_%
	@{ echo '#include "explorer/agent_setup.h"'; \
	echo 'const unsigned char agent_$*[] = {'; \
	od -An -v -tx1 $< | sed 's/ \(..\)/0x\1,/g'; \
	echo '}; const size_t agent_$*_size = sizeof(agent_$*);'; } >$@

$(BUILD)/obj/agent_%.o: $(BUILD)/obj/agent_%.c
	@$(CC) $(CPPFLAGS) $(flags) -c -o $@ $<

run: $(BUILD)/looptop
	@exec $(BUILD)/looptop $(ARGS)

# ---- tests: tests/LAYER_*.c links its layer and what that stands on ----

tests_of  = $(patsubst tests/%.c,$(BUILD)/tests/%,\
              $(filter-out tests/fuzz_corpus.c,$(wildcard tests/$(1)_*.c)))
tests_layers := core runtime conformance fuzz load stage observe report ui end \
                soak agent
tests_all := $(foreach layer,$(tests_layers),$(call tests_of,$(layer)))
# The core again with tables of four rows, where bugs cannot hide.
tests_tiny := $(patsubst $(BUILD)/tests/%,$(BUILD)/tests/%-tiny,\
                $(call tests_of,core))
objs_tiny := $(patsubst $(BUILD)/obj/%,$(BUILD)/tiny/%,$(objs_core))
objs_tty  := $(call obj_of,$(filter-out tests/tty/shot.c tests/tty/test_%,\
               $(wildcard tests/tty/*.c)) ui/svg.c ui/box.c ui/rects.c \
               ui/theme.c src/core/text.c)

needs_core    := $(objs_core)
needs_runtime := $(objs_runtime) $(objs_core)
needs_conformance := $(call obj_of,tests/rules.c) $(objs_runtime) $(objs_core)
needs_fuzz    := $(call obj_of,tests/fuzz_corpus.c) $(objs_runtime) \
                 $(objs_observe) $(call obj_of,ui/key.c) $(objs_core)
needs_load    := $(objs_load) $(objs_runtime) $(objs_core)
needs_stage   := $(objs_stage) $(objs_load) $(objs_runtime) $(objs_core)
needs_observe := $(call obj_of,tests/fuzz_procfs.c) $(objs_observe) $(objs_core)
needs_report  := $(objs_report) $(objs_core)
needs_ui      := $(call obj_of,tests/world.c) $(objs_ui) $(objs_core)
# Of the agent's native part what needs no Node.
needs_agent   := $(call obj_of,src/agent/native_casts.c src/agent/native_queue.c)
needs_soak    := $(objs_load) $(objs_runtime) $(objs_ui) $(objs_frame) \
                 $(objs_core)
needs_end     := $(call obj_of,tests/program.c) $(objs_tty) $(objs_ui) \
                 $(objs_core)

link_core    := cmocka
link_runtime := cmocka $(libs_runtime)
link_conformance := cmocka $(libs_runtime)
link_fuzz    := $(libs_runtime) $(libs_observe)
link_load    := cmocka $(libs_runtime)
link_stage   := cmocka $(libs_runtime)
link_observe := cmocka $(libs_observe)
link_report  := cmocka $(libs_report)
link_ui      := cmocka
link_agent   := cmocka
link_soak    := cmocka $(libs_runtime) $(libs_ui)
link_end     := $(libs_tests) jansson

# The harness of the end-to-end tests has tests too.
tests_tty := $(patsubst tests/tty/test_%.c,$(BUILD)/tests/tty_%,\
               $(wildcard tests/tty/test_*.c))
$(tests_tty): $(BUILD)/tests/tty_%: $(BUILD)/obj/tests/tty/test_%.o $(objs_tty)
	@echo "  LINK  $@"
	@mkdir -p $(@D)
	@$(CC) $(flags) $(LDFLAGS) -o $@ $^ \
		$$($(PKG_CONFIG) --libs $(libs_tests)) -lutil

define test_rules
$(call tests_of,$(1)): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(needs_$(1))
	@echo "  LINK  $$@"
	@mkdir -p $$(@D)
	@$$(CC) $$(flags) $$(LDFLAGS) -o $$@ $$^ \
		$$$$($$(PKG_CONFIG) --libs $(link_$(1))) -lcrypt -lutil -lm
endef
$(foreach layer,$(tests_layers),$(eval $(call test_rules,$(layer))))

$(BUILD)/obj/tests/%.o: lib_flags = $(shell $(PKG_CONFIG) --cflags \
	$(libs_tests) $(libs_runtime))

$(BUILD)/tiny/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) -DTINY $(flags) $(lib_flags) -MMD -MP -c -o $@ $<
$(tests_tiny): $(BUILD)/tests/%-tiny: $(BUILD)/tiny/tests/%.o $(objs_tiny)
	@mkdir -p $(@D)
	@$(CC) $(flags) $(LDFLAGS) -o $@ $^ $$($(PKG_CONFIG) --libs cmocka)

test: $(BUILD)/looptop $(tests_all) $(tests_tiny) $(tests_tty) $(BUILD)/tests/readme
	@LOOPTOP=$(abspath $(BUILD)/looptop) sh tests/run.sh \
		$(tests_all) $(tests_tiny) $(tests_tty) $(BUILD)/tests/readme

# The program in README.md is a test too.
$(BUILD)/readme.c: README.md
	@mkdir -p $(@D)
	@sed -n '/^```c$$/,/^```$$/p' $< | sed '1d;$$d' >$@

$(BUILD)/readme: $(BUILD)/readme.c $(objs_runtime) $(objs_core)
	@echo "  LINK  $@"
	@$(CC) $(CPPFLAGS) $(flags) -Wno-unused-parameter -o $@ $^ \
		$$($(PKG_CONFIG) --cflags --libs $(libs_runtime)) -lcrypt

$(BUILD)/tests/readme: tests/readme.sh $(BUILD)/readme
	@mkdir -p $(@D)
	@install -m 755 $< $@

# The table of Node's rules: what Node does here, what looptop does.
conformance: $(call tests_of,conformance)
	@printf '%-12s %-8s %-8s %-9s %s\n' rule node looptop '' ''; bad=0; \
	for program in $^; do RULES=table $$program || bad=1; done; exit $$bad

# The long version of tests/soak_*.c, which `make test` runs short.
soak: $(call tests_of,soak)
	@for program in $^; do SOAK=1 $$program || exit 1; done

# Eight hours of heavy traffic through model and screen, in some minutes.
soak-replay: $(BUILD)/tests/soak_screen
	@SOAK=1 $<

# Twenty runs of each Node program with the agent and without.
soak-agent: $(BUILD)/looptop $(BUILD)/tests/end_agent
	@SOAK=1 LOOPTOP=$(abspath $(BUILD)/looptop) $(BUILD)/tests/end_agent

# Each test that opens a terminal, ROUNDS (100) times; LOAD=1, JOBS=4.
pty := $(shell grep -l 'program_start_tty\|tty_start\|"lab.h"' tests/end_*.c)
soak-tty: $(BUILD)/looptop $(pty:tests/%.c=$(BUILD)/tests/%) $(tests_tty)
	@LOOPTOP=$(abspath $(BUILD)/looptop) sh tests/soak_tty.sh \
		$(BUILD)/soak-tty $(filter-out $<,$^)

# Test suites of packages from npm below looptop, and without: what passes and
# fails must be the same. PACKAGES may name some of those in the script.
packages: $(BUILD)/looptop
	@LOOPTOP=$(abspath $(BUILD)/looptop) sh tests/packages.sh \
		$(BUILD)/packages $(PACKAGES)

# The golden screens as they are now: look at the difference afterwards.
bless: $(BUILD)/tests/ui_golden $(BUILD)/tests/ui_golden_panes
	@mkdir -p screenshots/golden
	@for program in $^; do BLESS=1 $$program >/dev/null || exit 1; done; echo 'blessed: see git diff screenshots/golden'

# ---- checks: what is too slow or too strict for `make test` ----

# The programs with threads, for the thread sanitizer.
threaded := core_emit core_emit_threads runtime_port runtime_worker \
            runtime_pool runtime_message runtime_atomics runtime_worker_life \
            agent_casts

test-threads: $(patsubst %,$(BUILD)/tests/%,$(filter $(threaded),\
		$(notdir $(tests_all))))
	@$(no_aslr) sh tests/run.sh $^

# gcc 12's thread sanitizer cannot place its shadow under much randomisation.
no_aslr := $(shell command -v setarch >/dev/null && \
             setarch $$(uname -m) -R true 2>/dev/null && \
             echo setarch $$(uname -m) -R)

check: layers lint
	@$(MAKE) --no-print-directory BUILD=build/asan \
		SANITIZE=address,undefined CFLAGS='-O1 -g' test
	@$(MAKE) --no-print-directory BUILD=build/tsan SANITIZE=thread \
		CFLAGS='-O1 -g' test-threads

# The parsers, with the least of buffers, against a fuzzer, FUZZ_SECONDS each;
# what it finds new goes into $(BUILD)/fuzz/NAME, from where tests/corpus can
# be added to.
FUZZ_SECONDS ?= 300
FUZZ_CC      ?= clang
fuzzers := $(patsubst $(BUILD)/tests/%,$(BUILD)/fuzz/%.fuzzer,\
             $(call tests_of,fuzz))

src_fuzzed := $(call src_of,runtime) $(call src_of,observe) $(call src_of,core) \
              ui/key.c

$(BUILD)/fuzz/%.fuzzer: tests/%.c $(src_fuzzed)
	@command -v $(FUZZ_CC) >/dev/null || \
		{ echo 'fuzz: clang is missing: make deps-fuzz'; exit 1; }
	@mkdir -p $(@D)/$*
	@echo "  FUZZ  $@"
	@$(FUZZ_CC) $(CPPFLAGS) -DTINY -std=gnu11 -pthread -g -O1 \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		$$($(PKG_CONFIG) --cflags $(libs_runtime) $(libs_observe)) \
		-o $@ $< $(src_fuzzed) \
		$$($(PKG_CONFIG) --libs $(libs_runtime) $(libs_observe)) -lcrypt

fuzz: $(fuzzers)
	@for fuzzer in $(fuzzers); do \
		name=$$(basename $$fuzzer .fuzzer); \
		$$fuzzer -max_total_time=$(FUZZ_SECONDS) -max_len=4096 \
			-print_final_stats=1 -artifact_prefix=$(BUILD)/fuzz/ \
			$(BUILD)/fuzz/$$name tests/corpus/$$name || exit 1; done

layers:
	@sh tests/layers.sh

# What is switched off: style advice, and what other headers would have to say.
lint:
	@command -v cppcheck >/dev/null || \
		{ echo 'lint: cppcheck is missing: make deps'; exit 1; }
	@cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 \
		--enable=warning,performance,portability --max-configs=2 \
		--suppress=missingIncludeSystem --suppress=preprocessorErrorDirective \
		-D_GNU_SOURCE -D__linux__ -DLOOPTOP_VERSION='""' \
		-DPROCPS_VERSION='""' -Isrc -I. \
		$(wildcard src/*.c src/*/*.c ui/*.c)
	@echo 'lint: cppcheck has nothing to say'

format:
	clang-format -i $(wildcard src/*.c src/*/*.[ch] ui/*.[ch] \
		tests/*.[ch] tests/tty/*.[ch])

# ---- measured, never asserted ----

benches_observe := $(patsubst tests/%.c,$(BUILD)/tests/%,\
                     $(wildcard tests/bench_observe_*.c))
benches := $(filter-out $(benches_observe),\
             $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/bench_*.c)))
$(benches): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o \
		$(call obj_of,tests/bench.c) $(objs_tty) $(needs_load)
	@mkdir -p $(@D)
	@$(CC) $(flags) $(LDFLAGS) -o $@ $^ \
		$$($(PKG_CONFIG) --libs vterm $(libs_runtime)) -lcrypt -lutil -lm

# The raw column of bench_fork.
$(BUILD)/tests/byte: $(call obj_of,tests/byte.c)
	@mkdir -p $(@D)
	@$(call link_static,$@,$^,) || $(CC) $(flags) $(LDFLAGS) -o $@ $^

bench: $(BUILD)/looptop $(benches) $(BUILD)/tests/byte
	@for bench in $(benches); do \
		LOOPTOP=$(abspath $(BUILD)/looptop) $$bench || exit 1; done

# What the screen costs, beside htop and btop.
bench-screen: $(BUILD)/looptop $(filter $(BUILD)/tests/bench_screen%,$(benches))
	@for bench in $(filter $(BUILD)/tests/bench_screen%,$(benches)); do \
		LOOPTOP=$(abspath $(BUILD)/looptop) $$bench || exit 1; done

$(benches_observe): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(needs_observe)
	@mkdir -p $(@D)
	@$(CC) $(flags) $(LDFLAGS) -o $@ $^ \
		$$($(PKG_CONFIG) --libs $(libs_observe))

# Blocks, CPU and cost as seen from outside; minutes of a real Node.
bench-observe: $(benches_observe)
	@for bench in $(benches_observe); do $$bench || exit 1; done

# Real servers from Debian's packages, each made to block, seen from outside.
real: $(BUILD)/looptop
	@LOOPTOP=$(BUILD)/looptop node tests/real_servers.js

# What the agent costs: NODES may name others than the one in PATH and, when
# `make newest-node` has fetched it, the newest one.
newest := $(BUILD)/newest-node

bench-agent: $(BUILD)/looptop
	@LOOPTOP=$(abspath $(BUILD)/looptop) \
		NEWEST=$(abspath $(newest))/node_modules/.bin/node \
		node tests/bench_agent.js $(NODES)

newest-node:
	@mkdir -p $(newest)
	@npm install --silent --no-audit --no-fund --prefix $(newest) node@latest
	@$(newest)/node_modules/.bin/node --version

# ---- pictures: the real program on a pseudo terminal ----

$(BUILD)/shot: $(call obj_of,tests/tty/shot.c) $(objs_tty)
	@mkdir -p $(@D)
	@$(CC) $(flags) $(LDFLAGS) -o $@ $^ \
		$$($(PKG_CONFIG) --libs vterm) -lutil

# From recordings, so that they are the same bytes whenever they are made.
screenshots: $(BUILD)/looptop $(BUILD)/shot
	@for script in screenshots/*.shot; do \
		echo "  SHOT  $$script"; \
		XDG_CONFIG_HOME=/nonexistent LOOPTOP=$(BUILD)/looptop \
			$(BUILD)/shot $$script || exit 1; done
	@for picture in screenshots/*.svg; do \
		rsvg-convert -o $${picture%.svg}.png $$picture || exit 1; done
	@LOOPTOP=$(BUILD)/looptop SHOT=$(BUILD)/shot \
		sh screenshots/film.sh

# The scenes they are made from, played on this machine: do it on a quiet one.
recordings: $(BUILD)/looptop $(BUILD)/shot
	@mkdir -p screenshots/recordings
	@for script in screenshots/*.scene; do \
		needs=$$(sed -n 's/^# needs //p' $$script); \
		[ -z "$$needs" ] || command -v $$needs >/dev/null || \
			{ echo "  skip  $$script: no $$needs"; continue; }; \
		echo "  PLAY  $$script"; \
		XDG_CONFIG_HOME=/nonexistent LOOPTOP=$(BUILD)/looptop \
			$(BUILD)/shot $$script || exit 1; done

# The same in real terminals, to look at: tmux, xterm, TERM=linux, few colours.
terminals: $(BUILD)/looptop $(BUILD)/shot
	@LOOPTOP=$(abspath $(BUILD)/looptop) SHOT=$(BUILD)/shot \
		sh tests/terminals.sh $(BUILD)/terminals

# ---- installing ----

libexec := $(DESTDIR)$(PREFIX)/libexec/looptop

install: $(BUILD)/looptop
	install -D -m 755 $(BUILD)/looptop $(DESTDIR)$(PREFIX)/bin/looptop
	install -D -m 755 $(BUILD)/looptop-stage $(libexec)/looptop-stage

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/looptop $(libexec)/looptop-stage
	rmdir $(libexec) 2>/dev/null || true

packages := gcc make pkg-config libc6-dev libcrypt-dev libncurses-dev \
            libproc2-dev libuv1-dev libjansson-dev libcmocka-dev \
            libvterm-dev librsvg2-bin fonts-dejavu-core cppcheck
# Any Node will do for the tests that watch one.
packages += $(shell command -v node >/dev/null || echo nodejs)

# A fuzzer is clang's; nothing else needs clang.
deps-fuzz:
	@$(MAKE) --no-print-directory deps packages='clang libclang-rt-14-dev'

# The moving picture.
deps-film:
	@$(MAKE) --no-print-directory deps packages='ffmpeg gifsicle librsvg2-bin'

deps:
	@if ! command -v apt-get >/dev/null; then \
		echo 'deps: there is no apt-get here. Install what your' \
			'distribution calls these, then run make:'; \
		echo '  $(packages)'; exit 1; fi; \
	missing=; for package in $(packages); do \
		dpkg-query -W -f '$${Status}' $$package 2>/dev/null | \
			grep -q 'install ok' || missing="$$missing $$package"; \
	done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	sudo=; [ "$$(id -u)" -eq 0 ] || sudo=sudo; \
	echo "deps: installing$$missing"; \
	$$sudo apt-get update -qq && \
	DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -qq -y \
		--no-install-recommends $$missing >/dev/null

clean:
	rm -rf build

-include $(shell find $(BUILD)/obj $(BUILD)/tiny -name '*.d' 2>/dev/null)

.PHONY: all stage run test test-threads check layers lint format conformance real bench \
        bench-agent newest-node bench-observe fuzz soak soak-agent packages bless screenshots \
        install uninstall deps \
        deps-fuzz clean
.PHONY: recordings deps-film terminals soak-tty soak-replay bench-screen
.SECONDARY:
