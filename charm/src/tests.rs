//! The charm played in memory: single rules, and thousands of lives.

mod actions;
mod desired;
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
