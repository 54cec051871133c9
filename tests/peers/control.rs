//! Tells a running baresip what to do, by its module `ctrl_tcp`: JSON in netstrings.

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use super::program::until;

/// The connection to one baresip, on which it listens at a port of loopback.
pub struct Control(Mutex<TcpStream>);

impl Control {
    pub async fn connect(port: u16) -> Control {
        let stream =
            until(Duration::from_secs(10), async || TcpStream::connect(("127.0.0.1", port)).await.ok());
        Control(Mutex::new(stream.await.expect("baresip listens")))
    }

    /// What would be typed there: `dial`, `sndcode`, `hangup`.
    pub async fn tell(&self, command: &str, params: &str) {
        let text = json!({ "command": command, "params": params, "token": command }).to_string();
        let message = format!("{}:{text},", text.len());
        self.0.lock().await.write_all(message.as_bytes()).await.expect("baresip reads");
    }
}
