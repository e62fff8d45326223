//! Settings that cannot be had, and Pythons that are none: one sentence, status 3, and no file.

use harness::agent::Ran;
use harness::django::{Django, Project, SYSTEM_PYTHON};
use std::time::{Duration, Instant};

/// Settings with one service in them, and further lines.
fn with_statsd(lines: &str) -> Project {
    Project::new(format!("STATSD_HOST = 'h'\n{lines}"))
}

const STATSD: &str = "- type: udp\n  host: h\n  port: 8125\n  send: 'conncheck.test:1|c'\n";

/// Nothing is written, and one line says why.
fn refused(project: &Project, python: &str, arguments: &[&str]) -> String {
    let ran = project.generate(python, &[&["-f", "checks.yaml"], arguments].concat());
    nothing_written(project, &ran);
    ran.err
}

fn nothing_written(project: &Project, ran: &Ran) {
    assert_eq!((ran.status, ran.out.as_str()), (3, ""), "{}", ran.err);
    let left = std::fs::read_dir(project.scratch().path()).expect("the project");
    let names: Vec<_> = left.map(|file| file.expect("a file").file_name()).collect();
    assert!(names.iter().all(|name| name == "shop"), "{names:?}");
    assert!(!ran.err.contains("Traceback") && ran.err.starts_with("conn-check-"), "{}", ran.err);
    assert!(!ran.err.chars().any(|c| c.is_control() && c != '\n'), "{:?}", ran.err);
}

#[test]
fn settings_that_cannot_be_imported_are_said_to_be_so_by_name_and_line() {
    for (settings, said) in [
        ("import environ\n", "ModuleNotFoundError: No module named 'environ'"),
        ("import os\nX = os.environ['NO_SUCH_VARIABLE']\n", "KeyError: 'NO_SUCH_VARIABLE'"),
        ("X = (\n", "SyntaxError: '(' was never closed"),
        ("raise ValueError('\\x1b[31mred\\nsecond line')\n", "ValueError: \\x1b[31mred\\x0asecond line"),
        ("import sys\nsys.exit('not today')\n", "calls exit(not today)"),
        ("from shop.nothing import *\n", "No module named 'shop.nothing'"),
        ("class E(BaseException): pass\nraise E('x')\n", "E: x"),
        ("raise ValueError('no such host: postgres://app:s3cret@db/shop')\n", "postgres://***@db/shop"),
        ("raise ValueError('x' * 9999)\n", "xxx... ("),
        ("from shop import nothing_there\n", "ImportError: cannot import name 'nothing_there' from 'shop'"),
        ("1/0\n", "ZeroDivisionError: division by zero"),
    ] {
        let project = Project::new(settings);
        let err = refused(&project, SYSTEM_PYTHON, &[]);
        assert!(err.contains("the settings module shop.settings") && err.contains(said), "{err}");
        let line = settings.lines().count();
        assert!(err.contains(&format!("shop/settings.py, line {line})")), "{err}");
        assert!(err.contains("(by /usr/bin/python3; another one is named with --python PATH)"), "{err}");
        assert!(err.lines().count() == 1 && !err.contains("s3cret"), "{err}");
    }
}

#[test]
fn a_module_that_is_not_there_is_looked_for_in_this_directory() {
    let project = Project::new("");
    for module in ["nothing", "no.thing", "shop.nothing", "shop.settings.nothing", "../shop", "", "a b", "/etc/passwd"]
    {
        let mut command = project.program("conn-check-django");
        let ran = harness::django::run(command.args(["-m", module, "--python", SYSTEM_PYTHON, "-f", "checks.yaml"]));
        nothing_written(&project, &ran);
    }
    let err = refused(&project, SYSTEM_PYTHON, &["-m", "shop.nothing"]);
    assert!(
        err.contains("there is no settings module shop.nothing: run this in the directory that manage.py is in"),
        "{err}"
    );
}

#[test]
fn settings_that_end_python_are_no_settings() {
    for lines in [
        "import os\nos._exit(0)\n",
        "import os\nos.execv('/bin/true', ['true'])\n",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
    ] {
        let err = refused(&with_statsd(lines), SYSTEM_PYTHON, &[]);
        assert!(err.contains("without a word about the settings"), "{err}");
    }
}

