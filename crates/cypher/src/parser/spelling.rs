//! Words for errors: lists of what was expected, and what a misspelt keyword was meant to be.

use crate::lexer::Keyword;

/// At most so many characters of what was found are repeated.
const MAX_SHOWN: usize = 40;

/// `a, b or c`.
pub(super) fn listed(words: &[&str]) -> String {
    match words {
        [] => "something else".to_owned(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// What was found, in quotes, and not more of it than helps.
pub(super) fn shortened(found: &str) -> String {
    match found.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("'{}…'", &found[..end]),
        None => format!("'{found}'"),
    }
}

/// What to say if a word is nearly a keyword: one that was expected by name, or any if a clause or operator was.
pub(super) fn meant(word: &str, expected: &[&str]) -> Option<String> {
    let upper = word.to_ascii_uppercase();
    let allowed = match upper.len() {
        4 | 5 => 1,
        6..=16 => 2,
        _ => return None,
    };
    let any = expected.contains(&"a clause") || expected.contains(&"an operator");
    Keyword::ALL
        .iter()
        .map(|keyword| keyword.text())
        .filter(|text| text.len() >= 4 && (any || expected.contains(text)))
        .map(|text| (distance(upper.as_bytes(), text.as_bytes()), text))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, text)| format!(", did you mean {text}?"))
}

/// How many letters have to be changed, added, left out or swapped with their neighbour.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut before_last = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = last;
        last = row;
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, listed, meant, shortened};

    #[test]
    fn nearly_a_keyword_is_told() {
        assert_eq!(distance(b"RETRUN", b"RETURN"), 1);
        assert_eq!(distance(b"WERE", b"WHERE"), 1);
        assert_eq!(distance(b"", b"AS"), 2);
        assert_eq!(meant("retrun", &["a clause"]).as_deref(), Some(", did you mean RETURN?"));
        assert_eq!(meant("retrun", &["')'"]), None);
        assert_eq!(meant("foo", &["a clause"]), None);
        assert_eq!(meant("person", &["a clause"]), None);
    }

    #[test]
    fn lists_read_as_a_sentence() {
        assert_eq!(listed(&["','"]), "','");
        assert_eq!(listed(&["','", "')'", "AS"]), "',', ')' or AS");
        assert_eq!(shortened("x"), "'x'");
        assert_eq!(shortened(&"é".repeat(50)).chars().count(), 43);
    }
}
