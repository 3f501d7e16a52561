//! Tests `serve` as a person starts and ends it. `crates/serve/tests` has what it answers.

use crate::program::Sandbox;

#[cfg(not(feature = "serve"))]
#[test]
fn a_program_without_the_server_says_how_to_build_one() {
    let run = Sandbox::new().run(&["serve", "--port", "0"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("--features serve"), "{}", run.stderr);
}

#[cfg(all(feature = "serve", unix))]
mod running {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::process::{Child, ChildStderr, Stdio};

    use serde_json::Value;

    use super::Sandbox;

    /// The program, and the address that it has said.
    struct Server {
        child: Child,
        stderr: BufReader<ChildStderr>,
        authority: String,
    }

    impl Server {
        fn start(sandbox: &Sandbox, arguments: &[&str]) -> Self {
            let mut command = sandbox.process(&[&["serve", "--port", "0"], arguments].concat());
            let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
            let mut stderr = BufReader::new(child.stderr.take().unwrap());
            let mut said = String::new();
            let authority = loop {
                let mut line = String::new();
                assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended: {said}");
                said += &line;
                if let Some((_, rest)) = line.split_once("open http://") {
                    break rest.split('/').next().unwrap().to_owned();
                }
            };
            Self { child, stderr, authority }
        }

        fn ask(&self, request: &str) -> String {
            let mut stream = TcpStream::connect(&self.authority).unwrap();
            let request = request
                .replace("\r\n\r\n", &format!("\r\nhost: {}\r\nconnection: close\r\n\r\n", self.authority));
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        }

        /// Sends a signal, and gives the exit code and what was still said.
        fn end(mut self, signal: &str) -> (Option<i32>, String) {
            let sent =
                std::process::Command::new("kill").args([signal, &self.child.id().to_string()]).status();
            assert!(sent.unwrap().success());
            let mut said = String::new();
            self.stderr.read_to_string(&mut said).unwrap();
            (self.child.wait().unwrap().code(), said)
        }
    }

    #[test]
    fn a_signal_ends_it_in_good_order_with_the_code_of_a_signal() {
        let sandbox = Sandbox::new();
        for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
            let server = Server::start(&sandbox, &[]);
            assert!(server.authority.starts_with("127.0.0.1:"), "{}", server.authority);
            assert!(server.ask("GET /healthz HTTP/1.1\r\n\r\n").contains("\"ok\""));
            let (ended, said) = server.end(signal);
            assert_eq!(ended, Some(code), "{said}");
            assert!(said.contains(" 200 GET /healthz ") && said.contains("the server has ended"), "{said}");
        }
    }

    #[test]
    fn requests_are_told_as_json_or_not_at_all_and_never_what_was_sent() {
        let sandbox = Sandbox::new();
        let secret = "POST /api/predict?single=true HTTP/1.1\r\ncontent-length: 6\r\n\r\nsecret";
        let server = Server::start(&sandbox, &["--log", "json"]);
        assert!(server.ask(secret).contains("\"error\""));
        let (_, said) = server.end("-INT");
        let line: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
        assert_eq!(
            (&line["method"], &line["path"], &line["status"]),
            (&"POST".into(), &"/api/predict".into(), &415.into())
        );
        assert!(!said.contains("secret"), "{said}");
        let server = Server::start(&sandbox, &["--log", "off"]);
        assert!(server.ask(secret).contains("\"error\""));
        assert_eq!(server.end("-INT").1.lines().count(), 1);
    }

    #[test]
    fn a_run_of_ones_own_is_served_and_named() {
        let sandbox = Sandbox::new();
        sandbox.train(&["-p", "mine"]).done();
        let server = Server::start(&sandbox, &["-p", "mine", "--host", "0.0.0.0"]);
        // Nobody can open 0.0.0.0.
        assert!(server.authority.starts_with("127.0.0.1:"), "{}", server.authority);
        let model = server.ask("GET /api/model HTTP/1.1\r\n\r\n");
        let model: Value = serde_json::from_str(model.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!(
            (&model["source"]["run"], &model["source"]["dataset"]),
            (&"mine".into(), &"sample".into())
        );
        assert_eq!(server.end("-TERM").0, Some(143));
    }

    #[test]
    fn what_cannot_be_opened_is_said_in_words() {
        let sandbox = Sandbox::new();
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port().to_string();
        let run = sandbox.run(&["serve", "--port", &port]);
        assert_eq!(run.code, 1, "{}", run.stderr);
        assert!(
            run.stderr.contains(&port) && run.stderr.contains("taken") && run.stderr.contains("--port"),
            "{}",
            run.stderr
        );
        for (arguments, words) in [
            (["--allow-origin", "example.org"], "not an origin"),
            (["--allow-host", "a:80"], "not the name of a server"),
            (["--web", "missing"], "index.html"),
            (["--host", "no.such.name.invalid"], "no name or address"),
        ] {
            let run = sandbox.run(&[&["serve", "--port", "0"], arguments.as_slice()].concat());
            assert_eq!(run.code, 2, "{}", run.stderr);
            assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        }
        let run = sandbox.run(&["serve", "-p", "missing"]);
        assert_eq!(run.code, 3, "{}", run.stderr);
    }

    #[test]
    fn a_health_check_is_an_exit_code() {
        let sandbox = Sandbox::new();
        let server = Server::start(&sandbox, &[]);
        let url = format!("http://{}", server.authority);
        sandbox.run(&["serve", "--check", &url]).done();
        let wrong = sandbox.run(&["serve", "--check", &format!("{url}/nothing")]);
        assert_eq!(wrong.code, 1, "{}", wrong.stderr);
        assert!(wrong.stderr.contains("answers 404"), "{}", wrong.stderr);
        server.end("-INT");
        let gone = sandbox.run(&["serve", "--check", &url]);
        assert!(gone.code == 1 && gone.stderr.contains("does not answer"), "{}", gone.stderr);
    }
}
