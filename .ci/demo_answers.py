"""Runs each command of the page that the demo printed and checks what it answers."""

import json
import subprocess
import sys

page = open(sys.argv[1], encoding="utf-8").read().splitlines()
tokens = [line for line in page if "=" in line and line.split("=")[0].isupper()]
commands = [line for line in page if line.startswith(("curl ", "npx "))]


def run(command):
    script = "\n".join([*tokens, command])
    answer = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, timeout=120)
    if answer.returncode != 0:
        sys.exit(f"exit {answer.returncode}: {command}\n{answer.stderr}")
    return json.loads(answer.stdout)


def check(holds, command, answer):
    if not holds:
        sys.exit(f"not the answer that was announced: {command}\n{json.dumps(answer, indent=2)[:2000]}")
    print("ok ", command[:150])


def costs(items, money):
    return [float(item[money]["amount"]) for item in items]


def dearest(answer):
    items = answer["items"]
    found = costs(items, "forecast_cost")
    return len(items) == 3 and found == sorted(found, reverse=True) and set(items[0]) >= {"code", "name", "forecast_cost"}


def then(answer):
    return answer["forecast_cost"] and answer["code"]


def threats(answer):
    found = costs(answer["items"], "expected_monetary_value")
    return found and found == sorted(found, reverse=True) and all(float(i["probability"]) >= 0.5 for i in answer["items"])


def financials(answer):
    total = answer["totals"][0]
    left = round(float(total["approved"]) - float(total["accrued"]) - float(total["actual"]), 4)
    groups = sum(float(group["totals"][0]["approved"]) for group in answer["groups"])
    ahead = round(float(total["approved"]) - float(total["forecast"]), 4)
    if float(total["variance"]) != ahead or answer["programs_without_forecast"] != 0:
        return False
    # What was accepted of two vendors, and not invoiced.
    if float(total["accrued"]) != 0.3 * 0.55 * 25_000_000 + 0.3 * 1_800_000:
        return False
    return answer["complete"] and float(total["available"]) == left > 0 and groups == float(total["approved"])


CHECKS = [
    dearest,
    then,
    then,
    threats,
    financials,
    lambda answer: answer["category"] == "schedule",
    lambda answer: len(answer["events"]) == 2,
    lambda answer: answer["code"] == "PERMISSION_DENIED",
    lambda answer: len(answer["items"]) == 1 and "private_notes" not in answer["items"][0],
    lambda answer: len(answer["projects"]) == 3,
]

if len(commands) != len(CHECKS):
    sys.exit(f"{len(commands)} commands are printed, {len(CHECKS)} are checked")
answers = [run(command) for command in commands]
for holds, command, answer in zip(CHECKS, commands, answers):
    check(holds(answer), command, answer)

names = [[item["code"] for item in found] for found in (answers[0]["items"], answers[-1]["projects"])]
check(names[0] == names[1], "REST and gRPC list the same", names)
check(answers[1]["forecast_cost"] != answers[2]["forecast_cost"], "what was known then differs from now", answers[1:3])
again = run(commands[5])
check(again["revision"] == answers[5]["revision"], "the second call changes nothing", again)
