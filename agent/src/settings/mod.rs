//! The options of checks: how they are asked for, read from the file, declared and described.

pub(crate) mod chain;
pub(crate) mod common;
mod credentials;
mod detour;
mod field;
mod fields;
mod judgement;
mod matcher;
pub(crate) mod meant;
mod measure;
mod reference;
mod service_url;
mod setting;
pub mod shape;
mod target;
mod tls;
mod unexpanded;

pub(crate) use credentials::Credentials;
pub(crate) use field::{Field, Misfit, Quiet, Secrets};
pub(crate) use fields::{Fields, Noted};
pub(crate) use matcher::Matcher;
pub(crate) use meant::nearest;
pub(crate) use measure::{Age, Decimal, FullPath, Percent, Sha256, Size, time};
pub(crate) use reference::is_reference;
pub(crate) use service_url::{SERVICE_URL, ServiceUrl, takes_url};
pub(crate) use setting::{Name, Pair, Pairs, Setting, Tags, Word, flag as is_true, seconds};
pub(crate) use target::{HOST_OR_SOCKET, HostOrSocket, SocketPath, port, target, tls_of_target};
pub(crate) use tls::{READABLE, Spoken, tls};
pub(crate) use unexpanded::is_variable;
