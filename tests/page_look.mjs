// Look at a page in Chromium:  node page_look.mjs FOLDER PAGE...
//
// FOLDER holds node_modules with playwright-core and axe-core, and gets the
// screenshots.  Each page is looked at wide and narrow, light and dark, and
// printed; what is wrong is printed, and the exit status is 1 then.
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { readFileSync } from 'node:fs';

const folder = resolve(process.argv[2]);
const require = createRequire(join(folder, 'node_modules', 'x.js'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const looks = [[1200, 'light'], [1200, 'dark'], [360, 'light'], [360, 'dark']];
let wrong = 0;

function complain(page, what) {
	console.log(`${page}: ${what}`);
	wrong++;
}

const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
	args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
		'--disable-background-networking', '--disable-component-update',
		'--disable-sync'],
});
for (const file of process.argv.slice(3)) {
	for (const [width, scheme] of looks) {
		const name = `${basename(file, '.html')}-${width}-${scheme}`;
		const context = await browser.newContext({ colorScheme: scheme,
			viewport: { width, height: 900 } });
		const page = await context.newPage();
		const url = `file://${resolve(file)}`;
		page.on('console', (m) => complain(name, `console: ${m.text()}`));
		page.on('pageerror', (e) => complain(name, `error: ${e.message}`));
		page.on('dialog', (d) => { complain(name, 'a script ran'); d.dismiss(); });
		page.on('request', (r) => {
			if (r.url() !== url)
				complain(name, `asks for ${r.url()}`);
		});
		await page.goto(url);
		await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
		const wide = await page.evaluate('document.documentElement.scrollWidth');
		if (wide > width)
			complain(name, `is ${wide} wide`);
		if (await page.evaluate("document.querySelectorAll('script,img,iframe,a').length"))
			complain(name, 'holds what was not written');
		await page.evaluate(axe);
		const found = await page.evaluate('axe.run(document)');
		for (const violation of found.violations)
			complain(name, `axe: ${violation.id}: ${violation.nodes[0].html}`);
		if (found.passes.length < 10)
			complain(name, 'axe did not run');
		await page.emulateMedia({ media: 'print' });
		await page.waitForFunction(`![...document.querySelectorAll('details td')]
			.some((e) => e.checkVisibility({ contentVisibilityAuto: true }) === false)`,
			null, { timeout: 10000 })
			.catch(() => complain(name, 'cells are not printed'));
		await context.close();
	}
}
await browser.close();
process.exit(wrong ? 1 : 0);
