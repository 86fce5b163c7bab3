"""Oxigraph, in this process: `oxigraph.py DATABASE` reads questions and prints what it found.

Results are written as JSON by Oxigraph itself, as ours are, so that no time goes into making Python objects of them.
"""

import json
import sys

import pyoxigraph
import questions

(database,) = sys.argv[1:]
store = pyoxigraph.Store.read_only(database)


def ask(text, parameters):
    """The answer as text."""
    return store.query(questions.insert(text, parameters)).serialize(format=pyoxigraph.QueryResultsFormat.JSON), None


def rows(answer):
    """The rows of an answer, in SPARQL's JSON."""
    answer = json.loads(answer)
    names = answer["head"]["vars"]
    return [[row[name]["value"] for name in names] for row in answer["results"]["bindings"]]


questions.run(ask, rows)
