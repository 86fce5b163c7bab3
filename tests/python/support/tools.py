"""The commands of the binary beside `serve`: `check`, `export`, `generate`."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .server import clean_environment


@dataclass(frozen=True)
class Generated:
    """A generated graph in one format, and what a load of it must count."""

    source: Path
    format: str
    vertices: int
    edges: int
    records: int


@dataclass(frozen=True)
class Checked:
    """What `halimede check` found: counts by data set, and what is wrong."""

    clean: bool
    counts: dict
    text: str

    @property
    def pg(self):
        return self.counts["pg"]

    @property
    def rdf(self):
        return self.counts["rdf"]


class Tool:
    """Runs the binary's commands and reads what they print."""

    def __init__(self, binary):
        self.binary = Path(binary)

    def run(self, *args, env=None, cwd=None, check=True):
        done = subprocess.run(
            [str(self.binary), *map(str, args)], capture_output=True, text=True, stdin=subprocess.DEVNULL,
            env=clean_environment(env), cwd=cwd,
        )
        if check:
            assert done.returncode == 0, f"halimede {args[0]} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done

    def check(self, data=None, endpoint=None):
        """Verifies a data directory or a running server's."""
        place = ("--endpoint", endpoint) if endpoint else ("--data", data)
        done = self.run("check", *place, check=False)
        text = done.stdout + done.stderr
        assert done.returncode in (0, 1), f"halimede check ended with {done.returncode}: {text}"
        return Checked(done.returncode == 0, read_counts(done.stdout), text)

    def export(self, out, dataset, format, data=None, endpoint=None):
        place = ("--endpoint", endpoint) if endpoint else ("--data", data)
        self.run("export", *place, "--dataset", dataset, "--format", format, "--out", out)
        return Path(out)

    def generate(self, out, vertices, edges, format="all", compression="none"):
        self.run("generate", "--vertices", vertices, "--edges", edges, "--out", out, "--format", format,
                 "--compression", compression)
        return Path(out)


def read_counts(text):
    """Reads the table that `check` prints: a heading of column names, then a row for each data set."""
    rows = [re.split(r"\s{2,}", line.strip()) for line in text.splitlines() if line.strip()]
    heading = next((row for row in rows if "quads" in row), None)
    assert heading, f"no table in what check printed: {text!r}"
    counts = {}
    for row in rows[rows.index(heading) + 1:]:
        if row[0] in ("pg", "rdf"):
            counts[row[0]] = {
                name: int(value.replace(",", "")) if value != "-" else None
                for name, value in zip(heading[1:], row[1:], strict=True)
            }
    assert set(counts) == {"pg", "rdf"}, f"check did not print both data sets: {text!r}"
    return counts
