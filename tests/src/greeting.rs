//! The first packet a server sends on a connection, as the sign that it is ready.
//!
//! An open socket proves little: both servers listen before they accept. The greeting comes once connections are served,
//! which is after the init file has been executed, and it carries the version. No login is needed for it, and so no
//! driver and no async runtime in code that must also run inside of tests that have one.

use std::io::Read as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// The protocol version that both servers have greeted with for twenty years.
const PROTOCOL: u8 = 10;

/// MariaDB 10 says that it were version 5.5.5, for old replicas, and then its real version.
const REPLICATION_PREFIX: &str = "5.5.5-";

/// The version of the server that answers at a Unix socket within `patience`, or `None` when none does.
pub(crate) fn read_version(socket: &Path, patience: Duration) -> Option<String> {
    let mut stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(patience)).ok()?;
    // Three bytes of length, the least significant first, and one of sequence number.
    let mut header = [0; 4];
    stream.read_exact(&mut header).ok()?;
    let length = usize::from(header[0]) | usize::from(header[1]) << 8 | usize::from(header[2]) << 16;
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).ok()?;
    version_in(&payload)
}

fn version_in(payload: &[u8]) -> Option<String> {
    let (&protocol, rest) = payload.split_first()?;
    if protocol != PROTOCOL {
        return None;
    }
    let text = rest.split(|&byte| byte == 0).next()?;
    let text = String::from_utf8_lossy(text);
    Some(text.strip_prefix(REPLICATION_PREFIX).unwrap_or(&text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::version_in;

    #[test]
    fn versions_end_at_the_nul_and_lose_the_replication_prefix() {
        assert_eq!(version_in(b"\x0a9.7.4-2\0\x09\0\0\0").as_deref(), Some("9.7.4-2"));
        assert_eq!(version_in(b"\x0a5.5.5-10.11.19-MariaDB\0\x01").as_deref(), Some("10.11.19-MariaDB"));
    }

    #[test]
    fn an_error_packet_is_no_greeting() {
        assert_eq!(version_in(b"\xff\x10\x04Too many connections"), None);
        assert_eq!(version_in(b""), None);
    }
}
