//! Once, whatever happens: retries, crashes, two daemons, floods, limits.

use std::time::Duration;

use ringback::io::store::notice::Extended;
use ringback::notice::{Attachment, NewNotice, webhook_signature};

use super::authority::{Authority, Front};
use super::mailbox::Mailbox;
use super::sink::{Reply, Sink};
use super::world::{channel, listed, notice, outbox, settings, turn};
use crate::plan::shop::{Shop, at};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    a_notice_that_was_sent_and_not_marked_goes_out_again_as_the_same_message,
    a_sink_that_is_down_is_tried_again_and_an_outage_is_one_alarm,
    two_daemons_send_nothing_twice,
    a_flood_becomes_one_message_and_the_limit_of_a_robot_is_kept,
    a_robot_that_says_no_in_its_answer_has_not_taken_it,
    what_goes_over_tls_is_verified_by_an_authority_of_ones_own,
    an_e_mail_arrives_with_its_subject_its_file_and_one_id,
    a_notice_for_nobody_stays_in_the_inbox,
}

async fn queue(shop: &Shop, notices: &[NewNotice], moment: &str) {
    shop.site.store.queue_notices(notices, at(moment)).await.unwrap();
}

async fn a_notice_that_was_sent_and_not_marked_goes_out_again_as_the_same_message(db: &Database) {
    let (shop, sink) = (Shop::open(db).await, Sink::open().await);
    let text = channel("webhook", &sink.url, "*") + "";
    let text = text.replace("[[notices.route]]", "secret = \"s3cret\"\n[[notices.route]]");
    let before = outbox(&shop, settings(&text));
    queue(&shop, &[notice("a", "ticket.new", "李四"), notice("b", "ticket.new", "李四")], "2026-03-02 09:00")
        .await;
    sink.reply(&[Reply::Silence]);
    let killed = tokio::spawn({
        let before = before.clone();
        async move { before.turn(at("2026-03-02 09:00")).await }
    });
    sink.arrival().await;
    killed.abort();
    assert!(killed.await.is_err(), "the daemon dies between sending and marking");
    let first = sink.taken();
    assert_eq!(first.len(), 1);
    queue(&shop, &[notice("c", "ticket.new", "李四")], "2026-03-02 09:01").await;
    let after = outbox(&shop, settings(&text));
    turn(&after, "2026-03-02 09:01").await;
    let others = sink.taken();
    assert_eq!(others.len(), 1, "what nobody is sending goes out at once");
    assert_eq!(others[0].body["notices"][0]["key"], "c");
    assert_eq!(turn(&after, "2026-03-02 09:02").await.sent, 1);
    let again = sink.taken();
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].body, first[0].body, "the same message with the same notices");
    assert_eq!(again[0].header("x-ringback-id"), first[0].header("x-ringback-id"));
    let (seconds, id) =
        (again[0].header("x-ringback-timestamp").parse().unwrap(), again[0].header("x-ringback-id"));
    let signature = webhook_signature("s3cret", seconds, id, &again[0].bytes);
    assert_eq!(again[0].header("x-ringback-signature"), signature);
    assert_eq!(turn(&after, "2026-03-02 09:10").await.sent, 0, "and then never again");
}

async fn a_sink_that_is_down_is_tried_again_and_an_outage_is_one_alarm(db: &Database) {
    let (shop, sink) = (Shop::open(db).await, Sink::open().await);
    let outbox = outbox(&shop, settings(&channel("webhook", &sink.url, "ticket.*")));
    let mut alarms = shop.site.api.parts.events.subscribe(None);
    queue(&shop, &[notice("a", "ticket.new", "")], "2026-03-02 09:00").await;
    sink.reply(&[Reply::With(503, "busy"); 40]);
    for moment in ["09:00", "09:01", "09:03", "09:06", "09:12", "09:13"] {
        turn(&outbox, &format!("2026-03-02 {moment}")).await;
    }
    let row = &listed(&shop, "state=waiting").await[0]["deliveries"][0];
    assert_eq!(row["error"], "HTTP 503: busy");
    let ids: std::collections::BTreeSet<String> =
        sink.taken().iter().map(|r| r.header("x-ringback-id").to_owned()).collect();
    assert_eq!(ids.len(), 1, "every attempt is the same message");
    let mut told = String::new();
    while let Ok(ringback::io::web::Batch::Events(events)) =
        tokio::time::timeout(Duration::from_millis(50), alarms.next()).await
    {
        events.iter().filter(|e| &*e.topic == "alarm").for_each(|e| told.push_str(&e.json));
    }
    assert_eq!(told.matches("notice_channel_failing: group").count(), 1, "{told}");
    let health = shop.site.store.notice_channels().await.unwrap();
    assert_eq!((health[0].failing_since.is_some(), health[0].waiting), (true, 1));
    for hour in 10..24 {
        turn(&outbox, &format!("2026-03-02 {hour}:00")).await;
    }
    turn(&outbox, "2026-03-03 09:00").await;
    assert_eq!(listed(&shop, "state=failed").await.len(), 1, "after a day it is given up, with a reason");
    sink.taken();
    turn(&outbox, "2026-03-03 12:00").await;
    assert!(sink.taken().is_empty());
}

