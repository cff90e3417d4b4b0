// db-02 has an independent disk, which no snapshot holds: said in the catalog and in the wizard, before anything is copied.
import { CreateJobWizard } from '../pages/create-job.ts';
import { ServersPage } from '../pages/servers.ts';
import { expect, test } from '../story.ts';

const SERVER = 'db-02';
const VM = 'vm-105';

test('a server that cannot be replicated says why, and cannot be chosen', async ({ page, admin, lab, signedIn }) => {
  await signedIn(admin);
  const catalog = new ServersPage(page);
  await catalog.haveCatalog();
  await expect(catalog.servers.row(SERVER)).toContainText('Blocked');

  await catalog.openPanel(SERVER, /^Readiness/);
  const findings = catalog.table(`Findings about ${SERVER}`);
  const finding = findings.root.getByRole('row').filter({ hasText: 'Blocking' });
  await expect(finding.getByRole('rowheader')).toContainText(/independent/i);
  const [, why, remedy] = await finding.getByRole('cell').allInnerTexts();
  expect(why, 'why it matters').toMatch(/snapshot/i);
  expect(remedy, 'what to do').toMatch(/\w{4}/);
  const create = page.getByRole('button', { name: 'Create replication job' });
  await expect(create).toBeDisabled();

  await test.step('in the wizard the row stands there with its reason, and cannot be selected', async () => {
    const wizard = new CreateJobWizard(page);
    await wizard.open();
    await expect(wizard.servers.row(SERVER)).toContainText(/Blocked.*independent/is);
    await expect(wizard.servers.box(SERVER)).toBeDisabled();
    await expect(wizard.servers.box('build-01')).toBeEnabled();
  });

  await test.step('an address that names it does not help', async () => {
    const wizard = new CreateJobWizard(page);
    await catalog.open();
    const link = catalog.servers.row(SERVER).getByRole('rowheader').getByRole('link');
    const id = (await link.getAttribute('href'))?.split('/').at(-1);
    await wizard.visit(`/jobs/create?servers=${id}&step=4`);
    await wizard.isAt('Servers');
    await expect(page.getByText(`${SERVER} is left out`)).toBeVisible();
    await expect(page.getByRole('listitem').filter({ hasText: SERVER })).toContainText(/independent/i);
    await page.getByRole('button', { name: 'Next', exact: true }).click();
    await expect(page.getByText('Choose at least one server that can have a replication job.')).toBeVisible();
  });

  const { snapshots } = await lab.vcenterState();
  expect(
    snapshots.filter(({ vm }) => vm === VM),
    'nobody touched it',
  ).toEqual([]);
});
