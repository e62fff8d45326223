//! The charm played in memory: single rules, and thousands of lives.

mod actions;
#[expect(unreachable_pub, reason = "others need it as well")]
#[path = "../../tests/src/fuzz.rs"]
mod changes;
mod desired;
mod endpoint;
mod fuzz;
mod interrupted;
mod life;
mod lives;
mod monitoring;
mod oracle;
mod others;
mod random;
mod refresh;
mod relations;
mod resource;
mod shared;
mod stories;
mod world;
