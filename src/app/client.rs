//! A small client of our own API, for the demo.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;

/// Speaks JSON with the API of this machine.
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    secret: String,
}

impl Client {
    pub fn new(api: SocketAddr, secret: &str) -> Result<Self, String> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(10))
            .build()
            .map_err(|e| e.to_string())?;
        Ok(Client { http, base: format!("http://{api}/api/v1/"), secret: secret.to_owned() })
    }

    pub async fn get(&self, path: &str) -> Result<Value, String> {
        self.send(self.http.get(format!("{}{path}", self.base))).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        let request = self.http.post(format!("{}{path}", self.base));
        self.send(if body.is_null() { request } else { request.json(body) }).await
    }

    pub async fn post_bytes(&self, path: &str, body: Vec<u8>) -> Result<Value, String> {
        let request = self.http.post(format!("{}{path}", self.base)).header("content-type", "text/csv");
        self.send(request.body(body)).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Value, String> {
        let response = request.bearer_auth(&self.secret).send().await.map_err(|e| e.to_string())?;
        let status = response.status();
        let url = response.url().path().to_owned();
        let text = response.text().await.map_err(|e| e.to_string())?;
        if !status.is_success() {
            return Err(format!("{url}: {status}: {text}"));
        }
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).map_err(|e| format!("{url}: {e}"))
    }
}
