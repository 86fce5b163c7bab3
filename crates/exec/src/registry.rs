//! The queries that are waiting and running, of all languages: what a status lists, and what a cancel ends.
//!
//! - **Shape**: whoever takes a query in [enters](Registry::enter) it and keeps the [`Entry`] until the query has ended;
//!   dropping it takes the query off the list. How a query is ended is the caller's: it hands in a function for that.
//! - **Invariant**: no two queries on the list have the same id, and there are at most as many as were allowed.

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use auth::Language;
use thiserror::Error;

/// Characters of a query's text that are kept.
const TEXT: usize = 1024;

/// The list. Clones share it.
#[derive(Clone, Debug)]
pub struct Registry(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    most: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// In the order in which they came.
    queries: Vec<Query>,
    /// Queries that were ever taken in, by language.
    accepted: [u64; 3],
}

struct Query {
    id: Arc<str>,
    language: Language,
    text: Box<str>,
    arrived: Instant,
    begun: Option<Instant>,
    cancelled: bool,
    end: Box<dyn Fn(Manner) + Send + Sync>,
}

/// How a cancelled query tells its own client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// By an error.
    Loud,
    /// By a result that ends here.
    Silent,
}

/// A query on the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: Arc<str>,
    /// The beginning of its text.
    pub text: Box<str>,
    /// How long it waited for its turn, or waits already.
    pub waited: Duration,
    /// How long it has been running.
    pub elapsed: Duration,
    /// Whether it still waits.
    pub is_waiting: bool,
    /// Whether somebody has cancelled it, so that it will end soon.
    pub is_cancelled: bool,
}

/// Why a query was not taken in.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// Another one has this id.
    #[error("Supplied queryId {0} is invalid: a query with this id is running already")]
    Taken(Arc<str>),
    /// There are as many as there may be.
    #[error("Too many queries: {0} are running and waiting. Please retry later.")]
    Full(usize),
}

/// A query that is on the list until this is dropped.
#[derive(Debug)]
pub struct Entry {
    shared: Arc<Shared>,
    id: Arc<str>,
}

impl Registry {
    /// An empty list for at most so many queries.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Shared { most, state: Mutex::default() }))
    }

    /// Puts a query on the list, waiting. `end` is called by a cancel, under the list's lock: it must not wait.
    ///
    /// # Errors
    ///
    /// [`Refused`].
    pub fn enter(
        &self,
        id: &str,
        language: Language,
        text: &str,
        end: impl Fn(Manner) + Send + Sync + 'static,
    ) -> Result<Entry, Refused> {
        let mut state = self.0.state();
        let id: Arc<str> = id.into();
        if state.queries.iter().any(|query| query.id == id) {
            return Err(Refused::Taken(id));
        }
        if state.queries.len() >= self.0.most {
            return Err(Refused::Full(self.0.most));
        }
        state.accepted[language as usize] += 1;
        let cut = text.char_indices().nth(TEXT).map_or(text.len(), |(place, _)| place);
        state.queries.push(Query {
            id: Arc::clone(&id),
            language,
            text: text[..cut].into(),
            arrived: Instant::now(),
            begun: None,
            cancelled: false,
            end: Box::new(end),
        });
        Ok(Entry { shared: Arc::clone(&self.0), id })
    }

    /// The queries of a language, waiting and running, in the order in which they came.
    pub fn list(&self, language: Language) -> Vec<Listed> {
        self.0.state().queries.iter().filter(|query| query.language == language).map(Query::listed).collect()
    }

    /// The query of this language and id.
    pub fn find(&self, language: Language, id: &str) -> Option<Listed> {
        self.0.state().find(language, id).map(|query| query.listed())
    }

    /// Ends the query of this language and id; whether there is one. It is on the list until it has ended.
    pub fn cancel(&self, language: Language, id: &str, manner: Manner) -> bool {
        let mut state = self.0.state();
        let Some(query) = state.find(language, id) else { return false };
        query.cancelled = true;
        (query.end)(manner);
        true
    }

    /// Queries of a language that were ever taken in.
    pub fn accepted(&self, language: Language) -> u64 {
        self.0.state().accepted[language as usize]
    }
}

impl Entry {
    /// The query's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Gives the query another id.
    ///
    /// # Errors
    ///
    /// [`Refused::Taken`].
    pub fn rename(&mut self, id: &str) -> Result<(), Refused> {
        let mut state = self.shared.state();
        let id: Arc<str> = id.into();
        if id != self.id && state.queries.iter().any(|query| query.id == id) {
            return Err(Refused::Taken(id));
        }
        for query in state.queries.iter_mut().filter(|query| query.id == self.id) {
            query.id = Arc::clone(&id);
        }
        drop(state);
        self.id = id;
        Ok(())
    }

    /// Says that the query has its turn.
    pub fn begin(&self) {
        if let Some(query) = self.shared.state().queries.iter_mut().find(|query| query.id == self.id) {
            query.begun = Some(Instant::now());
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.shared.state().queries.retain(|query| query.id != self.id);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn find(&mut self, language: Language, id: &str) -> Option<&mut Query> {
        self.queries.iter_mut().find(|query| query.language == language && &*query.id == id)
    }
}

impl Query {
    fn listed(&self) -> Listed {
        let waited = self.begun.map_or_else(|| self.arrived.elapsed(), |begun| begun - self.arrived);
        Listed {
            id: Arc::clone(&self.id),
            text: self.text.clone(),
            waited,
            elapsed: self.begun.map_or(Duration::ZERO, |begun| begun.elapsed()),
            is_waiting: self.begun.is_none(),
            is_cancelled: self.cancelled,
        }
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query").field("id", &self.id).field("language", &self.language).finish_non_exhaustive()
    }
}
