// Who may import whom. Every arrow that is not drawn in the picture is an error, and its sentence says where the code goes instead.
//
//   app → server → replication ← connector;  db under server;  lab alone;  e2e, peers, proofs, bench and scripts outside.
//
// Run by scripts/check/imports.mjs, which also proves with a fixture per rule (scripts/check/fixtures/imports) that each of them bites.

const TEST = '\\.test\\.tsx?$';
const SUPPORT = '/contract\\.ts$|(^|/)testing(\\.ts$|/|-[a-z-]+\\.ts$)';
const TEST_SUPPORT = `${TEST}|${SUPPORT}`;
const PRODUCT = '^(app|server|db|replication|connector|lab)/';

/** @param {string[]} names packages, or scopes, as they lie under node_modules (also their hand-written types) */
const packages = (...names) => `node_modules/(@types/)?(${names.join('|')})/`;

/** @param {string} name @param {string} comment @param {object} from @param {object} to */
const never = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/**
 * A folder whose inner files are its own: others enter by its doors. Tests and what they share may go anywhere.
 * @param {string} name @param {string} folder @param {string[]} doors files, from the folder
 */
const room = (name, folder, doors) =>
  never(
    name,
    `${folder} is entered by ${doors.join(', ')}: offer there what you need, or move it to where both may take it.`,
    { pathNot: `^${folder}/|${TEST_SUPPORT}` },
    { path: `^${folder}/`, pathNot: [`^${folder}/(${doors.join('|').replaceAll('.', '\\.')})$`, SUPPORT] },
  );

const rooms = [
  room('vsphere-by-its-door', 'replication/sources/vsphere', ['index.ts']),
  room('target-by-its-doors', 'replication/target/aws', [
    'target.ts',
    'open-target.ts',
    'announce.ts',
    'checks.ts',
    'ec2-names.ts',
    'import-tasks.ts',
    'machine-limits.ts',
    'permissions/charges.ts',
    'permissions/policies.ts',
    'permissions/rights.ts',
    'permissions/templates.ts',
    'permissions/trial.ts',
    'recommend-type.ts',
    'lend.ts',
    'sign-in.ts',
    'ebs-direct/encryption.ts',
  ]),
  room('ebs-direct-by-its-doors', 'replication/target/aws/ebs-direct', ['ebs-direct.ts', 'port.ts', 'encryption.ts']),
  room('lab-aws-by-its-door', 'lab/aws', ['main.ts']),
  room('lab-ec2-by-its-door', 'lab/aws/ec2', ['service.ts']),
  room('lab-s3-by-its-door', 'lab/aws/s3', ['service.ts']),
  room('lab-ebs-by-its-door', 'lab/aws/ebs', ['service.ts']),
  room('lab-snapshots-by-its-doors', 'lab/aws/snapshots', ['store.ts', 'block-file.ts', 'hash.ts', 'settings.ts']),
  room('lab-aws-vmdk-by-its-door', 'lab/aws/vmdk', ['decode.ts']),
  room('lab-vcenter-by-its-door', 'lab/vcenter', ['main.ts']),
  room('lab-disks-by-their-doors', 'lab/vcenter/disks', [
    'store.ts',
    'disk.ts',
    'content.ts',
    'changed-areas.ts',
    'grain-map.ts',
  ]),
  room('lab-vcenter-vmdk-by-its-door', 'lab/vcenter/vmdk', ['stream.ts']),
];

