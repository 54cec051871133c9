//! A ticket in the browser: opened, received by its department behind a link, reported stage by stage,
//! verified; and the roster of a month.

use serde_json::{Value, json};

use super::chromium::{Chromium, is_there};
use super::story::{entered, look_at_all};
use crate::peers::daemon::{Daemon, own_network};
use crate::support::databases::block_on;

/// Every night of a month with its five people.
fn month(month: &str, days: u32) -> Value {
    let people = [
        ("leader", ["王强", "李伟"]),
        ("technician", ["赵敏", "孙浩"]),
        ("driver", ["周军", "吴刚"]),
        ("mechanic", ["郑凯", "冯涛"]),
        ("clerk", ["陈静", "褚红"]),
    ];
    let mut duties = Vec::new();
    for day in 1..=days {
        for (at, (role, names)) in people.iter().enumerate() {
            let person = names[((day / 3) % 2) as usize];
            let phone = format!("1390000{:02}{:02}", at, (day / 3) % 2);
            duties.push(json!({ "date": format!("{month}-{day:02}"), "role": role, "person": person, "phone": phone }));
        }
    }
    json!({ "duties": duties })
}

#[test]
fn a_ticket_is_worked_from_open_to_verification_and_a_roster_is_edited() {
    if !is_there() {
        return;
    }
    block_on(async {
        let daemon = Daemon::start(&[own_network()], "").await;
        let root = daemon.root();
        let browser = Chromium::start().await;
        entered(&browser, &daemon).await;

        // Opened by hand; the list was empty and says what to do next.
        browser.go(&format!("{root}/tickets")).await;
        browser.click("a[href='/tickets/new']").await;
        browser.wait("the form", "document.querySelector('#new-ticket')").await;
        browser
            .ask("window.mark = 1; document.querySelector('#new select[name=kind]').value = 'complaint'")
            .await;
        browser.click("#new .filters button").await;
        browser.wait("the type is chosen", "location.search.includes('kind=complaint')").await;
        assert_eq!(browser.ask("return window.mark").await, 1, "in place");
        browser.fill("#new-ticket [name=name]", "张伟").await;
        browser.fill("#new-ticket [name=phone]", "13800000001").await;
        browser.fill("#new-ticket [name=matter]", "A-2026-118").await;
        browser.fill("#new-ticket [name=department]", "工程部").await;
        browser.fill("#new-ticket [name=\"fields.content\"]", "柜门关不上").await;
        browser.click("#new-ticket button.main").await;
        browser.wait("the ticket", "document.querySelector('#ticket')").await;
        let path = browser.ask("return location.pathname").await.as_str().expect("a path").to_owned();
        browser.picture("ticket-opened-en-light-1440").await;

        // A promise, a file, a link for the department.
        browser.click("#act-promise summary").await;
        browser.ask("document.querySelector('#promise [name=at]').value = '2099-01-05T16:00'").await;
        browser.fill("#promise [name=what]", "方案").await;
        browser.click("#promise button").await;
        browser.wait("the promise", "document.querySelector('.desk-list .chip.is-warn')").await;
        let photo = daemon.folder.path().join("door.jpg");
        std::fs::write(&photo, b"not really a photo").expect("a file");
        browser.fill("#attach input[type=file]", &photo.display().to_string()).await;
        browser.click("#attach button").await;
        browser.wait("the file", "document.querySelector('a[download=\"door.jpg\"]')").await;
        browser.click("#make-link button").await;
        browser.wait("the link", "!document.querySelector('#made-link').hidden").await;
        let link = browser.ask("return document.querySelector('#made-link input').value").await;
        let link = link.as_str().expect("a link").to_owned();

        // The department receives it and says something, without a login.
        browser.go(&link).await;
        browser.wait("its page", "document.querySelector('#acknowledge')").await;
        let department = browser.ask("return location.pathname").await.as_str().expect("a path").to_owned();
        browser.fill("#acknowledge [name=name]", "刘工").await;
        browser.click("#acknowledge button").await;
        browser.wait("it is received", "!document.querySelector('#acknowledge')").await;
        browser.fill("#comment [name=name]", "刘工").await;
        browser.fill("#comment [name=\"act.text\"]", "周五上门").await;
        browser.click("#comment button").await;
        browser
            .wait("it is said", "document.querySelector('.timeline').textContent.includes('周五上门')")
            .await;

        // A stage without its field is refused in the form; with it the customer is asked.
        browser.go(&format!("{root}{path}")).await;
        browser.click("#report-answer button.main").await;
        browser.wait("the first stage is done", "!document.querySelector('#report-answer')").await;
        browser.ask("document.querySelector('#report-solve').noValidate = true").await;
        browser.click("#report-solve button.main").await;
        browser.wait("the reason", "document.querySelector('#report-solve .told.is-bad')").await;
        browser.picture("ticket-refused-en-light-1440").await;
        browser.fill("#report-solve [name=\"fields.solution\"]", "换铰链").await;
        browser.click("#report-solve button.main").await;
        browser.wait("the customer is asked", "document.querySelector('#verify')").await;
        browser.picture("ticket-verifying-en-light-1440").await;
        let shown = daemon.get(&path).await;
        assert_eq!(shown["ticket"]["phase"], "verifying", "{shown}");
        browser.click("#act-edit summary").await;
        browser.fill("#edit [name=\"fields.cause\"]", "铰链松").await;
        browser.click("#edit button").await;
        browser.wait("the cause", "document.querySelector('.facts').textContent.includes('铰链松')").await;
        browser.click("#verify button[value=true]").await;
        browser.wait("it is closed", "document.querySelector('#act-reopen')").await;
        assert_eq!(daemon.get(&path).await["ticket"]["phase"], "closed");

        // More tickets, for the list and the board.
        for (kind, severity, name) in
            [("complaint", "major", "李娜"), ("shipping_query", "", "王芳"), ("repair", "", "陈晨")]
        {
            let body = json!({ "kind": kind, "severity": severity, "name": name, "phone": "13800000002", "pack": "default",
                "fields": { "content": "请尽快" } });
            daemon.post("/tickets", &body).await;
        }
        // The roster of this month: a night is taken off one and given to another.
        let now = browser.ask("return new Date().toISOString().slice(0, 7)").await;
        let now = now.as_str().expect("a month").to_owned();
        let days = browser
            .ask("const d = new Date(); return new Date(d.getFullYear(), d.getMonth() + 1, 0).getDate()")
            .await;
        let days = u32::try_from(days.as_u64().expect("a number")).expect("few");
        let roster = format!("/rosters/default/{now}");
        let (status, made) = daemon.try_put(&roster, &month(&now, days)).await;
        assert_eq!(status, 200, "{made}");
        browser.go(&format!("{root}/tickets/roster/default/{now}")).await;
        let cell =
            |person: &str, day: &str| format!("tr[data-person='{person}'] input[data-date='{now}-{day}']");
        browser.click(&cell("王强", "01")).await;
        browser.click("#roster-save").await;
        browser.wait("a gap is refused", "document.querySelector('#roster-form .told.is-bad')").await;
        browser.click(&cell("李伟", "01")).await;
        browser.click("#roster-save").await;
        browser.wait("it is kept", "!document.querySelector('#roster-form .told')").await;
        let kept = daemon.get(&format!("{roster}?unmask=true")).await;
        let first = kept["duties"]
            .as_array()
            .expect("duties")
            .iter()
            .find(|d| d["role"] == "leader" && d["date"] == format!("{now}-01"));
        let first = first.expect("a leader");
        assert_eq!(first["person"], "李伟", "{first}");
        assert_eq!(first["phone"], "13900000001", "the number that was masked is what it was");
        browser.ask("window.confirm = () => true").await;
        browser.click("#publish").await;
        browser.wait("it is published", "!document.querySelector('#publish')").await;

        let pages = [
            ("tickets", "/tickets?phase=all".to_owned()),
            ("tickets-board", "/tickets/board".into()),
            ("tickets-new", "/tickets/new?pack=default&kind=complaint".into()),
            ("ticket-closed", path.clone()),
            ("ticket", "/tickets/2".into()),
            ("ticket-department", department),
            ("rosters", "/tickets/roster".into()),
            ("tickets-ageing", "/tickets/ageing".into()),
            ("tickets-ledger", "/tickets/ledger?pack=default".into()),
            ("tickets-points", "/tickets/points".into()),
            ("tickets-delay", "/tickets/delay".into()),
            ("roster", format!("/tickets/roster/default/{now}")),
        ];
        look_at_all(&browser, &root, &pages).await;
        let mistakes: Vec<_> =
            browser.mistakes().await.into_iter().filter(|line| !line.contains("422")).collect();
        assert!(mistakes.is_empty(), "{mistakes:?}");
        browser.end().await;
        daemon.stop().await;
    });
}
