"""What schemas do not say of the manifests and the compose files: that their parts name each other."""

import json
import sys
from pathlib import Path

import jsonschema
import yaml

faults = []


def expect(good, fault):
    if not good:
        faults.append(fault)


documents = list(yaml.safe_load_all(Path("deploy/kubernetes/steerco.yaml").read_text()))
by_kind = {document["kind"]: document for document in documents}
wanted = {"ConfigMap", "Secret", "ServiceAccount", "Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy"}
expect(set(by_kind) == wanted and len(documents) == len(wanted), f"kinds are {sorted(by_kind)}")

pods = by_kind["Deployment"]["spec"]["template"]
labels, spec = pods["metadata"]["labels"], pods["spec"]
selectors = {
    "Deployment": by_kind["Deployment"]["spec"]["selector"]["matchLabels"],
    "Service": by_kind["Service"]["spec"]["selector"],
    "PodDisruptionBudget": by_kind["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
    "NetworkPolicy": by_kind["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
}
for kind, selector in selectors.items():
    expect(selector.items() <= labels.items(), f"{kind} selects other pods")
names = {kind: document["metadata"]["name"] for kind, document in by_kind.items()}
for volume in spec["volumes"]:
    if "configMap" in volume:
        expect(volume["configMap"]["name"] == names["ConfigMap"], "no such ConfigMap")
    if "secret" in volume:
        expect(volume["secret"]["secretName"] == names["Secret"], "no such Secret")
expect(spec["serviceAccountName"] == names["ServiceAccount"], "no such ServiceAccount")
expect(spec["enableServiceLinks"] is False, "service links would be read as settings")
expect(by_kind["Deployment"]["spec"]["replicas"] > by_kind["PodDisruptionBudget"]["spec"]["minAvailable"], "stuck drains")

container = spec["containers"][0]
security = container["securityContext"]
expect(security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"], "the container may change itself")
expect(security["capabilities"]["drop"] == ["ALL"] and spec["securityContext"]["runAsNonRoot"], "more rights than needed")
mounted = {mount["name"] for mount in container["volumeMounts"]}
expect(mounted == {volume["name"] for volume in spec["volumes"]}, "volumes and mounts differ")
ports = {port["name"] for port in container["ports"]}
for probe, path in (("startupProbe", "/readyz"), ("readinessProbe", "/readyz"), ("livenessProbe", "/livez")):
    asked = container[probe]["httpGet"]
    expect(asked["path"] == path and asked["port"] in ports, f"{probe} asks {asked}")
expect(by_kind["Service"]["spec"]["ports"][0]["targetPort"] in ports, "the Service leads to no port")

# The part of the compose specification that these files use; an unknown name is a fault.
text, texts = {"type": "string"}, {"type": "array", "items": {"type": "string"}}
table = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}


def closed(properties, required=()):
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


duration = {"type": "string", "pattern": "^[0-9]+(ms|s|m|h)$"}
size = {"type": "string", "pattern": "^[0-9]+[kmg]$"}
service = closed(
    {
        "image": text,
        "build": closed({"context": text, "dockerfile": text}, ["context"]),
        "environment": table,
        "depends_on": {"type": "object", "additionalProperties": closed({"condition": {"const": "service_healthy"}})},
        "secrets": texts,
        "ports": texts,
        "volumes": texts,
        "healthcheck": closed(
            {"test": texts, "interval": duration, "timeout": duration, "retries": {"type": "integer"}}, ["test"]
        ),
        "read_only": {"type": "boolean"},
        "tmpfs": texts,
        "cap_drop": texts,
        "security_opt": texts,
        "stop_grace_period": duration,
        "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
        "mem_limit": size,
        "pids_limit": {"type": "integer"},
    }
)
schema = closed(
    {
        "services": {"type": "object", "additionalProperties": service},
        "secrets": {"type": "object", "additionalProperties": closed({"file": text}, ["file"])},
        "volumes": {"type": "object", "additionalProperties": {"type": ["object", "null"]}},
    },
    ["services"],
)
for file in sorted(Path("deploy").glob("compose.*.yaml")):
    compose = yaml.safe_load(file.read_text())
    for error in jsonschema.Draft202012Validator(schema).iter_errors(compose):
        faults.append(f"{file}: {'/'.join(map(str, error.path))}: {error.message}")
    for name, one in compose["services"].items():
        for secret in one.get("secrets", []):
            expect(secret in compose.get("secrets", {}), f"{file}: {name} has no secret {secret}")
        for other in one.get("depends_on", {}):
            expect("healthcheck" in compose["services"].get(other, {}), f"{file}: {other} is not there or has no health")
        for volume in one.get("volumes", []):
            expect(volume.split(":")[0] in compose.get("volumes", {}), f"{file}: no volume {volume}")
        if "build" in one:
            built = file.parent / one["build"]["context"] / one["build"]["dockerfile"]
            expect(built.exists(), f"{file}: no {built}")

dashboard = json.loads(Path("deploy/grafana/steerco.json").read_text())
ids = [panel["id"] for panel in dashboard["panels"]]
expect(len(ids) == len(set(ids)), "panels share an id")
print("\n".join(faults), end="\n" if faults else "")
sys.exit(bool(faults))
