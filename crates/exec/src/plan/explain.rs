//! A plan for a person to read: its steps in the order in which rows pass them, each with what it does.
//!
//! Variables are shown by their slots, as `?3`. Plans within expressions are listed behind the one that they belong to.

mod expression;
mod step;
#[cfg(test)]
mod tests;

use super::Plan;
use expression::Writer;

/// A plan, or one within an expression.
#[derive(Debug)]
pub struct Section<'p> {
    /// The steps, each behind those that it takes its rows from.
    pub steps: Vec<Step<'p>>,
}

/// One step.
#[derive(Debug)]
pub struct Step<'p> {
    /// Its place in the plan.
    pub plan: &'p Plan,
    /// What it is.
    pub name: &'static str,
    /// What it does, and with what.
    pub arguments: String,
    /// How it does that, if there is more than one way.
    pub mode: Option<&'static str>,
    /// The steps that it takes its rows from, by their places in the section.
    pub inputs: Vec<usize>,
    /// The step that takes its rows.
    pub output: Option<usize>,
}

/// The sections of a plan: itself, then those of its expressions, which call them by their number, counted from 1.
pub fn sections(plan: &Plan) -> Vec<Section<'_>> {
    let mut writer = Writer { plans: vec![plan] };
    let mut sections = Vec::new();
    while let Some(plan) = writer.plans.get(sections.len()).copied() {
        let mut section = Section { steps: Vec::new() };
        section.add(plan, &mut writer);
        sections.push(section);
    }
    sections
}

impl<'p> Section<'p> {
    /// Adds a plan behind all that it takes its rows from; its place.
    fn add(&mut self, plan: &'p Plan, writer: &mut Writer<'p>) -> usize {
        let inputs: Vec<usize> = plan.children().into_iter().map(|child| self.add(child, writer)).collect();
        let place = self.steps.len();
        for input in &inputs {
            self.steps[*input].output = Some(place);
        }
        let step::Told { name, arguments, mode } = step::tell(plan, writer);
        self.steps.push(Step { plan, name, arguments, mode, inputs, output: None });
        place
    }
}
