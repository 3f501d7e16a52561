//! What all requests share.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::watch;

use crate::compute::queue::Queue;
use crate::http::held::Account;
use crate::http::hosts::Hosts;
use crate::http::origins::Origins;
use crate::log::Sink;
use crate::metrics::Metrics;
use crate::model::Model;
use crate::settings::Limits;
use crate::site::pages::Pages;

pub(crate) struct App {
    pub(crate) model: Arc<Model>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) account: Account,
    pub(crate) hosts: Hosts,
    pub(crate) origins: Origins,
    pub(crate) pages: Pages,
    pub(crate) limits: Limits,
    pub(crate) log: Option<Sink>,
    /// Whether the server was asked to end.
    pub(crate) is_ending: AtomicBool,
    /// Becomes true when whoever still waits for an answer is told that there will be none.
    pub(crate) is_over: watch::Sender<bool>,
}
