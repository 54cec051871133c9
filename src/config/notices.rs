//! `[notices]`: channels, routes, and what is waited for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::duration::Span;
use super::lower::Lowering;
use crate::calendar::Windows;
use crate::notice::{self, Kind, Language, Mail, MailTls, Secret};
use crate::written::nearest;

/// `[notices]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Notices {
    /// Language of channels that name none: `zh-CN` or `en`. Default `zh-CN`.
    pub language: Language,
    /// Folder of texts, masks and rules (*.toml), laid over those in the program. Default none.
    pub folder: Option<PathBuf>,
    /// Authorities of one's own, trusted by webhooks and mail beside the public ones: a file of
    /// certificates in PEM. Default none.
    pub authorities: Option<PathBuf>,
    /// An unacknowledged notice is sent again after so long. Default 2 h; 1 min to 72 h.
    pub ack_after: Span,
    /// How often it is sent at most, 1 to 20; then the next level is told. Default 2.
    pub ack_rounds: u32,
    /// Who is told then, where its recipient names nobody. Default empty: nobody.
    pub escalate_to: String,
    /// What does not arrive within this time is given up. Default 24 h; 10 min to 240 h.
    pub give_up_after: Span,
    /// A channel that fails for so long is an alarm. Default 10 min; 1 min to 24 h.
    pub alarm_after: Span,
    /// Time of day at which the callback table is shared. Default `18:00`.
    pub share_at: String,
    /// Channel of text messages to customers, a webhook. Default empty: none are sent.
    pub sms: String,
    /// Channel of e-mails to customers. Default empty: none are sent.
    pub email: String,
    /// Department that hears of dissatisfied answers, by `pack` or `pack/rule`. Default none.
    pub departments: BTreeMap<String, String>,
    /// The channels.
    pub channel: Vec<Channel>,
    /// Which notices take which channels: every route that fits adds its own.
    pub route: Vec<Route>,
    /// Persons, roles and departments with addresses of their own.
    pub recipient: Vec<Recipient>,
}

/// `[[notices.channel]]`
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Channel {
    /// Unique name. Required.
    pub name: String,
    /// `webhook`, `wecom`, `dingtalk`, `feishu`, `email` or `file`. Default `webhook`.
    pub kind: Kind,
    /// Address of a webhook or robot; that of a robot holds its key. Required but for `email` and
    /// `file`.
    pub url: Option<String>,
    /// File that holds the address.
    pub url_file: Option<PathBuf>,
    /// Key that messages are signed with. Default none: they are not signed.
    pub secret: Option<String>,
    /// File that holds the key.
    pub secret_file: Option<PathBuf>,
    /// `zh-CN` or `en`. Default `notices.language`.
    pub language: Option<Language>,
    /// What comes within this time after a message about the same waits and becomes one message.
    /// Default 30 s; 0: each goes by itself; at most 24 h.
    pub digest: Span,
    /// Hours in which it is silent, but for urgent routes. Default none.
    pub quiet: Vec<String>,
    /// Messages a minute. Default: what the kind allows (20, of Feishu 100, else no limit);
    /// 0: no limit.
    pub per_minute: Option<u32>,
    /// Folder of a `file` channel. Required there.
    pub folder: Option<PathBuf>,
    /// Mail server of an `email` channel: `smtp.example.com`, with a port where it is not the
    /// usual one. Required there.
    pub server: String,
    /// `starttls`, `tls` or `off`. Default `starttls`.
    pub tls: MailTls,
    /// User of the mail server. Default empty: no authentication.
    pub user: String,
    /// Its password, in the open; `password_file` keeps it out of the file.
    pub password: Option<String>,
    /// File that holds the password.
    pub password_file: Option<PathBuf>,
    /// Sender of e-mails. Required for `email`.
    pub from: String,
    /// Who gets e-mails that are for nobody with an address of their own.
    pub to: Vec<String>,
}

/// `[[notices.route]]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Route {
    /// Topics: `callback.done`, `ticket.*`, `*`. Required.
    pub topics: Vec<String>,
    /// Persons, roles, departments. Default empty: all.
    pub to: Vec<String>,
    /// Policy packs. Default empty: all.
    pub packs: Vec<String>,
    /// Channels by name. Required.
    pub channels: Vec<String>,
    /// Does not wait for quiet hours or for others to join. Default false.
    pub urgent: bool,
}

/// `[[notices.recipient]]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Recipient {
    /// As notices name it: `工程部`. Required.
    pub name: String,
    /// E-mail addresses. Default none.
    pub email: Vec<String>,
    /// Channels that always carry what is for it. Default none.
    pub channels: Vec<String>,
    /// Who is told when it does not acknowledge. Default `notices.escalate_to`.
    pub escalate_to: String,
}

