// Usage: node docs.cjs BASE SCREENSHOT. The page must load, list the operations, open one, and ask nobody else.
const { chromium } = require("playwright-core");

const [base, picture] = process.argv.slice(2);
const faults = [];

async function main() {
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 1600 } });
    await page.route("**/*", (route) => {
      const address = route.request().url();
      if (address.startsWith(base + "/") || address.startsWith("data:")) return route.continue();
      faults.push(`asked ${address}`);
      return route.abort();
    });
    page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
    page.on("console", (message) => message.type() === "error" && faults.push(`console: ${message.text()}`));
    page.on("response", (response) => response.status() >= 400 && faults.push(`${response.status()} ${response.url()}`));

    await page.goto(base + "/docs/api/", { waitUntil: "networkidle" });
    await page.waitForSelector(".opblock", { timeout: 60_000 });
    const shown = await page.locator(".opblock").count();
    const contract = await (await page.request.get(base + "/openapi.json")).json();
    const methods = ["get", "put", "post", "patch", "delete"];
    const declared = Object.values(contract.paths).flatMap(Object.keys).filter((key) => methods.includes(key)).length;
    if (shown !== declared) faults.push(`${shown} operations are shown, ${declared} are declared`);
    await page.locator(".opblock-summary-control").first().click();
    await page.waitForSelector(".opblock.is-open .responses-wrapper");
    await page.screenshot({ path: picture });
    console.log(`${shown} operations are shown`);

    await page.goto(base + "/docs", { waitUntil: "networkidle" });
    const pages = await page.locator("a").evaluateAll((all) => all.map((link) => link.href));
    if (pages.length < 8) faults.push("/docs lists too little");
    for (const link of pages) {
      const shown = await page.request.get(link);
      if (shown.status() !== 200) faults.push(`dead link ${link}`);
      // A browser downloads what is no page.
      if (!shown.headers()["content-type"].startsWith("text/html")) continue;
      await page.goto(link, { waitUntil: "networkidle" });
      for (const next of await page.locator("a").evaluateAll((all) => all.map((link) => link.href))) {
        if (next.startsWith(base) && (await page.request.get(next)).status() !== 200) faults.push(`dead link ${next}`);
      }
    }
    console.log(`${pages.length} pages of documentation`);

    const answer = await page.goto(base + "/errors", { waitUntil: "networkidle" });
    const links = await page.locator("a").evaluateAll((all) => all.map((link) => link.href));
    if (answer.status() !== 200 || links.length < 5) faults.push("/errors lists nothing");
    for (const link of links) {
      if ((await page.request.get(link)).status() !== 200) faults.push(`dead link ${link}`);
    }
    console.log(`${links.length} pages of errors`);
  } finally {
    await browser.close();
  }
}

main()
  .catch((error) => faults.push(error.message))
  .then(() => {
    faults.forEach((fault) => console.error(fault));
    process.exit(faults.length === 0 ? 0 : 1);
  });
