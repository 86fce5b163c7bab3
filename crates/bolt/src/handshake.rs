//! The first twenty bytes: who speaks Bolt, and in which versions.
//!
//! A client sends [`MAGIC`] and four proposals, the one it likes best first. A proposal is one version with some minor
//! ones before it. The newer handshake, in which the server lists its versions, is itself one of the four proposals;
//! whoever makes it makes the others, too. It would cost a round trip more and choose the same, so it is passed over.

use crate::Version;

/// How a Bolt connection begins.
pub const MAGIC: [u8; 4] = [0x60, 0x60, 0xB0, 0x17];

/// Bytes of the proposals.
pub const PROPOSALS: usize = 16;

/// The best version that both sides speak.
pub fn choose(proposals: &[u8; PROPOSALS]) -> Option<Version> {
    let (proposals, _) = proposals.as_chunks::<4>();
    proposals.iter().find_map(|[_, range, minor, major]| {
        let minors = (minor.saturating_sub(*range)..=*minor).rev();
        minors.map(|minor| Version::new(*major, minor)).find(|version| version.is_spoken())
    })
}

/// What the client is sent: the version, or zeros before the connection is closed.
pub const fn answer(chosen: Option<Version>) -> [u8; 4] {
    match chosen {
        Some(version) => [0, 0, version.minor, version.major],
        None => [0; 4],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What drivers were seen to send.
    #[test]
    fn drivers_get_the_best_they_propose() {
        for (who, proposals, chosen) in [
            ("Python 6.0", [[0, 0, 1, 255], [0, 8, 8, 5], [0, 2, 4, 4], [0, 0, 0, 3]], Some((5, 8))),
            ("Python 5.23", [[0, 6, 6, 5], [0, 2, 4, 4], [0, 0, 1, 4], [0, 0, 0, 3]], Some((5, 6))),
            ("Python 4.4", [[0, 2, 4, 4], [0, 0, 1, 4], [0, 0, 0, 4], [0, 0, 0, 3]], Some((4, 4))),
            ("Java 4.0", [[0, 0, 0, 4], [0, 0, 0, 3], [0, 0, 0, 2], [0, 0, 0, 1]], Some((4, 0))),
            ("a driver of tomorrow", [[0, 0, 0, 7], [0, 9, 9, 5], [0; 4], [0; 4]], Some((5, 8))),
            ("an old one", [[0, 0, 0, 2], [0, 0, 0, 1], [0; 4], [0; 4]], None),
            ("nobody", [[0; 4]; 4], None),
            ("a wrong range", [[0, 255, 255, 5], [255; 4], [0; 4], [0; 4]], Some((5, 8))),
        ] {
            let bytes: [u8; PROPOSALS] = proposals.concat().try_into().unwrap();
            let expected = chosen.map(|(major, minor)| Version::new(major, minor));
            assert_eq!(choose(&bytes), expected, "{who}");
        }
        assert_eq!(answer(Some(Version::new(5, 8))), [0, 0, 8, 5]);
        assert_eq!(answer(None), [0; 4]);
    }
}
