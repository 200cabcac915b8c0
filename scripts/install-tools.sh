#!/usr/bin/env bash
# Installs what tests and benchmarks run beside Node. Each tool is built once a machine; running it again is cheap.
set -euo pipefail

usage() {
  cat <<'HELP'
Usage: scripts/install-tools.sh [--bench]

  redis-server, chromium, openssl
                               from the system's packages (apt-get, needs root; other systems: install them yourself)
  FerretDB                     MongoDB wire protocol for the tests, built with go into the cache folder
  grpcurl, grpc-health-probe   command-line clients, built with go into the cache folder
  connectconformance           Connect's conformance suite, built with go into the cache folder
  json-schema-suite            the official tests of JSON Schema, out of a Python package's source archive
  grpc-python                  a Python with grpcio and grpcio-tools, a virtual environment in the cache folder

  --bench   also h2load (nghttp2-client) and wrk, which only the benchmarks need

The cache folder is ${DBCONN_CACHE:-${XDG_CACHE_HOME:-~/.cache}/dbconn}; file names carry the version, so that a new
version is built beside the old one. Versions are in scripts/tools.env. Building needs go 1.26 or later.
HELP
}

bench=false
for argument in "$@"; do
  case "$argument" in
    --bench) bench=true ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done

source "$(dirname "${BASH_SOURCE[0]}")/tools.env"
cache="${DBCONN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dbconn}"
mkdir -p "$cache"
scratch=$(mktemp -d)
# Go makes the module cache's copies read-only, and rm stops at those.
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT

say() { printf '[%4ds] %s\n' "$SECONDS" "$*"; }

fail() {
  printf 'install-tools: %s\n' "$*" >&2
  exit 1
}

# install_packages COMMAND=PACKAGE...: those whose command is not on PATH, in one apt-get run.
install_packages() {
  local pair missing=()
  for pair in "$@"; do
    if command -v "${pair%%=*}" > /dev/null; then
      say "${pair%%=*}: there already"
    else
      missing+=("${pair#*=}")
    fi
  done
  [ "${#missing[@]}" -eq 0 ] && return
  command -v apt-get > /dev/null ||
    fail "this system has no apt-get; install ${missing[*]} with its own package manager and run this again"
  [ "$(id -u)" -eq 0 ] || fail "apt-get needs root; run: sudo apt-get install -y ${missing[*]}"
  say "apt-get install ${missing[*]}"
  apt-get update -qq > "$scratch/apt.log" 2>&1 &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >> "$scratch/apt.log" 2>&1 ||
    { tail -n 20 "$scratch/apt.log" >&2; fail "apt-get could not install ${missing[*]}; the reason is above"; }
}

# built NAME VERSION: true, and says so, when the cache has it.
built() {
  [ -x "$cache/$1-$2" ] && say "$1 $2: built already"
}

need_go() {
  command -v go > /dev/null || fail "go is needed to build $1; install go 1.26 or later and run this again"
  say "$1: building with $(go env GOVERSION)"
}

# keep FILE NAME VERSION: moved into place at once, so that a broken-off run leaves no half program behind.
keep() {
  cp "$1" "$cache/.$2-$3.$$"
  mv "$cache/.$2-$3.$$" "$cache/$2-$3"
  say "$2 $3: ready"
}

# go_build NAME VERSION PACKAGE
go_build() {
  built "$1" "$2" && return
  need_go "$1"
  GOBIN="$scratch/bin" CGO_ENABLED=0 go install "$3@$2" ||
    fail "go install $3@$2 failed; check that the Go module proxy can be reached (go env GOPROXY)"
  keep "$scratch/bin/$1" "$1" "$2"
}

