"""Imports a schedule into a demo, exports it again, and has libraries of others read what came out."""

import csv
import io
import json
import os
import sys
import time
import urllib.request

BASE, FOLDER = os.environ["BASE"], sys.argv[1]

SCHEDULE = """<?xml version="1.0" encoding="UTF-8"?>
<Project xmlns="http://schemas.microsoft.com/project"><Title>School</Title><CurrencyCode>EUR</CurrencyCode>
<MinutesPerDay>480</MinutesPerDay><Tasks>
<Task><UID>1</UID><Name>Foundations &amp; floor</Name><WBS>1</WBS><Start>2026-03-02T08:00:00</Start>
<Finish>2026-03-03T17:00:00</Finish><Duration>PT16H0M0S</Duration><PercentComplete>25</PercentComplete><Work>PT24H0M0S</Work><ActualWork>PT6H0M0S</ActualWork><Cost>150000</Cost>
<Baseline><Number>0</Number><Start>2026-03-02T08:00:00</Start><Finish>2026-03-03T17:00:00</Finish>
<Duration>PT16H0M0S</Duration><Cost>100000</Cost></Baseline></Task>
<Task><UID>2</UID><Name>Walls</Name><WBS>2</WBS><Start>2026-03-05T08:00:00</Start><Finish>2026-03-06T17:00:00</Finish>
<Duration>PT16H0M0S</Duration><PredecessorLink><PredecessorUID>1</PredecessorUID><Type>1</Type><LinkLag>4800</LinkLag>
<LagFormat>7</LagFormat></PredecessorLink></Task>
<Task><UID>3</UID><Name>Handover</Name><WBS>3</WBS><Milestone>1</Milestone><Start>2026-03-09T17:00:00</Start>
<Finish>2026-03-09T17:00:00</Finish><Duration>PT0H0M0S</Duration><PredecessorLink><PredecessorUID>2</PredecessorUID>
<Type>3</Type><LinkLag>0</LinkLag><LagFormat>7</LagFormat></PredecessorLink></Task>
<Task><UID>4</UID><Name>Curing</Name><WBS>4</WBS><Start>2026-03-06T14:30:00</Start><Finish>2026-03-09T02:00:00</Finish>
<Duration>PT59H30M0S</Duration><DurationFormat>8</DurationFormat></Task></Tasks></Project>"""


def call(method, path, body=None, media="application/json", token="DIRECTOR"):
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {os.environ[token]}", "Content-Type": media}
    with urllib.request.urlopen(urllib.request.Request(BASE + path, data, headers, method=method)) as answer:
        return answer.read()


def ask(*args, **more):
    return json.loads(call(*args, **more))


def workbook():
    import openpyxl

    path = f"{FOLDER}/projects.xlsx"
    with open(path, "wb") as file:
        file.write(call("GET", "/v1/projects/export?format=xlsx&order_by=code"))
    sheet = openpyxl.load_workbook(path).active
    rows = list(csv.DictReader(io.StringIO(call("GET", "/v1/projects/export?format=csv&order_by=code").decode())))
    names = [cell.value for cell in sheet[1]]
    assert sheet.freeze_panes == "A2", sheet.freeze_panes
    assert sheet.max_row == len(rows) + 1, (sheet.max_row, len(rows))
    cost, begun = names.index("forecast_cost.amount"), names.index("created_at")
    for cells, row in zip(sheet.iter_rows(min_row=2), rows, strict=True):
        assert all(cell.data_type != "f" for cell in cells)
        assert cells[names.index("code")].value == row["code"]
        assert cells[begun].is_date
        if row["forecast_cost.amount"]:
            assert abs(cells[cost].value - float(row["forecast_cost.amount"])) < 1e-4, row
    print(f"openpyxl reads {len(rows)} projects as the CSV file has them")


