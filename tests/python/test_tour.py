"""The tour of openCypher: each command of the page is run and prints what the page shows, which is what plain Python finds in
the CSV files."""

import csv
import json
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict

import pytest

from support.pages import blocks, console, section
from support.places import ROOT
from support.server import clean_environment

TOUR = ROOT / "docs" / "tour.md"
FILES = ("air-routes-latest-nodes.csv", "air-routes-latest-edges.csv")


class Air:
    """The air routes, read from their files."""

    def __init__(self, folder):
        nodes, edges = (list(csv.DictReader((folder / name).open(newline="", encoding="utf-8"))) for name in FILES)
        self.nodes = {row["~id"]: {key.split(":")[0]: value for key, value in row.items()} for row in nodes}
        self.airports = {node["code"]: node for node in self.nodes.values() if node["~label"] == "airport"}
        self.routes, self.contains = defaultdict(dict), defaultdict(list)
        for row in edges:
            one, other = self.nodes[row["~from"]], self.nodes[row["~to"]]
            if row["~label"] == "route":
                self.routes[one["code"]][other["code"]] = int(row["dist:int"])
            elif one["~label"] == "country":
                self.contains[one["desc"]].append(other["code"])

    def city(self, code):
        return self.airports[code]["city"]

    def within(self, code, hops):
        """The airports at the ends of so many routes."""
        found, front = set(), {code}
        for _ in range(hops):
            front = {other for one in front for other in self.routes[one]} - found
            found |= front
        return found

    def shortest(self, code, goal):
        """All ways with the fewest flights."""
        ways = [[code]]
        while not (ended := [way for way in ways if way[-1] == goal]):
            seen = {stop for way in ways for stop in way}
            ways = [[*way, stop] for way in ways for stop in self.routes[way[-1]] if stop not in seen]
        return ended


def stops(air):
    return sorted(
        ((one, via, other, first + second)
         for one in air.airports if air.city(one) == "Reykjavik"
         for via, first in air.routes[one].items()
         for other, second in air.routes[via].items() if air.city(other) == "Nashville"),
        key=lambda row: (row[3], row[1]))


def regions(air):
    found = defaultdict(list)
    for code, airport in air.airports.items():
        if airport["country"] == "NO":
            found[airport["region"]].append((len(air.routes[code]), int(airport["elev"])))
    rows = [(region, len(each), sum(routes for routes, _ in each), max(elev for _, elev in each)) for region, each in found.items()]
    return sorted(rows, key=lambda row: (-row[2], row[0]))


def pairs(air):
    return sorted(
        ((one, other, miles) for one, others in air.routes.items() for other, miles in others.items() if one < other),
        key=lambda row: (-row[2], row[0]))


#: What each section's queries give, by Python.
ANSWERS = {
    "## 1. How many airports are there?": lambda air: [[(len(air.airports),)]],
    "## 2. What is known of one of them?": lambda air: [
        [tuple(air.airports["KEF"][key] for key in ("city", "desc", "runways", "elev"))]],
    "## 3. Where can I fly from there?": lambda air: [
        sorted(((code, air.city(code), miles) for code, miles in air.routes["KEF"].items()), key=lambda row: (row[2], row[0]))[:5]],
    "## 4. Which countries have the most airports?": lambda air: [
        sorted(Counter({country: len(codes) for country, codes in air.contains.items()}).items(),
               key=lambda row: (-row[1], row[0]))[:5]],
    "## 5. Which routes are the longest?": lambda air: [pairs(air)[:5]],
    "## 6. How do I get from Reykjavik to Nashville with one stop?": lambda air: [stops(air)[:5]],
    "## 7. How much of the world is three flights away?": lambda air: [[(len(air.within("LYR", 3)),)]],
    "## 8. What are the shortest ways, by number of flights?": lambda air: [
        [(json.dumps(way, separators=(",", ":")), len(way) - 1) for way in sorted(air.shortest("LYR", "AUS"))[:5]]],
    "## 9. What does a whole country look like?": lambda air: [regions(air)[:5]],
    "## 10. How do I change something, and back?": lambda air: [
        [("LYR", "KEF", 1165, "true")],
        sorted([("KEF", "true"), *((code, "") for code in air.routes["LYR"])]),
        [],
        [(len(air.routes["LYR"]), "")],
    ],
}


