// The page's only script. The worker that computes runs it as well.

import { runWorker } from "./engine/worker.js";
import { startPage } from "./page.js";

// The script's own address is known only while it is loaded.
const SCRIPT = typeof document === "undefined" ? null : document.currentScript.src;

if (typeof document === "undefined") runWorker();
else startPage(SCRIPT);
