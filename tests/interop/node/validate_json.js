// Validates JSON files against a JSON Schema (draft 2020-12) with Ajv, formats asserted, and prints for each what is wrong
// with it, [] for nothing: node validate_json.js schema.json file.json …
'use strict';

const fs = require('fs');
const Ajv2020 = require('ajv/dist/2020');

const ajv = new Ajv2020({ allErrors: false, strict: true, allowUnionTypes: true });
require('ajv-formats')(ajv);
require('ajv-formats-draft2019')(ajv, { formats: ['idn-email'] });
for (const keyword of ['x-personal', 'x-standard']) ajv.addKeyword({ keyword, schemaType: 'string' });

const [schema, ...files] = process.argv.slice(2);
const validate = ajv.compile(JSON.parse(fs.readFileSync(schema, 'utf8')));
const results = files.map((file) => {
  const valid = validate(JSON.parse(fs.readFileSync(file, 'utf8')));
  return valid ? [] : validate.errors.map((error) => `${error.instancePath} ${error.message}`);
});
process.stdout.write(JSON.stringify(results));
