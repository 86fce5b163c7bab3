//! `GET /storage/info`: what the data takes on disk, flat, as the model has it.
//!
//! Our orders stand under the names of the service's: POSG is shown as POGS, GSPO as GPSO, OPSG as OSGP. They begin with
//! the same letters and serve the same look-ups. What this store does not have is left out.
//!
//! **Source**: spec/storage-ml.md §1.

use axum::body::Body;
use axum::http::Response;
use model::Dataset;
use serde_json::{Value, json};
use store::{Order, StorageReport, Stored};

use crate::door::{Door, json as json_response};
use crate::exception::Failure;

/// `GET /storage/info`
pub(crate) async fn info(door: &Door) -> Result<Response<Body>, Failure> {
    let turn = door.lanes.looks.turn().await?;
    let store = door.store.clone();
    let report = door.lanes.looks.run(turn, move || store.storage()).await?;
    Ok(json_response(&body(&report)))
}

fn body(report: &StorageReport) -> Value {
    json!({
        "totalStorageBytesUsed": report.total_bytes,
        "quads": {"RDF": orders(report, Dataset::Rdf), "PG": orders(report, Dataset::Pg)},
        "dictionaries": {"total": stored(report.dictionaries)},
    })
}

fn orders(report: &StorageReport, dataset: Dataset) -> Value {
    let order = |order| stored(report.order(dataset, order));
    json!({
        "SPOG": order(Order::Spog), "POGS": order(Order::Posg), "GPSO": order(Order::Gspo), "OSGP": order(Order::Opsg),
    })
}

fn stored(stored: Stored) -> Value {
    json!({"sizeInBytes": stored.bytes, "count": stored.entries})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_body() {
        let stored = |bytes| Stored { bytes, entries: bytes / 10 };
        let report = StorageReport {
            total_bytes: 1000,
            orders: [[stored(10), stored(20), stored(30), stored(40)], [stored(50), stored(60), stored(0), stored(80)]],
            dictionaries: stored(90),
        };
        assert_eq!(
            body(&report),
            json!({
                "totalStorageBytesUsed": 1000,
                "quads": {
                    "RDF": {
                        "SPOG": {"sizeInBytes": 50, "count": 5}, "POGS": {"sizeInBytes": 60, "count": 6},
                        "GPSO": {"sizeInBytes": 80, "count": 8}, "OSGP": {"sizeInBytes": 0, "count": 0}
                    },
                    "PG": {
                        "SPOG": {"sizeInBytes": 10, "count": 1}, "POGS": {"sizeInBytes": 20, "count": 2},
                        "GPSO": {"sizeInBytes": 40, "count": 4}, "OSGP": {"sizeInBytes": 30, "count": 3}
                    }
                },
                "dictionaries": {"total": {"sizeInBytes": 90, "count": 9}}
            })
        );
    }
}
