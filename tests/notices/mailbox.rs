//! The other side of an e-mail channel: a small SMTP server (RFC 5321) that keeps what it takes.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    pub from: String,
    pub to: Vec<String>,
    /// User and password of AUTH PLAIN.
    pub login: String,
    /// Head and body as they came.
    pub text: String,
}

impl Letter {
    /// A field of the head, unfolded.
    pub fn field(&self, name: &str) -> String {
        let head = self.text.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
        let start = format!("{name}: ");
        head.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_default().to_owned()
    }

    /// The subject with its encoded words (RFC 2047, base64) read.
    pub fn subject(&self) -> String {
        let field = self.field("Subject");
        let (mut text, mut encoded_before) = (Vec::new(), true);
        for word in field.split(' ').filter(|w| !w.is_empty()) {
            let encoded = word.strip_prefix("=?utf-8?b?").and_then(|w| w.strip_suffix("?="));
            // Blanks between two encoded words are none.
            if !(text.is_empty() || encoded_before && encoded.is_some()) {
                text.push(b' ');
            }
            encoded_before = encoded.is_some();
            match encoded {
                Some(word) => text.extend(STANDARD.decode(word).unwrap()),
                None => text.extend(word.as_bytes()),
            }
        }
        String::from_utf8(text).unwrap()
    }
}

/// A running mail server.
#[derive(Clone)]
pub struct Mailbox {
    pub port: u16,
    letters: Arc<Mutex<Vec<Letter>>>,
    /// Refuses so many recipients for now (450).
    busy: Arc<Mutex<u32>>,
}

impl Mailbox {
    pub async fn open() -> Mailbox {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mailbox = Mailbox { port, letters: Arc::default(), busy: Arc::default() };
        let own = mailbox.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let own = own.clone();
                tokio::spawn(async move { own.serve(stream).await });
            }
        });
        mailbox
    }

    pub fn letters(&self) -> Vec<Letter> {
        self.letters.lock().unwrap().clone()
    }

    pub fn refuse(&self, times: u32) {
        *self.busy.lock().unwrap() = times;
    }

    async fn serve(&self, stream: TcpStream) {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 test ESMTP\r\n").await.unwrap();
        let mut letter = Letter::default();
        while let Ok(Some(line)) = lines.next_line().await {
            let (word, rest) = line.split_at(line.find(' ').unwrap_or(line.len()));
            let answer = match word.to_uppercase().as_str() {
                "EHLO" => "250-test\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN\r\n".to_owned(),
                "AUTH" => {
                    let secret = STANDARD.decode(rest.trim().strip_prefix("PLAIN ").unwrap()).unwrap();
                    letter.login = String::from_utf8(secret).unwrap().trim_matches('\0').replace('\0', ":");
                    "235 ok\r\n".into()
                }
                "MAIL" => {
                    letter.from = between(rest);
                    "250 ok\r\n".into()
                }
                "RCPT" if self.is_busy() => "450 try again\r\n".into(),
                "RCPT" => {
                    letter.to.push(between(rest));
                    "250 ok\r\n".into()
                }
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await.unwrap();
                    let mut text = String::new();
                    while let Ok(Some(line)) = lines.next_line().await {
                        if line == "." {
                            break;
                        }
                        text.push_str(line.strip_prefix('.').unwrap_or(&line));
                        text.push_str("\r\n");
                    }
                    letter.text = text;
                    self.letters.lock().unwrap().push(letter.clone());
                    "250 kept\r\n".into()
                }
                "QUIT" => {
                    write.write_all(b"221 bye\r\n").await.ok();
                    return;
                }
                _ => "250 ok\r\n".into(),
            };
            write.write_all(answer.as_bytes()).await.unwrap();
        }
    }

    fn is_busy(&self) -> bool {
        let mut busy = self.busy.lock().unwrap();
        let was = *busy > 0;
        *busy = busy.saturating_sub(1);
        was
    }
}

fn between(text: &str) -> String {
    text.split(['<', '>']).nth(1).unwrap().to_owned()
}
