#!/bin/sh
# Install what the tests need (Debian), build, and run all of them:
#
#	sh tests/run.sh
#
# 1. gcc: warnings are errors; make distcheck's own tests; the programs are
#    installed into a folder, and the tests run on those.
# 2. clang with AddressSanitizer and UBSan: make check once more.
#    Then the recipes of contrib/mta, with mail systems installed for that,
#    the units of contrib/systemd in a machine that systemd starts, and the
#    packages of contrib/rpm.
# 3. valgrind over the unit tests, and each fuzz target for FUZZ_SECONDS (30).
#
# The last line counts the tests of all of that.  BUILD names the folder to
# build in (build-test); without root or sudo the packages have to be there.
set -u
cd "$(dirname "$0")/.." || exit 1
top=$PWD
build=${BUILD:-$top/build-test}
passed=0
failed=0
skipped=0

packages=$(sed '/^#/d' tests/packages)

install_some() {
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
		--no-install-recommends "$@" >/dev/null
}

install_packages() {
	command -v apt-get >/dev/null || return 0
	missing=
	for package in $packages; do
		# Who has npm from elsewhere cannot have Debian's.
		[ "$package" != npm ] || ! command -v npm >/dev/null || continue
		dpkg -s "$package" 2>/dev/null |
			grep -q '^Status: install ok installed' ||
			missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	sudo=
	[ "$(id -u)" -eq 0 ] || sudo=sudo
	$sudo apt-get update -qq
	# shellcheck disable=SC2086
	install_some $missing && return 0
	# One that cannot be had is no reason to do without the others.
	for package in $missing; do
		install_some "$package" || echo "cannot be installed: $package"
	done
}

# A step that is no test by itself, but without which there are none.
step() {
	echo "== $1"
	shift
	"$@" >"$build/step.log" 2>&1 && return 0
	echo "failed: $*"
	tail -n 60 "$build/step.log"
	failed=$((failed + 1))
	return 1
}

