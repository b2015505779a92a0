#!/bin/bash
# Gets what make test-console needs and nobody else does: Debian's chromium with a font, and axe-core in DIR.
#
#   scripts/console-test-deps.sh DIR
#
# axe-core comes from the npm registry: this version, with this content, or not at all. A file that is
# there already is looked at, not fetched again.
set -euo pipefail

directory=${1:?usage: console-test-deps.sh DIR}
version=4.14.1
integrity=FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==
package=axe-core-$version.tgz

install_missing() { # program, Debian's package
    command -v "$1" >/dev/null && return
    echo "installing $2" >&2
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -q --no-install-recommends "$2" >&2 ||
        { apt-get update -q >&2 && apt-get install -y -q --no-install-recommends "$2" >&2; }
}

digest() { openssl dgst -sha512 -binary "$1" | base64 -w 0; }

install_missing chromium chromium
[ -d /usr/share/fonts/truetype/dejavu ] || install_missing '' fonts-dejavu-core
install_missing openssl openssl
mkdir -p "$directory"
cd "$directory"
if ! [ -f "$package" ] || [ "$(digest "$package")" != "$integrity" ]; then
    install_missing npm npm
    npm pack --silent "axe-core@$version" >/dev/null
fi
if [ "$(digest "$package")" != "$integrity" ]; then
    echo "console-test-deps.sh: $directory/$package is not axe-core $version as it was published: remove it and try again" >&2
    exit 1
fi
tar -xzf "$package" --strip-components=1 package/axe.min.js