def rows(printed):
    """The rows of a table as it is printed: the dashes below the heading say where columns begin."""
    *lines, count = printed.strip().splitlines()
    found = []
    if lines:
        begins = [dashes.start() for dashes in re.finditer("-+", lines[1])]
        ends = [*begins[1:], None]
        found = [tuple(line[begin:end].strip() for begin, end in zip(begins, ends, strict=True)) for line in lines[2:] if line]
    assert re.fullmatch(rf"{len(found)} rows?", count), printed
    return found


@pytest.fixture(scope="module")
def desk(binary, shared, tmp_path_factory):
    """A folder in which a person takes the tour, with the data where the page wants it, loaded."""
    folder = tmp_path_factory.mktemp("tour")
    (folder / "air-routes").mkdir()
    for name in FILES:
        shutil.copy(shared / "data" / "air-routes" / name, folder / "air-routes")
    (folder / "halimede").symlink_to(binary)
    [(typed, printed)] = console(blocks(TOUR.read_text(), "console")[0])
    shown = shell(folder, typed)
    assert "LOAD_COMPLETED" in shown
    for name in ("records", "duplicates", "errors"):
        line = re.compile(rf"^ +{name} .*$", re.MULTILINE)
        assert line.search(shown)[0] == line.search(printed)[0]
    return folder


def shell(folder, script):
    done = subprocess.run(
        ["bash", "-c", f"shopt -s expand_aliases\nalias halimede=./halimede\n{script}"], cwd=folder,
        capture_output=True, text=True, stdin=subprocess.DEVNULL, env=clean_environment())
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_every_question_of_the_page_is_known_here():
    assert re.findall(r"^## \d+\. .*$", TOUR.read_text(), re.MULTILINE) == list(ANSWERS)


@pytest.mark.parametrize("heading", ANSWERS, ids=lambda heading: heading.split(".")[0][3:])
def test_a_question_of_the_tour(heading, desk):
    typed = [pair for block in blocks(section(heading, TOUR), "console") for pair in console(block)]
    answers = ANSWERS[heading](Air(desk / "air-routes"))
    for (command, printed), expected in zip(typed, answers, strict=True):
        shown = "".join(f"{line.rstrip()}\n" for line in shell(desk, command).splitlines())
        assert shown.strip() == printed.strip()
        assert rows(shown) == [tuple(map(str, row)) for row in expected]


def test_the_same_from_programs(desk, make_server):
    air, text = Air(desk / "air-routes"), section("## The same from programs", TOUR)
    [curl], [driver, boto3] = blocks(text, "sh"), blocks(text, "python")
    with make_server(data=desk / "halimede-data") as server:
        here = f"127.0.0.1:{server.port}"
        assert json.loads(shell(desk, curl.replace("127.0.0.1:8182", here))) == {"results": [{"city": "Reykjavik"}]}

        def python(script):
            done = subprocess.run(
                [sys.executable, "-c", script.replace("127.0.0.1:8182", here)], capture_output=True, text=True,
                stdin=subprocess.DEVNULL, env=clean_environment())
            assert done.returncode == 0, done.stderr
            return done.stdout

        nearest = sorted((miles, air.city(code)) for code, miles in air.routes["KEF"].items())[:3]
        assert python(driver) == "".join(f"{city} {miles}\n" for miles, city in nearest)
        norway = sum(airport["country"] == "NO" for airport in air.airports.values())
        assert python(boto3) == f"{[{'airports': norway}]}\n"
