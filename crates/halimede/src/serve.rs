//! `halimede serve`: the server, from its flags to its clean stop.

use std::io::{Write, stdout};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use loader::source::SourceConfig;
use loader::{Loader, LoaderConfig};
use server::{IamFile, Server, ServerConfig, TlsFiles};

use crate::descriptors;
use crate::error::{Error, Result};
use crate::flags::{Auth, Serve, ServeDoor, ServeLater, SparqlDefaultGraph};
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
    config.bolt_error_codes = flags.bolt_error_codes.into();
    config.separate_default_graph = flags.sparql_default_graph == SparqlDefaultGraph::Separate;
    config.service_allow.clone_from(&flags.service_allow);
    config.loader = flags.loader;
    config.read_replica = flags.read_replica;
    config.admin_listen = flags.door.admin_listen;
    config.tls = tls(&flags.door)?;
    config.trusted_proxies.clone_from(&flags.door.trusted_proxy);
    flags.limits.apply(&mut config);
    descriptors::provide((config.connections + config.reserved_connections) as u64);
    config.requests.atomic = flags.atomic_loads;
    let mut s3 = local::s3_config(&flags.s3)?;
    config.iam = iam(&flags.door, s3.region.clone())?;
    // Whoever may start loads must not borrow this process's own keys by naming a role.
    s3.require_mapped_role = config.iam.is_some();
    config.check()?;
    let runtime = local::runtime()?;
    let store = place::open_or_create(&flags.data, flags.memory)?;
    let sources = SourceConfig {
        import_dirs: flags.import_dir.clone(),
        data_dir: store.directory().to_owned(),
        any_local: false,
        s3,
    };
    let loads =
        // On a replica loads are only looked at: what was running or waiting stays so.
        LoaderConfig {
            disabled: !flags.loader || flags.read_replica,
            rejects_limit: flags.rejects_limit.0,
            ..LoaderConfig::new(sources)
        };
    let loader = Loader::open(store.clone(), loads, runtime.handle().clone())?;
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let server = runtime.block_on(Server::bind(config, store.clone(), loader.clone()))?;
    let address = server.address();
    store.announce(&format!("{scheme}://{}", reachable(address)))?;
    if let Some(address) = server.admin_address() {
        tracing::info!(%address, "metrics and health are answered here, too");
    }
    // A signal that comes as soon as the line is seen must find its handler.
    let mut signals = Signals::listen(runtime.handle())?;
    loader.take_up();
    ready(scheme, address);
    runtime.block_on(server.run(async move {
        let signal = signals.next().await;
        tracing::info!(signal, "asked to stop");
    }));
    tracing::info!(
        "stopping: the running load, if there is one, goes on at the next start; those that wait stay in the queue"
    );
    loader.shutdown();
    store.close();
    // A query that could not be stopped in time has nobody left to answer.
    runtime.shutdown_background();
    tracing::info!("stopped");
    Ok(())
}

/// Refuses what is kept for later, and what would open the graph to the network by mistake.
fn refuse(flags: &Serve) -> Result<()> {
    let ServeLater { storage } = &flags.later;
    if storage.is_some() {
        return Err(Error::Unsupported("--storage"));
    }
    let ServeDoor { auth, admin_listen, .. } = &flags.door;
    if !flags.listen.ip().is_loopback() && *auth == Auth::None && !flags.insecure {
        return Err(Error::Usage(format!(
            "--listen {} is not loopback, and with --auth none everyone who reaches it can read and change the graph; \
             listen on 127.0.0.1, give callers keys with --auth iam, or add --insecure if that is meant",
            flags.listen
        )));
    }
    if let Some(address) = admin_listen.filter(|address| !address.ip().is_loopback() && !flags.insecure) {
        return Err(Error::Usage(format!(
            "--admin-listen {address} is not loopback, and nobody is asked for a signature there; \
             listen on 127.0.0.1, or add --insecure if that is meant"
        )));
    }
    for directory in &flags.import_dir {
        if !directory.is_dir() {
            return Err(Error::Usage(format!("--import-dir {}: there is no such directory", directory.display())));
        }
    }
    Ok(())
}

/// Where the certificate is. One file without the other may come from different layers, so the parser cannot see it.
fn tls(flags: &ServeDoor) -> Result<Option<TlsFiles>> {
    match (flags.tls_cert.clone(), flags.tls_key.clone()) {
        (Some(certificate), Some(key)) => Ok(Some(TlsFiles { certificate, key })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(Error::Usage("--tls-cert needs --tls-key".to_owned())),
        (None, Some(_)) => Err(Error::Usage("--tls-key needs --tls-cert".to_owned())),
    }
}

/// Who may do what.
fn iam(flags: &ServeDoor, region: Option<String>) -> Result<Option<IamFile>> {
    match (flags.auth, flags.iam_config.clone()) {
        (Auth::None, None) => Ok(None),
        (Auth::Iam, Some(path)) => Ok(Some(IamFile { path, region })),
        (Auth::Iam, None) => Err(Error::Usage("--auth iam needs --iam-config: who may call, and what".to_owned())),
        (Auth::None, Some(_)) => Err(Error::Usage(
            "--iam-config is given, but --auth is none: everyone could do everything. Add --auth iam".to_owned(),
        )),
    }
}

/// Says on standard output that the server answers; the one line it prints there.
fn ready(scheme: &str, address: SocketAddr) {
    let mut out = stdout();
    if let Err(error) = writeln!(out, "halimede ready on {scheme}://{address}").and_then(|()| out.flush()) {
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
