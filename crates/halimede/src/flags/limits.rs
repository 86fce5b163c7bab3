//! The limits of `halimede serve`: how much of everything one server takes on.
//!
//! Each has a default that suits a machine of a few cores, an error of its own for whoever goes beyond it, and bounds
//! within which the server can keep its word.

use std::str::FromStr;

use clap::Args;
use server::{LaneSize, ServerConfig};

use crate::seconds::Seconds;
use crate::size::ByteSize;

/// Longest target that the HTTP layer reads.
const LONGEST_URL: u64 = 65_534;

/// Flags that bound what a server takes on.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct Limits {
    /// Connections that may be open
    #[arg(long, value_name = "N", default_value_t = 1_024, value_parser = count())]
    pub(crate) max_connections: u32,
    /// Connections beyond those, for cancels of loads and looks at a status alone
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = count())]
    pub(crate) reserved_connections: u32,
    /// Requests in flight at once, those that wait included
    #[arg(long, value_name = "N", default_value_t = 8_192, value_parser = count())]
    pub(crate) max_requests: u32,
    /// Queries that run at once [default: twice the cores, at least 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4_096))]
    pub(crate) max_queries: Option<u32>,
    /// Queries that wait for one of those to end
    #[arg(long, value_name = "N", default_value_t = 8_192, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub(crate) max_queued_queries: u32,
    /// Size of a request's head
    #[arg(long, value_name = "SIZE", default_value = "128KiB", value_parser = |text: &str| within(text, 8 << 10, 16 << 20))]
    pub(crate) max_head: ByteSize,
    /// Size of a request's path and query string
    #[arg(long, value_name = "SIZE", default_value = "65534", value_parser = |text: &str| within(text, 256, LONGEST_URL))]
    pub(crate) max_url: ByteSize,
    /// Size of a request's body; operations other than queries take at most 1 MiB in any case
    #[arg(long, value_name = "SIZE", default_value = "157286400", value_parser = |text: &str| within(text, 1 << 10, 4 << 30))]
    pub(crate) max_body: ByteSize,
    /// Memory for the bodies of all requests together
    #[arg(long, value_name = "SIZE", default_value = "512MiB", value_parser = |text: &str| within(text, 1 << 20, 1 << 40))]
    pub(crate) body_memory: ByteSize,
    /// Memory for the rows that a query keeps at once [default: --memory divided among --max-queries, at least 16 MiB]
    #[arg(long, value_name = "SIZE", value_parser = |text: &str| within(text, 1 << 20, 1 << 40))]
    pub(crate) query_memory: Option<ByteSize>,
    /// Size of a query's result
    #[arg(long, value_name = "SIZE", default_value = "16GiB", value_parser = |text: &str| within(text, 1 << 10, 1 << 50))]
    pub(crate) max_result: ByteSize,
    /// How long a body may take beyond what its size takes at 64 KiB a second
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    pub(crate) receive_timeout: Seconds,
    /// How long a client may take nothing of its reply
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    pub(crate) send_timeout: Seconds,
    /// How long a connection may have no request, the time that a request's head takes included
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    pub(crate) idle_timeout: Seconds,
    /// How long a connection of Bolt may have no message
    #[arg(long, value_name = "SECONDS", default_value = "1200")]
    pub(crate) bolt_idle_timeout: Seconds,
}

impl Limits {
    /// Puts the limits into a server's settings.
    pub(crate) fn apply(&self, config: &mut ServerConfig) {
        config.connections = self.max_connections as usize;
        config.reserved_connections = self.reserved_connections as usize;
        config.in_flight = self.max_requests as usize;
        config.queries = LaneSize {
            running: self.max_queries.map_or(config.queries.running, |most| most as usize),
            waiting: self.max_queued_queries as usize,
        };
        config.head_bytes = bytes(self.max_head);
        config.url_bytes = bytes(self.max_url);
        config.request_bytes = bytes(self.max_body);
        config.body_bytes = bytes(self.body_memory);
        config.query_memory_bytes = self.query_memory.map(bytes);
        config.result_bytes = self.max_result.0;
        config.receive_timeout = self.receive_timeout.0;
        config.send_timeout = self.send_timeout.0;
        config.idle_timeout = self.idle_timeout.0;
        config.bolt_idle_timeout = self.bolt_idle_timeout.0;
    }
}

/// A number of things that there must be at least one of.
fn count() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=1_000_000)
}

/// A size within bounds, both included.
fn within(text: &str, least: u64, most: u64) -> Result<ByteSize, String> {
    let size = ByteSize::from_str(text).map_err(|error| error.to_string())?;
    if (least..=most).contains(&size.0) {
        Ok(size)
    } else {
        Err(format!("expected a size from {} to {}, found {text:?}", ByteSize(least), ByteSize(most)))
    }
}

fn bytes(size: ByteSize) -> usize {
    usize::try_from(size.0).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Alone {
        #[command(flatten)]
        limits: Limits,
    }

    #[test]
    fn the_defaults_are_those_of_the_server() {
        let defaults = ServerConfig::new("127.0.0.1:0".parse().expect("an address"));
        let mut config = defaults.clone();
        Alone::parse_from(["serve"]).limits.apply(&mut config);
        assert_eq!(config, defaults);
    }

    #[test]
    fn each_limit_is_put_where_it_belongs() {
        let mut config = ServerConfig::new("127.0.0.1:0".parse().expect("an address"));
        let flags = "--max-connections 1 --reserved-connections 2 --max-requests 3 --max-queries 4 --max-queued-queries 5 \
                     --max-head 9KiB --max-url 7K --max-body 8K --body-memory 9M --query-memory 10M --max-result 11K \
                     --receive-timeout 12 --send-timeout 13 --idle-timeout 14 --bolt-idle-timeout 15";
        Alone::parse_from(["serve"].into_iter().chain(flags.split_whitespace())).limits.apply(&mut config);
        let sizes = [
            config.connections,
            config.reserved_connections,
            config.in_flight,
            config.queries.running,
            config.queries.waiting,
            config.head_bytes >> 10,
            config.url_bytes >> 10,
            config.request_bytes >> 10,
            config.body_bytes >> 20,
            config.query_memory_bytes.unwrap_or_default() >> 20,
            config.result_bytes as usize >> 10,
        ];
        assert_eq!(sizes, [1, 2, 3, 4, 5, 9, 7, 8, 9, 10, 11]);
        let times = [config.receive_timeout, config.send_timeout, config.idle_timeout, config.bolt_idle_timeout];
        assert_eq!(times.map(|time| time.as_secs()), [12, 13, 14, 15]);
    }

    #[test]
    fn what_the_server_could_not_keep_is_refused() {
        for flags in ["--max-connections 0", "--max-head 8191", "--max-url 65535", "--max-body 1", "--max-queries 0"] {
            assert!(Alone::try_parse_from(["serve"].into_iter().chain(flags.split_whitespace())).is_err(), "{flags}");
        }
    }
}
