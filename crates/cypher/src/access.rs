//! What a statement may do to the data, seen from its text.
//!
//! It is the union of what its clauses might do, whatever the data, and is asked before anything is run.
//!
//! **Source**: spec/iam.md §2.

use auth::{Access, Accesses};

use crate::tree::{Clause, Query, Statement};

impl Accesses for Statement {
    /// The same whether it is run or explained. Every statement reads: an update says what was there.
    fn accesses(&self) -> Access {
        Access::READ.and(of_query(&self.query))
    }
}

fn of_query(query: &Query) -> Access {
    query.parts.iter().map(|part| of_clauses(&part.clauses)).fold(Access::NONE, Access::and)
}

fn of_clauses(clauses: &[Clause]) -> Access {
    clauses.iter().map(of_clause).fold(Access::NONE, Access::and)
}

fn of_clause(clause: &Clause) -> Access {
    let changes = |write, delete| Access { read: false, write, delete };
    match clause {
        // Subqueries within expressions cannot update: the parser refuses that.
        Clause::Match(_) | Clause::Unwind(_) | Clause::Call(_) | Clause::With(_) | Clause::Return(_) => Access::NONE,
        Clause::Subquery(subquery) => of_query(&subquery.query),
        Clause::Create(_) => changes(true, false),
        Clause::Merge(merge) => changes(true, !merge.actions.is_empty()),
        Clause::Set(_) => changes(true, true),
        Clause::Remove(_) | Clause::Delete(_) => changes(false, true),
        Clause::Foreach(foreach) => of_clauses(&foreach.clauses),
    }
}

#[cfg(test)]
mod tests {
    use auth::{Access, Accesses as _};

    #[test]
    fn rights_follow_from_the_clauses() {
        for (text, writes, deletes) in [
            ("MATCH (n) RETURN n", false, false),
            ("RETURN 1 UNION RETURN 2", false, false),
            ("CALL { MATCH (n) RETURN n } RETURN n", false, false),
            ("CREATE (n)", true, false),
            ("MERGE (n {a: 1})", true, false),
            ("MERGE (n) ON CREATE SET n.a = 1", true, true),
            ("MERGE (n) ON MATCH SET n.a = 1", true, true),
            ("MATCH (n) SET n.a = 1", true, true),
            ("MATCH (n) REMOVE n.a", false, true),
            ("MATCH (n) DETACH DELETE n", false, true),
            ("MATCH (n) CREATE (m) WITH n DELETE n", true, true),
            ("FOREACH (x IN [1] | FOREACH (y IN [x] | CREATE ({a: y})))", true, false),
            ("EXPLAIN CREATE (n)", true, false),
        ] {
            let parsed = crate::parse(text).unwrap();
            let access = parsed.statement.accesses();
            assert_eq!(access, Access { read: true, write: writes, delete: deletes }, "{text}");
            assert_eq!(access.changes(), writes || deletes, "{text}");
        }
    }
}
