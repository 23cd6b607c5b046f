# Ways to wait: one TCP server for every way a program can wait.
#
#     make          builds the servers that this system can have, into build/
#     make help     lists what else there is
#
# It works with GNU make 3.81 or newer and BSD make, also with -j. You can set
# CC, CPPFLAGS, CFLAGS, LDFLAGS, LDLIBS, and BUILD, the directory for everything
# that is built. V=1 shows whole command lines.

BUILD ?= build
# GNU make refuses two words in BUILD here, BSD make in the target `one-word`.
CHECK := $(if $(word 2,$(BUILD)),$(error BUILD must be a path without spaces))
CFLAGS ?= -g
STRICT = -std=c11 -O2 -Wall -Wextra -Wpedantic -Wshadow -Wconversion
V ?= 0

SAY_0 = echo 'CC $(@F)';
SAY_1 = set -x;
COMPILE = $(SAY_$(V)) mkdir -p $(@D) && \
	$(CC) $(STRICT) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@
HAS = sh tools/has-header.sh "$(CC) $(CPPFLAGS)"
KQUEUE = sh kqueue/flags.sh "$(CC) $(CPPFLAGS)"
SELECTORS = sh coroutine/selectors.sh "$(CC) $(CPPFLAGS)"
HAS_URING = sh uring/possible.sh "$(CC) $(CPPFLAGS)"