const whole = [
  never(
    'no-cycles',
    'Two files that import each other cannot be read, tested or moved one by one: move what both need into a third file below them.',
    {},
    { circular: true, dependencyTypesNot: ['type-only'], viaOnly: { dependencyTypesNot: ['type-only'] } },
  ),
  never(
    'imports-exist',
    'This import leads nowhere: correct its path (with its .ts ending), or add the package to package.json.',
    {},
    { couldNotResolve: true, pathNot: '^\\.next/' },
  ),
  never(
    'no-dev-packages-in-the-product',
    'Packages of devDependencies are missing in production: use them in *.test.ts or testing.ts, or move the package to dependencies.',
    { path: PRODUCT, pathNot: TEST_SUPPORT },
    {
      dependencyTypes: ['npm-dev'],
      dependencyTypesNot: ['type-only'],
      pathNot: packages('react', 'react-dom', 'node', 'pg'),
    },
  ),
  never(
    'nobody-imports-tests-and-scripts',
    'Nothing in the product may lean on e2e, peers, proofs or scripts: move what is shared into the folder of the product that owns it.',
    { path: PRODUCT },
    { path: '^(e2e|peers|proofs|scripts)/' },
  ),
  never(
    'test-support-in-tests-only',
    'What stands in testing*.ts and contract.ts is for tests: move what the product needs of it into a file of its own.',
    { path: `${PRODUCT}|^scripts/`, pathNot: TEST_SUPPORT },
    { path: SUPPORT, pathNot: 'node_modules/' },
  ),
  never(
    'nobody-imports-the-bench',
    'The bench measures and nothing leans on it: move what is shared into the folder that owns it (bench/ may import from everywhere).',
    { pathNot: '^bench/' },
    { path: '^bench/' },
  ),
  never(
    'scripts-know-no-product',
    'scripts/ sets up and starts programs: start the program as a child instead of importing its code (exceptions: db/postgres/server.ts, server/public-url.ts, and db/testing.ts in tests).',
    { path: '^scripts/' },
    {
      path: `${PRODUCT}|^(e2e|peers)/`,
      pathNot: '^db/(postgres/server|testing)\\.ts$|^server/(api/root|public-url)\\.ts$',
    },
  ),
  never(
    'scripts-take-the-api-by-type',
    'scripts/ speaks to a console over the wire and takes the shape of its API only (import type): call the procedure over HTTP.',
    { path: '^scripts/' },
    { path: '^server/api/root\\.ts$', dependencyTypesNot: ['type-only'] },
  ),
  never(
    'bootstrap-needs-nothing-installed',
    'These scripts run before anything is installed, under any Node from 20: move the code into a .ts file that they start as a child after the installation.',
    { path: '^scripts/.*\\.mjs$', pathNot: '^scripts/check/imports\\.mjs$' },
    { path: 'node_modules/|\\.tsx?$' },
  ),
  never(
    'set-up-lowest',
    'scripts/setup is what every other script stands on: take what you need as an argument, or move the code up into the folder that needs it.',
    { path: '^scripts/setup/' },
    { path: '^scripts/(?!setup/)' },
  ),
  never(
    'starting-knows-no-checks',
    'Landfall starts without the test runner and the peers: move what both need into scripts/setup.',
    { path: '^scripts/run/' },
    { path: '^scripts/(check|peers|mutants)/' },
  ),
];

const lab = [
  never(
    'lab-alone',
    'The lab must not share our misunderstandings: write the platform’s behaviour anew in lab/, from the platform’s own documents.',
    { path: '^lab/' },
    { path: '^(app|server|db|replication|connector|e2e|peers|proofs|scripts)/' },
  ),
  never(
    'lab-only-over-the-wire',
    'The product reaches the lab over the wire only, as it reaches the real thing: take the address from the configuration. (Tests may start the lab.)',
    { path: '^(app|server|db|replication|connector|scripts)/', pathNot: TEST_SUPPORT },
    { path: '^lab/' },
  ),
  never(
    'e2e-from-outside',
    'Stories drive the browser and the lab’s control calls only: what a story needs to know, the page must show.',
    { path: '^e2e/' },
    { path: `${PRODUCT}|^(peers|scripts)/` },
  ),
];

