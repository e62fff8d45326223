//! A data directory that is made once and copied for every server.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use nix::unistd::{Uid, User};

use super::{DATABASE, PASSWORD, USER};
use crate::or_panic::OrPanic;
use crate::packages;
use crate::scratch::Scratch;
use crate::user;

/// Where Debian keeps the servers, one directory for each version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The file of one of the server's programs, of the newest version that is installed.
pub(super) fn program(name: &str) -> String {
    let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let numbered = versions.filter_map(|folder| folder.file_name().to_str()?.parse::<u32>().ok());
    let newest = numbered.max().or_panic("find PostgreSQL: apt-get install postgresql");
    format!("{VERSIONS}/{newest}/bin/{name}")
}

/// The name of the user who runs this.
pub(super) fn own_name() -> String {
    User::from_uid(Uid::effective()).or_panic("look up this user").or_panic("find this user").name
}

/// A copy of the template in a directory of a server's own.
pub(super) fn copy_to(scratch: &Scratch) -> PathBuf {
    let data = scratch.path().join("data");
    run(Command::new("cp").arg("-a").arg(template().path().join("data")).arg(&data), "copy the data directory");
    data
}

/// Writes a file of the server's.
pub(super) fn write(data: &Path, name: &str, contents: &str) {
    let path = data.join(name);
    fs::write(&path, contents).or_panic(format_args!("write {}", path.display()));
    user::give_to_nobody(&path);
}

fn template() -> &'static Scratch {
    static TEMPLATE: OnceLock<Scratch> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let scratch = Scratch::new();
        let data = scratch.folder("data");
        fs::set_permissions(&data, Permissions::from_mode(0o700)).or_panic("close the data directory");
        let arguments = ["--auth=reject", "--no-sync", "--no-instructions", "--wal-segsize=1", "--encoding=UTF8"];
        let mut initdb = server("initdb", scratch.path());
        run(initdb.args(arguments).args(["--locale=C", "--username=postgres", "-D"]).arg(&data), "run initdb");
        execute(&scratch, "postgres", &roles());
        execute(&scratch, DATABASE, &tables());
        scratch
    })
}

/// Who there is; the table in the module's documentation says what for.
fn roles() -> String {
    let with_password = |name: &str| format!("CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}';\n\n");
    let names =
        [USER, "clear", "open", "tlsonly", "plainonly", "banned", "stranger", "certified", "idented", "kerberos"];
    let own = own_name();
    [
        names.map(with_password).concat(),
        format!("SET password_encryption = 'md5';\n\nCREATE ROLE legacy LOGIN PASSWORD '{PASSWORD}';\n\n"),
        "RESET password_encryption;\n\n".to_owned(),
        format!("CREATE ROLE disabled NOLOGIN PASSWORD '{PASSWORD}';\n\n"),
        format!("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0 PASSWORD '{PASSWORD}';\n\n"),
        format!("CREATE ROLE expired LOGIN VALID UNTIL '2020-01-01' PASSWORD '{PASSWORD}';\n\n"),
        format!("CREATE ROLE \"{own}\" LOGIN;\n\n"),
        format!("CREATE DATABASE {DATABASE};\n\nCREATE DATABASE closed;\n\n"),
        "REVOKE CONNECT ON DATABASE closed FROM PUBLIC;\n\n".to_owned(),
    ]
    .concat()
}

fn tables() -> String {
    format!(
        "CREATE TABLE orders (id int, item text);\n\n\
         INSERT INTO orders VALUES (1, 'lamp'), (2, 'rug');\n\n\
         GRANT SELECT, INSERT ON orders TO {USER};\n\n\
         CREATE TABLE payroll (id int);\n\n\
         CREATE SCHEMA vault;\n\n\
         CREATE TABLE vault.keys (id int);\n\n"
    )
}

/// Executes statements, each ended by a semicolon and an empty line, while no server runs.
pub(super) fn execute(scratch: &Scratch, database: &str, statements: &str) {
    let file = scratch.write(&format!("{database}.sql"), statements);
    let statements = fs::File::open(file).or_panic("open the statements");
    let mut server = server("postgres", scratch.path());
    server.args(["--single", "-j", "-F", "-c", "exit_on_error=on", "-D"]).arg(scratch.path().join("data"));
    run(server.arg(database).stdin(statements), "fill the template");
}

/// One of the server's programs, as the user it wants to be.
fn server(name: &str, home: &Path) -> Command {
    let mut command = Command::new(packages::needed(&program(name)));
    command.env_clear().env("PATH", packages::SEARCH_PATH).env("LC_ALL", "C").env("HOME", home).current_dir(home);
    if let Some((uid, gid)) = user::nobody() {
        command.gid(gid).uid(uid);
    }
    command.stdin(Stdio::null());
    command
}

fn run(command: &mut Command, what: &str) {
    let output = command.output().or_panic(what);
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success(), "cannot {what}: {}\n{said}", output.status);
}
