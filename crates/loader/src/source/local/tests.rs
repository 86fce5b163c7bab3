//! Real directories, links and pipes.

use std::fs;
use std::os::unix::fs::symlink;

use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::*;
use crate::source::{Opened, Sources};

/// A directory with an import directory, a data directory and a secret beside them.
struct Scene {
    directory: TempDir,
    runtime: Runtime,
}

impl Scene {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        for name in ["in/feed/deep", "in/feed-edges", "in/data", "out"] {
            fs::create_dir_all(directory.path().join(name)).unwrap();
        }
        for (name, text) in [
            ("in/feed/b.csv", "b"),
            ("in/feed/B.csv", "B!"),
            ("in/feed/a.csv", ""),
            ("in/feed/.hidden", "h"),
            ("in/feed/deep/c.csv", "c"),
            ("in/feed-edges/e.csv", "e"),
            ("in/feed b#.csv", "odd"),
            ("in/data/segment", "s"),
            ("out/secret", "secret"),
        ] {
            fs::write(directory.path().join(name), text).unwrap();
        }
        Self { directory, runtime: Runtime::new().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn open_in(&self, config: SourceConfig, source: &str) -> Result<Opened, SourceError> {
        let sources = Sources::new(config, 1 << 30, self.runtime.handle().clone()).unwrap();
        sources.open(&sources.parse(source, None)?, None, None)
    }

    fn config(&self) -> SourceConfig {
        SourceConfig {
            import_dirs: vec![self.path("elsewhere"), self.path("in")],
            data_dir: self.path("in/data"),
            ..SourceConfig::default()
        }
    }

    /// Opens `name`, relative to the scene.
    fn open(&self, name: &str) -> Result<Opened, SourceError> {
        self.open_in(self.config(), &format!("file://{}/{name}", self.directory.path().display()))
    }

    fn list(&self, name: &str) -> Result<Vec<FeedInfo>, SourceError> {
        let opened = self.open(name)?;
        let listed = opened.list(&CancelToken::new());
        // What a probe says and what a listing says is one thing.
        assert_eq!(opened.probe().err(), listed.as_ref().err().cloned(), "{name}");
        listed
    }

    fn names(&self, name: &str) -> Vec<String> {
        let feeds = self.list(name).unwrap();
        let prefix = format!("{}/", self.directory.path().display());
        feeds.iter().map(|feed| feed.key.strip_prefix(&prefix).unwrap().to_owned()).collect()
    }
}

fn read(opened: &Opened, feed: &FeedInfo) -> Result<String, ReadError> {
    let count = Arc::new(AtomicU64::new(0));
    let mut text = String::new();
    let outcome = opened.read(feed, &CancelToken::new(), Arc::clone(&count)).read_to_string(&mut text);
    outcome.map_err(|error| ReadError::of(&error).unwrap().clone())?;
    assert_eq!(count.load(Ordering::Relaxed), text.len() as u64);
    Ok(text)
}

#[test]
fn a_directory_is_its_regular_files_in_byte_order() {
    let scene = Scene::new();
    let expected = ["in/feed/B.csv", "in/feed/a.csv", "in/feed/b.csv"];
    assert_eq!(scene.names("in/feed"), expected);
    assert_eq!(scene.names("in/feed/"), expected);
    assert_eq!(scene.names("in"), ["in/feed b#.csv"]);
    let feeds = scene.list("in/feed").unwrap();
    assert_eq!(feeds.iter().map(|feed| feed.size).collect::<Vec<_>>(), [2, 0, 1]);
    let opened = scene.open("in/feed").unwrap();
    let texts: Vec<String> = feeds.iter().map(|feed| read(&opened, feed).unwrap()).collect();
    assert_eq!(texts, ["B!", "", "b"]);
}

#[test]
fn a_file_is_itself() {
    let scene = Scene::new();
    assert_eq!(scene.names("in/feed/b.csv"), ["in/feed/b.csv"]);
    assert_eq!(scene.names("in/feed/.hidden"), ["in/feed/.hidden"]);
    let feeds = scene.list("in/feed b%23.csv").unwrap();
    assert!(feeds[0].uri.ends_with("/in/feed b%23.csv"), "{}", feeds[0].uri);
    assert!(matches!(scene.list("in/feed/b.csv/"), Err(SourceError::BadRequest(_))));
}

#[test]
fn what_is_not_there_is_not_reachable() {
    let scene = Scene::new();
    fs::create_dir(scene.path("in/empty")).unwrap();
    fs::write(scene.path("in/empty/.dot"), "").unwrap();
    for name in ["in/nothing", "in/fee", "in/feed/b.csv/x", "in/empty", "in/empty/"] {
        match scene.list(name) {
            Err(SourceError::BadRequest(text)) => {
                let start = format!(
                    "The source file://{}/{name} does not exist/not reachable. ",
                    scene.directory.path().display()
                );
                assert!(text.starts_with(&start), "{text}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn what_lies_outside_is_denied_and_says_what_to_add() {
    let scene = Scene::new();
    for (name, add) in
        [("out/secret", "out"), ("out/", "out"), ("out/nothing", "out"), ("inn/x", "inn"), ("in2/", "in2")]
    {
        match scene.list(name) {
            Err(SourceError::AccessDenied(text)) => {
                let end = format!("start the server with --import-dir {}", scene.path(add).display());
                assert!(text.trim_end_matches('/').ends_with(&end), "{text}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    for source in ["file:///etc/passwd", "file:///proc/self/environ", "file:///dev/zero"] {
        assert!(matches!(scene.open_in(scene.config(), source), Err(SourceError::AccessDenied(_))), "{source}");
    }
    let nothing = SourceConfig::default();
    assert!(matches!(scene.open_in(nothing, "file:///etc/passwd"), Err(SourceError::AccessDenied(_))));
}

#[test]
fn links_may_stay_and_may_not_leave() {
    let scene = Scene::new();
    symlink("feed/b.csv", scene.path("in/inside")).unwrap();
    symlink("feed", scene.path("in/folder")).unwrap();
    assert_eq!(read(&scene.open("in/inside").unwrap(), &scene.list("in/inside").unwrap()[0]).unwrap(), "b");
    assert_eq!(scene.names("in/folder").len(), 3);

    symlink("../out/secret", scene.path("in/relative")).unwrap();
    symlink(scene.path("out/secret"), scene.path("in/absolute")).unwrap();
    symlink("../out", scene.path("in/dir")).unwrap();
    symlink("/proc/self/environ", scene.path("in/proc")).unwrap();
    symlink("looping", scene.path("in/looping")).unwrap();
    for name in ["in/relative", "in/absolute", "in/dir", "in/dir/secret", "in/proc", "in/looping"] {
        assert!(matches!(scene.list(name), Err(SourceError::AccessDenied(_))), "{name}: {:?}", scene.list(name));
    }
    // One such link in a directory is enough to refuse all of it.
    assert!(matches!(scene.list("in"), Err(SourceError::AccessDenied(_))));
    // A link to nothing is no regular file.
    symlink("nothing", scene.path("in/feed/dangling")).unwrap();
    assert_eq!(scene.names("in/feed").len(), 3);
}

#[test]
fn a_link_swapped_in_after_the_listing_is_not_followed() {
    let scene = Scene::new();
    let opened = scene.open("in/feed").unwrap();
    let feeds = opened.list(&CancelToken::new()).unwrap();
    fs::remove_file(&feeds[0].key).unwrap();
    symlink("../../out/secret", &feeds[0].key).unwrap();
    assert!(matches!(read(&opened, &feeds[0]), Err(ReadError::AccessDenied(_))));
    let foreign = FeedInfo { key: scene.path("out/secret").to_str().unwrap().to_owned(), ..feeds[0].clone() };
    assert!(matches!(read(&opened, &foreign), Err(ReadError::AccessDenied(_))));
    let climbing = FeedInfo { key: scene.path("in/../out/secret").to_str().unwrap().to_owned(), ..feeds[0].clone() };
    assert!(matches!(read(&opened, &climbing), Err(ReadError::AccessDenied(_))));
}

#[test]
fn only_regular_files_are_read() {
    let scene = Scene::new();
    sys::mknodat(sys::CWD, scene.path("in/feed/pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(scene.path("in/feed/socket")).unwrap();
    for name in ["in/feed/pipe", "in/feed/socket"] {
        assert!(matches!(scene.list(name), Err(SourceError::BadRequest(_))), "{name}: {:?}", scene.list(name));
    }
    assert_eq!(scene.names("in/feed").len(), 3);
    symlink("pipe", scene.path("in/feed/to-pipe")).unwrap();
    assert_eq!(scene.names("in/feed").len(), 3);
    let config = SourceConfig { any_local: true, ..SourceConfig::default() };
    for source in ["/dev/null", "/dev/zero"] {
        let opened = scene.open_in(config.clone(), source).unwrap();
        assert!(matches!(opened.probe(), Err(SourceError::BadRequest(_))), "{source}");
    }
}

#[test]
fn the_data_directory_is_never_a_source() {
    let scene = Scene::new();
    symlink("data/segment", scene.path("in/to-data")).unwrap();
    for name in ["in/data", "in/data/", "in/data/segment", "in/to-data", "in"] {
        assert!(matches!(scene.list(name), Err(SourceError::AccessDenied(_))), "{name}: {:?}", scene.list(name));
    }
    let own = SourceConfig { any_local: true, data_dir: scene.path("in/data"), ..SourceConfig::default() };
    let opened = scene.open_in(own, scene.path("in/data/segment").to_str().unwrap()).unwrap();
    assert!(matches!(opened.probe(), Err(SourceError::AccessDenied(_))));
}

#[test]
fn an_import_directory_may_be_named_through_a_link() {
    let scene = Scene::new();
    symlink("in", scene.path("link")).unwrap();
    for (import_dir, name) in [("link", "link/feed"), ("link", "in/feed"), ("in/feed", "in/feed")] {
        let config = SourceConfig { import_dirs: vec![scene.path(import_dir)], ..SourceConfig::default() };
        let source = format!("file://{}", scene.path(name).display());
        let feeds = scene.open_in(config, &source).unwrap().list(&CancelToken::new()).unwrap();
        assert_eq!(feeds.len(), 3, "{import_dir} {name}");
        assert!(feeds[0].uri.starts_with(&source), "{}", feeds[0].uri);
    }
}

#[test]
fn the_own_user_reads_what_it_can() {
    let scene = Scene::new();
    symlink("../out/secret", scene.path("in/relative")).unwrap();
    let config = SourceConfig { any_local: true, ..SourceConfig::default() };
    for source in [
        scene.path("in/relative").display().to_string(),
        scene.path("in/../out/secret").display().to_string(),
        format!("file://{}", scene.path("out/secret").display()),
    ] {
        let opened = scene.open_in(config.clone(), &source).unwrap();
        let feeds = opened.list(&CancelToken::new()).unwrap();
        assert_eq!(read(&opened, &feeds[0]).unwrap(), "secret", "{source}");
    }
}

#[test]
fn a_file_that_changed_is_noticed() {
    let scene = Scene::new();
    let opened = scene.open("in/feed").unwrap();
    let feeds = opened.list(&CancelToken::new()).unwrap();
    fs::write(&feeds[0].key, "other text").unwrap();
    assert!(matches!(read(&opened, &feeds[0]), Err(ReadError::ModifiedOrDeleted(_))));
    fs::remove_file(&feeds[1].key).unwrap();
    assert!(matches!(read(&opened, &feeds[1]), Err(ReadError::ModifiedOrDeleted(_))));
    // While it is read: cut off, written to, removed, and replaced by another of the same content.
    let count = Arc::new(AtomicU64::new(0));
    type Change = fn(&str);
    let changes: [Change; 4] = [
        |file| fs::write(file, "").unwrap(),
        |file| fs::write(file, "b and more").unwrap(),
        |file| fs::remove_file(file).unwrap(),
        |file| {
            fs::write(format!("{file}.new"), "b").unwrap();
            fs::rename(format!("{file}.new"), file).unwrap();
        },
    ];
    for change in changes {
        let feed = &opened.list(&CancelToken::new()).unwrap().pop().unwrap();
        let mut reader = opened.read(feed, &CancelToken::new(), Arc::clone(&count));
        change(&feed.key);
        let error = reader.read_to_end(&mut Vec::new()).unwrap_err();
        assert!(matches!(ReadError::of(&error), Some(ReadError::ModifiedOrDeleted(_))), "{error}");
        fs::write(&feed.key, "b").unwrap();
    }
}

#[test]
fn a_cancelled_reader_reads_no_more() {
    let scene = Scene::new();
    let cancel = CancelToken::new();
    let opened = scene.open("in/feed").unwrap();
    let feeds = opened.list(&cancel).unwrap();
    let mut reader = opened.read(&feeds[0], &cancel, Arc::default());
    cancel.cancel();
    let error = reader.read(&mut [0; 8]).unwrap_err();
    assert_eq!(ReadError::of(&error), Some(&ReadError::Cancelled));
    assert_eq!(opened.list(&cancel), Err(SourceError::Cancelled));
}
