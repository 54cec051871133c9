//! The server itself: slow and greedy clients, the unix socket, the end.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use ringback::io::web::{CONNECTIONS_PER_ADDRESS, Patience, Server, router};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::site::Site;

fn short() -> Patience {
    Patience {
        head: Duration::from_millis(150),
        write: Duration::from_millis(150),
        stop: Duration::from_millis(300),
    }
}

/// Everything until the server closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut all)).await;
    read.expect("the server closes").ok();
    String::from_utf8_lossy(&all).into_owned()
}

/// Covers requirement line 30 of the reliability list.
#[tokio::test]
async fn headers_that_never_end_are_cut() {
    let site = Site::patient(short()).await;
    for start in ["", "GET /livez HTTP/1.1\r\n", "GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: "] {
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        stream.write_all(start.as_bytes()).await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(!answer.contains("200 OK"), "{start:?}: {answer}");
    }
}

#[tokio::test]
async fn a_kept_connection_that_is_idle_is_closed() {
    let site = Site::patient(short()).await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(rest(&mut stream).await.ends_with("ok\n"));
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_cut_and_gives_its_connection_back() {
    let site = Site::patient(short()).await;
    let path = site.recordings().join("big.wav");
    std::fs::File::create(&path).unwrap().set_len(64 << 20).unwrap();
    let sql = "INSERT INTO calls (id, direction, state, phone, reserved_at, recording) \
               VALUES ('01ARZ3NDEKTSV4RRFFQ69G5FAV', 'inbound', 'reserved', '1', 1, 'big.wav')";
    crate::support::databases::execute(&site.store, sql).await.unwrap();
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let request = format!(
        "GET /api/v1/calls/01ARZ3NDEKTSV4RRFFQ69G5FAV/recording HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n",
        site.admin
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 15];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    // Nothing more is read. Once the server has given up, what is sent to it comes back as an error.
    let cut = tokio::time::timeout(Duration::from_secs(10), async {
        while stream.write_all(&[b'x'; 1_024]).await.is_ok() {}
    });
    cut.await.expect("the server gives up");
}

/// Covers line 30 of the reliability list.
#[tokio::test]
async fn headers_that_come_one_byte_at_a_time_are_cut_and_others_are_served() {
    let site = Site::patient(short()).await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let slow = async {
        let mut turn = tokio::time::interval(Duration::from_millis(20));
        for byte in b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ".iter().chain(std::iter::repeat(&b'x')) {
            turn.tick().await;
            if stream.write_all(&[*byte]).await.is_err() {
                return;
            }
        }
    };
    let quick = async { site.get("/livez").await.status };
    let (cut, quick) = tokio::join!(tokio::time::timeout(Duration::from_secs(10), slow), quick);
    cut.expect("the server gives up");
    assert_eq!(quick, 200);
}

/// Covers line 30 of the reliability list.
#[tokio::test]
async fn pages_sizes_and_bodies_out_of_bounds_get_a_clear_problem() {
    let site = Site::sqlite().await;
    let check = async |path: &str, field: &str| {
        let problem = site.get(path).await.expect(422);
        assert_eq!(problem["errors"][0]["field"], field, "{path}: {problem}");
        assert!(!problem["errors"][0]["hint"].as_str().unwrap().is_empty(), "{path}: {problem}");
    };
    for list in ["calls", "lists", "campaigns", "imports", "do-not-call", "audit", "answers"] {
        check(&format!("/api/v1/{list}?limit=0"), "limit").await;
        check(&format!("/api/v1/{list}?limit=501"), "limit").await;
        check(&format!("/api/v1/{list}?limit=4294967295"), "limit").await;
        check(&format!("/api/v1/{list}?limit=99999999999999999999"), "query").await;
        check(&format!("/api/v1/{list}?page=1000000000"), "query").await;
        check(&format!("/api/v1/{list}?after=1000000000"), "after").await;
        check(&format!("/api/v1/{list}?after={}.{}", i64::MAX, "9".repeat(70)), "after").await;
        // As far as numbers go, and nothing there.
        site.get(&format!("/api/v1/{list}?after={}.9", i64::MIN)).await.expect(200);
    }
    let large = format!("{{\"name\": \"{}\"}}", "x".repeat(100_000));
    let request = site.request(reqwest::Method::POST, "/api/v1/lists", &site.admin);
    let answer = super::site::send(request.header("content-type", "application/json").body(large)).await;
    assert_eq!(answer.expect(413)["type"], "/problems/too-large");
    // Announced, it is refused before it is read: 1 GB.
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let head = format!(
        "POST /api/v1/imports?list_name=x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: text/csv\r\nContent-Length: 1073741824\r\nConnection: close\r\n\r\n",
        site.admin
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("/problems/too-large"), "{answer}");
}

