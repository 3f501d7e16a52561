//! What a browser shows: the page that asks the API, or a folder whose page computes by itself.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use web::page;

use crate::model::Model;
use crate::site::files::Folder;
use crate::site::page::Page;

/// The methods of whatever can be looked at.
pub(crate) const READABLE: &str = "GET, HEAD, OPTIONS";

/// Where pages come from.
#[derive(Debug)]
pub(crate) enum Pages {
    Own(BTreeMap<&'static str, Arc<Page>>),
    Folder(Arc<Folder>),
}

impl Pages {
    /// The page that asks the API.
    pub(crate) fn own(model: &Model) -> Self {
        let html = Page::new(page::asking_a_server().into(), "text/html; charset=utf-8", None);
        let script = Page::new(page::SCRIPT.into(), "text/javascript; charset=utf-8", None);
        let style = Page::new(page::STYLE.into(), "text/css; charset=utf-8", None);
        let title = &model.description.title;
        let models = serde_json::json!({"models": [{"file": "api/model", "title": title, "epochs": []}]});
        let models = Page::new(models.to_string().into(), "application/json", None);
        let pages = [("/", html), ("/script.js", script), ("/style.css", style), ("/models.json", models)];
        Self::Own(pages.into_iter().map(|(path, page)| (path, Arc::new(page))).collect())
    }

    /// The files of a folder, as they are when they are asked for.
    ///
    /// # Errors
    /// If it has no `index.html`.
    pub(crate) fn of_folder(folder: &Path) -> io::Result<Self> {
        Ok(Self::Folder(Arc::new(Folder::open(folder)?)))
    }

    /// The file of a request's path.
    pub(crate) async fn find(&self, path: &str) -> Option<Arc<Page>> {
        match self {
            Self::Own(pages) => pages.get(path).map(Arc::clone),
            Self::Folder(folder) => {
                let (folder, path) = (Arc::clone(folder), path.to_owned());
                // A disk may be slow, and no other request should wait for it.
                tokio::task::spawn_blocking(move || folder.find(&path)).await.ok().flatten()
            }
        }
    }

    /// The name under which requests of a path are counted. There are few, whatever is asked for.
    pub(crate) fn label(&self, path: &str) -> &'static str {
        const API: [&str; 5] = ["/api/predict", "/api/model", "/healthz", "/metrics", "/openapi.json"];
        match (API.into_iter().find(|known| *known == path), self) {
            (Some(known), _) => known,
            (None, Self::Own(pages)) => pages.get_key_value(path).map_or("other", |(known, _)| known),
            (None, Self::Folder(_)) => "page",
        }
    }

    /// The methods that a path takes, if it may be there. Of a folder that is not known.
    pub(crate) fn methods(&self, path: &str) -> Option<&'static str> {
        match self.label(path) {
            "/api/predict" => Some("POST, OPTIONS"),
            "other" => None,
            _ => Some(READABLE),
        }
    }
}
