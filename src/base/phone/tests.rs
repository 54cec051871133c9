use proptest::prelude::*;

use super::*;

fn check(text: &str, number: &str, extension: Option<&str>) {
    match PhoneNumber::parse(text, Some("0571")) {
        Ok((n, e)) => assert_eq!((n.as_str(), e.as_deref()), (number, extension), "{text}"),
        Err(e) => panic!("{text}: {e}"),
    }
}

fn refused(text: &str, because: &str) {
    match PhoneNumber::parse(text, None) {
        Ok(n) => panic!("{text} was taken as {n:?}"),
        Err(e) => assert!(e.0.contains(because), "{text}: `{e}` does not say `{because}`"),
    }
}

#[test]
fn imp_09_all_spellings_of_a_mobile_number_are_one_customer() {
    for text in [
        "13602388518",
        "136-0238-8518",
        "136 0238 8518",
        "136.0238.8518",
        "+8613602388518",
        "+86 136-0238-8518",
        "008613602388518",
        "8613602388518",
        "86-136-0238-8518",
        "(+86)13602388518",
        "013602388518",
        "１３６０２３８８５１８",
        "＋８６（１３６）０２３８－８５１８",
        "'13602388518",
        "’13602388518",
        "=\"13602388518\"",
        "13602388518.0",
        "\u{202d}13602388518\u{202c}",
        "\u{feff}136\u{a0}0238\u{2011}8518",
        "1360238-8518",
        "tel:+8613602388518",
    ] {
        check(text, "13602388518", None);
    }
}

#[test]
fn fixed_numbers_keep_their_area_code() {
    check("020-87654321", "02087654321", None);
    check("(020)8765 4321", "02087654321", None);
    check("+86 (0)20 8765 4321", "02087654321", None);
    check("+86 20 8765 4321", "02087654321", None);
    check("862087654321", "02087654321", None);
    check("8675587654321", "075587654321", None);
    check("0755-8765-4321", "075587654321", None);
    check("0851-8765432", "08518765432", None);
    check("0086-10-62345678", "01062345678", None);
    check("87654321", "057187654321", None);
    check("8765432", "05718765432", None);
    check("86543210", "057186543210", None);
    check("0755-12345", "075512345", None);
}

#[test]
fn service_and_short_numbers_are_themselves() {
    check("400-800-1234", "4008001234", None);
    check("4008001-234", "4008001234", None);
    check("800 810 1234", "8008101234", None);
    check("95588", "95588", None);
    check("12345", "12345", None);
    check("10086", "10086", None);
    check("96110", "96110", None);
}

#[test]
fn foreign_numbers_are_e164() {
    check("+852 2123 4567", "+85221234567", None);
    check("00852-2123-4567", "+85221234567", None);
    check("+1 (415) 555-2671", "+14155552671", None);
}

#[test]
fn extensions_stand_apart() {
    check("020-87654321转8001", "02087654321", Some("8001"));
    check("020-87654321 轉 8001", "02087654321", Some("8001"));
    check("020-87654321转分机8001", "02087654321", Some("8001"));
    check("020-87654321-8001", "02087654321", Some("8001"));
    check("０２０－８７６５４３２１－８００１", "02087654321", Some("8001"));
    check("02087654321 ext 8001", "02087654321", Some("8001"));
    check("02087654321 Ext. 8001", "02087654321", Some("8001"));
    check("02087654321x8001", "02087654321", Some("8001"));
    check("02087654321#8001", "02087654321", Some("8001"));
    check("02087654321,8001", "02087654321", Some("8001"));
    check("+862087654321;ext=8001", "02087654321", Some("8001"));
    check("400-800-1234-5", "4008001234", Some("5"));
    check("0851-8765432-1", "08518765432", Some("1"));
    check("8765432-1", "05718765432", Some("1"));
    check("95588-1", "95588", Some("1"));
    check("95588转1", "95588", Some("1"));
}

