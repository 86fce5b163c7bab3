//! The versions that are spoken, and how they differ.
//!
//! Version 3 is what the service itself offers to the drivers of today, 4.x what drivers of the years before speak, and
//! 5.x what gives a driver the ids of nodes as the strings that they are.

use std::fmt;

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The number before the point.
    pub major: u8,
    /// The number behind it.
    pub minor: u8,
}

impl Version {
    /// Newest first, by major version: the newest minor one of each. All from 0 up to it are spoken.
    const NEWEST: [Self; 3] = [Self::new(5, 8), Self::new(4, 4), Self::new(3, 0)];

    /// The version `major.minor`.
    pub const fn new(major: u8, minor: u8) -> Self {
        Self { major, minor }
    }

    /// Whether it is spoken here.
    pub fn is_spoken(self) -> bool {
        Self::NEWEST.iter().any(|newest| newest.major == self.major && self.minor <= newest.minor)
    }

    /// PULL and DISCARD say how many, and of which result.
    pub fn fetches(self) -> bool {
        self >= Self::new(4, 0)
    }

    /// ROUTE is a message.
    pub fn routes(self) -> bool {
        self >= Self::new(4, 3)
    }

    /// The third field of ROUTE is a map, not the name of a database.
    pub fn routes_by_map(self) -> bool {
        self >= Self::new(4, 4)
    }

    /// HELLO may ask for date-times in UTC, which later versions always have.
    pub fn may_be_patched(self) -> bool {
        self.major == 4 && self.minor >= 3
    }

    /// Credentials come with LOGON, not with HELLO.
    pub fn logs_on(self) -> bool {
        self >= Self::new(5, 1)
    }

    /// TELEMETRY is a message.
    pub fn has_telemetry(self) -> bool {
        self >= Self::new(5, 4)
    }

    /// FAILURE has the members of GQL.
    pub fn has_gql_failures(self) -> bool {
        self >= Self::new(5, 7)
    }

    /// How values are written before anything else was agreed.
    pub fn dialect(self) -> Dialect {
        let modern = self >= Self::new(5, 0);
        Dialect { element_ids: modern, utc: modern }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Nodes and relationships have their ids as strings, too.
    pub element_ids: bool,
    /// A date-time has its seconds in UTC, not as clocks show them.
    pub utc: bool,
}
