//! The line as a small state machine: rules one by one, then any sequence of events against a plain model.

use std::collections::{BTreeSet, HashMap};

use proptest::prelude::*;

use super::*;
use crate::request::Format;

/// The line with the states of all loads, as the registry would tell them.
#[derive(Default)]
struct World {
    line: Line,
    states: HashMap<LoadId, JobState>,
}

impl World {
    fn state_of(&self) -> impl Fn(LoadId) -> Option<JobState> + '_ {
        |id| self.states.get(&id).copied()
    }

    fn admit(&self, queue: bool, dependencies: &[LoadId]) -> Result<Place, Refusal> {
        self.line.admit(queue, dependencies, self.state_of())
    }

    /// What the dispatcher does with a request.
    fn submit(&mut self, queue: bool, dependencies: &[LoadId]) -> Result<LoadId, Refusal> {
        let place = self.admit(queue, dependencies)?;
        let id = LoadId::random();
        let state = match place {
            Place::Turn => {
                self.line.begin(id);
                JobState::InProgress
            }
            Place::Queue => {
                let request = LoadRequest::new("s3://b/k", Format::Csv);
                self.line.queue(Waiting { id, dependencies: dependencies.to_vec(), request });
                JobState::InQueue
            }
            Place::Nowhere { .. } => JobState::DependencyNotSatisfied,
        };
        self.states.insert(id, state);
        Ok(id)
    }

    /// What it does when the load that has its turn ends.
    fn end_turn(&mut self, state: JobState) {
        if let Some(id) = self.line.turn() {
            self.states.insert(id, state);
            self.line.end_turn();
            self.end_doomed(&[]);
            self.advance();
        }
    }

    /// What it does when loads that wait are cancelled.
    fn cancel(&mut self, ids: &[LoadId]) {
        let doomed = self.line.doomed(ids, self.state_of());
        for &id in ids {
            self.states.insert(id, JobState::CancelledByUser);
            self.line.remove(id);
        }
        self.end(doomed);
    }

    fn end_doomed(&mut self, lost: &[LoadId]) {
        let doomed = self.line.doomed(lost, self.state_of());
        self.end(doomed);
    }

    fn end(&mut self, doomed: Vec<(LoadId, LoadId)>) {
        for (id, _) in doomed {
            self.states.insert(id, JobState::DependencyNotSatisfied);
            self.line.remove(id);
        }
    }

    /// The next load has its turn: it looks at its source first.
    fn advance(&mut self) -> Option<LoadId> {
        let state_of = |id| self.states.get(&id).copied();
        self.line.next(state_of).map(|waiting| waiting.id)
    }

    fn waiting(&self) -> Vec<LoadId> {
        self.line.waiting().collect()
    }

    fn state(&self, id: LoadId) -> JobState {
        self.states[&id]
    }
}

#[test]
fn one_runs_the_others_wait_in_order() {
    let mut world = World::default();
    let first = world.submit(true, &[]).expect("nothing runs");
    assert_eq!(world.line.turn(), Some(first), "who is willing to wait need not");
    assert_eq!(world.submit(false, &[]), Err(Refusal::Busy));
    let second = world.submit(true, &[]).expect("a place");
    let third = world.submit(true, &[]).expect("a place");
    assert_eq!(world.waiting(), [second, third]);
    assert_eq!(world.advance(), None, "the first still runs");
    world.end_turn(JobState::Failed);
    assert_eq!((world.line.turn(), world.waiting()), (Some(second), vec![third]));
    world.end_turn(JobState::Completed);
    world.end_turn(JobState::Completed);
    assert_eq!((world.line.turn(), world.waiting()), (None, vec![]));
    assert_eq!(world.admit(false, &[]), Ok(Place::Turn));
}

#[test]
fn nobody_overtakes_those_who_wait() {
    let mut world = World::default();
    world.submit(true, &[]).expect("nothing runs");
    let second = world.submit(true, &[]).expect("a place");
    // The moment between the end of one and the turn of the next.
    world.line.end_turn();
    assert_eq!(world.admit(false, &[]), Err(Refusal::Busy));
    assert_eq!(world.admit(true, &[]), Ok(Place::Queue));
    assert_eq!(world.advance(), Some(second));
}

#[test]
fn there_are_64_places() {
    let mut world = World::default();
    for _ in 0..=PLACES {
        world.submit(true, &[]).expect("the running one and 64 that wait");
    }
    assert_eq!(world.admit(true, &[]), Err(Refusal::Full));
    assert_eq!(world.admit(false, &[]), Err(Refusal::Busy));
    // The next one has its turn and still looks at its source: it is one of those that show as queued.
    world.end_turn(JobState::Completed);
    assert_eq!(world.admit(true, &[]), Err(Refusal::Full));
    let turn = world.line.turn().expect("the next one");
    world.states.insert(turn, JobState::InProgress);
    assert_eq!(world.admit(true, &[]), Ok(Place::Queue));
}

