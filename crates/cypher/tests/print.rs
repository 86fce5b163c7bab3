//! Any tree can be printed and read again.

#[path = "print/trees.rs"]
mod trees;

use cypher::tree::Statement;
use proptest::prelude::*;

fn check(statement: &Statement) -> Result<(), TestCaseError> {
    let printed = statement.to_string();
    let parsed = cypher::parse(&printed).map_err(|error| TestCaseError::fail(format!("{printed}\n{error}")))?;
    prop_assert_eq!(&parsed.statement, statement, "{}", printed);
    prop_assert_eq!(parsed.statement.to_string(), printed);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_printed_tree_parses_to_itself(statement in trees::statement()) {
        check(&statement)?;
    }

    #[test]
    fn any_text_is_a_statement_or_an_error_within_it(text in "[ -~\\n\\u{a0}-\\u{ff}\\u{2010}-\\u{2015}]{0,60}") {
        if let Err(error) = cypher::parse(&text) {
            prop_assert!(error.at.line <= text.matches('\n').count() + 1);
        }
    }

    /// Words and symbols of the language in any order come further into the parser than letters do.
    #[test]
    fn any_tokens_are_a_statement_or_an_error(tokens in proptest::collection::vec(trees::token(), 0..40)) {
        let text = tokens.join(" ");
        if let Ok(parsed) = cypher::parse(&text) {
            check(&parsed.statement)?;
        }
    }
}
