//! One message to the other side: by HTTP, SMTP, or into a folder.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message as Letter, Tokio1Executor};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

use crate::base::Timestamp;
use crate::notice::{Answer, Channel, HttpRequest, MailTls, Message, Settings, Wire, answer, wire};

/// How long the other side of a POST may take.
const HTTP_TIME: Duration = Duration::from_secs(10);
/// How long a mail server may take for one command.
const MAIL_TIME: Duration = Duration::from_secs(20);
/// How long a whole attempt may take: shorter than the lease of its deliveries.
const WHOLE_TIME: Duration = Duration::from_secs(60);
/// Bytes of an answer that are read.
const ANSWER_BYTES: usize = 64 * 1024;

/// Why a message could not be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SendError(pub String);

impl SendError {
    fn of(error: impl std::error::Error) -> SendError {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(source) = cause {
            let deeper = source.to_string();
            if !text.contains(&deeper) {
                text.push_str(&format!(": {deeper}"));
            }
            cause = source.source();
        }
        SendError(text)
    }
}

/// Sends messages; holds the connections of HTTP.
#[derive(Clone)]
pub(super) struct Sender {
    http: reqwest::Client,
}

impl Sender {
    /// # Errors
    /// A sentence: there is no HTTP client.
    pub(super) fn new() -> Result<Sender, String> {
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|e| format!("TLS: {e}"))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .timeout(HTTP_TIME)
            // What is signed for one address must not be carried to another.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|e| format!("cannot make an HTTP client: {e}"))?;
        Ok(Sender { http })
    }

    /// Sends one message.
    pub(super) async fn send(
        &self,
        settings: &Settings,
        channel: &Channel,
        message: &Message,
        now: Timestamp,
    ) -> Answer {
        let sent = async {
            match wire(channel, message, now) {
                Wire::Http(request) => self.post(channel, request).await,
                Wire::Mail { subject, text } => mail(settings, channel, message, &subject, text, now).await,
                Wire::File { name, bytes } => drop_file(&channel.folder, &name, &bytes).await,
            }
        };
        match tokio::time::timeout(WHOLE_TIME, sent).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(SendError(why))) => Answer::Failed(why, None),
            Err(_) => Answer::Failed(format!("it took longer than {} s", WHOLE_TIME.as_secs()), None),
        }
    }

    async fn post(&self, channel: &Channel, request: HttpRequest) -> Result<Answer, SendError> {
        let mut post = self.http.post(request.url).header("content-type", "application/json");
        for (name, value) in request.headers {
            post = post.header(name, value);
        }
        // The address may hold a key, and errors are shown.
        let hidden = |error: reqwest::Error| SendError::of(error.without_url());
        let mut response = post.body(request.body).send().await.map_err(hidden)?;
        let status = response.status().as_u16();
        let wait = response.headers().get("retry-after").and_then(|v| v.to_str().ok()?.parse().ok());
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(hidden)? {
            body.extend_from_slice(&piece);
            if body.len() > ANSWER_BYTES {
                break;
            }
        }
        Ok(answer(channel.kind, status, wait.map(Duration::from_secs), &body))
    }
}

/// Who gets an e-mail: a customer, those for whom its notices are, else those of the channel.
fn addresses<'a>(settings: &'a Settings, channel: &'a Channel, message: &'a Message) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    for (item, ..) in &message.items {
        if let Some(address) = item.address.strip_prefix("email:") {
            found.push(address);
        } else if let Some(recipient) = settings.recipient(&item.to) {
            found.extend(recipient.email.iter().map(String::as_str));
        }
    }
    if found.is_empty() {
        found.extend(channel.mail.to.iter().map(String::as_str));
    }
    found.sort_unstable();
    found.dedup();
    found
}

async fn mail(
    settings: &Settings,
    channel: &Channel,
    message: &Message,
    subject: &str,
    text: String,
    now: Timestamp,
) -> Result<Answer, SendError> {
    let server = &channel.mail;
    let to = addresses(settings, channel, message);
    if to.is_empty() {
        return Ok(Answer::Failed("nobody has an e-mail address for it: give `to` of the channel".into(), None));
    }
    let mailbox = |address: &str| {
        address.parse::<Mailbox>().map_err(|e| SendError(format!("`{address}` is no e-mail address: {e}")))
    };
    let from = mailbox(&server.from)?;
    // The same id for every attempt: a server or reader that has it already knows it again.
    let id = format!("<{}@{}>", message.id, from.email.domain());
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(now.0.max(0).unsigned_abs());
    let mut letter = Letter::builder().from(from).subject(subject).message_id(Some(id)).date(at);
    for address in to {
        letter = letter.to(mailbox(address)?);
    }
    let body = SinglePart::plain(text);
    let letter = match &message.attachment {
        None => letter.singlepart(body),
        Some(file) => {
            let kind = ContentType::parse("text/csv; charset=utf-8").map_err(SendError::of)?;
            let file = Attachment::new(file.name.clone()).body(format!("\u{FEFF}{}", file.text), kind);
            letter.multipart(MultiPart::mixed().singlepart(body).singlepart(file))
        }
    };
    let letter = letter.map_err(SendError::of)?;
    let transport = match server.tls {
        MailTls::Off => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host),
        MailTls::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(&server.host).map_err(SendError::of)?,
        MailTls::Starttls => {
            AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(&server.host).map_err(SendError::of)?
        }
    };
    let mut transport = transport.port(server.port).timeout(Some(MAIL_TIME));
    if !server.user.is_empty() {
        transport = transport.credentials(Credentials::new(server.user.clone(), server.password.0.clone()));
    }
    transport.build().send(letter).await.map_err(SendError::of)?;
    Ok(Answer::Delivered)
}

/// Writes a file beside its place and moves it there, so that nobody reads half of it.
async fn drop_file(folder: &Path, name: &str, bytes: &[u8]) -> Result<Answer, SendError> {
    let named = |path: &Path, e: std::io::Error| SendError(format!("{}: {e}", path.display()));
    tokio::fs::create_dir_all(folder).await.map_err(|e| named(folder, e))?;
    let part = folder.join(format!(".{name}.part"));
    tokio::fs::write(&part, bytes).await.map_err(|e| named(&part, e))?;
    let place = folder.join(name);
    tokio::fs::rename(&part, &place).await.map_err(|e| named(&place, e))?;
    Ok(Answer::Delivered)
}
