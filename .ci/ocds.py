"""Validates and merges the open contracting packages of a running demo with the public reference tools."""
import json
import os
import pathlib
import subprocess
import urllib.request

import jsonschema
import ocdsmerge

server, work = os.environ["STEERCO_SERVER"], pathlib.Path(os.environ["OCDS_WORK"])
schemas = next(pathlib.Path(os.environ["OCDS_SCHEMAS"]).glob("ocdskit-*/tests/fixtures/a"))


def get(path, token):
    request = urllib.request.Request(server + path, headers={"Authorization": f"Bearer {os.environ[token]}"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def validator(name):
    schema = json.loads((schemas / f"{name}-package-schema-dereferenced.json").read_text())
    assert "/1__1__5/" in schema["id"], schema["id"]
    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())


def check(valid, package, what):
    faults = [f"{what}: {'/'.join(map(str, fault.path))}: {fault.message[:200]}" for fault in valid.iter_errors(package)]
    assert not faults, faults


release_schema, record_schema = validator("release"), validator("record")
# What the schema says of how to merge, so that nothing is fetched.
rules = ocdsmerge.get_merge_rules(json.loads((schemas / "release-schema.json").read_text()))
merger = ocdsmerge.Merger(merge_rules=rules)

engagements = [e for e in get("/v1/engagements?page_size=1000", "DIRECTOR")["items"] if e["state"] != "draft"]
count = 0
for engagement in engagements:
    path = f"/v1/engagements/{engagement['id']}/ocds-"
    releases, records = get(path + "release-package", "DIRECTOR"), get(path + "record-package", "DIRECTOR")
    check(release_schema, releases, engagement["title"])
    check(record_schema, records, engagement["title"])
    compiled = records["records"][0]["compiledRelease"]
    assert merger.create_compiled_release(releases["releases"]) == compiled, engagement["title"]
    lines = json.dumps(releases)
    by_tool = subprocess.run(
        ["ocdskit", "compile", "--schema", str(schemas / "release-schema.json")],
        input=lines, capture_output=True, text=True, check=True,
    )
    assert json.loads(by_tool.stdout) == compiled, engagement["title"]
    count += len(releases["releases"])

mine = {engagement["id"] for engagement in get("/v1/engagements", "VENDOR")["items"]}
assert mine and mine < {engagement["id"] for engagement in engagements}, "the vendor sees its own and not all"
for engagement in engagements:
    path = f"/v1/engagements/{engagement['id']}/ocds-release-package"
    try:
        theirs = get(path, "VENDOR")
        assert engagement["id"] in mine and theirs == get(path, "DIRECTOR"), "both sides read the same"
    except urllib.error.HTTPError as refused:
        assert engagement["id"] not in mine and refused.code == 404, refused
print(f"{count} releases of {len(engagements)} contracting processes are valid, and merge to our records")