const app = [
  never(
    'app-enters-server-by-its-doors',
    'Screens may use server/access/permissions; server components also server/api/caller and server/auth: put the rule into a verb in server/services and offer it in server/api/routers.',
    { path: '^app/', pathNot: '^app/api/' },
    {
      path: '^server/',
      pathNot: '^server/(access/permissions\\.ts$|api/caller\\.ts$|auth/)',
      dependencyTypesNot: ['type-only'],
    },
  ),
  never(
    'app-takes-types-of-the-api-only',
    'The only types that cross into app are those of server/api, server/auth and server/access: let the router return the shape that the screen needs.',
    { path: '^app/', pathNot: '^app/api/' },
    { path: '^server/', pathNot: '^server/(access|api|auth)/' },
  ),
  never(
    'routes-hand-over',
    'A route.ts is a few lines that hand over to server/api, server/sms, server/gateway or server/auth: move the work there.',
    { path: '^app/api/' },
    { path: '^server/(services|engine|queue|audit|events|secrets)/' },
  ),
  never(
    'app-above-server',
    'app knows server and the pure model only: ask through server/api for anything from the database, a hypervisor or AWS.',
    { path: '^app/' },
    { path: '^(db|connector)/|^replication/(?!model/)' },
  ),
  never(
    'ui-has-plain-props',
    'Components of app/_ui get plain props and know no tRPC, session or page: fetch in the screen and hand the values in.',
    { path: '^app/_ui/' },
    {
      path: `^server/(?!access/permissions\\.ts$)|^app/(?!_ui/)|${packages('@trpc', '@tanstack/react-query', 'next-auth')}`,
    },
  ),
  never(
    'forms-know-fields-only',
    'Parts of app/_forms are shared by the forms of every noun: they know _ui and replication/model; what only one noun has, and what asks or saves, belongs in that noun.',
    { path: '^app/_forms/' },
    {
      path: `^server/|^app/(?!_(forms|ui)/)|^replication/(?!model/)|${packages('@trpc', '@tanstack/react-query', 'next-auth')}`,
    },
  ),
  never(
    'app-without-circles-of-types',
    'In app, types count too: a type that a file shares with those it imports stands below them, in types.ts of the noun or in a file of its own.',
    { path: '^app/' },
    { circular: true },
  ),
];

