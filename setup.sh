#!/usr/bin/env bash
# Installs what this machine lacks to build, test and run diffbench: Debian packages, and a virtual environment
# that supplies LibTorch, the CUDA compiler (where no toolkit is installed) and the dashboards' libraries.
# Safe to run again: it does only what is missing and says nothing when nothing is.
set -euo pipefail
cd "$(dirname "$0")"

install_debian_packages() {
  local missing=() package
  while read -r package; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done < apt-packages.txt
  [ ${#missing[@]} -eq 0 ] && return
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "setup.sh: not root and no sudo; install: ${missing[*]}" >&2; exit 2; }
    sudo=(sudo)
  fi
  echo "setup.sh: installing ${missing[*]}" >&2
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# $1: a requirements file; further arguments go to pip. A stamp of its content says that it is already in.
install_python_packages() {
  local stamp
  stamp=".venv/.$(basename "$1").$(sha256sum "$1" | cut -c1-16)"
  [ -e "$stamp" ] && return
  echo "setup.sh: installing $1 into .venv" >&2
  .venv/bin/python -m pip install --quiet --disable-pip-version-check "${@:2}" -r "$1"
  touch "$stamp"
}

# gives NVIDIA's Python packages the shape of a toolkit: nvcc looks in lib64, the linker wants unversioned names
shape_cuda_toolkit() {
  local root library name
  root=$(echo .venv/lib/python3*/site-packages/nvidia/cu13)
  [ -d "$root/lib" ] || return 0
  ln -sfn lib "$root/lib64"
  for library in "$root"/lib/*.so.*; do
    name=${library##*/}
    ln -sf "$name" "$root/lib/${name%%.so.*}.so"
  done
}

if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
  install_debian_packages
elif [ ! -e .venv/.system-packages-confirmed ]; then
  {
    echo "setup.sh: this is not a Debian system; install the equivalents of:"
    sed 's/^/  /' apt-packages.txt
    echo "then: mkdir -p .venv && touch .venv/.system-packages-confirmed, and run setup.sh again"
  } >&2
  exit 2
fi

[ -x .venv/bin/python ] || python3 -m venv .venv
install_python_packages requirements.txt --no-deps
if [ -e /proc/driver/nvidia/version ]; then
  install_python_packages requirements-cuda.txt # with dependencies: LibTorch's CUDA half needs all of them
elif ! command -v nvcc >/dev/null && [ ! -x /usr/local/cuda/bin/nvcc ]; then
  install_python_packages requirements-nvcc.txt --no-deps
fi
shape_cuda_toolkit
