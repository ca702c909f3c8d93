#!/usr/bin/env python3
"""Holds what watches the node together: rules, their tests, the runbook, dashboards and docs/metrics.md.

Each metric in a rule or a dashboard is one that docs/metrics.md lists or that Prometheus and the
blackbox exporter make; each alarm has a section in docs/RUNBOOK.md and a test in which it fires and
one in which it is silent. --queries prints every query of the dashboards as a file of rules, for
promtool to parse; with a URL behind it, they and the rules are asked of that Prometheus.
"""

import glob
import json
import re
import sys
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "deploy/observability"
# What Prometheus itself makes, and the blackbox exporter.
FOREIGN = {"up", "ALERTS", "probe_success", "probe_duration_seconds", "probe_ssl_earliest_cert_expiry"}
# What a sound node need not show: it happens when something is set up, or goes wrong.
MAY_BE_EMPTY = re.compile(
    r"ALERTS|probe_|r4_gateway_(redis|store|admin|rate_limited)|r4_otlp|r4_core_refill|r4_core_buffer"
    r'|status=~"5|r4_backup_timestamp_seconds > 0|predict_linear|r4_vrf_key_next_seconds > 0'
)
# What is right to say of a node that a test started: no backup, a certificate for half a day, and a
# disk on which others build.
OF_A_TEST_NODE = {"R4BackupOld", "R4CertificateExpires", "R4DiskFillsSoon", "R4DiskFull"}
WORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset", "and", "or", "unless", "inf", "nan"}


def metrics_of(expression):
    """Names of the metrics in PromQL: what is no word of the language, no function and no label."""
    text = re.sub(r'"(?:[^"\\]|\\.)*"', "", expression)
    text = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", text)
    text = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", text)
    names = re.findall(r"(?<![\w.])[a-zA-Z_:][\w:]*(?!\w*\s*\()", text)
    return {name for name in names if name.lower() not in WORDS}


