//! A list of queries: who is on it, in which order, and what a cancel does.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

fn ids(registry: &Registry, language: Language) -> Vec<String> {
    registry.list(language).iter().map(|listed| listed.id.to_string()).collect()
}

#[test]
fn a_query_is_listed_from_its_entry_to_its_end() {
    let registry = Registry::new(9);
    let first = registry.enter("b", Language::OpenCypher, "RETURN 1", |_| {}).unwrap();
    let second = registry.enter("a", Language::OpenCypher, "RETURN 2", |_| {}).unwrap();
    let other = registry.enter("c", Language::Sparql, "ASK {}", |_| {}).unwrap();
    assert_eq!(ids(&registry, Language::OpenCypher), ["b", "a"]);
    assert_eq!(ids(&registry, Language::Sparql), ["c"]);
    assert!(registry.find(Language::OpenCypher, "c").is_none(), "of another language");
    second.begin();
    let listed = registry.find(Language::OpenCypher, second.id()).unwrap();
    assert_eq!((&*listed.text, listed.is_waiting, listed.is_cancelled), ("RETURN 2", false, false));
    let listed = registry.find(Language::OpenCypher, first.id()).unwrap();
    assert_eq!((listed.is_waiting, listed.elapsed), (true, Duration::ZERO));
    drop((first, other));
    assert_eq!(ids(&registry, Language::OpenCypher), ["a"]);
    assert_eq!(registry.accepted(Language::OpenCypher), 2);
    assert_eq!(registry.accepted(Language::Gremlin), 0);
}

#[test]
fn an_id_is_free_again_when_its_query_has_ended() {
    let registry = Registry::new(9);
    let entry = registry.enter("a", Language::OpenCypher, "", |_| {}).unwrap();
    let taken = registry.enter("a", Language::Sparql, "", |_| {}).unwrap_err();
    assert_eq!(taken.to_string(), "Supplied queryId a is invalid: a query with this id is running already");
    drop(entry);
    assert!(registry.enter("a", Language::Sparql, "", |_| {}).is_ok());
}

#[test]
fn the_list_and_its_texts_are_bounded() {
    let registry = Registry::new(1);
    let _entry = registry.enter("a", Language::Gremlin, &"é".repeat(2_000), |_| {}).unwrap();
    assert_eq!(registry.find(Language::Gremlin, "a").unwrap().text.chars().count(), 1_024);
    assert_eq!(registry.enter("b", Language::Gremlin, "", |_| {}).unwrap_err(), Refused::Full(1));
}

#[test]
fn a_cancel_ends_its_query_and_no_other() {
    let registry = Registry::new(9);
    let ended = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&ended);
    let end = move |manner| {
        assert_eq!(manner, Manner::Silent);
        counter.fetch_add(1, Ordering::SeqCst);
    };
    let _entry = registry.enter("a", Language::OpenCypher, "", end).unwrap();
    let _other = registry.enter("b", Language::OpenCypher, "", |_| panic!("not this one")).unwrap();
    assert!(!registry.cancel(Language::Sparql, "a", Manner::Silent));
    assert!(!registry.cancel(Language::OpenCypher, "x", Manner::Silent));
    assert!(registry.cancel(Language::OpenCypher, "a", Manner::Silent));
    assert_eq!(ended.load(Ordering::SeqCst), 1);
    assert!(registry.find(Language::OpenCypher, "a").unwrap().is_cancelled);
    assert!(!registry.find(Language::OpenCypher, "b").unwrap().is_cancelled);
}
