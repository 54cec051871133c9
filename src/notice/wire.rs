//! What goes over the wire for each kind of channel, and what its answer means.

use std::time::Duration;

use serde_json::{Value, json};

use super::channel::{Channel, Kind};
use super::message::Message;
use super::seal;
use crate::base::Timestamp;

/// One HTTP request.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// Where to, with what the other side wants in the query.
    pub url: String,
    /// Headers beside `Content-Type: application/json`.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: Vec<u8>,
}

/// What is to be done to deliver a message.
#[derive(Clone, PartialEq, Eq)]
pub enum Wire {
    /// POST.
    Http(HttpRequest),
    /// An e-mail by the channel's server.
    Mail {
        /// One line.
        subject: String,
        /// Plain text.
        text: String,
    },
    /// A file of that name in the channel's folder.
    File {
        /// File name.
        name: String,
        /// Its bytes.
        bytes: Vec<u8>,
    },
}

/// What the other side said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It has it.
    Delivered,
    /// It does not, and is tried again: the sentence says why, and how long the other side wants
    /// to be left alone.
    Failed(String, Option<Duration>),
}

/// The request that delivers a message.
pub fn wire(channel: &Channel, message: &Message, now: Timestamp) -> Wire {
    match channel.kind {
        Kind::Webhook => Wire::Http(webhook(channel, message, now)),
        Kind::Wecom => robot(channel.url.0.clone(), &wecom(channel, message)),
        Kind::Dingtalk => robot(dingtalk_url(channel, now), &dingtalk(channel, message)),
        Kind::Feishu => robot(channel.url.0.clone(), &feishu(channel, message, now)),
        Kind::Email => Wire::Mail { subject: one_line(&message.title), text: message.text.clone() },
        Kind::File => file(message),
    }
}

/// Whole for programs: id, notices with their facts, and the file.
fn whole(message: &Message) -> Value {
    let notices: Vec<Value> = message
        .items
        .iter()
        .map(|(item, title, text)| {
            json!({ "key": item.key, "topic": item.topic, "to": item.to, "subject": item.subject, "pack": item.pack,
                "facts": item.facts, "address": item.address, "reminder": item.round, "title": title, "text": text })
        })
        .collect();
    let file = message.attachment.as_ref().map(|file| json!({ "name": file.name, "text": file.text }));
    json!({ "id": message.id, "at": message.at.0, "title": message.title, "text": message.text,
        "notices": notices, "file": file })
}

fn webhook(channel: &Channel, message: &Message, now: Timestamp) -> HttpRequest {
    let body = whole(message).to_string().into_bytes();
    let seconds = now.0.div_euclid(1_000);
    let mut headers = vec![
        ("x-ringback-id", message.id.clone()),
        ("x-ringback-timestamp", seconds.to_string()),
        ("idempotency-key", message.id.clone()),
    ];
    if !channel.secret.0.is_empty() {
        let signature = seal::webhook_signature(&channel.secret.0, seconds, &message.id, &body);
        headers.push(("x-ringback-signature", signature));
    }
    HttpRequest { url: channel.url.0.clone(), headers, body }
}

fn robot(url: String, body: &Value) -> Wire {
    Wire::Http(HttpRequest { url, headers: Vec::new(), body: body.to_string().into_bytes() })
}

/// Markdown: at most 4,096 bytes of UTF-8.
fn wecom(channel: &Channel, message: &Message) -> Value {
    let text = format!("**{}**\n{}", one_line(&message.title), message.text);
    json!({ "msgtype": "markdown", "markdown": { "content": cut(&text, channel.kind.text_limit()) } })
}

fn dingtalk(channel: &Channel, message: &Message) -> Value {
    // A single line end is none in its Markdown.
    let text = format!("#### {}\n\n{}", one_line(&message.title), message.text.replace('\n', "\n\n"));
    json!({ "msgtype": "markdown",
        "markdown": { "title": one_line(&message.title), "text": cut(&text, channel.kind.text_limit()) } })
}

fn dingtalk_url(channel: &Channel, now: Timestamp) -> String {
    let url = &channel.url.0;
    if channel.secret.0.is_empty() {
        return url.clone();
    }
    let sign = seal::dingtalk(&channel.secret.0, now.0);
    let sign = sign.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let mark = if url.contains('?') { '&' } else { '?' };
    format!("{url}{mark}timestamp={}&sign={sign}", now.0)
}