async fn two_daemons_send_nothing_twice(db: &Database) {
    let (shop, sink) = (Shop::open(db).await, Sink::open().await);
    let text =
        channel("webhook", &sink.url, "*").replace("[[notices.route]]", "digest = 0\n[[notices.route]]");
    let (one, two) = (outbox(&shop, settings(&text)), outbox(&shop, settings(&text)));
    let many: Vec<NewNotice> = (0..30).map(|n| notice(&format!("n{n}"), "ticket.new", "")).collect();
    queue(&shop, &many, "2026-03-02 09:00").await;
    tokio::join!(turn(&one, "2026-03-02 09:00"), turn(&two, "2026-03-02 09:00"));
    turn(&one, "2026-03-02 09:00").await;
    let mut keys: Vec<String> =
        sink.taken().iter().map(|r| r.body["notices"][0]["key"].as_str().unwrap().to_owned()).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 30);
    assert_eq!(listed(&shop, "state=sent").await.len(), 30);
}

async fn a_flood_becomes_one_message_and_the_limit_of_a_robot_is_kept(db: &Database) {
    let (shop, sink) = (Shop::open(db).await, Sink::open().await);
    let group = outbox(&shop, settings(&channel("wecom", &sink.url, "*")));
    queue(&shop, &[notice("first", "callback.done", "")], "2026-03-02 09:00").await;
    assert_eq!(turn(&group, "2026-03-02 09:00").await.sent, 1, "the first goes at once");
    let flood: Vec<NewNotice> = (0..50).map(|n| notice(&format!("n{n}"), "callback.done", "")).collect();
    queue(&shop, &flood, "2026-03-02 09:00").await;
    assert_eq!(turn(&group, "2026-03-02 09:00:10").await.sent, 0, "the others are gathered");
    assert_eq!(turn(&group, "2026-03-02 09:00:30").await.sent, 1);
    let told = sink.taken();
    let text = told[1].body["markdown"]["content"].as_str().unwrap();
    assert!(text.contains("等50条"), "{text}");
    let different: Vec<NewNotice> =
        (0..40).map(|n| notice(&format!("t{n}"), &format!("ticket.t{n}"), "")).collect();
    queue(&shop, &different, "2026-03-02 09:02").await;
    assert_eq!(turn(&group, "2026-03-02 09:02").await.sent, 20, "WeCom takes 20 a minute");
    assert_eq!(turn(&group, "2026-03-02 09:02:30").await.sent, 0);
    assert_eq!(turn(&group, "2026-03-02 09:03:01").await.sent, 20);
}

async fn a_robot_that_says_no_in_its_answer_has_not_taken_it(db: &Database) {
    let (shop, sink) = (Shop::open(db).await, Sink::open().await);
    let text = channel("dingtalk", &sink.url, "*")
        .replace("[[notices.route]]", "secret = \"SEC1\"\n[[notices.route]]");
    let robot = outbox(&shop, settings(&text));
    queue(&shop, &[notice("a", "ticket.new", "")], "2026-03-02 09:00").await;
    sink.reply(&[
        Reply::With(200, r#"{"errcode":310000,"errmsg":"sign not match"}"#),
        Reply::With(200, r#"{"errcode":130101,"errmsg":"send too fast"}"#),
    ]);
    assert_eq!(turn(&robot, "2026-03-02 09:00").await.failed, 1);
    let error = listed(&shop, "").await[0]["deliveries"][0]["error"].clone();
    assert_eq!(error, "refused with 310000: sign not match");
    turn(&robot, "2026-03-02 09:01").await;
    sink.taken();
    queue(&shop, &[notice("b", "ticket.late", "")], "2026-03-02 09:04").await;
    assert_eq!(
        turn(&robot, "2026-03-02 09:05").await,
        Default::default(),
        "it is left alone for ten minutes"
    );
    assert_eq!(turn(&robot, "2026-03-02 09:11:01").await.sent, 2);
    let sent = &sink.taken()[0];
    let millis = at("2026-03-02 09:11:01").0;
    assert!(sent.uri.starts_with(&format!("/hook?key=k1&timestamp={millis}&sign=")), "{}", sent.uri);
}

async fn an_e_mail_arrives_with_its_subject_its_file_and_one_id(db: &Database) {
    let (shop, mailbox) = (Shop::open(db).await, Mailbox::open().await);
    let text = format!(
        "[[notices.channel]]\nname = \"mail\"\nkind = \"email\"\nserver = \"127.0.0.1:{}\"\ntls = \"off\"\n\
         user = \"ringback\"\npassword = \"s3cret\"\nfrom = \"回访中心 <ringback@example.com>\"\n\
         to = [\"all@example.com\"]\n\
         [[notices.route]]\ntopics = [\"*\"]\nchannels = [\"mail\"]\n\
         [[notices.recipient]]\nname = \"工程部\"\nemail = [\"works@example.com\", \"chief@example.com\"]\n",
        mailbox.port
    );
    let outbox = outbox(&shop, settings(&text));
    queue(&shop, &[notice("漏水", "ticket.new", "工程部")], "2026-03-02 09:00").await;
    mailbox.refuse(1);
    let tried = turn(&outbox, "2026-03-02 09:00").await;
    assert_eq!((tried.sent, tried.failed), (0, 1), "the server is busy");
    let error = listed(&shop, "").await[0]["deliveries"][0]["error"].as_str().unwrap().to_owned();
    assert!(error.contains("450") || error.contains("try again"), "{error}");
    assert_eq!(turn(&outbox, "2026-03-02 09:01").await.sent, 1);
    let letters = mailbox.letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].to, ["chief@example.com", "works@example.com"]);
    assert_eq!(
        (letters[0].from.as_str(), letters[0].login.as_str()),
        ("ringback@example.com", "ringback:s3cret")
    );
    assert_eq!(letters[0].subject(), "ticket.new thing:漏水");
    let id = listed(&shop, "").await[0]["deliveries"][0]["message_id"].as_str().unwrap().to_owned();
    assert_eq!(letters[0].field("Message-ID"), format!("<{id}@example.com>"));
    let file = Some(Attachment { name: "回访表.csv".into(), text: "编号,客户\r\n1,张*\r\n".into() });
    let with = Extended { notice: notice("x", "ticket.new", "谁"), file, ..Extended::default() };
    shop.site.store.queue_extended(&[with], at("2026-03-02 09:05")).await.unwrap();
    turn(&outbox, "2026-03-02 09:05").await;
    let second = &mailbox.letters()[1];
    assert_eq!(second.to, ["all@example.com"], "who has no address of their own");
    assert!(
        second.text.contains("multipart/mixed") && second.text.contains("Content-Disposition: attachment")
    );
}

