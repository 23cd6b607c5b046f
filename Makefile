# Ways to wait: one TCP server for every way a program can wait.
#
#   make          builds what this system can have, into build/
#   make help     lists what else there is
#
# It runs with GNU make 3.81 or newer and with BSD make, also with -j. From
# outside can be set: CC, CFLAGS, CPPFLAGS, LDFLAGS, BUILD (the directory), and
# KQUEUE (auto, or libkqueue through pkg-config).

BUILD ?= build
CFLAGS ?= -g
STRICT = -std=c11 -O2 -Wall -Wextra -Wpedantic -Wshadow -Wconversion
KQUEUE ?= auto
OBJ = $(BUILD)/obj

COMPILE = mkdir -p $(@D) && \
	$(CC) $(STRICT) $(CPPFLAGS) $(CFLAGS) -MMD -MP -MF $@.d -c -o $@
LINK = mkdir -p $(@D) && $(CC) $(CFLAGS) $(LDFLAGS) -o $@
HAS = sh tests/has-header.sh "$(CC) $(CPPFLAGS)"
KQUEUE_FLAGS = sh kqueue/flags.sh "$(CC) $(CPPFLAGS)" $(KQUEUE)
FLAGS = $(CC) $(STRICT) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(LDLIBS) $(KQUEUE)

PROGRAMS = $(BUILD)/blocking-nested $(BUILD)/blocking $(BUILD)/select \
	$(BUILD)/poll $(BUILD)/epoll $(BUILD)/kqueue $(BUILD)/coroutine

# What the scripts under tests/ are told.
TELL = BUILD='$(BUILD)' BACKENDS='$(BACKENDS)'

COMMON = $(OBJ)/common/address.o $(OBJ)/common/client.o $(OBJ)/common/error.o \
	$(OBJ)/common/listener.o $(OBJ)/common/messages.o \
	$(OBJ)/common/options.o $(OBJ)/common/output.o $(OBJ)/common/server.o \
	$(OBJ)/common/stop.o $(OBJ)/common/system.o $(OBJ)/common/text.o
LOOP = $(OBJ)/coroutine/loop.o $(OBJ)/coroutine/selector_select.o \
	$(OBJ)/coroutine/selector_poll.o $(OBJ)/coroutine/selector_epoll.o \
	$(OBJ)/coroutine/selector_kqueue.o
KQ = $(OBJ)/kqueue/linux/kqueue.o
CHART = $(OBJ)/tests/chart.o $(OBJ)/tests/draw.o $(OBJ)/tests/picture.o \
	$(OBJ)/tests/conclusion.o $(OBJ)/tests/timeline.o
FUZZERS = $(BUILD)/tests/fuzz-text $(BUILD)/tests/fuzz-options \
	$(BUILD)/tests/fuzz-server
TOOLS = $(BUILD)/tests/client $(BUILD)/tests/talk $(BUILD)/tests/chart \
	$(BUILD)/tests/load $(BUILD)/tests/yardstick \
	$(BUILD)/tests/kqueue-test $(BUILD)/tests/coroutine-test $(FUZZERS)

all: $(PROGRAMS)

tools: $(TOOLS)

help:
	@echo 'make             builds the servers into $(BUILD)/'
	@echo 'make demo        runs four clients against each server and shows who waits'
	@echo 'make trace       shows the system calls of one server, or compares two'
	@echo 'make exercise    N=1 to 13: checks your solution, or says what is missing'
	@echo 'make setup       installs what the tests need and is not there'
	@echo 'make test        tests every server'
	@echo 'make compare     what a message, a connection, an idle client costs'
	@echo 'make fuzz        random clients, until something breaks or Ctrl+C'
	@echo 'make check-all   tests with every compiler, tool and target there is'
	@echo 'make clean       removes $(BUILD)/'
	@echo
	@echo 'make demo BACKENDS="poll epoll"     and trace, test: some servers only'
	@echo 'make demo CLIENTS=6 ROUNDS=3 INTERVAL=0.5   other clients, faster'
	@echo 'make test FILTER="port in use"      the tests whose names match'
	@echo 'make test SERVER="python3 mine.py"  your own server'
	@echo 'make KQUEUE=libkqueue               kqueue from libkqueue'
	@echo 'make CC=clang BUILD=build-clang     another compiler, another place'

