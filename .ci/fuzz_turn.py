"""Which operations the fuzzer tries only lightly this time: `fuzz_turn.py DOCUMENT TURN TURNS` prints a pattern of their ids.

What every kind has is one code path with other tables, so a turn tries it at a third of the kinds in full. What only one
kind has is tried in full every time.
"""

import json
import sys

# What every kind has, below its own path.
STANDARD = {
    "",
    "batch",
    "upsert",
    "export",
    "{id}",
    "{id}/undelete",
    "{id}/revisions",
    "{id}/external-refs/{source}/{external_id}",
    "by-ref/{source}/{external_id}",
}


def main(document, turn, turns):
    with open(document, encoding="utf-8") as file:
        paths = json.load(file)["paths"]
    below = {}
    for path, item in paths.items():
        _, version, kind, *rest = path.split("/") + [""]
        if version == "v1" and "/".join(rest).rstrip("/") in STANDARD:
            below.setdefault(kind, []).extend(o["operationId"] for o in item.values() if "operationId" in o)
    # A path that is alone is no kind.
    kinds = sorted(kind for kind, ids in below.items() if len(ids) > 1)
    if len(kinds) < turns:
        sys.exit(f"{len(kinds)} kinds are found")
    light = [name for at, kind in enumerate(kinds) if at % turns != turn for name in below[kind]]
    print("^(" + "|".join(sorted(light)) + ")$")


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
