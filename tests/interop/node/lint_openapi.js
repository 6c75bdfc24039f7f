// Lints an OpenAPI description with Redocly's recommended rules and prints its problems as JSON: node lint_openapi.js file.json
'use strict';

const fs = require('fs');

async function main([file]) {
  const { createConfig, lintFromString } = await import('@redocly/openapi-core');
  const config = await createConfig({ extends: ['recommended'] });
  const source = fs.readFileSync(file, 'utf8');
  const problems = await lintFromString({ source, absoluteRef: file, config });
  process.stdout.write(JSON.stringify(problems.map((problem) => ({
    rule: problem.ruleId,
    severity: problem.severity,
    message: problem.message,
    where: problem.location.map((location) => location.pointer),
  }))));
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
