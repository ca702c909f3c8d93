// The start page. Text from the node is only ever set as text, never as markup.
import { all } from "./parts/page.js";
import { startBytes } from "./parts/bytes.js";
import { startCommands } from "./parts/commands.js";
import { startDraw } from "./parts/draw.js";
import { startGauges } from "./parts/gauges.js";
import { startReceipt } from "./parts/receipt.js";
import { startTabs } from "./parts/tabs.js";

for (const part of all("[data-live]")) part.hidden = false;
startCommands();
startTabs();
startGauges();
startBytes();
startReceipt();
startDraw();