#[tokio::test]
async fn headers_that_are_too_long_are_refused() {
    let site = Site::sqlite().await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let request = format!("GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "x".repeat(64 * 1024));
    let _ = stream.write_all(request.as_bytes()).await;
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 431"));
}

#[tokio::test]
async fn one_address_cannot_take_all_connections() {
    let site = Site::sqlite().await;
    let mut held = Vec::new();
    for _ in 0..CONNECTIONS_PER_ADDRESS {
        held.push(TcpStream::connect(site.address).await.unwrap());
    }
    let mut one_more = TcpStream::connect(site.address).await.unwrap();
    assert!(rest(&mut one_more).await.starts_with("HTTP/1.1 503"));
    let other =
        reqwest::Client::builder().no_proxy().local_address(Some([127, 0, 2, 1].into())).build().unwrap();
    assert_eq!(other.get(format!("{}/livez", site.base)).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_unix_socket_is_for_its_owner_and_counts_as_admin() {
    let site = Site::sqlite().await;
    let mode = std::fs::metadata(site.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let client = reqwest::Client::builder().unix_socket(site.socket()).build().unwrap();
    let answer = client.get("http://localhost/api/v1/tokens").send().await.unwrap();
    assert_eq!(answer.status(), 200, "without a token");
    let made = client
        .post("http://localhost/api/v1/lists")
        .json(&serde_json::json!({"name": "x"}))
        .send()
        .await
        .unwrap();
    assert_eq!(made.status(), 201);
    assert_eq!(site.get("/api/v1/audit?action=list.create").await.expect(200)["items"][0]["actor"], "local");
}

#[tokio::test]
async fn a_second_daemon_does_not_take_the_socket_away_and_a_dead_one_leaves_it_free() {
    let site = Site::sqlite().await;
    let refused = Server::bind(&[], Some(&site.socket()), Patience::default()).await.unwrap_err();
    assert!(refused.to_string().contains("another ringback answers"), "{refused}");
    let stale = site.folder.path().join("stale.sock");
    drop(std::os::unix::net::UnixListener::bind(&stale).unwrap());
    assert!(stale.exists(), "a killed daemon leaves its socket file");
    Server::bind(&[], Some(&stale), Patience::default()).await.unwrap();
    let taken = Server::bind(&[site.address], None, Patience::default()).await.unwrap_err();
    assert!(taken.to_string().contains(&site.address.to_string()), "{taken}");
}

#[tokio::test]
async fn the_end_closes_idle_connections_and_removes_the_socket() {
    let site = Site::sqlite().await;
    let mut idle = TcpStream::connect(site.address).await.unwrap();
    idle.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.unwrap();
    let socket = site.socket();
    let Site { stop, server, .. } = site;
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(5), server).await.expect("the server ends").unwrap();
    rest(&mut idle).await;
    assert!(!socket.exists());
}

#[tokio::test]
async fn a_request_that_hangs_at_the_end_is_cut() {
    let site = Site::patient(short()).await;
    let stop = CancellationToken::new();
    let server = Server::bind(&["127.0.0.1:0".parse().unwrap()], None, short()).await.unwrap();
    let address = server.addresses()[0];
    let running = tokio::spawn(server.run(router(site.api.clone()), stop.clone()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /api/v1/lists HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{{",
        site.admin
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(5), running).await.expect("the server ends").unwrap();
}
