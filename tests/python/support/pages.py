"""The documentation as tests read it: sections, their fenced blocks, and what a person types of a console."""

import re

from .places import ROOT

README = ROOT / "README.md"


def section(heading, page=README):
    """The text below a heading, up to the next of the same or a higher level."""
    level = heading.split(" ")[0]
    text = page.read_text()
    assert f"\n{heading}\n" in text, f"{page.name} has no section {heading!r}"
    kept, fenced = [], False
    for line in text.split(f"\n{heading}\n", 1)[1].splitlines(keepends=True):
        fenced ^= line.startswith("```")
        if not fenced and re.match(rf"#{{1,{len(level)}}} ", line):
            break
        kept.append(line)
    return "".join(kept)


def blocks(text, language):
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands(block):
    """The lines of a console block that a person types, with their continuation lines."""
    return [typed for typed, _ in console(block)]


def console(block):
    """What a person types in a console block, each with what is printed for it."""
    pairs = []
    for line in block.splitlines():
        if line.startswith("$ "):
            pairs.append((line[2:], ""))
        elif pairs:
            typed, printed = pairs[-1]
            if line.startswith(" ") and not printed and typed.count("'") % 2:
                pairs[-1] = (f"{typed}\n{line}", printed)
            else:
                pairs[-1] = (typed, f"{printed}{line}\n")
    return pairs
