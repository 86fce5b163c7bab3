"""Puts questions to a peer: reads them as JSON from the standard input, writes medians and answers to the output."""

import json
import statistics
import sys
import time

# A question over the whole graph is asked so many times more often than one is for each id.
WHOLE = 3


def iri(key):
    """What a vertex is called in RDF."""
    return f"http://example.org/{key}"


def insert(text, parameters):
    """A question in SPARQL, which has no parameters by itself, with the IRIs of what it is about."""
    for name, key in parameters.items():
        text = text.replace(f"${name}", f"<{iri(key)}>")
    return text


def run(ask, rows=lambda answer: answer):
    """`ask(text, parameters)` gives the answer and, if it can, the milliseconds that the peer says it took; `rows(answer)`
    makes lists of values of it.

    Each question is asked for each id, or once. The first pass warms and gives the answers, the others are measured. Of
    the peer's own time and the one from outside the smaller counts, so that Python's share is not held against it.
    """
    asked = json.load(sys.stdin)
    found = []
    for question in asked["questions"]:
        by_id = question["byId"]
        each = [{"id": key} for key in asked["ids"]] if by_id else [{}]
        answers = [rows(ask(question["text"], parameters)[0]) for parameters in each]
        outside, inside = [], []
        for _ in range(asked["passes"] * (1 if by_id else WHOLE)):
            for parameters in each:
                begun = time.perf_counter()
                _, said = ask(question["text"], parameters)
                outside.append((time.perf_counter() - begun) * 1e3)
                inside.append(outside[-1] if said is None else said)
        outside, inside = statistics.median(outside), statistics.median(inside)
        found.append(
            {"name": question["name"], "median": min(outside, inside), "outside": outside, "inside": inside, "answers": answers}
        )
    json.dump({"questions": found}, sys.stdout)
