//! What each operation asks of the door: a place among the requests in flight, a long body, data, to outlive its client.

use crate::routes::Action;

/// How much an operation asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// So little that a reserved connection serves it: to see and to end what fills the server.
    Light,
    /// Neither the data nor a long body. Jobs say themselves that they cannot change while the data is being reset.
    Plain,
    /// The data.
    Data,
    /// The data, and a body as long as a query.
    Query,
}

const fn weight(action: Action) -> Weight {
    match action {
        Action::ListLoaderJobs
        | Action::GetLoaderJobStatus
        | Action::CancelLoaderJob
        | Action::GetEngineStatus
        | Action::Queries(_)
        | Action::Health => Weight::Light,
        Action::StartLoaderJob
        | Action::GetLoaderJobEvents
        | Action::GetLoaderJobRejects
        | Action::GetStorageInfo
        | Action::ListMl
        | Action::FindMl(_)
        | Action::StartMl(_)
        | Action::ListIndexRebuilds
        | Action::StartIndexRebuild
        | Action::FindIndexRebuild
        | Action::OpenApi
        | Action::Metrics => Weight::Plain,
        Action::GetStatistics(_)
        | Action::ManageStatistics(_)
        | Action::DeleteStatistics(_)
        | Action::GetSummary(_)
        | Action::Check
        | Action::Export
        | Action::ExecuteFastReset => Weight::Data,
        Action::Sparql | Action::SparqlGraphStore | Action::OpenCypher | Action::OpenCypherExplain => Weight::Query,
    }
}

/// Whether a client that hangs up must not stop it.
pub(super) const fn outlives_its_client(action: Action) -> bool {
    matches!(action, Action::StartLoaderJob | Action::CancelLoaderJob | Action::ExecuteFastReset)
}

/// Whether a reset of the data refuses it.
pub(super) const fn needs_data(action: Action) -> bool {
    matches!(weight(action), Weight::Data | Weight::Query)
}

/// Whether its body may be as large as a query.
pub(super) const fn is_query(action: Action) -> bool {
    matches!(weight(action), Weight::Query)
}

/// Whether it counts among the requests in flight.
pub(super) fn takes_place(action: Action) -> bool {
    !is_light(action) && action != Action::Metrics
}

/// Whether a reserved connection serves it.
pub(super) const fn is_light(action: Action) -> bool {
    matches!(weight(action), Weight::Light)
}
