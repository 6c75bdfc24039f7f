# The front door of pg_takeout. `make help` lists what there is to type.
#
# all, install, uninstall, installcheck and clean come from PGXS and heed PG_CONFIG, DESTDIR and VPATH
# (mkdir b && cd b && make -f ../Makefile). demo, test and bench set the machine up first.

all: # the default target

PG_CONFIG ?= pg_config
PYTHON ?= /usr/bin/python3
NPM ?= npm
WERROR = -Werror
export PG_CONFIG

this_makefile := $(firstword $(MAKEFILE_LIST))
# Where it lies: . or, in a VPATH build, the way there.
top := $(or $(VPATH),$(patsubst %/,%,$(dir $(this_makefile))))
takeout_version := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" '$(top)/control/pg_takeout.control')

front_targets = demo demo-stop test test-long test-fuzz test-unit test-sql test-python bench bench-quick \
	setup installed help
.PHONY: all $(front_targets)

# ---------------------------------------------------------------------------------------------------------------------
# What a newcomer types: on a fresh Debian 12 machine, as root or with sudo.

again = $(MAKE) -f $(this_makefile) --no-print-directory
# As many jobs as processors, unless the caller's make hands out its own.
jobs = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))

demo:
	$(top)/.ci/install-packages build
	$(again) installed
	$(top)/demo/run

demo-stop:
	$(top)/demo/stop

test:
	$(top)/.ci/install-packages build test
	$(again) installed
	$(again) test-unit
	$(again) test-sql
	$(again) test-python
	@echo "pg_takeout: all tests passed"

test-long:
	$(top)/.ci/install-packages build test long
	$(again) test pytest_selection=
	$(again) test-fuzz

# Every fuzz target by libFuzzer, for a fixed time each; in `make test` they run on changes of their seeds.
TAKEOUT_FUZZ_SECONDS ?= 60
test-fuzz:
	cmake -S $(top) -B build/fuzz -DTAKEOUT_FUZZ=ON -DCMAKE_CXX_COMPILER=clang++
	+cmake --build build/fuzz --target fuzzers $(jobs)
	$(top)/tests/fuzz/run build/fuzz $(TAKEOUT_FUZZ_SECONDS)

# DuckDB takes part where its package can be had.
bench bench-quick:
	$(top)/.ci/install-packages build test
	$(again) installed
	$(NPM) ci --prefix $(top)/bench || echo 'pg_takeout: the bench goes without DuckDB'
	PYTHON=$(PYTHON) $(top)/bench/run $(if $(filter bench-quick,$@),--quick)

setup:
	$(top)/.ci/install-packages build test

# The parts of `make test`, for a machine that is set up.
test-unit:
	cmake -S $(top) -B build/unit -DCMAKE_BUILD_TYPE=RelWithDebInfo
	+cmake --build build/unit $(jobs)
	ctest --test-dir build/unit --output-on-failure -j$(shell nproc)

test-sql: installed
	$(top)/tests/server run -- $(again) installcheck || { cat build/regress/regression.diffs; exit 1; }

pytest_selection = -m 'not long'
interop = $(top)/tests/interop
test-python: installed $(interop)/node_modules/.package-lock.json
	$(PYTHON) -m pytest -c $(top)/tests/pytest.ini $(pytest_selection) $(top)/tests

$(interop)/node_modules/.package-lock.json: $(interop)/package-lock.json
	$(NPM) ci --prefix $(interop)
	touch $@

# Builds, and installs where pg_config says, through sudo if need be.
installed:
	@echo "pg_takeout: building with $$($(PG_CONFIG) --version)"
	+@$(again) -s $(jobs) all
	+@if [ -w "$$($(PG_CONFIG) --pkglibdir)" ] && [ -w "$$($(PG_CONFIG) --sharedir)/extension" ]; then \
	  echo "pg_takeout: installing into $$($(PG_CONFIG) --pkglibdir) and $$($(PG_CONFIG) --sharedir)/extension"; \
	  $(again) -s install; \
	elif command -v sudo >/dev/null; then \
	  echo "pg_takeout: installing into $$($(PG_CONFIG) --pkglibdir) needs sudo"; \
	  sudo $(again) -s install PG_CONFIG="$$(command -v $(PG_CONFIG))"; \
	else \
	  echo "pg_takeout: $$($(PG_CONFIG) --pkglibdir) is not yours to write and there is no sudo;" \
	    "run this as root or name a PostgreSQL of your own with PG_CONFIG=" >&2; \
	  exit 1; \
	fi

