"""Findings as SARIF 2.1.0, which code hosts and editors show beside the lines.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import hashlib
from collections.abc import Sequence

from rowgate.base.json import Json
from rowgate.base.names import jsonpath
from rowgate.metadata.lint.types import Located, Rule

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(
    found: Sequence[Located], rules: Sequence[Rule], version: str, directory: str
) -> dict[str, Json]:
    """The log of one run. File names stand below `directory`, relative to where it was run; an
    allowed finding is a suppressed result."""
    numbers = {rule.name: number for number, rule in enumerate(rules)}
    driver = {
        "name": "rowgate",
        "semanticVersion": version,
        "rules": [_rule(rule) for rule in rules],
    }
    results = [_result(one, numbers[one.finding.rule.name], directory) for one in found]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> Json:
    return {
        "id": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.fix},
        "defaultConfiguration": {"level": str(rule.severity)},
    }


def _result(one: Located, number: int, directory: str) -> Json:
    rule = one.finding.rule
    uri = f"{directory.rstrip('/')}/{one.file}" if directory not in ("", ".") else one.file
    place = {"artifactLocation": {"uri": uri}, "region": {"startLine": one.line}}
    mark = hashlib.sha256(f"{rule.name} {jsonpath(one.finding.path)}".encode()).hexdigest()
    result = {
        "ruleId": rule.name,
        "ruleIndex": number,
        "level": str(rule.severity),
        "message": {"text": f"{one.finding.message} {rule.why} {rule.fix}"},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"rowgate/v1": mark},
    }
    if one.allowed is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": one.allowed}]
    return result
