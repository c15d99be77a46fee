"""Create, list, patch, upsert and watch with the client of openapi-python-client."""

import json
import os
from http import HTTPStatus

from steerco_client.api.events import stream_events
from steerco_client.api.programs import list_programs
from steerco_client.api.risks import create_risk, get_risk, list_risks, update_risk, upsert_risk
from steerco_client.client import AuthenticatedClient
from steerco_client.models import Money, Problem, RiskCreate, RiskKind, RiskPatch, RiskUpsert

client = AuthenticatedClient(base_url=os.environ["STEERCO_SERVER"], token=os.environ["INTEGRATION"])
program = list_programs.sync(client=client, page_size=1).items[0]
before = list_risks.sync(client=client, page_size=1).sync_token

wanted = RiskCreate(
    kind=RiskKind.THREAT,
    program_id=program.id,
    title="Made by openapi-python-client",
    cost_likely=Money(amount="1250.5", currency="USD"),
)
made = create_risk.sync_detailed(client=client, body=wanted, idempotency_key="python-1")
assert made.status_code == HTTPStatus.CREATED, made
risk = made.parsed
assert risk.cost_likely.amount == "1250.5000", risk
again = create_risk.sync_detailed(client=client, body=wanted, idempotency_key="python-1")
assert again.headers["idempotency-replayed"] == "true" and again.parsed.id == risk.id

page = list_risks.sync(client=client, filter_='title = "Made by openapi-python-client"', include_total=True)
assert [found.id for found in page.items] == [risk.id] and page.total == "1", page

patched = update_risk.sync(client=client, id=risk.id, body=RiskPatch(probability=0.5, cost_likely=None))
assert patched.probability == 0.5 and patched.revision == 2, patched
refused = update_risk.sync_detailed(client=client, id=risk.id, body=RiskPatch(title="x" * 201), if_match='"stale"')
assert isinstance(refused.parsed, Problem) and refused.status_code in (400, 412), refused
missing = get_risk.sync(client=client, id="risk_01kdvdna00e008000000000001")
assert isinstance(missing, Problem) and missing.code == "NOT_FOUND", missing

fields = RiskUpsert(kind=RiskKind.THREAT, program_id=program.id, title="Upserted by python")
outcomes = []
for title in ("Upserted by python", "Upserted by python", "Upserted again"):
    fields.title = title
    answer = upsert_risk.sync_detailed(client=client, source="nyc", external_id="client/python 1", body=fields)
    outcomes.append(answer.headers["steerco-outcome"])
assert outcomes == ["created", "unchanged", "updated"], outcomes

seen = []
request = stream_events._get_kwargs(after=before)
with client.get_httpx_client().stream(**request, timeout=30) as stream:
    for line in stream.iter_lines():
        if line.startswith("data: "):
            event = json.loads(line.removeprefix("data: "))
            seen.append(event.get("operation"))
        if len(seen) == 4:
            break
assert seen == ["risk.create", "risk.update", "risk.upsert", "risk.upsert"], seen
print("created, listed, patched, upserted, watched")
