//! What a statement may do to the data, seen from its text.
//!
//! It is the union of what its clauses might do, whatever the data, and is asked before anything is run.
//!
//! **Source**: spec/iam.md §2.

use crate::tree::{Clause, Query, Statement};

/// The rights that a statement needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// It reads. Every statement does: an update says what was there.
    pub reads: bool,
    /// It may add.
    pub writes: bool,
    /// It may take away or replace.
    pub deletes: bool,
}

impl Access {
    /// Of a statement that is run or explained: explaining needs the same.
    pub fn of(statement: &Statement) -> Self {
        let mut access = Self { reads: true, writes: false, deletes: false };
        access.query(&statement.query);
        access
    }

    /// Whether it may change the graph.
    pub const fn is_update(self) -> bool {
        self.writes || self.deletes
    }

    fn query(&mut self, query: &Query) {
        for part in &query.parts {
            self.clauses(&part.clauses);
        }
    }

    fn clauses(&mut self, clauses: &[Clause]) {
        for clause in clauses {
            match clause {
                // Subqueries within expressions cannot update: the parser refuses that.
                Clause::Match(_) | Clause::Unwind(_) | Clause::Call(_) | Clause::With(_) | Clause::Return(_) => {}
                Clause::Subquery(subquery) => self.query(&subquery.query),
                Clause::Create(_) => self.writes = true,
                Clause::Merge(merge) => {
                    self.writes = true;
                    self.deletes |= !merge.actions.is_empty();
                }
                Clause::Set(_) => {
                    self.writes = true;
                    self.deletes = true;
                }
                Clause::Remove(_) | Clause::Delete(_) => self.deletes = true,
                Clause::Foreach(foreach) => self.clauses(&foreach.clauses),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Access;

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
            let access = Access::of(&parsed.statement);
            assert_eq!(access, Access { reads: true, writes, deletes }, "{text}");
            assert_eq!(access.is_update(), writes || deletes, "{text}");
        }
    }
}
