use std::collections::BTreeSet;

use super::{Access, Holder, Permission, Reach, Roles, Scope, Span, Teams};

fn roles(files: &[(&str, &str)]) -> Roles {
    let mut roles = Roles::default();
    for (file, text) in files {
        roles.add(file, text).unwrap_or_else(|mistake| panic!("{mistake}"));
    }
    roles
}

const HEAD: &str = "title = \"客服\"\ntitle_en = \"Service\"\nsource = \"ours\"\n";

fn refused(text: &str, words: &[&str]) {
    let mistake = Roles::default().add("some.toml", text).expect_err(text).to_string();
    for word in words {
        assert!(mistake.contains(word), "{word}: {mistake}");
    }
}

#[test]
fn every_permission_has_its_word_once_and_a_text() {
    let words: BTreeSet<&str> = Permission::ALL.iter().map(|p| p.as_str()).collect();
    assert_eq!(words.len(), Permission::ALL.len());
    for permission in Permission::ALL {
        assert_eq!(Permission::of(permission.as_str()), Some(*permission));
        let text = permission.about();
        assert!(text.ends_with('.') && text.len() > 8 && !text.contains("doc ="), "{permission}: {text}");
    }
    assert_eq!(Permission::TokensEdit.about(), "Make and revoke tokens.");
    assert_eq!(Permission::of("calls"), None);
}

#[test]
fn a_mistake_in_a_role_says_where_and_what_was_meant() {
    refused("titel = \"x\"\n", &["some.toml:1:", "unknown key `titel`", "did you mean `title`?"]);
    refused("title = \"客服\"\nsource = \"ours\"\n", &["`title_en` is missing"]);
    let with = |rest: &str| format!("{HEAD}{rest}\n");
    refused(
        &with("permissions = [\"calls.sea\"]"),
        &["some.toml:4:", "there is no permission `calls.sea`", "did you mean `calls.see`?"],
    );
    refused(&with("permissions = [\"calls.see\", \"calls.see\"]"), &["`calls.see` stands twice"]);
    refused(
        &with("permissions = [\"calls.see\"]\neverywhere = [\"calls.see\"]"),
        &["some.toml:5:", "`calls.see` stands twice"],
    );
    let mistake = Roles::default().add("Some Role.toml", HEAD).unwrap_err();
    assert!(mistake.to_string().contains("no word for a role"), "{mistake}");
    let mut known = roles(&[("first.toml", HEAD)]);
    let mistake = known.add("second.toml", HEAD).unwrap_err().to_string();
    assert!(mistake.contains("role `first` has the title `客服` already"), "{mistake}");
}

#[test]
fn what_cannot_be_narrowed_is_given_for_everybody_knowingly() {
    let with = |rest: &str| format!("{HEAD}{rest}\n");
    refused(
        &with("scope = \"team\"\npermissions = [\"names.whole\", \"reports.see\"]"),
        &["`reports.see` shows everybody's things", "`everywhere`"],
    );
    refused(
        &with("scope = \"team\"\npermissions = [\"names.whole\", \"registers.see\"]"),
        &["registers.see"],
    );
    refused(&with("everywhere = [\"reports.see\"]"), &["`reports.see` shows names of customers"]);
    let good = [
        with("scope = \"team\"\npermissions = [\"names.whole\"]\neverywhere = [\"reports.see\"]"),
        with("scope = \"shop\"\npermissions = [\"names.whole\", \"registers.see\"]"),
        with("scope = \"all\"\npermissions = [\"everything\"]"),
    ];
    for text in good {
        roles(&[("some.toml", &text)]);
    }
    assert_eq!(Permission::RegistersSee.span(), Span::Pack);
}

