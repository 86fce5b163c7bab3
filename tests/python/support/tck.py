"""The openCypher TCK's feature files as Python values: as much of Gherkin as they use, and the notation of their values.

A value is read into the form that clients give (`support.opencypher`), but for nodes and relationships, which the suite
knows by labels, type and properties alone. Moments and durations are compared by what they mean, since each protocol
spells them in its own way.
"""

import re
from dataclasses import dataclass, field


@dataclass
class Step:
    """A line that begins with Given, When, Then, And or But, and what belongs to it."""

    text: str
    doc: str | None = None
    table: list = field(default_factory=list)

    def filled(self, values):
        def fill(text):
            return re.sub(r"<([^<>\n]+)>", lambda found: values.get(found[1], found[0]), text)

        return Step(fill(self.text), self.doc and fill(self.doc), [[fill(cell) for cell in row] for row in self.table])


@dataclass
class Case:
    """A scenario; of an outline, its first example."""

    name: str
    steps: list


def first_cases(folder):
    """The first scenario of each feature file that asks for no procedures."""
    for path in sorted(folder.rglob("*.feature")):
        cases = read(path.stem, path.read_text(encoding="utf-8"))
        kept = (case for case in cases if not any(step.text.startswith("there exists a procedure") for step in case.steps))
        if (case := next(kept, None)) is not None:
            yield case


def read(file, text):
    """The scenarios of a file that are not to be ignored."""
    background, found, ignored = [], [], False
    steps, examples, in_examples = [], [], False
    lines = iter(text.splitlines())
    for line in lines:
        bare = line.strip()
        if bare.startswith("@"):
            ignored |= "@ignore" in bare.split()
        elif bare.startswith("Background:"):
            steps = background
        elif bare.startswith("Scenario"):
            steps, examples, in_examples = [], [], False
            if not ignored:
                found.append((f"{file} {bare.split(':', 1)[1].strip()}", steps, examples))
            ignored = False
        elif bare.startswith("Examples:"):
            in_examples = True
        elif bare.startswith("|"):
            (examples if in_examples else steps[-1].table).append(cells(bare))
        elif bare.startswith('"""'):
            indent, doc = len(line) - len(line.lstrip()), []
            while not (line := next(lines)).strip().startswith('"""'):
                doc.append(line[min(indent, len(line) - len(line.lstrip())):])
            steps[-1].doc = "\n".join(doc)
        elif step := re.match(r"(?:Given|When|Then|And|But) (.*)", bare):
            steps.append(Step(step[1]))
    for name, steps, examples in found:
        values = dict(zip(*examples[:2], strict=True)) if len(examples) > 1 else {}
        yield Case(name, [step.filled(values) for step in background + steps])


def cells(line):
    r"""The cells of a row; `\|`, `\\` and `\n` stand for a bar, a backslash and a line break."""
    escapes = {"\\|": "|", "\\\\": "\\", "\\n": "\n"}
    found = re.findall(r"((?:\\.|[^|\\])*)\|", line[1:])
    return [re.sub(r"\\[|\\n]", lambda escape: escapes[escape[0]], cell).strip() for cell in found]


# --- Values.

TOKEN = re.compile(r"""
    \s*(?: (?P<string>'(?:\\.|[^'\\])*') | `(?P<quoted>[^`]*)` | (?P<arrow><-|->) | (?P<mark>[\[\]{}()<>:,-](?![\dI])|[\[\]{}()<>:,])
    | (?P<word>[+-]?[\w.]+(?:(?<=[eE])[+-]\d+)?) )""", re.VERBOSE)


class Notation:
    """A value of the suite, read."""

    def __init__(self, text):
        self.tokens, at = [], 0
        text = text.rstrip()
        while at < len(text):
            found = TOKEN.match(text, at)
            assert found, f"{text!r} is not understood at {at}"
            self.tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()
        self.at = 0

    def peek(self, ahead=0):
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else (None, None)

    def take(self, *marks):
        kind, text = self.peek()
        if kind in ("mark", "arrow") and text in marks:
            self.at += 1
            return text
        return None

    def expect(self, mark):
        assert self.take(mark), f"{mark} expected at {self.tokens[self.at:]}"

    def name(self):
        self.at += 1
        return self.tokens[self.at - 1][1]

    def value(self):
        match self.peek():
            case ("mark", "{"):
                return self.map()
            case ("mark", "("):
                return self.node()
            case ("mark", "<"):
                return self.path()
            case ("mark", "[") if self.peek(1) == ("mark", ":"):
                return self.relationship()
            case ("mark", "["):
                return self.list()
            case ("string", text):
                self.at += 1
                escapes = {"n": "\n", "t": "\t"}
                return meaning(re.sub(r"\\(.)", lambda found: escapes.get(found[1], found[1]), text[1:-1]))
        return scalar(self.name())

    def list(self):
        self.expect("[")
        found = []
        while not self.take("]"):
            found.append(self.value())
            self.take(",")
        return found

    def map(self):
        found = {}
        if self.take("{"):
            while not self.take("}"):
                key = self.name()
                self.expect(":")
                found[key] = self.value()
                self.take(",")
        return found

    def node(self):
        self.expect("(")
        labels = []
        while self.take(":"):
            labels.append(self.name())
        properties = self.map()
        self.expect(")")
        return {"labels": sorted(labels), "properties": properties}

    def relationship(self):
        self.expect("[")
        self.expect(":")
        found = {"type": self.name(), "properties": self.map()}
        self.expect("]")
        return found

    def path(self):
        self.expect("<")
        found = [self.node()]
        while not self.take(">"):
            arrow = self.take("<-", "-")
            step = self.relationship()
            self.expect("-" if arrow == "<-" else "->")
            found += ["<" if arrow == "<-" else ">", step, self.node()]
        # A node alone shows no more in the service's JSON.
        return {"path": found} if len(found) > 1 else found


