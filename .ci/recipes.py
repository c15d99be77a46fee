"""Writes while both recipes run, kills them at random, and proves in the end that their copies are what the server has: by
the digest of docs/events.md, and row by row."""

import hashlib
import json
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request

MADE = sys.argv[1]
SERVER, TOKEN = os.environ["STEERCO_SERVER"], os.environ["DIRECTOR"]
LISTS = {"project": "projects", "risk": "risks"}
PREFIXES = {"project": "proj_", "risk": "risk_"}
ROUNDS = 12
RANDOM = random.Random(int(os.environ.get("SEED", "1")))


def call(method, path, body=None):
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(SERVER + path, data, headers, method=method)) as answer:
        return json.load(answer)


def everything():
    """Every row of the lists, by id."""
    rows, token = {}, ""
    for plural in LISTS.values():
        while True:
            page = call("GET", f"/v1/{plural}?page_size=1000&page_token={token}")
            rows |= {row["id"]: row for row in page["items"]}
            token = page.get("next_page_token", "")
            if not token:
                break
    return rows


def digests(rows):
    """What `GET /v1/digest` answers, computed over a copy: ids and revisions of each kind."""
    found = {}
    for kind in LISTS:
        held = sorted((id, row["revision"]) for id, row in rows.items() if id.startswith(PREFIXES[kind]))
        lines = "".join(f"{id} {revision}\n" for id, revision in held)
        found[kind] = {"kind": kind, "count": str(len(held)), "hash": hashlib.sha256(lines.encode()).hexdigest()}
    return found


def proven(path):
    """The digests of the service without the numbers of their last events, and these by themselves."""
    answer = call("GET", path)["collections"]
    last = {one["kind"]: int(one.pop("max_seq", 0)) for one in answer}
    return {one["kind"]: one for one in answer}, last


def write(stop, written):
    program = call("GET", "/v1/programs?page_size=1")["items"][0]["id"]
    random_ = random.Random(RANDOM.random())
    risks = []
    while not stop.is_set():
        chance = random_.random()
        if chance < 0.5 or not risks:
            body = {"program_id": program, "kind": "threat", "title": f"Recipe {len(written)}"}
            risks.append(call("POST", "/v1/risks", body)["id"])
        elif chance < 0.85:
            call("PATCH", f"/v1/risks/{random_.choice(risks)}", {"labels": {"n": str(len(written))}})
        else:
            call("DELETE", f"/v1/risks/{risks.pop(random_.randrange(len(risks)))}")
        written.append(chance)
        time.sleep(0.01)
    # The last event is of a row that the copies hold: of one that is deleted they know no number.
    call("POST", "/v1/risks", {"program_id": program, "kind": "threat", "title": "The last"})


def known_last():
    """The greatest number of the events that brought what the Python copy holds; of the snapshot it knows none."""
    rows = sqlite3.connect(f"{MADE}/copy.sqlite").execute("SELECT kind, max(seq) FROM resource GROUP BY kind")
    return {kind: last for kind, last in rows if last is not None}


def python_copy():
    rows = sqlite3.connect(f"{MADE}/copy.sqlite").execute("SELECT id, fields FROM resource")
    return {id: json.loads(fields) for id, fields in rows}


def node_copy():
    with open(f"{MADE}/copy.json") as file:
        return json.load(file)["rows"]


COPIES = [
    ([sys.executable, "recipes/sync.py", f"{MADE}/copy.sqlite", *LISTS], python_copy),
    (["node", f"{MADE}/ts/out/sync.js", f"{MADE}/copy.json", *LISTS.values()], node_copy),
]

stop, written = threading.Event(), []
writer = threading.Thread(target=write, args=(stop, written), daemon=True)
writer.start()
environment = os.environ | {"PYTHONPATH": MADE}
kills = 0
for _ in range(ROUNDS):
    running = [subprocess.Popen(command, env=environment) for command, _ in COPIES]
    time.sleep(RANDOM.uniform(0.3, 2.0))
    ended = [process.args for process in running if process.poll() is not None]
    for process in running:
        process.kill()
        process.wait()
    assert not ended, f"ended by themselves: {ended}"
    kills += len(running)
# However slow the machine, each has its snapshot by now; what is written from here on comes by the feed.
for command, _ in COPIES:
    subprocess.run([*command, "--until-now"], env=environment, check=True, timeout=60)
assert writer.is_alive(), "the writer failed"
stop.set()
writer.join()
wanted = everything()
proof, last = proven("/v1/digest?kinds=" + ",".join(LISTS))
for command, copy in COPIES:
    subprocess.run([*command, "--until-now"], env=environment, check=True, timeout=60)
    held = copy()
    assert digests(held) == proof, (command, digests(held), proof)
    missing, more = wanted.keys() - held.keys(), held.keys() - wanted.keys()
    other = [id for id in wanted.keys() & held.keys() if wanted[id] != held[id]]
    assert not (missing or more or other), (command, len(missing), len(more), [(wanted[i], held[i]) for i in other[:1]])
known = known_last()
assert "risk" in known and all(last[kind] == number for kind, number in known.items()), (known, last)
print(f"{len(written)} writes, {kills} kills, {len(wanted)} rows: both copies are what the server has, by digest")
