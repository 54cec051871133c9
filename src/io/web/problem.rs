//! Errors as problem documents (RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::control::Refused;
use crate::io::desk::Error as DeskError;
use crate::io::planner::Error as PlannerError;
use crate::io::reading::Broken;
use crate::io::store::Error as StoreError;
use crate::ticket::Refusal;

/// Seconds after which a client that was told 503 should try again.
const RETRY_AFTER: u32 = 2;

/// A problem document. `type` is a relative reference that stays the same between releases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Problem {
    /// Names the kind of problem, e.g. `/problems/not-found`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub kind: Box<str>,
    /// The kind in a few words.
    #[schema(value_type = String)]
    pub title: Box<str>,
    /// HTTP status.
    pub status: u16,
    /// What is wrong this time and how to mend it.
    #[schema(value_type = String)]
    pub detail: Box<str>,
    /// The request's id, as in the log.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    #[schema(value_type = String)]
    pub instance: Box<str>,
    /// What is wrong with single fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// Seconds until it is worth trying again; also sent as `Retry-After`.
    #[serde(skip)]
    pub retry_after: Option<u32>,
}

/// One field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldProblem {
    /// Where: a path such as `settings.windows[0]`, or the name of a query parameter.
    pub field: String,
    /// What is wrong.
    pub detail: String,
    /// How to mend it.
    pub hint: String,
}

impl FieldProblem {
    /// What is wrong with one field and how to mend it.
    pub fn new(field: impl Into<String>, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        FieldProblem { field: field.into(), detail: detail.into(), hint: hint.into() }
    }
}

impl Problem {
    /// A problem of that kind.
    pub fn new(status: StatusCode, kind: &str, title: &str, detail: impl Into<String>) -> Self {
        Problem {
            kind: format!("/problems/{kind}").into(),
            title: title.into(),
            status: status.as_u16(),
            detail: detail.into().into(),
            instance: Box::default(),
            errors: Vec::new(),
            retry_after: None,
        }
    }

    /// 400: the request cannot be read.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", "The request cannot be read", detail)
    }

    /// 401: no token, or none that is valid. One text for all cases, so that nothing is learnt by guessing.
    pub fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "A valid token is needed",
            "send `Authorization: Bearer rb_...` with a token that is neither revoked nor expired; \
             `ringback token create` makes one",
        )
    }

    /// 403: the token is good, but none of its roles gives a permission.
    pub fn forbidden(needed: crate::access::Permission, roles: &[String]) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "The token's roles do not allow it",
            format!(
                "this needs the permission `{needed}`, which {} does not give; use a token with a role that has it \
                 (`ringback roles show`)",
                roles.iter().map(|role| format!("`{role}`")).collect::<Vec<_>>().join(" or ")
            ),
        )
    }

    /// 403: this person must not, whatever their roles are.
    pub fn not_by(why: String) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not by this person", why)
    }

    /// 403: the roles allow such a thing, but not this one.
    pub fn out_of_reach(permission: crate::access::Permission) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "It is out of the token's reach",
            format!(
                "the roles of this token give `{permission}` for things of its own agent, team, department or shop \
                 only, and this is none of them; ask whose it is, or use a token with a wider role"
            ),
        )
    }

    /// 404: there is no such thing.
    pub fn not_found(what: &str, id: impl std::fmt::Display) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "There is no such thing",
            format!("there is no {what} {id}"),
        )
    }

    /// 409: it cannot be done as things stand.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "It cannot be done as things stand", detail)
    }

    /// 408: the body did not arrive in time.
    pub fn too_slow(limit: std::time::Duration) -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "too-slow",
            "The body came too slowly",
            format!("it did not come within {} s; send it over a faster line", limit.as_secs_f32()),
        )
    }

    /// 413: too much was sent.
    pub fn too_large(limit: u64) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "The body is too large",
            format!("at most {limit} bytes are taken here; send less, or split the file"),
        )
    }

    /// 415: not in a form that is understood here.
    pub fn unsupported_media_type(expected: &str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "The body has the wrong type",
            format!("send `Content-Type: {expected}`"),
        )
    }

    /// 422: readable, but fields are wrong.
    pub fn invalid(errors: Vec<FieldProblem>) -> Self {
        let detail = match errors.as_slice() {
            [one] => format!("{}: {}", one.field, one.detail),
            many => format!("{} fields are wrong; see `errors`", many.len()),
        };
        let problem =
            Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Some values cannot be used", detail);
        Problem { errors, ..problem }
    }

    /// 422 for one field.
    pub fn invalid_field(field: &str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::invalid(vec![FieldProblem::new(field, detail, hint)])
    }

    /// 429: too many requests.
    pub fn too_many(seconds: u64, detail: impl Into<String>) -> Self {
        let problem =
            Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests", detail);
        Problem { retry_after: Some(u32::try_from(seconds.max(1)).unwrap_or(u32::MAX)), ..problem }
    }

    /// 503: it cannot be done at this moment.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        let problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "It cannot be done at this moment",
            detail,
        );
        Problem { retry_after: Some(RETRY_AFTER), ..problem }
    }

    /// 500: our fault. What happened is in the log, not in the answer.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "The daemon failed",
            "the log has the cause under the request id given in `instance`",
        )
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NotFound(text) => {
                Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", text)
            }
            Refused::Conflict(text) => Problem::conflict(text),
            Refused::Invalid(text) => {
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Some values cannot be used", text)
            }
            Refused::Unavailable(text) => Problem::unavailable(text),
        }
    }
}