demo: all $(BUILD)/tests/talk $(BUILD)/tests/chart
	@$(TELL) CLIENTS='$(CLIENTS)' ROUNDS='$(ROUNDS)' \
	INTERVAL='$(INTERVAL)' sh tests/demo.sh

trace: all $(BUILD)/tests/client
	@$(TELL) sh tests/trace.sh

exercise: all $(BUILD)/tests/client
	@$(TELL) N='$(N)' V='$(V)' CC='$(CC)' CFLAGS='$(CFLAGS)' \
	LDFLAGS='$(LDFLAGS)' KQUEUE='$(KQUEUE)' sh docs/exercises/check.sh

setup:
	@sh tests/setup.sh

test: all $(TOOLS)
	@$(TELL) FILTER='$(FILTER)' SERVER='$(SERVER)' \
	CONCURRENT='$(CONCURRENT)' bash tests/run.sh

compare: all $(BUILD)/tests/load $(BUILD)/tests/yardstick
	@$(TELL) sh tests/compare.sh

fuzz: all $(FUZZERS)
	@$(TELL) SEED='$(SEED)' bash tests/fuzz.sh forever

check-all: all $(TOOLS)
	@$(TELL) bash tests/check-all.sh

clean:
	rm -rf $(BUILD)

# The programs. One that this system cannot have is named and left out.

$(BUILD)/blocking-nested: $(OBJ)/blocking/nested.o $(COMMON)
	$(LINK) $(OBJ)/blocking/nested.o $(COMMON) $(LDLIBS)

$(BUILD)/blocking: $(OBJ)/blocking/server.o $(COMMON)
	$(LINK) $(OBJ)/blocking/server.o $(COMMON) $(LDLIBS)

$(BUILD)/select: $(OBJ)/select/server.o $(COMMON)
	$(LINK) $(OBJ)/select/server.o $(COMMON) $(LDLIBS)

$(BUILD)/poll: $(OBJ)/poll/server.o $(COMMON)
	$(LINK) $(OBJ)/poll/server.o $(COMMON) $(LDLIBS)

$(BUILD)/epoll: $(OBJ)/epoll/server.o $(COMMON)
	@if test -f $(OBJ)/epoll/server.o; then set -x; \
	$(LINK) $(OBJ)/epoll/server.o $(COMMON) $(LDLIBS); \
	else echo 'epoll: left out, this system has no <sys/epoll.h>'; fi

$(BUILD)/kqueue: $(OBJ)/kqueue/server.o $(KQ) $(COMMON)
	@if test -f $(OBJ)/kqueue/server.o; then set -x; \
	$(LINK) $(OBJ)/kqueue/server.o $(KQ) $(COMMON) $(LDLIBS) \
	`$(KQUEUE_FLAGS) libs`; \
	else rm -f $@; \
	echo 'kqueue: left out, KQUEUE=$(KQUEUE) cannot be had here'; fi

$(BUILD)/coroutine: $(OBJ)/coroutine/server.o $(LOOP) $(KQ) $(COMMON)
	@set -x; $(LINK) $(OBJ)/coroutine/server.o `ls $(LOOP) 2>/dev/null` \
	$(KQ) $(COMMON) $(LDLIBS) `$(KQUEUE_FLAGS) libs`

# The tools of the tests.

$(BUILD)/tests/client: $(OBJ)/tests/client.o $(OBJ)/tests/net.o
	$(LINK) $(OBJ)/tests/client.o $(OBJ)/tests/net.o $(LDLIBS)

$(BUILD)/tests/talk: $(OBJ)/tests/talk.o
	$(LINK) $(OBJ)/tests/talk.o $(LDLIBS)

$(BUILD)/tests/chart: $(CHART)
	$(LINK) $(CHART) $(LDLIBS)

