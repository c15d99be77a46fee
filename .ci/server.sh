# Read by the scripts beside it: a demo server of its own on a free port, stopped when the script ends.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
WORK=${WORK:-$(mktemp -d)}
TOOLS=${TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/steerco-ci}
servers=()
steerco=${CARGO_TARGET_DIR:-target}/debug/steerco
[ -x "$steerco" ] || cargo build

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# start_demo NAME: sets base, page (what it printed) and data (its folder).
start_demo() {
  local address pid
  address=127.0.0.1:$(free_port)
  base=http://$address page=$WORK/$1.page data=$WORK/$1.data
  rm -rf "$data"
  "$steerco" demo --listen "$address" --data-dir "$data" >"$page" 2>"$WORK/$1.log" &
  pid=$!
  servers+=("$pid")
  trap 'kill "${servers[@]}" 2>/dev/null || true; wait "${servers[@]}" 2>/dev/null || true' EXIT
  local waited
  for waited in $(seq 300); do
    if curl -sf "$base/readyz" >/dev/null && grep -q '^VENDOR=' "$page"; then return; fi
    kill -0 "$pid" || break
    sleep 0.2
  done
  echo "the demo did not start (waited $waited):" >&2
  cat "$WORK/$1.log" >&2
  return 1
}

# read_tokens: sets DIRECTOR, FINANCE, INTEGRATION and VENDOR as printed, exported.
read_tokens() {
  local line
  while read -r line; do export "${line?}"; done < <(grep -E '^[A-Z]+=' "$page")
}

# mint_admin: sets ADMIN, a token of the demo's administrator.
mint_admin() {
  local organisation person
  organisation=$(curl -sf "$base/v1/organisations" -H "Authorization: Bearer $DIRECTOR" | first id)
  person=$(curl -sfG "$base/v1/grants" -H "Authorization: Bearer $DIRECTOR" --data-urlencode 'filter=role = "admin"' |
    first person_id)
  ADMIN=$(STEERCO_BASE_URL=$base "$steerco" token --data-dir "$data" --org "$organisation" --person "$person")
  export ADMIN
}

# first FIELD: that field of the first item of a list on standard input.
first() { python3 -c 'import json, sys; print(json.load(sys.stdin)["items"][0][sys.argv[1]])' "$1"; }
