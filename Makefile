# make            the module (build/ngx_live_origin_module.so) and every tool
#                 (build/bin/NAME)
# make unit       unit tests under ASan and UBSan (build/t/unit/NAME)
# make clang-warnings   everything through clang: its warnings are errors too
# make fuzz       the fuzzers (build/fuzz/NAME; t/fuzz/fuzz.t runs them)
# make fuzz-long  each of them for SECONDS=1800, on all cores; make fuzz-cov
#                 says which lines of core they have reached
# make soak       everything that takes long (docs/testing.md)
# make asan       the module under ASan and UBSan (LO_ASAN=1 tools/check)
# make check      every test (tools/check)
# make bench      benchmarks against the peers, and of many nodes
# make install    Debian's nginx paths, under DESTDIR
#
# A tool is a folder tools/NAME with .c files and an optional tool.mk, which
# may set NAME_PKGS (pkg-config names), NAME_LIBS and NAME_SRCS (more sources,
# such as the zone's).  core and tools/lib are linked into every tool as
# archives: only what a tool uses gets in.

BUILD     ?= build
CC        ?= cc
NGX_SRC   ?= /usr/share/nginx/src
MOD        = ngx_live_origin_module

OPT       ?= -O2 -g
WARN       = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
             -Wmissing-prototypes -Wno-unused-parameter -Wno-missing-field-initializers
CPPFLAGS  += -D_GNU_SOURCE -I$(MOD) -Itools/lib
CFLAGS    ?=
LO_CFLAGS  = -std=gnu11 $(OPT) $(WARN) $(CFLAGS)
SAN        = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
             -fno-omit-frame-pointer

CORE_LIBS  = -ljansson -lxxhash -lcrypto
CORE_SRCS := $(wildcard $(MOD)/core/*.c)
ZONE_SRCS := $(wildcard $(MOD)/zone/*.c)
TLIB_SRCS := $(wildcard tools/lib/*.c)
TOOLS     := $(patsubst tools/%/,%,$(sort $(dir $(wildcard tools/*/*.c))))
TOOLS     := $(filter-out lib,$(TOOLS))
UNITS     := $(patsubst t/unit/%.c,%,$(wildcard t/unit/test_*.c))

all: module tools

