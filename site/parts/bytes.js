// Live bytes: thirty-two at a time, as digits and as a pattern of their bits.
import { ask, byId, gently, make, sentence } from "./page.js";

const SECONDS = 6;
const TIMES = 10;
const SIDE = 16;

export function startBytes() {
  const [pause, again] = [byId("pause"), byId("bytes-again")];
  const showState = () => void (pause.textContent = live.running ? "Pause" : "Go on");
  const live = gently(drawOnce, { seconds: SECONDS, times: TIMES, changed: showState });
  pause.addEventListener("click", () => {
    if (live.running) live.pause();
    else void live.start();
    showState();
  });
  again.addEventListener("click", async () => {
    await drawOnce();
    byId("bytes-status").textContent = byId("bytes-said").textContent;
  });
  showState();
}

// Draws, shows, and returns the seconds that the node wants to be left alone for.
async function drawOnce() {
  const said = byId("bytes-said");
  try {
    const { text, ms } = await ask("/v1/demo/random");
    const { hex, source } = JSON.parse(text);
    if (!/^[0-9a-f]{64}$/.test(hex)) throw new TypeError("not 32 bytes");
    show(hex);
    said.replaceChildren(
      "256 bits, ", make("span", source === "sealed" ? "ok" : "degraded", String(source)),
      `, in ${Math.round(ms)} ms. Nothing is ever served twice.`,
    );
    return 0;
  } catch (problem) {
    said.textContent = "status" in problem ? sentence(problem) : "The answer could not be read.";
    return problem.slug === "demo-off" ? Infinity : (problem.retrySeconds ?? 30);
  }
}

function show(hex) {
  byId("hex").textContent = hex.match(/../g).join(" ");
  const bits = [...hex].flatMap((digit) => [...Number.parseInt(digit, 16).toString(2).padStart(4, "0")]);
  const dots = (wanted) =>
    bits.map((bit, at) => (bit === wanted ? `M${(at % SIDE) + 0.5} ${Math.floor(at / SIDE) + 0.5}h0` : "")).join("");
  const svg = byId("bits");
  svg.querySelector(".zeros").setAttribute("d", dots("0"));
  svg.querySelector(".ones").setAttribute("d", dots("1"));
}
