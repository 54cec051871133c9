//! One POST to a webhook or robot: robots take a message every few seconds at most.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};

use crate::io::https::Https;
use crate::notice::HttpRequest;

/// How long the other side may take.
const TIME: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read.
const ANSWER_BYTES: usize = 64 * 1024;

/// Status, what `Retry-After` asks for, and the body.
pub(super) type Answered = (u16, Option<Duration>, Vec<u8>);

/// Posts.
#[derive(Clone)]
pub(super) struct Post {
    https: Https,
}

impl Post {
    /// Trusts the public authorities, and these in PEM.
    ///
    /// # Errors
    /// A sentence: TLS cannot be spoken.
    pub(super) fn new(authorities: &str) -> Result<Post, String> {
        Ok(Post { https: Https::new(authorities)? })
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// A sentence without the address, which may hold a key.
    pub(super) async fn send(&self, request: &HttpRequest) -> Result<Answered, String> {
        match tokio::time::timeout(TIME, self.exchange(request)).await {
            Ok(answered) => answered,
            Err(_) => Err(format!("no answer within {} s", TIME.as_secs())),
        }
    }

    async fn exchange(&self, request: &HttpRequest) -> Result<Answered, String> {
        let mut post = Request::post(&request.url)
            .header(header::USER_AGENT, concat!("ringback/", env!("CARGO_PKG_VERSION")))
            .header(header::CONTENT_TYPE, "application/json");
        for (name, value) in &request.headers {
            post = post.header(*name, value);
        }
        let post = post
            .body(Body::from(request.body.clone()))
            .map_err(|_| "the address or a header cannot be written".to_owned())?;
        let response = self.https.send(post).await?;
        let status = response.status().as_u16();
        let wait = response.headers().get(header::RETRY_AFTER).and_then(|v| v.to_str().ok()?.parse().ok());
        let body = axum::body::to_bytes(Body::new(response.into_body()), ANSWER_BYTES)
            .await
            .map_err(|error| error.to_string())?;
        Ok((status, wait.map(Duration::from_secs), body.to_vec()))
    }
}
