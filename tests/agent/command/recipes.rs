//! What docs/recipes.md shows and no other host can have.

use super::failure;
use harness::agent::{Agent, code};
use harness::django::{Django, Project, run};
use harness::scratch::Scratch;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The blocks of the page that name this test.
fn blocks(test: &str) -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/recipes.md");
    let page = fs::read_to_string(page).expect("docs/recipes.md");
    let mark = format!("<!-- tried: {test} -->");
    let behind = page.split(&mark).skip(1);
    let block = |text: &str| {
        let (_, rest) = text.split_once("```").expect("a block");
        let (_, content) = rest.split_once('\n').expect("a line");
        content.split("```").next().expect("its end").to_owned()
    };
    behind.map(block).collect()
}

#[test]
fn the_script_of_the_page_says_all_its_errors() {
    let blocks = blocks("the_script_of_the_page_says_all_its_errors");
    let [script, yaml, printed] = blocks.as_slice() else { panic!("{blocks:?}") };
    let scratch = Scratch::new();
    scratch.write("check-stock.sh", script);
    let yaml = yaml.replace("/srv/shop", &scratch.path().display().to_string());
    let ran = Agent::new(&yaml).args(["--format", "human", "--color", "never"]).run();
    let wanted: Vec<_> = printed.lines().map(|line| line.split("     ").last().expect("words").trim()).collect();
    assert!(ran.out.contains(wanted[1]) && wanted[1].contains("no import since Monday"), "{wanted:?}: {}", ran.out);
    assert!(
        ran.out.starts_with("FAIL command  stock (sh)") && printed.starts_with("FAIL command  stock (sh)"),
        "{ran:?}"
    );
}

#[test]
fn migrations_that_are_not_applied_are_told() {
    let blocks = blocks("migrations_that_are_not_applied_are_told");
    let [yaml] = blocks.as_slice() else { panic!("{blocks:?}") };
    let project = Project::new(
        "import os\nSECRET_KEY = 'x'\nINSTALLED_APPS = ['django.contrib.contenttypes', 'django.contrib.auth']\n\
         DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': os.environ['DATABASE_URL']}}\n",
    );
    let folder = project.scratch().path().display().to_string();
    project.scratch().write(
        "manage.py",
        "import sys\nfrom django.core.management import execute_from_command_line\nexecute_from_command_line(sys.argv)\n",
    );
    project.scratch().write("database-url", format!("{folder}/database"));
    let python = Django::Newest.python().display().to_string();
    let yaml = yaml
        .replace("/srv/shop/venv/bin/python", &python)
        .replace("/srv/shop", &folder)
        .replace("/etc/shop", &folder)
        // Whom this machine has.
        .replace("-u, shop", "-u, root");
    let report = Agent::new(&yaml).report();
    assert_eq!(code(&report), "local.command-failed", "{report}");
    assert_eq!(failure(&report["checks"][0], "owner"), "service");
    let mut migrate = Command::new(&python);
    migrate.args(["manage.py", "migrate"]).current_dir(project.scratch().path());
    let migrated =
        run(migrate.env("DJANGO_SETTINGS_MODULE", "shop.settings").env("DATABASE_URL", format!("{folder}/database")));
    assert_eq!(migrated.status, 0, "{migrated:?}");
    let report = Agent::new(&yaml).report();
    assert_eq!(code(&report), "pass", "{report}");
}