#[test]
fn a_load_that_was_put_off_is_the_first_again() {
    let mut world = World::default();
    world.submit(true, &[]).expect("nothing runs");
    let ids: Vec<LoadId> = (0..3).map(|_| world.submit(true, &[]).expect("a place")).collect();
    world.line.end_turn();
    let next = world.line.next(|_| Some(JobState::InQueue)).expect("the first that waits");
    assert_eq!(next.id, ids[0]);
    world.line.give_back(next);
    assert_eq!((world.line.turn(), world.waiting()), (None, ids));
}

#[test]
fn a_held_line_is_as_if_nobody_waited() {
    let mut world = World::default();
    world.submit(true, &[]).expect("nothing runs");
    let second = world.submit(true, &[]).expect("a place");
    world.line.end_turn();
    world.line.hold();
    assert_eq!(world.advance(), None);
    assert_eq!(world.admit(false, &[]), Ok(Place::Turn));
    world.line.release();
    assert_eq!(world.admit(false, &[]), Err(Refusal::Busy));
    assert_eq!(world.advance(), Some(second));
}

#[test]
fn what_dependencies_do_to_a_request() {
    let mut world = World::default();
    let completed = world.submit(true, &[]).expect("nothing runs");
    world.end_turn(JobState::Completed);
    let conflicts = world.submit(true, &[]).expect("nothing runs");
    world.end_turn(JobState::CommittedWithWriteConflicts);
    let unknown = LoadId::random();

    assert_eq!(world.admit(false, &[completed]), Ok(Place::Turn));
    assert_eq!(world.admit(true, &[conflicts, unknown]), Err(Refusal::Unknown { dependency: unknown }));
    assert_eq!(world.admit(true, &[completed, conflicts]), Ok(Place::Nowhere { because: conflicts }));
    assert_eq!(
        world.admit(false, &[conflicts]),
        Err(Refusal::Unsatisfied { dependency: conflicts, state: JobState::CommittedWithWriteConflicts })
    );

    let running = world.submit(true, &[completed]).expect("nothing runs");
    assert_eq!(world.admit(true, &[running, completed]), Ok(Place::Queue));
    assert_eq!(world.admit(false, &[running]), Err(Refusal::Busy));
    assert_eq!(world.admit(true, &[running, conflicts]), Ok(Place::Nowhere { because: conflicts }));
    // It needs no place, so it matters to nobody that there is none.
    for _ in 0..PLACES {
        world.submit(true, &[]).expect("a place");
    }
    assert_eq!(world.admit(true, &[conflicts]), Ok(Place::Nowhere { because: conflicts }));
}

#[test]
fn a_failure_is_carried_on_to_any_depth() {
    use JobState::{CancelledByUser, Completed, DependencyNotSatisfied, Failed, InQueue};
    for end in [Failed, CancelledByUser, JobState::UnexpectedError, JobState::InvalidRequest] {
        let mut world = World::default();
        let first = world.submit(true, &[]).expect("nothing runs");
        let second = world.submit(true, &[first]).expect("a place");
        let stranger = world.submit(true, &[]).expect("a place");
        let third = world.submit(true, &[stranger, second]).expect("a place");
        let heir = world.submit(true, &[stranger]).expect("a place");
        world.end_turn(end);
        assert_eq!([second, third].map(|id| world.state(id)), [DependencyNotSatisfied; 2], "{end:?}");
        assert_eq!([stranger, heir].map(|id| world.state(id)), [InQueue; 2]);
        assert_eq!(world.line.turn(), Some(stranger));
        world.end_turn(Completed);
        assert_eq!(world.line.turn(), Some(heir));
    }
}

#[test]
fn cancelling_one_that_waits_ends_those_who_depend_on_it() {
    let mut world = World::default();
    let first = world.submit(true, &[]).expect("nothing runs");
    let second = world.submit(true, &[first]).expect("a place");
    let third = world.submit(true, &[second]).expect("a place");
    let fourth = world.submit(true, &[third]).expect("a place");
    world.cancel(&[second]);
    assert_eq!(world.state(second), JobState::CancelledByUser);
    assert_eq!([third, fourth].map(|id| world.state(id)), [JobState::DependencyNotSatisfied; 2]);
    assert_eq!(world.waiting(), []);
    assert_eq!(world.state(first), JobState::InProgress);
}

#[test]
fn a_dependency_that_nobody_remembers_had_completed() {
    let mut world = World::default();
    let first = world.submit(true, &[]).expect("nothing runs");
    let second = world.submit(true, &[]).expect("a place");
    let third = world.submit(true, &[first]).expect("a place");
    world.end_turn(JobState::Completed);
    world.states.remove(&first);
    assert_eq!(world.line.turn(), Some(second));
    world.end_turn(JobState::Completed);
    assert_eq!(world.line.turn(), Some(third));
}

