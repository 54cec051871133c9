//! The page of a questionnaire: one column that fits a telephone, no script, nothing from elsewhere.

use std::fmt::Write as _;

use crate::ivr::{Asked, COMMENT_LIMIT};

/// What nothing on the page may do: only its own style and its own form.
pub const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; \
     base-uri 'none'";

const STYLE: &str = "body{font:17px/1.5 system-ui,sans-serif;margin:0 auto;max-width:34rem;padding:1rem;color:#1c1c1c;\
     background:#fff}h1{font-size:1.25rem}fieldset{border:0;margin:0 0 1.5rem;padding:0}legend{font-weight:600;padding:0 0 .5rem}\
     label{display:flex;gap:.75rem;align-items:center;min-height:2.75rem;border:1px solid #8a8a8a;border-radius:.5rem;\
     padding:0 .75rem;margin:0 0 .5rem}input{width:1.25rem;height:1.25rem;margin:0}textarea{width:100%;box-sizing:border-box;\
     font:inherit;min-height:5rem;border:1px solid #8a8a8a;border-radius:.5rem;padding:.5rem}\
     button{font:inherit;width:100%;min-height:3rem;border:0;border-radius:.5rem;background:#0a5bb5;color:#fff}\
     .wrong{border-left:4px solid #b00020;padding-left:.75rem}\
     @media (prefers-color-scheme:dark){body{background:#161616;color:#eee}label,textarea{border-color:#777;background:#222;color:#eee}}";

/// The few words of the page itself.
struct Words {
    send: &'static str,
    thanks: &'static str,
    over: &'static str,
    nothing: &'static str,
    gone: &'static str,
}

fn words(language: &str) -> Words {
    if language.starts_with("zh") {
        return Words {
            send: "提交",
            thanks: "非常感谢您的答复。",
            over: "这份问卷已经结束，谢谢您。",
            nothing: "请至少回答一个问题。",
            gone: "这个链接无效。",
        };
    }
    Words {
        send: "Send",
        thanks: "Thank you very much for your answer.",
        over: "This questionnaire is over. Thank you.",
        nothing: "Please answer at least one question.",
        gone: "This link is not good.",
    }
}

/// The head of every page.
pub struct Head<'a> {
    /// Language of the customer.
    pub language: &'a str,
    /// In whose name it is asked.
    pub brand: &'a str,
    /// What it is about.
    pub title: &'a str,
}

/// The questions; `empty`: it came back without an answer.
pub fn form(head: &Head<'_>, asked: &[Asked], empty: bool) -> String {
    let words = words(head.language);
    let mut body = String::new();
    if empty {
        let _ = write!(body, "<p class=\"wrong\" role=\"alert\">{}</p>", words.nothing);
    }
    body.push_str("<form method=\"post\">");
    for one in asked {
        let name = escaped(&one.name);
        let _ = write!(body, "<fieldset><legend>{}</legend>", escaped(&one.text));
        for choice in &one.choices {
            let (key, label) = (escaped(&choice.key.to_string()), escaped(&choice.label));
            let _ =
                write!(body, "<label><input type=\"radio\" name=\"{name}\" value=\"{key}\">{label}</label>");
        }
        if one.choices.is_empty() {
            let label = escaped(&one.text);
            let _ = write!(
                body,
                "<textarea name=\"{name}\" maxlength=\"{COMMENT_LIMIT}\" aria-label=\"{label}\"></textarea>"
            );
        }
        body.push_str("</fieldset>");
    }
    let _ = write!(body, "<button>{}</button></form>", words.send);
    page(head, &body)
}

/// The answer was taken.
pub fn thanks(head: &Head<'_>) -> String {
    page(head, &format!("<p>{}</p>", words(head.language).thanks))
}

/// It was answered before, or is not owed any more.
pub fn over(head: &Head<'_>) -> String {
    page(head, &format!("<p>{}</p>", words(head.language).over))
}

/// There is no such page: in both languages, for nobody is known here.
pub fn gone() -> String {
    let head = Head { language: "zh-CN", brand: "", title: "" };
    page(&head, &format!("<p>{}<br>{}</p>", words("zh-CN").gone, words("en").gone))
}

fn page(head: &Head<'_>, body: &str) -> String {
    let parts = [head.brand, head.title].map(escaped);
    let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    let title = parts.join(" · ");
    format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"robots\" content=\"noindex\">\
         <title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>{body}</body></html>",
        escaped(head.language),
    )
}

/// Text inside an element or a quoted attribute.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_cannot_become_part_of_the_page() {
        let head = Head { language: "zh-CN", brand: "<b>店</b>", title: "\"回访\" & 'x'" };
        let shown = thanks(&head);
        assert!(!shown.contains("<b>") && shown.contains("&lt;b&gt;店&lt;/b&gt;"), "{shown}");
        assert!(shown.contains("&quot;回访&quot; &amp; &#39;x&#39;"), "{shown}");
    }
}