# FerretDB cannot be built by go install: it wants its version in a file that the module does not ship.
build_ferretdb() {
  built ferretdb "$FERRETDB_VERSION" && return
  need_go ferretdb
  mkdir "$scratch/fetch"
  # Joined by &&, since bash ignores -e in a command that is tested.
  (
    cd "$scratch/fetch" && go mod init fetch &&
      go get -tool "github.com/FerretDB/FerretDB/cmd/ferretdb@$FERRETDB_VERSION" &&
      cp -r "$(go list -m -f '{{.Dir}}' github.com/FerretDB/FerretDB)" "$scratch/ferretdb" &&
      chmod -R u+w "$scratch/ferretdb" && cd "$scratch/ferretdb" &&
      echo "$FERRETDB_VERSION" > build/version/version.txt &&
      go build -o "$scratch/ferretdb-binary" ./cmd/ferretdb
  ) > "$scratch/ferretdb.log" 2>&1 || {
    tail -n 20 "$scratch/ferretdb.log" >&2
    fail "FerretDB could not be built; the reason is above (is the Go module proxy reachable? go env GOPROXY)"
  }
  keep "$scratch/ferretdb-binary" ferretdb "$FERRETDB_VERSION"
}

# grpc-python: only from wheels, so that nothing is compiled.
build_grpc_python() {
  local name=grpc-python-$GRPC_PYTHON_VERSION
  local building="$cache/.$name.$$"
  [ -x "$cache/$name/bin/python" ] && say "grpc-python $GRPC_PYTHON_VERSION: built already" && return
  say "grpc-python: installing grpcio and grpcio-tools with pip"
  python3 -m venv "$building" && "$building/bin/python" -m pip install --quiet --only-binary :all: \
    "grpcio==$GRPC_PYTHON_VERSION" "grpcio-tools==$GRPC_PYTHON_VERSION" "protobuf==$PROTOBUF_PYTHON_VERSION" ||
    { rm -rf "$building"; fail "pip could not install grpcio $GRPC_PYTHON_VERSION; the reason is above"; }
  rm -rf "${cache:?}/$name"
  mv "$building" "$cache/$name"
  say "grpc-python $GRPC_PYTHON_VERSION: ready"
}

# json-schema-suite: only its JSON files are kept. Comes after grpc-python, whose pip it uses.
fetch_json_schema_suite() {
  local name=json-schema-suite-$JSON_SCHEMA_SUITE_VERSION
  [ -d "$cache/$name/tests" ] && say "json-schema-suite $JSON_SCHEMA_SUITE_VERSION: there already" && return
  say "json-schema-suite: downloading jsonschema's source archive with pip"
  "$cache/grpc-python-$GRPC_PYTHON_VERSION/bin/python" -m pip download --quiet --no-deps --no-binary :all: --dest "$scratch/suite" \
    "jsonschema==$JSON_SCHEMA_SUITE_VERSION" && tar -xzf "$scratch"/suite/*.tar.gz -C "$scratch/suite" ||
    fail "pip could not download jsonschema $JSON_SCHEMA_SUITE_VERSION; the reason is above"
  rm -rf "${cache:?}/$name" && mkdir "$cache/.$name.$$" &&
    cp -r "$scratch"/suite/jsonschema-*/json/{LICENSE,tests} "$cache/.$name.$$" && mv "$cache/.$name.$$" "$cache/$name"
  say "json-schema-suite $JSON_SCHEMA_SUITE_VERSION: ready"
}

packages=(redis-server=redis-server chromium=chromium openssl=openssl)
"$bench" && packages+=(h2load=nghttp2-client wrk=wrk)
# Debian has a Python that cannot make virtual environments.
python3 -c 'import ensurepip, venv' 2> /dev/null || packages+=(no-venv=python3-venv)
install_packages "${packages[@]}"
build_ferretdb
go_build grpcurl "$GRPCURL_VERSION" github.com/fullstorydev/grpcurl/cmd/grpcurl
go_build connectconformance "$CONNECT_CONFORMANCE_VERSION" connectrpc.com/conformance/cmd/connectconformance
go_build grpc-health-probe "$GRPC_HEALTH_PROBE_VERSION" github.com/grpc-ecosystem/grpc-health-probe
build_grpc_python
fetch_json_schema_suite
say "all there; built tools are in $cache"
