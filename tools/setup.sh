#!/bin/sh
# Make the environment in .venv, or find that it is already right. The targets of the Makefile call this; nothing else
# need be installed than a Python (PYTHON=/path/to/python says which one). It takes packages, at the versions and with the
# hashes of requirements.lock, from wherever your own pip is configured to look.
set -eu
cd "$(dirname "$0")/.."
unset PYTHONHOME PYTHONPATH
venv=.venv
stamp=$venv/.ready

range=$(sed -n 's/^requires-python *= *">=3\.\([0-9]*\),<3\.\([0-9]*\)".*/\1 \2/p' pyproject.toml)
oldest=${range% *}
newest=$((${range#* } - 1))
pyenv=${PYENV_ROOT:-${HOME:-}/.pyenv}
refused=''

refuse() { # refuse CANDIDATE REASON: remembered, to be said if none is found
    refused="$refused
    $1: $2"
}

# Whether a Python can carry the project is found out by running it: on success, the path of the interpreter that it is
# at bottom (not of a shim, nor of a virtual environment, which may be the one that we are about to remove).
probe='
import sys
lowest, highest = int(sys.argv[1]), int(sys.argv[2])
if sys.version_info[0] != 3 or not lowest <= sys.version_info[1] <= highest:
    sys.exit("it is Python %d.%d.%d" % tuple(sys.version_info[:3]))
if sys.implementation.name != "cpython":
    sys.exit("it is %s, not CPython" % sys.implementation.name)
import importlib, sysconfig
if sysconfig.get_config_var("Py_GIL_DISABLED"):
    sys.exit("it is a free-threaded build, for which numba has no packages")
if sys.platform == "darwin" and "x86_64" in sysconfig.get_platform().rpartition("-")[2]:
    sys.exit("it is built for Intel Macs, for which numba has no packages any more")
missing = []
for module in ("bz2", "ctypes", "ensurepip", "ssl", "venv", "zlib"):
    try:
        importlib.import_module(module)
    except ImportError:
        missing.append(module)
if missing:
    sys.exit("it lacks the standard module(s) " + ", ".join(missing))
print(getattr(sys, "_base_executable", None) or sys.executable)
'

try_python() { # try_python CANDIDATE: sets $python if it works
    if ! found=$(command -v "$1" 2>/dev/null); then
        refuse "$1" 'not found'
    elif said=$("$1" -c "$probe" "$oldest" "$newest" 2>&1 </dev/null); then
        python=$(printf '%s\n' "$said" | sed -n '$p') # what comes before are warnings
    else
        [ "$found" = "$1" ] || found="$1 ($found)"
        refuse "$found" "$(printf '%s\n' "${said:-it does not run}" | sed -n '/./{p;q;}')"
    fi
    [ -n "$python" ]
}

find_python() { # sets $python, the newest working one in range
    python=''
    if [ -n "${PYTHON:-}" ]; then
        try_python "$PYTHON" && return
        echo "tinycohort needs Python 3.$oldest to 3.$newest, and PYTHON names none that works:$refused" >&2
        exit 1
    fi
    minor=$newest
    while [ "$minor" -ge "$oldest" ]; do
        try_python "python3.$minor" && return
        for candidate in "$pyenv"/versions/3.$minor*/bin/python; do
            if [ -e "$candidate" ]; then try_python "$candidate" && return; fi
        done
        minor=$((minor - 1))
    done
    for candidate in python3 python; do
        try_python "$candidate" && return
    done
    cat >&2 <<END
tinycohort needs Python 3.$oldest to 3.$newest, and none was found that works. Tried, with the reason why not:$refused
Among pyenv's versions, those in $pyenv/versions were looked at.
Install one of them (for instance \`pyenv install 3.$newest\`, or your system's python3.$newest with its venv package), or say
where it is: make PYTHON=/path/to/python3.$newest
END
    exit 1
}

# What the environment must have been made from: the lock, at this place, by the Python that was asked for (if any was);
# and, on a line of its own because a change of it alone is soon mended, pyproject.toml. Printed by the environment's own Python, so that a broken one prints nothing.
fingerprint='
import hashlib, importlib.util, os, pathlib, sys
if not (importlib.util.find_spec("tinycohort") and importlib.util.find_spec("pymc")):
    sys.exit("emptied")
digest = hashlib.sha256()
for name in ("requirements.lock", "tools/setup.sh"):
    digest.update(pathlib.Path(name).read_bytes())
home = os.path.abspath(sys.argv[1])
if os.path.realpath(sys.prefix) != os.path.realpath(home):
    sys.exit("moved")
asked = sys.argv[2] or sys._base_executable
if os.path.realpath(asked) != os.path.realpath(sys._base_executable):
    sys.exit("another Python")
print(digest.hexdigest(), sys.version_info[:2], home)
print(hashlib.sha256(pathlib.Path("pyproject.toml").read_bytes()).hexdigest())
'
take_fingerprint() { # take_fingerprint [PYTHON]
    "$venv/bin/python" -c "$fingerprint" "$venv" "${1:-}" 2>/dev/null </dev/null
}

make_environment() {
    echo "Making the environment .venv with $python (once; some minutes) ..." >&2
    rm -rf "$venv"
    "$python" -m venv "$venv"
    # Wheels only: what is not built here needs no compiler, and no build tools beyond those of the lock.
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes --only-binary :all: \
        -r requirements.lock || {
        echo "The packages of requirements.lock could not be installed: pip says why above. It looks where your own pip" \
            "configuration points; is that reachable, and does it have them?" >&2
        exit 1
    }
}

install_project() {
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
    "$venv/bin/python" -m pip --disable-pip-version-check check >/dev/null || {
        "$venv/bin/python" -m pip --disable-pip-version-check check >&2 || true
        echo "requirements.lock does not fit pyproject.toml: \`make lock\` makes it anew." >&2
        exit 1
    }
}

asked=''
if [ -n "${PYTHON:-}" ]; then
    find_python
    asked=$python
fi
made_from=$(cat "$stamp" 2>/dev/null) || made_from=''
now=$(take_fingerprint "$asked") || now=''
if [ -n "$now" ] && [ "$now" = "$made_from" ] && [ -x "$venv/bin/tinycohort" ]; then
    exit 0
fi
rm -f "$stamp" # until everything below is done
if [ -z "$now" ] || [ "${now%%
*}" != "${made_from%%
*}" ]; then
    [ -n "$asked" ] || find_python
    make_environment
fi
install_project
take_fingerprint >"$stamp.new"
mv "$stamp.new" "$stamp"
