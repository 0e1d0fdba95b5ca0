# shellcheck shell=bash
# packages.sh: what etc/demo and tests/run need of Debian 12 (or Ubuntu 24.04), installed only where it is missing.
#
#   source etc/packages.sh; packages_install build test

packages_of() {
    case $1 in
        build) echo gcc libc6-dev cmake ninja-build pkg-config libcjson-dev libyaml-dev libssl-dev libcurl4-openssl-dev \
                    libpq-dev libsqlite3-dev libpcre2-dev libicu-dev libmicrohttpd-dev ;;
        demo) echo sqlite3 ;;
        postgres) echo postgresql ;;
        test) echo g++ check postgresql sqlite3 python3 tzdata ;;
        fuzz) echo clang libclang-rt-14-dev ;;
    esac
}

packages_install() {
    local group package missing=() root=()
    for group in "$@"; do
        for package in $(packages_of "$group"); do
            dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
        done
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0
    if ! command -v apt-get >/dev/null; then
        echo "These packages are missing, and there is no apt-get here to install them: ${missing[*]}" >&2
        return 1
    fi
    if [[ $(id -u) != 0 ]]; then
        root=(sudo)
        command -v sudo >/dev/null || { echo "Run this as root, or install: ${missing[*]}" >&2; return 1; }
    fi
    echo "Installing from Debian: ${missing[*]}"
    local log
    log=$(mktemp)
    if ! { "${root[@]}" apt-get update -qq &&
           "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
           >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        echo "The installation failed; the last lines of apt-get are above." >&2
        return 1
    fi
    rm -f "$log"
}
