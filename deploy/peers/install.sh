#!/bin/sh
# Installs the gateways that `make bench-gateway` measures beside ours. Nothing of them becomes a dependency:
# they live in a folder of their own, which git does not see and which can be deleted at any time.
# Usage: sh deploy/peers/install.sh [FOLDER]
set -eu

LITELLM=1.106.2
PORTKEY=1.15.2
# Portkey's streams fail with `TypeError: immutable` on later ones (Portkey-AI/gateway issue 1389).
HONO_NODE_SERVER=1.14.1

repository=$(cd "$(dirname "$0")/../.." && pwd)
folder=${1:-$repository/.scriptorium/peers}
uv=$repository/.venv/bin/uv
mkdir -p "$folder/portkey"

echo "Installing LiteLLM $LITELLM ..."
"$uv" venv -q --clear --python "$repository/.venv/bin/python" "$folder/litellm"
"$uv" pip install -q -p "$folder/litellm/bin/python" "litellm[proxy]==$LITELLM"

echo "Installing Portkey $PORTKEY ..."
cat > "$folder/portkey/package.json" <<END
{
  "private": true,
  "dependencies": {"@portkey-ai/gateway": "$PORTKEY"},
  "overrides": {"@hono/node-server": "$HONO_NODE_SERVER"}
}
END
# npm of the machine, or the one that our own Node wheel brings. Install scripts of strangers do not run.
PATH="$PATH:$repository/.venv/bin" npm install --prefix "$folder/portkey" --no-package-lock --ignore-scripts \
  --no-audit --no-fund --loglevel=error

echo "Installed in $folder. Measure with: make bench-gateway"
