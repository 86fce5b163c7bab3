//! Who asks, on a connection of Bolt.
//!
//! **Source**: spec/iam.md, "Bolt credentials".

use bolt::Auth;

use super::Guest;
use crate::audit;
use crate::door::Door;
use crate::exception::{Exception, Failure, Limit};
use crate::identity::Identity;

/// Lets somebody in. Without authentication everybody is, whatever they say.
///
/// # Errors
///
/// `AccessDeniedException` with the text that HTTP has, and `TooManyRequestsException` where there is no room for
/// anything but HTTP's small requests.
pub(super) fn log_in(door: &Door, guest: Guest, auth: &Auth, agent: Option<&str>) -> Result<Identity, Failure> {
    if guest.peer.reserved {
        return Err(Failure::new(Exception::TooManyRequests, "Max connection limit breached").over(Limit::Connections));
    }
    let credentials = auth.credentials.as_deref().unwrap_or_default();
    let entered = door.gate.log_in(credentials, agent, guest.peer);
    if let Err((claimed, failure)) = &entered {
        audit::refused_login(claimed, guest.peer.remote, failure);
    }
    entered.map_err(|(_, failure)| failure)
}