-include $(wildcard tools/*/tool.mk)

# ---- the module, built by nginx's own configure

MODULE_DEPS := config $(sort $(shell find $(MOD) -name '*.[ch]'))

module: $(BUILD)/$(MOD).so

# configure writes the names of the sources into its Makefile: it runs again
# when a file has come or gone

$(BUILD)/module.files: FORCE
	@mkdir -p $(BUILD)
	@echo $(MODULE_DEPS) | cmp -s - $@ || echo $(MODULE_DEPS) > $@

$(BUILD)/nginx/objs/Makefile: config $(BUILD)/module.files
	@test -d $(NGX_SRC) || { echo "nginx-dev is missing:" \
	    "run tools/install-deps build"; exit 1; }
	rm -rf $(BUILD)/nginx
	mkdir -p $(BUILD)/nginx
	cp -rL $(NGX_SRC)/. $(BUILD)/nginx/
	cd $(BUILD)/nginx && bash -c 'source ./conf_flags && ./configure \
	    "$${NGX_CONF_FLAGS[@]}" $(NGX_FLAGS) \
	    --add-dynamic-module=$(CURDIR)' \
	    > configure.log 2>&1 || { tail -20 configure.log; exit 1; }

$(BUILD)/$(MOD).so: $(BUILD)/nginx/objs/Makefile $(MODULE_DEPS)
	$(MAKE) -C $(BUILD)/nginx -f objs/Makefile modules \
	    > $(BUILD)/nginx/make.log 2>&1 \
	    || { grep -E -A4 'error|warning' $(BUILD)/nginx/make.log; exit 1; }
	cp $(BUILD)/nginx/objs/$(MOD).so $@.new && mv $@.new $@

# ---- core, tools/lib and the tools

OBJ        = $(BUILD)/obj

$(OBJ)/%.o: %.c
	@mkdir -p $(dir $@)
	$(CC) $(CPPFLAGS) $(LO_CFLAGS) $(OBJ_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/libcore.a: $(CORE_SRCS:%.c=$(OBJ)/%.o)
$(BUILD)/libzone.a: $(ZONE_SRCS:%.c=$(OBJ)/%.o)
$(BUILD)/libtools.a: $(TLIB_SRCS:%.c=$(OBJ)/%.o)
$(BUILD)/lib%.a:
	@mkdir -p $(dir $@)
	rm -f $@
	ar rcs $@ $^

tools: $(TOOLS:%=$(BUILD)/bin/%)

define TOOL
$(1)_OBJS := $$(patsubst %.c,$(OBJ)/%.o,$$(wildcard tools/$(1)/*.c))
$$($(1)_OBJS) $$($(1)_OBJS:$(OBJ)/%=$(BUILD)/clang/%): OBJ_CFLAGS = -Itools/$(1) \
    $$(if $$($(1)_PKGS),$$$$(pkg-config --cflags $$($(1)_PKGS)))
$(BUILD)/bin/$(1): $$($(1)_OBJS) $(BUILD)/libtools.a $(BUILD)/libzone.a \
    $(BUILD)/libcore.a
	@mkdir -p $$(dir $$@)
	$$(CC) $$(LO_CFLAGS) $$(LDFLAGS) -o $$@ $$($(1)_OBJS) \
	    $(BUILD)/libtools.a $(BUILD)/libzone.a $(BUILD)/libcore.a \
	    $$(if $$($(1)_PKGS),$$$$(pkg-config --libs $$($(1)_PKGS))) \
	    $$($(1)_LIBS) $(CORE_LIBS) -lm -lpthread
endef
$(foreach t,$(TOOLS),$(eval $(call TOOL,$(t))))

# ---- unit tests, under the sanitizers

SOBJ       = $(BUILD)/san

$(SOBJ)/%.o: %.c
	@mkdir -p $(dir $@)
	$(CC) $(CPPFLAGS) -std=gnu11 $(SAN) $(WARN) $(CFLAGS) -It/unit \
	    -MMD -MP -c $< -o $@

UNIT_LIB  := $(CORE_SRCS:%.c=$(SOBJ)/%.o) $(ZONE_SRCS:%.c=$(SOBJ)/%.o) \
             $(SOBJ)/$(MOD)/redis/wire.o \
             $(TLIB_SRCS:%.c=$(SOBJ)/%.o) \
             $(patsubst %.c,$(SOBJ)/%.o,$(wildcard t/unit/lib/*.c))

unit: $(UNITS:%=$(BUILD)/t/unit/%)

.SECONDARY:
$(BUILD)/t/unit/%: $(SOBJ)/t/unit/%.o $(UNIT_LIB)
	@mkdir -p $(dir $@)
	$(CC) $(SAN) -o $@ $^ $(CORE_LIBS) -lcmocka -lm -lpthread

# ---- fuzzers: clang's libFuzzer over core

FZ         = -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
             -fno-sanitize-recover=all -fno-omit-frame-pointer
FZOBJ      = $(BUILD)/fz
FUZZERS   := $(patsubst t/fuzz/fuzz_%.c,%,$(wildcard t/fuzz/fuzz_*.c))
FUZZ_LIB  := $(CORE_SRCS:%.c=$(FZOBJ)/%.o) $(FZOBJ)/t/unit/lib/sim.o

fuzz: $(FUZZERS:%=$(BUILD)/fuzz/%)

$(FZOBJ)/%.o: %.c
	@mkdir -p $(dir $@)
	$(CLANG) $(CPPFLAGS) -std=gnu11 $(FZ) $(WARN) -It/unit -MMD -MP -c $< \
	    -o $@

$(BUILD)/fuzz/%: $(FZOBJ)/t/fuzz/fuzz_%.o $(FUZZ_LIB)
	@mkdir -p $(dir $@)
	$(CLANG) $(FZ) -fsanitize=fuzzer -o $@ $^ $(CORE_LIBS) -lcmocka

SECONDS   ?= 1800

fuzz-long: fuzz
	t/fuzz/long $(SECONDS) $(FUZZERS)

# the same over what the corpora reach, built to count lines

COVOBJ     = $(BUILD)/cov
COV        = -O1 -g -fprofile-instr-generate -fcoverage-mapping
COV_LIB   := $(CORE_SRCS:%.c=$(COVOBJ)/%.o) $(COVOBJ)/t/unit/lib/sim.o

$(COVOBJ)/%.o: %.c
	@mkdir -p $(dir $@)
	$(CLANG) $(CPPFLAGS) -std=gnu11 $(COV) $(WARN) -It/unit -MMD -MP -c $< \
	    -o $@

$(BUILD)/fuzz-cov/%: $(COVOBJ)/t/fuzz/fuzz_%.o $(COV_LIB)
	@mkdir -p $(dir $@)
	$(CLANG) $(COV) -fsanitize=fuzzer -o $@ $^ $(CORE_LIBS) -lcmocka

fuzz-cov: $(FUZZERS:%=$(BUILD)/fuzz-cov/%)
	t/fuzz/coverage $(FUZZERS)

# ---- what takes hours: docs/testing.md

soak:
	LO_SOAK=1 LO_JOBS=1 LO_LIMIT=43200 LO_TIMEOUT=10800 LO_HOURS=24 \
	    LO_KILLS=2000 LO_RELOADS=500 LO_RESTARTS=200 tools/check t/cluster/day.t \
	    t/cluster/day-archive.t \
	    t/cluster/full.t t/cluster/torture-*.t t/cluster/redis-*.t \
	    t/browser/*.t
	LO_ASAN=1 LO_JOBS=1 LO_LIMIT=7200 tools/check t/cluster/redis-*.t
	$(MAKE) fuzz-long

# ---- the module under the sanitizers, for an nginx that preloads libasan

asan:
	$(MAKE) BUILD=$(BUILD)/asan module \
	    NGX_FLAGS='--with-cc-opt="$(SAN)" --with-ld-opt="$(SAN)"'
	ln -sfn ../bin $(BUILD)/asan/bin

# ---- a second compiler's opinion

CLANG     ?= clang
CLOBJ      = $(BUILD)/clang
NGX_SRCS  := $(filter-out $(CORE_SRCS) $(ZONE_SRCS),$(shell find $(MOD) -name '*.c'))
NGX_INCS   = $(addprefix -isystem $(BUILD)/nginx/,objs src/core src/event \
                 src/event/modules src/os/unix src/http src/http/modules \
                 src/http/v2)
CLANG_SRCS = $(CORE_SRCS) $(ZONE_SRCS) $(NGX_SRCS) $(TLIB_SRCS) \
             $(wildcard tools/*/*.c t/unit/*.c t/unit/lib/*.c)

$(CLOBJ)/%.o: %.c | $(BUILD)/nginx/objs/Makefile
	@mkdir -p $(dir $@)
	$(CLANG) $(CPPFLAGS) -std=gnu11 $(WARN) $(OBJ_CFLAGS) -It/unit \
	    $(NGX_INCS) -MMD -MP -c $< -o $@

clang-warnings: $(CLANG_SRCS:%.c=$(CLOBJ)/%.o)

# ---- Debian's nginx paths

PREFIX    ?= /usr
NGX_AVAIL  = /usr/share/nginx/modules-available

install: all
	install -D -m 644 $(BUILD)/$(MOD).so \
	    $(DESTDIR)/usr/lib/nginx/modules/$(MOD).so
	mkdir -p $(DESTDIR)$(NGX_AVAIL) $(DESTDIR)/etc/nginx/modules-enabled
	echo 'load_module modules/$(MOD).so;' \
	    > $(DESTDIR)$(NGX_AVAIL)/mod-live-origin.conf
	ln -sf $(NGX_AVAIL)/mod-live-origin.conf \
	    $(DESTDIR)/etc/nginx/modules-enabled/50-mod-live-origin.conf
	for i in $(TOOLS:%=$(BUILD)/bin/%); do \
	    install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin $$i || exit 1; done
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man1 docs/livectl.1
	test ! -d $(BUILD)/player || { \
	    mkdir -p $(DESTDIR)$(PREFIX)/share/live-origin && \
	    cp -r $(BUILD)/player $(DESTDIR)$(PREFIX)/share/live-origin/; }

# ---- the rest

bench: all
	t/bench/run
	t/bench/manifests
	t/bench/nodes
	t/bench/events

check:
	tools/check

clean:
	rm -rf $(BUILD)

-include $(shell test -d $(BUILD) && find $(BUILD)/obj $(BUILD)/san $(BUILD)/clang $(BUILD)/fz $(BUILD)/cov -name '*.d' 2>/dev/null)

.PHONY: all module tools unit fuzz fuzz-long fuzz-cov soak clang-warnings asan install bench check clean FORCE