$(BUILD)/tests/load: $(OBJ)/tests/load.o $(OBJ)/tests/measure.o $(OBJ)/tests/net.o
	$(LINK) $(OBJ)/tests/load.o $(OBJ)/tests/measure.o $(OBJ)/tests/net.o \
	$(LDLIBS)

$(BUILD)/tests/yardstick: $(OBJ)/tests/yardstick.o $(OBJ)/tests/net.o
	$(LINK) $(OBJ)/tests/yardstick.o $(OBJ)/tests/net.o $(LDLIBS)

$(BUILD)/tests/fuzz-text: $(OBJ)/tests/fuzz_text.o $(OBJ)/tests/fuzz.o \
		$(OBJ)/tests/net.o $(COMMON)
	$(LINK) $(OBJ)/tests/fuzz_text.o $(OBJ)/tests/fuzz.o \
	$(OBJ)/tests/net.o $(OBJ)/common/text.o $(LDLIBS)

$(BUILD)/tests/fuzz-options: $(OBJ)/tests/fuzz_options.o $(OBJ)/tests/fuzz.o \
		$(OBJ)/tests/net.o $(COMMON)
	$(LINK) $(OBJ)/tests/fuzz_options.o $(OBJ)/tests/fuzz.o \
	$(OBJ)/tests/net.o $(COMMON) $(LDLIBS)

$(BUILD)/tests/fuzz-server: $(OBJ)/tests/fuzz_server.o $(OBJ)/tests/fuzz.o \
		$(OBJ)/tests/net.o
	$(LINK) $(OBJ)/tests/fuzz_server.o $(OBJ)/tests/fuzz.o \
	$(OBJ)/tests/net.o $(LDLIBS)

$(BUILD)/tests/kqueue-test: $(OBJ)/tests/kqueue_test.o $(KQ)
	@if test -f $(OBJ)/tests/kqueue_test.o; then set -x; \
	$(LINK) $(OBJ)/tests/kqueue_test.o $(KQ) $(LDLIBS) \
	`$(KQUEUE_FLAGS) libs`; fi

$(BUILD)/tests/coroutine-test: $(OBJ)/tests/coroutine_test.o $(LOOP) $(KQ) \
		$(COMMON)
	@set -x; $(LINK) $(OBJ)/tests/coroutine_test.o \
	`ls $(LOOP) 2>/dev/null` $(KQ) $(COMMON) $(LDLIBS) \
	`$(KQUEUE_FLAGS) libs`

# The objects. The headers they include are added below, as the compiler found
# them; and other flags or another compiler make all of them anew.

$(OBJ)/flags: .FORCE
	@mkdir -p $(OBJ)
	@echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' > $@
.FORCE:

$(OBJ)/common/address.o: common/address.c $(OBJ)/flags
	$(COMPILE) common/address.c

$(OBJ)/common/client.o: common/client.c $(OBJ)/flags
	$(COMPILE) common/client.c

$(OBJ)/common/error.o: common/error.c $(OBJ)/flags
	$(COMPILE) common/error.c

$(OBJ)/common/listener.o: common/listener.c $(OBJ)/flags
	$(COMPILE) common/listener.c

$(OBJ)/common/messages.o: common/messages.c $(OBJ)/flags
	$(COMPILE) common/messages.c

$(OBJ)/common/options.o: common/options.c $(OBJ)/flags
	$(COMPILE) common/options.c

$(OBJ)/common/output.o: common/output.c $(OBJ)/flags
	$(COMPILE) common/output.c

$(OBJ)/common/server.o: common/server.c $(OBJ)/flags
	$(COMPILE) common/server.c

$(OBJ)/common/stop.o: common/stop.c $(OBJ)/flags
	$(COMPILE) common/stop.c

$(OBJ)/common/system.o: common/system.c $(OBJ)/flags
	$(COMPILE) common/system.c

$(OBJ)/common/text.o: common/text.c $(OBJ)/flags
	$(COMPILE) common/text.c