help:
	@echo 'make               build the extension (PG_CONFIG= names another PostgreSQL)'
	@echo 'make install       install it (DESTDIR= for packagers)'
	@echo 'make installcheck  run the SQL tests on the server that PGHOST, PGPORT … name'
	@echo 'make clean         remove what was built'
	@echo 'make demo          set the machine up, build, install, and export sample data to build/demo/'
	@echo 'make demo-stop     end the server of the demo'
	@echo 'make test          set the machine up, build, install, run every test'
	@echo 'make test-long     the same with the tests that take long'
	@echo 'make test-unit     only the tests of the core, without PostgreSQL'
	@echo 'make test-fuzz     only the fuzzers, a minute each, with clang'
	@echo 'make test-sql      only the SQL tests, on a server of their own'
	@echo 'make test-python   only the tests with other programs'
	@echo 'make bench         measure against what one would use instead; bench-quick takes a minute'
	@echo 'make setup         only install the packages in packages.txt'

# ---------------------------------------------------------------------------------------------------------------------
# The build, which needs PostgreSQL's own makefiles.

ifneq (,$(filter-out $(front_targets),$(or $(MAKECMDGOALS),all)))

MODULE_big = pg_takeout
# With its folder, because PGXS looks for the control file by this name and installs it by its base name.
EXTENSION = control/pg_takeout
DATA_built = pg_takeout--$(takeout_version).sql

