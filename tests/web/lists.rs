//! Lists, imports, entries and the do-not-call list.

use ringback::io::web::{Control, UPLOAD_LIMIT};
use serde_json::json;

use super::site::Site;

#[tokio::test]
async fn a_file_comes_in_once_and_every_row_has_its_result() {
    let site = Site::sqlite().await;
    let csv = "\u{feff}客户电话,姓名,备注\n13800000001,张三,=1+1\n13800000002,李四,b\n138,王五,c\n13800000001,张三,d\n";
    let query = "list_name=march&file_name=a.csv";
    let dry = site.upload(&format!("{query}&dry_run=true"), csv).await.expect(200);
    assert_eq!(
        (&dry["counts"]["added"], &dry["counts"]["rejected"], &dry["counts"]["duplicate"]),
        (&json!(2), &json!(1), &json!(1)),
        "{dry}"
    );
    assert_eq!((&dry["id"], &dry["list_id"]), (&json!(null), &json!(null)));
    assert_eq!(site.get("/api/v1/lists").await.expect(200)["items"], json!([]), "a dry run changes nothing");

    let first = site.upload(query, csv).await.expect(201);
    assert_eq!(first["counts"]["added"], 2);
    let problems = first["problems"].as_array().unwrap();
    assert_eq!(
        problems
            .iter()
            .map(|p| (p["line"].as_u64().unwrap(), p["result"].as_str().unwrap()))
            .collect::<Vec<_>>(),
        [(4, "rejected"), (5, "duplicate")]
    );
    let list = first["list_id"].as_i64().unwrap();
    assert!(site.orders.lock().unwrap().contains(&Control::ListGrown(ringback::base::ListId(list))));

    let again = site.upload(query, csv).await.expect(201);
    assert_eq!((&again["counts"]["added"], &again["counts"]["unchanged"]), (&json!(0), &json!(2)), "{again}");
    let rows = site.get(&format!("/api/v1/imports/{}/rows?result=rejected", first["id"])).await.expect(200);
    assert_eq!(rows["items"][0]["line"], 4);
    assert!(!rows["items"][0]["reason"].as_str().unwrap().is_empty());
    assert_eq!(
        site.get(&format!("/api/v1/imports?list={list}")).await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(site.get("/api/v1/lists?name=march").await.expect(200)["items"][0]["entries"], 2);
}

#[tokio::test]
async fn columns_can_be_mapped_and_a_file_without_numbers_is_refused() {
    let site = Site::sqlite().await;
    let csv = "k1,k2\n13800000001,A\n";
    let refused = site.upload("list_name=m", csv).await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    let mapping = "%7B%22k1%22%3A%22phone%22%2C%22k2%22%3A%22name%22%7D";
    let report = site.upload(&format!("list_name=m&mapping={mapping}"), csv).await.expect(201);
    assert_eq!(report["counts"]["added"], 1);
    assert_eq!(site.upload("list_name=m&mapping=x", csv).await.expect(422)["errors"][0]["field"], "mapping");
    assert_eq!(
        site.upload(&format!("mapping={mapping}"), csv).await.expect(422)["errors"][0]["field"],
        "list"
    );
}

#[tokio::test]
async fn an_upload_beyond_the_limit_is_refused_before_it_is_read() {
    let site = Site::sqlite().await;
    let answer = site.upload("list_name=m", vec![b'x'; UPLOAD_LIMIT as usize + 1]).await;
    assert_eq!(answer.expect(413)["type"], "/problems/too-large");
}

#[tokio::test]
async fn entries_are_filtered_sorted_paged_masked_and_unmasked_for_those_who_may() {
    let site = Site::sqlite().await;
    let phones: Vec<String> = (0..7).map(|n| format!("1380000000{n}")).collect();
    site.campaign(&phones.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = site.get(&format!("/api/v1/lists/1/entries?limit=3{after}")).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|e| e["id"].as_i64().unwrap()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 7);
    assert!(seen.is_sorted());
    let entry = site.get("/api/v1/lists/1/entries?phone=138-0000-0003").await.expect(200);
    assert_eq!(entry["items"].as_array().unwrap().len(), 1);
    assert_eq!(entry["items"][0]["phone"], "138****0003");
    assert_eq!(entry["items"][0]["reason"], "due");
    let whole = site.get("/api/v1/lists/1/entries?unmask=true&limit=1").await.expect(200);
    assert_eq!(whole["items"][0]["phone"], "13800000000");
    let refused = site.request(reqwest::Method::GET, "/api/v1/lists/1/entries?unmask=true", &site.read);
    super::site::send(refused).await.expect(403);
    let audit = site.get("/api/v1/audit?action=unmask").await.expect(200);
    assert_eq!(audit["items"].as_array().unwrap().len(), 1);
    assert_eq!(audit["items"][0]["subject"], "list:1");
    for (query, count) in [
        ("state=done", 0),
        ("state=pending", 7),
        ("text=0000004", 1),
        ("text=%25", 0),
        ("sort=due&reason=due", 7),
    ] {
        let page = site.get(&format!("/api/v1/lists/1/entries?{query}")).await.expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{query}");
    }
}

#[tokio::test]
async fn an_entry_is_taken_out_with_a_reason_and_put_back() {
    let site = Site::sqlite().await;
    let (_, entries) = site.campaign(&["13800000001"]).await;
    let path = format!("/api/v1/entries/{}", entries[0]);
    assert_eq!(
        site.post(&format!("{path}/remove"), json!({"reason": " "})).await.expect(422)["errors"][0]["field"],
        "reason"
    );
    let out = site.post(&format!("{path}/remove"), json!({"reason": "moved abroad"})).await.expect(200);
    assert_eq!(
        (&out["state"], &out["reason"], &out["detail"]),
        (&json!("stopped"), &json!("removed"), &json!("moved abroad"))
    );
    let back = site.post(&format!("{path}/put-back"), json!({"reason": "is here again"})).await.expect(200);
    assert_eq!((&back["state"], &back["attempts"]), (&json!("pending"), &json!(0)));
    let actions: Vec<_> = site.get("/api/v1/audit").await.expect(200)["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["action"].as_str().unwrap().to_owned())
        .filter(|a| a.starts_with("entry."))
        .collect();
    assert_eq!(actions, ["entry.put_back", "entry.remove"]);
    site.post("/api/v1/entries/999/remove", json!({"reason": "x"})).await.expect(404);
}

#[tokio::test]
async fn a_number_that_is_never_called_stops_its_entries_and_cannot_be_put_back() {
    let site = Site::sqlite().await;
    let (_, entries) = site.campaign(&["13800000001", "13800000002"]).await;
    let added = site
        .post("/api/v1/do-not-call", json!({"phone": "+86 138 0000 0001", "reason": "asked"}))
        .await
        .expect(201);
    assert_eq!((&added["phone"], &added["stopped"]), (&json!("13800000001"), &json!(1)));
    let entry = site.get(&format!("/api/v1/entries/{}", entries[0])).await.expect(200);
    assert_eq!((&entry["state"], &entry["reason"]), (&json!("stopped"), &json!("do_not_call")));
    site.post(&format!("/api/v1/entries/{}/put-back", entries[0]), json!({"reason": "x"})).await.expect(409);
    let list = site.get("/api/v1/do-not-call").await.expect(200);
    assert_eq!(list["items"][0]["phone"], "138****0001");
    site.post("/api/v1/do-not-call", json!({"phone": "abc", "reason": "x"})).await.expect(422);
    let remove = "/api/v1/do-not-call/13800000001/remove";
    site.post(remove, json!({"reason": "asked again"})).await.expect(204);
    site.post(remove, json!({"reason": "asked again"})).await.expect(404);
}
