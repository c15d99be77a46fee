"""Keeps a copy of some kinds of resources in SQLite: first a snapshot, then what changed. It may be killed at any moment.

    python sync.py COPY.sqlite project risk          follows until it is stopped
    python sync.py COPY.sqlite project risk --until-now

STEERCO_SERVER and STEERCO_TOKEN say where and as whom. `steerco_client` is made of the server's own document:

    curl -s $STEERCO_SERVER/openapi.json -o openapi.json
    openapi-python-client generate --path openapi.json --meta none --output-path steerco_client

Why nothing is missed and nothing doubled: the cursor of the feed is stored in the transaction that stores what came before
it; the snapshot's cursor was taken before its first page; and a revision older than the one held changes nothing.
"""

import importlib
import json
import os
import sqlite3
import sys
import time

import httpx
from steerco_client.api.events import list_events
from steerco_client.client import AuthenticatedClient
from steerco_client.types import UNSET

PLURALS = {"activity": "activities", "dependency": "dependencies", "legal_entity": "legal_entities"}


class Refused(Exception):
    """What the server refused, as its problem document says."""

    def __init__(self, problem):
        super().__init__(problem.get("detail"))
        self.code = problem.get("code")


def ask(call, **arguments):
    """The answer; what may pass is asked again, after the time that the server names."""
    failed = 0
    while True:
        try:
            answer = call(**arguments)
            if answer.status_code < 400:
                return json.loads(answer.content)
            problem = json.loads(answer.content)
            if not problem.get("retryable"):
                raise Refused(problem)
            pause = float(answer.headers.get("retry-after", 0))
        except httpx.TransportError:
            pause = 0
        failed += 1
        time.sleep(max(pause, min(30, 0.1 * 2**failed)))


def open_copy(path):
    copy = sqlite3.connect(path)
    columns = "id TEXT PRIMARY KEY, kind TEXT, revision INTEGER, fields TEXT, seq INTEGER"
    copy.execute(f"CREATE TABLE IF NOT EXISTS resource ({columns})")
    copy.execute("CREATE TABLE IF NOT EXISTS cursor (value TEXT)")
    return copy


def find_cursor(copy):
    row = copy.execute("SELECT value FROM cursor").fetchone()
    return row and row[0]


def set_cursor(copy, value):
    copy.execute("DELETE FROM cursor")
    copy.execute("INSERT INTO cursor VALUES (?)", [value])


def put(copy, kind, fields, seq=None):
    """Takes a resource, unless the copy holds a newer one; with the number of the event that brought it."""
    copy.execute(
        "INSERT INTO resource VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, "
        "fields = excluded.fields, seq = coalesce(excluded.seq, resource.seq) "
        "WHERE excluded.revision >= resource.revision",
        [fields["id"], kind, fields["revision"], json.dumps(fields, sort_keys=True), seq],
    )


def snapshot(client, copy, kinds):
    """Reads every list. Until its end there is no cursor, so that one that broke off begins again."""
    with copy:
        copy.execute("DELETE FROM resource")
    cursor = None
    for kind in kinds:
        plural = PLURALS.get(kind, kind + "s")
        listing = importlib.import_module(f"steerco_client.api.{plural}.list_{plural}").sync_detailed
        token = UNSET
        while True:
            page = ask(listing, client=client, page_size=1000, page_token=token)
            cursor = cursor or page["sync_token"]
            with copy:
                for fields in page["items"]:
                    put(copy, kind, fields)
            token = page.get("next_page_token", UNSET)
            if token is UNSET:
                break
    with copy:
        set_cursor(copy, cursor)


def take(copy, event):
    if event["deleted"] or event.get("visibility") == "lost":
        copy.execute("DELETE FROM resource WHERE id = ?", [event["resource_id"]])
    elif event["operation"].endswith(".backfill"):
        # It tells what held before; what holds now is as it was.
        copy.execute("UPDATE resource SET seq = ? WHERE id = ?", [event["seq"], event["resource_id"]])
    else:
        put(copy, event["kind"], event["after"], event["seq"])


def follow(client, copy, kinds, until_now):
    """Takes what changed, page by page; each with its cursor in one transaction."""
    while True:
        page = ask(list_events.sync_detailed, client=client, after=find_cursor(copy), page_size=1000)
        with copy:
            for event in page["events"]:
                if event.get("visibility") == "access_changed":
                    return False
                # This generator repeats a list where the server takes one with commas, so the kinds are chosen here.
                if event["kind"] in kinds:
                    take(copy, event)
            set_cursor(copy, page["next_cursor"])
        if not page["more"]:
            if until_now:
                return True
            time.sleep(0.5)


def main():
    path, *kinds = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    client = AuthenticatedClient(base_url=os.environ["STEERCO_SERVER"], token=os.environ["STEERCO_TOKEN"])
    copy = open_copy(path)
    while True:
        try:
            if find_cursor(copy) is None:
                snapshot(client, copy, kinds)
            if follow(client, copy, kinds, "--until-now" in sys.argv):
                return
        except Refused as refused:
            # The feed no longer reaches back to the cursor: what is held is read anew.
            if refused.code != "CURSOR_EXPIRED":
                raise
        with copy:
            copy.execute("DELETE FROM cursor")


if __name__ == "__main__":
    main()
