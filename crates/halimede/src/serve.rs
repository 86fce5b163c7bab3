//! `halimede serve`: the server, from its flags to its clean stop.

use std::io::{Write, stdout};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use loader::source::SourceConfig;
use loader::{Loader, LoaderConfig};
use server::{Server, ServerConfig};

use crate::error::{Error, Result};
use crate::flags::{Auth, Serve, ServeLater};
use crate::local;
use crate::place;
use crate::signals::Signals;

/// Runs the command until SIGTERM or Ctrl-C.
pub(crate) fn run(flags: &Serve) -> Result<()> {
    refuse(flags)?;
    let mut config = ServerConfig::new(flags.listen);
    config.allow_hosts.clone_from(&flags.allow_host);
    config.allow_origins.clone_from(&flags.allow_origin);
    config.query_timeout = Duration::from_secs(flags.query_timeout);
    config.loader = flags.loader;
    config.requests.atomic = flags.atomic_loads;
    let s3 = local::s3_config(&flags.s3)?;
    let runtime = local::runtime()?;
    let store = place::open_or_create(&flags.data, flags.memory)?;
    let sources = SourceConfig {
        import_dirs: flags.import_dir.clone(),
        data_dir: store.directory().to_owned(),
        any_local: false,
        s3,
    };
    let loads =
        LoaderConfig { disabled: !flags.loader, rejects_limit: flags.rejects_limit.0, ..LoaderConfig::new(sources) };
    let loader = Loader::open(store.clone(), loads, runtime.handle().clone())?;
    let server = runtime.block_on(Server::bind(config, store.clone(), loader.clone()))?;
    let address = server.address();
    store.announce(&format!("http://{}", reachable(address)))?;
    // A signal that comes as soon as the line is seen must find its handler.
    let mut signals = Signals::listen(runtime.handle())?;
    loader.take_up();
    ready(address);
    runtime.block_on(server.run(async move {
        let signal = signals.next().await;
        tracing::info!(signal, "asked to stop");
    }));
    tracing::info!("stopping: the running load, if there is one, is ended; those that wait stay in the queue");
    loader.shutdown();
    store.close();
    // A query that could not be stopped in time has nobody left to answer.
    runtime.shutdown_background();
    tracing::info!("stopped");
    Ok(())
}

/// Refuses what is kept for later, and what would open the graph to the network by mistake.
fn refuse(flags: &Serve) -> Result<()> {
    let ServeLater { iam_config, read_replica, storage, tls_cert, tls_key } = &flags.later;
    let later = [
        (flags.auth == Auth::Iam, "--auth iam"),
        (iam_config.is_some(), "--iam-config"),
        (*read_replica, "--read-replica"),
        (storage.is_some(), "--storage"),
        (tls_cert.is_some(), "--tls-cert"),
        (tls_key.is_some(), "--tls-key"),
    ];
    if let Some((_, name)) = later.iter().find(|(given, _)| *given) {
        return Err(Error::Unsupported(name));
    }
    if !flags.listen.ip().is_loopback() && !flags.insecure {
        return Err(Error::Usage(format!(
            "--listen {} is not loopback, and with --auth none everyone who reaches it can read and change the graph; \
             listen on 127.0.0.1, or add --insecure if that is meant",
            flags.listen
        )));
    }
    for directory in &flags.import_dir {
        if !directory.is_dir() {
            return Err(Error::Usage(format!("--import-dir {}: there is no such directory", directory.display())));
        }
    }
    Ok(())
}

/// Says on standard output that the server answers; the one line it prints there.
fn ready(address: SocketAddr) {
    let mut out = stdout();
    if let Err(error) = writeln!(out, "halimede ready on http://{address}").and_then(|()| out.flush()) {
        tracing::warn!(%error, "nobody reads the ready line");
    }
    tracing::info!(%address, "ready");
}

/// The address as this machine's other processes reach it.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