OBJS := $(patsubst $(top)/%.cpp,%.o,$(wildcard $(top)/src/core/*.cpp $(top)/src/pg/*.cpp))
# The linker hides all symbols but those that PostgreSQL looks up (libstdc++'s templates would clash with those of other
# C++ extensions); the compiler cannot, since PostgreSQL marks its functions for that from release 16 on only.
PG_CXXFLAGS = -std=c++20 -Wall -Wextra $(WERROR) -fno-semantic-interposition -fvisibility-inlines-hidden -fno-math-errno
# PostgreSQL's headers as system headers: those of some releases give warnings.
PG_CPPFLAGS = -Ibuild/generated -isystem $(shell $(PG_CONFIG) --includedir-server)
PG_LDFLAGS = -Wl,--version-script=$(top)/src/pg/exports.map
SHLIB_LINK = -lxlsxwriter -lisal -lz -lcrypto -lstdc++

# The program takeout goes to where pg_config says, as PGXS does with programs, or below PREFIX. RUNNER=no leaves it out.
RUNNER ?= yes
ifneq (no,$(RUNNER))
runner_objects := $(patsubst $(top)/%.cpp,%.o,$(wildcard $(top)/src/runner/*.cpp))
runner_bindir = $(if $(PREFIX),$(PREFIX)/bin,$(bindir))
runner_mandir = $(if $(PREFIX),$(PREFIX)/share/man,$(mandir))
runner_completions = $(if $(PREFIX),$(PREFIX)/share,$(datadir))/bash-completion/completions
define install_service
	$(MKDIR_P) '$(DESTDIR)$(PREFIX)/lib/systemd/system' '$(DESTDIR)$(PREFIX)/share/doc/takeout'
	sed 's|@bindir@|$(runner_bindir)|' $(top)/packaging/systemd/takeout.service > '$(DESTDIR)$(PREFIX)/lib/systemd/system/takeout.service'
	$(INSTALL_DATA) $(top)/packaging/takeout.toml '$(DESTDIR)$(PREFIX)/share/doc/takeout/takeout.toml'
endef
EXTRA_CLEAN_RUNNER = takeout libtakeout_core.a $(runner_objects)
PG_CPPFLAGS += -I$(libpq_srcdir) -DTAKEOUT_VERSION='"$(takeout_version)"'
# As Debian builds spdlog.
$(runner_objects): override CXXFLAGS += -DSPDLOG_COMPILED_LIB -DSPDLOG_SHARED_LIB -DSPDLOG_FMT_EXTERNAL
endif

sql_tests := $(sort $(basename $(notdir $(wildcard $(top)/sql/*.sql))))
REGRESS = $(filter setup,$(sql_tests)) $(filter-out setup,$(sql_tests))
REGRESS_OPTS = --encoding=UTF8 --outputdir=build/regress
# Where Debian's iso-codes has its lists.
ISO_CODES ?= /usr/share/iso-codes/json
EXTRA_CLEAN = build $(wildcard pg_takeout--*.sql) $(EXTRA_CLEAN_RUNNER)

# A changed header rebuilds what includes it, whatever PostgreSQL itself was configured with.
override autodepend = yes
# PostgreSQL's bitcode compiler rejects C++20.
override with_llvm = no

PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq (,$(wildcard $(PGXS)))
$(error "$(PG_CONFIG)" leads to no PGXS: "make setup" installs what is missing, PG_CONFIG= names another PostgreSQL)
endif
include $(PGXS)

# A VPATH build takes sources from the tree, but not what a build in the tree left there.
override VPATH =
vpath %.cpp $(top)
vpath %.control $(top)
# It has no folders yet.
$(shell mkdir -p $(sort $(dir $(OBJS) $(runner_objects))))
installcheck: | build/regress
build/regress:
	mkdir -p $@

$(shlib): $(top)/src/pg/exports.map

src/core/standard_country.o: build/generated/country_codes.hpp
build/generated/country_codes.hpp: $(top)/src/core/country_codes.awk $(ISO_CODES)/iso_3166-1.json
	mkdir -p $(@D)
	awk -f $^ > $@.new
	mv $@.new $@

# The folder itself stands for files that were taken out of it.
$(DATA_built): $(sort $(wildcard $(top)/extension/*.sql)) $(top)/extension $(top)/control/pg_takeout.control
	cat $(filter %.sql,$^) > $@.new
	mv $@.new $@

ifneq (no,$(RUNNER))
all: takeout
takeout: $(runner_objects) libtakeout_core.a
	$(CXX) $(CXXFLAGS) $(filter-out $(PG_LDFLAGS),$(LDFLAGS)) $^ -L$(libdir) -lpq -lzstd -lspdlog -lfmt -lisal -lcrypto -pthread -o $@
libtakeout_core.a: $(filter src/core/%,$(OBJS))
	rm -f $@.new
	$(AR) crs $@.new $^
	mv $@.new $@
install: install-takeout
install-takeout: takeout
	$(MKDIR_P) '$(DESTDIR)$(runner_bindir)' '$(DESTDIR)$(runner_mandir)/man1' '$(DESTDIR)$(runner_completions)'
	$(INSTALL_PROGRAM) takeout '$(DESTDIR)$(runner_bindir)/takeout'
	$(INSTALL_DATA) $(top)/docs/takeout.1 '$(DESTDIR)$(runner_mandir)/man1/takeout.1'
	$(INSTALL_DATA) $(top)/packaging/bash-completion/takeout '$(DESTDIR)$(runner_completions)/takeout'
	$(if $(PREFIX),$(install_service))
uninstall: uninstall-takeout
uninstall-takeout:
	rm -f '$(DESTDIR)$(runner_bindir)/takeout' '$(DESTDIR)$(runner_mandir)/man1/takeout.1' \
	  '$(DESTDIR)$(runner_completions)/takeout' \
	  $(if $(PREFIX),'$(DESTDIR)$(PREFIX)/lib/systemd/system/takeout.service' '$(DESTDIR)$(PREFIX)/share/doc/takeout/takeout.toml')
.PHONY: install-takeout uninstall-takeout
endif

# The demo's server has its data in build.
clean: demo-stop

endif
