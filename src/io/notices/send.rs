//! One message to the other side: by HTTP, SMTP, or into a folder.

use std::path::Path;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message as Letter, Tokio1Executor};

use super::post::Post;
use crate::base::Timestamp;
use crate::io::https::trusted;
use crate::notice::{Answer, Channel, HttpRequest, MailTls, Message, Settings, Wire, answer, wire};

/// How long a mail server may take for one command.
const MAIL_TIME: Duration = Duration::from_secs(20);
/// How long a whole attempt may take: shorter than the lease of its deliveries.
const WHOLE_TIME: Duration = Duration::from_secs(60);

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

/// Sends messages.
pub(super) struct Sender {
    /// With the authorities that it trusts: those of the settings at its making.
    posting: RwLock<(String, Post)>,
}

impl Sender {
    /// # Errors
    /// A sentence: TLS cannot be spoken.
    pub(super) fn new(authorities: &str) -> Result<Sender, String> {
        Ok(Sender { posting: RwLock::new((authorities.to_owned(), Post::new(authorities)?)) })
    }

    /// What posts, with the authorities that the settings name now.
    fn posting(&self, authorities: &str) -> Result<Post, SendError> {
        {
            let posting = self.posting.read().unwrap_or_else(PoisonError::into_inner);
            if posting.0 == authorities {
                return Ok(posting.1.clone());
            }
        }
        let post = Post::new(authorities).map_err(SendError)?;
        let mut posting = self.posting.write().unwrap_or_else(PoisonError::into_inner);
        *posting = (authorities.to_owned(), post.clone());
        Ok(post)
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
                Wire::Http(request) => self.post(settings, channel, request).await,
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

    async fn post(
        &self,
        settings: &Settings,
        channel: &Channel,
        request: HttpRequest,
    ) -> Result<Answer, SendError> {
        let (status, wait, body) =
            self.posting(&settings.authorities)?.send(&request).await.map_err(SendError)?;
        Ok(answer(channel.kind, status, wait, &body))
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
        return Ok(Answer::Failed(
            "nobody has an e-mail address for it: give `to` of the channel".into(),
            None,
        ));
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
    let tls = match server.tls {
        MailTls::Off => Tls::None,
        MailTls::Tls => Tls::Wrapper(verified(&server.host, &settings.authorities)?),
        MailTls::Starttls => Tls::Required(verified(&server.host, &settings.authorities)?),
    };
    let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host).tls(tls);
    let mut transport = transport.port(server.port).timeout(Some(MAIL_TIME));
    if !server.user.is_empty() {
        transport = transport.credentials(Credentials::new(server.user.clone(), server.password.0.clone()));
    }
    transport.build().send(letter).await.map_err(SendError::of)?;
    Ok(Answer::Delivered)
}

/// TLS to a mail server whose certificate is verified: by the public authorities, and by these.
fn verified(host: &str, authorities: &str) -> Result<TlsParameters, SendError> {
    let mut tls = TlsParameters::builder(host.to_owned());
    for own in trusted(authorities).map_err(SendError)? {
        tls = tls.add_root_certificate(Certificate::from_der(own.to_vec()).map_err(SendError::of)?);
    }
    tls.build_rustls().map_err(SendError::of)
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