impl From<Broken> for Problem {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::NotATable(text) => {
                Problem::invalid_field("body", text, "see the mapping parameter and the file's header")
            }
            Broken::Disk(error) => Problem::internal(&error),
            Broken::Gone(error) => Problem::internal(&error),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Exists { .. } => Problem::conflict(error.to_string()),
            StoreError::NotFound { .. } => {
                Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", error.to_string())
            }
            StoreError::Refused(text) => {
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Some values cannot be used", text)
            }
            StoreError::Sql(_) | StoreError::Timeout(_) => {
                tracing::error!(%error, "the database did not answer a request");
                Problem::unavailable(
                    "the database does not answer; what was sent is not stored, try again shortly",
                )
            }
            error => Problem::internal(&error),
        }
    }
}

impl From<PlannerError> for Problem {
    fn from(error: PlannerError) -> Self {
        match error {
            // What cannot be done as things stand, told in words for the person.
            PlannerError::Refused(text) | PlannerError::Store(StoreError::Refused(text)) => {
                Problem::conflict(text)
            }
            PlannerError::Store(error) => error.into(),
            PlannerError::NoPack(_) => {
                Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", error.to_string())
            }
        }
    }
}

impl From<crate::io::notices::Error> for Problem {
    fn from(error: crate::io::notices::Error) -> Self {
        match error {
            crate::io::notices::Error::Store(error) => error.into(),
            crate::io::notices::Error::Planner(error) => error.into(),
        }
    }
}

impl From<crate::io::books::Error> for Problem {
    fn from(error: crate::io::books::Error) -> Self {
        use crate::io::books::Error as BooksError;
        match error {
            BooksError::Store(StoreError::Refused(text)) | BooksError::Refused(text) => {
                Problem::conflict(text)
            }
            BooksError::Store(error) => error.into(),
            BooksError::Planner(error) => error.into(),
            BooksError::Unknown(_) => {
                Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", error.to_string())
            }
            BooksError::Excel(error) => Problem::internal(&error),
        }
    }
}

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Store(StoreError::Refused(text)) => Problem::conflict(text),
            DeskError::Store(error) => error.into(),
            DeskError::Refused(Refusal::Field { field, detail, hint }) => {
                Problem::invalid_field(&field, detail, hint)
            }
            DeskError::Refused(Refusal::Conflict(text)) => Problem::conflict(text),
            DeskError::Refused(Refusal::Forbidden(text)) => {
                Problem::new(StatusCode::FORBIDDEN, "forbidden", "Not by this person", text)
            }
            DeskError::NoPack(_) => {
                Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", error.to_string())
            }
            DeskError::Busy(_) => Problem::conflict(error.to_string()),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"ringback\""));
        }
        // Kept as a value too, so that the outermost layer can write the request id into it.
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_its_kind_its_field_and_how_to_mend_it() {
        let problem =
            Problem::invalid_field("windows[0]", "`Mon 9` is not a window", "write `Mon-Fri 09:00-12:00`");
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json["type"], "/problems/invalid");
        assert_eq!(json["status"], 422);
        assert_eq!(json["errors"][0]["field"], "windows[0]");
        assert_eq!(json["errors"][0]["hint"], "write `Mon-Fri 09:00-12:00`");
    }

    #[test]
    fn statuses_carry_their_headers() {
        let check = |problem: Problem, name: header::HeaderName, value: &str| {
            let response = problem.into_response();
            assert_eq!(response.headers()[name], value);
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        };
        check(Problem::unauthorized(), header::WWW_AUTHENTICATE, "Bearer realm=\"ringback\"");
        check(Problem::too_many(0, "x"), header::RETRY_AFTER, "1");
        check(Problem::from(Refused::Unavailable("full".into())), header::RETRY_AFTER, "2");
    }

    #[test]
    fn refusals_of_the_engine_have_their_statuses() {
        for (refused, status) in [
            (Refused::NotFound("x".into()), 404),
            (Refused::Conflict("x".into()), 409),
            (Refused::Invalid("x".into()), 422),
            (Refused::Unavailable("x".into()), 503),
        ] {
            assert_eq!(Problem::from(refused).status, status);
        }
    }
}
