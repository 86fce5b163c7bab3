"""What statistics and summaries must say of a graph, counted from its files in the plainest way."""

import re
from collections import Counter

TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


def _listed(counts):
    """Names with their counts, the most frequent first, then by name."""
    return [{name: count} for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]


def _names(counts):
    return [name for entry in _listed(counts) for name in entry]


def _keys(properties):
    return tuple(sorted({key for key, _, _ in properties}))


def property_graph(graph):
    """The detailed summary and the signature counts of a `PropertyGraph`."""
    leaving = {}
    for start, _, label, _ in graph.edges.values():
        leaving.setdefault(start, set()).add(label)
    labels, node_keys, structures, signatures = Counter(), Counter(), Counter(), Counter()
    for id, (held, properties) in graph.vertices.items():
        keys, outgoing = _keys(properties), tuple(sorted(leaving.get(id, ())))
        labels.update(held)
        node_keys.update(keys)
        structures[keys, outgoing] += 1
        signatures[tuple(sorted(held)), keys, outgoing] += 1
    edge_labels, edge_keys, edge_structures = Counter(), Counter(), Counter()
    for _, _, label, properties in graph.edges.values():
        keys = _keys(properties)
        edge_labels[label] += 1
        edge_keys.update(keys)
        if keys:
            edge_structures[keys] += 1
    summary = {
        "numNodes": len(graph.vertices),
        "numEdges": len(graph.edges),
        "numNodeLabels": len(labels),
        "numEdgeLabels": len(edge_labels),
        "nodeLabels": _names(labels),
        "edgeLabels": _names(edge_labels),
        "numNodeProperties": len(node_keys),
        "numEdgeProperties": len(edge_keys),
        "nodeProperties": _listed(node_keys),
        "edgeProperties": _listed(edge_keys),
        "totalNodePropertyValues": sum(len(properties) for _, properties in graph.vertices.values()),
        "totalEdgePropertyValues": sum(len(properties) for *_, properties in graph.edges.values()),
        "nodeStructures": [
            {"count": count, "nodeProperties": list(keys), "distinctOutgoingEdgeLabels": list(outgoing)}
            for (keys, outgoing), count in sorted(structures.items(), key=lambda item: (-item[1], item[0]))
        ],
        "edgeStructures": [
            {"count": count, "edgeProperties": list(keys)}
            for keys, count in sorted(edge_structures.items(), key=lambda item: (-item[1], item[0]))
        ],
    }
    return summary, {
        "signatureCount": len(signatures) + len(edge_structures),
        "instanceCount": len(graph.vertices) + sum(edge_structures.values()),
        # A key of vertices and edges is one predicate; every vertex has a label.
        "predicateCount": len(node_keys | edge_keys) + len(edge_labels) + 1,
    }


def rdf(lines):
    """The same of the lines of N-Triples or N-Quads files in which objects are written canonically."""
    quads = {re.fullmatch(r"(\S+) <(\S+)> (.+?)( <[^<>]*>)? \.", line).groups() for line in lines}
    predicates = Counter(predicate for _, predicate, _, _ in quads)
    held = {}
    for subject, predicate, _, _ in quads:
        held.setdefault(subject, set()).add(predicate)
    structures = Counter(tuple(sorted(predicates)) for predicates in held.values())
    classes = Counter(o[1:-1] for _, o in {(s, o) for s, p, o, _ in quads if p == TYPE and o.startswith("<")})
    summary = {
        "numDistinctSubjects": len(held),
        "numDistinctPredicates": len(predicates),
        "numQuads": len(quads),
        "numClasses": len(classes),
        "classes": _names(classes),
        "predicates": _listed(predicates),
        "subjectStructures": [
            {"count": count, "predicates": list(names)}
            for names, count in sorted(structures.items(), key=lambda item: (-item[1], item[0]))
        ],
    }
    return summary, {
        "signatureCount": len(structures), "instanceCount": len(held), "predicateCount": len(predicates),
    }
