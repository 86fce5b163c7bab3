//! What each operation asks of the door: a place among the requests in flight, a long body, data, to outlive its client.

use crate::routes::Action;

/// Whether a client that hangs up must not stop it.
pub(super) const fn outlives_its_client(action: Action) -> bool {
    matches!(action, Action::StartLoaderJob | Action::CancelLoaderJob | Action::ExecuteFastReset)
}

/// Whether a reset of the data refuses it. Jobs say themselves that they cannot change meanwhile.
pub(super) const fn needs_data(action: Action) -> bool {
    match action {
        Action::Sparql
        | Action::SparqlGraphStore
        | Action::OpenCypher
        | Action::OpenCypherExplain
        | Action::GetStatistics(_)
        | Action::ManageStatistics(_)
        | Action::DeleteStatistics(_)
        | Action::GetSummary(_)
        | Action::Check
        | Action::Export
        | Action::ExecuteFastReset => true,
        Action::StartLoaderJob
        | Action::ListLoaderJobs
        | Action::GetLoaderJobStatus
        | Action::CancelLoaderJob
        | Action::GetLoaderJobEvents
        | Action::GetLoaderJobRejects
        | Action::GetEngineStatus
        | Action::Queries(_)
        | Action::GetStorageInfo
        | Action::ListMl
        | Action::FindMl(_)
        | Action::StartMl(_)
        | Action::ListIndexRebuilds
        | Action::StartIndexRebuild
        | Action::FindIndexRebuild
        | Action::OpenApi
        | Action::Health
        | Action::Metrics => false,
    }
}

/// Whether its body may be as large as a query.
pub(super) const fn is_query(action: Action) -> bool {
    matches!(action, Action::Sparql | Action::SparqlGraphStore | Action::OpenCypher | Action::OpenCypherExplain)
}

/// Whether it counts among the requests in flight.
pub(super) fn takes_place(action: Action) -> bool {
    !is_light(action) && action != Action::Metrics
}

/// Whether a reserved connection serves it.
pub(super) fn is_light(action: Action) -> bool {
    match action {
        Action::ListLoaderJobs
        | Action::GetLoaderJobStatus
        | Action::CancelLoaderJob
        | Action::GetEngineStatus
        | Action::Queries(_)
        | Action::Health => true,
        Action::StartLoaderJob
        | Action::ExecuteFastReset
        | Action::Sparql
        | Action::SparqlGraphStore
        | Action::OpenCypher
        | Action::OpenCypherExplain
        | Action::GetStatistics(_)
        | Action::ManageStatistics(_)
        | Action::DeleteStatistics(_)
        | Action::GetSummary(_)
        | Action::GetStorageInfo
        | Action::ListMl
        | Action::FindMl(_)
        | Action::StartMl(_)
        | Action::ListIndexRebuilds
        | Action::StartIndexRebuild
        | Action::FindIndexRebuild
        | Action::OpenApi
        | Action::Metrics
        | Action::Check
        | Action::Export
        | Action::GetLoaderJobEvents
        | Action::GetLoaderJobRejects => false,
    }
}
