//! `[retention]`, `[archive]` and `[encryption]`.

use super::*;
use crate::base::Disposition;
use crate::retention::Terms;

#[test]
fn rules_take_what_they_do_not_say_from_the_section() {
    let text = "[retention]\narchive_days = 10\ndelete_days = 730\n\
                [[retention.rule]]\npack = \"hospital\"\nresults = [\"completed\"]\ndelete_days = 0\n\
                [archive]\nto = \"kept\"\n[encryption]\nkey_file = \"recordings.key\"\n";
    let keeping = good(text).settings.keeping;
    let terms = |archive_after, delete_after| Terms { archive_after, delete_after };
    assert_eq!(keeping.retention.otherwise, terms(Some(10), Some(730)));
    let rule = &keeping.retention.rules[0];
    assert_eq!((rule.terms, rule.pack.as_deref()), (terms(Some(10), None), Some("hospital")));
    assert_eq!(rule.results, [Disposition::Completed]);
    assert_eq!(keeping.archive, "file:///etc/ringback/kept");
    assert_eq!(keeping.key_file.as_deref(), Some(Path::new("/etc/ringback/recordings.key")));
    assert_eq!(keeping.bytes_per_second, 8_000_000);
}

#[test]
fn an_object_store_is_told_how_it_is_reached_and_its_secret_is_not_shown() {
    let text = "[archive]\nto = \"s3://recordings/shop-1/\"\nendpoint = \"https://s3.example.com/\"\n\
                access_key_id = \"AK\"\nsecret_access_key_file = \"good.secret\"\n";
    let loaded = good(text);
    let keeping = &loaded.settings.keeping;
    assert_eq!(
        (keeping.archive.as_str(), keeping.endpoint.as_str()),
        ("s3://recordings/shop-1", "https://s3.example.com")
    );
    assert_eq!((keeping.region.as_str(), keeping.secret_access_key.as_str()), ("us-east-1", "s3cret"));
    assert!(!format!("{loaded:?}").contains("s3cret"), "a secret is printed");
    let written = text.replace("secret_access_key_file = \"good.secret\"", "secret_access_key = \"s3cret\"");
    let shown = toml::to_string(&good(&written).raw.without_secrets()).unwrap();
    assert!(shown.contains("secret_access_key = \"***\"") && !shown.contains("s3cret"), "{shown}");
}

#[test]
fn mistakes_of_keeping_are_shown_where_they_stand() {
    mistake("[retention]\nhours = [\"Mon 25:00-26:00\"]\n", 2, &["retention.hours"]);
    mistake("[retention]\nhours = []\n", 2, &["nothing would ever be archived"]);
    mistake("[retention]\narchive_days = 40000\n", 2, &["40000 is not between 0 and 36500"]);
    mistake("[retention]\nmb_per_second = 0\n", 2, &["0 is not between 1 and 1000"]);
    mistake(
        "[[retention.rule]]\ndirection = \"up\"\ndelete_days = 1\n",
        2,
        &["`up` is not known", "inbound or outbound"],
    );
    mistake(
        "[[retention.rule]]\nresults = [\"complete\"]\ndelete_days = 1\n",
        2,
        &["not a result", "did you mean `completed`?"],
    );
    mistake("[[retention.rule]]\npack = \"a\"\n", 1, &["it changes nothing", "archive_days or delete_days"]);
    mistake("[archive]\nto = \"s3://b\"\n", 2, &["access_key_id"]);
    mistake("[archive]\nto = \"ftp://b\"\n", 2, &["no place for recordings"]);
    mistake(
        "[archive]\nto = \"s3:///x\"\naccess_key_id = \"a\"\nsecret_access_key = \"b\"\n",
        2,
        &["names no bucket"],
    );
    mistake("[archive]\nendpoint = \"s3.example.com\"\n", 2, &["is not an address", "https://"]);
    let short = good("[retention]\ndelete_days = 7\n").warnings.join("\n");
    assert!(short.contains("deleted after 7 days"), "{short}");
}