/// What can happen. Numbers choose among what there is.
#[derive(Clone, Debug)]
enum Event {
    Submit { queue: bool, dependencies: Vec<usize> },
    Begin,
    End { completed: bool },
    Cancel { which: usize },
    CancelAll,
    PutOff,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (prop::bool::weighted(0.8), prop::collection::vec(any::<usize>(), 0..3))
            .prop_map(|(queue, dependencies)| Event::Submit { queue, dependencies }),
        3 => Just(Event::Begin),
        2 => any::<bool>().prop_map(|completed| Event::End { completed }),
        1 => any::<usize>().prop_map(|which| Event::Cancel { which }),
        1 => Just(Event::PutOff),
        1 => prop::bool::weighted(0.1).prop_map(|all| if all { Event::CancelAll } else { Event::Begin }),
    ]
}

proptest! {
    /// Whatever happens: one turn at a time, in the order of acceptance, never before what a load depends on has completed,
    /// never after it cannot complete any more; nobody is lost, and nobody waits for nothing.
    #[test]
    fn any_sequence_of_events_keeps_the_rules(events in prop::collection::vec(event(), 1..200)) {
        let mut world = World::default();
        let mut accepted: Vec<LoadId> = Vec::new();
        let mut depends: HashMap<LoadId, Vec<LoadId>> = HashMap::new();
        let mut begun: Vec<LoadId> = Vec::new();
        for event in events {
            match event {
                Event::Submit { queue, dependencies } => {
                    let dependencies: Vec<LoadId> = dependencies
                        .into_iter()
                        .filter_map(|n| accepted.get(n.checked_rem(accepted.len())?).copied())
                        .collect();
                    let busy = world.line.turn().is_some() || !world.waiting().is_empty();
                    match world.submit(queue, &dependencies) {
                        Ok(id) => {
                            prop_assert!(queue || !busy, "it did not want to wait");
                            accepted.push(id);
                            depends.insert(id, dependencies);
                        }
                        Err(Refusal::Busy) => prop_assert!(busy && !queue),
                        Err(Refusal::Full) => prop_assert!(queue && world.waiting().len() >= PLACES - 1),
                        Err(Refusal::Unsatisfied { .. }) => prop_assert!(!queue),
                        Err(Refusal::Unknown { .. }) => prop_assert!(false, "all are known"),
                    }
                }
                Event::Begin => {
                    if let Some(id) = world.line.turn() {
                        world.states.insert(id, JobState::InProgress);
                    }
                }
                Event::End { completed } => {
                    let began = world.line.turn().is_some_and(|id| world.state(id) == JobState::InProgress);
                    let state = if completed && began { JobState::Completed } else { JobState::Failed };
                    world.end_turn(state);
                }
                Event::Cancel { which } => {
                    let waiting = world.waiting();
                    if let Some(id) = which.checked_rem(waiting.len()).and_then(|at| waiting.get(at)) {
                        world.cancel(&[*id]);
                    }
                }
                Event::CancelAll => {
                    let waiting = world.waiting();
                    world.cancel(&waiting);
                }
                Event::PutOff => {
                    if let Some(id) = world.line.turn().filter(|id| world.state(*id) == JobState::InQueue) {
                        let request = LoadRequest::new("s3://b/k", Format::Csv);
                        world.line.give_back(Waiting { id, dependencies: depends[&id].clone(), request });
                        prop_assert_eq!(world.advance(), Some(id));
                    }
                }
            }
            let turn = world.line.turn();
            if let Some(id) = turn.filter(|id| !begun.contains(id)) {
                begun.push(id);
                for dependency in &depends[&id] {
                    prop_assert_eq!(world.state(*dependency), JobState::Completed);
                }
            }
            let waiting = world.waiting();
            prop_assert!(waiting.len() <= PLACES);
            prop_assert!(turn.is_some() || waiting.is_empty(), "somebody waits for nothing");
            // Those that wait and the one that looks at its source are exactly those that show as queued.
            let shown: BTreeSet<LoadId> =
                world.states.iter().filter(|(_, state)| **state == JobState::InQueue).map(|(id, _)| *id).collect();
            let looking = turn.filter(|id| world.state(*id) == JobState::InQueue);
            let held: BTreeSet<LoadId> = waiting.iter().copied().chain(looking).collect();
            prop_assert_eq!(shown, held);
            let in_order = |ids: &[LoadId]| {
                let places: Vec<_> = ids.iter().map(|id| accepted.iter().position(|other| other == id)).collect();
                places.is_sorted()
            };
            prop_assert!(in_order(&waiting) && in_order(&begun), "first in, first out");
            for id in &waiting {
                for dependency in &depends[id] {
                    let state = world.state(*dependency);
                    prop_assert!(state == JobState::Completed || !state.is_terminal(), "it waits in vain: {:?}", state);
                }
            }
        }
    }
}