const server = [
  never(
    'server-below-app',
    'server knows neither the screens nor the appliance: move what both need into server (for app) or replication/{model,wire} (for the connector).',
    { path: '^server/' },
    { path: '^(app|connector)/' },
  ),
  never(
    'database-behind-services',
    'Only services (and queue, mail, audit, events, secrets, access and the entry files) speak to the database: write a verb or a read in server/services and call it.',
    {
      path: '^server/',
      pathNot: `^server/(services|queue|mail|audit|events|secrets|access)/|^server/[^/]+$|${TEST_SUPPORT}`,
    },
    { path: `^db/(?!client\\.ts$)|${packages('pg', 'drizzle-orm')}` },
  ),
  never(
    'database-handle-by-type-only',
    'Whoever calls a verb may hand the database on and name its type (import type), but not open it: take it as an argument from the entry file.',
    {
      path: '^server/',
      pathNot: `^server/(services|queue|mail|audit|events|secrets|access)/|^server/[^/]+$|${TEST_SUPPORT}`,
    },
    { path: '^db/client\\.ts$', dependencyTypesNot: ['type-only'] },
  ),
  never(
    'services-stand-alone',
    'A verb knows db, queue, access, audit, events, secrets and replication/{model,wire}: what needs a surface or the engine belongs there; what needs AWS belongs in server/services/cloud.',
    { path: '^server/services/', pathNot: '^server/services/cloud/' },
    { path: '^server/(engine|api|sms|gateway|auth)/|^replication/(?!(model|wire)/)' },
  ),
  never(
    'cloud-services-reach-targets-only',
    'server/services/cloud may add replication/target and nothing more: disks and sources are work for the engine or the connector.',
    { path: '^server/services/cloud/' },
    { path: '^server/(engine|api|sms|gateway|auth)/|^replication/(?!(model|wire|target)/)' },
  ),
  never(
    'engine-writes-through-services',
    'The engine knows services, queue, events and replication: put the write into a verb in server/services, which checks, audits and records it.',
    { path: '^server/engine/', pathNot: TEST_SUPPORT },
    { path: '^db/(?!client\\.ts$)|^server/(access|audit|secrets|auth|api|sms|gateway)/' },
  ),
  never(
    'engine-in-the-worker-only',
    'The web does no work on runs: the engine is loaded by server/worker.ts; what a surface needs of it belongs in server/services.',
    { path: '^(app|server)/', pathNot: `^server/(engine/|worker\\.ts$)|${TEST_SUPPORT}` },
    { path: '^server/engine/' },
  ),
  never(
    'written-within-a-transaction',
    'Audit and events stand in the transaction of the change that they tell of: hand them to audit() and event() of inTransaction (server/services/context.ts).',
    { path: '^(app|server)/', pathNot: `^server/services/context\\.ts$|${TEST_SUPPORT}` },
    {
      path: '^server/(audit|events)/record\\.ts$|^server/services/clashes\\.ts$',
      dependencyTypesNot: ['type-only'],
    },
  ),
  never(
    'surfaces-call-verbs',
    'api, sms and gateway translate and call verbs: put the work into server/services, and what happens later into server/engine, woken by a nudge that the verb sends.',
    { path: '^server/(api|sms|gateway)/', pathNot: TEST_SUPPORT },
    { path: '^db/(?!client\\.ts$)|^server/(engine|queue|audit|secrets)/|^replication/(?!(model|wire)/)' },
  ),
  never(
    'surfaces-apart',
    'api, sms and gateway never import each other: move what two of them need into server/services.',
    { path: '^server/(api|sms|gateway)/' },
    { path: '^server/(api|sms|gateway)/', pathNot: '^server/$1/' },
  ),
  never(
    'auth-for-app-and-api-only',
    'Sessions and next-auth are loaded by the web only: hand a principal (server/access) in instead, which every surface can make.',
    { path: '^(app|server|db|replication|connector)/', pathNot: '^(app|server/api|server/auth)/' },
    { path: '^server/auth/' },
  ),
  never(
    'auth-calls-verbs',
    'server/auth turns a request into a member by calling verbs: what it must read or write belongs in server/services.',
    { path: '^server/auth/' },
    { path: '^server/(engine|queue|api|sms|gateway)/|^replication/(?!model/)' },
  ),
  never(
    'next-stays-in-app',
    'Nothing that worker, connector or tests load may know Next: keep it in app or server/auth (and server/web.ts, which starts it) and hand plain values down.',
    { path: '^(server|db|replication|connector|lab)/', pathNot: '^server/(auth/|web\\.ts$)' },
    { path: packages('next', 'next-auth') },
  ),
  never(
    'only-queue-knows-pg-boss',
    'pg-boss is known to server/queue only: offer the nudge you need as a function there.',
    { path: '^[^/]+/', pathNot: '^server/queue/' },
    { path: packages('pg-boss') },
  ),
  never(
    'foundations-below-services',
    'access, audit, events, secrets, mail and queue lie below the verbs: take what you need as an argument, or move the code up into server/services.',
    { path: '^server/(access|audit|events|secrets|mail|queue)/' },
    { path: '^server/(services|engine|api|sms|gateway|auth)/|^replication/(?!model/)' },
  ),
  never(
    'permissions-are-pure',
    'The table of permissions is also read in the browser: it may know the model and zod; put what needs the database into server/access/principals.ts.',
    { path: '^server/access/(permissions|roles)\\.ts$' },
    { pathNot: `^server/access/(permissions|roles)\\.ts$|^replication/model/|${packages('zod')}` },
  ),
  never(
    'db-lowest',
    'db knows replication/{model,wire}, whose shapes its columns hold, and nothing above itself: rules belong in server/services.',
    { path: '^db/' },
    { path: '^(app|server|connector)/|^replication/(?!(model|wire)/)' },
  ),
  never(
    'database-by-its-address',
    'Whoever uses the database does not know who runs the server: take a DATABASE_URL. (scripts/run starts one where none is given, and tests have theirs from db/testing.ts.)',
    { path: PRODUCT, pathNot: `^db/postgres/|${TEST_SUPPORT}` },
    { path: '^db/postgres/' },
  ),
  never(
    'postgres-runs-whatever-lies-in-it',
    'db/postgres starts a PostgreSQL server and knows no table of it: what needs the schema or the migrations belongs in db/.',
    { path: '^db/postgres/', pathNot: TEST_SUPPORT },
    { path: '^db/(?!postgres/)|^replication/' },
  ),
];

