// DuckDB's side: loads a CSV file into a table of its own, then writes that table each time a format's name comes in.
import { createInterface } from 'node:readline';
import { DuckDBInstance } from '@duckdb/node-api';

const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();
await connection.run('SET threads TO 1');
await connection.run(`CREATE TABLE lead (contact_id uuid, created_at timestamptz, first_name text, last_name text, email text,
  phone text, ip text, country_code text, city text, landing_page text, message text, score integer,
  revenue decimal(12,2), consent boolean)`);
await connection.run(`INSERT INTO lead SELECT * FROM read_csv('${process.argv[2]}', header = true, all_varchar = true)`);
console.log('ready');
for await (const format of createInterface({ input: process.stdin })) {
  await connection.run(format === 'csv' ? "COPY lead TO '/dev/null' (FORMAT csv, HEADER)"
                                        : "COPY lead TO '/dev/null' (FORMAT json, ARRAY true)");
  console.log('done');
}