fn holder(roles: &[&str]) -> Holder {
    Holder {
        name: "li-token".into(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        agent: "李".into(),
        department: "工程部".into(),
        shop: "furniture_mall".into(),
    }
}

fn within(access: &Access, permission: Permission) -> (Vec<String>, Vec<String>, Vec<String>) {
    let Reach::Within(within) = access.reach(permission) else { panic!("{permission} reaches everything") };
    let all = |names: BTreeSet<String>| names.into_iter().collect();
    (all(within.people), all(within.departments), all(within.packs))
}

#[test]
fn a_scope_reaches_its_people_department_or_pack_and_nothing_else() {
    let file = |scope: &str| {
        format!(
            "title = \"t-{scope}\"\ntitle_en = \"x\"\nsource = \"ours\"\nscope = \"{scope}\"\npermissions = [\"calls.see\"]\n"
        )
    };
    let files: Vec<(String, String)> = ["own", "team", "department", "shop", "all"]
        .map(|scope| (format!("{scope}_one.toml"), file(scope)))
        .into();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let roles = roles(&files);
    let teams: Teams =
        [("李", "a"), ("王", "a"), ("张", "b"), ("赵", "")].map(|(a, t)| (a.to_owned(), t.to_owned())).into();
    let of = |words: &[&str]| roles.access(holder(words), &teams);
    let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    let see = Permission::CallsSee;
    assert_eq!(within(&of(&["own_one"]), see), (names(&["li-token", "李"]), vec![], vec![]));
    assert_eq!(within(&of(&["team_one"]), see), (names(&["li-token", "李", "王"]), vec![], vec![]));
    let (people, departments, packs) = within(&of(&["department_one"]), see);
    assert_eq!((people, departments, packs), (names(&["li-token", "李"]), names(&["工程部"]), vec![]));
    assert_eq!(within(&of(&["shop_one"]), see).2, names(&["furniture_mall"]));
    assert!(of(&["all_one"]).reach(see).is_all());
    // Several roles reach what each of them reaches.
    let two = of(&["department_one", "team_one"]);
    assert_eq!(within(&two, see), (names(&["li-token", "李", "王"]), names(&["工程部"]), vec![]));
    assert!(of(&["own_one", "all_one"]).reach(see).is_all());
    // What no role gives reaches nothing.
    assert!(!two.may(Permission::TokensEdit));
    assert_eq!(within(&two, Permission::TokensEdit), (vec![], vec![], vec![]));
    // A team without a name is no team.
    let alone = roles.access(Holder { agent: "赵".into(), ..holder(&["team_one"]) }, &teams);
    assert_eq!(within(&alone, see).0, names(&["li-token", "赵"]));
    // Without a department, a role of departments reaches what is one's own.
    let none = roles.access(Holder { department: String::new(), ..holder(&["department_one"]) }, &teams);
    assert_eq!(within(&none, see).1, Vec::<String>::new());
}

#[test]
fn titles_are_those_of_the_roles_the_department_and_words_that_are_no_role() {
    let seeing = format!("{HEAD}permissions = [\"calls.see\"]\n");
    let roles = roles(&[("head.toml", &seeing)]);
    let access = roles.access(holder(&["head", "部门负责人"]), &Teams::new());
    assert_eq!(access.titles(), ["客服", "工程部", "部门负责人"]);
    assert!(access.is("李") && access.is("li-token") && !access.is("王") && !access.is(""));
    assert_eq!(roles.get("head").map(|role| role.scope), Some(Scope::Own));
    // A title alone signs and opens nothing.
    assert!(!roles.access(holder(&["客服"]), &Teams::new()).may(Permission::CallsSee));
}

#[test]
fn a_token_needs_one_role_that_exists() {
    let roles = roles(&[("head.toml", HEAD)]);
    roles.check(&["head", "部门负责人"]).unwrap();
    let (problem, hint) = roles.check(&["haed"]).unwrap_err();
    assert_eq!(problem, "there is no role `haed`");
    assert!(hint.contains("did you mean `head`?"), "{hint}");
    assert!(roles.check(&["客服"]).unwrap_err().1.contains("did you mean `head`?"));
    assert_eq!(roles.check(&[]).unwrap_err().0, "no role is named");
}
