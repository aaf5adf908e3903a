//! The service manager's end of the notifications: a real datagram socket, as systemd makes one.

use std::os::unix::net::UnixDatagram;
use std::thread;

use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::program::LIMIT;

/// What a daemon says to its service manager.
pub(crate) struct NotifySocket {
    folder: TempDir,
    messages: UnboundedReceiver<String>,
    seen: Vec<String>,
}

impl NotifySocket {
    pub(crate) fn bind() -> Self {
        let folder = tempfile::tempdir().expect("a folder is made");
        let socket = UnixDatagram::bind(folder.path().join("notify")).expect("a socket is made");
        let (sender, messages) = unbounded_channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The thread ends with the test that listens to it, at the next message or with the process.
            while let Ok(length) = socket.recv(&mut buffer) {
                let message = String::from_utf8(buffer[..length].to_vec()).expect("it says UTF-8");
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Self { folder, messages, seen: Vec::new() }
    }

    /// For the variable `NOTIFY_SOCKET`.
    pub(crate) fn path(&self) -> String {
        self.folder.path().join("notify").display().to_string()
    }

    /// Awaits a message that contains `part`.
    pub(crate) async fn message(&mut self, part: &str) -> String {
        loop {
            let next = tokio::time::timeout(LIMIT, self.messages.recv()).await;
            let next = next.unwrap_or_else(|_| panic!("{part:?} is not said: {:#?}", self.seen));
            let message = next.expect("the socket's thread runs");
            if message.contains(part) {
                return message;
            }
            self.seen.push(message);
        }
    }

    /// What has been said until now and was not awaited.
    pub(crate) fn said(&mut self) -> Vec<String> {
        while let Ok(message) = self.messages.try_recv() {
            self.seen.push(message);
        }
        std::mem::take(&mut self.seen)
    }
}
