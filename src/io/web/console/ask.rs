//! How pages ask the API: as any other client does, only without a socket. A page shows what a route
//! answers, so that permissions, reach, masks and filters stand in one place, and whatever a page
//! shows can be had by a program too.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;
use tower::ServiceExt;

use super::super::auth::Caller;
use super::super::problem::Problem;
use super::super::server::Via;
use super::super::tongue::told_in;
use super::frame::Visitor;

/// Bytes of an answer that a page is made of: far more than a page of a list has.
const ANSWER_LIMIT: usize = 16 * 1024 * 1024;

/// Addresses that one page asks at once: some routes let only a few in, and others want a place there too.
const AT_ONCE: usize = 2;

/// The API inside this process.
#[derive(Clone, Debug)]
pub(super) struct Api(Router);

impl Api {
    pub fn new(router: Router) -> Api {
        Api(router)
    }

    async fn call(
        &self,
        caller: &Caller,
        via: Option<Via>,
        request: Request<Body>,
    ) -> Result<Vec<u8>, Problem> {
        let mut request = request;
        // Accesses are noted with the place they come from.
        if let Some(via) = via {
            request.extensions_mut().insert(via);
        }
        // The session has been looked at already: the request is of this caller.
        request.extensions_mut().insert(caller.clone());
        let mut response = match self.0.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            return Err(problem);
        }
        let body = to_bytes(response.into_body(), ANSWER_LIMIT).await.map_err(|e| Problem::internal(&e))?;
        Ok(body.into())
    }
}

impl Visitor {
    /// What a route of the API answers to this visitor; `path` begins behind `/api/v1` and has its
    /// query with it.
    ///
    /// # Errors
    /// The route's problem in the visitor's language, and 500 for an answer of another shape than `T`.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Problem> {
        self.send(Method::GET, path, &()).await
    }

    /// The same of several addresses, some at once, in their order.
    ///
    /// # Errors
    /// The first problem of them.
    pub async fn get_all<T: DeserializeOwned + Send + 'static>(
        &self,
        paths: Vec<String>,
    ) -> Result<Vec<T>, Problem> {
        let mut answers = Vec::with_capacity(paths.len());
        let mut asked = JoinSet::new();
        let mut paths = paths.into_iter().enumerate();
        loop {
            for (place, path) in paths.by_ref().take(AT_ONCE - asked.len()) {
                let visitor = self.clone();
                asked.spawn(async move { visitor.get::<T>(&path).await.map(|answer| (place, answer)) });
            }
            let Some(answer) = asked.join_next().await else { break };
            answers.push(answer.map_err(|error| Problem::internal(&error))??);
        }
        answers.sort_by_key(|(place, _)| *place);
        Ok(answers.into_iter().map(|(_, answer)| answer).collect())
    }

    /// The same with another method and a JSON body.
    pub async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Problem> {
        let bytes = match method {
            Method::GET => Vec::new(),
            _ => serde_json::to_vec(body).map_err(|e| Problem::internal(&e))?,
        };
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .body(Body::from(bytes))
            .map_err(|e| Problem::bad_request(format!("the address cannot be asked for: {e}")))?;
        let answer = self.api.call(&self.caller, self.via, request).await;
        // A page tells it as it comes.
        let answer = answer.map_err(|problem| told_in(self.look.lang, problem))?;
        serde_json::from_slice(&answer).map_err(|error| {
            tracing::error!(path, %error, "the API answers in another shape than a page expects");
            Problem::internal(&error)
        })
    }
}
