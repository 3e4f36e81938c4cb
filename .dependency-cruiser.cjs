/** The tree is the architecture: who may import whom (docs/architecture.md). `npm run rules` */

/** Everything of ours that is not `allowed`. */
const oursBut = (allowed) => ({ path: '^(bin|lambdas|lib|workbench|scripts|test|bench|policy)/', pathNot: allowed });

/**
 * Folders from the lowest layer to the highest: each imports only those before it (docs/architecture.md). The files beside them
 * compose them; in lib/core they are the base instead.
 */
const LAYERS = {
  'lib/core': [
    'reports', 'sql', 'inventory', 'policy', 'ledger', 'nodes', 'attest', 'queue', 'hosts', 'campaigns', 'enrollment', 'fleet', 'results', 'triggers', 'reconcile', 'front', 'osquery',
  ],
  'lib/aws': [
    'calls', 'reports', 'table', 'secrets', 'policy', 'ledger', 'front', 'nodes', 'queue', 'campaigns', 'fleet', 'results', 'inventory', 'triggers', 'reconcile',
  ],
  'lib/stack': ['functions', 'table', 'enrollment', 'front', 'hosts', 'events', 'results', 'operations'],
};

const layerRules = Object.entries(LAYERS).flatMap(([parent, layers]) => [
  ...layers.map((layer, index) => ({
    name: `layer-${parent}/${layer}`,
    comment: 'layers have no two-way imports',
    severity: 'error',
    from: { path: `^${parent}/${layer}/` },
    to: { path: `^${parent}/[^/]+/`, pathNot: `^${parent}/(${layers.slice(0, index + 1).join('|')})/` },
  })),
  {
    name: `layers-of-${parent}`,
    comment: 'a new folder gets a place in LAYERS',
    severity: 'error',
    from: { path: `^${parent}/[^/]+/`, pathNot: `^${parent}/(${layers.join('|')})/` },
    to: {},
  },
]);

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-folder-cycles',
      comment: 'no two folders import each other',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
    {
      name: 'root-is-the-top',
      comment: 'the files of a folder compose its subfolders, which import none of them; in lib/core it is the other way round (core-has-a-base)',
      severity: 'error',
      from: { path: '^((?:lib|lambdas|workbench)/.+)/[^/]+/[^/]+$', pathNot: ['^lib/core/[^/]+/[^/]+$', '/bench/'] },
      to: { path: '^$1/[^/]+$' },
    },
    {
      name: 'every-import-resolves',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(aws-lambda|picocolors/types)$' }, // types alone, nothing to run
    },
    {
      name: 'core-is-ours-alone',
      comment: 'lib/core decides: it imports itself and nothing else of ours',
      severity: 'error',
      from: { path: '^lib/core/' },
      to: oursBut('^lib/core/'),
    },
    ...layerRules,
    {
      name: 'core-has-a-base',
      comment: 'files directly in lib/core are below all layers',
      severity: 'error',
      from: { path: '^lib/core/[^/]+\\.ts$' },
      to: { path: '^lib/core/[^/]+/' },
    },
    {
      name: 'core-is-pure',
      comment: 'lib/core knows no SDK, no file, no network, no process: of packages zod, ipaddr.js and a JMESPath, of Node what only computes',
      severity: 'error',
      from: { path: '^lib/core/' },
      to: { dependencyTypesNot: ['local', 'type-only'], pathNot: ['^node_modules/zod/', '^node_modules/@aws-lambda-powertools/jmespath/', '^node_modules/ipaddr\\.js/', '^(node:)?(buffer|crypto|util|zlib)$'] },
    },
    {
      name: 'authoring-knows-core',
      comment: 'lib/policy-compiler compiles what the core runs',
      severity: 'error',
      from: { path: '^lib/policy-compiler/' },
      to: oursBut('^lib/(policy-compiler|core)/'),
    },
    {
      name: 'aws-knows-core',
      severity: 'error',
      from: { path: '^lib/aws/' },
      to: oursBut('^lib/(aws|core)/|^policy/'),
    },
    {
      name: 'memory-knows-core',
      comment: "lib/memory holds the core's ports in memory, for replays and simulations",
      severity: 'error',
      from: { path: '^lib/memory/' },
      to: oursBut('^lib/(memory|core)/'),
    },
    {
      name: 'functions-know-aws-and-core',
      comment: 'lambdas/<name> → lib/aws → lib/core; no function imports another',
      severity: 'error',
      from: { path: '^lambdas/([^/]+)/' },
      to: oursBut(['^lib/(aws|core)/', '^lambdas/$1/']),
    },
    {
      name: 'service-knows-aws-and-core',
      comment: 'lib/service is a process instead of a function',
      severity: 'error',
      from: { path: '^lib/service/' },
      to: oursBut('^lib/(service|aws|core)/'),
    },
    {
      name: 'console-page-is-alone',
      comment: 'lib/console runs in a browser: it imports nothing else of ours',
      severity: 'error',
      from: { path: '^lib/console/' },
      to: oursBut('^lib/console/'),
    },
    {
      name: 'console-page-needs-its-parts-only',
      severity: 'error',
      from: { path: '^lib/console/' },
      to: { dependencyTypesNot: ['local'], pathNot: '^node_modules/(preact|uplot|@codemirror|@lezer)/' },
    },
    {
      name: 'page-stays-in-the-browser',
      severity: 'error',
      from: { pathNot: '^lib/console/' },
      to: { path: ['^lib/console/(editor|fetched|live)\\.ts$', '^node_modules/(preact|uplot|@codemirror|@lezer)/'] },
    },
    {
      name: 'stack-knows-no-runtime-code',
      comment: 'except the fields of stored lines, which are the columns of the tables in Glue',
      severity: 'error',
      from: { path: '^lib/stack/' },
      to: oursBut(['^lib/stack/', '^lib/core/results/line-fields\\.ts$']),
    },
    {
      name: 'cdk-stays-in-stack',
      severity: 'error',
      from: { pathNot: ['^lib/stack/', '^bin/mayfly\\.ts$', '^test/'] },
      to: { path: '^node_modules/(aws-cdk-lib|constructs|cdk-nag)/' },
    },
    {
      name: 'local-learns-from-the-template',
      comment: 'workbench/local-aws runs what was synthesized; of our code it shares the matcher of event patterns',
      severity: 'error',
      from: { path: '^workbench/local-aws/' },
      to: oursBut(['^workbench/local-aws/', '^lib/core/policy/event-pattern\\.ts$']),
    },
    {
      name: 'agent-shares-nothing',
      comment: 'a client that shares our code shares our mistakes',
      severity: 'error',
      from: { path: '^workbench/world/' },
      to: oursBut('^workbench/world/'),
    },
    {
      name: 'simulation-joins-core-and-agent',
      comment: 'workbench/simulated-day lets simulated agents meet the core, in memory',
      severity: 'error',
      from: { path: '^workbench/(simulated-day|seeded-world)/' },
      to: oursBut(['^workbench/(simulated-day|seeded-world|world)/', '^lib/(core|memory)/', '^lib/cli/terminal/print\\.ts$', '^policy/']),
    },
    {
      name: 'product-knows-no-workbench',
      comment: 'the workbench only runs on one machine; it gives the operator\'s command its local commands from outside',
      severity: 'error',
      from: { path: '^(lib|lambdas|bin/mayfly\\.ts)' },
      to: { path: '^workbench/' },
    },
    {
      name: 'lib-is-below-bin',
      severity: 'error',
      from: { path: '^(lib|lambdas)/' },
      to: { path: '^(bin|scripts|test|bench)/' },
    },
    {
      name: 'workbench-is-below-scripts',
      comment: 'scripts and benches build and measure what the workbench runs, never the other way round',
      severity: 'error',
      from: { path: '^workbench/' },
      to: { path: '^(bin|scripts|test|bench)/' },
    },
    {
      name: 'construct-needs-its-peers-only',
      comment: 'the app that synthesizes has aws-cdk-lib and constructs; the npm package has no other dependencies',
      severity: 'error',
      from: { path: '^lib/stack/' },
      to: { path: '^node_modules/', pathNot: '^node_modules/(aws-cdk-lib|constructs)/' },
    },
    {
      name: 'no-tool-in-what-ships',
      comment: 'functions and command are bundled with the packages that they use: no tool for tests or builds is among them',
      severity: 'error',
      from: { path: '^(lib|lambdas)/' },
      to: {
        path: '^node_modules/(@biomejs|@jest|@swc|aws-cdk|aws-cdk-lib-oldest|aws-sdk-client-mock|cdk-nag|dependency-cruiser|esbuild|fast-check|jest|knip|playwright-core|@sparticuz|tsx|typescript)/',
      },
    },
    {
      name: 'packages-are-listed',
      comment:
        'what runs is in the package.json above it: lib, lambdas and bin see the root one, the workbench its own as well, so no product code can use a package that only the workbench lists',
      severity: 'error',
      from: { path: '^(bin|lib|lambdas|workbench|scripts)/', pathNot: '/bench/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    parser: 'swc', // its other parser needs TypeScript < 7
    exclude: { path: '^lib/console/.*\\.tsx$' }, // this parser knows no JSX; test/scripts/console-bundle.test.ts checks what the page is made of
    doNotFollow: { path: 'node_modules' },
    combinedDependencies: true, // of a file in workbench/: those of workbench/package.json and of the root
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'], extensions: ['.ts', '.js'] },
  },
};