# Count the lines of TAP logs below a folder: automake keeps one a test file.
count() {
	for log in "$1"/tests/*.log; do
		[ -f "$log" ] || continue
		ok=$(grep -c '^ok ' "$log")
		bad=$(grep -c '^not ok ' "$log")
		skip=$(grep -Ec '^(ok .*|1\.\.0) # SKIP' "$log")
		[ "$skip" -le "$ok" ] || ok=$((ok + 1)) # a file skipped whole
		passed=$((passed + ok - skip))
		failed=$((failed + bad))
		skipped=$((skipped + skip))
		grep -E '# SKIP|^not ok' "$log" | sed "s|^|$(basename "$log"): |"
		[ "$bad" -eq 0 ] || grep -A 12 '^not ok' "$log" | head -n 80
	done
}

# A test file that broke off counts too, though no line of its says so.
check_in() {
	echo "== $2"
	(cd "$1" && make -j2 check) >"$1/check.out" 2>&1 ||
		tail -n 30 "$1/check.out"
	count "$1"
	broken=$(grep -c '^ERROR: ' "$1/check.out")
	failed=$((failed + broken))
	grep '^ERROR: ' "$1/check.out"
}

configure_in() {
	mkdir -p "$1" && folder=$1 && shift &&
		(cd "$folder" && "$top/configure" -q "$@")
}

under_valgrind() {
	for program in "$build"/gcc/tests/test_*; do
		case $program in
		*.log | *.trs | *.o | *test_store) continue ;;
		# Its decoding processes shut themselves in, and valgrind with them.
		*test_parcel) continue ;;
		esac
		name=$(basename "$program")
		if CMOCKA_MESSAGE_OUTPUT=STDOUT G_SLICE=always-malloc valgrind -q \
			--leak-check=full --errors-for-leak-kinds=definite \
			--error-exitcode=9 "$program" >"$build/valgrind.log" 2>&1; then
			passed=$((passed + 1))
		else
			failed=$((failed + 1))
			echo "valgrind: $name"
			tail -n 30 "$build/valgrind.log"
		fi
	done
}

# in_machine SCRIPT [ARGUMENT...]: mail systems and units run in a copy of this
# system that is gone afterwards; see tests/machine.sh.
in_machine() {
	script=$1
	shift
	echo "== $script"
	mkdir -p "$build/machines/tests"
	log=$build/machines/tests/$script.log
	timeout -k 10 900 sh "tests/$script" "$@" >"$log" 2>&1
	grep -q '^1\.\.' "$log" || {
		failed=$((failed + 1))
		tail -n 30 "$log"
	}
}

# The tarball is the same, whoever makes it and when.
dist_twice() {
	mkdir -p "$build/dist" &&
		make -C "$build/gcc" dist &&
		mv "$build"/gcc/tlsrpt-tools-*.tar.xz "$build/dist/first.tar.xz" &&
		touch README && (umask 077 && make -C "$build/gcc" dist) &&
		cmp "$build/dist/first.tar.xz" "$build"/gcc/tlsrpt-tools-*.tar.xz
}

# ... and from what it holds, in another folder and another time zone.
dist_of_dist() {
	(
		umask 077
		LC_ALL=C.UTF-8
		TZ=Pacific/Kiritimati
		export LC_ALL TZ
		cd "$build/dist" && tar xf first.tar.xz &&
			mv tlsrpt-tools-* unpacked && mkdir elsewhere &&
			cd elsewhere && ../unpacked/configure -q && make dist &&
			cmp ../first.tar.xz tlsrpt-tools-*.tar.xz
	)
}

install_packages || echo "packages could not be installed; going on"
rm -rf "$build"
mkdir -p "$build" || exit 1

# Where every user can read: programs that are run as an ordinary one look for
# their configuration below it.
installed=$(mktemp -d "${TMPDIR:-/tmp}/tlsrpt-installed.XXXXXX") || exit 1
chmod 755 "$installed"
trap 'rm -rf "$installed"' EXIT
trap 'exit 1' HUP INT TERM

if step 'autoreconf' autoreconf -fi &&
	step 'configure, gcc' configure_in "$build/gcc" --enable-werror \
		--prefix="$installed" &&
	step 'make, gcc' make -j2 -C "$build/gcc" &&
	step 'make install' make -C "$build/gcc" install; then
	PATH=$installed/bin:$installed/sbin:$PATH
	export PATH
	check_in "$build/gcc" 'make check, gcc'
	step 'make distcheck' make -j2 -C "$build/gcc" distcheck \
		TESTS=tests/floors.t && passed=$((passed + 1))
	step 'make dist, twice the same' dist_twice && passed=$((passed + 1))
	step 'make dist, from its own tarball' dist_of_dist && passed=$((passed + 1))
	in_machine mta.sh
	in_machine units.sh
	in_machine rpm.sh "$build/dist/first.tar.xz" "$build/rpm"
	count "$build/machines"
	echo '== valgrind'
	under_valgrind
fi

if step 'configure, clang with sanitizers' configure_in "$build/clang" \
	CC=clang CFLAGS='-g -O1' --enable-werror --enable-sanitizers &&
	step 'make, clang' make -j2 -C "$build/clang"; then
	check_in "$build/clang" 'make check, clang with sanitizers'
fi

# Seeds are the samples; what is found is kept in the folder named.
fuzz() {
	mkdir -p "$build/fuzz/corpus-$1"
	seeds=$top/tests/corpus-$1
	[ -d "$seeds" ] || seeds=$top/samples
	if (cd "$build/fuzz" && "tests/fuzz_$1" -max_total_time="${FUZZ_SECONDS:-30}" \
		-timeout=20 -rss_limit_mb=2048 -max_len=65536 -verbosity=0 \
		-dict="$top/tests/fuzz.dict" -print_final_stats=1 "corpus-$1" \
		"$seeds" "$top/samples") \
		>"$build/fuzz/$1.log" 2>&1; then
		passed=$((passed + 1))
		grep 'number_of_executed_units' "$build/fuzz/$1.log"
	else
		failed=$((failed + 1))
		echo "fuzz_$1: see $build/fuzz"
		tail -n 40 "$build/fuzz/$1.log"
	fi
}

if step 'configure, fuzz targets' configure_in "$build/fuzz" CC=clang \
	CFLAGS='-g -O1' --enable-fuzzers &&
	step 'make, fuzz targets' make -j2 -C "$build/fuzz"; then
	for source in tests/fuzz_*.c; do
		target=$(basename "$source" .c)
		echo "== $target"
		fuzz "${target#fuzz_}"
	done
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