#[test]
fn settings_that_hang_are_given_up() {
    let project = with_statsd("import time\ntime.sleep(600)\n");
    let ran = project.generate(SYSTEM_PYTHON, &["--timeout", "0.5", "-f", "checks.yaml"]);
    nothing_written(&project, &ran);
    assert!(ran.err.contains("takes more than 0.5 s") && ran.err.contains("--timeout SECONDS"), "{}", ran.err);
    assert!(ran.elapsed < Duration::from_secs(5), "{:?}", ran.elapsed);
}

#[test]
fn a_python_that_hangs_ends_with_the_program() {
    let project = with_statsd("import os, time\nopen('shop/pid', 'w').write(str(os.getpid()))\ntime.sleep(60)\n");
    let mut command = project.program("conn-check-django");
    command.args(["-m", "shop.settings", "--python", SYSTEM_PYTHON]);
    let mut program = command.spawn().expect("the program");
    let wait = |what: &str, done: &dyn Fn() -> bool| {
        let began = Instant::now();
        while !done() {
            assert!(began.elapsed() < Duration::from_secs(20), "{what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let pid = || std::fs::read_to_string(project.scratch().path().join("shop/pid")).unwrap_or_default();
    wait("the settings are imported", &|| !pid().is_empty());
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(program.id().try_into().expect("a pid")),
        nix::sys::signal::Signal::SIGTERM,
    )
    .expect("a signal");
    program.wait().expect("its end");
    // One that has ended and that nobody has asked about yet has no command line.
    let line = || std::fs::read(format!("/proc/{}/cmdline", pid())).unwrap_or_default();
    wait("its Python ends, too", &|| line().is_empty());
}

#[test]
fn settings_that_fork_leave_no_process_behind() {
    const NOTE: &str = "import os, time, subprocess\ndef stay(name):\n    os.setsid()\n    \
        open('shop/new', 'w').write(str(os.getpid()))\n    os.rename('shop/new', name)\n    time.sleep(60)\n";
    for fork in [
        "if os.fork() == 0:\n    stay('shop/pid')\n",
        // The middle one ends, as that of a daemon does.
        "if os.fork() == 0:\n    if os.fork() == 0:\n        stay('shop/pid')\n    os._exit(0)\nos.wait()\n",
    ] {
        for end in ["", "1/0\n", "time.sleep(600)\n"] {
            let wait = "while not os.path.exists('shop/pid'): time.sleep(0.01)\n";
            let project = with_statsd(&format!("{NOTE}{fork}{wait}{end}"));
            let ran = project.generate(SYSTEM_PYTHON, &["--timeout", if end.contains("600") { "2" } else { "30" }]);
            assert_eq!(ran.status, if end.is_empty() { 0 } else { 3 }, "{}", ran.err);
            let left = project.read("shop/pid");
            assert!(!std::path::Path::new("/proc").join(&left).exists(), "{left} is left: {fork}{end}");
        }
    }
}

#[test]
fn settings_that_ask_for_input_get_none() {
    let err = refused(&with_statsd("input()\n"), SYSTEM_PYTHON, &[]);
    assert!(err.contains("EOFError"), "{err}");
}

#[test]
fn what_settings_print_start_and_leave_behind_does_no_harm() {
    for lines in [
        "print('- type: tcp')\nimport sys\nsys.stdout.write('{}')\nsys.stdout.flush()\n",
        "import os\nos.write(1, b'--- conn-check settings end ---')\nos.system('echo a child')\n",
        "import os, time\nif os.fork() == 0:\n    time.sleep(3)\n",
        "import os\nos.fork()\n",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()\n",
        "import atexit, time\natexit.register(time.sleep, 600)\n",
        "import subprocess\nsubprocess.Popen(['/bin/sleep', '3'])\n",
        "import sys\nsys.stdout = sys.stderr = None\n",
        "import sys\nsys.stdout.close()\n",
        "import logging\nlogging.basicConfig()\nlogging.error('x')\n",
    ] {
        let project = with_statsd(lines);
        let ran = project.generate(SYSTEM_PYTHON, &["--timeout", "20"]);
        assert_eq!(ran.status, 0, "{lines}{}", ran.err);
        assert_eq!(super::checks_of(&ran.out), STATSD, "{lines}{}", ran.err);
        assert!(ran.elapsed < Duration::from_secs(15), "{lines}{:?}", ran.elapsed);
    }
}

#[test]
fn a_program_that_is_no_python_is_told_from_one() {
    let project = with_statsd("");
    for (python, said) in [
        ("/nonexistent/python", "`/nonexistent/python` cannot be run"),
        ("/etc/passwd", "`/etc/passwd` cannot be run"),
        ("/tmp", "`/tmp` cannot be run"),
        ("/bin/true", "`/bin/true` ended (exit status: 0) without a word about the settings"),
        ("/bin/false", "`/bin/false` ended (exit status: 1)"),
    ] {
        let err = refused(&project, python, &[]);
        assert!(err.contains(said), "{err}");
    }
    // What such a program says of the command line is not the bridge.
    let ran = project.generate("/bin/ls", &["-f", "checks.yaml"]);
    assert!(ran.status == 3 && ran.err.contains("without a word about the settings"), "{}", ran.err);
    assert!(ran.err.len() < 500, "{}", ran.err);
    let _path = project.scratch().program("shop/loud", "#!/bin/sh\nexec cat /dev/zero\n");
    let err = refused(&project, "./shop/loud", &["--timeout", "5"]);
    assert!(err.contains("without a word") || err.contains("takes more than"), "{err}");
}

#[test]
fn files_that_are_no_settings_are_refused() {
    let junk: Vec<u8> = (0..=255).cycle().take(4096).collect();
    for content in [&junk[..], b"\0", b"\xff\xfe", &b"(".repeat(20_000)[..]] {
        let err = refused(&Project::new(content), SYSTEM_PYTHON, &[]);
        assert!(err.contains("the settings module shop.settings cannot be imported: "), "{err}");
    }
}

#[test]
fn values_that_are_no_text_are_comments_in_the_file() {
    let project = with_statsd(
        "import datetime\n\
         class Lazy(object):\n    def __str__(self): raise ValueError('s3cret')\n\
         CACHES = {'a': {'BACKEND': 'django.core.cache.backends.redis.RedisCache', 'LOCATION': Lazy()}}\n\
         DATABASES = {'a': {'ENGINE': 'django.db.backends.postgresql', 'NAME': 'n', 'USER': 'u', 'HOST': b'\\xff'},\n\
             'b': {'ENGINE': 'django.db.backends.mysql', 'USER': 'u', 'HOST': 'h', 'PORT': float('nan')},\n\
             'c': {'ENGINE': 'django.db.backends.mysql', 'USER': 'u', 'HOST': object},\n\
             'd': {'ENGINE': 'django.db.backends.mysql', 'USER': 'u', 'HOST': datetime.date(2020, 1, 2)},\n\
             'f': {'ENGINE': 'django.db.backends.mysql', 'USER': 'u', 'HOST': 'h', 'PORT': 2 ** 50000}}\n\
         DATABASES['e'] = DATABASES\n",
    );
    let ran = project.generate(SYSTEM_PYTHON, &[]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert_eq!(project.generate(SYSTEM_PYTHON, &["--strict"]).status, 1);
    for said in [
        "# CACHES['a']['LOCATION']: this is an object of the class Lazy, expected a text",
        "# DATABASES['a']['HOST']: this is bytes that are not UTF-8, expected a text",
        "# DATABASES['b']['PORT']: this is the number nan, expected a text",
        "# DATABASES['c']['HOST']: this is the class object, expected a text",
        "  host: '2020-01-02'\n",
        "# DATABASES['f']['PORT']: this is a number of more than 64 bits, expected a text",
        "# DATABASES['e']: there is no ENGINE",
    ] {
        assert!(ran.out.contains(said), "{said}: {}", ran.out);
    }
    assert!(super::checks_of(&ran.out).ends_with(STATSD) && !ran.out.contains("s3cret"), "{}", ran.out);
}

#[test]
fn lazy_texts_paths_and_enums_are_texts() {
    let project = Project::new(
        "from django.utils.functional import lazystr\n\
         from pathlib import PurePosixPath\nimport enum, ipaddress\n\
         class Cache(enum.Enum):\n    BACKEND = 'django.core.cache.backends.memcached.PyMemcacheCache'\n\
         CACHES = {'a': {'BACKEND': Cache.BACKEND, 'LOCATION': {'m:1'}}, 'b': {'BACKEND': Cache.BACKEND, 'LOCATION': (PurePosixPath('/run/m.sock'),)}}\n\
         STATSD_HOST = ipaddress.ip_address('127.0.0.1')\n\
         EMAIL_HOST = lazystr('mail')\n",
    );
    let ran = project.generate(Django::Newest.python(), &[]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{}", ran.out);
    for line in ["  host: m\n  port: 1\n", "  host: /run/m.sock\n", "  host: '127.0.0.1'\n", "  host: mail\n"] {
        assert!(ran.out.contains(line), "{}", ran.out);
    }
}

#[test]
fn the_settings_module_may_come_from_the_environment_and_python_from_the_path() {
    let project = with_statsd("");
    let mut command = project.program("conn-check-django");
    let ran = harness::django::run(command.env("DJANGO_SETTINGS_MODULE", "shop.settings"));
    assert_eq!((ran.status, super::checks_of(&ran.out).as_str()), (0, STATSD), "{}", ran.err);
    // That of the virtual environment is the first choice: the settings need its Django.
    let project = with_statsd("import django\n");
    let python = Django::Newest.python();
    let environment = python.ancestors().nth(2).expect("the environment");
    let mut command = project.program("conn-check-django");
    let ran = harness::django::run(command.env("VIRTUAL_ENV", environment).args(["-m", "shop.settings"]));
    assert_eq!((ran.status, super::checks_of(&ran.out).as_str()), (0, STATSD), "{}", ran.err);
    let ran = harness::django::run(&mut project.program("conn-check-django"));
    assert!(ran.status == 3 && ran.err.contains("say -m MODULE, or set DJANGO_SETTINGS_MODULE"), "{}", ran.err);
    let mut command = project.program("conn-check-django");
    let ran = harness::django::run(command.env("PATH", "/nonexistent").args(["-m", "shop.settings"]));
    assert!(ran.status == 3 && ran.err.contains("there is no python3 on the path"), "{}", ran.err);
}

#[test]
fn settings_without_a_service_are_an_empty_list_that_says_so() {
    let project = Project::new("DEBUG = True\nSECRET_KEY = 'redis://:s3cret@h'\n");
    let ran = project.generate(SYSTEM_PYTHON, &["-f", "checks.yaml"]);
    assert_eq!((ran.status, ran.out.as_str()), (0, ""), "{}", ran.err);
    assert!(ran.err.contains("nothing was found that can be checked"), "{}", ran.err);
    let text = project.read("checks.yaml");
    assert!(text.ends_with("\n[]\n") && !text.contains("s3cret"), "{text}");
    assert_eq!(super::validated(&text).status, 0);
}

#[test]
fn settings_may_be_named_by_their_path_and_who_leaves_out_the_option_is_told() {
    let project = with_statsd("");
    let ran = harness::django::run(project.program("conn-check-django").args(["-m", "shop/settings.py"]));
    assert_eq!((ran.status, super::checks_of(&ran.out).as_str()), (0, STATSD), "{}", ran.err);
    let ran = harness::django::run(project.program("conn-check-django").arg("shop.settings"));
    assert_eq!(ran.status, 3);
    assert_eq!(ran.err, "conn-check-django: `shop.settings` is no option: did you mean -m shop.settings?\n");
    let ran = harness::django::run(project.program("conn-check-django").args(["-m", "/srv/shop/settings.py"]));
    assert!(ran.status == 3 && ran.err.contains("is a path: run this in the directory"), "{}", ran.err);
}

#[test]
fn a_document_that_is_cut_off_is_no_file() {
    let project = Project::new("");
    let whole = r#"{"settings": {"STATSD_HOST": "h"}, "checks": [], "options": {"output_file": "checks.yaml"}}"#;
    let hand_over = |document: &str| {
        let input = project.scratch().write("shop/document.json", document);
        let mut command = project.program("conn-check-configs");
        let input = std::fs::File::open(input).expect("the document");
        harness::django::run(command.args(["django", "--bridge", "-"]).stdin(input))
    };
    for end in [0, 1, 20, whole.len() - 1] {
        nothing_written(&project, &hand_over(&whole[..end]));
    }
    // Passwords would else stand where nobody wants them.
    let ran = hand_over(&whole.replace(r#""options": {"#, r#""options": {"secrets": "vault", "#));
    assert!(ran.err.contains("where secrets are to stand (`vault`) is neither inline, env nor file"), "{}", ran.err);
    nothing_written(&project, &ran);
    let ran = hand_over(whole);
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    assert_eq!(super::checks_of(&project.read("checks.yaml")), STATSD);
}
