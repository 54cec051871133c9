//! Channels: where notices go, and what each kind of them allows.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::Language;
use crate::calendar::Windows;

/// By what protocol a channel is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// JSON by POST, signed with HMAC-SHA256; also the way to an SMS gateway.
    #[default]
    Webhook,
    /// Group robot of WeCom (企业微信群机器人).
    Wecom,
    /// Group robot of DingTalk (钉钉自定义机器人).
    Dingtalk,
    /// Group robot of Feishu (飞书自定义机器人).
    Feishu,
    /// E-mail by SMTP.
    Email,
    /// A file in a folder, for programs that watch one.
    File,
}

impl Kind {
    /// The word in the configuration and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Webhook => "webhook",
            Kind::Wecom => "wecom",
            Kind::Dingtalk => "dingtalk",
            Kind::Feishu => "feishu",
            Kind::Email => "email",
            Kind::File => "file",
        }
    }

    /// A group of people reads it, so that what is masked stays so for everybody (section 6, 35).
    pub const fn is_group(self) -> bool {
        matches!(self, Kind::Wecom | Kind::Dingtalk | Kind::Feishu)
    }

    /// Messages a minute that the other side takes: 20 of WeCom and DingTalk, 100 of Feishu;
    /// 0: as many as come.
    pub const fn per_minute(self) -> u32 {
        match self {
            Kind::Wecom | Kind::Dingtalk => 20,
            Kind::Feishu => 100,
            Kind::Webhook | Kind::Email | Kind::File => 0,
        }
    }

    /// Bytes of text that one message may have.
    pub const fn text_limit(self) -> usize {
        match self {
            Kind::Wecom => 4_096,
            Kind::Dingtalk => 18_000,
            Kind::Feishu => 18_000,
            Kind::Webhook | Kind::Email | Kind::File => 256 * 1024,
        }
    }
}

/// A text that is not printed: a key, or an address that holds one.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "none" } else { "***" })
    }
}

/// How a mail server is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// STARTTLS (RFC 3207), required. Port 587.
    #[default]
    Starttls,
    /// TLS from the first byte (RFC 8314). Port 465.
    Tls,
    /// In the open: only to a server of one's own. Port 25.
    Off,
}

impl MailTls {
    /// Port where none is given.
    pub const fn port(self) -> u16 {
        match self {
            MailTls::Starttls => 587,
            MailTls::Tls => 465,
            MailTls::Off => 25,
        }
    }
}

/// The mail server of an e-mail channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mail {
    /// Host name; it is verified against the certificate.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Encryption.
    pub tls: MailTls,
    /// User for SMTP AUTH; empty: none.
    pub user: String,
    /// Its password.
    pub password: Secret,
    /// Sender: `ringback@example.com` or `回访中心 <ringback@example.com>`.
    pub from: String,
    /// Who gets what is for nobody with an address of their own.
    pub to: Vec<String>,
}

/// One channel.
#[derive(Clone, Debug, Default)]
pub struct Channel {
    /// Unique name, which routes name.
    pub name: String,
    /// Protocol.
    pub kind: Kind,
    /// Where to: of a robot with its key or access token.
    pub url: Secret,
    /// Key that messages are signed with; empty: they are not.
    pub secret: Secret,
    /// Language of its texts.
    pub language: Language,
    /// What comes within this time after a message about the same is sent with the next one.
    pub digest: Duration,
    /// Hours in which it is silent; None: none. What is urgent is sent all the same.
    pub quiet: Option<Windows>,
    /// Messages a minute; 0: no limit.
    pub per_minute: u32,
    /// The mail server of an e-mail channel.
    pub mail: Mail,
    /// The folder of a file channel.
    pub folder: PathBuf,
}
