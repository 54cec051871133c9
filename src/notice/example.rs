//! Made-up facts, so that a template is seen as it will be read.

use std::collections::{BTreeMap, BTreeSet};

use super::text::Language;

/// A value for each fact; `link` is the address of the interface, for facts that are links. The
/// number and the name are whole: whoever shows them covers them first.
pub fn example(language: Language, facts: &BTreeSet<String>, link: &str) -> BTreeMap<String, String> {
    facts.iter().map(|fact| (fact.clone(), value(language, fact, link))).collect()
}

fn value(language: Language, fact: &str, link: &str) -> String {
    let (chinese, english) = match fact {
        "customer" | "contact" => ("张小三", "Zhang Xiaosan"),
        "phone" | "caller_number" | "contact_phone" => ("13800000001", "13800000001"),
        "caller" | "by" | "person" | "persons" | "substitute" | "holder" | "confirm_by" => ("李薇", "Li Wei"),
        "recipient" | "to" => ("工程部", "Engineering"),
        "at" | "when" | "since" | "due" | "from" | "first_payment_on" => {
            ("2026-03-02 09:30", "2026-03-02 09:30")
        }
        "day" | "date" => ("2026-03-02", "2026-03-02"),
        "month" => ("2026-03", "2026-03"),
        "times" | "total" | "done" | "open" | "excused" | "rows" | "out" | "nights" => ("3", "3"),
        "minutes" => ("30", "30"),
        "number" => ("KF20260302-0001", "KF20260302-0001"),
        "matter" | "booking_at" => ("订单 A1024", "order A1024"),
        "note" | "details" | "detail" => ("请回电 13800000001", "please call 13800000001"),
        "rule" => ("安装次日回访", "the day after installation"),
        "outcome" => ("不满意", "dissatisfied"),
        "answers" => ("服务态度：2 分", "Service: 2 of 5"),
        "brand" | "store" => ("示例门店", "Example Store"),
        "address" => ("西安市雁塔区", "Yanta, Xi'an"),
        "filled" => ("上门时间：上午", "time of the visit: morning"),
        "role" => ("主管", "leader"),
        "shift" => ("早班", "early shift"),
        "title" => ("客户回访表", "Callbacks"),
        "event" => ("安装完成", "installation finished"),
        "solution" => ("更换铰链", "new hinges"),
        "reason" => ("三天没有答复", "no answer for three days"),
        "about" | "what" | "item" | "notice" => ("工单 KF20260302-0001", "ticket KF20260302-0001"),
        "link" | "recording" | "file" if link.is_empty() => {
            return "https://ringback.example/tickets/12".into();
        }
        "link" | "recording" | "file" => return format!("{link}/tickets/12"),
        _ => return format!("<{fact}>"),
    };
    match language {
        Language::Chinese => chinese.to_owned(),
        Language::English => english.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_has_a_value_and_what_is_not_known_names_itself() {
        let facts = ["customer", "link", "root"].into_iter().map(str::to_owned).collect();
        let made = example(Language::English, &facts, "https://rb.example");
        assert_eq!(made["customer"], "Zhang Xiaosan");
        assert_eq!(made["link"], "https://rb.example/tickets/12");
        assert_eq!(made["root"], "<root>");
    }
}