fn feishu(channel: &Channel, message: &Message, now: Timestamp) -> Value {
    let text = format!("{}\n{}", one_line(&message.title), message.text);
    let mut body =
        json!({ "msg_type": "text", "content": { "text": cut(&text, channel.kind.text_limit()) } });
    if !channel.secret.0.is_empty() {
        let seconds = now.0.div_euclid(1_000);
        body["timestamp"] = json!(seconds.to_string());
        body["sign"] = json!(seal::feishu(&channel.secret.0, seconds));
    }
    body
}

/// The file that goes with a message as it is; a message without one as JSON.
fn file(message: &Message) -> Wire {
    match &message.attachment {
        // A spreadsheet program takes a file without the mark for one in its own code page.
        Some(file) => {
            Wire::File { name: safe_name(&file.name), bytes: format!("\u{FEFF}{}", file.text).into_bytes() }
        }
        None => Wire::File {
            name: format!("{}-{}.json", message.at.0, message.id),
            bytes: whole(message).to_string().into_bytes(),
        },
    }
}

fn safe_name(name: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    name.chars().map(safe).collect::<String>().trim_start_matches('.').to_owned()
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Cut at the end of a character, with a mark where something is missing.
fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let room = limit.saturating_sub('…'.len_utf8());
    let end = (0..=room).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", &text[..end])
}

/// Reads the answer of an HTTP channel. Robots say 200 to everything and tell in the body whether
/// they took it; a limit that is reached is waited for.
pub fn answer(kind: Kind, status: u16, wait: Option<Duration>, body: &[u8]) -> Answer {
    let minute = Some(super::RATE_WINDOW);
    if !(200..300).contains(&status) {
        let wait = if status == 429 { wait.or(minute) } else { wait };
        return Answer::Failed(format!("HTTP {status}{}", said(body)), wait);
    }
    if !kind.is_group() {
        return Answer::Delivered;
    }
    let Ok(json) = serde_json::from_slice::<Value>(body) else {
        return Answer::Failed(format!("the answer is no JSON{}", said(body)), None);
    };
    let code = json["errcode"].as_i64().or(json["code"].as_i64()).or(json["StatusCode"].as_i64());
    match code {
        Some(0) => Answer::Delivered,
        // WeCom; DingTalk, which then is deaf for ten minutes; Feishu.
        Some(45_009) => Answer::Failed(told(&json, 45_009), minute),
        Some(130_101) => Answer::Failed(told(&json, 130_101), Some(Duration::from_secs(600))),
        Some(code @ (11_232 | 9_499)) => Answer::Failed(told(&json, code), minute),
        Some(code) => Answer::Failed(told(&json, code), None),
        None => Answer::Failed(format!("the answer has no code{}", said(body)), None),
    }
}

fn told(json: &Value, code: i64) -> String {
    let text = json["errmsg"].as_str().or(json["msg"].as_str()).unwrap_or_default();
    format!("refused with {code}: {}", cut(&one_line(text), 200))
}

fn said(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
    let text = one_line(text.trim());
    if text.is_empty() { text } else { format!(": {text}") }
}

#[cfg(test)]
mod tests {
    use super::super::channel::Secret;
    use super::super::message::Attachment;
    use super::*;

    /// 2026-03-02 09:00 in Shanghai.
    const NINE: Timestamp = Timestamp(1_772_413_200_000);

    fn channel(kind: Kind, secret: &str) -> Channel {
        let url = Secret("https://robot.example/send?key=k1".into());
        Channel { kind, url, secret: Secret(secret.into()), ..Channel::default() }
    }

    fn message(text: &str) -> Message {
        let (id, title) = ("abc".to_owned(), "回访完成\n".to_owned());
        Message { id, at: NINE, title, text: text.into(), items: Vec::new(), attachment: None }
    }

