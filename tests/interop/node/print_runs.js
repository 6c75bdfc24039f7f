// Prints when croner says that a cron expression is due: [milliseconds from 1970], one array for each line of standard
// input, which is {"cron", "zone", "after", "until"} (both in milliseconds).
'use strict';

const { Cron } = require('croner');

const lines = require('fs').readFileSync(0, 'utf8').split('\n').filter(Boolean);
for (const { cron, zone, after, until } of lines.map((line) => JSON.parse(line))) {
  const job = new Cron(cron, { timezone: zone, paused: true });
  const runs = [];
  for (let next = job.nextRun(new Date(after)); next && next.getTime() < until; next = job.nextRun(next)) {
    runs.push(next.getTime());
  }
  console.log(JSON.stringify(runs));
}