const replication = [
  never(
    'replication-knows-nobody',
    'How a machine becomes an AMI is independent of who asks: take what you need as an argument or a port, and let server or connector hand it in.',
    { path: '^replication/' },
    { path: '^(app|server|db|connector)/' },
  ),
  never(
    'appliance-runs-without-the-console',
    'The connector runs where Postgres, Next and React are not installed: keep replication and connector free of them.',
    { path: '^(replication|connector)/' },
    {
      path: packages(
        'pg',
        'pg-boss',
        'drizzle-orm',
        'next',
        'next-auth',
        'react',
        'react-dom',
        '@trpc',
        '@cloudscape-design',
      ),
    },
  ),
  never(
    'model-is-pure',
    'replication/model imports zod and itself only: hand in time, randomness and answers; code that acts belongs in disks, sources, target or steps.',
    { path: '^replication/model/', pathNot: TEST },
    { pathNot: `^replication/model/|${packages('zod')}` },
  ),
  never(
    'disks-and-wire-know-the-model-only',
    'disks and wire import the model and themselves: what ties them to a platform belongs in sources/, target/ or steps/.',
    { path: '^replication/(disks|wire)/' },
    { path: '^replication/', pathNot: '^replication/($1|model)/' },
  ),
  never(
    'adapters-apart',
    'A source or target knows model, disks and its own port, never another platform: move what two share into disks or the port’s file.',
    { path: '^replication/(sources|target)/([^/]+)/' },
    {
      path: '^replication/',
      pathNot: ['^replication/(model|disks)/', '^replication/$1/$2/', '^replication/$1/[^/]+$'],
    },
  ),
  never(
    'ports-know-no-adapter',
    'A port must not know who implements it: choose the adapter where the program is put together (steps/ or connector/).',
    { path: '^replication/(sources|target)/[^/]+$', pathNot: TEST },
    { path: '^replication/', pathNot: ['^replication/(model|disks)/', '^replication/$1/[^/]+$'] },
  ),
  never(
    'steps-stay-in-their-place',
    'Connector steps and cloud steps run on different machines: what both need belongs in model, disks, sources or target.',
    { path: '^replication/steps/(connector|cloud)/' },
    { path: '^replication/steps/(connector|cloud)/', pathNot: '^replication/steps/$1/' },
  ),
  never(
    'connector-beside-server',
    'The appliance speaks to the console through the gateway only: put the message into replication/wire.',
    { path: '^connector/' },
    { path: '^(app|server|db)/' },
  ),
  never(
    'connector-does-no-cloud-steps',
    'Cloud steps need rights that the appliance does not have: they run in the worker.',
    { path: '^connector/' },
    { path: '^replication/steps/cloud/' },
  ),
];

module.exports = {
  forbidden: [...whole, ...rooms, ...lab, ...app, ...server, ...replication],
  options: {
    // Type-only arrows must be seen as well, and told apart.
    tsPreCompilationDeps: true,
    doNotFollow: { path: ['node_modules', '^\\.next/'] },
    exclude: { path: ['^scripts/check/fixtures/', '\\.css$'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['node', 'import', 'require', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.cjs', '.json', '.d.ts'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
