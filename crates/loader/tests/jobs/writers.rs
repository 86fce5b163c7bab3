//! A load beside writers that delete and create its vertices: no edge dangles, and every record is accounted for.

use std::sync::atomic::{AtomicBool, Ordering};

use loader::request::{Format, LoadRequest};
use model::{Dataset, Quad, TermId, TermRef};
use store::{Error, Order, Pattern, Store};

use super::house::{House, rows};

const VERTICES: u32 = 300;
const EDGES: u32 = 6_000;
const WRITERS: u64 = 8;

/// What a writer did, commit by commit.
#[derive(Clone, Copy, Debug, Default)]
struct Done {
    /// Records that it added.
    created: u64,
    /// Records that it removed.
    deleted: u64,
    /// Edges among them.
    edges: u64,
}

fn name(vertex: u64) -> String {
    format!("v{vertex}")
}

/// The vertex with all that hangs on it, as DETACH DELETE has it.
fn delete(store: &Store, vertex: u64) -> Result<Done, Error> {
    let mut transaction = store.begin(Dataset::Pg);
    let id = store.encode(TermRef::Vertex(&name(vertex)));
    // The first write makes this the only writer: what is read afterwards stays true.
    let label = Quad::in_default_graph(id, TermId::LABEL, store.encode(TermRef::String("Person")));
    let mut done = Done { deleted: u64::from(transaction.delete(&label)?), ..Done::default() };
    let read = |pattern, order| -> Result<Vec<Quad>, Error> {
        let mut quads = Vec::new();
        for batch in transaction.snapshot().scan(pattern, order) {
            quads.extend(batch?.quads());
        }
        Ok(quads)
    };
    let mut read = read;
    let mut gone = read(Pattern { s: Some(id), ..Pattern::ALL }, Order::Spog)?;
    gone.extend(read(Pattern { o: Some(id), ..Pattern::ALL }, Order::Opsg)?);
    let edges: Vec<TermId> = gone.iter().map(|quad| quad.g).filter(|graph| *graph != TermId::DEFAULT_GRAPH).collect();
    for edge in edges {
        gone.extend(read(Pattern { s: Some(edge), ..Pattern::ALL }, Order::Spog)?);
    }
    for quad in gone {
        // An edge from a vertex to itself was read twice.
        if transaction.delete(&quad)? && quad.o != TermId::NO_LABEL {
            done.deleted += 1;
            done.edges += u64::from(quad.g != TermId::DEFAULT_GRAPH);
        }
    }
    transaction.commit()?;
    Ok(done)
}

fn create(store: &Store, vertex: u64) -> Result<Done, Error> {
    let mut transaction = store.begin(Dataset::Pg);
    let name = name(vertex);
    let (s, p) = (TermRef::Vertex(&name), TermRef::Label);
    let new = transaction.insert(s, p, TermRef::String("Person"), TermRef::DefaultGraph)?;
    transaction.commit()?;
    Ok(Done { created: u64::from(new), ..Done::default() })
}

fn write(store: &Store, seed: u64, ended: &AtomicBool) -> Done {
    let mut random = seed;
    let mut done = Done::default();
    while !ended.load(Ordering::SeqCst) {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let vertex = (random >> 33) % u64::from(VERTICES);
        let one = if random >> 63 == 0 { delete(store, vertex) } else { create(store, vertex) };
        match one {
            Ok(Done { created, deleted, edges }) => {
                done.created += created;
                done.deleted += deleted;
                done.edges += edges;
            }
            // Others were served first: nothing of it happened.
            Err(Error::WriterBusy { .. } | Error::Expired { .. } | Error::Conflict) => {}
            Err(error) => panic!("{error}"),
        }
    }
    done
}

#[test]
fn every_record_is_accounted_for_and_no_edge_dangles() {
    for adjust in [
        (|config| {
            config.block_bytes = 2_000;
            config.publish_at = Some(1_000);
        }) as fn(&mut loader::LoaderConfig),
        |config| {
            config.block_bytes = 2_000;
            config.publish_at = Some(6_000);
            config.stage_at = Some(900);
        },
    ] {
        let house = House::with(adjust);
        let people = rows(VERTICES, |row| format!("v{row},Person\n"));
        house.file("people.csv", format!("~id,~label\n{people}"));
        let knows = rows(EDGES, |row| format!("e{row},v{},v{},KNOWS,{row}\n", row % VERTICES, row * 7 % VERTICES));
        house.file("knows.csv", format!("~id,~from,~to,~label,weight:Int\n{knows}"));
        let base = house.load(house.request("people.csv", Format::Csv));
        assert_eq!(base["overallStatus"]["totalRecords"], VERTICES);

        let ended = AtomicBool::new(false);
        let (status, writers) = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|seed| {
                    let (store, ended) = (house.store.clone(), &ended);
                    scope.spawn(move || write(&store, seed, ended))
                })
                .collect();
            let request = LoadRequest { fail_on_error: false, ..house.request("knows.csv", Format::Csv) };
            let status = house.load(request);
            ended.store(true, Ordering::SeqCst);
            let writers: Vec<Done> = writers.into_iter().map(|writer| writer.join().expect("a writer")).collect();
            (status, writers)
        });

        let report = house.check(); // that no edge dangles is among what it looks for
        let overall = &status["overallStatus"];
        let number = |name: &str| overall[name].as_u64().expect("a number");
        let (records, refused) = (number("totalRecords"), number("insertErrors"));
        let loaded = records - refused;
        assert_eq!((number("totalDuplicates"), number("parsingErrors"), number("datatypeMismatchErrors")), (0, 0, 0));
        let edges = u64::from(EDGES) - refused;
        assert_eq!(loaded, 2 * edges, "each edge has a weight; a refused row is one record");
        let sum = |what: fn(&Done) -> u64| writers.iter().map(what).sum::<u64>();
        assert_eq!(report.datasets[0].edges + sum(|done| done.edges), edges);
        let there = u64::from(VERTICES) + loaded + sum(|done| done.created) - sum(|done| done.deleted);
        assert_eq!(house.records(Dataset::Pg), there);
        assert!(refused > 0 && sum(|done| done.edges) > 0, "writers and load did meet: {status} {writers:?}");
    }
}
