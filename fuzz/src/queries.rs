//! Properties of query texts, as functions of raw input.

/// An openCypher text is refused, or is printed as a text that says the same and is printed likewise.
pub fn cypher(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let parsed = match cypher::parse(text) {
        Ok(parsed) => parsed,
        Err(error) => {
            assert!(error.at.line <= text.matches('\n').count() + 1, "{error}");
            return;
        }
    };
    let printed = parsed.statement.to_string();
    // What is printed can be a little longer than what was read, so longer than what is read at all.
    if printed.len() <= cypher::MAX_TEXT {
        let again = cypher::parse(&printed).unwrap_or_else(|error| panic!("{printed}\n{error}"));
        assert_eq!(again.statement, parsed.statement, "{printed}");
        assert_eq!(again.statement.to_string(), printed);
    }
    let _ = auth::Accesses::accesses(&parsed.statement);
    let _ = cypher::bind(&parsed, &cypher::Procedures::default());
}
