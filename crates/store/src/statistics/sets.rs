//! Distinct sets of predicates and how many subjects have each: a tree, in which a sorted set is a path from a root.
//!
//! Each step of a subject is one look-up in a table; a set that was met before takes no memory. Sets of nodes and of edges
//! begin at different roots.

use model::TermId;
use rustc_hash::FxHashMap;

use super::Limits;

/// A place in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(u32);

/// Where a set begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    /// Sets of vertices, and of subjects in RDF.
    Node,
    /// Sets of edges.
    Edge,
}

impl Root {
    pub(super) const fn place(self) -> Place {
        Place(self as u32)
    }
}

/// The roots lead to themselves.
#[derive(Debug)]
struct Branch {
    parent: u32,
    /// The last member of the sets that end here.
    member: TermId,
    /// How many members they have.
    depth: u32,
    /// Subjects whose set ends here.
    subjects: u64,
}

/// A set and how many subjects have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Set {
    pub(super) root: Root,
    /// In the order in which they were met.
    pub(super) members: Vec<TermId>,
    pub(super) subjects: u64,
}

/// See the module. Beyond its bounds it gives up, for good.
#[derive(Debug)]
pub(super) struct Sets {
    branches: Vec<Branch>,
    steps: FxHashMap<(u32, TermId), u32>,
    /// Distinct sets.
    distinct: usize,
    /// Members of all sets together.
    members: usize,
    limits: Limits,
    full: bool,
}

impl Sets {
    pub(super) fn new(limits: Limits) -> Self {
        let root = |root: Root| Branch { parent: root as u32, member: TermId::MIN, depth: 0, subjects: 0 };
        let branches = vec![root(Root::Node), root(Root::Edge)];
        Self { branches, steps: FxHashMap::default(), distinct: 0, members: 0, limits, full: false }
    }

    /// The place of the set with one member more. Members must come in the same order for equal sets.
    pub(super) fn step(&mut self, from: Place, member: TermId) -> Place {
        if self.full {
            return from;
        }
        let next = self.branches.len() as u32;
        let to = *self.steps.entry((from.0, member)).or_insert(next);
        if to == next {
            if self.branches.len() > self.limits.names {
                self.give_up();
                return from;
            }
            let depth = self.branches[from.0 as usize].depth + 1;
            self.branches.push(Branch { parent: from.0, member, depth, subjects: 0 });
        }
        Place(to)
    }

    /// A subject's set ends here.
    pub(super) fn end(&mut self, at: Place) {
        if self.full {
            return;
        }
        let branch = &mut self.branches[at.0 as usize];
        branch.subjects += 1;
        if branch.subjects == 1 {
            self.distinct += 1;
            self.members += branch.depth as usize;
            if self.distinct > self.limits.sets || self.members > self.limits.names {
                self.give_up();
            }
        }
    }

    fn give_up(&mut self) {
        self.full = true;
        self.branches = Vec::new();
        self.steps = FxHashMap::default();
    }

    /// All sets, in no order; `None` if there were too many.
    pub(super) fn all(&self) -> Option<impl Iterator<Item = Set> + '_> {
        let ends = self.branches.iter().enumerate().filter(|(_, branch)| branch.subjects > 0);
        (!self.full).then(|| ends.map(|(at, branch)| self.set(at, branch.subjects)))
    }

    fn set(&self, mut at: usize, subjects: u64) -> Set {
        let mut members = Vec::with_capacity(self.branches[at].depth as usize);
        while self.branches[at].depth > 0 {
            members.push(self.branches[at].member);
            at = self.branches[at].parent as usize;
        }
        members.reverse();
        let root = if at == Root::Edge as usize { Root::Edge } else { Root::Node };
        Set { root, members, subjects }
    }
}

#[cfg(test)]
mod tests {
    use model::Tag;

    use super::*;

    fn walk(sets: &mut Sets, root: Root, members: &[u128]) {
        let mut at = root.place();
        for member in members {
            at = sets.step(at, TermId::new(Tag::KeyInline, *member));
        }
        sets.end(at);
    }

    fn found(sets: &Sets) -> Option<Vec<(Root, Vec<u128>, u64)>> {
        let shown = |set: Set| {
            let members = set.members.iter().map(|member| member.payload()).collect();
            (set.root, members, set.subjects)
        };
        let mut found: Vec<_> = sets.all()?.map(shown).collect();
        found.sort_by(|a, b| (a.0 as u32, &a.1).cmp(&(b.0 as u32, &b.1)));
        Some(found)
    }

    #[test]
    fn equal_sets_are_one_and_a_beginning_is_another() {
        let mut sets = Sets::new(Limits { sets: 10, names: 20 });
        for (root, members) in [
            (Root::Node, &[1, 2, 3][..]),
            (Root::Node, &[1, 2]),
            (Root::Node, &[1, 2, 3]),
            (Root::Edge, &[1, 2]),
            (Root::Node, &[]),
        ] {
            walk(&mut sets, root, members);
        }
        let expected = vec![
            (Root::Node, vec![], 1),
            (Root::Node, vec![1, 2], 1),
            (Root::Node, vec![1, 2, 3], 2),
            (Root::Edge, vec![1, 2], 1),
        ];
        assert_eq!(found(&sets), Some(expected));
    }

    #[test]
    fn too_many_sets_too_many_members_and_too_long_a_set_give_up() {
        let limits = Limits { sets: 3, names: 6 };
        let mut few = Sets::new(limits);
        (1..=3).for_each(|n| walk(&mut few, Root::Node, &[n]));
        assert_eq!(found(&few).map(|sets| sets.len()), Some(3));
        walk(&mut few, Root::Node, &[2]);
        assert_eq!(found(&few).map(|sets| sets.len()), Some(3));
        walk(&mut few, Root::Node, &[4]);
        assert_eq!(found(&few), None);

        let mut shared = Sets::new(limits);
        walk(&mut shared, Root::Node, &[1, 2, 3]);
        walk(&mut shared, Root::Node, &[1, 2, 3, 4]);
        assert_eq!(found(&shared), None, "seven members, though they share their beginning");

        let mut long = Sets::new(limits);
        walk(&mut long, Root::Node, &[1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(found(&long), None);
    }
}