#[test]
fn a_wrong_number_says_what_is_wrong_and_how_to_mend_it() {
    refused("", "empty");
    refused("  ", "empty");
    refused("1.36024E+10", "format the column as text");
    refused("1.3602388518e10", "format the column as text");
    refused("1360238851", "11 are expected");
    refused("136023885181", "11 are expected");
    refused("12602388518", "no mobile number begins with 12");
    refused("2087654321", "write 02087654321");
    refused("75587654321", "write 075587654321");
    refused("1087654321", "write 01087654321");
    refused("87654321", "home area code");
    refused("020-8765432", "8 digits");
    refused("020-18765432", "begin with 2 to 9");
    refused("13602388518/13702388519", "several numbers");
    refused("13602388518、13702388519", "several numbers");
    refused("13602388518,13702388519", "several numbers");
    refused("张三", "`张` at place 1");
    refused("1360238851O", "`o` at place 11");
    refused("136+02388518", "`+` at place 4");
    refused("110", "emergency");
    refused("020-87654321转", "extension of 1 to 8 digits");
    refused("020-87654321转王", "extension of 1 to 8 digits");
    refused("+123", "international");
    refused("+0123456789", "international");
    refused("85221234567", "with + and country code");
    refused("----", "no digits");
    refused(&"1".repeat(65), "longer than 64");
    let home = PhoneNumber::parse("87654321", Some("21")).unwrap_err();
    assert!(home.0.contains("home area code `21`"), "{home}");
    let short = PhoneNumber::parse("8765432", Some("021")).unwrap_err();
    assert!(short.0.contains("numbers of area 021 have 8"), "{short}");
}

#[test]
fn json_is_checked_like_any_other_spelling() {
    let good: PhoneNumber = serde_json::from_str("\"136-0238-8518\"").unwrap();
    assert_eq!(serde_json::to_string(&good).unwrap(), "\"13602388518\"");
    assert!(serde_json::from_str::<PhoneNumber>("\"12\"").is_err());
    assert!(serde_json::from_str::<PhoneNumber>("\"020-87654321-8001\"").is_err());
}

#[test]
fn masking_hides_the_middle() {
    let masked = |text: &str| PhoneNumber::parse(text, None).unwrap().0.masked();
    assert_eq!(masked("13602381234"), "136****1234");
    assert_eq!(masked("020-87654321"), "020****4321");
    assert_eq!(masked("0851-8765432"), "0851***5432");
    assert_eq!(masked("+85221234567"), "+85*****4567");
    assert_eq!(masked("95588"), "95588");
    assert_eq!(masked("4008001234"), "4008001234");
}

#[test]
fn each_trunk_gets_its_number_format() {
    let dial = |style, strip, prefix: &str, text: &str| {
        let format = NumberFormat { style, home_area: "020".into(), strip, prefix: prefix.into() };
        format.dial_string(&PhoneNumber::parse(text, None).unwrap().0)
    };
    use NumberStyle::*;
    assert_eq!(dial(National, 0, "", "+8613602388518"), "13602388518");
    assert_eq!(dial(National, 0, "", "+85221234567"), "0085221234567");
    assert_eq!(dial(National, 0, "9", "020-87654321"), "902087654321");
    assert_eq!(dial(National, 1, "", "020-87654321"), "2087654321");
    assert_eq!(dial(National, 99, "", "95588"), "8");
    assert_eq!(dial(Local, 0, "", "020-87654321"), "87654321");
    assert_eq!(dial(Local, 0, "", "021-87654321"), "02187654321");
    assert_eq!(dial(Local, 0, "", "13602388518"), "13602388518");
    assert_eq!(dial(E164, 0, "", "020-87654321"), "+862087654321");
    assert_eq!(dial(E164, 0, "", "95588"), "95588");
    assert_eq!(dial(E164Plain, 0, "", "13602388518"), "8613602388518");
}

proptest! {
    #[test]
    fn any_text_is_taken_or_refused_without_a_panic(text in "\\PC{0,70}", home in proptest::option::of("[0-9]{0,5}")) {
        let _ = PhoneNumber::parse(&text, home.as_deref());
    }

    #[test]
    fn number_like_text_never_panics_and_canonical_forms_are_stable(text in "[+0-9 ()x转.-]{0,24}") {
        if let Ok((number, _)) = PhoneNumber::parse(&text, Some("020")) {
            let again = PhoneNumber::parse(number.as_str(), None).unwrap();
            prop_assert_eq!(again, (number.clone(), None));
            if let Some(e164) = number.e164() {
                prop_assert_eq!(PhoneNumber::parse(&e164, None).unwrap().0, number);
            }
        }
    }

    #[test]
    fn grouping_never_changes_a_mobile_number(tail in "[3-9][0-9]{9}", cut in 1usize..10, sep in "[ .()-]") {
        let digits = format!("1{tail}");
        // A dot before zeros at the end may be a spreadsheet's decimal point: that is refused.
        prop_assume!(sep != "." || !digits[cut..].bytes().all(|b| b == b'0'));
        let text = format!("{}{sep}{}", &digits[..cut], &digits[cut..]);
        let number = PhoneNumber::parse(&text, Some("0571")).unwrap();
        prop_assert_eq!(number.0.as_str(), digits);
    }
}