$(OBJ)/blocking/nested.o: blocking/nested.c $(OBJ)/flags
	$(COMPILE) blocking/nested.c

$(OBJ)/blocking/server.o: blocking/server.c $(OBJ)/flags
	$(COMPILE) blocking/server.c

$(OBJ)/select/server.o: select/server.c $(OBJ)/flags
	$(COMPILE) select/server.c

$(OBJ)/poll/server.o: poll/server.c $(OBJ)/flags
	$(COMPILE) poll/server.c

$(OBJ)/tests/client.o: tests/client.c $(OBJ)/flags
	$(COMPILE) tests/client.c

$(OBJ)/tests/coroutine_test.o: tests/coroutine_test.c $(OBJ)/flags
	$(COMPILE) tests/coroutine_test.c

$(OBJ)/tests/chart.o: tests/chart.c $(OBJ)/flags
	$(COMPILE) tests/chart.c

$(OBJ)/tests/conclusion.o: tests/conclusion.c $(OBJ)/flags
	$(COMPILE) tests/conclusion.c

$(OBJ)/tests/draw.o: tests/draw.c $(OBJ)/flags
	$(COMPILE) tests/draw.c

$(OBJ)/tests/picture.o: tests/picture.c $(OBJ)/flags
	$(COMPILE) tests/picture.c

$(OBJ)/tests/timeline.o: tests/timeline.c $(OBJ)/flags
	$(COMPILE) tests/timeline.c

$(OBJ)/tests/fuzz.o: tests/fuzz.c $(OBJ)/flags
	$(COMPILE) tests/fuzz.c

$(OBJ)/tests/fuzz_options.o: tests/fuzz_options.c $(OBJ)/flags
	$(COMPILE) tests/fuzz_options.c

$(OBJ)/tests/fuzz_server.o: tests/fuzz_server.c $(OBJ)/flags
	$(COMPILE) tests/fuzz_server.c

$(OBJ)/tests/fuzz_text.o: tests/fuzz_text.c $(OBJ)/flags
	$(COMPILE) tests/fuzz_text.c

$(OBJ)/tests/load.o: tests/load.c $(OBJ)/flags
	$(COMPILE) tests/load.c

$(OBJ)/tests/measure.o: tests/measure.c $(OBJ)/flags
	$(COMPILE) tests/measure.c

$(OBJ)/tests/net.o: tests/net.c $(OBJ)/flags
	$(COMPILE) tests/net.c

$(OBJ)/tests/talk.o: tests/talk.c $(OBJ)/flags
	$(COMPILE) tests/talk.c

$(OBJ)/tests/yardstick.o: tests/yardstick.c $(OBJ)/flags
	$(COMPILE) tests/yardstick.c

$(OBJ)/epoll/server.o: epoll/server.c $(OBJ)/flags
	@if $(HAS) sys/epoll.h; then set -x; $(COMPILE) epoll/server.c; fi

$(OBJ)/kqueue/server.o: kqueue/server.c kqueue/flags.sh $(OBJ)/flags
	@name=`$(KQUEUE_FLAGS) name`; \
	if test -n "$$name"; then set -x; \
	$(COMPILE) `$(KQUEUE_FLAGS) cflags` -DKQUEUE_NAME="\"$$name\"" \
	kqueue/server.c; else rm -f $@; fi

$(OBJ)/coroutine/server.o: coroutine/server.c $(OBJ)/flags
	$(COMPILE) coroutine/server.c

$(OBJ)/coroutine/selector_select.o: coroutine/selector_select.c $(OBJ)/flags
	$(COMPILE) coroutine/selector_select.c

$(OBJ)/coroutine/selector_poll.o: coroutine/selector_poll.c $(OBJ)/flags
	$(COMPILE) coroutine/selector_poll.c

$(OBJ)/coroutine/selector_epoll.o: coroutine/selector_epoll.c $(OBJ)/flags
	@if $(HAS) sys/epoll.h; then set -x; \
	$(COMPILE) coroutine/selector_epoll.c; fi

