//! A plain page that sends an image to the API, until the drawing page takes its place.

pub(super) fn index() -> &'static str {
    concat!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Read digits</title>",
        "<link rel=\"stylesheet\" href=\"style.css\"><h1>Read digits</h1>",
        "<p><label>An image: <input type=\"file\" id=\"file\" accept=\"image/*\"></label></p>",
        "<p id=\"answer\" aria-live=\"polite\"></p><script src=\"script.js\"></script></html>"
    )
}

pub(super) fn script() -> &'static str {
    "\"use strict\";
const answer = document.getElementById(\"answer\");
document.getElementById(\"file\").addEventListener(\"change\", async (event) => {
  const response = await fetch(\"api/predict\", { method: \"POST\", body: event.target.files[0] });
  const json = await response.json();
  answer.textContent = json.error ? json.error.message : json.text || \"no digit\";
});
"
}

pub(super) fn style() -> &'static str {
    "body { font: 1.1rem sans-serif; margin: 2rem auto; max-width: 40rem; }\n#answer { font-size: 3rem; }\n"
}
