#!/bin/sh
# The same messages through the readers of others, each built here, in a
# folder of its own:
#
#	peers.sh ARCHIVE FOLDER REPEAT
#
# parsedmarc (pip) makes JSON of them; mail-auth (cargo) and mox (go) only
# decode.  One process and one thread each, as tlsrpt-ingest has here; what
# reads more than TLS reports gets no more to do than we have.  What cannot be
# had is said and left out.
set -u
archive=$1
work=$2
repeat=$3
mkdir -p "$work" || exit 1
messages=$(find "$archive/cur" -type f | wc -l)

# seconds COMMAND...: of the clock
seconds() {
	start=$(date +%s.%N)
	"$@" >"$work/out" 2>&1 || {
		tail -n 3 "$work/out" >&2
		return 1
	}
	echo "$start $(date +%s.%N)" | awk '{ printf "%.6f\n", $2 - $1 }'
}

# measure NAME OPTION... -- COMMAND...: in turn with tlsrpt-ingest and OPTIONs
measure() {
	name=$1
	ours=''
	shift
	while [ "$1" != -- ]; do
		ours="$ours $1"
		shift
	done
	shift
	: >"$work/ratios"
	for i in $(seq "$repeat"); do
		echo "$name, $i of $repeat" >>"$work/log"
		theirs=$(seconds "$@") || return 1
		# shellcheck disable=SC2086
		own=$(seconds tlsrpt-ingest -q -n -j1 $ours "$archive") || return 1
		echo "$theirs $own" | awk '{ print $1 / $2 }' >>"$work/ratios"
	done
	sort -n "$work/ratios" | awk -v name="$name" -v n="$messages" -v s="$theirs" '
		{ r[NR] = $1 }
		END { printf "  %-58s %.1f/%.1f/%.1f   (%.0f messages a second)\n",
			name " / tlsrpt-ingest, wall", r[1], r[int((NR + 1) / 2)],
			r[NR], n / s }'
}

without() {
	echo "  $1: left out: $2"
}

parsedmarc() {
	{
		python3 -m venv "$work/venv" &&
			"$work/venv/bin/pip" install -q parsedmarc
	} >"$work/pip.log" 2>&1 || {
		without parsedmarc 'pip could not install it'
		return
	}
	cat >"$work/parsedmarc_json.py" <<-'END'
		import json, os, sys
		import parsedmarc

		with open(os.devnull, "w") as out:
		    for entry in os.scandir(sys.argv[1] + "/cur"):
		        with open(entry.path, "rb") as message:
		            report = parsedmarc.parse_report_email(
		                message.read(), offline=True)
		        assert report["report_type"] == "smtp_tls"
		        out.write(json.dumps(report["report"]))
	END
	version=$("$work/venv/bin/pip" show parsedmarc | sed -n 's/^Version: //p')
	measure "parsedmarc $version, JSON" --format=json -- \
		"$work/venv/bin/python" "$work/parsedmarc_json.py" "$archive" ||
		without parsedmarc 'it failed'
}

mail_auth() {
	command -v cargo >/dev/null || {
		without mail-auth 'there is no cargo'
		return
	}
	mkdir -p "$work/rust/src"
	cat >"$work/rust/Cargo.toml" <<-'END'
		[package]
		name = "mail_auth_only"
		version = "0.0.0"
		edition = "2021"
		[dependencies]
		mail-auth = "0.7"
	END
	cat >"$work/rust/src/main.rs" <<-'END'
		use mail_auth::report::tlsrpt::TlsReport;

		fn main() {
		    let folder = std::env::args().nth(1).unwrap() + "/cur";
		    let mut n = 0;
		    for entry in std::fs::read_dir(folder).unwrap() {
		        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
		        n += TlsReport::parse_rfc5322(&bytes).unwrap().policies.len();
		    }
		    println!("{n} policies");
		}
	END
	(cd "$work/rust" && cargo build -q --release) >"$work/cargo.log" 2>&1 || {
		without mail-auth 'cargo could not build it'
		return
	}
	version=$(sed -n '/name = "mail-auth"/{n;s/.*"\(.*\)"/\1/p}' "$work/rust/Cargo.lock")
	measure "mail-auth $version" -- \
		"$work/rust/target/release/mail_auth_only" "$archive" ||
		without mail-auth 'it failed'
}

mox() {
	command -v go >/dev/null || {
		without mox 'there is no go'
		return
	}
	mkdir -p "$work/go"
	cat >"$work/go/main.go" <<-'END'
		package main

		import (
			"fmt"
			"io"
			"log/slog"
			"os"

			"github.com/mjl-/mox/tlsrpt"
		)

		func main() {
			folder := os.Args[1] + "/cur/"
			log := slog.New(slog.NewTextHandler(io.Discard, nil))
			entries, err := os.ReadDir(folder)
			n := 0
			for _, entry := range entries {
				var f *os.File
				if f, err = os.Open(folder + entry.Name()); err != nil {
					break
				}
				report, fault := tlsrpt.ParseMessage(log, f)
				f.Close()
				if fault != nil {
					err = fault
					break
				}
				n += len(report.Policies)
			}
			if err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
			fmt.Println(n, "policies")
		}
	END
	# A fixed version: not every proxy can list them.
	(cd "$work/go" && { [ -f go.mod ] || go mod init mox_only; } &&
		go get github.com/mjl-/mox@v0.0.15 && go mod tidy &&
		go build -o mox_only .) >"$work/go.log" 2>&1 || {
		without mox 'go could not build it'
		return
	}
	version=$(cd "$work/go" && go list -m -f '{{.Version}}' github.com/mjl-/mox)
	measure "mox $version" -- "$work/go/mox_only" "$archive" ||
		without mox 'it failed'
}

echo
echo 'peers, one thread each (more is better for tlsrpt-ingest)'
parsedmarc
mail_auth
mox
