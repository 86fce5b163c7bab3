"""Ladybug and Kùzu, which share an interface: `columnar.py load|count|ask MODULE DATABASE PERSONS KNOWS`.

`load` copies the two CSV files and ends with everything checkpointed; `count` prints the vertices and the edges; `ask`
reads questions and prints what it found.
"""

import importlib
import sys

import questions

verb, module, database, persons, knows = sys.argv[1:]
engine = importlib.import_module(module)
opened = engine.Database(database)
connection = engine.Connection(opened)
if verb == "load":
    connection.execute(
        "CREATE NODE TABLE Person(id STRING PRIMARY KEY, name STRING, age INT32, score DOUBLE, created DATE)"
    )
    connection.execute("CREATE REL TABLE KNOWS(FROM Person TO Person, id STRING, since DATE, weight DOUBLE)")
    connection.execute(f'COPY Person FROM "{persons}" (HEADER=true)')
    connection.execute(f'COPY KNOWS FROM "{knows}" (HEADER=true)')
    connection.execute("CHECKPOINT")
elif verb == "count":
    for query in ("MATCH (p:Person) RETURN count(*)", "MATCH ()-[k:KNOWS]->() RETURN count(*)"):
        print(connection.execute(query).get_next()[0])
else:

    def ask(text, parameters):
        """All rows, and the milliseconds that the engine says it took to compile and to execute."""
        result = connection.execute(text, parameters)
        rows = []
        while result.has_next():
            rows.append(result.get_next())
        return rows, result.get_compiling_time() + result.get_execution_time()

    questions.run(ask)
connection.close()
opened.close()
