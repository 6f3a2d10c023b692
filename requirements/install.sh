#!/bin/sh
# Makes the virtual environment $1 from the requirement file $2, hashes checked, with the project
# itself in it. PYTHON is the interpreter to start from. uv installs, pip where uv cannot be had.
set -eu

venv=$1
requirements=$2

fail() {
    echo "setup: $*" >&2
    exit 1
}

[ -n "${PYTHON:-}" ] || fail "Python 3.11 or newer is missing; install it, or say PYTHON=/path/to/python3."

if ! "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null; then
    # Debian and Ubuntu ship these apart from Python itself.
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "setup: installing the Debian package python3-venv"
        apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
    else
        fail "this Python cannot make virtual environments; install the package python3-venv."
    fi
fi

if ! "$venv/bin/python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "setup: making $venv"
    "$PYTHON" -m venv --clear "$venv"
fi

pip() {
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input "$@"
}

tool=$(mktemp -d)
trap 'rm -rf "$tool"' EXIT
began=$(date +%s)
echo "setup: installing the packages of $requirements (half a minute the first time)"
by_uv() {
    pip --require-hashes --only-binary :all: --target "$tool" -r requirements/installer.txt 2>/dev/null &&
        "$tool/bin/uv" pip install --quiet --python "$venv/bin/python" --require-hashes \
            --only-binary :all: -r "$requirements"
}
by_uv || pip --require-hashes --only-binary :all: -r "$requirements"
pip --no-index --no-deps --no-build-isolation --editable . 2>"$venv/install.log" ||
    { cat "$venv/install.log" >&2; fail "the project itself could not be installed."; }
echo "setup: done in $(($(date +%s) - began)) s"
