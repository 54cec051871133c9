//! The other side of a webhook: an HTTP server on loopback that keeps what it was sent and answers
//! as a test says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;

/// How one request is answered.
#[derive(Clone, Copy, Debug)]
pub enum Reply {
    /// With this status and body.
    With(u16, &'static str),
    /// Never.
    Silence,
}

#[derive(Clone, Debug)]
pub struct Received {
    pub uri: String,
    pub headers: HeaderMap,
    pub body: Value,
    pub bytes: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

#[derive(Default)]
struct Kept {
    received: Vec<Received>,
    replies: VecDeque<Reply>,
}

/// A running sink.
#[derive(Clone)]
pub struct Sink {
    pub url: String,
    kept: Arc<Mutex<Kept>>,
    arrived: Arc<tokio::sync::Notify>,
}

impl Sink {
    /// Says 200 and `{"errcode":0}` to everything unless told otherwise.
    pub async fn open() -> Sink {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?key=k1", listener.local_addr().unwrap());
        let sink = Sink { url, kept: Arc::default(), arrived: Arc::default() };
        let router = axum::Router::new().route("/hook", post(take)).with_state(sink.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        sink
    }

    /// Answers the next requests so, in this order.
    pub fn reply(&self, replies: &[Reply]) {
        self.kept.lock().unwrap().replies.extend(replies.iter().copied());
    }

    pub fn received(&self) -> Vec<Received> {
        self.kept.lock().unwrap().received.clone()
    }

    /// Takes what was received until now.
    pub fn taken(&self) -> Vec<Received> {
        std::mem::take(&mut self.kept.lock().unwrap().received)
    }

    /// Waits until a request has arrived.
    pub async fn arrival(&self) {
        self.arrived.notified().await;
    }
}

async fn take(
    State(sink): State<Sink>,
    uri: axum::http::Uri,
    headers: HeaderMap,
    bytes: Bytes,
) -> (StatusCode, &'static str) {
    let body = serde_json::from_slice(&bytes).unwrap();
    let reply = {
        let mut kept = sink.kept.lock().unwrap();
        kept.received.push(Received { uri: uri.to_string(), headers, body, bytes: bytes.to_vec() });
        kept.replies.pop_front()
    };
    sink.arrived.notify_one();
    match reply {
        None => (StatusCode::OK, "{\"errcode\":0,\"code\":0}"),
        Some(Reply::With(status, body)) => (StatusCode::from_u16(status).unwrap(), body),
        Some(Reply::Silence) => std::future::pending().await,
    }
}
