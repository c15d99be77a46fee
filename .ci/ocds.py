"""Validates and merges the open contracting packages of a running demo with the public reference tools."""
import json
import os
import pathlib
import subprocess
import urllib.error
import urllib.request

import jsonschema
import ocdsmerge
from ocdsmerge.rules import get_merge_rules

server, work = os.environ["STEERCO_SERVER"], pathlib.Path(os.environ["OCDS_WORK"])
of = pathlib.Path(os.environ["OCDS_SCHEMAS"])
# The release schema as it was published, and packages with every reference resolved.
plain = json.loads((of / "ocdsmerge-0.8.0/tests/fixtures/release-schema-1__1__4.json").read_text())
resolved = of / "ocdskit-1.7.0/tests/fixtures/a"


def get(path, token):
    request = urllib.request.Request(server + path, headers={"Authorization": f"Bearer {os.environ[token]}"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def validator(schema):
    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())


def packages(name):
    """The schema of packages; theirs is that of a profile in which nothing is initiated but by public-private partnership."""
    text = (resolved / f"{name}-package-schema-dereferenced.json").read_text()
    schema = json.loads(text.replace('"ppp"', '"tender"'))
    assert "/1__1__5/" in schema["id"], schema["id"]
    return validator(schema)


def check(valid, package, what):
    faults = [f"{what}: {'/'.join(map(str, fault.path))}: {fault.message[:200]}" for fault in valid.iter_errors(package)]
    assert not faults, faults


release_schema, release_packages, record_packages = validator(plain), packages("release"), packages("record")
# What the schema says of how to merge, so that nothing is fetched.
merger = ocdsmerge.Merger(merge_rules=get_merge_rules(plain))
(work / "schema.json").write_text(json.dumps(plain))

engagements = [e for e in get("/v1/engagements?page_size=1000", "DIRECTOR")["items"] if e["state"] != "draft"]
count = 0
for engagement in engagements:
    path = f"/v1/engagements/{engagement['id']}/ocds-"
    releases, records = get(path + "release-package", "DIRECTOR"), get(path + "record-package", "DIRECTOR")
    check(release_packages, releases, engagement["title"])
    check(record_packages, records, engagement["title"])
    compiled = records["records"][0]["compiledRelease"]
    for release in [*releases["releases"], compiled]:
        check(release_schema, release, engagement["title"])
    assert merger.create_compiled_release(releases["releases"]) == compiled, engagement["title"]
    lines = json.dumps(releases)
    by_tool = subprocess.run(
        ["ocdskit", "compile", "--schema", str(work / "schema.json")],
        input=lines, capture_output=True, text=True, check=True,
    )
    assert json.loads(by_tool.stdout) == compiled, engagement["title"]
    count += len(releases["releases"])

# All of them in one package.
shared = {kind: get(f"/v1/engagements/ocds-{kind}-package", "DIRECTOR") for kind in ("release", "record")}
check(release_packages, shared["release"], "all releases")
check(record_packages, shared["record"], "all records")
assert len(shared["release"]["releases"]) == count and len(shared["record"]["records"]) == len(engagements)
for record in shared["record"]["records"]:
    own = [release for release in shared["release"]["releases"] if release["ocid"] == record["ocid"]]
    assert merger.create_compiled_release(own) == record["compiledRelease"], record["ocid"]

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