def scalar(word):
    match word:
        case "null":
            return None
        case "true" | "false":
            return word == "true"
        case "NaN":
            return "NaN"
        case "Inf" | "-Inf":
            return word.upper()
    return float(word) + 0.0 if re.search(r"[.eE]", word) else int(word)


def expected(text):
    """The value that a cell of the suite means."""
    notation = Notation(text)
    value = notation.value()
    assert notation.at == len(notation.tokens), f"{text!r} has something left"
    return value


def found(value):
    """A value of a client in the same form."""
    match value:
        case [{"~entityType": "node"}, *_] if len(value) % 2 and all(
                isinstance(step, dict) and step.get("~entityType") == ("relationship" if at % 2 else "node")
                for at, step in enumerate(value)) and len(value) > 1:
            shown = [found(value[0])]
            for before, step, after in zip(value[::2], value[1::2], value[2::2], strict=False):
                shown += [">" if (step["~start"], step["~end"]) == (before["~id"], after["~id"]) else "<", found(step), found(after)]
            return {"path": shown}
        case list():
            return [found(each) for each in value]
        case {"~entityType": "node"}:
            return {"labels": sorted(value["~labels"]), "properties": found(value["~properties"])}
        case {"~entityType": "relationship"}:
            return {"type": value["~type"], "properties": found(value["~properties"])}
        case dict():
            return {key: found(each) for key, each in value.items()}
        case float():
            return value + 0.0
        case str():
            return meaning(value)
    return value


CLOCK = r"(\d\d):?(\d\d)(?::?(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:?\d\d(?::\d\d)?)?(?:\[[\w/+-]+\])?"
MOMENT = re.compile(rf"(?:(-?\d{{4,}}-\d\d-\d\d)T)?{CLOCK}")
DURATION = re.compile(
    r"P(?!$)(?:(-?[\d.]+)Y)?(?:(-?[\d.]+)M)?(?:(-?[\d.]+)D)?(?:T(?:(-?[\d.]+)H)?(?:(-?[\d.]+)M)?(?:(-?[\d.]+)S)?)?")


def meaning(text):
    """What a moment or a duration means, whatever its spelling; any other text is itself."""
    if parts := MOMENT.fullmatch(text):
        day, hour, minute, second, fraction, zone = parts.groups()
        nanos = (int(hour) * 60 + int(minute)) * 60 + int(second or 0)
        nanos = nanos * 10**9 + int((fraction or "").ljust(9, "0"))
        if zone is None or day is None:
            return ("moment", day, nanos, zone and offset(zone))
        return ("instant", ordinal(day) * 86_400 * 10**9 + nanos - offset(zone) * 10**9)
    if parts := DURATION.fullmatch(text):
        years, months, days, hours, minutes, seconds = (part or "0" for part in parts.groups())
        whole, _, fraction = seconds.partition(".")
        nanos = (int(hours) * 3600 + int(minutes) * 60) * 10**9
        nanos += (-1 if seconds.startswith("-") else 1) * (abs(int(whole or 0)) * 10**9 + int(fraction.ljust(9, "0")))
        return ("duration", int(years) * 12 + int(months), int(days), nanos)
    return text


def offset(zone):
    if zone == "Z":
        return 0
    digits = [int(part) for part in re.findall(r"\d\d", zone)]
    return (-1 if zone[0] == "-" else 1) * sum(part * unit for part, unit in zip(digits, (3600, 60, 1), strict=False))


def ordinal(day):
    """Days since some day, of any year."""
    year, month, number = (int(part) for part in re.fullmatch(r"(-?\d+)-(\d\d)-(\d\d)", day).groups())
    year -= month < 3
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * ((month - 3) % 12) + 2) // 5 + number