def listed():
    """Names and types of the metrics in docs/metrics.md."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", (ROOT / "docs/metrics.md").read_text(), re.M)
    return dict(rows)


def alerts():
    """The text of each rule, by its name."""
    parts = re.split(r"^ *- alert: (\w+)$", (HERE / "rules.yml").read_text(), flags=re.M)
    names, bodies = parts[1::2], parts[2::2]
    assert len(set(names)) == len(names), "two alarms have one name"
    return dict(zip(names, bodies))


def expression_of(rule):
    """The expr of a rule, in one line or as a block."""
    one = re.search(r"^ +expr: (?!\|)(.+)$", rule, re.M)
    block = re.search(r"^( +)expr: \|\n((?:\1  .*\n)+)", rule, re.M)
    return one.group(1) if one else block.group(2)


def queries():
    """Every query of the dashboards, with where it stands."""
    found = []
    for file in sorted(glob.glob(str(HERE / "grafana/dashboards/*.json"))):
        board = json.loads(Path(file).read_text())
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                where = f"{Path(file).name}: {panel['title']} {target['refId']}"
                found.append((where, target["expr"].replace("$__rate_interval", "1m")))
    return found


def known(name, documented):
    """Whether a metric is made by somebody; the parts of a histogram belong to it."""
    whole = re.sub(r"_(bucket|sum|count)$", "", name)
    return name in documented or name in FOREIGN or documented.get(whole) == "histogram"


def wrong():
    """Says what does not fit."""
    documented, rules = listed(), alerts()
    used = [(name, expression_of(body)) for name, body in rules.items()] + queries()
    for where, expression in used:
        for name in sorted(metrics_of(expression)):
            if not known(name, documented):
                yield f"{where}: docs/metrics.md does not list {name}"
    watched = set().union(*(metrics_of(expression) for _, expression in used))
    for name, kind in documented.items():
        shown = {name, f"{name}_bucket"} if kind == "histogram" else {name}
        if name.startswith("r4_") and not shown & watched and not re.match(r"r4_(tokio|otlp)_", name):
            yield f"{name} is on no dashboard and in no rule"

    runbook = (ROOT / "docs/RUNBOOK.md").read_text()
    sections = dict(re.findall(r"^### (R4\w+)\n((?:(?!^#).*\n?)*)", runbook, re.M))
    tests = (HERE / "rules_test.yml").read_text()
    for name, body in rules.items():
        if f"runbook: docs/RUNBOOK.md#{name.lower()}\n" not in body:
            yield f"{name}: its annotation `runbook` is not docs/RUNBOOK.md#{name.lower()}"
        severity = re.search(r"labels: \{severity: (critical|warning)\}", body)
        if not severity or "summary:" not in body:
            yield f"{name}: it needs a severity (critical, warning) and a summary"
        elif f"Severity: {severity.group(1)}\n" not in sections.get(name, ""):
            yield f"{name}: docs/RUNBOOK.md does not say `Severity: {severity.group(1)}`"
        for part in ("**Meaning.**", "**First look.**", "**Fix.**"):
            if part not in sections.get(name, ""):
                yield f"{name}: docs/RUNBOOK.md has no section `### {name}` with {part}"
        if not re.search(rf"alertname: {name}\n +eval_time: \w+\n +exp_alerts:\n +- exp_labels", tests):
            yield f"{name}: rules_test.yml has no test in which it fires"
        healthy = tests.split("  - name: ")[1]
        if not re.search(rf"\{{alertname: {name}, eval_time: \w+\}}", healthy):
            yield f"{name}: rules_test.yml does not say that it is silent on a healthy node"
    for name in sections.keys() - rules.keys():
        yield f"docs/RUNBOOK.md has a section {name}, and rules.yml no such alarm"


def as_rules():
    """The queries as recording rules, so that promtool parses them."""
    rules = [{"record": f"query:{number}", "expr": text} for number, (_, text) in enumerate(queries())]
    return json.dumps({"groups": [{"name": "queries", "rules": rules}]})


def ask(base, path, **parameters):
    """An answer of Prometheus."""
    with urllib.request.urlopen(f"{base}{path}?{urllib.parse.urlencode(parameters)}", timeout=20) as answer:
        return json.load(answer)["data"]


def running(base):
    """Says what a running Prometheus does not do: targets, rules, and queries of the dashboards."""
    for target in ask(base, "/api/v1/targets", state="active")["activeTargets"]:
        if target["health"] != "up":
            yield f"target {target['scrapeUrl']}: {target['health']} {target['lastError']}"
    seen, pending = set(), set()
    for group in ask(base, "/api/v1/rules")["groups"]:
        for rule in group["rules"]:
            seen.add(rule["name"])
            if rule["health"] != "ok" or rule.get("lastError"):
                yield f"rule {rule['name']}: {rule['health']} {rule.get('lastError', '')}"
            if rule["state"] != "inactive":
                pending.add(rule["name"])
            if rule["state"] == "firing" or (rule["state"] == "pending" and rule["name"] not in OF_A_TEST_NODE):
                yield f"{rule['name']} is {rule['state']} on a node that is well"
    if seen != alerts().keys():
        yield f"other rules than in rules.yml: {sorted(seen ^ alerts().keys())}"
    answered = empty = 0
    for where, expression in queries():
        result = ask(base, "/api/v1/query", query=expression)["result"]
        answered += bool(result)
        if not result:
            empty += 1
            if not MAY_BE_EMPTY.search(expression):
                yield f"{where}: no data for {expression}"
    print(f"observability.py: {answered} queries with data, {empty} without, {len(seen)} rules evaluated")
    print("observability.py: pending:", *sorted(pending))


def main(arguments):
    """Runs what was asked for."""
    if arguments == ["--queries"]:
        print(as_rules())
        return 0
    problems = list(running(arguments[0]) if arguments else wrong())
    for problem in problems:
        print(f"observability.py: {problem}")
    if not arguments:
        print(f"observability.py: {len(alerts())} alarms, {len(queries())} queries, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