$(OBJ)/coroutine/selector_kqueue.o: coroutine/selector_kqueue.c \
		kqueue/flags.sh $(OBJ)/flags
	@if test -n "`$(KQUEUE_FLAGS) name`"; then set -x; \
	$(COMPILE) `$(KQUEUE_FLAGS) cflags` coroutine/selector_kqueue.c; \
	else rm -f $@; fi

# The selectors that there are, the best one first.
$(OBJ)/coroutine/loop.o: coroutine/loop.c kqueue/flags.sh $(OBJ)/flags
	@list='&selector_poll, &selector_select'; \
	if test -n "`$(KQUEUE_FLAGS) name`"; \
	then list="&selector_kqueue, $$list"; fi; \
	if $(HAS) sys/epoll.h; then list="&selector_epoll, $$list"; fi; \
	set -x; $(COMPILE) -DSELECTORS="$$list" coroutine/loop.c

$(OBJ)/tests/kqueue_test.o: tests/kqueue_test.c kqueue/flags.sh $(OBJ)/flags
	@if test -n "`$(KQUEUE_FLAGS) name`"; then set -x; \
	$(COMPILE) `$(KQUEUE_FLAGS) cflags` tests/kqueue_test.c; \
	else rm -f $@; fi

# Where the system has kqueue(2), this object is empty.
$(KQ): kqueue/linux/kqueue.c kqueue/flags.sh $(OBJ)/flags
	@case `$(KQUEUE_FLAGS) cflags` in -Ikqueue/linux) set -x; \
	$(COMPILE) -Ikqueue/linux kqueue/linux/kqueue.c;; \
	*) mkdir -p $(@D) && $(CC) $(CFLAGS) -x c -c -o $@ /dev/null;; esac

-include $(OBJ)/common/address.o.d
-include $(OBJ)/common/client.o.d
-include $(OBJ)/common/error.o.d
-include $(OBJ)/common/listener.o.d
-include $(OBJ)/common/messages.o.d
-include $(OBJ)/common/options.o.d
-include $(OBJ)/common/output.o.d
-include $(OBJ)/common/server.o.d
-include $(OBJ)/common/stop.o.d
-include $(OBJ)/common/system.o.d
-include $(OBJ)/common/text.o.d
-include $(OBJ)/blocking/nested.o.d
-include $(OBJ)/blocking/server.o.d
-include $(OBJ)/select/server.o.d
-include $(OBJ)/poll/server.o.d
-include $(OBJ)/epoll/server.o.d
-include $(OBJ)/kqueue/server.o.d
-include $(OBJ)/kqueue/linux/kqueue.o.d
-include $(OBJ)/coroutine/server.o.d
-include $(OBJ)/coroutine/loop.o.d
-include $(OBJ)/coroutine/selector_select.o.d
-include $(OBJ)/coroutine/selector_poll.o.d
-include $(OBJ)/coroutine/selector_epoll.o.d
-include $(OBJ)/coroutine/selector_kqueue.o.d
-include $(OBJ)/tests/client.o.d
-include $(OBJ)/tests/coroutine_test.o.d
-include $(OBJ)/tests/chart.o.d
-include $(OBJ)/tests/conclusion.o.d
-include $(OBJ)/tests/draw.o.d
-include $(OBJ)/tests/picture.o.d
-include $(OBJ)/tests/timeline.o.d
-include $(OBJ)/tests/fuzz.o.d
-include $(OBJ)/tests/fuzz_options.o.d
-include $(OBJ)/tests/fuzz_server.o.d
-include $(OBJ)/tests/fuzz_text.o.d
-include $(OBJ)/tests/load.o.d
-include $(OBJ)/tests/measure.o.d
-include $(OBJ)/tests/net.o.d
-include $(OBJ)/tests/talk.o.d
-include $(OBJ)/tests/yardstick.o.d
-include $(OBJ)/tests/kqueue_test.o.d

.PHONY: all tools help demo trace exercise setup test compare fuzz check-all \
	clean .FORCE