async fn what_goes_over_tls_is_verified_by_an_authority_of_ones_own(db: &Database) {
    let shop = Shop::open(db).await;
    let (sink, mailbox) = (Sink::open().await, Mailbox::open().await);
    let authority = Authority::new();
    let plain: u16 = sink.url.split([':', '/']).nth(4).unwrap().parse().unwrap();
    let https = authority.front(plain, Front::Tls).await;
    let smtps = authority.front(mailbox.port, Front::Tls).await;
    let starttls = authority.front(mailbox.port, Front::Starttls).await;
    let mail = |name: &str, port: u16, tls: &str| {
        format!(
            "[[notices.channel]]\nname = \"{name}\"\nkind = \"email\"\nserver = \"localhost:{port}\"\n\
             tls = \"{tls}\"\nfrom = \"ringback@example.com\"\nto = [\"all@example.com\"]\n"
        )
    };
    let text = format!(
        "[[notices.channel]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"https://localhost:{https}/hook\"\n\
         {}{}[[notices.route]]\ntopics = [\"*\"]\nchannels = [\"hook\", \"smtps\", \"starttls\"]\n",
        mail("smtps", smtps, "tls"),
        mail("starttls", starttls, "starttls"),
    );
    let strange = outbox(&shop, settings(&text));
    queue(&shop, &[notice("a", "ticket.new", "工程部")], "2026-03-02 09:00").await;
    let tried = turn(&strange, "2026-03-02 09:00").await;
    assert_eq!((tried.sent, tried.failed), (0, 3), "nobody knows the authority");
    let deliveries = listed(&shop, "").await[0]["deliveries"].clone();
    let errors = deliveries.as_array().unwrap().iter().map(|d| d["error"].as_str().unwrap().to_lowercase());
    for error in errors {
        assert!(error.contains("certificate") || error.contains("issuer"), "{error}");
    }
    assert!(sink.received().is_empty() && mailbox.letters().is_empty());
    // The authority is named: the same deliveries arrive.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("office-ca.pem");
    std::fs::write(&file, &authority.pem).unwrap();
    let known = settings(&format!("[notices]\nauthorities = \"{}\"\n{text}", file.display()));
    strange.set_settings(known);
    assert_eq!(turn(&strange, "2026-03-02 09:05").await.sent, 3);
    assert_eq!((sink.received().len(), mailbox.letters().len()), (1, 2));
}

async fn a_notice_for_nobody_stays_in_the_inbox(db: &Database) {
    let shop = Shop::open(db).await;
    let outbox = outbox(&shop, settings(""));
    shop.site.api.set_notices(outbox.clone());
    queue(
        &shop,
        &[notice("a", "ticket.new", "工程部"), notice("a", "ticket.new", "工程部")],
        "2026-03-02 09:00",
    )
    .await;
    assert_eq!(turn(&outbox, "2026-03-02 09:00").await.sent, 0);
    let inbox = listed(&shop, "to=工程部&state=unrouted&topic=ticket.*").await;
    assert_eq!(inbox.len(), 1, "the same key once");
    assert_eq!(inbox[0]["title"], "ticket.new thing:a");
    assert_eq!(listed(&shop, "to=财务部").await.len(), 0);
    shop.site.get("/api/v1/notices?state=lost").await.expect(422);
}
