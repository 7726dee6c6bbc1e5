import chromium from "@sparticuz/chromium";
import { type Browser, chromium as playwright } from "playwright-core";

/** The browser that comes inside its npm package; the reason in words where it cannot start. */
export async function openBrowser(): Promise<Browser | string> {
  try {
    // Not the package's own arguments: they switch off the web's security, which is what is tested.
    return await playwright.launch({
      executablePath: await chromium.executablePath(),
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
      headless: true,
    });
  } catch (error) {
    return `no browser here: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}`;
  }
}
