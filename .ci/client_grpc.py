"""Create, list, patch, upsert and watch over gRPC, with the code of grpcio-tools."""

import os

import grpc
from google.protobuf.field_mask_pb2 import FieldMask
from steerco.v1 import common_pb2, event_pb2, event_pb2_grpc, program_pb2_grpc, risk_pb2, risk_pb2_grpc

token = ("authorization", "Bearer " + os.environ["INTEGRATION"])
with grpc.insecure_channel(os.environ["STEERCO_SERVER"].removeprefix("http://")) as channel:
    risks = risk_pb2_grpc.RiskServiceStub(channel)
    listed = common_pb2.ListRequest(page_size=1)
    program = program_pb2_grpc.ProgramServiceStub(channel).ListPrograms(listed, metadata=[token]).programs[0]
    before = risks.ListRisks(listed, metadata=[token]).sync_token

    wanted = risk_pb2.Risk(
        kind=risk_pb2.RISK_KIND_THREAT,
        program_id=program.id,
        title="Made by grpcio",
        cost_likely=common_pb2.Money(amount="1250.5", currency="USD"),
    )
    request = risk_pb2.CreateRiskRequest(risk=wanted)
    key = ("idempotency-key", "grpc-python-1")
    risk = risks.CreateRisk(request, metadata=[token, key])
    assert risk.cost_likely.amount == "1250.5000", risk
    again, call = risks.CreateRisk.with_call(request, metadata=[token, key])
    assert dict(call.initial_metadata())["idempotency-replayed"] == "true" and again.id == risk.id

    found = risks.ListRisks(common_pb2.ListRequest(filter='title = "Made by grpcio"'), metadata=[token]).risks
    assert [one.id for one in found] == [risk.id], found

    change = risk_pb2.Risk(id=risk.id, probability=0.5)
    mask = FieldMask(paths=["probability", "cost_likely"])
    patched = risks.UpdateRisk(risk_pb2.UpdateRiskRequest(risk=change, update_mask=mask), metadata=[token])
    assert patched.probability == 0.5 and not patched.HasField("cost_likely") and patched.revision == 2, patched
    try:
        risks.GetRisk(common_pb2.GetRequest(id="risk_01kdvdna00e008000000000001"), metadata=[token])
        raise SystemExit("a risk that is not there was found")
    except grpc.RpcError as refusal:
        assert refusal.code() == grpc.StatusCode.NOT_FOUND, refusal

    outcomes = []
    record = common_pb2.SourceRecord(source="nyc", external_id="client/grpcio 1")
    for title in ("Upserted by grpcio", "Upserted by grpcio", "Upserted again"):
        fields = risk_pb2.Risk(kind=risk_pb2.RISK_KIND_THREAT, program_id=program.id, title=title)
        request = risk_pb2.UpsertRiskRequest(source_record=record, risk=fields)
        _, call = risks.UpsertRisk.with_call(request, metadata=[token])
        outcomes.append(dict(call.initial_metadata())["steerco-outcome"])
    assert outcomes == ["created", "unchanged", "updated"], outcomes

    seen = []
    watch = event_pb2.WatchRequest(after=before)
    for answer in event_pb2_grpc.EventServiceStub(channel).Watch(watch, metadata=[token], timeout=30):
        seen.extend(event.operation for event in answer.events)
        if len(seen) >= 4:
            break
    assert seen == ["risk.create", "risk.update", "risk.upsert", "risk.upsert"], seen
print("created, listed, patched, upserted, watched")
