//! Text with wildcards and policy variables, and what it matches.
//!
//! `*` stands for any text, `?` for one character, `${key}` for the value of a condition key of the request and
//! `${key, 'default'}` for the default where the request lacks it; `${*}`, `${?}` and `${$}` are the characters
//! themselves. The value of a variable is plain text: a star in it is a star.

use std::borrow::Cow;

use super::Keys;

/// A parsed pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// `*`
    Any,
    /// `?`
    One,
    Variable {
        /// In lower case.
        key: String,
        default: Option<String>,
    },
}

/// What has a meaning of its own in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Syntax {
    pub(super) has_wildcards: bool,
    /// Only documents of version 2012-10-17 have them.
    pub(super) has_variables: bool,
}

/// Whether case tells texts apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Kept,
    Ignored,
}

impl Pattern {
    /// Reads a text; the error says what is wrong with it.
    pub(super) fn parse(text: &str, syntax: Syntax) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let mut after = &rest[first.len_utf8()..];
            let piece = match first {
                '*' if syntax.has_wildcards => Some(Piece::Any),
                '?' if syntax.has_wildcards => Some(Piece::One),
                '$' if syntax.has_variables && after.starts_with('{') => {
                    let (inner, behind) =
                        after[1..].split_once('}').ok_or("a variable begins with ${ and has no closing }")?;
                    after = behind;
                    variable(inner, &mut plain)?
                }
                other => {
                    plain.push(other);
                    None
                }
            };
            if let Some(piece) = piece {
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(piece);
            }
            rest = after;
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self(pieces))
    }

    /// Whether the whole text matches. A variable that the request does not carry matches nothing.
    pub(super) fn matches(&self, text: &str, case: Case, keys: &Keys<'_>) -> bool {
        let Some(tokens) = tokens(&self.0, case, keys) else { return false };
        matches_tokens(&tokens, &characters(text, case))
    }

    /// Whether the text matches as ARNs do: each of the six parts between colons by itself, so that a star does not
    /// reach over a colon. A pattern that is a variable or wildcards alone, and a text that is no ARN, are matched whole.
    pub(super) fn matches_arn(&self, text: &str, keys: &Keys<'_>) -> bool {
        let parts: Vec<_> = text.splitn(ARN_PARTS, ':').collect();
        let own = self.arn_parts();
        if parts.len() < ARN_PARTS || own.len() < ARN_PARTS {
            return self.matches(text, Case::Kept, keys);
        }
        own.iter().zip(parts).all(|(own, part)| {
            tokens(own, Case::Kept, keys).is_some_and(|tokens| matches_tokens(&tokens, &characters(part, Case::Kept)))
        })
    }

    /// Whether it can match an ARN: it has six parts, or one that may stand for all.
    pub(super) fn is_arn(&self) -> bool {
        let is_text = |piece: &Piece| matches!(piece, Piece::Text(_));
        match self.arn_parts().as_slice() {
            [only] => !only.iter().any(is_text),
            parts => parts.len() == ARN_PARTS,
        }
    }

    fn arn_parts(&self) -> Vec<Vec<Piece>> {
        let mut parts = vec![Vec::new()];
        for piece in &self.0 {
            let Piece::Text(text) = piece else {
                if let Some(part) = parts.last_mut() {
                    part.push(piece.clone());
                }
                continue;
            };
            for (index, text) in text.splitn(ARN_PARTS + 1 - parts.len(), ':').enumerate() {
                if index > 0 {
                    parts.push(Vec::new());
                }
                if let Some(part) = parts.last_mut() {
                    part.push(Piece::Text(text.to_owned()));
                }
            }
        }
        parts
    }
}

/// `arn:partition:service:region:account:resource`
const ARN_PARTS: usize = 6;

/// What stands between `${` and `}`: a piece, or a character that is added to the plain text.
fn variable(inner: &str, plain: &mut String) -> Result<Option<Piece>, String> {
    if let "*" | "?" | "$" = inner {
        plain.push_str(inner);
        return Ok(None);
    }
    let (key, default) = match inner.split_once(',') {
        None => (inner, None),
        Some((key, default)) => {
            let quoted = default.trim().strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
            let default = quoted.ok_or("the default of a variable stands in single quotes: ${key, 'default'}")?;
            (key, Some(default.to_owned()))
        }
    };
    let key = key.trim().to_lowercase();
    if key.is_empty() {
        return Err("a variable has no name: ${}".to_owned());
    }
    Ok(Some(Piece::Variable { key, default }))
}

/// A pattern with its variables filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Character(char),
    Any,
    One,
}

fn tokens(pieces: &[Piece], case: Case, keys: &Keys<'_>) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    for piece in pieces {
        let text: Cow<'_, str> = match piece {
            Piece::Any => {
                tokens.push(Token::Any);
                continue;
            }
            Piece::One => {
                tokens.push(Token::One);
                continue;
            }
            Piece::Text(text) => text.into(),
            Piece::Variable { key, default } => match (keys.get(key), default) {
                (Some(value), _) => value,
                (None, Some(default)) => default.into(),
                (None, None) => return None,
            },
        };
        tokens.extend(characters(&text, case).into_iter().map(Token::Character));
    }
    Some(tokens)
}

fn characters(text: &str, case: Case) -> Vec<char> {
    match case {
        Case::Kept => text.chars().collect(),
        Case::Ignored => text.chars().flat_map(char::to_lowercase).collect(),
    }
}

/// Matches with one way back: a star takes as little as it can, and only the last one met may have to take more.
fn matches_tokens(tokens: &[Token], text: &[char]) -> bool {
    let (mut token, mut at) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    loop {
        match (tokens.get(token), text.get(at)) {
            (Some(Token::Any), _) => {
                token += 1;
                back = Some((token, at));
                continue;
            }
            (Some(Token::One), Some(_)) => {
                token += 1;
                at += 1;
                continue;
            }
            (Some(Token::Character(own)), Some(other)) if own == other => {
                token += 1;
                at += 1;
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        match back {
            Some((after_star, from)) if from < text.len() => {
                (token, at) = (after_star, from + 1);
                back = Some((after_star, from + 1));
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Pattern, Syntax};

    #[test]
    fn a_pattern_of_arns_has_six_parts_or_stands_for_all() {
        let pattern = |text| Pattern::parse(text, Syntax { has_wildcards: true, has_variables: true }).unwrap();
        for text in ["*", "${aws:PrincipalArn}", "arn:*:*:*:*:*", "arn:aws:iam::1:user/a:b:c", "?*"] {
            assert!(pattern(text).is_arn(), "{text}");
        }
        for text in ["ann", "arn:*", "arn:aws:*:user/ann", "user/*"] {
            assert!(!pattern(text).is_arn(), "{text}");
        }
    }
}
