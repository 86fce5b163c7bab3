"""Property graphs and RDF graphs as plain Python values, read from files, to compare what went in with what came out."""

import bz2
import csv
import gzip
import re
from collections import defaultdict
from pathlib import Path


def open_text(path):
    """Opens a file by what its name says of compression."""
    name = str(path)
    opener = gzip.open if name.endswith(".gz") else bz2.open if name.endswith(".bz2") else open
    return opener(path, "rt", encoding="utf-8", newline="")


class PropertyGraph:
    """Vertices and edges by id.

    A vertex is `(labels, properties)`, an edge `(from, to, label, properties)`; properties are sets of `(key, type, text)`.
    """

    def __init__(self):
        self.vertices = defaultdict(lambda: (set(), set()))
        self.edges = {}

    @classmethod
    def of_gremlin_csv(cls, *places):
        """Reads Gremlin CSV files, or all that lie below a directory."""
        graph = cls()
        paths = [path for place in map(Path, places) for path in (sorted(place.rglob("*")) if place.is_dir() else [place])]
        for path in paths:
            if path.is_file():
                with open_text(path) as text:
                    graph._read(csv.reader(text))
        return graph

    def _read(self, rows):
        heading = next(rows, None)
        if heading is None:
            return
        columns = [_Column(cell.strip()) for cell in heading]
        names = [column.name for column in columns]
        for row in rows:
            if not row:
                continue
            cells = dict(zip(names, row, strict=False))
            properties = {
                (column.key, column.type, part)
                for column, cell in zip(columns, row, strict=False)
                if column.key is not None and cell != ""
                for part in column.parts(cell)
            }
            if "~from" in names:
                label = cells.get("~label") or "edge"
                self.edges[cells["~id"]] = (cells["~from"], cells["~to"], label, frozenset(properties))
            else:
                labels, held = self.vertices[cells["~id"]]
                labels.update(label for label in re.split(r"(?<!\\);", cells.get("~label", "")) if label)
                held.update(properties)

    def __eq__(self, other):
        return self.plain() == other.plain()

    def plain(self):
        """The whole graph as comparable values, numbers and dates in one spelling."""
        def held(properties):
            return frozenset((key, type, _canonical(type, text)) for key, type, text in properties)

        vertices = {id: (frozenset(labels - {"vertex"}), held(properties)) for id, (labels, properties) in self.vertices.items()}
        edges = {id: (start, end, label, held(properties)) for id, (start, end, label, properties) in self.edges.items()}
        return vertices, edges


class _Column:
    def __init__(self, heading):
        self.name, self.key, self.type, self.many = heading, None, None, False
        if heading.startswith("~"):
            return
        name, colon, type = re.fullmatch(r"((?:\\:|[^:])*)(:?)(.*)", heading).groups()
        self.key = name.replace("\\:", ":")
        type = type.lower() if colon else "string"
        self.many = type.endswith("[]")
        type = re.sub(r"\[\]|\(\w+\)", "", type)
        self.type = {"bool": "boolean", "int": "integer", "datetime": "date"}.get(type, type)

    def parts(self, cell):
        if not self.many:
            return [cell]
        return [part.replace("\\;", ";") for part in re.split(r"(?<!\\);", cell) if part != ""]


def _canonical(type, text):
    match type:
        case "byte" | "short" | "integer" | "long":
            return int(text)
        case "float" | "double":
            return float(text)
        case "boolean":
            return text.strip().lower() == "true"
        case "date":
            return _instant(text)
        case _:
            return text


def _instant(text):
    """A date of one of the loader's layouts, as a whole instant in UTC."""
    found = re.fullmatch(r"(-?\d{4,}-\d\d-\d\d)(?:T(\d\d:\d\d)(?::(\d\d))?(?:\.(\d+))?Z?)?", text.strip())
    assert found, f"not a date: {text!r}"
    day, minute, second, fraction = found.groups()
    return f"{day}T{minute or '00:00'}:{second or '00'}.{(fraction or '').ljust(3, '0')[:3]}"


def statements(*places):
    """The lines of N-Triples or N-Quads files as a set, without blank lines and comments."""
    found = set()
    for place in map(Path, places):
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file():
                with open_text(path) as text:
                    found.update(line.strip() for line in text if line.strip() and not line.startswith("#"))
    return found


DEFAULT_GRAPH = "http://aws.amazon.com/neptune/vocab/v01/DefaultNamedGraph"