impl Default for Notices {
    fn default() -> Self {
        Notices {
            language: Language::default(),
            folder: None,
            authorities: None,
            ack_after: Span::seconds(2 * 3_600),
            ack_rounds: 2,
            escalate_to: String::new(),
            give_up_after: Span::seconds(24 * 3_600),
            alarm_after: Span::seconds(600),
            share_at: "18:00".into(),
            sms: String::new(),
            email: String::new(),
            departments: BTreeMap::new(),
            channel: Vec::new(),
            route: Vec::new(),
            recipient: Vec::new(),
        }
    }
}

impl Default for Channel {
    fn default() -> Self {
        Channel {
            name: String::new(),
            kind: Kind::default(),
            url: None,
            url_file: None,
            secret: None,
            secret_file: None,
            language: None,
            digest: Span::seconds(30),
            quiet: Vec::new(),
            per_minute: None,
            folder: None,
            server: String::new(),
            tls: MailTls::default(),
            user: String::new(),
            password: None,
            password_file: None,
            from: String::new(),
            to: Vec::new(),
        }
    }
}

/// Without its secrets.
impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Channel").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Channel {
    /// Puts `***` in the place of what must not be seen: an address may hold a key.
    pub(super) fn hide_secrets(&mut self) {
        for secret in [&mut self.url, &mut self.secret, &mut self.password] {
            if secret.is_some() {
                *secret = Some("***".into());
            }
        }
    }
}

