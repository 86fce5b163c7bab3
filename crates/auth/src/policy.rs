//! IAM policy documents: which statements there are, and which of them apply to a request.
//!
//! A document is checked whole when it is read, so that evaluating it cannot fail: what cannot be understood (an unknown
//! member or operator, a value that is no date where a date must be) refuses the document and says where. A condition key
//! that no request carries is simply absent from each.
//!
//! - **Source**: `spec/iam.md` §5, the grammar and the evaluation logic of IAM's user guide.

mod condition;
mod keys;
mod operator;
mod pattern;
#[cfg(test)]
mod tests;

pub(crate) use keys::Keys;

use crate::Action;
use crate::json::{Fault, Node, Place, excerpt};
use condition::Condition;
use pattern::{Case, Pattern, Syntax};

/// A parsed policy document.
#[derive(Debug)]
pub(crate) struct Policy {
    statements: Vec<Statement>,
}

/// What a statement says when it applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Allow,
    Deny,
}

#[derive(Debug)]
struct Statement {
    effect: Effect,
    actions: Set,
    resources: Set,
    /// All of them have to hold.
    conditions: Vec<Condition>,
}

/// What one of the patterns matches, or what none of them does.
#[derive(Debug)]
struct Set {
    patterns: Vec<Pattern>,
    is_negated: bool,
}

/// One request before the policies.
pub(crate) struct Request<'a> {
    pub(crate) action: Action,
    pub(crate) resource: &'a str,
    pub(crate) keys: Keys<'a>,
}

impl Policy {
    /// Reads the document that stands at `place`.
    pub(crate) fn parse(place: &Place<'_>, node: &Node) -> Result<Self, Fault> {
        let members = place.members(node, &["Version", "Id", "Statement"])?;
        let has_variables = match members.optional_text("Version")? {
            Some((_, "2012-10-17")) => true,
            None | Some((_, "2008-10-17")) => false,
            Some((place, other)) => {
                let found = excerpt(other);
                return Err(place.fault(format!("expected 2012-10-17 or 2008-10-17, found \"{found}\"")));
            }
        };
        members.optional_text("Id")?;
        let (place, node) = members.required("Statement")?;
        let statements: Vec<_> = place
            .one_or_more(node)
            .into_iter()
            .map(|(place, item)| Statement::parse(&place, item, has_variables))
            .collect::<Result<_, _>>()?;
        if statements.is_empty() {
            return Err(place.fault("a policy has at least one statement"));
        }
        Ok(Self { statements })
    }

    /// What the statements say that apply to the request: a denial if there is one among them.
    pub(crate) fn effect(&self, request: &Request<'_>) -> Option<Effect> {
        let mut effect = None;
        for statement in &self.statements {
            if effect != Some(statement.effect) && statement.applies(request) {
                match statement.effect {
                    Effect::Deny => return Some(Effect::Deny),
                    Effect::Allow => effect = Some(Effect::Allow),
                }
            }
        }
        effect
    }
}

impl Statement {
    fn parse(place: &Place<'_>, node: &Node, has_variables: bool) -> Result<Self, Fault> {
        if let Node::Object(members) = node
            && let Some((name, _)) = members.iter().find(|(name, _)| name == "Principal" || name == "NotPrincipal")
        {
            let problem =
                format!("\"{name}\" is for policies of resources; here the policy's principal is who it is listed at");
            return Err(place.fault(problem));
        }
        let known = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];
        let members = place.members(node, &known)?;
        members.optional_text("Sid")?;
        let effect = match members.required_text("Effect")? {
            (_, "Allow") => Effect::Allow,
            (_, "Deny") => Effect::Deny,
            (place, other) => {
                return Err(place.fault(format!("expected Allow or Deny, found \"{}\"", excerpt(other))));
            }
        };
        let either = |name: &'static str, other: &'static str| -> Result<(Place<'_>, &Node, bool), Fault> {
            match (members.optional(name), members.optional(other)) {
                (Some((place, node)), None) => Ok((place, node, false)),
                (None, Some((place, node))) => Ok((place, node, true)),
                (None, None) => Err(place.fault(format!("member \"{name}\" is missing (or \"{other}\" in its stead)"))),
                (Some(_), Some(_)) => {
                    Err(place.fault(format!("has both \"{name}\" and \"{other}\"; one of them may be there")))
                }
            }
        };
        let (action_place, actions, is_other_action) = either("Action", "NotAction")?;
        let (resource_place, resources, is_other_resource) = either("Resource", "NotResource")?;
        Ok(Self {
            effect,
            actions: Set { patterns: each(&action_place, actions, action)?, is_negated: is_other_action },
            resources: Set {
                patterns: each(&resource_place, resources, |text| {
                    Pattern::parse(text, Syntax { has_wildcards: true, has_variables })
                })?,
                is_negated: is_other_resource,
            },
            conditions: match members.optional("Condition") {
                None => Vec::new(),
                Some((place, node)) => Condition::parse_all(&place, node, has_variables)?,
            },
        })
    }

    fn applies(&self, request: &Request<'_>) -> bool {
        let Request { action, resource, keys } = request;
        let is_named = std::iter::once(action.name())
            .chain(action.alias())
            .any(|name| self.actions.patterns.iter().any(|pattern| pattern.matches(name, Case::Ignored, keys)));
        let is_placed = self.resources.patterns.iter().any(|pattern| pattern.matches(resource, Case::Kept, keys));
        is_named != self.actions.is_negated
            && is_placed != self.resources.is_negated
            && self.conditions.iter().all(|condition| condition.holds(keys))
    }
}

/// Reads one text or an array of them.
fn each(place: &Place<'_>, node: &Node, read: impl Fn(&str) -> Result<Pattern, String>) -> Result<Vec<Pattern>, Fault> {
    let items = place.one_or_more(node);
    if items.is_empty() {
        return Err(place.fault("expected at least one, found an empty array"));
    }
    let read = |(at, item): (Place<'_>, &Node)| {
        let text = at.text(item)?;
        if text.is_empty() {
            return Err(at.fault("expected a name or a pattern, found an empty string"));
        }
        read(text).map_err(|problem| at.fault(problem))
    };
    items.into_iter().map(read).collect()
}

/// Reads an action. One without its service is a slip: it would match nothing, and as a denial do nothing.
fn action(text: &str) -> Result<Pattern, String> {
    if text != "*" && !text.contains(':') {
        let found = excerpt(text);
        return Err(format!("expected an action with its service, like neptune-db:CancelLoaderJob, found \"{found}\""));
    }
    Pattern::parse(text, Syntax { has_wildcards: true, has_variables: false })
}
