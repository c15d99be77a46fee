"""Create, list, patch, upsert and watch with the Python client of openapi-generator."""

import json
import os

import steerco_generated
from steerco_generated import EventsApi, Money, ProgramsApi, RiskCreate, RiskPatch, RiskUpsert, RisksApi
from steerco_generated.exceptions import ApiException, NotFoundException

settings = steerco_generated.Configuration(host=os.environ["STEERCO_SERVER"], access_token=os.environ["INTEGRATION"])
with steerco_generated.ApiClient(settings) as client:
    risks = RisksApi(client)
    program = ProgramsApi(client).list_programs(page_size=1).items[0]
    before = risks.list_risks(page_size=1).sync_token

    wanted = RiskCreate(
        kind="threat",
        program_id=program.id,
        title="Made by openapi-generator",
        cost_likely=Money(amount="1250.5", currency="USD"),
    )
    made = risks.create_risk_with_http_info(wanted, idempotency_key="generator-1")
    assert made.status_code == 201 and made.data.cost_likely.amount == "1250.5000", made
    risk = made.data
    again = risks.create_risk_with_http_info(wanted, idempotency_key="generator-1")
    assert again.headers["idempotency-replayed"] == "true" and again.data.id == risk.id

    page = risks.list_risks(filter='title = "Made by openapi-generator"', include_total=True)
    assert [found.id for found in page.items] == [risk.id] and page.total == "1", page

    patched = risks.update_risk(risk.id, RiskPatch(probability=0.5))
    assert patched.probability == 0.5 and patched.revision == 2, patched
    try:
        risks.update_risk(risk.id, RiskPatch(probability=0.6), if_match='"stale"')
        raise SystemExit("a stale ETag was taken")
    except ApiException as refusal:
        assert refusal.status == 412 and refusal.data.code == "ETAG_MISMATCH", refusal
    try:
        risks.get_risk("risk_01kdvdna00e008000000000001")
        raise SystemExit("a risk that is not there was found")
    except NotFoundException as refusal:
        assert refusal.data.code == "NOT_FOUND", refusal

    outcomes = []
    for title in ("Upserted by generator", "Upserted by generator", "Upserted again"):
        fields = RiskUpsert(kind="threat", program_id=program.id, title=title)
        answer = risks.upsert_risk_with_http_info("nyc", "client/generator 1", fields)
        outcomes.append(answer.headers["steerco-outcome"])
    assert outcomes == ["created", "unchanged", "updated"], outcomes

    seen, text = [], ""
    stream = EventsApi(client).stream_events_without_preload_content(after=before)
    for line in stream:
        line = line.decode().rstrip("\n")
        if line.startswith("data: "):
            seen.append(json.loads(line.removeprefix("data: ")).get("operation"))
        if len(seen) == 4:
            break
    assert seen == ["risk.create", "risk.update", "risk.upsert", "risk.upsert"], seen
print("created, listed, patched, upserted, watched")
