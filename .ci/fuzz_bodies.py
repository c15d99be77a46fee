"""How the fuzzer writes bodies of lines: what it makes, as it is; and what it may expect of batches."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(_context, value):
    if isinstance(value, (bytes, str)):
        return value
    rows = value if isinstance(value, list) else [value]
    return "".join(json.dumps(row) + "\n" for row in rows)


@schemathesis.hook
def before_call(_context, case, _kwargs):
    """A partial batch answers a wrong item in that item's result, with 200; so that wrong batches are refused, they are whole."""
    negative = case.meta is not None and case.meta.generation.mode.is_negative
    if negative and case.path.endswith("/batch") and isinstance(case.body, dict) and case.body.get("partial") is True:
        case.body["partial"] = False