# If a header or a flag changes, everything is built again: it takes seconds.
COMMON = $(BUILD)/common.a
KQUEUE_FILES = kqueue/flags.sh kqueue/linux/*.c kqueue/linux/sys/*.h
PROGRAMS = $(BUILD)/blocking-nested $(BUILD)/blocking $(BUILD)/busy \
	$(BUILD)/processes $(BUILD)/threads $(BUILD)/select $(BUILD)/poll \
	$(BUILD)/signals $(BUILD)/epoll $(BUILD)/kqueue $(BUILD)/uring \
	$(BUILD)/coroutine

# What the scripts need to know. SERVER and FILTER, which may contain a quote, are not
# part of it: make puts the variables of its command line into the environment.
TELL = BUILD='$(BUILD)' BACKENDS='$(BACKENDS)'

all: $(PROGRAMS)

# A target that runs a tool refuses variables that it would ignore.
checked:
	@$(TELL) GOALS='$(MAKECMDGOALS) $(.TARGETS)' sh tools/variables.sh

include tools/Makefile
include tests/Makefile

help:
	@echo 'make             builds the servers into $(BUILD)/'
	@echo 'make demo        runs four clients against each server and shows who waits'
	@echo 'make watch       your class connects: see who waits, live, by name'
	@echo 'make trace       shows the system calls of one server, or compares two'
	@echo 'make grade       SERVER="./mine": what your server is still missing'
	@echo 'make replay      records a run; a browser plays it, step by step'
	@echo 'make diff        shows two servers side by side, without comments'
	@echo 'make exercise    N=1 to 14: checks your solution, or says what is missing'
	@echo 'make setup       installs what the tests need'
	@echo 'make test        tests every server'
	@echo 'make compare     what a message, a connection, an idle client costs'
	@echo 'make fuzz        random clients, until something breaks or Ctrl+C'
	@echo 'make check-all   tests with every compiler, tool and target there is'
	@echo 'make tools       builds what the targets above run, also by hand'
	@echo 'make clean       removes $(BUILD)/'
	@echo
	@echo 'make demo BACKENDS="poll epoll"     and trace, diff, test: some only'
	@echo 'make demo CLIENTS=6 ROUNDS=3 INTERVAL=0.5   other clients, faster'
	@echo 'make test FILTER="port in use"      the tests whose names match'
	@echo 'make test SERVER="python3 mine.py"  your own server'
	@echo 'make CC=clang BUILD=build-clang     another compiler, another place'
	@echo 'make V=1                            whole command lines'

tools: $(TOOLS) $(TEST_PROGRAMS)

exercise: checked all $(BUILD)/tools/client
	@$(TELL) N='$(N)' V='$(V)' CC='$(CC)' CFLAGS='$(CFLAGS)' \
	LDFLAGS='$(LDFLAGS)' sh docs/exercises/check.sh

clean: one-word
	rm -rf $(BUILD)

one-word:
	@case '$(BUILD)' in *' '* | '') \
	echo 'BUILD must be a path without spaces' >&2; exit 1;; esac

# The servers. If this system cannot have one, a message says so.

$(BUILD)/blocking-nested: blocking/nested.c $(COMMON)
	@$(COMPILE) blocking/nested.c $(COMMON) $(LDLIBS)

$(BUILD)/blocking: blocking/server.c $(COMMON)
	@$(COMPILE) blocking/server.c $(COMMON) $(LDLIBS)

$(BUILD)/busy: busy/server.c $(COMMON)
	@$(COMPILE) busy/server.c $(COMMON) $(LDLIBS)

$(BUILD)/processes: processes/*.[ch] $(COMMON)
	@$(COMPILE) -Wno-sign-conversion processes/*.c $(COMMON) $(LDLIBS)

$(BUILD)/threads: threads/*.[ch] $(COMMON)
	@$(COMPILE) -pthread threads/*.c $(COMMON) $(LDLIBS)

# The FD_SET of musl has a conversion that gcc would warn about.
$(BUILD)/select: select/server.c $(COMMON)
	@$(COMPILE) -Wno-sign-conversion select/server.c $(COMMON) $(LDLIBS)

$(BUILD)/poll: poll/server.c $(COMMON)
	@$(COMPILE) poll/server.c $(COMMON) $(LDLIBS)

$(BUILD)/signals: signals/server.c $(COMMON)
	@$(HAS) sys/epoll.h || { echo 'signals: left out, only Linux has it'; \
	exit 0; }; $(COMPILE) signals/server.c $(COMMON) $(LDLIBS)

$(BUILD)/epoll: epoll/server.c $(COMMON)
	@$(HAS) sys/epoll.h || { echo 'epoll: left out, only Linux has it'; \
	exit 0; }; $(COMPILE) epoll/server.c $(COMMON) $(LDLIBS)

$(BUILD)/kqueue: kqueue/server.c $(KQUEUE_FILES) $(COMMON)
	@kqueue=`$(KQUEUE)` || { echo 'kqueue: left out, this system has none'; \
	exit 0; }; $(COMPILE) kqueue/server.c $$kqueue $(COMMON) $(LDLIBS)

$(BUILD)/uring: uring/*.[ch] uring/possible.sh $(COMMON)
	@$(HAS_URING) || { echo 'uring: left out, it needs the headers of Linux 6.0'; \
	exit 0; }; $(COMPILE) uring/*.c $(COMMON) $(LDLIBS)

$(BUILD)/coroutine: coroutine/*.c coroutine/*.h coroutine/selectors.sh \
		$(KQUEUE_FILES) $(COMMON)
	@$(COMPILE) -Wno-sign-conversion coroutine/server.c coroutine/loop.c \
	`$(SELECTORS)` $(COMMON) $(LDLIBS)

# The parts that all servers share.
$(COMMON): common/*.c common/*.h $(BUILD)/flags
	@$(SAY_$(V)) mkdir -p $(BUILD)/common && rm -f $@ && \
	for file in common/*.c; do \
	$(CC) $(STRICT) $(CPPFLAGS) $(CFLAGS) -c $$file \
	-o $(BUILD)/$${file%.c}.o || exit 1; done; \
	$(AR) rc $@ $(BUILD)/common/*.o

FLAGS = $(CC) $(STRICT) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(LDLIBS)
$(BUILD)/flags: one-word .FORCE
	@mkdir -p $(BUILD)
	@echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' >$@

.FORCE:
.PHONY: all checked first-build tools help demo watch trace replay grade diff exercise \
	setup test compare fuzz check-all clean one-word .FORCE

# Otherwise BSD make would enter a directory obj if there is one.
.OBJDIR: $(.CURDIR)
