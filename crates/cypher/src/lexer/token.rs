//! A token: what kind, and where.

use super::Keyword;
use crate::tree::Span;

/// A token of the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
    /// Of an opening bracket: where the one that closes it is among the tokens, or zero if there is none.
    pub(crate) partner: u32,
}

impl Token {
    pub(crate) const fn new(kind: TokenKind, span: Span) -> Self {
        Self { kind, span, partner: 0 }
    }
}

/// Declares the tokens that are always written the same.
macro_rules! symbols {
    ($($name:ident $text:literal $shown:literal)*) => {
        /// Kinds of tokens.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum TokenKind {
            /// An identifier that is no keyword.
            Word,
            /// A word of the grammar.
            Keyword(Keyword),
            /// An identifier in backticks.
            Quoted,
            /// `$` with its name.
            Parameter,
            /// A number, or what begins like one.
            Number,
            /// A string with its quotes.
            String,
            /// One of the dashes of Unicode, which patterns may have for a minus sign.
            Dash,
            /// One of the left brackets that patterns may have for `<`.
            LeftHead,
            /// One of the right brackets that patterns may have for `>`.
            RightHead,
            $(#[doc = $text] $name,)*
            /// What could not be read.
            Invalid,
            /// Behind the last.
            End,
        }

        impl TokenKind {
            /// How it is called where it was expected.
            pub(crate) const fn describe(self) -> &'static str {
                match self {
                    Self::Word | Self::Quoted => "a name",
                    Self::Keyword(keyword) => keyword.text(),
                    Self::Parameter => "a parameter",
                    Self::Number => "a number",
                    Self::String => "a string",
                    Self::Dash => "'-'",
                    Self::LeftHead => "'<'",
                    Self::RightHead => "'>'",
                    $(Self::$name => $shown,)*
                    Self::Invalid => "another character",
                    Self::End => "the end of the query",
                }
            }

            /// The symbol that a text begins with, and its length. The longer ones are tried first, as they are declared.
            pub(crate) fn of_symbol(text: &str) -> (Option<Self>, usize) {
                $(if text.starts_with($text) {
                    return (Some(Self::$name), $text.len());
                })*
                let Some(first) = text.chars().next() else { return (None, 0) };
                let kind = match first {
                    '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => {
                        Some(Self::Dash)
                    }
                    '\u{27e8}' | '\u{3008}' | '\u{fe64}' | '\u{ff1c}' => Some(Self::LeftHead),
                    '\u{27e9}' | '\u{3009}' | '\u{fe65}' | '\u{ff1e}' => Some(Self::RightHead),
                    _ => None,
                };
                (kind, first.len_utf8())
            }
        }
    };
}

symbols! {
    DotDot ".." "'..'"
    LessOrEqual "<=" "'<='"
    GreaterOrEqual ">=" "'>='"
    NotEqual "<>" "'<>'"
    Matches "=~" "'=~'"
    PlusEqual "+=" "'+='"
    OpenParen "(" "'('"
    CloseParen ")" "')'"
    OpenBracket "[" "'['"
    CloseBracket "]" "']'"
    OpenBrace "{" "'{'"
    CloseBrace "}" "'}'"
    Comma "," "','"
    Dot "." "'.'"
    Colon ":" "':'"
    Semicolon ";" "';'"
    Bar "|" "'|'"
    Equal "=" "'='"
    Less "<" "'<'"
    Greater ">" "'>'"
    Plus "+" "'+'"
    Minus "-" "'-'"
    Star "*" "'*'"
    Slash "/" "'/'"
    Percent "%" "'%'"
    Caret "^" "'^'"
}

impl TokenKind {
    /// The bracket that closes this one, if this one opens.
    pub(crate) const fn closer(self) -> Option<Self> {
        match self {
            Self::OpenParen => Some(Self::CloseParen),
            Self::OpenBracket => Some(Self::CloseBracket),
            Self::OpenBrace => Some(Self::CloseBrace),
            _ => None,
        }
    }
}