impl Lowering<'_> {
    /// Checks the section. Texts, masks and rules come from files and are not in it.
    pub(super) fn notices(&mut self, raw: &Notices) -> notice::Settings {
        let minute = Span::seconds(60);
        let hours = |n: u64| Span::seconds(n * 3_600);
        let channels: Vec<notice::Channel> = raw
            .channel
            .iter()
            .enumerate()
            .map(|(i, channel)| self.channel(i, channel, raw.language))
            .collect();
        let mut names = BTreeSet::new();
        for (i, channel) in raw.channel.iter().enumerate() {
            if !channel.name.is_empty() && !names.insert(channel.name.as_str()) {
                self.wrong(
                    format!("notices.channel[{i}].name"),
                    format!("`{}` is the name of another channel too", channel.name),
                );
            }
        }
        let routes = raw.route.iter().enumerate().map(|(i, route)| self.route(i, route, &names)).collect();
        let recipients =
            raw.recipient.iter().enumerate().map(|(i, one)| self.recipient(i, one, &names)).collect();
        self.of_customers("notices.sms", &raw.sms, &channels, &[Kind::Webhook, Kind::File]);
        self.of_customers("notices.email", &raw.email, &channels, &[Kind::Email, Kind::File]);
        let share_at = raw.share_at.parse().unwrap_or_else(|_| {
            self.wrong(
                "notices.share_at",
                format!("`{}` is not a time of day: write it as 18:00", raw.share_at),
            );
            jiff::civil::Time::midnight()
        });
        notice::Settings {
            channels,
            routes,
            recipients,
            ack_after: self.span("notices.ack_after", raw.ack_after, minute..=hours(72), false),
            ack_rounds: self.number("notices.ack_rounds", raw.ack_rounds, 1..=20),
            escalate_to: raw.escalate_to.clone(),
            give_up_after: self.span(
                "notices.give_up_after",
                raw.give_up_after,
                Span::seconds(600)..=hours(240),
                false,
            ),
            alarm_after: self.span("notices.alarm_after", raw.alarm_after, minute..=hours(24), false),
            share_at,
            departments: raw.departments.clone(),
            sms: raw.sms.clone(),
            email: raw.email.clone(),
            ..notice::Settings::default()
        }
    }

    fn of_customers(&mut self, key: &str, name: &str, channels: &[notice::Channel], kinds: &[Kind]) {
        if name.is_empty() {
            return;
        }
        match channels.iter().find(|c| c.name == name) {
            None => self.wrong(key, format!("no channel is called `{name}`")),
            Some(channel) if !kinds.contains(&channel.kind) => {
                let words: Vec<&str> = kinds.iter().map(|k| k.as_str()).collect();
                let problem = format!(
                    "`{name}` is a channel of kind {}: customers are told by one of kind {}",
                    channel.kind.as_str(),
                    words.join(" or ")
                );
                self.wrong(key, problem);
            }
            Some(_) => {}
        }
    }

    fn channel(&mut self, i: usize, raw: &Channel, language: Language) -> notice::Channel {
        let key = |name: &str| format!("notices.channel[{i}].{name}");
        if raw.name.is_empty() || raw.name.contains('/') {
            self.wrong(key("name"), "is missing, or holds a `/`: give a short name such as `group`");
        }
        let url = self.secret(&key("url"), raw.url.as_ref(), raw.url_file.as_ref()).unwrap_or_default();
        let needs_url = !matches!(raw.kind, Kind::Email | Kind::File);
        let is_url = url.starts_with("https://") || url.starts_with("http://");
        if needs_url && !is_url && raw.url_file.is_none() {
            self.wrong_hint(
                key("url"),
                "is no address",
                "write the whole address of the webhook or robot, such as https://example.com/hook",
            );
        }
        if needs_url && url.starts_with("http://") && !url.starts_with("http://127.") {
            self.warnings.push(format!("{}: messages go out without TLS", key("url")));
        }
        let quiet = (!raw.quiet.is_empty()).then(|| Windows::parse(&raw.quiet, "Asia/Shanghai"));
        let quiet = match quiet.transpose() {
            Ok(quiet) => quiet,
            Err(error) => {
                self.wrong_hint(key("quiet"), error.to_string(), "write hours as 22:00-08:00");
                None
            }
        };
        if raw.kind == Kind::File && raw.folder.is_none() {
            self.wrong(key("folder"), "is missing: give the folder that files are put into");
        }
        let day = Span::seconds(24 * 3_600);
        notice::Channel {
            name: raw.name.clone(),
            kind: raw.kind,
            url: Secret(url),
            secret: Secret(
                self.secret(&key("secret"), raw.secret.as_ref(), raw.secret_file.as_ref())
                    .unwrap_or_default(),
            ),
            language: raw.language.unwrap_or(language),
            digest: self.span(&key("digest"), raw.digest, Span::seconds(1)..=day, true),
            quiet,
            per_minute: raw.per_minute.unwrap_or(raw.kind.per_minute()),
            mail: self.mail(&key, raw),
            folder: raw.folder.as_deref().map(|p| self.path(p)).unwrap_or_default(),
        }
    }

    fn mail(&mut self, key: &dyn Fn(&str) -> String, raw: &Channel) -> Mail {
        let password = self.secret(&key("password"), raw.password.as_ref(), raw.password_file.as_ref());
        if raw.kind != Kind::Email {
            return Mail::default();
        }
        let (host, port) = match raw.server.rsplit_once(':') {
            Some((host, port)) => (host, port.parse::<u16>().ok()),
            None => (raw.server.as_str(), Some(raw.tls.port())),
        };
        if host.is_empty() || port.is_none_or(|port| port == 0) {
            self.wrong_hint(
                key("server"),
                format!("`{}` is no mail server", raw.server),
                "write smtp.example.com, or smtp.example.com:2525",
            );
        }
        if !raw.from.contains('@') {
            self.wrong_hint(
                key("from"),
                format!("`{}` is no address of a sender", raw.from),
                "write ringback@example.com, or 回访中心 <ringback@example.com>",
            );
        }
        for (n, to) in raw.to.iter().enumerate().filter(|(_, to)| !to.contains('@')) {
            self.wrong(format!("{}[{n}]", key("to")), format!("`{to}` is no e-mail address"));
        }
        if !raw.user.is_empty() && password.is_none() && raw.password_file.is_none() {
            self.wrong(key("user"), format!("`{}` has no password", raw.user));
        }
        if raw.tls == MailTls::Off && !raw.user.is_empty() {
            self.warnings.push(format!("{}: the password goes out without TLS", key("tls")));
        }
        Mail {
            host: host.to_owned(),
            port: port.unwrap_or_default(),
            tls: raw.tls,
            user: raw.user.clone(),
            password: Secret(password.unwrap_or_default()),
            from: raw.from.clone(),
            to: raw.to.clone(),
        }
    }

    fn route(&mut self, i: usize, raw: &Route, names: &BTreeSet<&str>) -> notice::Route {
        if raw.topics.is_empty() {
            self.wrong(
                format!("notices.route[{i}].topics"),
                "is missing: name topics such as `callback.*`, or `*` for all",
            );
        }
        if raw.channels.is_empty() {
            self.wrong(format!("notices.route[{i}].channels"), "is missing: name channels");
        }
        self.known_channels(&format!("notices.route[{i}].channels"), &raw.channels, names);
        notice::Route {
            topics: raw.topics.clone(),
            to: raw.to.clone(),
            packs: raw.packs.clone(),
            channels: raw.channels.clone(),
            urgent: raw.urgent,
        }
    }

    fn recipient(&mut self, i: usize, raw: &Recipient, names: &BTreeSet<&str>) -> notice::Recipient {
        if raw.name.is_empty() {
            self.wrong(format!("notices.recipient[{i}].name"), "is missing");
        }
        self.known_channels(&format!("notices.recipient[{i}].channels"), &raw.channels, names);
        notice::Recipient {
            name: raw.name.clone(),
            email: raw.email.clone(),
            channels: raw.channels.clone(),
            escalate_to: raw.escalate_to.clone(),
        }
    }

    fn known_channels(&mut self, key: &str, channels: &[String], names: &BTreeSet<&str>) {
        for (n, name) in channels.iter().enumerate().filter(|(_, name)| !names.contains(name.as_str())) {
            let hint = match nearest(name, names.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("channels: {}", names.iter().copied().collect::<Vec<_>>().join(", ")),
            };
            self.wrong_hint(format!("{key}[{n}]"), format!("no channel is called `{name}`"), &hint);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bad, good, mistake};

    const GROUP: &str =
        "[[notices.channel]]\nname = \"group\"\nkind = \"wecom\"\nurl = \"https://x.example/k?key=s3cret\"\n";

    #[test]
    fn channels_and_routes_are_read_and_their_secrets_are_not_shown() {
        let text = format!(
            "{GROUP}secret = \"t0psecret\"\n[[notices.route]]\ntopics = [\"callback.*\"]\nchannels = [\"group\"]\n"
        );
        let loaded = good(&text);
        let channel = &loaded.settings.notices.channels[0];
        assert_eq!((channel.per_minute, channel.digest.as_secs()), (20, 30));
        assert_eq!(loaded.settings.notices.targets("callback.done", "", "")[0].channel, "group");
        let shown = format!("{loaded:?}{:?}", toml::to_string(&loaded.raw.without_secrets()));
        assert!(!shown.contains("s3cret") && !shown.contains("t0psecret"), "{shown}");
    }

    #[test]
    fn mistakes_of_channels_stand_where_they_are() {
        mistake("[notices]\nsharre_at = \"18:00\"\n", 2, &["did you mean `share_at`?"]);
        mistake("[notices]\nshare_at = \"6pm\"\n", 2, &["notices.share_at", "not a time of day"]);
        mistake("[notices]\nack_after = \"1s\"\n", 2, &["not between"]);
        mistake("[notices]\nsms = \"gateway\"\n", 2, &["no channel is called `gateway`"]);
        mistake(&format!("[notices]\nsms = \"group\"\n{GROUP}"), 2, &["of kind wecom", "webhook or file"]);
        mistake("[[notices.channel]]\nname = \"a\"\nkind = \"fax\"\n", 3, &["unknown variant"]);
        mistake(
            "[[notices.channel]]\nname = \"a\"\nurl = \"example.com\"\n",
            3,
            &["is no address", "https://"],
        );
        mistake("[[notices.channel]]\nname = \"a\"\nkind = \"file\"\n", 1, &["folder", "is missing"]);
        mistake(&format!("{GROUP}quiet = [\"late\"]\n"), 5, &["quiet", "22:00-08:00"]);
        mistake(&format!("{GROUP}{GROUP}"), 6, &["another channel"]);
        let route = format!("{GROUP}[[notices.route]]\ntopics = [\"*\"]\nchannels = [\"grup\"]\n");
        mistake(&route, 7, &["no channel is called `grup`", "did you mean `group`?"]);
        let mail = |extra: &str| format!("[[notices.channel]]\nname = \"m\"\nkind = \"email\"\n{extra}\n");
        mistake(&mail("from = \"a@b.c\""), 1, &["server", "is no mail server"]);
        mistake(&mail("server = \"mx.b.c\"\nfrom = \"nobody\""), 5, &["no address of a sender"]);
        mistake(&mail("server = \"mx.b.c\"\nfrom = \"a@b.c\"\nuser = \"u\""), 6, &["has no password"]);
        assert_eq!(bad(&mail("server = \"mx.b.c:0\"\nfrom = \"\""), &[]).len(), 2, "all in one go");
    }

    #[test]
    fn the_environment_reaches_into_channels() {
        let variables = [("RINGBACK_NOTICES__CHANNEL__0__URL", "https://other.example/k")];
        let text = super::super::tests::good_with(GROUP, &variables);
        assert_eq!(text.settings.notices.channels[0].url.0, "https://other.example/k");
    }
}
