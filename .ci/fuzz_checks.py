"""What Schemathesis checks beside its own: input that fits the document is accepted, or refused for what no schema says.

Its own check of that kind refuses every 400; here the codes of the faults tell one that depends on stored data (a
reference to nothing, a token of another list) from one that the document should have told.
"""

import schemathesis
from schemathesis import GenerationMode

# Faults that depend on what is stored, on a registry, or on more than one member at a time.
BEYOND_A_SCHEMA = {
    "BAD_CURRENCY",
    "BAD_EMAIL",
    "BAD_FILTER",
    "BAD_ORDER",
    "DOES_NOT_FIT",
    "DUPLICATE",
    "INVALID_PAGE_TOKEN",
    "MIXED_CURRENCIES",
    "NOT_FOUND",
    "ONE_HOLDER",
    "ONE_REACH",
    "OUT_OF_ORDER",
    "UNKNOWN_FIELD",
    "UNKNOWN_SOURCE",
}
# Rights, rows, states, preconditions, keys.
STATUSES = {401, 403, 404, 409, 410, 412, 422, 428}


@schemathesis.check
def fitting_input_is_accepted(ctx, response, case):
    meta = case.meta
    if meta is None or meta.generation.mode != GenerationMode.POSITIVE:
        return
    if response.status_code < 400 or response.status_code in STATUSES:
        return
    problem = response.json()
    if problem["code"] in BEYOND_A_SCHEMA:
        return
    codes = {fault["code"] for fault in problem.get("errors", [])}
    if response.status_code == 400 and codes and codes <= BEYOND_A_SCHEMA:
        return
    raise AssertionError(f"fits the document, but is refused: {response.status_code} {sorted(codes)} {problem['detail']}")