def schedule():
    program = ask("GET", "/v1/programs?page_size=1")["items"][0]["id"]
    project = ask("POST", "/v1/projects", {"program_id": program, "code": "ci-school", "name": "School"})["id"]
    job = {"name": "school.xml", "format": "mspdi", "source": "nyc", "project_id": project}
    job = ask("POST", "/v1/import-jobs", job)["id"]
    call("PUT", f"/v1/import-jobs/{job}/content", SCHEDULE.encode(), media="application/octet-stream")
    call("POST", f"/v1/import-jobs/{job}/apply", {})
    while (told := ask("GET", f"/v1/import-jobs/{job}"))["state"] == "applying":
        time.sleep(0.1)
    assert told["state"] == "applied" and told["counts"]["refused"] == 0, told
    path = f"{FOLDER}/school.xml"
    with open(path, "wb") as file:
        file.write(call("GET", f"/v1/projects/{project}/schedule"))
    return path


def read_by_mpxj(path):
    import jpype
    import mpxj  # noqa: F401  (puts its jars where Java finds them)

    jpype.startJVM()
    from org.mpxj.reader import UniversalProjectReader

    project = UniversalProjectReader().read(path)
    tasks = {str(task.getName()): task for task in project.getTasks() if task.getName() is not None}
    first, walls, end = tasks["Foundations & floor"], tasks["Walls"], tasks["Handover"]
    assert [int(task.getUniqueID()) for task in (first, walls, end)] == [1, 2, 3]
    assert str(first.getStart()).startswith("2026-03-02T08:00"), first.getStart()
    assert str(walls.getFinish()).startswith("2026-03-06T17:00"), walls.getFinish()
    assert str(first.getDuration()) in ("16.0h", "2.0d"), first.getDuration()
    assert float(first.getPercentageComplete().doubleValue()) == 25.0
    assert float(first.getCost().doubleValue()) == 1500.0, first.getCost()
    assert float(first.getBaselineCost().doubleValue()) == 1000.0
    assert end.getMilestone()
    work = [str(value) for value in (first.getWork(), first.getActualWork(), first.getRemainingWork())]
    assert work in (["24.0h", "6.0h", "18.0h"], ["3.0d", "0.75d", "2.25d"]), work
    curing = tasks["Curing"]
    assert str(curing.getStart()).startswith("2026-03-06T14:30"), curing.getStart()
    assert str(curing.getFinish()).startswith("2026-03-09T02:00"), curing.getFinish()
    assert str(curing.getDuration().getUnits()).startswith("e"), curing.getDuration()
    links = [(str(r.getType()), str(r.getLag())) for task in (walls, end) for r in task.getPredecessors()]
    assert [kind for kind, _ in links] == ["FS", "SS"], links
    assert links[0][1] in ("1.0d", "8.0h"), links
    print("MPXJ reads the schedule: dates and times, durations, work, costs, baseline and links")


def calendar():
    import datetime

    import icalendar

    program = ask("GET", "/v1/programs?page_size=1")["items"][0]["id"]
    deliverable = ask("POST", "/v1/deliverables", {"program_id": program, "title": "Roof"})["id"]
    milestone = {"deliverable_id": deliverable, "title": "Roof, closed; dry", "planned_on": "2026-03-01"}
    milestone = ask("POST", "/v1/milestones", milestone)["id"]
    feed = ask("POST", "/v1/calendar-feeds", {"name": "Milestones"})["id"]
    address = ask("POST", f"/v1/calendar-feeds/{feed}/issue-address", {})["address"]
    with urllib.request.urlopen(BASE + address[address.index("/calendars/") :]) as answer:
        events = icalendar.Calendar.from_ical(answer.read()).walk("VEVENT")
    event = next(event for event in events if event["UID"] == f"{milestone}@steerco")
    assert str(event["SUMMARY"]) == "Roof, closed; dry", event["SUMMARY"]
    assert event.decoded("DTSTART") == datetime.date(2026, 3, 1) and int(event["SEQUENCE"]) == 0
    print("icalendar reads the milestones")


workbook()
calendar()
read_by_mpxj(schedule())
