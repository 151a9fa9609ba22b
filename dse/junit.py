"""Outcomes of a regression as JUnit XML, which build servers read: a test case for each design."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

from dse.regression import Outcome

ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML may hold."""


def junit(outcomes: Sequence[Outcome], properties: Mapping[str, str]) -> str:
    """The file's text.

    Parameters
    ----------
    outcomes : sequence of Outcome
    properties : mapping of str to str
        What else there is to know of the run.
    """
    failed = sum(bool(outcome.verdict) and not outcome.passed for outcome in outcomes)
    counts = {"tests": len(outcomes), "failures": failed, "errors": sum(not outcome.verdict for outcome in outcomes)}
    seconds = sum(outcome.seconds or 0.0 for outcome in outcomes)
    totals = {**{name: str(count) for name, count in counts.items()}, "time": f"{seconds:.3f}"}
    root = ElementTree.Element("testsuites", totals)
    suite = ElementTree.SubElement(root, "testsuite", {"name": "macsmith regress", **totals})
    listed = ElementTree.SubElement(suite, "properties")
    for name, value in properties.items():
        ElementTree.SubElement(listed, "property", {"name": name, "value": _legal(value)})
    for outcome in outcomes:
        _add(suite, outcome)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _add(suite: ElementTree.Element, outcome: Outcome) -> None:
    known = {} if outcome.seconds is None else {"time": f"{outcome.seconds:.3f}"}
    called = {"classname": f"macsmith.{outcome.case.spec.unit}", "name": str(outcome.case)}
    case = ElementTree.SubElement(suite, "testcase", {**called, **known})
    if outcome.passed:
        return
    kind = "failure" if outcome.verdict else "error"
    found = ElementTree.SubElement(case, kind, {"message": _legal(outcome.failures[0][0])})
    found.text = _legal("\n".join(f"{line}\nalone: {command}" for line, command in outcome.failures))


def _legal(text: str) -> str:
    return ILLEGAL.sub("?", text)
