/** Using the page as a person does, and reading what it says. */

import type { Page } from "playwright-core";

import type { ReceiptCase, ReceiptVectors } from "./vectors.js";

/** What the page says of a receipt. */
export interface Said {
  verdict: string;
  title: string;
  text: string;
  /** The first failed check in the list. */
  failed: string | null;
}

/** Chooses a receipt as a file, and reads the verdict. */
export async function judge(page: Page, receipt: Buffer): Promise<Said> {
  await page.setInputFiles("#file", { name: "receipt.json", mimeType: "application/json", buffer: receipt });
  return said(page);
}

/** Chooses one receipt after the other from within the page, which is faster, and reads all verdicts. */
export async function judgeAll(page: Page, receipts: string[]): Promise<Said[]> {
  return page.evaluate<Said[]>(`(${judgeWithin.toString()})(${JSON.stringify(receipts)}, ${readSaid.toString()})`);
}

async function judgeWithin(receipts: string[], read: () => Said): Promise<Said[]> {
  const file = document.getElementById("file") as HTMLInputElement;
  const verdict = document.getElementById("verdict") as HTMLElement;
  const all: Said[] = [];
  for (const receipt of receipts) {
    const chosen = new DataTransfer();
    chosen.items.add(new File([receipt], "receipt.json"));
    file.files = chosen.files;
    file.dispatchEvent(new Event("change"));
    if (verdict.dataset["verdict"]) throw new Error("the old verdict is still there");
    await new Promise<void>((resolve) => {
      const observer = new MutationObserver(() => {
        if (!verdict.dataset["verdict"]) return;
        observer.disconnect();
        resolve();
      });
      observer.observe(verdict, { attributes: true });
    });
    all.push(read());
  }
  return all;
}

/** Waits for a verdict and reads it. */
export async function said(page: Page): Promise<Said> {
  await page.waitForSelector("#verdict[data-verdict]");
  return page.evaluate(readSaid);
}

/** Says whom to trust. */
export async function pin(page: Page, kind: ReceiptCase["pin"], trusted: ReceiptVectors["trusted"]): Promise<void> {
  await page.check(`input[value="${kind === "key_hash" ? "keyHash" : kind}"]`);
  if (kind === "key_hash") await page.fill("#keyHash", trusted.key_hash);
  if (kind === "signer") await page.fill("#signer", trusted.signer);
  if (kind === "keys") {
    const buffer = Buffer.from(JSON.stringify(trusted.keys));
    await page.setInputFiles("#keys", { name: "keys.json", mimeType: "application/json", buffer });
  }
}

function readSaid(): Said {
  return {
    verdict: document.getElementById("verdict")?.dataset["verdict"] ?? "",
    title: document.querySelector(".verdict-title > span:last-child")?.textContent ?? "",
    text: document.querySelector(".verdict-text")?.textContent ?? "",
    failed: document.querySelector('.checks > [data-outcome="failed"]')?.getAttribute("data-check") ?? null,
  };
}
