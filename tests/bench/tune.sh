#!/usr/bin/env bash
# tune.sh [-DOPTION=VALUE...]: builds build/tuned/cubbyd, guided by a profile (CUBBY_PROFILE). It is
# built to record what it executes, run under a load (train.sh), and built again with what was seen.
# `./dev tuned` and the container image are made by this. CMAKE_BUILD_PARALLEL_LEVEL says how many
# compilers run at once.

set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
build=build/tuned

say() { printf '\n== %s\n' "$*"; }

# compile PROFILE [-DOPTION=VALUE...] begins with fresh options, so that none of an earlier call
# stays.
compile() {
  cmake --fresh --preset tuned --log-level=WARNING -DCUBBY_PROFILE="$1" "${@:2}" >/dev/null
  cmake --build --preset tuned --target cubbyd
}

# A daemon that records is slow and writes files: whatever fails, none is left for use.
trap 'rm -f "$build/cubbyd"' EXIT
[[ ! -d $build ]] || find "$build" -name '*.gcda' -delete
say 'build to record what is executed'
compile record "$@"
say 'run under a load'
"${CXX:-c++}" -std=c++20 -O2 -o "$build/load" tests/bench/load.cpp tests/bench/load_protocol.cpp
tests/bench/train.sh "$build/cubbyd" "$build/load"
[[ -n $(find "$build" -name '*.gcda' -print -quit) ]] || {
  printf 'tune.sh: the load has left no profile\n' >&2
  exit 1
}
say 'build with what was seen'
compile use "$@"
trap - EXIT
