#!/usr/bin/env python3
"""Makes projects.csv and reports.csv from NYC_capital_projects_20190901.csv.

    python3 make.py NYC_capital_projects_20190901.csv

Needs the standard library only. The same source gives the same bytes. A source that is not the one
described in README.md stops it: the figures asserted below are what the demo and its tests rely on.
"""

import csv
import re
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path

DESCRIPTION_LIMIT = 200
# The same in every report of a project. The two totals too: they are those of the last report, so they
# belong to the project and must never be read as known on an earlier reporting date.
PROJECT_COLUMNS = {
    "project_id": "PID",
    "name": "Project Name",
    "description": "Description",
    "category": "Category",
    "borough": "Borough",
    "managing_agency": "Managing Agency",
    "client_agency": "Client Agency",
    "total_budget_change": "Total Budget Changes",
    "total_schedule_change_days": "Total Schedule Changes",
}
REPORT_COLUMNS = {
    "project_id": "PID",
    "as_of": "Date Reported As Of",
    "phase": "Current Phase",
    "design_start": "Design Start",
    "budget": "Budget Forecast",
    "completion": "Forecast Completion",
    "budget_change": "Latest Budget Changes",
    "schedule_change_days": "Latest Schedule Changes",
}
DATES = {"as_of", "design_start", "completion"}
AMOUNTS = {"budget", "budget_change", "total_budget_change"}
DAYS = {"schedule_change_days", "total_schedule_change_days"}


def text(value):
    """One line, single spaces, and no apostrophe that a spreadsheet left in front."""
    return " ".join(value.split()).removeprefix("'")


def date(value):
    """YYYY-MM-DD from MM/DD/YYYY, with or without the midnight the source adds."""
    day = value.removesuffix(" 12:00:00 AM")
    return datetime.strptime(day, "%m/%d/%Y").date().isoformat() if day else ""


def figure(value, shape):
    """The text of the source, untouched, once it is known to be a plain number."""
    if value and not re.fullmatch(shape, value):
        raise ValueError(f"not a plain number: {value!r}")
    return value


def clean(column, value):
    if column in DATES:
        return date(value)
    if column in AMOUNTS:
        return figure(value, r"-?\d+(\.\d{1,2})?")
    if column in DAYS:
        return figure(value, r"-?\d+")
    return text(value)


def shortened(value):
    """At most DESCRIPTION_LIMIT characters, cut between words, the cut marked by an ellipsis."""
    if len(value) <= DESCRIPTION_LIMIT:
        return value
    return value[:DESCRIPTION_LIMIT].rsplit(" ", 1)[0].rstrip(" ,;:.-") + "…"


def description(values):
    """The last one given; one without lost characters (U+FFFD) is preferred, however old."""
    given = [value for value in values if value]
    whole = [value for value in given if "\ufffd" not in value]
    return shortened((whole or given or [""])[-1])


def picked(row, columns):
    return {column: clean(column, row[source]) for column, source in columns.items()}


def project(rows):
    versions = [picked(row, PROJECT_COLUMNS) for row in rows]
    found = description([version["description"] for version in versions])
    for version in versions:
        version["description"] = found
    assert all(version == versions[0] for version in versions), f"project {versions[0]['project_id']} changes"
    return versions[0]


def write(name, columns, rows):
    with open(Path(__file__).parent / name, "w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, columns, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def main(source):
    with open(source, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    reports = [picked(row, REPORT_COLUMNS) for row in rows]
    reports.sort(key=lambda report: (int(report["project_id"]), report["as_of"]))
    by_project = {}
    for row in rows:
        by_project.setdefault(int(row["PID"]), []).append(row)
    projects = [project(by_project[number]) for number in sorted(by_project)]

    assert len(projects) == 378
    assert len(reports) == 2259
    assert len({(report["project_id"], report["as_of"]) for report in reports}) == 2259
    assert len({report["as_of"] for report in reports}) == 15
    assert len({found["managing_agency"] for found in projects}) == 12
    last = [Decimal(report["budget"]) for report in reports if report["as_of"] == "2019-09-01" and report["budget"]]
    assert sum(last) == Decimal("31974750591.36"), sum(last)

    write("projects.csv", PROJECT_COLUMNS, projects)
    write("reports.csv", REPORT_COLUMNS, reports)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