    fn http(channel: &Channel, text: &str) -> (String, Value, Vec<(&'static str, String)>) {
        let Wire::Http(request) = wire(channel, &message(text), NINE) else { panic!("HTTP") };
        (request.url, serde_json::from_slice(&request.body).unwrap(), request.headers)
    }

    #[test]
    fn each_robot_gets_the_body_and_the_signature_it_wants() {
        let (url, body, _) = http(&channel(Kind::Wecom, ""), "电话:138****0001");
        assert_eq!(url, "https://robot.example/send?key=k1");
        assert_eq!(
            body,
            json!({ "msgtype": "markdown", "markdown": { "content": "**回访完成 **\n电话:138****0001" } })
        );
        let (url, body, _) = http(&channel(Kind::Dingtalk, "this is secret"), "一\n二");
        let sign = seal::dingtalk("this is secret", NINE.0).replace('+', "%2B").replace('/', "%2F");
        let sign = sign.replace('=', "%3D");
        assert_eq!(url, format!("https://robot.example/send?key=k1&timestamp={}&sign={sign}", NINE.0));
        assert_eq!(body["markdown"]["text"], "#### 回访完成 \n\n一\n\n二");
        let (_, body, _) = http(&channel(Kind::Feishu, "demo"), "一");
        assert_eq!(body["timestamp"], "1772413200");
        assert_eq!(body["sign"], seal::feishu("demo", 1_772_413_200));
        assert_eq!(body["content"]["text"], "回访完成 \n一");
        let (_, body, _) = http(&channel(Kind::Feishu, ""), "一");
        assert!(body["sign"].is_null(), "without a secret it is not signed");
    }

    #[test]
    fn a_webhook_carries_its_id_twice_and_its_signature() {
        let (_, body, headers) = http(&channel(Kind::Webhook, "s3cret"), "x");
        let header = |name: &str| headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str());
        assert_eq!((body["id"].as_str(), header("x-ringback-id")), (Some("abc"), Some("abc")));
        assert_eq!(header("x-ringback-timestamp"), Some("1772413200"));
        assert!(header("x-ringback-signature").unwrap().starts_with("v1="));
        let (_, _, headers) = http(&channel(Kind::Webhook, ""), "x");
        assert!(!headers.iter().any(|(name, _)| *name == "x-ringback-signature"));
    }

    #[test]
    fn texts_are_cut_at_the_limit_and_at_a_character() {
        let (_, body, _) = http(&channel(Kind::Wecom, ""), &"好".repeat(3_000));
        let text = body["markdown"]["content"].as_str().unwrap();
        assert!(text.len() <= 4_096 && text.ends_with("好…"), "{}", text.len());
    }

    #[test]
    fn a_file_is_dropped_as_it_is_and_its_name_leads_nowhere_else() {
        let mut with = message("x");
        with.attachment = Some(Attachment { name: "../回访表 2026-03-02.csv".into(), text: "a".into() });
        let Wire::File { name, bytes } = wire(&channel(Kind::File, ""), &with, NINE) else {
            panic!("a file")
        };
        assert_eq!(name, "_回访表_2026-03-02.csv");
        assert_eq!(bytes, "\u{FEFF}a".as_bytes());
        let Wire::File { name, .. } = wire(&channel(Kind::File, ""), &message("x"), NINE) else { panic!() };
        assert_eq!(name, "1772413200000-abc.json");
    }

    #[test]
    fn a_code_in_the_body_counts_and_limits_are_waited_for() {
        let judge = |kind, status, body: &str| answer(kind, status, None, body.as_bytes());
        assert_eq!(judge(Kind::Wecom, 200, r#"{"errcode":0,"errmsg":"ok"}"#), Answer::Delivered);
        assert_eq!(
            judge(Kind::Feishu, 200, r#"{"StatusCode":0,"code":0,"msg":"success"}"#),
            Answer::Delivered
        );
        assert_eq!(judge(Kind::Webhook, 204, ""), Answer::Delivered);
        let failed = |answer| match answer {
            Answer::Failed(why, wait) => (why, wait.map(|w| w.as_secs())),
            Answer::Delivered => panic!("delivered"),
        };
        let (why, wait) =
            failed(judge(Kind::Wecom, 200, r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#));
        assert_eq!((why.as_str(), wait), ("refused with 93000: invalid webhook url", None));
        assert_eq!(failed(judge(Kind::Wecom, 200, r#"{"errcode":45009,"errmsg":"freq"}"#)).1, Some(60));
        assert_eq!(failed(judge(Kind::Dingtalk, 200, r#"{"errcode":130101,"errmsg":"fast"}"#)).1, Some(600));
        assert_eq!(failed(judge(Kind::Feishu, 200, r#"{"code":11232,"msg":"fast"}"#)).1, Some(60));
        assert_eq!(failed(judge(Kind::Webhook, 500, "down")), ("HTTP 500: down".into(), None));
        assert_eq!(failed(judge(Kind::Webhook, 429, "")).1, Some(60));
        assert_eq!(failed(judge(Kind::Wecom, 200, "<html>")).1, None);
        let asked = answer(Kind::Webhook, 503, Some(Duration::from_secs(7)), b"");
        assert_eq!(failed(asked).1, Some(7));
    }
}
